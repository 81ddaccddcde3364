//! A Redis that hangs: the first messages wait for it a little, then the breaker opens and none does. What
//! must be sent is sent, and each decision says why it was taken without a history.

use tactgate::config::Protocol;

use crate::redis::RedisServer;

use super::child::{Home, routes, until};
use super::hand_clock::by_hand;
use super::http_sink::HttpSink;
use super::tools::{get, sms};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_goes_and_the_record_says_why_nothing_was_asked() {
    let redis = RedisServer::start();
    let texts = HttpSink::start().await;
    let home = Home::new();
    let store = format!("[store]\nkind = \"redis\"\nanswer_ms = 200\nurl = \"{}\"\n", redis.url());
    let (running, _) = by_hand(&home, &format!("{}{store}", routes(None, Some(&texts)))).await;
    let (http, admin) = (running.door(Protocol::Http).unwrap(), running.door(Protocol::Admin).unwrap());
    let code = "【某某商城】您的验证码是482913，5分钟内有效，请勿泄露。";
    let send = async || sms(http, "+8613800138052", code, &[("Tactgate-Purpose", "one-time-code")]).await;
    redis.signal("-STOP");
    let mut told = String::new();
    for sent in 1..=30 {
        let answer = send().await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(texts.wait_for(sent).await.len(), sent);
        told = home.explain(&answer.decision(), "en");
        if told.contains("breaker-open") {
            break;
        }
        assert!(told.contains("the store did not answer (the store does not answer: "), "{told}");
    }
    assert!(told.contains("breaker-open: the server failed too often in a row"), "{told}");
    let metrics = get(admin, "/metrics").await.body;
    assert!(metrics.contains("tactgate_store_breaker_open 1"), "{metrics}");
    assert!(metrics.contains(r#"tactgate_store_errors_total{kind="timeout"} "#), "{metrics}");
    let ready = get(admin, "/readyz").await;
    assert_eq!(ready.status, 503);
    let ready = ready.body;
    assert!(ready.contains("breaker-open") && !ready.contains(r#""breaker":"closed","warnings""#), "{ready}");
    redis.signal("-CONT");
    until("Redis is back", async || (get(admin, "/readyz").await.status == 200).then_some(())).await;
    running.stop().await;
}
