//! Which words make a moment an end? 截至11月30日, 12月8日前, 周日22点结束, 仅限今日; and when do 3日 and 最后3日 tell a
//! day, when so many?

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::ends::ends_zh::About;
use crate::understand::meaning::DeadlineKind;
use crate::understand::patterns::{pattern, says};

/// Where the words begin that make a moment behind them an end.
pub(in crate::understand) fn until_at(gap: &str) -> Option<usize> {
    Some(UNTIL.as_ref()?.find(gap)?.start())
}

/// Whether the words before a moment make it an end.
pub(in crate::understand) fn is_until(lead: &str) -> bool {
    says(&UNTIL, lead)
}

/// Whether the words behind a moment begin with 之内.
pub(in crate::understand) fn is_within(tail: &str) -> bool {
    says(&WITHIN, tail)
}

/// Of 3日 and 30号, which may be so many days: whether it ends something.
pub(in crate::understand) fn of_days(about: &About<'_>) -> Option<bool> {
    let About { moment, own, lead, tail, .. } = *about;
    // 仅限3日, 最后3日: so many days, never a day of the month.
    if !says(&SPAN_OF_DAYS, own) {
        return None;
    }
    let names_day = own.ends_with('号') || tail.starts_with(['当', '一']);
    let is_day = names_day || says(&DAY_OF, lead);
    if !is_day || says(&SO_MANY, lead) && !names_day {
        return Some(says(&DAY_END, tail) && !says(&SO_MANY, lead));
    }
    // 30号还有两个上午的车 ends nothing.
    let is_told = says(&DAY_OF, lead) || tail.starts_with(['当', '一']) || says(&ENDS, tail) || says(&UNTIL, lead);
    Some(is_told || moment.is_range && !about.delivers())
}

/// Of any moment that nothing else was told of; none where the words around do not tell.
pub(in crate::understand) fn of_any(about: &About<'_>) -> Option<bool> {
    let About { moment, own, lead, tail, .. } = *about;
    if says(&UNTIL, lead) || moment.is_range && (about.offers || !own.ends_with('月')) && !about.delivers() {
        return Some(true);
    }
    // 11月26日当天: the day just told; 一票一人,当日有效: the day of a visit.
    if about.before.is_some() && about.gap.trim().is_empty() && matches!(own, "当天" | "当日")
        || own == "当日" && says(&PER_VISIT, lead)
    {
        return Some(false);
    }
    if about.joined.is_some() {
        return Some(!about.delivers());
    }
    (says(&ENDS, tail) || moment.kind == DeadlineKind::Relative && says(&DAY_OF_SALE, tail)).then_some(true)
}

/// Ends in what makes the moment behind it an end.
static UNTIL: LazyLock<Option<Regex>> = pattern!(
    r"(?:截至|截止(?:时间|日期|日)?(?:到|至|于|为|是)?|有效(?:期|至|到)(?:限)?(?:至|到|为)?(?:截止)?(?:到|至)?|(?:活动|优惠|促销|使用|兑换|领取|抢购|销售|特惠|特价|有效|参与|开抢)(?:时间|日期|期限|期间?|时段|周期)(?:为|是)?|持续(?:到|至)|延长(?:到|至)|延期(?:到|至)|顺延至|最后[^，,。]{0,4}日(?:期)?(?:为|是|:)",
    // 预售至, 开放到, 售卖至; but 推迟至, 预计到 and 送到 tell when something comes.
    r"|(?:^|[^改迟整误送寄运达前计等来发收从由拖撑熬忙看])[至到]|(?:预订|预约|预售|购票|购买|售票|出票|下单|报名|申请|申领|办理|投保|入会|续费|拼团|团购|订购|缴费|认购|招募|征集|秒杀|福利|折扣|早鸟|执行|惠民|展销|预约|订房|订票|充值|提交|递交|登记|办卡|认养)(?:(?:时间|日期|期限|有效期|通道|入口)(?:为|是|:)?|:)",
    r"|仅(?:限)?(?:于|在)?|只限(?:于|在)?|限于?|仅到|只到|仅在|只在|直至|直到|即日起[-~至到]*|今日起[-~至到]*|[0-9日号天起][ \n]?[至到]|最晚|最迟|赶在|务必(?:于|在)|须(?:于|在)|结束(?:于|时间)|(?:到|过)期(?:日|时间)?(?:为)?|请(?:您)?(?:于|在)|倒数|尽在|就在|(?:团|单|龙|只|报名|预订|订单|名额|再|可)收[到至]|(?:券|卡|码|优惠|折扣|活动|特惠|特卖)[至到将于]{1,2})[ \n]?[:至到]?[ \n]?(?:北京时间)?$",
);
/// 9月内申请有效.
static WITHIN: LazyLock<Option<Regex>> = pattern!(r"^[ \n]?(?:之|以)?内(?:[^容部外衣饰地]|$)");
/// Stands right behind a moment that is an end.
static ENDS: LazyLock<Option<Regex>> = pattern!(
    r"^[ \n]?[)]?(?:晚上?)?(?:[或及]?(?:之|以)?前(?:[^往台后面排夕提瞻十百0-9一二三四五六七八九]|$)|[,，、]?[ \n]?(?:的)?(?:本次|此次|本轮)?(?:活动|优惠|促销|特卖|特惠|折扣|大促|狂欢|福利|报名|售完|准时|正式|即将|就|全部|统一|将|自动|表单|入口)*(?:截止|结束|为止|止[ \n,，。;；!！)]|止$|截(?:票|团|单)?(?:[ \n,，。;；!！)]|$)|到期|过期|失效|作废|后?(?:系统|通道|价格|报名|活动)?(?:自动)?(?:关闭|停止)|收回|消失|清场|散场|收锤|撤柜|撤展|撤店|闭店|关门|收单|封单|关单|关团|收炉|收档|收尾|收铺|下播|清退|完结|完[,，。!！]|(?:下班|打烊|关门|闭店|关店|闭馆|收摊|收工|收市|收档|收铺|营业结束|结束|开课|开班|上课|开场|开赛|发车|发团|开团)(?:之|以)?前|(?:价格|原价)?恢复(?:正[价式]|[^正营日供运开更通办课]|$)|(?:价格)?(?:涨价|上涨|上调|回调)|收官|关闭|关店|闭幕|截单|下架|下线|停售|收摊|停止|失效|清零|归零|回收|打烊|最后(?:[^0-9一两二三四五六七八九十几]|[0-9一两二三四五六七八九十几]{1,3}个?[^0-9间桌位席张个件套束只份箱盒台名批双把条瓶款座]|$))",
    r"|(?:一天|仅此|之内|内有效|有效)|当[天日](?:结束|截止|过后|一天|有效|使用|止|购买|下单|到店|消费|预订|报名|开通|办理|可))",
);
/// 今日专享, 本周限定: a day of its own.
static DAY_OF_SALE: LazyLock<Option<Regex>> = pattern!(r"^[ \n]?(?:限定|专享|限时|特供|疯抢|限量)");
/// 3日 by itself.
static SPAN_OF_DAYS: LazyLock<Option<Regex>> = pattern!(r"^(?:[0-9]{1,2}|[一二三四五六七八九十廿]{1,3})[ \n]?[日号]");
/// What 3日 follows when it means so many.
static SO_MANY: LazyLock<Option<Regex>> =
    pattern!(r"(?:仅限|只限|限时|最后|仅剩|还剩|只剩|剩余|为期|连续|共|仅)[ \n]?$");
/// What 25日 follows when it means a day.
static DAY_OF: LazyLock<Option<Regex>> = pattern!(
    r"(?:截至|截止(?:时间|日期|日)?(?:到|至|于|为|是)?:?|有效(?:期)?(?:限)?(?:至|到):?|延长(?:到|至)|直至|直到|持续(?:到|至)|最晚|最迟|即日起[至到~-]|[日号0-9][ \n]?[至到~-]|(?:活动|优惠|促销)(?:时间|日期|期限|期间?):?|(?:^|[^改迟整误送寄运达前计等来发收从由])[至到])[ \n]?$"
);
static DAY_END: LazyLock<Option<Regex>> =
    pattern!(r"^[ \n]?(?:(?:之|以)?前(?:[^往台后面]|$)|[,，]?(?:活动|优惠)?(?:截止|结束|为止|止|到期|过期|恢复原价))");
/// 一票一人,当日有效.
static PER_VISIT: LazyLock<Option<Regex>> = pattern!(r"(?:一票|门票|每票|每张|一人|限一次|车票|船票)[^。!！]{0,8}$");
