//! From the wire to events: NDJSON (one event a line) and CloudEvents 1.0 (JSON, single and batch).
//! PURE. Every line stands for itself: a bad one is refused with its number and the reason, and its
//! neighbours are not harmed.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::facts::{Event, What};
use crate::message::Address;

/// Bytes of one request body.
pub const BODY_BYTES_MAX: usize = 4 << 20;
/// Bytes of one event.
pub const LINE_BYTES_MAX: usize = 16 << 10;
/// Events in one request.
pub const LINES_MAX: usize = 10_000;
/// Characters of one text in an event.
pub const TEXT_CHARS_MAX: usize = 256;
/// Topics in one preference event.
pub const TOPICS_MAX: usize = 64;

/// An event as told, with whom it is about: one address, or several of one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Its line, or its place in a batch, from 1.
    pub line: usize,
    /// At least one; none for an event that is the brand's own.
    pub addresses: Vec<Address>,
    /// The event. An identity link's other address stands in `addresses`, and `also` is empty.
    pub event: Event,
}

/// A line that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its line, or its place in a batch, from 1.
    pub line: usize,
    /// Why.
    pub why: String,
}

/// What a line is read against.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// ISO 3166 region for phone numbers without `+`.
    pub region: Option<&'a str>,
    /// Events may not lie in the future: the last word stands, and such a word would stand for long.
    pub now: Timestamp,
}

/// Reads a body of lines; empty lines are skipped, and so is a byte order mark.
pub fn ndjson(body: &[u8], reading: Reading<'_>) -> Vec<Result<Told, Refused>> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let lines = body.split(|byte| *byte == b'\n').enumerate();
    lines
        .filter(|(_, text)| !text.trim_ascii().is_empty())
        .map(|(at, text)| {
            line(text, reading).map_err(|why| Refused { line: at + 1, why }).map(|t| Told { line: at + 1, ..t })
        })
        .collect()
}

/// Reads one line of NDJSON.
pub fn line(text: &[u8], reading: Reading<'_>) -> Result<Told, String> {
    if text.len() > LINE_BYTES_MAX {
        return Err(format!("longer than {LINE_BYTES_MAX} bytes"));
    }
    let value: Value = serde_json::from_slice(text).map_err(|e| format!("not JSON: {}", short(&e)))?;
    let Value::Object(mut fields) = value else { return Err("not a JSON object".to_owned()) };
    let id = text_field(&mut fields, "id")?;
    let at = text_field(&mut fields, "at")?;
    let customer = fields.remove("customer").ok_or("`customer` is missing");
    told(id, &at, "at", customer, fields, reading)
}

/// Reads one CloudEvent or a batch of them.
pub fn cloud_events(body: &[u8], batch: bool, reading: Reading<'_>) -> Result<Vec<Result<Told, Refused>>, String> {
    let events: Vec<&serde_json::value::RawValue> = if batch {
        serde_json::from_slice(body).map_err(|e| format!("not a JSON array of events: {e}"))?
    } else {
        vec![serde_json::from_slice(body).map_err(|e| format!("not JSON: {}", short(&e)))?]
    };
    let read = |(at, event): (usize, &serde_json::value::RawValue)| {
        cloud_event(event.get(), reading)
            .map_err(|why| Refused { line: at + 1, why })
            .map(|told| Told { line: at + 1, ..told })
    };
    Ok(events.into_iter().enumerate().map(read).collect())
}

/// CloudEvents 1.0 §3: `id`, `source`, `specversion` and `type` are required. The id is unique only
/// together with the source, so both make the event's id.
fn cloud_event(text: &str, reading: Reading<'_>) -> Result<Told, String> {
    if text.len() > LINE_BYTES_MAX {
        return Err(format!("longer than {LINE_BYTES_MAX} bytes"));
    }
    let value: Value = serde_json::from_str(text).map_err(|e| format!("not JSON: {}", short(&e)))?;
    let Value::Object(mut event) = value else { return Err("not a JSON object".to_owned()) };
    if text_field(&mut event, "specversion")? != "1.0" {
        return Err("`specversion` must be 1.0".to_owned());
    }
    let (id, source) = (text_field(&mut event, "id")?, text_field(&mut event, "source")?);
    let kind = text_field(&mut event, "type")?;
    let kind = kind.strip_prefix("tactgate.").ok_or("`type` must begin with `tactgate.`")?.to_owned();
    let at = text_field(&mut event, "time")?;
    let mut data = match event.remove("data") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(data)) => data,
        Some(_) => return Err("`data` must be an object".to_owned()),
    };
    let customer = match (event.remove("subject"), data.remove("customer")) {
        (_, Some(customer)) => Ok(customer),
        (Some(subject), None) => Ok(subject),
        (None, None) => Err("`subject` (the customer's address) is missing"),
    };
    data.insert("type".to_owned(), Value::String(kind));
    told(format!("{source} {id}"), &at, "time", customer, data, reading)
}

fn told(
    id: String,
    at: &str,
    at_name: &str,
    customer: Result<Value, &str>,
    what: Map<String, Value>,
    reading: Reading<'_>,
) -> Result<Told, String> {
    let at: Timestamp = at.parse().map_err(|_| {
        format!("`{at_name}` is not an instant: write it as 2026-11-20T10:00:00+08:00, with its offset from UTC")
    })?;
    if at > reading.now.saturating_add(SignedDuration::from_mins(10)).unwrap_or(Timestamp::MAX) {
        return Err(format!("`{at_name}` lies in the future"));
    }
    if !what.contains_key("type") {
        return Err("`type` is missing".to_owned());
    }
    let mut what: What = serde_json::from_value(Value::Object(what)).map_err(|e| short(&e))?;
    // What is the brand's own belongs to nobody, whoever is named with it.
    let mut addresses = match what.is_of_brand() {
        true => Vec::new(),
        false => people(customer?, reading.region)?,
    };
    if let What::IdentityLink { also } = &mut what {
        let other = Address::any(also, reading.region).map_err(|e| format!("`also`: {e}"))?;
        also.clear();
        addresses.push(other);
    }
    within_limits(&id, &what)?;
    if let What::Voucher { code, .. } = &mut what {
        *code = crate::facts::brand::code(code);
    }
    addresses.dedup();
    Ok(Told { line: 0, addresses, event: Event { id, at, what } })
}

/// `"a@b.cn"`, `"+8613800138000"`, or `{"email": …, "phone": …}`: two addresses of one person.
fn people(customer: Value, region: Option<&str>) -> Result<Vec<Address>, String> {
    match customer {
        Value::String(text) => Ok(vec![Address::any(&text, region).map_err(|e| format!("the customer is {e}"))?]),
        Value::Object(fields) => {
            let mut addresses = Vec::with_capacity(2);
            for (name, value) in fields {
                let Value::String(text) = value else { return Err(format!("`customer.{name}` must be a text")) };
                let address = match name.as_str() {
                    "email" => Address::email(&text),
                    "phone" => Address::phone(&text, region),
                    _ => return Err("`customer` may have `email` and `phone` only".to_owned()),
                };
                addresses.push(address.map_err(|e| format!("`customer.{name}`: {e}"))?);
            }
            if addresses.is_empty() { Err("`customer` names nobody".to_owned()) } else { Ok(addresses) }
        }
        _ => Err("`customer` must be an address, or an object with `email` and `phone`".to_owned()),
    }
}

/// The reader's own words, which quote the line, cut to a length worth reading.
fn short(why: &serde_json::Error) -> String {
    why.to_string().chars().take(200).collect()
}

fn text_field(fields: &mut Map<String, Value>, name: &str) -> Result<String, String> {
    match fields.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        Some(_) => Err(format!("`{name}` must be a text that is not empty")),
        None => Err(format!("`{name}` is missing")),
    }
}

/// Everything kept has a bound, or one event could fill a document.
fn within_limits(id: &str, what: &What) -> Result<(), String> {
    let mut texts: Vec<(&str, &str)> = vec![("id", id)];
    let maybe = |name: &'static str, text: &'_ Option<String>| text.as_deref().map(|text| (name, text.to_owned()));
    let mut owned: Vec<(&str, String)> = Vec::new();
    match what {
        What::Purchase { product, order, .. } | What::Return { product, order } => {
            texts.push(("product", product));
            owned.extend(maybe("order", order));
        }
        What::Survey { survey, department, .. } => {
            texts.push(("survey", survey));
            owned.extend(maybe("department", department));
        }
        What::Experience { product, order, department, .. } => {
            owned.extend(maybe("product", product));
            owned.extend(maybe("order", order));
            owned.extend(maybe("department", department));
        }
        What::PriceAlert { product } | What::Stock { product, .. } => texts.push(("product", product)),
        What::Price { product, price } => {
            if price.minor < 0 {
                return Err("`price` is less than nothing".to_owned());
            }
            texts.push(("product", product));
        }
        What::Browse { topic, product } => {
            if topic.is_none() && product.is_none() {
                return Err("`topic` or `product` is missing".to_owned());
            }
            owned.extend(maybe("topic", topic));
            owned.extend(maybe("product", product));
        }
        What::Voucher { code, .. } => {
            if crate::facts::brand::code(code).is_empty() {
                return Err("`code` has no letter and no digit".to_owned());
            }
            texts.push(("code", code));
        }
        What::ComplaintOpened { ticket } | What::ComplaintClosed { ticket } => texts.push(("ticket", ticket)),
        What::OptOut { purpose, .. } | What::Consent { purpose, .. } => owned.extend(maybe("purpose", purpose)),
        What::Outcome { decision, .. } => {
            if decision.starts_with("s-") {
                return Err("`decision` is a submission's id; `tactgate explain` names its decisions".to_owned());
            }
            if !decision.starts_with("d-") {
                return Err("`decision` is not the id of a decision: it starts with `d-`".to_owned());
            }
            texts.push(("decision", decision));
        }
        What::Bounce { .. } | What::IdentityLink { .. } => {}
        What::Preference { wants, avoids, zone, .. } => {
            if wants.len() + avoids.len() > TOPICS_MAX {
                return Err(format!("more than {TOPICS_MAX} topics"));
            }
            texts.extend(wants.iter().map(|topic| ("wants", topic.as_str())));
            texts.extend(avoids.iter().map(|topic| ("avoids", topic.as_str())));
            if let Some(zone) = zone
                && jiff::tz::TimeZone::get(zone).is_err()
            {
                return Err("`zone` is not an IANA time zone, as in Asia/Shanghai".to_owned());
            }
        }
    }
    texts.extend(owned.iter().map(|(name, text)| (*name, text.as_str())));
    for (name, text) in texts {
        if text.trim().is_empty() {
            return Err(format!("`{name}` is empty"));
        }
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(format!("`{name}` is longer than {TEXT_CHARS_MAX} characters"));
        }
        if text.chars().any(char::is_control) {
            return Err(format!("`{name}` has a control character"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading() -> Reading<'static> {
        Reading { region: Some("CN"), now: "2026-11-21T00:00:00Z".parse().unwrap() }
    }

    fn read(text: &str) -> Result<Told, String> {
        line(text.as_bytes(), reading())
    }

    #[test]
    fn events_are_read_in_both_languages() {
        let bought = read(
            r#"{"id":"订单-1","type":"purchase","at":"2026-11-20T10:00:00+08:00","customer":"王@例子.中国","product":"蓝牙车载播放器","price":"399.00 CNY"}"#,
        )
        .unwrap();
        assert_eq!(bought.addresses[0].canonical(), "王@xn--fsqu00a.xn--fiqs8s");
        let both = read(
            r#"{"id":"o2","type":"opt-out","at":"2026-11-20T02:00:00Z","customer":{"email":"a@b.cn","phone":"138 0013 8000"},"channel":"sms"}"#,
        )
        .unwrap();
        assert_eq!((both.addresses.len(), both.addresses[1].canonical()), (2, "+8613800138000"));
        let link = read(
            r#"{"id":"l1","type":"identity-link","at":"2026-11-20T02:00:00Z","customer":"a@b.cn","also":"+8613800138000"}"#,
        )
        .unwrap();
        assert_eq!((link.addresses.len(), link.event.what), (2, What::IdentityLink { also: String::new() }));
    }

    #[test]
    fn a_bad_line_says_what_is_wrong_with_it() {
        let long = format!(
            r#"{{"id":"{}","type":"bounce","at":"2026-11-20T02:00:00Z","customer":"a@b.cn","channel":"sms"}}"#,
            "x".repeat(300)
        );
        for (text, why) in [
            ("{", "not JSON"),
            ("[]", "not a JSON object"),
            (r#"{"type":"purchase"}"#, "`id` is missing"),
            (r#"{"id":"1","at":"2026-11-20T02:00:00Z","customer":"a@b.cn"}"#, "`type` is missing"),
            (r#"{"id":"1","type":"purchase","at":"yesterday","customer":"a@b.cn","product":"A"}"#, "not an instant"),
            (
                r#"{"id":"1","type":"purchase","at":"2026-11-20 10:00","customer":"a@b.cn","product":"A"}"#,
                "not an instant",
            ),
            (r#"{"id":"1","type":"purchase","at":"2027-11-20T02:00:00Z","customer":"a@b.cn","product":"A"}"#, "future"),
            (
                r#"{"id":"1","type":"purchase","at":"2026-11-20T02:00:00Z","customer":"nobody","product":"A"}"#,
                "the customer is",
            ),
            (r#"{"id":"1","type":"purchase","at":"2026-11-20T02:00:00Z","customer":{},"product":"A"}"#, "names nobody"),
            (
                r#"{"id":"1","type":"purchase","at":"2026-11-20T02:00:00Z","customer":7,"product":"A"}"#,
                "must be an address",
            ),
            (r#"{"id":"1","type":"purchase","at":"2026-11-20T02:00:00Z","customer":"a@b.cn","prodct":"A"}"#, "prodct"),
            (r#"{"id":"1","type":"purchase","at":"2026-11-20T02:00:00Z","customer":"a@b.cn","product":" "}"#, "empty"),
            (
                r#"{"id":"1","type":"purchase","at":"2026-11-20T02:00:00Z","customer":"a@b.cn","product":"A","price":"9"}"#,
                "not an amount",
            ),
            (r#"{"id":"1","type":"bought","at":"2026-11-20T02:00:00Z","customer":"a@b.cn"}"#, "bought"),
            (
                r#"{"id":"1","type":"preference","at":"2026-11-20T02:00:00Z","customer":"a@b.cn","zone":"Mars/X"}"#,
                "IANA",
            ),
            (&long, "longer than 256"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
    }

    #[test]
    fn cloud_events_come_alone_or_in_a_batch() {
        let one = r#"{"specversion":"1.0","id":"1","source":"/shop","type":"tactgate.purchase","time":"2026-11-20T02:00:00Z","subject":"a@b.cn","data":{"product":"A"}}"#;
        let alone = cloud_events(one.as_bytes(), false, reading()).unwrap();
        assert_eq!(alone[0].as_ref().unwrap().event.id, "/shop 1");
        let batch = format!(r#"[{one},{{"id":"2"}}]"#);
        let batch = cloud_events(batch.as_bytes(), true, reading()).unwrap();
        assert!(batch[0].is_ok());
        assert_eq!(batch[1].as_ref().unwrap_err().line, 2);
        assert!(cloud_events(b"{}", true, reading()).is_err());
    }
}
