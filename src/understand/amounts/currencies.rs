//! Whose money it is, and how its amounts are written: the signs in front (`US$`, `₹`, `KSh`, 新台币), the units
//! behind (元, `dirhams`, `/-`) and the shapes of numbers. A new currency is written here alone.

use crate::message::Currency;

/// A number: `1,299.00`, `1.299,00`, `1'299`, `5,00,000`, `499`.
macro_rules! number {
    () => {
        r"[0-9]{1,3}(?:,[0-9]{3}){1,3}(?:\.[0-9]{1,2})?|[0-9]{1,2}(?:,[0-9]{2}){1,2},[0-9]{3}(?:\.[0-9]{1,2})?|[0-9]{1,3}(?:\.[0-9]{3}){1,3},[0-9]{2}|[0-9]{1,3}(?:\.[0-9]{3}){1,3}|[0-9]{1,3}(?:'[0-9]{3}){1,3}(?:\.[0-9]{1,2})?|[0-9]{1,9}(?:[.,][0-9]{1,2})?"
    };
}
pub(in crate::understand) use number;

/// What stands in front of a number.
macro_rules! signs {
    () => {
        concat!(
            r"(?:rmb|cny)[ \n]?¥?|cn¥|u\.?s\.?\$|(?:usd|hkd|ntd|sgd|aud|cad|nzd|mop)[ \n]?\$?|(?:hk|nt|nz|au|ca|mx)\$|twd|jp¥|jpy|[sacr]\$",
            r"|eur|gbp|chf|krw|inr|thb|myr|(?-u:\b)(?:rs\.?|rm|rp\.?|dhs?\.?|tk\.?|ksh\.?|kshs\.?|tsh\.?|ush\.?)|kes|ngn|php|aed|zar|ghs|gh₵|sar|qar|omr|kwd|bhd|egp|pkr|lkr|bdt|idr|vnd|brl|sek|nok|dkk|pln|czk",
            r"|新台币|人民币|港币|美金|[¥$€£₹₩₦₱₫₺₽₪₴₵৳฿]",
        )
    };
}
pub(in crate::understand) use signs;

/// What stands behind a number.
macro_rules! units {
    () => {
        concat!(
            r"元人民币|元新台币|元台币|元整|元|块钱|块|圆整|圆|人民币|新台币|台币|港元|港币|港纸|蚊|美元|美金|美刀|欧元|英镑|日元|日圆|円|新加坡元|新币|澳门元|澳元|澳币|加元|加币|纽元|韩元|泰铢|马币|令吉|卢比|迪拉姆",
            r"|rmb|cny|yuan|us[ ]dollars?|usd|dollars?|bucks|hkd|twd|ntd|euros?|eur|€|gbp|£|pounds|quid|jpy|yen|sgd|aud|cad|nzd|chf|¢|cents|\$",
            r"|₫|₽|₺|₪|₴|zł|kč|aed|dhs|dirhams?|inr|rupees|/-|ngn|naira|kes|shillings|php|pesos?|zar|rand|sar|riyals?|ringgit|myr|baht|thb|rupiah|idr|vnd|ghs|cedis?|egp|pkr|lkr|pln|sek|nok|dkk|p",
        )
    };
}
pub(in crate::understand) use units;

/// What every amount has one of.
pub(in crate::understand) fn money_signs() -> Vec<String> {
    const SIGNS: &str = "¥ $ € £ ¢ ₹ ₩ ₦ ₱ ₫ ₺ ₽ ₪ ₴ ₵ ৳ ฿ zł kč rmb cny usd hkd ntd twd jpy sgd aud cad eur gbp chf krw inr thb myr nzd mop \
                         kes ngn php aed zar ghs sar qar omr kwd bhd egp pkr lkr bdt idr vnd brl sek nok dkk pln czk rs. ksh tsh \
                         ush dhs dirham rupee /- naira shillings peso riyal ringgit baht rupiah cedi yuan dollar bucks pounds quid cents 元 块 圆 人民币 台币 \
                         港币 港纸 美金 美刀 英镑 円 蚊 马币 令吉 卢比 迪拉姆 价 仅需 只需 只要 仅售 到手 券后 月租 月费 费用 每人 每位 人均 单程 往返 每晚 件套 单只 单件 单份 一对 一份 一套 一碗 一盒 一箱 .8 .9 万";
    // `R99`, `N18,000`, `P799` and 50p: see `lettered`.
    let lettered = ["r", "n", "p"].into_iter().flat_map(|letter| (1..=9).map(move |digit| format!("{letter}{digit}")));
    let pence = (0..=9).map(|digit| format!("{digit}p"));
    let signs = SIGNS.split_whitespace().map(str::to_owned).chain(lettered).chain(pence);
    signs.chain([" rs", "\nrs", " rm", " rp", " dh", " tk", " rand"].map(str::to_owned)).collect()
}

/// 新台币990元, 港币88元: the name in front tells whose 元 it is.
pub(in crate::understand) fn named_before(head: &str) -> Option<Currency> {
    let head = head.trim_end();
    [
        ("台币", Currency::TWD),
        ("ntd", Currency::TWD),
        ("nt$", Currency::TWD),
        ("港币", Currency::HKD),
        ("hkd", Currency::HKD),
        ("hk$", Currency::HKD),
        ("美金", Currency::USD),
        ("澳门币", Currency::MOP),
    ]
    .into_iter()
    .find(|(name, _)| head.ends_with(name))
    .map(|(_, currency)| currency)
}

/// Where a comma parts the cents.
pub(in crate::understand) fn currency_has_comma(currency: Currency) -> bool {
    matches!(currency, Currency::EUR | Currency::CHF | Currency::PLN | Currency::CZK | Currency::TRY | Currency::BRL)
}

/// The currency of a sign or a unit.
pub(in crate::understand) fn currency(sign: &str) -> Option<Currency> {
    Some(match sign.trim_end_matches('.') {
        "¥" | "rmb" | "cny" | "rmb¥" | "rmb ¥" | "cny¥" | "cny ¥" | "cn¥" | "元" | "块" | "块钱" | "圆" | "圆整"
        | "人民币" | "yuan" | "元人民币" | "元整" => Currency::CNY,
        "$" | "us$" | "u.s.$" | "u.s$" | "usd" | "usd$" | "usd $" | "美元" | "美金" | "美刀" | "dollars" | "dollar"
        | "bucks" | "¢" | "cents" | "us dollars" | "us dollar" => Currency::USD,
        "hk$" | "hkd" | "hkd$" | "hkd $" | "港元" | "港币" | "港纸" | "蚊" => Currency::HKD,
        "nt$" | "ntd" | "ntd$" | "twd" | "台币" | "新台币" | "元台币" | "元新台币" => Currency::TWD,
        "€" | "eur" | "欧元" | "euro" | "euros" => Currency::EUR,
        "£" | "gbp" | "英镑" | "pounds" | "quid" | "p" => Currency::GBP,
        "jp¥" | "jpy" | "日元" | "日圆" | "円" | "yen" => Currency::JPY,
        "s$" | "sgd" | "sgd$" | "新币" | "新加坡元" => Currency::SGD,
        "a$" | "au$" | "aud" | "aud$" | "澳元" | "澳币" => Currency::AUD,
        "c$" | "ca$" | "cad" | "cad$" | "加元" | "加币" => Currency::CAD,
        "nz$" | "nzd" | "nzd$" | "纽元" => Currency::NZD,
        "mop" | "mop$" | "澳门元" => Currency::MOP,
        "chf" => Currency::CHF,
        "₩" | "krw" | "韩元" => Currency::KRW,
        "₹" | "inr" | "rs" | "rupees" | "/-" | "卢比" => Currency::INR,
        "thb" | "泰铢" | "baht" | "฿" => Currency::THB,
        "myr" | "rm" | "ringgit" | "马币" | "令吉" => Currency::MYR,
        "₦" | "ngn" | "naira" | "n" => Currency::NGN,
        "₱" | "php" | "peso" | "pesos" => Currency::PHP,
        "kes" | "ksh" | "kshs" | "shillings" => Currency::KES,
        "aed" | "dh" | "dhs" | "dirham" | "dirhams" | "迪拉姆" => Currency::AED,
        "zar" | "rand" | "r" => Currency::ZAR,
        "₵" | "gh₵" | "ghs" | "cedi" | "cedis" => Currency::GHS,
        "sar" | "riyal" | "riyals" => Currency::SAR,
        "₫" | "vnd" => Currency::VND,
        "rp" | "idr" | "rupiah" => Currency::IDR,
        "৳" | "tk" | "bdt" => Currency::BDT,
        "r$" | "brl" => Currency::BRL,
        "zł" | "pln" => Currency::PLN,
        "kč" | "czk" => Currency::CZK,
        "mx$" => Currency::MXN,
        "₺" => Currency::TRY,
        "₽" => Currency::RUB,
        "₪" => Currency::ILS,
        "₴" => Currency::UAH,
        "qar" => Currency::QAR,
        "omr" => Currency::OMR,
        "kwd" => Currency::KWD,
        "bhd" => Currency::BHD,
        "egp" => Currency::EGP,
        "pkr" => Currency::PKR,
        "lkr" => Currency::LKR,
        "tsh" => Currency::TZS,
        "ush" => Currency::UGX,
        "sek" => Currency::SEK,
        "nok" => Currency::NOK,
        "dkk" => Currency::DKK,
        _ => return None,
    })
}
