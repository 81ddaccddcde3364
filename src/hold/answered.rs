//! Whether the client of a hold was told that its message waits. Customers' documents say it of the holds they
//! list; of those made without the store this file alone can, and their copies after it: what nobody was told of
//! is not sent beside the retry that took its place.

use rusqlite::{OptionalExtension as _, params};

use super::{Hold, HoldError};

impl Hold {
    /// Its client was told. What has ended meanwhile needs no such word.
    pub async fn answered(&self, id: &str) -> Result<(), HoldError> {
        let id = id.to_owned();
        self.step(move |connection, _| {
            // Its copy has to say so as well: whoever takes the hold over goes by that.
            let told = "UPDATE hold SET answered = 1, copy = CASE copy WHEN 2 THEN 3 ELSE copy END
                        WHERE id = ?1 AND answered = 0";
            connection.prepare_cached(told)?.execute(params![id])?;
            Ok(())
        })
        .await
    }

    /// True when its client was told, as far as this file knows: a kill may have come between.
    pub async fn was_answered(&self, id: &str) -> Result<bool, HoldError> {
        let id = id.to_owned();
        self.step(move |connection, _| {
            let mut query = connection.prepare_cached("SELECT answered FROM hold WHERE id = ?1")?;
            Ok(query.query_row(params![id], |row| row.get(0)).optional()?.unwrap_or(false))
        })
        .await
    }
}
