//! Area codes of the United States and Canada: in which state or province a number was given out, and by which clocks
//! people live there. Assignments are those of the North American Numbering Plan Administrator. A code that is not in
//! the list (a new overlay, a toll-free code, one that names a service) tells no state.
//!
//! Where one area code lies in two zones, it has both: nobody can tell from the number which side of the line it is.

/// A stretch of the numbering plan that lies in one state and in the same zones.
#[derive(Debug, PartialEq, Eq)]
pub struct Area {
    /// The state or province (ISO 3166-2), or the territory (ISO 3166-1).
    pub place: &'static str,
    /// IANA names of its zones.
    pub zones: &'static [&'static str],
    /// The area codes.
    codes: &'static [u16],
}

/// The area of a number (E.164), when its area code is in the list.
pub fn area(number: &str) -> Option<&'static Area> {
    let national = number.strip_prefix("+1").filter(|national| national.len() == 10)?;
    let code: u16 = national.get(..3)?.parse().ok()?;
    AREAS.iter().find(|area| area.codes.contains(&code))
}

/// The areas of a place: of a state, of a territory, or of all states (provinces) of `US` (`CA`).
pub fn areas_of(place: &str) -> impl Iterator<Item = &'static Area> {
    AREAS.iter().filter(move |area| is_within(area.place, place))
}

/// Whether the state or territory is the place, or lies in it.
pub fn is_within(inner: &str, outer: &str) -> bool {
    inner == outer || inner.split_once('-').is_some_and(|(country, _)| country == outer)
}

const ALASKA: &[&str] = &["America/Anchorage", "America/Adak"];
const ATLANTIC: &[&str] = &["America/Halifax"];
const CENTRAL: &[&str] = &["America/Chicago"];
const EASTERN: &[&str] = &["America/New_York"];
const INDIANA: &[&str] = &["America/Indiana/Indianapolis"];
const MICHIGAN: &[&str] = &["America/Detroit"];
const MOUNTAIN: &[&str] = &["America/Denver"];
const PACIFIC: &[&str] = &["America/Los_Angeles"];
const TORONTO: &[&str] = &["America/Toronto"];
const VANCOUVER: &[&str] = &["America/Vancouver"];
const ARIZONA: &[&str] = &["America/Phoenix"];
/// The Navajo Nation keeps summer time, the rest of Arizona does not.
const ARIZONA_NORTH: &[&str] = &["America/Phoenix", "America/Denver"];
const EASTERN_CENTRAL: &[&str] = &["America/New_York", "America/Chicago"];
const CENTRAL_MOUNTAIN: &[&str] = &["America/Chicago", "America/Denver"];
const MOUNTAIN_PACIFIC: &[&str] = &["America/Boise", "America/Los_Angeles"];
/// Creston and Fort Nelson keep one time all year, the east of the province that of Alberta.
const COLUMBIA: &[&str] = &["America/Vancouver", "America/Edmonton", "America/Fort_Nelson"];
const QUEBEC_EAST: &[&str] = &["America/Toronto", "America/Halifax"];
const NEWFOUNDLAND: &[&str] = &["America/St_Johns", "America/Goose_Bay"];
const SASKATCHEWAN: &[&str] = &["America/Regina", "America/Edmonton"];
const NORTH: &[&str] = &["America/Whitehorse", "America/Edmonton", "America/Winnipeg", "America/Toronto"];

const fn row(place: &'static str, zones: &'static [&'static str], codes: &'static [u16]) -> Area {
    Area { place, zones, codes }
}

/// One line a state, and one more for each part of it by another clock.
const AREAS: &[Area] = &[
    row("US-AL", CENTRAL, &[205, 251, 256, 334, 659, 938]),
    row("US-AK", ALASKA, &[907]),
    row("US-AZ", ARIZONA, &[480, 520, 602, 623]),
    row("US-AZ", ARIZONA_NORTH, &[928]),
    row("US-AR", CENTRAL, &[327, 479, 501, 870]),
    row(
        "US-CA",
        PACIFIC,
        &[
            209, 213, 279, 310, 323, 341, 350, 369, 408, 415, 424, 442, 510, 530, 559, 562, 619, 626, 628, 650, 657,
            661, 669, 707, 714, 738, 747, 760, 805, 818, 820, 831, 840, 858, 909, 916, 925, 949, 951,
        ],
    ),
    row("US-CO", MOUNTAIN, &[303, 719, 720, 748, 970, 983]),
    row("US-CT", EASTERN, &[203, 475, 860, 959]),
    row("US-DC", EASTERN, &[202, 771]),
    row("US-DE", EASTERN, &[302]),
    row(
        "US-FL",
        EASTERN,
        &[239, 305, 321, 324, 352, 386, 407, 561, 645, 656, 689, 727, 728, 754, 772, 786, 813, 863, 904, 941, 954],
    ),
    row("US-FL", EASTERN_CENTRAL, &[448, 850]),
    row("US-GA", EASTERN, &[229, 404, 470, 478, 678, 706, 762, 770, 912, 943]),
    row("US-HI", &["Pacific/Honolulu"], &[808]),
    row("US-ID", MOUNTAIN_PACIFIC, &[208, 986]),
    row("US-IL", CENTRAL, &[217, 224, 309, 312, 331, 447, 464, 618, 630, 708, 730, 773, 779, 815, 847, 872]),
    row("US-IN", INDIANA, &[260, 317, 463, 765]),
    row("US-IN", &["America/Indiana/Indianapolis", "America/Chicago"], &[219, 574, 812, 930]),
    row("US-IA", CENTRAL, &[319, 515, 563, 641, 712]),
    row("US-KS", CENTRAL, &[316, 913]),
    row("US-KS", CENTRAL_MOUNTAIN, &[620, 785]),
    row("US-KY", EASTERN, &[502, 859]),
    row("US-KY", EASTERN_CENTRAL, &[270, 364, 606]),
    row("US-LA", CENTRAL, &[225, 318, 337, 504, 985]),
    row("US-ME", EASTERN, &[207]),
    row("US-MD", EASTERN, &[227, 240, 301, 410, 443, 667]),
    row("US-MA", EASTERN, &[339, 351, 413, 508, 617, 774, 781, 857, 978]),
    row("US-MI", MICHIGAN, &[231, 248, 269, 313, 517, 586, 616, 734, 810, 947, 989]),
    row("US-MI", &["America/Detroit", "America/Menominee"], &[906]),
    row("US-MN", CENTRAL, &[218, 320, 507, 612, 651, 763, 952]),
    row("US-MS", CENTRAL, &[228, 601, 662, 769]),
    row("US-MO", CENTRAL, &[235, 314, 417, 557, 573, 636, 660, 816, 975]),
    row("US-MT", MOUNTAIN, &[406]),
    row("US-NE", CENTRAL, &[402, 531]),
    row("US-NE", CENTRAL_MOUNTAIN, &[308]),
    row("US-NV", PACIFIC, &[702, 725]),
    row("US-NV", MOUNTAIN_PACIFIC, &[775]),
    row("US-NH", EASTERN, &[603]),
    row("US-NJ", EASTERN, &[201, 551, 609, 640, 732, 848, 856, 862, 908, 973]),
    row("US-NM", MOUNTAIN, &[505, 575]),
    row(
        "US-NY",
        EASTERN,
        &[212, 315, 329, 332, 347, 363, 516, 518, 585, 607, 631, 646, 680, 716, 718, 838, 845, 914, 917, 929, 934],
    ),
    row("US-NC", EASTERN, &[252, 336, 472, 704, 743, 828, 910, 919, 980, 984]),
    row("US-ND", CENTRAL_MOUNTAIN, &[701]),
    row("US-OH", EASTERN, &[216, 220, 234, 283, 326, 330, 380, 419, 440, 513, 567, 614, 740, 937]),
    row("US-OK", CENTRAL, &[405, 539, 572, 580, 918]),
    row("US-OR", PACIFIC, &[503, 971]),
    row("US-OR", MOUNTAIN_PACIFIC, &[458, 541]),
    row("US-PA", EASTERN, &[215, 223, 267, 272, 412, 445, 484, 570, 582, 610, 717, 724, 814, 835, 878]),
    row("US-RI", EASTERN, &[401]),
    row("US-SC", EASTERN, &[803, 821, 839, 843, 854, 864]),
    row("US-SD", CENTRAL_MOUNTAIN, &[605]),
    row("US-TN", CENTRAL, &[615, 629, 731, 901]),
    row("US-TN", EASTERN, &[865]),
    row("US-TN", EASTERN_CENTRAL, &[423, 931]),
    row(
        "US-TX",
        CENTRAL,
        &[
            210, 214, 254, 281, 325, 346, 361, 409, 430, 469, 512, 682, 713, 726, 737, 806, 817, 830, 832, 903, 936,
            940, 945, 956, 972, 979,
        ],
    ),
    row("US-TX", MOUNTAIN, &[915]),
    row("US-TX", CENTRAL_MOUNTAIN, &[432]),
    row("US-UT", MOUNTAIN, &[385, 435, 801]),
    row("US-VT", EASTERN, &[802]),
    row("US-VA", EASTERN, &[276, 434, 540, 571, 686, 703, 757, 804, 826, 948]),
    row("US-WA", PACIFIC, &[206, 253, 360, 425, 509, 564]),
    row("US-WV", EASTERN, &[304, 681]),
    row("US-WI", CENTRAL, &[262, 274, 353, 414, 534, 608, 715, 920]),
    row("US-WY", MOUNTAIN, &[307]),
    row("PR", &["America/Puerto_Rico"], &[787, 939]),
    row("VI", &["America/St_Thomas"], &[340]),
    row("GU", &["Pacific/Guam"], &[671]),
    row("AS", &["Pacific/Pago_Pago"], &[684]),
    row("MP", &["Pacific/Saipan"], &[670]),
    row("CA-AB", &["America/Edmonton"], &[368, 403, 587, 780, 825]),
    row("CA-BC", VANCOUVER, &[604]),
    row("CA-BC", COLUMBIA, &[236, 250, 257, 672, 778]),
    row("CA-MB", &["America/Winnipeg"], &[204, 431, 584]),
    row("CA-NB", &["America/Moncton"], &[428, 506]),
    row("CA-NL", NEWFOUNDLAND, &[709, 879]),
    // 902 and 782 are Prince Edward Island's too; both keep one time.
    row("CA-NS", ATLANTIC, &[782, 902]),
    row("CA-ON", TORONTO, &[226, 249, 289, 343, 365, 382, 416, 437, 519, 548, 613, 647, 683, 705, 742, 753, 905, 942]),
    row("CA-ON", &["America/Toronto", "America/Winnipeg"], &[807]),
    row("CA-QC", TORONTO, &[263, 354, 438, 450, 468, 514, 579, 819, 873]),
    row("CA-QC", QUEBEC_EAST, &[273, 367, 418, 581]),
    row("CA-SK", SASKATCHEWAN, &[306, 474, 639]),
    // 867 is that of all three territories.
    row("CA-YT", NORTH, &[867]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::zone;
    use rlibphonenumber::PHONE_NUMBER_UTIL;
    use std::collections::BTreeSet;

    #[test]
    fn each_code_stands_once_and_each_zone_exists() {
        let mut seen = BTreeSet::new();
        for area in AREAS {
            assert!(area.zones.iter().all(|name| zone(name).is_some()), "{area:?}");
            assert!(area.codes.iter().all(|code| seen.insert(*code)), "{area:?}");
            assert!(area.codes.is_sorted(), "{area:?}");
        }
        assert!(seen.len() > 380, "{}", seen.len());
        let states: BTreeSet<_> = AREAS.iter().map(|area| area.place).filter(|p| p.starts_with("US-")).collect();
        assert_eq!(states.len(), 51, "fifty states and the District of Columbia");
    }

    #[test]
    fn each_code_is_of_the_country_that_the_numbering_metadata_says() {
        for area in AREAS {
            for code in area.codes {
                let number = PHONE_NUMBER_UTIL.parse(format!("+1{code}2345678"), None).unwrap();
                let country = area.place.split('-').next();
                assert_eq!(number.get_region_code().map(|region| region.to_string()).as_deref(), country, "{code}");
            }
        }
    }

    #[test]
    fn a_number_tells_its_state_when_its_code_is_known() {
        let place = |number| area(number).map(|area| (area.place, area.zones[0]));
        assert_eq!(place("+15125550100"), Some(("US-TX", "America/Chicago")));
        assert_eq!(place("+19155550100"), Some(("US-TX", "America/Denver")));
        assert_eq!(place("+14165550100"), Some(("CA-ON", "America/Toronto")));
        for unknown in
            ["+18005550100", "+1512555010", "+8613800138000", "+1", "15125550100", "+1\u{661}\u{662}\u{663}5550"]
        {
            assert_eq!(place(unknown), None, "{unknown}");
        }
        assert_eq!(areas_of("US-TX").count(), 3);
        assert!(areas_of("US").all(|area| area.place.starts_with("US-")), "territories are places of their own");
    }
}
