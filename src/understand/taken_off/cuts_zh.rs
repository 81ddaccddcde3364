//! What is taken off in Chinese in plain words, as people in small trades say it: 少收你500, 今晚订折200, 再给你便宜80,
//! 定金50抵150, 减免一半, 免月租, 首月0元, 第二小时免费, 连住三晚送一晚, 置换补贴最高1.2万元. The shops' own words (满减, 立减,
//! 8折) are read in `reductions`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::message::{Currency, Money};

use crate::understand::amounts::numerals::{digit_of, value_of};
use crate::understand::expression::{Expression, May, expression};
use crate::understand::meaning::Discount;
use crate::understand::patterns::{pattern, says};

/// Cuts looked at in one sentence, of each sort.
const CUTS_MAX: usize = 8;

/// The expressions asked here.
pub(in crate::understand) fn asked() -> impl Iterator<Item = &'static Expression> {
    [&LESS, &BARE, &DEPOSIT, &BOTH_GET, &SUBSIDY, &HALF, &TENTHS, &NEXT_FREE, &MORE_FREE, &FIRST_FREE, &LESSONS]
        .into_iter()
        .chain([&WAIVED, &ROUNDED, &BACK_UP])
}

/// What every cut has one of, where no sign of another reduction is.
pub(in crate::understand) const SIGNS: &str = "少收 少付 少给 少算 平你 平您 便宜 购物金 各得 膨胀 当 首月 首年 首堂 首节 首次 首单 首周 首晚 首日 首小时 首个月 第一 0元 零元 前两 购补 新补 换补 另补 再补 直补 叠 让了 让你 让您 国补 少花 少付 少掏 少出 少交 价少 一半 对半 拦腰 拍1 拍一 拍2 拍二 抹 零头 不收 恢复 \
                                 变回 涨回 跳回 弹回 改回 调回 升回 拉回 退回 打回 回到 按原价 原价办 劈价 割价 跳水价 早鸟";

/// 付定金100抵200: what is paid down is worth more, and no bill. 已付定金 is one.
pub(in crate::understand) fn doubles_a_deposit(words: &str) -> bool {
    let regex = if words.is_ascii() { None } else { DEPOSIT.regex() };
    let is_paid = ["已付", "已支付", "支付成功", "已交", "您的订单"].iter().any(|paid| words.contains(paid));
    !is_paid && regex.is_some_and(|regex| regex.captures_iter(words).any(|groups| deposit(&groups).is_some()))
}

/// What a sentence takes off so, with the place of the words in it.
pub(in crate::understand) fn cuts_in(may: &May, words: &str) -> Vec<(Range<usize>, Discount)> {
    if words.is_ascii()
        || ["纳税", "个税", "增值税", "所得税", "税务", "社保", "医保", "集采", "公积金"]
            .iter()
            .any(|public| words.contains(public))
    {
        return Vec::new();
    }
    let mut cuts = Vec::new();
    let mut ask = |expression: &Expression, read: &dyn Fn(&Captures<'_>) -> Option<Discount>| {
        let Some(regex) = expression.within(may) else { return };
        for groups in regex.captures_iter(words).take(CUTS_MAX) {
            let Some(whole) = groups.get(0) else { continue };
            // 首堂免费试玩: a trial takes nothing off.
            let is_trial = words.get(whole.end()..).is_some_and(|tail| tail.starts_with('试'));
            if let Some(discount) = read(&groups).filter(|_| !is_trial) {
                cuts.push((whole.range(), discount));
            }
        }
    };
    ask(&DEPOSIT, &deposit);
    ask(&BARE, &|groups| bare(groups, words));
    for amount in [&LESS, &BOTH_GET, &SUBSIDY] {
        ask(amount, &|groups| {
            ["off", "off2", "off3", "off4", "off5"].iter().find_map(|off| money(groups, off)).map(Discount::Amount)
        });
    }
    ask(&HALF, &|groups| half(groups, words));
    ask(&TENTHS, &tenths);
    ask(&NEXT_FREE, &|groups| Some(Discount::NextOne(if groups.name("half").is_some() { 50 } else { 100 })));
    for given in [&MORE_FREE, &FIRST_FREE, &LESSONS] {
        ask(given, &|_| Some(Discount::Gift));
    }
    for unsaid in [&WAIVED, &ROUNDED] {
        ask(unsaid, &|_| Some(Discount::Unsaid));
    }
    ask(&BACK_UP, &|groups| {
        let end = groups.name("to").or_else(|| groups.get(0))?.start();
        (!says(&NO_CUT, words.get(..end)?)).then_some(Discount::Unsaid)
    });
    cuts
}

/// 500, 1,500, 三百, 1.2万.
fn money(groups: &Captures<'_>, name: &str) -> Option<Money> {
    let written = groups.name(name)?.as_str();
    let (digits, times) = written.strip_suffix('万').map_or((written, 1), |digits| (digits, 10_000));
    let spoken = || value_of(digits).map(|value| value.to_string());
    let plain = digits.replace(',', "");
    let money = Money::from_decimal(&plain, Currency::CNY)
        .or_else(|| Money::from_decimal(&spoken()?, Currency::CNY))
        .filter(|money| money.minor > 0)?;
    Some(Money::new(money.minor.checked_mul(times)?, money.currency))
}

/// 减20 takes 20 off, 便宜两毛 a fifth of one.
fn bare(groups: &Captures<'_>, words: &str) -> Option<Discount> {
    let head = words.get(..groups.get(0)?.start())?;
    let (off, is_bare) = (money(groups, "off")?, groups.name("off")?.as_str().len() < 2);
    let dimes = groups.name("dime").is_some();
    // 便宜5, 省3: too little without a unit, and perhaps no money.
    let has_unit = || groups.get(0).is_some_and(|whole| whole.as_str().ends_with(['元', '块', '蚊']));
    if says(&NO_CUT, head) || is_bare && !dimes && !has_unit() {
        return None;
    }
    Some(Discount::Amount(if dimes { Money::new(off.minor.checked_div(10)?, off.currency) } else { off }))
}

/// 全场砍一半 takes half off; 预算砍一半 and 房租对半付 do not.
fn half(groups: &Captures<'_>, words: &str) -> Option<Discount> {
    let head = words.get(..groups.get(0)?.start())?;
    (!says(&NO_HALF, head)).then_some(Discount::Percent(50))
}

/// 定金50抵150 takes 100 off.
fn deposit(groups: &Captures<'_>) -> Option<Discount> {
    let (paid, worth) = (money(groups, "paid")?, money(groups, "off")?);
    let off = worth.minor.checked_sub(paid.minor).filter(|off| *off > 0)?;
    Some(Discount::Amount(Money::new(off, worth.currency)))
}

fn tenths(groups: &Captures<'_>) -> Option<Discount> {
    let tenths = digit_of(groups.name("cheng")?.as_str().chars().next()?)?;
    u8::try_from(tenths * 10).ok().filter(|percent| (1..100).contains(percent)).map(Discount::Percent)
}

/// 少收你500, 直接折150, 再给你便宜80, 平你三百, 减免报名费100元, 手续费减收NT$2,000, 考证团减1500.
static LESS: Expression = expression!(
    r"(?:少收|少付|少给|少算|平(?:[你您]|返))(?:[你您]|你们|大家|各位)?(?:足足|整整|个)?[ ]?(?:¥|nt\$|hk\$|\$)?(?P<off>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,5}|[一二两三四五六七八九]?[十百千](?:[一二三四五六七八九]十?)?)(?:元|块钱?|蚊|$|[，,。!！;；、()~吧哦啦哈喔 ])",
    // 减免380后2600.
    r"|减[免收]?[ ]?(?:¥|nt\$|hk\$|\$)?(?P<off5>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{2,5})(?:元|块)?后(?:[0-9]|只|仅|到手|实付|才|价|为|是|¥|nt|hk)",
    // 比平时少花300, 厂价少15一斤, 比门市少收20.
    r"|(?:比[^0-9，,。]{1,8}|[能可你您就再要还])少[花付掏出交收](?:了)?[ ]?(?:¥|nt\$|hk\$|\$)?(?P<off2>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,5})(?:元|块|蚊|一[斤只个盒箱张杯碗位件份]|/|$|[，,。!！;；、()~吧哦啦哈喔 ])",
    r"|(?:[厂原市门]价|专柜|门市|超市|外面|商场|网上|官网|平时|批发价)[^0-9，,。]{0,3}少[花付收]?[ ]?¥?(?P<off4>[0-9]{1,5})(?:元|块|蚊|一[斤只个盒箱张杯碗位件份]|/|$|[，,。!！;；、()~吧哦啦哈喔 ])",
    r"|(?:减免|减收|免收|少收|返还|直减|立减|各减)[^0-9，,。满]{0,6}(?:费|款|金|租|价|票)[ ]?(?:¥|nt\$|hk\$|\$)?(?P<off3>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{2,5})(?:元|块|$|[，,。!！;；、()~ ])",
);

/// 520减100, 2件减30, 镜片减400, 第二次起减30, 出示学生证折50, 旧车开来抵500, 每斤便宜两毛, 还返50: the bare word and a figure
/// that ends there. 体重减20斤, 课时减20 and 骨折20 are none (see `NO_CUT`).
static BARE: Expression = expression!(
    r"(?:减[收免]?|(?:^|[^约合曲打骨波百转骤夭对摺相量存0-9一二三四五六七八九十])折(?:让|抵|价)?|便宜了?|让利|让了?(?:[你您]|大家)?|每[台件个斤张位间套辆盒箱](?:再|直|立|各|还)*降|(?:还|再|即|可|就|立|另|都|下单|到店|进店)返|(?:^|[能可就是再立直还多接各均都你您，,。、;!箱件只斤份盒袋瓶张位人单套晚节桶条台])省(?:下|了|掉)?|(?:旧|以旧换新|置换|换新|来|回收)[^0-9，,。减]{0,6}(?:抵|叠)(?:扣|价|加)?)(?:[你您]|大家)?(?:足足|整整)?[ ]?(?:¥|nt\$|hk\$|\$)?(?P<off>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,5}(?:\.[0-9])?|[0-9]{1,2}(?:\.[0-9]{1,2})?万|[一二两三四五六七八九]?[十百千万][一二三四五六七八九]?|[一二两三四五六七八九])(?:(?P<dime>毛|角)|元|块|蚊|多|$|[，,。!！;；、()~吧哦啦哈喔呢嘞 ])"
);

/// What is less so and is no price, in the same clause; and sums.
static NO_CUT: LazyLock<Option<Regex>> = pattern!(
    r"(?:[加扣削缩裁消递衰锐骤增精退]|体重|预算|要求|人数|人手|名额|编制|班次|车次|工资|月薪|时薪|薪水|养老金|补贴|奖金|[成得总扣]?分数?|成绩|积分|余额|库存|产量|销量|速度|里程|步数|时间|课时|学时|额度|水位|温度|气温|血压|血糖|负担|税|利息|月供|[0-9]等于|=)[^，,。;；]{0,8}$"
);

/// 定金50抵150, 付定金100抵200, 付20抵60, 交99元当300元.
static DEPOSIT: Expression = expression!(
    r"(?:定金|订金|预付|预存|预定|预订|付|交|存)金?(?:仅|仅需|只要)?[ ]?¥?(?P<paid>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,5})(?:元|块)?(?:即|可|就|直接|能)?(?:抵扣?|当|膨胀(?:为|至|到|成)?|顶|变)[ ]?¥?(?P<off>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{2,5})"
);

/// 您和对方各得300元续费抵扣, 会员购物金200元.
static BOTH_GET: Expression = expression!(
    r"(?:各[得送减返享领]|(?:双方|两人|你我|彼此)[都均各]?[得享领减])[ ]?¥?(?P<off>[0-9]{1,5})(?:元|块)?[^0-9，,。]{0,8}(?:抵扣|抵用|券|优惠|红包|话费|代金|立减|购物金|现金)",
    r"|(?:购物金|抵用金|折抵金|消费金|现金礼|购车金|旅游金|红利金)[ ]?(?:¥|nt\$|hk\$|\$)?(?P<off2>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{2,5})|(?P<off3>[0-9]{2,5})(?:元|块)?的?(?:购物金|抵用金|折抵金|消费金|购车金|旅游金)",
);

/// 置换补贴最高1.2万元. Allowances for heat, travel and housing are none.
static SUBSIDY: Expression = expression!(
    r"(?:置换|换新|焕新|国家|政府|[^女续务育]教育|家电|数码|换购|购车|购机|购房|购置|报废|厂家|厂商|平台|门店|回收|增购|旧机|旧车|装修)(?:[^0-9，,。]{0,4})补贴?(?:金额?)?(?:最高|高达|至高|最多|可达|达|另补|再补|直补|每[^0-9，,。]{1,2})*[ ]?¥?(?P<off>[0-9]{1,6}(?:\.[0-9]{1,2})?万?)(?:元|块|的|$|[，,。!！;；、()~ ])",
    r"|[国省]补(?:再?[补减立省直]*|最高|叠加)*[ ]?¥?(?P<off2>[0-9]{2,5})(?:元|块|$|[，,。!！;；、()~ ])|旧(?:[^0-9，,。:;；]{1,3})?(?:抵扣|折抵|抵价|折价|抵用|作价|回收价?)(?:标准|金额|额)?[: ]{0,2}[^0-9，,。;；:]{0,6}[ ]?(?:¥|nt\$|hk\$|\$)?(?P<off3>[0-9]{2,5})(?:元|块|$|[，,。!！;；、()~ ])",
);

/// 减免一半, 报名费一半, 全项目砍一半, 按一半收, 3980的卡对半付.
static HALF: Expression = expression!(
    r"(?:减免|减收|减|降价?|优惠|补贴|少收|便宜|立省|省|砍价?|打)(?:了|掉|去|近|[你您])?(?:一半|50%|对半)|(?:费|票价|门票|租金|房价|学费|定价|原价|价格)(?:只[收要]|仅[收需]|收|付|的)?一半",
    r"|(?:按|只[收要]|仅[收需]|就收)一半(?:的?价钱?|收|算|给|卖|付|拿)?|(?:工时|费用?|票价|价格|租金?)减半(?:[，,。!！;；、~ 了啦收]|$)|[卡单票价课费元](?:都|全|一律|统统|直接|就)?(?:对半(?:付|砍|收|价|卖|算|给|拿|折)|拦腰(?:砍|斩|一刀)?)|一半(?:的)?价(?:钱|格)?(?:拿|卖|给|收|出|带走|就|[，,。!！;；~]|$)",
);

/// What is halved so and is no price, in the same clause; and what friends share.
static NO_HALF: LazyLock<Option<Regex>> = pattern!(
    r"(?:预算|人手|名额|编制|工作量|产量|销量|客流|时间|体重|饭量|糖|盐|药|剂量|电量|人数|收入|工资|薪|奖金|额度|订单|负担|压力|任务|流量|库存|房租|饭钱|饭费|油费|油钱|餐费|账单?|水电|车费|路费|经费|成本|利润|毛利|业绩|低保|特困|残疾|贫困|咱俩|我俩|我们俩|aa)[^，,。;；]{0,8}$"
);

/// 单笔最高抵订单的三成.
static TENTHS: Expression = expression!(
    r"(?:(?:抵扣?|减免|补贴|返还?)(?:订单|货款|总价|房费|金额|实付|应付|费用)?[^0-9，,。]{0,4}|(?:^|[^不没])减[^0-9，,。少价]{0,4}[费款租金])(?P<cheng>[一二两三四五六七八九])成"
);

/// 第二小时免费, 第二晚半价.
static NEXT_FREE: Expression = expression!(
    r"第[二2两三3四4](?:个)?(?:半)?(?:小时|钟头|天|日|晚|夜|节课?|堂课?|次|周|月|年|期|间|趟|程|针|学期|学员|同学|孩子|个娃|个小孩|杯|件|位|人|份|瓶|台|双|张|条|只|套|碗|盒|箱|串|锅|碟)[^0-9，,。不没]{0,4}(?:免费|免单|免收|不要钱|不收钱|(?P<half>半价|一半|对折|对半|打?五折|减半|砍半))"
);

/// 连住三晚送一晚, 称十斤猪肉送一只猪脚, 学十节赠两节.
static MORE_FREE: Expression = expression!(
    r"(?:称|连住|连订|住|租|囤|喝|吃|学|洗|做|剪|练|约|买|订|报|办|充|存|点|拍)满?(?:[0-9]{1,3}|[一二两三四五六七八九十]{1,3}|半)(?:斤|公斤|晚|夜|天|日|节|堂|课时|个?小时|次|场|年|个?月|个?季度|桌|只|条|头|串|箱|盒|杯|份|件|套|瓶|桶|包|袋|板|张|位|人|盆|束)[^0-9，,。!！?？]{0,8}(?:赠送|送|赠|免)(?:您|你)?(?:[0-9]{1,3}|[一二两三四五六七八九十半]{1,2})(?:斤|公斤|晚|夜|天|日|节|堂|课时|个?小时|次|场|年|个?月|个?季度|只|条|头|串|箱|盒|杯|份|件|套|瓶|桶|包|袋|板|张|位|个|盆|束|枝|支|把|袋)"
);

/// 首月0元, 首年免月租, 前两个月免费.
static FIRST_FREE: Expression = expression!(
    r"(?:首[月年周季次单晚日节课堂]|首个月|首小时|第一[个]?(?:月|年|小时|节课?|次|晚|周)|前[一二两三四五六1-6](?:个月|年|周|次|节课?|小时|天))(?:的)?(?:租金|租|月费|年费|月租费?|会员费?|费用|费|体验|学费|物业费|套餐费)?(?:只要|仅需?|均为|全|都|均)?(?:[0零]元|免费|全免|免(?:租|月租|年费|会员费|月费|学费|手续费|服务费|物业费))"
);

/// 续报抵扣两次课费用, 免两个月管理费.
static LESSONS: Expression = expression!(
    r"(?:抵扣?|减免?|免去|免收?|少收|送|赠)(?:您|你)?[一二两三四五六1-6](?:次|节|堂|期|个?)(?:课时|课|月|季度?|学期)?的?(?:课时?费|费用|学费|租金|月费|管理费|物业费|月租)"
);

/// 免手续费, 免月租, 免门票; 安装费1200不收, 工时费全免. What was free before, 免费注册 and 免押金, takes nothing off.
static WAIVED: Expression = expression!(
    r"(?:^|[^减豁避难未不幸])免(?:收|除|去|掉)?(?:全部|全年|首年|首月|次年|当月|本年|本次|您的?|一切)?(?:手续费|服务费|开卡费|工本费|月租费?|月费|年费|会员费|入会费|报名费|门票|入场费|加工费|安装费|学费|场地费|管理费|房租|租金|停车费|配送费|挂号费|检测费|茶位费|加床费|取消费|中介费|佣金|工时费|工费|搬运费|上楼费|设计费|量房费|代办费|清洗费|制作费|材料费|教材费|申购费|包装费|餐位费|开瓶费|台位费|清洁费|人工费)",
    r"|(?:中介费|佣金|安装费|工时费|人工费|工费|加工费|搬运费|上楼费|拆旧费|设计费|量房费|代办费|清洗费|制作费|材料费|教材费|申购费|包装费|餐位费|开瓶费|台位费|茶位费|加床费|会员费|入会费|年费|月租费?|手续费|开卡费|报名费)[ ]?(?:¥|nt\$|hk\$|\$)?(?:[0-9][0-9,]{0,6}(?:元|块)?)?(?:全|都|也|就|给[你您]|一律|统统|通通|直接)?(?:免了|全免|不收[你您]?|免掉|免除|(?:我们?|本店|店里)(?:出|包|承担|吸收|买单|负责)|不要了?|给免了?)(?:[，,。!！;；、的~ ]|$)",
);

/// 到店结账抹零, 零头都给抹掉: the small change is let go.
static ROUNDED: Expression = expression!(
    r"抹(?:个|掉|去|了)*零(?:头|[，,。!！;；、 ]|$)|零头(?:都|就|也|全|一律)?(?:给(?:[你您]|大家)?|帮[你您])?(?:抹|免|不要|不算|不收|省|去掉)"
);

/// 零点后它回到1500, 今晚12点全部改回吊牌价, 明天只能按原价办: what goes back up is lower until then.
static BACK_UP: Expression = expression!(
    r"(?:它|就|又|即|将|会|立刻|马上|自动|全部|统一|全都?|都|零点|过后|之后|一?[过响后起]|明[天日早]|过期|届时|[点号日天周])[^0-9，,。]{0,4}(?:(?:变|涨|跳|弹|改|调|升|拉|打)回|恢复|回到)(?:到|至|成|为|去|原价)?[ ]?(?:¥|nt\$|hk\$|\$)?(?P<to>[0-9]{3,5})(?:元|块)?(?:[，,。!！;；~了啦]|$)",
    r"|(?:零点|[点号日天周晚后起过就全都]|错过|慢一步|逾期|过期|届时|过时)[^，,。]{0,8}(?:恢复|回到|回归|改回|变回|调回|涨回|跳回|弹回|打回|按回|(?:只能|要|得|就|将|须|需)?按)(?:到|至|成|为)?(?:原价|正价|吊牌价|门市价|标价|日常价|平时价|标准价|挂牌价|全价|牌价|零售价|老价钱?)(?:办理?|收取?|卖|买|购买?|走|算|续费?|发售|销售|执行|计费?)?(?:[，,。!！;；、~ 了啦吧]|$)",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::text::normal::fold_phrase;

    fn told(text: &str) -> Vec<String> {
        let told = cuts_in(&May::ANY, &fold_phrase(text)).into_iter();
        told.map(|(_, discount)| match discount {
            Discount::Amount(money) => (money.minor / 100).to_string(),
            Discount::Percent(percent) => format!("{percent}%"),
            other => format!("{other:?}"),
        })
        .collect()
    }

    #[test]
    fn plain_words_take_something_off() {
        for (text, wanted) in [
            ("店長說再少收你500,但他只答應到後天", vec!["500"]),
            ("再少收5块加工费", vec!["5"]),
            ("8吋直接折150,老師傅一天就做得出那幾顆", vec!["150"]),
            ("今晚訂折200,明天現場只有原價", vec!["200"]),
            ("面膜10盒拿货价给你再便宜80,", vec!["80"]),
            ("给你们还能便宜80", vec!["80"]),
            ("平你三百,$900攞走", vec!["300"]),
            ("巴厘岛OW考证团减1500，", vec!["1500"]),
            ("并统一减免报名费100元。", vec!["100"]),
            ("手續費減收NT$2,000,隨到隨辦", vec!["2000"]),
            ("平板电脑定金50抵150", vec!["100"]),
            ("付定金100抵200", vec!["100"]),
            ("訂金2,000抵4,000，只到月底", vec!["2000"]),
            ("师傅说每坪少算你300", vec!["300"]),
            ("旧窗换新补贴每扇300", vec!["300"]),
            ("付20抵60,现在付还来得及", vec!["40"]),
            ("您和对方各得300元续费抵扣", vec!["300"]),
            ("會員購物金200元會跟著三月一起消失", vec!["200"]),
            ("混动车型置换补贴最高1.2万元", vec!["12000"]),
            ("62岁以上学员学费减免一半", vec!["50%"]),
            ("单笔最高抵订单的三成", vec!["30%"]),
            ("單車租借第二小時免費", vec!["NextOne(100)"]),
            ("第二晚半价", vec!["NextOne(50)"]),
            ("给老业主推荐购房减中介费三成，到5月5日", vec!["30%"]),
            ("事故比上年减少三成", vec![]),
            ("还有一个想留给晨晨，减600呢。", vec!["600"]),
            ("Q5再让一万二，明天就收回去了", vec!["12000"]),
            ("每台再降80，条件是明天见到订单", vec!["80"]),
            ("开学季店里换油工时减半", vec!["50%"]),
            ("比新价便宜四千五。", vec!["4500"]),
            ("跨年连住三晚送一晚", vec!["Gift"]),
            ("称十斤猪肉送一只猪脚", vec!["Gift"]),
            ("首月0元体验", vec!["Gift"]),
            ("前两个月免费", vec!["Gift"]),
            ("首堂體驗0元", vec!["Gift"]),
            ("再减你200，今天定下来就行", vec!["200"]),
            ("你俩各减50", vec!["50"]),
            ("情人节套餐两人520减100，再拖就排门口了", vec!["100"]),
            ("学生防控镜片减400，仅明天", vec!["400"]),
            ("苹果礼盒2件减30，", vec!["30"]),
            ("老客第二次起减30,碎成渣也先别扔", vec!["30"]),
            ("找他剪减20,收38", vec!["20"]),
            ("今晚这价6罐装还返50，趁现在", vec!["50"]),
            ("以旧换新再叠500，库房样机卖完不续", vec!["500"]),
            ("旧电瓶车开来抵500!", vec!["500"]),
            ("換機油出示學生證折50,一年四季都折", vec!["50"]),
            ("头一批认的每头便宜300,", vec!["300"]),
            ("拿筐每斤便宜两毛,天天都这规矩", vec!["0"]),
            ("比昨天还让了3块,", vec!["3"]),
            ("抢到就是省60多。", vec!["60"]),
            ("第二位同行者免费", vec!["NextOne(100)"]),
            ("旧空调换购补800", vec!["800"]),
            ("汇往境外免手续费", vec!["Unsaid"]),
            ("即日起预登记免门票", vec!["Unsaid"]),
            ("C2学费2980，减免380后2600", vec!["380"]),
            ("旧换新再折3万，", vec!["30000"]),
            ("一箱省40!!还没接的", vec!["40"]),
            ("成团价每人省500。", vec!["500"]),
            ("30次588，比平时少花300，", vec!["300"]),
            ("牛腱子厂价少15一斤，", vec!["15"]),
            ("比门市少收20，", vec!["20"]),
            ("置换补3000的额度", vec!["3000"]),
            ("平板教育补贴500，", vec!["500"]),
            ("空调国补再减400，", vec!["400", "400"]),
            ("旧机抵扣:波轮200元、滚筒400元", vec!["200"]),
            ("全项目砍一半，", vec!["50%"]),
            ("3980的卡对半付，1990带走", vec!["50%"]),
            ("没卖完的按一半收", vec!["50%"]),
            ("住两晚第二晚按一半收", vec!["50%", "NextOne(50)"]),
            ("老学员续报抵扣两次课费用", vec!["Gift"]),
            ("橱柜安装费1200不收。", vec!["Unsaid"]),
            ("冷氣安裝費3,000我們吸收，", vec!["Unsaid"]),
            ("第二双收一半", vec!["NextOne(50)"]),
            ("换机油工时费全免的好事", vec!["Unsaid"]),
            ("在我司签约免中介费", vec!["Unsaid"]),
            ("到店结账抹零，198算190", vec!["Unsaid"]),
            ("来拿货的零头都给抹掉", vec!["Unsaid"]),
            ("给你抹掉零头算600", vec!["Unsaid"]),
            ("跨年钟声一响，它就变回3680。", vec!["Unsaid"]),
            ("零点后它回到1500，", vec!["Unsaid"]),
            ("今晚12点全部改回吊牌价!", vec!["Unsaid"]),
            ("慢一步只能按原价办。", vec!["Unsaid"]),
            ("3月15号恢复原价，", vec!["Unsaid"]),
        ] {
            assert_eq!(told(text), wanted, "{text}");
        }
    }

    #[test]
    fn plain_words_that_take_nothing_off() {
        for text in [
            "今年少收了500斤粮食",
            "骨折200天",
            "国内成品油价格降80，今晚24点起",
            "减配不减价三成",
            "学费减半政策已经开会讨论",
            "高温补贴300元已发放",
            "交通补贴每月200元",
            "定金50元",
            "付20块给我",
            "体重减20斤",
            "第二次免疫接种",
            "送一只猫去医院",
            "住三晚，送孩子上学",
            "走了一半",
            "预算减了两成",
            "免费注册",
            "难免收费",
            "小规模纳税人减免一半",
            "逢星期六練習，首堂免費試玩",
            "便宜没好货",
            "便宜80后一代",
            "每周课时减20，",
            "今年招聘名额减30，",
            "工资减500，谁受得了",
            "办公费预算减3000，请知悉",
            "客户要求总价减2000，你看能不能做",
            "10加5减3，等于12",
            "扣减50，余额120",
            "约折50元人民币",
            "左腿骨折20，",
            "江苏省100，",
            "第二次车祸减10分，",
            "少放盐，减5",
            "预算砍一半，",
            "低保家庭减免一半",
            "爸的药一盒便宜了十二块，集采真不错",
            "房租对半付，",
            "咱俩饭钱一人一半",
            "今年客流少了一半",
            "比去年少花力气",
            "子女教育补贴500，",
            "零头不够再补",
            "没有书面申请之前一律恢复原价。",
            "退款明天退回1500元",
            "就医后血压回到120",
            "本馆不收逾期费",
            "一号线恢复1200米",
            "系统已恢复，回到2026",
        ] {
            assert_eq!(told(text), Vec::<String>::new(), "{text}");
        }
    }
}
