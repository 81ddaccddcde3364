//! Events commute: told late, repeated, out of order, before or after two people turned out to be one,
//! they end in the same document. So do the steps of sends, each send's own in their order.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tactgate::facts::customer::Member;
use tactgate::facts::fold::join;
use tactgate::facts::{
    Customer, Event, ExperienceKind, Proof, SendState, SurveyStep, What, apply, end_leases, fold, give_back, reserve,
    settle, split,
};
use tactgate::message::{AddressKind, Channel, Language};

use crate::sends::send;

/// The addresses of the people of these stories.
const KEYS: [&str; 3] = ["a", "b", "c"];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn channel() -> impl Strategy<Value = Option<Channel>> {
    prop_oneof![Just(None), Just(Some(Channel::Email)), Just(Some(Channel::Sms))]
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["x", "y", "鞋"]).prop_map(str::to_owned)
}

fn what() -> impl Strategy<Value = What> {
    let order = || prop::option::of(word());
    let step = prop::sample::select(vec![SurveyStep::Invited, SurveyStep::Answered, SurveyStep::Declined]);
    let kind = prop::sample::select(vec![ExperienceKind::Delivered, ExperienceKind::Visited]);
    let zone = prop::option::of(prop::sample::select(vec!["Asia/Shanghai", "Europe/Paris"]));
    let language = prop::option::of(prop::sample::select(vec![Language::En, Language::Zh]));
    let topics = || prop::collection::vec(word(), 0..2);
    prop_oneof![
        (word(), 1..9i64, order()).prop_map(|(product, price, order)| {
            What::Purchase { product, price: format!("{price} CNY").parse().ok(), order }
        }),
        (word(), order()).prop_map(|(product, order)| What::Return { product, order }),
        (word(), step, prop::option::of(word()), prop::option::of(1..4u32))
            .prop_map(|(survey, step, department, minutes)| What::Survey { survey, step, department, minutes }),
        (kind, order(), order(), order()).prop_map(|(kind, product, order, department)| What::Experience {
            kind,
            product,
            order,
            department
        }),
        word().prop_map(|product| What::PriceAlert { product }),
        (order(), order()).prop_map(|(topic, product)| What::Browse { topic, product }),
        word().prop_map(|ticket| What::ComplaintOpened { ticket }),
        word().prop_map(|ticket| What::ComplaintClosed { ticket }),
        (channel(), prop::option::of(word())).prop_map(|(channel, purpose)| What::OptOut { channel, purpose }),
        (channel(), prop::option::of(word())).prop_map(|(channel, purpose)| What::Consent { channel, purpose }),
        channel().prop_map(|channel| What::Bounce { channel: channel.unwrap_or(Channel::Sms) }),
        (topics(), topics(), zone, language).prop_map(|(wants, avoids, zone, language)| What::Preference {
            wants,
            avoids,
            zone: zone.map(str::to_owned),
            language
        }),
    ]
}

/// An event with an id of its own, and the address it was told of.
fn told() -> impl Strategy<Value = Vec<(Event, &'static str)>> {
    // Few instants, so that ties are common.
    prop::collection::vec((what(), 0..6i64, prop::sample::select(KEYS.to_vec())), 1..14).prop_map(|events| {
        let events = events.into_iter().enumerate();
        events.map(|(n, (what, second, key))| (Event { id: format!("e{n}"), at: at(second), what }, key)).collect()
    })
}

/// What no order decides: ids of events stand in the order they came in.
fn settled(mut customer: Customer) -> Customer {
    customer.seen.sort_unstable();
    customer.folded.clear();
    customer
}

/// A step in the life of a send.
#[derive(Debug, Clone, Copy)]
enum Step {
    Reserve,
    Unknown,
    Sent,
    GiveBack,
    Expire,
}

/// The steps of one send, in their own order; some come twice.
fn life() -> impl Strategy<Value = Vec<Step>> {
    use Step::*;
    prop::sample::select(vec![
        vec![Reserve],
        vec![Reserve, Sent, Sent],
        vec![Reserve, Unknown, Sent, Unknown],
        vec![Reserve, Expire, Sent, Expire],
        vec![Reserve, GiveBack, GiveBack, Unknown],
        vec![Reserve, Reserve, Sent, GiveBack],
        vec![Reserve, Unknown, Expire],
    ])
}

/// Where a send stands after these steps: surely sent, else unknown, else gone when it was given back.
fn end(life: &[Step]) -> Option<SendState> {
    let said = |wanted: fn(&Step) -> bool| life.iter().any(wanted);
    if said(|step| matches!(step, Step::Sent)) {
        Some(SendState::Sent)
    } else if said(|step| matches!(step, Step::GiveBack)) {
        None
    } else if said(|step| matches!(step, Step::Unknown | Step::Expire)) {
        Some(SendState::Unknown)
    } else {
        Some(SendState::Reserved)
    }
}

fn take(customer: &mut Customer, send_number: usize, step: Step) {
    let id = format!("d{send_number}");
    match step {
        Step::Reserve => _ = reserve(customer, send(&id, at(send_number as i64 % 3), Channel::Sms, "a")),
        Step::Unknown => _ = settle(customer, &id, SendState::Unknown),
        Step::Sent => _ = settle(customer, &id, SendState::Sent),
        Step::GiveBack => _ = give_back(customer, &id),
        // Of this send only: all leases end at once, and another's may not have begun.
        Step::Expire => {
            let mut alone = customer.clone();
            alone.sends.retain(|send| send.id == id);
            end_leases(&mut alone, at(0) + SignedDuration::from_hours(1), |_| Proof::None);
            customer.sends.retain(|send| send.id != id);
            alone.sends.into_iter().for_each(|send| _ = reserve(customer, send));
        }
    }
}

proptest! {
    #![proptest_config(super::config(192))]

    #[test]
    fn events_in_any_order_and_repeated_give_one_document(
        (events, order) in told().prop_flat_map(|events| {
            // Every event once, and some of them again.
            let twice: Vec<usize> = (0..events.len()).chain((0..events.len()).step_by(2)).collect();
            (Just(events), Just(twice).prop_shuffle())
        }),
    ) {
        let mut straight = Customer::default();
        events.iter().for_each(|(event, from)| _ = apply(&mut straight, event, from));
        let mut shuffled = Customer::default();
        order.iter().for_each(|n| _ = apply(&mut shuffled, &events[*n].0, events[*n].1));
        prop_assert_eq!(settled(straight), settled(shuffled));
    }

    #[test]
    fn the_lives_of_sends_interleave_without_a_trace(
        (lives, order) in prop::collection::vec(life(), 1..5).prop_flat_map(|lives| {
            let turns: Vec<usize> = lives.iter().enumerate().flat_map(|(n, life)| vec![n; life.len()]).collect();
            (Just(lives), Just(turns).prop_shuffle())
        }),
    ) {
        let mut one_by_one = Customer::default();
        for (n, life) in lives.iter().enumerate() {
            life.iter().for_each(|step| take(&mut one_by_one, n, *step));
        }
        // Each is where its own steps lead.
        for (n, life) in lives.iter().enumerate() {
            let state = one_by_one.sends.iter().find(|send| send.id == format!("d{n}")).map(|send| send.state);
            prop_assert_eq!(state, end(life), "{:?}", life);
        }
        let mut interleaved = Customer::default();
        let mut lives: Vec<_> = lives.into_iter().map(Vec::into_iter).collect();
        for n in order {
            let step = lives[n].next();
            take(&mut interleaved, n, step.unwrap());
        }
        prop_assert_eq!(one_by_one, interleaved);
    }

    #[test]
    fn it_never_matters_when_two_people_turn_out_to_be_one(
        events in told(),
        order in Just((0..14usize).collect::<Vec<_>>()).prop_shuffle(),
        folds in prop::collection::vec(0..14usize, 2),
        chained in any::<bool>(),
    ) {
        let events: Vec<_> = order.iter().filter_map(|n| events.get(*n)).collect();
        let mut together = begun("a");
        join(&mut together, member("b"));
        join(&mut together, member("c"));
        events.iter().for_each(|(event, from)| _ = apply(&mut together, event, from));
        // `b` and `c` are folded at any two moments; what is told of them later goes to where they went.
        let mut documents = KEYS.map(begun);
        let mut home = [0usize, 1, 2];
        let steps = if chained { [(2, 1), (1, 0)] } else { [(1, 0), (2, 0)] };
        let mut moments = folds.clone();
        moments.sort_unstable();
        let mut done = 0;
        for now in 0..=events.len() {
            while done < 2 && (moments[done] <= now || now == events.len()) {
                let (loser, root) = steps[done];
                let loser_document = documents[loser].clone();
                prop_assert!(fold(&mut documents[root], KEYS[loser], 7 + done as u64, &loser_document));
                // Whoever finishes the merge may fold again.
                prop_assert!(!fold(&mut documents[root], KEYS[loser], 7 + done as u64, &loser_document));
                home.iter_mut().filter(|at| **at == loser).for_each(|at| *at = root);
                done += 1;
            }
            if let Some((event, from)) = events.get(now) {
                let known = KEYS.iter().position(|key| key == from).unwrap();
                apply(&mut documents[home[known]], event, from);
            }
        }
        prop_assert_eq!(settled(together), settled(documents[0].clone()));
    }

    #[test]
    fn what_parts_and_comes_back_is_as_it_was(events in told(), leaver in prop::sample::select(KEYS.to_vec())) {
        // Each at its own instant: two alike of two addresses cannot be told from one told of both.
        let apart = |(n, (event, from)): (usize, (Event, &'static str))| (Event { at: at(n as i64), ..event }, from);
        let events: Vec<_> = events.into_iter().enumerate().map(apart).collect();
        let mut together = begun("a");
        join(&mut together, member("b"));
        join(&mut together, member("c"));
        events.iter().for_each(|(event, from)| _ = apply(&mut together, event, from));
        let mut staying = together.clone();
        let leaving = split(&mut staying, &[leaver.to_owned()]);
        prop_assert!(leaving.purchases.iter().all(|p| p.from == leaver));
        prop_assert!(staying.purchases.iter().all(|p| p.from != leaver));
        prop_assert_eq!(leaving.purchases.len() + staying.purchases.len(), together.purchases.len());
        prop_assert_eq!(leaving.opt_outs.len() + staying.opt_outs.len(), together.opt_outs.len());
        // A repeated delivery is known on both sides.
        for (event, from) in &events {
            prop_assert!(!apply(&mut staying.clone(), event, from) && !apply(&mut leaving.clone(), event, from));
        }
        prop_assert!(fold(&mut staying, leaver, 3, &leaving));
        prop_assert_eq!(settled(staying), settled(together));
    }

    #[test]
    fn what_was_told_of_both_addresses_counts_once_when_they_become_one(
        whats in prop::collection::vec((what(), 0..6i64), 1..8),
    ) {
        // The shop tells each event of the mailbox and of the phone, under one id. Orders are told, and
        // each thing in its own: two alike in one order cannot be told from one told twice.
        let events: Vec<Event> = whats.into_iter().enumerate().map(|(n, (what, second))| {
            let own = || Some(format!("order {n}"));
            let what = match what {
                What::Purchase { product, price, .. } => What::Purchase { product, price, order: own() },
                What::Return { product, .. } => What::Return { product, order: own() },
                What::Survey { step, department, minutes, .. } => {
                    What::Survey { survey: format!("s{n}"), step, department, minutes }
                }
                other => other,
            };
            Event { id: format!("e{n}"), at: at(second), what }
        }).collect();
        let (mut root, mut loser, mut once) = (begun("a"), begun("b"), begun("a"));
        for event in &events {
            apply(&mut root, event, "a");
            apply(&mut loser, event, "b");
            apply(&mut once, event, "a");
        }
        fold(&mut root, "b", 1, &loser);
        let counts = |c: &Customer| (c.purchases.len(), c.returns.len(), c.surveys.len(), c.complaints.len());
        prop_assert_eq!(counts(&root), counts(&once));
    }
}

fn member(key: &str) -> Member {
    Member { key: key.to_owned(), kind: AddressKind::Phone, at: at(0) }
}

fn begun(key: &str) -> Customer {
    let mut customer = Customer::default();
    join(&mut customer, member(key));
    customer
}
