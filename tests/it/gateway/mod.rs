//! Stories told to the real binary: it is started as an operator starts it, real tools send through its
//! doors, and real servers stand where the providers would.

pub(crate) mod child;
pub(crate) mod hand_clock;
pub(crate) mod http_sink;
pub(crate) mod mail_sink;
pub(crate) mod rules;
pub(crate) mod story;
pub(crate) mod tools;

mod bad_input;
mod books;
mod both_channels;
mod canaries;
mod catalogue;
mod crash_points;
mod credentials;
mod deadlines;
mod demo;
mod disk_full;
mod erasing;
mod forgetful_store;
mod keeping;
mod kill_points;
mod live_policies;
mod many_recipients;
mod one_click;
mod overload;
mod pacing;
mod provider_away;
mod quiet_hours;
mod redis_away;
mod retries;
mod retries_held;
mod rewriting;
mod rolling_restart;
mod sdks;
mod signing;
mod store_down;
mod store_hangs;
mod stories;
mod surveys;
mod syscall_order;
mod takeover;
mod told_outcomes;
mod two_gateways;
mod unchanged_mail;
mod unlisted_holds;
mod untold_holds;
#[cfg(target_os = "linux")]
mod wrong_clock;
