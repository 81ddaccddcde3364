//! The scripts, called by their hash. Never in a script what can be decided outside it: each compares one
//! version and writes one key.

use std::sync::LazyLock;

use redis::Cmd;

/// A script and its hash.
pub(super) struct Script {
    pub(super) text: &'static str,
    hash: String,
}

/// Writes one customer if nobody wrote first.
pub(super) static COMPARE_AND_SET: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("compare_and_set.lua")));
/// Deletes one record at its version.
pub(super) static REMOVE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("remove.lua")));

impl Script {
    fn new(text: &'static str) -> Script {
        Script { text, hash: redis::Script::new(text).get_hash().to_owned() }
    }

    /// Begins a call for one key, with room for as many bytes and some numbers.
    pub(super) fn call(&self, key: &str, bytes: usize) -> Cmd {
        let mut call = Cmd::with_capacity(9, key.len() + bytes + 160);
        call.arg("EVALSHA").arg(&self.hash).arg(1).arg(key);
        call
    }
}

/// The same call for a server that does not know the script (restart, failover, SCRIPT FLUSH): it is told
/// the whole text and knows it again.
pub(super) fn told_whole(call: &Cmd, text: &str) -> Cmd {
    let mut whole = redis::cmd("EVAL");
    whole.arg(text);
    for arg in call.args_iter().skip(2) {
        if let redis::Arg::Simple(arg) = arg {
            whole.arg(arg);
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_told_whole_says_the_same() {
        let mut call = REMOVE.call("tg1:{k}", 0);
        call.arg(7);
        let whole = told_whole(&call, REMOVE.text);
        let said = |cmd: &Cmd| String::from_utf8(cmd.get_packed_command()).unwrap();
        let end = |text: String| text.split("$1\r\n1\r\n").nth(1).unwrap().to_owned();
        assert_eq!(end(said(&call)), end(said(&whole)));
        assert!(said(&whole).contains("EVAL\r\n") && said(&whole).contains(REMOVE.text));
    }
}
