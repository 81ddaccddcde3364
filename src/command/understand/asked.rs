//! One line of input: a message and when it is sent.

use std::sync::Arc;

use bytes::Bytes;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Deserialize;
use serde_json::Value;

use crate::facts::zone;
use crate::message::{Channel, Content, Declared, Language, Part, PartKind};
use crate::providers::mime;

/// A message to be read.
pub(super) struct Asked {
    /// Echoed.
    pub id: Option<Value>,
    /// How it travels.
    pub channel: Channel,
    /// Its parts: the subject, the text, the HTML; of raw mail those that are shown, in its order.
    pub content: Arc<Content>,
    /// What its `Tactgate-*` fields say.
    pub declared: Declared,
    /// When, in the zone in which its dates are meant.
    pub sent_at: Zoned,
    /// What it is said to be written in: for texts without a letter.
    pub language: Option<Language>,
}

/// The line as it is written. Other fields are passed over, so that a labelled set can be read as it is.
#[derive(Deserialize)]
struct Written {
    id: Option<Value>,
    channel: Option<Channel>,
    text: Option<String>,
    subject: Option<String>,
    html: Option<String>,
    raw: Option<String>,
    sent_at: Option<String>,
    zone: Option<String>,
    language: Option<String>,
}

impl Asked {
    /// Reads a line; a message that does not say when it is sent is sent `now` in `brand_zone`.
    pub fn read(line: &str, now: Timestamp, brand_zone: &TimeZone) -> Result<Asked, String> {
        let written: Written = serde_json::from_str(line).map_err(|error| {
            // Its place in the line; the number of the line is told beside it.
            let column = error.column();
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or_default();
            if column == 0 { why.to_owned() } else { format!("column {column}: {why}") }
        })?;
        let sent_at = sent_at(written.sent_at.as_deref(), written.zone.as_deref(), now, brand_zone)?;
        let language = written.language.as_deref().map(str::to_ascii_lowercase);
        let of_language = |begins: &str| language.as_deref().is_some_and(|language| language.starts_with(begins));
        let is_mail = written.raw.is_some() || written.subject.is_some() || written.html.is_some();
        let mut asked = Asked {
            id: written.id,
            channel: written.channel.unwrap_or(if is_mail { Channel::Email } else { Channel::Sms }),
            content: Arc::default(),
            declared: Declared::default(),
            sent_at,
            language: [("zh", Language::Zh), ("en", Language::En)]
                .into_iter()
                .find_map(|(begins, language)| of_language(begins).then_some(language)),
        };
        let parts: Vec<Part> =
            [(PartKind::Subject, written.subject), (PartKind::Plain, written.text), (PartKind::Html, written.html)]
                .into_iter()
                .filter_map(|(kind, text)| Some(Part { kind, text: text? }))
                .collect();
        match written.raw {
            Some(_) if !parts.is_empty() => {
                return Err("`raw` is the whole message: leave out `subject`, `text`, `html`".into());
            }
            Some(raw) => {
                let mail = mime::read(&Bytes::from(raw)).map_err(|why| format!("`raw`: {why}"))?;
                (asked.content, asked.declared) = (mail.content, mail.declared);
            }
            None if parts.is_empty() => return Err("nothing to read: give `text`, `subject`, `html` or `raw`".into()),
            None => asked.content = Arc::new(Content { parts, ..Content::default() }),
        }
        Ok(asked)
    }
}

/// The moment, in the zone that is named, else in the offset it is written with, else in the brand's zone.
fn sent_at(written: Option<&str>, named: Option<&str>, now: Timestamp, brand_zone: &TimeZone) -> Result<Zoned, String> {
    let named = match named {
        None => None,
        Some(name) => {
            Some(zone(name).ok_or_else(|| format!("`zone`: there is no zone `{name}`; write `Asia/Shanghai`"))?)
        }
    };
    let Some(written) = written else {
        return Ok(now.to_zoned(named.unwrap_or_else(|| brand_zone.clone())));
    };
    let refuse = || format!("`sent_at`: `{written}` is no moment; write `2026-11-20T10:00:00+08:00`");
    let pieces = Pieces::parse(written).map_err(|_| refuse())?;
    let local = pieces.date().to_datetime(pieces.time().ok_or_else(refuse)?);
    let own = match (pieces.time_zone_annotation(), pieces.to_numeric_offset()) {
        (Some(annotation), _) => Some(annotation.to_time_zone().map_err(|_| refuse())?),
        // `Z` is a moment; where the reader is it does not say.
        (None, Some(offset)) if offset.is_zero() && written.ends_with(['Z', 'z']) => None,
        (None, Some(offset)) => Some(TimeZone::fixed(offset)),
        (None, None) => None,
    };
    let meant = named.or_else(|| own.clone()).unwrap_or_else(|| brand_zone.clone());
    match pieces.to_numeric_offset() {
        Some(offset) => Ok(offset.to_timestamp(local).map_err(|_| refuse())?.to_zoned(meant)),
        None => local
            .to_zoned(own.unwrap_or_else(|| meant.clone()))
            .map(|at| at.with_time_zone(meant))
            .map_err(|_| refuse()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(fields: &str) -> Result<String, String> {
        let line = format!(r#"{{"text":"hi"{fields}}}"#);
        let brand_zone = zone("Asia/Shanghai").unwrap();
        Asked::read(&line, Timestamp::UNIX_EPOCH, &brand_zone).map(|asked| asked.sent_at.to_string())
    }

    #[test]
    fn the_moment_and_the_zone_are_told_apart() {
        for (fields, wanted) in [
            ("", "1970-01-01T08:00:00+08:00[Asia/Shanghai]"),
            (r#","sent_at":"2026-11-20T10:00:00-05:00""#, "2026-11-20T10:00:00-05:00[-05:00]"),
            (r#","sent_at":"2026-11-20T10:00:00Z""#, "2026-11-20T18:00:00+08:00[Asia/Shanghai]"),
            (
                r#","sent_at":"2026-11-20T10:00:00Z","zone":"America/New_York""#,
                "2026-11-20T05:00:00-05:00[America/New_York]",
            ),
            (r#","sent_at":"2026-11-20T10:00:00","zone":"Asia/Taipei""#, "2026-11-20T10:00:00+08:00[Asia/Taipei]"),
        ] {
            assert_eq!(at(fields).as_deref(), Ok(wanted), "{fields}");
        }
        assert!(at(r#","sent_at":"2026-11-20""#).is_err());
        assert!(at(r#","sent_at":"yesterday""#).is_err());
        assert!(at(r#","zone":"Mars/Base""#).is_err());
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let utc = TimeZone::UTC;
        let why = |line: &str| Asked::read(line, Timestamp::UNIX_EPOCH, &utc).err().unwrap_or_default();
        assert!(why("{").starts_with("column 1"), "{}", why("{"));
        assert!(why("{}").contains("nothing to read"));
        assert!(why(r#"{"channel":"fax","text":"a"}"#).contains("fax"));
        assert!(why(r#"{"raw":"Subject: a\r\n\r\nb","text":"a"}"#).contains("whole message"));
    }
}
