//! `POST /tactgate/v1/decide`: what would be decided, in both languages, and nothing changed by asking.

use crate::attacks::{House, MORNING, NIGHT, NOON, mailbox, phone, sha256_hex};

const CHEAPER: &str = r#"
[[below_price_paid]]
id       = "cheaper"
within   = "30 days"
then     = "block"
title.en = "Below the price paid"
title.zh = "低于购买价"
reason.en = "paid {paid}, now {price}"
reason.zh = "购买价{paid}，现价{price}"
"#;

const JSON: &str = "content-type: application/json\r\n";

async fn ask(house: &House, headers: &str, body: &serde_json::Value) -> (String, serde_json::Value) {
    let answer = house.post("/tactgate/v1/decide", headers, &body.to_string()).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), serde_json::from_str(body).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_says_why_in_both_languages_and_changes_nothing() {
    let route = "[[route]]\nname = \"box\"\nprovider = \"sandbox\"\nrate = \"1 per day\"\nburst = 1\n";
    let house = House::open(NOON, CHEAPER, route).await;
    for who in ["ann@a.example", "+8613800138000"] {
        house.tell(&format!(r#"{{"id":"{who}","type":"purchase","at":"2026-11-18T00:00:00Z","customer":"{who}","product":"BT-200","price":"399 CNY"}}"#)).await;
    }
    for body in [
        serde_json::json!({"channel": "email", "recipients": ["ann@a.example", "bob@a.example"],
            "text": "The car player BT-200 is only 299 CNY this week."}),
        serde_json::json!({"channel": "sms", "recipients": ["+8613800138000", "+8613800138001"],
            "text": "【某某商城】车载播放器BT-200仅售299元，回T退订"}),
    ] {
        for _ in 0..2 {
            let (status, told) = ask(&house, JSON, &body).await;
            assert_eq!(status, "HTTP/1.1 200 OK", "{told}");
            assert_eq!(told["facts_known"], true);
            let [hers, his] = told["recipients"].as_array().unwrap().as_slice() else { panic!("{told}") };
            assert_eq!((&hers["verdict"], &hers["rule"]), (&"block".into(), &"cheaper".into()));
            assert_eq!(
                (&hers["title"]["en"], &hers["title"]["zh"]),
                (&"Below the price paid".into(), &"低于购买价".into())
            );
            let reason = &hers["findings"][0]["reason"];
            assert!(reason["en"].as_str().unwrap().contains("399"), "{hers}");
            assert!(reason["zh"].as_str().unwrap().starts_with("购买价"), "{hers}");
            assert_eq!((&his["recipient"], &his["verdict"], &his["rule"]), (&1.into(), &"pass".into(), &().into()));
        }
    }
    let bob = house.customer(&mailbox("bob@a.example")).await;
    assert!(bob.is_unheard_of() && bob.last_now.is_none(), "{bob:?}");
    assert_eq!(house.customer(&phone("+8613800138001")).await.sends, vec![]);
    assert!(!house.journal().contains("\"line\":\"decision\""), "nothing is on record");
    let answer = house.mail(&["bob@a.example"], "New coats are in.").await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    assert_eq!(house.all_due_is_done().await.held, 0, "asking used none of the provider's pace");
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_at_night_tells_until_when_and_holds_nothing() {
    let house = House::open(NIGHT, MORNING, "").await;
    // A number that tells no clock (Australia keeps several): by that of the brand it is night.
    let body =
        serde_json::json!({"channel": "sms", "to": "+61412345678", "text": "【某某商城】秋装上新，全场8折，回T退订"});
    let (_, told) = ask(&house, JSON, &body).await;
    let one = &told["recipients"][0];
    assert_eq!((&one["verdict"], &one["until"]), (&"delay".into(), &"2026-11-21T08:00:00Z".into()), "{told}");
    let body = serde_json::json!({"channel": "sms", "to": "+14155550100", "text": "New coats are in: 20% off."});
    let (_, told) = ask(&house, JSON, &body).await;
    assert_eq!(told["recipients"][0]["verdict"], "pass", "in San Francisco it is three in the afternoon: {told}");
    assert_eq!(house.all_due_is_done().await.held, 0);
    let (status, told) = ask(&house, JSON, &serde_json::json!({"channel": "sms", "txt": "x"})).await;
    assert_eq!((status.as_str(), &told["error"]["code"]), ("HTTP/1.1 400 Bad Request", &"malformed".into()));
    let (status, _) = ask(&house, &format!("{JSON}x: y\r\n"), &serde_json::json!([])).await;
    assert_eq!(status, "HTTP/1.1 400 Bad Request");
    house.running.stop().await;
}

/// Behind a proxy that ends TLS on this machine every client comes from loopback.
#[tokio::test(flavor = "multi_thread")]
async fn where_there_are_tokens_loopback_needs_one_too_and_auth_closes_it_without() {
    let token = format!("[events]\ntokens = [{{ name = \"shop\", sha256 = \"{}\" }}]\n", sha256_hex("of-the-shop"));
    let auth = "[[listener]]\nprotocol = \"http\"\naddress = \"127.0.0.1:0\"\nauth = true\n[[stream]]\nname = \"news\"\ncredentials = [{ bearer_sha256 = \"STREAM\" }]\n"
        .replace("STREAM", &sha256_hex("of-the-tool"));
    let body = serde_json::json!({"channel": "email", "to": "ann@a.example", "text": "hello 你好"});
    for (settings, opens) in [(&token, true), (&auth, false)] {
        let house = House::open(NOON, "", settings).await;
        for (shown, status) in [
            ("", 401),
            ("authorization: Bearer of-nobody\r\n", 401),
            ("authorization: Bearer of-the-shop\r\n", if opens { 200 } else { 401 }),
        ] {
            let (line, _) = ask(&house, &format!("{JSON}{shown}"), &body).await;
            assert!(line.starts_with(&format!("HTTP/1.1 {status}")), "{shown}: {line}");
            let event = r#"{"id":"1","type":"opt-out","customer":"ann@a.example"}"#;
            let headers = format!("content-type: application/x-ndjson\r\n{shown}");
            let told = house.post("/tactgate/v1/events", &headers, event).await;
            assert_eq!(told.starts_with("HTTP/1.1 401"), status == 401, "{shown}: {told}");
        }
        house.running.stop().await;
    }
}
