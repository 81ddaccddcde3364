//! The stored form of a customer: one format byte, then MessagePack. Sections are (tag, bytes) pairs,
//! so a section that a newer build added in the same format is carried along untouched; events inside
//! a section are plain arrays, so lengthening one needs a new format number, and so does a section that
//! names texts of the table or places in other sections, which an older build would move. Text that repeats
//! (addresses' keys, streams, departments, families) stands once in a table; instants are
//! microseconds. That is about a third of the same events with named fields.

mod attempts;
mod deeds;
mod shown;
mod wire;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use self::wire::{Bin, Id, Micros};
use super::StoreError;
use crate::facts::{
    Attempt, Complaint, Customer, Folded, HeldSend, Member, OptOutFact, Parting, Preference, Purchase, Return,
    SendEvent, SendState, ShownOffer, SurveyFact, SurveyStep,
};
use crate::message::{AddressKind, Channel, Class, Currency, Language, Money, PRIORITY_NORMAL};

/// The format this build writes, and the newest it reads.
pub const FORMAT: u8 = 4;
/// The oldest format it reads: 1 knew no attempts, 2 no experiences and nothing of what was shown in a send, 3 no
/// priorities of sends.
pub const FORMAT_OLDEST: u8 = 1;

/// The bytes of a document.
pub fn encode(customer: &Customer) -> Result<Vec<u8>, StoreError> {
    let mut table = Table::default();
    let c = customer;
    let mut sections: Vec<(u8, Vec<u8>)> = Vec::with_capacity(16);
    let mut put = |tag: u8, empty: bool, bytes: &dyn Fn(&mut Vec<u8>) -> Encoded| {
        if !empty {
            let mut section = Vec::with_capacity(SECTION_BYTES);
            bytes(&mut section).map_err(|e| StoreError::Damaged(e.to_string()))?;
            sections.push((tag, section));
        }
        Ok::<(), StoreError>(())
    };
    let profile: WireProfile = (
        c.record_id.as_deref().map(Id::of),
        c.zone.clone(),
        c.zone_told_at.map(Micros),
        c.language.map(|l| l == Language::Zh),
        c.language_told_at.map(Micros),
        c.last_now.map(Micros),
        c.whole_since.map(Micros),
    );
    put(tag::PROFILE, profile == WireProfile::default(), &|to| pack(to, &profile))?;
    let members: Vec<WireMember> =
        c.members.iter().map(|m| (table.at(&m.key), m.kind == AddressKind::Phone, Micros(m.at))).collect();
    put(tag::MEMBERS, members.is_empty(), &|to| pack(to, &members))?;
    let purchases: Vec<WirePurchase> = c.purchases.iter().map(|p| table.purchase(p)).collect();
    put(tag::PURCHASES, purchases.is_empty(), &|to| pack(to, &purchases))?;
    let returns: Vec<WireReturn> = c
        .returns
        .iter()
        .map(|r| (table.maybe(r.order.as_deref()), table.at(&r.product), Micros(r.at), table.at(&r.from)))
        .collect();
    put(tag::RETURNS, returns.is_empty(), &|to| pack(to, &returns))?;
    let surveys: Vec<WireSurvey> = c
        .surveys
        .iter()
        .map(|s| {
            let step = s.step as u8;
            (table.at(&s.survey), table.maybe(s.department.as_deref()), step, Micros(s.at), table.at(&s.from))
        })
        .collect();
    put(tag::SURVEYS, surveys.is_empty(), &|to| pack(to, &surveys))?;
    let complaints: Vec<WireComplaint> = c
        .complaints
        .iter()
        .map(|x| (table.at(&x.id), x.opened_at.map(Micros), x.closed_at.map(Micros), table.at(&x.from)))
        .collect();
    put(tag::COMPLAINTS, complaints.is_empty(), &|to| pack(to, &complaints))?;
    let opt_outs: Vec<WireOptOut> = c
        .opt_outs
        .iter()
        .map(|o| {
            let purpose = table.maybe(o.purpose.as_deref());
            (o.channel.map(channel), purpose, o.refused, table.at(&o.why), Micros(o.at), table.at(&o.from))
        })
        .collect();
    put(tag::OPT_OUTS, opt_outs.is_empty(), &|to| pack(to, &opt_outs))?;
    let preferences: Vec<WirePreference> =
        c.preferences.iter().map(|p| (table.at(&p.topic), p.wanted, Micros(p.at), table.at(&p.from))).collect();
    put(tag::PREFERENCES, preferences.is_empty(), &|to| pack(to, &preferences))?;
    let experiences: Vec<_> = c.experiences.iter().map(|e| table.experience(e)).collect();
    put(tag::EXPERIENCES, experiences.is_empty(), &|to| pack(to, &experiences))?;
    let alerts: Vec<_> = c.price_alerts.iter().map(|a| table.alert(a)).collect();
    put(tag::PRICE_ALERTS, alerts.is_empty(), &|to| pack(to, &alerts))?;
    let browsed: Vec<_> = c.browsed.iter().map(|b| table.browsed(b)).collect();
    put(tag::BROWSED, browsed.is_empty(), &|to| pack(to, &browsed))?;
    let sends: Vec<WireSend> = c.sends.iter().map(|s| table.send(s)).collect();
    put(tag::SENDS, sends.is_empty(), &|to| pack(to, &sends))?;
    let held: Vec<WireHeld> = c
        .held
        .iter()
        .map(|h| (Id::of(&h.id), Micros(h.due), Micros(h.expires), channel(h.channel), h.priority))
        .collect();
    put(tag::HELD, held.is_empty(), &|to| pack(to, &held))?;
    let tried = attempts::wire(c.sends.iter().map(|send| &send.attempt));
    put(tag::SEND_ATTEMPTS, tried.is_empty(), &|to| pack(to, &tried))?;
    let tried = attempts::wire(c.held.iter().map(|held| &held.attempt));
    put(tag::HELD_ATTEMPTS, tried.is_empty(), &|to| pack(to, &tried))?;
    let shown = shown::wire(&c.sends);
    put(tag::SENDS_SHOWN, shown.is_empty(), &|to| pack(to, &shown))?;
    let weights = shown::weights(&c.sends);
    put(tag::SEND_PRIORITIES, weights.is_empty(), &|to| pack(to, &weights))?;
    let minutes = shown::minutes(&c.surveys);
    put(tag::SURVEY_MINUTES, minutes.is_empty(), &|to| pack(to, &minutes))?;
    put(tag::SEEN, c.seen.is_empty(), &|to| pack(to, &c.seen))?;
    let folded: Vec<(u32, u64)> = c.folded.iter().map(|f| (table.at(&f.key), f.version)).collect();
    put(tag::FOLDED, folded.is_empty(), &|to| pack(to, &folded))?;
    let joining: Vec<u32> = c.joining.iter().map(|key| table.at(key)).collect();
    put(tag::JOINING, joining.is_empty(), &|to| pack(to, &joining))?;
    let mut parting: Vec<(u32, u64, Vec<u8>)> = Vec::with_capacity(c.parting.len());
    for leaving in &c.parting {
        parting.push((table.at(&leaving.key), leaving.version, encode(&leaving.customer)?));
    }
    let wire: Vec<(u32, u64, Bin<'_>)> = parting.iter().map(|(key, at, bytes)| (*key, *at, Bin(bytes))).collect();
    put(tag::PARTING, wire.is_empty(), &|to| pack(to, &wire))?;
    put(tag::TABLE, table.texts.is_empty(), &|to| pack(to, &table.texts))?;
    let known = sections.iter().map(|(tag, bytes)| (*tag, Bin(bytes)));
    let extra = c.extra.iter().map(|(tag, bytes)| (*tag, Bin(bytes)));
    let all: Vec<(u8, Bin<'_>)> = known.chain(extra).collect();
    let mut document =
        Vec::with_capacity(SECTION_BYTES + all.iter().map(|(_, bytes)| bytes.0.len() + 8).sum::<usize>());
    document.push(FORMAT);
    rmp_serde::encode::write(&mut document, &all).map_err(|e| StoreError::Damaged(e.to_string()))?;
    Ok(document)
}

type Encoded = Result<(), rmp_serde::encode::Error>;

/// What a section of a young customer takes.
const SECTION_BYTES: usize = 128;

fn pack<T: Serialize>(to: &mut Vec<u8>, value: &T) -> Encoded {
    rmp_serde::encode::write(to, value)
}

/// Reads a document. A newer format is an error of its own: such a document is never overwritten.
pub fn decode(document: &[u8]) -> Result<Customer, StoreError> {
    let (&format, body) = document.split_first().ok_or_else(|| damaged("it is empty"))?;
    match format {
        FORMAT_OLDEST..=FORMAT => {}
        0 => return Err(damaged("format 0 was never written")),
        newer => return Err(StoreError::NewerFormat(newer)),
    }
    let sections: Vec<(u8, &[u8])> = read(body)?;
    let mut table: Vec<String> = Vec::new();
    if let Some((_, bytes)) = sections.iter().find(|(t, _)| *t == tag::TABLE) {
        table = read(bytes)?;
    }
    let text = |at: u32| table.get(at as usize).cloned().ok_or_else(|| damaged("a text is missing"));
    let maybe = |at: Option<u32>| at.map(text).transpose();
    let texts = deeds::Texts(&table);
    let mut c = Customer::default();
    let (mut send_attempts, mut held_attempts) = (Vec::new(), Vec::new());
    let (mut sends_shown, mut survey_minutes, mut send_priorities) = (Vec::new(), Vec::new(), Vec::new());
    for (tag, bytes) in sections {
        match tag {
            tag::TABLE => {}
            tag::PROFILE => {
                let (record_id, zone, zone_at, zh, language_at, last_now, whole) = read::<WireProfile>(bytes)?;
                c.record_id = record_id.map(|id| id.0);
                c.zone = zone;
                c.zone_told_at = zone_at.map(|m| m.0);
                c.language = zh.map(|zh| if zh { Language::Zh } else { Language::En });
                c.language_told_at = language_at.map(|m| m.0);
                c.last_now = last_now.map(|m| m.0);
                c.whole_since = whole.map(|m| m.0);
            }
            tag::MEMBERS => {
                for (key, phone, at) in read::<Vec<WireMember>>(bytes)? {
                    let kind = if phone { AddressKind::Phone } else { AddressKind::Email };
                    c.members.push(Member { key: text(key)?, kind, at: at.0 });
                }
            }
            tag::PURCHASES => {
                for (order, product, price, at, from) in read::<Vec<WirePurchase>>(bytes)? {
                    let (order, price) = (maybe(order)?, price.map(money).transpose()?);
                    c.purchases.push(Purchase { order, product: text(product)?, price, at: at.0, from: text(from)? });
                }
            }
            tag::RETURNS => {
                for (order, product, at, from) in read::<Vec<WireReturn>>(bytes)? {
                    let product = text(product)?;
                    c.returns.push(Return { order: maybe(order)?, product, at: at.0, from: text(from)? });
                }
            }
            tag::SURVEYS => {
                for (survey, department, step, at, from) in read::<Vec<WireSurvey>>(bytes)? {
                    let step = match step {
                        0 => SurveyStep::Invited,
                        1 => SurveyStep::Answered,
                        2 => SurveyStep::Declined,
                        _ => return Err(damaged("an unknown survey step")),
                    };
                    let (survey, department) = (text(survey)?, maybe(department)?);
                    c.surveys.push(SurveyFact { survey, department, step, minutes: None, at: at.0, from: text(from)? });
                }
            }
            tag::COMPLAINTS => {
                for (id, opened, closed, from) in read::<Vec<WireComplaint>>(bytes)? {
                    let (opened_at, closed_at) = (opened.map(|m| m.0), closed.map(|m| m.0));
                    c.complaints.push(Complaint { id: text(id)?, opened_at, closed_at, from: text(from)? });
                }
            }
            tag::OPT_OUTS => {
                for (channel, purpose, refused, why, at, from) in read::<Vec<WireOptOut>>(bytes)? {
                    let (channel, purpose) = (channel.map(unchannel).transpose()?, maybe(purpose)?);
                    let (why, from) = (text(why)?, text(from)?);
                    c.opt_outs.push(OptOutFact { channel, purpose, refused, why, at: at.0, from });
                }
            }
            tag::PREFERENCES => {
                for (topic, wanted, at, from) in read::<Vec<WirePreference>>(bytes)? {
                    c.preferences.push(Preference { topic: text(topic)?, wanted, at: at.0, from: text(from)? });
                }
            }
            tag::SENDS => {
                for (id, at, kinds, names, minutes, offers, lease, from) in read::<Vec<WireSend>>(bytes)? {
                    let mut shown = Vec::with_capacity(offers.len());
                    for (product, price, exclusive, family) in offers {
                        shown.push(ShownOffer {
                            product: maybe(product)?,
                            price: price.map(money).transpose()?,
                            exclusive: exclusive.map(unchannel).transpose()?,
                            family: maybe(family)?,
                            ..ShownOffer::default()
                        });
                    }
                    let (stream, department, campaign, purpose, survey) = names;
                    c.sends.push(SendEvent {
                        id: id.0,
                        at: at.0,
                        state: match kinds.0 {
                            0 => SendState::Reserved,
                            1 => SendState::Sent,
                            2 => SendState::Unknown,
                            _ => return Err(damaged("an unknown send state")),
                        },
                        channel: unchannel(kinds.1)?,
                        class: if kinds.2 { Class::MustSend } else { Class::Ordinary },
                        priority: PRIORITY_NORMAL,
                        stream: text(stream)?,
                        department: maybe(department)?,
                        campaign: maybe(campaign)?,
                        purpose: maybe(purpose)?,
                        survey: maybe(survey)?,
                        survey_minutes: minutes,
                        survey_reminder: false,
                        content: None,
                        offers: shown,
                        lease_until: lease.map(|m| m.0),
                        from: text(from)?,
                        attempt: Attempt::default(),
                    });
                }
            }
            tag::HELD => {
                for (id, due, expires, by, priority) in read::<Vec<WireHeld>>(bytes)? {
                    let channel = unchannel(by)?;
                    let attempt = Attempt::default();
                    c.held.push(HeldSend { id: id.0, due: due.0, expires: expires.0, channel, priority, attempt });
                }
            }
            tag::EXPERIENCES => {
                let read = read::<Vec<_>>(bytes)?.into_iter();
                c.experiences = read.map(|wire| texts.experience(wire)).collect::<Result<_, _>>()?;
            }
            tag::PRICE_ALERTS => {
                let read = read::<Vec<_>>(bytes)?.into_iter();
                c.price_alerts = read.map(|wire| texts.alert(wire)).collect::<Result<_, _>>()?;
            }
            tag::BROWSED => {
                let read = read::<Vec<_>>(bytes)?.into_iter();
                c.browsed = read.map(|wire| texts.browsed(wire)).collect::<Result<_, _>>()?;
            }
            tag::SENDS_SHOWN => sends_shown = read(bytes)?,
            tag::SURVEY_MINUTES => survey_minutes = read(bytes)?,
            tag::SEND_PRIORITIES => send_priorities = read(bytes)?,
            tag::SEND_ATTEMPTS => send_attempts = read(bytes)?,
            tag::HELD_ATTEMPTS => held_attempts = read(bytes)?,
            tag::SEEN => c.seen = read(bytes)?,
            tag::FOLDED => {
                for (key, version) in read::<Vec<(u32, u64)>>(bytes)? {
                    c.folded.push(Folded { key: text(key)?, version });
                }
            }
            tag::JOINING => {
                c.joining = read::<Vec<u32>>(bytes)?.into_iter().map(text).collect::<Result<_, _>>()?;
            }
            tag::PARTING => {
                for (key, version, bytes) in read::<Vec<(u32, u64, &[u8])>>(bytes)? {
                    // What leaves has nothing leaving inside: broken bytes cannot nest without end.
                    let customer = decode(bytes)?;
                    c.parting.push(Parting { key: text(key)?, version, customer });
                }
            }
            unknown => {
                c.extra.insert(unknown, bytes.to_vec());
            }
        }
    }
    let sends_fit = attempts::unwire(send_attempts, c.sends.iter_mut().map(|send| &mut send.attempt));
    let held_fit = attempts::unwire(held_attempts, c.held.iter_mut().map(|held| &mut held.attempt));
    if !(sends_fit && held_fit) {
        return Err(damaged("an attempt belongs to nothing"));
    }
    let weights_fit = shown::unweights(send_priorities, &mut c.sends);
    if !(shown::unwire(sends_shown, &mut c.sends) && shown::unminutes(survey_minutes, &mut c.surveys) && weights_fit) {
        return Err(damaged("what was shown belongs to nothing"));
    }
    Ok(c)
}

/// Section tags. A number once given is never given again.
mod tag {
    pub(super) const TABLE: u8 = 0;
    pub(super) const PROFILE: u8 = 1;
    pub(super) const MEMBERS: u8 = 2;
    pub(super) const PURCHASES: u8 = 3;
    pub(super) const RETURNS: u8 = 4;
    pub(super) const SURVEYS: u8 = 5;
    pub(super) const COMPLAINTS: u8 = 6;
    pub(super) const OPT_OUTS: u8 = 7;
    pub(super) const PREFERENCES: u8 = 8;
    pub(super) const SENDS: u8 = 9;
    pub(super) const HELD: u8 = 10;
    pub(super) const SEEN: u8 = 11;
    pub(super) const FOLDED: u8 = 12;
    pub(super) const JOINING: u8 = 13;
    pub(super) const PARTING: u8 = 14;
    pub(super) const SEND_ATTEMPTS: u8 = 15;
    pub(super) const HELD_ATTEMPTS: u8 = 16;
    pub(super) const EXPERIENCES: u8 = 17;
    pub(super) const PRICE_ALERTS: u8 = 18;
    pub(super) const BROWSED: u8 = 19;
    pub(super) const SENDS_SHOWN: u8 = 20;
    pub(super) const SURVEY_MINUTES: u8 = 21;
    pub(super) const SEND_PRIORITIES: u8 = 22;
}

type WireProfile =
    (Option<Id>, Option<String>, Option<Micros>, Option<bool>, Option<Micros>, Option<Micros>, Option<Micros>);
type WireMoney = (i64, u16);
type WireMember = (u32, bool, Micros);
type WirePurchase = (Option<u32>, u32, Option<WireMoney>, Micros, u32);
type WireReturn = (Option<u32>, u32, Micros, u32);
type WireSurvey = (u32, Option<u32>, u8, Micros, u32);
type WireComplaint = (u32, Option<Micros>, Option<Micros>, u32);
type WireOptOut = (Option<u8>, Option<u32>, bool, u32, Micros, u32);
type WirePreference = (u32, bool, Micros, u32);
type WireOffer = (Option<u32>, Option<WireMoney>, Option<u8>, Option<u32>);
/// Stream, department, campaign, purpose, survey.
type WireNames = (u32, Option<u32>, Option<u32>, Option<u32>, Option<u32>);
/// Id, when, (state, channel, must-send), names, minutes, offers, lease, from.
type WireSend = (Id, Micros, (u8, u8, bool), WireNames, Option<u32>, Vec<WireOffer>, Option<Micros>, u32);
type WireHeld = (Id, Micros, Micros, u8, u16);

/// Texts that stand once.
#[derive(Default)]
struct Table<'a> {
    texts: Vec<&'a str>,
    /// Where each is, once there are too many to look through.
    places: HashMap<&'a str, u32>,
}

/// As many texts are looked through faster than a map is made.
const TEXTS_SEARCHED: usize = 24;

impl<'a> Table<'a> {
    fn at(&mut self, text: &'a str) -> u32 {
        let known = match self.places.is_empty() {
            true => self.texts.iter().position(|one| *one == text).map(|at| at as u32),
            false => self.places.get(text).copied(),
        };
        known.unwrap_or_else(|| self.add(text))
    }

    fn add(&mut self, text: &'a str) -> u32 {
        let at = self.texts.len() as u32;
        self.texts.push(text);
        if !self.places.is_empty() {
            self.places.insert(text, at);
        } else if self.texts.len() > TEXTS_SEARCHED {
            self.places = self.texts.iter().copied().zip(0..).collect();
        }
        at
    }

    fn maybe(&mut self, text: Option<&'a str>) -> Option<u32> {
        text.map(|text| self.at(text))
    }

    fn purchase(&mut self, p: &'a Purchase) -> WirePurchase {
        let (order, product) = (self.maybe(p.order.as_deref()), self.at(&p.product));
        (order, product, p.price.map(unmoney), Micros(p.at), self.at(&p.from))
    }

    fn send(&mut self, s: &'a SendEvent) -> WireSend {
        let state = match s.state {
            SendState::Reserved => 0,
            SendState::Sent => 1,
            SendState::Unknown => 2,
        };
        let names = (
            self.at(&s.stream),
            self.maybe(s.department.as_deref()),
            self.maybe(s.campaign.as_deref()),
            self.maybe(s.purpose.as_deref()),
            self.maybe(s.survey.as_deref()),
        );
        let offers = s
            .offers
            .iter()
            .map(|o| {
                let (product, family) = (self.maybe(o.product.as_deref()), self.maybe(o.family.as_deref()));
                (product, o.price.map(unmoney), o.exclusive.map(channel), family)
            })
            .collect();
        let kinds = (state, channel(s.channel), s.class == Class::MustSend);
        let lease = s.lease_until.map(Micros);
        (Id::of(&s.id), Micros(s.at), kinds, names, s.survey_minutes, offers, lease, self.at(&s.from))
    }
}

fn channel(channel: Channel) -> u8 {
    match channel {
        Channel::Email => 0,
        Channel::Sms => 1,
    }
}

fn unchannel(number: u8) -> Result<Channel, StoreError> {
    match number {
        0 => Ok(Channel::Email),
        1 => Ok(Channel::Sms),
        _ => Err(damaged("an unknown channel")),
    }
}

fn unmoney(money: Money) -> WireMoney {
    (money.minor, money.currency.numeric())
}

fn money((minor, currency): WireMoney) -> Result<Money, StoreError> {
    let currency = Currency::from_numeric(currency).ok_or_else(|| damaged("an unknown currency"))?;
    Ok(Money { minor, currency })
}

fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, StoreError> {
    rmp_serde::from_slice(bytes).map_err(|e| StoreError::Damaged(e.to_string()))
}

fn damaged(why: &str) -> StoreError {
    StoreError::Damaged(why.to_owned())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::facts::{Experience, ExperienceKind, MessageKey};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn busy(sends: usize) -> Customer {
        let from = "0123456789abcdef0123456789abcdef".to_owned();
        let mut customer = Customer {
            record_id: Some("01934f3c-9a3e-7c7e-8a53-0123456789ab".into()),
            members: vec![Member { key: from.clone(), kind: AddressKind::Phone, at: at(0) }],
            zone: Some("Asia/Shanghai".into()),
            zone_told_at: Some(at(1)),
            language: Some(Language::Zh),
            language_told_at: Some(at(1)),
            last_now: Some(at(2)),
            ..Customer::default()
        };
        for n in 0..sends {
            customer.sends.push(SendEvent {
                id: Uuid::from_u128(0x0193_4f3c_9a3e_7c7e_8a53_0000_0000_0000 + n as u128).to_string(),
                at: at(n as i64 * 86_400),
                state: if n % 2 == 0 { SendState::Sent } else { SendState::Unknown },
                channel: if n % 3 == 0 { Channel::Sms } else { Channel::Email },
                class: Class::Ordinary,
                priority: if n % 3 == 0 { 800 } else { PRIORITY_NORMAL },
                stream: "newsletter".into(),
                department: Some(["sales", "售后"][n % 2].into()),
                campaign: Some(format!("2026-w{:02}", n / 4)),
                purpose: Some("promotion".into()),
                survey: None,
                survey_minutes: None,
                survey_reminder: false,
                content: Some((n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                offers: vec![ShownOffer {
                    product: Some(format!("BT-{}", n % 5)),
                    price: Some("299.00 CNY".parse().unwrap()),
                    exclusive: None,
                    family: Some(format!("p:BT-{}:", n % 5)),
                    ..ShownOffer::default()
                }],
                lease_until: None,
                from: from.clone(),
                attempt: Attempt::default(),
            });
        }
        customer
    }

    /// What the shop told leaves the ids of its events; what was sent does not.
    fn told(customer: &mut Customer, events: usize) {
        let from = customer.members[0].key.clone();
        for n in 0..events {
            let (product, order, price) = (format!("BT-{}", n % 5), Some(format!("O-{n:06}")), "299 CNY".parse().ok());
            let (at, from) = (at(n as i64 * 86_400), from.clone());
            match n % 2 {
                0 => customer.purchases.push(Purchase { order, product, price, at, from }),
                _ => {
                    let (kind, department) = (ExperienceKind::Delivered, None);
                    let product = Some(product);
                    customer.experiences.push(Experience { kind, product, order, department, at, from });
                }
            }
            customer.seen.push((n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
    }

    #[test]
    fn what_is_written_is_read_and_stays_small() {
        let mut customer = busy(14);
        told(&mut customer, 6);
        let document = encode(&customer).unwrap();
        assert_eq!(decode(&document).unwrap(), customer);
        assert!(document.len() <= 1_500, "{} bytes for a customer with 20 events", document.len());
        // A send of these minutes says more.
        let key = Some(MessageKey { hash: u64::MAX - 7, given: true });
        customer.sends[13].attempt = Attempt { key, owner: Some(7), times: 1, unanswered: true, released: true };
        assert_eq!(decode(&encode(&customer).unwrap()).unwrap(), customer);
    }

    #[test]
    fn a_document_of_the_first_format_is_read() {
        let mut customer = busy(2);
        customer.sends.iter_mut().for_each(|send| send.content = None);
        let mut older = encode(&customer).unwrap();
        older[0] = FORMAT_OLDEST;
        assert_eq!(decode(&older).unwrap(), customer);
    }

    #[test]
    fn sections_of_a_newer_build_survive_and_a_newer_format_is_refused() {
        let mut customer = busy(1);
        customer.extra.insert(200, vec![1, 2, 3]);
        let again = decode(&encode(&customer).unwrap()).unwrap();
        assert_eq!(again.extra[&200], [1, 2, 3]);
        let mut newer = encode(&customer).unwrap();
        newer[0] = FORMAT + 1;
        assert_eq!(decode(&newer), Err(StoreError::NewerFormat(FORMAT + 1)));
    }

    #[test]
    fn broken_bytes_are_an_error_never_a_panic() {
        let document = encode(&busy(3)).unwrap();
        for cut in 0..document.len() {
            assert!(decode(&document[..cut]).is_err(), "cut at {cut}");
        }
        for place in 1..document.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut broken = document.clone();
                broken[place] ^= flip;
                let _ = decode(&broken);
            }
        }
    }
}
