//! `kill -9` at the n-th write, fsync or answer of the built binary (`strace` injects it), then a restart:
//! what was answered 250 arrives once, what was answered otherwise never does. The same for a disk that
//! fails or is full. Some points by default; all of them with `TACTGATE_KILL_POINTS=all tests/run kill_points`.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::redis::RedisServer;

use super::child::{Gate, Home, routes, until};
use super::mail_sink::MailSink;
use super::rules::one_in_seconds;
use super::tools::{get, mail_if_it_lives, plain_mail};

const PEOPLE: usize = 4;
const TOGETHER: usize = 4;

/// Whether a process may be traced here; if not, that is said aloud.
pub fn may_trace() -> bool {
    let mut tried = Command::new("strace");
    tried.args(["-D", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"]);
    let may = tried.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !may {
        println!("SKIPPED: strace is not there or may not trace (ptrace): kill points and syscall order are not tried");
    }
    may
}

/// One place to fail: a syscall, on a file of the data folder or on any, the n-th time in a thread.
#[derive(Debug, Clone)]
struct Point {
    syscall: &'static str,
    file: Option<&'static str>,
    /// `signal=KILL` or `error=EIO`.
    how: &'static str,
    when: String,
}

impl Point {
    fn kill(syscall: &'static str, file: Option<&'static str>, nth: usize) -> Point {
        Point { syscall, file, how: "signal=KILL", when: nth.to_string() }
    }

    fn strace(&self, home: &Home) -> Vec<String> {
        let mut line: Vec<String> = ["strace", "-D", "-f", "-qq", "-o", "/dev/null"].map(str::to_owned).to_vec();
        if let Some(file) = self.file {
            line.extend(["-P".to_owned(), home.path("data").join(file).to_str().unwrap().to_owned()]);
        }
        line.extend(["-e".to_owned(), format!("trace={}", self.syscall)]);
        line.extend(["-e".to_owned(), format!("inject={}:{}:when={}", self.syscall, self.how, self.when)]);
        line
    }
}

/// What the clients heard.
struct Heard {
    subject: String,
    answer: Option<String>,
}

/// Sends, dies, starts again: then what arrived is held against what was answered.
async fn trial(point: Point) -> (Point, usize, bool) {
    let sink = MailSink::start().await;
    let home = Home::with_policy(&one_in_seconds(4));
    home.settings(&routes(Some(&sink), None));
    let line = point.strace(&home);
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let mut heard = Vec::new();
    let mut died = true;
    if let Some(mut gate) = Gate::start_under(&home, &line) {
        heard = send_all(&gate).await;
        // Some points lie in the release.
        for _ in 0..400 {
            if !gate.lives() || sink.mails().len() >= 2 * PEOPLE {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        died = !gate.lives();
        gate.kill();
    }

    let gate = Gate::start(&home);
    nothing_waits(&gate).await;
    if point.how.starts_with("error") {
        // A refused hold does not come back from the log of the file, not even to be dropped.
        // One that was durable, lost its commit and could not be cancelled may: that is what orphans are.
        let page = get(gate.admin, "/metrics").await.body;
        let counted = page.lines().filter(|line| line.contains("outcome=\"dropped\""));
        let dropped: usize = counted.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum();
        let orphans = home.log().matches("a hold was not cancelled").count();
        assert!(dropped <= orphans, "{point:?}: {dropped} dropped, {orphans} orphans");
    }
    let accepted = check(&point, &heard, &sink, &home.log());
    (point, accepted, died)
}

/// Holds what arrived against what was answered; gives how many were accepted.
fn check(point: &Point, heard: &[Heard], sink: &MailSink, logs: &str) -> usize {
    let (accepted, missing) = compare(point, heard, sink);
    // One that was being sent may have left: it is told of as unknown, and not sent again.
    let unknown = logs.matches("its last release stopped halfway; counts as sent").count();
    assert!(missing <= unknown, "{point:?}: {missing} of {accepted} accepted ones are missing, {unknown} unknown");
    accepted
}

fn compare(point: &Point, heard: &[Heard], sink: &MailSink) -> (usize, usize) {
    let (mut accepted, mut missing) = (0, 0);
    let mails = sink.mails();
    for Heard { subject, answer } in heard {
        let line = format!("Subject: {subject}\r\n");
        // A report shows the mail that it is about.
        let own = |m: &&super::mail_sink::Arrived| m.sender.starts_with("<news@");
        let arrived = mails.iter().filter(own).filter(|m| String::from_utf8_lossy(&m.data).contains(&line)).count();
        match answer.as_deref() {
            Some(said) if said.starts_with("250") => {
                assert!(arrived <= 1, "{point:?}: {subject} `{said}` arrived {arrived} times");
                accepted += 1;
                missing += 1 - arrived;
            }
            Some(said) => assert_eq!(arrived, 0, "{point:?}: {subject} `{said}`"),
            None => assert!(arrived <= 1, "{point:?}: {subject}, unanswered, arrived {arrived} times"),
        }
    }
    (accepted, missing)
}

async fn send_all(gate: &Gate) -> Vec<Heard> {
    let mut heard = Vec::new();
    for number in 0..2 * PEOPLE {
        let (to, subject) = (format!("p{}@example.com", number / 2), format!("mail {number}."));
        let raw = plain_mail(&to, &subject, "New coats are in.");
        let said = mail_if_it_lives(gate.smtp, "<news@shop.example>", &[&format!("<{to}>")], &raw).await;
        heard.push(Heard { subject, answer: said.filter(|said| !said.ends_with("(closed)")) });
    }
    heard
}

async fn nothing_waits(gate: &Gate) {
    until("nothing waits", async || {
        let page = get(gate.admin, "/metrics").await.body;
        page.lines().any(|line| line == "tactgate_holds 0").then_some(())
    })
    .await;
}

/// Two gateways on one Redis: the first is killed, the second releases what it held, then the first comes
/// back.
async fn fleet_trial(point: Point) -> (Point, usize, bool) {
    let (redis, sink) = (RedisServer::start(), MailSink::start().await);
    let homes = [0, 1].map(|_| Home::with_policy(&one_in_seconds(5)));
    for home in &homes {
        let pepper = homes[0].path("pepper");
        let store =
            format!("[store]\nkind = \"redis\"\nanswer_ms = 5000\nurl = \"{}\"\npepper = {pepper:?}\n", redis.url());
        home.settings(&format!("{}{store}[hold]\ntakeover_seconds = 3\n", routes(Some(&sink), None)));
    }
    let second = Gate::start(&homes[1]);
    let line = point.strace(&homes[0]);
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let (mut heard, mut died) = (Vec::new(), true);
    if let Some(mut first) = Gate::start_under(&homes[0], &line) {
        heard = send_all(&first).await;
        died = !first.lives();
        first.kill();
    }
    until("the second has taken over and released", async || {
        let unknown = homes[1].log().matches("its last release stopped halfway; counts as sent").count();
        // Of those that were durable and copied before the first died, and no more, it can know.
        let (_, missing) = compare(&point, &heard, &sink);
        (missing <= unknown).then_some(())
    })
    .await;
    let first = Gate::start(&homes[0]);
    for gate in [&first, &second] {
        nothing_waits(gate).await;
    }
    let accepted = check(&point, &heard, &sink, &(homes[0].log() + &homes[1].log()));
    (point, accepted, died)
}

/// A few at once, each on a thread of its own: starting a gateway blocks.
fn try_all<F>(points: Vec<Point>, trial: fn(Point) -> F) -> Vec<(Point, usize, bool)>
where
    F: Future<Output = (Point, usize, bool)> + 'static,
{
    let points = Arc::new(Mutex::new(points));
    let lanes = (0..TOGETHER).map(|_| {
        let points = Arc::clone(&points);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let mut tried = Vec::new();
            while let Some(point) = { points.lock().unwrap().pop() } {
                tried.push(runtime.block_on(trial(point)));
            }
            tried
        })
    });
    let lanes: Vec<_> = lanes.collect();
    lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect()
}

const HOLD: Option<&str> = Some("hold.db-wal");
const FACTS: Option<&str> = Some("facts.db-wal");

#[test]
fn wherever_it_is_killed_what_was_accepted_arrives_once_and_nothing_else_does() {
    if !may_trace() {
        return;
    }
    let all = std::env::var("TACTGATE_KILL_POINTS").is_ok_and(|wish| wish == "all");
    let mut points = Vec::new();
    for (syscall, file, some, last) in [
        ("pwrite64", HOLD, &[3, 40, 57][..], 90),
        ("fsync", HOLD, &[2, 4][..], 12),
        ("fsync", FACTS, &[5, 9][..], 24),
        ("sendto", None, &[12, 21, 34][..], 70),
        ("write", None, &[30][..], 90),
        ("fdatasync", None, &[2][..], 10),
    ] {
        let whens: Vec<usize> = if all { (1..=last).collect() } else { some.to_vec() };
        points.extend(whens.into_iter().map(|nth| Point::kill(syscall, file, nth)));
    }
    let tried = try_all(points, trial);
    for (point, accepted, died) in &tried {
        println!("{point:?}: {accepted} accepted, died {died}");
    }
    let deadly = tried.iter().filter(|(_, accepted, died)| *died && *accepted > 0).count();
    assert!(deadly * 3 >= tried.len() || all, "only {deadly} of {} points were met in the middle of work", tried.len());
}

#[test]
fn a_disk_that_fails_or_is_full_refuses_and_what_was_refused_never_leaves() {
    if !may_trace() {
        return;
    }
    let point = |syscall, how, when: &str| Point { syscall, file: HOLD, how, when: when.to_owned() };
    let tried = try_all(
        vec![
            point("fsync", "error=EIO", "3+"),
            point("pwrite64", "error=ENOSPC", "40+"),
            point("pwrite64", "error=EIO", "44+"),
        ],
        trial,
    );
    for (point, accepted, died) in tried {
        assert!(!died, "{point:?}: a failing disk is no reason to die");
        assert!((PEOPLE..2 * PEOPLE).contains(&accepted), "{point:?}: {accepted} accepted");
    }
}

#[test]
fn wherever_one_of_two_is_killed_the_other_releases_what_it_had_accepted() {
    if !may_trace() {
        return;
    }
    let all = std::env::var("TACTGATE_KILL_POINTS").is_ok_and(|wish| wish == "all");
    let sends: Vec<usize> = if all { (10..200).step_by(3).collect() } else { vec![16, 22, 30] };
    let mut points: Vec<Point> = sends.into_iter().map(|nth| Point::kill("sendto", None, nth)).collect();
    points.push(Point::kill("fsync", HOLD, 3));
    let tried = try_all(points, fleet_trial);
    for (point, accepted, died) in &tried {
        println!("{point:?}: {accepted} accepted, died {died}");
    }
    assert!(tried.iter().any(|(_, accepted, died)| *died && *accepted > 0), "no point was met in the middle of work");
}
