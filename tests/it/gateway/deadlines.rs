//! A message is in time, or it is not sent: what is decided too late is undone and stays with its sender,
//! what has begun to leave is finished. A panic costs one submission its answer and its customer nothing.
//! Delays and panics are injected by name (each route here has a name of its own).

use jiff::SignedDuration;
use tactgate::command::serve::Running;
use tactgate::config::Protocol;
use tactgate::message::Address;

use super::child::{Home, until};
use super::hand_clock::by_hand;
use super::http_sink::HttpSink;
use super::mail_sink::{AtDot, MailSink};
use super::rules::{NO_MAIL_AT_NOON, ONE_A_DAY};
use super::tools::{mail, plain_mail, sendgrid, sendgrid_mail};

/// Two routes of this name, `…-mail` and `…-http`.
fn routes(name: &str, timeouts: &str, mails: &MailSink, requests: &HttpSink) -> String {
    format!(
        "[[route]]\nname = \"{name}-mail\"\nprovider = \"relay\"\nupstream = \"smtp://{}\"\ntls = \"off\"\n\
         timeouts = {{ {timeouts} }}\n\
         [[route]]\nname = \"{name}-http\"\nprovider = \"sendgrid\"\nupstream = \"http://{}\"\n\
         timeouts = {{ {timeouts} }}\n",
        mails.address, requests.address
    )
}

fn offer(to: &str) -> Vec<u8> {
    plain_mail(to, "上新", "秋装上新，全场8折。")
}

/// Sets a failpoint; it ends with the value, whatever becomes of the test.
struct Fault(String);

impl Fault {
    fn at(place: &str, action: &str) -> Fault {
        fail::cfg(place, action).unwrap();
        Fault(place.to_owned())
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        fail::remove(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_too_late_is_given_back_and_never_sent() {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(ONE_A_DAY);
    let routes = routes("late", "connect_ms = 100, reply_ms = 400, total_ms = 900", &mails, &requests);
    let (running, _) = by_hand(&home, &routes).await;
    let (smtp, http) = (running.door(Protocol::Smtp).unwrap(), running.door(Protocol::Http).unwrap());
    {
        let _faults = [Fault::at("decided late-mail", "sleep(1200)"), Fault::at("decided late-http", "sleep(1200)")];
        let said = mail(smtp, "<news@shop.example>", &["<a@example.cn>"], &offer("a@example.cn")).await;
        assert!(said.starts_with("451 4."), "{said}");
        let answer = sendgrid(http, &sendgrid_mail("b@example.cn", "上新", "秋装上新，全场8折。"), &[]).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.headers.contains_key("retry-after") && answer.json()["errors"].is_array(), "{answer:?}");
    }
    assert!(mails.mails().is_empty() && requests.requests().is_empty(), "nothing was sent");
    // The client comes again: the one message of the day is still to be had, and it is one.
    let said = mail(smtp, "<news@shop.example>", &["<a@example.cn>"], &offer("a@example.cn")).await;
    assert!(said.starts_with("250"), "{said}");
    let answer = sendgrid(http, &sendgrid_mail("b@example.cn", "上新", "秋装上新，全场8折。"), &[]).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    running.stop().await;
    assert_eq!((mails.mails().len(), requests.requests().len()), (1, 1), "never sent later");
}

/// How many holds the customer's document lists, once there is one.
async fn listed(running: &Running, address: &str) -> Option<usize> {
    let store = &running.gateway.store;
    let key = store.key("shop", &Address::any(address, Some("CN")).unwrap());
    let found = store.load("shop", &[key], &[]).await.unwrap().customers.remove(0);
    found.customer.last_now.map(|_| found.customer.held.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_comes_too_late_is_taken_back() {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(NO_MAIL_AT_NOON);
    let routes = routes("held", "connect_ms = 100, reply_ms = 400, total_ms = 900", &mails, &requests);
    let (running, _) = by_hand(&home, &routes).await;
    let smtp = running.door(Protocol::Smtp).unwrap();
    {
        let _fault = Fault::at("decided held-mail", "sleep(1200)");
        let said = mail(smtp, "<news@shop.example>", &["<a@example.cn>"], &offer("a@example.cn")).await;
        assert!(said.starts_with("451 4."), "its sender keeps it: {said}");
    }
    until("the hold is cancelled", async || {
        let held = running.gateway.hold.count().await.unwrap().held;
        (held == 0 && listed(&running, "a@example.cn").await.is_some()).then_some(())
    })
    .await;
    let of_the_late = listed(&running, "a@example.cn").await;
    assert_eq!(of_the_late, Some(0), "a gateway that does not have the hold would tell a retry that it waits");
    let said = mail(smtp, "<news@shop.example>", &["<b@example.cn>"], &offer("b@example.cn")).await;
    assert!(said.starts_with("250 2.0.0 accepted, held"), "the honest twin: {said}");
    assert_eq!(listed(&running, "b@example.cn").await, Some(1));
    running.gateway.clock.turn(SignedDuration::from_mins(61));
    assert_eq!(mails.wait_for(1).await[0].recipients, ["<b@example.cn>"]);
    until("no more holds", async || {
        let counts = running.gateway.hold.count().await.unwrap();
        (counts.held + counts.claimed == 0).then_some(())
    })
    .await;
    running.stop().await;
    assert_eq!(mails.mails().len(), 1, "the late one is not sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_begun_to_leave_is_finished_and_recorded() {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(ONE_A_DAY);
    // Half a second to begin; the provider takes longer than that, and may.
    let routes = routes("slow", "connect_ms = 100, reply_ms = 5000, total_ms = 5000", &mails, &requests);
    let (running, _) = by_hand(&home, &routes).await;
    let smtp = running.door(Protocol::Smtp).unwrap();
    mails.next(AtDot::AfterMs(1_000));
    let said = mail(smtp, "<news@shop.example>", &["<a@example.cn>"], &offer("a@example.cn")).await;
    assert!(said.starts_with("250 2.0.0 queued at last"), "{said}");
    let said = mail(smtp, "<news@shop.example>", &["<a@example.cn>"], &offer("a@example.cn again")).await;
    assert!(said.starts_with("550 5.7.1 one-a-day"), "{said}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_does_not_move_holds_nobody_up_and_takes_nothing_more_on() {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(ONE_A_DAY);
    let codes = "[[stream]]\nname = \"codes\"\nclass = \"must-send\"\n";
    let routes = routes("stuck", "connect_ms = 1000", &mails, &requests);
    let routes = routes.replacen("provider = \"sendgrid\"", "provider = \"sendgrid\"\nstream = \"codes\"", 1);
    let (running, _) = by_hand(&home, &format!("{codes}{routes}")).await;
    let (smtp, http) = (running.door(Protocol::Smtp).unwrap(), running.door(Protocol::Http).unwrap());
    let fault = Fault::at(&format!("record {}", home.path("data").display()), "pause");
    let said = mail(smtp, "<news@shop.example>", &["<a@example.cn>"], &offer("a@example.cn")).await;
    assert!(said.starts_with("250"), "it has left, and that is what is said: {said}");
    let said = mail(smtp, "<news@shop.example>", &["<b@example.cn>"], &offer("b@example.cn")).await;
    assert!(said.starts_with("451 4.3.2"), "ordinary mail stays with its sender: {said}");
    let code = sendgrid_mail("c@example.cn", "验证码", "您的验证码是482913，5分钟内有效。");
    assert_eq!(sendgrid(http, &code, &[]).await.status, 202, "a code does not");
    assert!(running.gateway.log.errors() > 0);
    drop(fault);
    until("it moves again", async || {
        let said = mail(smtp, "<news@shop.example>", &["<b@example.cn>"], &offer("b@example.cn")).await;
        said.starts_with("250").then_some(())
    })
    .await;
    running.stop().await;
    assert_eq!((mails.mails().len(), requests.requests().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_costs_one_submission_and_the_customer_nothing() {
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(ONE_A_DAY);
    let (running, _) = by_hand(&home, &routes("panics", "connect_ms = 1000", &mails, &requests)).await;
    let (smtp, http) = (running.door(Protocol::Smtp).unwrap(), running.door(Protocol::Http).unwrap());
    {
        let _faults = [Fault::at("decided panics-mail", "1*panic"), Fault::at("decided panics-http", "1*panic")];
        let said = mail(smtp, "<news@shop.example>", &["<a@example.cn>"], &offer("a@example.cn")).await;
        assert!(said.starts_with("451 4.3.0"), "{said}");
        let answer = sendgrid(http, &sendgrid_mail("b@example.cn", "上新", "秋装上新，全场8折。"), &[]).await;
        assert_eq!(answer.status, 500, "{answer:?}");
        assert!(answer.json()["errors"][0]["message"].is_string(), "in the provider's shape: {answer:?}");
        // The next ones are served, and the same customers lost nothing.
        for (to, code) in [("c@example.cn", "250"), ("a@example.cn", "250"), ("a@example.cn", "550")] {
            let said = mail(smtp, "<news@shop.example>", &[&format!("<{to}>")], &offer(to)).await;
            assert!(said.starts_with(code), "{to}: {said}");
        }
        let answer = sendgrid(http, &sendgrid_mail("b@example.cn", "上新", "秋装上新，全场8折。"), &[]).await;
        assert_eq!(answer.status, 202, "{answer:?}");
    }
    // After its bytes have left it counts as sent, whatever happened then.
    let _fault = Fault::at("forwarded panics-mail", "1*panic");
    let said = mail(smtp, "<news@shop.example>", &["<d@example.cn>"], &offer("d@example.cn")).await;
    assert!(said.starts_with("451 4.3.0"), "{said}");
    let said = mail(smtp, "<news@shop.example>", &["<d@example.cn>"], &offer("d@example.cn again")).await;
    assert!(said.starts_with("550 5.7.1 one-a-day"), "{said}");
    assert_eq!((running.gateway.admission.in_work(), mails.mails().len()), (0, 3), "every place was given back");
    running.stop().await;
    // The books balance, too: what failed is on them, as refused or as perhaps sent.
    let books = home.run(&["audit", "reconcile", "--format", "json"]);
    let books: serde_json::Value = serde_json::from_slice(&books.stdout).unwrap();
    let sum = |route: &str, what: &str| -> i64 {
        let rows = books["rows"].as_array().unwrap().iter().filter(|row| row["route"] == route);
        rows.map(|row| row.pointer(what).and_then(serde_json::Value::as_i64).unwrap_or(0)).sum()
    };
    for (route, failed, unknown) in [("panics-mail", 1, 1), ("panics-http", 1, 0)] {
        assert_eq!(sum(route, "/refusals/failed"), failed, "{route}: {books}");
        assert_eq!((sum(route, "/unknown"), sum(route, "/difference")), (unknown, 0), "{route}: {books}");
    }
}
