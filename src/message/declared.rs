//! What a sender says about a message in so many words: `Tactgate-Campaign`, `-Department`,
//! `-Purpose`, `-Survey`, `-Offer` as mail headers, HTTP request headers or provider metadata
//! (design §5, *Declared facts*). Values are RFC 9651 structured fields; a bare word is taken as one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sfv::{BareItem, Item, List, ListEntry, Parser};

use super::{Channel, Money};

/// Name prefix of every declaration, compared without case.
pub const PREFIX: &str = "tactgate-";

/// An offer the sender declared: `"BT-200";price="299.00 CNY";ends=@1767139200;exclusive=sms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredOffer {
    /// The product's sku.
    pub product: String,
    /// The sender's own id of the offer (`;id=spring-bt`): makes a family on its own.
    pub id: Option<String>,
    /// What it costs in this offer.
    pub price: Option<Money>,
    /// The struck-out price (`;list="399.00 CNY"`).
    pub list_price: Option<Money>,
    /// When it ends.
    pub ends: Option<Timestamp>,
    /// The only channel it may be shown on.
    pub exclusive: Option<Channel>,
    /// Only while so many are left (`;left=3`).
    pub left: Option<u32>,
}

/// A declared survey: `dep-a-2026;minutes=5`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredSurvey {
    /// Which survey.
    pub id: String,
    /// How long it takes to answer.
    pub minutes: Option<u32>,
}

/// Everything declared about one message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Declared {
    /// Label for a group of messages.
    pub campaign: Option<String>,
    /// The sending department.
    pub department: Option<String>,
    /// What it is for.
    pub purpose: Option<String>,
    /// The survey it invites to.
    pub survey: Option<DeclaredSurvey>,
    /// The offers it makes.
    pub offers: Vec<DeclaredOffer>,
}

/// A declaration that cannot be read: refused at the door, since a typing error must not switch a
/// guard off in silence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}`: {why}")]
pub struct Declaration {
    /// The field's name as it was written.
    pub name: String,
    /// What is wrong, and how it is written right.
    pub why: String,
}

impl Declared {
    /// True when `name` is a declaration, known or not: it never leaves the gateway.
    pub fn is_declaration(name: &str) -> bool {
        name.len() >= PREFIX.len() && name.as_bytes()[..PREFIX.len()].eq_ignore_ascii_case(PREFIX.as_bytes())
    }

    /// Takes one field. Names outside the list are errors; a repeated `Tactgate-Offer` adds offers,
    /// any other repetition replaces (the more specific place, read last, wins).
    pub fn take(&mut self, name: &str, value: &str) -> Result<(), Declaration> {
        let refuse = |why: &str| Declaration { name: name.to_owned(), why: why.to_owned() };
        if !Self::is_declaration(name) {
            return Err(refuse("is not a Tactgate declaration"));
        }
        match name[PREFIX.len()..].to_ascii_lowercase().as_str() {
            "campaign" => self.campaign = Some(word(value).map_err(|why| refuse(&why))?),
            "department" => self.department = Some(word(value).map_err(|why| refuse(&why))?),
            "purpose" => self.purpose = Some(word(value).map_err(|why| refuse(&why))?),
            "survey" => {
                let item: Item = Parser::new(value.trim())
                    .parse()
                    .or_else(|_| {
                        word(value)
                            .and_then(|w| sfv::String::from_string(w).map_err(|(e, _)| e.to_string()))
                            .map(|s| Item::new(BareItem::String(s)))
                    })
                    .map_err(|why| refuse(&why))?;
                let id = text(&item.bare_item).ok_or_else(|| refuse("wants an id, as in `autumn-nps;minutes=3`"))?;
                let minutes = match item.params.get("minutes") {
                    None => None,
                    Some(BareItem::Integer(n)) => {
                        Some(u32::try_from(i64::from(*n)).map_err(|_| refuse("`minutes` is a whole number"))?)
                    }
                    Some(_) => return Err(refuse("`minutes` is a whole number")),
                };
                self.survey = Some(DeclaredSurvey { id, minutes });
            }
            "offer" => {
                let example = "wants offers as in `\"BT-200\";price=\"299.00 CNY\";ends=@1767139200`";
                let list: List = Parser::new(value.trim()).parse().map_err(|e| refuse(&format!("{example}: {e}")))?;
                for entry in &list {
                    let ListEntry::Item(item) = entry else { return Err(refuse(example)) };
                    self.offers.push(offer(item).map_err(|why| refuse(&why))?);
                }
            }
            other => {
                let known = ["campaign", "department", "purpose", "survey", "offer"];
                return Err(refuse(&format!("`{other}` is not one of {}", known.join(", "))));
            }
        }
        Ok(())
    }
}

fn offer(item: &Item) -> Result<DeclaredOffer, String> {
    let product = text(&item.bare_item).ok_or("an offer starts with its product's sku")?;
    let mut offer =
        DeclaredOffer { product, id: None, price: None, list_price: None, ends: None, exclusive: None, left: None };
    for (key, value) in &item.params {
        let words = || text(value).ok_or_else(|| format!("`{key}` is a quoted text"));
        let money = || words()?.parse::<Money>().map_err(|e| format!("`{key}`: {e}"));
        match key.as_str() {
            "id" => offer.id = Some(words()?),
            "price" => offer.price = Some(money()?),
            "list" => offer.list_price = Some(money()?),
            "ends" => offer.ends = Some(instant(value).ok_or("`ends` is a date, as in `@1767139200`")?),
            "exclusive" => {
                offer.exclusive = Some(match words()?.as_str() {
                    "sms" => Channel::Sms,
                    "email" => Channel::Email,
                    other => return Err(format!("`exclusive` is `sms` or `email`, not `{other}`")),
                })
            }
            "left" => match value {
                BareItem::Integer(n) => offer.left = Some(u32::try_from(i64::from(*n)).map_err(|e| e.to_string())?),
                _ => return Err("`left` is a whole number".into()),
            },
            other => return Err(format!("an offer has no `{other}`; it has id, price, list, ends, exclusive, left")),
        }
    }
    Ok(offer)
}

fn instant(value: &BareItem) -> Option<Timestamp> {
    match value {
        BareItem::Date(date) => Timestamp::from_second(i64::from(date.unix_seconds())).ok(),
        BareItem::Integer(n) => Timestamp::from_second(i64::from(*n)).ok(),
        BareItem::String(s) => s.as_str().parse().ok(),
        _ => None,
    }
}

fn text(item: &BareItem) -> Option<String> {
    match item {
        BareItem::String(s) => Some(s.as_str().to_owned()),
        BareItem::Token(t) => Some(t.as_str().to_owned()),
        BareItem::DisplayString(s) => Some(s.clone()),
        _ => None,
    }
}

/// A structured-field string or token, or any bare words: `春季大促` and `"spring"` both name one.
fn word(value: &str) -> Result<String, String> {
    let value = value.trim();
    if let Ok(item) = Parser::new(value).parse::<Item>()
        && let Some(word) = text(&item.bare_item)
    {
        return Ok(word);
    }
    if value.is_empty() || value.len() > 200 || value.chars().any(|c| c.is_control() || c == '"') {
        return Err("is a word, or a quoted text, of at most 200 bytes".into());
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_design_s_example_is_read_whole() {
        let mut declared = Declared::default();
        declared
            .take("Tactgate-Offer", r#""BT-200";price="299.00 CNY";ends=@1767139200;exclusive=sms, "C-1""#)
            .unwrap();
        declared.take("tactgate-campaign", "春季大促").unwrap();
        declared.take("TACTGATE-SURVEY", "autumn-nps;minutes=3").unwrap();
        let first = &declared.offers[0];
        assert_eq!(first.price.unwrap().to_string(), "299.00 CNY");
        assert_eq!(first.ends.unwrap().to_string(), "2025-12-31T00:00:00Z");
        assert_eq!((first.exclusive, declared.offers.len()), (Some(Channel::Sms), 2));
        assert_eq!(declared.campaign.as_deref(), Some("春季大促"));
        assert_eq!(declared.survey.unwrap().minutes, Some(3));
    }

    #[test]
    fn a_typing_error_is_refused_with_its_name() {
        let mut declared = Declared::default();
        for (name, value) in [
            ("Tactgate-Ofer", "\"BT-200\""),
            ("Tactgate-Offer", "\"BT-200\";prise=\"1 CNY\""),
            ("Tactgate-Offer", "\"BT-200\";price=\"cheap\""),
            ("Tactgate-Offer", "BT 200"),
            ("Tactgate-Survey", "nps;minutes=long"),
        ] {
            let error = declared.take(name, value).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
