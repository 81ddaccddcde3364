//! A real SMTP server for the gateway to deliver to: it keeps the raw bytes of every mail and can be
//! told how to answer the next one.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::child::until;

/// A mail as it came.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// What stood after `MAIL FROM:`.
    pub sender: String,
    /// What stood after each accepted `RCPT TO:`.
    pub recipients: Vec<String>,
    /// Who had logged in: user and password as AUTH PLAIN gives them, parted by a blank.
    pub login: Option<String>,
    /// The content: dot-stuffing taken away, the last dot's line too.
    pub data: Vec<u8>,
}

/// How the next content is answered.
#[derive(Debug, Clone)]
pub enum AtDot {
    /// This line.
    Say(&'static str),
    /// Nothing: the connection is closed after the last dot.
    Lose,
    /// Nothing, and the connection stays open.
    Hang,
    /// That it was accepted, after so many milliseconds.
    AfterMs(u64),
}

#[derive(Default)]
struct Inner {
    mails: Vec<Arrived>,
    at_dot: VecDeque<AtDot>,
    full_mailboxes: HashSet<String>,
}

/// The server; ends with the value.
pub struct MailSink {
    /// Where it listens.
    pub address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
    task: tokio::task::JoinHandle<()>,
}

impl MailSink {
    /// Starts one on a free port.
    pub async fn start() -> MailSink {
        MailSink::start_at("127.0.0.1:0".parse().unwrap()).await
    }

    /// Starts one there.
    pub async fn start_at(address: SocketAddr) -> MailSink {
        // Somebody's outgoing connection may have the port for a moment.
        let listener = until("the port is free", async || TcpListener::bind(address).await.ok()).await;
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Mutex::new(Inner::default()));
        let kept = Arc::clone(&inner);
        let task = tokio::spawn(async move {
            // Ends every conversation together with the server.
            let mut talks = tokio::task::JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let inner = Arc::clone(&kept);
                talks.spawn(async move {
                    let _ = talk(tcp, &inner).await;
                });
            }
        });
        MailSink { address, inner, task }
    }

    /// How the next content is answered; the ones after it are accepted.
    pub fn next(&self, answer: AtDot) {
        self.inner.lock().unwrap().at_dot.push_back(answer);
    }

    /// What arrived so far, refused contents too.
    pub fn mails(&self) -> Vec<Arrived> {
        self.inner.lock().unwrap().mails.clone()
    }

    /// Waits for so many.
    pub async fn wait_for(&self, count: usize) -> Vec<Arrived> {
        until(&format!("{count} mails"), async || Some(self.mails()).filter(|mails| mails.len() >= count)).await
    }
}

impl Drop for MailSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn talk(tcp: TcpStream, inner: &Mutex<Inner>) -> std::io::Result<()> {
    let mut pipe = BufReader::new(tcp);
    pipe.write_all(b"220 sink.example ESMTP\r\n").await?;
    let (mut sender, mut recipients, mut login) = (String::new(), Vec::new(), None);
    loop {
        let mut line = String::new();
        if pipe.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let reply: &str = match verb.as_str() {
            "EHLO" => {
                "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n250-AUTH PLAIN\r\n250 SIZE 52428800"
            }
            "AUTH" => {
                let shown = who(&line);
                match shown.contains("wrong") {
                    true => "535 5.7.8 wrong password",
                    false => {
                        login = Some(shown);
                        "235 2.7.0 welcome"
                    }
                }
            }
            "MAIL" => {
                sender = line[10..].to_owned();
                recipients.clear();
                "250 2.1.0 ok"
            }
            "RCPT" if line.contains("nobody") => "550 5.1.1 no such mailbox",
            // Full at first, with room later.
            "RCPT" if line.contains("full") && inner.lock().unwrap().full_mailboxes.insert(line.clone()) => {
                "450 4.2.2 mailbox full"
            }
            "RCPT" => {
                recipients.push(line[8..].to_owned());
                "250 2.1.5 ok"
            }
            "DATA" if recipients.is_empty() => "554 5.5.1 no valid recipients",
            "DATA" => {
                pipe.write_all(b"354 go\r\n").await?;
                let data = content(&mut pipe).await?;
                let arrived = Arrived {
                    sender: sender.clone(),
                    login: login.clone(),
                    recipients: std::mem::take(&mut recipients),
                    data,
                };
                let answer = {
                    let mut inner = inner.lock().unwrap();
                    inner.mails.push(arrived);
                    inner.at_dot.pop_front().unwrap_or(AtDot::Say("250 2.0.0 queued as 4711"))
                };
                match answer {
                    AtDot::Say(line) => line,
                    AtDot::Lose => return Ok(()),
                    AtDot::Hang => std::future::pending().await,
                    AtDot::AfterMs(ms) => {
                        tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
                        "250 2.0.0 queued at last"
                    }
                }
            }
            "QUIT" => {
                pipe.write_all(b"221 2.0.0 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 2.0.0 ok",
        };
        pipe.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
}

/// `AUTH PLAIN` with its initial response (RFC 4616).
fn who(line: &str) -> String {
    use base64::Engine as _;
    let shown = line.split(' ').nth(2).unwrap_or_default();
    let shown = base64::engine::general_purpose::STANDARD.decode(shown).unwrap_or_default();
    String::from_utf8_lossy(&shown).trim_start_matches('\0').replace('\0', " ")
}

async fn content(pipe: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let begin = data.len();
        if pipe.read_until(b'\n', &mut data).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if &data[begin..] == b".\r\n" {
            data.truncate(begin);
            return Ok(data);
        }
        if data[begin] == b'.' {
            data.remove(begin);
        }
    }
}
