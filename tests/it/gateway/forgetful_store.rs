//! The store stops in the middle of a commit, forgets what it acknowledged, or has another clock than
//! the gateway: what was sent still counts, once.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tactgate::clock::Clock;
use tactgate::command::serve::{Running, start};
use tactgate::config::{Config, Protocol};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::redis::RedisServer;

use super::child::{Gate, Home, routes, until};
use super::http_sink::HttpSink;
use super::mail_sink::{AtDot, MailSink};
use super::tools::{get, mail, plain_mail, sms, tell};

fn cap(at_most: u32, within: &str, on_store_down: &str) -> String {
    format!(
        r#"
[[frequency_cap]]
id       = "capped"
at_most  = {at_most}
within   = "{within}"
then     = "block"
on_store_down = "{on_store_down}"
title.en = "Too many messages"
title.zh = "消息过多"
reason.en = "{{count}} in {{within}}"
reason.zh = "{{within}}内{{count}}条"
"#
    )
}

/// Answers may take their time: a busy machine is no outage.
fn store(url: &str) -> String {
    format!("[store]\nkind = \"redis\"\nanswer_ms = 5000\nurl = \"{url}\"\n")
}

/// No two say the same: one that does is a retry while the first one's fate is unknown.
async fn offer(http: SocketAddr, phone: &str) -> u16 {
    static OFFERS: AtomicU32 = AtomicU32::new(1);
    let number = OFFERS.fetch_add(1, Ordering::Relaxed);
    sms(http, phone, &format!("【某某商城】秋装上新第{number}期，全场8折，回T退订"), &[]).await.status
}

async fn ready(gate: &Gate) {
    until("the gateway is ready", async || (get(gate.admin, "/readyz").await.status == 200).then_some(())).await;
}

/// A wire to Redis that does something at the next commit.
struct Wire {
    address: SocketAddr,
    at_commit: Arc<AtomicU8>,
}

const NOTHING: u8 = 0;
/// The server stops for a while, then does what it was asked.
const PAUSE: u8 = 1;
/// The server does it, and the wire breaks before its answer.
const LOSE: u8 = 2;

impl Wire {
    async fn to(redis: &RedisServer, pause: Duration) -> Wire {
        let server = redis.url().trim_start_matches("redis://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let at_commit = Arc::new(AtomicU8::new(NOTHING));
        let (armed, pid) = (Arc::clone(&at_commit), redis.pid());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(upstream) = TcpStream::connect(&server).await else { continue };
                tokio::spawn(carry(client, upstream, Arc::clone(&armed), pid, pause));
            }
        });
        Wire { address, at_commit }
    }
}

async fn carry(client: TcpStream, upstream: TcpStream, armed: Arc<AtomicU8>, pid: u32, pause: Duration) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = upstream.into_split();
    let answers = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
    });
    let mut piece = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from_client.read(&mut piece).await {
        let commits = piece[..length].windows(7).any(|word| word == b"EVALSHA");
        let what = if commits { armed.swap(NOTHING, Ordering::SeqCst) } else { NOTHING };
        match what {
            PAUSE => {
                signal(pid, "-STOP");
                tokio::spawn(async move {
                    tokio::time::sleep(pause).await;
                    signal(pid, "-CONT");
                });
            }
            LOSE => {
                answers.abort();
                let _ = to_server.write_all(&piece[..length]).await;
                let _ = to_server.flush().await;
                tokio::time::sleep(Duration::from_millis(50)).await;
                return;
            }
            _ => {}
        }
        if to_server.write_all(&piece[..length]).await.is_err() {
            break;
        }
    }
    answers.abort();
}

fn signal(pid: u32, signal: &str) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_counts_once_and_sends_once() {
    for (what, pause_ms, on_store_down) in [
        (PAUSE, 800, "pass"),
        (PAUSE, 2_500, "pass"),
        (PAUSE, 800, "block"),
        (PAUSE, 2_500, "block"),
        (LOSE, 0, "block"),
    ] {
        let case = format!("{what} {pause_ms} ms, {on_store_down}");
        let redis = RedisServer::start();
        let wire = Wire::to(&redis, Duration::from_millis(pause_ms)).await;
        let texts = HttpSink::start().await;
        let home = Home::with_policy(&cap(2, "1 day", on_store_down));
        let store = store(&format!("redis://{}/", wire.address)).replace("5000", "400");
        home.settings(&format!("{}{store}", routes(None, Some(&texts))));
        let gate = Gate::start(&home);
        assert_eq!(offer(gate.http, "+8613800138060").await, 201, "the server knows the script");
        wire.at_commit.store(what, Ordering::SeqCst);
        let first = offer(gate.http, "+8613800138061").await;
        assert!([201, 400, 503].contains(&first), "{case}: {first}");
        assert!(on_store_down == "block" || first == 201, "{case}: {first}");
        ready(&gate).await;
        until("all is settled", async || {
            get(gate.admin, "/metrics").await.body.contains("tactgate_settlements_waiting 0").then_some(())
        })
        .await;
        let mut passed = usize::from(first == 201);
        for _ in 0..3 {
            passed += usize::from(offer(gate.http, "+8613800138061").await == 201);
        }
        assert_eq!(passed, 2, "{case}: neither a phantom nor a gap");
        assert_eq!(texts.requests().len(), 1 + passed, "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_empty_is_told_again_before_it_is_believed() {
    let mut redis = RedisServer::start_with(&["--appendonly", "no"]);
    let texts = HttpSink::start().await;
    let home = Home::with_policy(&cap(1, "1 day", "block"));
    home.settings(&format!("{}{}", routes(None, Some(&texts)), store(&redis.url())));
    let gate = Gate::start(&home);
    ready(&gate).await;
    for customer in 0..20 {
        assert_eq!(offer(gate.http, &format!("+86138001370{customer:02}")).await, 201);
    }
    redis.stop();
    redis.begin();
    // From the first moment on, and after it has been told again.
    for round in 0..2 {
        for customer in 0..20 {
            let status = offer(gate.http, &format!("+86138001370{customer:02}")).await;
            assert_eq!(status, 400, "round {round}: their one message was sent before the server forgot");
        }
        ready(&gate).await;
    }
    assert_eq!(offer(gate.http, "+8613800138099").await, 201, "who got nothing yet is not punished");
    assert_eq!(texts.requests().len(), 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flushed_server_learns_again_what_the_shop_told_and_what_was_sent() {
    let redis = RedisServer::start();
    let texts = HttpSink::start().await;
    let home = Home::new();
    home.write("policies/own.toml", &cap(3, "1 day", "block"));
    home.settings(&format!("{}{}", routes(None, Some(&texts)), store(&redis.url())));
    let gate = Gate::start(&home);
    ready(&gate).await;
    let (out, capped) = ("+8613800138081", "+8613800138082");
    tell(gate.http, "out-1", &format!(r#"{{"type":"opt-out","customer":"{out}","channel":"sms"}}"#)).await;
    tell(gate.http, "link-1", &format!(r#"{{"type":"identity-link","customer":"x@example.cn","also":"{capped}"}}"#))
        .await;
    tell(gate.http, "card-1", r#"{"type":"voucher","step":"redeemed","code":"GIFT-1234"}"#).await;
    tell(gate.http, "stock-1", r#"{"type":"stock","product":"BT-200","left":3}"#).await;
    let issue = AtomicU32::new(1);
    let news = async |phone: &str| {
        let issue = issue.fetch_add(1, Ordering::Relaxed);
        let text = format!("【某某商城】您关注的秋装新款第{issue}款已到店，欢迎选购，回T退订");
        sms(gate.http, phone, &text, &[]).await.status
    };
    assert_eq!(news(out).await, 400, "who opted out gets nothing");
    let mut passed = 0;
    for _ in 0..4 {
        passed += usize::from(news(capped).await == 201);
    }
    let port = redis.url().trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
    assert!(Command::new("redis-cli").args(["-p", &port, "flushall"]).output().unwrap().status.success());
    until("the gateway noticed", async || {
        get(gate.admin, "/metrics")
            .await
            .body
            .contains(r#"tactgate_store_setbacks_total{result="forgot"} 1"#)
            .then_some(())
    })
    .await;
    ready(&gate).await;
    assert_eq!(news(out).await, 400, "still nothing");
    assert_eq!(news(capped).await, 400, "still no more");
    assert_eq!(texts.requests().len(), passed);
    // The merge is known again, too: the other address is the same person.
    let exported = home.run(&["customer", "export", "x@example.cn"]);
    let exported: serde_json::Value = serde_json::from_slice(&exported.stdout).unwrap();
    let sends = exported["facts"]["sends"].as_array().unwrap();
    assert_eq!(sends.iter().filter(|send| send["channel"] == "sms").count(), passed, "{exported:#}");
    let contents: std::collections::BTreeSet<u64> =
        sends.iter().map(|send| send["content"].as_u64().unwrap()).collect();
    assert_eq!(contents.len(), passed, "no two said the same: {exported:#}");
    // So are the card that was used up, though nobody wrote its code down, and the stock.
    for kind in ["voucher", "stock"] {
        let keys = Command::new("redis-cli").args(["-p", &port, "keys", &format!("*:{kind}:*")]).output().unwrap();
        let keys = String::from_utf8_lossy(&keys.stdout);
        assert_eq!(keys.lines().filter(|key| key.contains(kind)).count(), 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_while_the_server_was_away_is_settled_when_it_is_back() {
    let mut redis = RedisServer::start();
    let mails = MailSink::start().await;
    let home = Home::with_policy(&cap(2, "1 day", "pass"));
    home.settings(&format!("{}{}", routes(Some(&mails), None), store(&redis.url())));
    let gate = Gate::start(&home);
    ready(&gate).await;
    const TO: &str = "zhou@example.cn";
    async fn send(smtp: SocketAddr, issue: u32) -> String {
        let text = format!("秋装上新第{issue}期，全场8折。");
        mail(smtp, "<news@shop.example>", &[&format!("<{TO}>")], &plain_mail(TO, "上新", &text)).await
    }
    // One is on its way when the server goes, the other one leaves without it.
    mails.next(AtDot::AfterMs(700));
    let smtp = gate.smtp;
    let on_its_way = tokio::spawn(send(smtp, 1));
    mails.wait_for(1).await;
    redis.stop();
    assert!(on_its_way.await.unwrap().starts_with("250"));
    assert!(send(gate.smtp, 2).await.starts_with("250"), "a courtesy rule lets it go");
    redis.begin();
    ready(&gate).await;
    let settled = async || {
        let exported = home.run(&["customer", "export", TO]);
        let exported: serde_json::Value = serde_json::from_slice(&exported.stdout).unwrap();
        let sends = exported["facts"]["sends"].as_array().unwrap();
        (sends.iter().filter(|send| send["state"] == "sent").count() == 2).then_some(())
    };
    until("both count as sent", settled).await;
    assert!(send(gate.smtp, 3).await.starts_with("550 5.7.1 capped"), "no third one");
    assert_eq!(mails.mails().len(), 2);
}

/// A gateway in this process whose clock is off by so much.
async fn off_by(home: &Home, more: &str, off: SignedDuration) -> Running {
    home.settings(&format!(
        "{more}dir = {:?}\npepper = {:?}\n[policies]\ndir = {:?}\n",
        home.path("data"),
        home.path("pepper"),
        home.path("policies")
    ));
    let config = Config::load(Some(&home.path("tactgate.toml"))).unwrap();
    start(config, Clock::standing_at(Timestamp::now() + off)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn gateways_with_clocks_ten_minutes_apart_take_the_same_decisions() {
    let redis = RedisServer::start();
    let texts = HttpSink::start().await;
    let (right, wrong) =
        (Home::with_policy(&cap(1, "5 minutes", "block")), Home::with_policy(&cap(1, "5 minutes", "block")));
    let settings = format!("{}{}", routes(None, Some(&texts)), store(&redis.url()));
    let first = off_by(&right, &settings, SignedDuration::ZERO).await;
    std::fs::copy(right.path("pepper"), wrong.path("pepper")).unwrap();
    for (index, minutes) in [10, -10].into_iter().enumerate() {
        let second = off_by(&wrong, &settings, SignedDuration::from_mins(minutes)).await;
        let doors = [&first, &second].map(|running| running.door(Protocol::Http).unwrap());
        // Each of the two first, each time with a customer of their own.
        for (turn, [one, other]) in [[doors[0], doors[1]], [doors[1], doors[0]]].into_iter().enumerate() {
            let phone = format!("+86138001380{index}{turn}");
            assert_eq!(offer(one, &phone).await, 201, "{minutes} min, turn {turn}");
            assert_eq!(offer(other, &phone).await, 400, "{minutes} min, turn {turn}: five minutes have not passed");
        }
        // A clock that is put wrong while the gateway runs is found out by the next commit.
        assert_eq!(offer(doors[1], &format!("+86138001381{index}0")).await, 201);
        second.stop().await;
    }
    first.stop().await;
}
