//! A real HTTP server for the gateway to forward to: it keeps the raw bytes of every request, answers
//! as SendGrid or Twilio does, and can be told how to answer the next one.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::child::until;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// Request line and header, as written.
    pub head: String,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// When it was whole.
    pub came: Instant,
}

impl Request {
    /// A header field's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The fields of a form.
    pub fn form(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(&self.body).find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }
}

/// How the next request is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// This status line and body.
    Say(&'static str, &'static str),
    /// Nothing: the connection is closed.
    Lose,
    /// Nothing, and the connection stays open.
    Hang,
    /// That it was accepted, after so many milliseconds.
    AfterMs(u64),
}

#[derive(Default)]
struct Inner {
    requests: Vec<Request>,
    replies: VecDeque<Reply>,
}

/// The server; ends with the value.
pub struct HttpSink {
    /// Where it listens.
    pub address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
    task: tokio::task::JoinHandle<()>,
}

impl HttpSink {
    /// Starts one on a free port.
    pub async fn start() -> HttpSink {
        HttpSink::start_at("127.0.0.1:0".parse().unwrap()).await
    }

    /// Starts one there.
    pub async fn start_at(address: SocketAddr) -> HttpSink {
        // Somebody's outgoing connection may have the port for a moment.
        let listener = until("the port is free", async || TcpListener::bind(address).await.ok()).await;
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Mutex::new(Inner::default()));
        let kept = Arc::clone(&inner);
        let task = tokio::spawn(async move {
            let mut talks = tokio::task::JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let inner = Arc::clone(&kept);
                talks.spawn(async move {
                    let _ = talk(tcp, &inner).await;
                });
            }
        });
        HttpSink { address, inner, task }
    }

    /// How the next request is answered; the ones after it are accepted.
    pub fn next(&self, reply: Reply) {
        self.inner.lock().unwrap().replies.push_back(reply);
    }

    /// What arrived so far.
    pub fn requests(&self) -> Vec<Request> {
        self.inner.lock().unwrap().requests.clone()
    }

    /// Waits for so many.
    pub async fn wait_for(&self, count: usize) -> Vec<Request> {
        until(&format!("{count} requests"), async || Some(self.requests()).filter(|r| r.len() >= count)).await
    }
}

impl Drop for HttpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn talk(mut tcp: TcpStream, inner: &Mutex<Inner>) -> std::io::Result<()> {
    let mut said = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = said.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            if tcp.read_buf(&mut said).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&said[..end]).into_owned();
        let mut request = Request { head, body: Vec::new(), came: Instant::now() };
        let length: usize = request.header("content-length").map_or(0, |v| v.parse().unwrap());
        while said.len() < end + length {
            if tcp.read_buf(&mut said).await? == 0 {
                return Ok(());
            }
        }
        request.body = said[end..end + length].to_vec();
        request.came = Instant::now();
        said.drain(..end + length);
        let reply = {
            let mut inner = inner.lock().unwrap();
            let reply = inner.replies.pop_front().unwrap_or_else(|| as_provider(&request));
            inner.requests.push(request);
            reply
        };
        let (status, body) = match reply {
            Reply::Say(status, body) => (status, body),
            Reply::Lose => return Ok(()),
            Reply::Hang => std::future::pending().await,
            Reply::AfterMs(ms) => {
                tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
                ("202 Accepted", "")
            }
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\nX-Message-Id: sink-1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        tcp.write_all(answer.as_bytes()).await?;
    }
}

fn as_provider(request: &Request) -> Reply {
    match request.head.contains("/Messages.json") {
        true => Reply::Say(
            "201 Created",
            r#"{"sid":"SM00000000000000000000000000004711","status":"queued","to":"+15005550006","error_code":null}"#,
        ),
        false => Reply::Say("202 Accepted", ""),
    }
}
