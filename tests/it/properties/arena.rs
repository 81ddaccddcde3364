//! Where messages contend: gateways in this process over one store, mail and SMS sinks behind them, and
//! workers that all go for the same few people at once. Some workers die in the middle of what they do.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tactgate::accept::{Client, Inside as _};
use tactgate::clock::Clock;
use tactgate::command::serve::{Running, start};
use tactgate::config::Config;
use tactgate::gateway::inside::Carrier;
use tactgate::message::{Address, HttpReply, HttpRequest, MailEnvelope, MailRecipient, MailSubmission, SmtpReply};

use super::dice::Dice;
use super::over_cap::{Arrival, Scan, scan};
use crate::gateway::child::{Home, routes};
use crate::gateway::http_sink::HttpSink;
use crate::gateway::mail_sink::MailSink;
use crate::redis::RedisServer;

/// Workers of each arena, over all its gateways.
pub const WORKERS: usize = 32;
/// One in so many submissions is killed in the middle.
const KILLED_ONE_IN: u64 = 29;
/// Requests in a row, over all workers, that go to the same person.
const BURST: usize = WORKERS;

/// How much, and how fast.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Decisions in all.
    pub decisions: usize,
    /// People that are written to at one time, each with a mailbox and a phone.
    pub customers: usize,
    /// The length of every cap's window.
    pub window: SignedDuration,
}

/// After so many decisions it is other people's turn: no history grows without end.
const TURN: usize = 20_000;

impl Load {
    /// People over all turns.
    fn customers_in_all(&self) -> usize {
        self.customers * self.decisions.div_ceil(TURN)
    }

    /// Whole bursts meet one person; which, nobody can tell beforehand.
    fn customer(&self, seed: u64, number: usize) -> usize {
        let one = Dice(seed ^ (number / BURST) as u64).roll(self.customers as u64) as usize;
        number / TURN * self.customers + one
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// Answers, by what they were.
    pub passed: usize,
    /// Refused by the cap.
    pub blocked: usize,
    /// "Try again": somebody else was first too often.
    pub deferred: usize,
    /// Killed in the middle.
    pub killed: usize,
    /// How long it took.
    pub took: Duration,
    /// The sinks, scanned by window.
    pub sinks: Scan,
    /// The documents, scanned by window: every reservation at its own instant.
    pub documents: Scan,
    /// Messages that arrived more than once.
    pub twice: usize,
    /// Messages that arrived and of which the documents know nothing.
    pub unknown_to_documents: usize,
}

impl Outcome {
    /// One line for people.
    pub fn told(&self, what: &str) -> String {
        let decisions = self.passed + self.blocked + self.deferred + self.killed;
        let seconds = self.took.as_secs_f64().max(0.001);
        format!(
            "{what}: {decisions} decisions in {seconds:.1} s, {:.0}/s; {} passed, {} blocked, {} deferred, {} killed; \
             over-cap {} (sinks) {} (documents), {} customers; windows filled exactly {}; twice {}",
            decisions as f64 / seconds,
            self.passed,
            self.blocked,
            self.deferred,
            self.killed,
            self.sinks.over,
            self.documents.over,
            self.sinks.customers_over.max(self.documents.customers_over),
            self.sinks.windows_full,
            self.twice,
        )
    }
}

/// The cap of one person: 1 to 5.
pub fn cap_of(customer: usize) -> usize {
    customer % 5 + 1
}

/// Gateways over one store.
pub struct Arena {
    gates: Vec<(Running, Home)>,
    /// Where mail ends.
    pub mails: MailSink,
    /// Where SMS end.
    pub texts: HttpSink,
    _redis: Option<RedisServer>,
}

/// What one worker did with one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Passed,
    Blocked,
    Deferred,
    Killed,
}

/// A message, and when it was under way.
struct Sent {
    number: usize,
    customer: usize,
    after: Timestamp,
    before: Timestamp,
    fate: Fate,
}

impl Arena {
    /// Two gateways over a Redis of their own.
    pub async fn on_redis(policy: &str) -> Arena {
        // What is fsynced when is another test's matter.
        let redis = RedisServer::start_with(&["--appendfsync", "no"]);
        let home = Home::with_policy(policy);
        let pepper = home.path("pepper");
        let store = format!("[store]\nkind = \"redis\"\nurl = {:?}\npepper = {pepper:?}\n", redis.url());
        Arena::open(vec![home, Home::with_policy(policy)], &store, Some(redis)).await
    }

    /// One gateway over its own files, which belong to one process.
    pub async fn on_files(policy: &str) -> Arena {
        Arena::open(vec![Home::with_policy(policy)], "[store]\n", None).await
    }

    async fn open(homes: Vec<Home>, store: &str, redis: Option<RedisServer>) -> Arena {
        let (mails, texts) = (MailSink::start().await, HttpSink::start().await);
        let mut gates = Vec::new();
        for home in homes {
            // Patience, not speed, is what a busy machine needs.
            let store = format!("{store}answer_ms = 20000\n[policies]\ndir = {:?}\n", home.path("policies"));
            home.settings(&format!("{}{store}", routes(Some(&mails), Some(&texts))));
            let mut config = Config::load(Some(&home.path("tactgate.toml"))).unwrap();
            config.data_dir = home.path("data");
            gates.push((start(config, Clock::Wall).await.unwrap(), home));
        }
        Arena { gates, mails, texts, _redis: redis }
    }

    /// One of the gateways, as a door sees it.
    pub fn carrier(&self, number: usize) -> Carrier {
        let gateway = Arc::clone(&self.gates[number % self.gates.len()].0.gateway);
        Carrier { gateway, asks_for_credential: false }
    }

    /// The folder of one of the gateways.
    pub fn home(&self, number: usize) -> &Home {
        &self.gates[number].1
    }

    /// Ends the gateways and leaves their folders.
    pub async fn stop_and_keep(self) -> Vec<Home> {
        let mut homes = Vec::new();
        for (gate, home) in self.gates {
            gate.stop().await;
            homes.push(home);
        }
        homes
    }

    /// Makes one person of each mailbox and phone.
    pub async fn link(&self, customers: std::ops::Range<usize>) {
        let store = &self.gates[0].0.gateway.store;
        for customer in customers {
            store.link(BRAND, &mailbox(customer), &phone(customer), Timestamp::now()).await.unwrap();
        }
    }

    /// Ends the gateways.
    pub async fn stop(self) -> (MailSink, HttpSink) {
        for (gate, _home) in self.gates {
            gate.stop().await;
        }
        (self.mails, self.texts)
    }

    /// Lets the workers loose, then counts.
    pub async fn contend(self, load: Load, seed: u64) -> Outcome {
        self.link(0..load.customers_in_all()).await;
        let next = Arc::new(AtomicUsize::new(0));
        let began = Instant::now();
        let mut workers = tokio::task::JoinSet::new();
        for worker in 0..WORKERS {
            let (next, carrier) = (Arc::clone(&next), self.carrier(worker));
            let mut dice = Dice(seed ^ (worker as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            workers.spawn(async move {
                let mut sent = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= load.decisions {
                        return sent;
                    }
                    sent.push(submit(&carrier, number, load.customer(seed, number), &mut dice).await);
                }
            });
        }
        let sent: Vec<Sent> = workers.join_all().await.into_iter().flatten().collect();
        let took = began.elapsed();
        self.count(load, sent, took).await
    }

    async fn count(self, load: Load, sent: Vec<Sent>, took: Duration) -> Outcome {
        let of = |fate: Fate| sent.iter().filter(|one| one.fate == fate).count();
        let (passed, blocked) = (of(Fate::Passed), of(Fate::Blocked));
        let (deferred, killed) = (of(Fate::Deferred), of(Fate::Killed));
        let documents = self.reserved(load.customers_in_all()).await;
        let (mails, texts) = self.stop().await;
        let texts = texts.requests().into_iter().filter_map(|text| number_in(&text.form("Body")?));
        let mails = mails.mails().into_iter().filter_map(|mail| number_in(&String::from_utf8_lossy(&mail.data)));
        let mut numbers: Vec<usize> = texts.chain(mails).collect();
        let arrived = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        let mut by_number: Vec<Option<&Sent>> = vec![None; load.decisions];
        for one in &sent {
            by_number[one.number] = Some(one);
        }
        let arrivals: Vec<Arrival> = numbers
            .iter()
            .filter_map(|number| by_number[*number])
            .map(|one| Arrival { customer: one.customer, after: one.after, before: one.before })
            .collect();
        assert_eq!(arrivals.len(), numbers.len(), "nothing arrives that nobody sent");
        let mut beyond = vec![0i64; load.customers_in_all()];
        arrivals.iter().for_each(|one| beyond[one.customer] += 1);
        documents.iter().for_each(|one| beyond[one.customer] -= 1);
        let unknown = beyond.into_iter().filter(|more| *more > 0).sum::<i64>() as usize;
        let scanned = |list: &[Arrival]| scan(list, load.window, cap_of);
        Outcome {
            passed,
            blocked,
            deferred,
            killed,
            took,
            sinks: scanned(&arrivals),
            documents: scanned(&documents),
            twice: arrived - numbers.len(),
            unknown_to_documents: unknown,
        }
    }

    /// Every send of every document.
    async fn reserved(&self, customers: usize) -> Vec<Arrival> {
        let store = &self.gates[0].0.gateway.store;
        let mut reserved = Vec::new();
        for customer in 0..customers {
            let key = store.key(BRAND, &mailbox(customer));
            let loaded = store.load(BRAND, &[key], &[]).await.unwrap().customers.remove(0);
            let sends = loaded.customer.sends.iter();
            reserved.extend(sends.map(|send| Arrival { customer, after: send.at, before: send.at }));
        }
        reserved
    }
}

/// The brand of `Home::settings`.
const BRAND: &str = "shop";

/// Five caps, one for each kind of person.
pub fn caps(window: SignedDuration) -> String {
    let rule = |cap: usize| {
        format!(
            "[[frequency_cap]]\nid = \"cap-{cap}\"\ncampaigns = [\"cap-{cap}\"]\nat_most = {cap}\n\
             within = \"{} ms\"\nthen = \"block\"\ntitle.en = \"Too many\"\ntitle.zh = \"过多\"\n",
            window.as_millis()
        )
    };
    (1..=5).map(rule).collect()
}

fn campaign(customer: usize) -> String {
    format!("cap-{}", cap_of(customer))
}

fn mailbox(customer: usize) -> Address {
    Address::email(&format!("guke{customer}@example.cn")).unwrap()
}

fn phone(customer: usize) -> Address {
    Address::phone(&format!("+861380{customer:07}"), None).unwrap()
}

async fn submit(carrier: &Carrier, number: usize, customer: usize, dice: &mut Dice) -> Sent {
    let text = format!("【某某商城】新品到店，欢迎光临 no-{number}-");
    let by_mail = dice.roll(2) == 0;
    let kill_after = (dice.roll(KILLED_ONE_IN) == 0).then(|| Duration::from_micros(dice.roll(3_000)));
    let carrier = carrier.clone();
    let after = Timestamp::now();
    let one = async move {
        if by_mail {
            let reply = mailed(&carrier, a_mail(customer, &campaign(customer), &text)).await;
            fate(reply.code, &[250], &[550])
        } else {
            let reply = texted(&carrier, a_text(customer, &campaign(customer), &text)).await;
            fate(reply.status.as_u16(), &[201], &[400])
        }
    };
    let fate = match kill_after {
        None => one.await,
        Some(alive) => tokio::time::timeout(alive, one).await.unwrap_or(Fate::Killed),
    };
    Sent { number, customer, after, before: Timestamp::now(), fate }
}

fn fate(code: u16, passed: &[u16], blocked: &[u16]) -> Fate {
    match code {
        code if passed.contains(&code) => Fate::Passed,
        code if blocked.contains(&code) => Fate::Blocked,
        451 | 503 => Fate::Deferred,
        other => panic!("an answer nobody expects: {other}"),
    }
}

/// The peer of every submission.
pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A mail to a person, as the SMTP door hands it in.
pub fn a_mail(customer: usize, campaign: &str, text: &str) -> MailSubmission {
    let to = format!("guke{customer}@example.cn");
    let data = format!(
        "From: Shop <news@shop.example>\r\nTo: {to}\r\nSubject: news\r\nTactgate-Campaign: {campaign}\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
    );
    MailSubmission {
        helo: "tool.example".to_owned(),
        envelope: MailEnvelope { sender: "news@shop.example".to_owned(), eight_bit: true, ..MailEnvelope::default() },
        recipients: vec![MailRecipient { address: to, ..MailRecipient::default() }],
        data: Bytes::from(data),
        ..MailSubmission::default()
    }
}

/// An SMS to a person, as Twilio's clients write it.
pub fn a_text(customer: usize, campaign: &str, text: &str) -> HttpRequest {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("To", phone(customer).canonical())
        .append_pair("From", "+15005550006")
        .append_pair("Body", text)
        .finish();
    let mut request = HttpRequest {
        method: http::Method::POST,
        path: "/2010-04-01/Accounts/AC1/Messages.json".to_owned(),
        body: Bytes::from(form),
        ..HttpRequest::default()
    };
    let field = |text: &str| http::HeaderValue::from_str(text).unwrap();
    request.headers.insert("content-type", field("application/x-www-form-urlencoded"));
    request.headers.insert("authorization", field("Basic QUMxOnRva2Vu"));
    request.headers.insert("tactgate-campaign", field(campaign));
    request
}

fn number_in(text: &str) -> Option<usize> {
    text.split_once("no-")?.1.split('-').next()?.parse().ok()
}

/// Carries a mail for a client that reads its reply.
pub(super) async fn mailed(carrier: &Carrier, mail: MailSubmission) -> SmtpReply {
    let (client, telling) = Client::waiting();
    let reply = carrier.mail(LOOPBACK, mail, client).await;
    telling.told();
    reply
}

/// Carries a text message for a client that reads its reply.
pub(super) async fn texted(carrier: &Carrier, request: HttpRequest) -> HttpReply {
    let (client, telling) = Client::waiting();
    let reply = carrier.request(LOOPBACK, "twilio", request, client).await;
    telling.told();
    reply
}
