//! When does it say it ends? English and Chinese, as instants in the brand's zone. The end of a day is
//! its 24:00. Only ends of offers: the last day to pay a bill presses nobody to buy.

use std::slice;

use jiff::{SignedDuration, Timestamp, Zoned};

use crate::message::Declared;

use crate::understand::Context;
use crate::understand::amounts::prices::AmountKind;
use crate::understand::days::calendar::end_of;
use crate::understand::days::moments::NamedMoments;
use crate::understand::ends::beside_en;
use crate::understand::ends::claim::{Claim, ClaimedEnd, End};
use crate::understand::ends::duties::is_duty;
use crate::understand::ends::end_of_what::{
    gossips, greets_colleagues, hands_over, is_a_mail, is_an_answer, is_headed_as_answer, is_only_an_end,
    is_priced_by_a_firm, names_a_price, sells, sells_until, speaks_of_goods, takes_off, tells_of_others, voice_of,
};
use crate::understand::ends::ends_en;
use crate::understand::ends::ends_en::Around;
use crate::understand::ends::ends_zh;
use crate::understand::ends::gains_en::Gains;
use crate::understand::ends::gains_zh;
use crate::understand::ends::may_end::{around, is_code_of_offer, may_be_of_a_gift, may_press};
use crate::understand::ends::one_end::{agree, hours_of_their_days, without_last_day};
use crate::understand::ends::plain_ends::without_mere_days;
use crate::understand::ends::uses_zh::without_days_of_use;
use crate::understand::ends::weak_ends::without_weak_ends;
use crate::understand::kind::sale_words::names_a_plan;
use crate::understand::kind::tally::Tally;
use crate::understand::lexicon::Cue;
use crate::understand::meaning::{Confidence, Deadline, DeadlineKind, Source};
use crate::understand::reading::{Reading, Sentence};
use crate::understand::urgency::{tells_of_a_plan, tells_of_a_service};

/// Deadlines kept of one message; more is a catalogue of ends, not a message.
pub(in crate::understand) const DEADLINES_MAX: usize = 64;
/// Ends further away than this are slips of reading, not promises.
pub(in crate::understand) const AHEAD_DAYS_MAX: i64 = 3 * 366;

/// Every promotional deadline in the text.
pub(in crate::understand) fn deadlines_of(
    context: &Context<'_>,
    readings: &[Reading<'_>],
    tally: Tally,
    presses: bool,
) -> Vec<Claim> {
    let now = context.now.to_zoned(context.zone.clone());
    // 请勿点击「限时2小时」: the ends that a warning tells are those of others.
    if gains_zh::warn(readings) || greets_colleagues(readings, tally) {
        return Vec::new();
    }
    // A questionnaire closes, and a rent is due: who asks or tells more than sells ends no offer.
    if tally.asks_or_tells() && readings.iter().any(Reading::has_chinese) {
        return Vec::new();
    }
    // Whoever must say how to refuse more of it promotes; 即日起 is said to everybody.
    let is_public = |reading: &Reading<'_>| !reading.opt_outs.is_empty() || reading.normal.text.contains("即日起");
    let is_refusable = readings.iter().any(is_public);
    let sells_until = |reading: &Reading<'_>| sells_until(&reading.heard.may, &reading.normal.text);
    let promotes = is_refusable
        || presses && !tally.is_personal() && !tally.is_transactional()
        || !is_an_answer(readings)
            && (tally.promotes()
                || is_priced_by_a_firm(readings, tally)
                || readings.iter().flat_map(|reading| &reading.sentences).any(sells)
                || readings
                    .iter()
                    .any(|reading| hands_over(readings, &reading.normal.text) || is_only_an_end(&reading.normal.text))
                || !tally.is_transactional() && readings.iter().any(sells_until));
    // "Dad says they've 50% off til tomorrow, want me to grab you some?"
    let tells_of_others = |reading: &Reading<'_>| tells_of_others(&reading.heard.may, &reading.normal.text);
    if !is_refusable && !tally.is_of_a_firm() && !is_a_mail(readings) && readings.iter().any(tells_of_others) {
        return Vec::new();
    }
    // In Chinese a shop signs; in English a line of a shop has only its words.
    let is_latin = !readings.iter().any(Reading::has_chinese);
    // "Sale ends at midnight, should we just do it": all words of it speak against anything sold.
    let is_code = || readings.iter().flat_map(|reading| &reading.sentences).any(|one| one.cues.has(Cue::Code));
    let asks_no_price = || !names_a_price(readings) || is_code();
    if is_latin && tally.sells_nothing() && !is_refusable && !tally.is_of_a_shop() && asks_no_price() {
        return Vec::new();
    }
    let is_signed = is_latin && !tally.is_personal() && (tally.is_of_a_firm() || is_a_mail(readings));
    // "Bring a friend for free. Ends 21/01": a sentence of its own, where goods are spoken of at all.
    let stands_alone = is_latin && !tally.is_personal() && !tally.is_transactional() && voice_of(readings).says() > 0;
    // What an English letter gives it gives until the end of the period beside it, in whatever tone.
    let may_give = is_latin && !tally.is_personal() && !tally.is_code() && !tally.reports();
    let gains = if may_give { Gains::of(readings) } else { Gains::default() };
    // "Dear all, membership is £30 before 1 February and £36 thereafter": no colleague.
    let is_of_a_club = gains.any() && (tally.is_of_a_firm() || names_a_price(readings));
    let gains = if is_of_a_club && !is_headed_as_answer(readings) || !is_an_answer(readings) {
        gains
    } else {
        Gains::default()
    };
    // 凡于11月1日至12月31日购买可享免费刻字: a period that gives, in no word of sale.
    let is_given = !is_latin
        && !tally.is_personal()
        && !tally.is_code()
        && !is_an_answer(readings)
        && gains_zh::are_given_to_customers(readings, tally);
    // 适用入住日期5月1日-5月5日，预订截止4月29日: days of use are the days of the offer for want of others.
    let names_another = |reading: &Reading<'_>| {
        ["截止", "前预订", "前预定", "前购", "前下单"].iter().any(|end| reading.normal.text.contains(end))
    };
    let of_use = !is_latin && !readings.iter().any(names_another);
    // 招生, 一日游: whoever takes people in says until when.
    let takes_in = !is_latin
        && !tally.is_personal()
        && !tally.is_code()
        && !tally.is_transactional()
        && !is_an_answer(readings)
        && gains_zh::take_people_in(readings);
    let setting = Setting { promotes, is_refusable, is_signed, stands_alone, tally, gains, is_given, takes_in, of_use };
    let mut claims = claims_in(&now, readings, &setting, false);
    // "Earn double miles, fly between 1 March and 30 April": where nothing else ends, the days on which it is used are
    // those of the offer.
    if claims.is_empty() && setting.gains.any() {
        claims = claims_in(&now, readings, &setting, true);
    }
    if is_latin {
        without_weak_ends(readings, &setting.gains, tally, presses, &mut claims);
        without_mere_days(readings, &mut claims);
        claims.retain(|claim| !claim.ends.is_empty());
    }
    if !is_latin {
        without_days_of_use(readings, &mut claims);
    }
    without_last_day(&mut claims);
    hours_of_their_days(&now, readings, &mut claims);
    agree(&now, &mut claims);
    claims
}

/// What is known of a message whose ends are looked for.
struct Setting {
    /// It sells.
    promotes: bool,
    /// It tells how to refuse more of its kind.
    is_refusable: bool,
    /// A firm's, or a mail.
    is_signed: bool,
    /// A sentence that is only an end counts by itself.
    stands_alone: bool,
    tally: Tally,
    gains: Gains,
    /// Something is given in Chinese, to customers.
    is_given: bool,
    /// People are taken in, for a course or a tour.
    takes_in: bool,
    /// Days on which it is used are those of the offer.
    of_use: bool,
}

/// The ends its sentences claim; `uses`: those of the days on which it is used, too.
fn claims_in(now: &Zoned, readings: &[Reading<'_>], setting: &Setting, uses: bool) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut count = 0;
    let tally = setting.tally;
    for (at, reading) in readings.iter().enumerate() {
        for (index, sentence) in reading.sentences.iter().enumerate() {
            if count >= DEADLINES_MAX {
                return claims;
            }
            let words = reading.words(sentence);
            let (gives, near) = (setting.gains.here(at, index), setting.gains.beside(at, index));
            let may = may_press(sentence, setting.promotes, setting.is_refusable, tally)
                || may_be_of_a_gift(sentence, words, gives, near, tally);
            let by_itself = !may
                && (setting.is_signed || setting.stands_alone && is_only_an_end(words))
                && !sentence.cues.any(&[Cue::Billing, Cue::Notice, Cue::Code, Cue::SurveyPhrase]);
            let by_gain = !may
                && setting.is_given
                && !sentence.cues.any(&[Cue::Code, Cue::SurveyPhrase])
                && (!tally.is_transactional()
                    || gains_zh::gives(reading, sentence)
                    || gains_zh::names_a_term(reading, sentence));
            let by_term = !may && setting.takes_in && gains_zh::takes_in_until(reading, sentence);
            if !may && !by_itself && !by_gain && !by_term || uses && !gives && !near {
                continue;
            }
            let around = Around { uses, ..around(reading, index, gives, near, tally) };
            let mut ends = ends_in(now, words, sentence, around, setting.of_use);
            let before = index.checked_sub(1).and_then(|before| reading.sentences.get(before));
            let before = before.map_or("", |before| reading.words(before));
            read_with_sentence_before(now, words, sentence, before, around, &mut ends);
            if by_gain {
                // 今晚 and 三天内 are said in so many notices that only a word of sale tells them apart.
                let is_plain = |end: &ClaimedEnd| !end.is_stretch && !end.names_today && !tally.is_transactional();
                ends.retain(|end| {
                    end.kind == DeadlineKind::Absolute || end.kind == DeadlineKind::Relative && is_plain(end)
                });
            }
            if ends.is_empty() || by_itself && !is_only_an_end(words) && !speaks_of_goods(words, tally) {
                continue;
            }
            let is_service = || {
                let sells =
                    gives || sentence.is_plainly_a_sale() || setting.promotes && is_code_of_offer(now, words, &ends);
                !setting.is_refusable && !sells && tells_of_a_service(words)
            };
            let is_owed =
                || is_duty(words, takes_off(sentence) || gives || sentence.is_paired, sentence.takes_off_a_figure());
            if tells_of_a_plan(words) || names_a_plan(&sentence.may, words) || is_service() || is_owed() {
                continue;
            }
            let sure = if sells(sentence) { 85 } else { 70 };
            let deadlines = deadlines_told(reading, sentence, &ends, sure);
            count += deadlines.len();
            claims.push(Claim { reading: at, sentence: index, ends, deadlines });
        }
    }
    claims
}

/// An end by itself that is hardly more than likely, in percent: no fixed words tell it.
const LIKELY: u8 = 60;

/// The claim of such an end; `place`: of its reading and its sentence.
pub(in crate::understand) fn likely_claim(
    readings: &[Reading<'_>],
    place: (usize, usize),
    end: ClaimedEnd,
) -> Option<Claim> {
    let reading = readings.get(place.0)?;
    let deadlines = deadlines_told(reading, reading.sentences.get(place.1)?, slice::from_ref(&end), LIKELY);
    Some(Claim { reading: place.0, sentence: place.1, ends: vec![end], deadlines })
}

/// The same for the meaning, with its places in the text.
fn deadlines_told(reading: &Reading<'_>, sentence: &Sentence, ends: &[ClaimedEnd], sure: u8) -> Vec<Deadline> {
    let spans = reading.spans(sentence.range.clone());
    let told = |end: &ClaimedEnd| {
        let is_all = end.range == sentence.range;
        let words = if is_all { Vec::new() } else { reading.spans(end.range.clone()) };
        let (instant, kind) = (end.instant, end.kind);
        let deadline = move |span| Deadline {
            instant,
            kind,
            source: Source::Text,
            confidence: Confidence(sure),
            span: Some(span),
            words: words.clone(),
        };
        spans.iter().copied().map(deadline).collect::<Vec<Deadline>>()
    };
    ends.iter().flat_map(told).collect()
}

/// "The 5th" is of the month named before it, "before then" the day.
fn read_with_sentence_before(
    now: &Zoned,
    words: &str,
    sentence: &Sentence,
    before: &str,
    around: Around,
    ends: &mut Vec<ClaimedEnd>,
) {
    for end in ends.iter_mut().filter(|end| end.kind == DeadlineKind::Absolute) {
        let place = end.range.start.saturating_sub(sentence.range.start);
        if words.get(place..).is_some_and(|own| own.starts_with("the "))
            && let Some(at) = beside_en::of_month_before(now, words, place, before)
        {
            end.instant = Some(at);
        }
    }
    if ends.is_empty()
        && (around.offers || around.gives || around.beside)
        && let Some((at, told)) = beside_en::then(now, &sentence.may, words, before)
    {
        let range = sentence.range.start + told.start..sentence.range.start + told.end;
        let kind = DeadlineKind::Absolute;
        ends.push(ClaimedEnd { instant: Some(at), kind, range, is_stretch: false, names_today: false });
    }
}

/// "15 percent off baths til Saturday week", "$18, usually $25, last day 4 Feb", "orders close at noon": as no friend tells it.
pub(in crate::understand) fn takes_off_until(readings: &[Reading<'_>], claims: &[Claim]) -> bool {
    let amounts = || readings.iter().flat_map(|reading| &reading.sentences).flat_map(|sentence| &sentence.amounts);
    let is_lowered =
        [AmountKind::ListPrice, AmountKind::Price].into_iter().all(|kind| amounts().any(|amount| amount.kind == kind));
    let is_sold = |reading: &Reading<'_>| is_lowered || sells_until(&reading.heard.may, &reading.normal.text);
    let takes_off = |claim: &Claim| {
        let reading = readings.get(claim.reading).filter(|reading| !reading.has_chinese());
        let sentence = reading.and_then(|reading| reading.sentences.get(claim.sentence));
        sentence.is_some_and(|sentence| sentence.percent_off.is_some() || sentence.takes_off_a_figure())
            || reading.is_some_and(is_sold)
    };
    let gossip = |reading: &Reading<'_>| gossips(&reading.heard.may, &reading.normal.text);
    claims.iter().filter(|claim| claim.tells_an_instant()).any(takes_off) && !readings.iter().any(gossip)
}

/// The list for the meaning: declared ends first.
pub(in crate::understand) fn with_declared(claims: Vec<Claim>, declared: &Declared) -> Vec<Deadline> {
    let said = declared.offers.iter().filter_map(|offer| offer.ends).map(|ends| Deadline {
        instant: Some(ends),
        kind: DeadlineKind::Absolute,
        source: Source::Declared,
        confidence: Confidence::CERTAIN,
        span: None,
        words: Vec::new(),
    });
    let mut all: Vec<Deadline> = said.collect();
    all.dedup();
    all.extend(claims.into_iter().flat_map(|claim| claim.deadlines));
    all
}

/// The ends a sentence claims: a date or a span of time beats a mere last chance.
fn ends_in(now: &Zoned, words: &str, sentence: &Sentence, around: Around, of_use: bool) -> Vec<ClaimedEnd> {
    let (digit, named) = (sentence.has_digit, sentence.cues.has(Cue::MayEnd));
    let dated = digit && sentence.cues.has(Cue::MayBeDate);
    let mut ends = Vec::new();
    if digit || named {
        if !words.is_ascii() {
            ends = ends_zh::ends_among(now, words, sentence.named.chinese(now, words), around.offers, of_use);
        }
        // 双11期间使用的优惠已计入: what is gone is told of, not offered.
        let is_done = words.contains('已') || words.contains("消费");
        ends.retain(|end| end.at > now.timestamp() || !is_done);
        if ends.is_empty() && around.beside {
            ends.extend(ends_zh::one_day(now, words, &sentence.named));
        }
        if ends.is_empty() && (dated || named) {
            let moments = sentence.named.english(now, words);
            ends = ends_en::ends_among(now, &sentence.may, words, (moments, named), around);
        }
        ends.retain(|end| end.at.duration_since(now.timestamp()) <= SignedDuration::from_hours(24 * AHEAD_DAYS_MAX));
    }
    // 天天半价,没有最后一天.
    let is_denied = || ["没有最后", "不是最后", "无最后", "并非最后"].iter().any(|denied| words.contains(denied));
    if ends.is_empty() && sentence.cues.has(Cue::LastChance) && !is_denied() {
        let (kind, range) = (DeadlineKind::LastChance, sentence.range.clone());
        let instant = last_day_in(now, words, &sentence.named).filter(|_| around.beside);
        return vec![ClaimedEnd { instant, kind, range, is_stretch: instant.is_some(), names_today: false }];
    }
    ends.into_iter().map(|end| claimed(sentence, words, end)).collect()
}

/// An end in its sentence.
pub(in crate::understand) fn claimed(sentence: &Sentence, words: &str, end: End) -> ClaimedEnd {
    ClaimedEnd {
        instant: Some(end.at),
        kind: end.kind,
        names_today: words.get(end.words.clone()).is_some_and(names_today),
        range: sentence.range.start + end.words.start..sentence.range.start + end.words.end,
        is_stretch: end.is_stretch,
    }
}

/// "Last day! Save $20", 特价最后一天: the end of this day, where the sentence names none.
fn last_day_in(now: &Zoned, words: &str, named: &NamedMoments) -> Option<Timestamp> {
    let last = ["last day", "final day", "最后一天", "最后1天", "最后一日", "最后1日", "最后一晚"]
        .iter()
        .find_map(|last| words.find(last))?;
    let is_said = words.get(last..).is_some_and(|rest| !rest.starts_with("last days"));
    let names_none = named.english(now, words).is_empty()
        // 明晚开课,今天是报名最后一天: the nearest day before it is this one.
        && named
            .chinese(now, words)
            .iter()
            .rfind(|other| other.is_name && other.range.start <= last)
            .is_none_or(|other| words.get(other.range.clone()).is_some_and(|own| own.starts_with('今')));
    if is_said && names_none { end_of(now.date(), None, now.time_zone()) } else { None }
}

fn names_today(words: &str) -> bool {
    ["today", "tonight", "midnight", "eod", "this evening", "this afternoon", "end of the day", "今", "午夜"]
        .iter()
        .any(|word| words.contains(word))
}
