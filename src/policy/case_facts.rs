//! What a case says is known: the customer's history, the brand's own facts, and how far back each goes.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Window;
use super::case_spec::{CaseSpec, MessageSpec, Moment, PastSpec};
use super::cases::{Shop, read};
use crate::decide::{claim_additions, named, shown_offers};
use crate::facts::{
    Attempt, BrandFacts, Browsed, Complaint, Customer, Experience, FactKind, Facts, HeldSend, Known, Named, OptOutFact,
    Preference, PriceAlert, Purchase, Return, SendEvent, SendState, SurveyFact, SurveyStep, Why, brand,
};
use crate::message::{Channel, PRIORITY_NORMAL};
use crate::understand::{Catalogue, Item, Meaning};

/// The shop's catalogue.
pub(super) fn catalogue(spec: &CaseSpec) -> Catalogue {
    let items = spec.catalogue.iter().cloned();
    Catalogue::new(items.map(|item| Item {
        sku: item.sku.trim().to_uppercase(),
        names: item.names,
        category: item.category.map(|category| category.to_lowercase()),
        url: item.url,
        list_price: item.list_price,
        goods: item.goods,
    }))
}

/// What a decision about the message may look at: of the brand's own facts those that it names, as in the
/// gateway.
pub(super) fn facts(spec: &CaseSpec, meaning: &Meaning, shop: &Shop) -> Result<Facts, String> {
    let mut customer = Customer { zone: spec.recipient_zone.clone(), ..Customer::default() };
    for (number, past) in spec.history.iter().enumerate() {
        add(&mut customer, past, number, spec.now.0, shop).map_err(|why| format!("history {}: {why}", number + 1))?;
    }
    let mut facts = Facts::of(customer);
    facts.brand_zone = shop.zone.clone();
    if let Some(Moment(installed, _)) = spec.installed {
        facts.known_since.values_mut().for_each(|since| *since = installed);
    }
    facts.known_since.extend(spec.known_since.iter().map(|(kind, Moment(at, _))| (*kind, *at)));
    facts.known_since.retain(|kind: &FactKind, _| !spec.never_told.contains(kind));
    facts.brand = Known::Known(brand_facts(spec, &named(meaning))?);
    if let Known::Known(claims) = &mut facts.claims {
        for claim in &spec.claimed {
            let ago = claim.ago.ok_or("what was claimed before has an `ago`")?;
            let then = ago.before(spec.now.0);
            let (message, meaning) = read(claim, then, shop)?;
            for addition in claim_additions(then, &message, &meaning) {
                claims.entry(addition.family.clone()).or_default().add(&addition);
            }
        }
    }
    if spec.refusals_remembered && !spec.store_down {
        return Err("`refusals_remembered` goes with `store_down`: else the store is asked".into());
    }
    if spec.store_down {
        if let (Known::Known(customer), true) = (&facts.customer, spec.refusals_remembered) {
            facts.remembered = customer.opt_outs.clone();
        }
        facts.customer = Known::Unknown(Why::StoreDown);
        facts.claims = Known::Unknown(Why::StoreDown);
        facts.brand = Known::Unknown(Why::StoreDown);
    }
    Ok(facts)
}

fn brand_facts(spec: &CaseSpec, named: &Named) -> Result<BrandFacts, String> {
    let now = spec.now.0;
    let (mut vouchers, mut stock, mut prices) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (number, told) in spec.vouchers.iter().enumerate() {
        let at = when(told.ago, told.at, now).map_err(|why| format!("vouchers {}: {why}", number + 1))?;
        let steps: &mut Vec<_> = vouchers.entry(brand::code(&told.code)).or_default();
        steps.push((told.step, at));
        steps.sort_by_key(|(step, at)| (*at, *step));
    }
    for (number, told) in spec.stock.iter().enumerate() {
        let at = when(told.ago, told.at, now).map_err(|why| format!("stock {}: {why}", number + 1))?;
        let figures: &mut Vec<_> = stock.entry(told.product.trim().to_uppercase()).or_default();
        figures.push((at, told.left));
        figures.sort_unstable();
    }
    for (number, told) in spec.prices.iter().enumerate() {
        let at = when(told.ago, told.at, now).map_err(|why| format!("prices {}: {why}", number + 1))?;
        let prices: &mut Vec<_> = prices.entry(told.product.trim().to_uppercase()).or_default();
        prices.push((at, told.price));
        prices.sort_by_key(|(at, _)| *at);
    }
    vouchers.retain(|code, _| named.vouchers.contains(code));
    stock.retain(|sku, _| named.stock.contains(sku));
    prices.retain(|sku, _| named.prices.contains(sku));
    let restocked = stock.iter().filter_map(|(sku, figures)| Some((sku.clone(), brand::restocked(figures)?))).collect();
    let stock = stock.into_iter().filter_map(|(sku, figures)| Some((sku, *figures.last()?))).collect();
    Ok(BrandFacts { vouchers, stock, restocked, prices })
}

fn when(ago: Option<Window>, at: Option<Moment>, now: Timestamp) -> Result<Timestamp, String> {
    match (ago, at) {
        (Some(ago), None) => Ok(ago.before(now)),
        (None, Some(Moment(at, _))) => Ok(at),
        _ => Err("say when: `ago = \"2 days\"` or `at = …`, one of them".into()),
    }
}

/// A message sent before, as the gateway would have written it down.
fn sent(past: &PastSpec, purpose: &str, number: usize, at: Timestamp, shop: &Shop) -> Result<SendEvent, String> {
    let channel = past.channel.ok_or("say on which `channel`")?;
    let spec = MessageSpec {
        channel,
        to: None,
        ago: None,
        headers: BTreeMap::new(),
        subject: past.subject.clone(),
        text: past.text.clone(),
        html: None,
        unreadable: None,
        brand: None,
        class: past.class.unwrap_or_default(),
        priority: None,
        purpose: Some(purpose.to_owned()),
        department: past.department.clone(),
        campaign: past.campaign.clone(),
        survey: past.survey.clone(),
        survey_reminder: past.survey_reminder,
        offers: past.offers.clone(),
    };
    let (_, meaning) = read(&spec, at, shop)?;
    let mut offers = shown_offers(&meaning);
    if offers.is_empty() && (past.pressing || past.ends.is_some()) {
        return Err("`pressing` and `ends` are about offers: give `offers`, or a `text` that makes one".into());
    }
    for offer in &mut offers {
        offer.pressing |= past.pressing;
        offer.ends = past.ends.map(|Moment(ends, _)| ends).or(offer.ends);
    }
    let survey = meaning.surveys.first();
    Ok(SendEvent {
        id: format!("sent-{number}"),
        at,
        state: past.state.unwrap_or(SendState::Sent),
        channel,
        class: past.class.unwrap_or_default(),
        priority: past.priority.unwrap_or(PRIORITY_NORMAL),
        stream: "case".into(),
        department: past.department.clone(),
        campaign: past.campaign.clone(),
        purpose: Some(purpose.to_owned()),
        survey: survey.map(|survey| survey.id.clone().unwrap_or_else(|| "?".into())),
        survey_minutes: past.minutes.or(survey.and_then(|survey| survey.minutes)),
        survey_reminder: past.survey_reminder || survey.is_some_and(|survey| survey.reminder),
        content: meaning.fingerprint,
        offers,
        lease_until: None,
        from: FROM.into(),
        attempt: Attempt::default(),
    })
}

/// The address of every case.
const FROM: &str = "case";

fn add(customer: &mut Customer, past: &PastSpec, number: usize, now: Timestamp, shop: &Shop) -> Result<(), String> {
    let from = FROM.to_owned();
    let at = match (past.ago, past.at) {
        (None, None) if past.held.is_some() => now,
        (ago, at) => when(ago, at, now)?,
    };
    let scope = |word: &str| match word {
        "all" => Ok(None),
        "email" => Ok(Some(Channel::Email)),
        "sms" => Ok(Some(Channel::Sms)),
        other => Err(format!("`{other}` is not `all`, `email` or `sms`")),
    };
    let mut refusal = |channel: Option<Channel>, refused: bool, why: &str| {
        let (purpose, why, from) = (past.purpose.clone(), why.to_owned(), from.clone());
        customer.opt_outs.push(OptOutFact { channel, purpose, refused, why, at, from });
    };
    let channel = || past.channel.ok_or("say on which `channel`");
    if let Some(purpose) = &past.sent {
        customer.sends.push(sent(past, purpose, number, at, shop)?);
    } else if let Some(due) = past.held {
        let (due, expires) = (due.after(now), Window::days(30).after(now));
        let (channel, attempt) = (channel()?, Attempt::default());
        let priority = past.priority.unwrap_or(PRIORITY_NORMAL);
        let held = HeldSend { id: format!("held-{number}"), due, expires, channel, priority, attempt };
        customer.held.push(held);
    } else if let Some(product) = &past.purchase {
        let (product, order) = (product.to_uppercase(), past.order.clone());
        customer.purchases.push(Purchase { order, product, price: past.price, at, from });
    } else if let Some(product) = &past.returned {
        let (product, order) = (product.to_uppercase(), past.order.clone());
        customer.returns.push(Return { order, product, at, from });
    } else if let Some(survey) = &past.survey {
        let (step, department) = (past.step.unwrap_or(SurveyStep::Invited), past.department.clone());
        customer.surveys.push(SurveyFact { survey: survey.clone(), department, step, minutes: past.minutes, at, from });
    } else if let Some(kind) = past.experience {
        let (product, order) = (past.product.as_ref().map(|sku| sku.to_uppercase()), past.order.clone());
        let department = past.department.clone();
        customer.experiences.push(Experience { kind, product, order, department, at, from });
    } else if let Some(product) = &past.price_alert {
        customer.price_alerts.push(PriceAlert { product: product.to_uppercase(), at, from });
    } else if let Some(browsed) = &past.browsed {
        let topic = browsed.topic.as_ref().map(|topic| topic.to_lowercase());
        let product = browsed.product.as_ref().map(|sku| sku.to_uppercase());
        if topic.is_none() && product.is_none() {
            return Err("say what was looked at: `browsed = { topic = \"shoes\" }`, or `product`".into());
        }
        customer.browsed.push(Browsed { topic, product, at, from });
    } else if let Some(id) = &past.complaint {
        let closed_at = past.closed.map(|closed| closed.before(now));
        customer.complaints.push(Complaint { id: id.clone(), opened_at: Some(at), closed_at, from });
    } else if let Some(word) = &past.opt_out {
        refusal(scope(word)?, true, "opt-out");
    } else if let Some(word) = &past.consent {
        refusal(scope(word)?, false, "consent");
    } else if let Some(channel) = past.bounce {
        refusal(Some(channel), true, "bounce");
    } else if let Some(channel) = past.spam_complaint {
        refusal(Some(channel), true, "spam-complaint");
    } else if past.wants.is_empty() && past.avoids.is_empty() {
        return Err("say what happened: purchase, returned, survey, complaint, opt_out, consent, bounce, \
                    spam_complaint, wants, avoids, experience, price_alert, browsed, sent or held"
            .into());
    } else {
        let word = |topic: &String, wanted| Preference { topic: topic.to_lowercase(), wanted, at, from: from.clone() };
        customer.preferences.extend(past.wants.iter().map(|topic| word(topic, true)));
        customer.preferences.extend(past.avoids.iter().map(|topic| word(topic, false)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{ExperienceKind, VoucherStep};
    use crate::message::Money;
    use crate::understand::{Confidence, Discount, DiscountTold, UrgencyClaim, UrgencyKind};
    use crate::understand::{Offer, ProductLinks, Source, VoucherKind, VoucherTold};

    fn case(text: &str) -> CaseSpec {
        let head = "name = \"n\"\nnow = 2026-11-20T10:00:00+08:00\nmessage = { channel = \"sms\", text = \"在\" }\nexpect = \"pass\"\n";
        toml::from_str(&format!("{head}{text}")).unwrap()
    }

    fn shop(spec: &CaseSpec) -> Shop {
        let zone = jiff::tz::TimeZone::fixed(spec.now.1);
        Shop { zone, links: ProductLinks::default(), catalogue: catalogue(spec) }
    }

    fn known(text: &str, meaning: &Meaning) -> Result<Facts, String> {
        let spec = case(text);
        facts(&spec, meaning, &shop(&spec))
    }

    /// A message that names a voucher, and hurries for a product whose price was dearer.
    fn naming() -> Meaning {
        let (source, confidence, spans) = (Source::Text, Confidence(90), Vec::new());
        let code = Some("GIFT1".to_owned());
        let voucher =
            VoucherTold { kind: VoucherKind::GiftCard, code, expires: None, source, confidence, spans: spans.clone() };
        let urgency =
            UrgencyClaim { kind: UrgencyKind::Scarcity, left: Some(3), source, confidence, spans: spans.clone() };
        let offer = Offer {
            product: Some("BT-200".to_owned()),
            id: None,
            price: None,
            list_price: None,
            usual_price: None,
            percent_off: Some(20),
            ends: None,
            exclusive: None,
            pieces: None,
            goods: Default::default(),
            category: None,
            simhash: None,
            source,
            confidence,
            spans: spans.clone(),
        };
        let discount = DiscountTold { discount: Discount::Percent(20), source, confidence, spans };
        Meaning {
            offers: vec![offer],
            vouchers: vec![voucher],
            urgencies: vec![urgency],
            discounts: vec![discount],
            ..Meaning::default()
        }
    }

    #[test]
    fn a_case_tells_of_the_brands_own_facts_as_far_as_the_message_names_them() {
        let text = r#"
            vouchers  = [{ code = "gift-1", step = "redeemed", ago = "1 day" }, { code = "GIFT1", step = "issued", ago = "9 days" }]
            stock     = [{ product = "bt-200", left = 40, ago = "1 hour" }, { product = "BT-200", left = 3, ago = "2 hours" }]
            prices    = [{ product = "bt-200", price = "299 CNY", ago = "5 days" }, { product = "bt-200", price = "399 CNY", ago = "40 days" }]
            catalogue = [{ sku = "bt-200", names = ["蓝牙车载播放器"], category = "Audio", goods = "durable", list_price = "399 CNY" }]
        "#;
        let facts = known(text, &naming()).unwrap();
        let brand = facts.brand().unwrap();
        assert_eq!(brand.voucher("GIFT1").map(|(step, _)| step), Some(VoucherStep::Redeemed));
        assert_eq!(brand.stock["BT-200"].1, 40);
        let prices: Vec<Money> = brand.prices["BT-200"].iter().map(|(_, price)| *price).collect();
        assert_eq!(prices, ["399 CNY", "299 CNY"].map(|text| text.parse().unwrap()));
        assert_eq!(known(text, &Meaning::default()).unwrap().brand(), Ok(&BrandFacts::default()), "as in the gateway");
        assert_eq!(known(&format!("store_down = true\n{text}"), &naming()).unwrap().brand(), Err(Why::StoreDown));
        let spec = case(text);
        assert_eq!(shop(&spec).catalogue.item("BT-200").and_then(|item| item.category.as_deref()), Some("audio"));
        let why = known(r#"stock = [{ product = "A", left = 1 }]"#, &naming()).unwrap_err();
        assert!(why.starts_with("stock 1: say when"), "{why}");
        let why = known("refusals_remembered = true", &naming()).unwrap_err();
        assert!(why.contains("goes with `store_down`"), "{why}");
    }

    #[test]
    fn a_case_tells_what_the_customer_went_through_and_what_was_sent() {
        let text = r#"
            history = [
              { experience = "delivered", product = "bt-200", order = "O-1", department = "物流", ago = "3 days" },
              { price_alert = "bt-200", ago = "4 days" },
              { browsed = { topic = "Shoes" }, ago = "5 days" },
              { survey = "nps", step = "invited", minutes = 8, ago = "6 days" },
              { sent = "promotion", channel = "sms", ago = "1 day", text = "在吗" },
              { sent = "promotion", channel = "sms", ago = "2 days", pressing = true, ends = 2026-11-22T00:00:00+08:00,
                offers = [{ product = "bt-200", price = "299 CNY" }] },
              { sent = "survey", channel = "email", ago = "3 days", survey = "csat", survey_reminder = true },
            ]
        "#;
        let facts = known(text, &Meaning::default()).unwrap();
        let customer = facts.customer().unwrap();
        let experience = &customer.experiences[0];
        assert_eq!((experience.kind, experience.product.as_deref()), (ExperienceKind::Delivered, Some("BT-200")));
        assert_eq!(customer.price_alerts[0].product, "BT-200");
        assert_eq!((customer.browsed[0].topic.as_deref(), customer.surveys[0].minutes), (Some("shoes"), Some(8)));
        let spec = case("");
        let (_, same) =
            read(&MessageSpec { text: Some("在吗？".into()), ..spec.message.clone() }, spec.now.0, &shop(&spec))
                .unwrap();
        assert!(same.fingerprint.is_some() && customer.sends[0].content == same.fingerprint, "the same words");
        let offer = &customer.sends[1].offers[0];
        assert!(offer.pressing && offer.ends == "2026-11-22T00:00:00+08:00".parse().ok() && offer.family.is_some());
        assert!(customer.sends[2].survey_reminder && customer.sends[2].survey.as_deref() == Some("csat"));
        let bare = r#"history = [{ sent = "promotion", channel = "sms", ago = "1 day", pressing = true }]"#;
        assert!(known(bare, &Meaning::default()).unwrap_err().contains("about offers"));
    }
}
