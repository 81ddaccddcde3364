//! Writes that count only when replicas have them. `WAIT` blocks its connection and speaks of what *that*
//! connection wrote, so the write and its `WAIT` go together over a connection that nobody else uses
//! meanwhile; a few of them are kept per server.

use std::sync::{Mutex, MutexGuard, PoisonError};

use redis::aio::MultiplexedConnection;
use redis::{Client, Pipeline, Value};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::node::{exchange, unlimited};
use super::trouble::{Kind, Trouble};

/// Such connections per server.
const CONNECTIONS_MAX: usize = 8;

/// The connections of one server that wait.
pub(super) struct Acknowledged {
    client: Client,
    idle: Mutex<Vec<MultiplexedConnection>>,
    places: Semaphore,
}

impl Acknowledged {
    pub(super) fn new(client: Client) -> Acknowledged {
        Acknowledged { client, idle: Mutex::default(), places: Semaphore::new(CONNECTIONS_MAX) }
    }

    /// The answers, and how many replicas acknowledged what these commands wrote.
    pub(super) async fn ask(
        &self,
        commands: &mut Pipeline,
        replicas: u32,
        deadline: Instant,
    ) -> Result<(Vec<Value>, u32), Trouble> {
        let _place = match timeout_at(deadline, self.places.acquire()).await {
            Ok(Ok(place)) => place,
            _ => return Err(Trouble::new(Kind::Crowded, "too many writes wait for replicas")),
        };
        let mut line = self.line(deadline).await?;
        // Half of what is left, so that the answer "too few" itself still arrives in time.
        let wait = deadline.saturating_duration_since(Instant::now()) / 2;
        // WAIT 0 would wait for ever.
        commands.cmd("WAIT").arg(replicas).arg(u64::try_from(wait.as_millis()).unwrap_or(1).max(1));
        let mut answers = match exchange(&mut line, commands, deadline).await {
            Ok(answers) => answers,
            Err(trouble) => {
                // An answer may still be on its way, and the idle ones have met the same server.
                self.idle().clear();
                return Err(trouble);
            }
        };
        let acknowledged = match answers.pop() {
            Some(Value::Int(count)) => u32::try_from(count).unwrap_or(0),
            // Refused (a replica, no permission): nobody acknowledged.
            _ => 0,
        };
        self.idle().push(line);
        Ok((answers, acknowledged))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<MultiplexedConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn line(&self, deadline: Instant) -> Result<MultiplexedConnection, Trouble> {
        let idle = self.idle().pop();
        if let Some(line) = idle {
            return Ok(line);
        }
        let config = unlimited();
        match timeout_at(deadline, self.client.get_multiplexed_async_connection_with_config(&config)).await {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(error)) => Err(Trouble::of(&error).unreached()),
            Err(_) => Err(Trouble::new(Kind::Unreachable, "not connected in time")),
        }
    }
}
