//! What a client handed over in one transaction, exactly as it came, and the replies it can get.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;

use super::Stream;

/// One SMTP transaction or one HTTP request.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Its id, given at the door: shows in replies, records and `explain`.
    pub id: String,
    /// When the last byte arrived.
    pub received_at: Timestamp,
    /// Who handed it over.
    pub peer: IpAddr,
    /// The dialect it speaks: `sendgrid` …, or `relay` for mail by SMTP.
    pub dialect: String,
    /// Whose it is, by credential or route.
    pub stream: Stream,
    /// Name of the `[[route]]` it will leave by.
    pub route: String,
    /// The bytes.
    pub wire: Wire,
}

/// The two wires that exist today.
#[derive(Debug, Clone)]
pub enum Wire {
    /// From the SMTP door.
    Smtp(MailSubmission),
    /// From the HTTP door.
    Http(HttpRequest),
}

/// MAIL FROM and its parameters (RFC 5321 §4.1.1.2, RFC 3461).
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MailEnvelope {
    /// The reverse-path without brackets; empty is the null sender of a DSN.
    pub sender: String,
    /// `BODY=8BITMIME` was said.
    pub eight_bit: bool,
    /// `SMTPUTF8` was said.
    pub smtputf8: bool,
    /// `RET=` as it was said.
    pub ret: Option<String>,
    /// `ENVID=`, still xtext-encoded.
    pub envid: Option<String>,
}

/// RCPT TO and its parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MailRecipient {
    /// The forward-path without brackets, as it was said.
    pub address: String,
    /// `NOTIFY=` as it was said: `NEVER`, `SUCCESS,FAILURE` …
    pub notify: Option<String>,
    /// `ORCPT=`, still xtext-encoded, with its type.
    pub orcpt: Option<String>,
}

/// A mail as the SMTP door took it.
#[derive(Debug, Clone, Default)]
pub struct MailSubmission {
    /// What the client called itself in EHLO.
    pub helo: String,
    /// True when the session was TLS.
    pub tls: bool,
    /// The user it logged in as, if it did.
    pub user: Option<String>,
    /// The secret of that login, for routes whose `credentials = "pass"`.
    pub password: Option<Secret>,
    /// MAIL FROM.
    pub envelope: MailEnvelope,
    /// RCPT TO, in order, at least one.
    pub recipients: Vec<MailRecipient>,
    /// The content: strict CRLF lines, dots unstuffed, without the final dot.
    pub data: Bytes,
}

/// A request as the HTTP door took it; hop-by-hop fields are gone.
#[derive(Debug, Clone, Default)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The path below the dialect's first segment, with its leading `/`: `/v3/mail/send`.
    pub path: String,
    /// The query, without `?`.
    pub query: Option<String>,
    /// End-to-end fields, `Tactgate-*` still in.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// How the field names were spelt, for hyper's eyes: a provider sees `X-FooBar`, not `x-foobar`.
    pub spelling: http::Extensions,
}

/// A secret that no formatter shows.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The secret itself, for the one place that must send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// One reply to a DATA (or RCPT) command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpReply {
    /// `250`, `451`, `550` …
    pub code: u16,
    /// Enhanced status code (RFC 3463), `5.7.1`; `None` when the provider gave none.
    pub enhanced: Option<String>,
    /// The text, possibly of several lines joined by `\n`. Never a CR.
    pub text: String,
}

impl SmtpReply {
    /// A reply of the gateway's own.
    pub fn new(code: u16, enhanced: &str, text: impl Into<String>) -> SmtpReply {
        SmtpReply { code, enhanced: Some(enhanced.to_owned()), text: text.into() }
    }

    /// 2xx.
    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }
}

/// One HTTP response, whole.
#[derive(Debug, Clone, Default)]
pub struct HttpReply {
    /// The status.
    pub status: StatusCode,
    /// End-to-end fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// How the field names were spelt, for hyper's eyes.
    pub spelling: http::Extensions,
}

impl HttpReply {
    /// A JSON reply of the gateway's own.
    pub fn json(status: StatusCode, body: &serde_json::Value) -> HttpReply {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        HttpReply { status, headers, body: Bytes::from(body.to_string()), ..HttpReply::default() }
    }
}
