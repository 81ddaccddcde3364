//! The order in which the gateway speaks to the disk and to the client, as `strace` sees it on the built
//! binary: nothing is said to be done that a power cut could undo.

use super::child::{Gate, Home, routes};
use super::kill_points::may_trace;
use super::mail_sink::MailSink;
use super::rules::one_in_seconds;
use super::tools::{mail, plain_mail};

/// One syscall that ended, in the order in which they ended; one that had not ended yet counts where it
/// ended.
struct Call {
    name: String,
    /// What stood between its brackets, as far as strace shows it.
    told: String,
    done: bool,
}

fn calls(trace: &str) -> Vec<Call> {
    let mut unfinished = std::collections::HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        let whole = if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            unfinished.insert(thread.to_owned(), begun.to_owned());
            continue;
        } else if let Some((_, end)) = rest.split_once(" resumed>") {
            unfinished.remove(thread).unwrap_or_default() + end
        } else {
            rest.to_owned()
        };
        let Some((name, told)) = whole.split_once('(') else { continue };
        // What follows the last `=` is the result.
        let done = whole.rsplit_once("= ").is_some_and(|(_, result)| !result.starts_with('-'));
        calls.push(Call { name: name.to_owned(), told: told.to_owned(), done });
    }
    calls
}

fn is_sync(call: &Call) -> bool {
    call.done && matches!(call.name.as_str(), "fsync" | "fdatasync")
}

fn is_write(call: &Call) -> bool {
    matches!(call.name.as_str(), "write" | "pwrite64" | "writev" | "pwritev")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_on_disk_before_its_250_and_keys_before_they_are_used() {
    if !may_trace() {
        return;
    }
    let sink = MailSink::start().await;
    let home = Home::with_policy(&one_in_seconds(600));
    home.settings(&routes(Some(&sink), None));
    let trace = home.path("trace");
    let watched = "trace=fsync,fdatasync,write,pwrite64,writev,pwritev,sendto,sendmsg,link,linkat,rename,renameat";
    let under = ["strace", "-D", "-f", "-y", "-s", "60", "-o", trace.to_str().unwrap(), "-e", watched];
    let gate = Gate::start_under(&home, &under).unwrap();
    for (subject, answer) in [("first", "250 2.0.0 queued"), ("second", "250 2.0.0 accepted, held")] {
        let raw = plain_mail("ann@example.com", subject, "New coats are in.");
        let said = mail(gate.smtp, "<news@shop.example>", &["<ann@example.com>"], &raw).await;
        assert!(said.starts_with(answer), "{said}");
    }
    gate.kill();
    let calls = calls(&std::fs::read_to_string(&trace).unwrap());
    let position = |from: usize, what: &str, found: &dyn Fn(&Call) -> bool| {
        calls[from..].iter().position(found).map(|at| at + from).unwrap_or_else(|| panic!("no {what}"))
    };

    // The answer to the held mail comes after everything that makes it true.
    let content = position(0, "354", &|c| c.told.contains("\"354 "));
    let second = position(content + 1, "second 354", &|c| c.told.contains("\"354 "));
    let answer = position(second, "250", &|c| c.name.starts_with("send") && c.told.contains("accepted, held"));
    let mut last_sync = second;
    for (what, file) in [("the hold", "/hold.db-wal>"), ("the customer", "/facts.db-wal>"), ("the record", ".jsonl>")] {
        let of = |c: &Call| c.told.contains(file);
        let written = calls[second..answer].iter().rposition(|c| is_write(c) && of(c)).map(|at| at + second);
        let written = written.unwrap_or_else(|| panic!("{what} is not written before the answer"));
        let synced = calls[written..answer].iter().position(|c| is_sync(c) && of(c)).map(|at| at + written);
        let synced = synced.unwrap_or_else(|| panic!("{what} is not synced between its last write and the answer"));
        assert!(synced > last_sync || what == "the record", "{what}: body, then the customer's commit");
        last_sync = synced;
    }

    // A key is whole and named durably before anything is written under it.
    for (key, first_use) in [("/pepper", "/facts.db-wal>"), ("/hold.key", "/hold.db-wal>")] {
        let named = position(0, key, &|c| c.done && c.name.starts_with("link") && c.told.contains(key));
        let file = calls[..named].iter().rposition(|c| is_write(c) && c.told.contains(key)).unwrap();
        assert!(calls[file..named].iter().any(|c| is_sync(c) && c.told.contains(key)), "{key}: its bytes first");
        let folder = position(named, "folder", &|c| is_sync(c) && c.told.contains("/data>)"));
        if key == "/hold.key" {
            let used = position(named, first_use, &|c| is_write(c) && c.told.contains(first_use));
            assert!(folder < used, "{key}: its name before its use");
        }
    }
}
