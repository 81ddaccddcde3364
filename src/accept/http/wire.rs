//! A connection whose bytes pass the framing check on their way in, that gives up on a client that
//! never begins or never reads, and that lets a refused client read its refusal before closing.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::answer::Outbox;
use super::framing::Framing;

/// How long and how much a refused client may still send before the connection is cut: closing at once
/// would reset it, and the refusal could be lost on the way.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: usize = 64 << 20;
const READ_BYTES: usize = 16 << 10;

/// See the module.
pub struct Wire<T> {
    inner: T,
    framing: Framing,
    passed: Vec<u8>,
    given: usize,
    begin_by: Option<Pin<Box<Sleep>>>,
    stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    lingering: Option<(Pin<Box<Sleep>>, usize)>,
    outbox: Outbox,
}

impl<T> Wire<T> {
    /// A fresh connection: its first head must be whole after `begin`, and every write move on after `stall`.
    pub fn new(inner: T, head_bytes_max: usize, begin: Duration, stall: Duration, outbox: Outbox) -> Wire<T> {
        Wire {
            inner,
            framing: Framing::new(head_bytes_max),
            passed: Vec::new(),
            given: 0,
            begin_by: Some(Box::pin(sleep_until(Instant::now() + begin))),
            stall,
            stalled: None,
            lingering: None,
            outbox,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Wire<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.given < this.passed.len() {
                let left = this.passed.get(this.given..).unwrap_or_default();
                let take = left.len().min(buf.remaining());
                buf.put_slice(&left[..take]);
                this.given += take;
                if this.given == this.passed.len() {
                    this.passed.clear();
                    this.given = 0;
                }
                return Poll::Ready(Ok(()));
            }
            if let Some(begin_by) = &mut this.begin_by {
                if this.framing.begun() {
                    this.begin_by = None;
                } else if begin_by.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
            // Not filled with noughts first: that would cost more than the reading.
            let mut scratch = [const { MaybeUninit::uninit() }; READ_BYTES];
            let mut scratch = ReadBuf::uninit(&mut scratch);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut scratch))?;
            if scratch.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.framing.push(scratch.filled(), &mut this.passed);
        }
    }
}

impl<T: AsyncWrite + Unpin> Wire<T> {
    /// Passes a write's result on, but not a `Pending` that lasts.
    fn unless_stalled<R>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if result.is_ready() {
            self.stalled = None;
            return result;
        }
        let stall = self.stall;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + stall)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.inner).poll_write(cx, buf);
        this.unless_stalled(cx, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.inner).poll_write_vectored(cx, bufs);
        this.unless_stalled(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.inner).poll_flush(cx);
        if matches!(result, Poll::Ready(Ok(()))) {
            this.outbox.flushed();
        }
        this.unless_stalled(cx, result)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingering.is_none() {
            let result = Pin::new(&mut this.inner).poll_shutdown(cx);
            ready!(this.unless_stalled(cx, result))?;
            if !this.framing.unfinished() {
                return Poll::Ready(Ok(()));
            }
            this.lingering = Some((Box::pin(sleep_until(Instant::now() + LINGER)), 0));
        }
        let Some((until, read)) = &mut this.lingering else { return Poll::Ready(Ok(())) };
        let mut scratch = [0; READ_BYTES];
        while *read < LINGER_BYTES_MAX && until.as_mut().poll(cx).is_pending() {
            let mut scratch = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut this.inner).poll_read(cx, &mut scratch)) {
                Ok(()) if !scratch.filled().is_empty() => *read += scratch.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}
