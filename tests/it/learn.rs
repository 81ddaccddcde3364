//! The events door and the import: what the shop tells reaches the right person, once.

use std::collections::BTreeSet;

use http::StatusCode;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;
use tactgate::facts::{
    self, Customer, Event, ExperienceKind, FactKind, Keep, Named, SendEvent, SendState, VoucherStep, What, apply, fold,
};
use tactgate::learn::{Lesson, Reading, import, learn};
use tactgate::message::{Address, Channel};
use tactgate::record::ids;
use tactgate::store::{Fault, Modelled, Store};

use crate::sends::send;

const BRAND: &str = "某某商城";
const NDJSON: &str = "application/x-ndjson; charset=utf-8";

fn now() -> Timestamp {
    "2026-11-21T02:00:00Z".parse().unwrap()
}

async fn store() -> (Store, Modelled) {
    let model = Modelled::default();
    (Store::modelled(model.clone(), Keep::default(), "2026-11-01T00:00:00Z".parse().unwrap()).await.unwrap(), model)
}

async fn tell(store: &Store, body: &str) -> (StatusCode, Value, Lesson) {
    let lesson = learn(store, BRAND, Some("CN"), NDJSON, body.as_bytes(), now()).await;
    let said = serde_json::from_slice(&lesson.reply.body).unwrap();
    (lesson.reply.status, said, lesson)
}

async fn customer(store: &Store, address: &str) -> Customer {
    let key = store.key(BRAND, &Address::any(address, Some("CN")).unwrap());
    store.load(BRAND, &[key], &[]).await.unwrap().customers.remove(0).customer
}

#[tokio::test]
async fn a_day_in_a_shop_is_learnt_once_however_often_it_is_told() {
    let (store, _) = store().await;
    let day = r#"{"id":"1","type":"purchase","at":"2026-11-20T10:00:00+08:00","customer":"wang@example.cn","product":"bt-200","price":"399.00 CNY","order":"订单1"}
{"id":"2","type":"complaint-opened","at":"2026-11-20T11:00:00+08:00","customer":"138 0013 8000","ticket":"T1"}

{"id":"3","type":"preference","at":"2026-11-20T12:00:00+08:00","customer":"wang@example.cn","wants":["鞋","Bags"],"avoids":["spam"],"zone":"Asia/Shanghai","language":"zh"}
{"id":"4","type":"opt-out","at":"2026-11-20T13:00:00+08:00","customer":"+8613800138000","channel":"sms"}
{"id":"5","type":"identity-link","at":"2026-11-20T14:00:00+08:00","customer":"wang@example.cn","also":"13800138000"}
"#;
    let (status, said, lesson) = tell(&store, day).await;
    assert_eq!((status, &said["accepted"], &said["duplicate"]), (StatusCode::OK, &5.into(), &0.into()));
    let journal = format!("{:?}", lesson.learnt);
    assert!(!journal.contains("wang@") && !journal.contains("13800138000"), "no address in the journal: {journal}");
    let wang = customer(&store, "wang@example.cn").await;
    assert_eq!(wang, customer(&store, "+8613800138000").await, "one person now");
    assert_eq!((wang.purchases.len(), wang.complaints.len(), wang.opt_outs.len()), (1, 1, 1));
    assert_eq!(wang.preferences.iter().map(|p| p.topic.as_str()).collect::<Vec<_>>(), ["bags", "鞋", "spam"]);
    let (status, said, lesson) = tell(&store, day).await;
    assert_eq!((status, &said["accepted"], &said["duplicate"]), (StatusCode::OK, &0.into(), &5.into()));
    assert!(lesson.learnt.is_empty());
    assert_eq!(customer(&store, "wang@example.cn").await, wang);
    let known = store.load(BRAND, &[], &[]).await.unwrap().known_since;
    assert_eq!(known.get(&FactKind::Complaints), Some(&now()), "from when it was told");
}

#[tokio::test]
async fn what_is_the_brands_own_needs_no_customer_and_no_code_is_written_down() {
    let (store, _) = store().await;
    let day = r#"{"id":"1","type":"voucher","at":"2026-11-20T10:00:00+08:00","step":"issued","code":"gift-1234 5678"}
{"id":"2","type":"voucher","at":"2026-11-20T11:00:00+08:00","step":"redeemed","code":"GIFT12345678","customer":"clerk@example.cn"}
{"id":"3","type":"stock","at":"2026-11-20T12:00:00+08:00","product":"bt-200","left":3}
{"id":"4","type":"price","at":"2026-11-20T13:00:00+08:00","product":"bt-200","price":"399 CNY"}
{"id":"5","type":"experience","at":"2026-11-20T14:00:00+08:00","customer":"wang@example.cn","kind":"delivered","product":"bt-200","order":"订单1","department":"物流"}
{"id":"6","type":"price-alert","at":"2026-11-20T14:00:00+08:00","customer":"wang@example.cn","product":"bt-300"}
{"id":"7","type":"browse","at":"2026-11-20T14:00:00+08:00","customer":"wang@example.cn","topic":"Shoes"}
{"id":"8","type":"survey","at":"2026-11-20T15:00:00+08:00","customer":"wang@example.cn","survey":"nps","step":"invited","minutes":12}
"#;
    let (status, said, lesson) = tell(&store, day).await;
    assert_eq!((status, &said["accepted"], &said["duplicate"]), (StatusCode::OK, &8.into(), &0.into()));
    let journal = serde_json::to_string(&lesson.learnt.iter().map(|learnt| &learnt.event).collect::<Vec<_>>()).unwrap();
    assert!(!journal.contains("12345678") && journal.contains("redeemed"), "no code in the journal: {journal}");
    let nobodys = lesson.learnt.iter().filter(|learnt| learnt.key.is_none()).count();
    assert_eq!(nobodys, 4);
    assert!(customer(&store, "clerk@example.cn").await.is_unheard_of(), "a voucher is the brand's, whoever held it");
    let wang = customer(&store, "wang@example.cn").await;
    let experience = &wang.experiences[0];
    assert_eq!((experience.kind, experience.product.as_deref()), (ExperienceKind::Delivered, Some("BT-200")));
    assert_eq!((wang.price_alerts[0].product.as_str(), wang.browsed[0].topic.as_deref()), ("BT-300", Some("shoes")));
    assert_eq!(wang.surveys[0].minutes, Some(12));
    let set = |name: &str| BTreeSet::from([name.to_owned()]);
    let named =
        Named { vouchers: set("GIFT12345678"), stock: set("BT-200"), prices: set("BT-200"), ..Named::default() };
    let loaded = store.load_named(BRAND, &[], &named).await.unwrap();
    assert_eq!(loaded.brand.voucher("GIFT12345678").unwrap().0, VoucherStep::Redeemed);
    assert_eq!((loaded.brand.stock["BT-200"].1, loaded.brand.prices["BT-200"].len()), (3, 1));
    for kind in [FactKind::Experiences, FactKind::Vouchers, FactKind::Stock, FactKind::Prices] {
        assert_eq!(loaded.known_since.get(&kind), Some(&now()), "{kind:?} from when it was told");
    }
    let (_, said, lesson) = tell(&store, day).await;
    assert_eq!((&said["accepted"], &said["duplicate"], lesson.learnt.len()), (&0.into(), &8.into(), 0));
    let bad = r#"{"id":"9","type":"voucher","at":"2026-11-20T10:00:00+08:00","step":"issued","code":" - "}
{"id":"9","type":"browse","at":"2026-11-20T10:00:00+08:00","customer":"wang@example.cn"}
{"id":"9","type":"price","at":"2026-11-20T10:00:00+08:00","product":"A","price":"-1 CNY"}
{"id":"9","type":"experience","at":"2026-11-20T10:00:00+08:00","customer":"wang@example.cn","kind":"enjoyed"}
{"id":"9","type":"experience","at":"2026-11-20T10:00:00+08:00","kind":"used"}"#;
    let (status, said, _) = tell(&store, bad).await;
    assert_eq!((status, said["refused"].as_array().unwrap().len()), (StatusCode::BAD_REQUEST, 5), "{said}");
}

#[tokio::test]
async fn one_bad_line_harms_no_other() {
    let (store, _) = store().await;
    let good = r#"{"id":"1","type":"bounce","at":"2026-11-20T10:00:00Z","customer":"a@b.cn","channel":"email"}"#;
    let (status, said, _) = tell(&store, &format!("nonsense\n{good}\n{{\"id\":\"2\"}}")).await;
    assert_eq!((status, &said["accepted"]), (StatusCode::MULTI_STATUS, &1.into()));
    let lines: Vec<_> = said["refused"].as_array().unwrap().iter().map(|r| r["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [1, 3]);
    assert_eq!(customer(&store, "a@b.cn").await.opt_outs[0].channel, Some(Channel::Email));
    assert_eq!(tell(&store, "nonsense\nmore nonsense").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(tell(&store, "").await.0, StatusCode::BAD_REQUEST);
    let wrong = learn(&store, BRAND, None, "text/html", good.as_bytes(), now()).await;
    assert_eq!(wrong.reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let huge = learn(&store, BRAND, None, NDJSON, &vec![b'x'; 5 << 20], now()).await;
    assert_eq!(huge.reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn cloud_events_are_learnt_too() {
    let (store, _) = store().await;
    let batch = r#"[{"specversion":"1.0","id":"1","source":"/shop","type":"tactgate.purchase","time":"2026-11-20T02:00:00Z","subject":"a@b.cn","data":{"product":"A"}},
        {"specversion":"1.0","id":"1","source":"/other-shop","type":"tactgate.purchase","time":"2026-11-20T02:00:00Z","data":{"customer":{"email":"a@b.cn","phone":"+8613800138000"},"product":"A"}}]"#;
    let lesson = learn(&store, BRAND, None, "application/cloudevents-batch+json", batch.as_bytes(), now()).await;
    assert_eq!(lesson.reply.status, StatusCode::OK, "{:?}", lesson.reply);
    assert_eq!(customer(&store, "+8613800138000").await.purchases.len(), 2, "ids of two sources are two events");
}

#[tokio::test]
async fn a_store_that_is_down_is_said_and_the_same_body_works_later() {
    let (store, model) = store().await;
    let body = r#"{"id":"1","type":"opt-out","at":"2026-11-20T10:00:00Z","customer":"a@b.cn"}"#;
    for fault in [Fault::Down, Fault::AnswersLost] {
        model.fail(fault);
        let (status, _, lesson) = tell(&store, body).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(lesson.reply.headers.contains_key("retry-after"));
    }
    model.fail(Fault::None);
    assert_eq!(tell(&store, body).await.0, StatusCode::OK);
    assert_eq!(customer(&store, "a@b.cn").await.opt_outs.len(), 1);
}

#[tokio::test]
async fn the_seventeenth_address_is_reported_on_its_line() {
    let (store, _) = store().await;
    let lines: Vec<String> = (1..=17)
        .map(|n| format!(r#"{{"id":"{n}","type":"identity-link","at":"2026-11-20T10:00:00Z","customer":"a0@b.cn","also":"a{n}@b.cn"}}"#))
        .collect();
    let (status, said, _) = tell(&store, &lines.join("\n")).await;
    assert_eq!((status, &said["accepted"]), (StatusCode::MULTI_STATUS, &15.into()));
    assert_eq!(said["refused"][0]["line"], 16);
    assert!(said["refused"][0]["why"].as_str().unwrap().contains("more than 16"));
}

#[tokio::test]
async fn a_file_is_imported_in_pieces_and_says_since_when_it_is_whole() {
    let (store, _) = store().await;
    let mut file = String::from("\u{feff}");
    for n in 0..1_200 {
        let who = n % 7;
        file += &format!(
            "{{\"id\":\"e{n}\",\"type\":\"purchase\",\"at\":\"2026-11-20T10:{:02}:{:02}Z\",\"customer\":\"客户{who}@b.cn\",\"product\":\"P{n}\"}}\r\n",
            n / 60 % 60,
            n % 60
        );
    }
    file += &"x".repeat(100_000);
    file += "\n{\"id\":\"last\",\"type\":\"purchase\",\"at\":\"2026-11-20T10:00:00Z\",\"customer\":\"last@b.cn\",\"product\":\"P\"}";
    let reading = Reading { region: None, now: now() };
    let since: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
    for again in [false, true] {
        let mut seen = Vec::new();
        let whole = [(FactKind::Purchases, since)];
        let done =
            import(&store, BRAND, reading, file.as_bytes(), &whole, |p| seen.push((p.bytes, p.learnt.len()))).await;
        let done = done.unwrap();
        let counts = if again { (0, 1_201) } else { (1_201, 0) };
        assert_eq!((done.accepted, done.duplicate), counts);
        assert_eq!((done.refused_count, done.refused[0].line), (1, 1_201));
        assert_eq!(seen.last().unwrap().0, file.len() as u64);
        assert!(seen.len() >= 3);
    }
    assert_eq!(customer(&store, "客户3@b.cn").await.purchases.len(), 171);
    assert_eq!(store.load(BRAND, &[], &[]).await.unwrap().known_since.get(&FactKind::Purchases), Some(&since));
}

/// A send that this shop's gateway has in the customer's document.
async fn sent(store: &Store, address: &str, send: SendEvent) {
    let key = store.key(BRAND, &Address::any(address, Some("CN")).unwrap());
    store.update(BRAND, &key, |customer| facts::reserve(customer, send.clone())).await.unwrap();
}

#[tokio::test]
async fn a_word_about_a_lost_answer_settles_it_once_and_anything_else_is_said() {
    let (store, _) = store().await;
    let ids: Vec<String> = (0..4u8).map(|n| ids::decision(now(), &[n; 10])).collect();
    let states = [SendState::Unknown, SendState::Unknown, SendState::Reserved, SendState::Sent];
    for (id, state) in ids.iter().zip(states) {
        // The third was reserved a minute ago: its gateway still works on it.
        let at = now() - jiff::SignedDuration::from_secs(60);
        sent(&store, "wang@example.cn", SendEvent { state, ..send(id, at, Channel::Email, "k") }).await;
    }
    let line = |event: &str, id: &str, outcome: &str, to: &str| {
        format!(
            r#"{{"id":"{event}","type":"outcome","at":"2026-11-21T01:59:00Z","customer":"{to}","decision":"{id}","outcome":"{outcome}"}}"#
        )
    };
    let body = [
        line("1", &ids[0], "sent", "wang@example.cn"),
        line("2", &ids[1], "not_sent", "wang@example.cn"),
        line("3", &ids[2], "not_sent", "wang@example.cn"),
        line("4", &ids[3], "not_sent", "wang@example.cn"),
        line("5", &ids[3], "sent", "wang@example.cn"),
        line("6", &ids[1], "not_sent", "king@example.com"),
        line("7", "s-01934f3c-9a3e-7c7e-8a53-0123456789ab", "sent", "wang@example.cn"),
        line("8", "4711", "sent", "wang@example.cn"),
        line("9", &ids[0], "perhaps", "wang@example.cn"),
    ];
    for again in [false, true] {
        let (status, said, lesson) = tell(&store, &body.join("\n")).await;
        assert_eq!(status, StatusCode::MULTI_STATUS, "{said}");
        let counts = if again { (0, 3) } else { (2, 1) };
        assert_eq!((said["accepted"].as_u64(), said["duplicate"].as_u64()), (Some(counts.0), Some(counts.1)), "{said}");
        assert_eq!(lesson.learnt.len() as u64, counts.0);
        let refused = said["refused"].as_array().unwrap();
        let why = |line: u64| refused.iter().find(|r| r["line"] == line).unwrap()["why"].as_str().unwrap().to_owned();
        for (line, words) in [
            (3, "under way"),
            (4, "the provider's answer"),
            (6, "no message of that decision"),
            (7, "submission's id"),
            (8, "starts with `d-`"),
            (9, "perhaps"),
        ] {
            assert!(why(line).contains(words), "{line}: {}", why(line));
        }
        assert_eq!(refused.len(), 6);
        let wang = customer(&store, "wang@example.cn").await;
        let stands: Vec<_> = wang.sends.iter().map(|send| (&send.id, send.state)).collect();
        use SendState::{Reserved, Sent};
        assert_eq!(stands, [(&ids[0], Sent), (&ids[2], Reserved), (&ids[3], Sent)]);
    }
    // By another event: the same is known, the opposite is said. And what nobody settled in time is unknown.
    let later = now() + jiff::SignedDuration::from_secs(180);
    let body = [
        line("10", &ids[1], "not_sent", "wang@example.cn"),
        line("11", &ids[1], "sent", "wang@example.cn"),
        line("12", &ids[2], "not_sent", "wang@example.cn"),
    ];
    let lesson = learn(&store, BRAND, None, NDJSON, body.join("\n").as_bytes(), later).await;
    let said: Value = serde_json::from_slice(&lesson.reply.body).unwrap();
    assert_eq!((&said["accepted"], &said["duplicate"]), (&1.into(), &1.into()), "{said}");
    assert!(said["refused"][0]["why"].as_str().unwrap().contains("its place was given back"), "{said}");
    assert_eq!(customer(&store, "wang@example.cn").await.sends.len(), 2);
}

fn any_event() -> impl Strategy<Value = What> {
    let channel = prop_oneof![Just(None), Just(Some(Channel::Sms)), Just(Some(Channel::Email))];
    let purpose = prop_oneof![Just(None), Just(Some("promotion".to_owned()))];
    let scope = (channel, purpose);
    let product = prop_oneof![Just("A".to_owned()), Just("蓝牙".to_owned())];
    prop_oneof![
        product.clone().prop_map(|product| What::Purchase { product, price: "9 CNY".parse().ok(), order: None }),
        product.prop_map(|product| What::Return { product, order: Some("7".to_owned()) }),
        (0..2u8).prop_map(|n| What::PriceAlert { product: n.to_string() }),
        (0..2u8).prop_map(|n| What::Browse { topic: Some(n.to_string()), product: None }),
        (0..2u8).prop_map(|n| What::Experience {
            kind: ExperienceKind::Used,
            product: Some(n.to_string()),
            order: None,
            department: None
        }),
        scope.clone().prop_map(|(channel, purpose)| What::OptOut { channel, purpose }),
        scope.prop_map(|(channel, purpose)| What::Consent { channel, purpose }),
        (0..3u8).prop_map(|n| What::ComplaintOpened { ticket: n.to_string() }),
        (0..3u8).prop_map(|n| What::ComplaintClosed { ticket: n.to_string() }),
        (any::<bool>(), 0..3u8).prop_map(|(wanted, n)| {
            let topics = vec!["shoes".to_owned()];
            let (wants, avoids) = if wanted { (topics, Vec::new()) } else { (Vec::new(), topics) };
            What::Preference { wants, avoids, zone: Some(format!("Zone/{n}")), language: None }
        }),
    ]
}

fn sorted(mut customer: Customer) -> Customer {
    customer.seen.sort_unstable();
    customer
}

proptest! {
    /// Any order, any repetition, split over two addresses that are joined at the end: one document.
    #[test]
    fn events_commute(
        (events, shuffled) in prop::collection::vec((any_event(), 0..5i64, any::<bool>()), 1..14)
            .prop_flat_map(|events| (Just(events.clone()), Just((0..events.len()).collect::<Vec<_>>()).prop_shuffle())),
    ) {
        let told: Vec<(Event, &str)> = events
            .into_iter()
            .enumerate()
            .map(|(n, (what, second, first))| {
                let at = now() + jiff::SignedDuration::from_secs(second);
                (Event { id: format!("e{n}"), at, what }, if first { "k1" } else { "k2" })
            })
            .collect();
        let mut straight = Customer::default();
        let mut other = Customer::default();
        let (mut one, mut two) = (Customer::default(), Customer::default());
        for (event, from) in &told {
            prop_assert!(apply(&mut straight, event, from));
            prop_assert!(!apply(&mut straight, event, from));
        }
        for at in shuffled {
            let (event, from) = &told[at];
            apply(&mut other, event, from);
            apply(&mut other, &told[0].0, told[0].1);
            apply(if *from == "k1" { &mut one } else { &mut two }, event, from);
        }
        prop_assert_eq!(sorted(straight.clone()), sorted(other));
        fold(&mut one, "k2", 1, &two);
        one.folded.clear();
        prop_assert_eq!(sorted(one), sorted(straight));
    }
}
