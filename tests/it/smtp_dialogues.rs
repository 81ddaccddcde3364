//! The SMTP door, line by line: every `tests/dialogues/*.talk` is spoken to a real door on a real
//! socket, and what the door handed inside is compared with what the dialogue expects.
//!
//! A dialogue is text. `c -> ` sends a line with CRLF; `c => ` sends raw bytes with escapes (`\r \n
//! \0 \x85 \\`) and no line end; `c <- 250` reads one reply (all its lines) that begins so; `c <~ text` the
//! same, the text anywhere in it; `c close` expects the door to hang up; `c eof` hangs up; `c -- ` cuts the segment: the next
//! bytes go in a packet of their own. `inside: N` wants N mails so far; `data: text` wants exactly
//! those bytes of the last; `to: a, b` its recipients; `from: a` its sender. `set: key = value`
//! changes the door; `each: a | b` speaks the dialogue once with each in place of `{}`; `reply: 550 5.7.1 text` is what the inside answers. `#` comments.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tactgate::accept::smtp::data::Bare;
use tactgate::accept::smtp::{SmtpDoor, serve};
use tactgate::accept::{Inside, Login};
use tactgate::message::{HttpReply, HttpRequest, MailSubmission, Secret, SmtpReply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(10);

/// An inside that keeps every mail and answers as told.
pub struct Recording {
    pub mails: Mutex<Vec<MailSubmission>>,
    pub reply: Mutex<SmtpReply>,
}

impl Default for Recording {
    fn default() -> Recording {
        Recording { mails: Mutex::default(), reply: Mutex::new(SmtpReply::new(250, "2.0.0", "kept")) }
    }
}

impl Inside for Recording {
    async fn login(&self, user: &str, password: &Secret, _: IpAddr) -> Login {
        match (user, password.reveal()) {
            ("later", _) => Login::TryLater,
            ("panic", _) => panic!("as asked"),
            ("shop" | "店铺", "right") => Login::Welcome(Box::default()),
            _ => Login::Refused,
        }
    }

    async fn mail(&self, _: IpAddr, mail: MailSubmission, _: tactgate::accept::Client) -> SmtpReply {
        let reply = self.reply.lock().unwrap().clone();
        assert!(reply.text != "panic", "as asked");
        self.mails.lock().unwrap().push(mail);
        reply
    }

    async fn request(&self, _: IpAddr, _: &str, _: HttpRequest, _: tactgate::accept::Client) -> HttpReply {
        HttpReply::default()
    }
}

#[tokio::test]
async fn every_dialogue_goes_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "talk"));
    files.sort();
    assert!(!files.is_empty());
    let mut failures = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        // Each dialogue of a file begins with a heading.
        for (n, part) in text.split("\n== ").enumerate().filter(|(_, part)| !part.trim().is_empty()) {
            let name = format!("{} ({n}: {})", file.file_name().unwrap().display(), part.lines().next().unwrap_or(""));
            let variants = part.lines().find_map(|line| line.strip_prefix("each: ")).unwrap_or("{}");
            for variant in variants.split(" | ") {
                if let Err(why) = speak(&part.replace("{}", variant)).await {
                    failures.push(format!("{name}: {variant}: {why}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

async fn speak(part: &str) -> Result<(), String> {
    let lines: Vec<(usize, &str)> = part.lines().enumerate().skip(1).collect();
    let mut door = SmtpDoor { host: "door.example".into(), login_pause_ms: 0, ..SmtpDoor::default() };
    let inside = Arc::new(Recording::default());
    for (_, line) in &lines {
        if let Some(setting) = line.strip_prefix("set: ") {
            set(&mut door, setting);
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let served = tokio::spawn(serve(listener, Arc::new(door), Arc::clone(&inside), stop.clone()));
    let mut client = Client { tcp: TcpStream::connect(address).await.unwrap(), heard: Vec::new(), unsent: Vec::new() };
    client.tcp.set_nodelay(true).unwrap();
    let mut outcome = Ok(());
    for (n, line) in lines {
        if let Err(why) = client.step(line, &inside, &stop).await {
            outcome = Err(format!("line {n} `{line}`: {why}"));
            break;
        }
    }
    drop(client);
    stop.cancel();
    timeout(PATIENCE, served).await.map_err(|_| "the door did not stop".to_owned())?.unwrap();
    outcome
}

fn set(door: &mut SmtpDoor, setting: &str) {
    let (key, value) = setting.split_once(" = ").unwrap();
    match key {
        "networks" => door.networks = value.split_whitespace().map(|n| n.parse().unwrap()).collect(),
        "login" => door.login = value == "true",
        "clear_login_on_loopback" => door.clear_login_on_loopback = value == "true",
        "message_bytes_max" => door.message_bytes_max = value.parse().unwrap(),
        "recipients_max" => door.recipients_max = value.parse().unwrap(),
        "idle_commands_max" => door.idle_commands_max = value.parse().unwrap(),
        "bare" if value == "mend" => door.bare = Bare::Mend,
        "greet_pause_ms" => door.greet_pause_ms = value.parse().unwrap(),
        "command_ms" => door.command_ms = value.parse().unwrap(),
        "data_ms" => door.data_ms = value.parse().unwrap(),
        "tls" => door.tls = Some(super::smtp_relay::Authority::new().server()),
        other => panic!("unknown setting {other}"),
    }
}

struct Client {
    tcp: TcpStream,
    heard: Vec<u8>,
    unsent: Vec<u8>,
}

impl Client {
    async fn step(&mut self, line: &str, inside: &Recording, stop: &CancellationToken) -> Result<(), String> {
        if line.trim().is_empty() || line.starts_with('#') || line.starts_with("set: ") || line.starts_with("each: ") {
            return Ok(());
        }
        if let Some(text) = line.strip_prefix("c ->") {
            self.unsent.extend_from_slice(text.strip_prefix(' ').unwrap_or(text).as_bytes());
            self.unsent.extend_from_slice(b"\r\n");
            return Ok(());
        }
        if let Some(text) = line.strip_prefix("c => ") {
            self.unsent.extend(bytes(text));
            return Ok(());
        }
        // Everything up to the next expectation leaves in one segment: that is what pipelining is.
        if !self.unsent.is_empty() {
            let _ = self.tcp.write_all(&std::mem::take(&mut self.unsent)).await;
        }
        if line == "c --" {
            tokio::time::sleep(Duration::from_millis(5)).await;
            return Ok(());
        }
        if let Some(wanted) = line.strip_prefix("c <- ") {
            let reply = self.reply().await?;
            return reply.starts_with(wanted).then_some(()).ok_or(format!("heard `{reply}`"));
        }
        if let Some(wanted) = line.strip_prefix("c <~ ") {
            let reply = self.reply().await?;
            return reply.contains(wanted).then_some(()).ok_or(format!("heard `{reply}`"));
        }
        match line {
            "c close" => {
                let mut rest = Vec::new();
                let end = timeout(PATIENCE, self.tcp.read_to_end(&mut rest)).await;
                end.map_err(|_| "still open".to_owned())?.map_err(|e| e.to_string())?;
                rest.splice(..0, std::mem::take(&mut self.heard));
                return rest.is_empty().then_some(()).ok_or(format!("also heard {:?}", String::from_utf8_lossy(&rest)));
            }
            "c eof" => return self.tcp.shutdown().await.map_err(|e| e.to_string()),
            "stop" => {
                stop.cancel();
                return Ok(());
            }
            _ => {}
        }
        if let Some(reply) = line.strip_prefix("reply: ") {
            let mut words = reply.splitn(3, ' ');
            let (code, enhanced) = (words.next().unwrap().parse().unwrap(), words.next().unwrap());
            let text = words.next().unwrap().replace("\\n", "\n");
            *inside.reply.lock().unwrap() = SmtpReply::new(code, enhanced, text);
            return Ok(());
        }
        let mails = inside.mails.lock().unwrap();
        let (wanted, found) = match line.split_once(": ").ok_or("not a line of a dialogue")? {
            ("inside", n) => (n.to_owned(), mails.len().to_string()),
            ("data", text) => (
                String::from_utf8_lossy(&bytes(text)).into_owned(),
                String::from_utf8_lossy(&mails.last().ok_or("no mail")?.data).into_owned(),
            ),
            ("to", to) => {
                let last = mails.last().ok_or("no mail")?;
                let addresses: Vec<&str> = last.recipients.iter().map(|r| r.address.as_str()).collect();
                (to.to_owned(), addresses.join(", "))
            }
            ("from", from) => {
                (from.trim_matches('-').to_owned(), mails.last().ok_or("no mail")?.envelope.sender.clone())
            }
            ("user", user) => (user.to_owned(), mails.last().ok_or("no mail")?.user.clone().unwrap_or_default()),
            _ => return Err("not a line of a dialogue".into()),
        };
        if wanted == found { Ok(()) } else { Err(format!("found {found:?}")) }
    }

    async fn reply(&mut self) -> Result<String, String> {
        let mut taken = 0;
        loop {
            while let Some(end) = self.heard[taken..].windows(2).position(|w| w == b"\r\n") {
                let line = &self.heard[taken..taken + end];
                let last = line.get(3) == Some(&b' ');
                taken += end + 2;
                if last {
                    let reply: Vec<u8> = self.heard.drain(..taken).collect();
                    return Ok(String::from_utf8_lossy(&reply).trim_end().to_owned());
                }
            }
            let read = timeout(PATIENCE, self.tcp.read_buf(&mut self.heard)).await;
            match read.map_err(|_| "nothing heard")?.map_err(|e| e.to_string())? {
                0 => return Err(format!("the door hung up after {:?}", String::from_utf8_lossy(&self.heard))),
                _ => continue,
            }
        }
    }
}

fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match rest.next().unwrap() {
            'r' => out.push(b'\r'),
            'n' => out.push(b'\n'),
            '0' => out.push(0),
            '\\' => out.push(b'\\'),
            'x' => {
                let hex: String = rest.by_ref().take(2).collect();
                out.push(u8::from_str_radix(&hex, 16).unwrap());
            }
            // `\*1000 a` repeats the rest of the escape's character.
            '*' => {
                let spec: String = rest.by_ref().take_while(|&c| c != ' ').collect();
                let c = rest.next().unwrap();
                out.extend(c.to_string().repeat(spec.parse().unwrap()).into_bytes());
            }
            other => panic!("unknown escape {other}"),
        }
    }
    out
}
