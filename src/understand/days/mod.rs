//! Which moments do words name? Dates, weekdays, hours, holidays and zones in either language, and the calendar that
//! reckons with them. Whether one of them is an end is for `ends` to say.

pub(super) mod calendar;
pub(super) mod days_en;
pub(super) mod days_zh;
pub(super) mod holidays;
pub(super) mod hours_en;
pub(super) mod in_month_en;
pub(super) mod moments;
pub(super) mod zones;
