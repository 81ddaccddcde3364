//! Turns of phrase that press whatever stands in their places: "before they're all gone", "won't be back",
//! 卖完不补, 先订先得, 名额见底. Fixed words are in `lexicon/urgency.txt`, numbers in `counts`.

use std::sync::LazyLock;

use super::{Hit, Needs};
use crate::understand::expression::{Expression, Places};
use crate::understand::meaning::UrgencyKind;
use crate::understand::reading::{Reading, Sentence};

/// What the sentence says in such turns.
pub(super) fn turns_in(reading: &Reading<'_>, sentence: &Sentence) -> Vec<Hit> {
    static PLACES: Places = Places::new();
    if !PLACES.any_in(&sentence.may, asked) {
        return Vec::new();
    }
    let words = reading.words(sentence);
    let mut hits = Vec::new();
    for turn in TURNS.iter() {
        let Some(pattern) = turn.pattern.within(&sentence.may) else { continue };
        for found in pattern.find_iter(words).take(8) {
            let range = sentence.range.start + found.start()..sentence.range.start + found.end();
            hits.push(Hit { kind: turn.kind, needs: turn.needs, range, left: None });
        }
    }
    hits
}

/// The expressions asked here.
pub(super) fn asked() -> impl Iterator<Item = &'static Expression> {
    TURNS.iter().map(|turn| &turn.pattern)
}

struct Turn {
    kind: UrgencyKind,
    needs: Needs,
    pattern: Expression,
}

static TURNS: LazyLock<Vec<Turn>> = LazyLock::new(|| {
    let turn = |kind, needs, pattern| Turn { kind, needs, pattern: Expression::new(pattern) };
    let (hurry, last, scarce, closing) =
        (UrgencyKind::Hurry, UrgencyKind::LastChance, UrgencyKind::Scarcity, UrgencyKind::Closing);
    let sold = Needs::Sold;
    [
        turn(hurry, sold, concat!(
            r"(?-u:\b)before[ \n](?:they|it|this|these|those|you|someone|anyone|everyone|stocks?|suppl(?:y|ies)|tickets|seats|places|spots|rooms|prices?|time|the[ \n][a-z]{2,9})(?:'s|'re)?[ \n](?:[a-z]{1,9}[ \n]){0,2}(?:go(?:es|ne|ing)?|sells?|sold|disappears?|vanish(?:es)?|runs?|does|do|else|rises?|increases?|miss|fly|flies)(?-u:\b)",
            r"|(?-u:\b)(?:don't|do[ \n]not|never)[ \n](?:hesitate|snooze|dawdle|blink)(?-u:\b)|(?-u:\b)blink[ \n]and(?-u:\b)|(?-u:\b)(?:you[ \n]snooze|snooze,?[ \n](?:and[ \n])?you[ \n]lose)(?-u:\b)|(?-u:\b)(?:move|act|be|get[ \n]in|order|book|buy|shop)[ \n](?:fast|quick|quickly)(?-u:\b)",
            r"|(?-u:\b)(?:it's|they're|and|then[ \n]it's|then[ \n]they're)[ \n](?:all[ \n])?gone(?-u:\b)",
        )),
        turn(scarce, sold, concat!(
            r"(?-u:\b)(?:can't|cannot|won't|will[ \n]not)[ \n](?:be[ \n])?restock(?:ed|ing)?(?-u:\b)|(?-u:\b)sell(?:s|ing)[ \n](?:out[ \n])?(?:fast|quick|quickly|soon|like[ \n][a-z]{3,8})(?-u:\b)|(?-u:\b)(?:sizes|tickets|seats|rooms|units|spots|places|slots|stocks?|they|these|cabins|tables|pieces|items)(?:[ \n](?:are|is)|'re)[ \n](?:already[ \n]|really[ \n])?(?:flying|vanishing|disappearing|going|selling|running|filling)(?-u:\b)",
            r"|(?-u:\b)(?:won't|will[ \n]not|will[ \n]never|never|not)[ \n](?:be[ \n]|come[ \n]|coming[ \n])?(?:back|restocked|repeated|returning|reprinted)(?-u:\b)|(?-u:\b)limited[ \n](?:drop|release|batch|series|window|first[ \n]run|print[ \n]run)(?-u:\b)",
            r"|(?-u:\b)[0-9]{1,4}[ \n](?:pairs|pieces|units|sets|copies|bottles|places|seats|tickets|boxes|prints)[ \n](?:worldwide|globally|nationwide|in[ \n]total|made)(?-u:\b)|(?-u:\b)(?:almost|nearly)[ \n](?:gone|sold|fully[ \n]booked|full|empty)(?-u:\b)",
            r"|(?-u:\b)(?:quantit(?:y|ies)|suppl(?:y|ies)|stocks?|spaces?|spots|seats|places|availability|tickets|slots|rooms)(?:[ \n](?:is|are))?[ \n](?:very[ \n]|extremely[ \n]|strictly[ \n]|now[ \n]|getting[ \n])?(?:limited|low|tight|scarce|running[ \n](?:low|out)|filling)(?-u:\b)",
        )),
        turn(last, sold, concat!(
            r"(?-u:\b)(?:prices?|pricing|fares?|rates?|fees|tickets|passes|memberships?|plans?|subscriptions?|it|they)[ \n](?:[a-z]{2,5}[ \n]){0,3}(?:go(?:es|ing)?[ \n](?:back[ \n])?up|rise|rises|increase|increases|doubles?|jumps?)(?-u:\b)",
            r"|(?-u:\b)final[ \n](?:weekend|week|stretch|push|round|batch)(?-u:\b)|(?-u:\b)about[ \n]to[ \n](?:end|expire|vanish|disappear|close|sell|run|go|leave|finish|change|rise|be[ \n]gone)(?-u:\b)",
            r"|(?-u:\b)(?:[0-9]{1,2}|one|two|three)[ \n-](?:day|hour|hr|night|weekend)s?[ \n-]only(?-u:\b)|(?-u:\b)(?:can't|cannot|can[ \n]not|won't)[ \n](?:bring|offer|honou?r|extend|repeat|run)[ \n](?:it|this|them|these|you)(?-u:\b)",
            r"|(?-u:\b)(?:tomorrow|(?:this[ \n])?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday))[ \n]only(?-u:\b)|(?-u:\b)(?:final|last)[ \n](?:[a-z]{3,10}[ \n])?call(?-u:\b)|(?-u:\b)(?:goes|go|going|jumps?|rises?|reverts?|returns?)[ \n](?:back[ \n])?(?:up[ \n])?to[ \n](?:full|regular|normal|[$£€])",
            r"|(?-u:\b)(?:gone|disappears?|vanish(?:es)?|dies|melts|evaporates?|self-destructs?)[ \n](?:at|by|on|in|tonight|tomorrow|after|this|for[ \n]good|forever)(?-u:\b)|^flash[:!]",
            r"|(?-u:\b)(?:grab|get|snap|buy|book|order|catch)[ \n](?:it|them|yours?|one)[ \n](?:up[ \n])?(?:while|before)(?-u:\b)",
            r"|^(?:just[ \n]|only[ \n])?(?:[0-9]{1,2}|an?|one|two|three|twenty-four|forty-eight)[ \n-]?(?:hours?|hrs?)(?:[ ]?[.!:,–-]|$)",
        )),
        turn(closing, sold, r"(?-u:\b)(?:clos(?:e|es|ing)|shut(?:s|ting)?)[ \n](?:[a-z]{2,9}[ \n]){0,3}(?:for[ \n]good|forever|permanently)(?-u:\b)|(?-u:\b)final[ \n](?:markdowns?|reductions?|clearance)(?-u:\b)"),
        turn(scarce, sold, concat!(
            r"先[^先，,。!！ ]{1,3}先[得享选抢用购订到买]|(?:卖|售|抢|领|送|兑|订|约|报|招)(?:完|罄|光|空|满)了?[,，]?(?:就|即|则|将|便|绝|永|立即)?(?:不再|再不|不|没|无|停|收|关|恢复|绝|止|结束|截止)",
            r"|(?:库存|存货|名额|席位|余票|房源|货源|额度|床位|车位|补贴)[^，,。!！]{0,6}(?:见底|告罄|将尽|不足|寥寥|所剩|只剩|仅剩|无多|吃紧|锐减)|(?:余位|尾票|尾货|尾房)(?:无多|不多|有限|紧张|告急)",
            r"|(?:秒|瞬间|分分钟|转眼|很快)(?:就|被|会)*(?:抢|售|卖)?(?:空|光|完|罄)",
        )),
        turn(hurry, sold, concat!(
            r"(?:手慢|晚到|来晚|晚来|慢了|再晚|晚一步|慢一步|犹豫)[^，,。!！]{0,4}(?:没|无|空|抢不|后悔|拍大腿|错过)|不等人",
            r"|(?:别再?|不要再?|切莫|莫)(?:观望|犹豫|等|拖|纠结|磨蹭)(?:了|啦|待|$|[,，!！。~])",
        )),
        turn(last, sold, concat!(
            r"(?:下批|下一批|下一轮|之后|明天起?|随后|即将|马上)[^，,。!！0-9]{0,4}(?:涨|恢复原|上调)|(?:不再|绝不|永不|绝无|不会再|再无)(?:延期|延长|返场|补货|追加|加场|加量|降价|重来|上架|复刻|下次|下一次|第二次)",
            r"|(?:仅|只|就)此[一二两三1-3]?(?:天|周|晚|场|次|回|波|夜|个周末)|(?:进入|迎来|接近|步入|已近|即将)[^，,。!！]{0,4}(?:尾声|收官|倒数)|(?:最后|收官|倒数)(?:阶段|几天|几小时|一个?周末|周末)",
        )),
        turn(closing, sold, r"(?:仓库|门店|店铺|铺面|租约|合同|档口)[^，,。!！]{0,8}(?:到期|拆迁|腾空|搬空|清空|转让)"),
    ]
    .into_iter()
    .collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::expression::May;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn a_turn_presses_whatever_stands_in_it() {
        for words in [
            "grab one before they're all gone",
            "book before someone else does",
            "the cloud blanket won't be back",
            "sizes are flying",
            "300 pairs worldwide",
            "a limited drop",
            "seats are limited",
            "fares will go up at midnight",
            "doors close for good on saturday",
            "隐藏款卖完不补",
            "约满即停",
            "先订先得",
            "名额见底",
            "手慢就没",
            "别再观望了",
            "本店绝不返场",
            "活动已进入尾声",
        ] {
            let words = fold_phrase(words);
            assert!(TURNS.iter().any(|turn| turn.pattern.is_in(&May::ANY, &words)), "{words}");
        }
        for words in ["limited edition", "we will be back on monday", "the price includes tax", "先生您好", "满意为止"]
        {
            let words = fold_phrase(words);
            assert!(!TURNS.iter().any(|turn| turn.pattern.is_in(&May::ANY, &words)), "{words}");
        }
    }
}
