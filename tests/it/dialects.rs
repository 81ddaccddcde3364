//! The stories in `tests/providers`, and what must hold for every request: an untouched one leaves as
//! the very same bytes, and a changed one says the same but for the change.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method};
use proptest::prelude::*;
use serde_json::{Value, json};
use tactgate::message::{Edit, HttpReply, HttpRequest, Span};
use tactgate::providers::{Batch, BlockedBecause, DIALECTS, Dialect, Outcome, Reading, Refusal, dialect};

#[test]
fn the_stories_of_every_dialect_hold() {
    for dialect in DIALECTS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/providers").join(dialect.name());
        let (mut stories, mut wrong) = (0, Vec::new());
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            stories += 1;
            let text = std::fs::read_to_string(&path).unwrap();
            wrong.extend(tell(*dialect, path.file_name().unwrap().to_str().unwrap(), &text).err());
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
        assert!(stories >= 3, "{} has stories", dialect.name());
    }
}

fn tell(dialect: &dyn Dialect, name: &str, story: &str) -> Result<(), String> {
    let mut sections = story.split("\n--- ");
    let request = parsed(sections.next().unwrap());
    for section in sections {
        let (title, text) = section.split_once('\n').unwrap();
        let text = text.strip_suffix('\n').unwrap_or(text);
        let (what, numbers) = title.split_once(' ').unwrap_or((title, ""));
        let numbers: Vec<usize> = numbers.split_whitespace().map(|number| number.parse().unwrap()).collect();
        let read = || dialect.read(&request, Some("CN")).unwrap_or_else(|error| panic!("{name}: {error}"));
        let said = match what {
            "claims" => format!("{:?}", dialect.claim(&request)),
            "reads" => shown(&read()),
            "malformed" => dialect.read(&request, Some("CN")).unwrap_err().to_string(),
            "refused" => {
                let malformed = dialect.read(&request, Some("CN")).unwrap_err();
                reply(&dialect.refused(&request, &Refusal::Malformed(&malformed)))
            }
            "blocked" => {
                let why = BlockedBecause {
                    rule: "cheaper-after-purchase".to_owned(),
                    title: "报价低于该客户的购买价".to_owned(),
                    decision: "d-1".to_owned(),
                };
                reply(&dialect.refused(&request, &Refusal::Blocked { recipient: numbers[0], why: &why }))
            }
            "leaves" | "unfit" => {
                let (edits, _) = edits(&read(), text);
                let batch = Batch { recipients: &numbers, edits: &edits };
                match dialect.write(&request, &read(), batch) {
                    Ok(left) => {
                        assert!(!left.headers.keys().any(|name| name.as_str().starts_with("tactgate-")), "{name}");
                        assert_eq!(dialect.can_leave(&request, &numbers), numbers, "{name}");
                        String::from_utf8(left.body.to_vec()).unwrap()
                    }
                    Err(unfit) => unfit.to_string(),
                }
            }
            other => panic!("{name}: no section is called {other}"),
        };
        let expected = match what {
            "leaves" | "unfit" => edits(&read(), text).1,
            _ => text.to_owned(),
        };
        if said != expected {
            return Err(format!("{name}, {title}\n said {said}\n want {expected}"));
        }
    }
    Ok(())
}

fn parsed(text: &str) -> HttpRequest {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query.to_owned())));
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    HttpRequest {
        method: method.parse::<Method>().unwrap(),
        path: path.to_owned(),
        query,
        headers,
        body: Bytes::from(body.to_owned()),
        ..HttpRequest::default()
    }
}

/// The `edit` lines and what follows them.
fn edits(reading: &Reading, text: &str) -> (Vec<(usize, Vec<Edit>)>, String) {
    let mut edits: Vec<(usize, Vec<Edit>)> = Vec::new();
    let mut rest = text;
    while let Some(line) = rest.strip_prefix("edit ") {
        let (line, after) = line.split_once('\n').unwrap();
        rest = after.strip_prefix('\n').unwrap_or(after);
        let (place, change) = line.split_once(' ').unwrap();
        let (content, part) = place.split_once('.').unwrap();
        let (content, part): (usize, usize) = (content.parse().unwrap(), part.parse().unwrap());
        let (old, new) = change.split_once(" => ").unwrap();
        let (old, new): (String, String) = (serde_json::from_str(old).unwrap(), serde_json::from_str(new).unwrap());
        let start = reading.contents[content].parts[part].text.find(&old).expect("the text to change");
        let edit = Edit { span: Span::new(part, start..start + old.len()).unwrap(), replacement: new };
        match edits.iter_mut().find(|(known, _)| *known == content) {
            Some((_, list)) => list.push(edit),
            None => edits.push((content, vec![edit])),
        }
    }
    (edits, rest.to_owned())
}

fn shown(reading: &Reading) -> String {
    let mut text = reading.channel.to_string();
    if let Some(key) = &reading.idempotency_key {
        write!(text, " key={key}").unwrap();
    }
    for (index, recipient) in reading.recipients.iter().enumerate() {
        let address = recipient.address.as_ref().map_or_else(ToString::to_string, |a| a.canonical().to_owned());
        write!(text, "\n{index} {address} content {}", recipient.content).unwrap();
        let declared = &recipient.declared;
        let named =
            [("campaign", &declared.campaign), ("department", &declared.department), ("purpose", &declared.purpose)];
        for (name, value) in named.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
            write!(text, " {name}={value}").unwrap();
        }
        if let Some(survey) = &declared.survey {
            write!(text, " survey={}", survey.id).unwrap();
        }
        if !declared.offers.is_empty() {
            let products: Vec<_> = declared.offers.iter().map(|offer| offer.product.as_str()).collect();
            write!(text, " offers={}", products.join(",")).unwrap();
        }
    }
    for (index, content) in reading.contents.iter().enumerate() {
        write!(text, "\ncontent {index}").unwrap();
        for part in &content.parts {
            write!(text, "\n  {:?} {:?}", part.kind, part.text).unwrap();
        }
        for (name, value) in &content.headers {
            write!(text, "\n  {name}: {value}").unwrap();
        }
        for why in &content.unreadable {
            write!(text, "\n  unreadable: {why}").unwrap();
        }
    }
    text
}

fn reply(reply: &HttpReply) -> String {
    assert_eq!(reply.headers["content-type"], "application/json");
    format!("{} {}", reply.status.as_u16(), String::from_utf8_lossy(&reply.body))
}

#[test]
fn acceptance_is_in_the_providers_own_shape() {
    let now = "2026-11-22T02:00:00Z".parse().unwrap();
    let story = |path: &str| {
        let text =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/providers").join(path)).unwrap();
        parsed(text.split("\n--- ").next().unwrap())
    };
    let request = story("sendgrid/two-personalizations.txt");
    let sendgrid = dialect("sendgrid").unwrap();
    let reply = sendgrid.accepted(&request, &sendgrid.read(&request, None).unwrap(), "0198-abc", now);
    assert_eq!(
        (reply.status.as_u16(), reply.body.len(), &reply.headers["x-message-id"]),
        (202, 0, &"0198-abc".parse().unwrap())
    );
    let request = story("twilio/message.txt");
    let twilio = dialect("twilio").unwrap();
    let reply =
        twilio.accepted(&request, &twilio.read(&request, None).unwrap(), "0198f0c2-0000-7000-8000-0000000000ff", now);
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(reply.status.as_u16(), 201);
    let sid = "SM0198f0c20000700080000000000000ff";
    for (name, value) in [
        ("sid", json!(sid)),
        ("to", json!("+8613800138000")),
        ("from", json!("+14155550000")),
        ("body", json!("【品牌】BT-200 now 299! 回T退订")),
        ("status", json!("queued")),
        ("num_segments", json!("1")),
        ("account_sid", json!("AC00000000000000000000000000000000")),
        ("date_created", json!("Sun, 22 Nov 2026 02:00:00 +0000")),
        ("error_code", Value::Null),
        ("uri", json!(format!("/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages/{sid}.json"))),
    ] {
        assert_eq!(body[name], value, "{name}");
    }
}

#[test]
fn every_refusal_of_the_gateways_own_has_the_dialects_shape() {
    let request = HttpRequest::default();
    for dialect in DIALECTS {
        for (refusal, status) in [
            (Refusal::Unauthorized, 401),
            (Refusal::TooLarge(5), 413),
            (Refusal::TryLater { why: "稍后再试", retry_after_seconds: 7 }, 503),
            (Refusal::OutcomeUnknown, 504),
            (Refusal::Door { status: http::StatusCode::REQUEST_TIMEOUT, why: "slow" }, 408),
        ] {
            let reply = dialect.refused(&request, &refusal);
            assert_eq!(reply.status.as_u16(), status, "{} {refusal:?}", dialect.name());
            let body: Value = serde_json::from_slice(&reply.body).unwrap();
            match dialect.name() {
                "sendgrid" => assert!(body["errors"][0]["message"].is_string()),
                "twilio" => assert_eq!((body["status"].as_u64(), body["code"].is_u64()), (Some(status.into()), true)),
                _ => assert!(body["error"]["message"].is_string()),
            }
            if status == 503 {
                assert_eq!(reply.headers["retry-after"], "7");
            }
        }
        assert!(dialect.refused(&request, &Refusal::NoRoute("x")).status.is_client_error());
    }
}

#[test]
fn what_a_providers_status_means() {
    for dialect in DIALECTS {
        for (status, outcome) in [
            (200, Outcome::Accepted),
            (202, Outcome::Accepted),
            (400, Outcome::Refused),
            (401, Outcome::Refused),
            (307, Outcome::Refused),
            (429, Outcome::TryLater),
            (503, Outcome::TryLater),
            (502, Outcome::Unknown),
            (504, Outcome::Unknown),
        ] {
            let reply = HttpReply { status: http::StatusCode::from_u16(status).unwrap(), ..HttpReply::default() };
            assert_eq!(dialect.outcome(&reply), outcome, "{} {status}", dialect.name());
        }
    }
}

/// A SendGrid body with personalizations of one to three addressees and some copies, written with the
/// spacing and escapes of one client or another.
fn mail() -> impl Strategy<Value = (Value, String)> {
    let item = (1..4_usize, 0..3_usize, any::<bool>(), "[a-z]{1,4}|\\PC{1,4}");
    (prop::collection::vec(item, 1..4), "\\PC{0,20}", any::<bool>(), any::<bool>()).prop_map(
        |(items, text, declares, pretty)| {
            let mut number = 0;
            let mut people = |count: usize| -> Vec<Value> {
                (0..count)
                    .map(|_| {
                        number += 1;
                        json!({"email": format!("u{number}@example.com"), "name": "王"})
                    })
                    .collect()
            };
            let personalizations: Vec<Value> = items
                .into_iter()
                .map(|(to, cc, substitutes, word)| {
                    let mut item = json!({"to": people(to)});
                    if cc > 0 {
                        item["cc"] = people(cc).into();
                    }
                    if substitutes {
                        item["substitutions"] = json!({"-n-": word});
                    }
                    if declares {
                        item["custom_args"] = json!({"a": "1", "Tactgate-Campaign": "spring", "b": "2"});
                    }
                    item
                })
                .collect();
            let value = json!({
                "personalizations": personalizations,
                "from": {"email": "a@b.cn"},
                "subject": "优惠 -n-",
                "content": [{"type": "text/plain", "value": format!("{text} -n- \n\"x\"")}],
            });
            let raw = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
            (value, raw)
        },
    )
}

fn sent(body: &str) -> HttpRequest {
    parsed(&format!("POST /v3/mail/send\nContent-Type: application/json\n\n{body}"))
}

proptest! {
    #[test]
    fn an_untouched_mail_leaves_as_the_same_bytes((value, raw) in mail()) {
        let sendgrid = dialect("sendgrid").unwrap();
        let reading = sendgrid.read(&sent(&raw), None).unwrap();
        let all: Vec<usize> = (0..reading.recipients.len()).collect();
        let left = sendgrid.write(&sent(&raw), &reading, Batch { recipients: &all, edits: &[] }).unwrap();
        if !raw.contains("Tactgate") {
            prop_assert_eq!(&left.body, raw.as_bytes());
        }
        let mut expected = value;
        undeclare(&mut expected);
        prop_assert_eq!(serde_json::from_slice::<Value>(&left.body).unwrap(), expected);
    }

    #[test]
    fn whoever_is_taken_out_the_rest_says_the_same((value, raw) in mail(), wanted in prop::collection::btree_set(0..18_usize, 0..18)) {
        let sendgrid = dialect("sendgrid").unwrap();
        let reading = sendgrid.read(&sent(&raw), None).unwrap();
        let wanted: Vec<usize> = wanted.into_iter().filter(|index| *index < reading.recipients.len()).collect();
        let leaving = sendgrid.can_leave(&sent(&raw), &wanted);
        let written = sendgrid.write(&sent(&raw), &reading, Batch { recipients: &leaving, edits: &[] });
        if leaving.is_empty() {
            prop_assert!(written.is_err());
            return Ok(());
        }
        let body: Value = serde_json::from_slice(&written.unwrap().body).unwrap();
        let kept: BTreeSet<&str> = leaving.iter().map(|index| reading.recipients[*index].given.as_str()).collect();
        let mut expected = value;
        undeclare(&mut expected);
        let items = expected["personalizations"].as_array_mut().unwrap();
        for item in items.iter_mut() {
            for name in ["to", "cc"] {
                if let Some(people) = item.get_mut(name).and_then(Value::as_array_mut) {
                    people.retain(|one| kept.contains(one["email"].as_str().unwrap()));
                    if people.is_empty() {
                        item.as_object_mut().unwrap().shift_remove(name);
                    }
                }
            }
        }
        items.retain(|item| item.get("to").is_some());
        prop_assert_eq!(body, expected);
    }

    #[test]
    fn an_edit_changes_what_it_names_and_nothing_else((_, raw) in mail(), with in "\\PC{0,12}", at in any::<prop::sample::Index>(), end in any::<prop::sample::Index>()) {
        let sendgrid = dialect("sendgrid").unwrap();
        let request = sent(&raw);
        let reading = sendgrid.read(&request, None).unwrap();
        let text = &reading.contents[0].parts[1].text;
        let bounds: Vec<usize> = text.char_indices().map(|(index, _)| index).chain([text.len()]).collect();
        let (a, b) = (bounds[at.index(bounds.len())], bounds[end.index(bounds.len())]);
        let range = a.min(b)..a.max(b);
        let recipients: Vec<usize> = (0..reading.recipients.len()).filter(|i| reading.recipients[*i].content == 0).collect();
        let edit = Edit { span: Span::new(1, range.clone()).unwrap(), replacement: with.clone() };
        let batch = Batch { recipients: &recipients, edits: &[(0, vec![edit])] };
        // Cutting a substituted word is refused; what is written reads as the edited text.
        if let Ok(left) = sendgrid.write(&request, &reading, batch) {
            let again = sendgrid.read(&left, None).unwrap();
            prop_assert_eq!(again.recipients.len(), recipients.len());
            let mut expected = text.clone();
            expected.replace_range(range, &with);
            if !with.contains('-') && !expected.contains("-n-") {
                prop_assert_eq!(&again.contents[0].parts[1].text, &expected);
            }
            prop_assert_eq!(&again.contents[0].parts[0].text, &reading.contents[0].parts[0].text);
        }
    }

    #[test]
    fn an_untouched_text_message_leaves_as_the_same_bytes(body in "\\PC{1,40}", plus in any::<bool>()) {
        let twilio = dialect("twilio").unwrap();
        let mut form: String = form_urlencoded::Serializer::new(String::new()).append_pair("To", "+14155550100").append_pair("Body", &body).finish();
        if !plus {
            form = form.replace('+', "%20");
        }
        let request = parsed(&format!("POST /2010-04-01/Accounts/AC1/Messages.json\nContent-Type: application/x-www-form-urlencoded\n\n{form}"));
        let reading = twilio.read(&request, None).unwrap();
        prop_assert_eq!(&reading.contents[0].parts[0].text, &body);
        let left = twilio.write(&request, &reading, Batch { recipients: &[0], edits: &[] }).unwrap();
        prop_assert_eq!(&left.body, &request.body);
    }

    #[test]
    fn no_body_makes_a_dialect_panic(body in prop::collection::vec(any::<u8>(), 0..80), json in "[\\[\\]{}:,\"a-z0-9\\\\]{0,40}") {
        for (dialect, kind) in [("sendgrid", "application/json"), ("tactgate", "application/json"), ("twilio", "application/x-www-form-urlencoded")] {
            let dialect = tactgate::providers::dialect(dialect).unwrap();
            for bytes in [Bytes::from(body.clone()), Bytes::from(json.clone())] {
                let mut request = parsed("POST /v3/mail/send\n\n");
                request.headers.insert("content-type", kind.parse().unwrap());
                request.body = bytes;
                let _ = dialect.read(&request, Some("CN"));
                let _ = dialect.can_leave(&request, &[0]);
                let _ = dialect.refused(&request, &Refusal::TooLarge(1));
            }
        }
    }
}

fn undeclare(mail: &mut Value) {
    for item in mail["personalizations"].as_array_mut().unwrap() {
        if let Some(args) = item.get_mut("custom_args").and_then(Value::as_object_mut) {
            args.retain(|name, _| !name.starts_with("Tactgate-"));
        }
    }
}
