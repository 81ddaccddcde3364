//! `[[stream]]` and `[[brand]]`: whose messages come through which credential, and what they are for.

use serde::Deserialize;
use toml::Spanned;

use super::problem::Problems;
use super::secret::{SecretHash, SecretSource};
use crate::message::{Class, PRIORITY_MAX, PRIORITY_NORMAL, Secret, Stream};

/// What lets a client in and names its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A user and a secret: SMTP AUTH, HTTP Basic.
    Login {
        /// The user.
        user: String,
        /// Its secret.
        secret: SecretHash,
    },
    /// A provider's account id (`AC…`): names the stream. Proves it only with a secret.
    Account {
        /// The id.
        account: String,
        /// Its secret, when this gateway is to check it.
        secret: Option<SecretHash>,
    },
    /// A bearer token or API key.
    Bearer(SecretHash),
}

/// What a client showed.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    /// A user and a secret.
    Login(&'a str, &'a Secret),
    /// A bearer token.
    Bearer(&'a Secret),
    /// An account in the path, with no secret of its own.
    Account(&'a str),
}

/// A stream and its ways in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSettings {
    /// Whose and what for.
    pub stream: Stream,
    /// The credentials that lead to it.
    pub credentials: Vec<Credential>,
}

/// A stream that was found by what a client showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identified<'a> {
    /// The stream.
    pub stream: &'a Stream,
    /// True when a secret was checked here; false when only an account's name matched: then the
    /// provider must be the one to check.
    pub proven: bool,
}

/// The stream that the credential leads to. Looks at every credential, so that the time taken does
/// not tell which of them came near.
pub(super) fn identify<'a>(streams: &'a [StreamSettings], shown: Shown<'_>) -> Option<Identified<'a>> {
    let mut found: Option<Identified<'a>> = None;
    for settings in streams {
        for credential in &settings.credentials {
            let proven = match (credential, shown) {
                (Credential::Login { user, secret }, Shown::Login(shown_user, shown_secret)) => {
                    (secret.matches(shown_secret) & (user == shown_user)).then_some(true)
                }
                (Credential::Bearer(secret), Shown::Bearer(shown_secret)) => {
                    secret.matches(shown_secret).then_some(true)
                }
                (Credential::Account { account, secret: Some(secret) }, Shown::Login(user, shown_secret)) => {
                    (secret.matches(shown_secret) & (account == user)).then_some(true)
                }
                (Credential::Account { account, secret: None }, Shown::Login(user, _) | Shown::Account(user)) => {
                    (account == user).then_some(false)
                }
                _ => None,
            };
            if let Some(proven) = proven
                && found.is_none_or(|f| proven && !f.proven)
            {
                found = Some(Identified { stream: &settings.stream, proven });
            }
        }
    }
    found
}

/// A brand: facts are kept per brand.
#[derive(Debug, Clone, PartialEq)]
pub struct Brand {
    /// Its name.
    pub name: String,
    /// Where its dates and hours are.
    pub zone: jiff::tz::TimeZone,
    /// The country (ISO 3166) whose national phone numbers it writes; `None` = only `+` numbers.
    pub region: Option<String>,
    /// Links that lead to a product, with `{sku}` in place of the sku: `https://shop.example/p/{sku}`.
    pub product_links: Vec<String>,
}

impl Brand {
    /// One with every default.
    pub fn named(name: &str) -> Brand {
        Brand { name: name.to_owned(), zone: jiff::tz::TimeZone::UTC, region: None, product_links: Vec::new() }
    }
}

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStream {
    pub(super) name: Spanned<String>,
    pub(super) brand: Option<Spanned<String>>,
    department: Option<String>,
    purpose: Option<String>,
    #[serde(default)]
    class: Class,
    priority: Option<Spanned<u16>>,
    #[serde(default)]
    credentials: Vec<Spanned<RawCredential>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCredential {
    user: Option<String>,
    account: Option<String>,
    secret_sha256: Option<String>,
    bearer_sha256: Option<String>,
    secret: Option<Secret>,
    secret_file: Option<std::path::PathBuf>,
    secret_env: Option<String>,
}

impl RawStream {
    pub(super) fn check(&self, brand: String, problems: &mut Problems, warnings: &mut Vec<String>) -> StreamSettings {
        let name = self.name.get_ref().clone();
        let credentials = self
            .credentials
            .iter()
            .filter_map(|raw| check_credential(raw, &format!("stream `{name}`"), problems, warnings))
            .collect();
        let stream = Stream {
            name,
            brand,
            department: self.department.clone(),
            purpose: self.purpose.clone(),
            class: self.class,
            priority: self.priority.as_ref().map_or(PRIORITY_NORMAL, |priority| *priority.get_ref()),
        };
        if let Some(priority) = self.priority.as_ref().filter(|priority| *priority.get_ref() > PRIORITY_MAX) {
            problems.add(priority.span(), format!("`priority` is 0 to {PRIORITY_MAX}; {PRIORITY_NORMAL} if left out"));
        }
        StreamSettings { stream, credentials }
    }
}

fn check_credential(
    raw: &Spanned<RawCredential>,
    what: &str,
    problems: &mut Problems,
    warnings: &mut Vec<String>,
) -> Option<Credential> {
    let (span, raw) = (raw.span(), raw.get_ref());
    let source =
        SecretSource { inline: raw.secret.clone(), file: raw.secret_file.clone(), env: raw.secret_env.clone() };
    let fetched = source.fetch(span.clone(), what, problems, warnings).map(|secret| SecretHash::of(&secret));
    let hash = match &raw.secret_sha256 {
        Some(_) if fetched.is_some() => {
            problems.add(span, format!("{what}: a secret and `secret_sha256` are both given"));
            return None;
        }
        Some(hex) => Some(hash_of(hex, span.clone(), "secret_sha256", problems)?),
        None => fetched,
    };
    match (&raw.user, &raw.account, &raw.bearer_sha256, hash) {
        (Some(user), None, None, Some(secret)) => Some(Credential::Login { user: user.clone(), secret }),
        (None, Some(account), None, secret) => Some(Credential::Account { account: account.clone(), secret }),
        (None, None, Some(hex), None) => hash_of(hex, span, "bearer_sha256", problems).map(Credential::Bearer),
        (None, None, None, Some(secret)) => Some(Credential::Bearer(secret)),
        _ => {
            problems.add_with_help(
                span,
                format!("{what}: this credential is not complete"),
                "write { user = \"…\", secret_sha256 = \"…\" }, { account = \"AC…\" } or { bearer_sha256 = \"…\" }",
            );
            None
        }
    }
}

pub(super) fn hash_of(
    hex: &str,
    span: std::ops::Range<usize>,
    key: &str,
    problems: &mut Problems,
) -> Option<SecretHash> {
    let hash = SecretHash::from_hex(hex);
    if hash.is_none() {
        problems.add_with_help(
            span,
            format!("`{key}` is not 64 hex digits"),
            "make it with: printf %s \"$SECRET\" | sha256sum",
        );
    }
    hash
}

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBrand {
    pub(super) name: Spanned<String>,
    zone: Option<Spanned<String>>,
    region: Option<Spanned<String>>,
    #[serde(default)]
    product_links: Vec<Spanned<String>>,
}

impl RawBrand {
    pub(super) fn check(&self, problems: &mut Problems) -> Brand {
        let mut brand = Brand::named(self.name.get_ref());
        if let Some(zone) = &self.zone {
            match jiff::tz::TimeZone::get(zone.get_ref()) {
                Ok(found) => brand.zone = found,
                Err(_) => problems.add_with_help(
                    zone.span(),
                    format!("`{}` is not a time zone", zone.get_ref()),
                    did_you_mean_zone(zone.get_ref()),
                ),
            }
        }
        if let Some(region) = &self.region {
            check_region(region, problems);
            brand.region = Some(region.get_ref().clone());
        }
        for link in &self.product_links {
            if link.get_ref().matches("{sku}").count() != 1 {
                problems.add_with_help(
                    link.span(),
                    "a product link needs `{sku}` once",
                    "as in `https://shop.example/p/{sku}`",
                );
            }
            brand.product_links.push(link.get_ref().clone());
        }
        brand
    }
}

fn did_you_mean_zone(word: &str) -> String {
    let names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
    super::problem::did_you_mean(word, names.iter().map(String::as_str))
        .unwrap_or_else(|| "write an IANA name: `Asia/Shanghai`, `America/New_York`".to_owned())
}

/// Two capital letters that the phone number metadata knows.
pub(super) fn check_region(region: &Spanned<String>, problems: &mut Problems) {
    let text = region.get_ref();
    if text.len() != 2 || !text.bytes().all(|b| b.is_ascii_uppercase()) {
        problems.add_with_help(
            region.span(),
            format!("`{text}` is not a country"),
            "write two capital letters (ISO 3166): `CN`, `TW`, `US`",
        );
    }
}
