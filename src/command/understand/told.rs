//! A meaning as one JSON object: every finding with its words, the place they stand in, and how sure the
//! reader is.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::asked::Asked;
use crate::message::{Money, Span};
use crate::understand::{Confidence, Discount, Meaning, OptOut, Source};

/// What the message says.
pub(super) fn told(asked: &Asked, meaning: &Meaning) -> Value {
    let text = Text { asked };
    let mut told = Map::new();
    let mut tell = |name: &str, value: Value| told.insert(name.to_owned(), value);
    if let Some(id) = &asked.id {
        tell("id", id.clone());
    }
    tell("language", json!(meaning.language.or(asked.language)));
    tell("channel", json!(asked.channel));
    tell("purpose", json!(meaning.purpose));
    tell("urgency", json!(meaning.urgency()));
    tell(
        "urgencies",
        list(&meaning.urgencies, |claim| {
            let found = text.found(&claim.spans, claim.source, claim.confidence);
            with(found, [("kind", json!(claim.kind)), ("left", json!(claim.left))])
        }),
    );
    tell("deadlines", deadlines(&text, meaning));
    tell("survey", json!(!meaning.surveys.is_empty()));
    tell("minutes", json!(meaning.surveys.iter().find_map(|survey| survey.minutes)));
    tell(
        "surveys",
        list(&meaning.surveys, |survey| {
            let found = text.found(&survey.spans, survey.source, survey.confidence);
            with(found, [("survey", json!(survey.id)), ("minutes", json!(survey.minutes))])
        }),
    );
    tell(
        "prices",
        list(&meaning.prices, |price| {
            let found = text.found(&price.spans, price.source, price.confidence);
            with(
                found,
                [("amount", amount(price.money)), ("currency", currency(price.money)), ("kind", json!(price.kind))],
            )
        }),
    );
    tell(
        "discounts",
        list(&meaning.discounts, |told| {
            let found = text.found(&told.spans, told.source, told.confidence);
            with(found, discount(told.discount))
        }),
    );
    tell(
        "topics",
        list(&meaning.topics, |topic| {
            with(text.found(&topic.spans, topic.source, topic.confidence), [("name", json!(topic.name))])
        }),
    );
    tell("products", products(&text, meaning));
    tell(
        "vouchers",
        list(&meaning.vouchers, |voucher| {
            let found = text.found(&voucher.spans, voucher.source, voucher.confidence);
            let expires = voucher.expires.map(|at| text.local(at));
            with(found, [("kind", json!(voucher.kind)), ("code", json!(voucher.code)), ("expires", json!(expires))])
        }),
    );
    tell("audience", json!(meaning.audience));
    tell(
        "audiences",
        list(&meaning.audiences, |told| {
            let found = text.found(&told.spans, Source::Text, told.confidence);
            with(found, [("audience", json!(told.audience))])
        }),
    );
    tell(
        "opt_out",
        match &meaning.opt_out {
            None => Value::Null,
            Some(OptOut::Header) => json!("header"),
            Some(OptOut::Text(span)) => json!({"text": text.words(span), "span": span}),
        },
    );
    tell("doubts", json!(meaning.doubts));
    Value::Object(told)
}

/// One end is told once, however many pieces and copies of the text tell it.
fn deadlines(text: &Text<'_>, meaning: &Meaning) -> Value {
    let mut ends: Vec<(Option<Timestamp>, Map<String, Value>, Vec<Span>)> = Vec::new();
    for deadline in &meaning.deadlines {
        // The very words where they are known, else the sentence.
        let places = if deadline.words.is_empty() { Vec::from_iter(deadline.span) } else { deadline.words.clone() };
        match ends.iter_mut().find(|(instant, ..)| *instant == deadline.instant) {
            Some((.., spans)) => {
                for place in places {
                    if !spans.contains(&place) {
                        spans.push(place);
                    }
                }
            }
            None => {
                let instant = deadline.instant.map(|at| text.local(at));
                let found = text.found(&[], deadline.source, deadline.confidence);
                let found = with(found, [("instant", json!(instant)), ("kind", json!(deadline.kind))]);
                ends.push((deadline.instant, found, places));
            }
        }
    }
    let told = ends.into_iter().map(|(_, mut found, spans)| {
        text.place(&mut found, &spans);
        Value::Object(found)
    });
    told.collect()
}

/// The products offered, with what the message says of each.
fn products(text: &Text<'_>, meaning: &Meaning) -> Value {
    let offers = meaning.offers.iter().filter(|offer| offer.product.is_some());
    let told = offers.map(|offer| {
        let found = text.found(&offer.spans, offer.source, offer.confidence);
        let price = |money: Option<Money>| money.map_or(Value::Null, amount);
        let found = with(
            found,
            [
                ("sku", json!(offer.product)),
                ("price", price(offer.price)),
                ("list_price", price(offer.list_price)),
                ("currency", offer.price.or(offer.list_price).map_or(Value::Null, currency)),
                ("percent_off", json!(offer.percent_off)),
                ("ends", json!(offer.ends.map(|at| text.local(at)))),
                ("exclusive", json!(offer.exclusive)),
            ],
        );
        Value::Object(found)
    });
    told.collect()
}

fn discount(discount: Discount) -> [(&'static str, Value); 4] {
    let none = || Value::Null;
    let (kind, value, from, of) = match discount {
        Discount::Percent(percent) => ("percent", json!(percent), none(), none()),
        Discount::Amount(off) => ("amount", amount(off), none(), currency(off)),
        Discount::Threshold { from, off } => ("threshold", amount(off), amount(from), currency(off)),
        Discount::NextOne(percent) => ("next-one", json!(percent), none(), none()),
        Discount::FreeShipping => ("free-shipping", none(), none(), none()),
        Discount::Gift => ("gift", none(), none(), none()),
        Discount::Unsaid => ("unsaid", none(), none(), none()),
    };
    [("kind", json!(kind)), ("value", value), ("from", from), ("currency", of)]
}

fn list<T>(items: &[T], tell: impl Fn(&T) -> Map<String, Value>) -> Value {
    items.iter().map(|item| Value::Object(tell(item))).collect()
}

fn with<const N: usize>(found: Map<String, Value>, more: [(&str, Value); N]) -> Map<String, Value> {
    let more = more.into_iter().map(|(name, value)| (name.to_owned(), value));
    // What it is stands first, how it was found behind it.
    more.filter(|(_, value)| !value.is_null()).chain(found).collect()
}

/// `299`, `19.99`: a number, as short as it can be.
fn amount(money: Money) -> Value {
    let written = money.to_string();
    let digits = written.split(' ').next().unwrap_or_default();
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    serde_json::from_str(digits).unwrap_or(Value::Null)
}

fn currency(money: Money) -> Value {
    json!(money.currency.code())
}

/// The message's own words.
struct Text<'a> {
    asked: &'a Asked,
}

impl Text<'_> {
    /// The fields that every finding has.
    fn found(&self, spans: &[Span], source: Source, confidence: Confidence) -> Map<String, Value> {
        let mut found = Map::new();
        self.place(&mut found, spans);
        found.insert("source".into(), json!(source));
        found.insert("confidence".into(), json!(confidence));
        found
    }

    /// The first place and its words; all places, where there are several.
    fn place(&self, found: &mut Map<String, Value>, spans: &[Span]) {
        let Some(first) = spans.first() else { return };
        found.insert("text".into(), json!(self.words(first)));
        found.insert("span".into(), json!(first));
        if spans.len() > 1 {
            found.insert("spans".into(), json!(spans));
        }
    }

    fn words(&self, span: &Span) -> &str {
        let part = self.asked.content.parts.get(usize::from(span.part));
        part.and_then(|part| part.text.get(span.range())).unwrap_or_default()
    }

    /// RFC 3339 in the message's own zone.
    fn local(&self, at: Timestamp) -> String {
        at.to_zoned(self.asked.sent_at.time_zone().clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}
