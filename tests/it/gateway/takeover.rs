//! What one gateway held, another of the fleet releases when the first is gone: once, with fresh facts,
//! also when the first was only asleep and wakes with the holds in its hands.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tactgate::config::Protocol;

use crate::redis::RedisServer;

use super::child::{Gate, Home, routes, until};
use super::hand_clock::by_hand;
use super::mail_sink::MailSink;
use super::rules::one_in_seconds;
use super::tools::{get, mail, plain_mail, tell};

/// Two gateways on one Redis; each takes the other for gone after three silent seconds.
struct Two {
    _redis: RedisServer,
    sink: MailSink,
    homes: [Home; 2],
    gates: Vec<Gate>,
}

impl Two {
    async fn start(within_seconds: u32) -> Two {
        Two::start_with(within_seconds, "").await
    }

    /// `more` stands among the keys of the route.
    async fn start_with(within_seconds: u32, more: &str) -> Two {
        let redis = RedisServer::start();
        let sink = MailSink::start().await;
        let homes = [Home::new(), Home::new()];
        for home in &homes {
            for entry in std::fs::read_dir(home.path("policies")).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    std::fs::remove_dir_all(path).unwrap();
                } else if path.file_name().is_some_and(|name| name != "suppression.toml") {
                    std::fs::remove_file(path).unwrap();
                }
            }
            let rule = one_in_seconds(within_seconds);
            home.write("policies/own.toml", &rule);
            let pepper = homes[0].path("pepper");
            let store = format!(
                "[store]\nkind = \"redis\"\nurl = \"{}\"\npepper = {pepper:?}\nanswer_ms = 5000\n",
                redis.url()
            );
            home.settings(&format!("{}{more}{store}[hold]\ntakeover_seconds = 3\n", routes(Some(&sink), None)));
        }
        let gates = vec![Gate::start(&homes[0]), Gate::start(&homes[1])];
        Two { _redis: redis, sink, homes, gates }
    }

    /// One mail to each passes the first gateway, a second one is held there.
    async fn hold_for(&self, people: &[&str]) {
        for who in people {
            for (number, answer) in [(1, "250 2.0.0 queued"), (2, "250 2.0.0 accepted, held until")] {
                let raw = plain_mail(who, &format!("mail {number}"), "New coats are in.");
                let said = mail(self.gates[0].smtp, "<news@shop.example>", &[&format!("<{who}>")], &raw).await;
                assert!(said.starts_with(answer), "{who} {number}: {said}");
            }
        }
        assert_eq!(self.sink.mails().len(), people.len());
    }

    /// How often each second mail arrived.
    fn second_mails(&self) -> BTreeMap<String, usize> {
        let mut arrived = BTreeMap::new();
        for one in self.sink.mails() {
            // A report to the sender shows the mail that it is about.
            if !one.sender.starts_with("<>") && String::from_utf8_lossy(&one.data).contains("Subject: mail 2") {
                *arrived.entry(one.recipients.join(",")).or_default() += 1;
            }
        }
        arrived
    }

    async fn wait_for_second(&self, people: &[&str]) {
        let expected = people.iter().map(|who| (format!("<{who}>"), 1)).collect::<BTreeMap<_, _>>();
        until("the held mails", async || (self.second_mails().len() >= expected.len()).then_some(())).await;
        assert_eq!(self.second_mails(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_gateway_held_the_other_releases_once_and_an_opt_out_in_between_wins() {
    let mut two = Two::start(9).await;
    two.hold_for(&["ann@example.com", "bob@example.com", "cao@example.cn", "gone@example.com"]).await;
    two.gates.remove(0).kill();
    tell(two.gates[0].http, "out", r#"{"type":"opt-out","customer":"gone@example.com","channel":"email"}"#).await;
    let people = ["ann@example.com", "bob@example.com", "cao@example.cn"];
    two.wait_for_second(&people).await;
    let reported = async || two.sink.mails().into_iter().find(|one| one.sender.starts_with("<>"));
    let report = until("the sender is told of the fourth", reported).await;
    assert_eq!(report.recipients, ["<news@shop.example>"]);

    // The first comes back with the same holds on its disk: it learns that they have gone.
    two.gates.push(Gate::start(&two.homes[0]));
    until("the first sees what it lost", async || {
        let page = get(two.gates[1].admin, "/metrics").await.body;
        page.lines().any(|line| line == "tactgate_holds 0").then_some(())
    })
    .await;
    two.wait_for_second(&people).await;
    assert!(two.homes[0].log().contains("another gateway has taken this hold over"), "{}", two.homes[0].log());
    let page = get(two.gates[0].admin, "/metrics").await.body;
    // More when the first lost a race with its own settling: the copy of a hold that it took back was still there.
    let counted = page.lines().find_map(|line| line.strip_prefix("tactgate_holds_taken_over_total "));
    assert!(counted.is_some_and(|count| count.parse::<u32>().unwrap() >= 4), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_erased_meanwhile_is_left_out_of_what_is_taken_over() {
    let mut two = Two::start(9).await;
    two.hold_for(&["ann@example.com", "gone@example.com"]).await;
    two.gates.remove(0).kill();
    let told = two.homes[1].run(&["customer", "erase", "gone@example.com"]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    two.wait_for_second(&["ann@example.com"]).await;
    until("the other's hold ends", async || two.homes[1].log().contains("was for an erased person only").then_some(()))
        .await;
    let page = get(two.gates[0].admin, "/metrics").await.body;
    assert!(page.lines().any(|line| line == "tactgate_holds_taken_over_total 1"), "{page}");
    // The first comes back with the message on its disk.
    two.gates.push(Gate::start(&two.homes[0]));
    until("nothing waits", async || {
        let page = get(two.gates[1].admin, "/metrics").await.body;
        page.lines().any(|line| line == "tactgate_holds 0").then_some(())
    })
    .await;
    two.wait_for_second(&["ann@example.com"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_slept_past_its_lease_sends_nothing_that_another_has_taken() {
    let two = Two::start(6).await;
    let people = ["ann@example.com", "bob@example.com", "cao@example.cn", "dan@example.com"];
    two.hold_for(&people).await;
    two.gates[0].signal("STOP");
    two.wait_for_second(&people).await;
    two.gates[0].signal("CONT");
    until("the sleeper has looked at each of them", async || {
        let told = two.homes[0].log().matches("another gateway has taken this hold over").count();
        (told >= people.len()).then_some(())
    })
    .await;
    two.wait_for_second(&people).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_of_a_route_is_one_for_the_whole_fleet() {
    let two = Two::start_with(1, "rate = \"2 per second\"\nburst = 1\n").await;
    // Each has announced itself, and has seen the other.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let begin = Instant::now();
    for number in 0..8 {
        for gate in &two.gates {
            let who = format!("p{number}-{}@example.com", gate.smtp.port());
            let raw = plain_mail(&who, "mail", "New coats are in.");
            let said = mail(gate.smtp, "<news@shop.example>", &[&format!("<{who}>")], &raw).await;
            assert!(said.starts_with("250"), "{said}");
        }
    }
    two.sink.wait_for(16).await;
    // 16 at two a second; each gateway alone would have been through in half of that.
    assert!(begin.elapsed() >= Duration::from_millis(5_500), "{:?}", begin.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_is_silent_what_another_may_have_taken_waits_and_a_code_goes() {
    let mut redis = RedisServer::start();
    let sink = MailSink::start().await;
    let home = Home::with_policy(&one_in_seconds(600));
    let route = format!("{}rate = \"1 per second\"\nburst = 1\n", routes(Some(&sink), None));
    let (running, _) = by_hand(&home, &format!("{route}[store]\nkind = \"redis\"\nurl = \"{}\"\n", redis.url())).await;
    let smtp = running.door(Protocol::Smtp).unwrap();
    let send = async |subject: &str, text: &str| {
        let purpose = if subject == "code" { "Tactgate-Purpose: one-time-code\r\n" } else { "" };
        let raw = [purpose.as_bytes(), &plain_mail("ann@example.com", subject, text)].concat();
        mail(smtp, "<news@shop.example>", &["<ann@example.com>"], &raw).await
    };
    assert!(send("first", "New coats are in.").await.starts_with("250 2.0.0 queued"));
    let said = send("held", "New coats are in.").await;
    assert!(said.starts_with("250 2.0.0 accepted, held"), "{said}");
    let code = "Your verification code is 482913. Do not share it.";
    let said = send("code", code).await;
    assert!(said.starts_with("250 2.0.0 accepted, held"), "held for the pace: {said}");
    let count = |subject: &str| {
        let line = format!("Subject: {subject}\r\n");
        sink.mails().iter().filter(|one| String::from_utf8_lossy(&one.data).contains(&line)).count()
    };

    redis.stop();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    running.gateway.clock.turn(SignedDuration::from_mins(11));
    until("the code goes", async || (count("code") == 1).then_some(())).await;
    // More than enough for the route's rate, by the gateway's clock and by the wall.
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        running.gateway.clock.turn(SignedDuration::from_secs(15));
    }
    assert_eq!(count("held"), 0, "by its rule alone it would go without the store");

    redis.begin();
    until("the held one leaves", async || {
        running.gateway.clock.turn(SignedDuration::from_secs(15));
        (count("held") == 1).then_some(())
    })
    .await;
    assert_eq!((count("first"), count("code")), (1, 1));
    running.stop().await;
}
