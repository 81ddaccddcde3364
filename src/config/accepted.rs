//! Which policy sets were accepted before, by hash: after an upgrade whose guards see more, a cold
//! start with the same files must not leave a brand without its gateway.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Hashes kept, newest last.
const HASHES_MAX: usize = 64;

/// The file of accepted hashes, one a line.
#[derive(Debug, Clone)]
pub struct Accepted {
    file: PathBuf,
}

impl Accepted {
    /// In this gateway's data folder.
    pub fn in_dir(data_dir: &Path) -> Accepted {
        Accepted { file: data_dir.join("policies.accepted") }
    }

    /// True when a set of this hash was accepted before.
    pub fn contains(&self, hash: &str) -> bool {
        self.hashes().iter().any(|known| known == hash)
    }

    /// Keeps the hash, durably; the file is replaced whole, never half-written.
    pub fn add(&self, hash: &str) -> std::io::Result<()> {
        let mut hashes = self.hashes();
        if hashes.last().is_some_and(|last| last == hash) {
            return Ok(());
        }
        hashes.retain(|known| known != hash);
        hashes.push(hash.to_owned());
        let first = hashes.len().saturating_sub(HASHES_MAX);
        if let Some(dir) = self.file.parent() {
            fs::create_dir_all(dir)?;
        }
        let fresh = self.file.with_extension("accepted.new");
        let mut file = fs::File::create(&fresh)?;
        file.write_all((hashes[first..].join("\n") + "\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, &self.file)
    }

    fn hashes(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_and_does_not_grow() {
        let dir = tempfile::tempdir().unwrap();
        let accepted = Accepted::in_dir(&dir.path().join("data"));
        assert!(!accepted.contains("a"));
        accepted.add("a").unwrap();
        for i in 0..HASHES_MAX - 1 {
            accepted.add(&format!("h{i}")).unwrap();
        }
        assert!(accepted.contains("a") && accepted.contains("h0"));
        accepted.add("one-more").unwrap();
        assert!(!accepted.contains("a") && accepted.contains("one-more"));
    }
}
