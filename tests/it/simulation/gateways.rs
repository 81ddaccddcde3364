//! The gateways: the library's own `serve`, in the run's surroundings. What a gateway keeps on disk stays
//! when it is killed; everything else goes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tactgate::command::serve::start_in;
use tactgate::config::{Config, Protocol};
use tactgate::gateway::surroundings::Surroundings;
use tactgate::store::Modelled;
use tokio::sync::Notify;
use turmoil::net::TcpListener;

use super::chance::Chance;
use super::history::History;
use super::network::{Listener, ToProviders};
use super::plan::Plan;
use super::providers::{API_PORT, MAIL_PORT};

/// Port of the SMTP door.
pub const SMTP_PORT: u16 = 2525;
/// Port of the HTTP door.
pub const HTTP_PORT: u16 = 8700;

/// One gateway's machine: what outlives its process.
#[derive(Clone)]
pub struct Machine {
    number: usize,
    seed: u64,
    folder: PathBuf,
    history: History,
    store: Modelled,
    chance: Chance,
    starts: Arc<AtomicU64>,
    stop: Arc<Notify>,
    stopped: Arc<AtomicBool>,
}

impl Machine {
    /// Its folder made, its policies written.
    pub fn new(plan: &Plan, number: usize, folder: &Path, history: &History, store: Modelled) -> Machine {
        let folder = folder.join(format!("gateway-{number}"));
        std::fs::create_dir_all(folder.join("policies")).unwrap();
        std::fs::write(folder.join("policies/rules.toml"), plan.policy()).unwrap();
        Machine {
            number,
            seed: plan.seed,
            folder,
            history: history.clone(),
            store,
            chance: Chance::of(plan.seed, &format!("disk of gateway {number}")),
            starts: Arc::default(),
            stop: Arc::default(),
            stopped: Arc::default(),
        }
    }

    /// Where its files are.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What a disk without `fsync` does when the power goes: the holds of the last while are gone.
    pub fn lose_holds(&self) {
        for name in ["hold.db", "hold.db-wal", "hold.db-shm"] {
            let _ = std::fs::remove_file(self.data().join(name));
        }
        let _ = std::fs::remove_file(self.data().join("hold.key"));
    }

    /// Tells the process to stop, politely.
    pub fn stop(&self) {
        self.stop.notify_one();
    }

    /// True between a polite stop and the next start.
    pub fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The process, from its start to its end.
    pub async fn run(self) -> turmoil::Result {
        self.stopped.store(false, Ordering::Relaxed);
        let start = self.starts.fetch_add(1, Ordering::Relaxed);
        let running = loop {
            let config = Config::from_text("tactgate.toml", &self.settings()).map_err(|e| e.to_string())?;
            let mut bound = Vec::new();
            for listener in &config.listeners {
                let port = if listener.protocol == Protocol::Smtp { SMTP_PORT } else { HTTP_PORT };
                bound.push((listener.clone(), Listener(TcpListener::bind(("0.0.0.0", port)).await?)));
            }
            match start_in(self.surroundings(start), config, bound).await {
                Ok(running) => break running,
                Err(error) => {
                    // As a supervisor would: again in a second.
                    self.history.say(format_args!("gateway {} does not start: {error:#}", self.number));
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        };
        self.history.say(format_args!("gateway {} serves", self.number));
        self.stop.notified().await;
        self.history.say(format_args!("gateway {} stops", self.number));
        running.stop().await;
        self.stopped.store(true, Ordering::Relaxed);
        self.history.say(format_args!("gateway {} has stopped", self.number));
        std::future::pending().await
    }

    fn surroundings(&self, start: u64) -> Surroundings {
        let mut secret = [0; 32];
        for (place, value) in [(0, self.seed), (8, self.number as u64), (16, start)] {
            secret[place..place + 8].copy_from_slice(&value.to_be_bytes());
        }
        let chance = self.chance.clone();
        Surroundings {
            clock: self.history.clock(),
            store: Some(self.store.clone()),
            dial: Some(Arc::new(ToProviders)),
            ids: Some(secret),
            // Mostly quick, now and then long enough for a kill to fall between two steps.
            pause: Some(Arc::new(move || match chance.permille(100) {
                true => chance.millis(1, 200),
                false => Duration::from_millis(1),
            })),
        }
    }

    fn settings(&self) -> String {
        let timeouts = "timeouts = { connect_ms = 2000, command_ms = 5000, reply_ms = 8000, idle_ms = 20000 }";
        format!(
            r#"
[[listener]]
protocol = "smtp"
address  = "0.0.0.0:{SMTP_PORT}"
networks = ["192.168.0.0/16"]
hostname = "gateway-{number}.example"

[[listener]]
protocol = "http"
address  = "0.0.0.0:{HTTP_PORT}"
networks = ["192.168.0.0/16"]

[[brand]]
name   = "shop"
zone   = "Asia/Shanghai"
region = "CN"

[[stream]]
name    = "news"
brand   = "shop"
purpose = "promotion"

[[stream]]
name    = "codes"
brand   = "shop"
purpose = "one-time-code"
class   = "must-send"
credentials = [{{ bearer_sha256 = "3092f73cb36b83d1f176bf21b9d01787a797b90e63bfa42476910efce6741a1f" }}]

[[route]]
name     = "mails"
provider = "relay"
upstream = "smtp://127.0.0.1:{MAIL_PORT}"
tls      = "off"
stream   = "news"
{timeouts}

[[route]]
name     = "grid"
provider = "sendgrid"
upstream = "http://127.0.0.1:{API_PORT}"
stream   = "news"
{timeouts}

[[route]]
name     = "codes"
provider = "sendgrid"
upstream = "http://127.0.0.1:{API_PORT}"
stream   = "codes"
{timeouts}

[[route]]
name     = "texts"
provider = "twilio"
upstream = "http://127.0.0.1:{API_PORT}"
stream   = "news"
{timeouts}

[store]
dir = {data:?}

[policies]
dir = {policies:?}

[events]
tokens = [{{ name = "sim", sha256 = "ca490de0949ecd29602b9f5acab7e96376771f05a85453340b4b85af684e51f5", brand = "shop" }}]
"#,
            number = self.number,
            data = self.data(),
            policies = self.folder.join("policies"),
        )
    }
}
