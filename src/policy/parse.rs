//! One policy file's text into rules and cases. Each rule is a table named after its guard, so every
//! key is typed; each error has its place, and all errors are found, not only the first.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::case_spec::{CaseSpec, PolicyCase};
use super::error::{PolicyError, Source};
use super::{Filters, Judge, Limits, Mode, OnUnknown, Place, Rule, Texts, Then, keys, then, wording};
use crate::decide::guards::{self, ForGuard, Guard};
use crate::message::{PRIORITY_MAX, PRIORITY_NORMAL};

/// The keys every rule may have.
pub const COMMON_KEYS: &[&str] = &[
    "id",
    "formerly",
    "mode",
    "share",
    "channels",
    "brands",
    "purposes",
    "departments",
    "campaigns",
    "languages",
    "countries",
    "then",
    "on_unknown",
    "on_store_down",
    "title",
    "reason",
    "owner",
    "priority",
    "source",
    "checked",
];

/// Rules one file may have, and cases: a limit, not a wish.
pub const TABLES_MAX: usize = 10_000;

/// What a file holds.
#[derive(Debug, Default)]
pub struct File {
    /// Its rules.
    pub rules: Vec<Box<dyn Judge>>,
    /// Where each rule's id stands.
    pub ids: Vec<(String, Range<usize>)>,
    /// Its cases.
    pub cases: Vec<PolicyCase>,
}

type Table<'i> = Spanned<DeTable<'i>>;
type Value<'i> = Spanned<DeValue<'i>>;

/// Reads a file; what is wrong is added to `errors`.
pub fn parse(source: &Source, limits: &Limits, errors: &mut Vec<PolicyError>) -> File {
    let mut file = File::default();
    let (document, unreadable) = DeTable::parse_recoverable(&source.text);
    if !unreadable.is_empty() {
        errors.extend(unreadable.iter().map(|e| serde_error(source, e, 0..0)));
        return file;
    }
    for (name, value) in document.into_inner() {
        let known = guards::NAMES.iter().copied().chain(["case"]);
        if !known.clone().any(|known| known == name.get_ref()) {
            let guess = keys::nearest(name.get_ref(), known);
            let guess = guess.map(|guess| format!(", did you mean `{guess}`?")).unwrap_or_default();
            let error = PolicyError::at(source, name.span(), format!("there is no guard `{}`{guess}", name.get_ref()));
            errors.push(error.advise(format!("the guards are {}; cases are `[[case]]`", guards::NAMES.join(", "))));
            continue;
        }
        let span = value.span();
        let DeValue::Array(tables) = value.into_inner() else {
            let advice = format!("write `[[{0}]]`, with two brackets: there may be several", name.get_ref());
            errors.push(
                PolicyError::at(source, span, format!("`{}` is a list of tables", name.get_ref())).advise(advice),
            );
            continue;
        };
        if tables.len() > TABLES_MAX {
            errors.push(PolicyError::at(source, span, format!("more than {TABLES_MAX} tables in one file")));
            continue;
        }
        for table in tables {
            let span = table.span();
            let DeValue::Table(table) = table.into_inner() else {
                errors.push(PolicyError::at(source, span, format!("`{}` is a list of tables", name.get_ref())));
                continue;
            };
            let table = Spanned::new(span, table);
            if name.get_ref() == "case" {
                let (line, _) = source.position(table.span().start);
                let place = Place { file: source.file.clone(), line };
                let span = table.span();
                let value = Spanned::new(span.clone(), DeValue::Table(table.into_inner()));
                let spec: Option<CaseSpec> = read(source, value, errors);
                file.cases.extend(spec.map(|spec| PolicyCase { spec, place, span, source: source.clone() }));
            } else {
                let reader = RuleReader { source, limits, errors, table, ids: &mut file.ids };
                file.rules.extend(guards::for_guard(name.get_ref(), reader).flatten());
            }
        }
    }
    file
}

struct RuleReader<'a, 'i> {
    source: &'a Source,
    limits: &'a Limits,
    errors: &'a mut Vec<PolicyError>,
    table: Table<'i>,
    ids: &'a mut Vec<(String, Range<usize>)>,
}

impl ForGuard for RuleReader<'_, '_> {
    type Out = Option<Box<dyn Judge>>;

    fn run<G: Guard>(self) -> Option<Box<dyn Judge>> {
        let RuleReader { source, limits, errors, table, ids } = self;
        let before = errors.len();
        let whole = table.span();
        // The table's own span is its header's: an error about the whole rule points there.
        let own_keys = keys::keys_of::<G>();
        let mut own: Vec<(Spanned<toml::de::DeString<'_>>, Value<'_>)> = Vec::new();
        let mut common = Common::default();
        // Keys that were misspelt: that they are missing too is no news.
        let mut meant: Vec<String> = Vec::new();
        for (key, value) in table.into_inner() {
            if COMMON_KEYS.contains(&key.get_ref().as_ref()) {
                common.take(source, key.get_ref(), value, errors);
            } else if own_keys.contains(&key.get_ref().as_ref()) {
                own.push((key, value));
            } else {
                let known = own_keys.iter().copied().chain(COMMON_KEYS.iter().copied());
                let message = keys::unknown_key(key.get_ref(), known.clone());
                meant.extend(keys::nearest(key.get_ref(), known).map(str::to_owned));
                let own = own_keys.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
                let advice = format!("`{}` has {own}, and the keys all rules have", G::NAME);
                errors.push(PolicyError::at(source, key.span(), message).advise(advice));
            }
        }
        let at_key = |own: &[(Spanned<toml::de::DeString<'_>>, Value<'_>)], key: &str| {
            own.iter().find(|(k, _)| k.get_ref() == key).map_or(whole.clone(), |(_, value)| value.span())
        };
        let settings = settings::<G>(source, &whole, own.clone(), &meant, errors);
        if let Some(settings) = &settings {
            // Where a key was misspelt, what it says is missing, and whether the rest makes sense is not known.
            if let Err(misfit) = settings.check()
                && meant.is_empty()
            {
                let span = at_key(&own, misfit.key);
                errors.push(PolicyError::at(source, span, format!("`{}` {}", misfit.key, misfit.why)));
            }
            for (key, window) in settings.windows() {
                if window > limits.history {
                    let days = limits.history.0.as_hours() / 24;
                    let message = format!("`{key}` looks back further than history is kept ({days} days)");
                    let advice = "shorten it, or raise `history_days` in tactgate.toml";
                    errors.push(PolicyError::at(source, at_key(&own, key), message).advise(advice));
                }
            }
        }
        common.wrong.extend(meant);
        common.check::<G>(source, &whole, errors);
        let (line, _) = source.position(whole.start);
        if let Some((id, span)) = &common.id {
            ids.push((id.clone(), span.clone()));
        }
        if errors.len() > before {
            return None;
        }
        let defaults = G::DEFAULTS;
        Some(Box::new(Rule {
            id: common.id?.0,
            formerly: common.formerly.unwrap_or_default(),
            mode: common.mode.unwrap_or_default(),
            share: common.share.map_or(100, |(share, _)| share),
            filters: common.filters,
            then: common.then.map_or(defaults.then, |then| then.0),
            on_unknown: common.on_unknown.unwrap_or(defaults.on_unknown),
            on_store_down: common.on_store_down.unwrap_or(defaults.on_store_down),
            title: common.title?.0,
            reason: common.reason.unwrap_or_default(),
            owner: common.owner,
            priority: common.priority.map(|(priority, _)| priority),
            source: common.source,
            checked: common.checked.map(|day| day.0),
            place: Place { file: source.file.clone(), line },
            settings: settings?,
        }))
    }
}

/// The guard's own keys. After an error the wrong key is left out and the rest is read, so that every
/// wrong key is reported at once.
fn settings<'i, G: Guard>(
    source: &Source,
    whole: &Range<usize>,
    mut own: Vec<(Spanned<toml::de::DeString<'i>>, Value<'i>)>,
    meant: &[String],
    errors: &mut Vec<PolicyError>,
) -> Option<G> {
    let mut left_out: Vec<String> = Vec::new();
    loop {
        let table: DeTable<'i> = own.iter().cloned().collect();
        let error = match G::deserialize(ValueDeserializer::from(Spanned::new(whole.clone(), DeValue::Table(table)))) {
            Ok(settings) => return left_out.is_empty().then_some(settings),
            Err(error) => error,
        };
        let about_left_out =
            left_out.iter().chain(meant).any(|key| error.message().contains(&format!("missing field `{key}`")));
        if !about_left_out {
            errors.push(serde_error(source, &error, whole.clone()));
        }
        let place = error.span().unwrap_or(0..0);
        let wrong = own.iter().position(|(_, value)| {
            let span = value.span();
            place.start >= span.start && place.end <= span.end && !place.is_empty()
        });
        match wrong {
            Some(at) => left_out.push(own.remove(at).0.into_inner().into_owned()),
            None => return None,
        }
    }
}

/// A day as TOML writes it: `2026-02-25`.
struct CheckedOn(jiff::civil::Date);

impl<'de> serde::Deserialize<'de> for CheckedOn {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<CheckedOn, D::Error> {
        let written = toml::value::Datetime::deserialize(deserializer)?.to_string();
        let wrong = |_| serde::de::Error::custom(format!("`{written}` is no day: write `2026-02-25`, without quotes"));
        written.parse().map(CheckedOn).map_err(wrong)
    }
}

#[derive(Default)]
struct Common {
    id: Option<(String, Range<usize>)>,
    formerly: Option<Vec<String>>,
    mode: Option<Mode>,
    share: Option<(u8, Range<usize>)>,
    filters: Filters,
    then: Option<then::Written>,
    then_span: Range<usize>,
    on_unknown: Option<OnUnknown>,
    on_store_down: Option<OnUnknown>,
    title: Option<(Texts, Range<usize>)>,
    reason: Option<Texts>,
    reason_span: Range<usize>,
    owner: Option<String>,
    priority: Option<(u16, Range<usize>)>,
    source: Option<String>,
    checked: Option<CheckedOn>,
    wrong: Vec<String>,
}

impl Common {
    fn take(&mut self, source: &Source, key: &str, value: Value<'_>, errors: &mut Vec<PolicyError>) {
        let (span, before) = (value.span(), errors.len());
        match key {
            "id" => self.id = read(source, value, errors).map(|id| (id, span)),
            "formerly" => self.formerly = read(source, value, errors),
            "mode" => self.mode = read(source, value, errors),
            "share" => self.share = read(source, value, errors).map(|share| (share, span)),
            "channels" => self.filters.channels = read(source, value, errors),
            "brands" => self.filters.brands = read(source, value, errors),
            "purposes" => self.filters.purposes = read(source, value, errors),
            "departments" => self.filters.departments = read(source, value, errors),
            "campaigns" => self.filters.campaigns = read(source, value, errors),
            "languages" => self.filters.languages = read(source, value, errors),
            "countries" => self.filters.countries = read(source, value, errors),
            "then" => {
                self.then_span = span;
                self.then = read(source, value, errors);
            }
            "on_unknown" => self.on_unknown = read(source, value, errors),
            "on_store_down" => self.on_store_down = read(source, value, errors),
            "title" => self.title = read(source, value, errors).map(|title| (title, span)),
            "reason" => {
                self.reason_span = span;
                self.reason = read(source, value, errors);
            }
            "priority" => self.priority = read(source, value, errors).map(|priority| (priority, span)),
            "source" => self.source = read(source, value, errors),
            "checked" => self.checked = read(source, value, errors),
            _ => self.owner = read(source, value, errors),
        }
        if errors.len() > before {
            self.wrong.push(key.to_owned());
        }
    }

    fn check<G: Guard>(&self, source: &Source, whole: &Range<usize>, errors: &mut Vec<PolicyError>) {
        match &self.id {
            Some((id, span)) => {
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
                if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) {
                    let message = "an id is small letters, digits and hyphens, at most 64: it stands in replies";
                    errors.push(PolicyError::at(source, span.clone(), message));
                }
            }
            None => self.missing("id", "`id = \"no-sms-at-night\"`", source, whole, errors),
        }
        match &self.title {
            Some((Texts { en: None, zh: None }, span)) => {
                errors.push(PolicyError::at(source, span.clone(), "a title needs `en` or `zh`"));
            }
            Some((title, span)) => {
                let facts = [&title.en, &title.zh].into_iter().flatten().any(|t| t.contains('{'));
                if facts {
                    let message = "a title stands in refusals and tells no facts: no `{…}` in it";
                    errors.push(PolicyError::at(source, span.clone(), message));
                }
            }
            None => self.missing("title", "`title.en = \"…\"` and `title.zh = \"…\"`", source, whole, errors),
        }
        if let Some((share, span)) = &self.share
            && !(1..=100).contains(share)
        {
            let message = "`share` is 1 to 100 of a hundred customers; to stop a rule, write `mode = \"off\"`";
            errors.push(PolicyError::at(source, span.clone(), message));
        }
        if let Some((priority, span)) = &self.priority
            && *priority > PRIORITY_MAX
        {
            let message = format!("`priority` is 0 to {PRIORITY_MAX}; that of other messages is {PRIORITY_NORMAL}");
            errors.push(PolicyError::at(source, span.clone(), message));
        }
        let actions = match &self.then {
            Some(then::Written(Then::Rewrite(actions))) => &actions[..],
            _ => &[],
        };
        let reasons = self.reason.iter().map(|reason| (reason, &self.reason_span, "a reason"));
        let words = actions.iter().filter_map(|action| action.template());
        for (texts, span, which) in reasons.chain(words.map(|texts| (texts, &self.then_span, "these words"))) {
            let names = [&texts.en, &texts.zh].into_iter().flatten().flat_map(|text| wording::placeholders(text));
            for wrong in names.filter(|name| !wording::is_known::<G>(name)) {
                let known = || G::PLACEHOLDERS.iter().copied().chain(wording::ALWAYS.iter().copied());
                let guess = keys::nearest(&wrong, known()).map(|k| format!(", did you mean `{{{k}}}`?"));
                let all = known().map(|k| format!("{{{k}}}")).collect::<Vec<_>>().join(" ");
                let message = format!("`{}` has no `{{{wrong}}}`{}", G::NAME, guess.unwrap_or_default());
                let error = PolicyError::at(source, span.clone(), message);
                errors.push(error.advise(format!("{which} may use {all}")));
            }
        }
    }

    fn missing(&self, key: &str, example: &str, source: &Source, whole: &Range<usize>, errors: &mut Vec<PolicyError>) {
        if !self.wrong.iter().any(|wrong| wrong == key) {
            let error = PolicyError::at(source, whole.clone(), format!("the key `{key}` is missing"));
            errors.push(error.advise(format!("every rule has one: {example}")));
        }
    }
}

fn read<T: DeserializeOwned>(source: &Source, value: Value<'_>, errors: &mut Vec<PolicyError>) -> Option<T> {
    let span = value.span();
    match T::deserialize(ValueDeserializer::from(value)) {
        Ok(read) => Some(read),
        Err(error) => {
            errors.push(serde_error(source, &error, span));
            None
        }
    }
}

fn serde_error(source: &Source, error: &toml::de::Error, otherwise: Range<usize>) -> PolicyError {
    PolicyError::at(source, error.span().unwrap_or(otherwise), keys::plain_words(error.message()))
}
