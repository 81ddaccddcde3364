//! A hold made while the store was away, of which no client was told: the retry that took its place leaves,
//! and the hold does not. Whoever never came again, and whoever was told and sends another, loses nothing.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::SignedDuration;
use tactgate::command::serve::Running;
use tactgate::config::Protocol;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::redis::RedisServer;

use super::child::{Home, routes, until};
use super::hand_clock::by_hand;
use super::mail_sink::{AtDot, MailSink};
use super::tools::{get, mail, plain_mail};

const SENDER: &str = "<news@shop.example>";

/// Without the store a mail waits.
const RULE: &str = r#"
[[frequency_cap]]
id            = "many"
at_most       = 50
within        = "1 day"
then          = "block"
on_store_down = "delay"
title.en = "Too many messages"
title.zh = "消息过多"
reason.en = "{count} in {within}"
reason.zh = "{within}内{count}条"
"#;

/// Two gateways on one store.
struct Two {
    redis: RedisServer,
    sink: MailSink,
    homes: [Home; 2],
    gates: Vec<Running>,
}

impl Two {
    /// Their route is named like the failpoint of the test.
    async fn start(route: &str) -> Two {
        let (redis, sink) = (RedisServer::start(), MailSink::start().await);
        let homes = [Home::with_policy(RULE), Home::with_policy(RULE)];
        let mut gates = Vec::new();
        for home in &homes {
            let pepper = homes[0].path("pepper");
            let store = format!(
                "[store]\nkind = \"redis\"\nurl = \"{}\"\npepper = {pepper:?}\nconnect_ms = 500\nanswer_ms = 500\n",
                redis.url()
            );
            let route = routes(Some(&sink), None).replace("\"mail\"", &format!("\"{route}\""));
            gates.push(by_hand(home, &format!("{route}{store}")).await.0);
        }
        Two { redis, sink, homes, gates }
    }

    fn smtp(&self, gate: usize) -> SocketAddr {
        self.gates[gate].door(Protocol::Smtp).unwrap()
    }

    async fn holds(&self, gate: usize) -> usize {
        let page = get(self.gates[gate].door(Protocol::Admin).unwrap(), "/metrics").await.body;
        page.lines().find_map(|line| line.strip_prefix("tactgate_holds ")).unwrap().parse().unwrap()
    }

    fn arrived(&self, who: &str) -> usize {
        self.sink.mails().iter().filter(|one| one.recipients == [format!("<{who}>")]).count()
    }

    /// The store answers again, and both know it.
    async fn with_store(&self) {
        self.redis.signal("-CONT");
        for gate in 0..2 {
            let mut number = 0;
            until("the store is back", async || {
                number += 1;
                let who = format!("probe{number}-{gate}@example.com");
                let said = mail(self.smtp(gate), SENDER, &[&format!("<{who}>")], &coats(&who)).await;
                said.starts_with("250 2.0.0 queued").then_some(())
            })
            .await;
        }
    }

    /// Minutes pass at the first gateway, until nothing waits there.
    async fn released(&self) {
        until("all holds have ended", async || {
            self.gates[0].gateway.clock.turn(SignedDuration::from_secs(30));
            (self.holds(0).await == 0).then_some(())
        })
        .await;
    }

    /// What is on its way waits no longer, and has not arrived either.
    async fn arrives(&self, expected: &[(&str, usize)]) -> Vec<usize> {
        let arrived = || expected.iter().map(|(who, _)| self.arrived(who)).collect::<Vec<_>>();
        for _ in 0..100 {
            if arrived().iter().zip(expected).all(|(arrived, (_, expected))| arrived >= expected) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        arrived()
    }

    /// Stops both; the record of the first, whose books have to balance.
    async fn record(self) -> String {
        for gate in self.gates {
            gate.stop().await;
        }
        let [home, _] = self.homes;
        let days = std::fs::read_dir(home.path("data/decisions")).unwrap();
        let record = days.map(|day| std::fs::read_to_string(day.unwrap().path()).unwrap()).collect();
        let books = home.run(&["audit", "reconcile"]);
        assert!(books.status.success(), "{}", String::from_utf8_lossy(&books.stdout));
        record
    }
}

/// How often a hold gave way to another mail.
fn given_way(record: &str) -> usize {
    record.lines().filter(|line| line.contains("an earlier attempt at it left as")).count()
}

fn coats(to: &str) -> Vec<u8> {
    plain_mail(to, "coats", "New coats are in.")
}

/// Hands a mail over and hangs up before the answer, when it is held already.
async fn hang_up(smtp: SocketAddr, who: &str) {
    fail::cfg("decided untold", "sleep(2500)").unwrap();
    let mut tcp = TcpStream::connect(smtp).await.unwrap();
    let hello = ["", "EHLO tool\r\n", &format!("MAIL FROM:{SENDER}\r\n"), &format!("RCPT TO:<{who}>\r\n"), "DATA\r\n"];
    for said in hello {
        tcp.write_all(said.as_bytes()).await.unwrap();
        assert!(tcp.read(&mut [0; 4096]).await.unwrap() > 0);
    }
    tcp.write_all(&[coats(who), b".\r\n".to_vec()].concat()).await.unwrap();
    // The store is given up after half a second.
    tokio::time::sleep(Duration::from_millis(1_800)).await;
    drop(tcp);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    fail::remove("decided untold");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hold_that_nobody_was_told_of_gives_way_to_the_retry_that_was_told() {
    let two = Two::start("untold").await;
    two.with_store().await;
    two.redis.signal("-STOP");
    for who in ["again@example.com", "never@example.com"] {
        hang_up(two.smtp(0), who).await;
    }
    until("both wait", async || (two.holds(0).await == 2).then_some(())).await;

    two.with_store().await;
    // The one comes again elsewhere.
    let said = mail(two.smtp(1), SENDER, &["<again@example.com>"], &coats("again@example.com")).await;
    assert!(said.starts_with("250 2.0.0 queued"), "{said}");
    two.released().await;
    let arrived = two.arrives(&[("again@example.com", 1), ("never@example.com", 1)]).await;
    let record = two.record().await;
    assert_eq!(arrived, [1, 1], "{record}");
    assert_eq!(given_way(&record), 1, "why it ended stands on record: {record}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hold_whose_client_was_told_is_sent_whatever_becomes_of_a_later_mail_in_the_same_words() {
    let two = Two::start("told").await;
    two.with_store().await;
    two.redis.signal("-STOP");
    let people = ["settled@example.com", "lost@example.com"];
    for who in people {
        let said = mail(two.smtp(0), SENDER, &[&format!("<{who}>")], &coats(who)).await;
        assert!(said.starts_with("250 2.0.0 accepted, held"), "{who}: {said}");
    }
    until("both wait", async || (two.holds(0).await == 2).then_some(())).await;

    two.with_store().await;
    // A second mail to each, in the same words. What became of the last is not known.
    for who in people {
        if who.starts_with("lost") {
            two.sink.next(AtDot::Lose);
        }
        let said = mail(two.smtp(1), SENDER, &[&format!("<{who}>")], &coats(who)).await;
        assert_eq!(said.starts_with("250 2.0.0 queued"), who.starts_with("settled"), "{who}: {said}");
    }
    // Its client comes again: that is a retry of the second mail, not of the first.
    until("it is no longer under way", async || {
        let said = mail(two.smtp(1), SENDER, &["<lost@example.com>"], &coats("lost@example.com")).await;
        said.starts_with("250 2.0.0 assumed sent").then_some(())
    })
    .await;
    two.released().await;
    let arrived = two.arrives(&people.map(|who| (who, 2))).await;
    let record = two.record().await;
    assert_eq!(arrived, [2, 2], "{record}");
    assert_eq!(given_way(&record), 0, "{record}");
}
