//! Which moments are of something else than the end of an offer? 展览3月20日-22日举行, 8月31日前入住, 到店时间可约到6月底,
//! 9:00-17:00上门安检: days of events, of use, of deliveries, of works.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::days::moments::Moment;
use crate::understand::patterns::{pattern, says};

/// Whether the words around the moment speak of something that is held, used, fetched or repaired then. `lead` stands
/// before the first of the two moments that it is one of, `own` before itself; `of_use`: no other end is told, `holds`: and the
/// offer is said to hold for those days; `told`: the words of the moment.
pub(in crate::understand) fn is_of_something_else(
    (lead, own): (&str, &str),
    tail: &str,
    moment: &Moment,
    is_stretch: bool,
    (of_use, holds): (bool, bool),
    told: &str,
) -> bool {
    let is_held = is_stretch && says(&HELD, tail) && !says(&OF_A_SALE, lead);
    let is_in_title = is_stretch && says(&FAIR, lead);
    is_held
        || is_in_title
        || says(&FETCHED_BEFORE, tail)
        || !of_use && says(&USED_BEFORE, tail)
        || !holds && says(&USED_UNTIL, lead)
        || is_stretch && says(&WORKS, tail)
        || moment.is_clock && (is_stretch && says(&FETCHED, lead) || says(&FETCHED_THEN, own))
        || !of_use && says(&USED_ALL_MONTH, tail)
        || says(&OF_A_PAPER, lead) && tail.starts_with("到期")
        || says(&AS_USUAL, tail)
        || says(&NO_LONGER, own)
        || tail.starts_with('前') && says(&SO_MANY_DAYS, told) && says(&DAYS_BEFORE, own)
}

/// 举行, 在新国际博览中心举办, 上演: and nothing is sold in the same breath.
static HELD: LazyLock<Option<Regex>> = pattern!(
    r"^[)]?[^，,。!！;；0-9]{0,16}?(?:举行|举办|上演|召开|演出|开演|放映|开赛|开展)(?:[，,。!！;；\n][^期]|$|[，,。!！;；\n]$)"
);
static OF_A_SALE: LazyLock<Option<Regex>> = pattern!(
    r"(?:活动|优惠|促销|特卖|特惠|大促|团购|展销|内购|庆典|周年庆|店庆|嘉年华|订货会|采购节|购物节)[^，,。]{0,6}$"
);
/// 宠物用品展(9月4-6日.
static FAIR: LazyLock<Option<Regex>> =
    pattern!(r"(?:展|展会|展览|展览会|博览会|论坛|峰会|年会|大赛|音乐节|艺术节)[(（][ \n]?$");
/// 8月31日前入住, 9月8日前统一发货, 10月18日前可取消, 19点前来店取车.
static FETCHED_BEFORE: LazyLock<Option<Regex>> = pattern!(
    r"^(?:\([^)]{0,8}\))?(?:之|以)?前(?:来店|到店|来|到场|过来)?(?:统一|陆续|完成|均|都|可|免费|可免费|随时|全额?|无理由|书面|来电|电话)*(?:使用完|发货|发出|寄出|送达|送[到上进至]|到货|取消|退|换货|调换|改期|改签|取车|取件|提车|取走|提货|取货|通知|告知|提出)|^(?:之|以)?前(?:付款|下单|拍下?|订)(?:的|单|订单)?[,，]?(?:均|都|可)?(?:次日|当天|当日|隔天|隔日|第二天|明天|后天)?(?:发|送|到)|^节?(?:之|以)?前[^，,。!！]{0,4}(?:不再|不会|没有|无法|来不及)"
);
static USED_BEFORE: LazyLock<Option<Regex>> = pattern!(r"^(?:\([^)]{0,8}\))?(?:之|以)?前(?:完成)?(?:入住|出行|出发)");
/// 到店时间可约到6月底, 住到年底, 提蟹时间:9月下旬…至12月底.
static USED_UNTIL: LazyLock<Option<Regex>> = pattern!(
    r"(?:可约[到至]|约到|(?:可|能|最晚|允许)(?:以)?(?:延|延后|延迟|顺延|选|选择|约|保留|推迟)[到至]|(?:价保|保价|保修|质保)(?:期)?[到至]|(?:^|[^按留保])住[到至]|玩到|(?:到店|提[蟹货车菜粮酒]|配送|送货)时间(?:为|是|:)?[^，,。;；]{0,16})$"
);
/// 进行数据库升级, 上门安检.
static WORKS: LazyLock<Option<Regex>> = pattern!(
    r"^(?:上门|对?进行|将?进行|实施)?[^，,。!！]{0,6}(?:升级|维护|检修|割接|安检|停机|停水|停电|停气|施工|盘点|巡检)"
);
/// 自取日期:9月22日至25日,中午十二时至.
static FETCHED: LazyLock<Option<Regex>> = pattern!(
    r"(?:自取|自提|取货|提货|取件|领取|营业|开放|服务|上课|值班|接听|客服)(?:日期|时间|地点)?[^。!！;；]{0,24}$"
);
static FETCHED_THEN: LazyLock<Option<Regex>> =
    pattern!(r"(?:自取|自提|取货|提货|取件|营业|开放|上课)(?:日期|时间)(?:为|是)?:?[^。!！;；]{0,32}$");
/// 1月全月可用.
static USED_ALL_MONTH: LazyLock<Option<Regex>> =
    pattern!(r"^(?:全月|整月|一?整个月)(?:均|都)?可?(?:使用|用|入住|兑换)");
/// 您的保单12月28日到期.
static OF_A_PAPER: LazyLock<Option<Regex>> =
    pattern!(r"(?:保单|车险|保险|合同|租约|租期|驾照|证件?|质保|保修期?)(?:将?[于在])?[ \n]?$");
/// 周六日照常开检.
static AS_USUAL: LazyLock<Option<Regex>> = pattern!(
    r"^[)]?[,，]?(?:(?:假期|期间)?(?:\([^)]{0,16}\))?(?:也|都|均)?(?:照常|不休|无休|正常|营业|有人)|[^，,。!！]{0,18}?(?:客服|回复|物流|快递|发货)[^，,。!！]{0,6}(?:慢|停|休|延迟|顺延))"
);
/// 开演十日前, 入住三天前: so many days before something.
static DAYS_BEFORE: LazyLock<Option<Regex>> = pattern!(
    r"(?:开演|演出|开营|出发|出行|入住|开课|开赛|活动|婚礼|到店|使用|开展|乘机|起飞|发车|上门|预约|到期)(?:日|时间)?(?:之|的)?$"
);
static SO_MANY_DAYS: LazyLock<Option<Regex>> = pattern!(r"^[0-9一二两三四五六七八九十]{1,3}日$");
/// 本来今天收尾.
static NO_LONGER: LazyLock<Option<Regex>> = pattern!(r"(?:本来|原本|原定|原先|本该|本应)[^，,。!！]{0,6}$");

#[cfg(test)]
mod tests {
    use jiff::Zoned;

    use crate::understand::days::calendar::tests::local;
    use crate::understand::ends::ends_zh::ends_in;
    use crate::understand::text::normal::fold_phrase;

    #[test]
    fn days_of_events_of_use_and_of_works_are_no_ends() {
        // A Friday.
        let now: Zoned = "2026-11-20T10:00:00+08:00[Asia/Shanghai]".parse().unwrap();
        for (text, wanted) in [
            ("家博会将于12月20日-22日在国际会展中心举行。", vec![]),
            ("宠物用品展(12月4-6日，武汉)招展，标摊7800元", vec![]),
            ("舞剧12月12-14日上演，11月29日24时前购票享8折", vec!["2026-11-30T00:00"]),
            ("11月30日前预订，12月31日前入住，享8.2折", vec!["2026-12-01T00:00"]),
            ("保养立减88元，11月28日20点前下单可用，到店时间可约到12月底", vec!["2026-11-28T20:00"]),
            ("提蟹时间：12月上旬至12月底，早鸟价298", vec![]),
            ("自取日期:12月2日至5日,中午十二時至晚上八時，八折", vec![]),
            ("续保再享95折，您的保单12月28日到期，优惠办理至12月20日", vec!["2026-12-21T00:00"]),
            ("12月2日01:00-04:30进行数据库升级", vec![]),
            ("12月1日9:00-17:00上门安检", vec![]),
            ("满减券可用到12月31日", vec!["2027-01-01T00:00"]),
            ("体检套餐398元，周六日照常开检", vec![]),
            ("12月8日前统一发货，每盒168元", vec![]),
            ("折后实收420元，可于今天19点前来店取车", vec![]),
            ("接单截止11月30日，每盒168元", vec!["2026-12-01T00:00"]),
            ("连住三晚免一晚，2月底前入住均可", vec!["2027-03-01T00:00"]),
            ("鲜奶月付165元，早上6:30前送到", vec![]),
            ("罐头199元，晚上9点前付款次日发", vec![]),
            ("年货八五折，凭小票正月十五前可退换", vec![]),
            ("书法班1400元，12月15日前退班退全款", vec![]),
            ("年卡1680元，开卡日可延后至12月1日", vec![]),
            ("电视2599元，价保到12月5日", vec![]),
            ("开演十日前退票收10%", vec![]),
            ("自助晚餐八折，更改须于三日前通知", vec![]),
            ("元旦期间(1月1日-3日)客服回复会慢一些，年费八折", vec![]),
            ("本来今天收尾，镜片减400", vec![]),
            ("体验课188元，周二到周日，下午一点到晚上九点", vec![]),
            ("门票40元，一票一人，当日有效", vec![]),
            ("跨年夜最后一间看日出的房，980元", vec![]),
            ("清酒直降400，中秋前厂里不再放货", vec![]),
            ("五折，晚上9点前付款", vec!["2026-11-20T21:00"]),
            ("早鸟价到12月最后一个周日", vec!["2026-12-28T00:00"]),
            ("全场三折，卖到月底,12月1号这儿就是别家的", vec!["2026-12-01T00:00"]),
            ("报名表提交期:12月1日至12月19日17时，每队600元", vec!["2026-12-19T17:00"]),
            ("创始价199元，11月30日当天结束后从页面上拿掉", vec!["2026-12-01T00:00"]),
        ] {
            let ends = ends_in(&now, &fold_phrase(text), true, true);
            let ends: Vec<String> = ends.iter().map(|end| local(&now, end.at)).collect();
            assert_eq!(ends, wanted, "{text}");
        }
    }
}
