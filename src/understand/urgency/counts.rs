//! Urgency told in numbers: "only 3 left", 仅剩3件, "2 days left", 最后3天, "ends in 02:14:59", "20 people are
//! looking at this".

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Hit, Needs};
use crate::understand::days::calendar::count;
use crate::understand::expression::{Expression, Places};
use crate::understand::meaning::UrgencyKind;
use crate::understand::patterns::{pattern, says};
use crate::understand::reading::{Reading, Sentence};

/// More than so many on the shelf is no scarcity.
const LEFT_MAX: u32 = 1_000;

/// What the sentence tells in numbers.
pub(super) fn counted_in(reading: &Reading<'_>, sentence: &Sentence) -> Vec<Hit> {
    static PLACES: Places = Places::new();
    if !PLACES.any_in(&sentence.may, asked) {
        return Vec::new();
    }
    let words = reading.words(sentence);
    let mut hits = Vec::new();
    for shape in SHAPES.iter() {
        let Some(pattern) = shape.pattern.within(&sentence.may) else { continue };
        for found in pattern.captures_iter(words).take(8) {
            if let Some(mut hit) = shape.hit(&found) {
                hit.range = sentence.range.start + hit.range.start..sentence.range.start + hit.range.end;
                hits.push(hit);
            }
        }
    }
    hits
}

/// The expressions asked here.
pub(super) fn asked() -> impl Iterator<Item = &'static Expression> {
    SHAPES.iter().map(|shape| &shape.pattern)
}

/// A way of telling it.
struct Shape {
    kind: UrgencyKind,
    needs: Needs,
    pattern: Expression,
}

impl Shape {
    fn hit(&self, found: &Captures<'_>) -> Option<Hit> {
        let whole = found.name("words").or_else(|| found.get(0))?;
        // "Only 5 minutes left" is of time.
        const OF_TIME: [&str; 8] = ["minute", "hour", "day", "week", "second", "month", " min", " hr"];
        if self.kind == UrgencyKind::Scarcity && OF_TIME.iter().any(|unit| whole.as_str().contains(unit)) {
            return None;
        }
        let mut left = None;
        if let Some(number) = found.name("left") {
            let number = u32::try_from(count(number.as_str().replace(',', "").as_str())?).ok()?;
            if number > LEFT_MAX {
                return None;
            }
            left = Some(number);
        }
        // "Expires in 7 days" is a plain end.
        if self.kind == UrgencyKind::Countdown && says(&FAR, whole.as_str()) {
            return None;
        }
        Some(Hit { kind: self.kind, needs: self.needs, range: whole.range(), left })
    }
}

/// A stretch of time that hurries nobody.
static FAR: LazyLock<Option<Regex>> = pattern!(
    r"^(?:expir(?:es|ing)|ends?|ending)[ \n]in:?[ \n](?:[4-9]|[1-9][0-9]{1,2}|four|five|six|seven|eight|nine|ten|twelve)[ \n]days(?-u:\b)|(?-u:\b)(?:weeks|months)$"
);

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let shape = |kind, needs, pattern: &str| Shape { kind, needs, pattern: Expression::of(whole(pattern)) };
    let (countdown, last, scarce) = (UrgencyKind::Countdown, UrgencyKind::LastChance, UrgencyKind::Scarcity);
    let (nothing, sold) = (Needs::Nothing, Needs::Sold);
    [
        shape(countdown, sold, r"(?-u:\b)(?:only[ \n]|just[ \n])?<N>[ \n-]?(?:more[ \n])?<TIME><MORE>[ \n](?:left|remaining|to[ \n]go|only)(?-u:\b)"),
        shape(countdown, sold, r"(?-u:\b)(?:only|just)[ \n]<N>[ \n](?:more[ \n])?<TIME>(?-u:\b)"),
        shape(last, sold, r"(?-u:\b)(?:last|final)[ \n](?:the[ \n])?<N>[ \n]?<TIME>(?-u:\b)"),
        shape(countdown, sold, r"(?-u:\b)(?:ends?|ending|expir(?:es|ing)|over|closes|closing|gone|time[ \n]left|left)(?:[ \n]in)?:?[ \n]{0,2}(?:(?:less[ \n]than|under|just|only)[ \n])?(?:<N>[ \n]?<TIME><MORE>|[0-9]{1,3}[ \n]?:[ \n]?[0-9]{2}[ \n]?:[ \n]?[0-9]{2}(?-u:\b))|(?-u:\b)(?:ends?|ending|expires?|expiring|over|closes|gone|out)[ \n]in:?[ \n]{0,2}[0-9]{1,3}[ \n]?:[ \n]?[0-9]{2}(?-u:\b)|(?-u:\b)(?:time[ \n])?(?:left|remaining):[ \n]?[0-9]{1,3}:[0-9]{2}(?-u:\b)"),
        shape(countdown, nothing, r"^(?:the[ \n]|this[ \n])?(?:offer|sale|deal|price|discount|promo|promotion)?s?[ \n]?(?:ends?|ending|expires?|expiring)[ \n]in:?[ \n]{0,2}(?:<N>[ \n]?<TIME><MORE>|[0-9]{1,3}[ \n]?:|[!. ]{0,3}$)|(?-u:\b)(?:offer|sale|deal|price|discount|promo|promotion)s?[ \n](?:must[ \n])?(?:ends?|ending|expires?|expiring)[ \n]in:?[ \n]{0,2}(?:<N>[ \n]?<TIME><MORE>|[0-9]{1,3}|[!. :]{0,3}$)"),
        shape(countdown, nothing, r"(?-u:\b)(?:order|checkout|check[ \n]out|buy|shop)[ \n](?:now[ \n]|yours[ \n])?(?:within|in)[ \n][0-9]{1,2}:[0-9]{2}(?-u:\b)|(?-u:\b)[0-9]{1,3}[ \n]days?[ \n]{1,2}[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?-u:\b)"),
        shape(countdown, sold, r"(?-u:\b)(?:order|buy|shop|save|checkout|check[ \n]out|purchase|claim|redeem|use[ \n]it)(?-u:\b)[^.!?\n]{0,40}?(?P<words>(?:within|in)[ \n](?:the[ \n])?(?:next[ \n])?(?:[0-9]{1,2}:[0-9]{2}|(?:[0-9]{1,2}|an?|one|two|three|twenty-four|forty-eight)[ \n-]?(?:hours?|hrs?|minutes?|mins?))(?-u:\b))"),
        shape(countdown, sold, r"(?-u:\b)(?:within|in|for)[ \n](?:the[ \n])?next[ \n](?:[0-9]{1,2}|few|two|three|twenty-four|forty-eight)[ \n](?:hours?|hrs?|minutes?|mins?)(?-u:\b)"),
        shape(countdown, nothing, r"(?-u:\b)[0-9]{1,3}[ \n]?d(?:ays?)?[ \n:,|-]{0,3}[0-9]{1,2}[ \n]?h(?:ou)?(?:rs?)?[ \n:,|-]{0,3}(?:[0-9]{1,2}[ \n]?m(?:in(?:ute)?s?)?)?|(?-u:\b)[0-9]{1,3}[ \n]?h(?:ou)?rs?[ \n:,|-]{0,3}[0-9]{1,2}[ \n]?m(?:in(?:ute)?s?)?[ \n:,|-]{0,3}[0-9]{1,2}[ \n]?s(?:ec(?:ond)?s?)?(?-u:\b)|(?-u:\b)[0-9]{1,2}h[ \n:]{0,2}[0-9]{1,2}m[ \n:]{0,2}[0-9]{1,2}s(?-u:\b)|^[0-9]{1,3}:[0-9]{2}:[0-9]{2}$|(?-u:\b)days[ \n/|:]{1,3}h(?:ou)?rs[ \n/|:]{1,3}min(?:ute)?s"),
        shape(countdown, Needs::Itself, r"(?-u:\b)(?:cart|basket|bag|items?|order|deal|price|offer|stock)[ \n](?:is|are|has[ \n]been|will[ \n]be)[ \n](?:only[ \n])?(?:reserved|held|saved|guaranteed)[ \n]for[ \n](?:only[ \n])?[0-9]{1,3}(?::[0-9]{2})?[ \n](?:more[ \n])?(?:minutes?|mins?)(?-u:\b)|(?-u:\b)(?:cart|basket|bag)[ \n]will[ \n]expire[ \n]in[ \n][0-9]{1,3}(?::[0-9]{2})?[ \n](?:minutes?|mins?)(?-u:\b)"),
        shape(countdown, nothing, r"(?-u:\b)(?:cart|basket|bag|items?|order|deal|price|offer)[ \n](?:is|are|has[ \n]been|have[ \n]been|will[ \n]be)[ \n](?:only[ \n])?(?:reserved|held|saved)[ \n]for(?:[ \n](?:only[ \n]|the[ \n]next[ \n]|another[ \n])?[0-9]{1,3}(?::[0-9]{2})?(?:[ \n](?:more[ \n])?(?:minutes?|mins?|hours?|hrs?))?|[.!: ]{0,3}$)"),
        shape(scarce, nothing, r"(?-u:\b)(?:only|just|last|(?:less|fewer)[ \n]than|under|there(?:'s|[ \n]is|[ \n]are)[ \n]only|we[ \n]have)[ \n](?:about[ \n]|the[ \n]last[ \n])?(?P<left>[0-9]{1,3}(?:,[0-9]{3})?|one|two|three|four|five|six|seven|eight|nine|ten|twelve)(?:\.[0-9]{1,2}[a-z]?)?[ \n](?:of[ \n](?:them|these|those)[ \n])?(?:[a-z][a-z()'-]{0,14}[ \n]){0,4}?(?:are[ \n]|is[ \n])?(?:still[ \n])?(?:left|remaining|remain|remains|available|unsold|unclaimed|open|free[ \n]at|in[ \n]stock)(?-u:\b)"),
        shape(scarce, nothing, r"(?:^|[^0-9a-z.,:$¥€£/-])(?P<words>(?P<left>[0-9]{1,3})[ \n](?:items?|units?|pieces?|pairs?|products?|copies|sets?|pcs|item\(s\)|seats?|spots?|places?|rooms?|tickets?|tables?|sizes?|bottles?|boxes)[ \n](?:are[ \n]|is[ \n]|still[ \n]|now[ \n])?(?:left|remaining|remain|available[ \n]now)(?-u:\b))"),
        shape(scarce, nothing, r"(?:^|[!.,:;(|-][ \n]?|stock[ \n]|order[ \n]|currently[ \n])(?P<words>(?:only[ \n]|last[ \n])?\(?(?P<left>[0-9]{1,3})\)?[ \n](?:left|remaining|in[ \n]stock)(?-u:\b))"),
        shape(scarce, sold, r"(?-u:\b)(?:only|just)[ \n](?P<left>[0-9]{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|twelve)[ \n](?:[a-z-]{1,12}[ \n])?(?:seats?|spots?|places?|rooms?|tickets?|tables?|pieces?|units?|made|produced|sets|pairs|copies|slots?|spaces?)(?-u:\b)"),
        shape(scarce, sold, r"(?-u:\b)(?:last|final|remaining)[ \n](?:[0-9]{1,3}|few|one|two|three|four|five|six|ten)[ \n](?:items?|pieces?|pairs?|units?|rooms?|seats?|spots?|tickets?|copies|sets?|sizes?|places?|slots?|available)(?-u:\b)"),
        shape(scarce, sold, r"(?-u:\b)(?P<words>the[ \n]first[ \n](?:[0-9]{1,3}(?:,[0-9]{3})?|hundred|fifty|ten|twenty)[ \n](?:new[ \n]|lucky[ \n])?(?:customers?|orders?|people|buyers?|shoppers?|visitors?|guests?|callers?|purchases?|subscribers?|members|to(?-u:\b)|who(?-u:\b)|only))"),
        shape(scarce, sold, r"(?:^|[!.,:;(-][ \n]?|(?-u:\b)(?:to|for|only|our)[ \n])(?P<words>first[ \n](?:[0-9]{1,3}(?:,[0-9]{3})?|hundred|fifty|ten|twenty)[ \n](?:new[ \n]|lucky[ \n])?(?:customers?|orders?|people|buyers?|shoppers?|visitors?|guests?|callers?|purchases?|subscribers?|members|to(?-u:\b)|who(?-u:\b)|only))"),
        shape(scarce, nothing, r"(?-u:\b)[0-9][0-9,]{0,6}\+?[ \n](?:other[ \n])?(?:people|shoppers|customers|users|others|visitors|travell?ers|guests|members)[ \n](?:are[ \n]|is[ \n])?(?:currently[ \n]|also[ \n]|now[ \n]|right[ \n]now[ \n])?(?:viewing|looking|watching|eyeing|checking|considering)(?-u:\b)[^.!?\n]{0,30}"),
        shape(scarce, nothing, r"(?-u:\b)[0-9]{1,3}%[ \n](?:of[ \n](?:the[ \n])?)?(?:offers?[ \n]|deals?[ \n]|stock[ \n]|tickets[ \n]|spots[ \n])?(?:already[ \n]|is[ \n]|are[ \n]|have[ \n]been[ \n]){0,2}(?:claimed|sold|gone|taken|booked|full)(?-u:\b)|(?-u:\b)[0-9]{2,5}[ \n]claimed(?-u:\b)"),
        shape(countdown, sold, r"(?:仅剩|只剩|还剩|剩余|剩下|仅余|倒数|倒计时)(?:下|最后)?(?:不到|不足)?[ \n:]{0,2}<ZN>[ \n]?<ZTIME><ZMORE>|距(?:离)?[^。!！?？,，]{0,20}?(?:还有|还剩|仅剩|只剩|仅有|只有|仅|倒数|不到|不足|:)[ \n]?(?:不到|不足)?<ZN>[ \n]?<ZTIME><ZMORE>|<ZN><ZTIME>[ \n]?倒计时"),
        shape(last, sold, r"最后(?:的)?<ZN>[ \n]?(?:天|日|个小时|小时|个钟头|分钟|周|晚|夜|秒|h)|(?:只有|仅有|仅此|仅限|只限|活动仅|仅)(?:短短)?<ZN>[ \n]?(?:天|小时|个小时)(?:[^内后前0-9]|$)"),
        shape(countdown, sold, r"限时(?:仅|特惠|优惠|抢购|秒杀)?<ZN>[ \n]?(?:天|日|个小时|小时|分钟|h)|<ZN>[ \n]?(?:个小时|小时|分钟)[ \n]?(?:限时|闪购|快闪|疯抢|特卖|秒杀|抢购|狂欢|限定)"),
        shape(countdown, sold, r"(?:[0-9]{1,2}|[一二两三四五六七八九十]{1,3})[ \n]?(?:个小时|小时|分钟|h)之?内(?:下单|购买|抢购|付款|抢|领取|完成|预订|使用)"),
        shape(countdown, nothing, r"[0-9]{1,2}(?:个)?(?:小时|时)[0-9]{1,2}分(?:钟)?[0-9]{1,2}秒"),
        shape(scarce, nothing, r"(?:库存|名额|席位)?(?:仅剩|只剩|仅余|最后|仅存|剩最后)(?:下)?(?:最后|不到|不足|约)?[ \n]?(?P<left>[0-9]{1,3}|[一二两三四五六七八九十]{1,3})[ \n]?(?:多|余)?<UNIT>"),
        shape(scarce, sold, r"(?:还剩|剩余|剩下|还有|尚余|尚有|尚剩|仅余)(?:下)?(?:最后|不到|不足|约)?[ \n]?(?P<left>[0-9]{1,3}|[一二两三四五六七八九十]{1,3})[ \n]?(?:多|余)?<UNIT>"),
        shape(scarce, nothing, r"(?:数量|名额|额度|份额|席位|座位|库存|存货|房源|货源|份数|席次)(?:已)?(?:非常|十分|极其|极为|均)?(?:有限|告急)"),
        shape(scarce, sold, r"(?:数量|名额|额度|份额|席位|座位|库存|存量|余量|存货|现货|房源|货源|机会|时间|份数|床位|车位|席次|机位|余票)(?:已)?(?:非常|十分|极其|极为|均)?(?:有限|不多|紧张|告急|紧缺|吃紧)"),
        shape(scarce, nothing, r"(?:售|送|赠|领|兑|抢|卖|约|额|报|订|满|招|发|换|用)[完罄满光尽]?(?:即|为|就)止"),
        shape(scarce, sold, r"(?:限量|仅限|只限|仅有|只有|全国限|全城限|每店限|每日限|限)[ \n]?[0-9一二三四五六七八九十百千万]{1,5}[ \n]?<UNIT>|限量[ \n]?[0-9一二三四五六七八九十百千万]{1,5}(?:$|[^0-9年月日片粒毫升元])|(?:限)?前[ \n]?[0-9一二三四五六七八九十百千]{1,4}[ \n]?(?:名|位|单|件|人|份|席|套|个(?:[^月小]|$)|组|台|盒)"),
        shape(scarce, nothing, r"[0-9,]{1,7}\+?(?:多)?(?:人|位用户|位顾客|名顾客)(?:正在|在|同时|都在)(?:看|浏览|抢|抢购|关注|围观|下单|加购)|(?:已抢|已售|已领|已预订|已抢购|已售出)[ \n]?(?:[0-9]{2,3}%|[七八九]成)"),
    ]
    .into_iter()
    .collect()
});

/// A pattern with its parts in their places.
fn whole(pattern: &str) -> String {
    PARTS.iter().fold(pattern.to_owned(), |pattern, (name, part)| pattern.replace(name, part))
}

const PARTS: [(&str, &str); 7] = [
    ("<MORE>", MORE),
    ("<ZMORE>", ZMORE),
    ("<N>", N),
    ("<TIME>", TIME),
    ("<ZN>", ZN),
    ("<ZTIME>", ZTIME),
    ("<UNIT>", UNIT),
];

/// More units behind the first: 2天5小时, "2 days and 5 hours".
const MORE: &str =
    r"(?:[ \n,]{0,2}(?:and[ \n])?[0-9]{1,3}[ \n]?(?:hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?-u:\b)){0,3}";
const ZMORE: &str = r"(?:[ \n]?[0-9一二两三四五六七八九十]{1,3}[ \n]?(?:个小时|小时|分钟|分|秒)){0,3}";
const N: &str = r"(?:[0-9]{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty-four|forty-eight|few|couple[ \n]of)";
const TIME: &str = r"(?:hours?|hrs?|h|days?|d|minutes?|mins?|weeks?|seconds?|secs?)(?-u:\b)";
const ZN: &str = r"(?:[0-9]{1,3}|[一二两三四五六七八九十几]{1,3})";
const ZTIME: &str = r"(?:个小时|小时|个钟头|天|日|分钟|周|秒|h)";
const UNIT: &str = r"(?:个名额|桌|艘|株|个席位|个车位|个房间|件|个|套|台|双|瓶|盒|箱|份|间|席|位|名额|名|座|组|条|把|部|辆|只|款|枚|块|本|栋|户|包|袋|支|房|尊|副|顶|罐|桶|单|斤|张票|张床|张券)";
