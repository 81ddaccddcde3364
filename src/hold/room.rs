//! Keeps some of the disk free: a hold is refused while it can still be refused, so that what was taken
//! before can be released, recorded and settled (KumoMTA and Postfix keep a reserve for the same reason).
//! Asked anew for every hold, so that room that comes back is used at once.

use std::path::{Path, PathBuf};

use super::HoldError;

/// Never asks for more than this of a disk by share alone.
const SHARE_BYTES_MAX: u64 = 1 << 30;

/// How much of the disk stays free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserve {
    /// Bytes; `None` = a tenth of the disk, at most 1 GiB, at least `bytes_min`.
    pub free_bytes_min: Option<u64>,
    /// What is asked for where nothing was configured and a tenth is less: one and a half times the
    /// largest message.
    pub bytes_min: u64,
}

impl Reserve {
    /// No reserve.
    pub const NONE: Reserve = Reserve { free_bytes_min: Some(0), bytes_min: 0 };

    fn wanted(&self, disk_bytes: u64) -> u64 {
        self.free_bytes_min.unwrap_or_else(|| (disk_bytes / 10).min(SHARE_BYTES_MAX).max(self.bytes_min))
    }

    /// Fails when `bytes` more on a disk with so many free leave less than the reserve.
    fn spared(&self, free: u64, disk_bytes: u64, bytes: u64) -> Result<(), HoldError> {
        let reserve = self.wanted(disk_bytes);
        if free.saturating_sub(bytes) < reserve { Err(HoldError::Reserve { free, reserve }) } else { Ok(()) }
    }
}

/// The disk under a file, and the reserve on it.
#[derive(Debug, Clone)]
pub struct Room {
    folder: PathBuf,
    reserve: Reserve,
}

impl Room {
    /// Of the disk that a file stands on.
    pub fn under(file: &Path, reserve: Reserve) -> Room {
        Room { folder: file.parent().unwrap_or(Path::new(".")).to_owned(), reserve }
    }

    /// Fails when `bytes` more would leave less than the reserve.
    pub fn for_bytes(&self, bytes: u64) -> Result<(), HoldError> {
        if self.reserve == Reserve::NONE {
            return Ok(());
        }
        let (free, all) = self.measured()?;
        self.reserve.spared(free, all, bytes)
    }

    #[cfg(unix)]
    fn measured(&self) -> Result<(u64, u64), HoldError> {
        let disk = rustix::fs::statvfs(&self.folder).map_err(|e| HoldError::File(format!("the disk's room: {e}")))?;
        Ok((disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize)))
    }

    #[cfg(not(unix))]
    fn measured(&self) -> Result<(u64, u64), HoldError> {
        Ok((u64::MAX, u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_but_no_more_than_a_gigabyte_and_no_less_than_a_message_and_a_half() {
        let reserve = Reserve { free_bytes_min: None, bytes_min: 150 };
        assert_eq!(reserve.wanted(1_000), 150);
        assert_eq!(reserve.wanted(5_000), 500);
        assert_eq!(reserve.wanted(u64::MAX), SHARE_BYTES_MAX);
        assert_eq!(Reserve { free_bytes_min: Some(7), ..reserve }.wanted(5_000), 7);
    }

    #[test]
    fn the_last_byte_beside_the_reserve_may_be_used_and_none_of_the_reserve() {
        let reserve = Reserve { free_bytes_min: Some(700), bytes_min: 0 };
        assert_eq!(reserve.spared(1_000, 5_000, 300), Ok(()));
        let refused = Err(HoldError::Reserve { free: 1_000, reserve: 700 });
        assert_eq!(reserve.spared(1_000, 5_000, 301), refused);
        assert_eq!(reserve.spared(1_000, 5_000, u64::MAX), refused);
    }

    #[test]
    fn the_disk_under_a_file_is_measured() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hold.db");
        let reserve = |bytes| Reserve { free_bytes_min: Some(bytes), bytes_min: 0 };
        Room::under(&file, reserve(1)).for_bytes(1).unwrap();
        let refused = Room::under(&file, reserve(u64::MAX)).for_bytes(1).unwrap_err();
        assert!(matches!(refused, HoldError::Reserve { .. }), "{refused}");
    }
}
