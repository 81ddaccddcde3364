//! What a seed says will happen: who sends what to whom and when, what breaks, and the rules in force.

use super::chance::Chance;

/// The run begins a minute before eight in the morning in Shanghai, where the customers live: who writes
/// an SMS then is held until eight.
pub const EPOCH: &str = "2026-11-21T23:59:00Z";
/// Eight o'clock.
pub const RELEASE_MS: u64 = 60_000;
/// From then on nothing breaks any more, and everything must come to an end.
pub const CALM_SECONDS: u64 = 100;
/// By then it must have.
pub const END_SECONDS: u64 = 1_500;

/// A person with a mailbox and a phone.
#[derive(Debug, Clone)]
pub struct Person {
    pub mailbox: String,
    pub phone: String,
    /// The shop has said that both are one person's, before anything is sent.
    pub linked: bool,
}

/// How a message is handed to a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Smtp,
    SendGrid,
    Twilio,
    /// A one-time code by SendGrid: must-send.
    Code,
}

/// One message of a client, which it tries to hand over until it has a final answer.
#[derive(Debug, Clone)]
pub struct Submission {
    pub reference: u32,
    pub at_ms: u64,
    pub door: Door,
    /// Numbers of persons; more than one only by SMTP.
    pub to: Vec<usize>,
    /// How long the client waits for an answer.
    pub patience_ms: u64,
    pub gateway: usize,
}

/// What goes wrong, between `from_ms` and `until_ms`.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub from_ms: u64,
    pub until_ms: u64,
    pub kind: TroubleKind,
}

#[derive(Debug, Clone)]
pub enum TroubleKind {
    /// Killed, and started again at the end.
    Crash(usize),
    /// Told to stop, and started again when it has.
    Restart(usize),
    /// Nothing passes between a gateway and the providers.
    CutFromProviders(usize),
    /// What is between the clients and a gateway waits.
    SlowClients(usize),
    /// A gateway does not reach the store.
    StoreAway(usize),
    /// The store forgets its last writes.
    Failover(usize),
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub gateways: usize,
    pub people: Vec<Person>,
    pub submissions: Vec<Submission>,
    /// (when, address's person, by mailbox else by phone)
    pub opt_outs: Vec<(u64, usize, bool)>,
    pub troubles: Vec<Trouble>,
    pub at_most: u64,
    pub within_minutes: u64,
    pub cap_delays: bool,
    /// Operations in a thousand on the way to the store that go wrong.
    pub store_faults: u64,
    /// Messages in a thousand that a provider treats badly.
    pub provider_faults: u64,
}

impl Plan {
    /// Everything from one number.
    pub fn of(seed: u64) -> Plan {
        let chance = Chance::of(seed, "plan");
        let gateways = chance.between(2, 4) as usize;
        let person = |number: u64| Person {
            mailbox: format!("p{number}@example.cn"),
            phone: format!("+86138001380{:02}", number + 10),
            linked: chance.permille(600),
        };
        let people: Vec<Person> = (0..chance.between(2, 6)).map(person).collect();
        let someone = || chance.between(0, people.len() as u64) as usize;
        let mut submissions: Vec<Submission> = (0..chance.between(15, 45))
            .map(|number| {
                let door = match chance.between(0, 10) {
                    0..4 => Door::Smtp,
                    4..6 => Door::SendGrid,
                    6..9 => Door::Twilio,
                    _ => Door::Code,
                };
                let mut to = vec![someone()];
                if door == Door::Smtp && chance.permille(250) {
                    to.extend([someone(), someone()]);
                    to.sort_unstable();
                    to.dedup();
                }
                Submission {
                    reference: 1_000 + number as u32,
                    at_ms: chance.between(4_000, 90_000),
                    door,
                    to,
                    patience_ms: if chance.permille(200) { chance.between(500, 5_000) } else { 30_000 },
                    gateway: chance.between(0, gateways as u64) as usize,
                }
            })
            .collect();
        // A burst to one person by several doors at once: where counting is hardest.
        if chance.permille(500) {
            let (whom, at) = (someone(), chance.between(4_000, 80_000));
            for one in submissions.iter_mut().take(8).filter(|one| one.door != Door::Code) {
                (one.at_ms, one.to) = (at + chance.between(0, 200), vec![whom]);
            }
        }
        submissions.sort_by_key(|one| (one.at_ms, one.reference));
        let opt_outs = (0..chance.between(0, 3))
            .map(|_| (chance.between(4_000, 90_000), someone(), chance.permille(500)))
            .collect();
        let quiet = chance.permille(150);
        let troubles = match quiet {
            true => Vec::new(),
            false => (0..chance.between(1, 7)).map(|_| trouble(&chance, gateways, &submissions)).collect(),
        };
        Plan {
            seed,
            gateways,
            people,
            submissions,
            opt_outs,
            troubles,
            at_most: chance.between(1, 4),
            within_minutes: chance.between(1, 4),
            cap_delays: chance.permille(500),
            store_faults: if quiet { 0 } else { chance.pick(&[0, 10, 40, 100]) },
            provider_faults: if quiet { 0 } else { chance.pick(&[0, 100, 300, 500]) },
        }
    }

    /// The rules of this run.
    pub fn policy(&self) -> String {
        let then = match self.cap_delays {
            true => "{ delay = { at_most = \"3 minutes\" } }",
            false => "\"block\"",
        };
        format!(
            r#"
[[frequency_cap]]
id       = "cap"
at_most  = {}
within   = "{} minutes"
then     = {then}
on_store_down = "delay"
{TEXTS}

[[suppression]]
id       = "opted-out"
on_store_down = "delay"
{TEXTS}

[[quiet_hours]]
id       = "night"
channels = ["sms"]
purposes = ["promotion"]
from     = "21:00"
until    = "08:00"
then     = {{ delay = {{ at_most = "1 day" }} }}
{TEXTS}
"#,
            self.at_most, self.within_minutes
        )
    }

    /// In one sentence, for whoever looks at a failure.
    pub fn summary(&self) -> String {
        format!(
            "{} gateways, {} people, {} messages, cap {} within {} min ({}), {} opt-outs, troubles {:?}, store faults {}‰, provider faults {}‰",
            self.gateways,
            self.people.len(),
            self.submissions.len(),
            self.at_most,
            self.within_minutes,
            if self.cap_delays { "delays" } else { "blocks" },
            self.opt_outs.len(),
            self.troubles.iter().map(|t| format!("{:?} {}..{}", t.kind, t.from_ms, t.until_ms)).collect::<Vec<_>>(),
            self.store_faults,
            self.provider_faults,
        )
    }
}

const TEXTS: &str =
    "title.en = \"Not now\"\ntitle.zh = \"暂不发送\"\nreason.en = \"not now\"\nreason.zh = \"暂不发送\"";

fn trouble(chance: &Chance, gateways: usize, submissions: &[Submission]) -> Trouble {
    let mut gateway = chance.between(0, gateways as u64) as usize;
    let from_ms = match chance.between(0, 10) {
        // In the middle of something: while a message is being carried, ..
        0..6 => {
            let carried = &submissions[chance.between(0, submissions.len() as u64) as usize];
            gateway = carried.gateway;
            carried.at_ms + chance.between(100, 3_000)
        }
        // .. or when many holds come due at once.
        6 => RELEASE_MS + chance.between(100, 3_000),
        _ => chance.between(5_000, 90_000),
    };
    let kind = match chance.between(0, 10) {
        0..4 => TroubleKind::Crash(gateway),
        4 => TroubleKind::Restart(gateway),
        5 => TroubleKind::CutFromProviders(gateway),
        6 => TroubleKind::SlowClients(gateway),
        7 | 8 => TroubleKind::StoreAway(gateway),
        _ => TroubleKind::Failover(chance.between(1, 6) as usize),
    };
    let until_ms = (from_ms + chance.between(200, 20_000)).min(CALM_SECONDS * 1_000);
    Trouble { from_ms, until_ms, kind }
}
