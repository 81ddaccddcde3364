//! A mail server that takes everything at once and counts it: what both sides relay to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The sink, until the process ends.
#[derive(Debug)]
pub struct SmtpSink {
    /// Where it listens.
    pub port: u16,
    taken: Arc<AtomicU64>,
}

impl SmtpSink {
    /// On a free port.
    pub async fn start() -> SmtpSink {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    // A client that goes away is no fault of the sink.
                    let _ = converse(stream, &count).await;
                });
            }
        });
        SmtpSink { port, taken }
    }

    /// Mails taken so far.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }
}

async fn converse(mut stream: TcpStream, taken: &AtomicU64) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 sink ESMTP\r\n").await?;
    let (mut buffer, mut replies, mut in_data) = (Vec::with_capacity(64 * 1024), Vec::new(), false);
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        let mut used = 0;
        loop {
            let rest = &buffer[used..];
            if in_data {
                // The end may be cut by a read: what is before it stays until it is whole.
                let Some(end) = find(rest, b"\r\n.\r\n") else { break };
                used += end + 5;
                in_data = false;
                taken.fetch_add(1, Ordering::Relaxed);
                replies.extend_from_slice(b"250 2.0.0 taken\r\n");
                continue;
            }
            let Some(end) = find(rest, b"\r\n") else { break };
            let verb = rest[..end.min(4)].to_ascii_uppercase();
            used += end + 2;
            match verb.as_slice() {
                b"EHLO" => replies.extend_from_slice(
                    b"250-sink\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n",
                ),
                b"DATA" => {
                    in_data = true;
                    // The CRLF of the command is the first of `CRLF . CRLF` when the mail is empty.
                    used -= 2;
                    replies.extend_from_slice(b"354 go on\r\n");
                }
                b"QUIT" => {
                    replies.extend_from_slice(b"221 2.0.0 bye\r\n");
                    return stream.write_all(&replies).await;
                }
                _ => replies.extend_from_slice(b"250 2.0.0 ok\r\n"),
            }
        }
        buffer.drain(..used);
        stream.write_all(&replies).await?;
        replies.clear();
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
