//! What could be lost, sent twice, or let through when a whole gateway is pushed: each story happened
//! to this code once, and is told so that it does not happen again.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tactgate::clock::Clock;
use tactgate::command::serve::{Running, start};
use tactgate::config::{Config, Protocol};
use tactgate::facts::{Attempt, Customer, HeldSend};
use tactgate::hold::{Counts, HeldMessage};
use tactgate::message::{Address, Channel};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A gateway in a folder of its own, with these rules.
pub struct House {
    pub running: Running,
    pub clock: Clock,
    pub folder: tempfile::TempDir,
}

impl House {
    pub async fn open(now: &str, rules: &str, settings: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        let policies = folder.path().join("policies");
        std::fs::create_dir(&policies).unwrap();
        std::fs::write(policies.join("rules.toml"), rules).unwrap();
        let doors = if settings.contains("[[listener]]") { String::new() } else { DOORS.to_owned() };
        let mut config = Config::from_text("tactgate.toml", &format!("{doors}\n{settings}")).unwrap();
        config.data_dir = folder.path().join("data");
        config.policies.dir = policies;
        let clock = Clock::standing_at(now.parse().unwrap());
        let running = start(config, clock.clone()).await.unwrap();
        House { running, clock, folder }
    }

    pub async fn post(&self, path: &str, headers: &str, body: &str) -> String {
        let door = self.running.door(Protocol::Http).unwrap();
        ask(
            door,
            &format!(
                "POST {path} HTTP/1.1\r\nhost: a\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            ),
        )
        .await
    }

    pub async fn mail(&self, to: &[&str], text: &str) -> String {
        let to: Vec<_> = to.iter().map(|to| serde_json::json!({"to": [{"email": to}]})).collect();
        let body = serde_json::json!({
            "personalizations": to, "from": {"email": "news@shop.example"}, "subject": "New in",
            "content": [{"type": "text/plain", "value": text}],
        });
        self.post("/sendgrid/v3/mail/send", "content-type: application/json\r\n", &body.to_string()).await
    }

    pub async fn text(&self, to: &str, text: &str) -> String {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", to)
            .append_pair("From", "+15005550006")
            .append_pair("Body", text)
            .finish();
        let path = "/twilio/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json";
        self.post(path, "content-type: application/x-www-form-urlencoded\r\n", &form).await
    }

    pub async fn tell(&self, events: &str) {
        let answer = self.post("/tactgate/v1/events", "content-type: application/x-ndjson\r\n", events).await;
        assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 202"), "{answer}");
    }

    pub async fn customer(&self, address: &Address) -> Customer {
        let store = &self.running.gateway.store;
        let loaded = store.load("default", &[store.key("default", address)], &[]).await.unwrap();
        loaded.customers.into_iter().next().unwrap().customer
    }

    /// Waits until the wheel has dealt with all that is due.
    pub async fn all_due_is_done(&self) -> Counts {
        for _ in 0..600 {
            let hold = &self.running.gateway.hold;
            // In this order: a hold claimed between the two is still seen in one of them.
            let next = hold.next_wake().await.unwrap();
            let counts = hold.count().await.unwrap();
            if counts.claimed == 0 && next.is_none_or(|next| next > self.clock.now()) {
                return counts;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the wheel does not turn");
    }

    pub fn journal(&self) -> String {
        let mut all = String::new();
        read_all(&self.folder.path().join("data"), &mut all);
        all
    }
}

const DOORS: &str = r#"
[[listener]]
protocol = "http"
address = "127.0.0.1:0"
[[listener]]
protocol = "smtp"
address = "127.0.0.1:0"
[[listener]]
protocol = "admin"
address = "127.0.0.1:0"
"#;

pub const NOON: &str = "2026-11-20T12:00:00Z";
pub const NIGHT: &str = "2026-11-20T23:00:00Z";
pub const COATS: &str = "New coats are in: 20% off all of them.";

const ONE_A_DAY: &str = r#"
[[frequency_cap]]
id       = "one-a-day"
at_most  = 1
within   = "1 day"
per      = "all"
then     = "block"
title.en = "Enough for today"
title.zh = "今日已够"
reason.en = "{count} in {within}"
reason.zh = "{within}内{count}条"
"#;

pub const MORNING: &str = r#"
[[quiet_hours]]
id       = "at-night"
from     = "21:00"
until    = "08:00"
then     = { delay = { at_most = "1 day" } }
title.en = "Not at night"
title.zh = "夜间不发送"
reason.en = "{local_time}"
reason.zh = "{local_time}"
"#;

pub fn mailbox(text: &str) -> Address {
    Address::email(text).unwrap()
}

pub fn phone(text: &str) -> Address {
    Address::phone(text, None).unwrap()
}

pub async fn ask(door: std::net::SocketAddr, request: &str) -> String {
    let mut client = TcpStream::connect(door).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(30), client.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn read_all(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, all);
        } else {
            all.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_messages_of_one_request_to_one_person_share_the_cap() {
    let house = House::open(NOON, ONE_A_DAY, "").await;
    house.tell(r#"{"id":"1","type":"identity-link","at":"2026-11-01T00:00:00Z","customer":"ann@a.example","also":"ann@b.example"}"#).await;
    let answer = house.mail(&["ann@a.example", "ann@b.example", "ann@a.example"], COATS).await;
    assert!(answer.starts_with("HTTP/1.1 202"), "one of them leaves: {answer}");
    assert_eq!(house.customer(&mailbox("ann@a.example")).await.sends.len(), 1, "one a day, whatever the request");
    let answer = house.mail(&["bob@a.example", "cid@b.example"], COATS).await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    assert_eq!(house.customer(&mailbox("cid@b.example")).await.sends.len(), 1, "two people are two people");
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dozen_messages_of_one_person_due_at_once_are_all_still_there() {
    let wait = ONE_A_DAY.replace(r#""block""#, r#"{ delay = { at_most = "60 days" } }"#);
    let house = House::open(NIGHT, &format!("{MORNING}{wait}"), "[hold]\nreleases_per_second = 1000\n").await;
    for at in 0..12 {
        let answer = house.text("+8613800138000", &format!("【某某商城】秋装上新{at}，全场8折，回T退订")).await;
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
    assert_eq!(house.all_due_is_done().await.held, 12);
    house.clock.turn(SignedDuration::from_hours(10));
    let counts = house.all_due_is_done().await;
    let customer = house.customer(&phone("+8613800138000")).await;
    assert_eq!((customer.sends.len(), counts.held, customer.held.len()), (1, 11, 11), "one left, eleven wait on");
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_waits_for_its_providers_pace_waits_on() {
    let route = "[[route]]\nname = \"box\"\nprovider = \"sandbox\"\nrate = \"1 per day\"\nburst = 1\n";
    let house = House::open(NOON, "", route).await;
    for person in ["ann@a.example", "bob@a.example"] {
        let answer = house.mail(&[person], COATS).await;
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    }
    for _ in 0..8 {
        house.clock.turn(SignedDuration::from_hours(25));
        if house.clock.now() > NOON.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(7 * 24) {
            break;
        }
        assert_eq!(house.all_due_is_done().await.held, 1, "accepted, so it is not given up for the pace");
    }
    let journal = house.journal();
    assert_eq!(
        journal.matches("{\"line\":\"decision\"").count(),
        2,
        "waiting on for the same reason is no new decision"
    );
    assert!(journal.matches("\"outcome\":\"requeued\"").count() >= 6, "but it is on record: {journal}");
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_message_that_grew_too_old_is_on_record_and_forgotten_by_the_document() {
    let house = House::open(NIGHT, MORNING, "").await;
    house.text("+8613800138000", "【某某商城】秋装上新，全场8折，回T退订").await;
    assert_eq!(house.customer(&phone("+8613800138000")).await.held.len(), 1);
    house.clock.turn(SignedDuration::from_hours(24 * 9));
    assert_eq!(house.all_due_is_done().await.held, 0);
    // The document is told after the hold's row has ended.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !house.customer(&phone("+8613800138000")).await.held.is_empty() {
        assert!(std::time::Instant::now() < until, "the document still lists it");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(house.journal().contains("expired"));
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_ended_untold_is_forgotten_at_the_next_decision() {
    let house = House::open(NOON, "", "").await;
    let (gateway, ann) = (&house.running.gateway, mailbox("ann@a.example"));
    let (due, now) = (house.clock.now() + SignedDuration::from_hours(9), house.clock.now());
    let expires = due + SignedDuration::from_hours(9);
    for id in ["h-ours", "h-live"] {
        let message = HeldMessage {
            id: id.to_owned(),
            due,
            expires,
            must_send: false,
            priority: 500,
            parcel: id.into(),
            recipients: vec![0],
            decisions: Vec::new(),
        };
        gateway.hold.put(message).await.unwrap();
    }
    gateway.hold.cancel("h-ours", now).await.unwrap();
    let list = |customer: &mut Customer| {
        let line = |id: &str| HeldSend {
            id: id.into(),
            due,
            expires,
            channel: Channel::Email,
            priority: 500,
            attempt: Attempt::default(),
        };
        customer.held = ["h-ours", "h-live", "h-elsewhere"].map(line).to_vec();
        true
    };
    gateway.store.update("default", &gateway.store.key("default", &ann), list).await.unwrap();
    assert!(house.mail(&["ann@a.example"], COATS).await.starts_with("HTTP/1.1 202"));
    let listed: Vec<String> = house.customer(&ann).await.held.into_iter().map(|held| held.id).collect();
    assert_eq!(listed, ["h-live", "h-elsewhere"], "another gateway's hold is not ours to judge");
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_was_taken_out_was_not_shown() {
    let rules = r#"
[[below_price_paid]]
id       = "cheaper"
within   = "30 days"
then     = "remove_sentence"
title.en = "Below the price paid"
title.zh = "低于购买价"
reason.en = "{paid}"
reason.zh = "{paid}"
"#;
    let house = House::open(NOON, rules, "").await;
    house.tell(r#"{"id":"1","type":"purchase","at":"2026-11-18T00:00:00Z","customer":"ann@a.example","product":"BT-200","price":"399 CNY"}"#).await;
    let text =
        "Your order 4711 has been shipped. The car player BT-200 is on sale for only 299 CNY this week. Thank you.";
    for (person, shown) in [("ann@a.example", 0), ("bob@a.example", 1)] {
        let answer = house.mail(&[person], text).await;
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
        let sends = house.customer(&mailbox(person)).await.sends;
        assert_eq!(sends.iter().map(|send| send.offers.len()).sum::<usize>(), shown, "{person}: {sends:?}");
    }
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_stops_the_address_that_bounced_and_no_other() {
    let rules = std::fs::read_to_string("policies/suppression.toml").unwrap();
    let house = House::open(NOON, &rules, "").await;
    house.tell(concat!(
        r#"{"id":"1","type":"identity-link","at":"2026-11-01T00:00:00Z","customer":"ann@a.example","also":"ann@b.example"}"#, "\n",
        r#"{"id":"2","type":"bounce","at":"2026-11-02T00:00:00Z","customer":"ann@a.example","channel":"email"}"#, "\n",
    )).await;
    let gone = house.mail(&["ann@a.example"], COATS).await;
    assert!(!gone.starts_with("HTTP/1.1 202"), "{gone}");
    let other = house.mail(&["ann@b.example"], COATS).await;
    assert!(other.starts_with("HTTP/1.1 202"), "her other mailbox works: {other}");
    house.tell(r#"{"id":"3","type":"opt-out","at":"2026-11-03T00:00:00Z","customer":"ann@a.example"}"#).await;
    let refused = house.mail(&["ann@b.example"], COATS).await;
    assert!(!refused.starts_with("HTTP/1.1 202"), "a person's no holds for all their addresses: {refused}");
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_paths_leave_with_the_gateways_own_key_and_never_with_the_clients() {
    let provider = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = format!(
        "[[stream]]\nname = \"news\"\ncredentials = [{{ bearer_sha256 = \"{}\" }}]\n[[route]]\nname = \"api\"\nprovider = \"sendgrid\"\nupstream = \"http://{}\"\nown = {{ secret = \"of-the-gateway\" }}\n",
        // printf %s of-the-tool | sha256sum
        "TOOL", provider.local_addr().unwrap()
    )
    .replace("TOOL", &sha256_hex("of-the-tool"));
    let house = House::open(NOON, "", &settings).await;
    let seen = tokio::spawn(async move {
        let (mut client, _) = provider.accept().await.unwrap();
        let mut bytes = vec![0; 65536];
        let read = client.read(&mut bytes).await.unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]").await.unwrap();
        String::from_utf8_lossy(&bytes[..read]).into_owned()
    });
    let door = house.running.door(Protocol::Http).unwrap();
    let answer = ask(door, "GET /sendgrid/v3/templates HTTP/1.1\r\nhost: a\r\nauthorization: Bearer of-the-tool\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = seen.await.unwrap();
    assert!(seen.contains("of-the-gateway") && !seen.contains("of-the-tool"), "{seen}");
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_asks_for_a_credential_asks_for_it_in_http_too() {
    let settings = format!(
        "[[listener]]\nprotocol = \"http\"\naddress = \"127.0.0.1:0\"\nauth = true\n[[listener]]\nprotocol = \"admin\"\naddress = \"127.0.0.1:0\"\nauth = true\n[admin]\ntoken_sha256 = \"{}\"\n[[stream]]\nname = \"news\"\ncredentials = [{{ bearer_sha256 = \"{}\" }}]\n",
        sha256_hex("of-the-officer"),
        sha256_hex("of-the-tool")
    );
    let house = House::open(NOON, "", &settings).await;
    let nobody = house.mail(&["ann@a.example"], COATS).await;
    assert!(nobody.starts_with("HTTP/1.1 401"), "{nobody}");
    let body = r#"{"personalizations":[{"to":[{"email":"ann@a.example"}]}],"from":{"email":"n@s.example"},"subject":"x","content":[{"type":"text/plain","value":"hello"}]}"#;
    let headers = |token: &str| format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n");
    let wrong = house.post("/sendgrid/v3/mail/send", &headers("of-nobody"), body).await;
    assert!(wrong.starts_with("HTTP/1.1 401"), "{wrong}");
    let known = house.post("/sendgrid/v3/mail/send", &headers("of-the-tool"), body).await;
    assert!(known.starts_with("HTTP/1.1 202"), "{known}");

    let admin = house.running.door(Protocol::Admin).unwrap();
    let get = |headers: &str| format!("GET /metrics HTTP/1.1\r\nhost: a\r\n{headers}connection: close\r\n\r\n");
    for shown in ["", "authorization: Bearer of-nobody\r\n"] {
        let answer = ask(admin, &get(shown)).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    }
    let answer = ask(admin, &get("authorization: Bearer of-the-officer\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let alive = ask(admin, "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(alive.starts_with("HTTP/1.1 200"), "a health check shows no token and learns nothing: {alive}");
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_held_messages_stays_where_the_data_stays() {
    let house = House::open(NOON, "", "").await;
    assert!(house.folder.path().join("data/hold.key").is_file(), "a container keeps nothing but its volume");
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_are_being_taken_share_one_room() {
    let settings =
        "[[listener]]\nprotocol = \"smtp\"\naddress = \"127.0.0.1:0\"\n[listener.limits]\nbodies_bytes_max = 40000\n";
    let house = House::open(NOON, "", settings).await;
    let door = house.running.door(Protocol::Smtp).unwrap();
    let text = "0123456789\r\n".repeat(2_500);
    let told = |end: &'static str| {
        let steps = mail_steps("a@s.example", "ann@a.example", &format!("{text}{end}"));
        tokio::task::spawn_blocking(move || converse(door, &steps))
    };
    let (first, said) = told("unended").await.unwrap();
    assert!(said.contains("354"), "{said}");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (_, second) = told(".\r\n").await.unwrap();
    assert!(second.contains("421 4.3.2"), "{second}");
    drop(first);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (_, third) = told(".\r\n").await.unwrap();
    assert!(third.contains("250 2.0.0"), "{third}");
    house.running.stop().await;
}

/// Says one thing after the other, as polite clients do; the answers to all.
fn converse(door: std::net::SocketAddr, steps: &[String]) -> (std::net::TcpStream, String) {
    use std::io::{Read as _, Write as _};
    let mut client = std::net::TcpStream::connect(door).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let listen = |client: &mut std::net::TcpStream| {
        let (mut said, mut bytes) = (String::new(), [0; 4096]);
        loop {
            let read = client.read(&mut bytes).unwrap_or(0);
            said.push_str(&String::from_utf8_lossy(&bytes[..read]));
            let last = said.lines().last().unwrap_or_default();
            if read == 0 || (said.ends_with('\n') && last.as_bytes().get(3) == Some(&b' ')) {
                return said;
            }
        }
    };
    let mut said = listen(&mut client);
    for step in steps {
        if client.write_all(step.as_bytes()).is_err() {
            break;
        }
        if step.ends_with("\r\n") {
            said.push_str(&listen(&mut client));
        }
    }
    (client, said)
}

fn mail_steps(from: &str, to: &str, data: &str) -> Vec<String> {
    let lines = ["EHLO kanarie-host", &format!("MAIL FROM:<{from}>"), &format!("RCPT TO:<{to}>"), "DATA"];
    lines.iter().map(|line| format!("{line}\r\n")).chain([data.to_owned()]).collect()
}

/// Every byte the gateway writes, logs at debug included, is searched for what it must not hold.
#[test]
fn no_address_and_no_text_is_written_anywhere_but_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("policies")).unwrap();
    let cap = ONE_A_DAY.replace("one-a-day", "four-a-day").replace("at_most  = 1", "at_most  = 4");
    let later = ONE_A_DAY.replace("one-a-day", "later").replace(r#""block""#, r#"{ delay = { at_most = "60 days" } }"#);
    std::fs::write(path("policies/rules.toml"), format!("{cap}{}", later.replace("at_most  = 1", "at_most  = 2")))
        .unwrap();
    std::fs::write(path("tactgate.toml"), DOORS).unwrap();
    let log = std::fs::File::create(path("log")).unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_tactgate"))
        .arg("serve")
        .current_dir(folder.path())
        .env("RUST_LOG", "debug")
        .stdout(std::process::Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut doors = Vec::new();
    while doors.len() < 2 {
        let line = lines.next().unwrap().unwrap();
        if line.starts_with("  SMTP") || line.starts_with("  HTTP") {
            doors.push(line.split_whitespace().nth(1).unwrap().parse::<std::net::SocketAddr>().unwrap());
        }
    }
    let say = |door: std::net::SocketAddr, text: &str| {
        use std::io::{Read as _, Write as _};
        let mut client = std::net::TcpStream::connect(door).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        let _ = client.read_to_string(&mut answer);
        answer
    };
    let post = |path: &str, kind: &str, body: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer kanarie-secret\r\ncontent-type: {kind}\r\nconnection: close\r\n"
        );
        say(doors[1], &format!("{head}content-length: {}\r\n\r\n{body}", body.len()))
    };
    let json = r#"{"personalizations":[{"to":[{"email":"kanarie@a.example","name":"Kanarie Bird"}]}],"from":{"email":"n@s.example"},"subject":"kanarie-subject 新品","content":[{"type":"text/plain","value":"kanarie-text 秋装上新 https://shop.example/?c=kanarie-link"}]}"#;
    for _ in 0..3 {
        let answer = post("/sendgrid/v3/mail/send", "application/json", json);
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    }
    let sms = "To=%2B8613800138999&From=%2B15005550006&Body=kanarie-text+%E7%A7%8B%E8%A3%85";
    for _ in 0..4 {
        let answer = post(
            "/twilio/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json",
            "application/x-www-form-urlencoded",
            sms,
        );
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
    post("/sendgrid/v3/mail/send", "application/json", &json.replace("kanarie@a.example", "kanarie at a.example"));
    post(
        "/tactgate/v1/events",
        "application/x-ndjson",
        r#"{"id":"1","type":"purchase","at":"2026-11-01T00:00:00Z","customer":"kanarie@a.example","product":"P-1","price":"3 CNY"}"#,
    );
    post(
        "/tactgate/v1/events",
        "application/x-ndjson",
        r#"{"id":"2","type":"purchase","customer":"kanarie at a.example"}"#,
    );
    for to in ["kanarie@a.example", "kanarie@b.example", "@kanarie"] {
        let data = "Subject: kanarie-subject\r\nX: =?x?q?kanarie?=\r\n\r\nkanarie-text\r\n.\r\n";
        let (_, said) = converse(doors[0], &mail_steps("kanarie-sender@s.example", to, data));
        assert!(to.starts_with('@') || said.contains("250 2.0.0"), "{said}");
    }
    std::thread::sleep(Duration::from_millis(300));
    let kill = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert!(child.wait().unwrap().success(), "it drains and stops");
    let mut written = String::new();
    read_all(folder.path(), &mut written);
    assert!(written.contains("\"verdict\"") && written.contains("held"), "something was written");
    for kanarie in ["kanarie", "13800138999", "秋装", "Kanarie"] {
        let found: Vec<String> = written
            .match_indices(kanarie)
            .map(|(at, _)| {
                let from = (0..=at.saturating_sub(160)).rev().find(|i| written.is_char_boundary(*i)).unwrap_or(0);
                written[from..].chars().take(220).collect()
            })
            .take(3)
            .collect();
        assert!(found.is_empty(), "{kanarie}: {found:#?}");
    }
}

pub fn sha256_hex(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
