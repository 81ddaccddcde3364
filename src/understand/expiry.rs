//! Until when is a voucher good? "Valid until December 31, 2026", 有效期至2026-12-31, 11月30日前使用, "expires
//! 12/31/2026"; the end of that day in the brand's zone. No claim that hurries anybody: those are `deadlines`.

use std::sync::LazyLock;

use jiff::{Timestamp, Zoned};
use regex::{Captures, Regex};

use super::days::calendar::{date_of, end_of, number};

/// The last instant told in some normalised words.
pub(super) fn expiry_in(now: &Zoned, words: &str) -> Option<Timestamp> {
    let found = DATE.as_ref()?.captures(words)?;
    let (month, day) = match name_of(&found) {
        Some(month) => (month, number(&found, "day").or_else(|| number(&found, "day_first"))?),
        None if found.name("american").is_some() => (number(&found, "american")?, number(&found, "american_day")?),
        None => (
            number(&found, "month").or_else(|| number(&found, "bare_month"))?,
            number(&found, "month_day").or_else(|| number(&found, "bare_day"))?,
        ),
    };
    let year = ["year", "named_year", "first_year", "american_year"].iter().find_map(|name| number(&found, name));
    end_of(date_of(now, year, month, day)?, None, now.time_zone())
}

fn name_of(found: &Captures<'_>) -> Option<i64> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let name = found.name("name").or_else(|| found.name("name_after"))?.as_str();
    let at = MONTHS.iter().position(|month| name.starts_with(month))?;
    i64::try_from(at + 1).ok()
}

macro_rules! month {
    () => {
        r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
    };
}

macro_rules! lead {
    () => {
        r"(?:有效期(?:限)?(?:至|到|为|截止(?:到|至)?|:)?|截止(?:日期|时间|到|至)?|截至|到期(?:日|时间)?|过期(?:日|时间)?|使用期限|有效日期|请于|请在|须于|在|至|到|(?-u:\b)(?:valid|good|expir[a-z]*|until|till|through|thru|by|before|ends?|redeem by|use by|on)(?-u:\b))"
    };
}

static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        concat!(
            "{lead}[^0-9]{{0,24}}(?:[0-9]{{4}}[-/.年][0-9]{{1,2}}[-/.月][0-9]{{1,2}}日?[ ]?(?:-|~|至|到|to)[ ]?)?",
            "(?:(?P<year>20[0-9]{{2}})[ ]?[-/.年][ ]?(?P<month>[0-9]{{1,2}})[ ]?[-/.月][ ]?(?P<month_day>[0-9]{{1,2}})",
            "|(?P<american>[0-9]{{1,2}})/(?P<american_day>[0-9]{{1,2}})/(?P<american_year>20[0-9]{{2}})",
            "|(?P<bare_month>[0-9]{{1,2}})月(?P<bare_day>[0-9]{{1,2}})[日号]",
            "|(?P<day_first>[0-9]{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<name_after>{month})(?:,? (?P<first_year>20[0-9]{{2}}))?",
            ")|{lead}[^0-9.]{{0,24}}?(?P<name>{month}) (?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<named_year>20[0-9]{{2}}))?",
        ),
        lead = lead!(),
        month = month!()
    ))
    .ok()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::days::calendar::tests::local;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn the_end_of_the_day_named() {
        let now: Zoned = "2026-11-20T10:00:00+08:00[Asia/Shanghai]".parse().unwrap();
        for (text, wanted) in [
            ("有效期至2026-12-31", Some("2027-01-01T00:00")),
            ("有效期：2026年11月1日至2026年12月31日", Some("2027-01-01T00:00")),
            ("请于12月31日前兑换", Some("2027-01-01T00:00")),
            ("Expires December 31, 2026.", Some("2027-01-01T00:00")),
            ("valid until 31 Dec 2026", Some("2027-01-01T00:00")),
            ("good through 12/31/2026", Some("2027-01-01T00:00")),
            ("code 2026", None),
            ("卡号 6222 0000", None),
        ] {
            let at = expiry_in(&now, &fold_phrase(text));
            let at = at.map(|at| local(&now, at));
            assert_eq!(at.as_deref(), wanted, "{text}");
        }
    }
}
