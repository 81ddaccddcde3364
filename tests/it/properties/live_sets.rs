//! Policies change a hundred times a second while decisions are made: each decision was made by exactly
//! one set, the one its record names. A file that is still being written is nobody's set, and a gateway
//! killed in the middle of a reload starts again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tactgate::clock::Clock;
use tactgate::config::{Judged, Live, PolicyFolder, PolicySettings};
use tokio_util::sync::CancellationToken;

use super::arena::{Arena, a_text, texted};
use super::dice::Dice;
use crate::gateway::child::{Gate, Home, until};
use crate::gateway::tools::get;

/// Sets that take turns: set `k` stops the messages of campaign `c-k`, and no other.
const SETS: usize = 5;

fn set(k: usize) -> String {
    // Long and short ones: files of several lengths are swapped.
    let padding = format!("# {}\n", "垫".repeat(k * 200));
    format!(
        "{padding}[[quiet_hours]]\nid = \"set-{k}\"\ncampaigns = [\"c-{k}\"]\nfrom = 0\nuntil = 24\n\
         days = [\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \"friday\", \"saturday\", \"sunday\"]\n\
         zone = \"UTC\"\nthen = \"block\"\ntitle.en = \"Not now\"\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_decision_is_explained_by_the_set_it_names() {
    let arena = Arena::on_files(&set(0)).await;
    let gateway = Arc::clone(&arena.carrier(0).gateway);
    let folder = arena.home(0).path("policies/own.toml");
    let stop = Arc::new(AtomicBool::new(false));
    // Which set a hash is, by the same reading the gateway does.
    let named = |k: usize| {
        let files = vec![("policies/own.toml".to_owned(), set(k))];
        (PolicyFolder::of(files).hash, k)
    };
    let names: BTreeMap<String, usize> = (0..SETS).map(named).collect();
    let turning = std::thread::spawn({
        let (stop, gateway) = (Arc::clone(&stop), Arc::clone(&gateway));
        move || {
            let mut turns = 0;
            while !stop.load(Ordering::SeqCst) {
                turns += 1;
                let beside = folder.with_extension("part");
                std::fs::write(&beside, set(turns % SETS)).unwrap();
                std::fs::rename(&beside, &folder).unwrap();
                assert!(gateway.policies.reload() || gateway.policies.status().error.is_none());
                // A hundred times a second.
                std::thread::sleep(Duration::from_millis(7));
            }
            turns
        }
    });
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..8u64 {
        let carrier = arena.carrier(0);
        workers.spawn(async move {
            let mut dice = Dice(worker + 1);
            for n in 0..60 {
                let campaign = format!("c-{}", dice.roll(SETS as u64));
                let text = a_text((worker * 1_000 + n) as usize, &campaign, "【某某商城】新品到店，欢迎光临");
                let reply = texted(&carrier, text).await;
                assert!([201, 400].contains(&reply.status.as_u16()), "{}", reply.status);
            }
        });
    }
    workers.join_all().await;
    stop.store(true, Ordering::SeqCst);
    let turns = turning.join().unwrap();
    drop(gateway);
    let decisions = arena.home(0).path("data/decisions");
    let home = arena.stop_and_keep().await;
    let (mut explained, mut used) = (0, BTreeSet::new());
    for day in std::fs::read_dir(&decisions).unwrap() {
        for line in std::fs::read_to_string(day.unwrap().path()).unwrap().lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            if line["line"] != "decision" {
                continue;
            }
            let k = names[line["policy"].as_str().unwrap()];
            let stopped = line["campaign"] == format!("c-{k}");
            assert_eq!(line["verdict"] == "block", stopped, "{line}");
            let rules: Vec<&str> =
                line["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect();
            assert_eq!(rules, if stopped { vec![format!("set-{k}")] } else { Vec::new() }, "{line}");
            used.insert(k);
            explained += 1;
        }
    }
    drop(home);
    assert_eq!(explained, 8 * 60);
    assert!(used.len() == SETS && turns > 20, "{turns} turns, {used:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_still_being_written_is_not_a_set() {
    let dir = tempfile::tempdir().unwrap();
    let data = tempfile::tempdir().unwrap();
    let file = dir.path().join("own.toml");
    // Cut anywhere between its rules, the new file is a set without a fault: it only protects less.
    let rules = |names: &[&str]| -> String {
        let rule = |name: &&str| format!("[[suppression]]\nid = \"{name}\"\ntitle.en = \"t\"\n");
        names.iter().map(rule).collect()
    };
    let (old, new) = (rules(&["a", "b"]), rules(&["c", "d", "e"]));
    std::fs::write(&file, &old).unwrap();
    let settings = PolicySettings { dir: dir.path().to_owned(), poll_seconds: 1, ..PolicySettings::default() };
    let judge = |folder: &PolicyFolder| {
        let set = tactgate::policy::PolicySet::load(&folder.files, &tactgate::policy::Limits::default());
        match set {
            Ok(set) => Judged::Accepted(set.rules.iter().map(|rule| rule.head().id.to_owned()).collect::<Vec<_>>()),
            Err(errors) => Judged::Refused(format!("{errors:?}")),
        }
    };
    let live = Arc::new(Live::start(&settings, data.path(), Clock::Wall, judge).unwrap());
    let stop = CancellationToken::new();
    let watching = tokio::spawn(Arc::clone(&live).watch(stop.clone()));
    let seen = Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let looking = tokio::spawn({
        let (live, seen) = (Arc::clone(&live), Arc::clone(&seen));
        async move {
            loop {
                seen.lock().unwrap().insert(live.current().to_vec());
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut slow = std::fs::File::create(&file).unwrap();
    for byte in new.as_bytes() {
        std::io::Write::write_all(&mut slow, &[*byte]).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(slow);
    let patience = Instant::now() + Duration::from_secs(20);
    while live.current().len() != 3 {
        assert!(Instant::now() < patience, "{:?} {:?}", live.current(), live.status());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    looking.abort();
    stop.cancel();
    watching.await.unwrap();
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut seen = seen.lock().unwrap().clone();
    seen.insert(live.current().to_vec());
    assert_eq!(seen, BTreeSet::from([of(&["a", "b"]), of(&["c", "d", "e"])]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_a_reload_it_starts_again() {
    let home = Home::with_policy(&set(0));
    home.settings("");
    let mut dice = Dice(Instant::now().elapsed().as_nanos() as u64 + 5);
    let mut last = 0;
    for _ in 0..6 {
        let gate = Gate::start(&home);
        let ready = get(gate.admin, "/readyz").await.json();
        assert!(ready["policies"]["error"].is_null(), "{ready}");
        let files = vec![("policies/own.toml".to_owned(), set(last))];
        assert_eq!(ready["policies"]["hash"], PolicyFolder::of(files).hash, "what stands in the folder is in use");
        // Changes, and the end somewhere among the reloads they cause.
        for _ in 0..6 {
            last = (last + 1) % SETS;
            home.write("policies/own.toml", &set(last));
            tokio::time::sleep(Duration::from_millis(dice.roll(90))).await;
        }
        gate.kill();
    }
    let gate = Gate::start(&home);
    until("the last set", async || {
        let policies = get(gate.admin, "/readyz").await.json()["policies"].clone();
        policies["error"].is_null().then_some(())
    })
    .await;
}
