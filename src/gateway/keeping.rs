//! What a running gateway does about its own files: nothing stays longer than it says, and a person who was
//! erased elsewhere is erased here.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use tokio_util::sync::CancellationToken;

use super::Gateway;
use super::erasing::Files;
use crate::record::{Days, reconcile};
use crate::store::erasures::Erasure;
use crate::store::{StoreError, StoreKind};

/// How often word of erasures is looked for, and whether the day has changed.
const EVERY: Duration = Duration::from_secs(5);

/// What was done already.
#[derive(Debug, Default)]
struct Kept {
    day: Option<Date>,
    /// The day on which all words of erasures were asked for.
    asked: Option<Date>,
    /// The last sweep failed, and it was said.
    failed: bool,
    erased: BTreeSet<Erasure>,
}

impl Gateway {
    /// Keeps house until the gateway stops. What fails is told and done again.
    pub async fn keep_house(self: Arc<Gateway>, stop: CancellationToken) {
        let mut kept = Kept::default();
        loop {
            let done = self.keep_once(&mut kept).await;
            if let Err(error) = &done
                && !kept.failed
            {
                tracing::warn!(%error, "the files were not swept; tried again every few seconds");
            }
            kept.failed = done.is_err();
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    async fn keep_once(&self, kept: &mut Kept) -> anyhow::Result<()> {
        let now = self.clock.now();
        let today = day_of(now);
        let journal_days = self.config.record.journal_days(self.config.store.history_days);
        self.retire(kept, today, journal_days, now).await?;
        if self.config.store.kind != StoreKind::Redis {
            // Nobody else reaches this store: who erases does it with the gateway's own files in hand.
            return Ok(());
        }
        // Once a day, and at a start, all words that may still be about a file here.
        let all = kept.asked != Some(today);
        self.carry_out(kept, &days_before(today, if all { journal_days + 1 } else { 2 }), now).await?;
        if all {
            self.store.end_erasures(back(today, journal_days + 2)).await?;
            kept.erased.retain(|erasure| day_of(erasure.at) >= back(today, journal_days + 1));
            kept.asked = Some(today);
        }
        Ok(())
    }

    async fn retire(&self, kept: &mut Kept, today: Date, journal_days: u32, now: Timestamp) -> anyhow::Result<()> {
        if kept.day == Some(today) {
            return Ok(());
        }
        let decisions_days = self.config.record.decisions_days();
        let removed = self.log.retire(now, decisions_days, journal_days).await?;
        if removed > 0 {
            tracing::info!(removed, decisions_days, journal_days, "day files past their time were removed");
        }
        if let Some(before) = kept.day.replace(today) {
            self.tell_books(before, now).await;
        }
        Ok(())
    }

    async fn carry_out(&self, kept: &mut Kept, days: &[Date], now: Timestamp) -> anyhow::Result<()> {
        let told = self.store.erasures(days).await?;
        let fresh: Vec<Erasure> = told.into_iter().filter(|erasure| !kept.erased.contains(erasure)).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let Gateway { config, store, hold, log, refusals, .. } = self;
        let files = Files { config, store, hold, log, refusals };
        let erased = files.erase(&fresh, now).await?;
        let (keys, lines, held, leaving) = (fresh.len(), erased.journal_lines, erased.held, erased.leaving);
        tracing::info!(keys, lines, held, leaving, "erasures were carried out on this gateway's files");
        kept.erased.extend(fresh);
        Ok(())
    }

    /// The words of erasures that may be about a message that waits somewhere.
    pub(super) async fn words_of_erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        let days = self.hold_at_most().as_hours() / 24 + 2;
        self.store.erasures(&days_before(day_of(self.clock.now()), u32::try_from(days).unwrap_or(u32::MAX))).await
    }

    /// The day that ended, in one line a route.
    async fn tell_books(&self, day: Date, now: Timestamp) {
        let folder = self.config.data_dir.clone();
        let days = Days { from: day, to: day };
        let read = tokio::task::spawn_blocking(move || reconcile(&folder, days, now, |_| {})).await;
        match read {
            Ok(Ok(books)) => {
                for row in &books.rows {
                    let (route, received, difference) = (&row.route, row.received, row.difference);
                    if difference == 0 {
                        tracing::info!(%day, route, received, unanswered = row.unanswered, "the day's books balance");
                    } else {
                        tracing::error!(%day, route, received, difference, "the day's books do not balance");
                    }
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, "the day's books could not be read"),
            Err(error) => tracing::warn!(%error, "the day's books could not be read"),
        }
    }
}

fn days_before(today: Date, days: u32) -> Vec<Date> {
    (0..days).map(|days| back(today, days)).collect()
}

fn back(day: Date, days: u32) -> Date {
    day.checked_sub(Span::new().days(i64::from(days))).unwrap_or(day)
}

fn day_of(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}
