//! One run: machines, providers, clients and the shop on turmoil's network, a clock turned by hand, and
//! the troubles of the plan, step by step until all is quiet.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tactgate::store::Modelled;

use super::clients;
use super::gateways::Machine;
use super::history::History;
use super::model::{self, Violation};
use super::plan::{CALM_SECONDS, END_SECONDS, Plan, TroubleKind};
use super::providers::Providers;
use super::way::{Broken, StoreWay};

/// One step of the network and of the clock.
const STEP_MS: u64 = 100;
/// How often the folder is looked at for what still waits.
const LOOK_EVERY_MS: u64 = 10_000;

/// A polite stop takes no longer.
const STOP_WITHIN_MS: u64 = 60_000;

/// What a run came to.
#[derive(Debug)]
pub struct Ended {
    /// The same for the same seed.
    pub fingerprint: u64,
    /// What the model found.
    pub violations: Vec<Violation>,
    /// The plan in a sentence.
    pub summary: String,
    /// What happened, line by line.
    pub trace: Vec<String>,
    /// Messages that reached a provider.
    pub taken: usize,
    /// What it met of [`MEETS`].
    pub met: Vec<&'static str>,
}

/// What the runs together must meet, or they prove little: words of their traces.
pub const MEETS: &[&str] = &[
    "is told Accepted",
    "is told Refused",
    "is told Later",
    "is told Unreached",
    "is told Nothing",
    "accepted, held until",
    "policy cap",
    "cap: Not now",
    "opted-out",
    "provider Take ",
    "provider Refuse",
    "provider PutOff",
    "provider TakeAndClose",
    "provider TakeAndSayHalf",
    "provider TakeAndSayLate",
    "provider Stall",
    "got a report",
    "Crash(",
    "Restart(",
    "CutFromProviders(",
    "SlowClients(",
    "StoreAway(",
    "Failover(",
    "does not start",
    "did not take an event",
];

/// Runs a seed.
pub fn run(seed: u64, broken: Broken) -> Ended {
    let plan = Plan::of(seed);
    let folder = folder();
    let history = History::new();
    let ended = World::new(&plan, folder.path(), &history, broken).turn();
    let mut violations = model::judge(&plan, &history, &ended.machines, &ended.store);
    if let Some(why) = ended.failed {
        violations.insert(0, Violation::new("no host fails", why));
    }
    let seen = history.seen();
    let (trace, taken) = (seen.lines.clone(), seen.taken.len());
    drop(seen);
    let met = |word: &&&str| trace.iter().any(|line| line.contains(**word));
    let met = MEETS.iter().filter(met).copied().collect();
    Ended { fingerprint: history.fingerprint(), violations, summary: plan.summary(), trace, taken, met }
}

/// In memory where the machine has such a folder: a run writes a few megabytes that nobody keeps, but for
/// whoever looks into a failure (`SIMULATION_KEEP=folder`).
fn folder() -> tempfile::TempDir {
    if let Some(kept) = std::env::var_os("SIMULATION_KEEP") {
        let mut folder = tempfile::tempdir_in(kept).unwrap();
        folder.disable_cleanup(true);
        return folder;
    }
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

struct World<'a> {
    plan: &'a Plan,
    history: &'a History,
    sim: turmoil::Sim<'static>,
    machines: Vec<Machine>,
    ways: Vec<Arc<StoreWay>>,
    store: Modelled,
    broken: Broken,
    linked: bool,
    /// Of each gateway: killed or told to stop, and when it is started again.
    down_until_ms: Vec<Option<u64>>,
}

struct Quiet {
    machines: Vec<Machine>,
    store: Modelled,
    failed: Option<String>,
}

impl<'a> World<'a> {
    fn new(plan: &'a Plan, folder: &Path, history: &'a History, broken: Broken) -> World<'a> {
        let mut sim = turmoil::Builder::new()
            .tick_duration(Duration::from_millis(STEP_MS))
            .simulation_duration(Duration::from_secs(END_SECONDS + 60))
            .min_message_latency(Duration::from_millis(1))
            .max_message_latency(Duration::from_millis(80))
            .tcp_capacity(1_024)
            .rng_seed(plan.seed)
            .build();
        let store = Modelled::default();
        let mut world = World {
            plan,
            history,
            machines: Vec::new(),
            ways: Vec::new(),
            store: store.clone(),
            broken,
            linked: false,
            down_until_ms: vec![None; plan.gateways],
            sim: {
                let providers = Providers::new(plan, history);
                sim.host("providers", move || providers.clone().run());
                sim
            },
        };
        for number in 0..plan.gateways {
            let way = Arc::new(StoreWay::new(plan, number, history, broken));
            let machine = Machine::new(plan, number, folder, history, store.by(way.clone()));
            let process = machine.clone();
            world.sim.host(format!("gateway-{number}"), move || process.clone().run());
            world.machines.push(machine);
            world.ways.push(way);
        }
        let (plan, history) = (plan.clone(), history.clone());
        world.sim.host("clients", move || clients::run(plan.clone(), history.clone()));
        world
    }

    /// Step by step, until all clients have their answers and nothing waits any more.
    fn turn(mut self) -> Quiet {
        let mut failed = None;
        loop {
            self.trouble();
            if let Err(error) = self.sim.step() {
                failed = Some(error.to_string());
                break;
            }
            self.history.clock().turn(SignedDuration::from_millis(STEP_MS as i64));
            let now = self.history.now_ms();
            let may_end = now > CALM_SECONDS * 1_000 && now.is_multiple_of(LOOK_EVERY_MS);
            let served = || self.history.seen().clients_waiting == 0;
            if now >= END_SECONDS * 1_000
                || (may_end
                    && served()
                    && self.down_until_ms.iter().all(Option::is_none)
                    && model::nothing_waits(self.plan, self.history, &self.machines, &self.store))
            {
                break;
            }
        }
        // A last polite stop, so that what waits to be settled is.
        self.machines.iter().for_each(Machine::stop);
        for _ in 0..(40_000 / STEP_MS) {
            if failed.is_none()
                && let Err(error) = self.sim.step()
            {
                failed = Some(error.to_string());
            }
            self.history.clock().turn(SignedDuration::from_millis(STEP_MS as i64));
        }
        Quiet { machines: self.machines, store: self.store, failed }
    }

    /// What begins or ends now.
    fn trouble(&mut self) {
        let now = self.history.now_ms();
        if !self.linked && self.history.seen().linked {
            self.linked = true;
            self.store.replicated();
        }
        let begins = |at: u64| (now..now + STEP_MS).contains(&at);
        for gateway in 0..self.plan.gateways {
            let stopped = self.machines[gateway].has_stopped() && self.down_until_ms[gateway].is_some();
            if stopped || self.down_until_ms[gateway].is_some_and(|until| until <= now) {
                self.down_until_ms[gateway] = None;
                self.history.say(format_args!("gateway {gateway} is started again"));
                self.sim.bounce(format!("gateway-{gateway}"));
            }
        }
        for trouble in self.plan.troubles.clone() {
            let (name, ends) = (|gateway: usize| format!("gateway-{gateway}"), begins(trouble.until_ms));
            if begins(trouble.from_ms) {
                self.history.say(format_args!("{:?} until {}", trouble.kind, trouble.until_ms));
            }
            match trouble.kind {
                TroubleKind::Crash(gateway) if begins(trouble.from_ms) && self.down_until_ms[gateway].is_none() => {
                    self.sim.crash(name(gateway));
                    self.history.seen().crashes += 1;
                    self.down_until_ms[gateway] = Some(trouble.until_ms);
                    if self.broken == Broken::HoldNotDurable {
                        self.machines[gateway].lose_holds();
                    }
                }
                TroubleKind::Restart(gateway) if begins(trouble.from_ms) && self.down_until_ms[gateway].is_none() => {
                    self.machines[gateway].stop();
                    // As a supervisor does: what has not stopped by then is killed.
                    self.down_until_ms[gateway] = Some(now + STOP_WITHIN_MS);
                }
                TroubleKind::CutFromProviders(gateway) if begins(trouble.from_ms) => {
                    self.sim.partition(name(gateway), "providers");
                }
                TroubleKind::CutFromProviders(gateway) if ends => self.sim.repair(name(gateway), "providers"),
                TroubleKind::SlowClients(gateway) if begins(trouble.from_ms) => self.sim.hold("clients", name(gateway)),
                TroubleKind::SlowClients(gateway) if ends => self.sim.release("clients", name(gateway)),
                TroubleKind::StoreAway(gateway) if begins(trouble.from_ms) => self.ways[gateway].set_cut(true),
                TroubleKind::StoreAway(gateway) if ends => self.ways[gateway].set_cut(false),
                // Before the shop has linked whom it knows there are no persons to promise anything to.
                TroubleKind::Failover(writes) if begins(trouble.from_ms) && self.linked => {
                    let gone_back = self.store.forget_last(writes);
                    let keys = gone_back.into_iter().map(|key| key.0);
                    self.history.seen().gone_back.extend(keys);
                }
                _ => {}
            }
        }
    }
}
