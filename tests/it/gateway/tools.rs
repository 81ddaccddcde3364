//! The brand's tools: Python's smtplib and the providers' own SDKs as programs of their own, and plain
//! sockets where a test needs to say exactly what is said.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::child::PATIENCE;

/// An HTTP answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The decision's id.
    pub fn decision(&self) -> String {
        self.headers.get("tactgate-decision").unwrap_or_else(|| panic!("no decision id: {self:?}")).clone()
    }
}

/// Posts a body.
pub async fn post(to: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut said =
        format!("POST {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        said += &format!("{name}: {value}\r\n");
    }
    let mut said = said.into_bytes();
    said.extend_from_slice(b"\r\n");
    said.extend_from_slice(body);
    exchange(to, &said).await
}

/// Gets a page.
pub async fn get(to: SocketAddr, path: &str) -> Answer {
    exchange(to, format!("GET {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\r\n").as_bytes()).await
}

async fn exchange(to: SocketAddr, said: &[u8]) -> Answer {
    let talk = async {
        let mut tcp = TcpStream::connect(to).await.unwrap();
        // A door may answer, and close, before it has read all of a body it does not want.
        let _ = tcp.write_all(said).await;
        let mut heard = Vec::new();
        let _ = tcp.read_to_end(&mut heard).await;
        heard
    };
    let heard = timeout(PATIENCE, talk).await.expect("the door answers in time");
    let text = String::from_utf8_lossy(&heard).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: `{text}`"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let headers = lines.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
    Answer { status, headers, body: body.to_owned() }
}

/// Tells the gateway what happened; each line is an event without its `id`.
pub async fn tell(http: SocketAddr, id: &str, event: &str) {
    let mut event: serde_json::Map<String, serde_json::Value> = serde_json::from_str(event).unwrap();
    event.insert("id".into(), id.into());
    event.entry("at").or_insert_with(|| jiff::Timestamp::now().to_string().into());
    let body = serde_json::Value::Object(event).to_string();
    let answer = post(http, "/tactgate/v1/events", &[("Content-Type", "application/x-ndjson")], body.as_bytes());
    let answer = answer.await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Sends an SMS as a Twilio client does.
pub async fn sms(http: SocketAddr, to: &str, text: &str, declared: &[(&str, &str)]) -> Answer {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("To", to)
        .append_pair("From", "+15005550006")
        .append_pair("Body", text)
        .finish();
    let mut headers =
        vec![("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", "Basic QUMxOnRva2Vu")];
    headers.extend_from_slice(declared);
    post(http, "/twilio/2010-04-01/Accounts/AC1/Messages.json", &headers, form.as_bytes()).await
}

/// Sends a mail as a SendGrid client does.
pub async fn sendgrid(http: SocketAddr, body: &serde_json::Value, declared: &[(&str, &str)]) -> Answer {
    let mut headers = vec![("Content-Type", "application/json"), ("Authorization", "Bearer SG.key")];
    headers.extend_from_slice(declared);
    post(http, "/sendgrid/v3/mail/send", &headers, body.to_string().as_bytes()).await
}

/// A plain text mail, as SendGrid takes it.
pub fn sendgrid_mail(to: &str, subject: &str, text: &str) -> serde_json::Value {
    serde_json::json!({
        "personalizations": [{"to": [{"email": to}]}],
        "from": {"email": "news@shop.example"},
        "subject": subject,
        "content": [{"type": "text/plain", "value": text}],
    })
}

/// A plain mail with these lines.
pub fn plain_mail(to: &str, subject: &str, text: &str) -> Vec<u8> {
    format!(
        "From: Shop <news@shop.example>\r\nTo: {to}\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
    )
    .into_bytes()
}

/// Sends a mail over a plain socket: `sender` and `recipients` are what stands after `MAIL FROM:` and
/// `RCPT TO:`, parameters too. Gives the answer to the end of data, or the first refusal.
pub async fn mail(to: SocketAddr, sender: &str, recipients: &[&str], data: &[u8]) -> String {
    mail_if_it_lives(to, sender, recipients, data).await.expect("the SMTP door is open")
}

/// As [`mail`], to a gateway that may die before or meanwhile: what it said then ends in `(closed)`.
pub async fn mail_if_it_lives(to: SocketAddr, sender: &str, recipients: &[&str], data: &[u8]) -> Option<String> {
    timeout(PATIENCE, mail_in_time(to, sender, recipients, data)).await.expect("the SMTP door answers in time")
}

async fn mail_in_time(to: SocketAddr, sender: &str, recipients: &[&str], data: &[u8]) -> Option<String> {
    let mut pipe = BufReader::new(TcpStream::connect(to).await.ok()?);
    let greeting = reply(&mut pipe).await;
    if greeting.ends_with("(closed)") {
        return Some(greeting);
    }
    assert!(greeting.starts_with("220"), "{greeting}");
    let mut commands = vec!["EHLO tool.example".to_owned(), format!("MAIL FROM:{sender}")];
    commands.extend(recipients.iter().map(|recipient| format!("RCPT TO:{recipient}")));
    commands.push("DATA".to_owned());
    for command in commands {
        pipe.write_all(format!("{command}\r\n").as_bytes()).await.ok()?;
        let said = reply(&mut pipe).await;
        if !said.starts_with(['2', '3']) || said.ends_with("(closed)") {
            return Some(said);
        }
    }
    let mut stuffed = Vec::with_capacity(data.len() + 64);
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    stuffed.extend_from_slice(b".\r\n");
    // A door may refuse, and close, before it has read all of a mail it does not want.
    let _ = pipe.write_all(&stuffed).await;
    let said = reply(&mut pipe).await;
    let _ = pipe.write_all(b"QUIT\r\n").await;
    Some(said)
}

/// One reply, its lines joined by a space.
async fn reply(pipe: &mut BufReader<TcpStream>) -> String {
    let mut whole = String::new();
    loop {
        let mut line = String::new();
        if pipe.read_line(&mut line).await.unwrap_or(0) == 0 {
            return format!("{whole}(closed)");
        }
        let last = line.as_bytes().get(3) != Some(&b'-');
        whole += line.trim_end();
        if last {
            return whole;
        }
        whole.push(' ');
    }
}

/// The first id of a kind (`d-`, `s-`) in a text.
pub fn id_in(text: &str, prefix: &str) -> String {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words
        .into_iter()
        .find(|w| w.starts_with(prefix) && w.len() > 20)
        .unwrap_or_else(|| panic!("no id: {text}"))
        .to_owned()
}

/// Runs a Python program of the standard library and gives what it printed.
pub async fn python(program: &str, arguments: &[&str]) -> String {
    run_python(PathBuf::from("python3"), program, arguments).await
}

/// Runs a Python program with the providers' SDKs; `None` when they are left out on purpose.
pub async fn sdk_python(program: &str, arguments: &[&str]) -> Option<String> {
    if std::env::var_os("TACTGATE_WITHOUT_SDKS").is_some_and(|v| v == "1") {
        println!("SKIPPED: TACTGATE_WITHOUT_SDKS=1, the providers' SDKs are not tried");
        return None;
    }
    let usual = concat!(env!("CARGO_MANIFEST_DIR"), "/target/sdk-venv/bin/python");
    let python = std::env::var_os("TACTGATE_SDK_PYTHON").map_or_else(|| PathBuf::from(usual), PathBuf::from);
    assert!(
        python.exists(),
        "the providers' SDKs are not there ({}): run tests/run, which fetches them, or set TACTGATE_WITHOUT_SDKS=1",
        python.display()
    );
    Some(run_python(python, program, arguments).await)
}

async fn run_python(python: PathBuf, program: &str, arguments: &[&str]) -> String {
    let mut command = tokio::process::Command::new(python);
    // A proxy of the machine is not for loopback.
    command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1").env("PYTHONIOENCODING", "utf-8");
    command.arg("-c").arg(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let ran = timeout(PATIENCE, command.output()).await.expect("python ends in time").expect("python3 is installed");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}
