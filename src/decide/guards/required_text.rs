//! Stops: a message without words that a law, a contract or the house wants in it, or with words that may not be:
//! a signature 【品牌】, a postal address, the word 广告, a way to refuse; "Re:" before what nobody asked.
//! Avoids: being slipped past. Texts are compared as read: full width, case, traditional characters, blanks,
//! hidden characters and markup make no difference. A mail with text and HTML needs the words in both: a person
//! sees only one of them.
//! Prefers: a rewrite that adds what is missing, where the rule names one.
//! Settings: `all_of` (each must be there), `any_of` (one of them must be), `none_of` (none may be): lists of
//! texts, in which `*` stands for up to 40 characters; `needs`: a list of duties, at least one of all these. The duties are
//! `signature` (an SMS that begins or ends with 【…】), `opt-out` (a way to refuse, in words or as a link), `postal-address`
//! (of a mail; known by the ways of the United States, Canada, the United Kingdom and China), `list-unsubscribe` (RFC 2369:
//! a mail's header field with an address), `one-click` (RFC 8058: that field with an https address, and the field
//! List-Unsubscribe-Post), `list-id` (RFC 2919). A duty of mails asks nothing of an SMS, nor the other way round. `on` (`"message"`, `"subject"` or
//! `"body"`), `at` (`"anywhere"`, `"start"`, `"end"`, or `"edge"`: start or end). For whom and where is told by
//! the rule's filters (`languages`, `channels`, `brands`, `purposes`). It needs the text, which is not kept: its
//! findings say that they are not replayable.

use serde::Deserialize;

use super::{Case, Defaults, Misfit};
use crate::decide::{Answer, Evidence, GuardClass, Objection};
use crate::facts::Why;
use crate::message::Channel;
use crate::policy::{OnUnknown, Then, Window};
use crate::understand::OptOut;
use crate::understand::postal::tells_address;
use crate::understand::shown_text::{Phrase, Place, ShownText};

/// A duty: what the law wants in a message it wants in every one. Filter by `purposes` what it wants in some.
pub const CLASS: GuardClass = GuardClass::Law;

/// Blocks; what cannot be read is let go, since nothing speaks against it.
pub const DEFAULTS: Defaults =
    Defaults { then: Then::Block, on_unknown: OnUnknown::Pass, on_store_down: OnUnknown::Pass };

/// Names for reasons.
pub const PLACEHOLDERS: &[&str] = &["kind", "text", "on", "replayable"];

/// Which parts are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// Subject and body; what must be there may stand in either.
    #[default]
    Message,
    /// The subject line.
    Subject,
    /// Text and HTML.
    Body,
}

/// Something a message owes its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    /// Says who sends it: 【品牌】 at the beginning or end of an SMS.
    Signature,
    /// Says how to refuse more of it.
    OptOut,
    /// A mail that says where the sender can be written to.
    PostalAddress,
    /// A mail with List-Unsubscribe.
    ListUnsubscribe,
    /// A mail that is unsubscribed from in one click.
    OneClick,
    /// A mail with List-Id.
    ListId,
}

/// The guard's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Each must be there.
    pub all_of: Vec<Phrase>,
    /// One must be there.
    pub any_of: Vec<Phrase>,
    /// None may be there.
    pub none_of: Vec<Phrase>,
    /// What the message owes its reader.
    pub needs: Vec<Duty>,
    /// Where it is looked for.
    pub on: On,
    /// And at which end.
    pub at: Place,
}

/// The guard's answer.
pub fn examine(settings: &Settings, case: &Case<'_>) -> Answer {
    let shown = ShownText::of(&case.message.content);
    let subject = || shown.subject().into_iter();
    let has = |phrase: &Phrase| {
        let said = |text: &str| phrase.is_in(text, settings.at);
        let in_subject = || subject().any(said);
        // A person sees one of the alternatives: each must have it.
        let in_body = || shown.has_body() && shown.bodies().all(said);
        match settings.on {
            On::Message => in_subject() || in_body(),
            On::Subject => in_subject(),
            On::Body => in_body(),
        }
    };
    let shows = |phrase: &&Phrase| {
        let said = |text: &str| phrase.is_in(text, settings.at);
        let (on_subject, on_body) = (settings.on != On::Body, settings.on != On::Subject);
        on_subject && subject().any(said) || on_body && shown.bodies().any(said)
    };
    if let Some(phrase) = settings.none_of.iter().find(shows) {
        return objects(settings.on.name(), "forbidden", &phrase.said);
    }
    // Header fields are read, whatever of the text could not be.
    if let Some(duty) = settings.needs.iter().find(|duty| duty.is_in_headers() && !duty.is_met(case, &shown)) {
        return objects("headers", "missing", duty.name());
    }
    let owed = settings.needs.iter().find(|duty| !duty.is_met(case, &shown));
    let missing = settings.all_of.iter().find(|phrase| !has(phrase)).map(|phrase| phrase.said.clone());
    let missing = missing.or_else(|| {
        let none = !settings.any_of.is_empty() && !settings.any_of.iter().any(has);
        none.then(|| settings.any_of.iter().map(|phrase| phrase.said.as_str()).collect::<Vec<_>>().join(" | "))
    });
    // An SMS has no subject that could lack something.
    let missing = missing.filter(|_| settings.on != On::Subject || shown.subject().is_some());
    let missing = missing.map(|text| (settings.on.name(), text));
    match missing.or_else(|| owed.map(|duty| ("message", duty.name().to_owned()))) {
        // What could not be read may be what is looked for.
        _ if case.read_whole().is_err() => Answer::CannotTell(Why::Unread),
        Some((on, text)) => objects(on, "missing", &text),
        None => Answer::Fine,
    }
}

/// Something to look for, and nothing that is everywhere.
pub fn check(settings: &Settings) -> Result<(), Misfit> {
    let lists = [("all_of", &settings.all_of), ("any_of", &settings.any_of), ("none_of", &settings.none_of)];
    if lists.iter().all(|(_, list)| list.is_empty()) && settings.needs.is_empty() {
        let why =
            "or another list is needed: give at least one text in all_of, any_of or none_of, or a duty in needs".into();
        return Err(Misfit { key: "all_of", why });
    }
    for (key, list) in lists {
        if list.iter().any(Phrase::is_blank) {
            return Err(Misfit { key, why: "holds a text of blanks only: it would be found everywhere".into() });
        }
    }
    Ok(())
}

/// It looks at no history.
pub fn windows(_: &Settings) -> Vec<(&'static str, Window)> {
    Vec::new()
}

impl Duty {
    /// Whether the message does what it owes; what is no duty of its channel is done.
    fn is_met(self, case: &Case<'_>, shown: &ShownText) -> bool {
        let content = &case.message.content;
        let mail = case.message.channel == Channel::Email;
        let field = content.header("list-unsubscribe").unwrap_or_default();
        // A provider that fills the fields in itself says both.
        let by_provider = field.contains("<sendgrid:");
        match self {
            Duty::Signature => mail || shown.bodies().any(|text| Phrase::of("【*】").is_in(text, Place::Edge)),
            Duty::OptOut => matches!(case.meaning.opt_out, Some(OptOut::Text(_))),
            Duty::PostalAddress => !mail || shown.has_body() && shown.bodies().all(tells_address),
            Duty::ListUnsubscribe => {
                !mail || by_provider || ["<https:", "<http:", "<mailto:"].iter().any(|begin| field.contains(begin))
            }
            Duty::OneClick => {
                let post = content.header("list-unsubscribe-post").unwrap_or_default();
                !mail || by_provider || field.contains("<https:") && post.trim() == "List-Unsubscribe=One-Click"
            }
            Duty::ListId => !mail || content.header("list-id").is_some_and(|id| id.contains('<')),
        }
    }

    fn is_in_headers(self) -> bool {
        matches!(self, Duty::ListUnsubscribe | Duty::OneClick | Duty::ListId)
    }

    fn name(self) -> &'static str {
        match self {
            Duty::Signature => "signature",
            Duty::OptOut => "way-to-refuse",
            Duty::PostalAddress => "postal-address",
            Duty::ListUnsubscribe => "list-unsubscribe",
            Duty::OneClick => "one-click",
            Duty::ListId => "list-id",
        }
    }
}

impl On {
    fn name(self) -> &'static str {
        match self {
            On::Message => "message",
            On::Subject => "subject",
            On::Body => "body",
        }
    }
}

fn objects(on: &str, kind: &str, text: &str) -> Answer {
    Answer::Objects(Objection::because([
        ("kind", Evidence::Name(kind.to_owned())),
        ("text", Evidence::Name(text.to_owned())),
        ("on", Evidence::Name(on.to_owned())),
        ("replayable", Evidence::Name("not-replayable".to_owned())),
    ]))
}
