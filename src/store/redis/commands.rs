//! What the store's operations are in commands. One hash a customer: `v` version, `d` document, `m` moved.
//! One sorted set per set of marks, whose `ZADD LT` is exactly "add, and of two instants keep the earlier".

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use redis::{Cmd, FromRedisValue, Value};
use tokio::time::Instant;

use super::Redis;
use super::dispatch::{Answered, Care, Question, ask_all};
use super::script::{COMPARE_AND_SET, REMOVE};
use super::slots::slot;
use super::trouble::{Kind, Trouble};
use crate::store::backend::{
    Answer, Ask, CLOCK_SKEW_MAX_US, Kept, Mark, Marks, Note, Record, RecordWrite, SET_MEMBERS_MAX, Wrote,
};
use crate::store::{CustomerKey, StoreError};

/// How long a trace of a barrier stays, in seconds.
const BARRIER_SECONDS: u32 = 60;

impl Redis {
    pub(in crate::store) async fn read(&self, ask: &Ask) -> Result<Answer, StoreError> {
        let mut questions = Vec::with_capacity(ask.records.len() + ask.sets.len());
        for key in &ask.records {
            let key = self.customer(key);
            let mut command = command("HMGET", &key);
            command.arg(&["v", "d", "m"]);
            questions.push(question(&key, vec![command]));
        }
        for (set, most) in &ask.sets {
            let set = self.set(set);
            // An empty range is written as 1 0: -1 would mean the last.
            let (from, to) = if *most == 0 { (1, 0) } else { (0, *most - 1) };
            let mut earliest = command("ZRANGE", &set);
            earliest.arg(from).arg(to).arg("WITHSCORES");
            questions.push(question(&set, vec![earliest]));
        }
        let mut replies = self.asked_to_read(questions).await?.into_iter();
        let mut answer = Answer::default();
        for _ in &ask.records {
            let mut values = replies.next().unwrap_or_default().into_iter();
            let (version, document, moved): (Option<u64>, Option<Vec<u8>>, Option<String>) = parsed(values.next())?;
            answer.records.push(Record { version: version.unwrap_or(0), document, moved: moved.map(CustomerKey) });
        }
        for _ in &ask.sets {
            let earliest: Vec<(String, f64)> = parsed(replies.next().unwrap_or_default().into_iter().next())?;
            let earliest: Vec<_> = earliest.into_iter().map(|(member, at)| (member, at as i64)).collect();
            answer.sets.push(Marks { count: earliest.len(), earliest });
        }
        self.count_full(ask, &mut answer.sets).await?;
        Ok(answer)
    }

    /// Counts the sets of which there may be more than was handed out: few ever are, so that counting them
    /// all with every reading would cost more than this trip of its own.
    async fn count_full(&self, ask: &Ask, sets: &mut [Marks]) -> Result<(), StoreError> {
        let full = |((_, most), marks): &(&(String, usize), &mut Marks)| *most != 1 && marks.count == *most;
        let full: Vec<_> = ask.sets.iter().zip(sets).filter(full).collect();
        let mut questions = Vec::with_capacity(full.len());
        for ((set, _), _) in &full {
            let set = self.set(set);
            let mut count = redis::cmd("ZCARD");
            count.arg(&set);
            questions.push(question(&set, vec![count]));
        }
        let counts = self.asked_to_read(questions).await?;
        for ((_, marks), values) in full.into_iter().zip(counts) {
            marks.count = parsed(values.into_iter().next())?;
        }
        Ok(())
    }

    pub(in crate::store) async fn write(&self, writes: Vec<RecordWrite>) -> Result<Vec<Wrote>, StoreError> {
        self.compare_and_set(writes, Care::Master).await
    }

    /// Writes that count only when the replicas the settings ask for have them.
    pub(in crate::store) async fn write_safe(&self, writes: Vec<RecordWrite>) -> Result<Vec<Wrote>, StoreError> {
        self.compare_and_set(writes, self.care()).await
    }

    /// Answers when replicas have everything that was written for these keys until now: what comes later
    /// in a server's stream reaches a replica later.
    pub(in crate::store) async fn barrier(&self, keys: &[CustomerKey]) -> Result<(), StoreError> {
        if self.care() == Care::Master {
            return Ok(());
        }
        let mut questions = Vec::with_capacity(keys.len());
        for key in keys {
            let trace = format!("{}:barrier", self.customer(key));
            let mut command = redis::cmd("SET");
            command.arg(&trace).arg(1).arg("EX").arg(BARRIER_SECONDS);
            questions.push(question(&trace, vec![command]));
        }
        self.asked_to_write(questions, self.care()).await.map(|_| ())
    }

    async fn compare_and_set(&self, writes: Vec<RecordWrite>, care: Care) -> Result<Vec<Wrote>, StoreError> {
        let mut questions = Vec::with_capacity(writes.len());
        for RecordWrite { key, record, now } in &writes {
            let moved = record.moved.as_ref().map_or("", |key| key.0.as_str());
            let key = self.customer(key);
            let mut call = COMPARE_AND_SET.call(&key, record.document.as_ref().map_or(0, Vec::len));
            call.arg(record.version)
                .arg(record.version + 1)
                .arg(record.document.as_deref().unwrap_or_default())
                .arg(moved)
                .arg(now.map(|now| now.to_string()).unwrap_or_default())
                .arg(CLOCK_SKEW_MAX_US);
            questions.push(Question { whole: Some(COMPARE_AND_SET.text), ..question(&key, vec![call]) });
        }
        let replies = self.ask_all(questions, care).await?;
        let mut wrote = Vec::with_capacity(replies.len());
        let (mut any_done, mut failed) = (false, None);
        for reply in replies {
            let said = reply.and_then(|answered| {
                let safe = answered.safe;
                int(answered).map(|said| (said, safe))
            });
            match said {
                Ok((1, false)) => {
                    self.inner.counts.add(Kind::FewReplicas);
                    failed = Some(Trouble::new(Kind::FewReplicas, "written, but too few replicas have it"));
                }
                Ok((0, _)) => wrote.push(Wrote::Stale),
                Ok((1, true)) => {
                    any_done = true;
                    wrote.push(Wrote::Done);
                }
                Ok((clock, _)) => wrote.push(Wrote::Clock(clock)),
                Err(trouble) => failed = Some(trouble),
            }
        }
        match failed.map(Trouble::for_write) {
            None => Ok(wrote),
            // Some of the batch stand: the whole cannot be called undone.
            Some(StoreError::Down(why)) if any_done => Err(StoreError::Unknown(why)),
            Some(why) => Err(why),
        }
    }

    pub(in crate::store) async fn mark(&self, marks: Vec<Mark>) -> Result<(), StoreError> {
        let mut questions = Vec::with_capacity(marks.len());
        for mark in &marks {
            let set = self.set(&mark.set);
            let mut add = redis::cmd("ZADD");
            add.arg(&set).arg("LT").arg(mark.at).arg(&mark.member);
            let mut bound = redis::cmd("ZREMRANGEBYRANK");
            bound.arg(&set).arg(SET_MEMBERS_MAX).arg(-1);
            questions.push(question(&set, vec![add, bound]));
        }
        self.asked_to_write(questions, Care::Master).await.map(|_| ())
    }

    pub(in crate::store) async fn note(&self, notes: Vec<Note>) -> Result<(), StoreError> {
        let mut questions = Vec::with_capacity(notes.len());
        for note in &notes {
            let set = self.set(&note.set);
            let mut add = redis::cmd("ZADD");
            add.arg(&set).arg("LT").arg(note.at).arg(&note.member);
            let mut bound = redis::cmd("ZREMRANGEBYRANK");
            bound.arg(&set).arg(note.members_max).arg(-1);
            let mut last = redis::cmd("EXPIRE");
            last.arg(&set).arg(note.seconds.max(1));
            questions.push(question(&set, vec![add, bound, last]));
        }
        self.asked_to_write(questions, Care::Master).await.map(|_| ())
    }

    pub(in crate::store) async fn unmark(&self, members: Vec<(String, String)>) -> Result<(), StoreError> {
        let mut questions = Vec::with_capacity(members.len());
        for (set, member) in &members {
            let set = self.set(set);
            let mut command = redis::cmd("ZREM");
            command.arg(&set).arg(member);
            questions.push(question(&set, vec![command]));
        }
        self.asked_to_write(questions, Care::Master).await.map(|_| ())
    }

    pub(in crate::store) async fn remove(&self, records: Vec<(CustomerKey, u64)>) -> Result<Vec<bool>, StoreError> {
        let mut questions = Vec::with_capacity(records.len());
        for (key, version) in &records {
            let key = self.customer(key);
            let mut call = REMOVE.call(&key, 0);
            call.arg(*version);
            questions.push(Question { whole: Some(REMOVE.text), ..question(&key, vec![call]) });
        }
        let replies = self.asked_to_write(questions, Care::Master).await?;
        replies.into_iter().map(|answered| int(answered).map(|said| said == 1).map_err(Trouble::for_write)).collect()
    }

    pub(in crate::store) async fn keep(&self, values: Vec<Kept>) -> Result<(), StoreError> {
        let mut questions = Vec::with_capacity(values.len());
        for kept in &values {
            let name = self.set(&kept.name);
            let mut command = redis::cmd("SET");
            command.arg(&name).arg(&kept.value).arg("EX").arg(kept.seconds.max(1));
            questions.push(question(&name, vec![command]));
        }
        self.asked_to_write(questions, Care::Master).await.map(|_| ())
    }

    pub(in crate::store) async fn kept(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut questions = Vec::with_capacity(names.len());
        for name in names {
            let name = self.set(name);
            let mut command = redis::cmd("GET");
            command.arg(&name);
            questions.push(question(&name, vec![command]));
        }
        let replies = self.asked_to_read(questions).await?;
        replies.into_iter().map(|values| parsed(values.into_iter().next())).collect()
    }

    /// Answers when every master does.
    pub(in crate::store) async fn ping(&self) -> Result<(), StoreError> {
        self.fit().map_err(Trouble::for_read)?;
        let deadline = self.deadline();
        let masters = self.inner.topology.masters();
        if masters.is_empty() {
            // Waits for the first, or says why there is none.
            self.inner.topology.node(0, deadline).await.map_err(Trouble::for_read)?;
        }
        let asked = masters.iter().map(|node| node.ask_one(redis::cmd("PING"), deadline));
        let asked: BoxFuture<'_, _> = Box::pin(futures_util::future::join_all(asked));
        for answer in asked.await {
            answer.map_err(|trouble| {
                self.inner.topology.met(&trouble);
                trouble.for_read()
            })?;
        }
        Ok(())
    }

    /// A server's clock.
    pub(in crate::store) async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        let deadline = self.deadline();
        let asked = async {
            let node = self.inner.topology.node(slot(self.set("{store}").as_bytes()), deadline).await?;
            node.ask_one(redis::cmd("TIME"), deadline).await
        };
        let (seconds, micros): (i64, i64) = parsed(Some(asked.await.map_err(Trouble::for_read)?))?;
        let time = Timestamp::new(seconds, i32::try_from(micros).unwrap_or(0).saturating_mul(1_000));
        time.map(Some).map_err(|e| StoreError::Damaged(e.to_string()))
    }

    pub(in crate::store) async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn asked_to_read(&self, questions: Vec<Question>) -> Result<Vec<Vec<Value>>, StoreError> {
        let replies = self.ask_all(questions, Care::Master).await?;
        replies.into_iter().map(|reply| reply.map(|answered| answered.values).map_err(Trouble::for_read)).collect()
    }

    async fn asked_to_write(&self, questions: Vec<Question>, care: Care) -> Result<Vec<Answered>, StoreError> {
        let few = || Trouble::new(Kind::FewReplicas, "written, but too few replicas have it").for_write();
        let replies = self.ask_all(questions, care).await?;
        let answered = replies.into_iter().map(|reply| match reply {
            Ok(answered) if answered.safe => Ok(answered),
            Ok(_) => Err(few()),
            Err(trouble) => Err(trouble.for_write()),
        });
        answered.collect()
    }

    async fn ask_all(
        &self,
        questions: Vec<Question>,
        care: Care,
    ) -> Result<Vec<Result<Answered, Trouble>>, StoreError> {
        self.fit().map_err(Trouble::for_read)?;
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let deadline = match care {
            Care::Master => self.deadline(),
            // The write, and as long again for the replicas.
            Care::Replicas(_) => self.deadline() + self.inner.answer,
        };
        // Its type ends here: what callers are made of would else hold every socket's inside.
        let asking: BoxFuture<'_, _> =
            Box::pin(ask_all(&self.inner.topology, questions, care, deadline, &self.inner.counts));
        let replies = asking.await;
        if replies.iter().any(|reply| reply.as_ref().is_err_and(|trouble| trouble.kind == Kind::ReadOnly)) {
            self.inner.health.look_again();
        }
        Ok(replies)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.inner.answer
    }

    fn customer(&self, key: &CustomerKey) -> String {
        format!("{}{{{}}}", self.inner.prefix, key.0)
    }

    fn set(&self, set: &str) -> String {
        format!("{}{set}", self.inner.prefix)
    }
}

fn question(key: &str, commands: Vec<Cmd>) -> Question {
    Question { slot: slot(key.as_bytes()), commands, whole: None }
}

/// A command with room for a few short arguments behind its key.
fn command(name: &str, key: &str) -> Cmd {
    let mut command = Cmd::with_capacity(6, key.len() + 32);
    command.arg(name).arg(key);
    command
}

/// The one number a script answers with.
fn int(answered: Answered) -> Result<i64, Trouble> {
    match answered.values.first() {
        Some(Value::Int(said)) => Ok(*said),
        _ => Err(Trouble::new(Kind::WrongBytes, "the script answered something else than a number")),
    }
}

fn parsed<T: FromRedisValue>(value: Option<Value>) -> Result<T, StoreError> {
    let value = value.ok_or_else(|| StoreError::Damaged("the server answered too little".to_owned()))?;
    redis::from_redis_value(value).map_err(|e| StoreError::Damaged(e.to_string()))
}
