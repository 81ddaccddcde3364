//! Words on links and buttons: which belong to an offer, which to a survey, and which must stay whatever
//! goes.

/// Words by which a person can refuse: never taken away, not added twice. Only words that mean nothing
/// else: a parcel, too, can be 拒收.
const OPT_OUT_WORDS: [&str; 15] = [
    "unsubscribe",
    "opt out",
    "opt-out",
    "optout",
    "reply stop",
    "text stop",
    "stop to end",
    "退订",
    "退訂",
    "取消订阅",
    "取消訂閱",
    "拒收请回",
    "拒收請回",
    "回td",
    "回复td",
];

/// Links of these are a person's own business.
const OWN_BUSINESS: [&str; 24] = [
    "track",
    "order status",
    "your order",
    "my order",
    "invoice",
    "receipt",
    "account",
    "privacy",
    "preferences",
    "contact",
    "help",
    "cancel",
    "return",
    "物流",
    "快递",
    "快遞",
    "订单",
    "訂單",
    "发票",
    "發票",
    "账户",
    "帳戶",
    "隐私",
    "客服",
];

const BUY: [&str; 34] = [
    "shop",
    "buy",
    "order now",
    "get yours",
    "get it",
    "grab",
    "claim",
    "redeem",
    "add to",
    "offer",
    "deal",
    "save",
    "learn more",
    "details",
    "see more",
    "view",
    "check it out",
    "discover",
    "explore",
    "购",
    "購",
    "买",
    "買",
    "抢",
    "搶",
    "下单",
    "下單",
    "详情",
    "詳情",
    "领取",
    "領取",
    "领券",
    "去看看",
    "立即",
];

const ANSWER: [&str; 30] = [
    "survey",
    "feedback",
    "rate",
    "review",
    "questionnaire",
    "opinion",
    "answer",
    "tell us",
    "share",
    "take part",
    "start",
    "take the",
    "begin",
    "minutes",
    "问卷",
    "問卷",
    "调查",
    "調查",
    "调研",
    "調研",
    "评价",
    "評價",
    "评分",
    "評分",
    "打分",
    "填写",
    "填寫",
    "参与",
    "參與",
    "反馈",
];

/// Bare words of any button.
const ANY: [&str; 8] = ["click here", "tap here", "click", "tap", "点击", "點擊", "戳", "链接"];

/// What is taken away with its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goes {
    Offer,
    Survey,
}

/// True when `text` (or a link in it) lets a person refuse.
pub(super) fn has_opt_out(text: &str) -> bool {
    let text = text.to_lowercase();
    OPT_OUT_WORDS.iter().any(|word| text.contains(word))
}

/// True when a link with these words and this address belongs to what goes. `names` are words that name
/// it: an address that holds one is its page.
pub(super) fn belongs(goes: Goes, words: &str, address: &str, names: &[String]) -> bool {
    let (words, address) = (words.to_lowercase(), address.to_lowercase());
    let has = |list: &[&str]| list.iter().any(|word| words.contains(word));
    if has_opt_out(&words) || has_opt_out(&address) || has(&OWN_BUSINESS) {
        return false;
    }
    let own = if goes == Goes::Offer { &BUY[..] } else { &ANSWER[..] };
    has(own) || has(&ANY) || names.iter().any(|name| address.contains(name) || words.contains(name))
}
