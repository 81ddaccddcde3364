//! One part, read: what is shown, its normalised text, its sentences with the cues in each, its links;
//! and from any of these the spans in the part's own text.

use std::ops::Range;

use crate::message::{Part, PartKind, Span};

use super::amounts::price_cells::mark_price_cells;
use super::amounts::price_pairs_en::mark_pairs;
use super::amounts::price_pairs_zh::mark_pairs as mark_pairs_zh;
use super::amounts::prices::{Amount, AmountKind, amounts_in, takes_home, waives_fees};
use super::days::moments::NamedMoments;
use super::expression::May;
use super::kind::codes::{is_guarded_code, speaks_of_paying};
use super::kind::sale_words::names_a_plan;
use super::lexicon::{Cue, Cues, Heard, heard_in, with_digit};
use super::meaning::Discount;
use super::optout::opt_out_clauses;
use super::surveys::mark_surveys;
use super::taken_off::bundles_zh::may_be_told as told_by_bundles;
use super::taken_off::bygone::{Bygone, bygone_in};
use super::taken_off::cuts_zh::doubles_a_deposit;
use super::taken_off::reductions::{Off, reductions_in};
use super::taken_off::reductions_en::may_be_told as told_in_other_words;
use super::taken_off::refunds::mark_refunds;
use super::taken_off::terms::is_only_by_terms;
use super::text::html::{Link, Visible};
use super::text::language::has_han;
use super::text::links::{LINKS_MAX, bare_links};
use super::text::normal::Normal;
use super::text::sentence::split_sentences;

/// Sentences read per part; a real mail has hundreds.
const SENTENCES_MAX: usize = 20_000;

/// The guard of a code stands so near behind it.
const GUARD_BYTES_MAX: usize = 80;

/// A sentence and the cues in it.
#[derive(Debug, Clone)]
pub(super) struct Sentence {
    /// In the normalised text.
    pub range: Range<usize>,
    /// Which lexicon words it has.
    pub cues: Cues,
    /// The expressions that may match in it.
    pub may: May,
    /// Whether an ASCII digit is in it: much can be told only with one.
    pub has_digit: bool,
    /// Its amounts of money.
    pub amounts: Vec<Amount>,
    /// What it takes off.
    pub offs: Vec<Off>,
    /// What it takes off, in percent.
    pub percent_off: Option<u8>,
    /// 满199减50 and its kin.
    pub threshold_deal: bool,
    /// What it takes off was taken off before, or is over: no sale.
    pub is_past: bool,
    /// Tells of a difference paid back for what was bought, or of the price of it (see `refunds`).
    pub is_refund: bool,
    /// Tells two prices of one thing: 原680现520 (see `price_pairs_zh`).
    pub is_paired: bool,
    /// The moments it names.
    pub named: NamedMoments,
}

impl Sentence {
    /// Words of sale, a discount, or a price with words of offer beside it (限时299元).
    pub fn is_plainly_a_sale(&self) -> bool {
        let priced = || self.amounts.iter().any(|amount| amount.said && amount.kind == AmountKind::Price);
        if self.is_refund || self.is_past {
            return false;
        }
        // 立减80元: an amount off is a sale where no bill is spoken of.
        let takes_off = || self.offs.iter().any(|off| matches!(off.discount, Discount::Amount(_)));
        self.cues.has(Cue::Sale)
            || self.percent_off.is_some()
            || !self.cues.has(Cue::Billing) && takes_off()
            || self.threshold_deal
            || self.is_paired
            || self.cues.has(Cue::Offer) && !self.cues.has(Cue::Billing) && priced()
    }

    /// It asks for an opinion, in a phrase or in two words together.
    pub fn asks_for_opinion(&self) -> bool {
        let cues = self.cues;
        cues.has(Cue::SurveyPhrase) || cues.has(Cue::SurveyNoun) && cues.has(Cue::SurveyAsk)
    }

    /// A figure is taken off in it.
    pub fn takes_off_a_figure(&self) -> bool {
        self.offs.iter().any(Off::is_figure)
    }

    /// More than a word of sale: a figure off, or a price to hurry for.
    pub fn is_priced_down(&self) -> bool {
        let lowers = |amount: &Amount| amount.said && matches!(amount.kind, AmountKind::Price | AmountKind::Saving);
        self.percent_off.is_some() || self.threshold_deal || self.amounts.iter().any(lowers)
    }

    /// "BT-200 only $29", 仅需29元: a price praised as low, where nothing is paid or delivered.
    pub fn asks_little(&self) -> bool {
        !self.is_refund && !self.is_past && self.amounts.iter().any(|amount| amount.little)
    }
}

/// A part as it was read.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    /// Its index in the content.
    pub part: usize,
    /// What it is.
    pub kind: PartKind,
    /// What is shown.
    pub visible: Visible,
    /// The same, normalised.
    pub normal: Normal,
    /// Its sentences, in order.
    pub sentences: Vec<Sentence>,
    /// The lexicon words in it.
    pub heard: Heard,
    /// Where the normalised text says how to refuse.
    pub opt_outs: Vec<Range<usize>>,
    has_chinese: bool,
    source: &'a str,
}

impl<'a> Reading<'a> {
    /// Reads a part.
    pub fn of(index: usize, part: &'a Part) -> Reading<'a> {
        let mut visible = match part.kind {
            PartKind::Html => Visible::html(&part.text),
            PartKind::Subject | PartKind::Plain => Visible::plain(&part.text),
        };
        if part.kind != PartKind::Html {
            visible.links = bare_links(&visible.text);
        } else if visible.links.is_empty() {
            visible.links.extend(bare_links(&visible.text));
        }
        if part.kind != PartKind::Html && visible.links.len() >= LINKS_MAX {
            visible.doubts.push("the text has too many links");
        }
        let normal = Normal::of(&visible.text);
        let heard = heard_in(&normal.text);
        let opt_outs = opt_out_clauses(&normal.text, &heard.opt_out_signs);
        let mut ranges = split_sentences(&normal.text, &opt_outs);
        if ranges.len() > SENTENCES_MAX {
            ranges.truncate(SENTENCES_MAX);
            visible.doubts.push("the text has too many sentences");
        }
        let cues = heard.cues(&ranges);
        let mut sentences: Vec<Sentence> = ranges
            .into_iter()
            .zip(cues)
            .map(|(range, (mut cues, may))| {
                let words = normal.text.get(range.clone()).unwrap_or_default();
                // Looks at every byte, without a branch: quicker than to stop at the first digit.
                let has_digit = words.bytes().fold(false, |found, b| found | b.is_ascii_digit());
                let may = if has_digit { with_digit(may) } else { may };
                let is_plan = cues.has(Cue::Sale) && names_a_plan(&may, words);
                if is_plan {
                    cues.remove(&[Cue::Sale]);
                }
                if cues.has(Cue::Billing) && (waives_fees(words) || takes_home(words) || doubles_a_deposit(words)) {
                    cues.remove(&[Cue::Billing]);
                }
                // 售价299元，可开发票: how it is sold bills nobody.
                if cues.has(Cue::Billing) && is_only_by_terms(&may, words, Cue::Billing) {
                    cues.remove(&[Cue::Billing]);
                }
                // 一百九十九元 has no digit.
                let has_money = cues.has(Cue::MayCost) && (has_digit || !words.is_ascii());
                let mut amounts = if has_money { amounts_in(&normal.text, range.clone()) } else { Vec::new() };
                // 198→88 has no sign of money.
                let is_paired = (has_digit || has_money)
                    && !words.is_ascii()
                    && mark_pairs_zh(&may, words, range.start, &mut amounts);
                let saves = amounts.iter().any(|amount| amount.kind == AmountKind::Saving);
                let may_take_off = saves || cues.any(&[Cue::MayTakeOff, Cue::Sale]) || told_in_other_words(&may);
                let may_take_off = may_take_off || !words.is_ascii() && told_by_bundles(&may);
                let bygone = if may_take_off { bygone_in(&may, words) } else { Bygone::Nothing };
                let is_past = bygone == Bygone::Sentence;
                let mut offs = if may_take_off && !is_past {
                    reductions_in(&may, &normal.text, range.clone(), &amounts)
                } else {
                    Vec::new()
                };
                offs.retain(|off| !is_plan || off.is_figure());
                if let Bygone::Clause(clause) = bygone {
                    let clause = range.start + clause.start..range.start + clause.end;
                    offs.retain(|off| off.range.end <= clause.start || clause.end <= off.range.start);
                }
                let percent = |off: &Off| match off.discount {
                    Discount::Percent(percent) => Some(percent),
                    _ => None,
                };
                let mut sentence = Sentence {
                    cues,
                    may,
                    has_digit,
                    percent_off: offs.iter().find_map(percent),
                    threshold_deal: offs
                        .iter()
                        .any(|off| matches!(off.discount, Discount::Threshold { .. } | Discount::NextOne(_))),
                    amounts,
                    offs,
                    is_past,
                    is_refund: false,
                    is_paired,
                    named: NamedMoments::default(),
                    range,
                };
                // Whoever says what a code is for and keeps it secret sells nothing; the guard may stand in the next sentence.
                // "验证码482913：BT-200只要299元，速抢": a price to hurry for makes the code a disguise.
                if cues.has(Cue::MayBeCode)
                    && sentence.is_plainly_a_sale()
                    && !speaks_of_paying(words)
                    && !is_guarded_code(&heard.may, with_next(&normal.text, &sentence.range), &sentence)
                {
                    sentence.cues.remove(&[Cue::Code, Cue::MayBeCode]);
                }
                sentence
            })
            .collect();
        mark_refunds(&normal.text, &mut sentences);
        mark_pairs(&normal.text, &mut sentences);
        mark_surveys(&normal.text, &mut sentences);
        if part.kind == PartKind::Html {
            mark_price_cells(&normal.text, &mut sentences);
        }
        let (has_chinese, source) = (has_han(&normal.text), part.text.as_str());
        Reading { part: index, kind: part.kind, visible, normal, sentences, heard, opt_outs, has_chinese, source }
    }

    /// The words of a sentence, normalised.
    pub fn words(&self, sentence: &Sentence) -> &str {
        self.normal.text.get(sentence.range.clone()).unwrap_or_default()
    }

    /// The same, and a little of what follows: where the guard of a code may stand.
    pub fn words_and_next(&self, sentence: &Sentence) -> &str {
        with_next(&self.normal.text, &sentence.range)
    }

    /// "Re: minutes of last meeting": a subject line that answers or hands on another mail.
    pub fn is_headed_as_answer(&self) -> bool {
        const SIGNS: [&str; 6] = ["re:", "fw:", "fwd:", "回复:", "答复:", "转发:"];
        self.kind == PartKind::Subject && SIGNS.iter().any(|sign| self.normal.text.starts_with(sign))
    }

    /// Whether there is Chinese in it.
    pub fn has_chinese(&self) -> bool {
        self.has_chinese
    }

    /// The sentence's text as shown.
    pub fn shown(&self, sentence: &Sentence) -> Range<usize> {
        self.normal.shown(sentence.range.clone()).unwrap_or(0..0)
    }

    /// Links whose text shares a byte with the sentence, or stands inside it.
    pub fn links(&self, sentence: &Sentence) -> impl Iterator<Item = &Link> {
        let shown = self.shown(sentence);
        let first = self.visible.links.partition_point(|link| link.shown.end < shown.start);
        self.visible
            .links
            .iter()
            .skip(first)
            .take_while({
                let end = shown.end;
                move |link| link.shown.start < end
            })
            .filter(move |link| link.shown.end > shown.start || link.shown.is_empty())
    }

    /// Where a link's text stands in the part's own text.
    pub fn spans_of_link(&self, link: &Link) -> Vec<Span> {
        let pieces = self.visible.offsets.pieces(link.shown.clone());
        pieces.into_iter().filter_map(|piece| Span::new(self.part, piece)).collect()
    }

    /// Where a sentence stands in the part's own text: one span if it can be taken away whole, else
    /// one for every piece of text, so that no tag is torn from its partner.
    pub fn spans(&self, range: Range<usize>) -> Vec<Span> {
        let Some(shown) = self.normal.shown(range) else { return Vec::new() };
        let mut pieces = self.visible.offsets.pieces(shown);
        pieces.retain(|piece| self.source.get(piece.clone()).is_some_and(|text| !text.trim().is_empty()));
        if let (Some(first), Some(last)) = (pieces.first(), pieces.last())
            && pieces.len() > 1
        {
            let whole = first.start..last.end;
            if self.is_removable(&pieces) {
                pieces = vec![whole];
            }
        }
        pieces.into_iter().filter_map(|piece| Span::new(self.part, piece)).collect()
    }

    /// True when nothing but blanks and properly nested tags stands between the pieces.
    fn is_removable(&self, pieces: &[Range<usize>]) -> bool {
        let mut open: Vec<&str> = Vec::new();
        for pair in pieces.windows(2) {
            let mut at = pair[0].end;
            let first = self.visible.tags.partition_point(|tag| tag.start < at);
            for tag in self.visible.tags.iter().skip(first).take_while(|tag| tag.end <= pair[1].start) {
                if !self.is_blank(at..tag.start) || !self.take_tag(tag.clone(), &mut open) {
                    return false;
                }
                at = tag.end;
            }
            if !self.is_blank(at..pair[1].start) {
                return false;
            }
        }
        open.is_empty()
    }

    fn is_blank(&self, range: Range<usize>) -> bool {
        self.source.get(range).is_some_and(|text| text.trim().is_empty())
    }

    fn take_tag<'s>(&'s self, tag: Range<usize>, open: &mut Vec<&'s str>) -> bool {
        let Some(text) = self.source.get(tag) else { return false };
        let (closing, rest) = match text.strip_prefix("</") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('<').unwrap_or(text)),
        };
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != ':').unwrap_or(rest.len());
        let name = &rest[..end];
        if closing {
            return open.pop().is_some_and(|opened| opened.eq_ignore_ascii_case(name));
        }
        let void = ["br", "img", "wbr", "hr", "input"].iter().any(|void| void.eq_ignore_ascii_case(name));
        if !void {
            open.push(name);
        }
        open.len() <= 64
    }

    /// A mail of pictures without descriptions says nothing that can be read.
    pub fn is_only_pictures(&self) -> bool {
        self.visible.images > 0 && self.normal.text.chars().filter(|c| c.is_alphanumeric()).take(20).count() < 20
    }
}

/// The words of a sentence and a little of what follows.
fn with_next<'t>(text: &'t str, sentence: &Range<usize>) -> &'t str {
    let end = text.len().min(sentence.end + GUARD_BYTES_MAX);
    text.get(sentence.start..text.ceil_char_boundary(end)).unwrap_or_default()
}
