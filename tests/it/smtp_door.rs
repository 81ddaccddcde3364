//! The SMTP door and client with what they meet in life: many connections, a gateway that stops, a
//! client that is not ours (lettre), notifications to a sender.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use proptest::prelude::*;
use tactgate::accept::Login;
use tactgate::accept::smtp::session::{Session, Step};
use tactgate::accept::smtp::{SmtpDoor, serve};
use tactgate::forward::dsn::{self, Cause, Notification, Undelivered};
use tactgate::forward::smtp::{Relay, RelaySettings, RelayTls};
use tactgate::message::{MailEnvelope, MailRecipient, SmtpReply};
use tactgate::policy::Texts;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::smtp_dialogues::Recording;
use super::smtp_relay::Authority;

const PATIENCE: Duration = Duration::from_secs(10);

struct Running {
    port: u16,
    inside: Arc<Recording>,
    stop: CancellationToken,
    served: JoinHandle<()>,
}

async fn running(door: SmtpDoor) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (inside, stop) = (Arc::new(Recording::default()), CancellationToken::new());
    let served = tokio::spawn(serve(listener, Arc::new(door), Arc::clone(&inside), stop.clone()));
    Running { port, inside, stop, served }
}

impl Running {
    async fn client(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    async fn stopped(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.served).await.unwrap().unwrap();
    }
}

async fn heard(tcp: &mut TcpStream) -> String {
    let mut buffer = vec![0; 4_096];
    let n = timeout(PATIENCE, tcp.read(&mut buffer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&buffer[..n]).into_owned()
}

#[tokio::test]
async fn one_client_too_many_is_turned_away_until_another_leaves() {
    for (door, refusal) in [
        (SmtpDoor { connections_max: 2, ..SmtpDoor::default() }, "421 4.3.2 "),
        (SmtpDoor { connections_per_ip_max: 2, ..SmtpDoor::default() }, "421 4.7.0 "),
    ] {
        let running = running(door).await;
        let (mut one, mut two) = (running.client().await, running.client().await);
        assert!(heard(&mut one).await.starts_with("220 ") && heard(&mut two).await.starts_with("220 "));
        assert!(heard(&mut running.client().await).await.starts_with(refusal));
        one.write_all(b"QUIT\r\n").await.unwrap();
        assert!(heard(&mut one).await.starts_with("221 "));
        drop(one);
        let mut greeted = String::new();
        for _ in 0..200 {
            greeted = heard(&mut running.client().await).await;
            if greeted.starts_with("220 ") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(greeted.starts_with("220 "), "{greeted}");
        running.stopped().await;
    }
}

#[tokio::test]
async fn a_client_that_holds_its_mail_open_does_not_hold_the_gateway() {
    let running = running(SmtpDoor { drain_ms: 100, ..SmtpDoor::default() }).await;
    let mut client = running.client().await;
    assert!(heard(&mut client).await.starts_with("220 "));
    client.write_all(b"EHLO a\r\n").await.unwrap();
    assert!(heard(&mut client).await.starts_with("250"));
    client.write_all(b"MAIL FROM:<a@example.com>\r\n").await.unwrap();
    assert!(heard(&mut client).await.starts_with("250"));
    running.stopped().await;
}

#[tokio::test]
async fn a_client_that_is_not_ours_speaks_with_the_door_over_tls() {
    let authority = Authority::new();
    for implicit in [false, true] {
        let door = SmtpDoor {
            tls: Some(authority.server()),
            tls_implicit: implicit,
            login: true,
            networks: vec![],
            ..SmtpDoor::default()
        };
        let running = running(door).await;
        let trusted = Certificate::from_pem(authority.roots_pem.as_bytes()).unwrap();
        let tls = TlsParameters::builder("localhost".into()).add_root_certificate(trusted).build_rustls().unwrap();
        let client = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("localhost")
            .port(running.port)
            .tls(if implicit { Tls::Wrapper(tls) } else { Tls::Required(tls) })
            .timeout(Some(PATIENCE));
        let mail = lettre::Message::builder()
            .from("店铺 <shop@example.cn>".parse().unwrap())
            .to("王伟 <wang@example.cn>".parse().unwrap())
            .subject("您的订单 / your order")
            .body("您好，订单已发货。\n.\nHello, it is on its way.\n".to_owned())
            .unwrap();
        let refused = client.clone().build().send(mail.clone()).await.unwrap_err();
        assert_eq!(refused.status().map(|code| code.to_string()).as_deref(), Some("530"));
        let wrong = client.clone().credentials(Credentials::new("shop".into(), "wrong".into())).build();
        assert!(wrong.send(mail.clone()).await.is_err());
        let right = client.credentials(Credentials::new("店铺".into(), "right".into())).build();
        right.send(mail.clone()).await.unwrap();
        {
            let mails = running.inside.mails.lock().unwrap();
            assert_eq!(mails.len(), 1);
            assert!(mails[0].tls && mails[0].user.as_deref() == Some("店铺"));
            assert!(mails[0].data.starts_with(&mail.formatted()), "the client's bytes");
        }
        right.shutdown().await;
        running.stopped().await;
    }
}

#[tokio::test]
async fn a_sender_hears_of_its_blocked_recipients_by_mail() {
    let running = running(SmtpDoor::default()).await;
    let settings = RelaySettings { port: running.port, tls: RelayTls::Off, ..RelaySettings::default() };
    let relay = Relay::new(RelaySettings { host: "127.0.0.1".into(), ..settings }).unwrap();
    let title = Texts { en: Some("Too many surveys".into()), zh: Some("问卷过多".into()) };
    for sender in ["shop@example.cn", "店铺@例子.中国"] {
        let envelope = MailEnvelope { sender: sender.into(), ..MailEnvelope::default() };
        let recipient = MailRecipient { address: "wang@example.cn".into(), ..MailRecipient::default() };
        let blocked = Undelivered {
            recipient: &recipient,
            why: Cause::Policy { rule: "survey", title: &title },
            decision: "g1-9",
        };
        let notification = dsn::compose(&Notification {
            host: "gate.example",
            envelope: &envelope,
            undelivered: &[blocked],
            original: "Subject: 问卷\r\n\r\n请填写\r\n".as_bytes(),
            now: jiff::Timestamp::UNIX_EPOCH,
            id: "g1-9",
        })
        .unwrap();
        let answer = dsn::send(&relay, None, &envelope, &notification).await.unwrap();
        assert!(answer.recipients.iter().all(SmtpReply::is_positive), "{answer:?}");
        let mails = running.inside.mails.lock().unwrap();
        let last = mails.last().unwrap();
        assert_eq!((last.envelope.sender.as_str(), last.recipients[0].address.as_str()), ("", sender));
        assert_eq!(last.data, notification);
    }
    relay.close().await;
    running.stopped().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is said, in whatever pieces: no panic, every reply is whole lines of lawful length,
    /// and no mail is handed on whose lines are not strict.
    #[test]
    fn nothing_said_upsets_a_session(
        said in proptest::collection::vec(
            prop_oneof![
                Just("EHLO a\r\n".to_owned()),
                Just("MAIL FROM:<a@b.cn>\r\n".to_owned()),
                Just("MAIL FROM:<店@例子.中国> SMTPUTF8\r\n".to_owned()),
                Just("RCPT TO:<王@例子.中国>\r\n".to_owned()),
                Just("RCPT TO:<c@d.cn>\r\n".to_owned()),
                Just("DATA\r\n".to_owned()),
                Just("x\r\n.\r\n".to_owned()),
                Just("AUTH LOGIN\r\n".to_owned()),
                Just("AUTH PLAIN AHNob3AAcmlnaHQ=\r\n".to_owned()),
                Just("STARTTLS\r\n".to_owned()),
                Just("RSET\r\n".to_owned()),
                Just("x".repeat(3_000)),
                "(MAIL FROM:|RCPT TO:|AUTH |EHLO |NOOP )?[ -~王\r\n\0<>@\"\\\\=+:;]{0,30}(\r\n|\n)?",
            ],
            1..16,
        ),
        together in any::<bool>(),
    ) {
        let door = SmtpDoor { login: true, clear_login_on_loopback: true, recipients_max: 2, ..SmtpDoor::default() };
        let mut session = Session::new(Arc::new(door), IpAddr::from([127, 0, 0, 1]), false);
        session.greet();
        let mut input = BytesMut::new();
        let segments = if together { vec![said.concat()] } else { said };
        'said: for segment in segments {
            input.extend_from_slice(segment.as_bytes());
            for _ in 0..10_000 {
                match session.step(&mut input) {
                    Step::Read => continue 'said,
                    Step::Close => break 'said,
                    Step::Login { user, .. } if user == "shop" => session.logged_in(&Login::Welcome(Box::default())),
                    Step::Login { .. } => session.logged_in(&Login::Refused),
                    Step::Mail(mail) => {
                        prop_assert!(tactgate::forward::smtp::stuffing::stuffed(&mail.data).is_ok());
                        prop_assert!(!mail.recipients.is_empty() && mail.recipients.len() <= 2);
                        session.mailed(&SmtpReply::new(250, "2.0.0", "好"));
                    }
                    Step::Begin => session.begun(None),
                    Step::StartTls => session.secured(),
                }
            }
            prop_assert!(false, "a session that never reads");
        }
        let replies = String::from_utf8(session.replies.clone()).unwrap();
        for line in replies.split_inclusive("\r\n") {
            let code: u16 = line[..3].parse().unwrap();
            prop_assert!((200..600).contains(&code) && line.ends_with("\r\n") && line.len() <= 512, "{line:?}");
        }
    }
}
