//! The gateway beside its peers, in one run: rates by interleaved rounds (A, B, A, B …), added latency
//! at half load, one table at the end. Started by `tests/bench/run`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that cannot be made stops, with its reason"
)]

mod http_load;
mod latency;
mod peers;
mod smtp_load;
mod smtp_sink;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use latency::Latencies;
use peers::{Gateway, Nginx, Postfix, Redis};
use smtp_sink::SmtpSink;

/// Rounds of each side.
const ROUNDS: usize = 3;
/// Rounds of each of two builds.
const PAIRED_ROUNDS: usize = 5;
/// Connections of a load.
const CONNECTIONS: usize = 32;

/// One line of the table.
struct Row {
    what: &'static str,
    value: String,
    aim: &'static str,
}

fn main() {
    // `cargo test --all-targets` runs bench targets, too: only `cargo bench` says `--bench`.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let round = Duration::from_secs_f64(
        std::env::var("TACTGATE_BENCH_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(4.0),
    );
    let folder = tempfile::tempdir().unwrap();
    let redis = Redis::start(folder.path()).await;
    let sink = Arc::new(SmtpSink::start().await);
    let nginx = Nginx::start(folder.path()).await;
    let http_sink = nginx.as_ref().map(|nginx| nginx.sink_port);
    let built = || PathBuf::from(env!("CARGO_BIN_EXE_tactgate"));
    let binary = std::env::var_os("TACTGATE_BENCH_BINARY").map_or_else(built, PathBuf::from);
    let gateway = Gateway::start(&binary, folder.path(), redis.port, http_sink, sink.port).await;
    let mut rows = Vec::new();
    if let Some(other) = std::env::var_os("TACTGATE_BENCH_AGAINST") {
        // A store of its own: two builds need not read each other's documents.
        let other_folder = folder.path().join("other");
        std::fs::create_dir_all(&other_folder).unwrap();
        let other_redis = Redis::start(&other_folder).await;
        let other = Gateway::start(Path::new(&other), &other_folder, other_redis.port, http_sink, sink.port).await;
        paired(&gateway, &other, http_sink.is_some(), &sink, round, &mut rows).await;
        other.stop().await;
    }
    match &nginx {
        Some(nginx) => http(nginx, &gateway, round, &mut rows).await,
        None => say("HTTP: left out, it needs nginx"),
    }
    smtp(folder.path(), &sink, &gateway, round, &mut rows).await;
    if let Some(megabytes) = gateway.resident_megabytes() {
        rows.push(Row { what: "gateway: memory after the load", value: format!("{megabytes} MB"), aim: "" });
    }
    print_table(&rows);
    gateway.stop().await;
}

/// Two builds, round by round in turn, so that a noisy minute hits both.
async fn paired(
    this: &Gateway,
    other: &Gateway,
    over_http: bool,
    sink: &Arc<SmtpSink>,
    round: Duration,
    rows: &mut Vec<Row>,
) {
    let (mut http, mut smtp) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for number in 1..=PAIRED_ROUNDS {
        say(&format!("the other build, then this one, round {number} of {PAIRED_ROUNDS}"));
        if over_http {
            http.0.push(http_load::peak(other.http_port, CONNECTIONS, round).await);
            http.1.push(http_load::peak(this.http_port, CONNECTIONS, round).await);
        }
        smtp.0.push(smtp_load::delivered(other.smtp_port, CONNECTIONS, round, sink).await);
        smtp.1.push(smtp_load::delivered(this.smtp_port, CONNECTIONS, round, sink).await);
    }
    for (what, (other, this)) in
        [("HTTP: this build beside the other", http), ("SMTP: this build beside the other", smtp)]
    {
        if !other.is_empty() {
            let (other, this) = (median(other), median(this));
            let value = format!("{:.2} ({this:.0} : {other:.0})", this / other);
            rows.push(Row { what, value, aim: ">= 0.9" });
        }
    }
}

async fn http(nginx: &Nginx, gateway: &Gateway, round: Duration, rows: &mut Vec<Row>) {
    let (mut blind, mut full) = (Vec::new(), Vec::new());
    for number in 1..=ROUNDS {
        say(&format!("HTTP, round {number} of {ROUNDS}: nginx, then the gateway"));
        blind.push(http_load::peak(nginx.proxy_port, CONNECTIONS, round).await);
        full.push(http_load::peak(gateway.http_port, CONNECTIONS, round).await);
    }
    let (blind, full) = (median(blind), median(full));
    rows.push(Row { what: "HTTP: nginx as a blind proxy", value: per_second(blind), aim: "" });
    rows.push(Row { what: "HTTP: gateway, full decision, Redis", value: per_second(full), aim: "" });
    rows.push(Row { what: "HTTP: ratio", value: format!("{:.2}", full / blind), aim: ">= 0.5" });

    let (mut blind_times, mut full_times) = (Latencies::default(), Latencies::default());
    for number in 1..=ROUNDS {
        say(&format!("HTTP at half load, round {number} of {ROUNDS}"));
        blind_times.add(http_load::paced(nginx.proxy_port, CONNECTIONS, full / 2.0, round).await);
        full_times.add(http_load::paced(gateway.http_port, CONNECTIONS, full / 2.0, round).await);
    }
    for (what, share, aim) in
        [("HTTP: added at half load, p50", 0.50, "<= 0.5 ms"), ("HTTP: added at half load, p99", 0.99, "<= 3 ms")]
    {
        let (with, without) = (full_times.at(share), blind_times.at(share));
        let value = format!("{:+.2} ms ({:.2} - {:.2})", with - without, with, without);
        rows.push(Row { what, value, aim });
    }
}

async fn smtp(folder: &std::path::Path, sink: &Arc<SmtpSink>, gateway: &Gateway, round: Duration, rows: &mut Vec<Row>) {
    let postfix = Postfix::start(folder, sink.port).await;
    let (mut relay, mut full) = (Vec::new(), Vec::new());
    for number in 1..=ROUNDS {
        say(&format!("SMTP, round {number} of {ROUNDS}: Postfix, then the gateway"));
        if let Some(postfix) = &postfix {
            relay.push(smtp_load::delivered(postfix.port, CONNECTIONS, round, sink).await);
        }
        full.push(smtp_load::delivered(gateway.smtp_port, CONNECTIONS, round, sink).await);
    }
    let full = median(full);
    if postfix.is_some() {
        let relay = median(relay);
        rows.push(Row { what: "SMTP: Postfix as a relay", value: per_second(relay), aim: "" });
        rows.push(Row { what: "SMTP: gateway, full decision, Redis", value: per_second(full), aim: "" });
        rows.push(Row { what: "SMTP: ratio", value: format!("{:.1}", full / relay), aim: ">= 6" });
    } else {
        rows.push(Row { what: "SMTP: gateway, full decision, Redis", value: per_second(full), aim: "" });
    }
    say("SMTP at half load: straight to the sink, then through the gateway");
    let straight = smtp_load::paced(sink.port, CONNECTIONS, full / 2.0, round).await;
    let through = smtp_load::paced(gateway.smtp_port, CONNECTIONS, full / 2.0, round).await;
    for (what, share) in [("SMTP: added at half load, p50", 0.50), ("SMTP: added at half load, p99", 0.99)] {
        let (with, without) = (through.at(share), straight.at(share));
        let value = format!("{:+.2} ms ({:.2} - {:.2})", with - without, with, without);
        rows.push(Row { what, value, aim: "" });
    }
}

fn print_table(rows: &[Row]) {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("\n{cores} cores; the load, the peers, Redis and the sinks share them\n");
    println!("| {:<38} | {:>26} | {:>9} |", "what", "measured", "aim");
    println!("|{:-<40}|{:->28}|{:->11}|", "", "", "");
    for row in rows {
        println!("| {:<38} | {:>26} | {:>9} |", row.what, row.value, row.aim);
    }
}

fn per_second(rate: f64) -> String {
    format!("{rate:.0} messages/s")
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Progress, beside the table.
fn say(what: &str) {
    eprintln!("-- {what}");
}
