//! The breaker as a tower layer: what came back from an upstream speaks for or against it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower::{BoxError, Layer, Service};

pub use crate::breaker::{Breaker, BreakerOpen, BreakerState};
use crate::message::HttpReply;

impl<S> Layer<S> for Breaker {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { breaker: self.clone(), inner }
    }
}

/// A service behind a breaker.
#[derive(Debug, Clone)]
pub struct Guarded<S> {
    breaker: Breaker,
    inner: S,
}

impl<S, R> Service<R> for Guarded<S>
where
    S: Service<R, Response = HttpReply, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = HttpReply;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpReply, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let admitted = match self.breaker.admit() {
            Ok(admitted) => admitted,
            Err(open) => return Box::pin(async { Err(open.into()) }),
        };
        let call = self.inner.call(request);
        Box::pin(async move {
            let result = call.await;
            admitted.settle(failed(&result));
            result
        })
    }
}

/// Whether a result speaks against the upstream; `None` when it says nothing of it.
fn failed(result: &Result<HttpReply, BoxError>) -> Option<bool> {
    match result {
        Ok(reply) => Some(matches!(reply.status.as_u16(), 500 | 502..=504)),
        Err(error) if error.is::<tower::load_shed::error::Overloaded>() => None,
        Err(_) => Some(true),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;
    use tower::ServiceExt;

    use super::*;

    async fn ask(breaker: &Breaker, status: u16) -> Result<StatusCode, BoxError> {
        let service = breaker.layer(tower::service_fn(move |()| async move {
            Ok::<_, BoxError>(HttpReply { status: StatusCode::from_u16(status)?, ..HttpReply::default() })
        }));
        service.oneshot(()).await.map(|reply| reply.status)
    }

    #[tokio::test(start_paused = true)]
    async fn opens_after_a_row_of_failures_and_closes_after_a_good_probe() {
        let breaker = Breaker::new(3, Duration::from_secs(10));
        for status in [500, 503, 200, 500, 502] {
            ask(&breaker, status).await.unwrap();
        }
        assert_eq!(breaker.state(), BreakerState::Closed, "not in a row");
        ask(&breaker, 504).await.unwrap();
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(ask(&breaker, 200).await.unwrap_err().is::<BreakerOpen>());
        tokio::time::advance(Duration::from_secs(11)).await;
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        ask(&breaker, 500).await.unwrap();
        assert_eq!(breaker.state(), BreakerState::Open, "the probe failed");
        tokio::time::advance(Duration::from_secs(11)).await;
        ask(&breaker, 429).await.unwrap();
        assert_eq!(breaker.state(), BreakerState::Closed, "an answer, if not the wished one");
    }

    #[tokio::test(start_paused = true)]
    async fn one_probe_at_a_time_and_a_dropped_one_gives_its_place_back() {
        let breaker = Breaker::new(1, Duration::from_secs(1));
        ask(&breaker, 500).await.unwrap();
        tokio::time::advance(Duration::from_secs(2)).await;
        let probe = breaker.admit().unwrap();
        assert!(breaker.admit().is_err());
        drop(probe);
        ask(&breaker, 200).await.unwrap();
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
}
