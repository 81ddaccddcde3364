//! The five stories end to end: each file of `tests/stories` is played through the gateway with the shipped rules,
//! in both languages, on each door, with nothing declared. What harms does not arrive, or arrives without the
//! harm, for a reason an officer can read in both languages; its honest twin arrives byte for byte.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use lettre::message::header::ContentType;
use lettre::message::{MultiPart, SinglePart};
use tactgate::command::serve::Running;
use tactgate::config::Protocol;
use tactgate::record::explain::explain;

use super::child::{Gate, Home, noon_zone, routes};
use super::hand_clock;
use super::http_sink::HttpSink;
use super::mail_sink::MailSink;
use super::story::{Door, Expect, Step, Story, Words, length};
use super::tools::{id_in, mail, post, tell};

/// The gateway of one play: the built binary, or the same one with a clock turned by hand.
enum Stage {
    Binary(Gate),
    ByHand(Box<Running>),
}

impl Stage {
    async fn open(story: &Story, home: &Home, routes: &str) -> Stage {
        match story.begins() {
            None => {
                home.settings_in(&noon_zone(), routes);
                import(story, home);
                Stage::Binary(Gate::start(home))
            }
            Some(begin) => {
                if !story.catalogue.is_empty() {
                    home.settings_in(&story.zone, routes);
                    import(story, home);
                }
                Stage::ByHand(Box::new(hand_clock::from(home, &story.zone, routes, begin).await))
            }
        }
    }

    fn door(&self, protocol: Protocol) -> SocketAddr {
        match (self, protocol) {
            (Stage::ByHand(running), protocol) => running.door(protocol).unwrap(),
            (Stage::Binary(gate), Protocol::Smtp) => gate.smtp,
            (Stage::Binary(gate), _) => gate.http,
        }
    }

    fn now(&self) -> Timestamp {
        match self {
            Stage::Binary(_) => Timestamp::now(),
            Stage::ByHand(running) => running.gateway.clock.now(),
        }
    }

    fn turn(&self, later: &str) {
        let Stage::ByHand(running) = self else { panic!("a story in which time passes says when it begins") };
        running.gateway.clock.turn(length(later));
    }
}

/// The shop's products, as `tactgate import --catalogue` takes them.
fn import(story: &Story, home: &Home) {
    if story.catalogue.is_empty() {
        return;
    }
    let lines: Vec<String> = story.catalogue.iter().map(|item| serde_json::to_string(item).unwrap()).collect();
    home.write("products.ndjson", &lines.join("\n"));
    let imported = home.run(&["import", "--catalogue", "products.ndjson"]);
    assert_eq!(imported.status.code(), Some(0), "{}", String::from_utf8_lossy(&imported.stderr));
}

/// One story in one language on one door.
struct Play<'a> {
    story: &'a Story,
    lang: &'a str,
    door: Door,
    home: Home,
    stage: Stage,
    mails: MailSink,
    requests: HttpSink,
    people: Vec<String>,
    /// How many mails and requests arrived so far.
    arrived: (usize, usize),
    failures: Vec<String>,
}

/// What a tool was answered, and the bytes it sent.
struct Sent {
    raw: Vec<u8>,
    answer: String,
    accepted: bool,
}

impl Play<'_> {
    fn mailbox(&self, who: &str) -> String {
        format!("{who}@example.{}", if self.lang == "zh" { "cn" } else { "com" })
    }

    fn phone(&self, who: &str) -> String {
        let number = self.people.iter().position(|known| known == who).unwrap();
        if self.lang == "zh" {
            format!("+861380013{:04}", 8100 + number)
        } else {
            format!("+1415555{:04}", 110 + number)
        }
    }

    async fn play(&mut self) {
        for who in self.people.clone() {
            let link = serde_json::json!({"type": "identity-link", "at": self.stage.now().to_string(),
                "customer": self.mailbox(&who), "also": self.phone(&who)});
            tell(self.stage.door(Protocol::Http), &format!("link-{who}"), &link.to_string()).await;
        }
        let (story, door) = (self.story, self.door);
        for (number, step) in story.step.iter().enumerate().filter(|(_, step)| step.is_played_on(door)) {
            if let Some(later) = &step.later {
                self.stage.turn(later);
            }
            if let Some(event) = step.event(self.stage.now(), self.lang, &self.mailbox(&step.who)) {
                tell(self.stage.door(Protocol::Http), &format!("told-{number}"), &event.to_string()).await;
            }
            if let Some(both) = &step.sent {
                self.send(step, both.of(self.lang)).await;
            }
        }
    }

    async fn send(&mut self, step: &Step, words: &Words) {
        let door = step.door.unwrap_or(self.door);
        let sent = match door {
            Door::Smtp => self.by_smtp(&step.who, words).await,
            Door::Sendgrid => self.by_sendgrid(&step.who, words).await,
            Door::Twilio => self.by_twilio(&step.who, words).await,
        };
        let name = step.name.as_deref().unwrap_or("a message");
        let id = id_in(&sent.answer, if door == Door::Smtp && sent.accepted { "s-" } else { "d-" });
        let told = explain(&self.home.path("data"), &id).unwrap();
        let decision = &serde_json::to_value(&told.decisions[0].decision).unwrap();
        let mut wrong = self.verdict_is(&step.expect, decision);
        let (mails, requests) = (self.mails.mails(), self.requests.requests());
        let arrived: Vec<Vec<u8>> = match door {
            Door::Smtp => mails.iter().skip(self.arrived.0).map(|mail| mail.data.clone()).collect(),
            _ => requests.iter().skip(self.arrived.1).map(|request| request.body.clone()).collect(),
        };
        self.arrived = (mails.len(), requests.len());
        wrong.extend(match &step.expect {
            Expect::Pass if arrived.len() == 1 => untouched(door, &sent.raw, &arrived[0]),
            Expect::Rewrite(_) if arrived.len() == 1 => changed(door, words, &arrived[0]),
            Expect::Stopped(_) if arrived.len() == 1 => changed(door, words, &arrived[0]),
            Expect::Block(_) | Expect::Delay(_) | Expect::Stopped(_) if arrived.is_empty() => None,
            _ => Some(format!("{} arrived", arrived.len())),
        });
        if sent.accepted == matches!(step.expect, Expect::Block(_)) && !matches!(step.expect, Expect::Stopped(_)) {
            wrong.push("the tool was told otherwise".to_owned());
        }
        for (lang, read) in step.explain.iter().flat_map(|words| [("en", &words.en), ("zh", &words.zh)]) {
            let told = self.home.explain(&id, lang);
            let missing = read.iter().filter(|words| !words.split('|').any(|word| told.contains(word)));
            wrong.extend(missing.map(|word| format!("an officer does not read `{word}` in:\n{told}")));
        }
        if !wrong.is_empty() {
            let place = format!("{} [{} {door:?}] {name}", self.story.title.en, self.lang);
            let told = self.home.explain(&id, "en");
            self.failures.push(format!("{place}\n  {}\n  {}\n{told}", wrong.join("\n  "), sent.answer));
        }
    }

    /// What is wrong with the verdict and with whose it is.
    fn verdict_is(&self, expect: &Expect, decision: &serde_json::Value) -> Vec<String> {
        let named = |value: &serde_json::Value| match value {
            serde_json::Value::Object(fields) => fields.keys().next().cloned().unwrap_or_default(),
            value => value.as_str().unwrap_or_default().to_owned(),
        };
        let found = named(&decision["verdict"]);
        let (verdict, rules) = match expect {
            Expect::Stopped(rules) => (if found == "block" { "block" } else { "rewrite" }, &rules[..]),
            Expect::Pass => ("pass", &[][..]),
            Expect::Block(rules) => ("block", &rules[..]),
            Expect::Rewrite(rules) => ("rewrite", &rules[..]),
            Expect::Delay(rules) => ("delay", &rules[..]),
        };
        let mut wrong = Vec::new();
        if found != verdict {
            wrong.push(format!("{found} instead of {verdict}"));
        }
        let wants = |rule: &String| {
            let mut findings = decision["findings"].as_array().unwrap().iter();
            findings.any(|found| found["rule"] == rule.as_str() && named(&found["wants"]) == verdict)
        };
        wrong.extend(rules.iter().filter(|rule| !wants(rule)).map(|rule| format!("`{rule}` does not want it")));
        wrong
    }

    async fn by_smtp(&self, who: &str, words: &Words) -> Sent {
        let to = self.mailbox(who);
        let text = words.text.clone().unwrap_or_default();
        let mail_of = lettre::Message::builder().from("Shop <news@shop.example>".parse().unwrap());
        let mail_of = mail_of.to(to.parse().unwrap()).subject(&words.subject);
        let written = match &words.html {
            Some(html) => mail_of.multipart(MultiPart::alternative_plain_html(text, html.clone())),
            None => mail_of.singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text)),
        };
        let raw = written.unwrap().formatted();
        let door = self.stage.door(Protocol::Smtp);
        let answer = mail(door, "<news@shop.example>", &[&format!("<{to}>")], &raw).await;
        Sent { raw, accepted: answer.starts_with("250"), answer }
    }

    async fn by_sendgrid(&self, who: &str, words: &Words) -> Sent {
        let text = words.text.iter().map(|text| ("text/plain", text));
        let parts = text.chain(words.html.iter().map(|html| ("text/html", html)));
        let content: Vec<_> = parts.map(|(kind, text)| serde_json::json!({"type": kind, "value": text})).collect();
        let body = serde_json::json!({
            "personalizations": [{"to": [{"email": self.mailbox(who)}]}],
            "from": {"email": "news@shop.example", "name": "Shop"},
            "subject": words.subject,
            "content": content,
            "tracking_settings": {"click_tracking": {"enable": false}},
        });
        // As a tool writes it that likes to be read.
        let raw = serde_json::to_vec_pretty(&body).unwrap();
        let headers = [("Content-Type", "application/json"), ("Authorization", "Bearer SG.key")];
        self.request("/sendgrid/v3/mail/send", &headers, raw).await
    }

    async fn by_twilio(&self, who: &str, words: &Words) -> Sent {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", &self.phone(who))
            .append_pair("From", "+15005550006")
            .append_pair("Body", words.sms.as_ref().unwrap())
            .finish();
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", "Basic QUMxOnRva2Vu")];
        self.request("/twilio/2010-04-01/Accounts/AC1/Messages.json", &headers, form.into_bytes()).await
    }

    async fn request(&self, path: &str, headers: &[(&str, &str)], raw: Vec<u8>) -> Sent {
        let answer = post(self.stage.door(Protocol::Http), path, headers, &raw).await;
        let accepted = answer.status < 300;
        Sent { raw, accepted, answer: format!("{} {} {}", answer.status, answer.decision(), answer.body) }
    }
}

/// What is wrong with a message that should have arrived as it was sent.
fn untouched(door: Door, sent: &[u8], arrived: &[u8]) -> Option<String> {
    let own = match (door, arrived.strip_suffix(sent)) {
        // One field, which is folded.
        (Door::Smtp, Some(added)) => {
            let added = String::from_utf8_lossy(added);
            added.starts_with("Received: ") && added.lines().skip(1).all(|line| line.starts_with([' ', '\t']))
        }
        (_, rest) => rest.is_some_and(<[u8]>::is_empty),
    };
    (!own).then(|| format!("not the bytes that were sent:\n{}", String::from_utf8_lossy(arrived)))
}

/// What is wrong with a message that should have lost something, and only that.
fn changed(door: Door, words: &Words, arrived: &[u8]) -> Option<String> {
    assert!(!words.gone.is_empty() && !words.kept.is_empty(), "a change says what goes and what stays");
    let read = shown(door, arrived);
    let left = words.gone.iter().filter(|gone| read.contains(gone.as_str()));
    let lost = words.kept.iter().filter(|kept| !read.contains(kept.as_str()));
    let wrong: Vec<&String> = left.chain(lost).collect();
    (!wrong.is_empty()).then(|| format!("{wrong:?}: {read}"))
}

/// The words of a message as it arrived, decoded.
fn shown(door: Door, arrived: &[u8]) -> String {
    match door {
        Door::Smtp => {
            let mail = mail_parser::MessageParser::default().parse(arrived).unwrap();
            let bodies = mail.parts.iter().filter_map(|part| part.text_contents());
            std::iter::once(mail.subject().unwrap_or_default()).chain(bodies).collect::<Vec<_>>().join("\n")
        }
        Door::Sendgrid => {
            let body: serde_json::Value = serde_json::from_slice(arrived).unwrap();
            let parts = body["content"].as_array().unwrap().iter().filter_map(|part| part["value"].as_str());
            std::iter::once(body["subject"].as_str().unwrap()).chain(parts).collect::<Vec<_>>().join("\n")
        }
        Door::Twilio => form_urlencoded::parse(arrived).find(|(name, _)| name == "Body").unwrap().1.into_owned(),
    }
}

/// Plays one file on all its doors in both languages.
async fn play(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let story: Story = toml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut people: Vec<String> = story.step.iter().map(|step| step.who.clone()).collect();
    people.sort();
    people.dedup();
    let mut failures = Vec::new();
    for lang in ["zh", "en"] {
        for door in story.doors.clone() {
            let (home, mails, requests) = (Home::new(), MailSink::start().await, HttpSink::start().await);
            let stage = Stage::open(&story, &home, &routes(Some(&mails), Some(&requests))).await;
            let people = people.clone();
            let (arrived, story) = ((0, 0), &story);
            let mut play =
                Play { story, lang, door, home, stage, mails, requests, people, arrived, failures: Vec::new() };
            play.play().await;
            failures.append(&mut play.failures);
            if let Stage::ByHand(running) = play.stage {
                running.stop().await;
            }
        }
    }
    assert!(failures.is_empty(), "{} wrong\n\n{}", failures.len(), failures.join("\n\n"));
}

/// The files, each a test by name: `cargo test --test it stories`.
macro_rules! stories {
    ($($name:ident: $file:literal),* $(,)?) => {
        const FILES: &[&str] = &[$($file),*];

        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            play($file).await;
        })*
    };
}

stories! {
    one_bad_channel: "1-gift-card.toml",
    ignored_preferences: "2-everything-else.toml",
    competing_offers: "3-car-player.toml",
    one_price_for_one_channel: "3-channel-price.toml",
    survey_abuse: "4-every-department.toml",
    invented_urgency: "5-ends-this-weekend.toml",
    codes_and_receipts: "codes-and-receipts.toml",
    receipts_that_sell: "receipts-that-sell.toml",
}

#[test]
fn every_story_is_played() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let found = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<String> = found.filter(|name| name.ends_with(".toml")).collect();
    found.sort();
    assert_eq!(found, FILES);
}
