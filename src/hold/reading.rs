//! Looking into `hold.db` without a hand on it: beside a gateway that runs, or of one that is stopped.
//! Nothing is locked and nothing can be written.

use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::file::sound_key;
use super::{HeldMessage, HoldError, HoldKey, HoldSettings, forgetting};

/// The file, open to be read only.
pub struct HoldReader {
    connection: Connection,
    key: HoldKey,
}

impl HoldReader {
    /// Opens the file; `None` when there is none, and none is made.
    pub fn open(settings: &HoldSettings) -> Result<Option<HoldReader>, HoldError> {
        if !settings.path.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&settings.path, flags)?;
        connection.busy_timeout(Duration::from_millis(settings.busy_ms))?;
        let Some(key) = sound_key(&connection, settings)? else { return Ok(None) };
        Ok(Some(HoldReader { connection, key }))
    }

    /// Messages that wait, in the order of their ids, after one.
    pub fn waiting_after(&self, id: &str, most: usize) -> Result<Vec<HeldMessage>, HoldError> {
        forgetting::waiting_after(&self.connection, &self.key, id, most)
    }
}

impl std::fmt::Debug for HoldReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HoldReader")
    }
}
