//! Time zones by IANA name, from the copy compiled into the binary: the same on every machine, and no
//! file is read to find one.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

static BUNDLED: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of that name (`Asia/Shanghai`, any case); `None` when there is no such zone.
pub fn zone(name: &str) -> Option<TimeZone> {
    BUNDLED.get(name.trim()).ok()
}

/// The zone of a phone number (E.164), by its country, where that country keeps one time; `None` where
/// it keeps several (or has islands that do), and for numbers of no country.
pub fn zone_of_phone(number: &str) -> Option<TimeZone> {
    let digits = number.strip_prefix('+')?;
    let (_, name) = ONE_ZONE.iter().find(|(code, _)| digits.starts_with(code))?;
    zone(name)
}

/// Calling codes (ITU-T E.164) of countries with a single time zone; no code begins another.
const ONE_ZONE: &[(&str, &str)] = &[
    ("86", "Asia/Shanghai"),
    ("852", "Asia/Hong_Kong"),
    ("853", "Asia/Macau"),
    ("886", "Asia/Taipei"),
    ("65", "Asia/Singapore"),
    ("60", "Asia/Kuala_Lumpur"),
    ("81", "Asia/Tokyo"),
    ("82", "Asia/Seoul"),
    ("84", "Asia/Ho_Chi_Minh"),
    ("66", "Asia/Bangkok"),
    ("63", "Asia/Manila"),
    ("91", "Asia/Kolkata"),
    ("971", "Asia/Dubai"),
    ("49", "Europe/Berlin"),
    ("33", "Europe/Paris"),
    ("39", "Europe/Rome"),
    ("31", "Europe/Amsterdam"),
    ("32", "Europe/Brussels"),
    ("41", "Europe/Zurich"),
    ("43", "Europe/Vienna"),
    ("45", "Europe/Copenhagen"),
    ("46", "Europe/Stockholm"),
    ("48", "Europe/Warsaw"),
    ("353", "Europe/Dublin"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_tells_its_zone_only_where_the_country_has_one() {
        let name = |number| zone_of_phone(number).and_then(|zone| zone.iana_name().map(str::to_owned));
        assert_eq!(name("+8613800138000").as_deref(), Some("Asia/Shanghai"));
        assert_eq!(name("+85261234567").as_deref(), Some("Asia/Hong_Kong"));
        for several in ["+14155550100", "+61412345678", "+79161234567", "+34600123456", "8613800138000", ""] {
            assert_eq!(name(several), None, "{several}");
        }
        for (code, zone_name) in ONE_ZONE {
            assert!(zone(zone_name).is_some(), "{zone_name}");
            assert!(ONE_ZONE.iter().filter(|(other, _)| other.starts_with(code)).count() == 1, "{code}");
        }
    }
}
