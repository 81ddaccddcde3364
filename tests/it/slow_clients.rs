//! Clients that hold on without getting on, in the seven shapes known: each is let go by a deadline of
//! its door, and frees its place; an honest client that is merely slow is served.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use tactgate::accept::http::HttpDoor;
use tactgate::accept::smtp::SmtpDoor;
use tactgate::accept::{Client, Inside, Login, http as http_door, smtp as smtp_door};
use tactgate::message::{HttpReply, HttpRequest, MailSubmission, Secret, SmtpReply};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Longer than any deadline below by far.
const PATIENCE: Duration = Duration::from_secs(20);

/// Takes everything; its answer to `/big` does not fit into any socket's buffer.
struct Host;

impl Inside for Host {
    async fn login(&self, _: &str, _: &Secret, _: IpAddr) -> Login {
        Login::Refused
    }

    async fn mail(&self, _: IpAddr, _: MailSubmission, _: Client) -> SmtpReply {
        SmtpReply::new(250, "2.0.0", "taken")
    }

    async fn request(&self, _: IpAddr, _: &str, request: HttpRequest, _: Client) -> HttpReply {
        let bytes = if request.path == "/big" { 64 << 20 } else { 2 };
        HttpReply { status: StatusCode::OK, body: Bytes::from(vec![b'a'; bytes]), ..HttpReply::default() }
    }
}

/// An HTTP door with one place, so that a client that keeps it is noticed.
async fn http() -> SocketAddr {
    let door = HttpDoor {
        header_timeout_ms: 400,
        request_timeout_ms: 1_200,
        body_grace_ms: 400,
        body_bytes_per_second_min: 2_000,
        write_stall_ms: 400,
        connections_max: 1,
        reserve_percent: 0,
        ..HttpDoor::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(http_door::serve(listener, Arc::new(door), Arc::new(Host), CancellationToken::new()));
    at
}

async fn smtp() -> SocketAddr {
    let door = SmtpDoor {
        idle_commands_max: 20,
        command_ms: 400,
        data_ms: 1_200,
        connections_max: 1,
        reserve_percent: 0,
        ..SmtpDoor::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(smtp_door::serve(listener, Arc::new(door), Arc::new(Host), CancellationToken::new()));
    at
}

/// Says something, then drips until the other side has closed; gives what it heard.
async fn hold_on(at: SocketAddr, said: &str, drip: &str) -> String {
    let mut tcp = TcpStream::connect(at).await.unwrap();
    tcp.write_all(said.as_bytes()).await.unwrap();
    drip_on(tcp, said, drip).await
}

/// Drips (a piece every 100 ms) until the other side has closed; gives what it heard.
async fn drip_on(tcp: TcpStream, said: &str, drip: &str) -> String {
    let (mut reading, mut writing) = tcp.into_split();
    let hear = async {
        let mut heard = Vec::new();
        let _ = reading.read_to_end(&mut heard).await;
        String::from_utf8_lossy(&heard).into_owned()
    };
    let drips = async {
        loop {
            sleep(Duration::from_millis(100)).await;
            if !drip.is_empty() && writing.write_all(drip.as_bytes()).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let both = async {
        tokio::select! {
            heard = hear => heard,
            () = drips => String::new(),
        }
    };
    timeout(PATIENCE, both).await.unwrap_or_else(|_| panic!("kept: {said:?}"))
}

const HEAD: &str = "POST /twilio/x HTTP/1.1\r\nHost: a\r\n";

#[tokio::test]
async fn seven_ways_to_hold_an_http_connection_all_end() {
    let at = http().await;
    let served = || async { hold_on(at, &format!("{HEAD}Content-Length: 2\r\nConnection: close\r\n\r\nhi"), "").await };
    for (shape, said, drip, status) in [
        ("connect and wait", String::new(), "", ""),
        ("header drip", HEAD.to_owned(), "X: y\r\n", ""),
        ("idle keep-alive", format!("{HEAD}Content-Length: 2\r\n\r\nhi"), "", "200"),
        ("slow body", format!("{HEAD}Content-Length: 100000\r\n\r\n"), "a", "408"),
        ("chunk drip", format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n"), "1\r\na\r\n", "408"),
        ("never-sent body", format!("{HEAD}Content-Length: 100000\r\n\r\n"), "", "408"),
    ] {
        let heard = hold_on(at, &said, drip).await;
        let told = heard.split(' ').nth(1).unwrap_or_default();
        assert_eq!(told, status, "{shape}: {heard}");
        assert!(served().await.starts_with("HTTP/1.1 200 "), "after `{shape}` its place is free");
    }
    // Slow enough for patience, fast enough for the door: each piece comes in time.
    let body = "a".repeat(1_500);
    let honest = format!("{HEAD}Content-Length: 3000\r\nConnection: close\r\n\r\n{body}");
    assert!(hold_on(at, &honest, &"a".repeat(500)).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_let_go() {
    let at = http().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut reader = socket.connect(at).await.unwrap();
    reader.write_all(b"GET /twilio/big HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    // It reads nothing, and its place is free all the same.
    let heard = hold_on(at, &format!("{HEAD}Content-Length: 2\r\nConnection: close\r\n\r\nhi"), "").await;
    assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
    let mut all = Vec::new();
    let _ = timeout(PATIENCE, reader.read_to_end(&mut all)).await.expect("it is closed");
    assert!(all.len() < 64 << 20, "cut, not served to the end");
}

#[tokio::test]
async fn the_ways_to_hold_an_smtp_session_all_end() {
    let at = smtp().await;
    let open = "EHLO a\r\n";
    let mail = "MAIL FROM:<a@b.cn>\r\nRCPT TO:<c@d.cn>\r\nDATA\r\n";
    for (shape, said, drip) in [
        ("connect and wait", String::new(), ""),
        ("command drip", "EHLO a".to_owned(), "a"),
        ("idle between mails", open.to_owned(), ""),
        ("slow content", mail.to_owned(), "a\r\n"),
        ("content that never comes", mail.to_owned(), ""),
        ("a mail that is never begun", open.to_owned(), "NOOP\r\n"),
    ] {
        let heard = talk(at, &said, drip).await;
        assert!(heard.contains("421 ") || heard.contains("500 5.5.2"), "{shape}: {heard}");
        let heard = talk(at, "EHLO a\r\nQUIT\r\n", "").await;
        assert!(heard.contains("221 "), "after `{shape}` its place is free: {heard}");
    }
}

/// As [`hold_on`], one command after the other's answer.
async fn talk(at: SocketAddr, said: &str, drip: &str) -> String {
    let mut tcp = loop {
        let mut tcp = TcpStream::connect(at).await.unwrap();
        let mut greeting = [0; 256];
        let read = tcp.read(&mut greeting).await.unwrap();
        if greeting[..read].starts_with(b"220 ") {
            break tcp;
        }
        sleep(Duration::from_millis(20)).await;
    };
    let mut heard = String::new();
    let mut buffer = [0; 1_024];
    let commands: Vec<&str> = match said.starts_with("MAIL") {
        true => std::iter::once("EHLO a\r\n").chain(said.split_inclusive("\r\n")).collect(),
        false => said.split_inclusive("\r\n").collect(),
    };
    for command in commands {
        tcp.write_all(command.as_bytes()).await.unwrap();
        if command.ends_with('\n') {
            let n = timeout(PATIENCE, tcp.read(&mut buffer)).await.unwrap().unwrap();
            heard += &String::from_utf8_lossy(&buffer[..n]);
        }
    }
    heard + &drip_on(tcp, said, drip).await
}
