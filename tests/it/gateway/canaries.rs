//! Nothing personal and no secret is written anywhere: canaries go in through every door, with every way a
//! message can end, and then every byte that was written is searched for them, in six encodings. A held
//! message is no exception: it is sealed.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::redis::RedisServer;

use super::child::{Gate, Home, routes};
use super::http_sink::{HttpSink, Reply};
use super::mail_sink::{AtDot, MailSink};
use super::rules::OPTED_OUT_AND_NIGHT;
use super::tools::{get, id_in, mail, plain_mail, post, python, sendgrid, sendgrid_mail, sms};

/// Mailboxes as people and tools write them; each with what gives it away.
const MAILBOXES: &[(&str, &str)] = &[
    ("canaryone@example.cn", "canaryone"),
    ("Canary.Two@EXAMPLE.com", "anary.Two"),
    ("canarythree+tag@gmail.com", "canarythree"),
    ("canary_four@mail.example.co.uk", "canary_four"),
    ("CANARYFIVE@QQ.COM", "CANARYFIVE"),
    ("canarysix@xn--fsqu00a.xn--fiqs8s", "canarysix"),
    ("金丝雀七@例子.中国", "金丝雀七"),
    ("金絲雀八@例子.台灣", "金絲雀八"),
    ("canarynine@canaryhost.example", "canaryhost"),
    ("o'canaryten@example.com", "canaryten"),
];

/// Phones in several spellings; each with what gives it away.
const PHONES: &[(&str, &str)] = &[
    ("+8613911110001", "13911110001"),
    ("+86 139 1111 0002", "139 1111 0002"),
    ("+86-139-1111-0003", "139-1111-0003"),
    ("＋８６１３９１１１１０００４", "13911110004"),
    ("+14155550105", "4155550105"),
    ("+1 (415) 555-0106", "555-0106"),
    ("+442079460107", "2079460107"),
    ("+81312340108", "312340108"),
    ("+886912340109", "912340109"),
    ("whatsapp:+8613911110010", "13911110010"),
];

/// What stands in messages.
const TEXTS: &[&str] =
    &["canarysubject", "canarybody", "金丝雀主题", "金丝雀正文", "canarylink", "canaryurltoken", "canaryname"];

/// Secrets that are shown.
const SECRETS: &[&str] = &[
    "SG.canarykey",
    "canaryaccount",
    "canarytoken",
    "canarypassword",
    "canarywrongpass",
    "canaryquery",
    "canaryheader",
    "canarycookie",
];

/// A text as it may stand in some file.
fn encodings(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = text.as_bytes();
    let escaped = |sign: &str| bytes.iter().map(|b| format!("{sign}{b:02X}")).collect::<String>().into_bytes();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let wide = |swap: bool| {
        let unit = |unit: u16| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(unit).collect::<Vec<u8>>()
    };
    let mut all = vec![
        ("utf-8", bytes.to_vec()),
        ("hex", hex.clone().into_bytes()),
        ("hex", hex.to_uppercase().into_bytes()),
        ("percent", escaped("%")),
        ("percent", String::from_utf8(escaped("%")).unwrap().to_lowercase().into_bytes()),
        ("quoted-printable", escaped("=")),
        ("utf-16", wide(false)),
        ("utf-16", wide(true)),
    ];
    // In base64 a text looks thrice different, by where it begins; its ends belong to its neighbours.
    for before in 0..3 {
        let padded = [&b"xx"[..before], bytes].concat();
        let coded = BASE64.encode(&padded);
        let from = [0, 2, 3][before];
        let whole = padded.len() / 3 * 4;
        all.push(("base64", coded.as_bytes()[from..whole].to_vec()));
    }
    all
}

fn files_below(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, found) } else { found.push(path) }
    }
}

fn all_canaries() -> Vec<&'static str> {
    let addresses = MAILBOXES.iter().chain(PHONES).map(|(_, token)| *token);
    addresses.chain(TEXTS.iter().copied()).chain(SECRETS.iter().copied()).collect()
}

/// Every canary in every encoding, looked for at once.
struct Search {
    wanted: Vec<(&'static str, &'static str)>,
    machine: aho_corasick::AhoCorasick,
    hits: BTreeSet<String>,
}

impl Search {
    fn new() -> Search {
        let all = all_canaries().into_iter().flat_map(|canary| {
            encodings(canary).into_iter().map(move |(encoding, needle)| ((canary, encoding), needle))
        });
        let (wanted, needles): (Vec<_>, Vec<_>) = all.unzip();
        Search { wanted, machine: aho_corasick::AhoCorasick::new(needles).unwrap(), hits: BTreeSet::new() }
    }

    fn look(&mut self, place: &str, bytes: &[u8]) {
        for hit in self.machine.find_iter(bytes).take(50) {
            let (canary, encoding) = self.wanted[hit.pattern().as_usize()];
            let around = &bytes[hit.start().saturating_sub(120)..(hit.end() + 40).min(bytes.len())];
            let around = String::from_utf8_lossy(around);
            self.hits.insert(format!("{canary} stands in {place} as {encoding}: …{around}…"));
        }
    }
}

const LOGIN: &str = r#"
import smtplib, sys
host, port, user, password = sys.argv[1:]
try:
    with smtplib.SMTP(host, int(port), timeout=20) as server:
        server.login(user, password)
except smtplib.SMTPException as refused:
    print(refused)
"#;

/// Messages to everybody, through every door, that end in every way.
async fn flock(gate: &Gate, mails: &MailSink, texts: &HttpSink, ids: &mut BTreeSet<String>) {
    let text = "canarybody 金丝雀正文 Dear canaryname, see https://canarylink.example/p?token=canaryurltoken";
    let secret = [("Cookie", "canarycookie"), ("X-Api-Key", "canaryheader")];
    let night = [("Tactgate-Department", "night"), ("Cookie", "canarycookie")];
    for (index, (mailbox, _)) in MAILBOXES.iter().enumerate() {
        let raw = plain_mail(&format!("canaryname <{mailbox}>"), "canarysubject 金丝雀主题", text);
        let utf8 = if mailbox.is_ascii() { "" } else { " SMTPUTF8" };
        // Refused by the next server in words that repeat the address, and lost, beside those that pass.
        match index % 4 {
            1 => mails.next(AtDot::Say("554 5.7.1 canaryone@example.cn CANARYFIVE@QQ.COM canarybody is not wanted")),
            2 => mails.next(AtDot::Lose),
            _ => {}
        }
        let said = mail(gate.smtp, &format!("<canaryone@example.cn>{utf8}"), &[&format!("<{mailbox}>")], &raw).await;
        if said.contains("s-0") || said.contains("d-0") {
            ids.extend([id_in(&format!("{said} s-00000000000000000000"), "s-")]);
        }
        let body = sendgrid_mail(mailbox, "canarysubject 金丝雀主题", text);
        let declared: &[(&str, &str)] = if index % 2 == 0 { &secret } else { &night };
        let path = "/sendgrid/v3/mail/send?key=canaryquery";
        let mut headers = vec![("Content-Type", "application/json"), ("Authorization", "Bearer SG.canarykey")];
        headers.extend_from_slice(declared);
        let answer = post(gate.http, path, &headers, body.to_string().as_bytes()).await;
        ids.extend(answer.headers.get("tactgate-decision").cloned());
        let answer = sendgrid(gate.http, &body, &night).await;
        ids.extend(answer.headers.get("tactgate-decision").cloned());
    }
    for (index, (phone, _)) in PHONES.iter().enumerate() {
        if index % 3 == 1 {
            texts.next(Reply::Say(
                "400 Bad Request",
                r#"{"code":21211,"message":"canarybody +8613911110001 is no phone"}"#,
            ));
        }
        let basic = format!("Basic {}", BASE64.encode("canaryaccount:canarytoken"));
        let declared: Vec<(&str, &str)> =
            vec![("Authorization", &basic), ("Tactgate-Department", if index % 2 == 0 { "night" } else { "day" })];
        let answer = sms(gate.http, phone, text, &declared).await;
        ids.extend(answer.headers.get("tactgate-decision").cloned());
        let own = serde_json::json!({"channel": "sms", "to": phone, "text": text});
        post(gate.http, "/tactgate/v1/messages", &[("Content-Type", "application/json")], own.to_string().as_bytes())
            .await;
    }
}

/// What no door takes.
async fn rubbish(gate: &Gate) {
    let json = [("Content-Type", "application/json"), ("Authorization", "Bearer SG.canarykey")];
    for body in [
        r#"{"personalizations":[{"to":[{"email":"canaryone@example.cn"}],"oops":"#,
        r#"{"personalizations":[{"to":[{"email":"canaryone at example"}]}],"subject":"canarysubject"}"#,
        r#""canarybody""#,
    ] {
        assert!(post(gate.http, "/sendgrid/v3/mail/send", &json, body.as_bytes()).await.status >= 400);
    }
    post(gate.http, "/sendgrid/v3/canaryquery?x=canaryurltoken", &json, b"{}").await;
    post(gate.http, "/nothing/canaryquery", &json, b"canarybody").await;
    let ndjson = [("Content-Type", "application/x-ndjson"), ("Authorization", "Bearer canarytoken")];
    for line in [
        r#"{"id":"canaryone@example.cn","type":"purchase","customer":"canaryone@example.cn","product":"BT-1","order":"canaryone@example.cn-7"}"#,
        r#"{"id":"c2","type":"identity-link","customer":"canaryone@example.cn","also":"+8613911110001"}"#,
        r#"{"id":"c3","type":"opt-out","customer":"canarythree+tag@gmail.com","channel":"email"}"#,
        r#"{"id":"c4","type":"purchase","customer":"canarybody","product":7}"#,
        r#"{"id":"c5","canaryname":"#,
    ] {
        post(gate.http, "/tactgate/v1/events", &ndjson, line.as_bytes()).await;
    }
    let asked = r#"{"channel":"sms","to":"+8613911110001","text":"canarybody"}"#;
    post(gate.http, "/tactgate/v1/decide", &json, asked.as_bytes()).await;
    mail(gate.smtp, "<canaryone@@example>", &["<canarybody>"], b"canarybody\r\n").await;
    mail(gate.smtp, "<canaryone@example.cn>", &["<canary one@@>", "<canaryfour"], b"x\r\n").await;
    let door = (gate.smtp.ip().to_string(), gate.smtp.port().to_string());
    python(LOGIN, &[&door.0, &door.1, "canaryaccount", "canarywrongpass"]).await;
    get(gate.admin, "/canaryquery?token=canaryurltoken").await;
}

async fn nothing_is_told(redis: Option<RedisServer>) {
    let (mails, texts) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(OPTED_OUT_AND_NIGHT);
    let store = redis.as_ref().map(|redis| format!("[store]\nkind = \"redis\"\nurl = \"{}\"\n", redis.url()));
    home.settings(&format!("{}{}", routes(Some(&mails), Some(&texts)), store.unwrap_or_default()));
    let gate = Gate::start_logging(&home, "trace");
    let mut ids = BTreeSet::new();
    flock(&gate, &mails, &texts, &mut ids).await;
    rubbish(&gate).await;
    let mut redis = redis;
    if let Some(redis) = &mut redis {
        redis.stop();
        flock(&gate, &mails, &texts, &mut ids).await;
        rubbish(&gate).await;
        redis.begin();
    }
    // Labels without end do not make series without end.
    for number in 0..120 {
        let label = format!("campaign-{number}");
        let declared = [("Tactgate-Campaign", label.as_str()), ("Tactgate-Department", label.as_str())];
        sendgrid(gate.http, &sendgrid_mail(&format!("p{number}@host{number}.example"), &label, &label), &declared)
            .await;
    }
    let mut search = Search::new();
    let metrics = get(gate.admin, "/metrics").await;
    assert_eq!(metrics.status, 200);
    let series = metrics.body.lines().filter(|line| !line.starts_with('#')).count();
    assert!(series > 20 && series < 2_000, "{series} series");
    search.look("/metrics", metrics.body.as_bytes());
    search.look("/readyz", get(gate.admin, "/readyz").await.body.as_bytes());
    assert!(ids.len() > 20, "{ids:?}");
    let mut real: Vec<&String> = ids.iter().filter(|id| !id.ends_with("0000000000000000")).collect();
    // One of each sort is spread over them all; each costs a process.
    real = real.iter().step_by((real.len() / 6).max(1)).copied().collect();
    for id in real {
        for arguments in
            [vec!["explain", id], vec!["explain", id, "--lang", "zh"], vec!["explain", id, "--format", "json"]]
        {
            let told = home.run(&arguments);
            search.look("explain", &told.stdout);
            search.look("explain", &told.stderr);
        }
    }
    gate.terminate();
    assert_eq!(gate.ended().await, 0);
    for arguments in [["audit", "verify"], ["audit", "reconcile"]] {
        let told = home.run(&arguments);
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stdout));
        search.look("audit", &told.stdout);
    }
    let mut files = Vec::new();
    files_below(&home.path("data"), &mut files);
    files.push(home.path("log"));
    let named = |end: &str| files.iter().any(|path| path.ends_with(end));
    assert!(named("hold.db") && named("audit.key") && named("log"), "{files:?}");
    for path in &files {
        search.look(&path.display().to_string(), &std::fs::read(path).unwrap());
        assert!(
            tactgate::gateway::places::place_of(path.strip_prefix(home.path("")).unwrap()).is_some()
                || path.ends_with("log"),
            "a place that nobody lists: {path:?}"
        );
    }
    if let Some(redis) = &redis {
        let bytes = redis.bytes_written();
        assert!(bytes.len() > 1_000);
        search.look("redis", &bytes);
    }
    assert!(home.log().len() > 10_000, "the log says much");
    let hits = search.hits;
    assert!(hits.is_empty(), "{} hits:\n{}", hits.len(), hits.into_iter().collect::<Vec<_>>().join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_with_the_embedded_store() {
    nothing_is_told(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_with_redis_also_while_it_is_away() {
    nothing_is_told(Some(RedisServer::start_with(&["--aof-use-rdb-preamble", "no"]))).await;
}

#[test]
fn the_search_finds_what_it_looks_for() {
    for (text, wrapped) in [
        ("canarybody", BASE64.encode("a canarybody b")),
        ("canarybody", BASE64.encode("xcanarybody b")),
        ("canarybody", BASE64.encode("canarybody")),
        ("金丝雀正文", "%E9%87%91%E4%B8%9D%E9%9B%80%E6%AD%A3%E6%96%87".to_owned()),
        ("金丝雀正文", "=E9=87=91=E4=B8=9D=E9=9B=80=E6=AD=A3=E6=96=87".to_owned()),
        ("13911110001", "+8613911110001".to_owned()),
    ] {
        let mut search = Search::new();
        search.look("here", wrapped.as_bytes());
        let hits = search.hits;
        assert!(hits.iter().any(|hit| hit.starts_with(text)), "{text} in {wrapped}: {hits:?}");
    }
}
