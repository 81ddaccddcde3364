//! What has every sentence with an end in it? Looked for before anything is asked of the sentence.

use crate::understand::days::days_en::MONTHS;
use crate::understand::days::holidays;

/// Every end has a digit in it (a date, so many hours) or one of these (`tonight`, 周末, 三天内).
pub(in crate::understand) fn signs() -> Vec<String> {
    let english = [
        " mon",
        " tue",
        " wed",
        " thu",
        " fri",
        " sat",
        " sun",
        "day",
        "night",
        "tonite",
        "tomorrow",
        "week",
        "month",
        "year",
        "hour",
        "hr",
        "min",
        "eod",
        "cob",
        "noon",
        "close of",
        "til close",
        "till close",
        "l we close",
        "closing time",
        "we shut",
        "til closing",
        "they close",
        "arvo",
        "this eve",
        "wknd",
        "wkend",
        "tmrw",
        "tmr",
        "tmw",
        "tomoz",
        "2moro",
        "midnite",
        "half past",
        "half one",
        "half two",
        "half three",
        "half four",
        "half five",
        "half six",
        "half seven",
        "half eight",
        "quarter to",
        "quarter past",
    ];
    let chinese = ["今", "明", "当", "月", "年", "周", "星期", "礼拜", "时", "天", "日", "钟", "点", "听"];
    // A clock time by itself: `ends at 8pm`, 20:00截止.
    let clocks =
        (0..10).flat_map(|digit| ["pm", " pm", "am", " am", " p.m", " a.m"].map(|half| format!("{digit}{half}")));
    let minutes = (0..6).map(|digit| format!(":{digit}"));
    // 限时三h: a lone `h` is in too many words.
    let hours = "一二两三四五六七八九十".chars().flat_map(|c| ["", " ", "\n"].map(|blank| format!("{c}{blank}h")));
    let words = english.into_iter().chain(chinese).map(str::to_owned);
    // "Throughout July", "in Feb", "until May": a month without a figure.
    let leads = ["in", "during", "throughout", "all", "until", "till", "through", "thru", "by", "of", "and", "&"];
    let months = leads.into_iter().flat_map(|lead| MONTHS.map(|month| format!("{lead} {month}")));
    words.chain(months).chain(hours).chain(clocks).chain(minutes).chain(holidays::all_names()).collect()
}

/// What every date has one of: a month, the stroke of 11/30, the year of 2026-11-30, the `th` of 20th.
pub(in crate::understand) fn date_signs() -> Vec<String> {
    let years = (2_000..2_100).flat_map(|year| ["-", ".", "/"].map(|mark| format!("{year}{mark}")));
    let dotted = (2_000..2_100).chain(24..40).map(|year| format!(".{year}"));
    let dotted = dotted.chain((2_000..2_100).map(|year| format!("-{year}")));
    let ordinals =
        ["1st", "2nd", "3rd"].map(str::to_owned).into_iter().chain((0..10).map(|digit| format!("{digit}th")));
    // "Ends 11.22".
    let led = ["ends", "ending", "until", "till", "til", "thru", "through", "expires", "exp", "by"];
    let led = led.into_iter().flat_map(|lead| (0..4).map(move |digit| format!("{lead} {digit}")));
    // "Closing at 4", "till 6", "by 5 o'clock".
    let hours = ["til", "till", "ends at", "ending at", "close at", "closes at", "closing at", "shut at", "shuts at"];
    let hours =
        hours.into_iter().chain(["time at", "up at", "gone by", "gone at", "over at", "over by", "es at", "down at"]);
    let hours = hours.chain(["ing at", "closes", "closing", "shuts", "shutting", "down", "now and", "now-", "strikes"]);
    let hours = hours.flat_map(|lead| (1..10).map(move |digit| format!("{lead} {digit}")));
    let clocks = ["clock", "00hrs", "30hrs", "00 hrs", "30 hrs", "h00", "h30"].map(str::to_owned);
    let ordinals = ordinals.chain(led).chain(hours).chain(clocks);
    MONTHS.into_iter().chain(["/"]).map(str::to_owned).chain(years).chain(dotted).chain(ordinals).collect()
}
