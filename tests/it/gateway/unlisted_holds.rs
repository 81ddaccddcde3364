//! A hold made while the store was away stands in no customer's document. It is released at its time all the
//! same, once, by rules that know everything again; and if they say "not yet", the document lists it from then on.

use jiff::SignedDuration;
use tactgate::command::serve::Running;
use tactgate::config::Protocol;
use tactgate::facts::Customer;
use tactgate::message::Address;

use crate::redis::RedisServer;

use super::child::{Home, routes, until};
use super::hand_clock::by_hand;
use super::mail_sink::MailSink;
use super::tools::{mail, plain_mail, tell};

const SENDER: &str = "<news@shop.example>";
const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const CAO: &str = "cao@example.cn";

/// One mail an hour, and none without knowing how many there were; none after an opt-out.
const RULES: &str = r#"
[[frequency_cap]]
id            = "hourly"
at_most       = 1
within        = "1 hour"
then          = { delay = { at_most = "1 day" } }
on_store_down = "delay"
title.en = "Too many messages"
title.zh = "消息过多"
reason.en = "{count} in {within}"
reason.zh = "{within}内{count}条"

[[suppression]]
id            = "opted-out"
on_store_down = "delay"
title.en = "Opted out"
title.zh = "已退订"
reason.en = "opted out"
reason.zh = "已退订"
"#;

struct Town {
    redis: RedisServer,
    sink: MailSink,
    home: Home,
}

impl Town {
    async fn gateway(&self) -> Running {
        let store =
            format!("[store]\nkind = \"redis\"\nurl = \"{}\"\nconnect_ms = 500\nanswer_ms = 500\n", self.redis.url());
        by_hand(&self.home, &format!("{}{store}", routes(Some(&self.sink), None))).await.0
    }

    fn arrived(&self, who: &str) -> usize {
        self.sink.mails().iter().filter(|one| one.recipients == [format!("<{who}>")]).count()
    }

    fn all_arrived(&self) -> [usize; 3] {
        [ANN, BOB, CAO].map(|who| self.arrived(who))
    }
}

async fn send(running: &Running, who: &str, subject: &str) -> String {
    let smtp = running.door(Protocol::Smtp).unwrap();
    mail(smtp, SENDER, &[&format!("<{who}>")], &plain_mail(who, subject, "New coats are in.")).await
}

/// The customer's document.
async fn document(running: &Running, who: &str) -> Customer {
    let store = &running.gateway.store;
    let key = store.key("shop", &Address::any(who, None).unwrap());
    store.load("shop", &[key], &[]).await.unwrap().customers.remove(0).customer
}

/// What waits, and what is in work.
async fn holds(running: &Running) -> (u64, u64) {
    let counts = running.gateway.hold.count().await.unwrap();
    (counts.held, counts.claimed)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_document_lists_is_released_once_at_its_time_or_listed_from_then_on() {
    let town = Town { redis: RedisServer::start(), sink: MailSink::start().await, home: Home::with_policy(RULES) };
    let running = town.gateway().await;
    // Ann had her mail of this hour.
    assert!(send(&running, ANN, "first").await.starts_with("250 2.0.0 queued"));

    town.redis.signal("-STOP");
    for who in [ANN, BOB, CAO] {
        let said = send(&running, who, "coats").await;
        assert!(said.starts_with("250 2.0.0 accepted, held"), "{who}: {said}");
    }
    assert_eq!(holds(&running).await, (3, 0));
    // Their time comes while the store is still away: they wait on, as they were.
    running.gateway.clock.turn(SignedDuration::from_mins(6));
    until("all have been looked at", async || {
        let next = running.gateway.hold.next_wake().await.unwrap().unwrap();
        (next > running.gateway.clock.now() && holds(&running).await == (3, 0)).then_some(())
    })
    .await;
    assert_eq!(town.all_arrived(), [1, 0, 0]);

    // The store is back, and the gateway starts anew: nothing but its own disk knows of them.
    town.redis.signal("-CONT");
    running.stop().await;
    let running = town.gateway().await;
    for who in [ANN, BOB, CAO] {
        assert!(document(&running, who).await.held.is_empty(), "{who}");
    }
    let http = running.door(Protocol::Http).unwrap();
    tell(http, "out", &format!(r#"{{"type":"opt-out","customer":"{CAO}","channel":"email"}}"#)).await;
    until("bob has his, and the others are decided", async || {
        running.gateway.clock.turn(SignedDuration::from_secs(30));
        (town.arrived(BOB) == 1 && holds(&running).await == (1, 0)).then_some(())
    })
    .await;
    // The cap speaks for Ann again: from here on her document knows what waits, and who comes next queues behind.
    let listed = document(&running, ANN).await.held;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].id.starts_with("u-") && !listed[0].attempt.unanswered, "its client was told: {listed:?}");

    until("ann has hers", async || {
        running.gateway.clock.turn(SignedDuration::from_mins(5));
        (holds(&running).await == (0, 0)).then_some(())
    })
    .await;
    until("it arrives", async || (town.arrived(ANN) == 2).then_some(())).await;
    for who in [ANN, BOB, CAO] {
        until("its line is gone", async || document(&running, who).await.held.is_empty().then_some(())).await;
    }
    running.stop().await;
    assert_eq!(town.all_arrived(), [2, 1, 0]);
    let books = town.home.run(&["audit", "reconcile"]);
    assert!(books.status.success(), "{}", String::from_utf8_lossy(&books.stdout));
}
