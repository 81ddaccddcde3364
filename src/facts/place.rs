//! Where a recipient may be: what a phone number and a told time zone say of country and state. A law applies where it
//! cannot be excluded, so the question is always "may this person be there?", and by which clocks they then live.
//!
//! A mail address says nothing of a country, and a toll-free number nothing of a state. A number's country and area
//! code count as where its owner lives, until a told zone says that they moved.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};
use serde::{Deserialize, Deserializer};

use super::north_america::{Area, area, areas_of, is_within};
use super::zone::{one_zone, zone};
use crate::message::{Address, AddressKind};

/// A country (ISO 3166-1: `US`, `CN`), or a state or province of the United States or Canada (ISO 3166-2: `US-TX`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    code: String,
    /// What its phone numbers begin with: `+1`.
    begins: String,
}

/// What an address tells of where its owner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Nothing.
    Nothing,
    /// Somewhere in the United States or Canada.
    NorthAmerica,
    /// A state, province or territory there.
    Area(&'static Area),
    /// A country.
    Country(Region),
    /// One of the countries that share its calling code.
    SharedCallingCode,
}

impl Place {
    /// Reads a code, in any case; `None` for places there are none of, and for parts of other countries.
    pub fn read(code: &str) -> Option<Place> {
        let code = code.trim().to_ascii_uppercase();
        let country = code.split('-').next()?;
        let calling_code = PHONE_NUMBER_UTIL.get_country_code_for_region(country.parse().ok()?)?;
        let exists = code == country || areas_of(&code).next().is_some();
        exists.then(|| Place { code, begins: format!("+{calling_code}") })
    }

    /// Its code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The zones people live by there; none for a country with several of which no list is kept.
    pub fn zones(&self) -> Vec<&'static str> {
        let mut zones: Vec<&'static str> = areas_of(&self.code).flat_map(|area| area.zones).copied().collect();
        zones.extend(one_zone(&self.code));
        zones.sort_unstable();
        zones.dedup();
        zones
    }

    /// Whether the owner of the address may be there, as far as the address tells.
    pub fn may_have(&self, address: &Address) -> bool {
        self.shares_calling_code(address) && self.agrees(address, told(address)).unwrap_or(true)
    }

    /// The clocks by which it must be a fit time for the owner of the address there; `None` when they are not there.
    /// `zone_told` is the person's own zone. An empty list: they may be there, and nobody can say by which clock.
    pub fn clocks(&self, address: &Address, zone_told: Option<&TimeZone>, now: Timestamp) -> Option<Vec<TimeZone>> {
        if zone_told.is_none() && !self.shares_calling_code(address) {
            return None;
        }
        let told = told(address);
        let of_place = || self.zones().into_iter().filter_map(zone).collect::<Vec<TimeZone>>();
        let agrees = self.agrees(address, told);
        let Some(own) = zone_told else {
            return match (agrees, told) {
                (Some(false), _) => None,
                (Some(true), Told::Area(area)) => Some(area.zones.iter().copied().filter_map(zone).collect()),
                _ => Some(of_place()),
            };
        };
        let same_time = |zones: &[TimeZone]| zones.iter().any(|z| z.to_offset(now) == own.to_offset(now));
        let there = match (agrees, told) {
            (Some(true), _) => true,
            // The number is of elsewhere: the person moved here if the zone is one of this place and none of that.
            (Some(false), Told::Area(area)) => {
                let zones: Vec<TimeZone> = area.zones.iter().copied().filter_map(zone).collect();
                !same_time(&zones) && self.has_zone(own)
            }
            (Some(false), Told::Country(country)) => {
                let home = Place::read(&country.to_string()).map(|place| place.zones()).unwrap_or_default();
                let zones: Vec<TimeZone> = home.into_iter().filter_map(zone).collect();
                !zones.is_empty() && !same_time(&zones) && self.has_zone(own)
            }
            (Some(false), _) => false,
            // Names of zones have aliases, so what counts is the time it is.
            (None, _) => {
                let zones = of_place();
                zones.is_empty() || same_time(&zones)
            }
        };
        there.then(|| vec![own.clone()])
    }

    /// False for a phone number of elsewhere; no code begins another (ITU-T E.164).
    fn shares_calling_code(&self, address: &Address) -> bool {
        address.kind() != AddressKind::Phone || address.canonical().starts_with(&self.begins)
    }

    fn has_zone(&self, own: &TimeZone) -> bool {
        own.iana_name().is_some_and(|name| self.zones().contains(&name))
    }

    /// Whether what is told puts the person there; `None` when it does not decide it.
    fn agrees(&self, address: &Address, told: Told) -> Option<bool> {
        let north_america = ["US", "CA"].iter().any(|country| is_within(&self.code, country));
        match told {
            Told::Nothing => None,
            Told::NorthAmerica if north_america => None,
            Told::NorthAmerica => Some(false),
            Told::Area(area) => Some(is_within(area.place, &self.code)),
            Told::Country(country) => Some(self.code == country.to_string()),
            Told::SharedCallingCode if self.shares_calling_code(address) => None,
            Told::SharedCallingCode => Some(false),
        }
    }
}

fn told(address: &Address) -> Told {
    if address.kind() != AddressKind::Phone {
        return Told::Nothing;
    }
    if let Some(area) = area(address.canonical()) {
        return Told::Area(area);
    }
    let Ok(number) = PHONE_NUMBER_UTIL.parse(address.canonical(), None) else { return Told::Nothing };
    let north_american = number.country_code == NORTH_AMERICA;
    match number.get_region_code() {
        // Toll-free numbers and new area codes: the numbering metadata names the largest country.
        Some(region) if north_american && matches!(region.to_string().as_str(), "US" | "CA") => Told::NorthAmerica,
        None if north_american => Told::NorthAmerica,
        Some(region) => Told::Country(region),
        None => Told::SharedCallingCode,
    }
}

/// The calling code of the North American Numbering Plan.
const NORTH_AMERICA: i32 = 1;

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Place, D::Error> {
        let text = String::deserialize(deserializer)?;
        Place::read(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is no country, and no state or province that is known: write `CN`, `US`, `US-TX`, `CA-ON`"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(code: &str) -> Place {
        Place::read(code).unwrap()
    }

    fn phone(number: &str) -> Address {
        Address::phone(number, None).unwrap()
    }

    fn clocks(code: &str, address: &Address, told: Option<&str>) -> Option<Vec<String>> {
        let winter: Timestamp = "2026-01-20T12:00:00Z".parse().unwrap();
        let told = told.map(|name| zone(name).unwrap());
        let clocks = place(code).clocks(address, told.as_ref(), winter)?;
        Some(clocks.iter().map(|clock| clock.iana_name().unwrap().to_owned()).collect())
    }

    #[test]
    fn codes_are_those_of_iso_3166() {
        for known in ["US", "us-tx", "CA-ON", "CN", "GB", "PR", "DE"] {
            assert!(Place::read(known).is_some(), "{known}");
        }
        for unknown in ["", "XX", "US-XX", "TX", "CN-GD", "US-", "-", "USA", "EU"] {
            assert_eq!(Place::read(unknown), None, "{unknown}");
        }
        assert_eq!(place("CN").zones(), ["Asia/Shanghai"]);
        assert_eq!(place("US-TX").zones(), ["America/Chicago", "America/Denver"]);
        assert!(place("US").zones().contains(&"Pacific/Honolulu"));
        assert!(place("BR").zones().is_empty(), "several, and no list of them");
    }

    #[test]
    fn a_number_excludes_other_places_and_a_mail_address_none() {
        let (texan, chinese, free) = (phone("+15125550100"), phone("+8613800138000"), phone("+18005550100"));
        let mail = Address::email("li@example.com").unwrap();
        for (code, may) in [
            ("US", [true, false, true, true]),
            ("US-TX", [true, false, true, true]),
            ("US-FL", [false, false, true, true]),
            ("CA-ON", [false, false, true, true]),
            ("CN", [false, true, false, true]),
            ("JM", [false, false, false, true]),
        ] {
            let got = [&texan, &chinese, &free, &mail].map(|address| place(code).may_have(address));
            assert_eq!(got, may, "{code}");
        }
        assert!(place("JM").may_have(&phone("+18765550100")), "Jamaica");
        assert!(!place("US").may_have(&phone("+18765550100")));
        assert!(!place("US").may_have(&phone("+17875550100")), "Puerto Rico is a place of its own");
    }

    #[test]
    fn the_area_tells_the_clock_until_the_person_tells_another() {
        let dallas = phone("+12145550100");
        assert_eq!(clocks("US-TX", &dallas, None), Some(vec!["America/Chicago".to_owned()]));
        assert_eq!(clocks("US-TX", &phone("+19155550100"), None), Some(vec!["America/Denver".to_owned()]), "El Paso");
        assert_eq!(clocks("US-CA", &dallas, None), None);
        // Moved to California: both laws, by the clock there.
        let there = Some(vec!["America/Los_Angeles".to_owned()]);
        assert_eq!(clocks("US-TX", &dallas, Some("America/Los_Angeles")), there);
        assert_eq!(clocks("US-CA", &dallas, Some("America/Los_Angeles")), there);
        assert_eq!(clocks("US-IL", &dallas, Some("America/Chicago")), None, "a Texan at home is not in Illinois");
        assert_eq!(clocks("US-CA", &phone("+8613800138000"), Some("America/Los_Angeles")), there, "moved abroad");
        assert_eq!(clocks("US-CA", &phone("+8613800138000"), Some("Asia/Shanghai")), None);
    }

    #[test]
    fn what_tells_no_state_may_be_in_any_where_it_is_that_time() {
        let free = phone("+18005550100");
        assert_eq!(clocks("US-TX", &free, None).map(|clocks| clocks.len()), Some(2));
        assert_eq!(clocks("US-TX", &free, Some("US/Central")), Some(vec!["US/Central".to_owned()]), "an alias");
        assert_eq!(clocks("US-FL", &free, Some("America/Los_Angeles")), None);
        let mail = Address::email("li@example.com").unwrap();
        assert_eq!(clocks("US-NY", &mail, Some("Europe/Berlin")), None);
        assert_eq!(clocks("BR", &mail, None), Some(Vec::new()), "may be there, by no clock that is known");
    }
}
