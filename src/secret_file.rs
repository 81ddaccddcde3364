//! Files with a secret in them: made once, whole and on disk before they have their name, and their owner's
//! alone. The pepper, the hold key and the audit key are such files.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use aws_lc_rs::rand;

use crate::hex::hex;

/// Random bytes in the name that a file has while it is written.
const FRESH_BYTES: usize = 8;

/// Bytes that nobody can guess.
pub fn drawn<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0u8; N];
    rand::fill(&mut bytes).map_err(|_| io::Error::other("the system gave no randomness"))?;
    Ok(bytes)
}

/// Makes the file, and the folders it stands in. False when one of that name is there: it stays as it is.
pub fn make(path: &Path, text: &str) -> io::Result<bool> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // A name of its own: two that start at once must not write into each other's file.
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", hex(&drawn::<FRESH_BYTES>()?)));
    let fresh = path.with_file_name(name);
    // A link, not a rename: it never replaces a secret that stands there already.
    let linked = write(&fresh, text).and_then(|()| fs::hard_link(&fresh, path));
    let removed = fs::remove_file(&fresh);
    let made = match linked {
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => false,
        linked => linked.and(removed).map(|()| true)?,
    };
    // Also when somebody else made it just now: what is sealed with it must not outlive its name.
    fs::File::open(folder)?.sync_all()?;
    Ok(made)
}

/// An error where others than its owner may read the file: what is in it may be known.
pub fn refuse_open_to_others(path: &Path) -> io::Result<()> {
    if is_open_to_others(path)? {
        let words = "others may read it: `chmod 600` it, and consider the key known";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, words));
    }
    Ok(())
}

/// True when others than its owner may read or change the file.
#[cfg(unix)]
pub fn is_open_to_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

/// No such question can be asked here.
#[cfg(not(unix))]
pub fn is_open_to_others(_path: &Path) -> io::Result<bool> {
    Ok(false)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_that_make_one_file_at_once_one_does_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/er/secret");
        let made: Vec<String> = std::thread::scope(|scope| {
            let one = |number: usize| {
                let (path, text) = (&path, format!("secret {number}\n").repeat(1_000));
                scope.spawn(move || make(path, &text).unwrap().then_some(text))
            };
            let all: Vec<_> = (0..8).map(one).collect();
            all.into_iter().filter_map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(made.len(), 1, "one of them made it");
        assert_eq!(fs::read_to_string(&path).unwrap(), made[0], "whole");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing beside it");
    }

    #[cfg(unix)]
    #[test]
    fn it_is_its_owner_s_alone_and_refused_when_it_is_not() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        assert!(make(&path, "x").unwrap());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        refuse_open_to_others(&path).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(is_open_to_others(&path).unwrap(), "{mode:o}");
            assert!(refuse_open_to_others(&path).unwrap_err().to_string().contains("chmod 600"));
        }
        assert!(refuse_open_to_others(&dir.path().join("none")).is_err());
    }
}
