//! Time zones as messages write them: `11:59pm PST`, `8 PM Eastern`, 北京时间20:00. By rules written here,
//! since a reader that is pure opens no zone files.

use jiff::tz::TimeZone;

/// The names known, as alternatives of a regular expression.
pub(in crate::understand) const NAMES: &str = r"eastern(?:[ \n](?:standard[ \n]|daylight[ \n])?time)?|central(?:[ \n](?:standard[ \n]|daylight[ \n])?time)?|mountain(?:[ \n](?:standard[ \n]|daylight[ \n])?time)?|pacific(?:[ \n](?:standard[ \n]|daylight[ \n])?time)?|[ecmp][sd]?t|gmt(?:[+-][0-9]{1,2})?|utc(?:[+-][0-9]{1,2})?|bst|cet|cest|hkt|sgt|jst|ist|aest|aedt|(?:beijing|hong[ \n]kong|singapore|london)[ \n]time|北京时间|香港时间";

/// The zone of that name; `home` is the brand's, for a name that two zones have.
pub(in crate::understand) fn zone_of(name: &str, home: &TimeZone) -> Option<TimeZone> {
    let posix = |rule: &str| TimeZone::posix(rule).ok();
    let offset = |hours: i8| Some(TimeZone::fixed(jiff::tz::Offset::from_hours(hours).ok()?));
    if let Some(hours) = name.strip_prefix("gmt").or_else(|| name.strip_prefix("utc")) {
        return offset(if hours.is_empty() { 0 } else { hours.trim_start_matches('+').parse().ok()? });
    }
    match name {
        // Between China and Chicago the brand's own zone tells which CST is meant.
        "cst" if is_east_of_utc_8(home) => offset(8),
        "bst" => posix("GMT0BST,M3.5.0/1,M10.5.0"),
        "cet" | "cest" => posix("CET-1CEST,M3.5.0,M10.5.0/3"),
        "hkt" | "sgt" => offset(8),
        "jst" => offset(9),
        "ist" => TimeZone::posix("IST-5:30").ok(),
        "aest" | "aedt" => posix("AEST-10AEDT,M10.1.0,M4.1.0/3"),
        _ if name.starts_with("london") => posix("GMT0BST,M3.5.0/1,M10.5.0"),
        _ if name.ends_with("时间")
            || name.starts_with("beijing")
            || name.starts_with("hong")
            || name.starts_with("singapore") =>
        {
            offset(8)
        }
        // Writers say EST in July, too, and mean the clock on the wall.
        _ => match name.as_bytes().first()? {
            b'e' => posix("EST5EDT,M3.2.0,M11.1.0"),
            b'c' => posix("CST6CDT,M3.2.0,M11.1.0"),
            b'm' => posix("MST7MDT,M3.2.0,M11.1.0"),
            b'p' => posix("PST8PDT,M3.2.0,M11.1.0"),
            _ => None,
        },
    }
}

/// Whether the zone's clock is eight hours ahead, summer and winter: 2026 stands for every year.
fn is_east_of_utc_8(zone: &TimeZone) -> bool {
    ["2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z"]
        .iter()
        .filter_map(|at| at.parse().ok())
        .all(|at| zone.to_offset(at).seconds() == 8 * 3_600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_zones() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        let at = "2026-11-20T00:00:00Z".parse().unwrap();
        for (name, hours) in
            [("pst", -8), ("pt", -8), ("eastern time", -5), ("gmt", 0), ("utc+8", 8), ("cst", 8), ("北京时间", 8)]
        {
            let zone = zone_of(name, &shanghai).unwrap();
            assert_eq!(zone.to_offset(at).seconds(), hours * 3_600, "{name}");
        }
        assert_eq!(zone_of("cst", &TimeZone::UTC).unwrap().to_offset(at).seconds(), -6 * 3_600);
    }
}
