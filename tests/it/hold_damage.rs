//! Any byte of the hold file may be wrong: what comes out is the message as it was put, or it is put aside
//! and told of, or the file is refused. Nothing altered is sent, nothing is missing in silence.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, params};
use tactgate::hold::{Due, HeldDecision, HeldMessage, Hold, HoldSettings, State};

const LEASE: SignedDuration = SignedDuration::from_mins(3);

fn at(minutes: i64) -> Timestamp {
    "2026-11-22T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

fn message(number: usize) -> HeldMessage {
    HeldMessage {
        id: format!("h-{number}"),
        due: at(0),
        expires: at(600),
        must_send: false,
        priority: 500,
        parcel: Bytes::from(format!("王女士 {number}：您的订单已发出。")),
        recipients: vec![0, 2],
        decisions: vec![HeldDecision { id: format!("d-{number}"), told: 7 }],
    }
}

/// One way to spoil a row: a column of `hold` or `body`, and its new value.
type Spoilt = (&'static str, &'static str, Value);

fn numbers_flipped(table: &'static str, column: &'static str, value: i64) -> Vec<Spoilt> {
    (0..64).map(|bit| (table, column, Value::Integer(value ^ (1i64 << bit)))).collect()
}

fn bytes_spoilt(table: &'static str, column: &'static str, value: &[u8], text: bool) -> Vec<Spoilt> {
    let flipped = (0..value.len()).map(|at| {
        let mut flipped = value.to_vec();
        flipped[at] ^= 0x01;
        flipped
    });
    let cut = (0..value.len()).map(|at| value[..at].to_vec());
    let spoilt = |bytes| match text {
        true => Value::Text(String::from_utf8(bytes).unwrap()),
        false => Value::Blob(bytes),
    };
    flipped.chain(cut).map(|bytes| (table, column, spoilt(bytes))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_byte_of_a_row_may_be_wrong_and_no_message_is_altered_or_missing() {
    let folder = tempfile::tempdir().unwrap();
    let hold = Hold::open(&HoldSettings::in_folder(folder.path())).unwrap();
    // The first row is read to learn what there is to spoil; each other one is spoilt in one way.
    hold.put(message(0)).await.unwrap();
    let file = Connection::open(folder.path().join("hold.db")).unwrap();
    let (note, body, sealed): (Vec<u8>, Vec<u8>, Vec<u8>) = file
        .query_row("SELECT h.note, h.body, b.sealed FROM hold h JOIN body b ON b.name = h.body", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    let mut ways = Vec::new();
    for (column, value) in [
        ("state", 0),
        ("wake", at(0).as_microsecond()),
        ("due", at(0).as_microsecond()),
        ("expires", at(600).as_microsecond()),
        ("must_send", 0),
        ("priority", 500),
        ("attempts", 0),
        ("fence", 0),
        ("copy", 0),
        ("settled_at", 0),
    ] {
        ways.extend(numbers_flipped("hold", column, value));
    }
    ways.extend(numbers_flipped("body", "refs", 1));
    ways.extend(bytes_spoilt("hold", "note", &note, false));
    ways.extend(bytes_spoilt("hold", "body", &body, false));
    ways.extend(bytes_spoilt("body", "sealed", &sealed, false));
    ways.extend(bytes_spoilt("body", "name", &body, false));

    let mut puts = tokio::task::JoinSet::new();
    for number in 1..=ways.len() {
        let hold = hold.clone();
        puts.spawn(async move { hold.put(message(number)).await.unwrap() });
    }
    puts.join_all().await;
    let mut names = BTreeMap::new();
    for (number, (table, column, value)) in (1..).zip(&ways) {
        let id = format!("h-{number}");
        // Bytes of another row would spoil nothing of this one: flip its own.
        let own = |of: &str| -> Vec<u8> {
            let query = format!("SELECT {of} FROM hold h JOIN body b ON b.name = h.body WHERE h.id = ?1");
            file.query_row(&query, [&id], |row| row.get(0)).unwrap()
        };
        let value = match (value, *table) {
            (Value::Blob(pattern), _) => {
                let model = match (*table, *column) {
                    ("hold", "note") => &note,
                    ("body", "sealed") => &sealed,
                    _ => &body,
                };
                let mut own = own(&format!("{}.{column}", &table[..1]));
                match pattern.len() < model.len() {
                    true => own.truncate(pattern.len()),
                    false => {
                        let at = (0..model.len()).find(|at| model[*at] != pattern[*at]).unwrap();
                        let at = at.min(own.len() - 1);
                        own[at] ^= 0x01;
                    }
                }
                Value::Blob(own)
            }
            (value, _) => value.clone(),
        };
        let update = match *table {
            "hold" => format!("UPDATE hold SET {column} = ?2 WHERE id = ?1"),
            _ => format!("UPDATE body SET {column} = ?2 WHERE name = (SELECT body FROM hold WHERE id = ?1)"),
        };
        if file.execute(&update, params![id, value]).unwrap() == 1 {
            names.insert(id, format!("{table}.{column} = {value:?}").chars().take(80).collect::<String>());
        }
    }
    assert!(names.len() > 900, "{}", names.len());

    let mut told: BTreeSet<String> = hold.mend(at(1)).await.unwrap().into_iter().map(|damaged| damaged.id).collect();
    hold.forget(at(500)).await.unwrap();
    for now in [at(1), at(300), at(601)] {
        for due in hold.claim_due(now, 1_000_000, LEASE).await.unwrap() {
            match due {
                Due::Damaged(damaged) => {
                    told.insert(damaged.id);
                }
                Due::Expired(held) | Due::Unknown(held) => {
                    told.insert(held.message.id);
                }
                Due::Release(held) => {
                    let number = held.message.id.strip_prefix("h-").unwrap().parse().unwrap();
                    let due = held.message.due;
                    assert_eq!(
                        held.message,
                        HeldMessage { due, ..message(number) },
                        "{:?}",
                        names.get(&held.message.id)
                    );
                    told.insert(held.message.id);
                }
            }
        }
    }
    for (id, way) in &names {
        if !told.contains(id) {
            let status = hold.get(id).await.unwrap();
            let aside = status.is_some_and(|status| status.state == State::Quarantined);
            assert!(aside, "{id} is missing in silence: {way}");
        }
    }
    assert!(told.contains("h-0"), "the honest one is released");
}

/// Every byte with `TACTGATE_EVERY_BYTE=1`; else some of them, spread.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_byte_of_the_file_may_be_wrong_and_the_message_is_whole_or_missed_aloud() {
    let folder = tempfile::tempdir().unwrap();
    let place = HoldSettings::in_folder(folder.path());
    let hold = Hold::open(&place).unwrap();
    hold.put(message(1)).await.unwrap();
    let checkpoint = Connection::open(&place.path).unwrap();
    checkpoint.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let whole = std::fs::read(&place.path).unwrap();
    let step = if std::env::var_os("TACTGATE_EVERY_BYTE").is_some() { 1 } else { 211 };
    let (mut refused, mut aside, mut unhurt) = (0, 0, 0);
    for offset in (0..whole.len()).step_by(step) {
        let spoilt = tempfile::tempdir().unwrap();
        let mut bytes = whole.clone();
        bytes[offset] ^= 0x10;
        std::fs::write(spoilt.path().join("hold.db"), &bytes).unwrap();
        std::fs::copy(&place.key_path, spoilt.path().join("hold.key")).unwrap();
        match outcome(spoilt.path()).await {
            Err(_) => refused += 1,
            Ok(due) => match due.as_slice() {
                [Due::Release(held)] => {
                    let due = held.message.due;
                    assert_eq!(held.message, HeldMessage { due, ..message(1) }, "byte {offset}");
                    unhurt += 1;
                }
                [Due::Damaged(_)] | [Due::Expired(_)] | [Due::Unknown(_)] => aside += 1,
                other => panic!("byte {offset}: {other:?}"),
            },
        }
    }
    println!("{unhurt} unhurt, {aside} put aside, {refused} refused");
    assert!(unhurt > 0 && aside + refused > 0);
}

async fn outcome(folder: &Path) -> Result<Vec<Due>, String> {
    let told = |e: tactgate::hold::HoldError| e.to_string();
    let hold = Hold::open(&HoldSettings::in_folder(folder)).map_err(told)?;
    let mut due: Vec<Due> = hold.mend(at(1)).await.map_err(told)?.into_iter().map(Due::Damaged).collect();
    due.extend(hold.claim_due(at(1), 9, LEASE).await.map_err(told)?);
    if due.is_empty() {
        due.extend(hold.claim_due(at(601), 9, LEASE).await.map_err(told)?);
    }
    if due.is_empty() && hold.count().await.map_err(told)?.quarantined > 0 {
        return Err("put aside".into());
    }
    Ok(due)
}
