//! Runs the cases: builds the facts a case tells of, understands its message, decides, and compares.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::case_spec::{CaseSpec, Expect, MessageSpec, Moment, OfferSpec, PolicyCase, Reads};
use super::error::PolicyError;
use super::{Judge, Mode, Place, PolicySet, Selection, case_facts, select, wording};
use crate::decide::{
    Answer, Decision, Finding, Verdict, after_rewrite, as_the_promotion_it_carries, decide, guards, not_rewritten,
};
use crate::facts::{Why, zone};
use crate::message::declared::DeclaredSurvey;
use crate::message::{
    Address, Channel, Content, Declared, DeclaredOffer, Language, Message, PRIORITY_NORMAL, Part, PartKind, Stream,
};

use crate::rewrite::{self, Original, Unfit};
use crate::understand::{Catalogue, Context, Meaning, ProductLinks, understand};

/// How a case went.
#[derive(Debug, Clone)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// What went wrong, in full; `None` when it held.
    pub failure: Option<PolicyError>,
}

/// Which rules a case speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those of its own file: the cases beside the rules.
    File,
    /// The whole set, but for rules that are off: stories.
    Set,
}

/// Runs every case of a set against the rules of its own file.
pub fn run_cases(set: &PolicySet) -> Vec<CaseResult> {
    set.cases.iter().map(|case| run_case(set, case, Scope::File)).collect()
}

/// Runs one case.
pub fn run_case(set: &PolicySet, case: &PolicyCase, scope: Scope) -> CaseResult {
    let failure = match judge(set, case, scope) {
        Ok(None) => None,
        Ok(Some(report)) | Err(report) => {
            let message = format!("the case \"{}\" fails", case.spec.name);
            Some(PolicyError::at(&case.source, case.span.clone(), message).advise(report))
        }
    };
    CaseResult { name: case.spec.name.clone(), place: case.place.clone(), failure }
}

/// `Ok(None)` when the case holds, `Ok(Some(report))` when it does not, `Err` when it cannot be run.
fn judge(set: &PolicySet, case: &PolicyCase, scope: Scope) -> Result<Option<String>, String> {
    let spec = &case.spec;
    let brand_zone = match &spec.zone {
        Some(name) => zone(name).ok_or_else(|| format!("`{name}` is not a time zone"))?,
        None => TimeZone::fixed(spec.now.1),
    };
    let shop = Shop { zone: brand_zone, links: ProductLinks::default(), catalogue: case_facts::catalogue(spec) };
    let (message, meaning) = read(&spec.message, spec.now.0, &shop)?;
    let facts = case_facts::facts(spec, &meaning, &shop)?;
    let rules = |message: &Message, meaning: &Meaning| {
        // A file's cases try its rules whatever their mode; a story is told with the set as it stands.
        let speaks = |judge: &&dyn Judge| match scope {
            Scope::File => judge.head().place.file == case.place.file,
            Scope::Set => judge.head().mode != Mode::Off,
        };
        let applying = |meaning: &Meaning| {
            let judges = set.rules.iter().map(|judge| judge.as_ref()).filter(speaks);
            judges.filter(|judge| select::applies(judge.head().filters, message, meaning)).collect()
        };
        let of_offers = as_the_promotion_it_carries(message, meaning).map(|sold| applying(&sold));
        let of_offers = of_offers.unwrap_or_default();
        Selection { judges: applying(meaning), of_offers, everyone: true, rehearsal: true }
    };
    if let Some(rule) = named_rule(&spec.expect)
        && set.rule(rule).is_none()
    {
        return Err(format!("there is no rule `{rule}`"));
    }
    let applying = rules(&message, &meaning);
    let decision = decide(spec.now.0, &message, &meaning, &facts, &applying);
    let mut change = None;
    let mut settled = decision.clone();
    if !decision.rewrites.is_empty() {
        let original = Original { message: &message, meaning: &meaning, zone: &shop.zone };
        match rewrite::apply(&original, &decision.rewrites) {
            Ok(changed) => {
                let message =
                    Message { content: changed.content.into(), declared: changed.declared, ..message.clone() };
                let meaning = understood_again(&message, spec.now.0, &shop);
                let after = decide(spec.now.0, &message, &meaning, &facts, &rules(&message, &meaning));
                settled = after_rewrite(decision.clone(), &after);
                change = Some(Ok(message));
            }
            Err(unfit) => {
                settled = not_rewritten(decision.clone());
                change = Some(Err(unfit));
            }
        }
    }
    if holds(&spec.expect, &decision, &settled, change.as_ref()) {
        return Ok(None);
    }
    let mut report = report(spec, &decision, &meaning, &applying, &shop.zone);
    match change {
        Some(Ok(changed)) if settled.verdict == Verdict::Block => {
            report.push_str(&format!("\nrewritten, and harm is left: {}", words(&changed)));
        }
        Some(Ok(changed)) => report.push_str(&format!("\nrewritten: {}", words(&changed))),
        Some(Err(unfit)) => report.push_str(&format!("\nnot rewritten: {unfit}")),
        None => {}
    }
    Ok(Some(report))
}

fn words(message: &Message) -> String {
    message.content.parts.iter().map(|part| format!("{:?} {:?}", part.kind, part.text)).collect::<Vec<_>>().join(", ")
}

fn named_rule(expect: &Expect) -> Option<&str> {
    match expect {
        Expect::Pass => None,
        Expect::Block(rule) | Expect::Delay(rule, _) | Expect::Rewrite(rule, _) | Expect::CannotTell(rule) => {
            Some(rule)
        }
    }
}

/// A case may test a rule that only watches yet: what a finding wants counts, shadow or not. `settled` is what
/// stands once a rewrite was made and read again.
fn holds(expect: &Expect, decision: &Decision, settled: &Decision, change: Option<&Result<Message, Unfit>>) -> bool {
    let settled_of = |rule: &str| settled.findings.iter().find(|f| f.rule == rule);
    let of = |rule: &str| decision.findings.iter().find(|f| f.rule == rule);
    match expect {
        Expect::Pass => decision.findings.iter().all(|f| f.wants == Verdict::Pass),
        Expect::Block(rule) => {
            of(rule).is_some_and(|f| f.wants == Verdict::Block)
                || settled_of(rule).is_some_and(|f| f.wants == Verdict::Block)
        }
        Expect::Rewrite(rule, reads) => {
            let part = |kind, wanted: &Option<String>| {
                let Some(wanted) = wanted else { return true };
                let Some(Ok(changed)) = change else { return false };
                changed.content.parts.iter().any(|part| part.kind == kind && part.text == *wanted)
            };
            if *reads == Reads::default() {
                return of(rule).is_some_and(|f| f.wants == Verdict::Rewrite);
            }
            settled_of(rule).is_some_and(|f| f.wants == Verdict::Rewrite)
                && part(PartKind::Subject, &reads.subject)
                && part(PartKind::Plain, &reads.text)
                && part(PartKind::Html, &reads.html)
        }
        Expect::CannotTell(rule) => of(rule).is_some_and(|f| matches!(f.answer, Answer::CannotTell(_))),
        Expect::Delay(rule, until) => of(rule).is_some_and(|f| match (&f.wants, &decision.verdict, until) {
            (Verdict::Delay { .. }, _, None) => true,
            (Verdict::Delay { .. }, Verdict::Delay { until: at, .. }, Some(Moment(wanted, _))) => at == wanted,
            (Verdict::Delay { until: at, .. }, _, Some(Moment(wanted, _))) => at == wanted,
            _ => false,
        }),
    }
}

fn report(spec: &CaseSpec, decision: &Decision, meaning: &Meaning, rules: &Selection<'_>, clock: &TimeZone) -> String {
    let mut lines = vec![format!("expected: {}", spec.expect), format!("got:      {}", verdict(&decision.verdict))];
    for finding in &decision.findings {
        lines.push(finding_line(finding, rules, spec.now.0, clock));
    }
    if decision.findings.is_empty() {
        lines.push(format!("no rule objects, of {} that apply", rules.judges.len()));
    }
    lines.push(understood(meaning));
    lines.join("\n")
}

fn finding_line(finding: &Finding, rules: &Selection<'_>, now: Timestamp, clock: &TimeZone) -> String {
    let said = match &finding.answer {
        Answer::Fine => "fine".to_owned(),
        Answer::CannotTell(why) => format!("cannot tell ({})", why_words(*why)),
        Answer::Objects(objection) => {
            let reader = wording::Reader { language: Language::En, zone: clock.clone(), now };
            let judge: Option<&&dyn Judge> = rules.judges.iter().find(|j| j.head().id == finding.rule);
            let template = judge.map(|j| j.head().reason);
            let words = template.map(|t| wording::reason(t, &objection.because, &reader)).unwrap_or_default();
            if words.is_empty() { format!("objects: {:?}", objection.because) } else { words }
        }
    };
    let shadow = if finding.shadow { " (shadow)" } else { "" };
    format!("`{}` ({}){shadow} wants {}: {said}", finding.rule, finding.place, verdict(&finding.wants))
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Delay { until, .. } => format!("delay until {until}"),
        other => other.name().to_owned(),
    }
}

fn why_words(why: Why) -> &'static str {
    match why {
        Why::StoreDown => "the store does not answer",
        Why::TooYoung => "not known for the whole window",
        Why::Unread => "the message does not say enough",
        Why::NotTold => "the shop did not say",
    }
}

fn understood(meaning: &Meaning) -> String {
    let offers: Vec<String> = meaning
        .offers
        .iter()
        .map(|o| format!("{} {}", o.product.as_deref().unwrap_or("?"), o.price.map_or("?".into(), |p| p.to_string())))
        .collect();
    let ends: Vec<String> =
        meaning.deadlines.iter().map(|d| d.instant.map_or("no date".into(), |i| i.to_string())).collect();
    format!(
        "understood: {}; offers [{}]; ends [{}]; surveys {}; topics [{}]; doubts {}",
        guards::understood_purpose(meaning),
        offers.join(", "),
        ends.join(", "),
        meaning.surveys.len(),
        meaning.topics.iter().map(|topic| topic.name.as_str()).collect::<Vec<_>>().join(", "),
        meaning.doubts.len()
    )
}

/// What the shop is like in a case.
pub(super) struct Shop {
    pub(super) zone: TimeZone,
    pub(super) links: ProductLinks,
    pub(super) catalogue: Catalogue,
}

/// A message, and what it says.
pub(super) fn read(spec: &MessageSpec, now: Timestamp, shop: &Shop) -> Result<(Message, Meaning), String> {
    let part = |kind, text: &Option<String>| text.clone().map(|text| Part { kind, text });
    let parts =
        [part(PartKind::Subject, &spec.subject), part(PartKind::Plain, &spec.text), part(PartKind::Html, &spec.html)];
    let content = Content {
        parts: parts.into_iter().flatten().collect(),
        headers: spec.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect(),
        unreadable: spec.unreadable.iter().cloned().collect(),
    };
    let declared = Declared {
        campaign: spec.campaign.clone(),
        department: spec.department.clone(),
        purpose: spec.purpose.clone(),
        survey: spec.survey.clone().map(|id| DeclaredSurvey { id, minutes: None }),
        offers: spec.offers.iter().map(declared_offer).collect(),
    };
    let customer = match spec.channel {
        Channel::Email => "customer@example.com",
        Channel::Sms => "+8613800138000",
    };
    let recipient = Address::for_channel(spec.channel, spec.to.as_deref().unwrap_or(customer), None);
    let message = Message {
        channel: spec.channel,
        recipient: recipient.map_err(|e| e.to_string())?,
        content: std::sync::Arc::new(content),
        declared,
        stream: Stream {
            name: "case".into(),
            brand: spec.brand.clone().unwrap_or_else(|| "brand".into()),
            class: spec.class,
            priority: spec.priority.unwrap_or(PRIORITY_NORMAL),
            ..Stream::default()
        },
    };
    let mut meaning = understood_again(&message, now, shop);
    meaning.surveys.iter_mut().for_each(|survey| survey.reminder |= spec.survey_reminder);
    Ok((message, meaning))
}

fn understood_again(message: &Message, now: Timestamp, shop: &Shop) -> Meaning {
    let context = Context { now, zone: &shop.zone, links: &shop.links, catalogue: &shop.catalogue };
    understand(&context, message.channel, &message.content, &message.declared)
}

fn declared_offer(spec: &OfferSpec) -> DeclaredOffer {
    DeclaredOffer {
        product: spec.product.to_uppercase(),
        id: spec.id.clone(),
        price: spec.price,
        list_price: spec.list_price,
        ends: spec.ends.map(|Moment(at, _)| at),
        exclusive: spec.exclusive,
        left: spec.left,
    }
}
