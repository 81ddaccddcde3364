//! SMTP load: connections that pipeline MAIL, RCPT and DATA (RFC 2920), each mail to another customer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::latency::Latencies;
use crate::smtp_sink::SmtpSink;

/// A relay that queues is given this long to deliver what it took.
const DRAIN: Duration = Duration::from_secs(20);

/// Every mail of the run goes to a customer of its own.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Mails per second that reached the sink: sends for `round`, then waits until what was accepted has
/// arrived. A relay that answers before it delivers gains nothing by it.
pub async fn delivered(port: u16, connections: usize, round: Duration, sink: &Arc<SmtpSink>) -> f64 {
    let (before, began) = (sink.taken(), Instant::now());
    let until = began + round;
    let mut tasks = Vec::new();
    for _ in 0..connections {
        tasks.push(tokio::spawn(async move {
            let mut session = Session::open(port).await;
            let mut accepted = 0;
            while Instant::now() < until {
                session.send().await;
                accepted += 1;
            }
            accepted
        }));
    }
    let mut accepted = 0;
    for task in tasks {
        accepted += task.await.expect("a connection of the SMTP load failed");
    }
    let give_up = Instant::now() + DRAIN;
    while sink.taken() - before < accepted && Instant::now() < give_up {
        sleep(Duration::from_millis(2)).await;
    }
    (sink.taken() - before) as f64 / began.elapsed().as_secs_f64()
}

/// Latencies at a steady rate. Each is counted from when the mail was due, so that a slow answer is not
/// hidden by the mails it kept from being sent.
pub async fn paced(port: u16, connections: usize, rate: f64, round: Duration) -> Latencies {
    let began = Instant::now() + Duration::from_millis(50);
    let each = Duration::from_secs_f64(connections as f64 / rate.max(1.0));
    let mut tasks = Vec::new();
    for number in 0..connections {
        let offset = each.mul_f64(number as f64 / connections as f64);
        tasks.push(tokio::spawn(async move {
            let mut session = Session::open(port).await;
            let mut latencies = Latencies::default();
            let mut due = began + offset;
            while due < began + round {
                sleep_until(due).await;
                session.send().await;
                latencies.push(due.elapsed());
                due += each;
            }
            latencies
        }));
    }
    let mut all = Latencies::default();
    for task in tasks {
        all.add(task.await.expect("a connection of the SMTP load failed"));
    }
    all
}

struct Session {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    line: String,
}

impl Session {
    async fn open(port: u16) -> Session {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (reader, writer) = stream.into_split();
        let mut session = Session { reader: BufReader::new(reader), writer, line: String::new() };
        session.reply("220").await;
        session.writer.write_all(b"EHLO load.example\r\n").await.unwrap();
        session.reply("250").await;
        session
    }

    async fn send(&mut self) {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let group = format!(
            "MAIL FROM:<news@shop.example>\r\nRCPT TO:<customer{number}@mail{}.example>\r\nDATA\r\n",
            number % 97
        );
        self.writer.write_all(group.as_bytes()).await.unwrap();
        for code in ["250", "250", "354"] {
            self.reply(code).await;
        }
        self.writer.write_all(mail(number).as_bytes()).await.unwrap();
        self.reply("250").await;
    }

    async fn reply(&mut self, code: &str) {
        loop {
            self.line.clear();
            let read = timeout(Duration::from_secs(30), self.reader.read_line(&mut self.line)).await;
            let read = read.expect("no reply for 30 s").unwrap();
            assert!(read > 0, "the connection was closed");
            assert!(self.line.starts_with(code), "expected {code}: {}", self.line);
            if self.line.as_bytes().get(3) == Some(&b' ') {
                return;
            }
        }
    }
}

/// An ordinary newsletter with one offer, some 2 kB.
fn mail(number: u64) -> String {
    format!(
        "From: Shop <news@shop.example>\r\nTo: customer{number}@mail{}.example\r\nSubject: New in the shop this month\r\n\
         Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{number}@shop.example>\r\nMIME-Version: 1.0\r\n\
         List-Unsubscribe: <https://shop.example/u/{number}>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         Dear customer,\r\n\r\nThe bluetooth car player BT-200 is 399.00 CNY.\r\n{}\r\n\
         You receive this because you subscribed. Unsubscribe: https://shop.example/u/{number}\r\n.\r\n",
        number % 97,
        "It plays from a phone, a card or a stick, and it is as easy to use as the one before.\r\n".repeat(18)
    )
}

/// Says good-bye, as clients do.
impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.writer.try_write(b"QUIT\r\n");
    }
}
