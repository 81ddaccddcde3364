//! Whose credentials go where: the client's own go to the provider as they are and the provider judges
//! them; where the gateway has its own, the client's stay here. And paths by which a message could slip
//! past the guards are closed.

use std::process::Command;

use super::child::{Gate, Home, routes};
use super::http_sink::{HttpSink, Reply};
use super::mail_sink::MailSink;
use super::tools::{get, post, python, sendgrid, sendgrid_mail};

const LOGIN: &str = r#"
import smtplib, sys
host, port, user, password = sys.argv[1:]
try:
    with smtplib.SMTP(host, int(port), timeout=20) as server:
        server.login(user, password)
        server.sendmail("news@shop.example", ["a@example.cn"], "Subject: new\r\n\r\nNew coats are in.\r\n")
    print("sent")
except smtplib.SMTPResponseException as refused:
    print(refused.smtp_code, refused.smtp_error.decode())
"#;

/// Settings whose SMTP door asks for a login.
fn with_login(home: &Home, more: &str) {
    home.settings(more);
    let text = std::fs::read_to_string(home.path("tactgate.toml")).unwrap();
    home.write("tactgate.toml", &text.replacen("hostname =", "auth = true\nhostname =", 1));
}

async fn login(gate: &Gate, user: &str, password: &str) -> String {
    python(LOGIN, &[&gate.smtp.ip().to_string(), &gate.smtp.port().to_string(), user, password]).await.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_logs_in_at_the_provider_through_the_gateway() {
    let sink = MailSink::start().await;
    let home = Home::new();
    with_login(&home, &routes(Some(&sink), None));
    let gate = Gate::start(&home);
    assert_eq!(login(&gate, "newsletter", "right horse").await, "sent");
    assert_eq!(sink.wait_for(1).await[0].login.as_deref(), Some("newsletter right horse"));
    let refused = login(&gate, "newsletter", "wrong horse").await;
    assert!(refused.starts_with("535"), "{refused}");
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_credentials_of_its_own_the_gateway_checks_the_clients_itself() {
    let (sink, api) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::new();
    home.write("mail-secret", "own horse");
    home.write("api-secret", "SG.own");
    // printf %s 'battery' | sha256sum, printf %s 'SG.client' | sha256sum
    let hash = |text: &str| {
        use aws_lc_rs::digest;
        digest::digest(&digest::SHA256, text.as_bytes()).as_ref().iter().map(|b| format!("{b:02x}")).collect::<String>()
    };
    let stream = format!(
        "[[stream]]\nname = \"news\"\nbrand = \"shop\"\ncredentials = [{{ user = \"newsletter\", secret_sha256 = \"{}\" }}, {{ bearer_sha256 = \"{}\" }}]\n",
        hash("battery"),
        hash("SG.client")
    );
    let mail = routes(Some(&sink), None)
        + &format!("own = {{ user = \"gateway\", secret_file = {:?} }}\n", home.path("mail-secret"));
    let http = format!(
        "[[route]]\nname = \"api\"\nprovider = \"sendgrid\"\nupstream = \"http://{}\"\nown = {{ secret_file = {:?} }}\n",
        api.address,
        home.path("api-secret")
    );
    with_login(&home, &format!("{stream}{mail}{http}"));
    let gate = Gate::start(&home);
    assert_eq!(login(&gate, "newsletter", "battery").await, "sent");
    assert_eq!(sink.wait_for(1).await[0].login.as_deref(), Some("gateway own horse"));
    let refused = login(&gate, "newsletter", "staple").await;
    assert!(refused.starts_with("535"), "{refused}");
    let mail = sendgrid_mail("a@example.cn", "上新", "秋装上新。").to_string();
    let json = [("Content-Type", "application/json"), ("Authorization", "Bearer SG.client")];
    let answer = post(gate.http, "/sendgrid/v3/mail/send", &json, mail.as_bytes()).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(api.wait_for(1).await[0].header("authorization"), Some("Bearer SG.own"));
    // No secret stands in the log or the record.
    let told = home.explain(&answer.decision(), "en");
    for secret in ["horse", "battery", "staple", "SG.own", "SG.client"] {
        assert!(!home.log().contains(secret) && !told.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_paths_go_through_and_sending_by_another_way_does_not() {
    let api = HttpSink::start().await;
    let home = Home::new();
    home.settings(&routes(None, Some(&api)));
    let gate = Gate::start(&home);
    api.next(Reply::Say("200 OK", r#"{"result":[]}"#));
    let answer = get(gate.http, "/sendgrid/v3/templates?generations=dynamic").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"result":[]}"#));
    assert!(api.requests()[0].head.starts_with("GET /v3/templates?generations=dynamic HTTP/1.1\r\n"));
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = post(gate.http, "/twilio/2010-04-01/Accounts/AC1/Calls.json", &form, b"To=%2B8613800138000").await;
    assert_eq!((answer.status, answer.json()["code"].as_u64()), (404, Some(20404)), "{answer:?}");
    let json = [("Content-Type", "application/json")];
    let answer = post(gate.http, "/sendgrid/v3/marketing/singlesends", &json, b"{}").await;
    assert!(answer.status >= 400 && answer.json()["errors"][0]["message"].is_string(), "{answer:?}");
    assert_eq!(api.requests().len(), 1);
    assert_eq!(sendgrid(gate.http, &sendgrid_mail("a@example.cn", "上新", "秋装上新。"), &[]).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn swaks_sends_too() {
    let Ok(version) = Command::new("swaks").arg("--version").output() else {
        println!("SKIPPED: swaks is not installed");
        return;
    };
    assert!(version.status.success());
    let sink = MailSink::start().await;
    let home = Home::new();
    home.settings(&routes(Some(&sink), None));
    let gate = Gate::start(&home);
    let mut swaks = tokio::process::Command::new("swaks");
    let server = gate.smtp.to_string();
    swaks.args([
        "--server",
        &server,
        "--to",
        "a@example.cn",
        "--from",
        "news@shop.example",
        "--header",
        "Subject: 上新",
    ]);
    swaks.args(["--body", "秋装上新。", "--timeout", "20"]).kill_on_drop(true);
    let ran = tokio::time::timeout(super::child::PATIENCE, swaks.output()).await.unwrap().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    assert!(String::from_utf8_lossy(&sink.wait_for(1).await[0].data).contains("秋装上新。"));
}
