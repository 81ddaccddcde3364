//! Quiet hours around every change of the clocks, in every zone there is, 1970 to 2037: what is quiet is
//! what the civil clock on the wall says, and the free instant is the first one that is not quiet — never
//! in the past, never later than need be, through gaps, folds, half-hour changes and missing days.

use std::sync::Arc;

use jiff::civil::{DateTime, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp, ToSpan};
use tactgate::decide::{Answer, Case};
use tactgate::facts::{Customer, Facts, Why};
use tactgate::message::{Address, Channel, Content, Declared, Message, PRIORITY_NORMAL, Stream};
use tactgate::policy::{Judge, Limits, PolicySet};
use tactgate::understand::Meaning;

/// Quiet times: (from, until) in minutes of the civil day, and the days on which they begin (none = all).
const HOURS: &[(i32, i32, Option<&[Weekday]>)] = &[
    (21 * 60, 8 * 60, None),
    (21 * 60, 2 * 60 + 30, None),
    (2 * 60, 3 * 60, None),
    (23 * 60 + 30, 45, None),
    (0, 24 * 60, Some(&[Weekday::Friday, Weekday::Sunday])),
    (22 * 60, 22 * 60 - 15, Some(&[Weekday::Saturday])),
    (60 + 45, 60 + 50, None),
];

/// Seconds from a change of the clocks at which the question is asked.
const ASKED: &[i64] = &[-36 * 3_600, -5 * 3_600, -3_600, -1_801, -1, 0, 1, 899, 1_800, 3_599, 7_200, 26 * 3_600];

#[test]
fn around_every_change_of_the_clocks_the_next_opening_is_the_first() {
    let asked = sweep(|transition, hours, asked| (transition + hours + asked) % 21 == 0);
    assert!(asked > 10_000, "{asked}");
}

/// The long form: every hour of the list at every moment of the list, at every change.
#[test]
#[ignore = "minutes: tests/properties"]
fn around_every_change_in_every_way() {
    let asked = sweep(|_, _, _| true);
    println!("{asked} questions about quiet hours");
}

/// Asks; `wanted` chooses by number of the change, of the hours and of the moment. How often it asked.
fn sweep(wanted: impl Fn(usize, usize, usize) -> bool) -> usize {
    let (from, until) = ("1970-01-01T00:00:00Z".parse().unwrap(), "2037-12-31T23:59:59Z".parse().unwrap());
    let rules: Vec<PolicySet> = HOURS.iter().map(|hours| rule(*hours)).collect();
    let (mut changes, mut asked) = (0, 0);
    let mut names: Vec<String> = TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect();
    names.sort();
    assert!(names.len() > 400 && names.iter().any(|name| name == "Australia/Lord_Howe"), "{}", names.len());
    for name in names {
        let zone = tactgate::facts::zone(&name).unwrap();
        let facts = Facts::of(Customer { zone: Some(name.clone()), ..Customer::default() });
        for change in zone.following(from).take_while(|change| change.timestamp() < until) {
            changes += 1;
            for (h, (hours, set)) in HOURS.iter().zip(&rules).enumerate() {
                for (a, seconds) in ASKED.iter().enumerate().filter(|(a, _)| wanted(changes, h, *a)) {
                    let _ = a;
                    let now = change.timestamp() + SignedDuration::from_secs(*seconds);
                    check(&name, &zone, *hours, now, &examine(set, &facts, now));
                    asked += 1;
                }
            }
        }
    }
    asked
}

fn check(name: &str, zone: &TimeZone, hours: (i32, i32, Option<&[Weekday]>), now: Timestamp, answer: &Answer) {
    let told = format!("{name}, {hours:?}, at {now} = {}", zone.to_datetime(now));
    match answer {
        Answer::Fine => assert!(!is_quiet(hours, zone.to_datetime(now)), "{told}: it is quiet"),
        Answer::Objects(objection) => {
            assert!(is_quiet(hours, zone.to_datetime(now)), "{told}: it is open");
            let free = objection.free_at.unwrap_or_else(|| panic!("{told}: it opens again"));
            assert_eq!(free, first_opening(zone, hours, now), "{told}");
        }
        Answer::CannotTell(why) => panic!("{told}: {why:?}"),
    }
}

/// By the clock on the wall and the day on the calendar, and nothing else.
fn is_quiet((from, until, days): (i32, i32, Option<&[Weekday]>), local: DateTime) -> bool {
    let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
    let begins_on = |day: Weekday| days.is_none_or(|days| days.contains(&day));
    let (today, yesterday) = (local.date().weekday(), local.date().yesterday().unwrap().weekday());
    if from < until {
        return (from..until).contains(&minute) && begins_on(today);
    }
    (minute >= from && begins_on(today)) || (minute < until && begins_on(yesterday))
}

/// Every instant at which it can open is looked at: each civil end, in each of the two hours it may be
/// lived in, and each change of the clocks.
fn first_opening(zone: &TimeZone, hours: (i32, i32, Option<&[Weekday]>), now: Timestamp) -> Timestamp {
    let mut candidates: Vec<Timestamp> = zone.following(now).map(|change| change.timestamp()).take(8).collect();
    let today = zone.to_datetime(now).date();
    for days in -1..9i64 {
        let civil = today.checked_add(days.days()).unwrap().at(0, 0, 0, 0) + i64::from(hours.1).minutes();
        let ambiguous = zone.to_ambiguous_timestamp(civil);
        candidates.extend(ambiguous.earlier());
        candidates.extend(ambiguous.later());
    }
    candidates.retain(|at| *at > now && !is_quiet(hours, zone.to_datetime(*at)));
    candidates.into_iter().min().unwrap()
}

fn rule((from, until, days): (i32, i32, Option<&[Weekday]>)) -> PolicySet {
    let clock = |minutes: i32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let days = days.map_or_else(String::new, |days| {
        let names: Vec<String> = days.iter().map(|day| format!("\"{}\"", format!("{day:?}").to_lowercase())).collect();
        format!("days = [{}]\n", names.join(", "))
    });
    let text = format!(
        "[[quiet_hours]]\nid = \"night\"\ntitle.en = \"t\"\nfrom = \"{}\"\nuntil = \"{}\"\n{days}",
        clock(from),
        clock(until)
    );
    PolicySet::load(&[("policies/q.toml".to_owned(), text)], &Limits::default())
        .unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn examine(set: &PolicySet, facts: &Facts, now: Timestamp) -> Answer {
    let message = Message {
        channel: Channel::Email,
        recipient: Address::email("li@example.com").unwrap(),
        content: Arc::new(Content::default()),
        declared: Declared::default(),
        stream: Stream::default(),
    };
    let meaning = Meaning::default();
    let rule: &dyn Judge = set.rules[0].as_ref();
    rule.examine(&Case { now, message: &message, meaning: &meaning, facts, priority: PRIORITY_NORMAL })
}

#[test]
fn a_zone_that_does_not_exist_is_no_zone() {
    let noon: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let facts = |zone: &str| Facts::of(Customer { zone: Some(zone.to_owned()), ..Customer::default() });
    let set = |more: &str| {
        let text = format!("[[quiet_hours]]\nid = \"n\"\ntitle.en = \"t\"\nfrom = 21\nuntil = 8\n{more}");
        PolicySet::load(&[("policies/q.toml".to_owned(), text)], &Limits::default()).unwrap()
    };
    for nowhere in ["Mars/Olympus", "", "Asia/Shanghai/../..", "+25:00"] {
        assert_eq!(examine(&set("needs_zone = true"), &facts(nowhere), noon), Answer::CannotTell(Why::NotTold));
        assert_eq!(examine(&set(""), &facts(nowhere), noon), Answer::Fine, "by the brand's clock");
    }
}
