//! The gateways that serve from one store: each announces itself and counts those that do, so that
//! nothing that belongs to all of them (a route's rate) is kept by each alone, and so that what one
//! held is released by another when it is gone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Gateway;
use crate::hold::{HoldKey, copy};
use crate::store::{DUE_LIST_MAX, Store};

/// Announcements while a gateway would be taken for gone.
const BEATS_A_LEASE: u32 = 5;
/// How often what the store must be told of holds is looked for.
const LOOK: Duration = Duration::from_secs(1);
/// A gateway that has been gone for so many leases and left nothing is forgotten.
const FORGOTTEN_AFTER: u32 = 20;

/// This gateway among the others.
#[derive(Debug)]
pub struct Fleet {
    /// What this gateway is called in the store; the same after a restart.
    pub id: String,
    /// What the copies of holds are sealed with.
    pub key: HoldKey,
    /// Silent for so long is gone.
    lease: Duration,
    /// This process.
    born: String,
    beats: AtomicU64,
    listed: AtomicU64,
    seen: Mutex<Observed>,
}

#[derive(Debug, Default)]
struct Observed {
    gateways: BTreeMap<String, Seen>,
    /// When the roll was last called: silence is told from then, not from now.
    last: Option<Instant>,
}

#[derive(Debug, Clone)]
struct Seen {
    word: Option<String>,
    since: Instant,
}

/// Who is there.
#[derive(Debug, Default, PartialEq, Eq)]
struct Roll {
    /// Gateways that serve, this one among them.
    live: u32,
    /// Those that do no more; true when for so long that they can be forgotten.
    gone: Vec<(String, bool)>,
}

impl Fleet {
    /// A gateway of this name on this store.
    pub fn open(id: String, born: String, store: &Store, lease: Duration) -> anyhow::Result<Fleet> {
        let key = HoldKey::shared(&store.derived_key(copy::KEY_PURPOSE))?;
        Ok(Fleet { id, key, lease, born, beats: AtomicU64::new(0), listed: AtomicU64::new(0), seen: Mutex::default() })
    }

    /// The due list that the next hold is entered in.
    pub fn next_list(&self) -> String {
        let number = self.listed.fetch_add(1, Ordering::Relaxed) / DUE_LIST_MAX as u64;
        format!("{}-{number}", self.born)
    }

    /// The due list that is being filled.
    pub fn list_in_use(&self) -> String {
        format!("{}-{}", self.born, self.listed.load(Ordering::Relaxed) / DUE_LIST_MAX as u64)
    }

    fn word(&self) -> String {
        format!("{}-{}", self.born, self.beats.fetch_add(1, Ordering::Relaxed))
    }

    /// Who is there, by what was announced. One seen for the first time may be live.
    fn call_the_roll(&self, announced: BTreeMap<String, Option<String>>, now: Instant) -> Roll {
        let mut observed = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = observed.last.replace(now);
        let seen = &mut observed.gateways;
        seen.retain(|gateway, _| announced.contains_key(gateway));
        if before.is_some_and(|before| now.saturating_duration_since(before) >= self.lease) {
            // Whoever was asleep, or could not ask, has heard nobody keep silent: all begin anew.
            seen.values_mut().for_each(|seen| seen.since = now);
        }
        let mut roll = Roll::default();
        for (gateway, word) in announced {
            let known = seen.entry(gateway.clone()).or_insert_with(|| Seen { word: word.clone(), since: now });
            if known.word != word {
                *known = Seen { word, since: now };
            }
            let silent = now.saturating_duration_since(known.since);
            match gateway == self.id || silent < self.lease {
                true => roll.live += 1,
                false => roll.gone.push((gateway, silent >= self.lease * FORGOTTEN_AFTER)),
            }
        }
        roll.live = roll.live.max(1);
        roll
    }

    /// Those that were gone when last looked for.
    fn gone(&self) -> Vec<(String, bool)> {
        let observed = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let silent =
            |seen: &Seen| observed.last.map_or(Duration::ZERO, |last| last.saturating_duration_since(seen.since));
        let gone =
            observed.gateways.iter().filter(|(gateway, seen)| **gateway != self.id && silent(seen) >= self.lease);
        gone.map(|(gateway, seen)| (gateway.clone(), silent(seen) >= self.lease * FORGOTTEN_AFTER)).collect()
    }
}

impl Gateway {
    /// Announces this gateway and counts the others; a route's rate is shared among them. While the
    /// store is silent the last count stands.
    pub async fn meet_fleet(&self) {
        if !self.store.is_shared() {
            return;
        }
        let seconds = u32::try_from(self.fleet.lease.as_secs()).unwrap_or(u32::MAX).saturating_mul(FORGOTTEN_AFTER);
        let announced = async {
            self.store.announce(&self.fleet.id, &self.fleet.word(), seconds).await?;
            self.store.announced().await
        };
        match announced.await {
            Ok(announced) => {
                let roll = self.fleet.call_the_roll(announced, Instant::now());
                for pace in self.routes.values().filter_map(|route| route.pace.as_ref()) {
                    pace.share(roll.live);
                }
            }
            Err(error) => tracing::debug!(%error, "the other gateways could not be looked for"),
        }
    }

    /// Announces this gateway and looks after the copies of holds, its own and those of gateways that
    /// are gone, until `stop` resolves.
    pub async fn keep_in_fleet(self: Arc<Gateway>, stop: impl Future<Output = ()> + Send) {
        if !self.store.is_shared() {
            return;
        }
        let announcing = async {
            loop {
                tokio::time::sleep((self.fleet.lease / BEATS_A_LEASE).max(Duration::from_millis(100))).await;
                self.meet_fleet().await;
            }
        };
        let looking = async {
            let mut looked_after_own: Option<Instant> = None;
            loop {
                self.tell_store_of_holds().await;
                if looked_after_own.is_none_or(|at| at.elapsed() >= self.fleet.lease) {
                    self.take_in_own().await;
                    looked_after_own = Some(Instant::now());
                }
                for (gateway, forget) in self.fleet.gone() {
                    self.take_over_from(&gateway, forget).await;
                }
                tokio::time::sleep(LOOK.min(self.fleet.lease / BEATS_A_LEASE)).await;
            }
        };
        tokio::select! {
            // In this order, so that a simulation's runs are alike.
            biased;
            () = stop => {}
            () = announcing => {}
            () = looking => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::facts::Keep;
    use crate::record::ids::Ids;
    use crate::store::Modelled;

    async fn fleet(id: &str) -> Fleet {
        let store = Store::modelled(Modelled::default(), Keep::default(), Timestamp::UNIX_EPOCH).await.unwrap();
        Fleet::open(id.to_owned(), Ids::new().unwrap().word(), &store, Duration::from_secs(30)).unwrap()
    }

    #[tokio::test]
    async fn a_gateway_that_starts_again_fills_lists_of_its_own() {
        let (first, again) = (fleet("g-1").await, fleet("g-1").await);
        assert_eq!(first.id, again.id);
        assert_ne!(first.next_list(), again.next_list());
    }

    #[tokio::test]
    async fn whoever_says_nothing_new_for_a_lease_is_gone_whatever_its_clock_shows() {
        let fleet = fleet("g-1").await;
        let says = |word: &str| {
            let announced = [(fleet.id.clone(), Some("own".to_owned())), ("g-2".to_owned(), Some(word.to_owned()))];
            announced.into_iter().collect::<BTreeMap<_, _>>()
        };
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(fleet.call_the_roll(says("1"), at(0)).live, 2, "seen for the first time: it may be live");
        assert_eq!(fleet.call_the_roll(says("2"), at(20)).live, 2);
        assert_eq!(fleet.call_the_roll(says("2"), at(49)).live, 2, "29 seconds without a new word");
        let gone = |forgotten| Roll { live: 1, gone: vec![("g-2".to_owned(), forgotten)] };
        assert_eq!(fleet.call_the_roll(says("2"), at(50)), gone(false));
        for tick in 3..=30 {
            fleet.call_the_roll(says("2"), at(20 * tick));
        }
        assert_eq!(fleet.call_the_roll(says("2"), at(20 + 30 * 20)), gone(true));
        assert_eq!(fleet.call_the_roll(says("3"), at(640)).live, 2, "back again");
    }

    #[tokio::test]
    async fn whoever_was_asleep_takes_nobody_for_gone() {
        let fleet = fleet("g-1").await;
        let others = |word: &str| BTreeMap::from([("g-2".to_owned(), Some(word.to_owned()))]);
        let long_ago = Instant::now();
        let at = |seconds| long_ago + Duration::from_secs(seconds);
        fleet.call_the_roll(others("1"), at(0));
        assert_eq!(fleet.gone(), [], "what was heard since is not known yet");
        assert_eq!(fleet.call_the_roll(others("1"), at(900)).gone, [], "perhaps it slept, too");
        assert_eq!(fleet.call_the_roll(others("1"), at(929)).gone, []);
        assert_eq!(fleet.call_the_roll(others("1"), at(930)).gone.len(), 1);
        assert_eq!(fleet.gone().len(), 1);
    }
}
