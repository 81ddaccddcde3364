//! A hold whose gateway died before its customer's document listed it: nobody was told of it, and its client
//! came again. It is not sent, however often the store was away when its time came.

use jiff::{SignedDuration, Timestamp};
use tactgate::clock::Clock;
use tactgate::command::serve::{Running, start_in};
use tactgate::config::{Config, Protocol};
use tactgate::facts::Customer;
use tactgate::gateway::surroundings::Surroundings;
use tactgate::message::Address;
use tactgate::store::{Fault, Modelled};
use tokio::net::TcpListener;

use super::child::{Home, routes, until};
use super::mail_sink::MailSink;
use super::tools::{mail, plain_mail};

const SENDER: &str = "<news@shop.example>";

/// One mail a minute; without the store it waits.
const RULE: &str = r#"
[[frequency_cap]]
id            = "one-a-minute"
at_most       = 1
within        = "1 minute"
then          = { delay = { at_most = "1 hour" } }
on_store_down = "delay"
title.en = "Too many messages"
title.zh = "消息过多"
reason.en = "{count} in {within}"
reason.zh = "{within}内{count}条"
"#;

async fn start(home: &Home, sink: &MailSink, store: &Modelled) -> Running {
    let (data, policies) = (home.path("data"), home.path("policies"));
    let dirs = format!("[store]\ndir = {data:?}\n[policies]\ndir = {policies:?}\n");
    home.settings(&format!("{}{dirs}", routes(Some(sink), None)));
    let config = Config::load(Some(&home.path("tactgate.toml"))).unwrap();
    let mut bound = Vec::new();
    for listener in &config.listeners {
        bound.push((listener.clone(), TcpListener::bind(listener.address).await.unwrap()));
    }
    let surroundings =
        Surroundings { store: Some(store.clone()), ..Surroundings::with(Clock::standing_at(Timestamp::now())) };
    start_in(surroundings, config, bound).await.unwrap()
}

fn log(home: &Home) -> String {
    let days = std::fs::read_dir(home.path("data/decisions")).unwrap();
    days.map(|day| std::fs::read_to_string(day.unwrap().path()).unwrap()).collect()
}

/// Outcomes of that kind on record.
fn outcomes(home: &Home, which: &str) -> usize {
    let outcome = format!("\"outcome\":\"{which}\"");
    log(home).lines().filter(|line| line.starts_with("{\"line\":\"outcome\"") && line.contains(&outcome)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hold_that_no_document_ever_listed_is_not_sent_though_the_store_was_away_at_its_first_release() {
    let (sink, home, store) = (MailSink::start().await, Home::with_policy(RULE), Modelled::default());
    let running = start(&home, &sink, &store).await;
    let smtp = running.door(Protocol::Smtp).unwrap();
    for who in ["unlisted@example.com", "listed@example.com"] {
        for (text, said) in
            [("New coats are in.", "250 2.0.0 queued"), ("New shoes are in.", "250 2.0.0 accepted, held")]
        {
            let answer = mail(smtp, SENDER, &[&format!("<{who}>")], &plain_mail(who, "news", text)).await;
            assert!(answer.starts_with(said), "{answer}");
        }
    }
    let gateway = &running.gateway;
    // As if the gateway had been killed between its disk and the commit.
    let key = gateway.store.key("shop", &Address::any("unlisted@example.com", None).unwrap());
    let never_listed = |customer: &mut Customer| !std::mem::take(&mut customer.held).is_empty();
    assert!(gateway.store.update("shop", &key, never_listed).await.unwrap());

    store.fail(Fault::Down);
    gateway.clock.turn(SignedDuration::from_secs(61));
    until("both were decided without the store", async || (outcomes(&home, "requeued") == 2).then_some(())).await;
    store.fail(Fault::None);
    let mut probes = 0;
    until("the store is back", async || {
        probes += 1;
        let who = format!("probe{probes}@example.com");
        let said = mail(smtp, SENDER, &[&format!("<{who}>")], &plain_mail(&who, "news", "New coats.")).await;
        said.starts_with("250 2.0.0 queued").then_some(())
    })
    .await;
    until("nothing waits", async || {
        gateway.clock.turn(SignedDuration::from_secs(30));
        let counts = gateway.hold.count().await.unwrap();
        (counts.held + counts.claimed == 0).then_some(())
    })
    .await;
    let arrived = |who: &str| sink.mails().iter().filter(|one| one.recipients == [format!("<{who}>")]).count();
    until("what was released arrives", async || (arrived("listed@example.com") == 2).then_some(())).await;
    running.stop().await;
    assert_eq!(arrived("unlisted@example.com"), 1, "{}", log(&home));
    assert_eq!(outcomes(&home, "dropped"), 1, "its end stands on record: {}", log(&home));
}
