//! The providers' own SDKs (Python) through a running gateway: they change a base URL and nothing else,
//! and a refusal reaches their callers as the provider's own error. `tests/run` fetches the SDKs.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tactgate::clock::Clock;
use tactgate::command::serve;
use tactgate::config::{Config, Protocol};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

const REFUSED: &str = concat!(
    r#"{"id":"e1","type":"opt-out","at":"2026-01-05T10:00:00Z","customer":"bob@example.com"}"#,
    "\n",
    r#"{"id":"e2","type":"opt-out","at":"2026-01-05T10:00:00Z","customer":"+8613900139000","channel":"sms"}"#,
    "\n"
);

/// The interpreter that has the SDKs; `None` when `tests/run` has not fetched them.
fn python() -> Option<PathBuf> {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/sdk-venv/bin/python");
    std::env::var_os("TACTGATE_SDK_PYTHON").map(PathBuf::from).or_else(|| fetched.is_file().then_some(fetched))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sendgrid_and_twilio_sdks_send_and_see_refusals_as_their_own() {
    let Some(python) = python() else {
        println!("skipped: the SDKs are not here; run tests/run");
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let policies = data.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/suppression.toml");
    std::fs::copy(shipped, policies.join("suppression.toml")).unwrap();
    let text = format!(
        "[[listener]]\nprotocol = \"http\"\naddress = \"127.0.0.1:0\"\n[store]\ndir = {:?}\n[policies]\ndir = {policies:?}\n",
        data.path().join("data")
    );
    let config = Config::from_text("tactgate.toml", &text).unwrap_or_else(|e| panic!("{e}"));
    let running = serve::start(config, Clock::Wall).await.unwrap();
    let door = running.door(Protocol::Http).unwrap();
    tell(door).await;

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/send.py");
    let sending = Command::new(python)
        .args([script, &format!("http://{door}")])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONIOENCODING", "utf-8")
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let done = tokio::time::timeout(Duration::from_secs(60), sending).await.expect("the SDKs do not end").unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    running.stop().await;

    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let saw = |what: &str| lines.iter().find(|line| line["what"] == what).unwrap_or_else(|| panic!("{what}: {said}"));
    for what in ["mail to a customer", "给客户的邮件"] {
        assert_eq!(saw(what)["status"], 202, "{said}");
        assert!(saw(what)["id"].as_str().is_some_and(|id| !id.is_empty()), "{said}");
    }
    for what in ["sms to a customer", "给客户的短信"] {
        assert_eq!(saw(what)["status"], 201, "{said}");
        assert!(saw(what)["id"].as_str().is_some_and(|sid| sid.starts_with("SM") && sid.len() == 34), "{said}");
    }
    assert_eq!(saw("给客户的短信")["body"], "【某某商城】秋装上新，全场8折，回T退订");
    for what in ["mail to one who refused", "给拒收者的邮件", "给拒收者的短信"] {
        assert_eq!(saw(what)["status"], 400, "{said}");
        assert!(saw(what)["errors"][0].as_str().is_some_and(|e| e.contains("opted-out")), "{said}");
    }
    assert_eq!(saw("给拒收者的短信")["code"], 21610, "Twilio: attempt to send to unsubscribed recipient; {said}");
}

/// The shop tells who refused.
async fn tell(door: std::net::SocketAddr) {
    let mut stream = TcpStream::connect(door).await.unwrap();
    let request = format!(
        "POST /tactgate/v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-ndjson\r\n\
         Content-Length: {}\r\n\r\n{REFUSED}",
        REFUSED.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = String::new();
    let reading = tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut said)).await;
    reading.expect("no answer to the events").unwrap();
    assert!(said.starts_with("HTTP/1.1 2"), "{said}");
}
