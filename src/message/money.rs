//! Money as whole minor units of an ISO 4217 currency: exact, comparable only within one currency.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency: CNY, USD …
pub type Currency = iso_currency::Currency;

/// An amount in minor units (cents, 分) of one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units: 29900 is ¥299.00.
    pub minor: i64,
    /// What they are units of.
    pub currency: Currency,
}

/// Why a text is not an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount: write a number and a currency code, as in `299.00 CNY`")]
pub struct NotMoney(pub String);

impl Money {
    /// From minor units.
    pub fn new(minor: i64, currency: Currency) -> Money {
        Money { minor, currency }
    }

    /// From a decimal number (`299`, `19.99`, `1234.5`), exactly; more digits than the currency has
    /// are an error rather than a rounding.
    pub fn from_decimal(digits: &str, currency: Currency) -> Option<Money> {
        let places = usize::from(currency.exponent().unwrap_or(2));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let numeric = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !numeric(whole) || !numeric(fraction) || fraction.len() > places {
            return None;
        }
        let padded = format!("{whole}{fraction:0<places$}");
        padded.parse().ok().map(|minor| Money { minor, currency })
    }

    /// Less, equal or more; `None` across currencies, which nothing here converts.
    pub fn compare(&self, other: &Money) -> Option<std::cmp::Ordering> {
        (self.currency == other.currency).then(|| self.minor.cmp(&other.minor))
    }
}

/// `299.00 CNY`: the one written form, in records, policies and declarations alike.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = u32::from(self.currency.exponent().unwrap_or(2));
        let unit = 10u64.pow(places);
        let sign = if self.minor < 0 { "-" } else { "" };
        let (whole, rest) = (self.minor.unsigned_abs() / unit, self.minor.unsigned_abs() % unit);
        if places == 0 {
            write!(f, "{sign}{whole} {}", self.currency.code())
        } else {
            write!(f, "{sign}{whole}.{rest:0width$} {}", self.currency.code(), width = places as usize)
        }
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Money {
    type Err = NotMoney;

    fn from_str(s: &str) -> Result<Money, NotMoney> {
        let (digits, code) = s.trim().split_once(' ').ok_or_else(|| NotMoney(s.into()))?;
        let currency = Currency::from_code(&code.trim().to_ascii_uppercase()).ok_or_else(|| NotMoney(s.into()))?;
        Money::from_decimal(digits, currency).ok_or_else(|| NotMoney(s.into()))
    }
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_exactly() {
        for (written, minor, shown) in [
            ("299 CNY", 29_900, "299.00 CNY"),
            ("299.00 cny", 29_900, "299.00 CNY"),
            ("19.99 USD", 1_999, "19.99 USD"),
            ("19.9 USD", 1_990, "19.90 USD"),
            ("1980 JPY", 1_980, "1980 JPY"),
        ] {
            let money: Money = written.parse().unwrap();
            assert_eq!((money.minor, money.to_string().as_str()), (minor, shown), "{written}");
        }
        for refused in ["299", "USD 5", "1.999 USD", "1.5 JPY", "-3 USD", "9 ZZZ", "99999999999999999999 USD"] {
            assert!(refused.parse::<Money>().is_err(), "{refused}");
        }
    }
}
