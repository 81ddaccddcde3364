//! Recipients that travel in one message: an addressee and the copies beside them. They share its bytes,
//! so they leave together or wait together; a copy does not leave without the addressee it stands
//! beside (design §4: "the blocked one is removed; an empty `to` blocks the item").

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::deciding::{Group, uncount};
use super::item::{Fate, Item};
use super::{Errand, Gateway, Tongue};
use crate::decide::{Verdict, WantedRewrite};
use crate::message::{Edit, Wire};
use crate::policy::PolicySet;
use crate::store::CustomerKey;

/// For each of `count` recipients the first of its company.
pub(super) fn leaders(tongue: &Tongue, wire: &Wire, count: usize) -> Vec<usize> {
    let mut leaders: Vec<usize> = (0..count).collect();
    if let (Tongue::Http(dialect), Wire::Http(request), true) = (tongue, wire, count > 1) {
        for company in dialect.companies(request) {
            let first = company.iter().copied().min().unwrap_or_default();
            for member in company {
                if let Some(leader) = leaders.get_mut(member) {
                    *leader = first;
                }
            }
        }
    }
    leaders
}

/// The positions in `among`, by company; who travels alone is a company of one.
pub(super) fn companies(errand: &Errand<'_>, items: &[Item], among: &[usize]) -> Vec<Vec<usize>> {
    let mut companies: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in among {
        companies.entry(errand.leader(&items[*at])).or_default().push(*at);
    }
    companies.into_values().collect()
}

impl Errand<'_> {
    /// The first recipient of the company this one travels in.
    pub(super) fn leader(&self, item: &Item) -> usize {
        self.leaders.get(item.index).copied().unwrap_or(item.index)
    }
}

impl Gateway {
    /// What was decided for each becomes what happens to their company.
    pub(super) fn keep_together(&self, errand: &Errand<'_>, items: &mut [Item], open: &[usize]) {
        keep_copies_back(errand, items);
        for company in companies(errand, items, open) {
            let going: Vec<usize> = company.into_iter().filter(|at| matches!(items[*at].fate, Fate::Open)).collect();
            wait_together(items, &going);
            self.pace(errand, items, &going);
        }
    }

    /// One message has one text: where a rewrite is wanted for some of a company, it is made for all.
    pub(super) fn share_rewrites(
        &self,
        errand: &Errand<'_>,
        items: &mut [Item],
        open: &[usize],
        groups: &mut BTreeMap<CustomerKey, Group>,
        rules: &PolicySet,
    ) {
        for company in companies(errand, items, open) {
            let going: Vec<usize> = company.into_iter().filter(|at| items[*at].leaves_now()).collect();
            if going.iter().all(|at| items[*at].edits == items[going[0]].edits) {
                continue;
            }
            let mut wanted: Vec<WantedRewrite> = Vec::new();
            for rewrite in going.iter().flat_map(|at| &items[*at].decision.rewrites) {
                if !wanted.contains(rewrite) {
                    wanted.push(rewrite.clone());
                }
            }
            for at in going.iter().copied() {
                let item = &mut items[at];
                let root = item.history.as_ref().map(|history| &history.root);
                let Some(group) = root.and_then(|root| groups.get_mut(root)) else { continue };
                uncount(item, &mut group.facts);
                group.facts.addressee = Some(item.key.0.clone());
                item.edits.clear();
                item.rewritten = None;
                item.decision.verdict = Verdict::Rewrite;
                item.decision.rewrites.clone_from(&wanted);
                self.rewrite(item, &group.facts, rules);
                if item.decision.verdict == Verdict::Block {
                    item.fate = Fate::Blocked;
                }
                self.count_at_once(item, &mut group.facts);
            }
            one_header(items, &going);
        }
    }

    /// Turns what may leave now into a delay when the route's rate is used up: pacing overflow holds,
    /// it does not answer 429 (design §4). A company is one message to the provider.
    fn pace(&self, errand: &Errand<'_>, items: &mut [Item], company: &[usize]) {
        let (Some(pace), Some(first)) = (&errand.route.pace, company.first()) else { return };
        if !items[*first].leaves_now() {
            return;
        }
        // What is released had its turn told when it was held.
        let asked = if errand.release.is_some() { pace.ready(1) } else { pace.turn() };
        let Err(wait) = asked else { return };
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        for at in company {
            let item = &mut items[*at];
            let until = item.now.saturating_add(wait).unwrap_or(Timestamp::MAX);
            let expires = match &errand.release {
                Some(release) => release.expires,
                None => item.now.saturating_add(self.hold_at_most()).unwrap_or(until),
            };
            if errand.release.is_none() && until > expires {
                item.fate = Fate::NotTaken("more messages wait for this provider than it takes in time".into());
                continue;
            }
            item.decision.verdict = Verdict::Delay { until, expires };
            item.paced = true;
        }
        let waiting: Vec<usize> = company.iter().copied().filter(|at| items[*at].paced).collect();
        wait_together(items, &waiting);
        tracing::debug!(route = errand.route.name, "held for the provider's pace");
    }
}

/// One message has one header: a field that names its recipient names the first of them, beside whom the copies go.
fn one_header(items: &mut [Item], going: &[usize]) {
    let leaving: Vec<usize> = going.iter().copied().filter(|at| items[*at].leaves_now()).collect();
    let Some(first) = leaving.first().map(|at| items[*at].edits.clone()) else { return };
    let text = |edits: &[Edit]| edits.iter().filter(|e| e.as_field().is_none()).cloned().collect::<Vec<_>>();
    for at in leaving {
        if text(&items[at].edits) == text(&first) {
            items[at].edits.clone_from(&first);
        }
    }
}

/// When one has to wait all wait, until the latest of them may go and as long as the most patient of them
/// may: each rule is asked again then, and the message's own truth bounds every one of these times.
fn wait_together(items: &mut [Item], going: &[usize]) {
    let times = going.iter().filter_map(|at| match items[*at].decision.verdict {
        Verdict::Delay { until, expires } => Some((until, expires)),
        _ => None,
    });
    let latest = times.reduce(|(until, expires), (later, longer)| (until.max(later), expires.max(longer)));
    let Some((until, expires)) = latest else { return };
    for at in going {
        items[*at].decision.verdict = Verdict::Delay { until, expires };
    }
}

/// What the dialect says cannot leave alone is blocked before anything is reserved for it.
fn keep_copies_back(errand: &Errand<'_>, items: &mut [Item]) {
    let (Wire::Http(request), Tongue::Http(dialect)) = (&errand.submission.wire, &errand.tongue) else { return };
    if errand.leaders.len() < 2 {
        return;
    }
    let goes = |item: &Item| matches!(item.fate, Fate::Open);
    let allowed: Vec<usize> = items.iter().filter(|item| goes(item)).map(|item| item.index).collect();
    let able = dialect.can_leave(request, &allowed);
    for item in items.iter_mut().filter(|item| goes(item) && !able.contains(&item.index)) {
        item.stays_with_addressee = true;
        item.decision.verdict = Verdict::Block;
        item.fate = Fate::Blocked;
    }
}
