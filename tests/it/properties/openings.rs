//! Opening times by weekday, with days off and in several zones at once, beside a clock that is watched minute by minute:
//! the free instant is the first minute at which every clock shows a time that is open.

use std::sync::Arc;

use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use tactgate::decide::{Answer, Case};
use tactgate::facts::{Customer, Facts, Place};
use tactgate::message::{Address, Channel, Content, Declared, Message, PRIORITY_NORMAL, Stream};
use tactgate::policy::{Limits, PolicySet};
use tactgate::understand::Meaning;

const DAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// Places in one zone and in several, with half hours and without summer time.
const PLACES: [&str; 8] = ["US-TX", "US-AZ", "CA-NL", "US-ID", "US-FL", "CA-BC", "IN", "CN"];

/// The federal days off of the United States in the months that are tried, from their list.
const OFF: [&str; 7] =
    ["2026-02-16", "2026-05-25", "2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25", "2027-01-01"];

/// Days (by number), from and until (in minutes).
type Opening = (Vec<usize>, i32, i32);

fn openings() -> impl Strategy<Value = Vec<Opening>> {
    let days = prop::sample::subsequence((0..7).collect::<Vec<usize>>(), 1..=7);
    let minute = prop_oneof![(0..24i32).prop_map(|hour| hour * 60), 0..1440i32];
    let one = (days, minute.clone(), minute).prop_filter("some time", |(_, from, until)| from != until);
    prop::collection::vec(one, 1..4)
}

/// Around both changes of the clocks of 2026 and the end of the year.
fn moments() -> impl Strategy<Value = Timestamp> {
    let from = |text: &str, days: i64| {
        let first: Timestamp = text.parse().unwrap();
        (0..days * 86_400).prop_map(move |second| first + SignedDuration::from_secs(second))
    };
    prop_oneof![from("2026-03-05T00:00:00Z", 6), from("2026-10-29T00:00:00Z", 6), from("2026-12-22T00:00:00Z", 12)]
}

fn rule(openings: &[Opening], place: &str, off: bool) -> PolicySet {
    let clock = |minute: i32| format!("{:02}:{:02}", minute / 60, minute % 60);
    let one = |(days, from, until): &Opening| {
        let days: Vec<String> = days.iter().map(|at| format!("\"{:?}\"", DAYS[*at]).to_lowercase()).collect();
        format!("{{ days = [{}], from = \"{}\", until = \"{}\" }}", days.join(", "), clock(*from), clock(*until))
    };
    let open: Vec<String> = openings.iter().map(one).collect();
    let off = if off { "holidays = [\"us-federal\"]\n" } else { "" };
    let open = open.join(", ");
    let text = format!("[[quiet_hours]]\nid = \"h\"\ntitle.en = \"t\"\nplaces = [\"{place}\"]\nopen = [{open}]\n{off}");
    PolicySet::load(&[("policies/h.toml".to_owned(), text)], &Limits::default()).unwrap()
}

fn is_open(openings: &[Opening], off: bool, local: DateTime) -> bool {
    if off && OFF.contains(&local.date().to_string().as_str()) {
        return false;
    }
    let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
    let (today, yesterday) = (local.date().weekday(), local.date().yesterday().unwrap().weekday());
    openings.iter().any(|(days, from, until)| {
        let begins_on = |day: Weekday| days.iter().any(|at| DAYS[*at] == day);
        if from < until {
            return begins_on(today) && (*from..*until).contains(&minute);
        }
        (begins_on(today) && minute >= *from) || (begins_on(yesterday) && minute < *until)
    })
}

proptest! {
    #![proptest_config(super::config(160))]

    #[test]
    fn the_free_instant_is_the_first_open_minute(
        openings in openings(), place in prop::sample::select(PLACES.to_vec()), off in any::<bool>(), now in moments(),
    ) {
        let number = match place {
            "IN" => "+919812345678",
            "CN" => "+8613800138000",
            // Of no area, so that all clocks of the place count.
            _ => "+18005550100",
        };
        let message = Message {
            channel: Channel::Sms,
            recipient: Address::phone(number, None).unwrap(),
            content: Arc::new(Content::default()),
            declared: Declared::default(),
            stream: Stream::default(),
        };
        let (facts, meaning, set) = (Facts::of(Customer::default()), Meaning::default(), rule(&openings, place, off));
        let case = Case { now, message: &message, meaning: &meaning, facts: &facts, priority: PRIORITY_NORMAL };
        let zones = Place::read(place).unwrap().zones();
        let clocks: Vec<TimeZone> = zones.into_iter().map(|name| tactgate::facts::zone(name).unwrap()).collect();
        let open = |at: Timestamp| clocks.iter().all(|clock| is_open(&openings, off, clock.to_datetime(at)));
        let free = match set.rules[0].examine(&case) {
            Answer::Fine => {
                prop_assert!(open(now));
                return Ok(());
            }
            Answer::Objects(objection) => objection.free_at,
            other => panic!("{other:?}"),
        };
        prop_assert!(!open(now));
        let next = Timestamp::from_second(now.as_second().div_euclid(60) * 60 + 60).unwrap();
        let limit = now + (30 * 24).hours();
        let first = std::iter::successors(Some(next), |at| Some(*at + SignedDuration::from_mins(1)))
            .take_while(|at| *at <= limit)
            .find(|at| open(*at));
        prop_assert_eq!(free, first);
    }
}
