//! Policies are reloaded while the gateway runs, by every way files change; a broken file keeps the
//! last good set. Real files, a real watcher.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tactgate::clock::Clock;
use tactgate::config::{ColdStart, Judged, Live, PolicyFolder, PolicySettings};
use tokio_util::sync::CancellationToken;

/// A set is the texts, joined; `broken` cannot be read, `failing` fails its case.
fn load(folder: &PolicyFolder) -> Judged<String> {
    let all: Vec<&str> = folder.files.iter().map(|(_, text)| text.trim()).collect();
    let all = all.join("+");
    if all.contains("broken") {
        return Judged::Refused(format!("{}:1:1: broken", folder.files[0].0));
    }
    if all.contains("failing") {
        return Judged::Doubtful(all, "1 case fails".into());
    }
    Judged::Accepted(all)
}

struct Running {
    live: Arc<Live<String>>,
    stop: CancellationToken,
    _data: tempfile::TempDir,
}

impl Running {
    /// With a poll so slow that only the watcher can have seen a change.
    fn on(dir: &Path, poll_seconds: u64) -> Running {
        let data = tempfile::tempdir().unwrap();
        let settings = PolicySettings { dir: dir.to_owned(), poll_seconds, ..PolicySettings::default() };
        let live = Arc::new(Live::start(&settings, data.path(), Clock::Wall, load).unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(Arc::clone(&live).watch(stop.clone()));
        Running { live, stop, _data: data }
    }

    async fn until(&self, what: &str, is: impl Fn(&Live<String>) -> bool) {
        let give_up = Instant::now() + Duration::from_secs(20);
        while !is(&self.live) {
            assert!(Instant::now() < give_up, "{what}: still {:?} {:?}", self.live.current(), self.live.status());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn shows(&self, what: &str, set: &str) {
        self.until(what, |live| *live.current() == set).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_change_a_folder_is_seen_and_a_broken_file_keeps_the_old_set() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("a.toml"), "one").unwrap();
    let running = Running::on(dir.path(), 3600);
    running.shows("cold start", "one").await;

    fs::write(at("z.toml"), "z").unwrap();
    running.shows("a new file", "one+z").await;
    fs::remove_file(at("z.toml")).unwrap();
    running.shows("a file deleted", "one").await;

    fs::write(at("a.toml"), "two").unwrap();
    running.shows("written in place", "two").await;

    fs::write(at(".a.toml.tmp"), "three").unwrap();
    fs::rename(at(".a.toml.tmp"), at("a.toml")).unwrap();
    running.shows("saved by renaming", "three").await;

    fs::write(at("a.toml"), "broken").unwrap();
    running.until("a broken file is told", |live| live.status().error.is_some()).await;
    assert_eq!(*running.live.current(), "three");
    assert!(running.live.status().error.unwrap().ends_with("/a.toml:1:1: broken"));

    fs::write(at("a.toml"), "failing").unwrap();
    running.until("a failing case is told", |live| live.status().error.is_some_and(|e| e.contains("case fails"))).await;
    assert_eq!(*running.live.current(), "three");

    fs::write(at("a.toml"), "three").unwrap();
    running.until("mended", |live| live.status().error.is_none()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kubernetes_swap_of_the_data_link_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for (version, text) in [("..v1", "old"), ("..v2", "new")] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("a.toml"), text).unwrap();
    }
    symlink("..v1", at("..data")).unwrap();
    symlink("..data/a.toml", at("a.toml")).unwrap();
    let running = Running::on(dir.path(), 3600);
    running.shows("cold start", "old").await;
    symlink("..v2", at("..data_tmp")).unwrap();
    fs::rename(at("..data_tmp"), at("..data")).unwrap();
    running.shows("swapped", "new").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_no_event_tells_is_found_by_content() {
    // A link to the folder: swapping it changes nothing inside the folder that is watched.
    let root = tempfile::tempdir().unwrap();
    for (name, text) in [("one", "old"), ("two", "new")] {
        fs::create_dir(root.path().join(name)).unwrap();
        fs::write(root.path().join(name).join("a.toml"), text).unwrap();
    }
    let link = root.path().join("policies");
    symlink("one", &link).unwrap();
    let running = Running::on(&link, 1);
    running.shows("cold start", "old").await;
    symlink("two", root.path().join("next")).unwrap();
    fs::rename(root.path().join("next"), &link).unwrap();
    running.shows("by content", "new").await;
}

#[test]
fn a_cold_start_takes_only_a_good_set_or_one_accepted_before() {
    let dir = tempfile::tempdir().unwrap();
    let data = tempfile::tempdir().unwrap();
    let settings = PolicySettings { dir: dir.path().to_owned(), ..PolicySettings::default() };
    fs::write(dir.path().join("a.toml"), "fine, later stricter").unwrap();

    // An upgrade whose check sees more.
    let stricter = |folder: &PolicyFolder| Judged::Doubtful(folder.files[0].1.clone(), "1 case fails".into());
    let refused = Live::start(&settings, data.path(), Clock::Wall, stricter);
    assert!(matches!(refused, Err(ColdStart::Set(why)) if why == "1 case fails"));

    drop(Live::start(&settings, data.path(), Clock::Wall, load).unwrap());
    let live = Live::start(&settings, data.path(), Clock::Wall, stricter).unwrap();
    assert_eq!(*live.current(), "fine, later stricter");
    assert_eq!(live.status().error.as_deref(), Some("1 case fails"));

    fs::write(dir.path().join("a.toml"), "failing").unwrap();
    assert!(Live::start(&settings, data.path(), Clock::Wall, stricter).is_err(), "other files were never accepted");
    let none = PolicySettings { dir: dir.path().join("none"), ..PolicySettings::default() };
    assert!(matches!(Live::start(&none, data.path(), Clock::Wall, load), Err(ColdStart::Folder(_))));
}
