//! Forwarding over real sockets: what the provider sees, and what each way of failing means for the
//! message.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use tactgate::accept::http::{HttpDoor, serve};
use tactgate::accept::{Client, Inside, Login};
use tactgate::forward::NotForwarded;
use tactgate::forward::breaker::BreakerState;
use tactgate::forward::http::{HttpUpstream, HttpUpstreamSettings, UpstreamUnfit};
use tactgate::message::{HttpReply, HttpRequest, MailSubmission, Secret, SmtpReply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A provider that says these bytes to every request and then closes, or hangs when there are none.
async fn provider(says: &'static [u8]) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let tell = tell.clone();
            tokio::spawn(async move {
                let _ = tell.send(request(&mut stream).await);
                if says.is_empty() {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
                let _ = stream.write_all(says).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (at, told)
}

/// One request as its bytes came: the head and `Content-Length` bytes.
async fn request(stream: &mut TcpStream) -> String {
    let (mut said, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut piece).await.unwrap_or(0);
        said.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&said).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if count == 0 {
                return text;
            }
            continue;
        };
        let length = head
            .to_lowercase()
            .split("content-length: ")
            .nth(1)
            .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse::<usize>().unwrap());
        if count == 0 || body.len() >= length {
            return text;
        }
    }
}

fn settings(at: SocketAddr) -> HttpUpstreamSettings {
    HttpUpstreamSettings { answer_ms: 500, connect_ms: 500, ..HttpUpstreamSettings::new(format!("http://{at}/base/")) }
}

fn post(body: &'static str) -> HttpRequest {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "evil.example"),
        ("content-length", "9999"),
        ("accept-encoding", "gzip"),
        ("tactgate-campaign", "spring"),
        ("connection", "close"),
        ("transfer-encoding", "chunked"),
        ("proxy-authorization", "Basic x"),
        ("authorization", "Bearer SG.x"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    HttpRequest {
        method: Method::POST,
        path: "/v3/mail/send".to_owned(),
        query: Some("a=b".to_owned()),
        headers,
        body: Bytes::from_static(body.as_bytes()),
        ..HttpRequest::default()
    }
}

#[tokio::test]
async fn the_provider_sees_its_own_host_the_right_length_and_no_declarations() {
    let (at, mut told) = provider(b"HTTP/1.1 202 Accepted\r\nX-Message-ID: 7\r\nContent-Length: 0\r\n\r\n").await;
    let reply = HttpUpstream::new(&settings(at)).unwrap().send(post("限时优惠")).await.unwrap();
    assert_eq!((reply.status, reply.headers["x-message-id"].as_bytes()), (StatusCode::ACCEPTED, &b"7"[..]));
    let seen = told.recv().await.unwrap();
    assert!(seen.starts_with("POST /base/v3/mail/send?a=b HTTP/1.1\r\n"), "{seen}");
    assert!(seen.ends_with("\r\n\r\n限时优惠"), "{seen}");
    let lower = seen.to_lowercase();
    assert!(lower.contains(&format!("\r\nhost: {at}\r\n")) && lower.contains("\r\ncontent-length: 12\r\n"), "{seen}");
    assert!(lower.contains("\r\naccept-encoding: gzip\r\n") && lower.contains("\r\nauthorization: "), "{seen}");
    for gone in ["evil", "tactgate-", "connection:", "transfer-encoding", "proxy-", "9999"] {
        assert!(!lower.contains(gone), "{gone}: {seen}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (elsewhere, mut visited) = provider(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        let says =
            format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(says.as_bytes()).await.unwrap();
    });
    let reply = HttpUpstream::new(&settings(at)).unwrap().send(post("x")).await.unwrap();
    assert_eq!(reply.status, StatusCode::TEMPORARY_REDIRECT);
    assert!(reply.headers["location"].to_str().unwrap().contains(&elsewhere.to_string()));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(visited.try_recv().is_err(), "nobody went there");
}

#[tokio::test]
async fn what_a_failure_means_depends_on_whether_the_message_may_have_left() {
    // Nobody listens: not sent.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let lost = HttpUpstream::new(&settings(free)).unwrap().send(post("x")).await.unwrap_err();
    assert!(matches!(lost, NotForwarded::NotSent(_)), "{lost:?}");
    // It hangs, closes without an answer, or in the midst of one: unknown.
    let half: &[u8] = b"HTTP/1.1 202 Accepted\r\nContent-Length: 50\r\n\r\nhalf";
    let garbage: &[u8] = b"SSH-2.0-x\r\n";
    for says in [b"", b"\r\n" as &[u8], half, garbage] {
        let (at, _told) = provider(says).await;
        let lost = HttpUpstream::new(&settings(at)).unwrap().send(post("x")).await.unwrap_err();
        assert!(matches!(lost, NotForwarded::Unknown(_)), "{says:?}: {lost:?}");
    }
    // An answer without end: unknown, and bounded.
    let (at, _told) = provider(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n").await;
    let small = HttpUpstreamSettings { answer_bytes_max: 1_000, ..settings(at) };
    assert!(matches!(HttpUpstream::new(&small).unwrap().send(post("x")).await, Err(NotForwarded::Unknown(_))));
    // A path that would leave the upstream: not sent.
    let (at, mut told) = provider(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    for path in ["@evil.example/", "evil", "", "/a b"] {
        let request = HttpRequest { path: path.to_owned(), ..post("x") };
        let lost = HttpUpstream::new(&settings(at)).unwrap().send(request).await;
        assert!(matches!(lost, Err(NotForwarded::NotSent(_))), "{path}: {lost:?}");
    }
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn a_row_of_failures_opens_the_breaker_and_nothing_leaves_while_it_is_open() {
    let (at, mut told) = provider(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno").await;
    let settings = HttpUpstreamSettings { failures_max: 3, cool_down_ms: 200, ..settings(at) };
    let upstream = HttpUpstream::new(&settings).unwrap();
    for _ in 0..3 {
        assert_eq!(upstream.breaker(), BreakerState::Closed);
        let reply = upstream.send(post("x")).await.unwrap();
        assert_eq!((reply.status, reply.body.as_ref()), (StatusCode::SERVICE_UNAVAILABLE, &b"no"[..]), "as it came");
    }
    assert_eq!(upstream.breaker(), BreakerState::Open);
    let busy = upstream.send(post("x")).await.unwrap_err();
    assert!(matches!(busy, NotForwarded::Busy(_)), "{busy:?}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(upstream.breaker(), BreakerState::HalfOpen);
    upstream.send(post("x")).await.unwrap();
    let mut seen = 0;
    while told.try_recv().is_ok() {
        seen += 1;
    }
    assert_eq!(seen, 4, "three, and one probe");
}

#[tokio::test]
async fn more_than_the_provider_bears_is_shed_at_once() {
    let (at, mut told) = provider(b"").await;
    let settings = HttpUpstreamSettings { concurrency_max: 1, answer_ms: 1_000, ..settings(at) };
    let upstream = Arc::new(HttpUpstream::new(&settings).unwrap());
    let first = tokio::spawn({
        let upstream = Arc::clone(&upstream);
        async move { upstream.send(post("x")).await }
    });
    told.recv().await.unwrap();
    assert!(matches!(upstream.send(post("y")).await, Err(NotForwarded::Busy(_))));
    assert!(matches!(first.await.unwrap(), Err(NotForwarded::Unknown(_))));
}

#[test]
fn an_upstream_is_https_or_this_machine() {
    let new = |url: &str| HttpUpstream::new(&HttpUpstreamSettings::new(url)).map(|_| ());
    assert!(new("http://127.0.0.1:1").is_ok() && new("http://[::1]:1/x").is_ok());
    assert!(matches!(new("http://api.example.com"), Err(UpstreamUnfit::Plain(_))));
    for url in ["", "api.example.com", "ftp://a", "https://user@a", "https://a/?x", "file:///etc/passwd", "/x"] {
        assert!(matches!(new(url), Err(UpstreamUnfit::Url(_))), "{url}");
    }
}

/// A gateway without guards: the door and the upstream alone.
struct Blind(HttpUpstream, AtomicUsize);

impl Inside for Blind {
    async fn login(&self, _: &str, _: &Secret, _: std::net::IpAddr) -> Login {
        Login::Refused
    }

    async fn mail(&self, _: std::net::IpAddr, _: MailSubmission, _: Client) -> SmtpReply {
        SmtpReply::new(451, "4.3.0", "not here")
    }

    async fn request(&self, _: std::net::IpAddr, _: &str, request: HttpRequest, _: Client) -> HttpReply {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.send(request).await.unwrap()
    }
}

#[tokio::test]
async fn field_names_are_spelt_alike_on_both_sides() {
    let says = b"HTTP/1.1 202 All Fine\r\nX-Message-ID: 7\r\nx-OTHER: b\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc";
    let (at, mut told) = provider(says).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let door = listener.local_addr().unwrap();
    let inside = Arc::new(Blind(HttpUpstream::new(&settings(at)).unwrap(), AtomicUsize::new(0)));
    tokio::spawn(serve(listener, Arc::new(HttpDoor::default()), inside, CancellationToken::new()));
    let mut client = TcpStream::connect(door).await.unwrap();
    let asks = "POST /sendgrid/v3/mail/send HTTP/1.1\r\nHOST: gw\r\nX-FooBAR: 1\r\nx-foobar: 2\r\nCONTENT-length: 2\r\n\
                Connection: close\r\nTactgate-Campaign: x\r\n\r\nhi";
    client.write_all(asks.as_bytes()).await.unwrap();
    let mut reply = String::new();
    client.read_to_string(&mut reply).await.unwrap();
    let seen = told.recv().await.unwrap();
    assert!(seen.contains("X-FooBAR: 1\r\n") && seen.contains("x-foobar: 2\r\n"), "{seen}");
    assert!(!seen.to_lowercase().contains("tactgate"), "{seen}");
    assert!(reply.starts_with("HTTP/1.1 202 All Fine\r\n"), "{reply}");
    assert!(reply.contains("\r\nX-Message-ID: 7\r\n") && reply.contains("\r\nx-OTHER: b\r\n"), "{reply}");
    assert!(reply.contains("\r\nContent-Encoding: gzip\r\n") && reply.ends_with("\r\n\r\nabc"), "{reply}");
}

#[tokio::test]
async fn tls_is_checked_on_both_sides() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut tls =
        rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.clone()], key).unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (behind, mut told) = provider(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let inside = Arc::new(Blind(HttpUpstream::new(&settings(behind)).unwrap(), AtomicUsize::new(0)));
    let door = HttpDoor { tls: Some(Arc::new(tls)), ..HttpDoor::default() };
    tokio::spawn(serve(listener, Arc::new(door), inside, CancellationToken::new()));
    let base = format!("https://localhost:{port}/sendgrid");
    let trusting = HttpUpstreamSettings { extra_roots: vec![certificate], ..HttpUpstreamSettings::new(base.as_str()) };
    let reply = HttpUpstream::new(&trusting).unwrap().send(post("你好")).await.unwrap();
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert!(told.recv().await.unwrap().ends_with("你好"));
    // Without that authority the certificate is nobody's: nothing is sent.
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap().cert.der().clone();
    let strict = HttpUpstreamSettings { extra_roots: vec![other], ..HttpUpstreamSettings::new(base.as_str()) };
    let lost = HttpUpstream::new(&strict).unwrap().send(post("x")).await.unwrap_err();
    assert!(matches!(lost, NotForwarded::NotSent(_)), "{lost:?}");
    assert!(told.try_recv().is_err());
}
