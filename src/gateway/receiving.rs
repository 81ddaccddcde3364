//! The left side of the books: every submission that is taken leaves a line before it is understood, and
//! one that ends without a decision leaves a second (`record/reconcile.rs` holds them against the decisions).

use super::walking::Walk;
use super::{Errand, Gateway, NotStarted};
use crate::message::Submission;
use crate::record::entry::Line;
use crate::record::log::RecordError;
use crate::record::receipt::{ClosedEntry, ReceivedEntry, WhyClosed};

/// A submission that was taken; it leaves its line also when the walk is torn down before it was read.
pub(super) struct Taken<'a> {
    gateway: &'a Gateway,
    submission: &'a Submission,
    walk: &'a Walk,
    told: bool,
}

impl Gateway {
    /// From here on the submission is on the books.
    pub(super) fn taken<'a>(&'a self, submission: &'a Submission, walk: &'a Walk) -> Taken<'a> {
        walk.owes(closed(submission, 1, WhyClosed::Failed));
        Taken { gateway: self, submission, walk, told: false }
    }

    /// A submission, or some recipients of it, ended without a decision.
    pub(super) async fn closed(&self, entry: ClosedEntry) {
        self.say(self.log.note(&Line::Closed(entry)).await);
    }

    /// A message came that no route takes: it never became a submission, and is on the books all the same.
    pub(super) async fn unrouted(&self) {
        let at = self.clock.now();
        let (submission, route) = (self.ids.submission(at), String::new());
        let received = ReceivedEntry { submission: submission.clone(), at, route: route.clone(), recipients: 1 };
        self.say(self.log.note(&Line::Received(received)).await);
        let closed = ClosedEntry { submission, at, route, recipients: 1, why: WhyClosed::NoRoute };
        self.say(self.log.note(&Line::Closed(closed)).await);
    }

    fn say(&self, noted: Result<(), RecordError>) {
        if let Err(error) = noted {
            tracing::error!(%error, "a submission is not on the books");
            self.metrics.record_errors(self.log.errors());
        }
    }
}

impl Taken<'_> {
    /// It was read: so many it is for.
    pub(super) async fn read(mut self, errand: &Errand<'_>) {
        self.told = true;
        let recipients = errand.reading.recipients.len();
        self.walk.owes(closed(self.submission, recipients, WhyClosed::Failed));
        let line = self.line(recipients);
        self.gateway.say(self.gateway.log.note(&line).await);
    }

    /// It does not start its walk.
    pub(super) async fn not_started(mut self, refused: &NotStarted) {
        self.told = true;
        let why = match refused {
            NotStarted::Malformed(_) => WhyClosed::Malformed,
            NotStarted::NoRoute(_) => WhyClosed::NoRoute,
        };
        self.gateway.say(self.gateway.log.note(&self.line(1)).await);
        self.walk.owes(closed(self.submission, 0, why));
        self.gateway.closed(closed(self.submission, 1, why)).await;
    }

    fn line(&self, recipients: usize) -> Line {
        Line::Received(ReceivedEntry {
            submission: self.submission.id.clone(),
            at: self.submission.received_at,
            route: self.submission.route.clone(),
            recipients: u32::try_from(recipients).unwrap_or(u32::MAX),
        })
    }
}

fn closed(submission: &Submission, recipients: usize, why: WhyClosed) -> ClosedEntry {
    ClosedEntry {
        submission: submission.id.clone(),
        at: submission.received_at,
        route: submission.route.clone(),
        recipients: u32::try_from(recipients).unwrap_or(u32::MAX),
        why,
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if !self.told {
            self.gateway.say(self.gateway.log.note_at_once(&self.line(1)));
        }
    }
}
