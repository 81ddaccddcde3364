//! How the gateway stands, for the admin door.

use std::sync::Arc;

use super::watching::Certainty;
use super::{Gateway, Upstream};
use crate::accept::admin::{AdminView, PartReadiness, PolicyReadiness, Readiness, RouteReadiness, StoreReadiness};
use crate::forward::breaker::BreakerState;
use crate::store::{Standing, StoreError};

/// The gateway as the admin door sees it.
#[derive(Debug, Clone)]
pub struct View(pub Arc<Gateway>);

impl AdminView for View {
    async fn readiness(&self) -> Readiness {
        let gateway = &self.0;
        let status = gateway.policies.status();
        let mut store = store_readiness(gateway.store.ping().await, gateway.store.standing());
        gateway.is_certain();
        if let (true, Some(why)) = (store.ok, uncertain(gateway.watch.certainty())) {
            store.ok = false;
            store.error = Some(why.to_owned());
        }
        let counted = gateway.hold.count().await;
        let holds_quarantined = counted.as_ref().map_or(0, |counts| counts.quarantined);
        let hold = part(counted.and(gateway.hold.has_room().await));
        Readiness {
            ready: store.ok && hold.ok && !gateway.admission.is_stopping(),
            sandbox: gateway.config.has_sandbox(),
            policies: PolicyReadiness { hash: status.hash, loaded_at: Some(status.loaded_at), error: status.error },
            store,
            shedding: gateway.admission.shedding(),
            stopping: gateway.admission.is_stopping(),
            hold,
            holds_quarantined,
            routes: gateway.routes.values().map(|route| readiness_of(&route.name, &route.upstream)).collect(),
        }
    }

    async fn metrics(&self) -> String {
        let gateway = &self.0;
        if let Ok(counts) = gateway.hold.count().await {
            gateway.metrics.holds(counts);
        }
        gateway.metrics.record_errors(gateway.log.errors());
        gateway.metrics.in_work(gateway.admission.in_work());
        let store = gateway.store.standing();
        gateway.metrics.store(store.breaker != BreakerState::Closed, &store.errors);
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

fn store_readiness(asked: Result<(), StoreError>, standing: Standing) -> StoreReadiness {
    let error = asked.err().map(|error| error.to_string()).or(standing.unready);
    let breaker = standing.breaker.name().to_owned();
    StoreReadiness { ok: error.is_none(), error, breaker, warnings: standing.warnings }
}

fn readiness_of(name: &str, upstream: &Upstream) -> RouteReadiness {
    let breaker = match upstream {
        Upstream::Http(http) => http.breaker(),
        Upstream::Mail(_) | Upstream::Sandbox(_) => BreakerState::Closed,
    };
    let ok = breaker != BreakerState::Open;
    RouteReadiness { name: name.to_owned(), ok, breaker: breaker.name().to_owned() }
}
