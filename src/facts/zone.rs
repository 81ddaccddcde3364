//! Time zones by IANA name, from the copy compiled into the binary: the same on every machine, and no
//! file is read to find one.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::north_america::area;

static BUNDLED: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of that name (`Asia/Shanghai`, any case); `None` when there is no such zone.
pub fn zone(name: &str) -> Option<TimeZone> {
    BUNDLED.get(name.trim()).ok()
}

/// The zone of a phone number (E.164), by its country, where that country keeps one time; `None` where
/// it keeps several (or has islands that do), and for numbers of no country.
pub fn zone_of_phone(number: &str) -> Option<TimeZone> {
    let digits = number.strip_prefix('+')?;
    let (.., name) = ONE_ZONE.iter().find(|(code, ..)| digits.starts_with(code))?;
    zone(name)
}

/// The zones of a phone number (E.164): its country's, where that keeps one time; else those of its area code in the
/// United States and Canada. Empty where it tells none.
pub fn zones_of_phone(number: &str) -> Vec<TimeZone> {
    let of_area = || area(number).into_iter().flat_map(|area| area.zones).filter_map(|name| zone(name));
    zone_of_phone(number).map_or_else(|| of_area().collect(), |one| vec![one])
}

/// The zone of a country (ISO 3166-1) that keeps one time, by name.
pub(super) fn one_zone(country: &str) -> Option<&'static str> {
    ONE_ZONE.iter().find(|(_, code, _)| *code == country).map(|(.., name)| *name)
}

/// Countries with a single time zone: calling code (ITU-T E.164; no code begins another), ISO 3166-1, zone.
const ONE_ZONE: &[(&str, &str, &str)] = &[
    ("86", "CN", "Asia/Shanghai"),
    ("852", "HK", "Asia/Hong_Kong"),
    ("853", "MO", "Asia/Macau"),
    ("886", "TW", "Asia/Taipei"),
    ("65", "SG", "Asia/Singapore"),
    ("60", "MY", "Asia/Kuala_Lumpur"),
    ("81", "JP", "Asia/Tokyo"),
    ("82", "KR", "Asia/Seoul"),
    ("84", "VN", "Asia/Ho_Chi_Minh"),
    ("66", "TH", "Asia/Bangkok"),
    ("63", "PH", "Asia/Manila"),
    ("91", "IN", "Asia/Kolkata"),
    ("971", "AE", "Asia/Dubai"),
    ("44", "GB", "Europe/London"),
    ("49", "DE", "Europe/Berlin"),
    ("33", "FR", "Europe/Paris"),
    ("39", "IT", "Europe/Rome"),
    ("31", "NL", "Europe/Amsterdam"),
    ("32", "BE", "Europe/Brussels"),
    ("41", "CH", "Europe/Zurich"),
    ("43", "AT", "Europe/Vienna"),
    ("45", "DK", "Europe/Copenhagen"),
    ("46", "SE", "Europe/Stockholm"),
    ("48", "PL", "Europe/Warsaw"),
    ("353", "IE", "Europe/Dublin"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_tells_its_zone_only_where_the_country_has_one() {
        let name = |number| zone_of_phone(number).and_then(|zone| zone.iana_name().map(str::to_owned));
        assert_eq!(name("+8613800138000").as_deref(), Some("Asia/Shanghai"));
        assert_eq!(name("+85261234567").as_deref(), Some("Asia/Hong_Kong"));
        let area = zones_of_phone("+18505550100");
        assert_eq!(area.len(), 2, "the west of Florida");
        assert!(zones_of_phone("+61412345678").is_empty() && zones_of_phone("+18005550100").is_empty());
        for several in ["+14155550100", "+61412345678", "+79161234567", "+34600123456", "8613800138000", ""] {
            assert_eq!(name(several), None, "{several}");
        }
        for (code, country, zone_name) in ONE_ZONE {
            assert!(zone(zone_name).is_some(), "{zone_name}");
            assert!(ONE_ZONE.iter().filter(|(other, ..)| other.starts_with(code)).count() == 1, "{code}");
            assert_eq!(one_zone(country), Some(*zone_name));
        }
    }
}
