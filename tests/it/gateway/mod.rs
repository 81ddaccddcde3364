//! Stories told to the real binary: it is started as an operator starts it, real tools send through its
//! doors, and real servers stand where the providers would.

mod child;
mod http_sink;
mod mail_sink;
mod tools;

mod both_channels;
mod many_recipients;
mod sdks;
mod unchanged_mail;
