//! Who may use a door: what `networks` and `auth` say is what running doors do.

use std::net::SocketAddr;
use std::time::Duration;

use tactgate::clock::Clock;
use tactgate::command::serve::{self, Running};
use tactgate::config::{Config, Protocol};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MAIL: &str = r#"{"personalizations":[{"to":[{"email":"ann@example.com"}]}],"from":{"email":"news@shop.example"},"subject":"New","content":[{"type":"text/plain","value":"New in the shop. Unsubscribe: https://shop.example/u"}]}"#;

async fn running(doors: &str) -> (Running, tempfile::TempDir) {
    let data = tempfile::tempdir().unwrap();
    let policies = data.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    let text = format!(
        "{doors}\n[store]\ndir = {:?}\n[policies]\ndir = {policies:?}\n[[stream]]\nname = \"news\"\n\
         credentials = [{{ secret_env = \"CARGO_PKG_NAME\" }}, {{ user = \"news\", secret_env = \"CARGO_PKG_NAME\" }}]\n",
        data.path().join("data")
    );
    let config = Config::from_text("tactgate.toml", &text).unwrap_or_else(|e| panic!("{e}"));
    (serve::start(config, Clock::Wall).await.unwrap(), data)
}

/// Everything the door says until it closes the connection.
async fn exchange(door: SocketAddr, say: &str) -> String {
    let mut stream = TcpStream::connect(door).await.unwrap();
    let mut said = Vec::new();
    if say.contains("HTTP") {
        let _ = stream.write_all(say.as_bytes()).await;
    } else {
        // In SMTP the server speaks first, and a client waits for each answer.
        for line in say.split_inclusive('\n') {
            let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_buf(&mut said)).await;
            let _ = stream.write_all(line.as_bytes()).await;
        }
    }
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut said)).await;
    let _ = read.expect("the door neither answers nor closes");
    String::from_utf8_lossy(&said).into_owned()
}

fn post(authorization: &str) -> String {
    format!(
        "POST /sendgrid/v3/mail/send HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{authorization}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{MAIL}",
        MAIL.len()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_that_asks_lets_only_known_credentials_send() {
    let (running, _data) = running(
        "[[listener]]\nprotocol = \"http\"\naddress = \"127.0.0.1:0\"\nauth = true\n\
         [[listener]]\nprotocol = \"smtp\"\naddress = \"127.0.0.1:0\"\nauth = true\n",
    )
    .await;
    let http = running.door(Protocol::Http).unwrap();
    for wrong in ["", "Authorization: Bearer tactgate2\r\n", "Authorization: Basic bmV3czp3cm9uZw==\r\n"] {
        let said = exchange(http, &post(wrong)).await;
        assert!(said.starts_with("HTTP/1.1 401"), "{wrong}: {said}");
    }
    let said = exchange(http, &post("Authorization: Bearer tactgate\r\n")).await;
    assert!(said.starts_with("HTTP/1.1 202"), "{said}");

    let smtp = running.door(Protocol::Smtp).unwrap();
    let session = "EHLO x\r\nMAIL FROM:<news@shop.example>\r\nQUIT\r\n";
    let said = exchange(smtp, session).await;
    assert!(said.contains("\r\n530 "), "a mail without login: {said}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_admits_only_its_networks() {
    for (networks, admitted) in [("10.0.0.0/8", false), ("127.0.0.0/8", true)] {
        let door = |protocol| {
            format!("[[listener]]\nprotocol = \"{protocol}\"\naddress = \"127.0.0.1:0\"\nnetworks = [\"{networks}\"]\n")
        };
        let (running, _data) = running(&["smtp", "http", "admin"].map(door).concat()).await;
        let health = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let said = [
            exchange(running.door(Protocol::Smtp).unwrap(), "QUIT\r\n").await,
            exchange(running.door(Protocol::Http).unwrap(), &post("")).await,
            exchange(running.door(Protocol::Admin).unwrap(), health).await,
        ];
        for (said, welcome) in said.iter().zip(["220 ", "HTTP/1.1 202", "HTTP/1.1 200"]) {
            match admitted {
                true => assert!(said.starts_with(welcome), "{said}"),
                false => assert!(!said.starts_with("2") && !said.starts_with("HTTP/1.1 2"), "{said}"),
            }
        }
        running.stop().await;
    }
}
