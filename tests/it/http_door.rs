//! The HTTP door over real sockets: honest clients are served, forms that two servers could read in
//! two ways are refused and the connection closed, slow and oversized ones are given up.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use tactgate::accept::http::{HttpDoor, serve};
use tactgate::accept::{Client, Inside, Login};
use tactgate::message::{HttpReply, HttpRequest, MailSubmission, Secret, SmtpReply};
use tactgate::providers::{dialect, unknown_segment};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Tells what it saw; waits, panics or counts when the path says so.
#[derive(Default)]
struct Echo {
    seen: AtomicUsize,
    finished: AtomicUsize,
    go: Notify,
}

impl Inside for Echo {
    async fn login(&self, _: &str, _: &Secret, _: IpAddr) -> Login {
        Login::Refused
    }

    async fn mail(&self, _: IpAddr, _: MailSubmission, _: Client) -> SmtpReply {
        SmtpReply::new(451, "4.3.0", "not here")
    }

    async fn request(&self, _: IpAddr, segment: &str, request: HttpRequest, _: Client) -> HttpReply {
        self.seen.fetch_add(1, Ordering::SeqCst);
        if dialect(segment).is_none() {
            return unknown_segment(segment, &["segment"]);
        }
        match request.path.as_str() {
            "/panic" => panic!("a fault inside"),
            "/wait" => self.go.notified().await,
            _ => {}
        }
        self.finished.fetch_add(1, Ordering::SeqCst);
        let fields: Vec<String> = request.headers.iter().map(|(n, v)| format!("{n}={}", v.to_str().unwrap())).collect();
        let text =
            format!("{} {} {:?} [{}] {}", segment, request.path, request.query, fields.join(","), request.body.len());
        HttpReply { status: StatusCode::OK, body: Bytes::from(text), ..HttpReply::default() }
    }
}

struct Running {
    at: SocketAddr,
    echo: Arc<Echo>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

async fn open(door: HttpDoor) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, echo, stop) = (listener.local_addr().unwrap(), Arc::new(Echo::default()), CancellationToken::new());
    let task = tokio::spawn(serve(listener, Arc::new(door), Arc::clone(&echo), stop.clone()));
    Running { at, echo, stop, task }
}

/// Everything the server says until it closes, within a bound.
async fn rest(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(20), async {
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut piece).await {
            said.extend_from_slice(&piece[..count]);
        }
    });
    closed.await.expect("the connection is closed");
    String::from_utf8_lossy(&said).into_owned()
}

async fn say(at: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let _ = stream.write_all(bytes).await;
    rest(&mut stream).await
}

#[tokio::test]
async fn an_honest_request_is_served_and_hop_by_hop_fields_stay_here() {
    let door = open(HttpDoor::default()).await;
    let reply = say(
        door.at,
        b"POST /sendgrid/v3/mail/send?a=b HTTP/1.1\r\nHost: gw:8700\r\nX-FooBar: 1\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\n\
          Keep-Alive: 5\r\nTransfer-Encoding: chunked\r\nTactgate-Campaign: spring\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    )
    .await;
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    assert!(reply.to_lowercase().contains("\r\ndate: "), "{reply}");
    let body = reply.split("\r\n\r\n").nth(1).unwrap();
    assert_eq!(body, "sendgrid /v3/mail/send Some(\"a=b\") [host=gw:8700,x-foobar=1,tactgate-campaign=spring] 5");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_and_a_bad_one_ends_the_row() {
    let door = open(HttpDoor::default()).await;
    let reply = say(
        door.at,
        b"GET /twilio/one HTTP/1.1\r\nHost: a\r\n\r\nGET /twilio/two HTTP/1.1\r\nHost: a\r\n\r\n\
          GET /twilio/../three HTTP/1.1\r\nHost: a\r\n\r\nGET /twilio/four HTTP/1.1\r\nHost: a\r\n\r\n",
    )
    .await;
    let (one, two) = (reply.find("/one").unwrap(), reply.find("/two").unwrap());
    let bad = reply.find("HTTP/1.1 400").unwrap();
    assert!(one < two && two < bad && !reply.contains("/four"), "{reply}");
    assert!(reply[bad..].contains(r#""code":20400"#), "worded as Twilio would: {reply}");
}

#[tokio::test]
async fn framing_attacks_are_refused_and_nothing_behind_them_is_served() {
    let door = open(HttpDoor::default()).await;
    let smuggled = "GET /sendgrid/smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let attacks = [
        (
            "both lengths",
            "POST /sendgrid/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "two codings",
            "POST /sendgrid/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "equal lengths",
            "POST /sendgrid/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab",
            400,
        ),
        ("two hosts", "GET /sendgrid/x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("no host", "GET /sendgrid/x HTTP/1.1\r\n\r\n", 400),
        ("a host that is none", "GET /sendgrid/x HTTP/1.1\r\nHost: good@evil\r\n\r\n", 400),
        ("absolute form", "GET http://169.254.169.254/sendgrid/x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("dot segment", "GET /sendgrid/../x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("hidden dot segment", "GET /sendgrid/%2e%2E/x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("hidden slash", "GET /sendgrid/a%2Fb HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("NUL", "GET /sendgrid/a%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("raw NUL", "GET /sendgrid/a\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("body on GET", "GET /sendgrid/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 400),
        ("unknown Expect", "POST /sendgrid/x HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 0\r\n\r\n", 417),
        ("bare LF", "GET /sendgrid/x HTTP/1.1\nHost: a\n\n", 400),
        ("folded line", "GET /sendgrid/x HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
        ("TRACE", "TRACE /sendgrid/x HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (
            "bad chunk",
            "POST /sendgrid/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
            400,
        ),
        (
            "trailer",
            "POST /sendgrid/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: b\r\n\r\n",
            400,
        ),
        ("our own field", "GET /sendgrid/x HTTP/1.1\r\nHost: a\r\nTactgate-Door-Refusal: 200 ok\r\n\r\n", 400),
    ];
    for (name, attack, status) in attacks {
        let reply = say(door.at, format!("{attack}{smuggled}").as_bytes()).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {reply}");
        assert!(reply.to_lowercase().contains("connection: close"), "{name}: {reply}");
        // An absolute target names no dialect of ours.
        let shaped = reply.contains(r#"{"errors":[{"#) || name == "absolute form";
        assert!(shaped, "{name}, in SendGrid's shape: {reply}");
        assert_eq!(reply.matches("HTTP/1.1 ").count(), 1, "{name}: {reply}");
    }
    assert_eq!(door.echo.seen.load(Ordering::SeqCst), 0, "nothing reached inside");
}

#[tokio::test]
async fn too_large_heads_and_bodies_are_refused_in_the_dialects_shape() {
    let door = open(HttpDoor { body_bytes_max: 1 << 20, header_bytes_max: 8_000, ..HttpDoor::default() }).await;
    let head = format!("GET /sendgrid/x HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(9_000));
    assert!(say(door.at, head.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let fits = format!("GET /sendgrid/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: {}\r\n\r\n", "a".repeat(7_000));
    assert!(say(door.at, fits.as_bytes()).await.starts_with("HTTP/1.1 200 "));

    // 100 MB, announced and unannounced: the refusal comes long before the last byte, and is readable.
    let announced = format!("Content-Length: {}", 100 << 20);
    for framing in [announced.as_str(), "Transfer-Encoding: chunked"] {
        let mut stream = TcpStream::connect(door.at).await.unwrap();
        let head = format!("POST /sendgrid/v3/mail/send HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut reading, mut writing) = stream.split();
        let chunked = framing.starts_with("Transfer");
        let send = async {
            let piece = vec![b'a'; 1 << 20];
            for _ in 0..100 {
                let before: &[u8] = if chunked { b"100000\r\n" } else { b"" };
                let after: &[u8] = if chunked { b"\r\n" } else { b"" };
                for bytes in [before, &piece, after] {
                    if writing.write_all(bytes).await.is_err() {
                        return;
                    }
                }
            }
        };
        let receive = async {
            let mut said = vec![0; 4096];
            let count = reading.read(&mut said).await.unwrap();
            String::from_utf8_lossy(&said[..count]).into_owned()
        };
        let (_, reply) =
            tokio::time::timeout(Duration::from_secs(30), async { tokio::join!(send, receive) }).await.unwrap();
        assert!(reply.starts_with("HTTP/1.1 413 ") && reply.contains(r#"{"errors":[{"#), "{framing}: {reply}");
    }
    assert_eq!(door.echo.seen.load(Ordering::SeqCst), 1, "only the one that fits");
}

#[tokio::test]
async fn slow_clients_are_given_up() {
    let door = open(HttpDoor {
        header_timeout_ms: 300,
        request_timeout_ms: 1_000,
        body_grace_ms: 300,
        body_bytes_per_second_min: 1_000_000,
        ..HttpDoor::default()
    })
    .await;
    for begun in ["", "GET /sendgrid", "GET /sendgrid/x HTTP/1.1\r\nHost: a\r\n"] {
        let reply = say(door.at, begun.as_bytes()).await;
        assert!(!reply.contains("200"), "{begun:?}: {reply}");
    }
    let body = "POST /twilio/x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc";
    let reply = say(door.at, body.as_bytes()).await;
    assert!(reply.starts_with("HTTP/1.1 408 ") && reply.contains("more_info"), "{reply}");
    // An honest twin, in pieces, keep-alive, then idle: served, then closed.
    let mut stream = TcpStream::connect(door.at).await.unwrap();
    for piece in ["POST /twilio/x HTTP/1.1\r\nHo", "st: a\r\nContent-Length: 3\r\n\r\n", "abc"] {
        stream.write_all(piece.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(door.echo.seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_panic_inside_is_a_500_and_the_door_lives() {
    let door = open(HttpDoor::default()).await;
    let reply = say(door.at, b"GET /sendgrid/panic HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(reply.starts_with("HTTP/1.1 500 ") && reply.contains(r#"{"errors":[{"#), "{reply}");
    let reply = say(door.at, b"GET /sendgrid/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
}

#[tokio::test]
async fn an_unknown_first_segment_is_told_the_known_ones() {
    let door = open(HttpDoor::default()).await;
    for path in ["/", "/sendgird/v3/mail/send"] {
        let request = format!("POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        let reply = say(door.at, request.as_bytes()).await;
        assert!(
            reply.starts_with("HTTP/1.1 404 ") && reply.contains("/sendgrid") && reply.contains("/twilio"),
            "{reply}"
        );
    }
}

#[tokio::test]
async fn a_stop_lets_requests_under_way_finish_and_takes_no_more() {
    let door = open(HttpDoor { drain_ms: 10_000, ..HttpDoor::default() }).await;
    let mut waiting = TcpStream::connect(door.at).await.unwrap();
    waiting.write_all(b"GET /sendgrid/wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut idle = TcpStream::connect(door.at).await.unwrap();
    idle.write_all(b"GET /sendgrid/x HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    while door.echo.seen.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    door.stop.cancel();
    assert!(rest(&mut idle).await.starts_with("HTTP/1.1 200 "), "an idle connection is closed");
    assert!(TcpStream::connect(door.at).await.is_err(), "no new connections");
    assert!(!door.task.is_finished(), "still waiting for the one under way");
    door.echo.go.notify_one();
    assert!(rest(&mut waiting).await.starts_with("HTTP/1.1 200 "));
    tokio::time::timeout(Duration::from_secs(5), door.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_what_it_began() {
    let door = open(HttpDoor::default()).await;
    let mut leaving = TcpStream::connect(door.at).await.unwrap();
    leaving.write_all(b"POST /sendgrid/wait HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
    while door.echo.seen.load(Ordering::SeqCst) < 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(leaving);
    tokio::time::sleep(Duration::from_millis(100)).await;
    door.echo.go.notify_one();
    let finished = async {
        while door.echo.finished.load(Ordering::SeqCst) < 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), finished).await.expect("it ran to its end");
}

#[tokio::test]
async fn connections_of_one_peer_are_bounded_and_networks_are_kept() {
    let door = open(HttpDoor { connections_per_peer_max: 1, ..HttpDoor::default() }).await;
    let mut first = TcpStream::connect(door.at).await.unwrap();
    first.write_all(b"GET /sendgrid/x HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut piece = [0; 64];
    assert!(first.read(&mut piece).await.unwrap() > 0);
    let request = b"GET /sendgrid/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_eq!(say(door.at, request).await, "", "the second is closed");
    let elsewhere = HttpDoor { networks: vec!["192.0.2.0/24".parse().unwrap()], ..HttpDoor::default() };
    assert_eq!(say(open(elsewhere).await.at, request).await, "");
    let here = HttpDoor { networks: vec!["127.0.0.0/8".parse().unwrap()], ..HttpDoor::default() };
    assert!(say(open(here).await.at, request).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn http2_is_served_and_held_to_the_same_paths_and_hosts() {
    use http_body_util::{BodyExt, Full};
    let door = open(HttpDoor { body_bytes_max: 1_000, ..HttpDoor::default() }).await;
    let stream = hyper_util::rt::TokioIo::new(TcpStream::connect(door.at).await.unwrap());
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut client, connection) = hyper::client::conn::http2::handshake(executor, stream).await.unwrap();
    tokio::spawn(connection);
    for (method, path, host, body, status) in [
        ("POST", "/twilio/x", None, "你好", 200),
        ("GET", "/twilio/x", Some("gw"), "", 200),
        ("GET", "/twilio/x", Some("evil"), "", 400),
        ("GET", "/twilio/%2e%2e/x", None, "", 400),
        ("GET", "/twilio//x", None, "", 400),
        ("GET", "/twilio/x", None, "a body", 400),
        ("TRACE", "/twilio/x", None, "", 405),
        ("POST", "/twilio/x", None, &"a".repeat(2_000), 413),
    ] {
        let mut request =
            http::Request::builder().method(method).uri(format!("http://gw{path}")).version(http::Version::HTTP_2);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        client.ready().await.unwrap();
        let reply = client.send_request(request).await.unwrap();
        assert_eq!(reply.status().as_u16(), status, "{method} {path} {host:?}");
        let said = reply.into_body().collect().await.unwrap().to_bytes();
        assert!(status == 200 || said.starts_with(b"{\"code\":"), "in Twilio's shape: {said:?}");
    }
    assert_eq!(door.echo.seen.load(Ordering::SeqCst), 2);
}
