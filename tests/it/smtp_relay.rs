//! The SMTP client against real sockets: a sink that misbehaves by script, and our own door.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rcgen::{CertificateParams, Issuer, KeyPair};
use tactgate::accept::smtp::{SmtpDoor, serve};
use tactgate::forward::smtp::{LoginAnswer, Relay, RelayLogin, RelaySettings, RelayTls};
use tactgate::forward::{MailAnswer, NotForwarded};
use tactgate::message::{MailEnvelope, MailRecipient, Secret};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::smtp_dialogues::Recording;

const PATIENCE: Duration = Duration::from_secs(10);

/// A certificate authority for one test, and a server it vouches for.
pub struct Authority {
    pub roots_pem: String,
    chain_pem: String,
    key_pem: String,
}

impl Authority {
    pub fn new() -> Authority {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let roots_pem = ca.self_signed(&ca_key).unwrap().pem();
        let issuer = Issuer::new(ca, ca_key);
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned()];
        let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        Authority { roots_pem, chain_pem: leaf.pem(), key_pem: key.serialize_pem() }
    }

    pub fn server(&self) -> Arc<rustls::ServerConfig> {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
        std::fs::write(&chain, &self.chain_pem).unwrap();
        std::fs::write(&key, &self.key_pem).unwrap();
        tactgate::accept::smtp::tls::server_config(&chain, &key).unwrap()
    }
}

/// What one connection of the sink does, in text: `-> ` says a line, `<- ` expects one that begins
/// so, `<. ` reads a whole mail and keeps its raw bytes, `tls` shakes hands, `half` reads a little
/// of the content, `close` hangs up, `wait` says nothing until the client leaves.
type Script = String;

/// A peer that behaves exactly as badly as a test needs. Each connection takes the next script.
struct Sink {
    port: u16,
    served: JoinHandle<Vec<Heard>>,
}

/// What a connection heard.
#[derive(Debug, Default)]
struct Heard {
    lines: Vec<String>,
    mails: Vec<Vec<u8>>,
    wrong: Option<String>,
}

trait Pipe: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Pipe for T {}

impl Sink {
    async fn new(scripts: Vec<Script>, tls: Option<Arc<rustls::ServerConfig>>) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = tokio::spawn(async move {
            let mut connections = Vec::new();
            for script in scripts {
                let Ok(accepted) = timeout(PATIENCE, listener.accept()).await else { break };
                let (tcp, tls) = (accepted.unwrap().0, tls.clone());
                connections.push(tokio::spawn(async move {
                    let mut heard = Heard::default();
                    let played = timeout(PATIENCE, play(Box::new(tcp), &script, tls, &mut heard)).await;
                    heard.wrong = played.map_or(Some("took too long".into()), Result::err);
                    heard
                }));
            }
            let mut all = Vec::new();
            for connection in connections {
                all.push(connection.await.unwrap());
            }
            all
        });
        Sink { port, served }
    }

    fn relay(&self) -> RelaySettings {
        RelaySettings {
            host: "localhost".into(),
            port: self.port,
            tls: RelayTls::Off,
            helo: "gate.example".into(),
            command_ms: 3_000,
            data_ms: 3_000,
            ..RelaySettings::default()
        }
    }

    /// What every connection heard, when all went as scripted.
    async fn heard(self) -> Vec<Heard> {
        let all = timeout(PATIENCE, self.served).await.unwrap().unwrap();
        for heard in &all {
            assert_eq!(heard.wrong, None, "{heard:?}");
        }
        all
    }
}

async fn play(
    mut pipe: Box<dyn Pipe>,
    script: &str,
    tls: Option<Arc<rustls::ServerConfig>>,
    heard: &mut Heard,
) -> Result<(), String> {
    let mut input = Vec::new();
    for step in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
        match step.split_at(step.len().min(3)) {
            ("-> ", text) => {
                let text = text.replace("\\r", "\r").replace("\\n", "\n");
                pipe.write_all(format!("{text}\r\n").as_bytes()).await.map_err(|e| e.to_string())?;
            }
            ("<- ", wanted) => {
                let end = until(&mut pipe, &mut input, b"\r\n").await.ok_or(format!("left before {wanted}"))?;
                let line = String::from_utf8(input.drain(..end).collect()).unwrap();
                heard.lines.push(line.trim_end().to_owned());
                if !line.starts_with(wanted) || line.trim_end().contains(['\r', '\n']) {
                    return Err(format!("`{line}` instead of `{wanted}`"));
                }
            }
            ("<.", _) => {
                // The end of the DATA line counts as the line end before a lone dot.
                input.splice(..0, *b"\r\n");
                let end = until(&mut pipe, &mut input, b"\r\n.\r\n").await.ok_or("left inside a mail")?;
                heard.mails.push(input.drain(..end).skip(2).collect());
            }
            ("tls", _) => {
                let acceptor = TlsAcceptor::from(tls.clone().unwrap());
                pipe = Box::new(acceptor.accept(pipe).await.map_err(|e| e.to_string())?);
            }
            _ if step == "half" => {
                let mut some = vec![0; 1_000];
                pipe.read_exact(&mut some).await.map_err(|e| e.to_string())?;
            }
            _ if step == "close" => return Ok(()),
            _ if step == "wait" => {
                let mut rest = Vec::new();
                let _ = pipe.read_to_end(&mut rest).await;
                return Ok(());
            }
            _ => return Err(format!("not a step: {step}")),
        }
    }
    // What comes after the script is the client's goodbye.
    let mut rest = Vec::new();
    let _ = pipe.read_to_end(&mut rest).await;
    Ok(())
}

async fn until(pipe: &mut Box<dyn Pipe>, input: &mut Vec<u8>, end: &[u8]) -> Option<usize> {
    loop {
        if let Some(at) = input.windows(end.len()).position(|w| w == end) {
            return Some(at + end.len());
        }
        if pipe.read_buf(input).await.ok()? == 0 {
            return None;
        }
    }
}

const HELLO: &str = "-> 220 sink
    <- EHLO gate.example
    -> 250-sink\\r\\n250-PIPELINING\\r\\n250-8BITMIME\\r\\n250-SIZE 100000\\r\\n250-DSN\\r\\n250-ENHANCEDSTATUSCODES\\r\\n250-X-FOO a\\r\\n250-AUTH PLAIN LOGIN\\r\\n250 SMTPUTF8";
const BARE_HELLO: &str = "-> 220 sink
    <- EHLO gate.example
    -> 250 sink";

fn script(parts: &[&str]) -> Script {
    parts.join("\n")
}

fn envelope(sender: &str) -> MailEnvelope {
    MailEnvelope { sender: sender.into(), ..MailEnvelope::default() }
}

fn to(addresses: &[&str]) -> Vec<MailRecipient> {
    let one = |a: &&str| MailRecipient { address: (*a).to_owned(), ..MailRecipient::default() };
    addresses.iter().map(one).collect()
}

fn codes(answer: &MailAnswer) -> Vec<u16> {
    answer.recipients.iter().map(|r| r.code).collect()
}

async fn send(relay: &Relay, recipients: &[&str], data: &str) -> Result<MailAnswer, NotForwarded> {
    let data = Bytes::from(data.to_owned());
    relay.send(None, &envelope("shop@example.cn"), &to(recipients), &data).await
}

#[tokio::test]
async fn one_refused_recipient_does_not_cost_the_others_theirs() {
    // Both answers of the commands group may come in one piece.
    let sink = Sink::new(
        vec![script(&[
            HELLO,
            "<- MAIL FROM:<shop@example.cn> SIZE=7\n<- RCPT TO:<a@x.cn>\n<- RCPT TO:<b@x.cn>\n<- RCPT TO:<c@x.cn>\n<- DATA",
            "-> 250 2.1.0 ok\\r\\n250 2.1.5 ok\\r\\n550-5.1.1 nobody\\r\\n550 5.1.1 of that name\\r\\n250 ok\\r\\n354 go",
            "<.\n-> 250 2.0.0 queued as 7\n<- MAIL\n<- RCPT\n<- DATA\n-> 250 ok\\r\\n250 ok\\r\\n354 go\n<.\n-> 451 4.7.1 later",
        ])],
        None,
    )
    .await;
    let relay = Relay::new(sink.relay()).unwrap();
    let answer = send(&relay, &["a@x.cn", "b@x.cn", "c@x.cn"], "..\r\na\r\n").await.unwrap();
    assert_eq!(codes(&answer), [250, 550, 250]);
    assert_eq!(answer.recipients[1].enhanced.as_deref(), Some("5.1.1"));
    assert_eq!(answer.recipients[1].text, "nobody\nof that name");
    assert_eq!(answer.data.unwrap().text, "queued as 7");
    // The same connection takes the next mail; a 4xx is the provider's word.
    let answer = send(&relay, &["a@x.cn"], "b\r\n").await.unwrap();
    assert_eq!((codes(&answer), answer.recipients[0].enhanced.as_deref()), (vec![451], Some("4.7.1")));
    relay.close().await;
    let heard = sink.heard().await;
    assert_eq!(heard[0].mails, [b"...\r\na\r\n.\r\n".to_vec(), b"b\r\n.\r\n".to_vec()]);
}

#[tokio::test]
async fn without_pipelining_every_answer_is_awaited() {
    let sink = Sink::new(
        vec![script(&[
            BARE_HELLO,
            "<- MAIL FROM:<shop@example.cn>\n-> 250 ok\n<- RCPT TO:<a@x.cn>\n-> 550 no\n<- RCPT TO:<b@x.cn>\n-> 250 ok",
            "<- DATA\n-> 354 go\n<.\n-> 250 ok",
            "<- MAIL\n-> 250 ok\n<- RCPT\n-> 550 no\n<- RSET\n-> 250 ok",
            "<- MAIL\n-> 452 full",
        ])],
        None,
    )
    .await;
    let relay = Relay::new(sink.relay()).unwrap();
    assert_eq!(codes(&send(&relay, &["a@x.cn", "b@x.cn"], "x\r\n").await.unwrap()), [550, 250]);
    let nobody = send(&relay, &["a@x.cn"], "x\r\n").await.unwrap();
    assert_eq!((codes(&nobody), nobody.data), (vec![550], None));
    assert_eq!(codes(&send(&relay, &["a@x.cn", "b@x.cn"], "x\r\n").await.unwrap()), [452, 452]);
    relay.close().await;
    sink.heard().await;
}

#[tokio::test]
async fn an_empty_mail_to_nobody_is_never_counted_as_accepted() {
    let sink = Sink::new(
        vec![script(&[
            HELLO,
            "<- MAIL\n<- RCPT\n<- DATA\n-> 250 ok\\r\\n550 no\\r\\n354 go\n<.\n-> 250 accepted, it says",
            "<- MAIL\n<- RCPT\n<- DATA\n-> 250 ok\\r\\n550 no\\r\\n554 no recipients\n<- RSET\n-> 250 ok",
        ])],
        None,
    )
    .await;
    let relay = Relay::new(sink.relay()).unwrap();
    for _ in 0..2 {
        let answer = send(&relay, &["a@x.cn"], "x\r\n").await.unwrap();
        assert_eq!((codes(&answer), answer.data), (vec![550], None));
    }
    relay.close().await;
    assert_eq!(sink.heard().await[0].mails, [b".\r\n".to_vec()]);
}

#[tokio::test]
async fn what_left_and_was_not_answered_is_unknown_and_what_did_not_leave_is_not_sent() {
    let go = "<- MAIL\n-> 250 ok\n<- RCPT\n-> 250 ok\n<- DATA\n-> 354 go";
    let line = "x".repeat(60) + "\r\n";
    // More than the kernels of both sides take before the peer leaves.
    for (end, data) in [("<.\nclose", line.clone()), ("half\nclose", line.repeat(500_000))] {
        let sink = Sink::new(vec![script(&[BARE_HELLO, go, end])], None).await;
        let relay = Relay::new(sink.relay()).unwrap();
        match (end, send(&relay, &["a@x.cn"], &data).await) {
            ("<.\nclose", Err(NotForwarded::Unknown(_))) | ("half\nclose", Err(NotForwarded::NotSent(_))) => {}
            other => panic!("{other:?}"),
        }
        sink.heard().await;
    }
    // Gone before the content: certain.
    let sink = Sink::new(vec![script(&[HELLO, "<- MAIL\nclose"])], None).await;
    let relay = Relay::new(sink.relay()).unwrap();
    assert!(matches!(send(&relay, &["a@x.cn"], "x\r\n").await, Err(NotForwarded::NotSent(_))));
    sink.heard().await;
    // Nobody there: certain.
    let settings = RelaySettings { host: "127.0.0.1".into(), port: 1, tls: RelayTls::Off, ..RelaySettings::default() };
    let nobody = Relay::new(settings).unwrap();
    assert!(matches!(send(&nobody, &["a@x.cn"], "x\r\n").await, Err(NotForwarded::NotSent(_))));
}

#[tokio::test]
async fn a_kept_connection_that_died_is_replaced_once() {
    let mail = "<- MAIL\n<- RCPT\n<- DATA\n-> 250 ok\\r\\n250 ok\\r\\n354 go\n<.\n-> 250 ok";
    for dying in ["close", "<- MAIL\nclose", "<- MAIL\n-> 421 4.4.2 idle too long\nclose", "-> 421 idle\nclose"] {
        let sink = Sink::new(vec![script(&[HELLO, mail, dying]), script(&[HELLO, mail])], None).await;
        let relay = Relay::new(sink.relay()).unwrap();
        assert_eq!(codes(&send(&relay, &["a@x.cn"], "1\r\n").await.unwrap()), [250]);
        assert_eq!(codes(&send(&relay, &["a@x.cn"], "2\r\n").await.unwrap()), [250], "{dying}");
        relay.close().await;
        let heard = sink.heard().await;
        assert_eq!((heard[0].mails.len(), &heard[1].mails[0][..]), (1, &b"2\r\n.\r\n"[..]));
    }
}

#[tokio::test]
async fn a_provider_that_is_closing_says_so_for_everybody() {
    for talk in ["-> 421 4.3.2 stopping\nclose", "-> 554 5.7.1 not you\nclose"] {
        let sink = Sink::new(vec![talk.to_owned()], None).await;
        let relay = Relay::new(sink.relay()).unwrap();
        let answer = send(&relay, &["a@x.cn", "b@x.cn"], "x\r\n").await.unwrap();
        let code: u16 = talk[3..6].parse().unwrap();
        assert_eq!(codes(&answer), [code, code]);
        sink.heard().await;
    }
    let sink = Sink::new(vec![script(&[HELLO, "<- MAIL\n-> 250 ok\\r\\n250 ok\\r\\n421 bye\nclose"])], None).await;
    let relay = Relay::new(sink.relay()).unwrap();
    assert_eq!(codes(&send(&relay, &["a@x.cn", "b@x.cn"], "x\r\n").await.unwrap()), [421, 421]);
    sink.heard().await;
}

#[tokio::test]
async fn what_the_provider_cannot_carry_is_refused_and_nothing_leaves() {
    let sink =
        Sink::new(vec![script(&["-> 220 s\n<- EHLO\n-> 250-s\\r\\n250-PIPELINING\\r\\n250 SIZE 10"])], None).await;
    let relay = Relay::new(sink.relay()).unwrap();
    let refused = |answer: MailAnswer| {
        let reply = answer.recipients[0].clone();
        (reply.code, reply.enhanced.unwrap())
    };
    assert_eq!(refused(send(&relay, &["a@x.cn"], "12345678901\r\n").await.unwrap()), (552, "5.3.4".into()));
    assert_eq!(refused(send(&relay, &["a@x.cn"], "您\r\n").await.unwrap()), (554, "5.6.3".into()));
    assert_eq!(refused(send(&relay, &["王@例子.中国"], "x\r\n").await.unwrap()), (550, "5.6.7".into()));
    for sly in ["a@x.cn>\r\nRCPT TO:<b@x.cn", "a@x.cn\nDATA", "a@x.cn> NOTIFY=NEVER", "@evil:a@x.cn", "a@x.cn\0"] {
        assert_eq!(refused(send(&relay, &[sly], "x\r\n").await.unwrap()), (553, "5.1.3".into()), "{sly:?}");
        let data = Bytes::from_static(b"x\r\n");
        let answer = relay.send(None, &envelope(sly), &to(&["a@x.cn"]), &data).await.unwrap();
        assert_eq!(refused(answer), (553, "5.1.7".into()), "{sly:?}");
    }
    for smuggled in ["a\n.\r\nMAIL FROM:<s@evil>\r\n", "a\r.\r\n", "a\r\n.\r\r\nb\r\n", "a\r\n\0.\r\n"] {
        assert!(matches!(send(&relay, &["a@x.cn"], smuggled).await, Err(NotForwarded::NotSent(_))), "{smuggled:?}");
    }
    relay.close().await;
    let heard = sink.heard().await;
    assert_eq!(heard[0].lines.len(), 1, "only EHLO: {heard:?}");
}

#[tokio::test]
async fn parameters_go_on_when_they_are_offered() {
    let parameters = "<- MAIL FROM:<店@例子.中国> SIZE=5 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=Q+2B1
        <- RCPT TO:<王@例子.中国> NOTIFY=SUCCESS,FAILURE ORCPT=utf-8;w+2Bx
        <- DATA\n-> 250 ok\\r\\n250 ok\\r\\n354 go\n<.\n-> 250 ok";
    let plain = "<- MAIL FROM:<s@x.cn>\n-> 250 ok\n<- RCPT TO:<a@x.cn>\n-> 250 ok\n<- DATA\n-> 354 go\n<.\n-> 250 ok";
    let mut mail = MailEnvelope {
        sender: "店@例子.中国".into(),
        eight_bit: true,
        smtputf8: true,
        ret: Some("HDRS".into()),
        envid: Some("Q+2B1".into()),
    };
    let mut recipient = MailRecipient {
        address: "王@例子.中国".into(),
        notify: Some("SUCCESS,FAILURE".into()),
        orcpt: Some("utf-8;w+2Bx".into()),
    };
    let sink = Sink::new(vec![script(&[HELLO, parameters])], None).await;
    let relay = Relay::new(sink.relay()).unwrap();
    let data = Bytes::from("好\r\n");
    let answer = relay.send(None, &mail, std::slice::from_ref(&recipient), &data).await.unwrap();
    assert_eq!(codes(&answer), [250]);
    relay.close().await;
    sink.heard().await;
    // A provider that offers nothing is told nothing: the mail needs none of it.
    let sink = Sink::new(vec![script(&[BARE_HELLO, plain])], None).await;
    let relay = Relay::new(sink.relay()).unwrap();
    mail.sender = "s@x.cn".into();
    recipient.address = "a@x.cn".into();
    let data = Bytes::from("good\r\n");
    assert_eq!(codes(&relay.send(None, &mail, &[recipient], &data).await.unwrap()), [250]);
    relay.close().await;
    assert_eq!(sink.heard().await[0].lines[1], "MAIL FROM:<s@x.cn>");
}

#[tokio::test]
async fn logins_are_asked_of_the_provider_and_kept_apart() {
    let login = "<- AUTH PLAIN AHNob3AAcmlnaHQ=\n-> 235 2.7.0 ok";
    let mail = "<- MAIL\n<- RCPT\n<- DATA\n-> 250 ok\\r\\n250 ok\\r\\n354 go\n<.\n-> 250 ok";
    let other = "<- AUTH PLAIN AG90aGVyAHJpZ2h0\n-> 235 2.7.0 ok";
    let sink = Sink::new(
        vec![
            script(&[HELLO, "<- AUTH PLAIN\n-> 535 5.7.8 no"]),
            script(&[HELLO, "<- AUTH PLAIN\n-> 454 4.7.0 later"]),
            script(&[HELLO, login, mail]),
            script(&[HELLO, other, mail]),
            script(&[HELLO, mail]),
        ],
        None,
    )
    .await;
    let relay = Relay::new(sink.relay()).unwrap();
    assert_eq!(relay.check_login("shop", &Secret::new("wrong")).await, LoginAnswer::Refused);
    assert!(matches!(relay.check_login("shop", &Secret::new("right")).await, LoginAnswer::TryLater(_)));
    assert_eq!(relay.check_login("shop", &Secret::new("right")).await, LoginAnswer::Welcome);
    let (sender, recipients, data) = (envelope("s@x.cn"), to(&["a@x.cn"]), Bytes::from_static(b"x\r\n"));
    let right = Secret::new("right");
    for login in [Some(("shop", &right)), Some(("other", &right)), None] {
        let answer = relay.send(login, &sender, &recipients, &data).await.unwrap();
        assert_eq!(codes(&answer), [250]);
    }
    relay.close().await;
    sink.heard().await;
}

#[tokio::test]
async fn a_refused_login_of_the_gateways_own_does_not_cost_the_client_its_mail() {
    let refusing = script(&[HELLO, "<- AUTH PLAIN\n-> 535 5.7.8 no"]);
    let sink = Sink::new(vec![refusing.clone(), refusing], None).await;
    let own = RelayLogin::Own { user: "gate".into(), password: Secret::new("old") };
    let relay = Relay::new(RelaySettings { login: own, ..sink.relay() }).unwrap();
    assert!(matches!(send(&relay, &["a@x.cn"], "x\r\n").await, Err(NotForwarded::NotSent(_))));
    // A client's own wrong login is the client's to hear of.
    let (sender, recipients, data) = (envelope("s@x.cn"), to(&["a@x.cn"]), Bytes::from_static(b"x\r\n"));
    let wrong = Secret::new("wrong");
    assert_eq!(codes(&relay.send(Some(("u", &wrong)), &sender, &recipients, &data).await.unwrap()), [535]);
    sink.heard().await;
}

#[tokio::test]
async fn tls_is_verified_and_cannot_be_stripped_or_injected_into() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, &authority.roots_pem).unwrap();
    let starttls = "-> 220 s\n<- EHLO\n-> 250-s\\r\\n250 STARTTLS\n<- STARTTLS";
    let mail = "<- MAIL\n<- RCPT\n<- DATA\n-> 250 ok\\r\\n250 ok\\r\\n354 go\n<.\n-> 250 ok";
    let whole = script(&[starttls, "-> 220 go\ntls\n", &HELLO.replace("-> 220 sink", ""), mail]);
    let implicit = script(&["tls\n", HELLO, mail]);
    for (talk, tls, trusted, wants) in [
        (whole.clone(), RelayTls::StartTls, true, true),
        (whole.clone(), RelayTls::Opportunistic, true, true),
        (implicit.clone(), RelayTls::Implicit, true, true),
        (script(&[BARE_HELLO, "wait"]), RelayTls::StartTls, true, false),
        (script(&[starttls, "-> 220 go\\r\\n250 injected\nwait"]), RelayTls::StartTls, true, false),
        (script(&[starttls, "-> 454 4.7.0 no"]), RelayTls::StartTls, true, false),
        (script(&[starttls, "-> 220 go\nwait"]), RelayTls::StartTls, false, false),
    ] {
        let name = format!("{tls:?} {talk}");
        let sink = Sink::new(vec![talk], Some(authority.server())).await;
        let other = folder.path().join("other.pem");
        std::fs::write(&other, Authority::new().roots_pem).unwrap();
        let tls_roots = Some(if trusted { roots.clone() } else { other });
        let relay = Relay::new(RelaySettings { tls, tls_roots, connect_ms: 2_000, ..sink.relay() }).unwrap();
        match send(&relay, &["a@x.cn"], "x\r\n").await {
            Ok(answer) => assert_eq!(codes(&answer)[0] == 250, wants, "{name}"),
            Err(NotForwarded::NotSent(_)) => assert!(!wants, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        relay.close().await;
        sink.heard().await;
    }
    // A certificate of an unknown authority: the handshake fails, the mail stays.
    let sink = Sink::new(vec!["tls".to_owned()], Some(Authority::new().server())).await;
    let settings = RelaySettings { tls: RelayTls::Implicit, tls_roots: Some(roots), ..sink.relay() };
    assert!(matches!(send(&Relay::new(settings).unwrap(), &["a@x.cn"], "x\r\n").await, Err(NotForwarded::NotSent(_))));
    // A login is not sent where STARTTLS was stripped from an opportunistic way.
    let sink = Sink::new(vec![script(&[HELLO, "wait"])], None).await;
    let relay = Relay::new(RelaySettings { tls: RelayTls::Opportunistic, ..sink.relay() }).unwrap();
    assert!(matches!(relay.check_login("shop", &Secret::new("right")).await, LoginAnswer::TryLater(_)));
    assert_eq!(sink.heard().await[0].lines.len(), 1);
}

#[tokio::test]
async fn what_goes_in_at_the_door_comes_out_of_the_client_byte_for_byte() {
    let inside = Arc::new(Recording::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, &authority.roots_pem).unwrap();
    let door = SmtpDoor { tls: Some(authority.server()), login: true, networks: vec![], ..SmtpDoor::default() };
    let stop = CancellationToken::new();
    let served = tokio::spawn(serve(listener, Arc::new(door), Arc::clone(&inside), stop.clone()));
    let login = RelayLogin::Own { user: "店铺".into(), password: Secret::new("right") };
    let settings =
        RelaySettings { host: "localhost".into(), port, tls_roots: Some(roots), login, ..Default::default() };
    let relay = Relay::new(settings).unwrap();
    let lines = proptest::collection::vec("[.a\u{85}报 \t]{0,8}", 0..10);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..200 {
        let body = proptest::strategy::Strategy::new_tree(&lines, &mut runner).unwrap();
        let lines = proptest::strategy::ValueTree::current(&body);
        let data = Bytes::from(lines.iter().map(|l| format!("{l}\r\n")).collect::<String>());
        let answer = relay.send(None, &envelope("s@x.cn"), &to(&["a@x.cn", "b@x.cn"]), &data).await.unwrap();
        assert_eq!(codes(&answer), [250, 250]);
        let mails = inside.mails.lock().unwrap();
        let last = mails.last().unwrap();
        assert_eq!((&last.data, last.tls, last.user.as_deref()), (&data, true, Some("店铺")));
    }
    assert_eq!(inside.mails.lock().unwrap().len(), 200);
    relay.close().await;
    stop.cancel();
    timeout(PATIENCE, served).await.unwrap().unwrap();
}
