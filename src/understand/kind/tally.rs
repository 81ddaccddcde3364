//! What do the sentences of a message do? Counted once, and asked by everything that must know whether it sells, tells
//! a notice, sends a code or chats.

use std::sync::LazyLock;

use crate::message::PartKind;

use crate::understand::amounts::prices::AmountKind;
use crate::understand::expression::{Expression, May};
use crate::understand::kind::codes;
use crate::understand::kind::hearsay;
use crate::understand::kind::leaning::{Leaning, Look};
use crate::understand::kind::sender_name;
use crate::understand::lexicon::Cue;
use crate::understand::patterns::Patterns;
use crate::understand::reading::Reading;
use crate::understand::surveys;
use crate::understand::taken_off::terms::is_only_by_terms;

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns::read(include_str!("../lexicon/purposes.txt")));

/// Words looked at of one sentence; no honest one that tells what it is for is longer.
const WORDS_BYTES_MAX: usize = 1_024;

/// What is given or praised is no news of something done: 运费券已到账, "your exclusive member price is due".
const GIVEN: &[&str] = &[
    "券",
    "红包",
    "福利",
    "礼包",
    "免费领",
    "会员价",
    "专享价",
    "coupon",
    "reward",
    "member price",
    "members' price",
    "exclusive member",
    "exclusive price",
    "exclusive offer",
    "exclusive deal",
    "offer price",
];

/// What people write to people is short.
const PERSONAL_BYTES_MAX: usize = 640;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    PATTERNS.all().chain(codes::asked())
}

/// How many sentences do what, over all parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::understand) struct Tally {
    pub code: usize,
    pub notice: usize,
    /// A notice sentence with a reference in it: an order number, an amount, a time.
    pub referenced: usize,
    /// One with the number of an order, a parcel, an account in it.
    numbered: usize,
    /// A notice of something that is over, as surveys begin.
    pub ended: usize,
    pub sale: usize,
    /// Invites to buy, with or without a price.
    pub sells: usize,
    pub survey: usize,
    /// A sentence that is plainly a sale lowers a price, or takes something off.
    lowers: bool,
    /// The same, and it has no word of news in it.
    lowers_apart: bool,
    /// It tells two prices of one thing, or "I'll knock ten off": who lowers a price sells.
    prices_down: bool,
    /// The same, and tells both prices: 原680现520.
    pairs: bool,
    /// It speaks of money paid or to be paid.
    pub bills: bool,
    /// Whoever writes says who they are and where, as trades do: "Deb at Crumb & Co here".
    is_introduced: bool,
    /// It is worded as people speak among themselves of what others sell.
    chats: bool,
    /// Announces new wares.
    announces: usize,
    /// Notices of an account that is "updated", as disguises of an offer are.
    vague: usize,
    /// It tells whom to ring: a number to call.
    is_reached: bool,
    /// Written as people write to people.
    is_personal: bool,
    /// Signed 【某某】, or it can be refused, or it leads to a page: no person writes so to a friend.
    is_from_a_sender: bool,
    /// Its subject line answers or hands on another mail.
    is_reply: bool,
    /// It has a subject line.
    is_mail: bool,
    /// There is Chinese in it.
    is_chinese: bool,
    /// It is signed, or worded as firms word it.
    is_of_a_firm: bool,
    /// It tells how to refuse more of its kind.
    is_refusable: bool,
    /// It names an amount that is no bill.
    is_priced: bool,
    /// Speaks about the tricks of sales, as warnings do.
    pub warns: bool,
    /// It is news of sales, and makes no offer.
    reports: bool,
    /// It ends with a name, as shops sign.
    is_signed: bool,
    /// The name has words, as those of trades do: "Colin the Paint", and not "Ruth".
    is_signed_at_length: bool,
    /// It asks for an opinion as firms do: in a mail, or with a scale to answer on.
    asks_a_customer: bool,
    /// Looks like a notice, though no phrase of one is in it.
    pub look: Look,
    /// What speaks for a notice beside its phrases.
    phrased: Look,
    /// Looks like a code, whatever it is called.
    is_like_a_code: bool,
    /// What all its words weigh.
    leaning: Leaning,
}

/// Counts what the sentences do; `leaning`: what all words weigh.
pub(in crate::understand) fn tally(readings: &[Reading<'_>], leaning: Leaning) -> Tally {
    let mut tally = Tally { leaning, ..Tally::default() };
    for reading in readings {
        tally.is_refusable |= !reading.opt_outs.is_empty();
        tally.is_from_a_sender |= tally.is_refusable || !reading.visible.links.is_empty();
        let text = &reading.normal.text;
        tally.is_of_a_firm |= sender_name::is_told(text);
        tally.is_from_a_sender |= sender_name::is_set_apart(text);
        tally.is_mail |= reading.kind == PartKind::Subject;
        tally.is_reply |= reading.is_headed_as_answer();
        let signature = sender_name::signature(&reading.visible.text);
        tally.is_signed |= signature.is_some();
        tally.is_signed_at_length |= signature.is_some_and(|name| name.contains(' '));
        tally.is_reached |= text.len() <= PERSONAL_BYTES_MAX && PATTERNS.has("reached", &reading.heard.may, text);
        let is_short = text.len() <= PERSONAL_BYTES_MAX;
        let chats = is_short && hearsay::chats(reading);
        tally.chats |= chats;
        tally.is_introduced |= hearsay::introduces(reading);
        tally.is_personal |= is_short && (chats || is_chatty(&reading.heard.may, text));
        tally.reports |= hearsay::reports(reading);
        tally.is_chinese |= reading.has_chinese();
        let has_code =
            reading.sentences.iter().any(|sentence| sentence.has_digit && codes::is_code(reading.words(sentence)));
        for sentence in &reading.sentences {
            let cues = sentence.cues;
            let all = reading.words(sentence);
            let words = all.get(..all.floor_char_boundary(WORDS_BYTES_MAX)).unwrap_or(all);
            // A signature names the sender, whatever it is called: 【双11狂欢购】.
            if words.starts_with('【') {
                tally.is_from_a_sender = true;
                if words.ends_with('】') {
                    continue;
                }
            }
            tally.is_of_a_firm |= cues.has(Cue::Sender);
            let may = |section: &str| PATTERNS.has(section, &sentence.may, words);
            let code = has_code && codes::is_code_sentence(reading, sentence);
            let plainly = sentence.is_plainly_a_sale() && !code;
            let tells = may("notice");
            // "Plan Special 20: 58 MB left" tells, though the plan's name sells.
            let named_only = tells && !sentence.is_priced_down() && !cues.has(Cue::Offer) && digits(words) >= 2;
            // 抢购活动验证，请勿泄露: nobody asks for a sale to be kept secret.
            let secret = || codes::is_kept_secret(&sentence.may, words);
            let names_what_for = plainly && tally.code > 0 && !sentence.is_priced_down() && secret();
            let sale = plainly && !named_only && !names_what_for;
            // "Shop now: your order ships free" sells; a notice tells of something done.
            // 运费券已到账: what has arrived invites to spend.
            let given = || GIVEN.iter().any(|word| words.contains(word));
            // "Your account has been updated: our new spring menu is ready", "Loft boarding from £28 a metre".
            let announces = may("announces");
            let asks_for_it = !tally.is_chinese
                && may("sells")
                && sentence.amounts.iter().any(|amount| amount.kind == AmountKind::Price);
            // 售价299元，快递到家: how it is sold, and not what became of an order.
            let terms = || {
                sentence.amounts.iter().any(|amount| amount.kind == AmountKind::Price)
                    && is_only_by_terms(&sentence.may, words, Cue::Notice)
            };
            let notice = (tells || cues.has(Cue::Notice) && !asks_for_it && !terms() || sentence.is_refund)
                && !sale
                && !code
                && !announces
                && !given();
            tally.announces += usize::from(announces);
            tally.vague += usize::from(notice && may("vague"));
            tally.code += usize::from(code);
            tally.notice += usize::from(notice);
            tally.ended += usize::from(notice && may("ended"));
            tally.referenced += usize::from(notice && digits(words) >= 2);
            tally.numbered += usize::from(notice && has_long_number(words));
            tally.sale += usize::from(sale);
            tally.sells += usize::from(!sale && !notice && !code && may("sells"));
            tally.survey += usize::from(surveys::may_ask(sentence));
            let lowers = plainly && sentence.is_priced_down();
            tally.pairs |= sentence.is_paired && plainly;
            tally.lowers |= lowers;
            tally.lowers_apart |= lowers && !hearsay::reports_in(reading, sentence);
            let by_hand = || hearsay::lowers_by_own_hand(&sentence.may, words);
            tally.prices_down |= !sentence.offs.is_empty()
                && !cues.has(Cue::Notice)
                && (sentence.offs.iter().any(|off| off.is_pair) || !sentence.is_past && by_hand());
            tally.bills |= cues.has(Cue::Billing);
            // 3999元，定金可退: what can be refused and is no notice speaks of deposits as a shop does.
            tally.is_priced |= sentence.amounts.iter().any(|amount| amount.kind == AmountKind::Price)
                && (!cues.any(&[Cue::Billing, Cue::Notice]) || tally.is_refusable && !notice);
            tally.warns |= may("warns");
        }
    }
    let has = |cue: Cue| readings.iter().flat_map(|reading| &reading.sentences).any(|sentence| sentence.cues.has(cue));
    tally.asks_a_customer = has(Cue::SurveyPhrase) && (tally.is_mail || has(Cue::SurveyScale))
        || has(Cue::SurveyQuestion) && has(Cue::SurveyScale);
    tally.look_at(readings);
    tally
}

impl Tally {
    /// What no phrase tells may be told by many weak signs; not where something is sold, or more of its kind can be
    /// refused: a code beside an offer is a disguise, and a notice that courts is none.
    fn look_at(&mut self, readings: &[Reading<'_>]) {
        // An account that is updated, and then a new menu: the account is a pretext.
        if self.announces > 0 && self.notice == self.vague && self.code == 0 {
            (self.notice, self.referenced) = (0, 0);
            self.leaning.notice = self.leaning.notice.min(0);
        }
        self.is_like_a_code = self.code == 0
            && self.sale == 0
            && !self.is_personal()
            && self.sells == 0
            && !self.is_priced
            && !self.is_refusable
            && if self.notice > 0 {
                readings.iter().any(codes::names_a_code)
            } else {
                readings.iter().any(codes::looks_like_code)
            };
        if self.is_like_a_code {
            return;
        }
        // 限量版，编号2000册，定价368元: a number is there as in notices, and everything else speaks against one.
        if self.code == 0 && self.tells_a_notice() {
            self.phrased = self.leaning.beside_a_phrase();
            if self.phrased == Look::Against {
                (self.notice, self.referenced) = (0, 0);
            }
            return;
        }
        if self.code > 0 || self.sale > 0 || self.tells_a_notice() || self.is_personal() {
            return;
        }
        // "Reply STOP to end reminders" stands under notices, too; whoever sells says it oftener.
        if self.is_refusable && (self.sells > 0 || self.is_priced) {
            return;
        }
        let look = self.leaning.look();
        self.look = if self.is_refusable && look < Look::Surely { Look::Other } else { look };
    }

    /// True when it looks like something that must be sent; then an offer needs plain words of sale.
    pub fn is_transactional(self) -> bool {
        self.is_code() || self.tells_a_notice() || self.look == Look::Surely
    }

    /// What is known of it, by name: weighed beside its words (see `urgency/signals.rs`).
    pub fn signals(self) -> [(&'static str, bool); 12] {
        [
            ("mail", self.is_mail),
            ("from-a-sender", self.is_from_a_sender),
            ("of-a-firm", self.is_of_a_firm),
            ("refusable", self.is_refusable),
            ("priced", self.is_priced),
            ("sale", self.sale > 0),
            ("sale-twice", self.sale > 1),
            ("invites", self.sells > 0),
            ("notice", self.tells_a_notice()),
            ("code", self.code > 0),
            ("personal", self.is_personal),
            ("warns", self.warns),
        ]
    }

    /// True when it is news of sales.
    pub fn reports(self) -> bool {
        // "A study shows that you sleep better. Mattresses 50% off, order now": whoever invites to buy, asks a price or
        // tells how to refuse more of its kind sells, whatever was studied; so does a plain sale that leads to a page, or
        // lowers a price in a sentence of its own: "Our testers loved it. 25% off everything".
        let sells = self.sells > 0 || self.is_priced || self.is_refusable || self.sale > 0 && self.is_from_a_sender;
        let sells = sells || self.lowers_apart;
        self.reports && !sells
    }

    /// True when it tells how to refuse more of its kind.
    pub fn is_refusable(self) -> bool {
        self.is_refusable
    }

    /// The same; a message that presses hard and shows who sells, or presses harder than friends do, is no friend's, however
    /// chatty, and nothing that only looks like a notice is one.
    #[must_use]
    pub fn unless_no_chat(mut self, presses_hard: bool, presses_harder: bool) -> Tally {
        self.is_of_a_firm |=
            self.is_personal && !self.is_gossip() && (presses_hard && self.shows_a_seller() || presses_harder);
        // "Final boarding call for your miles" presses, and nothing else in it tells of a journey.
        let is_doubtful = self.phrased < Look::Likely || self.sells > 0 || self.is_priced || self.sale > 0;
        // A receipt with its order's number and an offer under it stays one, however the offer presses (design §3).
        let is_receipt = self.numbered > 0 && self.sale > 0;
        if presses_hard && self.code == 0 && is_doubtful && !is_receipt {
            (self.notice, self.referenced) = (0, 0);
        }
        if presses_hard {
            (self.look, self.is_like_a_code) = (Look::Other, false);
        }
        self
    }

    /// Friends and colleagues who speak of what others sell hurry each other, too: 就剩一件，要我就拿了，快回.
    fn is_gossip(self) -> bool {
        self.chats && !self.is_mail && !self.is_from_a_sender && self.sells == 0
    }

    /// The same; what takes a figure off until a day is no friend's, unless it is talk of what others sell.
    #[must_use]
    pub fn unless_it_takes_off(mut self, until_a_day: bool) -> Tally {
        self.is_of_a_firm |= until_a_day && self.is_personal && !self.chats && !self.sells_nothing();
        self
    }

    /// True when it is no letter between two: it has a subject line, leads to a page, can be refused, or is a firm's.
    fn is_public(self) -> bool {
        self.is_mail || self.is_from_a_sender || self.is_of_a_firm
    }

    /// True when something in it is written by those who sell, and by no friend: a subject line, a link, a way to refuse,
    /// a price, a word of sale, a signature. Chat has turns that weigh as much as hurry does.
    pub fn shows_a_seller(self) -> bool {
        self.is_public() || self.is_priced || self.sale > 0 || self.sells > 0
    }

    /// True when it reads as one person writing to another: nobody is sold anything.
    pub fn is_personal(self) -> bool {
        self.is_personal && !self.is_from_a_sender && !self.is_of_a_firm && !self.asks_a_customer && !self.trades()
    }

    /// True when whoever writes as people write to people sells all the same.
    fn trades(self) -> bool {
        // "Box braids R350, u bring the hair, call 072 555 0188": a price and a number to call are a trade's.
        if self.is_priced && (self.is_reached || self.is_signed_at_length && self.sells > 0) {
            return true;
        }
        if self.chats {
            return false;
        }
        // "25% off all shoes lol, shop now" is no friend's, either.
        let lowers = self.lowers && (self.is_reached || self.sells > 0 || self.pairs);
        // "Fish box this week: hake, cod, mussels. 18 euro, text back before Thurs. Noel": all its words sell.
        // 老客一直是八八折，您哪天想起来了: letters of shops say 我 and 您, too; "haha" they do not.
        let asks =
            self.is_reached || self.is_signed || self.sells > 0 || self.is_priced || self.is_chinese && self.sale > 0;
        let sells = self.leaning.sells_plainly() && asks || self.leaning.sells_surely() && self.lowers;
        // 退款单号…送上一张满99减15的券: nor is a receipt in a mail.
        let is_letter = self.is_signed && !self.is_reply || self.is_chinese && self.referenced > 0;
        let shows_who = self.is_introduced || self.is_mail && is_letter;
        lowers || sells || self.prices_down || self.lowers && shows_who
    }

    /// True when a sender invites to buy, with a word of sale or without any: a price in a message that tells how
    /// to refuse more of its kind is an offer.
    pub fn promotes(self) -> bool {
        if self.is_transactional() || self.is_personal() {
            return false;
        }
        let is_public = self.is_from_a_sender || self.is_of_a_firm;
        let is_asking = self.is_refusable || self.is_of_a_firm || self.is_reached;
        self.sale > 0 || self.sells > 0 && is_public || self.is_priced && is_asking || self.leaning.sells_plainly()
    }

    /// True when it sells, as far as its words weigh: whoever presses does, if a seller shows ("Four coats left, leg it.
    /// ATTIC VINTAGE"), and who names goods, a price and where they are.
    pub fn seems_to_sell(self, presses: bool) -> bool {
        !self.is_personal()
            && !self.warns
            && !self.reports()
            && (presses && (self.is_mail || self.is_from_a_sender)
                || self.leaning.sells_plainly()
                || self.leaning.sells() && (self.is_public() || self.sale > 0 || self.sells > 0))
    }

    /// True when all its words together sell, whatever single ones say.
    pub fn sells_plainly(self) -> bool {
        self.leaning.sells_plainly()
    }

    /// True when all its words together speak against anything sold.
    pub fn sells_nothing(self) -> bool {
        self.leaning.sells_nothing()
    }

    /// How much all its words speak against anything sold, in hundredths of a logit: hurry must weigh so much more, since
    /// colleagues and clubs hurry each other, too.
    pub fn speaks_against_selling(self) -> i32 {
        if self.is_refusable { 0 } else { (-self.leaning.offer).max(0) }
    }

    /// True when its sales may be those that others make.
    pub fn may_be_spoken_of(self) -> bool {
        self.leaning.may_speak() && !self.is_refusable
    }

    /// True when whatever it says of sales is only told: it tells nobody how to refuse more of it, and all its words
    /// speak against anything sold.
    pub fn only_speaks_of_sales(self) -> bool {
        // A preamble of other words hides no sentence that sells by itself (see `leaning::mark`).
        self.leaning.only_speaks() && !self.is_refusable && self.sale == 0
    }

    /// True when a Chinese message neither sells nor tells customers of anything done: what it takes off is spoken of.
    pub fn tells_of_no_customer(self) -> bool {
        self.is_chinese && !self.is_refusable && self.leaning.neither_sells_nor_tells()
    }

    /// True when all its words together ask for an opinion, or tell of something due, rather than sell, and no sentence is
    /// plainly a sale.
    pub fn asks_or_tells(self) -> bool {
        let asks = self.leaning.opinion > 0 && self.leaning.opinion > self.leaning.offer;
        self.sale == 0 && !self.is_refusable && (asks || self.leaning.tells())
    }

    /// True when all its words together tell rather than sell, whatever is sold in single ones; surely, where something is
    /// offered: "your gift card code: GIFT7788. Enjoy!" hands one over.
    pub fn leans_to_a_notice(self, offers: bool) -> bool {
        let courts = self.is_refusable && self.sale + self.sells > 0;
        self.leaning.tells() && !courts && (!offers || self.leaning.look() == Look::Surely)
    }

    /// True when it is signed 【某某】, can be refused, or leads to a page.
    pub fn is_from_a_sender(self) -> bool {
        self.is_from_a_sender
    }

    /// True when it is signed, or worded as firms word it.
    pub fn is_of_a_firm(self) -> bool {
        self.is_of_a_firm
    }

    /// True when a firm invites to buy, and tells nobody of anything done or due.
    pub fn is_of_a_shop(self) -> bool {
        self.sells + self.sale > 0 && (self.is_of_a_firm || self.is_from_a_sender) && !self.is_transactional()
    }

    /// True when it is a one-time code, and no disguise of a sale.
    pub fn is_code(self) -> bool {
        // A code in a sentence of its own beside an offer is a disguise.
        // 验证码4821。今日女鞋199元起: so is one beside a price and words that invite.
        // "Your login code is 482913. BT-200 is $29.99. Reply STOP": nobody refuses codes.
        let sells = self.sale > 0 || (self.sells > 0 || self.is_refusable) && self.is_priced;
        self.code > 0 && !sells || self.is_like_a_code
    }

    /// True when its phrases tell of something done, due or fixed.
    pub fn tells_a_notice(self) -> bool {
        let told = self.notice + self.code;
        // "Your order 1234 is done. New arrivals! Come in, gifts for all. Reply STOP": who tells how to refuse more of
        // its kind, and courts more than it tells, sends no notice.
        let courts = self.is_refusable && self.sells > told;
        // "Dont panic but final boarding and im still in the bar": friends tell of journeys and parcels, too.
        let chats = self.is_personal() && self.code == 0 && self.referenced == 0;
        !courts && !chats && told > 0 && told >= self.sale && (self.sale == 0 || self.referenced > 0)
    }
}

/// Written as people write to people; who sells gifts for parents names them, too.
fn is_chatty(may: &May, text: &str) -> bool {
    PATTERNS.has("personal", may, text) && PATTERNS.has("personal", may, &hearsay::without_parents(may, text))
}

/// Such as orders, parcels and accounts have.
fn has_long_number(words: &str) -> bool {
    const DIGITS_MIN: usize = 6;
    words.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() >= DIGITS_MIN)
}

fn digits(words: &str) -> usize {
    words.bytes().filter(u8::is_ascii_digit).count()
}

/// A code is guarded so: 泄露有风险, "expires in 10 minutes".
pub(in crate::understand) fn is_guarded(may: &May, words: &str) -> bool {
    PATTERNS.has("secret", may, words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Part, PartKind};
    use crate::understand::weights::Heard;

    fn counted(part: &Part) -> Tally {
        let readings = [Reading::of(0, part)];
        tally(&readings, Leaning::of(&readings, &Heard::of(&readings)))
    }

    fn tells(text: &str) -> bool {
        let part = Part { kind: PartKind::Plain, text: text.to_owned() };
        counted(&part).is_transactional()
    }

    #[test]
    fn banks_and_offices_tell_in_many_words() {
        for told in [
            "Wells & Farrow: Large purchase alert. $1,204.77 at APPL STORE. If you don't recognize this call 800-555-0133.",
            "R1 500.00 reserved for purchase @ CLICKZ from cheq a/c..662. Avail R9 871. 14Dec 08:12",
            "ERP charge of $2.00 failed due to insufficient balance. Pay by 10 Jun to avoid $10 admin charge.",
            "Interest @ 1% per month will be levied thereafter. Please ignore if already paid. 31.10.2026",
            "Vehicles without a valid label will be wheel-clamped without further notice from 20 January.",
            "Appt for CHUA W H at Polyclinic on 19 JAN 9.40AM. Bring NRIC. To change, reply R at least 1 day before.",
            "Bom: severe thunderstorm warning for Lismore. Large hail possible next 60 min.",
            "TfN: engineering works 27 Dec-1 Jan. Last train Leeds-York is 20:15 tonight.",
        ] {
            assert!(tells(told), "{told}");
        }
    }

    #[test]
    fn offers_in_the_clothes_of_notices_are_none() {
        for silent in [
            "Your account has been updated: our new spring menu is ready. Ref 48213",
            "Your profile has been updated. Our new autumn collection is ready. Ref 48213",
            "Your exclusive member price of $49 is due. Ref 48213",
            "您的账户已更新：春季新品已到店，编号48213",
            "Free cancellation up to 24 hours before. Rooms from $90.",
            "Beat the storm: umbrellas $12 each, come in",
        ] {
            assert!(!tells(silent), "{silent}");
        }
    }

    #[test]
    fn who_names_a_price_and_a_number_is_no_friend() {
        let personal = |text: &str| {
            let part = Part { kind: PartKind::Plain, text: text.to_owned() };
            counted(&part).is_personal()
        };
        assert!(!personal("Box braids $35 each, u bring the hair. Whatsapp 072 555 0188"));
        assert!(personal("i owe u $35 for the pizza, ring me"));
        for sold in [
            "25% off all running shoes lol. Shop now",
            "haha 50% off haircuts this week, call 072 555 0188",
            "Spoil your mum, 20% off bouquets, shop now",
            "We miss u at Tacomundo! Have 20% off on us, code COMEBACK, any order any day",
        ] {
            assert!(!personal(sold), "{sold}");
        }
        for told in
            ["haha tesco has 50% off wine til sunday", "mum, 20% off bouquets at aldi", "lol half price pizza tonight"]
        {
            assert!(personal(told), "{told}");
        }
    }

    #[test]
    fn who_sells_beside_the_news_reports_nothing() {
        let reports = |text: &str| {
            let part = Part { kind: PartKind::Plain, text: text.to_owned() };
            counted(&part).reports()
        };
        assert!(!reports("AutoHub: our testers loved it. 25% off everything."));
        assert!(!reports("【优选商城】专家建议添衣。羽绒服5折。"));
        assert!(reports("Our reviewers checked which 70% off deals are real"));
        assert!(reports("记者调查发现，“5折”前先涨价"));
    }

    #[test]
    fn nobody_refuses_codes() {
        let is_code = |text: &str| {
            let part = Part { kind: PartKind::Plain, text: text.to_owned() };
            counted(&part).is_code()
        };
        assert!(!is_code("AutoHub: your login code is 482913. BT-200 is $29.99. Reply STOP to opt out"));
        assert!(is_code("AutoHub: your login code is 482913, never share it. Reply STOP to opt out"));
        assert!(is_code("AutoHub: your login code is 482913 to pay $29.99, never share it"));
    }

    #[test]
    fn terms_of_a_sale_are_no_notice() {
        assert!(!tells("【优选商城】车载播放器BT-200售价299元，快递到家。"));
        assert!(!tells("【优选商城】车载播放器BT-200售价299元，7天无理由退货。"));
        assert!(tells("【优选商城】您的快递已到，请于今日自提，运费12元。"));
    }
}
