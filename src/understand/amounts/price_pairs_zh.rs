//! Two prices told for one thing in Chinese, mostly without 元: 198→88, 原680现520, 38(平时58), 从1299降到了999,
//! 早鸟价1680只到周日，过了就是2280. What makes a pair is a sign between two figures that one fell to the other, or a word
//! beside the higher one: it is the old price, the usual one, the one asked elsewhere, for a single piece, or later on.
//! Only figures of a pair become amounts: 3人, 8月14日, 12点 and BT-200 are none, whatever stands beside them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::message::{Currency, Money};

use crate::understand::amounts::numerals::value_of;
use crate::understand::amounts::prices::{Amount, AmountKind};
use crate::understand::expression::{Expression, May, expression};
use crate::understand::patterns::{pattern, says};

/// Figures looked at in one sentence.
const FIGURES_MAX: usize = 24;
/// So near before a figure stands the word that tells what it is.
const BEFORE_BYTES_MAX: usize = 48;
/// So far apart two figures may be told of one thing.
const APART_BYTES_MAX: usize = 96;
/// No price falls to less than this part of it; two quantities may.
const PART_MIN: i64 = 40;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&MAY_PAIR].into_iter()
}

/// Joins the pairs of the sentence to its amounts, in order; it begins at `start` of the text `words` was taken from.
/// Whether there was one.
pub(in crate::understand) fn mark_pairs(may: &May, words: &str, start: usize, amounts: &mut Vec<Amount>) -> bool {
    if !MAY_PAIR.is_in(may, words) || says(&OF_AN_ORDER, words) {
        return false;
    }
    let has_columns = says(&COLUMNS, words);
    let figures = figures_in(words, start, amounts, has_columns);
    let pairs = pairs_of(words, &figures, has_columns);
    for pair in &pairs {
        for (place, kind) in [(pair.high, AmountKind::ListPrice), (pair.low, AmountKind::Price)] {
            let Some(figure) = figures.get(place) else { continue };
            set(amounts, start, figure, kind, pair.currency);
        }
    }
    amounts.sort_by_key(|amount| amount.range.start);
    !pairs.is_empty()
}

/// A number that may be a price.
#[derive(Debug, Clone)]
struct Figure {
    range: Range<usize>,
    money: Money,
    /// It has a sign or a unit, or a word before it asks it.
    told: Option<AmountKind>,
}

/// Places of two figures.
#[derive(Debug)]
struct Pair {
    high: usize,
    low: usize,
    currency: Currency,
}

fn figures_in(words: &str, start: usize, amounts: &[Amount], has_columns: bool) -> Vec<Figure> {
    let mut figures: Vec<Figure> = amounts
        .iter()
        .filter_map(|amount| {
            let range = amount.range.start.checked_sub(start)?..amount.range.end.checked_sub(start)?;
            Some(Figure { range, money: amount.money, told: Some(amount.kind) })
        })
        .collect();
    let known = figures.len();
    let Some(bare) = BARE.as_ref() else { return figures };
    for found in bare.find_iter(words).take(FIGURES_MAX) {
        let range = found.range();
        let (head, tail) = (words.get(..range.start).unwrap_or_default(), words.get(range.end..).unwrap_or_default());
        let overlaps = |figure: &Figure| figure.range.start < range.end && range.start < figure.range.end;
        // 16.8/22.8 is no date under the heads of two columns.
        let is_inside =
            (says(&INSIDE, head) && !(has_columns && head.ends_with('/'))) || found.len() < 3 && says(&ANSWER, head);
        let is_priced = says(&PRICED, tail) || has_columns && tail.starts_with('/');
        if figures.iter().take(known).any(overlaps) || is_inside || !is_priced {
            continue;
        }
        if let Some(money) = money_of(found.as_str()) {
            figures.push(Figure { range, money, told: None });
        }
    }
    spoken_in(words, &mut figures);
    figures.sort_by_key(|figure| figure.range.start);
    figures.truncate(FIGURES_MAX);
    figures
}

/// Adds prices in characters that no amount was read of: 八毛一斤(上午一块二), (原两块). 一块去 and 两块蛋糕 are none.
fn spoken_in(words: &str, figures: &mut Vec<Figure>) {
    let Some(spoken) = SPOKEN.as_ref() else { return };
    for groups in spoken.captures_iter(words).take(FIGURES_MAX) {
        let (Some(whole), value) =
            (groups.get(0), |name: &str| groups.name(name).and_then(|written| value_of(written.as_str())))
        else {
            continue;
        };
        let minor = value("yuan").unwrap_or(0) * 100 + value("dimes").or_else(|| value("dime")).unwrap_or(0) * 10;
        let overlaps = |figure: &Figure| figure.range.start < whole.end() && whole.start() < figure.range.end;
        let is_priced = words.get(whole.end()..).is_some_and(|tail| says(&PRICED, tail));
        if let Ok(minor) = i64::try_from(minor)
            && minor > 0
            && is_priced
            && !figures.iter().any(overlaps)
        {
            figures.push(Figure {
                range: whole.range(),
                money: Money::new(minor, Currency::CNY),
                told: Some(AmountKind::Price),
            });
        }
    }
}

/// 1,280, 79.9, 12万.
fn money_of(written: &str) -> Option<Money> {
    let (digits, times) = written.strip_suffix('万').map_or((written, 1), |digits| (digits, 10_000));
    let money = Money::from_decimal(&digits.replace(',', ""), Currency::CNY).filter(|money| money.minor > 0)?;
    Some(Money::new(money.minor.checked_mul(times)?, money.currency))
}

fn pairs_of(words: &str, figures: &[Figure], has_columns: bool) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    let currency = figures.iter().find(|figure| figure.told.is_some()).map(|figure| figure.money.currency);
    let currency = currency.unwrap_or(Currency::CNY);
    let mut add = |high: usize, low: usize| {
        let falls = figures.get(high).zip(figures.get(low)).is_some_and(|(high, low)| is_fall(high, low))
            && ![high, low].iter().any(|at| says(&NO_PRICES, before(words, figures, *at)))
            && !(low < high
                && says(&RISEN_FROM, before(words, figures, low))
                && says(&RISES, before(words, figures, high)));
        let taken = |pair: &Pair| [pair.high, pair.low].iter().any(|place| *place == high || *place == low);
        if falls && !pairs.iter().any(taken) {
            pairs.push(Pair { high, low, currency });
        }
        falls
    };
    for at in 1..figures.len() {
        let Some(gap) = between(words, figures, at - 1, at) else { continue };
        // 会员价/非会员价: which of the two is the lower is told by the figures.
        let is_lower_for =
            says(&LOWER_FOR, gap) && [at - 1, at].into_iter().any(|at| is_told(figures, at) || says(&BY_PIECE, gap));
        if says(&FALLS_TO, gap) || is_lower_for || has_columns && gap.trim() == "/" && !add(at, at - 1) {
            add(at - 1, at);
        }
    }
    for high in 0..figures.len() {
        let near = before(words, figures, high);
        let tail = figures.get(high).and_then(|figure| words.get(figure.range.end..)).unwrap_or_default();
        let is_usual = says(&USUAL, near) || says(&USUAL_BEHIND, tail);
        if !is_usual && !says(&LATER, near) {
            continue;
        }
        // What is asked later is told last.
        let behind = (high + 1..figures.len()).take(3).filter(|_| is_usual);
        let beside = (0..high).rev().take(3).map(|low| (low, false)).chain(behind.map(|low| (low, true)));
        let mut beside: Vec<(usize, usize)> = beside
            .filter_map(|(low, is_behind)| {
                let gap = if is_behind { apart(figures, high, low) } else { apart(figures, low, high) }?;
                (gap <= APART_BYTES_MAX && is_asked(words, figures, low, high)).then_some((gap, low))
            })
            .collect();
        beside.sort_unstable();
        let _ = beside.into_iter().any(|(_, low)| add(high, low));
    }
    pairs
}

/// Whether a figure beside a higher one is asked as the price.
fn is_asked(words: &str, figures: &[Figure], low: usize, high: usize) -> bool {
    let Some(figure) = figures.get(low) else { return false };
    let near = before(words, figures, low);
    let tail = words.get(figure.range.end..).unwrap_or_default();
    // 日租359，平时528: hired by the day now, and dearer as a rule.
    let is_usual = says(&USUAL, near) && !near.ends_with('租');
    if says(&PAID, near) || is_usual || says(&OFF, near) {
        return false;
    }
    match figure.told {
        Some(AmountKind::Price | AmountKind::ListPrice) => true,
        Some(_) => false,
        None => {
            let close = between(words, figures, low.min(high), low.max(high)).is_some_and(|gap| says(&CLOSE, gap));
            // 洗剪吹98，元旦起要128了.
            let ends_clause = high > low && tail.starts_with(['，', ',']) && says(&LATER, before(words, figures, high));
            close || ends_clause || says(&ASKED, near) || says(&HANDED, tail)
        }
    }
}

fn is_fall(high: &Figure, low: &Figure) -> bool {
    let (high_minor, low_minor) = (high.money.minor, low.money.minor);
    let same = high.told.is_none() || low.told.is_none() || high.money.currency == low.money.currency;
    let goods = |figure: &Figure| !matches!(figure.told, Some(AmountKind::Saving | AmountKind::Threshold));
    same && goods(high) && goods(low) && low_minor < high_minor && low_minor.saturating_mul(PART_MIN) >= high_minor
}

/// A sign or a unit of money is beside it.
fn is_told(figures: &[Figure], at: usize) -> bool {
    figures.get(at).is_some_and(|figure| figure.told.is_some())
}

fn between<'w>(words: &'w str, figures: &[Figure], one: usize, next: usize) -> Option<&'w str> {
    words.get(figures.get(one)?.range.end..figures.get(next)?.range.start)
}

fn apart(figures: &[Figure], one: usize, next: usize) -> Option<usize> {
    figures.get(next)?.range.start.checked_sub(figures.get(one)?.range.end)
}

/// The words before a figure, from the figure before it on.
fn before<'w>(words: &'w str, figures: &[Figure], at: usize) -> &'w str {
    let Some(end) = figures.get(at).map(|figure| figure.range.start) else { return "" };
    let last = at.checked_sub(1).and_then(|at| figures.get(at)).map_or(0, |figure| figure.range.end);
    let from = words.ceil_char_boundary(last.max(end.saturating_sub(BEFORE_BYTES_MAX)));
    words.get(from.min(end)..end).unwrap_or_default()
}

/// Sets the kind of a figure: of the amount that it is already, or of a new one.
fn set(amounts: &mut Vec<Amount>, start: usize, figure: &Figure, kind: AmountKind, currency: Currency) {
    let range = start + figure.range.start..start + figure.range.end;
    if let Some(known) = amounts.iter_mut().find(|amount| amount.range == range) {
        (known.kind, known.said) = (kind, true);
        return;
    }
    let money = Money::new(figure.money.minor, currency);
    amounts.push(Amount { range, money, kind, said: true, little: false, asks: false, pieces: None });
}

/// What every pair has one of.
static MAY_PAIR: Expression = expression!(
    r"[0-9元块][^0-9，,。]{0,6}(?:→|->|=>|➡|»|变|降|减|跌|回落|调|砍|做到|让到|压到|谈到|磨到|收你|收您|现|今|给|拿|到手|券后|折后|特价|秒杀|限时|抢购)|原|平[时日常]|往[常日]|[去上]年|此前|日常|通常|一般|正常|旧价|门市|市价|市场|专柜|吊牌|标价|定价|标准|单[买件卖次场独张人]|零售|零卖|商[场超]|超市|外面|别[处家]|平台|非会员|散客|现场|门店|上[周月次]|早上|昨[天日]|之前|以前|首购|挂牌|官网|官方|正价|路人|全价|窗口|柜台|柜面|线下|实体店|新学员|新生|新会员|日租|月租|面值|网上|网店|电商|往年|店里|一直是|切开|散[称卖装]|拆[零卖开]|零切|城里|镇上|隔壁|同行|元的|块的|[0-9]的|\([^0-9，,()]{1,4}价|非[^0-9，,。]{1,3}[0-9]|一个人|过期|一[到过完]|恢复|后|过了|下[周月播次]|起|次[月年]|续费|[涨跳变改调弹升回]回?|届时|本来|[贴券折惠动减扣补]前|新[办开签装]|门口|算|收|统一|一律|卖|拿|给|睁眼|醒来|亮|第一秒|一刻|叫|老|熟|街坊|邻居|群|团友|自己人|粉丝|会员|乡亲|业主|期间|当[天日周晚]|今[天日晚早]|这|本[周月]|周末|那[天周]|收摊|打烊"
);

/// Before figures that fall and are no prices, in the same clause.
static NO_PRICES: LazyLock<Option<Regex>> = pattern!(
    r"(?:排名|评分|[得总均]分|平均|分数|油价|电价|房价指数|标的|报价单|名额|编制|[车时转网]速|速度|比例|占比|浓度|奖金|挂号|原定|原计划|住|搬|宽带|版本|气温|温度|降温|血压|血糖|血脂|体重|体温|利率|税率|汇率|库存|人数|票房|股|基金|指数|门槛|额度|[电水气]费|管理费|物业费|成绩|电话|号码|密码|房号|人均|捐款|课时|步数|余额|养老金|[高低]温|水位|(?:发放|领取|住房|租房|交通|高温|生活|餐饮?|伙食|出差|就业|每[月天日])补贴|座位|教室|会议室|房间|航班|车次|满分|赔偿|请求|索赔|房租|租金|报销|预算|补助|(?:住宿|伙食|交通|收费|餐费)标准|时速|限速|房贷|月供|[lq]pr|时薪|工资|月薪)[^，,。;；]*$"
);

/// A receipt tells two prices of what is bought already.
static OF_AN_ORDER: LazyLock<Option<Regex>> = pattern!(
    r"(?:订单|单号|尾号|包裹|快递)[^，,。]{0,16}(?:已|[0-9]{4})|已(?:支付|付款|发货|签收|扣款|到账|退款|完成支付|成交)|支付成功|退款|价保|保价|补差|差价|合同价|对账|报销"
);

/// A number by itself: no part of a longer one.
static BARE: LazyLock<Option<Regex>> = pattern!(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,2})?|[0-9]+(?:\.[0-9]+)?万?");
/// A price in characters.
static SPOKEN: LazyLock<Option<Regex>> = pattern!(
    r"(?P<yuan>[一二两三四五六七八九十]{1,3})[块元](?P<dime>[一二三四五六七八九])?[毛角]?|(?P<dimes>[一二两三四五六七八九])[毛角]"
);
/// Before a number that is a part of something else: a mark, a date, a time, a page, a place in a row.
static INSIDE: LazyLock<Option<Regex>> = pattern!(
    r"[0-9a-z][-:./_]?$|[-:_#*@=&?]$|[0-9a-z]/$|(?:第|尾号|编号|单号|工号|货号|热线|电话|微信|qq|满|周|星期|礼拜|农历|初|no)[ :]?$"
);
/// Before a digit that somebody is asked to send: 一般请回2.
static ANSWER: LazyLock<Option<Regex>> = pattern!(r"(?:回复?|按|发送?|拨打?|选择?|评|打)[ ]?$");
/// Behind a price: its unit, an end, or how it goes on when something is sold. 8月, 12点, 3人, 20只, 5g and 1-3 are none.
static PRICED: LazyLock<Option<Regex>> = pattern!(
    r"^[ ]?(?:元|块|蚊|圆|$|[，,。!！?？;；、()~+→»➡\n”」]|->|=>|/[^0-9a-z]|只(?:到|限|有|要|剩|今|收)|一[^0-9个一二三四五六七八九十]|[ ][^0-9a-z年月日号点时分秒天周星期岁个人位名层楼期次度])",
    r"|^(?:每|起(?:步|跳)?|的|现|今|变|降|减|跌|回|调|砍|原|平[时日常]|给|收|拿|卖|包|出|抱|带|含|恢复|涨|跳|弹|随|吧|哦|啦|哈|咯|喔|嘛|了|到手|就|嘅|磅|我|咱|本店|这个?[里儿边价]|会|将|开单|能|可|算|买|送|办|抢|入手|任|最后|[拉搬]走)"
);

/// A sign or a word between two figures: the first fell to the second.
static FALLS_TO: LazyLock<Option<Regex>> = pattern!(
    r"^(?:元|块钱?|蚊|圆)?(?:/[^0-9，,。]{1,3}|一[^0-9，,。]|磅|每[^0-9，,。])?的?[ ]?(?:→|->|=>|➡|»|变成?了?|(?:直接|直|一路|立|已|骤|现)?(?:降|减|跌|回落|调|下调|调降|砍|杀|打|让|压)(?:到|至|成|为)了?|我们?[给帮][你您](?:做|谈|磨|压|让|申请)到|我们?[给收算][你您]|降|[ ]?今[天日晚]|[，,、]?[ ]?(?:现价?|现在|现仅|现只[要收]?|今价?|到手|券后|折后|特价|秒杀|限时|抢购)价?)(?:只[要收卖需]?|仅[要需售]?|[为是卖要才价就售收]|才卖|:)*[ ]?(?:¥|nt\$?|hk\$?|\$)?$"
);
/// 28一斤，老朋友算25; 一斤8块，双11那周统一7块: the same goods, cheaper for whom the seller knows, or for some days. 成人80，
/// 学生40 and 苹果8块，今天香蕉7块 are two tariffs, and two goods.
static LOWER_FOR: LazyLock<Option<Regex>> = pattern!(
    r"^(?:元|块钱?|蚊|圆)?(?:/[^0-9，,。]{1,3}|[一每][^0-9，,。])?[ ]?[，,、;(][ ]?(?:但|不过|对|给|凭)?",
    r"(?:老(?:客户?|顾客|朋友|街坊|邻居|主顾|学员|会员|用户|粉丝?|同学|铁|乡)|熟[客人]|街坊(?:邻[里居])?|邻居|群[里友](?:的)?(?:朋友|邻居)?|团友|自己人|乡亲|回头客|本[群村]",
    r"|(?:双(?:11|12|十[一二])|[五十]一|国庆|中秋|端午|元旦|春节|元宵|圣诞|七夕|清明|母亲节|父亲节|女神节|三八|六一|618|开业|周年|店庆|开张)?(?:今[天日晚早]|这[两几三]天|这(?:周|个?月|个?礼拜|星期)|本[周月]|周末|[那当][天日周晚]|期间|头[两三]天)|收摊前|天黑前|打烊前)",
    r"(?:们|来|买|拿|要|办|续|统一|一律|都|全部|全|只[要收卖]|才|就|按|算|收|卖|给|改|仅|为|是|价|每[^0-9，,。]|一[斤只个盒箱张杯碗位人件份]|:)*[ ]?(?:¥|nt\$?|hk\$?|\$)?$",
);
/// Between two figures without a unit of money: it is asked for a piece, or somebody asks it.
static BY_PIECE: LazyLock<Option<Regex>> = pattern!(r"^(?:/[^0-9，,。]|[一每][^0-9，,。时分点])|[算收卖][ ]?$");

/// 会员价/非会员价:山竹16.8/22.8.
static COLUMNS: LazyLock<Option<Regex>> = pattern!(
    r"(?:会员|现|特|活动|优惠|团购|预售|早鸟|到手|直播|今日|今天)价?/(?:非会员|原|平[时日]|市场|门市|吊牌|专柜|零售|单买|现场|日常|标)价?|(?:非会员|原|平[时日]|市场|门市|吊牌|专柜|零售|日常|标)价?/(?:会员|现|特|活动|优惠|团购|到手|直播|今日|今天)价?"
);

/// It was so, is so as a rule, elsewhere, for whoever is no member, or for a single one.
static USUAL: LazyLock<Option<Regex>> = pattern!(
    r"(?:原价?|原来|原本|原先|本来|(?:补贴|国补|用?券|打?折|优惠|活动|降价|满?减|抵扣|换新)(?:之|以)?前|新[办开签装]|门口|平[时日常]|往[常日年]|[去上]年|日常|通常|一般|正常|旧价?|门市|市场|市价|市面|网上|网店|电商|城里|镇上|隔壁|同行|切开|散[称卖装]|拆[零卖开]|零切|专柜|吊牌|标价|牌价|定价|标准(?:价|资费|收费|票价)?|单[买件卖次场独张人](?:价|购买|卖)?|零售|零卖|商[场超]|超市|外面|别[处家](?:都)?|平台|非会员|散客|现场|门店|上[周月次]|早上|上午|早市|朝早|昨[天日]|之前|以前|先前|此前|首购|挂牌|官网|官方|正价|店里|路人|全价|曾|窗口|柜台|柜面|线下|实体店|新(?:学员|生|会员)|[日月]租|原收费|面值|\([^0-9，,()双多家豪大升加高旺节周全]{1,4}价|非[^0-9，,。]{1,3}|一个人来?就?)(?:价格?|票价?|标价?|同款|里|上|那边|一直是?|向来|挂|还|都|要|得|也|仲|才|加|只有|买|一[位人份件只个斤盒箱张杯碗节]|每[位人份件只个斤盒箱张杯碗节]|合计|加起来|一共|总共)*(?:卖|售|标)?[价:为是要约]*[ ]?(?:¥|nt\$?|hk\$?|\$)?$"
);
/// 80元(原价), 299/件原价.
static USUAL_BEHIND: LazyLock<Option<Regex>> = pattern!(
    r"^(?:元|块)?的[0-9]|^(?:元|块)?的[^0-9，,。的]{1,6}(?:[0-9]{1,5})(?:元|块)?(?:这个?价|拿|给|带|就|卖|出|到手|包|[，,。!]|$)|^(?:元|块)?\((?:原价|平时|门市价)\)"
);
/// It will be so when the offer is over.
static LATER: LazyLock<Option<Regex>> = pattern!(
    r"(?:恢复(?:到|至|成|为|原价)*|(?:之后|过后|以后|届时|过了|第[0-9]{1,4}[位名家台件单份个]起)[^0-9，,。;；:()]{0,5}|之后|过后|过了(?:就是|就|要|得)?|后|以后|(?:[月日号年点天晨早末旦节假庆秋季午]|(?:周|礼拜|星期)[一二三四五六日]|/[0-9]{1,2})一?(?:开始|起)|次[月年]起?|第二[年月]起?|续费价?|续[年月]|(?:[涨跳变调弹升拉退](?:回|到|至|成|价)*|改回|回[到至])了?|过期|一[到过完]|届时|下(?:周|月|播|次)(?:一|起|就)*|睁眼|醒来|天一?亮|第一[秒刻]|那一[秒刻]|钟声[^0-9，,。]{0,4})(?:每[^0-9，,。]{1,2}|门口|只[有剩]|它|叫|就|回|新[卡客]|又|要|得|改|按|原价|价格|是|都|全|票价|卖|收|变|成|涨|到|至|为){0,4}[:]?[ ]?(?:¥|nt\$?|hk\$?|\$)?$"
);

/// 房租从3500涨到3800: what rises is news, and no offer.
static RISEN_FROM: LazyLock<Option<Regex>> = pattern!(r"[从由][ ]?(?:¥|nt\$?|hk\$?|\$)?$");
static RISES: LazyLock<Option<Regex>> = pattern!(
    r"^(?:元|块)?(?:上?[涨调升](?:[^回]|$)|提高|增|上浮|(?:[变到]|[变改]成|[变改]为|改到)(?:¥|nt\$?|hk\$?|\$)?$)"
);

/// Before a figure that is paid, and asked nobody.
static PAID: LazyLock<Option<Regex>> = pattern!(
    r"(?:实付|支付|付款|合计|总计|余额|退款?|退还|扣款|扣费|到账|定金|订金|押金|充值|首付|运费)[^0-9，,。]{0,4}$"
);
/// Before a figure that is taken off, or must be spent first.
static OFF: LazyLock<Option<Regex>> =
    pattern!(r"(?:减|省|抵|返|送|券|便宜|优惠|补贴|满|第[二2]件)了?[ ]?(?:¥|nt\$?|hk\$?|\$)?$");
/// Between the two figures of 38(平时58) and 58/斤,平时98 stands little more than the word.
static CLOSE: LazyLock<Option<Regex>> = pattern!(
    r"^(?:元|块钱?|蚊|圆)?了?(?:/[^0-9，,。]{1,3}|一[^0-9，,。]|每[^0-9，,。])?[ ]?[(，,、]?[^0-9，,。()]{1,6}$|^(?:元|块)?的[^0-9，,。]{0,6}$"
);
/// Before a figure that is asked.
static ASKED: LazyLock<Option<Regex>> = pattern!(
    r"(?:现|价|卖|售|收|仅需?|只[要需收]?|才|特惠|到手|今[天日晚年]?|当天|当日|这周|本周|本月|本?周[一二三四五六日]|这个?礼拜|我们|咱们|本店|这[里儿边]|我家|[日天]|给|[给]?老客|老[学客]员?|新客|会员|学[生员]|老用户|一[年月季]|包[年月季]|[年月]费|一律|统一|早鸟|预[售购]|体验|单程|每[人位张件盒斤箱晚只节杯份束]|[一两]?[支件盒箱]|申请了?一个|按|拼团?|团|报|要|房|束|餐|从|由|票|卡|套|品|班|首[年月单])(?:[:是为到]|[^0-9，,。()]{0,2})[ ]?(?:¥|nt\$?|hk\$?|\$)?$"
);
/// Behind a figure that is asked: 520给, 680收.
static HANDED: LazyLock<Option<Regex>> =
    pattern!(r"^(?:元|块)?(?:就?(?:给|收|拿走?|卖|出|带走|抱走|包邮)|一[斤个只盒份杯箱位人]|/[^0-9a-z])");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::amounts::prices::amounts_in;
    use crate::understand::text::normal::fold_phrase;

    /// `high>low` of every pair.
    fn told(text: &str) -> String {
        let text = fold_phrase(text);
        let mut amounts = amounts_in(&text, 0..text.len());
        if !mark_pairs(&May::ANY, &text, 0, &mut amounts) {
            return String::new();
        }
        let figure = |kind: AmountKind| {
            let of_kind = amounts.iter().filter(move |amount| amount.kind == kind && amount.said);
            of_kind.map(|amount| format!("{}", amount.money.minor / 100)).collect::<Vec<_>>().join(",")
        };
        format!("{}>{}", figure(AmountKind::ListPrice), figure(AmountKind::Price))
    }

    #[test]
    fn two_figures_are_told_for_one_thing() {
        for (text, wanted) in [
            ("广式礼盒198→88，今晚10点关门前随便挑", "198>88"),
            ("智利车厘子2斤装79.9→59.9，今晚24点下架", "79>59"),
            ("游泳12堂NT$4,800→NT$4,200,繳費截圖傳給我就算", "4800>4200"),
            ("$20磅→$12磅,三枝公司嘅師奶", "20>12"),
            ("4人餐268元变159，凌晨1点散团", "268>159"),
            ("青团四只装15变12", "15>12"),
            ("15元一斤变10元一斤", "15>10"),
            ("家庭年卡999减到699", "999>699"),
            ("它从1299降到了999，被别人买走了640次", "1299>999"),
            ("年卡1299我给你做到999，走的是员工名额", "1299>999"),
            ("热敏标签纸我们可以从38元/卷让到34.5元/卷", "38>34"),
            ("展厅样品要撤场了，4800的现在2900拉走", "4800>2900"),
            ("月租由3,200元調降為2,800元", "3200>2800"),
            ("给老客户的价是62元/只，此前68。", "68>62"),
            ("断码清到199了（原399），S码就剩这条", "399>199"),
            ("别人298我收你238，今晚12点挂网上", "298>238"),
            ("六格餐盘9.8元（上年10.6元）", "10>9"),
            ("文具包59元（单买合计83），线上至8月30日", "83>59"),
            ("扫地机立刻从1999涨回2999", "2999>1999"),
            ("水光三次卡由2680回落到1980的窗口就关了", "2680>1980"),
            ("我可以把学费从9800调到8600", "9800>8600"),
            ("门票188现99，跨年三天", "188>99"),
            ("房价原680现520，含双早", "680>520"),
            ("豆浆油条套餐原8元现6元", "8>6"),
            ("开业期间25元一杯现19元", "25>19"),
            ("年卡198现128，8月31日24:00恢复", "198>128"),
            ("上周挂2180,现在1980,能再小刀", "2180>1980"),
            ("下午茶餐平時$48今日$38,賣到六點就收", "48>38"),
            ("鸡蛋一板平时23今天18,只有二十板摆门口", "23>18"),
            ("沃柑平时6块8今天4块9一斤", "6>4"),
            ("剪发一律38（平时58），整个暑假都有效", "58>38"),
            ("码头价58/斤，平时98", "98>58"),
            ("烫发398元(门市598)", "598>398"),
            ("皇冠草莓这团85一箱(商场128)", "128>85"),
            ("山景房260(平台标388),加床不收钱", "388>260"),
            ("七夕一束玫瑰99(早上还卖139)", "139>99"),
            ("鏡框+鏡片配到好NT$1,980(原NT$3,200)", "3200>1980"),
            ("洗+剪 NT$450(一般NT$600)", "600>450"),
            ("肩颈60分钟158元（单次198元）", "198>158"),
            ("吊牌899,瑕疵价199", "899>199"),
            ("周年卡2888一年，往年3980", "3980>2888"),
            ("SUV 4台(日租359，平时528)", "528>359"),
            ("五一直飞三亚含税990(今日网上1680)", "1680>990"),
            ("暑期班学生价2980(社会价3880)", "3880>2980"),
            ("续费价锁在了88元/年(现价168元/年)", "168>88"),
            ("梭子蟹38一斤,市场里55", "55>38"),
            ("麒麟瓜整个买1块8一斤(切开2块5)", "2>1"),
            ("厂家说了，1199的破壁机599这个价只放50台", "1199>599"),
            ("899元的吸尘器499拿走", "899>499"),
            ("标摊早鸟价6800元收到周三为止,之后财务按8800开单", "8800>6800"),
            ("玫瑰今天12一枝,过了今天25。", "25>12"),
            ("早鸟价4,500元到今晚为止,之后一律5,800元", "5800>4500"),
            ("今晚子夜一过,4,500会变成5,800", "5800>4500"),
            ("创始价199元一年，第101家起599元", "599>199"),
            ("店里一直是58一位,找他剪收38。", "58>38"),
            ("我这儿38一斤，隔壁卖45", "45>38"),
            ("原价980，今天报按680收，明天的价我没有权限再给", "980>680"),
            ("原价880，老学员700，1月23日9点开课前交费", "880>700"),
            ("9座商务原价900/天，今天中午12点前定只收700", "900>700"),
            ("纯棉99元起，平时商场卖299", "299>99"),
            ("春季班早鸟价1680只到周日，过了就是2280，一分不讲", "2280>1680"),
            ("早鸟价 128/对，今晚零点恢复188", "188>128"),
            ("早鸟价388元（1月18日及以前下单），之后460元", "460>388"),
            ("C1全包班现价3180，三天后（8月14日零点）起涨到3680", "3680>3180"),
            ("作业托管班1280/月，九月一号系统自动跳1580", "1580>1280"),
            ("首月9.9元（次月起39元），可租积木", "39>9"),
            ("新客首年99元（续费199元/年），每个账号限购1台", "199>99"),
            ("Python数据分析全套从599跳回1299", "1299>599"),
            ("月饼团购：10盒起每盒72元（零售98），9月23日18点前报数", "98>72"),
            ("会员价/非会员价：山竹16.8/22.8，蓝莓9.9/13.8", "22,13>16,9"),
            ("小龙虾3斤装168的138给", "168>138"),
            ("充电宝专柜159我们89，假一赔十", "159>89"),
            ("手作体验课，平常一位168，本周四一位98", "168>98"),
            ("洗剪吹98，元旦起要128了", "128>98"),
            ("车位12万，市场价15万", "150000>120000"),
            ("礼券面值688，现在398就能买", "688>398"),
            ("凭学生证58，非学生78", "78>58"),
            ("早鳥團費NT$18,800，6/1起NT$21,800", "21800>18800"),
            ("吹风机899到手599 赠收纳袋", "899>599"),
            ("网费一年720，续费同价，原先960", "960>720"),
            ("电影票28，窗口价45", "45>28"),
            ("老同学续费3600，新学员4200", "4200>3600"),
            ("床垫3980，国庆后要回4680", "4680>3980"),
            ("台历19.9，商超同款35", "35>19"),
            ("空调清洗120，夏天一到就是180", "180>120"),
            ("续卡1980，过期就按新卡2680算", "2680>1980"),
            ("4人餐268元变159，你这团人数4缺1", "268>159"),
            ("叠完补贴到手1999(补贴前2599)", "2599>1999"),
            ("洗碗机到手2899，券前3399", "3399>2899"),
            ("亲子房本来868，给您598", "868>598"),
            ("缺口一个，给你算600（本来680），", "680>600"),
            ("升千兆只加10元/月(原加40元)", "40>10"),
            ("老年卡会员续卡580元，新办为780元", "780>580"),
            ("老用户500M续约月费49元（标准资费69元）", "69>49"),
            ("79元早鸟票今晚24点下架，明天起门口只有158的", "158>79"),
            ("全程班早鸟3980最后一晚,今晚12点一过恢复5280", "5280>3980"),
            ("拿铁9块9，这个周末两天，周一睁眼就是22块", "22>9"),
            ("99元年卡也只剩10个小时，新年第一秒它叫168", "168>99"),
            ("桂味28一斤，老朋友算25", "28>25"),
            ("糯米糍35一斤，老街坊只收30", "35>30"),
            ("土鸡蛋一斤15块，群里邻居13块", "15>13"),
            ("萝卜条一斤8块，双11那周统一7块", "8>7"),
            ("八毛一斤(上午一块二)，拉回去也是占地方", "1>0"),
            ("西瓜一斤两块五，街坊两块", "2>2"),
            ("小米粥1块一碗(原两块)，", "2>1"),
            ("豆花5元一碗，开业期间3元", "5>3"),
        ] {
            assert_eq!(told(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_are_no_two_prices_of_one_thing() {
        for text in [
            "8点→6点营业时间调整",
            "气温从38降到25",
            "排名从12降到8",
            "换屏500元收你50元定金",
            "退货100元收你20元手续费",
            "饭钱180元收你60元",
            "客单价从120元做到80元，团队加油",
            "红包200给你100，剩下给弟弟",
            "昨天聚餐一共300元算你100元",
            "平时18点关门，今天20点",
            "平时3个人，今天2个人",
            "原定10日的会议改到8日",
            "停车费由5元涨到8元",
            "包月会员价格由15元/月调整为18元/月",
            "订单4821已发货，之后3天送达",
            "iPhone 15，后12个月保修",
            "会议室从305改到201",
            "排练从305教室改到201教室",
            "原座位18，现座位12，请按新票入座",
            "平时24小时，现在8小时营业",
            "原告请求由50万元降至30万元",
            "考试原来满分150，现在120",
            "航班CA1831改为CA1501",
            "满意请回1，一般请回2，不满意请回3",
            "实付299元(原价399元)",
            "尾号1299的卡恢复使用，密码6次输错",
            "今天28度，平时32度",
            "体重从150降到120",
            "原2号店搬到1号店",
            "您的订单48213已支付:靴子299元，原价399元，合计299元",
            "我这边房租从3500涨到3800了",
            "养老金由3200涨到3350",
            "本学期课时由40减到36",
            "今天步数由8000降到5000",
            "我们班平均分从78降到72",
            "原来住302，现在搬到201了",
            "报价单由12.8万调到11.5万",
            "奖金原定5000，现3800",
            "今年名额由120减到80",
            "价保申请通过，原价399现价299，差价已退",
            "您本月电费从128元降到98元",
            "原来的电话是12345，现在改成67890",
            "平时成绩40，卷面30",
            "上次人均20，这次人均15",
            "领奖期间为 4 月 6 日起至 7 月 6 日止",
            "标间298元(豪华价398元)",
            "单人98，(双人价168)",
            "100块的套餐里有50分钟通话",
            "有58的套餐38的单品",
            "房租3500下月会变成3800",
            "差旅住宿标准由400元降至350元",
            "焊管600米×15.1元(合同价16.8元，已按下调价结算)",
            "课程 9 点开始 8 点签到",
            "成人80，学生40",
            "苹果8块，今天香蕉7块",
            "二班出勤45，今天40，",
            "老师80人，会员60人",
            "补贴前三年免税",
            "下周起场租涨了，AA从25变28。",
            "平时两块蛋糕，今天一块",
            "咱们一块走，原来两块表",
            "收费下月从20元变成25元",
        ] {
            assert_eq!(told(text), "", "{text}");
        }
    }
}
