//! The providers: a mail server and two HTTP APIs on one host. Each message meets its own treatment: taken,
//! refused, put off, taken without an answer, with half of one, too late, or dropped halfway.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use turmoil::net::{TcpListener, TcpStream};

use super::chance::Chance;
use super::history::{History, Taken};
use super::plan::{CALM_SECONDS, Plan};

/// Port of the mail server.
pub const MAIL_PORT: u16 = 2526;
/// Port of both APIs.
pub const API_PORT: u16 = 8080;

/// What becomes of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Treatment {
    Take,
    Refuse,
    PutOff,
    TakeAndClose,
    TakeAndSayHalf,
    TakeAndSayLate,
    Close,
    Stall,
}

/// The host's software.
#[derive(Clone)]
pub struct Providers {
    history: History,
    chance: Chance,
    faults: u64,
}

impl Providers {
    /// As the plan wants them.
    pub fn new(plan: &Plan, history: &History) -> Providers {
        Providers { history: history.clone(), chance: Chance::of(plan.seed, "providers"), faults: plan.provider_faults }
    }

    /// Serves for ever.
    pub async fn run(self) -> turmoil::Result {
        let mails = TcpListener::bind(("0.0.0.0", MAIL_PORT)).await?;
        let requests = TcpListener::bind(("0.0.0.0", API_PORT)).await?;
        let other = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = requests.accept().await {
                let provider = other.clone();
                tokio::spawn(async move { provider.api(stream).await });
            }
        });
        loop {
            let (stream, _) = mails.accept().await?;
            let provider = self.clone();
            tokio::spawn(async move { provider.mail(stream).await });
        }
    }

    fn treatment(&self) -> Treatment {
        let calm = self.history.now_ms() >= CALM_SECONDS * 1_000;
        if calm || !self.chance.permille(self.faults) {
            return Treatment::Take;
        }
        self.chance.pick(&[
            Treatment::Refuse,
            Treatment::PutOff,
            Treatment::PutOff,
            Treatment::TakeAndClose,
            Treatment::TakeAndSayHalf,
            Treatment::TakeAndSayLate,
            Treatment::Close,
            Treatment::Stall,
        ])
    }

    fn take(&self, references: &[u32], addresses: &[String], how: Treatment) {
        for (reference, address) in references.iter().flat_map(|r| addresses.iter().map(move |a| (*r, a.clone()))) {
            self.history.say(format_args!("provider {how:?} {reference} for {address}"));
            if matches!(
                how,
                Treatment::Take | Treatment::TakeAndClose | Treatment::TakeAndSayHalf | Treatment::TakeAndSayLate
            ) {
                let at_ms = self.history.now_ms();
                let answered = how == Treatment::Take;
                self.history.seen().taken.push(Taken { at_ms, answered, reference, address });
            }
        }
    }

    async fn mail(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut input = Vec::new();
        stream.write_all(b"220 provider\r\n").await?;
        let (mut sender, mut recipients) = (String::new(), Vec::new());
        loop {
            let line = line(&mut stream, &mut input).await?;
            let upper = line.to_ascii_uppercase();
            match upper.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => {
                    stream.write_all(b"250-provider\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n").await?
                }
                "MAIL" => {
                    (sender, recipients) = (address(&line), Vec::new());
                    stream.write_all(b"250 2.1.0 sender\r\n").await?;
                }
                "RCPT" => {
                    recipients.push(address(&line));
                    stream.write_all(b"250 2.1.5 recipient\r\n").await?;
                }
                "DATA" => {
                    stream.write_all(b"354 go\r\n").await?;
                    let how = self.treatment();
                    let content = match how {
                        Treatment::Close => return Ok(()),
                        _ => until(&mut stream, &mut input, b"\r\n.\r\n").await?,
                    };
                    let content = String::from_utf8_lossy(&content).into_owned();
                    if sender.is_empty() {
                        // A report of the gateway's own: no message of a client.
                        self.history.say(format_args!("provider got a report for {recipients:?}"));
                        stream.write_all(b"250 2.0.0 report\r\n").await?;
                        continue;
                    }
                    self.take(&references(&content), &recipients, how);
                    match how {
                        Treatment::Take => stream.write_all(b"250 2.0.0 queued\r\n").await?,
                        Treatment::Refuse => stream.write_all(b"554 5.7.1 no\r\n").await?,
                        Treatment::PutOff => stream.write_all(b"451 4.3.0 later\r\n").await?,
                        Treatment::TakeAndSayHalf => {
                            stream.write_all(b"250 2.0").await?;
                            return Ok(());
                        }
                        Treatment::TakeAndSayLate => {
                            tokio::time::sleep(self.chance.millis(5_000, 20_000)).await;
                            stream.write_all(b"250 2.0.0 queued\r\n").await?;
                        }
                        Treatment::Stall => tokio::time::sleep(Duration::from_secs(60)).await,
                        Treatment::TakeAndClose | Treatment::Close => return Ok(()),
                    }
                }
                "QUIT" => return stream.write_all(b"221 bye\r\n").await,
                _ => stream.write_all(b"250 2.0.0 ok\r\n").await?,
            }
        }
    }

    async fn api(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut input = Vec::new();
        loop {
            let head = until(&mut stream, &mut input, b"\r\n\r\n").await?;
            let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            let body = exactly(&mut stream, &mut input, length.unwrap_or(0)).await?;
            let how = self.treatment();
            if how == Treatment::Close {
                return Ok(());
            }
            let twilio = head.contains("messages.json");
            let text = String::from_utf8_lossy(&body).into_owned();
            let addressee = match twilio {
                true => form_urlencoded::parse(&body).find(|(n, _)| n == "To").map(|(_, v)| v.into_owned()),
                false => serde_json::from_str::<serde_json::Value>(&text)
                    .ok()
                    .and_then(|mail| Some(mail["personalizations"][0]["to"][0]["email"].as_str()?.to_owned())),
            };
            self.take(&references(&text), &addressee.into_iter().collect::<Vec<_>>(), how);
            let (status, said) = match (how, twilio) {
                (Treatment::Refuse, _) => ("400 Bad Request", "{}"),
                (Treatment::PutOff, _) => ("503 Service Unavailable", "{}"),
                (_, true) => ("201 Created", r#"{"sid":"SM1","status":"queued"}"#),
                (_, false) => ("202 Accepted", ""),
            };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{said}", said.len());
            match how {
                Treatment::TakeAndClose | Treatment::Close => return Ok(()),
                Treatment::TakeAndSayHalf => return stream.write_all(&answer.as_bytes()[..20]).await,
                Treatment::Stall => tokio::time::sleep(Duration::from_secs(60)).await,
                Treatment::TakeAndSayLate => {
                    tokio::time::sleep(self.chance.millis(5_000, 20_000)).await;
                    stream.write_all(answer.as_bytes()).await?;
                }
                Treatment::Take | Treatment::Refuse | Treatment::PutOff => stream.write_all(answer.as_bytes()).await?,
            }
        }
    }
}

/// The references in a text: `ref-1001`, once each.
fn references(text: &str) -> Vec<u32> {
    let found = text.split("ref-").skip(1).filter_map(|rest| rest.get(..4)?.parse().ok());
    let mut found: Vec<u32> = found.collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn address(line: &str) -> String {
    line.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map(|(address, _)| address.to_owned())
        .unwrap_or_default()
}

/// One line without its end.
pub async fn line(stream: &mut TcpStream, input: &mut Vec<u8>) -> io::Result<String> {
    let line = until(stream, input, b"\r\n").await?;
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

/// Everything up to and with `end`.
pub async fn until(stream: &mut TcpStream, input: &mut Vec<u8>, end: &[u8]) -> io::Result<Vec<u8>> {
    loop {
        if let Some(at) = input.windows(end.len()).position(|window| window == end) {
            return Ok(input.drain(..at + end.len()).collect());
        }
        if stream.read_buf(input).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// So many bytes.
pub async fn exactly(stream: &mut TcpStream, input: &mut Vec<u8>, bytes: usize) -> io::Result<Vec<u8>> {
    while input.len() < bytes {
        if stream.read_buf(input).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(input.drain(..bytes).collect())
}
