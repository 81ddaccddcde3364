//! What the binary's subcommands do: one file each. Exit status 0 fine, 1 found something, 2 could
//! not run (design §5).

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::message::Language;

/// `println!` that does not panic when the reader has gone.
macro_rules! say {
    ($($line:tt)*) => { $crate::command::print_line(format_args!($($line)*)) };
}

pub mod audit;
pub mod check;
pub mod customer;
pub mod demo;
pub mod explain;
pub mod guards;
pub mod import;
pub mod serve;
pub mod test;
pub mod understand;

/// Tactgate (分寸): a sending gateway for e-mail and SMS that keeps a brand from harming its customers.
///
/// Point your mail or SMS tool at it instead of at SendGrid, Twilio or your relay. Every message is
/// read, compared with what you know of the person, and passed, changed, delayed or refused, with a
/// reason. Without arguments it serves: with ./tactgate.toml if there is one, else on loopback with
/// an embedded store, the policies of ./policies and a sandbox provider that sends nothing.
#[derive(Debug, Parser)]
#[command(name = "tactgate", version, max_term_width = 100)]
pub struct Arguments {
    /// The configuration file [default: ./tactgate.toml if present, else built-in defaults]
    #[arg(long, short, global = true, env = "TACTGATE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How to print
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub format: Format,
    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// For people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs: one JSON document
    Json,
}

/// The language of what compliance people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// English
    En,
    /// 中文
    Zh,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Language {
        match lang {
            Lang::En => Language::En,
            Lang::Zh => Language::Zh,
        }
    }
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway (also without any subcommand)
    Serve,
    /// Read the policies and say what is wrong with them, by file, line and column
    Check {
        /// The policy folder [default: the configuration's, ./policies]
        dir: Option<PathBuf>,
    },
    /// Run the cases that stand in the policies
    Test {
        /// The policy folder [default: the configuration's, ./policies]
        dir: Option<PathBuf>,
    },
    /// Tell why a message was passed, changed, delayed or refused
    Explain {
        /// A decision id (d-…) or submission id (s-…), from a reply, a header or a report
        id: String,
        /// In which language
        #[arg(long, value_enum, default_value = "en")]
        lang: Lang,
    },
    /// Tell the gateway about purchases, complaints, preferences … from a file of events
    ///
    /// One JSON event a line, as POST /tactgate/v1/events takes them:
    /// {"id":"o-1","type":"purchase","at":"2026-11-20T10:00:00+08:00","customer":"a@shop.cn","product":"BT-200","price":"399 CNY"}
    #[command(verbatim_doc_comment)]
    Import {
        /// The file, or - for standard input
        file: PathBuf,
        /// Whose customers they are [default: the configuration's brand]
        #[arg(long)]
        brand: Option<String>,
    },
    /// Read messages and tell what they say: purpose, urgency, deadlines, surveys, prices, discounts …
    ///
    /// One JSON object a line in, one a line out, in the same order. A line that cannot be read gives
    /// {"line":N,"error":"…"} in its place, and the exit status 1. Nothing is sent or remembered.
    ///
    ///   $ echo '{"id":1,"text":"【鞋城】女鞋全场5折，11月30日截止！回T退订","sent_at":"2026-11-20T10:00:00+08:00"}' | tactgate understand
    ///   {"id":1,"language":"zh","channel":"sms","purpose":"promotion","urgency":"dated",…,
    ///    "deadlines":[{"instant":"2026-12-01T00:00:00+08:00","kind":"absolute","text":"女鞋全场5折，11月30日截止！",
    ///                  "span":{"part":0,"start":12,"end":50},"confidence":85}],"survey":false,…}
    ///
    /// Fields in:   text, or subject and text and html, or raw (a whole RFC 5322 message)
    ///              channel   "sms" or "email" [default: sms for a text alone, else email]
    ///              sent_at   2026-11-20T10:00:00+08:00 [default: now]; its offset, or
    ///              zone      Asia/Shanghai, says whose "today" is meant [default: the brand's]
    ///              language  "zh" or "en", where the text has no letters
    ///              id        given back; other fields are passed over
    /// Fields out:  docs/understand.md
    #[command(verbatim_doc_comment)]
    Understand {
        /// The file [default: standard input]
        file: Option<PathBuf>,
        /// Whose messages they are: its zone and product pages [default: the configuration's brand]
        #[arg(long)]
        brand: Option<String>,
    },
    /// Show, export or erase what is known of one customer
    Customer {
        /// What to do
        #[arg(value_enum)]
        action: customer::Action,
        /// An e-mail address, or a phone number with + and country code
        address: String,
        /// Whose customer [default: the configuration's brand]
        #[arg(long)]
        brand: Option<String>,
    },
    /// Prove that the decision log is whole and that it balances
    Audit {
        /// What to do
        #[command(subcommand)]
        audit: audit::Audit,
    },
    /// List the guards: what each stops, and its settings
    Guards,
    /// Play the five stories through a running gateway, before your eyes
    ///
    /// Starts a gateway on free loopback ports with a sandbox provider, tells it what a shop would,
    /// sends the messages of each story in English and Chinese over SMTP, SendGrid and Twilio doors,
    /// and shows each verdict and why. Nothing leaves the machine.
    Demo {
        /// Only this language's messages
        #[arg(long, value_enum)]
        lang: Option<Lang>,
    },
}

/// Nothing wrong.
pub const FINE: u8 = 0;
/// Something was found: a failing case, an unknown id, a wrong policy.
pub const FOUND: u8 = 1;
/// It could not run.
pub const COULD_NOT_RUN: u8 = 2;

/// Does what the arguments say.
pub fn run(arguments: Arguments) -> ExitCode {
    let status = match &arguments.command {
        None | Some(Command::Serve) => serve::run(&arguments),
        Some(Command::Check { dir }) => check::run(&arguments, dir.as_deref()),
        Some(Command::Test { dir }) => test::run(&arguments, dir.as_deref()),
        Some(Command::Explain { id, lang }) => explain::run(&arguments, id, *lang),
        Some(Command::Import { file, brand }) => import::run(&arguments, file, brand.as_deref()),
        Some(Command::Understand { file, brand }) => understand::run(&arguments, file.as_deref(), brand.as_deref()),
        Some(Command::Customer { action, address, brand }) => {
            customer::run(&arguments, *action, address, brand.as_deref())
        }
        Some(Command::Audit { audit }) => audit::run(&arguments, audit),
        Some(Command::Guards) => guards::run(&arguments),
        Some(Command::Demo { lang }) => demo::run(&arguments, *lang),
    };
    match status {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("tactgate: {error:#}");
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

/// Prints a line. When nobody reads any more (`tactgate guards | head`) the command ends, as others do.
pub fn print_line(line: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    if let Err(error) = writeln!(std::io::stdout().lock(), "{line}") {
        let gone = error.kind() == std::io::ErrorKind::BrokenPipe;
        if !gone {
            eprintln!("tactgate: cannot print: {error}");
        }
        std::process::exit(i32::from(if gone { FINE } else { COULD_NOT_RUN }));
    }
}

/// A runtime for the subcommands that wait for sockets or a store.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    // Never one alone: a disk that does not move may hold up whoever writes the record (`record/log/thread.rs`).
    let threads = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?)
}
