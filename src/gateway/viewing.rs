//! How the gateway stands, for the admin door.

use std::sync::Arc;

use super::watching::Certainty;
use super::{Gateway, Upstream};
use crate::accept::admin::{AdminView, PartReadiness, PolicyReadiness, Readiness, RouteReadiness};
use crate::forward::breaker::BreakerState;

/// The gateway as the admin door sees it.
#[derive(Debug, Clone)]
pub struct View(pub Arc<Gateway>);

impl AdminView for View {
    async fn readiness(&self) -> Readiness {
        let gateway = &self.0;
        let status = gateway.policies.status();
        let mut store = part(gateway.store.ping().await);
        gateway.is_certain();
        if let (true, Some(why)) = (store.ok, uncertain(gateway.watch.certainty())) {
            store = PartReadiness { ok: false, error: Some(why.to_owned()) };
        }
        let counted = gateway.hold.count().await;
        let hold = part(counted);
        Readiness {
            ready: store.ok && hold.ok,
            sandbox: gateway.config.has_sandbox(),
            policies: PolicyReadiness { hash: status.hash, loaded_at: Some(status.loaded_at), error: status.error },
            store,
            hold,
            routes: gateway.routes.values().map(|route| readiness_of(&route.name, &route.upstream)).collect(),
        }
    }

    async fn metrics(&self) -> String {
        let gateway = &self.0;
        if let Ok(counts) = gateway.hold.count().await {
            gateway.metrics.holds(counts);
        }
        gateway.metrics.record_errors(gateway.log.errors());
        for route in gateway.routes.values() {
            if let Upstream::Http(http) = &route.upstream {
                gateway.metrics.breaker(&route.name, http.breaker().level());
            }
        }
        gateway.metrics.encode()
    }
}

fn uncertain(certainty: Certainty) -> Option<&'static str> {
    match certainty {
        Certainty::Certain => None,
        Certainty::Asking => Some("uncertain: a call failed, and the store is asked whether it forgot"),
        Certainty::Retelling => Some("uncertain: the store forgot, and is told again what the journal knows"),
    }
}

fn part<T, E: std::fmt::Display>(asked: Result<T, E>) -> PartReadiness {
    match asked {
        Ok(_) => PartReadiness { ok: true, error: None },
        Err(error) => PartReadiness { ok: false, error: Some(error.to_string()) },
    }
}

fn readiness_of(name: &str, upstream: &Upstream) -> RouteReadiness {
    let breaker = match upstream {
        Upstream::Http(http) => http.breaker(),
        Upstream::Mail(_) | Upstream::Sandbox(_) => BreakerState::Closed,
    };
    let ok = breaker != BreakerState::Open;
    RouteReadiness { name: name.to_owned(), ok, breaker: breaker.name().to_owned() }
}
