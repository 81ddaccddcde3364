//! The gateway is restarted again and again under constant load, as a new release is rolled out: nothing
//! that was accepted is lost, nothing is sent twice, and no outcome is left unknown. Twelve seconds; for
//! five minutes: `TACTGATE_ROLLING_SECONDS=300 cargo test --test it rolling_restart`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::child::{Gate, Home, PATIENCE, routes, until};
use super::http_sink::{HttpSink, Reply};
use super::mail_sink::{AtDot, MailSink};
use super::rules::ONE_A_DAY;
use super::tools::{get, plain_mail, sendgrid_mail};

/// Three free ports, below those that the system gives to outgoing connections: else one of these would
/// take a door's port while the gateway is between two lives.
async fn ports() -> Vec<u16> {
    let first = 20_000 + (std::process::id() % 900) as u16 * 10;
    let (mut ports, mut kept) = (Vec::new(), Vec::new());
    for port in first..32_000 {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            kept.push(listener);
            ports.push(port);
        }
        if ports.len() == 3 {
            return ports;
        }
    }
    panic!("no three ports are free");
}

/// What one try came to; nothing when the client has to try again.
type Tried = Option<String>;

/// A client that keeps its connection as long as it may, as tools do.
struct Client {
    door: SocketAddr,
    pipe: Option<BufReader<TcpStream>>,
}

impl Client {
    async fn mail(&mut self, to: &str) -> Tried {
        let answered = timeout(PATIENCE, self.try_mail(to)).await.expect("an answer in time");
        self.outcome(answered)
    }

    async fn request(&mut self, to: &str) -> Tried {
        let answered = timeout(PATIENCE, self.try_request(to)).await.expect("an answer in time");
        self.outcome(answered)
    }

    fn outcome(&mut self, answered: std::io::Result<String>) -> Tried {
        let said = answered.unwrap_or_default();
        if said.is_empty() || ["421", "451", "503"].iter().any(|code| said.starts_with(code)) {
            assert!(!said.contains("may have been sent"), "{said}");
            self.pipe = None;
            return None;
        }
        Some(said)
    }

    async fn try_mail(&mut self, to: &str) -> std::io::Result<String> {
        if self.pipe.is_none() {
            let mut pipe = BufReader::new(TcpStream::connect(self.door).await?);
            let greeted = line(&mut pipe).await?;
            if !greeted.starts_with("220") {
                return Ok(greeted);
            }
            pipe.write_all(b"EHLO tool.example\r\n").await?;
            let welcome = line(&mut pipe).await?;
            if !welcome.starts_with("250") {
                return Ok(welcome);
            }
            self.pipe = Some(pipe);
        }
        let Some(pipe) = &mut self.pipe else { return Ok(String::new()) };
        let content = String::from_utf8(plain_mail(to, "上新", "秋装上新，全场8折。")).unwrap();
        let mut said = String::new();
        for command in [
            "MAIL FROM:<news@shop.example>\r\n".to_owned(),
            format!("RCPT TO:<{to}>\r\n"),
            "DATA\r\n".to_owned(),
            format!("{content}.\r\n"),
        ] {
            pipe.write_all(command.as_bytes()).await?;
            said = line(pipe).await?;
            if !said.starts_with(['2', '3']) {
                break;
            }
        }
        Ok(said)
    }

    async fn try_request(&mut self, to: &str) -> std::io::Result<String> {
        if self.pipe.is_none() {
            self.pipe = Some(BufReader::new(TcpStream::connect(self.door).await?));
        }
        let Some(pipe) = &mut self.pipe else { return Ok(String::new()) };
        let body = sendgrid_mail(to, "上新", "秋装上新，全场8折。").to_string();
        let head = format!(
            "POST /sendgrid/v3/mail/send HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
             Authorization: Bearer SG.key\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        pipe.write_all(format!("{head}{body}").as_bytes()).await?;
        let status = line(pipe).await?;
        let (mut length, mut closes) = (0, false);
        loop {
            let field = line(pipe).await?.to_lowercase();
            if field.is_empty() {
                break;
            }
            length = field.strip_prefix("content-length: ").map_or(length, |n| n.parse().unwrap());
            closes |= field == "connection: close";
        }
        let mut answer = vec![0; length];
        pipe.read_exact(&mut answer).await?;
        if closes {
            self.pipe = None;
        }
        let code = status.split(' ').nth(1).unwrap_or_default();
        Ok(format!("{code} {}", String::from_utf8_lossy(&answer)))
    }
}

/// The last line of one reply; an error when the other side has gone.
async fn line(pipe: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    loop {
        let mut line = String::new();
        if pipe.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end();
        if line.as_bytes().get(3) != Some(&b'-') || line.contains(':') {
            return Ok(line.to_owned());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_loses_nothing_and_leaves_nothing_unknown() {
    let seconds = std::env::var("TACTGATE_ROLLING_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(12);
    let (mails, requests) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(ONE_A_DAY);
    home.settings(&routes(Some(&mails), Some(&requests)));
    let mut text = std::fs::read_to_string(home.path("tactgate.toml")).unwrap();
    for port in ports().await {
        text = text.replacen("127.0.0.1:0\"", &format!("127.0.0.1:{port}\""), 1);
    }
    home.write("tactgate.toml", &text);
    let mut gate = Gate::start(&home);
    // Some are always under way when the signal comes.
    for _ in 0..200 * seconds {
        mails.next(AtDot::AfterMs(15));
        requests.next(Reply::AfterMs(15));
    }
    let (done, tries) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let taken = Arc::new(AtomicUsize::new(0));
    let mut tools = JoinSet::new();
    for tool in 0..8 {
        let by_mail = tool % 2 == 0;
        let mut client = Client { door: if by_mail { gate.smtp } else { gate.http }, pipe: None };
        let (done, tries, taken) = (Arc::clone(&done), Arc::clone(&tries), Arc::clone(&taken));
        tools.spawn(async move {
            let mut accepted = Vec::new();
            while !done.load(Ordering::Acquire) {
                let to = format!("tool{tool}-{}@example.cn", accepted.len());
                loop {
                    let tried = if by_mail { client.mail(&to).await } else { client.request(&to).await };
                    let Some(said) = tried else {
                        tries.fetch_add(1, Ordering::Relaxed);
                        sleep(Duration::from_millis(20)).await;
                        continue;
                    };
                    assert!(said.starts_with("250 2.0.0") || said.starts_with("202"), "{to}: {said}");
                    break;
                }
                accepted.push(to);
                taken.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_millis(5)).await;
            }
            accepted
        });
    }
    let (begun, mut restarts) = (Instant::now(), 0);
    while restarts < 3 || begun.elapsed() < Duration::from_secs(seconds) {
        let before = taken.load(Ordering::Relaxed);
        sleep(Duration::from_millis(1_500)).await;
        // However slow the machine is, there is load when the signal comes.
        until("each life takes some", async || (taken.load(Ordering::Relaxed) > before + 20).then_some(())).await;
        gate.terminate();
        assert_eq!(gate.ended().await, 0, "it stops of itself, in order");
        gate = Gate::start(&home);
        restarts += 1;
    }
    done.store(true, Ordering::Release);
    let accepted: Vec<String> = tools.join_all().await.into_iter().flatten().collect();
    gate.terminate();
    assert_eq!(gate.ended().await, 0);

    let mut arrived: BTreeMap<String, usize> = BTreeMap::new();
    for mail in mails.mails() {
        *arrived.entry(mail.recipients[0].trim_matches(['<', '>']).to_owned()).or_default() += 1;
    }
    for request in requests.requests() {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        *arrived.entry(body["personalizations"][0]["to"][0]["email"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let twice: Vec<_> = arrived.iter().filter(|(_, times)| **times > 1).collect();
    let lost: Vec<_> = accepted.iter().filter(|to| !arrived.contains_key(*to)).collect();
    assert!(twice.is_empty() && lost.is_empty(), "twice: {twice:?}, lost: {lost:?}");
    assert!(restarts >= 3 && accepted.len() > 20 * restarts, "{} accepted, {restarts} restarts", accepted.len());
    assert!(tries.load(Ordering::Relaxed) > 0, "the restarts were felt");

    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for day in std::fs::read_dir(home.path("data/decisions")).unwrap() {
        let path = day.unwrap().path();
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            if let Some(outcome) = line["outcome"].as_str() {
                *outcomes.entry(outcome.to_owned()).or_default() += 1;
            }
        }
    }
    assert_eq!(outcomes.get("unknown"), None, "{outcomes:?}");
    assert_eq!(outcomes.get("accepted"), Some(&accepted.len()), "{outcomes:?}");
    // Nothing that was reserved is left to its lease.
    let shown = home.run(&["customer", "export", &accepted[accepted.len() - 1]]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let shown = shown["facts"]["sends"].to_string();
    assert!(shown.contains("sent") && !shown.contains("reserved"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_told_at_once_and_a_second_signal_does_not_wait() {
    let mails = MailSink::start().await;
    let home = Home::with_policy(ONE_A_DAY);
    home.settings(&routes(Some(&mails), None));
    let gate = Gate::start(&home);
    let mut idle = BufReader::new(TcpStream::connect(gate.smtp).await.unwrap());
    assert!(line(&mut idle).await.unwrap().starts_with("220"));
    mails.next(AtDot::Hang);
    let smtp = gate.smtp;
    let waiting = tokio::spawn(async move { Client { door: smtp, pipe: None }.try_mail("a@example.cn").await });
    mails.wait_for(1).await;
    gate.terminate();
    assert!(line(&mut idle).await.unwrap().starts_with("421 4.3.2"), "who is idle is told");
    let standing = until("it says that it stops", async || {
        let standing = get(gate.admin, "/readyz").await;
        (standing.status == 503).then_some(standing)
    })
    .await;
    assert_eq!(standing.json()["stopping"], true, "{standing:?}");
    until("no new connections", async || TcpStream::connect(gate.smtp).await.is_err().then_some(())).await;
    // The provider says nothing and would be waited for; not after a second signal.
    gate.terminate();
    assert_eq!(gate.ended().await, 0);
    assert!(waiting.await.unwrap().is_err(), "it was cut, without a word that is not true");
}
