//! Word of erasures, left where every gateway of a fleet looks: each keeps files of its own (journal, held
//! messages), and carries the erasure out on them when it finds the word.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::backend::{Ask, Mark, SET_MEMBERS_MAX};
use super::{Store, StoreError};

/// Sets of one day, by the key's first digit: a set holds only so many members.
const SETS_A_DAY: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];

/// Days asked for in one trip: a year at once would take longer than an answer may.
const DAYS_PER_TRIP: usize = 4;

/// One address key whose files are to be cleared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Erasure {
    /// The address key.
    pub key: String,
    /// When it was erased: what was written later is of a new acquaintance.
    pub at: Timestamp,
}

impl Store {
    /// Leaves word; acknowledged.
    pub async fn leave_erasures(&self, erasures: &[Erasure]) -> Result<(), StoreError> {
        let marks = erasures.iter().map(|Erasure { key, at }| Mark {
            set: set(day_of(*at), key.chars().next().unwrap_or('0')),
            member: format!("{key}:{}", at.as_microsecond()),
            at: at.as_microsecond(),
        });
        let marks: Vec<Mark> = marks.collect();
        self.inner.backend.mark(marks.clone()).await?;
        // A full set drops what came last, in silence: the word must be there.
        let mut sets: Vec<(String, usize)> = marks.iter().map(|mark| (mark.set.clone(), SET_MEMBERS_MAX)).collect();
        sets.dedup();
        let answer = self.inner.backend.read(&Ask { records: Vec::new(), sets }).await?;
        let there =
            |mark: &Mark| answer.sets.iter().any(|set| set.earliest.iter().any(|(member, _)| *member == mark.member));
        if marks.iter().all(there) {
            Ok(())
        } else {
            Err(StoreError::Down("too many erasures today: the rest must wait until tomorrow (UTC)".to_owned()))
        }
    }

    /// Words left on these days.
    pub async fn erasures(&self, days: &[Date]) -> Result<Vec<Erasure>, StoreError> {
        let mut members = Vec::new();
        for days in days.chunks(DAYS_PER_TRIP) {
            let sets = days.iter().flat_map(|day| SETS_A_DAY.map(|digit| (set(*day, digit), SET_MEMBERS_MAX)));
            let answer = self.inner.backend.read(&Ask { records: Vec::new(), sets: sets.collect() }).await?;
            members.extend(answer.sets.into_iter().flat_map(|set| set.earliest));
        }
        let read = |(member, _): (String, i64)| {
            let (key, at) = member.split_once(':')?;
            Some(Erasure { key: key.to_owned(), at: Timestamp::from_microsecond(at.parse().ok()?).ok()? })
        };
        Ok(members.into_iter().filter_map(read).collect())
    }

    /// Takes the words of a day away: every file that they were about is past its time.
    pub async fn end_erasures(&self, day: Date) -> Result<(), StoreError> {
        let word = |one: Erasure| {
            let digit = one.key.chars().next().unwrap_or('0');
            (set(day, digit), format!("{}:{}", one.key, one.at.as_microsecond()))
        };
        let members: Vec<_> = self.erasures(&[day]).await?.into_iter().map(word).collect();
        if members.is_empty() { Ok(()) } else { self.inner.backend.unmark(members).await }
    }
}

fn set(day: Date, digit: char) -> String {
    format!("{{erasures}}:{day}:{digit}")
}

fn day_of(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}
