//! The store is away, in each way it can be: what becomes of a message is what its rule says for that,
//! by class, at every door, counted and told. And what this machine remembers of refusals still stands.

use std::process::Command;

use tactgate::command::serve::Running;
use tactgate::config::Protocol;

use crate::redis::RedisServer;

use super::child::{Home, routes};
use super::hand_clock::by_hand;
use super::http_sink::HttpSink;
use super::mail_sink::MailSink;
use super::tools::{Answer, get, id_in, mail, plain_mail, sendgrid, sendgrid_mail, tell};

const SETTINGS: [&str; 4] = ["default", "pass", "delay", "block"];
const OFFER: &str = "秋装上新，全场8折，回T退订";
const CODE: &str = "您的验证码是482913，5分钟内有效，请勿泄露。";

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Sent,
    Held,
    Blocked,
}

/// The table: what each setting means for each class of rule and of message.
fn expected(law: bool, setting: &str, must_send: bool) -> Fate {
    match (setting, law, must_send) {
        // A courtesy never harms what must be sent.
        (_, false, true) => Fate::Sent,
        ("block", _, _) => Fate::Blocked,
        // A code that waits is a code lost: only an explicit block stops it.
        (_, true, true) => Fate::Sent,
        ("pass", _, false) | ("default", false, false) => Fate::Sent,
        ("delay", _, false) | ("default", true, false) => Fate::Held,
        _ => unreachable!("{setting}"),
    }
}

/// Every setting for a law rule and for a courtesy rule, each for the campaign of its name.
fn policy() -> String {
    let mut text = String::new();
    for (class, guard, keys) in
        [("law", "suppression", ""), ("courtesy", "frequency_cap", "at_most = 5\nwithin = \"1 day\"\nthen = \"block\"")]
    {
        for setting in SETTINGS {
            let says = if setting == "default" { String::new() } else { format!("on_store_down = \"{setting}\"") };
            text += &format!(
                "[[{guard}]]\nid = \"{class}-{setting}\"\ncampaigns = [\"{class}-{setting}\"]\n{keys}\n{says}\n\
                 title.en = \"A rule\"\ntitle.zh = \"规则\"\nreason.en = \"so it is\"\nreason.zh = \"如此\"\n"
            );
        }
    }
    text
}

struct Town {
    redis: RedisServer,
    mails: MailSink,
    texts: HttpSink,
    home: Home,
}

impl Town {
    async fn new() -> Town {
        let redis = RedisServer::start();
        Town {
            redis,
            mails: MailSink::start().await,
            texts: HttpSink::start().await,
            home: Home::with_policy(&policy()),
        }
    }

    async fn gateway(&self) -> Running {
        let store =
            format!("[store]\nkind = \"redis\"\nurl = \"{}\"\nconnect_ms = 200\nanswer_ms = 200\n", self.redis.url());
        by_hand(&self.home, &format!("{}{store}", routes(Some(&self.mails), Some(&self.texts)))).await.0
    }

    fn cli(&self, arguments: &[&str]) {
        let url = self.redis.url();
        let done = Command::new("redis-cli").args(["-u", &url]).args(arguments).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
}

fn mail_text(to: &str, campaign: &str, text: &str, must_send: bool) -> Vec<u8> {
    let mut head = format!("Tactgate-Campaign: \"{campaign}\"\r\n");
    if must_send {
        head += "Tactgate-Purpose: one-time-code\r\n";
    }
    [head.into_bytes(), plain_mail(to, "您好", text)].concat()
}

async fn by_smtp(running: &Running, to: &str, campaign: &str, must_send: bool) -> (Fate, String) {
    let text = if must_send { CODE } else { OFFER };
    let smtp = running.door(Protocol::Smtp).unwrap();
    let data = mail_text(to, campaign, text, must_send);
    let said = mail(smtp, "<news@shop.example>", &[&format!("<{to}>")], &data).await;
    let fate = match said.get(..9) {
        Some("250 2.0.0") if said.contains("held until") => Fate::Held,
        Some("250 2.0.0") => Fate::Sent,
        Some("550 5.7.1") => Fate::Blocked,
        _ => panic!("{campaign}: {said}"),
    };
    (fate, said)
}

async fn by_http(running: &Running, to: &str, campaign: &str, must_send: bool) -> (Fate, Answer) {
    let named = format!("\"{campaign}\"");
    let mut declared = vec![("Tactgate-Campaign", named.as_str())];
    if must_send {
        declared.push(("Tactgate-Purpose", "one-time-code"));
    }
    let text = if must_send { CODE } else { OFFER };
    let http = running.door(Protocol::Http).unwrap();
    let answer = sendgrid(http, &sendgrid_mail(to, "您好", text), &declared).await;
    let fate = match (answer.status, answer.headers.get("x-message-id").map(String::as_str)) {
        (202, Some("sink-1")) => Fate::Sent,
        (202, _) => Fate::Held,
        (400, _) => Fate::Blocked,
        _ => panic!("{campaign}: {answer:?}"),
    };
    (fate, answer)
}

/// Every row of the table, at both doors, at once.
async fn the_table_holds(running: &Running, state: &str) {
    let mut rows = Vec::new();
    for (class, law) in [("law", true), ("courtesy", false)] {
        for setting in SETTINGS {
            rows.extend([true, false].map(|must_send| (format!("{class}-{setting}"), law, setting, must_send)));
        }
    }
    let row = async |(campaign, law, setting, must_send): &(String, bool, &str, bool)| {
        let wanted = expected(*law, setting, *must_send);
        let to = format!("{campaign}-{must_send}-{}@example.cn", state.replace(' ', "-"));
        let (mailbox, other) = (format!("s-{to}"), format!("h-{to}"));
        let ((mail_fate, said), (http_fate, answer)) = tokio::join!(
            by_smtp(running, &mailbox, campaign, *must_send),
            by_http(running, &other, campaign, *must_send)
        );
        let what = format!("store {state}, rule {campaign}, must-send {must_send}");
        assert_eq!(mail_fate, wanted, "{what}, SMTP: {said}");
        assert_eq!(http_fate, wanted, "{what}, HTTP: {answer:?}");
    };
    futures_util::future::join_all(rows.iter().map(row)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_says_what_a_missing_store_means() {
    let mut town = Town::new().await;
    let running = town.gateway().await;
    let pid = town.redis.pid().to_string();
    let signal = |name: &str| assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());

    signal("-STOP");
    the_table_holds(&running, "hangs").await;
    signal("-CONT");
    // It can be read, and takes nothing.
    town.cli(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    the_table_holds(&running, "refuses writes").await;
    town.cli(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    town.cli(&["CONFIG", "SET", "requirepass", "another"]);
    town.redis.stop();
    the_table_holds(&running, "is gone").await;

    // Counted by class, and told in both languages.
    let page = get(running.door(Protocol::Admin).unwrap(), "/metrics").await.body;
    for class in ["ordinary", "must-send"] {
        let name = format!("tactgate_degraded_total{{class=\"{class}\"}} ");
        let count: u32 = page.lines().find_map(|line| line.strip_prefix(&name)).expect(&page).parse().unwrap();
        assert!(count >= 12, "{class}: {count}");
    }
    let (_, said) = by_smtp(&running, "told@example.cn", "courtesy-pass", false).await;
    let id = id_in(&said, "s-");
    assert!(town.home.explain(&id, "en").contains("let go because the store was down"));
    assert!(town.home.explain(&id, "zh").contains("存储故障，按规则放行"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_this_machine_knew_of_stands_while_the_store_is_away() {
    let mut town = Town::new().await;
    let running = town.gateway().await;
    let http = running.door(Protocol::Http).unwrap();
    for (who, event) in [
        ("gone", r#""type":"bounce","channel":"email""#),
        ("quiet", r#""type":"opt-out""#),
        ("back", r#""type":"opt-out""#),
        ("seen", r#""type":"opt-out""#),
    ] {
        tell(http, who, &format!(r#"{{"customer":"{who}@example.cn",{event}}}"#)).await;
    }
    tell(http, "back again", r#"{"customer":"back@example.cn","type":"consent"}"#).await;
    running.stop().await;
    // What a load shows is remembered, too, and by all gateways that saw it.
    let file = town.home.path("data/refusals.jsonl");
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.lines().count() >= 4 && !kept.contains("example"), "keys, no addresses: {kept}");
    std::fs::remove_file(&file).unwrap();
    let running = town.gateway().await;
    assert_eq!(by_smtp(&running, "seen@example.cn", "law-default", true).await.0, Fate::Blocked);
    running.stop().await;
    let seen_only = std::fs::read_to_string(&file).unwrap();
    assert_eq!(seen_only.lines().count(), 1, "{seen_only}");
    std::fs::write(&file, format!("{kept}{seen_only}")).unwrap();

    // Another start: what it knows now comes from the file alone.
    let running = town.gateway().await;
    town.redis.stop();
    for who in ["gone", "quiet", "seen"] {
        let to = format!("{who}@example.cn");
        let (fate, said) = by_smtp(&running, &to, "law-default", true).await;
        assert_eq!(fate, Fate::Blocked, "{who}: {said}");
        let (fate, answer) = by_http(&running, &to, "law-pass", false).await;
        assert_eq!(fate, Fate::Blocked, "a rule that lets go does not let this go: {answer:?}");
        // Who can wait waits for fresh facts: the refusal may have been lifted elsewhere.
        assert_eq!(by_http(&running, &to, "law-delay", false).await.0, Fate::Held, "{who}");
        let told = town.home.explain(&answer.decision(), "en");
        assert!(told.contains("from the refusals last known on this machine"), "{told}");
        let told = town.home.explain(&answer.decision(), "zh");
        assert!(told.contains("依据本机最近保存的拒收记录"), "{told}");
    }
    for who in ["back", "stranger"] {
        let (fate, said) = by_smtp(&running, &format!("{who}@example.cn"), "law-default", true).await;
        assert_eq!(fate, Fate::Sent, "{who}: {said}");
    }
    running.stop().await;
}
