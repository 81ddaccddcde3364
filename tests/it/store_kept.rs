//! What a store keeps beside histories: catalogues, canaries, its installation, the name of its pepper; and claims
//! of one kind alone.

use tactgate::facts::{ClaimAddition, Customer, Family, Keep, Purchase};
use tactgate::message::Channel;
use tactgate::store::{
    CATALOGUE_BYTES_MAX, Modelled, OpenError, Store, StoreError, StoreSettings, Write, Written, document,
};

use crate::store::{BRAND, files, later, mail, now};

async fn modelled() -> Store {
    Store::modelled(Modelled::default(), Keep::default(), now()).await.unwrap()
}

#[tokio::test]
async fn a_catalogue_that_is_taken_in_again_stays_and_the_one_before_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&files(dir.path()), now()).await.unwrap();
    let file = rusqlite::Connection::open(dir.path().join("facts.db")).unwrap();
    let leaving = || {
        let soon = jiff::Timestamp::now().as_second() + 3_600;
        file.query_row("SELECT count(*) FROM kept WHERE until < ?1", [soon], |row| row.get::<_, i64>(0)).unwrap()
    };
    // Two pieces.
    let (first, second) = (vec![b'a'; 300 * 1024], vec![b'b'; 300 * 1024]);
    for _ in 0..2 {
        store.keep_catalogue(BRAND, &first).await.unwrap();
        assert_eq!(leaving(), 0);
    }
    store.keep_catalogue(BRAND, &second).await.unwrap();
    assert_eq!(leaving(), 2, "whoever reads it has a while to finish");
    let head = store.catalogue_head(BRAND).await.unwrap().unwrap();
    assert_eq!(store.catalogue(BRAND, &head).await.unwrap(), Some(second));
    let refused = store.keep_catalogue(BRAND, &vec![0; CATALOGUE_BYTES_MAX + 1]).await;
    assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");
}

#[tokio::test]
async fn who_claimed_a_price_and_no_end_has_claimed_it() {
    let (store, family) = (modelled().await, Family("id:winter".to_owned()));
    let price = (Channel::Email, "39.99 USD".parse().unwrap());
    let claim = ClaimAddition { family: family.clone(), at: later(5), deadline: None, price: Some(price) };
    store.claim(BRAND, &[claim]).await.unwrap();
    let claims = store.load(BRAND, &[], std::slice::from_ref(&family)).await.unwrap().claims;
    assert_eq!(claims[&family].prices, [(price.0, price.1, later(5))]);
    assert_eq!(claims[&family].first_seen, Some(later(5)));
}

#[tokio::test]
async fn a_canary_is_the_smallest_that_stands_and_none_when_one_is_gone() {
    let store = modelled().await;
    assert_eq!(store.canary(1, true).await, Ok(None));
    store.set_canary(1, true, 9).await.unwrap();
    assert_eq!((store.canary(1, true).await, store.canary(2, true).await), (Ok(Some(9)), Ok(None)));
    // One of them went back.
    store.set_canary(1, false, 5).await.unwrap();
    assert_eq!((store.canary(1, true).await, store.canary(1, false).await), (Ok(Some(5)), Ok(Some(5))));
    store.set_canary(2, false, 5).await.unwrap();
    assert_eq!(store.canary(2, true).await, Ok(None), "all but one are gone");
}

#[tokio::test]
async fn an_installation_is_the_earliest_that_was_told() {
    let store = modelled().await;
    assert_eq!(store.installed().await, Ok(Some(now())));
    store.restore(later(50)).await.unwrap();
    assert_eq!(store.installed().await, Ok(Some(now())));
    store.restore(later(-50)).await.unwrap();
    assert_eq!(store.installed().await, Ok(Some(later(-50))));
}

#[tokio::test]
async fn a_commit_that_leaves_the_documents_with_who_asked_compares_as_well() {
    let store = modelled().await;
    let mut writes =
        vec![Write { root: store.key(BRAND, &mail(1)), expect: 0, customer: Customer::default(), now: None }];
    assert_eq!(store.commit_and_keep(&mut writes).await, Ok(vec![Written::Done(1)]));
    assert_eq!(store.commit_and_keep(&mut writes).await, Ok(vec![Written::Stale]));
}

#[tokio::test]
async fn two_peppers_are_named_and_hash_one_text_to_two_numbers() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut hashes = Vec::new();
    for dir in &dirs {
        let settings = StoreSettings { history_days: 30, ..files(dir.path()) };
        let store = Store::open(&settings, now()).await.unwrap();
        assert_eq!(store.history_kept(), settings.keep());
        assert_eq!(store.keyed_fingerprint(7), store.keyed_fingerprint(7));
        hashes.extend([store.keyed_fingerprint(7), store.keyed_fingerprint(8)]);
        store.close().await.unwrap();
    }
    hashes.sort_unstable();
    hashes.dedup();
    assert!(hashes.len() == 4 && !hashes.contains(&7), "{hashes:?}");
    // Each opened with the other's pepper.
    let [one, other] = dirs.each_ref().map(|dir| dir.path().join("pepper"));
    let kept = std::fs::read(&one).unwrap();
    std::fs::copy(&other, &one).unwrap();
    std::fs::write(&other, kept).unwrap();
    let mut names = Vec::new();
    for dir in &dirs {
        match Store::open(&files(dir.path()), now()).await {
            Err(OpenError::OtherPepper { ours, stored, .. }) => names.push((ours, stored)),
            opened => panic!("{opened:?}"),
        }
    }
    let [(here, there), crosswise] = names.as_slice() else { panic!("{names:?}") };
    assert_eq!((there, here), (&crosswise.0, &crosswise.1));
    assert_ne!(here, there);
}

#[test]
fn what_is_said_often_stands_in_a_document_once() {
    let products = ["a", "b"].map(|letter| letter.repeat(500));
    let purchases = products.iter().cycle().take(60).map(|product| Purchase {
        order: None,
        product: product.clone(),
        price: None,
        at: now(),
        from: "k".into(),
    });
    let customer = Customer { purchases: purchases.collect(), ..Customer::default() };
    let bytes = document::encode(&customer).unwrap();
    assert_eq!(document::decode(&bytes), Ok(customer));
    assert!(bytes.len() < 4_000, "{} bytes", bytes.len());
}
