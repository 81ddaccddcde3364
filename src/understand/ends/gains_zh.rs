//! What does whoever comes in time gain, in plain Chinese? 免费刻字, 减200元, 赠阅6期, 买贵退差: no word of sale, and an
//! offer all the same, so that its period is told: 凡于11月1日至12月31日购买…可享免费刻字. Bills, orders and
//! appointments tell days in the same words, and give nothing.

use crate::understand::expression::{Expression, expression};
use crate::understand::kind::tally::Tally;
use crate::understand::reading::{Reading, Sentence};

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&GIVES, &TELLS, &SPEAKS_TO_MANY, &NAMES_A_TERM, &WARNS, &SIGN_UP_UNTIL, &TAKES_IN, &TAKES_NOBODY_IN].into_iter()
}

/// Whether a sentence gives something to whoever comes.
pub(in crate::understand) fn gives(reading: &Reading<'_>, sentence: &Sentence) -> bool {
    GIVES.is_in(&sentence.may, reading.words(sentence))
}

/// Whether a message gives, and tells of nothing done, due or fixed.
fn are_given(readings: &[Reading<'_>]) -> bool {
    let any = |expression: &Expression| {
        readings.iter().any(|reading| expression.is_in(&reading.heard.may, &reading.normal.text))
    };
    any(&GIVES) && !any(&TELLS)
}

/// The same, by somebody who sells or speaks to many: friends pass vouchers on, too (写的4月13号到期,给你了).
pub(in crate::understand) fn are_given_to_customers(readings: &[Reading<'_>], tally: Tally) -> bool {
    (tally.shows_a_seller() || is_said_to_many(readings)) && are_given(readings)
}

/// Whether a sentence names the term of an offer: 报名时间:5月6日-7月20日, 发售期9月20日.
pub(in crate::understand) fn names_a_term(reading: &Reading<'_>, sentence: &Sentence) -> bool {
    NAMES_A_TERM.is_in(&sentence.may, reading.words(sentence))
}

/// Whether a sentence says until when one may sign up, 报名截止9月16日, 收件到9/19.
pub(in crate::understand) fn takes_in_until(reading: &Reading<'_>, sentence: &Sentence) -> bool {
    SIGN_UP_UNTIL.is_in(&sentence.may, reading.words(sentence))
}

/// Whether a message takes people in, for a course, a tour, a choir: 招生, 一日游; an examination or a court does not.
pub(in crate::understand) fn take_people_in(readings: &[Reading<'_>]) -> bool {
    let any = |expression: &Expression| {
        readings.iter().any(|reading| expression.is_in(&reading.heard.may, &reading.normal.text))
    };
    any(&TAKES_IN) && !any(&TAKES_NOBODY_IN)
}

/// Whether a message warns of the offers of others.
pub(in crate::understand) fn warn(readings: &[Reading<'_>]) -> bool {
    readings.iter().any(|reading| WARNS.is_in(&reading.heard.may, &reading.normal.text))
}

/// Whether it is said as those speak who keep a shop, an office, a club: 查询请致电门市, 各位街坊.
fn is_said_to_many(readings: &[Reading<'_>]) -> bool {
    readings.iter().any(|reading| SPEAKS_TO_MANY.is_in(&reading.heard.may, &reading.normal.text))
}

static GIVES: Expression = expression!(
    r"免(?:费|收|单|息|运|邮|押|门票|[^，,。不得疫税责难]{0,5}费)|[0-9一二三四五六七八九][ \n]?折|半价|[减省抵返领享][ \n]?[0-9]|直降|立减|抵用|折抵|最高抵|可抵|返现|返利|回馈|回赠|补贴|买贵退差|保价|成本价|体验价|会员价|早鸟|优惠|特惠|特价|满减|礼遇|有礼|(?:代金|满减|礼|抵用|折扣|体验|生日|消费)券",
    r"|赠|(?:均|另|可|获|加|再|即|额外|各)送|送[^，,。!！货达到至检别修]{0,8}(?:一|两|[0-9])[ \n]?[份张个套次件瓶盒只袋箱节杯位]|送[0-9]|送(?:您|礼|好礼)|领[^，,。!！]{0,6}(?:一份|一套|一个|一张)",
    r"|积分兑|兑换|额外[^，,。]{0,2}[0-9]|以旧换新|免费升级|提速|年利率|报价(?:不变|有效)|(?:套装|团体|惊喜|预售|团购|活动|新客|套餐|组合)价|[0-9][ \n]?元起|(?:团体|亲子|早鸟|家庭|双人|联)票|(?:会费|学费|门票|报名费)[^，,。!！]{0,6}[0-9]|可享|即享|专享|招募期?|预售|定金|尾款阶段",
);

static TELLS: Expression = expression!(
    r"订单(?:号|编号|已)|您的订单|已发货|已签收|快递|快件|包裹|运单|航班|车次|登机|尾号|户号|末四码|账单|帐单|应缴|应还|应付|待缴|欠费|欠款|逾期|滞纳金|违约金|缴清|结清|缴款|扣款|还款|验证码|登录提醒|异常登[录入]|密码|征信|罚|传票|开庭|法院|申报|汇算|年检|检验有效期|借阅|续借|捐|社保|医保|公积金|志愿者?填报|准考证",
    r"|预约(?:已|成功)|(?:您|已)(?:的)?(?:预约|预订|预定|报名|订位)(?:的|了|已|成功|信息)|订位已|报到|就诊|挂号|门诊|复诊|手术|接种|疫苗|面试(?:时间|地点|通知|安排|邀请|结果|定|确认)|参加面试|剩余|已使用|余额(?:为|是|:)?[ \n]?[0-9]|已(?:生效|开通|办理|为您|成功|完成|确认)|闭馆|放假|改道|家长群?[,，]|交给老师|奖学金|助学金|停水|停电|停气|停运|停课|停机|施工|检修|录取|召回|招聘|稿件|论文|家长会|开学典礼|诈骗|警惕|谨防|假冒|冒充|勿点|维权|投诉",
);

static NAMES_A_TERM: Expression = expression!(
    r"(?:活动|优惠|报名|办理|发售|售卖|销售|购买|购票|预售|推广|申购|征订|订购|充值|开卡|团购|预约|预订|申请|采摘)(?:时间|日期|期限|期间|期)(?:为|是)?:?[ \n]?(?:20[0-9]{2}年[ \n]?)?[0-9]{1,2}[月./]"
);

static SIGN_UP_UNTIL: Expression = expression!(
    r"(?:报名|可约|预约|预订|接单|订购|征订|招募|招生|订位|收件|投稿|收稿|售票|购票|订票)(?:时间|日期|期限|期|通道|入口)?(?:截止)?(?:日期|时间)?(?:为|是|:|到|至|于)*[ 
]?(?:20[0-9]{2}年[ 
]?)?[0-9]{1,2}[月./]"
);

static TAKES_IN: Expression = expression!(
    r"招生|招新|招募|开班|[0-9一二三四五六七八九十]日游|专列|合唱|围棋|航模|书法|舞蹈|兴趣班|培训班|训练营|夏令营|冬令营|研学|学员|团费|学费|骑行|徒步|马拉松|露营|自驾|讲座|沙龙"
);

static TAKES_NOBODY_IN: Expression = expression!(
    r"考试|准考证|考生|志愿填报|录取|招聘|应聘|社保|医保|公积金|年检|开庭|违约金|滞纳金|账单|奖学金|助学金|订单(?:号|编号)|您(?:已|的)(?:预约|报名|预订)|(?:报名|预约|预订)(?:已)?成功|家长会|学籍|义务教育|评审|答辩|论文|验证码"
);

static WARNS: Expression = expression!(r"警惕|诈骗|勿点击|勿轻信|勿上当|假冒本|冒充|冒用本|并无此活动|非本公司发");

static SPEAKS_TO_MANY: Expression = expression!(
    r"(?:^|[:。])凡|查询|详询|详见|官网|小程序|敬邀|专案|申办|订房|订位|采摘季|采购季|成人|预约请|免预约|免费预约|期待(?:与|和)?(?:您|你)|致电|门市|门店|分店|各位|尊敬的|敬请|柜台|居委会|服务台|欢迎(?:大家|街坊|邻居|业主|各位|参加|报名|前来|光临|惠顾|选购|登记|咨询)"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::expression::May;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn courses_and_tours_take_people_in_until_a_day() {
        for text in [
            "合唱班网上报名，报名时间6月26日至7月3日",
            "桂林专列接受预订，订位到5月17日",
            "合唱团招新，收件到9/19",
            "钢琴班招生，报名截止9月16日",
            "苗栗一日遊，報名時間:5月4日至5月8日",
        ] {
            let text = fold_phrase(text);
            let is = |expression: &Expression| expression.is_in(&May::ANY, &text);
            assert!(is(&SIGN_UP_UNTIL) && is(&TAKES_IN) && !is(&TAKES_NOBODY_IN), "{text}");
        }
        for text in [
            "教师资格考试报名时间6月26日至7月3日，开班另行通知",
            "您已报名夏令营，报到时间7月3日",
            "书法班5月25日开课",
            "请于9月16日前提交训练营作业",
        ] {
            let text = fold_phrase(text);
            let is = |expression: &Expression| expression.is_in(&May::ANY, &text);
            assert!(!is(&SIGN_UP_UNTIL) || !is(&TAKES_IN) || is(&TAKES_NOBODY_IN), "{text}");
        }
    }

    #[test]
    fn what_is_given_is_told_from_what_is_due() {
        for text in [
            "可享免費刻字服務",
            "9月10日前缴费减200元",
            "老用户免费提速至1000M",
            "摇椅均赠同色边几一张",
            "现熬免加工费",
            "买贵退差，先买后买都不吃亏",
            "预存全年物业费送清洁服务两次",
            "旧沙发最高抵600元",
            "学费每门120元，两门以上每门100元",
            "参加者领毛巾水壶一份",
            "刷卡滿2萬享0.8%回饋",
            "换芯套餐268元起",
        ] {
            let text = fold_phrase(text);
            assert!(GIVES.is_in(&May::ANY, &text) && !TELLS.is_in(&May::ANY, &text), "{text}");
        }
        for text in [
            "本期电费186.42元，请于本月25日前缴纳，逾期将产生违约金",
            "您预约的11月9日上午第6号，请提前30分钟取号",
            "请于9月12日24:00前完成缴费",
            "您預訂的3月2日房間保留至當日18:00",
            "您的订单已发货，赠品同箱",
            "如需免费改签，请在航班起飞前办理",
            "家里的花送到了吗",
            "您的套餐赠送流量剩余2GB，有效期至1月31日",
            "2月8日至20日17路临时改道，免费换乘",
            "奖学金申请2月1日至2月15日，免费辅导填表",
            "2月8日至2月20日闭馆，还书免费延期",
            "十一假期高速免费，谨防诈骗",
            "面试时间为11月12日，提供免费午餐",
            "医保集中缴费期截止12月31日",
        ] {
            let text = fold_phrase(text);
            assert!(!GIVES.is_in(&May::ANY, &text) || TELLS.is_in(&May::ANY, &text), "{text}");
        }
    }
}
