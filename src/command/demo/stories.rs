//! The five stories of the design, as data: what the shop tells, what its tools send, and what must
//! become of each message. Every harm that is stopped has an honest twin that passes.

use crate::message::Language;

/// A sentence in both languages.
#[derive(Debug, Clone, Copy)]
pub struct Said {
    /// English.
    pub en: &'static str,
    /// Chinese.
    pub zh: &'static str,
}

impl Said {
    /// In that language.
    pub fn to(&self, language: Language) -> &'static str {
        match language {
            Language::En => self.en,
            Language::Zh => self.zh,
        }
    }
}

/// The person of a story who meets the harm, and the one for whom the same message is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Meets the harm.
    Harmed,
    /// The honest twin.
    Twin,
}

/// The door a tool uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A mail server's submission.
    Smtp,
    /// SendGrid's API.
    SendGrid,
    /// Twilio's API.
    Twilio,
}

/// What must become of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Passes, byte for byte.
    Pass,
    /// Blocked by a rule of this guard.
    Block(&'static str),
    /// Held, by a rule of this guard.
    Delay(&'static str),
}

/// One step of a story.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// The shop tells a fact: an event without id, time and customer.
    Told(Who, Said, &'static str),
    /// Time passes.
    Hours(i64),
    /// A tool sends.
    Sent {
        /// To whom.
        to: Who,
        /// Through which door.
        door: Door,
        /// Whose tool it is.
        by: Said,
        /// The subject of a mail.
        subject: Said,
        /// The text.
        text: Said,
        /// What the tool declares, as `Tactgate-*` header fields.
        declared: &'static [(&'static str, &'static str)],
        /// What must become of it.
        expect: Expect,
    },
}

/// One of the five mistakes, told.
#[derive(Debug, Clone, Copy)]
pub struct Story {
    /// Its name.
    pub title: Said,
    /// Its steps.
    pub steps: &'static [Step],
}

const NO_SUBJECT: Said = Said { en: "", zh: "" };
const MARKETING: Said = Said { en: "marketing", zh: "市场部" };
const SHOP: Said = Said { en: "the web shop's tool", zh: "商城的营销工具" };
const SMS_TOOL: Said = Said { en: "the SMS tool", zh: "短信工具" };

/// The stories, in the design's order.
pub const STORIES: &[Story] = &[ONE_BAD_CHANNEL, IGNORED_PREFERENCES, COMPETING_OFFERS, SURVEY_ABUSE, INVENTED_URGENCY];

const SPRING: Said = Said {
    en: "Our spring collection is here: jackets from $49. Reply STOP to opt out.",
    zh: "【某某商城】春季新品上市，外套49元起，欢迎选购。回T退订",
};
const SPRING_SUBJECT: Said = Said { en: "Our spring collection", zh: "春季新品" };

const ONE_BAD_CHANNEL: Story = Story {
    title: Said { en: "1. One bad channel hurts all", zh: "一、一个渠道犯错，所有渠道受累" },
    steps: &[
        Step::Told(
            Who::Harmed,
            Said {
                en: "the gift card was already used by the clerk; the customer complains (ticket T-7)",
                zh: "礼品卡早被店员用掉，顾客投诉（工单T-7）",
            },
            r#"{"type":"complaint-opened","ticket":"T-7"}"#,
        ),
        Step::Sent {
            to: Who::Harmed,
            door: Door::Smtp,
            by: MARKETING,
            subject: SPRING_SUBJECT,
            text: SPRING,
            declared: &[("Tactgate-Purpose", "promotion")],
            expect: Expect::Block("open_complaint"),
        },
        Step::Sent {
            to: Who::Twin,
            door: Door::Smtp,
            by: MARKETING,
            subject: SPRING_SUBJECT,
            text: SPRING,
            declared: &[("Tactgate-Purpose", "promotion")],
            expect: Expect::Pass,
        },
        Step::Told(
            Who::Harmed,
            Said { en: "the customer unsubscribes on the web site", zh: "顾客在网站上退订" },
            r#"{"type":"opt-out"}"#,
        ),
        Step::Sent {
            to: Who::Harmed,
            door: Door::Twilio,
            by: SMS_TOOL,
            subject: NO_SUBJECT,
            text: SPRING,
            declared: &[("Tactgate-Purpose", "promotion")],
            expect: Expect::Block("suppression"),
        },
    ],
};

const BAGS: Said = Said {
    en: "New leather bags, $79 each. Reply STOP to opt out.",
    zh: "【某某商城】真皮包包上新，79元一只。回T退订",
};
const BAGS_SUBJECT: Said = Said { en: "New bags", zh: "包包上新" };
const GADGETS: Said = Said {
    en: "Laptops and phones: $79 off every tablet. Reply STOP to opt out.",
    zh: "【某某商城】手机电脑平板立减79元。回T退订",
};
const GADGETS_SUBJECT: Said = Said { en: "Electronics sale", zh: "数码特卖" };

const IGNORED_PREFERENCES: Story = Story {
    title: Said { en: "2. Ignored preferences", zh: "二、无视偏好" },
    steps: &[
        Step::Told(
            Who::Harmed,
            Said {
                en: "asked for shoes, clothes and bags; never electronics", zh: "只想看鞋、衣服和包，不要数码产品"
            },
            r#"{"type":"preference","wants":["shoes","clothes","bags"],"avoids":["electronics"]}"#,
        ),
        Step::Sent {
            to: Who::Harmed,
            door: Door::SendGrid,
            by: SHOP,
            subject: GADGETS_SUBJECT,
            text: GADGETS,
            declared: &[],
            expect: Expect::Block("preference"),
        },
        Step::Sent {
            to: Who::Harmed,
            door: Door::SendGrid,
            by: SHOP,
            subject: BAGS_SUBJECT,
            text: BAGS,
            declared: &[],
            expect: Expect::Pass,
        },
    ],
};

const PLAYER_SMS: Said = Said {
    en: "Bluetooth car player BT-200 now 299 CNY only. Reply STOP to opt out.",
    zh: "【某某商城】蓝牙车载播放器BT-200限时299元，回T退订",
};
const PLAYER_MAIL: Said = Said {
    en: "The bluetooth car player BT-200 is yours for 279 CNY. Unsubscribe: https://shop.example/u",
    zh: "蓝牙车载播放器BT-200现在只要279元。退订：https://shop.example/u",
};
const PLAYER_SUBJECT: Said = Said { en: "BT-200 for 279 CNY", zh: "BT-200只要279元" };

const COMPETING_OFFERS: Story = Story {
    title: Said {
        en: "3. Competing offers below the price just paid", zh: "三、刚买就降价，渠道互相打架"
    },
    steps: &[
        Step::Told(
            Who::Harmed,
            Said {
                en: "buys the player BT-200 in the shop for 399 CNY", zh: "在店里以399元买了车载播放器BT-200"
            },
            r#"{"type":"purchase","product":"BT-200","price":"399 CNY","order":"O-31"}"#,
        ),
        Step::Hours(48),
        Step::Sent {
            to: Who::Harmed,
            door: Door::Twilio,
            by: SMS_TOOL,
            subject: NO_SUBJECT,
            text: PLAYER_SMS,
            declared: &[],
            expect: Expect::Block("below_price_paid"),
        },
        Step::Sent {
            to: Who::Harmed,
            door: Door::SendGrid,
            by: SHOP,
            subject: PLAYER_SUBJECT,
            text: PLAYER_MAIL,
            declared: &[],
            expect: Expect::Block("below_price_paid"),
        },
        Step::Sent {
            to: Who::Twin,
            door: Door::Twilio,
            by: SMS_TOOL,
            subject: NO_SUBJECT,
            text: PLAYER_SMS,
            declared: &[],
            expect: Expect::Pass,
        },
        Step::Sent {
            to: Who::Twin,
            door: Door::Smtp,
            by: SHOP,
            subject: PLAYER_SUBJECT,
            text: PLAYER_MAIL,
            declared: &[],
            expect: Expect::Block("price_conflict"),
        },
    ],
};

const SURVEY_A: Said = Said {
    en: "How was your delivery? Please take our survey: https://www.surveymonkey.com/r/after-sales",
    zh: "您对本次送货满意吗？请填写满意度问卷：https://www.wjx.cn/vm/aftersales.aspx",
};
const SURVEY_B: Said = Said {
    en: "Tell us what you think of our brand. Take the survey: https://www.surveymonkey.com/r/brand",
    zh: "诚邀您参与品牌调研，请填写问卷：https://www.wjx.cn/vm/brand.aspx",
};
const SURVEY_SUBJECT: Said = Said { en: "Two minutes for a survey?", zh: "邀请您填写问卷" };

const SURVEY_ABUSE: Story = Story {
    title: Said { en: "4. Survey abuse", zh: "四、滥发问卷" },
    steps: &[
        Step::Sent {
            to: Who::Harmed,
            door: Door::Smtp,
            by: Said { en: "after-sales", zh: "售后部" },
            subject: SURVEY_SUBJECT,
            text: SURVEY_A,
            declared: &[("Tactgate-Department", "after-sales")],
            expect: Expect::Pass,
        },
        Step::Hours(24),
        Step::Sent {
            to: Who::Harmed,
            door: Door::SendGrid,
            by: MARKETING,
            subject: SURVEY_SUBJECT,
            text: SURVEY_B,
            declared: &[("Tactgate-Department", "marketing")],
            expect: Expect::Block("survey_fatigue"),
        },
        Step::Sent {
            to: Who::Twin,
            door: Door::SendGrid,
            by: MARKETING,
            subject: SURVEY_SUBJECT,
            text: SURVEY_B,
            declared: &[("Tactgate-Department", "marketing")],
            expect: Expect::Pass,
        },
    ],
};

const CLEARANCE: Said = Said {
    en: "Clearance: all coats CT-9 at 199 CNY, this weekend only! Unsubscribe: https://shop.example/u",
    zh: "清仓！大衣CT-9全部199元，仅限本周末！退订：https://shop.example/u",
};
const CLEARANCE_SUBJECT: Said = Said { en: "Clearance ends this weekend", zh: "清仓仅限本周末" };
const HONEST: Said = Said {
    en: "Scarves SC-3 at 59 CNY until December 10, 2026. Unsubscribe: https://shop.example/u",
    zh: "围巾SC-3特价59元，截至2026年12月10日。退订：https://shop.example/u",
};
const HONEST_SUBJECT: Said = Said { en: "Scarves until December 10", zh: "围巾特价至12月10日" };

const INVENTED_URGENCY: Story = Story {
    title: Said { en: "5. Invented urgency", zh: "五、虚构紧迫" },
    steps: &[
        Step::Sent {
            to: Who::Harmed,
            door: Door::Smtp,
            by: SHOP,
            subject: CLEARANCE_SUBJECT,
            text: CLEARANCE,
            declared: &[],
            expect: Expect::Pass,
        },
        Step::Sent {
            to: Who::Twin,
            door: Door::SendGrid,
            by: SHOP,
            subject: HONEST_SUBJECT,
            text: HONEST,
            declared: &[],
            expect: Expect::Pass,
        },
        Step::Hours(7 * 24),
        Step::Sent {
            to: Who::Harmed,
            door: Door::Smtp,
            by: SHOP,
            subject: CLEARANCE_SUBJECT,
            text: CLEARANCE,
            declared: &[],
            expect: Expect::Block("false_deadline"),
        },
        Step::Sent {
            to: Who::Twin,
            door: Door::SendGrid,
            by: SHOP,
            subject: HONEST_SUBJECT,
            text: HONEST,
            declared: &[],
            expect: Expect::Pass,
        },
        Step::Hours(12),
        Step::Sent {
            to: Who::Twin,
            door: Door::Twilio,
            by: SMS_TOOL,
            subject: NO_SUBJECT,
            text: SPRING,
            declared: &[("Tactgate-Purpose", "promotion")],
            expect: Expect::Delay("quiet_hours"),
        },
    ],
};
