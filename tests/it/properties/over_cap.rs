//! The oracle of every contention test: what reached the sinks, against the caps. It knows of a message
//! only between which two instants it was decided, so what it reports is certain: more messages than the
//! cap, all of them decided within less than one window.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// One message that reached a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// To whom.
    pub customer: usize,
    /// It was decided at or after this,
    pub after: Timestamp,
    /// and at or before this.
    pub before: Timestamp,
}

/// What a scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scan {
    /// Messages looked at.
    pub arrived: usize,
    /// Messages beyond the cap in some window: the greatest excess of each customer, added up.
    pub over: usize,
    /// Customers with such a window.
    pub customers_over: usize,
    /// Messages of the fullest window that came up to its cap exactly: a test in which no window is ever
    /// full would prove nothing.
    pub windows_full: usize,
}

/// Scans by window. `cap_of` says how many one customer may get in any window.
pub fn scan(arrivals: &[Arrival], window: SignedDuration, cap_of: impl Fn(usize) -> usize) -> Scan {
    let mut by_customer: BTreeMap<usize, Vec<Arrival>> = BTreeMap::new();
    for arrival in arrivals {
        by_customer.entry(arrival.customer).or_default().push(*arrival);
    }
    let mut scan = Scan { arrived: arrivals.len(), ..Scan::default() };
    for (customer, mut arrivals) in by_customer {
        arrivals.sort_by_key(|arrival| arrival.after);
        let cap = cap_of(customer);
        let mut worst = 0;
        for (at, first) in arrivals.iter().enumerate() {
            // A window that begins with this one: a send counts for less than `window` after it.
            let Ok(end) = first.after.checked_add(window) else { continue };
            let later = arrivals.get(at..).unwrap_or_default();
            let within = later.iter().take_while(|a| a.after < end).filter(|a| a.before < end).count();
            worst = worst.max(within.saturating_sub(cap));
            scan.windows_full += usize::from(within == cap);
        }
        scan.over += worst;
        scan.customers_over += usize::from(worst > 0);
    }
    scan
}

#[test]
fn a_window_with_one_too_many_is_seen_and_two_windows_side_by_side_are_not_one() {
    let at = |ms: i64| Timestamp::from_millisecond(1_795_000_000_000 + ms).unwrap();
    let sure = |customer, ms| Arrival { customer, after: at(ms), before: at(ms) };
    let window = SignedDuration::from_millis(1_000);
    let over = |arrivals: &[Arrival]| scan(arrivals, window, |_| 2).over;
    assert_eq!(over(&[sure(1, 0), sure(1, 10), sure(1, 1_000)]), 0, "the first has left the window");
    assert_eq!(over(&[sure(1, 0), sure(1, 10), sure(1, 999)]), 1);
    assert_eq!(over(&[sure(1, 999), sure(1, 0), sure(1, 10), sure(1, 11)]), 2, "in any order of arrival");
    assert_eq!(over(&[sure(1, 0), sure(1, 10), sure(2, 11)]), 0, "another person's");
    // Decided perhaps within the window, perhaps not: nothing certain.
    let vague = Arrival { customer: 1, after: at(900), before: at(1_100) };
    assert_eq!(over(&[sure(1, 0), sure(1, 10), vague]), 0);
    assert_eq!(scan(&[sure(1, 0), sure(1, 10)], window, |_| 2).windows_full, 1);
}
