//! Plays one step of a story against a running gateway, as its tools would, and asks the record why.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::{SignedDuration, Timestamp};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::stories::{Door, Expect, Step, Who};
use crate::clock::Clock;
use crate::command::serve::{Running, start};
use crate::config::{Config, Protocol};
use crate::message::Language;
use crate::record::explain::explain;

/// How much of an HTTP answer is shown.
const SHOWN_CHARS_MAX: usize = 120;

/// A Friday morning in Shanghai.
const BEGIN: &str = "2026-11-20T10:00:00+08:00";

/// What a step came to.
#[derive(Debug)]
pub enum Played {
    /// The shop told something, or time passed.
    Done,
    /// A tool sent.
    Sent(Sent),
}

/// A message, and what became of it.
#[derive(Debug)]
pub struct Sent {
    /// Whose tool.
    pub by: String,
    /// Through which door.
    pub door: &'static str,
    /// The text, shortened.
    pub shown: String,
    /// What the tool was answered.
    pub answer: String,
    /// The verdict.
    pub verdict: String,
    /// The guards whose findings made it.
    pub guards: Vec<String>,
    /// Why, for the compliance officer.
    pub reasons: Vec<String>,
    expect: Expect,
}

impl Played {
    /// True when the verdict is the one the story asks for.
    pub fn as_expected(&self) -> bool {
        let Played::Sent(sent) = self else { return true };
        let (verdict, guard) = match sent.expect {
            Expect::Pass => ("pass", None),
            Expect::Block(guard) => ("block", Some(guard)),
            Expect::Delay(guard) => ("delay", Some(guard)),
        };
        sent.verdict == verdict && guard.is_none_or(|guard| sent.guards.iter().any(|found| found == guard))
    }

    /// For programs.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Played::Done => serde_json::json!({"step": "told"}),
            Played::Sent(sent) => serde_json::json!({
                "step": "sent", "by": sent.by, "door": sent.door, "verdict": sent.verdict, "guards": sent.guards,
                "reasons": sent.reasons, "as_expected": self.as_expected(),
            }),
        }
    }
}

/// A gateway to play against.
pub struct Player {
    language: Language,
    running: Running,
    http: Client<HttpConnector, Full<Bytes>>,
    folder: PathBuf,
    story: usize,
    told: usize,
}

impl Player {
    /// Starts a gateway with an empty store, the shipped policies and the sandbox.
    pub async fn start(language: Language) -> anyhow::Result<Player> {
        let begin: Timestamp = BEGIN.parse().context("the demo's first day")?;
        let folder = std::env::temp_dir().join(format!("tactgate-demo-{}", uuid::Uuid::now_v7()));
        let mut config = Config::default();
        config.data_dir = folder.join("data");
        for listener in &mut config.listeners {
            listener.address.set_port(0);
        }
        for brand in &mut config.brands {
            brand.zone = crate::facts::zone("Asia/Shanghai").context("the demo's time zone")?;
        }
        let running = start(config, Clock::standing_at(begin)).await?;
        let http = Client::builder(TokioExecutor::new()).build_http();
        let mut player = Player { language, running, http, folder, story: 0, told: 0 };
        player.introduce().await?;
        Ok(player)
    }

    /// Plays one step.
    pub async fn play(&mut self, step: &Step) -> anyhow::Result<Played> {
        match step {
            Step::Told(who, _, event) => {
                self.tell(*who, event).await?;
                Ok(Played::Done)
            }
            Step::Hours(hours) => {
                self.running.gateway.clock.turn(SignedDuration::from_hours(*hours));
                Ok(Played::Done)
            }
            Step::Sent { to, door, by, subject, text, declared, expect } => {
                let (subject, text) = (subject.to(self.language), text.to(self.language));
                let (answer, id) = match door {
                    Door::Smtp => self.mail(*to, subject, text, declared).await?,
                    Door::SendGrid => self.sendgrid(*to, subject, text, declared).await?,
                    Door::Twilio => self.twilio(*to, text, declared).await?,
                };
                let (verdict, guards, reasons) = self.why(&id)?;
                Ok(Played::Sent(Sent {
                    by: by.to(self.language).to_owned(),
                    door: match door {
                        Door::Smtp => "SMTP",
                        Door::SendGrid => "SendGrid",
                        Door::Twilio => "Twilio",
                    },
                    shown: if subject.is_empty() { text.to_owned() } else { subject.to_owned() },
                    answer,
                    verdict,
                    guards,
                    reasons,
                    expect: *expect,
                }))
            }
        }
    }

    /// Other people for the next story, on the next morning.
    pub async fn next_story(&mut self) -> anyhow::Result<()> {
        self.story += 1;
        let begin: Timestamp = BEGIN.parse()?;
        let now = self.running.gateway.clock.now();
        let days = now.duration_since(begin).as_hours() / 24 + 1;
        let next = begin.saturating_add(SignedDuration::from_hours(24 * days))?;
        self.running.gateway.clock.turn(next.duration_since(now));
        self.introduce().await
    }

    /// Stops the gateway and takes its files away.
    pub async fn stop(self) {
        self.running.stop().await;
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::debug!(%error, "the demo's folder stays");
        }
    }

    /// Tells which phone and mailbox are one person, as a shop's customer file does.
    async fn introduce(&mut self) -> anyhow::Result<()> {
        for who in [Who::Harmed, Who::Twin] {
            let link = format!(r#"{{"type":"identity-link","also":"{}"}}"#, self.phone(who));
            self.tell(who, &link).await?;
        }
        Ok(())
    }

    async fn tell(&mut self, who: Who, event: &str) -> anyhow::Result<()> {
        let mut event: serde_json::Map<String, serde_json::Value> = serde_json::from_str(event)?;
        self.told += 1;
        event.insert("id".into(), format!("demo-{}", self.told).into());
        event.insert("at".into(), self.running.gateway.clock.now().to_string().into());
        event.insert("customer".into(), self.mailbox(who).into());
        let body = format!("{}\n", serde_json::Value::Object(event));
        let (status, _, answer) = self.post("/tactgate/v1/events", "application/x-ndjson", &[], body).await?;
        anyhow::ensure!(status.is_success(), "the events door answered {status}: {answer}");
        Ok(())
    }

    async fn mail(
        &self,
        to: Who,
        subject: &str,
        text: &str,
        declared: &[(&str, &str)],
    ) -> anyhow::Result<(String, String)> {
        let mut builder = Message::builder()
            .from("Shop <news@shop.example>".parse()?)
            .to(self.mailbox(to).parse()?)
            .subject(subject)
            .header(ContentType::TEXT_PLAIN);
        for (name, value) in declared {
            let name = HeaderName::new_from_ascii((*name).to_owned())?;
            builder = builder.raw_header(HeaderValue::new(name, (*value).to_owned()));
        }
        let door = self.door(Protocol::Smtp)?;
        let tool: AsyncSmtpTransport<Tokio1Executor> =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(door.ip().to_string()).port(door.port()).build();
        let answer = match tool.send(builder.body(text.to_owned())?).await {
            Ok(response) => format!("{} {}", response.code(), response.message().collect::<Vec<_>>().join(" ")),
            Err(error) => error.to_string(),
        };
        let id = id_in(&answer).with_context(|| format!("no id in `{answer}`"))?;
        Ok((answer, id))
    }

    async fn sendgrid(
        &self,
        to: Who,
        subject: &str,
        text: &str,
        declared: &[(&str, &str)],
    ) -> anyhow::Result<(String, String)> {
        let body = serde_json::json!({
            "personalizations": [{"to": [{"email": self.mailbox(to)}]}],
            "from": {"email": "news@shop.example"},
            "subject": subject,
            "content": [{"type": "text/plain", "value": text}],
        });
        self.request("/sendgrid/v3/mail/send", "application/json", declared, body.to_string()).await
    }

    async fn twilio(&self, to: Who, text: &str, declared: &[(&str, &str)]) -> anyhow::Result<(String, String)> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", &self.phone(to))
            .append_pair("From", "+15005550006")
            .append_pair("Body", text)
            .finish();
        let path = "/twilio/2010-04-01/Accounts/ACdemo00000000000000000000000000/Messages.json";
        self.request(path, "application/x-www-form-urlencoded", declared, form).await
    }

    async fn request(
        &self,
        path: &str,
        content_type: &str,
        declared: &[(&str, &str)],
        body: String,
    ) -> anyhow::Result<(String, String)> {
        let (status, id, answer) = self.post(path, content_type, declared, body).await?;
        let id = id.with_context(|| format!("no decision id in the answer {status} {answer}"))?;
        let shown: String = answer.chars().take(SHOWN_CHARS_MAX).collect();
        Ok((format!("{} {shown}", status.as_u16()), id))
    }

    async fn post(
        &self,
        path: &str,
        content_type: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> anyhow::Result<(http::StatusCode, Option<String>, String)> {
        let url = format!("http://{}{path}", self.door(Protocol::Http)?);
        let mut request = http::Request::post(url).header("content-type", content_type);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.http.request(request.body(Full::new(Bytes::from(body)))?).await?;
        let status = response.status();
        let id = response.headers().get("tactgate-decision").and_then(|id| id.to_str().ok()).map(str::to_owned);
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, id, String::from_utf8_lossy(&body).into_owned()))
    }

    fn why(&self, id: &str) -> anyhow::Result<(String, Vec<String>, Vec<String>)> {
        let explanation = explain(&self.folder.join("data"), id)?;
        let found = explanation.decisions.first().context("the decision is not on record")?;
        let entry = &found.decision;
        let severity = entry.verdict.severity();
        let decisive = entry.findings.iter().filter(|f| severity > 0 && !f.shadow && f.wants.severity() == severity);
        let guards = decisive.clone().map(|finding| finding.guard.clone()).collect();
        let reasons = decisive
            .filter_map(|finding| {
                let reason = entry.reasons.get(&finding.rule)?;
                Some(format!("{} ({}): {}", finding.rule, finding.place, reason.in_language(self.language)))
            })
            .collect();
        Ok((entry.verdict.name().to_owned(), guards, reasons))
    }

    fn door(&self, protocol: Protocol) -> anyhow::Result<SocketAddr> {
        self.running.door(protocol).context("a door of the demo's gateway")
    }

    fn mailbox(&self, who: Who) -> String {
        let name = if who == Who::Harmed { "ann" } else { "bob" };
        format!("{name}.{}@customer.example", self.story)
    }

    fn phone(&self, who: Who) -> String {
        let last = if who == Who::Harmed { 0 } else { 1 };
        format!("+8613800138{}{last}0", self.story)
    }
}

/// The decision or submission id in an SMTP answer.
fn id_in(answer: &str) -> Option<String> {
    let starts = ["d-", "s-"].into_iter().filter_map(|prefix| {
        answer.match_indices(prefix).map(|(at, _)| at).find(|at| answer.get(at + 2..at + 38).is_some_and(is_uuid))
    });
    let at = starts.min()?;
    answer.get(at..at + 38).map(str::to_owned)
}

fn is_uuid(text: &str) -> bool {
    uuid::Uuid::parse_str(text).is_ok()
}
