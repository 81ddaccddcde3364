//! Who speaks of sales and makes none: news and consumer advice ("Is the January sale dead? What retailers told us",
//! 消保委发布调查结果：三成折扣…), friends ("sis, 50% off at Uniqlo, reply asap"), colleagues who weigh offers that others
//! made them (询价截止…您看定哪家). Their figures are nobody's discount, however plainly they are written.

use std::borrow::Cow;

use crate::understand::expression::{Expression, May, expression};
use crate::understand::reading::{Reading, Sentence};

/// Words of work looked at in one part.
const WORK_WORDS_MAX: usize = 32;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&NEWS, &CHAT, &PARENTS, &INTRODUCED, &HOUSE, &STAFF, &PLANNED, &OWN_HAND].into_iter()
}

/// True when a part reports of sales, as news and those who guard consumers do.
pub(in crate::understand) fn reports(reading: &Reading<'_>) -> bool {
    NEWS.is_in(&reading.heard.may, &reading.normal.text)
}

/// The same of one sentence: "Our testers loved it. 25% off everything" sells in the second.
pub(in crate::understand) fn reports_in(reading: &Reading<'_>, sentence: &Sentence) -> bool {
    NEWS.is_in(&sentence.may, reading.words(sentence))
}

/// The words without the parents that gifts are for: "spoil your mum" is what shops write, and mum is no friend's word.
pub(in crate::understand) fn without_parents<'w>(may: &May, words: &'w str) -> Cow<'w, str> {
    PARENTS.within(may).map_or(Cow::Borrowed(words), |parents| parents.replace_all(words, " "))
}

/// True when a part is worded as people speak among themselves of what others sell.
pub(in crate::understand) fn chats(reading: &Reading<'_>) -> bool {
    CHAT.is_in(&reading.heard.may, &reading.normal.text)
}

/// True when whoever writes says who they are, as small trades do: "Deb at Crumb & Co here", "Sandra @ Wags to Riches".
pub(in crate::understand) fn introduces(reading: &Reading<'_>) -> bool {
    INTRODUCED.is_in(&reading.heard.may, &reading.normal.text)
}

/// True when a part is of those who work or meet together, or a bill: minutes, payslips, statements. Nobody is offered
/// anything; most of what colleagues write is told by all its words (`leaning`).
pub(in crate::understand) fn is_of_the_house(reading: &Reading<'_>) -> bool {
    HOUSE.is_in(&reading.heard.may, &reading.normal.text)
}

/// True when a part greets those who sell, and not those who buy: 各仓主管:, 销售全体:. What staff may buy itself is told by
/// all its words.
pub(in crate::understand) fn is_to_staff(reading: &Reading<'_>) -> bool {
    STAFF.is_in(&reading.heard.may, &reading.normal.text)
}

/// True when a part is worded as those plan sales who work on them: 毛利掉了, banner字号, 晚班…牌子. Two words of work that
/// customers hear now and then make one that they never hear.
pub(in crate::understand) fn plans_sales(reading: &Reading<'_>) -> bool {
    const WORDS_MIN: usize = 2;
    if !reading.has_chinese() {
        return false;
    }
    let Some(regex) = PLANNED.within(&reading.heard.may) else { return false };
    let mut heard: Vec<&str> = Vec::new();
    for groups in regex.captures_iter(&reading.normal.text).take(WORK_WORDS_MAX) {
        let Some(word) = groups.get(0).map(|word| word.as_str()) else { continue };
        if groups.name("plain").is_some() {
            return true;
        }
        if !heard.contains(&word) {
            heard.push(word);
        }
    }
    heard.len() >= WORDS_MIN
}

/// True of "I've knocked 70 quid off": who lowers a price with their own hand sells.
pub(in crate::understand) fn lowers_by_own_hand(may: &May, words: &str) -> bool {
    OWN_HAND.is_in(may, words)
}

static OWN_HAND: Expression = expression!(
    r"(?-u:\b)(?:i|we)(?:'ve|'ll|'m|'re|'d| have| will| am| are| can)? (?:also |just |even |gladly |happily )?(?:knock(?:ed|ing)?|tak(?:e|ing)|took|chop(?:ped)?|giv(?:e|ing)|gave|offer(?:ing)?|doing|do|charg(?:e|ed|ing)|slash(?:ed)?|cut|dropp?(?:ed|ing)?|reduced) "
);

static INTRODUCED: Expression = expression!(
    r"^[^.!?:]{0,28}(?-u:\b)[a-z]{2,12} here(?:[.,!]| (?:from|at|in|@))|^[^.!?:]{0,28}(?:@|(?-u:\b)here (?:from|at)) [a-z]|^[^.!?:]{0,28}it'?s [a-z]{2,12} (?:from|at|@)(?-u:\b)|^[a-z'& ]{4,36} (?:-|--) |(?-u:\b)[a-z]{2,12},? (?:@|from the)[ a-z'&]{0,24}(?:, [a-z ]{2,20})?$"
);

static HOUSE: Expression = expression!(
    r"(?:^|\n)minutes (?:of|from)(?-u:\b)|(?-u:\b)(?:minutes attached|agm|annual general meeting|statement of account|remittance|minimum payment|payslip|offer of (?:employment|a place)|probation(?:ary)?|(?:settlement|prompt payment) discount)(?-u:\b)",
    // 采购部 小庞, 总务 惠君: of a firm, and of none of its shops.
    r"|(?:^|\n)[^\n，,。:!！?]{0,8}(?:采购|财务|人事|人力资源|行政|总务|设备|数据|物流|仓储|信息|法务|审计|资材|研发|工程|品控|质检|后勤|应付|应收|跟单|工务|商务支持|销售管理)(?:部|组|处|科|课|所|室|中心)?[ ][^\n ，,。:!！?]{2,4}(?: ?(?:敬上|谨启|上))?\s*$|请核示|请领导(?:审批|批示)",
);

static PLANNED: Expression = expression!(
    r"(?P<plain>排班|复盘|毛利|客单价|(?-u:\b)(?:gmv|kol|bug|banner)(?-u:\b)|同比|环比|报账|堆头|主视觉|甲方|竞品|供应商|周报|例会|共享盘|[初终]稿|物料|推广费|绩效|请转告|填错|挂成|压测|下印|超卖|样衣|核销率|超过权限|折扣权限|教育训练|调班|全渠道)",
    r"|审批|后台|改价|价签|店长|收银系统|上线|下线|备货|值班|晚班|早班|导购|预算|运营|数据|成本|总部|区域|上报|汇总|核销|进价|按钮|字号|logo|定价|打样|加班|收到回|收到请回|报备|牌子|补单|销售额|客服组|主会场|撤下|核算"
);

static STAFF: Expression = expression!(
    r"(?:^|\n)(?:各位(?:同事|同仁|店长|组长|主管|组员)|(?:全体|所有)(?:同事|员工|同仁|店员|店长|销售|伙伴)|(?:销售|客服|运营|财务|仓储|门店|团队|采购)(?:全体|的同学们|的同事们|各位)|各(?:区域|大区|部门|门店|店|仓|分店|小组)(?:经理|主管|店长|负责人|同事|注意)?)[们]?(?:好|早|早上好|辛苦了|请注意)?[:，,!！]|@(?:全体店员|全体员工|所有店长|各店长)"
);

static NEWS: Expression = expression!(
    r"(?-u:\b)(?:footfall (?:was|is|slipped|fell|rose|up|down)|retailers (?:told|say|said|admit)|what retailers|(?:the )?regulators?(?:'s| (?:say|said|warn|has|have))|(?:consumer|price) (?:council|association|watchdog)|trading standards (?:has|have|says?|officers?|warns?)|average (?:markdowns?|discounts?)|our (?:reviewers|testers|reporters?|correspondents?)|analysts (?:say|said|expect|warn)|(?:study|survey|report|poll|research|investigation) (?:finds|found|shows|showed|suggests|reveals|revealed)|(?:fake|misleading) (?:discounts?|sales?|deals?|offers?))(?-u:\b)",
    r"|消保委|消委会|消协|消费者(?:协会|委员会)|市场监[管督]|市监局|理性消费|虚构原价|先涨后降|虚假(?:折扣|优惠|促销|打折|宣传)|(?:调查|抽查|监测|研究)(?:结果)?(?:显示|发现|指出|表明)|记者(?:调查|发现|走访|获悉|了解|从)|据[^,，。]{0,8}报道|业内人士|专家(?:提醒|表示|建议|指出)|本期(?:导读|要目|看点)|读者来信|提醒(?:广大)?(?:民众|市民|消费者|网民|经营者|商家)[^。!]{0,16}(?:理性|谨慎|注意|警惕|规范|切勿|不要|不得)",
);

static PARENTS: Expression = expression!(
    r"(?-u:\b)(?:treat|spoil|surprise|pamper|for|every|gifts?|thank|celebrate|(?:mother|father)[’']?s?[’']? day)[ \n](?:(?:your|a|all|every|the|new|busy)[ \n])?(?:mums?|moms?|dads?)(?-u:\b)"
);

static CHAT: Expression = expression!(
    r"(?-u:\b)(?:had|have got|got) (?:it|them|those|these|the [a-z]+) (?:down )?(?:at |on |for |in the )?(?:half[- ]price|half off|offer|sale|[0-9]{1,2}% off|3 for 2) (?:last|the other|yesterday|when|in)(?-u:\b)|(?-u:\b)saw the (?:one|ones|[a-z]+) (?:you|u) (?:like|liked|want|wanted)(?-u:\b)|(?-u:\b)(?:came home with|(?:id|i'd) swear)(?-u:\b)|(?-u:\b)(?:kar liya|jaldi bol|lena hai kya|ko na ba|u want (?:me|one|help)|want me to (?:get|grab|buy|book|order|pick)|should (?:i|we) (?:get|grab|buy|book|order) (?:it|one|two|them|some|2)|on (?:the|your|ur) way home|can (?:you|u) (?:grab|get me|buy me)|sorry (?:mate|hun|babe|bro|sis|love|bru)|tell (?:mum|mom|dad|nan)|(?:dad|mum|mom|nan|he|she) (?:says?|said|reckons)|shall i (?:get|grab|buy|book|order)|did (?:you|u) see|(?:is|are|r|the [a-z ]{3,24}'s|(?:seen|saw|heard) [a-z' &]{2,28}) doing (?:an? )?(?:[a-z-]+ ){0,3}(?:half price|half-price|[0-9]{1,2}% off|2 for 1|two for one|bogof|sale))(?-u:\b)",
    r"|听说(?:没|了[吗没]|[^，,。]{0,6}[那这]家)|[，,]你去不去[?？]?$|幸亏没|幸好没|还好没买|(?:还|又|也|天天|前天|昨天|刚)给我发|要不要一起|^我刚?(?:刚|昨天|前天|才)?(?:看|查|问|买|去|逛)了|我还在犹豫|的话我就|^(?:领导|老板|经理)[,，:]|(?:周会|例会|会议)纪要|值班安排|[初终定样]稿|(?:法务|财务)[^，,。]{0,6}(?:没过|建议)|法务说|你?千万(?:不要|别)[打买点]|(?:阿嬷|外婆|奶奶|我妈|我爸|阿妈)说|您?看定?(?:选|定)?哪家",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Part, PartKind};

    fn read(text: &str, heard: fn(&Reading<'_>) -> bool) -> bool {
        let part = Part { kind: PartKind::Plain, text: text.to_owned() };
        heard(&Reading::of(0, &part))
    }

    #[test]
    fn news_of_sales_is_none() {
        for text in [
            "Is the January sale dead? What retailers told us",
            "Average markdowns rose from 31% to 38%.",
            "The regulator's new pricing rules explained",
            "Our reviewers checked which 70% off deals are real",
            "A study finds that half of all sales are none",
            "Trading Standards has warned of fake discounts",
            "消保委發布網購調查結果：三成「限時折扣」活動結束後價格未變",
            "不得虚构原价、虚假折扣",
            "记者调查：“5折”前先涨价",
            "专家提醒：双十一理性消费",
        ] {
            assert!(read(text, reports), "{text}");
        }
        for text in [
            "50% off, and yes, this sale is real",
            "Gas regulators 20% off",
            "Read the full story, then save 10%",
            "本店明码标价，全场8折",
            "3·15消费者权益日，全场5折",
            "专家门诊体检套餐8折",
        ] {
            assert!(!read(text, reports), "{text}");
        }
    }

    #[test]
    fn colleagues_speak_of_sales_among_themselves() {
        for text in [
            "王工:\n三家都回了,佳禾 2.91元/个,免费送货。\n采购部 小庞",
            "年终餐叙订于12/30,餐厅85折。\n总务 惠君",
            "每坪由1,480元降至1,395元,请核示。\n工务所 简志豪 敬上",
        ] {
            assert!(read(text, is_of_the_house), "{text}");
        }
        for text in ["各位老客户:\n全场8折。\n采购热线 400", "会员特惠8折。\n销售部 小庞", "设备8折,速来。\n老周五金"]
        {
            assert!(!read(text, is_of_the_house), "{text}");
        }
        for text in ["各仓主管:\n月结9.5折取消。", "销售全体:\n权限外的折扣走审批。", "各区域经理:\n请提交返利申请。"]
        {
            assert!(read(text, is_to_staff), "{text}");
        }
        for text in ["各位街坊:\n全场8折。", "各位老客户:\n8折。", "各门店同步8折"] {
            assert!(!read(text, is_to_staff), "{text}");
        }
    }

    #[test]
    fn who_plans_sales_makes_no_offer() {
        for text in [
            "毛利率掉了4.2个点,主要是买二送一拉的",
            "刘姐,甲方说满300减50那行字要再大一号",
            "明天618大促排班:早班阿珍;第二件半价的牌子要插好",
            "年会礼品投影仪便宜四百,预算卡得紧,审批我来补",
            "價簽打錯了,8折的那幾張請晚班換掉",
        ] {
            assert!(read(text, plans_sales), "{text}");
        }
        for text in [
            "后台只给我批了800单,粉底液159两支",
            "店长推荐:全场8折",
            "成本价清仓,8折",
            "我们财务31日关账,补贴1.5万",
            "总部直供,买二送一",
        ] {
            assert!(!read(text, plans_sales), "{text}");
        }
    }

    #[test]
    fn who_gives_to_parents_is_no_friend() {
        for (text, wanted) in [
            ("treat your mum to brunch", "  to brunch"),
            ("gifts for dad from £9", "gifts   from £9"),
            ("mum, are you home?", "mum, are you home?"),
            ("tell your dad to ring me", "tell your dad to ring me"),
        ] {
            let folded = |words: &str| words.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(folded(&without_parents(&May::ANY, text)), folded(wanted), "{text}");
        }
    }

    #[test]
    fn who_speaks_of_an_offer_makes_none() {
        for text in [
            "Sis naubos na yung 50% off, bilhin ko na ba?",
            "bhai ticket book kar liya kya? BOGO khatam ho jayega, jaldi bol",
            "Boots has 3 for 2, want me to get some?",
            "20% off at Tesco til 6, can u grab nappies",
            "just seen threadbare doing 50% off today only",
            "the hardware store's doing a closing down sale 70% off everything",
            "sorry bru the special rate was only till this morning",
            "听说没，那个健身房跑路了，前天还给我发“年卡5折”，幸亏没买",
            "领导，A家88元包邮，B家满100份打九折，您看定哪家？",
            "听说那家健身房年卡砍一半了,你去不去",
            "法务说五折海报要写清起止日期，物料周三下厂",
            "周会纪要：双十一折扣方案阿萌周四出初稿",
            "各位，大促周末值班安排如下，优惠券服务已扩容",
            "阿嬷说电视购物买一送一，你千万不要打",
        ] {
            assert!(read(text, chats), "{text}");
        }
        for text in
            ["Want a table? 20% off tonight", "你要的5折来了", "Shall we save you a seat? 10% off", "领导力课程8折"]
        {
            assert!(!read(text, chats), "{text}");
        }
    }
}
