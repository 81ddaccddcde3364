//! `POST /tactgate/v1/decide`: what would you do? The body of `/v1/messages`, decided with the facts of
//! the moment and forgotten: nothing is sent, held, reserved, claimed, paced or recorded. Whoever may ask
//! may tell events, too, so the answer says why in full, as `explain` does.

use std::net::IpAddr;

use http::StatusCode;
use serde_json::{Value, json};

use super::deciding::named_by;
use super::inside::{query_value, refuse};
use super::item::Item;
use super::{Errand, Gateway, NotStarted};
use crate::config::EventToken;
use crate::decide::Verdict;
use crate::message::{HttpReply, HttpRequest, Stream, Submission, Wire};
use crate::policy::PolicySet;
use crate::providers::{Dialect as _, Refusal, tactgate::Tactgate};

impl Gateway {
    /// Answers what would be decided. Off loopback it needs a token of `[events]`; `?stream=` names whose
    /// message it would be, else it is that of a message without a credential.
    pub(super) async fn take_question(&self, peer: IpAddr, request: HttpRequest, asked: bool) -> HttpReply {
        let token = match self.token_holder(peer, &request, asked) {
            Ok(token) => token,
            Err((status, why)) => return refuse(status, why),
        };
        let stream = match self.stream_asked_for(&request, token) {
            Ok(stream) => stream,
            Err((status, why)) => return refuse(status, why),
        };
        // Nothing leaves, so any way out will do where none is for this API.
        let route = self.config.route_for("tactgate", &stream.name).or(self.config.routes.first());
        let Some(route) = route else { return refuse(StatusCode::NOT_FOUND, "there is no route") };
        let received_at = self.clock.now();
        let submission = Submission {
            id: self.ids.submission(received_at),
            received_at,
            peer,
            dialect: Tactgate.name().to_owned(),
            stream: stream.clone(),
            route: route.name.clone(),
            wire: Wire::Http(request),
        };
        let Wire::Http(request) = &submission.wire else { return HttpReply::default() };
        let errand = match self.errand(&submission, None) {
            Ok(errand) => errand,
            Err(NotStarted::Malformed(malformed)) => return Tactgate.refused(request, &Refusal::Malformed(&malformed)),
            Err(NotStarted::NoRoute(why)) => return Tactgate.refused(request, &Refusal::NoRoute(&why)),
        };
        let set = self.policies.current();
        let mut items = self.understand_items(&errand);
        let knowing = self.foresee(&errand, &mut items, &set).await;
        let recipients: Vec<Value> = items.iter().map(|item| self.foreseen(item, &set)).collect();
        let answer = json!({
            "now": received_at, "stream": stream.name, "policy": set.hash, "facts_known": knowing, "recipients": recipients,
        });
        HttpReply::json(StatusCode::OK, &answer)
    }

    fn stream_asked_for(
        &self,
        request: &HttpRequest,
        token: Option<&EventToken>,
    ) -> Result<&Stream, (StatusCode, &'static str)> {
        let brand = token.and_then(|token| token.brand.as_deref());
        let stream = match query_value(request, "stream") {
            Some(name) => self.config.stream(&name),
            None => {
                let usual = self.config.stream_without_credential("tactgate");
                let fits = |stream: &&Stream| brand.is_none_or(|brand| stream.brand == brand);
                Some(usual).filter(fits).or_else(|| self.config.streams.iter().map(|s| &s.stream).find(fits))
            }
        };
        let stream = stream.ok_or((StatusCode::NOT_FOUND, "there is no such stream"))?;
        if brand.is_some_and(|brand| brand != stream.brand) {
            return Err((StatusCode::FORBIDDEN, "this token speaks of another brand"));
        }
        Ok(stream)
    }

    /// Decides as the walk does, and stops there. False when the store did not answer.
    async fn foresee(&self, errand: &Errand<'_>, items: &mut [Item], rules: &PolicySet) -> bool {
        let brand = errand.submission.stream.brand.as_str();
        let open: Vec<usize> = (0..items.len()).collect();
        let keys: Vec<_> = items.iter().map(|item| item.key.clone()).collect();
        match self.store.load_named(brand, &keys, &named_by(items)).await {
            Ok(loaded) => {
                let mut groups = self.group(loaded, &open, self.zone(brand));
                self.forget_ended_holds(&mut groups).await;
                for group in groups.values_mut() {
                    for index in &group.members {
                        self.decide_one(errand, &mut items[*index], &mut group.facts, rules, true);
                        self.count_at_once(&items[*index], &mut group.facts);
                    }
                }
                true
            }
            Err(error) => {
                tracing::warn!(%error, "asked without the store");
                items.iter_mut().for_each(|item| self.decide_unknowing(errand, item, rules));
                false
            }
        }
    }

    fn foreseen(&self, item: &Item, set: &PolicySet) -> Value {
        let decision = &item.decision;
        let title = |rule: &str| set.rule(rule).map(|judge| judge.head().title.clone());
        let reasons = self.reasons(item, set);
        let findings: Vec<Value> = decision
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "guard": finding.guard, "rule": finding.rule, "title": title(&finding.rule),
                    "wants": finding.wants.name(), "shadow": finding.shadow, "not_removed": finding.not_removed,
                    "degraded": finding.degraded, "answer": finding.answer, "reason": reasons.get(&finding.rule),
                })
            })
            .collect();
        let (until, expires) = match decision.verdict {
            Verdict::Delay { until, expires } => (Some(until), Some(expires)),
            _ => (None, None),
        };
        let rule = decision.decisive().filter(|_| decision.verdict != Verdict::Pass).map(|finding| &finding.rule);
        json!({
            "recipient": item.index, "verdict": decision.verdict.name(), "until": until, "expires": expires,
            "rule": rule, "title": rule.and_then(|rule| title(rule)), "must_send": decision.must_send,
            "findings": findings,
        })
    }
}
