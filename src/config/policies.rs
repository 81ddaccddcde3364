//! Reads the policy folder into (path, text) pairs for [`crate::policy`], which never sees a file.

use std::fs;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;

use super::PolicySettings;
use crate::hex::hex;

/// The texts of a policy folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFolder {
    /// `policies/surveys.toml` and its text, sorted by path.
    pub files: Vec<(String, String)>,
    /// SHA-256 over names and texts, hex: the same files give the same hash on every machine.
    pub hash: String,
}

/// Why a policy folder cannot be read. None of the set is used then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFolderError {
    /// The folder or a file in it.
    #[error("{path}: {why}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
    /// A limit of `[policies]`.
    #[error("{path}: more than {max} ({setting})")]
    TooMuch {
        /// Where.
        path: String,
        /// The limit.
        max: u64,
        /// The setting that says so.
        setting: &'static str,
    },
}

impl PolicyFolder {
    /// Reads every `*.toml` of the folder and of the folders in it; names that begin with a dot are editors' (of
    /// folders: Kubernetes') and are skipped.
    pub fn read(settings: &PolicySettings) -> Result<PolicyFolder, PolicyFolderError> {
        let dir = &settings.dir;
        let home = fs::canonicalize(dir).map_err(|e| unreadable(dir, &e))?;
        let label = dir.file_name().map_or_else(|| "policies".to_owned(), |name| name.to_string_lossy().into_owned());
        let mut names = Vec::new();
        let mut folders = vec![(dir.clone(), String::new(), 0)];
        while let Some((folder, prefix, depth)) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(|e| unreadable(&folder, &e))? {
                let entry = entry.map_err(|e| unreadable(&folder, &e))?;
                let name = entry.file_name();
                let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
                // A link to a folder is not followed: it could lead out, or round in a circle.
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) && depth < FOLDERS_DEEP_MAX {
                    folders.push((entry.path(), format!("{prefix}{name}/"), depth + 1));
                } else if name.ends_with(".toml") {
                    names.push(format!("{prefix}{name}"));
                }
                if names.len() > settings.files_max {
                    let max = settings.files_max as u64;
                    return Err(PolicyFolderError::TooMuch { path: label, max, setting: "files_max" });
                }
            }
        }
        names.sort();
        let mut files = Vec::with_capacity(names.len());
        for name in names {
            let text = read_file(&dir.join(&name), &home, settings.file_bytes_max)?;
            files.push((format!("{label}/{name}"), text));
        }
        Ok(PolicyFolder::of(files))
    }

    /// A folder of these files.
    pub fn of(files: Vec<(String, String)>) -> PolicyFolder {
        let mut hash = digest::Context::new(&digest::SHA256);
        for (path, text) in &files {
            // Lengths first, so that no two different sets feed the same bytes.
            for field in [path, text] {
                hash.update(&(field.len() as u64).to_be_bytes());
                hash.update(field.as_bytes());
            }
        }
        let hash = hex(hash.finish().as_ref());
        PolicyFolder { files, hash }
    }
}

/// Folders within folders.
const FOLDERS_DEEP_MAX: u32 = 4;

/// A link may point to another place of the same folder, as Kubernetes does (`x.toml → ..data/x.toml`),
/// and nowhere else: a policy folder is often writable by more people than the machine is.
fn read_file(path: &Path, home: &Path, bytes_max: u64) -> Result<String, PolicyFolderError> {
    let target: PathBuf = fs::canonicalize(path).map_err(|e| unreadable(path, &e))?;
    let refuse = |why: &str| PolicyFolderError::Unreadable { path: path.display().to_string(), why: why.to_owned() };
    if !target.starts_with(home) {
        return Err(refuse("a link that leads out of the policy folder"));
    }
    let meta = fs::metadata(&target).map_err(|e| unreadable(path, &e))?;
    if !meta.is_file() {
        return Err(refuse("not a file"));
    }
    if meta.len() > bytes_max {
        let path = path.display().to_string();
        return Err(PolicyFolderError::TooMuch { path, max: bytes_max, setting: "file_bytes_max" });
    }
    let bytes = fs::read(&target).map_err(|e| unreadable(path, &e))?;
    let text = String::from_utf8(bytes).map_err(|_| refuse("not UTF-8; save it as UTF-8 (请存为 UTF-8)"))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn unreadable(path: &Path, error: &std::io::Error) -> PolicyFolderError {
    PolicyFolderError::Unreadable { path: path.display().to_string(), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(dir: &Path) -> PolicySettings {
        PolicySettings { dir: dir.to_owned(), files_max: 3, file_bytes_max: 100, ..PolicySettings::default() }
    }

    #[test]
    fn files_are_sorted_and_others_are_skipped() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in
            [("b.toml", "b"), ("a.toml", "\u{feff}a"), (".c.toml.swp", "c"), (".d.toml", "d"), ("README.md", "")]
        {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let folder = PolicyFolder::read(&settings(dir.path())).unwrap();
        let texts: Vec<&str> = folder.files.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["a", "b"]);
        assert!(folder.files[0].0.ends_with("/a.toml"));
    }

    #[test]
    fn folders_in_the_folder_are_read_and_links_to_folders_are_not() {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in ["law", ".git", "..2026_11_20"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
            fs::write(dir.path().join(folder).join("us.toml"), folder).unwrap();
        }
        fs::write(dir.path().join("z.toml"), "z").unwrap();
        fs::write(outside.path().join("theirs.toml"), "theirs").unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("out")).unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("law/round")).unwrap();
        let folder = PolicyFolder::read(&settings(dir.path())).unwrap();
        let texts: Vec<&str> = folder.files.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["law", "z"]);
        assert!(folder.files[0].0.ends_with("/law/us.toml"), "{}", folder.files[0].0);
    }

    #[test]
    fn limits_and_links_out_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("a.toml")).unwrap();
        let refused = PolicyFolder::read(&settings(dir.path())).unwrap_err().to_string();
        assert!(refused.contains("leads out of the policy folder"), "{refused}");
        fs::remove_file(dir.path().join("a.toml")).unwrap();

        fs::write(dir.path().join("a.toml"), "x".repeat(101)).unwrap();
        assert!(matches!(PolicyFolder::read(&settings(dir.path())), Err(PolicyFolderError::TooMuch { .. })));
        fs::write(dir.path().join("a.toml"), b"\xd6\xd0\xce\xc4").unwrap(); // GBK
        assert!(PolicyFolder::read(&settings(dir.path())).unwrap_err().to_string().contains("UTF-8"));
        for name in ["a", "b", "c", "d"] {
            fs::write(dir.path().join(format!("{name}.toml")), "").unwrap();
        }
        assert!(matches!(PolicyFolder::read(&settings(dir.path())), Err(PolicyFolderError::TooMuch { .. })));
        assert!(PolicyFolder::read(&settings(&dir.path().join("none"))).is_err());
    }

    #[test]
    fn the_hash_tells_sets_apart() {
        let set = |files: &[(&str, &str)]| {
            PolicyFolder::of(files.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()).hash
        };
        assert_ne!(set(&[("a", "bc")]), set(&[("ab", "c")]));
        assert_ne!(set(&[("a", "b"), ("c", "d")]), set(&[("a", "bc"), ("", "d")]));
        assert_eq!(set(&[("a", "b")]), set(&[("a", "b")]));
    }
}
