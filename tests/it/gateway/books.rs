//! The books balance: every recipient that was taken through any door is found again as passed, rewritten,
//! blocked, held, refused or unknown; what a killed gateway left unanswered is shown as such; and a line that
//! goes missing is a difference, not a silence.

use super::child::{Gate, Home, routes};
use super::http_sink::HttpSink;
use super::mail_sink::{AtDot, MailSink};
use super::rules::OPTED_OUT_AND_NIGHT;
use super::tools::{id_in, mail, plain_mail, post, sendgrid, sendgrid_mail, sms, tell};

fn books(home: &Home) -> (i32, serde_json::Value) {
    let told = home.run(&["audit", "reconcile", "--format", "json"]);
    let read = serde_json::from_slice(&told.stdout);
    let read = read.unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&told.stderr)));
    (told.status.code().unwrap(), read)
}

/// The rows of all days of a route, added up: midnight may come during a test.
fn row(books: &serde_json::Value, route: &str, what: &str) -> u64 {
    let rows = books["rows"].as_array().unwrap();
    rows.iter().filter(|row| row["route"] == route).map(|row| row[what].as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_was_taken_is_found_again() {
    let (mails, texts) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(OPTED_OUT_AND_NIGHT);
    home.settings(&routes(Some(&mails), Some(&texts)));
    let gate = Gate::start(&home);
    tell(gate.http, "out", r#"{"type":"opt-out","customer":"gone@example.cn","channel":"email"}"#).await;

    let to = async |addresses: &[&str]| {
        let raw = plain_mail(addresses[0].trim_matches(['<', '>']), "上新", "秋装上新，全场8折。");
        mail(gate.smtp, "<news@shop.example>", addresses, &raw).await
    };
    assert!(to(&["<a@example.cn>", "<b@example.cn>", "<gone@example.cn>"]).await.starts_with("250"));
    assert!(to(&["<gone@example.cn>"]).await.starts_with("550"));
    mails.next(AtDot::Say("554 5.7.9 we do not like it"));
    assert!(to(&["<c@example.cn>"]).await.starts_with("554"));
    mails.next(AtDot::Lose);
    let lost = to(&["<d@example.cn>"]).await;
    assert!(lost.starts_with("451") || lost.starts_with("250"), "{lost}");
    assert_eq!(sendgrid(gate.http, &sendgrid_mail("e@example.cn", "上新", "秋装上新。"), &[]).await.status, 202);
    assert_eq!(sendgrid(gate.http, &serde_json::json!({"personalizations": 7}), &[]).await.status, 400);
    let of_night = [("Tactgate-Department", "night")];
    let night = sms(gate.http, "+8613800138000", "【某某商城】秋装上新，全场8折，回T退订", &of_night).await;
    assert!([201, 400].contains(&night.status), "{night:?}");
    let unrouted = post(gate.http, "/tactgate/v1/messages", &[("Content-Type", "application/json")], b"{}").await;
    assert!(unrouted.status >= 400, "{unrouted:?}");

    // What never came to a decision is explained all the same.
    let broken = sendgrid(gate.http, &serde_json::json!([7]), &[]).await;
    assert_eq!(broken.status, 400, "{broken:?}");
    let log: String = std::fs::read_dir(home.path("data/decisions"))
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let closed = log.lines().find(|line| line.contains(r#""why":"malformed""#)).unwrap();
    let id = id_in(closed, "s-");
    assert!(home.explain(&id, "en").contains("cannot be read") && home.explain(&id, "zh").contains("无法读取"));

    // A running gateway's books are read beside it.
    let (status, running) = books(&home);
    assert_eq!(status, 0, "{running:#}");
    assert_eq!((row(&running, "mail", "received"), row(&running, "mail", "blocked")), (6, 2), "{running:#}");
    assert_eq!((row(&running, "mail", "passed"), row(&running, "mail", "refused")), (2, 1), "{running:#}");
    assert_eq!(row(&running, "mail", "unknown"), 1, "{running:#}");
    assert_eq!((row(&running, "sendgrid", "received"), row(&running, "sendgrid", "refused")), (3, 2), "{running:#}");
    assert_eq!(row(&running, "twilio", "received"), 1);
    assert_eq!(row(&running, "twilio", "held") + row(&running, "twilio", "blocked"), 1, "{running:#}");
    assert_eq!((row(&running, "", "received"), row(&running, "", "refused")), (1, 1), "{running:#}");

    gate.terminate();
    assert_eq!(gate.ended().await, 0);
    let (status, stopped) = books(&home);
    assert_eq!((status, &stopped["rows"]), (0, &running["rows"]), "{stopped:#}");
    let whole = home.run(&["audit", "verify"]);
    let said = String::from_utf8_lossy(&whole.stdout).into_owned();
    assert!(whole.status.success() && said.contains("0 lines after the last"), "{said}");
    // The checkpoint that the log told is the one to keep elsewhere.
    let against = home.run(&["audit", "verify", "--checkpoint", "log"]);
    assert!(against.status.success(), "{}", String::from_utf8_lossy(&against.stdout));

    // A decision that never reached the log is a difference.
    let folder = home.path("data/decisions");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let without: String =
            text.lines().filter(|l| !l.contains(r#""outcome":"blocked""#)).map(|l| format!("{l}\n")).collect();
        std::fs::write(&path, without).unwrap();
    }
    let (status, short) = books(&home);
    assert_eq!(status, 1, "{short:#}");
    let text = home.run(&["audit", "reconcile"]);
    let said = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(said.contains("DOES NOT BALANCE") && said.contains("mail"), "{said}");
    assert_eq!(home.run(&["audit", "verify"]).status.code(), Some(1));
    assert_eq!(home.run(&["audit", "verify", "nowhere"]).status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_gateway_left_unanswered_is_shown() {
    let mails = MailSink::start().await;
    let home = Home::with_policy(OPTED_OUT_AND_NIGHT);
    home.settings(&routes(Some(&mails), None));
    let gate = Gate::start(&home);
    let raw = plain_mail("a@example.cn", "上新", "秋装上新，全场8折。");
    assert!(mail(gate.smtp, "<news@shop.example>", &["<a@example.cn>"], &raw).await.starts_with("250"));
    // This one the provider never answers, and the gateway is killed with it.
    mails.next(AtDot::Hang);
    let (smtp, again) = (gate.smtp, raw.clone());
    let hanging = tokio::spawn(async move { mail(smtp, "<news@shop.example>", &["<b@example.cn>"], &again).await });
    mails.wait_for(2).await;
    let (status, under_way) = books(&home);
    assert_eq!((status, row(&under_way, "mail", "unanswered")), (0, 1), "under way: {under_way:#}");
    gate.kill();
    hanging.abort();

    let gate = Gate::start(&home);
    assert!(mail(gate.smtp, "<news@shop.example>", &["<c@example.cn>"], &raw).await.starts_with("250"));
    let (status, after) = books(&home);
    assert_eq!(status, 0, "{after:#}");
    assert_eq!((row(&after, "mail", "received"), row(&after, "mail", "passed")), (3, 2), "{after:#}");
    assert_eq!(row(&after, "mail", "unanswered"), 1, "{after:#}");
    let verified = home.run(&["audit", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
