//! The gateway dies between two steps of a send. After its restart what the customer may still get is at
//! least what the provider had, and at most one more for each crash; what provably never left is given
//! back.

use crate::redis::RedisServer;

use super::child::{Gate, Home, routes, until};
use super::http_sink::{HttpSink, Reply};
use super::rules::ONE_A_DAY;
use super::tools::{Answer, sms};

const PHONE: &str = "+8613800138041";

/// Another text than what was under way at the crash: an equal one would be its retry.
async fn send(gate: &Gate) -> Answer {
    sms(gate.http, PHONE, "【某某商城】冬装上新，全场9折，回T退订", &[]).await
}

/// Kills the gateway at its first call of that kind, before the call is done; then starts it again.
async fn killed_at(home: &Home, call: &str, paths: &[String]) -> Gate {
    killed_at_nth(home, call, 1, paths).await;
    Gate::start(home)
}

/// The same at a later call of that kind; it stays away.
async fn killed_at_nth(home: &Home, call: &str, nth: usize, paths: &[String]) {
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:signal=KILL:when={nth}"));
    let mut strace = vec!["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    paths.iter().for_each(|path| strace.extend(["-P", path.as_str()]));
    let gate = Gate::start_under(home, &strace).unwrap();
    let http = gate.http;
    // Its client hears nothing.
    let asked =
        tokio::spawn(async move { sms(http, PHONE, "【某某商城】秋装上新，全场8折，回T退订", &[]).await });
    gate.ended().await;
    assert!(asked.await.is_err(), "no answer came");
}

/// Today's and tomorrow's file of the journal.
fn journal(home: &Home) -> Vec<String> {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let file = |day: jiff::civil::Date| home.path(&format!("data/journal/{day}.jsonl")).display().to_string();
    vec![file(today), file(today.tomorrow().unwrap())]
}

/// How the customer's sends stand in the store.
fn states(home: &Home) -> Vec<String> {
    let told = home.run(&["customer", "export", PHONE]);
    let whole: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap_or_default();
    let sends = whole.pointer("/facts/sends").cloned().unwrap_or_default();
    let state = |send: &serde_json::Value| send["state"].as_str().unwrap().to_owned();
    sends.as_array().map(|sends| sends.iter().map(state).collect()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_anything_left_the_slot_is_given_back() {
    let redis = RedisServer::start();
    for store in [String::new(), format!("[store]\nkind = \"redis\"\nanswer_ms = 5000\nurl = \"{}\"\n", redis.url())] {
        let texts = HttpSink::start().await;
        let home = Home::with_policy(ONE_A_DAY);
        home.settings(&format!("{}{store}", routes(None, Some(&texts))));
        let gate = killed_at(&home, "write", &journal(&home)).await;
        // By then the dead gateway had moved its canary on since it last wrote down where it stood.
        tokio::time::sleep(std::time::Duration::from_millis(if store.is_empty() { 0 } else { 100 })).await;
        assert!(texts.requests().is_empty(), "nothing left");
        let answer = send(&gate).await;
        assert_eq!(answer.status, 201, "the journal proves it: {answer:?}");
        assert_eq!(send(&gate).await.status, 400, "and there was one slot, not two");
        assert_eq!(texts.requests().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_once_something_may_have_left_it_counts() {
    let texts = HttpSink::start().await;
    let home = Home::with_policy(ONE_A_DAY);
    home.settings(&routes(None, Some(&texts)));
    // The first connection it makes is the provider's: the journal says that a message is on its way.
    let gate = killed_at(&home, "connect", &[]).await;
    assert_eq!(send(&gate).await.status, 400, "nobody can prove that nothing left");
    assert!(texts.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_provider_answers_it_counts_and_is_settled_at_the_next_start() {
    let redis = RedisServer::start();
    for store in [String::new(), format!("[store]\nkind = \"redis\"\nanswer_ms = 5000\nurl = \"{}\"\n", redis.url())] {
        let texts = HttpSink::start().await;
        let home = Home::with_policy(ONE_A_DAY);
        home.settings(&format!("{}{store}", routes(None, Some(&texts))));
        let gate = Gate::start(&home);
        texts.next(Reply::Hang);
        let http = gate.http;
        let asked = tokio::spawn(async move {
            sms(http, PHONE, "【某某商城】秋装上新，全场8折，回T退订", &[]).await
        });
        texts.wait_for(1).await;
        gate.kill();
        assert!(asked.await.is_err(), "no answer came");
        if !store.is_empty() {
            assert_eq!(states(&home), ["reserved"]);
        }
        let gate = Gate::start(&home);
        assert_eq!(send(&gate).await.status, 400);
        if !store.is_empty() {
            until("the reservation is settled", async || (states(&home) == ["unknown"]).then_some(())).await;
        }
        assert_eq!(texts.requests().len(), 1);
    }
}

/// The journal of a dead gateway must never say that a message set out whose slot another gateway was given: it
/// would be entered anew beside the other one.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_notes_that_a_message_came_back_its_slot_is_not_given_to_another() {
    for killed in [true, false] {
        let (redis, texts) = (RedisServer::start(), HttpSink::start().await);
        let homes = [Home::with_policy(ONE_A_DAY), Home::with_policy(ONE_A_DAY)];
        for home in &homes {
            let (pepper, url) = (homes[0].path("pepper"), redis.url());
            let store = format!("[store]\nkind = \"redis\"\nanswer_ms = 5000\nurl = \"{url}\"\npepper = {pepper:?}\n");
            home.settings(&format!("{}{store}", routes(None, Some(&texts))));
        }
        texts.next(Reply::Say("400 Bad Request", "{}"));
        if killed {
            // The first line says that it sets out.
            killed_at_nth(&homes[0], "write", 2, &journal(&homes[0])).await;
        } else {
            let gate = Gate::start(&homes[0]);
            assert!(send(&gate).await.status > 201, "the provider did not take it");
        }
        let (another, status) = (Gate::start(&homes[1]), if killed { 400 } else { 201 });
        let answer = send(&another).await;
        assert_eq!(answer.status, status, "killed: {killed}: {answer:?}");
        let _again = Gate::start(&homes[0]);
        let state = if killed { "unknown" } else { "sent" };
        until("its one send is settled", async || (states(&homes[0]) == [state]).then_some(())).await;
    }
}

/// A machine that lost its power may have lost the journal's last lines: their absence proves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_power_loss_the_missing_line_proves_nothing() {
    let texts = HttpSink::start().await;
    let home = Home::with_policy(ONE_A_DAY);
    home.settings(&routes(None, Some(&texts)));
    let gate = killed_at(&home, "write", &journal(&home)).await;
    gate.kill();
    let kept = std::fs::read_to_string(home.path("data/gateway.json")).unwrap();
    let mut kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    kept["boot"] = "another-boot".into();
    home.write("data/gateway.json", &kept.to_string());
    let gate = Gate::start(&home);
    assert_eq!(send(&gate).await.status, 400);
}
