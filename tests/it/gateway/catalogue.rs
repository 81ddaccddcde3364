//! The shop imports its catalogue; from then on an offer that only names the product is known for what it is:
//! below the price its buyer paid. Whoever bought another thing still gets it.

use crate::redis::RedisServer;

use super::child::{Gate, Home, routes, until};
use super::http_sink::HttpSink;
use super::tools::{sms, tell};

const CATALOGUE: &str = "sku,name_zh,name_en,category,list_price,goods\n\
                         BT-200,蓝牙车载播放器,Bluetooth car player,car,399 CNY,durable\n\
                         ,nothing,nothing,,,\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_known_by_its_name_once_the_catalogue_is_imported() {
    let texts = HttpSink::start().await;
    let home = Home::new();
    home.settings(&routes(None, Some(&texts)));
    home.write("products.csv", CATALOGUE);
    let offers = [
        ("+8613800138070", "+8613800138071", "399 CNY", "【某某商城】藍牙車載播放器限時299元，回T退訂"),
        (
            "+14155550170",
            "+14155550171",
            "59.99 USD",
            "The Bluetooth Car Player now only $39.99. Reply STOP to opt out",
        ),
    ];
    let gate = Gate::start(&home);
    for (phone, other_phone, price, text) in offers {
        let bought = format!(r#"{{"type":"purchase","customer":"{phone}","product":"BT-200","price":"{price}"}}"#);
        tell(gate.http, &format!("order-{phone}"), &bought).await;
        let other = format!(r#"{{"type":"purchase","customer":"{other_phone}","product":"SP-30","price":"{price}"}}"#);
        tell(gate.http, &format!("other-{phone}"), &other).await;
        assert_eq!(sms(gate.http, phone, text, &[]).await.status, 201, "nobody knows yet what it is");
    }
    let in_use = home.run(&["import", "--catalogue", "products.csv"]);
    assert_eq!(in_use.status.code(), Some(2), "the running gateway has the files to itself");
    gate.terminate();
    assert_eq!(gate.ended().await, 0);

    let imported = home.run(&["import", "--catalogue", "products.csv", "--format", "json"]);
    let said: serde_json::Value = serde_json::from_slice(&imported.stdout).unwrap();
    assert_eq!((imported.status.code(), &said["products"]), (Some(1), &1.into()), "{said}");
    assert_eq!(said["refused"][0]["line"], 3, "{said}");

    let gate = Gate::start(&home);
    for (phone, other_phone, _, text) in offers {
        let text = format!("{text} ");
        let answer = sms(gate.http, phone, &text, &[]).await;
        // Owned already, and cheaper than it was paid for: the reply names the first rule by its name.
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(
            ["already-owned", "cheaper-after-purchase"].iter().any(|rule| answer.body.contains(rule)),
            "{answer:?}"
        );
        assert_eq!(sms(gate.http, other_phone, &text, &[]).await.status, 201, "bought something else");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_running_gateway_a_catalogue_goes_into_redis_and_is_taken_over_without_a_restart() {
    let (redis, texts) = (RedisServer::start(), HttpSink::start().await);
    let home = Home::new();
    let store = format!("[store]\nkind = \"redis\"\nanswer_ms = 5000\nurl = \"{}\"\n", redis.url());
    home.settings(&format!("{}{store}", routes(None, Some(&texts))));
    home.write("products.csv", CATALOGUE);
    let gate = Gate::start(&home);
    let offers = [
        ("+8613800138072", "399 CNY", "【某某商城】藍牙車載播放器限時299元，回T退訂"),
        ("+14155550172", "59.99 USD", "The Bluetooth Car Player now only $39.99. Reply STOP to opt out"),
    ];
    for (phone, price, text) in offers {
        let bought = format!(r#"{{"type":"purchase","customer":"{phone}","product":"BT-200","price":"{price}"}}"#);
        tell(gate.http, &format!("order-{phone}"), &bought).await;
        assert_eq!(sms(gate.http, phone, text, &[]).await.status, 201, "nobody knows yet what it is");
    }
    let imported = home.run(&["import", "--catalogue", "products.csv", "--format", "json"]);
    let said: serde_json::Value = serde_json::from_slice(&imported.stdout).unwrap();
    assert_eq!((imported.status.code(), &said["products"]), (Some(1), &1.into()), "{said}");
    until("the catalogue is taken over", async || home.log().contains("a catalogue was taken over").then_some(()))
        .await;
    for (phone, _, text) in offers {
        let answer = sms(gate.http, phone, &format!("{text} "), &[]).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(
            ["already-owned", "cheaper-after-purchase"].iter().any(|rule| answer.body.contains(rule)),
            "{answer:?}"
        );
    }
    assert_eq!(texts.requests().len(), 2);
}
