//! Every way in which a Redis server does not do as asked, and what each means: one table. What the
//! server refused was not done; what was sent and got no answer may have been done; what was never sent
//! was not.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use redis::{ErrorKind, RedisError, ServerError, ServerErrorKind};

use crate::store::StoreError;

/// What went wrong, and what the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) kind: Kind,
    pub(super) detail: String,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal $($code:literal)* => $done:ident, $speaks:ident;)+) => {
        /// The kinds of trouble.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Kind {
            $($(#[$doc])* $kind,)+
        }

        /// All of them, in order.
        const KINDS: &[Kind] = &[$(Kind::$kind,)+];

        impl Kind {
            /// The stable word for it, in metrics and messages.
            pub(super) fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)+ }
            }

            fn of_code(code: &str) -> Kind {
                match code { $($($code => Kind::$kind,)*)+ _ => Kind::Refused }
            }

            fn done(self) -> Done {
                match self { $(Kind::$kind => Done::$done,)+ }
            }

            /// Whether it speaks against the server (for a breaker), or only against what was asked.
            pub(super) fn speaks_against_server(self) -> bool {
                matches!(match self { $(Kind::$kind => Speaks::$speaks,)+ }, Speaks::Against)
            }
        }
    };
}

/// Whether a write that ended so was done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    No,
    Perhaps,
}

#[derive(Clone, Copy)]
enum Speaks {
    Against,
    Not,
}

kinds! {
    /// It reads its file; soon it is back.
    Loading "loading" "LOADING" => No, Against;
    /// Somebody's script runs without end.
    Busy "busy" "BUSY" "UNKILLABLE" => No, Against;
    /// Full: writes are refused, reads are answered.
    OutOfMemory "out-of-memory" "OOM" => No, Not;
    /// It cannot write its file, so it takes no writes.
    Misconfigured "misconfigured" "MISCONF" => No, Not;
    /// A replica: the master is elsewhere by now.
    ReadOnly "read-only" "READONLY" => No, Not;
    /// Too few replicas for its own `min-replicas-to-write`.
    NoReplicas "no-replicas" "NOREPLICAS" => No, Not;
    /// It does not know the script; told whole it does.
    NoScript "no-script" "NOSCRIPT" => No, Not;
    /// The password is missing or wrong.
    NoAuth "no-auth" "NOAUTH" "WRONGPASS" => No, Against;
    /// The user may not.
    NoPermission "no-permission" "NOPERM" => No, Not;
    /// Two slots in one command.
    CrossSlot "cross-slot" "CROSSSLOT" => No, Not;
    /// The slot lives elsewhere for good.
    Moved "moved" "MOVED" => No, Not;
    /// The slot is moving, and this key is there already.
    Ask "ask" "ASK" => No, Not;
    /// The slot is moving, and its keys are on both sides.
    TryAgain "try-again" "TRYAGAIN" => No, Not;
    /// No one answers for the slot.
    ClusterDown "cluster-down" "CLUSTERDOWN" => No, Not;
    /// A replica that has lost its master.
    MasterDown "master-down" "MASTERDOWN" => No, Not;
    /// Another application's value stands where ours belongs.
    WrongType "wrong-type" "WRONGTYPE" => No, Not;
    /// Any other error of the server.
    Refused "refused" => No, Not;
    /// Sent, and no answer in time.
    Timeout "timeout" => Perhaps, Against;
    /// Sent, and the connection broke.
    Lost "lost" => Perhaps, Against;
    /// An answer that is none, or not to this question.
    WrongBytes "wrong-bytes" => Perhaps, Against;
    /// There is no connection.
    Unreachable "unreachable" => No, Against;
    /// Nothing was sent in time: too much is under way.
    Crowded "crowded" => No, Not;
    /// Nothing was sent: it failed too often in a row.
    BreakerOpen "breaker-open" => No, Not;
    /// Nothing was sent: the server is not one that may keep facts.
    Unfit "unfit" => No, Not;
    /// Done, but too few replicas have it.
    FewReplicas "few-replicas" => Perhaps, Not;
}

impl Trouble {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Trouble {
        Trouble { kind, detail: detail.into() }
    }

    /// Of an error the library gives; never with a URL, which may hold a password.
    pub(super) fn of(error: &RedisError) -> Trouble {
        let kind = match error.kind() {
            ErrorKind::Server(ServerErrorKind::MasterDown) => Kind::MasterDown,
            ErrorKind::AuthenticationFailed => Kind::NoAuth,
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => Kind::WrongBytes,
            _ if error.is_connection_refusal() => Kind::Unreachable,
            _ => match error.code() {
                Some(code) => Kind::of_code(code),
                None if error.is_timeout() => Kind::Timeout,
                None => Kind::Lost,
            },
        };
        Trouble::new(kind, format!("{} {}", error.category(), error.detail().unwrap_or_default()).trim().to_owned())
    }

    /// Of an error that stands among the answers of a pipeline.
    pub(super) fn said(error: &ServerError) -> Trouble {
        let code = error.code();
        Trouble::new(Kind::of_code(code), error.details().unwrap_or(code))
    }

    /// The connection could not be made: whatever the library calls it, nothing was sent.
    pub(super) fn unreached(self) -> Trouble {
        match self.kind {
            Kind::Timeout | Kind::Lost => Trouble { kind: Kind::Unreachable, ..self },
            _ => self,
        }
    }

    /// `slot host:port` of a redirection.
    pub(super) fn redirection(&self) -> Option<(u16, &str, u16)> {
        let mut words = self.detail.split_ascii_whitespace();
        let slot = words.next()?.parse().ok()?;
        let (host, port) = words.next()?.rsplit_once(':')?;
        Some((slot, host, port.parse().ok()?))
    }

    /// For what only reads.
    pub(super) fn for_read(self) -> StoreError {
        match self.kind {
            Kind::WrongType => StoreError::Damaged(self.to_string()),
            _ => StoreError::Down(self.to_string()),
        }
    }

    /// For what writes.
    pub(super) fn for_write(self) -> StoreError {
        match (self.kind, self.kind.done()) {
            (Kind::WrongType, _) => StoreError::Damaged(self.to_string()),
            (_, Done::No) => StoreError::Down(self.to_string()),
            (_, Done::Perhaps) => StoreError::Unknown(self.to_string()),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.detail)
    }
}

/// How often each kind came up.
#[derive(Debug)]
pub(super) struct Counts([AtomicU64; KINDS.len()]);

impl Default for Counts {
    fn default() -> Counts {
        Counts([const { AtomicU64::new(0) }; KINDS.len()])
    }
}

impl Counts {
    pub(super) fn add(&self, kind: Kind) {
        if let Some(count) = self.0.get(kind as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Those that came up.
    pub(super) fn told(&self) -> Vec<(&'static str, u64)> {
        let all = KINDS.iter().zip(&self.0).map(|(kind, count)| (kind.name(), count.load(Ordering::Relaxed)));
        all.filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirection_is_read_with_its_place() {
        let moved = Trouble::new(Kind::Moved, "3999 127.0.0.1:6381");
        assert_eq!(moved.redirection(), Some((3999, "127.0.0.1", 6381)));
        assert_eq!(Trouble::new(Kind::Moved, "3999 ::1:6381").redirection(), Some((3999, "::1", 6381)));
        assert_eq!(Trouble::new(Kind::Moved, "3999").redirection(), None);
    }

    #[test]
    fn what_was_refused_was_not_done_and_what_got_no_answer_may_have_been() {
        for kind in KINDS {
            let told = Trouble::new(*kind, "x").for_write();
            let unknown = ["timeout", "lost", "wrong-bytes", "few-replicas"].contains(&kind.name());
            assert_eq!(matches!(told, StoreError::Unknown(_)), unknown, "{told}");
        }
        assert_eq!(Kind::of_code("OOM"), Kind::OutOfMemory);
        assert_eq!(Kind::of_code("ERR"), Kind::Refused);
    }
}
