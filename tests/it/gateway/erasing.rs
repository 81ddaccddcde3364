//! A person asks to be forgotten: afterwards no file and no key of the store leads to them, but for the keyed
//! hash under which their refusal goes on being honoured; what waited for them does not leave.

use std::path::Path;

use crate::redis::RedisServer;

use super::child::{Gate, Home, routes, until};
use super::http_sink::HttpSink;
use super::mail_sink::MailSink;
use super::rules::OPTED_OUT_AND_NIGHT;
use super::tools::{mail, plain_mail, sendgrid, sms, tell};

fn key_of(home: &Home, address: &str) -> String {
    let told = home.run(&["customer", "export", address]);
    let whole: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap_or_else(|e| {
        panic!("{e}: {}{}", String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr))
    });
    assert!(!whole["journal"].as_array().unwrap().is_empty(), "{whole:#}");
    assert!(!whole["decisions"].as_array().unwrap().is_empty(), "{whole:#}");
    assert_eq!(whole["held"].as_array().unwrap().len(), 1, "{whole:#}");
    whole["key"].as_str().unwrap().to_owned()
}

fn journal(home: &Home) -> String {
    let files = std::fs::read_dir(home.path("data/journal")).unwrap();
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// Somebody with a purchase, a message sent, a message held and an opt-out; and their neighbour.
async fn live(gate: &Gate) {
    for (who, other) in [("wang@example.cn", "+8613800138060"), ("li@example.cn", "+8613800138061")] {
        tell(
            gate.http,
            &format!("link-{who}"),
            &format!(r#"{{"type":"identity-link","customer":"{who}","also":"{other}"}}"#),
        )
        .await;
        tell(
            gate.http,
            &format!("buy-{who}"),
            &format!(r#"{{"type":"purchase","customer":"{who}","product":"BT-200","price":"399 CNY"}}"#),
        )
        .await;
        let raw = plain_mail(who, "上新", "秋装上新，欢迎选购。");
        let said = mail(gate.smtp, "<news@shop.example>", &[&format!("<{who}>")], &raw).await;
        assert!(said.starts_with("250"), "{said}");
        let night = [("Tactgate-Department", "night")];
        let held = sms(gate.http, other, "【某某商城】秋装上新，回T退订", &night).await;
        assert_eq!(held.status, 201, "{held:?}");
        tell(
            gate.http,
            &format!("out-{who}"),
            &format!(r#"{{"type":"opt-out","customer":"{other}","channel":"sms"}}"#),
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_embedded_store_everything_goes_at_once() {
    let (mails, texts) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(OPTED_OUT_AND_NIGHT);
    home.settings(&routes(Some(&mails), Some(&texts)));
    let gate = Gate::start(&home);
    live(&gate).await;
    // One mail to both, held: it loses the one and keeps the other.
    let both = serde_json::json!({
        "personalizations": [{"to": [{"email": "li@example.cn"}], "cc": [{"email": "wang@example.cn"}]}],
        "from": {"email": "news@shop.example"}, "subject": "上新", "content": [{"type": "text/plain", "value": "秋装上新"}],
    });
    let held = sendgrid(gate.http, &both, &[("Tactgate-Department", "night")]).await;
    assert_eq!(held.status, 202, "{held:?}");
    assert_eq!(home.run(&["customer", "erase", "wang@example.cn"]).status.code(), Some(2), "the gateway has the store");
    gate.terminate();
    assert_eq!(gate.ended().await, 0);

    let told = home.run(&["customer", "export", "wang@example.cn"]);
    let whole: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let key = whole["key"].as_str().unwrap().to_owned();
    let record_id = whole["facts"]["record_id"].as_str().unwrap().to_owned();
    assert!(whole["journal"].as_array().unwrap().len() >= 3, "{whole:#}");
    assert_eq!(whole["held"].as_array().unwrap().len(), 2, "{whole:#}");
    assert!(whole["decisions"].as_array().unwrap().iter().any(|line| line["customer"] == record_id.as_str()));

    let told = home.run(&["customer", "erase", "+8613800138060"]);
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(
        told.status.success() && said.contains("held messages  2 dropped"),
        "{said}{}",
        String::from_utf8_lossy(&told.stderr)
    );
    let left = journal(&home);
    assert!(!left.contains(&key) && left.contains("BT-200"), "the neighbour's lines stay: {left}");
    assert!(home.run(&["audit", "verify"]).status.success(), "the chain stays whole");
    assert!(home.run(&["audit", "reconcile"]).status.success());

    let told = home.run(&["customer", "export", "wang@example.cn"]);
    let after: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    for place in ["journal", "decisions", "held"] {
        assert_eq!(after[place].as_array().unwrap().len(), 0, "{after:#}");
    }
    assert_eq!(after["facts"]["opt_outs"].as_array().unwrap().len(), 1, "the refusal stays: {after:#}");
    assert!(!after.to_string().contains(&record_id) && !after.to_string().contains("BT-200"), "{after:#}");
    let neighbour: serde_json::Value =
        serde_json::from_slice(&home.run(&["customer", "export", "li@example.cn"]).stdout).unwrap();
    assert_eq!(neighbour["held"].as_array().unwrap().len(), 2, "{neighbour:#}");

    // It goes on being honoured.
    let gate = Gate::start(&home);
    let refused = sms(gate.http, "+8613800138060", "【某某商城】秋装上新，回T退订", &[]).await;
    assert_eq!(refused.status, 400, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_running_gateways_each_erases_its_own() {
    let redis = RedisServer::start();
    let (mails, texts) = (MailSink::start().await, HttpSink::start().await);
    let homes = [Home::with_policy(OPTED_OUT_AND_NIGHT), Home::with_policy(OPTED_OUT_AND_NIGHT)];
    for home in &homes {
        let pepper = homes[0].path("pepper");
        let store =
            format!("[store]\nkind = \"redis\"\nurl = \"{}\"\npepper = {pepper:?}\nanswer_ms = 5000\n", redis.url());
        home.settings(&format!("{}{store}", routes(Some(&mails), Some(&texts))));
    }
    let gates = [Gate::start(&homes[0]), Gate::start(&homes[1])];
    live(&gates[0]).await;
    // The other gateway learnt something, too.
    tell(gates[1].http, "more", r#"{"type":"preference","customer":"wang@example.cn","wants":["shoes"]}"#).await;
    let key = key_of(&homes[0], "wang@example.cn");
    let whole: serde_json::Value =
        serde_json::from_slice(&homes[0].run(&["customer", "export", "wang@example.cn"]).stdout).unwrap();
    let keys: Vec<String> =
        whole["facts"]["members"].as_array().unwrap().iter().map(|m| m["key"].as_str().unwrap().to_owned()).collect();
    assert!(keys.contains(&key) && keys.len() == 2, "{whole:#}");
    let names = |home: &Home| keys.iter().any(|key| journal(home).contains(key));
    assert!(names(&homes[0]) && names(&homes[1]));

    let told = homes[1].run(&["customer", "erase", "wang@example.cn"]);
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.success() && said.contains("word left"), "{said}{}", String::from_utf8_lossy(&told.stderr));
    until("both journals without them", async || (!names(&homes[0]) && !names(&homes[1])).then_some(())).await;
    until("no held message of theirs", async || {
        let told = homes[0].run(&["customer", "export", "wang@example.cn"]);
        let after: serde_json::Value = serde_json::from_slice(&told.stdout).ok()?;
        (after["held"].as_array()?.is_empty()).then_some(())
    })
    .await;
    assert!(journal(&homes[0]).contains("BT-200"), "the neighbour's lines stay");
    // What is learnt afterwards is of a new acquaintance, and stays.
    tell(gates[0].http, "new", r#"{"type":"purchase","customer":"wang@example.cn","product":"NEW-1","price":"9 CNY"}"#)
        .await;
    gates.into_iter().for_each(Gate::kill);
    let again = Gate::start(&homes[0]);
    until("a sweep of the new run", async || {
        (homes[0].log().matches("erasures were carried out").count() > 1).then_some(())
    })
    .await;
    assert!(journal(&homes[0]).contains("NEW-1"));
    assert!(Path::new(&homes[0].path("data/decisions")).exists());
    drop(again);
    for home in &homes {
        assert!(
            home.run(&["audit", "verify"]).status.success(),
            "{}",
            String::from_utf8_lossy(&home.run(&["audit", "verify"]).stdout)
        );
    }
}
