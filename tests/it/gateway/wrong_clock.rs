//! A Redis whose clock is wrong: `/readyz` says which and by how much, while the gateways, which all go by the
//! store's time, send on; set right, all is well without a restart.

use crate::redis::RedisServer;

use super::child::{Gate, Home, routes, until};
use super::http_sink::HttpSink;
use super::tools::{get, sms};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_clock_is_off_is_told_and_used() {
    let redis = RedisServer::start_with_own_clock();
    redis.set_clock_ahead(90);
    let texts = HttpSink::start().await;
    let home = Home::new();
    let store = format!("[store]\nkind = \"redis\"\nanswer_ms = 5000\nurl = \"{}\"\n", redis.url());
    home.settings(&format!("{}{store}", routes(None, Some(&texts))));
    let gate = Gate::start(&home);
    let readiness = async || get(gate.admin, "/readyz").await;
    let ready = until("the clock is complained of", async || {
        let ready = readiness().await;
        ready.body.contains("set both by NTP").then_some(ready)
    })
    .await;
    let error = ready.json()["store"]["error"].as_str().unwrap().to_owned();
    assert_eq!(ready.status, 503, "{error}");
    let place = format!("127.0.0.1:{}: its clock is ", redis.port());
    let off = error.strip_prefix(&place).and_then(|rest| rest.split(' ').next()?.parse::<u32>().ok());
    assert!(off.is_some_and(|seconds| (85..=90).contains(&seconds)), "{error}");
    // Whoever sends is served: one time counts for all gateways, if a wrong one.
    assert_eq!(sms(gate.http, "+8613800138060", "【某某商城】秋装上新，全场8折，回T退订", &[]).await.status, 201);
    texts.wait_for(1).await;
    redis.set_clock_ahead(0);
    until("it is well again", async || (readiness().await.status == 200).then_some(())).await;
    assert_eq!(sms(gate.http, "+8613800138061", "【某某商城】冬装上新，全场9折，回T退订", &[]).await.status, 201);
    texts.wait_for(2).await;
}
