//! `[limits]`: what the gateway as a whole takes on at once, over all its doors.

use serde::Deserialize;
use toml::Spanned;

use super::problem::Problems;

/// More products than a gateway should hold in memory for one brand.
const ITEMS_MAX: usize = 200_000;

/// `[limits]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitSettings {
    /// Submissions in work at once.
    pub submissions_max: usize,
    /// How much of submissions, connections and bodies ordinary messages leave to must-send ones.
    pub must_send_reserve_percent: usize,
    /// How long a stop waits for what is under way.
    pub drain_seconds: u64,
    /// Addresses whose refusals are remembered on this machine for when the store is away.
    pub refusals_remembered_max: usize,
    /// Products of one brand's catalogue.
    pub catalogue_items_max: usize,
}

impl Default for LimitSettings {
    fn default() -> LimitSettings {
        LimitSettings {
            submissions_max: 2_048,
            // Stripe's load shedder keeps 20 % for critical traffic; less would not outlast a campaign.
            must_send_reserve_percent: 20,
            drain_seconds: 30,
            refusals_remembered_max: 100_000,
            catalogue_items_max: 50_000,
        }
    }
}

/// As written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLimits {
    submissions_max: Option<Spanned<usize>>,
    must_send_reserve_percent: Option<Spanned<usize>>,
    drain_seconds: Option<u64>,
    refusals_remembered_max: Option<usize>,
    catalogue_items_max: Option<Spanned<usize>>,
}

impl RawLimits {
    pub(super) fn check(&self, problems: &mut Problems) -> LimitSettings {
        let usual = LimitSettings::default();
        if let Some(few) = self.submissions_max.as_ref().filter(|max| *max.get_ref() < 5) {
            problems.add(few.span(), "with less than 5 there is nothing to keep a fifth of");
        }
        if let Some(odd) = self.must_send_reserve_percent.as_ref().filter(|p| !(20..=90).contains(p.get_ref())) {
            problems.add_with_help(
                odd.span(),
                "this is not a reserve for what must be sent",
                "write a number from 20 to 90: the percentage that ordinary messages leave free",
            );
        }
        let items_max = self.catalogue_items_max.as_ref();
        if let Some(many) = items_max.filter(|max| !(1..=ITEMS_MAX).contains(max.get_ref())) {
            problems.add_with_help(
                many.span(),
                "a catalogue of so many products is not read",
                format!("write a number from 1 to {ITEMS_MAX}"),
            );
        }
        let or = |given: &Option<Spanned<usize>>, usual| given.as_ref().map_or(usual, |given| *given.get_ref());
        LimitSettings {
            submissions_max: or(&self.submissions_max, usual.submissions_max),
            must_send_reserve_percent: or(&self.must_send_reserve_percent, usual.must_send_reserve_percent),
            drain_seconds: self.drain_seconds.unwrap_or(usual.drain_seconds),
            refusals_remembered_max: self.refusals_remembered_max.unwrap_or(usual.refusals_remembered_max),
            catalogue_items_max: or(&self.catalogue_items_max, usual.catalogue_items_max),
        }
    }
}
