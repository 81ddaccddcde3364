//! One rule adds the header fields of one-click unsubscribing for a whole brand, whichever stream a mail is of: each
//! mail names its addressee, and the copies beside them share its header.

use serde_json::json;

use super::child::{Gate, Home, routes};
use super::http_sink::HttpSink;
use super::tools::post;

const RULE: &str = r#"
[[required_text]]
id       = "one-click"
channels = ["email"]
purposes = ["promotion"]
needs    = ["list-unsubscribe", "one-click"]
then     = { add_list_unsubscribe = { url = "https://s.example/u?{recipient}" } }
title.en = "No way to unsubscribe"
"#;

fn sha256(text: &str) -> String {
    use aws_lc_rs::digest;
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_of_two_streams_name_their_addressees_and_copies_share_the_header() {
    let requests = HttpSink::start().await;
    let home = Home::with_policy(RULE);
    let streams: String = ["SG.news", "SG.clubs"]
        .map(|key| {
            let (name, hash) = (&key[3..], sha256(key));
            format!(
                "[[stream]]\nname = \"{name}\"\nbrand = \"shop\"\ncredentials = [{{ bearer_sha256 = \"{hash}\" }}]\n"
            )
        })
        .concat();
    home.settings(&format!("{streams}{}", routes(None, Some(&requests))));
    let gate = Gate::start(&home);
    for (sent, key, text, others) in [
        (
            0,
            "SG.news",
            "New coats are in: 20% off all of them.",
            json!({"list-unsubscribe": "<mailto:u@s.example>", "X-A": "1"}),
        ),
        (1, "SG.clubs", "秋装上新，全场8折。", json!({"X-A": "1"})),
    ] {
        let body = json!({
            "personalizations": [
                {"to": [{"email": "ann@example.com"}], "cc": [{"email": "boss@example.com"}]},
                {"to": [{"email": "wang@example.cn"}]},
            ],
            "from": {"email": "news@shop.example"}, "subject": "Autumn 上新", "headers": others,
            "content": [{"type": "text/plain", "value": text}],
        });
        let login = format!("Bearer {key}");
        let headers = [("Content-Type", "application/json"), ("Authorization", login.as_str())];
        let answer = post(gate.http, "/sendgrid/v3/mail/send", &headers, body.to_string().as_bytes()).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        let mut named = Vec::new();
        let arrived = requests.wait_for(2 * sent + 2).await;
        for request in &arrived[2 * sent..] {
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            assert_eq!(body["headers"], json!({"X-A": "1"}), "one field of a name: {body}");
            for mail in body["personalizations"].as_array().unwrap() {
                let header = |name: &str| mail["headers"][name].as_str().unwrap_or_default().to_owned();
                assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click", "{body}");
                let copies = mail["cc"].as_array().map_or(0, Vec::len);
                named.push((header("List-Unsubscribe"), mail["to"][0]["email"].as_str().unwrap().to_owned(), copies));
            }
        }
        named.sort();
        let by_mail = if sent == 0 { ", <mailto:u@s.example>" } else { "" };
        let field = |person: &str| format!("<https://s.example/u?{person}>{by_mail}");
        assert_eq!(
            named,
            [
                (field("ann%40example.com"), "ann@example.com".to_owned(), 1),
                (field("wang%40example.cn"), "wang@example.cn".to_owned(), 0),
            ]
        );
    }
}
