//! Every place where the gateway keeps something, how it ends, and what an erasure does to it. A new file
//! or a new kind of key gets its line here; a test finds those that have none.

use std::path::Path;

/// A place, for operators and compliance officers.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Paths below the working folder, or a kind of key in the store; `*` stands for anything.
    pub paths: &'static [&'static str],
    /// What is there.
    pub holds: Holds,
    /// How it ends by itself.
    pub ends: Ends,
    /// What `customer erase` does to it.
    pub erased: Erased,
}

/// What a place holds, in both languages.
#[derive(Debug, Clone, Copy)]
pub struct Holds {
    /// English.
    pub en: &'static str,
    /// Chinese.
    pub zh: &'static str,
}

/// How something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// By a setting of this name.
    BySetting(&'static str),
    /// So many hours after it is needed no more.
    AfterHours(u32),
    /// Nothing of a person is in it, and its size is bounded.
    Bounded,
}

/// What an erasure does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// What is the person's goes at once, or within minutes beside running gateways.
    Removed,
    /// It stays, and leads to nobody any more.
    LeadsToNobody,
    /// The keyed hash of a refusal stays, so that it goes on being honoured.
    RefusalStays,
    /// It ends by itself, within hours.
    EndsByItself,
    /// Nothing of a person is in it.
    NothingThere,
}

/// All of them.
pub const PLACES: &[Place] = &[
    Place {
        paths: &["facts.db", "facts.db-*", "store: {key}"],
        holds: Holds { en: "customers' documents, under keyed hashes", zh: "客户档案，以加密散列为键" },
        ends: Ends::BySetting("store.history_days"),
        erased: Erased::RefusalStays,
    },
    Place {
        paths: &["refusals.jsonl", "refusals.part"],
        holds: Holds {
            en: "the refusals this machine last knew of, for when the store is away: keyed hashes and what was refused",
            zh: "本机最近获知的退订，供存储不可用时使用：加密散列与所拒绝的内容",
        },
        ends: Ends::BySetting("limits.refusals_remembered_max"),
        erased: Erased::RefusalStays,
    },
    Place {
        paths: &["journal/*.jsonl", "journal/*.torn-at-*"],
        holds: Holds {
            en: "events the shop told, sends and promises that left, under keyed hashes",
            zh: "商家告知的事件、已发出的消息与承诺，以加密散列为键",
        },
        ends: Ends::BySetting("record.journal_days"),
        erased: Erased::Removed,
    },
    Place {
        paths: &["decisions/*.jsonl", "decisions/*.torn-at-*"],
        holds: Holds {
            en: "the decision log, under random record ids", zh: "决定日志，以随机编号指代客户"
        },
        ends: Ends::BySetting("record.decisions_days"),
        erased: Erased::LeadsToNobody,
    },
    Place {
        paths: &["audit/checkpoints.jsonl"],
        holds: Holds { en: "signed checkpoints of the decision log", zh: "决定日志的签名检查点" },
        ends: Ends::BySetting("record.decisions_days"),
        erased: Erased::NothingThere,
    },
    Place {
        paths: &["hold.db", "hold.db-*"],
        holds: Holds { en: "messages that wait, sealed", zh: "待发消息，已加密" },
        ends: Ends::BySetting("hold.wait_hours_max"),
        erased: Erased::Removed,
    },
    Place {
        paths: &[
            "store: hold:{hold}",
            "store: {hold-body:*}",
            "store: {hold-body:*}:needed-by",
            "store: {holds:*}:lists",
            "store: {holds:*}:due:*",
        ],
        holds: Holds {
            en: "copies of messages that wait, and their notes, sealed, for the other gateways",
            zh: "待发消息的副本与说明，已加密，供其他网关接管",
        },
        ends: Ends::BySetting("hold.wait_hours_max"),
        erased: Erased::Removed,
    },
    Place {
        paths: &["store: {hold-end:*}"],
        holds: Holds {
            en: "that a hold ended at another gateway", zh: "某条待发消息已由另一网关了结的标记"
        },
        ends: Ends::BySetting("hold.wait_hours_max"),
        erased: Erased::LeadsToNobody,
    },
    Place {
        paths: &["store: {brand}:reply:*"],
        holds: Holds {
            en: "answers for clients that try again, sealed", zh: "供客户端重试时使用的答复，已加密"
        },
        ends: Ends::AfterHours(24),
        erased: Erased::EndsByItself,
    },
    Place {
        paths: &["store: {erasures}:*"],
        holds: Holds { en: "word of erasures, as keyed hashes", zh: "删除通知，仅含加密散列" },
        ends: Ends::BySetting("record.journal_days"),
        erased: Erased::LeadsToNobody,
    },
    Place {
        paths: &["store: {brand}:d:*", "store: {brand}:p:*", "store: {brand}:since"],
        holds: Holds {
            en: "what the brand itself has promised, and since when each kind of fact is known",
            zh: "品牌自己作出的承诺，以及各类事实自何时起可知",
        },
        ends: Ends::Bounded,
        erased: Erased::NothingThere,
    },
    Place {
        paths: &["store: {fleet}:gateways", "store: {fleet}:beat:*", "store: {canary-*}:*", "store: {store}:*"],
        holds: Holds {
            en: "who serves from the store, and marks by which lost writes are seen",
            zh: "由哪些网关使用本存储，以及用于发现写入丢失的标记",
        },
        ends: Ends::Bounded,
        erased: Erased::NothingThere,
    },
    Place {
        paths: &["gateway.json", "gateway.json.part"],
        holds: Holds {
            en: "who this gateway is among others: a random number, counts, instants",
            zh: "本网关的身份：随机数、次数与时间",
        },
        ends: Ends::Bounded,
        erased: Erased::NothingThere,
    },
    Place {
        paths: &[
            "pepper",
            "hold.key",
            "audit.key",
            "pepper.*.new",
            "hold.key.*.new",
            "audit.key.*.new",
            "lock",
            "*.lock",
            "policies.accepted",
            "policies.accepted.new",
        ],
        holds: Holds { en: "keys, locks, hashes of policy sets", zh: "密钥、锁、策略集的散列" },
        ends: Ends::Bounded,
        erased: Erased::NothingThere,
    },
];

/// The place of a file below the data folder.
pub fn place_of(path: &Path) -> Option<&'static Place> {
    let path = path.to_string_lossy();
    let path = path.strip_prefix("data/").unwrap_or(&path);
    PLACES.iter().find(|place| place.paths.iter().any(|pattern| matches(pattern, path)))
}

/// `*` = any run of characters, more than once if need be.
fn matches(pattern: &str, path: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        let Some(at) = rest.find(piece) else { return false };
        rest = rest.get(at + piece.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_their_place_and_every_place_ends() {
        for (path, there) in [
            ("data/facts.db", true),
            ("facts.db-wal", true),
            ("data/decisions/2026-11-22.jsonl", true),
            ("data/decisions/2026-11-22.torn-at-17", true),
            ("data/gateway.json", true),
            ("data/hold.lock", true),
            ("data/decisions/2026-11-22.txt", false),
            ("data/bodies/1", false),
        ] {
            assert_eq!(place_of(Path::new(path)).is_some(), there, "{path}");
        }
        let known = [
            "store.history_days",
            "limits.refusals_remembered_max",
            "record.journal_days",
            "record.decisions_days",
            "hold.wait_hours_max",
        ];
        for place in PLACES {
            match place.ends {
                Ends::BySetting(name) => assert!(known.contains(&name), "{name}"),
                Ends::AfterHours(hours) => assert!(hours <= 24),
                Ends::Bounded => assert_eq!(place.erased, Erased::NothingThere, "{:?}", place.paths),
            }
            assert!(!place.holds.en.is_empty() && !place.holds.zh.is_empty());
        }
    }
}
