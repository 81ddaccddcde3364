//! HTTP load: peaks by wrk, which costs least; steady rates by connections of our own, since wrk has none.

use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::{Instant, sleep_until, timeout};

use crate::latency::Latencies;

/// Every mail of the run goes to a customer of its own, none of those wrk writes to.
static NEXT: AtomicU64 = AtomicU64::new(9_000_000_000_000_000);

/// Mails per second accepted with as many connections as that. Every answer must be a success.
pub async fn peak(port: u16, connections: usize, round: Duration) -> f64 {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/mail.lua");
    let seconds = format!("{}s", round.as_secs().max(1));
    let run = Command::new("wrk")
        .args(["-t", "1", "-c", &connections.to_string(), "-d", &seconds, "-s", script])
        .arg(format!("http://127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let Ok(done) = timeout(round + Duration::from_secs(20), run).await.expect("wrk does not end") else {
        return own_peak(port, connections, round).await;
    };
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(!text.contains("Non-2xx"), "some mails were not accepted:\n{text}");
    let rate = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    rate.and_then(|rate| rate.trim().parse().ok()).unwrap_or_else(|| panic!("wrk said:\n{text}"))
}

/// Without wrk.
async fn own_peak(port: u16, connections: usize, round: Duration) -> f64 {
    let until = Instant::now() + round;
    let mut tasks = Vec::new();
    for _ in 0..connections {
        tasks.push(tokio::spawn(async move {
            let mut stream = open(port).await;
            let mut accepted = 0u64;
            while Instant::now() < until {
                exchange(&mut stream).await;
                accepted += 1;
            }
            accepted
        }));
    }
    let mut accepted = 0;
    for task in tasks {
        accepted += task.await.expect("a connection of the HTTP load failed");
    }
    accepted as f64 / round.as_secs_f64()
}

/// Latencies at a steady rate, each counted from when the request was due.
pub async fn paced(port: u16, connections: usize, rate: f64, round: Duration) -> Latencies {
    let began = Instant::now() + Duration::from_millis(50);
    let each = Duration::from_secs_f64(connections as f64 / rate.max(1.0));
    let mut tasks = Vec::new();
    for number in 0..connections {
        let offset = each.mul_f64(number as f64 / connections as f64);
        tasks.push(tokio::spawn(async move {
            let mut stream = open(port).await;
            let mut latencies = Latencies::default();
            let mut due = began + offset;
            while due < began + round {
                sleep_until(due).await;
                exchange(&mut stream).await;
                latencies.push(due.elapsed());
                due += each;
            }
            latencies
        }));
    }
    let mut all = Latencies::default();
    for task in tasks {
        all.add(task.await.expect("a connection of the HTTP load failed"));
    }
    all
}

async fn open(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

async fn exchange(stream: &mut TcpStream) {
    stream.write_all(&request()).await.unwrap();
    let answer = timeout(Duration::from_secs(30), read_answer(stream)).await.expect("no answer for 30 s");
    assert!(answer.starts_with("HTTP/1.1 2"), "not accepted: {answer}");
}

/// Status line and fields; a body is read and dropped.
async fn read_answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::with_capacity(1024);
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "the connection was closed");
    };
    let fields = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length = fields.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    while bytes.len() < head + length {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "the connection was closed");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The mail of `mail.lua`.
fn request() -> Vec<u8> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let filler = "It plays from a phone, a card or a stick, and it is as easy to use as before. ".repeat(20);
    let body = format!(
        r#"{{"personalizations":[{{"to":[{{"email":"customer{number}@mail{}.example"}}]}}],"from":{{"email":"news@shop.example","name":"Shop"}},"subject":"New in the shop this month","content":[{{"type":"text/plain","value":"Dear customer,\nThe bluetooth car player BT-200 is 399.00 CNY. {filler}\nUnsubscribe: https://shop.example/u/{number}"}}]}}"#,
        number % 97
    );
    format!(
        "POST /sendgrid/v3/mail/send HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer SG.bench\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
