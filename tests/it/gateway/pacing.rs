//! A provider that takes so many a second, a metrics page, and a stop in the middle of work: whatever
//! was answered as accepted arrives.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::child::{Gate, Home, routes, until};
use super::http_sink::{HttpSink, Request};
use super::mail_sink::{AtDot, MailSink};
use super::tools::{get, id_in, mail, plain_mail, sendgrid, sendgrid_mail, tell};

/// What is handed in at once arrives at the provider's rate: each in its own moment, counted from when all were asked for.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_fast_for_the_provider_waits_and_arrives() {
    let sink = HttpSink::start().await;
    let route = format!(
        "[[route]]\nname = \"slow\"\nprovider = \"sendgrid\"\nupstream = \"http://{}\"\nrate = \"RATE\"\nburst = 1\n",
        sink.address
    );
    // One in three seconds, as a small brand's provider gives; and so many that most of them wait for long.
    for (rate, apart_ms, count) in [("20 per minute", 3_000, 3), ("5 per second", 200, 30)] {
        let home = Home::new();
        home.settings(&route.replace("RATE", rate));
        let gate = Gate::start(&home);
        let http = gate.http;
        let before = sink.requests().len();
        let asked = Instant::now();
        let ask = |index| async move {
            let body = sendgrid_mail(&format!("li{index}@example.cn"), "上新", "秋装上新。");
            sendgrid(http, &body, &[]).await
        };
        let answers = (0..count).map(|index| tokio::spawn(ask(index))).collect::<Vec<_>>();
        let mut decisions = Vec::new();
        for answer in answers {
            let answer = answer.await.unwrap();
            assert_eq!(answer.status, 202, "{answer:?}");
            assert!(answer.headers.contains_key("x-message-id"), "{answer:?}");
            decisions.push(answer.decision());
        }
        let arrived = sink.wait_for(before + count).await;
        // The first goes at once, and each later one has its own moment: no slow machine makes one come too early.
        for (place, request) in (0..).zip(&arrived[before..]) {
            let after = request.came.duration_since(asked);
            assert!(after >= Duration::from_millis(apart_ms) * place, "number {place} came after {after:?}, at {rate}");
        }
        let to: HashSet<&str> = arrived[before..].iter().map(Request::text).collect();
        assert_eq!((to.len(), arrived.len()), (count, before + count), "each once");
        let is_told_held = |id: &String| home.explain(id, "en").to_lowercase().contains("held");
        assert!(decisions.iter().rev().any(is_told_held), "what had to wait was held");
        assert!(!home.log().contains("held too often"), "{}", home.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_are_counted_and_health_is_told() {
    let sink = MailSink::start().await;
    let home = Home::new();
    home.settings(&routes(Some(&sink), None));
    let gate = Gate::start(&home);
    tell(gate.http, "out", r#"{"type":"opt-out","customer":"no@example.cn","channel":"email"}"#).await;
    for to in ["<a@example.cn>", "<b@example.cn>", "<no@example.cn>"] {
        mail(gate.smtp, "<news@shop.example>", &[to], &plain_mail("list", "上新", "秋装上新。")).await;
    }
    let metrics = get(gate.admin, "/metrics").await;
    assert_eq!(metrics.status, 200);
    let counted = |verdict: &str| {
        let lines = metrics
            .body
            .lines()
            .filter(|l| l.starts_with("tactgate_decisions_total{") && l.contains(&format!("\"{verdict}\"")));
        lines.map(|l| l.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum::<f64>()
    };
    assert_eq!((counted("pass"), counted("block")), (2.0, 1.0), "{}", metrics.body);
    assert_eq!(get(gate.admin, "/healthz").await.status, 200);
    let ready = get(gate.admin, "/readyz").await;
    assert_eq!((ready.status, ready.json()["ready"].as_bool()), (200, Some(true)), "{ready:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_loses_nothing() {
    let sink = MailSink::start().await;
    let home = Home::new();
    home.settings(&routes(Some(&sink), None));
    let gate = Gate::start(&home);
    let smtp = gate.smtp;
    let mut tools = tokio::task::JoinSet::new();
    for tool in 0..4 {
        tools.spawn(async move {
            let mut accepted = Vec::new();
            for index in 0.. {
                let to = format!("tool{tool}-{index}@example.cn");
                let raw = plain_mail(&to, "上新", "秋装上新。");
                // Once the door is closed there is nobody to connect to.
                if tokio::net::TcpStream::connect(smtp).await.is_err() {
                    break;
                }
                let said =
                    tokio::spawn(async move { mail(smtp, "<news@shop.example>", &[&format!("<{to}>")], &raw).await });
                match said.await {
                    Ok(said) if said.starts_with("250") => accepted.push(format!("<tool{tool}-{index}@example.cn>")),
                    _ => break,
                }
            }
            accepted
        });
    }
    until("some load", async || (sink.mails().len() >= 20).then_some(())).await;
    gate.terminate();
    assert_eq!(gate.ended().await, 0, "{}", home.log());
    let accepted: Vec<String> = tools.join_all().await.into_iter().flatten().collect();
    let arrived: Vec<String> = sink.mails().into_iter().flat_map(|m| m.recipients).collect();
    assert!(accepted.len() >= 20);
    for to in &accepted {
        assert_eq!(arrived.iter().filter(|r| *r == to).count(), 1, "{to}");
    }
    // And the record can be read afterwards.
    let audited = Gate::start(&home);
    assert_eq!(get(audited.admin, "/readyz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_the_providers_answer_and_passes_it_on() {
    let sink = MailSink::start().await;
    let home = Home::new();
    home.settings(&routes(Some(&sink), None));
    let gate = Gate::start(&home);
    sink.next(AtDot::AfterMs(700));
    let smtp = gate.smtp;
    let raw = plain_mail("a@example.cn", "上新", "秋装上新。");
    let tool = tokio::spawn(async move { mail(smtp, "<news@shop.example>", &["<a@example.cn>"], &raw).await });
    sink.wait_for(1).await;
    gate.terminate();
    let said = tool.await.unwrap();
    assert!(said.starts_with("250 2.0.0 queued at last"), "{said}");
    assert_eq!(gate.ended().await, 0, "{}", home.log());
    assert!(home.explain(&id_in(&said, "s-"), "zh").contains("服务商"), "it is on record");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_gateway_finds_its_queue_again() {
    let sink = HttpSink::start().await;
    let home = Home::new();
    let route = "[[route]]\nname = \"slow\"\nprovider = \"sendgrid\"\nupstream = \"http://SINK\"\nrate = \"30 per minute\"\nburst = 1\n";
    home.settings(&route.replace("SINK", &sink.address.to_string()));
    let gate = Gate::start(&home);
    for index in 0..4 {
        let body = sendgrid_mail(&format!("li{index}@example.cn"), "上新", "秋装上新。");
        assert_eq!(sendgrid(gate.http, &body, &[]).await.status, 202);
    }
    let left = sink.requests().len();
    gate.kill();
    assert!(left < 4, "some still wait");
    let gate = Gate::start(&home);
    let arrived = sink.wait_for(4).await;
    let to: HashSet<&str> = arrived.iter().map(Request::text).collect();
    assert_eq!((to.len(), arrived.len()), (4, 4), "each once");
    assert_eq!(get(gate.admin, "/readyz").await.status, 200);
}
