//! One person, however the address is spelt: every usual spelling of a phone number and of a mailbox folds
//! to one key, folding again changes nothing, and no two people of a large pool fall together.

use std::collections::HashMap;
use std::time::Instant;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};
use tactgate::message::Address;
use unicode_normalization::UnicodeNormalization as _;

use super::dice::Dice;

#[test]
fn spellings_of_one_address_fold_to_one_key() {
    fold_all(8_000);
}

/// The long form: a million spellings.
#[test]
#[ignore = "a million: tests/properties"]
fn a_million_spellings_fold() {
    let began = Instant::now();
    fold_all(1_000_000);
    println!("a million spellings in {:.1} s", began.elapsed().as_secs_f64());
}

/// About so many spellings, half of them of phones.
fn fold_all(spellings: usize) {
    let mut keys: HashMap<String, String> = HashMap::new();
    let mut seen = 0;
    for number in Phones::new(7) {
        if seen >= spellings / 2 {
            break;
        }
        for (spelling, region) in spellings_of_phone(&number) {
            seen += 1;
            fold_one(&mut keys, &number.e164, &spelling, Address::phone(&spelling, region.as_deref()));
        }
    }
    assert!(seen >= spellings / 2, "{seen}");
    let mut dice = Dice(11);
    for person in 0.. {
        if seen >= spellings {
            break;
        }
        let (canonical, local, domain) = mailbox(person, &mut dice);
        for spelling in spellings_of_mailbox(&local, domain) {
            seen += 1;
            fold_one(&mut keys, &canonical, &spelling, Address::email(&spelling));
        }
    }
}

fn fold_one<E: std::fmt::Debug>(
    keys: &mut HashMap<String, String>,
    person: &str,
    spelling: &str,
    read: Result<Address, E>,
) {
    let address = read.unwrap_or_else(|why| panic!("{spelling:?} of {person}: {why:?}"));
    let canonical = address.canonical().to_owned();
    assert_eq!(canonical, person, "{spelling:?}");
    let owner = keys.entry(canonical.clone()).or_insert_with(|| person.to_owned());
    assert_eq!(owner, person, "two persons under one key");
    let again = Address::any(&canonical, None).unwrap();
    assert_eq!(again.canonical(), canonical, "folding again changes nothing");
}

/// A number that its country gives out.
struct Number {
    region: Region,
    parsed: PhoneNumber,
    e164: String,
}

/// Numbers of every country in turn, no two alike.
struct Phones {
    examples: Vec<(Region, PhoneNumber)>,
    dice: Dice,
    next: usize,
    given: std::collections::HashSet<String>,
}

impl Phones {
    fn new(seed: u64) -> Phones {
        let mut regions: Vec<Region> = PHONE_NUMBER_UTIL.get_supported_regions().collect();
        regions.sort_by_key(|region| format!("{region:?}"));
        let example = |region: Region| {
            let kinds = [PhoneNumberType::Mobile, PhoneNumberType::FixedLine];
            let known = kinds
                .into_iter()
                .map(move |kind| PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind));
            known.flatten().map(move |number| (region, number)).collect::<Vec<_>>()
        };
        let examples: Vec<_> = regions.into_iter().flat_map(example).collect();
        assert!(examples.len() > 300, "{}", examples.len());
        Phones { examples, dice: Dice(seed), next: 0, given: std::collections::HashSet::new() }
    }
}

impl Iterator for Phones {
    type Item = Number;

    fn next(&mut self) -> Option<Number> {
        for _ in 0..100_000 {
            let (region, example) = &self.examples[self.next % self.examples.len()];
            self.next += 1;
            let mut digits = PHONE_NUMBER_UTIL.format(example, PhoneNumberFormat::E164).into_owned();
            // Its last digits are anybody's.
            digits.truncate(digits.len() - 4);
            digits += &format!("{:04}", self.dice.roll(10_000));
            let Ok(parsed) = PHONE_NUMBER_UTIL.parse(&digits, None) else { continue };
            let valid = PHONE_NUMBER_UTIL.is_valid_number_for_region(&parsed, *region);
            if valid && self.given.insert(digits.clone()) {
                return Some(Number { region: *region, parsed, e164: digits });
            }
        }
        None
    }
}

/// Twelve and more ways to write one number, each with the region of the brand that writes it so.
fn spellings_of_phone(number: &Number) -> Vec<(String, Option<String>)> {
    let (e164, digits) = (number.e164.as_str(), &number.e164[1..]);
    let written = |format| PHONE_NUMBER_UTIL.format(&number.parsed, format).into_owned();
    let (international, national) = (written(PhoneNumberFormat::International), written(PhoneNumberFormat::National));
    let wide = |text: &str| -> String {
        let widen = |c: char| match c {
            '0'..='9' => char::from_u32(c as u32 - '0' as u32 + '０' as u32).unwrap(),
            '+' => '＋',
            other => other,
        };
        text.chars().map(widen).collect()
    };
    let between = |mark: &str| -> String { digits.chars().map(|c| format!("{c}{mark}")).collect() };
    let home = || Some(format!("{:?}", number.region));
    let elsewhere = || Some(if number.region == Region::US { "CN" } else { "US" }.to_owned());
    vec![
        (e164.to_owned(), None),
        (e164.to_owned(), elsewhere()),
        (international.clone(), elsewhere()),
        (international.replace(' ', "-"), None),
        (written(PhoneNumberFormat::RFC3966), elsewhere()),
        (written(PhoneNumberFormat::RFC3966).replacen("tel:", "TEL:", 1), None),
        (format!("00{digits}"), elsewhere()),
        (format!("  {international}\t"), None),
        (wide(e164), elsewhere()),
        (wide(&international), None),
        (format!("+{}", between(" ").trim_end()), None),
        // As copied from a contact or a web page: marks that nobody sees.
        (format!("\u{202a}{e164}\u{202c}"), None),
        (format!("+{}", between("\u{200b}")), elsewhere()),
        (international.replace(' ', "\u{a0}"), None),
        (format!("({})", &e164[..2]) + &e164[2..], home()),
        (national.clone(), home()),
        (wide(&national), home()),
    ]
}

const LOCALS: &[&str] = &["zhang.wei", "li+news", "o'neil", "josé", "王伟", "müller", "a_b-c", "x"];

/// (as keys are made of it, as people write it).
const DOMAINS: &[(&str, &str)] = &[
    ("example.com", "example.com"),
    ("mail.example.cn", "mail.example.cn"),
    ("xn--fsqu00a.xn--fiqs8s", "例子.中国"),
    ("xn--bcher-kva.example", "bücher.example"),
    ("xn--e1afmkfd.example", "пример.example"),
];

/// (the key's spelling, local part, domain as people write it).
fn mailbox(person: usize, dice: &mut Dice) -> (String, String, &'static str) {
    let local = format!("{}{person}", LOCALS[dice.roll(LOCALS.len() as u64) as usize]);
    let (ascii, written) = DOMAINS[dice.roll(DOMAINS.len() as u64) as usize];
    (format!("{local}@{ascii}"), local, written)
}

fn spellings_of_mailbox(local: &str, domain: &str) -> Vec<String> {
    let ascii = DOMAINS.iter().find(|(_, written)| *written == domain).unwrap().0;
    let wide: String = domain.chars().map(|c| if c == '.' { '。' } else { c }).collect();
    let decomposed: String = local.nfd().collect();
    let title = |text: &str| {
        let mut chars = text.chars();
        let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
        first + chars.as_str()
    };
    vec![
        format!("{local}@{domain}"),
        format!("{local}@{ascii}"),
        format!("{}@{domain}", local.to_uppercase()),
        format!("{local}@{}", domain.to_uppercase()),
        format!("{}@{}", title(local), title(ascii)),
        format!("{decomposed}@{domain}"),
        format!("{}@{wide}", decomposed.to_uppercase()),
        format!("  {local}@{domain}. "),
        format!("\"{local}\"@{domain}"),
        format!("{local}@{}", domain.replacen('e', "ｅ", 1)),
        format!("\u{feff}{local}\u{200b}@{domain}"),
        format!("{local}@{}", domain.replacen('.', "\u{ad}.", 1)),
    ]
}

#[test]
fn two_that_look_alike_are_two_people() {
    let distinct = [
        "zhangwei@example.com",
        "zhang.wei@example.com",
        "zhang.wei+1@example.com",
        "zhang.wei@xn--exmple-cua.com",
        "zhаng.wei@example.com", // a Cyrillic а
        "\"zhang wei\"@example.com",
        "zhang.wei@[127.0.0.1]",
        "straße@example.com",
        "strasse@example.com",
    ];
    let mut keys: Vec<String> = distinct.iter().map(|a| Address::email(a).unwrap().canonical().to_owned()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), distinct.len());
    // Italy keeps its 0; a short number is not a longer one.
    let (kept, dropped) = (Address::phone("+39 06 1234 5678", None), Address::phone("+39 6 1234 5678", None));
    assert_ne!(kept.unwrap(), dropped.unwrap());
    assert_eq!(Address::phone("+44 (0)20 7031 3000", None), Address::phone("020 7031 3000", Some("GB")));
    // A `+` is believed, whatever the region.
    let china = Address::phone("+8613800138000", Some("US")).unwrap();
    assert_eq!(china.canonical(), "+8613800138000");
}

proptest::proptest! {
    #![proptest_config(super::config(512))]

    /// Whatever is accepted as an address stays what it became.
    #[test]
    fn folding_twice_is_folding_once(local in "\\PC{1,10}", domain in "[a-zA-Zäéあ中]{1,6}\\.(com|中国|ＣＯＭ)", phone in "[+＋0-9 ()\u{200b}-]{3,18}") {
        if let Ok(once) = Address::email(&format!("{local}@{domain}")) {
            let twice = Address::email(once.canonical()).unwrap();
            proptest::prop_assert_eq!(once.canonical(), twice.canonical());
        }
        for region in [None, Some("CN"), Some("US"), Some("IT")] {
            if let Ok(once) = Address::phone(&phone, region) {
                let twice = Address::phone(once.canonical(), region).unwrap();
                proptest::prop_assert_eq!(once.canonical(), twice.canonical());
            }
        }
    }
}
