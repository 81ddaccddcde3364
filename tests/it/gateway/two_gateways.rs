//! Two gateways over one Redis, one customer, one slot, two channels, many tools at once: exactly one
//! message passes.

use crate::redis::RedisServer;

use super::child::{Gate, Home, routes};
use super::http_sink::HttpSink;
use super::mail_sink::MailSink;
use super::rules::ONE_A_DAY;
use super::tools::{mail, plain_mail, sms, tell};

#[tokio::test(flavor = "multi_thread")]
async fn exactly_one_passes() {
    let redis = RedisServer::start();
    let (mails, texts) = (MailSink::start().await, HttpSink::start().await);
    let homes = [Home::with_policy(ONE_A_DAY), Home::with_policy(ONE_A_DAY)];
    for home in &homes {
        let pepper = homes[0].path("pepper");
        let store =
            format!("[store]\nkind = \"redis\"\nanswer_ms = 5000\nurl = \"{}\"\npepper = {pepper:?}\n", redis.url());
        home.settings(&format!("{}{store}", routes(Some(&mails), Some(&texts))));
    }
    let gates = [Gate::start(&homes[0]), Gate::start(&homes[1])];
    for round in 0..3 {
        let (mailbox, phone) = (format!("wu{round}@example.cn"), format!("+861380013803{round}"));
        let link = format!(r#"{{"type":"identity-link","customer":"{mailbox}","also":"{phone}"}}"#);
        tell(gates[0].http, &format!("link-{round}"), &link).await;
        let raw = plain_mail(&mailbox, "上新", "秋装上新，全场8折。");
        let mut sent = tokio::task::JoinSet::new();
        for gate in &gates {
            let (smtp, http) = (gate.smtp, gate.http);
            for _ in 0..3 {
                let (raw, to) = (raw.clone(), format!("<{mailbox}>"));
                sent.spawn(async move {
                    let said = mail(smtp, "<news@shop.example>", &[&to], &raw).await;
                    assert!(
                        said.starts_with("250") || said.starts_with("550 5.7.1 one-a-day") || said.starts_with("451"),
                        "{said}"
                    );
                    said.starts_with("250")
                });
                let phone = phone.clone();
                sent.spawn(async move {
                    let answer = sms(http, &phone, "【某某商城】秋装上新，全场8折，回T退订", &[]).await;
                    assert!([201, 400, 503].contains(&answer.status), "{answer:?}");
                    answer.status == 201
                });
            }
        }
        let passed = sent.join_all().await.into_iter().filter(|passed| *passed).count();
        assert_eq!(passed, 1, "round {round}");
        assert_eq!(mails.mails().len() + texts.requests().len(), round + 1);
    }
}
