//! Who asks for money? "£9 a panel", "£15 for 90 mins", 每斤880元: words beside an amount that only a price has. And
//! who does not: bills, fines, balances, markets, colleagues and their budgets tell amounts in the same numbers.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::understand::expression::{Expression, expression};
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::{Reading, Sentence};
use crate::understand::taken_off::terms::without_terms;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&OWED, &OF_DUTY, &OF_MARKETS, &OF_WORK, &INVITES].into_iter()
}

/// Whether the words beside an amount ask it for goods.
pub(in crate::understand) fn asks(near: &str, after: &str) -> bool {
    says(&ASKED_AFTER, after) || says(&ASKED_BEFORE, near)
}

/// A sentence that tells of money owed, taken or held: "£220 outstanding", "Avail R2 114.09".
pub(in crate::understand) fn is_owed(reading: &Reading<'_>, sentence: &Sentence) -> bool {
    OWED.is_in(&sentence.may, reading.words(sentence))
}

/// What a message without any word of sale is about, where it names amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::understand) enum Talk {
    /// Duties: no amount in it is a price, unless a word of price says so.
    OfDuty,
    /// Markets, colleagues, friends who share a bill: no amount in it is a price.
    OfOther,
    /// It invites: book, order, call, left, new.
    Invites,
    /// Neither is said.
    Unknown,
}

/// Of all parts. `is_of_a_shop`: a firm that invites to buy reminds of no duty, and greets all.
pub(in crate::understand) fn talk_of(readings: &[Reading<'_>], is_of_a_shop: bool) -> Talk {
    // "$29, in stock, tax included" speaks of no shares and of no tax to pay.
    let bare: Vec<_> = readings
        .iter()
        .map(|reading| {
            let words = without_terms(&reading.heard.may, &reading.normal.text);
            if is_of_a_shop { Cow::Owned(without_greetings(&words)) } else { words }
        })
        .collect();
    let any = |expression: &Expression| {
        readings.iter().zip(&bare).any(|(reading, words)| expression.is_in(&reading.heard.may, words))
    };
    let invites = |reading: &Reading<'_>| INVITES.is_in(&reading.heard.may, &reading.normal.text);
    if any(&OF_MARKETS) || any(&OF_WORK) {
        Talk::OfOther
    } else if any(&OF_DUTY) {
        Talk::OfDuty
    } else if readings.iter().any(invites) {
        Talk::Invites
    } else {
        Talk::Unknown
    }
}

/// The words without those that a shop begins with, too: "Reminder: mats are $29", "Hi all".
fn without_greetings(words: &str) -> String {
    GREETS.as_ref().map_or_else(|| words.to_owned(), |greets| greets.replace_all(words, " ").into_owned())
}

static GREETS: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:(?:friendly|gentle|quick|last|final)[ ])?(?:reminder|hi all|dear all|hello all)(?-u:\b)");
static ASKED_AFTER: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n]?(?:/|p/|per[ \n]|a[ \n]|an[ \n]|each[ \n]|every[ \n])[ \n]?(?:(?:full|half|extra|additional|single|double|standard)[ \n])?(?:person|people|head|guest|adult|child|kid|pax|couple|family|pair|team|night|nt|nite|day|week|wk|weekend|month|mth|mo|quarter|term|year|yr|hour|hr|half hour|session|class|lesson|visit|seat|ticket|table|room|cabin|pitch|plate|portion|scoop|panel|basket|dozen|doz|box|bag|sack|bottle|tub|jar|pot|pack|packet|tray|bunch|punnet|loaf|slice|cup|glass|pint|litre|liter|kg|kilo|lb|pound|gram|[0-9]{3}g|metre|meter|yard|sqm|sq|tree|plant|stem|signature|page|piece|pc|unit|item|set|tin|car|vehicle|load|cord|bale|game|round|licen[cs]e|life|user|student|pupil|course|way|side|cut|tyre|tire|window|nail|tooth|shirt|suit|garment|visit|dog|cat|pet|horse)s?(?-u:\b)",
    r"|^[ \n]?(?:pp|p\.p|pps|pppn|ppn|pax|ea|each|p/m|p/h|pcm|p\.m|mthly|monthly|weekly|daily|nightly|yearly|annually|one[- ]way|o/w|return|rtn|round[- ]?trip|each[- ]way|all[- ]in|all[- ]inclusive|fitted|installed|lang|onwards|upwards|mth)(?-u:\b)",
    r"|^[ \n]for[ \n](?:the[ \n])?(?:[0-9]+[ ]?(?:gb|mb|kgs?|g|ml|l|lbs?|hrs?|pcs?)?|two|three|four|five|six|a pair|both|ages?|adults|kids|children|members|non-members|students|lots|next|first)(?-u:\b)|^[ \n](?:entry|admission|entrance|on the door|cover charge)(?-u:\b)|^[ \n](?:on|at)[ ]the[ ]door(?-u:\b)|^[ ]off the boat",
    r"|^[ \n,]{0,2}\(?(?:was|rrp|reg\.|regular(?:ly)?|usual(?:ly)?|normal(?:ly)?|u\.p|instead of|rather than|down from|face value)(?-u:\b)|^, (?:not|down from|instead of|rather than|was|rrp|usually|normally)[ ]$",
    r"|^[ ](?:base|one-way|promo|return)?[ ]?(?:fares?|flights?|seats|rooms|tickets)(?-u:\b)",
    r"|^[ ]?(?:元|块)?[ ]?(?:起|/?一?[份套位人斤箱盒瓶张间晚件双只台]|/一?(?:天|次|节|圈|碗|杯|包|袋|枚|条|本|盆|小时|课时|[0-9]{1,3}(?:g|克|ml|斤))|\(?原价|\(?日常价)",
);
static ASKED_BEFORE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:start(?:s|ing)? (?:at|from)|priced (?:at|from)|prices? (?:from|start at|starting at|are|is)|for (?:only|just)|yours for|costs?|all for|(?:buy|get) [a-z0-9. ]{1,20} (?:at|for)|quoting|rates? (?:from|of)|(?:fares?|seats?|tickets?|rooms?|tables?|memberships?|lessons?|classes|courses|places?|spots?) (?:from|to|at|for)|(?:courses|tickets?|entry|admission|entrance|refills?|combos?|specials?|sets?|packs?|box of [0-9]{1,3}|(?:course|class|batch|workshop|camp|lesson|session|entry|entrance|program(?:me)?)[ ]fees?)(?:,| is| are|:| of)?)[ \n]$",
    r"|(?:^|[^0-9.,])[0-9][0-9,]{0,5}[ ]?(?:gal(?:lons?)?|lbs?|kgs?|oz|ml|litres?|pk|packs?|pcs?|pieces|ct|dozen|hrs?|mins?|nights?|sessions|classes|lessons|tickets|pints|slices|scoops|tests|gb|bags|boxes|bottles|trays)[ ](?:(?:sack|bag|box|tub|pack|tin|jar|drum|tray|jug)[ ])?(?:(?:for|at|only|just|is|are)[ ])?$|^(?:fees?|rates?|price|cost|entry|admission|tickets?)[ :-]{1,3}$",
    r"|(?:单价|票价|月费|月租|单程|往返|人均|件套|每[人位斤份张晚间盒套次件台瓶圈节课天碗杯平]|一[份套盒箱斤件位碗盘串锅杯对双只束盆]|单[只件份张盒]|[0-9](?:斤|份|盒|包|枚|克|瓶|袋|件|片|箱|套|堂|只|小时|ml|kg)(?:装)?|[0-9一二两三四五六七八九十](?:次课|节课|堂课|次卡|圈卡|堂体验|次体验|道菜?|课时|天)(?:共|只要|仅)?)[ ]?$",
);

/// Said of money owed, taken, sent or held.
static OWED: Expression = expression!(
    r"(?-u:\b)(?:couldn't collect|could not collect|outstanding|unpaid|overdue|in arrears|debited|avail(?:able)? bal|avail[: ]{1,2}(?:[a-z]{1,3}[. ]?|[$£€₹])[0-9]|avl bal|bal:|balance|enforcement|late (?:charge|fee|payment)|penalty|admin fee|charged|pre-?approved|loan of|in interest|cheque|toll|withdrawn|deducted|txn|wages?|salary|payslip|your plan will|renewal is|missed appointments?|your (?:fare|trip|ride|receipt|bill|statement|payment|premium (?:of|is|will)|excess|contribution|instal?ment|direct debit|wallet|meter|tariff|salary|claim|refund|deposit|renewal)|has been (?:paid|received|credited|refunded|added)|we(?:'ve| have) (?:refunded|received|credited|paid|taken)|will be (?:taken|collected|debited)|top(?:ped)?[- ]up of|you (?:owe|spent|sent|received|paid)|excess (?:of|is)|fare (?:was|paid)|total (?:fare|paid|due)|per kwh|p/kwh|council tax|standing charge|(?:will )?(?:increase|rise) by [0-9.]+ ?%|(?:purchase|transaction|card|spend) alert|prices? (?:will )?(?:rise|increase|go up|change)s? (?:by|from|to)|going up (?:by|from|to))",
    r"|欠款|结欠|欠费|逾期|缴付|退税|应付|罚款|待还|已扣|套餐外|固定费|通信费|功能费|信息费|基本费|您(?:已)?(?:开通|订购)的|已成功(?:购买|订购|办理|开通)|已支付|实付|本期|扣除|票款|车费|停车费|物业费|水费|电费|工资|到账|入账|跌幅|涨幅|股份",
);
/// The same, and all else that people must pay, get or lend: where it is said of a message that sells in no word.
static OF_DUTY: Expression = expression!(
    r"(?-u:\b)(?:due|overdue|unpaid|owe[sd]?|owing|outstanding|arrears|debited|credited|deducted|withdrawn|paid|repay(?:ment)?|instal?ments?|charged|(?:late|reconnection|service|finance) (?:payment )?charges?|penalt(?:y|ies)|a fine|fines|fined|fine (?:of|ref|notice)|surcharge|(?:late|admin|booking|cancellation|call-?out|delivery) fee|toll|tax|customs|levy|interest|balance|bal|avl|allowance|limit is|overdraft|cheque|transfer(?:red)?|sent to|receipt|invoiced?|refund(?:ed|s)?|txn|transaction|copay|excess|deductible|claims?|court|enforcement|direct debit|standing order|renews|auto-?renew(?:s|al)?|salary|wages?|payslip|(?:purchase|transaction|card) alert|(?:don't|didn't|do not|did not) recogni[sz]e|the rent|rent (?:is|was|went|goes|review)|landlord|lease|mortgage|loans?|lend|lent|borrow|apr|fscs|amt|kwh|raffle|scholarship|donat(?:e|ed|ion|ions)|fundrais(?:e|er|ing)|raised|your gift of|please pay|parentpay|school trip|reminder|came to|comes to|your (?:mot|car|van|boiler|laptop)|i bought|we bought|so i got|cost me|price (?:change|increase|rise|review)|prices? (?:will )?(?:go up each|increase|rise) (?:by|from)|deposit)(?-u:\b)",
    r"|缴|欠|应付|实付|罚|退税|押金|还款|到账|入账|转账|转出|转入|工资|奖金|报销|借我|还你|贷款|利息|余额|账单|扣款|收费标准|价格调整|调价|上调|涨价|班主任|家长|多付|付了|花了|垫付",
);
/// News of prices and shares.
static OF_MARKETS: Expression = expression!(
    r"(?-u:\b)(?:nasdaq|nyse|dow jones|ftse|s&p|shares?|stocks?|barrel|ounce|analysts?|investors?|earnings|inflation|economists?|early trading|bitcoin|crypto|ipo|averaged|house prices|(?:fares?|rents?|charges?|tariffs?|tolls?) (?:rise|rises|rose|will rise|increase|go up|are going up))(?-u:\b)|(?-u:\b)markets?:|股|基金|大盘|油价|金价|涨幅|跌幅|收盘|指数",
);
/// Colleagues and circles of friends, and the money among them.
static OF_WORK: Expression = expression!(
    r"^re: |(?-u:\b)(?:budget|forecast|reimburse[a-z]*|expenses?|petty cash|payroll|headcount|procurement|stakeholders?|cob|eod|fyi|spreadsheet|hi both|hi all|hello team|hi team|dear team|dear all|hello all|colleagues|chip in|chipping in|whip-?round|kitty|buy-?in|secret santa|collection for|for the gift|venmo|your share|split the|among us|between us|agenda|now hiring|we're hiring|vacanc(?:y|ies)|board meeting|purchase order (?:no|number)|quoted? us|the vendor|the supplier|the client)(?-u:\b)|(?-u:\b)everyone,|预算|报销|附件|会议|同事|凑份子|份子钱|aa制|群收款|班费",
);
/// What those write who sell, in no word of sale: book, order, call; new, fresh, left; where and when it is to be had.
static INVITES: Expression = expression!(
    r"(?-u:\b)(?:order|pre-?orders?|book(?:ed|ings?)?|reserve|rsvp|enrol+|register|sign ?up|join (?:us|in)|tickets?|call|ring (?:us|me)|dm|pm me|whatsapp|txt|text (?:us|me)|visit|pop in|drop in|come (?:in|by|down|along)|walk[- ]?ins?|pick[- ]?up|collection|deliver(?:y|ed|ies|s)?|courier|ships?|we (?:ship|post|deliver)|in stock|available|stalls?|kiosks?|counter|shop|store|stores|market|farms?|menu|served|fresh(?:ly)?|open(?:ed)?|left|remain(?:s|ing)?|spots?|slots?|seats?|beginners|welcome|first come|first call|limited|edition|handmade|home-?made|hand-?tied|lessons?|class(?:es)?|workshops?|tours?|trips?|packages?|studio|bakery|nursery|carryout|takeaway|dine|lunch|brunch|dinner|supper|courses|rental|for hire|for rent|all shops|nationwide|carat|release|drop(?:s|ped)?|back (?:in|on)|new)(?-u:\b)|(?-u:\b)res:|(?-u:\b)(?:call|text|txt|ring|tel|ph|phone|contact)[ :.]+(?:[a-z]+ ){0,2}\+?[0-9]{3}|@[a-z][a-z0-9_.]{3,}",
    r"|欢迎|预订|预约|预定|订购|下单|到货|到店|门店|本店|新品|新到|上市|发售|开售|供应|现货|自提|配送|包邮|送货|咨询|致电|电话|热线|地址|报名|招生|名额|网上|官网|详情|限量|试喝|试用|品尝|适用|分店|套餐|门票|亲子|双人|系列|价目|有效|点进来|手慢|抢|营业|外卖|堂食|来试|试躺",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Part, PartKind};
    use crate::understand::expression::May;

    #[test]
    fn words_beside_an_amount_ask_it() {
        for (near, after) in [
            ("fences ", " a panel, sheds"),
            ("kayaking, ", " for 90 mins"),
            ("", " per person sharing"),
            ("jeans ", " each"),
            ("sept 10-17, ", "/nt."),
            ("fibre ", " mthly + free"),
            ("lunch courses are ", ""),
            ("", " on the door"),
            ("deckchairs are ", " rather than "),
            ("fees ", ". for details call"),
            ("单程", "，"),
            ("自饮装每斤", ""),
            ("礼盒", "元/盒"),
            ("单次计划", "起"),
            ("pumping up to 1,000 gal ", ". bell"),
            ("wings special ", " dies at"),
            ("", " for 1gb all-nite"),
            ("quiz every thurs, ", " entry"),
            ("25 lb sack ", ", roasted"),
            ("3 pints ", " before 6"),
            ("10圈卡", "，"),
            ("金牌月嫂26天", "，"),
            ("小型犬", "/天，"),
            ("羔羊卷", "/500g，"),
            ("16次课共", "，"),
        ] {
            assert!(asks(near, after), "{near}<>{after}");
        }
        for (near, after) in [("your bill is ", "."), ("here's ", " for lunch"), ("sent ", " to jane"), ("余额", "元")]
        {
            assert!(!asks(near, after), "{near}<>{after}");
        }
    }

    #[test]
    fn what_is_owed_or_taken_is_told_by_its_sentence() {
        for text in [
            "we couldn't collect £94.17 on 3 june",
            "avail r2 114.09",
            "avl bal aed 6,402.11",
            "your fare was £12.40",
            "£35 will be taken on 3 june",
            "your excess is £250",
            "预计车费35元",
            "large purchase alert: $1,204.77",
            "contributions will increase by 8.9%, to r4 318",
            "2 套餐外语音通信费:5.89元",
            "您开通的社区业务，信息费10.00元",
            "结欠hk$4,520",
        ] {
            assert!(OWED.is_in(&May::ANY, text), "{text}");
        }
        for text in
            ["avail the early bird fee of rs 45,000", "the dress is still available for $68", "two courses are £24"]
        {
            assert!(!OWED.is_in(&May::ANY, text), "{text}");
        }
    }

    #[test]
    fn duties_markets_and_work_sell_nothing() {
        for text in [
            "your card was debited £20",
            "we could not collect £94, a late fee may apply",
            "landlord raised the rent again, $1450",
            "gold ends at $2,410 as markets: closed",
            "hi all, the budget is £4,000",
            "secret santa, the limit is $25",
            "everyone, aed 20 for the gift",
            "秋游费用85元，请家长缴纳",
            "现价18.32元，跌幅达5%",
            "hi jane, your mot came to £54.85",
            "house prices averaged £312,000",
        ] {
            let says = |expression: &Expression| expression.is_in(&May::ANY, text);
            assert!(says(&OF_DUTY) || says(&OF_MARKETS) || says(&OF_WORK), "{text}");
        }
    }

    #[test]
    fn terms_of_a_sale_are_no_duty() {
        let talk = |text: &str| {
            let part = Part { kind: PartKind::Plain, text: text.to_owned() };
            talk_of(&[Reading::of(0, &part)], true)
        };
        for text in [
            "BT-200 $29.99 tax included. Order today.",
            "BT-200 $29.99, no deposit. Order today.",
            "Yoga mats in stock, $29.",
            "BT-200 $29.99, delivery fee waived. Order today.",
            "BT-200 $29.99 by card or transfer. Order today.",
            "Reminder: BT-200 $29.99. Order today.",
            "Hi all! BT-200 $29.99. Order today.",
        ] {
            assert_eq!(talk(text), Talk::Invites, "{text}");
        }
        for text in
            ["Order today: your tax of $29.99 is due", "Booking fee $5, deposit $20", "ACME stock closed at $29"]
        {
            assert_ne!(talk(text), Talk::Invites, "{text}");
        }
    }
}
