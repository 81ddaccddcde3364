//! A mail and an SMS about one person, handed to two gateways at the same instant: what comes of it is
//! what one of the two orders would have given. Caps, prices and surveys alike.

use std::sync::Arc;

use tokio::sync::Barrier;

use super::arena::{Arena, a_mail, a_text, mailed, texted};

/// Pairs of the short form, over all stories.
const PAIRS: usize = 500;

const RULES: &str = r#"
[[frequency_cap]]
id = "one"
campaigns = ["one"]
at_most = 1
within = "1 day"
then = "block"
title.en = "Too many"

[[price_conflict]]
id = "two-prices"
campaigns = ["prices"]
within = "14 days"
title.en = "Another price"

[[survey_fatigue]]
id = "one-survey"
campaigns = ["surveys"]
invited_any = "30 days"
then = "block"
title.en = "Too many surveys"

[[frequency_cap]]
id = "no-mail-after"
campaigns = ["one-way"]
channels = ["email"]
at_most = 1
within = "1 day"
then = "block"
title.en = "Too many"
"#;

/// Two messages, and what may become of (mail, SMS): true = it passed.
struct Story {
    campaign: &'static str,
    mail: &'static str,
    text: &'static str,
    may: &'static [(bool, bool)],
}

/// Whoever comes first passes, and the other does not.
const ONE_OF_THEM: &[(bool, bool)] = &[(true, false), (false, true)];

const STORIES: &[Story] = &[
    Story {
        campaign: "one", mail: "新品到店，欢迎光临", text: "【某某商城】新品到店，欢迎光临", may: ONE_OF_THEM
    },
    Story {
        campaign: "prices",
        mail: "蓝牙车载播放器BT-200限时299元",
        text: "【某某商城】蓝牙车载播放器BT-200限时259元，回T退订",
        may: ONE_OF_THEM,
    },
    Story {
        campaign: "surveys",
        mail: "Please take our 5-minute survey: https://s.example/q?id=88",
        text: "诚邀您参加满意度调查，只需3分钟：https://s.example/q?id=99",
        may: ONE_OF_THEM,
    },
    // The mail may not come after the SMS; the SMS may come after the mail.
    Story {
        campaign: "one-way",
        mail: "新品到店，欢迎光临",
        text: "【某某商城】新品到店，欢迎光临",
        may: &[(true, true), (false, true)],
    },
    // The honest twin: one price on both channels.
    Story {
        campaign: "prices",
        mail: "蓝牙车载播放器BT-200限时299元",
        text: "【某某商城】蓝牙车载播放器BT-200限时299元，回T退订",
        may: &[(true, true)],
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_at_once_is_one_after_the_other() {
    assert_eq!(pairs(PAIRS).await, 0);
}

/// The long form: `TACTGATE_PAIRS=100000 cargo test --release --test it properties::pairs -- --ignored`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: 100,000 pairs"]
async fn a_hundred_thousand_pairs() {
    let told = std::env::var("TACTGATE_PAIRS").ok().and_then(|text| text.parse().ok());
    assert_eq!(pairs(told.unwrap_or(100_000)).await, 0);
}

/// Pairs whose outcome no order gives.
async fn pairs(pairs: usize) -> usize {
    let arena = Arena::on_redis(RULES).await;
    arena.link(0..pairs).await;
    let mut wrong = 0;
    let mut first = [0usize; 2];
    for pair in 0..pairs {
        let story = &STORIES[pair % STORIES.len()];
        let start = Arc::new(Barrier::new(2));
        // Each gateway gets the mail of every other pair.
        let (mail_door, text_door) = (arena.carrier(pair), arena.carrier(pair + 1));
        let (mail, text) = (a_mail(pair, story.campaign, story.mail), a_text(pair, story.campaign, story.text));
        let mailing = tokio::spawn({
            let start = Arc::clone(&start);
            async move {
                start.wait().await;
                mailed(&mail_door, mail).await.code
            }
        });
        let texting = tokio::spawn(async move {
            start.wait().await;
            texted(&text_door, text).await.status.as_u16()
        });
        let (code, status) = (mailing.await.unwrap(), texting.await.unwrap());
        assert!([250, 550].contains(&code) && [201, 400].contains(&status), "{code} {status}");
        let came = (code == 250, status == 201);
        if !story.may.contains(&came) {
            wrong += 1;
            println!("pair {pair}, {}: mail {code}, SMS {status}", story.campaign);
        }
        first[0] += usize::from(came == (true, false));
        first[1] += usize::from(came == (false, true));
    }
    println!("{pairs} pairs: {wrong} in no order; the mail came first in {}, the SMS in {}", first[0], first[1]);
    assert!(first.iter().all(|count| *count > 0), "each was first at times: {first:?}");
    wrong
}
