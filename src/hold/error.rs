//! Why a hold could not be kept, found or moved. Every one of them makes the door answer "try later"
//! (reliability: any error while persisting a hold is 451/503, and nothing half-written shows).

/// What went wrong with the hold file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// The file's own limit (`file_bytes_max`) or the disk is full.
    #[error("the hold file or its disk is full")]
    Full,
    /// The disk's reserve would be used up.
    #[error("the disk is nearly full: {free} bytes are free, {reserve} stay free; no new holds until there is room")]
    Reserve {
        /// Bytes free.
        free: u64,
        /// Bytes that stay free.
        reserve: u64,
    },
    /// Another process has the data folder.
    #[error("another tactgate runs on this hold file")]
    InUse,
    /// The file's pages contradict each other.
    #[error("the hold file is damaged ({0}): keep it, and take out what can be read with `sqlite3 hold.db .recover`")]
    Damaged(String),
    /// Another process keeps the file locked.
    #[error("the hold file is busy")]
    Busy,
    /// SQLite or the disk refused; nothing was kept.
    #[error("the hold file: {0}")]
    File(String),
    /// The file was sealed with another key.
    #[error("the hold key does not fit the hold file: it was sealed with another key; put the right `hold.key` back")]
    WrongKey,
    /// The key file cannot be used.
    #[error("the hold key {path}: {why}")]
    KeyFile {
        /// Where it stands.
        path: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// Written by a newer tactgate: left untouched.
    #[error("the hold file is of format {0}, written by a newer tactgate")]
    NewerFormat(i64),
    /// The writer has stopped.
    #[error("the hold file is closed")]
    Closed,
    /// A hold of that id is there already.
    #[error("this hold exists already")]
    Exists,
    /// No hold of that id.
    #[error("no such hold")]
    NoSuch,
    /// The fence token is not the newest: another owner has the hold now, or it was cancelled.
    #[error("another owner has claimed this hold")]
    Fenced,
    /// The hold's state does not allow that step.
    #[error("a hold that is {0} cannot do that")]
    WrongState(super::State),
}

impl From<rusqlite::Error> for HoldError {
    fn from(error: rusqlite::Error) -> HoldError {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => HoldError::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => HoldError::Busy,
            _ => HoldError::File(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn a_full_disk_and_a_file_in_use_are_told_apart_from_a_broken_one() {
        let of = |code| HoldError::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        assert_eq!(of(ffi::SQLITE_FULL), HoldError::Full);
        assert_eq!((of(ffi::SQLITE_BUSY), of(ffi::SQLITE_LOCKED)), (HoldError::Busy, HoldError::Busy));
        assert!(matches!(of(ffi::SQLITE_CORRUPT), HoldError::File(_)));
    }
}
