//! `tactgate understand`: lines in, lines out, whatever stands in them.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

fn understand(lines: &str) -> (Vec<Value>, i32) {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tactgate"))
        .arg("understand")
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    (told.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), output.status.code().unwrap())
}

/// The words at a span of a part.
fn at<'a>(parts: &[&'a str], span: &Value) -> &'a str {
    let number = |name: &str| usize::try_from(span[name].as_u64().unwrap()).unwrap();
    &parts[number("part")][number("start")..number("end")]
}

#[test]
fn a_bad_line_is_told_in_its_place_and_the_others_go_on() {
    let (told, status) = understand(
        "{\"id\":\"a\",\"text\":\"hello\"}\nno json\n\n{\"id\":2,\"channel\":\"fax\",\"text\":\"x\"}\n{\"id\":{\"n\":3},\"text\":\"您好\",\"label\":1}",
    );
    assert_eq!(status, 1);
    assert_eq!(told.len(), 4);
    assert_eq!((told[0]["id"].as_str(), told[0]["language"].as_str()), (Some("a"), Some("en")));
    assert_eq!((told[1]["line"].as_u64(), told[2]["line"].as_u64()), (Some(2), Some(4)));
    assert!(told[2]["error"].as_str().unwrap().contains("fax"));
    assert_eq!((told[3]["id"]["n"].as_u64(), told[3]["language"].as_str()), (Some(3), Some("zh")));
    assert_eq!(told[3]["urgency"], "none");
}

#[test]
fn every_finding_stands_where_it_says() {
    let (subject, html) = ("How did we do?", "<p>Take our 5-minute <b>survey</b>: tell us what you think.</p>");
    let line = serde_json::json!({"subject": subject, "html": html, "sent_at": "2026-11-20T10:00:00-05:00"});
    let (told, status) = understand(&line.to_string());
    assert_eq!((status, told.len()), (0, 1));
    let told = &told[0];
    assert_eq!((told["channel"].as_str(), told["survey"].as_bool()), (Some("email"), Some(true)));
    assert_eq!(told["minutes"], 5);
    for survey in told["surveys"].as_array().unwrap() {
        assert_eq!(at(&[subject, html], &survey["span"]), survey["text"].as_str().unwrap());
        assert!(survey["confidence"].as_u64().unwrap() > 50);
    }
}

#[test]
fn an_end_is_told_in_the_sender_s_own_zone() {
    let text = "【鞋城】女鞋全场5折，11月30日截止！回T退订";
    let line = serde_json::json!({"text": text, "sent_at": "2026-11-20T10:00:00+08:00"});
    let raw = "Subject: =?utf-8?B?5aWz6Z6L5YWo5Zy6NeaKmO+8jDEx5pyIMzDml6XmiKrmraLvvIE=?=\nContent-Type: text/html\n\n<p>5 &lt; 6</p>\n";
    let mail = serde_json::json!({"raw": raw, "sent_at": "2026-11-20T10:00:00Z", "zone": "Asia/Tokyo"});
    let (told, status) = understand(&format!("{line}\n{mail}\n"));
    assert_eq!(status, 0, "{told:?}");
    let end = &told[0]["deadlines"][0];
    assert_eq!(end["instant"], "2026-12-01T00:00:00+08:00");
    assert_eq!(at(&[text], &end["span"]), end["text"].as_str().unwrap());
    assert_eq!(told[1]["deadlines"][0]["instant"], "2026-12-01T00:00:00+09:00");
}

#[test]
fn a_file_that_is_not_there_is_status_2() {
    let status = Command::new(env!("CARGO_BIN_EXE_tactgate")).args(["understand", "/nowhere/x"]).output().unwrap();
    assert_eq!(status.status.code(), Some(2));
}
