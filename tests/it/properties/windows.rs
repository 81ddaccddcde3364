//! A cap's window slides over exact event times: beside the guard stands a count by hand, second by second,
//! of whatever sends, classes, channels and purposes there are, with those who wait already taking their
//! slots first.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tactgate::decide::{Answer, Case, Evidence};
use tactgate::facts::{Attempt, Customer, Facts, HeldSend, SendEvent, SendState};
use tactgate::message::{Address, Channel, Class, Content, Declared, Message, PRIORITY_NORMAL, Stream};
use tactgate::policy::{Limits, PolicySet};
use tactgate::understand::Meaning;

use crate::sends::send;

fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

/// What the rule says.
#[derive(Debug, Clone)]
struct Cap {
    at_most: usize,
    within: i64,
    per_channel: bool,
    everything: bool,
    only_promotions: bool,
    reserve: usize,
    /// That of the message; the reserve is for 600 and more.
    priority: u16,
}

impl Cap {
    /// How many there may be when one of that priority joins, of whom so many have a place kept for such as they.
    fn places(&self, priority: u16, weighty: usize) -> usize {
        if priority >= 600 { self.at_most } else { self.at_most - self.reserve.saturating_sub(weighty) }
    }

    fn set(&self) -> PolicySet {
        let text = format!(
            "[[frequency_cap]]\nid = \"cap\"\ntitle.en = \"t\"\nat_most = {}\nwithin = \"{} seconds\"\n\
             per = \"{}\"\ncounts = \"{}\"\nreserve = {}\nreserve_from = 600\n{}",
            self.at_most,
            self.within,
            if self.per_channel { "channel" } else { "all" },
            if self.everything { "all" } else { "ordinary" },
            self.reserve,
            if self.only_promotions { "counted_purposes = [\"Promotion\"]\n" } else { "" },
        );
        PolicySet::load(&[("policies/cap.toml".to_owned(), text)], &Limits::default()).unwrap()
    }

    fn counts(&self, send: &SendEvent, channel: Channel) -> bool {
        (!self.per_channel || send.channel == channel)
            && (self.everything || send.class == Class::Ordinary)
            && (!self.only_promotions || send.purpose.as_deref() == Some("promotion"))
    }
}

fn caps() -> impl Strategy<Value = Cap> {
    let counting = (any::<bool>(), any::<bool>(), any::<bool>());
    (1..5usize, 1..60i64, counting, 0..4usize, priorities()).prop_map(
        |(at_most, within, counting, reserve, priority)| {
            let (per_channel, everything, only_promotions) = counting;
            let reserve = reserve.min(at_most - 1);
            Cap { at_most, within, per_channel, everything, only_promotions, reserve, priority }
        },
    )
}

fn priorities() -> impl Strategy<Value = u16> {
    prop::sample::select(vec![300, PRIORITY_NORMAL, PRIORITY_NORMAL, 700])
}

fn channels() -> impl Strategy<Value = Channel> {
    prop::sample::select(vec![Channel::Email, Channel::Sms])
}

fn sends() -> impl Strategy<Value = Vec<SendEvent>> {
    let states = prop::sample::select(vec![SendState::Reserved, SendState::Sent, SendState::Unknown]);
    let purposes = prop::sample::select(vec![None, Some("promotion"), Some("notice")]);
    let one = (-90..=0i64, channels(), states, any::<bool>(), purposes, priorities());
    prop::collection::vec(one, 0..10).prop_map(|sends| {
        let sends = sends.into_iter().enumerate();
        sends
            .map(|(n, (second, channel, state, must, purpose, priority))| SendEvent {
                state,
                priority,
                class: if must { Class::MustSend } else { Class::Ordinary },
                purpose: purpose.map(str::to_owned),
                ..send(&format!("d{n}"), at(second), channel, "k")
            })
            .collect()
    })
}

fn held() -> impl Strategy<Value = Vec<HeldSend>> {
    // Some expire at this very instant: they take no slot any more.
    let expires = prop_oneof![1 => Just(0), 5 => -3..200i64];
    prop::collection::vec((-5..80i64, expires, channels(), priorities()), 0..4).prop_map(|held| {
        let held = held.into_iter().enumerate();
        held.map(|(n, (due, expires, channel, priority))| HeldSend {
            id: format!("h{n}"),
            due: at(due),
            expires: at(expires),
            channel,
            priority,
            attempt: Attempt::default(),
        })
        .collect()
    })
}

proptest! {
    #![proptest_config(super::config(768))]

    #[test]
    fn the_guard_counts_as_a_hand_does(cap in caps(), sends in sends(), held in held(), channel in channels()) {
        let customer = Customer { sends: sends.clone(), held: held.clone(), ..Customer::default() };
        let message = Message {
            channel,
            recipient: Address::email("li@example.com").unwrap(),
            content: Arc::new(Content::default()),
            declared: Declared::default(),
            stream: Stream::default(),
        };
        let (facts, meaning, set) = (Facts::of(customer), Meaning::default(), cap.set());
        let case = Case { now: now(), message: &message, meaning: &meaning, facts: &facts, priority: cap.priority };
        let answer = set.rules[0].examine(&case);
        // By hand: who counts, and when a further one would find less than `at_most` in its window.
        let counts = sends.iter().filter(|send| cap.counts(send, channel));
        let mut times: Vec<(i64, u16)> = counts.map(|send| (seconds(send), send.priority)).collect();
        let running = |times: &[(i64, u16)], second: i64, least: u16| {
            times.iter().filter(|(time, priority)| *time > second - cap.within && *priority >= least).count()
        };
        let is_free = |times: &[(i64, u16)], second: i64, priority: u16| {
            running(times, second, 0) < cap.places(priority, running(times, second, 600))
        };
        let free_from = |times: &[(i64, u16)], from: i64, priority: u16| {
            (from..).find(|second| is_free(times, *second, priority)).unwrap()
        };
        if is_free(&times, 0, cap.priority) {
            prop_assert_eq!(answer, Answer::Fine);
            return Ok(());
        }
        let counted = running(&times, 0, 0) as u64;
        let places = cap.places(cap.priority, running(&times, 0, 600)) as u64;
        let waits = |h: &&HeldSend| h.expires > now() && (!cap.per_channel || h.channel == channel);
        let mut waiting: Vec<&HeldSend> = held.iter().filter(waits).filter(|h| h.priority >= cap.priority).collect();
        waiting.sort_by_key(|h| (std::cmp::Reverse(h.priority), h.due, h.id.clone()));
        for ahead in waiting {
            let due = ahead.due.duration_since(now()).as_secs();
            times.push((free_from(&times, due, ahead.priority), ahead.priority));
        }
        let free_at = at(free_from(&times, 0, cap.priority));
        let Answer::Objects(objection) = answer else { panic!("{answer:?}") };
        prop_assert_eq!(objection.free_at, Some(free_at));
        prop_assert_eq!(objection.because.get("count"), Some(&Evidence::Count(counted)));
        prop_assert_eq!(objection.because.get("at_most"), Some(&Evidence::Count(places)));
        prop_assert_eq!(objection.because.get("within"), Some(&Evidence::Seconds(cap.within)));
    }
}

proptest! {
    #![proptest_config(super::config(256))]

    /// Around the autumn change of the clocks in New York, hour by hour: a day of the calendar counts what was sent on
    /// it, a week what was sent since its first midnight, a month since its own.
    #[test]
    fn a_calendar_cap_counts_by_the_days_on_the_wall(
        at_most in 1..4usize,
        each in prop::sample::select(vec!["day", "week", "month"]),
        sends in prop::collection::vec(0..700i64, 0..8),
        asked in 0..100i64,
    ) {
        let text = format!(
            "[[frequency_cap]]\nid = \"cap\"\ntitle.en = \"t\"\nat_most = {at_most}\nper_calendar = \"{each}\"\n"
        );
        let set = PolicySet::load(&[("policies/cap.toml".to_owned(), text)], &Limits::default()).unwrap();
        let clock = tactgate::facts::zone("America/New_York").unwrap();
        let start: Timestamp = "2026-10-30T12:20:00Z".parse().unwrap();
        let hour = |hours: i64| start + SignedDuration::from_hours(hours);
        let now = hour(asked);
        let sends: Vec<Timestamp> = sends.iter().map(|ago| now - SignedDuration::from_hours(*ago)).collect();
        let events = sends.iter().enumerate().map(|(n, at)| SendEvent {
            class: Class::Ordinary,
            ..send(&format!("d{n}"), *at, Channel::Email, "k")
        });
        let customer =
            Customer { sends: events.collect(), zone: Some("America/New_York".into()), ..Customer::default() };
        let message = Message {
            channel: Channel::Email,
            recipient: Address::email("li@example.com").unwrap(),
            content: Arc::new(Content::default()),
            declared: Declared::default(),
            stream: Stream::default(),
        };
        let (facts, meaning) = (Facts::of(customer), Meaning::default());
        let case = Case { now, message: &message, meaning: &meaning, facts: &facts, priority: PRIORITY_NORMAL };
        let same = |a: Timestamp, b: Timestamp| {
            let [a, b] = [a, b].map(|at| clock.to_datetime(at).date());
            match each {
                "day" => a == b,
                "week" => [a, b].map(|d| (d.iso_week_date().year(), d.iso_week_date().week())).windows(2).all(|w| w[0] == w[1]),
                _ => (a.year(), a.month()) == (b.year(), b.month()),
            }
        };
        let free = |at: Timestamp| sends.iter().filter(|sent| same(**sent, at)).count() < at_most;
        match set.rules[0].examine(&case) {
            Answer::Fine => prop_assert!(free(now)),
            Answer::Objects(objection) => {
                prop_assert!(!free(now));
                // Every midnight is a full hour of UTC there.
                let next: Timestamp = "2026-10-30T13:00:00Z".parse().unwrap();
                let hours = (0..2_000).map(|hours| next + SignedDuration::from_hours(hours));
                prop_assert_eq!(objection.free_at, hours.filter(|at| *at > now).find(|at| free(*at)));
            }
            other => panic!("{other:?}"),
        }
    }
}

fn seconds(send: &SendEvent) -> i64 {
    send.at.duration_since(now()).as_secs()
}
