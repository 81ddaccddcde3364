//! Stories told to the real binary: it is started as an operator starts it, real tools send through its
//! doors, and real servers stand where the providers would.

mod child;
mod http_sink;
mod mail_sink;
mod tools;

mod both_channels;
mod demo;
mod live_policies;
mod many_recipients;
mod pacing;
mod quiet_hours;
mod sdks;
mod surveys;
mod two_gateways;
mod unchanged_mail;
