//! The ids that stand in replies and records: a letter for what it names, and a UUIDv7, whose time
//! says in which day's file to look. Time and randomness come in as arguments.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::{hmac, rand};
use jiff::Timestamp;
use uuid::{Builder, Uuid};

use crate::hex::hex;

/// Prefix of a decision's id.
pub const DECISION: &str = "d-";
/// Prefix of a submission's id.
pub const SUBMISSION: &str = "s-";

/// `d-<uuidv7>`.
pub fn decision(now: Timestamp, random: &[u8; 10]) -> String {
    with_prefix(DECISION, now, random)
}

/// `s-<uuidv7>`.
pub fn submission(now: Timestamp, random: &[u8; 10]) -> String {
    with_prefix(SUBMISSION, now, random)
}

/// A customer's record id: random alone, so that it tells no time and nothing of the address.
pub fn record(random: &[u8; 16]) -> String {
    format!("c-{}", Builder::from_random_bytes(*random).into_uuid())
}

/// Makes ids for one gateway: a secret drawn once, then a counter under it, so that making an id
/// cannot fail, no two are alike, and none can be guessed from another.
#[derive(Debug)]
pub struct Ids {
    secret: hmac::Key,
    made: AtomicU64,
}

impl Ids {
    /// Draws the secret.
    pub fn new() -> Result<Ids, NoRandomness> {
        let mut secret = [0u8; 32];
        rand::fill(&mut secret).map_err(|_| NoRandomness)?;
        Ok(Ids::seeded(&secret))
    }

    /// With a secret that is given: the same secret makes the same ids. For simulations.
    pub fn seeded(secret: &[u8; 32]) -> Ids {
        Ids { secret: hmac::Key::new(hmac::HMAC_SHA256, secret), made: AtomicU64::new(0) }
    }

    /// A decision's id.
    pub fn decision(&self, now: Timestamp) -> String {
        decision(now, &self.random())
    }

    /// A submission's id.
    pub fn submission(&self, now: Timestamp) -> String {
        submission(now, &self.random())
    }

    /// The id that the sandbox gives a message, as a provider would.
    pub fn sandbox(&self) -> String {
        format!("sandbox-{}", Builder::from_random_bytes(self.random()).into_uuid())
    }

    /// A customer's record id.
    pub fn record(&self) -> String {
        record(&self.random())
    }

    /// A number drawn anew.
    pub fn number(&self) -> u32 {
        u32::from_be_bytes(self.random())
    }

    /// A word drawn anew: 32 hexadecimal digits.
    pub fn word(&self) -> String {
        hex(&self.random::<16>())
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let drawn = hmac::sign(&self.secret, &number.to_be_bytes());
        let mut bytes = [0u8; N];
        bytes.iter_mut().zip(drawn.as_ref()).for_each(|(to, from)| *to = *from);
        bytes
    }
}

/// The system gave no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no randomness to make ids from")]
pub struct NoRandomness;

/// What sort of id it is, and its time; `None` when it is not one of ours.
pub fn read(id: &str) -> Option<(Kind, Timestamp)> {
    let kind = match id.get(..2)? {
        DECISION => Kind::Decision,
        SUBMISSION => Kind::Submission,
        _ => return None,
    };
    let uuid = Uuid::try_parse(id.get(2..)?).ok().filter(|uuid| uuid.get_version_num() == 7)?;
    let (seconds, nanos) = uuid.get_timestamp()?.to_unix();
    Some((kind, Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanos).ok()?).ok()?))
}

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One decision about one recipient.
    Decision,
    /// One transaction of a client.
    Submission,
}

fn with_prefix(prefix: &str, now: Timestamp, random: &[u8; 10]) -> String {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    format!("{prefix}{}", Builder::from_unix_timestamp_millis(millis, random).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_kind_and_its_time() {
        let now: Timestamp = "2026-11-22T23:59:59.123Z".parse().unwrap();
        assert_eq!(read(&decision(now, &[7; 10])), Some((Kind::Decision, now)));
        assert_eq!(read(&submission(now, &[7; 10])), Some((Kind::Submission, now)));
        let ids = Ids::new().unwrap();
        assert_ne!(ids.decision(now), ids.decision(now));
        assert_ne!(ids.record(), ids.record());
        assert_eq!(read(&ids.submission(now)), Some((Kind::Submission, now)));
        for refused in ["", "d", "d-", "d-1", "x-019f", "限时", "../../etc/passwd", &record(&[7; 16])] {
            assert_eq!(read(refused), None, "{refused}");
        }
    }
}
