//! Facts in Redis or Valkey, shared by any number of gateways. One hash a customer: `v` version, `d`
//! document, `m` moved. One sorted set per set of marks, whose `ZADD LT` is exactly "add, and of two
//! instants keep the earlier". The only script is the compare-and-set, called by its hash; a server that
//! has forgotten it is told it whole.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{
    Client, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, Script, ServerErrorKind, TlsCertificates,
    Value,
};

use super::backend::{Answer, Ask, CLOCK_SKEW_MAX_US, Kept, Mark, Marks, Record, RecordWrite, SET_MEMBERS_MAX, Wrote};
use super::settings::OpenError;
use super::{CustomerKey, StoreError};
use crate::message::Secret;

const COMPARE_AND_SET: &str = include_str!("redis/compare_and_set.lua");
const REMOVE: &str = include_str!("redis/remove.lua");

/// The store on a server. Clones share the connection, which comes back by itself.
#[derive(Clone)]
pub struct Redis {
    connection: ConnectionManager,
    prefix: String,
    patience: Duration,
    script_hash: String,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Redis {
    /// Connects, and refuses a server that would throw facts away when it is full.
    pub async fn open(
        url: &Secret,
        ca: Option<Vec<u8>>,
        prefix: &str,
        connect: Duration,
        answer: Duration,
    ) -> Result<Redis, OpenError> {
        let unreachable = |e: RedisError| OpenError::Redis { why: shown(&e) };
        let client = match ca {
            Some(ca) => {
                let trust = TlsCertificates { client_tls: None, root_cert: Some(ca) };
                Client::build_with_tls(url.reveal(), trust)
            }
            None => Client::open(url.reveal()),
        };
        let client = client.map_err(unreachable)?;
        // Without retries a broken connection is an answer in under a millisecond, and service is back
        // with the next call; with them every caller waits out the whole back-off.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(connect))
            .set_response_timeout(Some(answer));
        let connection = ConnectionManager::new_with_config(client, config).await.map_err(unreachable)?;
        let script_hash = Script::new(COMPARE_AND_SET).get_hash().to_owned();
        let redis = Redis { connection, prefix: prefix.to_owned(), patience: connect + answer, script_hash };
        // Managed servers forbid CONFIG; INFO is allowed everywhere.
        let info: String = redis
            .asked(redis::cmd("INFO").arg("memory").query_async(&mut redis.connection.clone()))
            .await
            .map_err(|why| OpenError::Redis { why: why.to_string() })?;
        let policy = info.lines().find_map(|line| line.strip_prefix("maxmemory_policy:")).unwrap_or("unknown").trim();
        if policy != "noeviction" {
            return Err(OpenError::Evicting { policy: policy.to_owned() });
        }
        Ok(redis)
    }

    pub(super) async fn read(&self, ask: &Ask) -> Result<Answer, StoreError> {
        let mut pipe = Pipeline::with_capacity(ask.records.len() + 2 * ask.sets.len());
        for key in &ask.records {
            pipe.cmd("HMGET").arg(self.customer(key)).arg(&["v", "d", "m"]);
        }
        for (set, most) in &ask.sets {
            pipe.cmd("ZCARD").arg(self.set(set));
            // An empty range is written as 1 0: -1 would mean the last.
            let (from, to) = if *most == 0 { (1, 0) } else { (0, *most - 1) };
            pipe.cmd("ZRANGE").arg(self.set(set)).arg(from).arg(to).arg("WITHSCORES");
        }
        if ask.records.is_empty() && ask.sets.is_empty() {
            return Ok(Answer::default());
        }
        let values: Vec<Value> =
            self.asked(pipe.query_async(&mut self.connection.clone())).await.map_err(StoreError::from_read)?;
        let mut values = values.into_iter();
        let mut answer = Answer::default();
        for _ in &ask.records {
            let (version, document, moved): (Option<u64>, Option<Vec<u8>>, Option<String>) = parsed(values.next())?;
            answer.records.push(Record { version: version.unwrap_or(0), document, moved: moved.map(CustomerKey) });
        }
        for _ in &ask.sets {
            let count = parsed(values.next())?;
            let earliest: Vec<(String, f64)> = parsed(values.next())?;
            let earliest = earliest.into_iter().map(|(member, at)| (member, at as i64)).collect();
            answer.sets.push(Marks { count, earliest });
        }
        Ok(answer)
    }

    pub(super) async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Wrote>, StoreError> {
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let mut answers = self.compare_and_set(writes.iter().collect(), "EVALSHA", &self.script_hash).await?;
        // A server that has forgotten the script (restart, SCRIPT FLUSH) did nothing; told the whole
        // script it does, and knows it again.
        let unknown = |answer: &RedisResult<i64>| {
            answer.as_ref().is_err_and(|why| why.kind() == ErrorKind::Server(ServerErrorKind::NoScript))
        };
        let again: Vec<usize> = (0..answers.len()).filter(|at| answers.get(*at).is_some_and(unknown)).collect();
        if !again.is_empty() {
            let missed = again.iter().filter_map(|at| writes.get(*at)).collect();
            let told = self.compare_and_set(missed, "EVAL", COMPARE_AND_SET).await?;
            for (at, answer) in again.into_iter().zip(told) {
                if let Some(place) = answers.get_mut(at) {
                    *place = answer;
                }
            }
        }
        let any_done = answers.iter().any(|answer| matches!(answer, Ok(1)));
        answers
            .into_iter()
            .map(|answer| match answer {
                Ok(0) => Ok(Wrote::Stale),
                Ok(1) => Ok(Wrote::Done),
                Ok(clock) => Ok(Wrote::Clock(clock)),
                // Some of the batch stand: the whole cannot be called undone.
                Err(why) if any_done => Err(StoreError::Unknown(shown(&why))),
                Err(why) => Err(StoreError::from_write(why)),
            })
            .collect()
    }

    async fn compare_and_set(
        &self,
        writes: Vec<&RecordWrite>,
        command: &str,
        script: &str,
    ) -> Result<Vec<RedisResult<i64>>, StoreError> {
        let mut pipe = Pipeline::with_capacity(writes.len());
        for RecordWrite { key, record, now } in writes {
            let moved = record.moved.as_ref().map_or("", |key| key.0.as_str());
            pipe.cmd(command)
                .arg(script)
                .arg(1)
                .arg(self.customer(key))
                .arg(record.version)
                .arg(record.version + 1)
                .arg(record.document.as_deref().unwrap_or_default())
                .arg(moved)
                .arg(now.map(|now| now.to_string()).unwrap_or_default())
                .arg(CLOCK_SKEW_MAX_US);
        }
        pipe.ignore_errors();
        self.asked(pipe.query_async(&mut self.connection.clone())).await.map_err(StoreError::from_write)
    }

    pub(super) async fn mark(&self, marks: Vec<Mark>) -> Result<(), StoreError> {
        if marks.is_empty() {
            return Ok(());
        }
        let mut pipe = Pipeline::with_capacity(2 * marks.len());
        for mark in &marks {
            let set = self.set(&mark.set);
            pipe.cmd("ZADD").arg(&set).arg("LT").arg(mark.at).arg(&mark.member).ignore();
            pipe.cmd("ZREMRANGEBYRANK").arg(&set).arg(SET_MEMBERS_MAX).arg(-1).ignore();
        }
        self.asked(pipe.query_async::<()>(&mut self.connection.clone())).await.map_err(StoreError::from_write)
    }

    pub(super) async fn unmark(&self, members: Vec<(String, String)>) -> Result<(), StoreError> {
        if members.is_empty() {
            return Ok(());
        }
        let mut pipe = Pipeline::with_capacity(members.len());
        for (set, member) in &members {
            pipe.cmd("ZREM").arg(self.set(set)).arg(member).ignore();
        }
        self.asked(pipe.query_async::<()>(&mut self.connection.clone())).await.map_err(StoreError::from_write)
    }

    pub(super) async fn remove(&self, records: Vec<(CustomerKey, u64)>) -> Result<Vec<bool>, StoreError> {
        let mut done = Vec::with_capacity(records.len());
        for (key, version) in records {
            let removing = Script::new(REMOVE);
            let mut invoked = removing.key(self.customer(&key));
            let invoked = invoked.arg(version);
            let removed: i64 =
                self.asked(invoked.invoke_async(&mut self.connection.clone())).await.map_err(StoreError::from_write)?;
            done.push(removed == 1);
        }
        Ok(done)
    }

    pub(super) async fn keep(&self, values: Vec<Kept>) -> Result<(), StoreError> {
        if values.is_empty() {
            return Ok(());
        }
        let mut pipe = Pipeline::with_capacity(values.len());
        for kept in &values {
            pipe.cmd("SET").arg(self.set(&kept.name)).arg(&kept.value).arg("EX").arg(kept.seconds.max(1)).ignore();
        }
        self.asked(pipe.query_async::<()>(&mut self.connection.clone())).await.map_err(StoreError::from_write)
    }

    pub(super) async fn kept(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = Pipeline::with_capacity(names.len());
        for name in names {
            pipe.cmd("GET").arg(self.set(name));
        }
        self.asked(pipe.query_async(&mut self.connection.clone())).await.map_err(StoreError::from_read)
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        self.asked(redis::cmd("PING").query_async::<()>(&mut self.connection.clone()))
            .await
            .map_err(StoreError::from_read)
    }

    /// The server's clock.
    pub(super) async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        let asked = self.asked(redis::cmd("TIME").query_async::<(i64, i64)>(&mut self.connection.clone())).await;
        let (seconds, micros) = asked.map_err(StoreError::from_read)?;
        let time = Timestamp::new(seconds, i32::try_from(micros).unwrap_or(0).saturating_mul(1_000));
        time.map(Some).map_err(|e| StoreError::Damaged(e.to_string()))
    }

    pub(super) async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// The library's own timeouts hold for connected and connecting; this one holds for everything.
    async fn asked<T>(&self, asking: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
        match tokio::time::timeout(self.patience, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time").into()),
        }
    }

    fn customer(&self, key: &CustomerKey) -> String {
        format!("{}{{{}}}", self.prefix, key.0)
    }

    fn set(&self, set: &str) -> String {
        format!("{}{set}", self.prefix)
    }
}

impl StoreError {
    fn from_read(why: RedisError) -> StoreError {
        StoreError::Down(shown(&why))
    }

    /// What the server refused was not done, and neither was what never reached it; otherwise nobody
    /// knows.
    fn from_write(why: RedisError) -> StoreError {
        if matches!(why.kind(), ErrorKind::Server(_) | ErrorKind::Extension) || why.is_connection_refusal() {
            StoreError::Down(shown(&why))
        } else {
            StoreError::Unknown(shown(&why))
        }
    }
}

fn parsed<T: FromRedisValue>(value: Option<Value>) -> Result<T, StoreError> {
    let value = value.ok_or_else(|| StoreError::Damaged("the server answered too little".to_owned()))?;
    redis::from_redis_value(value).map_err(|e| StoreError::Damaged(e.to_string()))
}

/// An error without the URL, which may hold a password.
fn shown(why: &RedisError) -> String {
    match why.detail() {
        Some(detail) => format!("{} ({detail})", why.category()),
        None => why.category().to_owned(),
    }
}
