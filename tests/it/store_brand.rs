//! The brand's own facts in every store: told in any order and any number of times they say the same, they
//! stay small, and no code of a voucher stands there.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use tactgate::facts::{BrandFacts, Event, Named, VoucherStep, What};
use tactgate::message::Money;
use tactgate::store::{Loaded, Store};

use crate::redis::RedisServer;
use crate::store::{BRAND, later, now, server};

fn event(seconds: i64, what: What) -> Event {
    Event { id: format!("e{seconds}"), at: later(seconds), what }
}

fn voucher(seconds: i64, step: VoucherStep, code: &str) -> Event {
    event(seconds, What::Voucher { step, code: code.to_owned() })
}

fn stock(seconds: i64, left: u32) -> Event {
    event(seconds, What::Stock { product: "bt-200".to_owned(), left })
}

fn price(seconds: i64, price: &str) -> Event {
    event(seconds, What::Price { product: " BT-200".to_owned(), price: money(price) })
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn names() -> Named {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    Named {
        vouchers: set(&["GIFT1234", "NEVERTOLD"]),
        stock: set(&["BT-200", "BT-300"]),
        prices: set(&["BT-200", "BT-300"]),
        ..Named::default()
    }
}

async fn loaded(store: &Store, brand: &str) -> Loaded {
    let stranger = tactgate::message::Address::email("nobody@example.cn").unwrap();
    store.load_named(brand, &[store.key(brand, &stranger)], &names()).await.unwrap()
}

async fn known(store: &Store) -> BrandFacts {
    loaded(store, BRAND).await.brand
}

/// A card is issued, used up, filled up again and used up: each step's first and latest time stays.
pub async fn a_vouchers_life_is_told_in_any_order(store: Store) {
    use VoucherStep::{Issued, Redeemed};
    let life = [
        voucher(0, Issued, "gift-1234"),
        voucher(60, Redeemed, "GIFT 1234"),
        voucher(120, Issued, "GIFT1234"),
        voucher(180, Redeemed, "gift1234"),
    ];
    for (at, expected) in [(3, true), (0, true), (2, true), (1, true), (3, false), (0, false)] {
        assert_eq!(store.learn_of_brand(BRAND, &life[at..=at]).await.unwrap(), [expected], "{at}");
    }
    let facts = known(&store).await;
    let steps: Vec<_> = facts.vouchers["GIFT1234"].iter().map(|(step, at)| (*step, at.duration_since(now()))).collect();
    let seconds = SignedDuration::from_secs;
    assert_eq!(
        steps,
        [(Issued, seconds(0)), (Redeemed, seconds(60)), (Issued, seconds(120)), (Redeemed, seconds(180))]
    );
    assert_eq!(facts.voucher("GIFT1234"), Some((Redeemed, later(180))));
    assert!(!facts.vouchers.contains_key("NEVERTOLD") && facts.stock.is_empty(), "never told is not there");
    assert_eq!(loaded(&store, "another").await.brand, BrandFacts::default(), "brands share nothing");
}

/// A late word on the stock is late; prices are a history, told twice in a day once.
pub async fn stock_is_its_latest_word_and_prices_are_a_history(store: Store) {
    let day = 86_400;
    let told = [stock(0, 9), stock(50, 2), stock(20, 7), price(-40 * day, "399 CNY"), price(-9 * day, "299 CNY")];
    assert_eq!(store.learn_of_brand(BRAND, &told).await.unwrap(), [true; 5]);
    let more = [price(-2 * day, "399 CNY"), price(-2 * day + 60, "399 CNY"), price(-2 * day + 30, "349 CNY")];
    assert_eq!(store.learn_of_brand(BRAND, &more).await.unwrap(), [true; 3]);
    let facts = known(&store).await;
    assert_eq!(facts.stock["BT-200"], (later(50), 2));
    let prices: Vec<String> = facts.prices["BT-200"].iter().map(|(_, price)| price.to_string()).collect();
    assert_eq!(prices, ["399.00 CNY", "299.00 CNY", "349.00 CNY", "399.00 CNY"]);
    assert_eq!(facts.prices["BT-200"].last().unwrap().0, later(-2 * day + 60));
    let lowest =
        |from: i64| facts.lowest_price("BT-200", later(from), now()).map(|(at, price)| (at, price.to_string()));
    assert_eq!(lowest(-30 * day), Some((later(-9 * day), "299.00 CNY".to_owned())));
    assert_eq!(lowest(-41 * day), None, "what it cost at first nobody told");
    assert_eq!(lowest(-day), Some((later(-2 * day + 60), "399.00 CNY".to_owned())));
    // Told all again, the other way round: nothing is new.
    let again: Vec<Event> = told.iter().chain(&more).rev().cloned().collect();
    let new = store.learn_of_brand(BRAND, &again).await.unwrap();
    assert_eq!((new, known(&store).await), (vec![false; 8], facts));
}

/// A feed that tells the price every hour for years fills nothing up, and the latest stays.
pub async fn a_busy_feed_stays_small(store: Store) {
    let hour = 3_600;
    let prices: Vec<Event> = (0..3_000).map(|n| price((n - 3_000) * hour, &format!("{} CNY", 300 + n % 3))).collect();
    let stocks: Vec<Event> = (0..3_000).map(|n| stock(n - 3_000, n as u32)).collect();
    for feed in [&prices, &stocks] {
        for piece in feed.chunks(500) {
            store.learn_of_brand(BRAND, piece).await.unwrap();
        }
    }
    let facts = known(&store).await;
    assert_eq!((facts.prices["BT-200"].len(), facts.stock["BT-200"]), (256, (later(-1), 2_999)));
    assert_eq!(facts.prices["BT-200"].last().unwrap().1, money("302 CNY"));
    // Told from its beginning once more: what was thrown away is not taken back for something new.
    assert_eq!(store.learn_of_brand(BRAND, &prices[..500]).await.unwrap(), [false; 500]);
    assert_eq!(known(&store).await, facts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_server_no_code_is_readable_and_everything_ends() {
    let redis = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&server(&redis, dir.path()), now()).await.unwrap();
    let life = [voucher(0, VoucherStep::Issued, "GIFT1234"), stock(0, 3), price(0, "399 CNY")];
    store.learn_of_brand(BRAND, &life).await.unwrap();
    let client = ::redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let keys: Vec<String> = ::redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    let of_brand: Vec<&String> =
        keys.iter().filter(|key| [":voucher:", ":stock:", ":price:"].iter().any(|kind| key.contains(kind))).collect();
    assert_eq!(of_brand.len(), 3, "{keys:?}");
    for key in of_brand {
        assert!(!key.contains("GIFT") && !key.contains("BT-200"), "{key}");
        let days: i64 = ::redis::cmd("TTL").arg(key).query::<i64>(&mut connection).unwrap() / 86_400;
        assert!((29..=1_830).contains(&days), "{key} ends in {days} days");
        let members: Vec<String> = ::redis::cmd("ZRANGE").arg(key).arg(0).arg(-1).query(&mut connection).unwrap();
        assert!(!format!("{members:?}").contains("GIFT"));
    }
    // What the journal keeps says no code either, and is known again.
    let kept = store.without_code(BRAND, &life[0]);
    assert!(!format!("{kept:?}").contains("GIFT1234"));
    assert_eq!(store.learn_of_brand(BRAND, &[kept]).await.unwrap(), [false]);
    assert_eq!(known(&store).await.voucher("GIFT1234"), Some((VoucherStep::Issued, now())));
}
