//! The brand's tools: each message is tried, at one gateway and then at the next, until there is a final
//! answer. They wait as long as they like, forget nothing, and say the same bytes again.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;
use turmoil::net::TcpStream;

use super::chance::Chance;
use super::gateways::{HTTP_PORT, SMTP_PORT};
use super::history::{Attempt, History, Told};
use super::plan::{Door, Plan, Submission};
use super::providers::{exactly, line, until};

/// The clients of a run.
pub async fn run(plan: Plan, history: History) -> turmoil::Result {
    let chance = Chance::of(plan.seed, "clients");
    for person in plan.people.iter().filter(|person| person.linked) {
        let link = format!(
            r#"{{"id":"link-{0}","type":"identity-link","at":"{1}","customer":"{0}","also":"{2}"}}"#,
            person.mailbox,
            history.clock().now(),
            person.phone
        );
        tell(&plan, &history, &chance, &link).await;
    }
    history.say("the shop has linked whom it knows");
    history.seen().linked = true;
    history.seen().clients_waiting = plan.submissions.len() + plan.opt_outs.len();
    for submission in plan.submissions.clone() {
        let (plan, history, chance) = (plan.clone(), history.clone(), chance.clone());
        tokio::spawn(async move {
            sleep_until(&history, submission.at_ms).await;
            submit(&plan, &history, &chance, &submission).await;
            history.seen().clients_waiting -= 1;
        });
    }
    for (number, (at_ms, person, by_mailbox)) in plan.opt_outs.clone().into_iter().enumerate() {
        let (plan, history, chance) = (plan.clone(), history.clone(), chance.clone());
        tokio::spawn(async move {
            sleep_until(&history, at_ms).await;
            let person = &plan.people[person];
            let address = if by_mailbox { &person.mailbox } else { &person.phone };
            let event = format!(
                r#"{{"id":"out-{number}","type":"opt-out","at":"{}","customer":"{address}"}}"#,
                history.clock().now()
            );
            tell(&plan, &history, &chance, &event).await;
            history.say(format_args!("the opt-out of {address} is acknowledged"));
            let now = history.now_ms();
            let mut seen = history.seen();
            let both = [&person.mailbox, &person.phone];
            for address in both.into_iter().filter(|other| person.linked || *other == address) {
                seen.opted_out.entry(address.clone()).or_insert(now);
            }
            seen.clients_waiting -= 1;
        });
    }
    std::future::pending().await
}

async fn sleep_until(history: &History, at_ms: u64) {
    tokio::time::sleep(Duration::from_millis(at_ms.saturating_sub(history.now_ms()))).await;
}

/// Tells an event until a gateway has taken it.
async fn tell(plan: &Plan, history: &History, chance: &Chance, event: &str) {
    loop {
        let gateway = chance.between(0, plan.gateways as u64) as usize;
        let request = request(
            "/tactgate/v1/events",
            &[("Content-Type", "application/x-ndjson"), ("Authorization", "Bearer sim-events")],
            event.as_bytes(),
        );
        if let Ok(Ok((200, body))) = timeout(Duration::from_secs(10), http(gateway, &request)).await
            && !body.contains("\"refused\":[{")
        {
            return;
        }
        history.say(format_args!("gateway {gateway} did not take an event"));
        tokio::time::sleep(chance.millis(200, 3_000)).await;
    }
}

async fn submit(plan: &Plan, history: &History, chance: &Chance, submission: &Submission) {
    let mut gateway = submission.gateway;
    let mut patience = submission.patience_ms;
    let mut pause = 1_000;
    loop {
        let reference = submission.reference;
        history.say(format_args!("client hands {reference} to gateway {gateway} ({:?})", submission.door));
        let attempt = async {
            match submission.door {
                Door::Smtp => mail(plan, gateway, submission).await,
                _ => by_http(plan, gateway, submission).await,
            }
        };
        let from_ms = history.now_ms();
        let answered = timeout(Duration::from_millis(patience), attempt).await;
        let (told, words) = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(Lost::Unreached)) => (Told::Unreached, String::new()),
            Ok(Err(Lost::Io(error))) => (Told::Nothing, error.kind().to_string()),
            Err(_) => (Told::Nothing, "no patience".to_owned()),
        };
        history.say(format_args!("client is told {told:?} of {reference}: {words}"));
        let until_ms = history.now_ms();
        history.seen().attempts.push(Attempt { reference, from_ms, until_ms, told, words });
        if matches!(told, Told::Accepted | Told::Refused) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(pause) + chance.millis(0, 1_000)).await;
        // Nobody hurries for ever: who waits too short a time would never hear the answer.
        (pause, patience) = ((pause * 2).min(16_000), (patience * 2).clamp(10_000, 60_000));
        gateway = (gateway + usize::from(told != Told::Later)) % plan.gateways;
    }
}

/// Why there is no answer.
enum Lost {
    /// Nothing was handed over.
    Unreached,
    /// Something may have been.
    Io(io::Error),
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Lost {
        Lost::Io(error)
    }
}

async fn connect(gateway: usize, port: u16) -> Result<TcpStream, Lost> {
    match timeout(Duration::from_secs(5), TcpStream::connect((format!("gateway-{gateway}"), port))).await {
        Ok(Ok(stream)) => Ok(stream),
        _ => Err(Lost::Unreached),
    }
}

async fn mail(plan: &Plan, gateway: usize, submission: &Submission) -> Result<(Told, String), Lost> {
    let mut stream = connect(gateway, SMTP_PORT).await?;
    let mut input = Vec::new();
    let to: Vec<&str> = submission.to.iter().map(|person| plan.people[*person].mailbox.as_str()).collect();
    let mut commands = vec!["EHLO client.example\r\n".to_owned(), "MAIL FROM:<news@shop.example>\r\n".to_owned()];
    commands.extend(to.iter().map(|address| format!("RCPT TO:<{address}>\r\n")));
    commands.push("DATA\r\n".to_owned());
    let mut answer = reply(&mut stream, &mut input).await?;
    for command in commands {
        if answer.0 / 100 != 2 {
            return Ok((class_of_smtp(answer.0), answer.1));
        }
        stream.write_all(command.as_bytes()).await?;
        answer = reply(&mut stream, &mut input).await?;
    }
    if answer.0 != 354 {
        return Ok((class_of_smtp(answer.0), answer.1));
    }
    let reference = submission.reference;
    let content = format!(
        "From: Shop <news@shop.example>\r\nTo: {}\r\nSubject: news ref-{reference}\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n.\r\n",
        to.join(", "),
        text(reference)
    );
    stream.write_all(content.as_bytes()).await?;
    answer = reply(&mut stream, &mut input).await?;
    let _ = stream.write_all(b"QUIT\r\n").await;
    Ok((class_of_smtp(answer.0), answer.1))
}

async fn by_http(plan: &Plan, gateway: usize, submission: &Submission) -> Result<(Told, String), Lost> {
    let person = &plan.people[submission.to[0]];
    let reference = submission.reference;
    let request = match submission.door {
        Door::Twilio => {
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair("To", &person.phone)
                .append_pair("From", "+15005550006")
                .append_pair("Body", &text(reference))
                .finish();
            let headers =
                [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", "Basic QUMxOnRva2Vu")];
            request("/twilio/2010-04-01/Accounts/AC1/Messages.json", &headers, form.as_bytes())
        }
        door => {
            let (key, text) = match door {
                Door::Code => {
                    ("Bearer sim-codes", format!("【某某商城】验证码 88{reference}，5分钟内有效，请勿泄露。"))
                }
                _ => ("Bearer SG.key", text(reference)),
            };
            let body = serde_json::json!({
                "personalizations": [{"to": [{"email": person.mailbox}]}],
                "from": {"email": "news@shop.example"},
                "subject": format!("ref-{reference}"),
                "content": [{"type": "text/plain", "value": text}],
            });
            let headers = [("Content-Type", "application/json"), ("Authorization", key)];
            request("/sendgrid/v3/mail/send", &headers, body.to_string().as_bytes())
        }
    };
    let (status, said) = http(gateway, &request).await?;
    let told = match status {
        200..=299 => Told::Accepted,
        408 | 425 | 429 | 500..=599 => Told::Later,
        _ => Told::Refused,
    };
    Ok((told, format!("{status} {said}")))
}

/// A promotion, every one with its reference.
fn text(reference: u32) -> String {
    format!("【某某商城】秋装上新，欢迎选购 ref-{reference} 回T退订")
}

fn class_of_smtp(code: u16) -> Told {
    match code / 100 {
        2 => Told::Accepted,
        5 => Told::Refused,
        _ => Told::Later,
    }
}

async fn reply(stream: &mut TcpStream, input: &mut Vec<u8>) -> io::Result<(u16, String)> {
    loop {
        let line = line(stream, input).await?;
        if line.as_bytes().get(3) != Some(&b'-') {
            let code = line.get(..3).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
            return Ok((code, line));
        }
    }
}

fn request(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut said =
        format!("POST {path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        said += &format!("{name}: {value}\r\n");
    }
    said += "\r\n";
    [said.as_bytes(), body].concat()
}

/// Status, and the header fields of the gateway with the body.
async fn http(gateway: usize, request: &[u8]) -> Result<(u16, String), Lost> {
    let mut stream = connect(gateway, HTTP_PORT).await?;
    stream.write_all(request).await?;
    let mut input = Vec::new();
    let head = until(&mut stream, &mut input, b"\r\n\r\n").await?;
    let head = String::from_utf8_lossy(&head).into_owned();
    let status =
        head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or(io::Error::from(io::ErrorKind::InvalidData))?;
    let field =
        |name: &str| head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix(name).map(|v| v.trim().to_owned()));
    let length = field("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
    let body = exactly(&mut stream, &mut input, length).await?;
    let submission = field("tactgate-submission:").map(|id| format!("[{id}] ")).unwrap_or_default();
    Ok((status, format!("{submission}{}", String::from_utf8_lossy(&body))))
}
