//! Who this gateway is, kept in `gateway.json` of its data folder: a random number drawn once, how often
//! it was started, and what it knew when it last wrote. A reservation carries [`Identity::owner`], so
//! that after a crash its own journal can say what became of it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is kept from run to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Drawn once; the upper three bytes of the owner.
    pub gateway: u32,
    /// When it was drawn.
    pub since: Timestamp,
    /// Starts so far; the last byte of the owner.
    pub runs: u64,
    /// The kernel's boot: when it is another one, the last second's lines may be missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// Everything forwarded before this is settled in the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_until: Option<Timestamp>,
    /// The store's canary as it was last acknowledged, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_us: Option<i64>,
    /// Since when the store knows what was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed: Option<Timestamp>,
    /// When the store was last found to have lost writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_at: Option<Timestamp>,
}

/// This gateway, in this run.
#[derive(Debug)]
pub struct Identity {
    path: PathBuf,
    kept: Mutex<Kept>,
    /// As it stood before this run.
    pub before: Kept,
    /// True when the kernel has not been started anew since.
    pub same_boot: bool,
}

/// Bits of an owner that count the run.
const RUN_BITS: u32 = 8;

impl Identity {
    /// Reads or makes the file, and counts this run. Called while the folder's lock is held.
    pub fn open(folder: &Path, now: Timestamp, number: u32) -> anyhow::Result<Identity> {
        let path = folder.join("gateway.json");
        let before = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).with_context(|| {
                format!("{} cannot be read; without it what is under way counts as sent: remove it", path.display())
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Kept::new(now, number),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|id| id.trim().to_owned());
        let same_boot = boot.is_some() && boot == before.boot;
        let kept = Kept { runs: before.runs.wrapping_add(1), boot, ..before.clone() };
        write(&path, &kept).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Identity { path, kept: Mutex::new(kept), before, same_boot })
    }

    /// What this gateway is called in the store; the same after a restart.
    pub fn name(&self) -> String {
        format!("g-{:08x}", self.kept().gateway)
    }

    /// What stands in the reservations of this run.
    pub fn owner(&self) -> u32 {
        let kept = self.kept();
        (kept.gateway << RUN_BITS) | u32::try_from(kept.runs & 0xff).unwrap_or(0)
    }

    /// True for the owner of an earlier run of this gateway. One of exactly 256 runs ago is taken for
    /// this run's and waits for its lease.
    pub fn is_earlier_run(&self, owner: u32) -> bool {
        let own = self.owner();
        owner != own && owner >> RUN_BITS == own >> RUN_BITS
    }

    /// The gateway's own name among gateways.
    pub fn gateway(&self) -> u32 {
        self.kept().gateway & (u32::MAX >> RUN_BITS)
    }

    /// What is kept now.
    pub fn kept(&self) -> Kept {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another gateway goes by the same number (its folder is a copy of this one's): this one takes a new
    /// one. What it reserved under the old one counts as sent when its lease runs out. Blocking.
    pub fn rename(&self, now: Timestamp, number: u32) -> std::io::Result<()> {
        let fresh = Kept::new(now, number);
        self.keep(|kept| {
            *kept = Kept { runs: 1, boot: kept.boot.take(), settled_until: kept.settled_until, ..fresh };
        })
    }

    /// Changes what is kept, on disk when it returns. Blocking.
    pub fn keep(&self, change: impl FnOnce(&mut Kept)) -> std::io::Result<()> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let before = kept.clone();
        change(&mut kept);
        if *kept == before { Ok(()) } else { write(&self.path, &kept) }
    }
}

impl Kept {
    fn new(now: Timestamp, number: u32) -> Kept {
        Kept {
            gateway: number >> RUN_BITS,
            since: now,
            runs: 0,
            boot: None,
            settled_until: None,
            canary_us: None,
            installed: None,
            lost_at: None,
        }
    }
}

/// Whole or not at all: beside it, to disk, then renamed, and the folder to disk.
fn write(path: &Path, kept: &Kept) -> std::io::Result<()> {
    let beside = path.with_extension("json.part");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(&serde_json::to_vec(kept).map_err(std::io::Error::other)?)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    match path.parent() {
        Some(folder) => std::fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_knows_its_earlier_runs_and_no_other_gateways() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = Identity::open(one.path(), Timestamp::UNIX_EPOCH, 0x1234_5678).unwrap();
        first.keep(|kept| kept.canary_us = Some(7)).unwrap();
        let second = Identity::open(one.path(), Timestamp::UNIX_EPOCH, 0x1234_5678).unwrap();
        assert_eq!((second.before.canary_us, second.before.runs, second.same_boot), (Some(7), 1, true));
        assert!(second.is_earlier_run(first.owner()) && !second.is_earlier_run(second.owner()));
        let before = second.owner();
        second.rename(Timestamp::UNIX_EPOCH, 0x0bad_cafe).unwrap();
        assert!(second.owner() != before && !second.is_earlier_run(before), "a copy is somebody else");
        assert!(
            !second.is_earlier_run(Identity::open(other.path(), Timestamp::UNIX_EPOCH, 0x8765_4321).unwrap().owner())
        );
        std::fs::write(one.path().join("gateway.json"), "{").unwrap();
        assert!(Identity::open(one.path(), Timestamp::UNIX_EPOCH, 0x1234_5678).is_err(), "never a new name by mistake");
    }
}
