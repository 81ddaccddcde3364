//! How much a message weighs: from the stream or the rule that says so to the hold, and to the line in the customer's
//! document that other messages' caps count.

use crate::attacks::{House, MORNING, NIGHT, phone};

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_weighs_what_its_stream_or_a_rule_says() {
    let recall =
        "[[suppression]]\nid = \"recalls-first\"\nlanguages = [\"en\"]\npriority = 800\ntitle.en = \"Opted out\"\n";
    let settings = "[[stream]]\nname = \"news\"\npriority = 300\n\
                    [[route]]\nname = \"box\"\nprovider = \"sandbox\"\nstream = \"news\"\n";
    let house = House::open(NIGHT, &format!("{MORNING}{recall}"), settings).await;
    for text in ["【某某商城】秋装上新，全场8折，回T退订", "New coats are in: 20% off. Reply STOP to opt out"]
    {
        let answer = house.text("+8613800138000", text).await;
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
    let mut weights = Vec::new();
    for line in house.customer(&phone("+8613800138000")).await.held {
        let row = house.running.gateway.hold.get(&line.id).await.unwrap().unwrap();
        assert_eq!(row.priority, line.priority, "the wheel and the caps go by the same");
        weights.push(line.priority);
    }
    weights.sort_unstable();
    assert_eq!(weights, [300, 800]);
    house.running.stop().await;
}
