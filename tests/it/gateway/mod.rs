//! Stories told to the real binary: it is started as an operator starts it, real tools send through its
//! doors, and real servers stand where the providers would.

mod child;
mod hand_clock;
mod http_sink;
mod mail_sink;
mod tools;

mod bad_input;
mod both_channels;
mod credentials;
mod demo;
mod live_policies;
mod many_recipients;
mod pacing;
mod provider_away;
mod quiet_hours;
mod redis_away;
mod retries;
mod retries_held;
mod rewriting;
mod sdks;
mod surveys;
mod two_gateways;
mod unchanged_mail;
