//! What do all words of a message lean to: a notice, an offer, an invitation to tell an opinion? Fixed phrases tell first
//! (`tally`); where they say nothing, or little, all words and pairs of words are weighed together: "Load shedding Stage 2
//! from 16:00 today until 05:00 tomorrow. Check your schedule in the app" has no phrase of a notice, and is one.

use std::ops::Range;

use crate::message::PartKind;
use crate::understand::amounts::prices::AmountKind;
use crate::understand::kind::sender_name;
use crate::understand::lexicon::Cue;
use crate::understand::reading::{Reading, Sentence};
use crate::understand::taken_off::bygone::is_for_next_time;
use crate::understand::text::clauses::selling_stretch;
use crate::understand::weights::{Heard, Met, Model, Phrase};

/// What a message is for stands in its subject and at its beginning; the weights were fitted to texts of that length.
const STRETCH_BYTES: usize = 900;

/// Odds of two to one for a notice: then it likely is one, if nothing is sold in it.
const LIKELY_MIN: i32 = 70;
/// Odds of twelve to one: then words that might sell mean something else, the price of a plan that rises.
const SURELY_MIN: i32 = 250;
/// Odds of seven to one against: then a phrase of a notice means something else: "Hurry in! FREE tote for the first 50.
/// Doors open 10am".
const AGAINST_MAX: i32 = -200;

/// Odds of three to one against an offer: then what a sentence takes off must weigh for one itself.
const TELLS_MAX: i32 = -100;
/// Odds of five to one against an offer: then words of sale are told of, as colleagues and friends do: "the 25% off weekend
/// brought in £48k". Of a thousand promotions ten weigh so little.
const SPEAKS_MAX: i32 = -170;
/// Odds of three to two for an offer: then it likely is one, if a seller shows.
const SELLS_MIN: i32 = 40;
/// So few known phrases say nothing: "No rush, whenever you have time".
const PHRASES_MIN: usize = 10;
/// A shorter message is read by its phrases alone: BT-200特价299元，买贵将退还差价.
const TOLD_BYTES_MIN: usize = 56;
/// So much the words of a sentence must weigh for an offer, where the message sells nothing.
const SENTENCE_SELLS_MIN: i32 = 120;
/// What a sentence tells with odds of twelve to one more than it sells.
const TELLS_MORE_MIN: i32 = 250;
/// Odds of seven to one for an offer, and more than for a notice: no friend speaks so, and no phrase of a notice stands
/// against it.
const SELLS_PLAINLY_MIN: i32 = 200;
/// Odds of fifty to one: then even the words of friends are a seller's, if it lowers a price: "We miss u! 20% off any order".
const SELLS_SURELY_MIN: i32 = 400;
/// Odds of three to one for an invitation to tell an opinion: many a notice ends with one.
const ASKS_MIN: i32 = 100;
/// What one must weigh that shows no sender: friends ask each other how it was.
const ASKS_UNSIGNED_MIN: i32 = 250;

/// What a message looks like, for a notice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::understand) enum Look {
    /// Anything but that.
    Against,
    /// Nothing of the kind.
    #[default]
    Other,
    /// Likely so.
    Likely,
    /// Hardly anything else.
    Surely,
}

/// What the words weigh, in hundredths of a logit: more than nothing is likelier so than not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::understand) struct Leaning {
    /// For something done, due or fixed, or a code.
    pub notice: i32,
    /// For something sold, offered, invited to.
    pub offer: i32,
    /// For an invitation to tell an opinion.
    pub opinion: i32,
    /// There are words enough to tell what is sold from what is spoken of.
    is_long: bool,
}

impl Leaning {
    /// Weighs a message: its subject and the beginning of its first part.
    pub fn of(readings: &[Reading<'_>], heard: &Heard) -> Leaning {
        let is_subject = |reading: &Reading<'_>| reading.kind == PartKind::Subject;
        let has_words = |reading: &Reading<'_>| !is_subject(reading) && !reading.normal.text.is_empty();
        let parts = [readings.iter().position(is_subject), readings.iter().position(has_words)];
        let mut leaning = Leaning::of_any(heard);
        let (mut met, mut known) = (heard.met(), 0);
        met.begin();
        for part in parts.into_iter().flatten() {
            for phrase in heard.inside(part, &(0..STRETCH_BYTES)).filter(|phrase| met.is_first(phrase)) {
                leaning.add(&phrase);
                known += 1;
            }
        }
        let bytes = readings.iter().map(|reading| reading.normal.text.len()).sum::<usize>();
        if known < PHRASES_MIN { Leaning::default() } else { Leaning { is_long: bytes >= TOLD_BYTES_MIN, ..leaning } }
    }

    /// What any text weighs.
    fn of_any(heard: &Heard) -> Leaning {
        Leaning {
            notice: heard.intercept(Model::Notice),
            offer: heard.intercept(Model::Offer),
            opinion: heard.intercept(Model::Opinion),
            is_long: false,
        }
    }

    fn add(&mut self, phrase: &Phrase) {
        self.notice += phrase.weight(Model::Notice);
        self.offer += phrase.weight(Model::Offer);
        self.opinion += phrase.weight(Model::Opinion);
    }

    /// Whether a message without a phrase of a notice is one.
    pub fn look(self) -> Look {
        match self.notice {
            SURELY_MIN.. => Look::Surely,
            LIKELY_MIN.. => Look::Likely,
            _ => Look::Other,
        }
    }

    /// What its words speak for, beside a phrase of a notice.
    pub fn beside_a_phrase(self) -> Look {
        match self.notice {
            ..AGAINST_MAX => Look::Against,
            _ if self.sells_plainly() => Look::Against,
            LIKELY_MIN.. => Look::Likely,
            _ => Look::Other,
        }
    }

    /// Whether a sentence of a message that sells nothing only tells of what was taken off: its words do not sell, or tell
    /// much more than they sell.
    fn only_tells(self) -> bool {
        self.offer <= SENTENCE_SELLS_MIN || self.notice - self.offer > TELLS_MORE_MIN
    }

    /// Whether it sells, in whatever words.
    pub fn sells(self) -> bool {
        self.offer >= SELLS_MIN && self.offer > self.notice
    }

    /// Whether it tells rather than sells.
    pub fn tells(self) -> bool {
        self.notice > 0 && self.offer < 0
    }

    /// Whether nothing is sold in it, though words of sale may be in it.
    pub fn sells_nothing(self) -> bool {
        self.offer <= TELLS_MAX
    }

    /// Whether its sales may be those that others make: there are words enough to tell, and they do not sell.
    pub fn may_speak(self) -> bool {
        self.is_long && !self.sells()
    }

    /// Whether it only speaks of sales, if at all.
    pub fn only_speaks(self) -> bool {
        self.is_long && self.offer <= SPEAKS_MAX
    }

    /// Whether it neither sells nor tells customers of what was done: whoever writes so speaks of sales, as colleagues who
    /// plan them do, news, and friends. What receipts take off besides is offered.
    pub fn neither_sells_nor_tells(self) -> bool {
        self.sells_nothing() && self.notice < SURELY_MIN
    }

    /// Whether it sells, not to be doubted.
    pub fn sells_surely(self) -> bool {
        self.offer >= SELLS_SURELY_MIN && self.notice < 0
    }

    /// Whether it sells, hardly to be doubted.
    pub fn sells_plainly(self) -> bool {
        self.offer >= SELLS_PLAINLY_MIN && self.offer > self.notice
    }
}

/// Marks what single sentences do in view of the whole.
pub(in crate::understand) fn mark(readings: &mut [Reading<'_>], heard: &Heard, leaning: Leaning) {
    let is_refusable = readings.iter().any(|reading| !reading.opt_outs.is_empty());
    // Whoever says how to refuse more of its kind takes it off now: "Welcome! 15% off your first order. Unsubscribe".
    if leaning.sells_nothing() && !is_refusable && leaning.is_long {
        mark_sales_told_of(readings, heard);
    }
    let mut sentences = readings.iter().flat_map(|reading| &reading.sentences);
    let asks = sentences.clone().any(|sentence| sentence.cues.has(Cue::SurveyPhrase));
    // Who takes a figure off and says how to refuse more of it asks no more than by the way.
    let takes_off = is_refusable && sentences.any(|sentence| !sentence.offs.is_empty());
    let least = || if readings.iter().any(shows_a_sender) { ASKS_MIN } else { ASKS_UNSIGNED_MIN };
    if !asks && !takes_off && !leaning.sells_plainly() && leaning.opinion >= ASKS_MIN && leaning.opinion >= least() {
        mark_question(readings, heard);
    }
}

/// A sale that a message only tells of is none: "Total RM42.10 after 10% senior discount".
fn mark_sales_told_of(readings: &mut [Reading<'_>], heard: &Heard) {
    let mut met = heard.met();
    for (part, reading) in readings.iter_mut().enumerate() {
        let text = &reading.normal.text;
        let speaks_of_sale = |sentence: &&mut Sentence| !sentence.offs.is_empty() || sentence.cues.has(Cue::Sale);
        for sentence in reading.sentences.iter_mut().filter(speaks_of_sale) {
            let words = text.get(sentence.range.clone()).unwrap_or_default();
            // "On sale for only 299 CNY": a price that is asked now, in a sentence that tells of nothing else.
            let asks = sentence.amounts.iter().any(|amount| amount.said && amount.kind == AmountKind::Price)
                && !sentence.cues.any(&[Cue::Billing, Cue::Notice]);
            if asks || sentence.takes_off_a_figure() && is_for_next_time(&sentence.may, words) {
                continue;
            }
            let sells = selling_stretch(text, sentence).unwrap_or_else(|| sentence.range.clone());
            if weighed(heard, part, &sells, &mut met).only_tells() {
                (sentence.is_past, sentence.percent_off, sentence.threshold_deal) = (true, None, false);
                sentence.offs.clear();
            }
        }
    }
}

/// The sentence of each part that asks for an opinion, where no phrase does.
fn mark_question(readings: &mut [Reading<'_>], heard: &Heard) {
    let mut met = heard.met();
    for (part, reading) in readings.iter_mut().enumerate() {
        let of = |sentence: &&mut Sentence| weighed(heard, part, &sentence.range, &mut met).opinion;
        if let Some(sentence) = reading.sentences.iter_mut().max_by_key(of) {
            sentence.cues.add(Cue::SurveyPhrase);
        }
    }
}

/// Something that friends do not write: a subject line, a link, a way to refuse, a name set apart.
fn shows_a_sender(reading: &Reading<'_>) -> bool {
    let text = &reading.normal.text;
    reading.kind == PartKind::Subject
        || !reading.visible.links.is_empty()
        || !reading.opt_outs.is_empty()
        || sender_name::is_told(text)
        || sender_name::is_set_apart(text)
}

/// What a stretch of a part adds.
fn weighed(heard: &Heard, part: usize, stretch: &Range<usize>, met: &mut Met) -> Leaning {
    met.begin();
    let mut leaning = Leaning::default();
    for phrase in heard.inside(part, stretch).filter(|phrase| met.is_first(phrase)) {
        leaning.add(&phrase);
    }
    leaning
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Part;

    /// What a mark leaves of the sentences.
    fn marked<T>(text: &str, told: impl FnOnce(&[Sentence]) -> T) -> T {
        let part = Part { kind: PartKind::Plain, text: text.to_owned() };
        let mut readings = [Reading::of(0, &part)];
        let heard = Heard::of(&readings);
        let leaning = Leaning::of(&readings, &heard);
        mark(&mut readings, &heard, leaning);
        told(&readings[0].sentences)
    }

    fn leaning(text: &str) -> Leaning {
        let part = Part { kind: PartKind::Plain, text: text.to_owned() };
        let readings = [Reading::of(0, &part)];
        Leaning::of(&readings, &Heard::of(&readings))
    }

    #[test]
    fn notices_that_use_no_known_phrase_are_told_by_all_their_words() {
        for told in [
            "Load shedding Stage 2 from 16:00 today until 05:00 tomorrow. Check your schedule on the app.",
            "Dear Parent, school will remain closed on 22.03.2027 on account of Holi. Please note that tests begin on 24.03.2027.",
            "We tried to deliver parcel H00HXA77 but you weren't in. We'll try again tomorrow. This is attempt 2 of 3.",
            "Your landlord has asked us to inspect the flat on 4 May at 10am. Please make sure somebody is in.",
            "Fine ref 26/0098812. £220 outstanding. Pay within 10 days or your case may be passed to enforcement agents.",
            "From 1 March your plan will increase from $18 to $20. You may cancel without penalty by 28 Feb.",
            "Library: 2 items on your card must be returned by 9 June or a fine applies.",
            "HR: your payslip for March has been corrected. No action needed.",
            "【湖畔学校】各位家长：3月9日起执行春季作息，早读7:50开始，请合理安排接送时间。",
            "【车管所】您的小型汽车检验有效期至2026年4月30日，请及时办理年检。",
            "【图书馆】您借的两本书将于5月3日到期，请按时归还，逾期每天罚款0.1元。",
            "【燃气公司】定于5月12日对您所在小区入户安检，届时请留人。",
        ] {
            let leaning = leaning(told);
            assert!(leaning.look() > Look::Other && !leaning.sells(), "{told}: {leaning:?}");
        }
        for silent in [
            "Sixty enamel pans, hand-dipped in Wrexham. Thirty-eight went to the mailing list before breakfast.",
            "Only 3 spots left in Tuesday's class! Book your place before it's gone.",
            "I'll be at your place at 7, don't forget the tickets",
            "Shares of retailers fell 8% on weak holiday sales, analysts said.",
            "Our new menu is here: venison pie, £12. Come in and try it.",
            "【潮玩局】隐藏款出了！全城仅12只，人到才卖。",
            "你明天几点到？我去车站接你",
            "【朗阅英语】暑期班报名，送教材一套，欢迎到店试听。",
        ] {
            let leaning = leaning(silent);
            assert!(leaning.look() <= Look::Other, "{silent}: {leaning:?}");
        }
    }

    #[test]
    fn what_is_sold_without_a_word_of_sale_is_told_by_all_its_words() {
        for told in [
            "Hand-tied flies, $24 a dozen, mixed box. Mail anywhere. Doc Sorensen",
            "Yum cha HK$38 per basket before 11:30am at all our branches",
            "【海底世界】暑期亲子票228元，网上订票免排队",
        ] {
            let leaning = leaning(told);
            assert!(leaning.sells(), "{told}: {leaning:?}");
        }
        for silent in ["the vet called, bill is 210", "Meeting moved to 3, slides attached", "晚上吃饺子，早点回来"]
        {
            let leaning = leaning(silent);
            assert!(!leaning.sells(), "{silent}: {leaning:?}");
        }
    }

    #[test]
    fn a_reduction_a_notice_tells_of_is_no_offer() {
        let offs =
            |text: &str| marked(text, |sentences| sentences.iter().map(|sentence| sentence.offs.len()).sum::<usize>());
        assert_eq!(
            offs("Hi, your prescription is ready at Ng Pharmacy. Collect by 16 Aug. Total RM42.10 after 10% discount."),
            0
        );
        assert_eq!(offs("【漫尚】订单尾号5527已发货，双11期间使用的满300减50优惠已计入实付459元，预计3-5天送达。"), 0);
        assert!(offs("Your order 48213 has shipped. While you wait: 25% off everything in store this weekend.") > 0);
        assert!(offs("【漫尚】订单尾号5527已发货。女装新品全场5折，欢迎选购。") > 0);
        assert!(
            offs("Welcome! New here? Take 15% off your first order with us. Unsubscribe: https://shop.example/u/1") > 0
        );
    }

    #[test]
    fn who_asks_in_no_known_words_is_heard() {
        let asks = |text: &str| marked(text, |sentences| sentences.iter().any(|s| s.cues.has(Cue::SurveyPhrase)));
        assert!(asks(
            "Priory Pharmacy would value a review of your recent visit. Stars and a line or two is plenty: rvw.example/p"
        ));
        assert!(asks("【邻家团】您昨天收到的鸡蛋有没有破损？回复1没有 2有一两个 3很多，谢谢"));
        assert!(!asks("did u like the film? i fell asleep twice"));
    }
}
