//! An answer on its way out. Its client counts as told once the last byte was handed to the socket and the
//! socket flushed, and as not told when the connection ended before that.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

use crate::accept::Telling;

/// Answers of one connection that are written into its buffers and not yet flushed.
#[derive(Debug, Clone, Default)]
pub(super) struct Outbox(Arc<Mutex<Vec<Telling>>>);

impl Outbox {
    /// Everything written so far has left.
    pub(super) fn flushed(&self) {
        let left = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        left.into_iter().for_each(Telling::told);
    }

    fn add(&self, telling: Telling) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(telling);
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(super) struct Answer {
    body: Full<Bytes>,
    telling: Option<Telling>,
    outbox: Outbox,
}

impl Answer {
    pub(super) fn new(body: Bytes, telling: Option<Telling>, outbox: &Outbox) -> Answer {
        Answer { body: Full::new(body), telling, outbox: outbox.clone() }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::convert::Infallible>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    /// The connection drops a body when it took all of it (an empty one at once), or when it ends.
    fn drop(&mut self) {
        if let Some(telling) = self.telling.take().filter(|_| self.body.is_end_stream()) {
            self.outbox.add(telling);
        }
    }
}
