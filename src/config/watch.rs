//! The policy set in use, and its reload: on a change of the folder, on SIGHUP, and every 30 s by
//! content. A set that is not accepted never replaces one that was.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use notify::{EventKind, RecursiveMode, Watcher, event};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::PolicySettings;
use super::accepted::Accepted;
use super::policies::{PolicyFolder, PolicyFolderError};
use crate::clock::Clock;

/// Changes that come this close together are one change: an editor's rename-save is several events. (A
/// debouncer that merges events is not used: "created, then removed" merges to nothing, although we may
/// have read the file in between.)
const SETTLE: Duration = Duration::from_millis(120);
/// Times a folder is read again because it changed meanwhile, before it is left for the next look.
const SETTLE_ROUNDS_MAX: usize = 40;

/// What a loader makes of a folder's texts.
#[derive(Debug)]
pub enum Judged<T> {
    /// A set whose check and cases are fine.
    Accepted(T),
    /// A set that can be used but fails its own cases or a check: used only at a cold start, and only
    /// if the same files were accepted before. With the rendered diagnostic.
    Doubtful(T, String),
    /// No set at all, with the rendered diagnostic.
    Refused(String),
}

/// What the last reload came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReloadStatus {
    /// Hash of the set in use.
    pub hash: String,
    /// Since when it is in use.
    pub loaded_at: Timestamp,
    /// Why the files on disk are not the set in use, or what was wrong with it at a cold start.
    pub error: Option<String>,
}

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum ColdStart {
    /// The folder.
    #[error("policies cannot be read: {0}")]
    Folder(#[from] PolicyFolderError),
    /// The set.
    #[error("policies are not accepted:\n{0}")]
    Set(String),
}

type Load<T> = Box<dyn Fn(&PolicyFolder) -> Judged<T> + Send + Sync>;

/// The rules in use, replaced whole. `T` is the set's type.
pub struct Live<T> {
    current: ArcSwap<T>,
    status: ArcSwap<ReloadStatus>,
    /// Hash of the files last looked at, accepted or not; also keeps two reloads apart.
    looked_at: Mutex<String>,
    settings: PolicySettings,
    accepted: Accepted,
    clock: Clock,
    load: Load<T>,
}

impl<T> std::fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("status", &self.status.load()).finish_non_exhaustive()
    }
}

impl<T: Send + Sync + 'static> Live<T> {
    /// Cold start: reads and judges the folder. A doubtful set is used only when its hash was accepted
    /// before (`policies.accepted` in `data_dir`), and loudly.
    pub fn start(
        settings: &PolicySettings,
        data_dir: &Path,
        clock: Clock,
        load: impl Fn(&PolicyFolder) -> Judged<T> + Send + Sync + 'static,
    ) -> Result<Live<T>, ColdStart> {
        let accepted = Accepted::in_dir(data_dir);
        let folder = PolicyFolder::read(settings)?;
        let (set, error) = match load(&folder) {
            Judged::Accepted(set) => {
                remember(&accepted, &folder.hash);
                (set, None)
            }
            Judged::Doubtful(set, why) if accepted.contains(&folder.hash) => {
                tracing::error!(
                    hash = folder.hash,
                    "starting with policies that were accepted before, but are not by this version:\n{why}"
                );
                (set, Some(why))
            }
            Judged::Doubtful(_, why) | Judged::Refused(why) => return Err(ColdStart::Set(why)),
        };
        let status = ReloadStatus { hash: folder.hash.clone(), loaded_at: clock.now(), error };
        Ok(Live {
            current: ArcSwap::from_pointee(set),
            status: ArcSwap::from_pointee(status),
            looked_at: Mutex::new(folder.hash),
            settings: settings.clone(),
            accepted,
            clock,
            load: Box::new(load),
        })
    }

    /// The set in use. A submission takes it once and keeps it to its end.
    pub fn current(&self) -> Arc<T> {
        self.current.load_full()
    }

    /// What the last reload came to.
    pub fn status(&self) -> ReloadStatus {
        ReloadStatus::clone(&self.status.load())
    }

    /// Looks at the folder now; when its content is not what was last looked at, judges it. True when
    /// another set is in use afterwards. Reads files: not for an async thread.
    pub fn reload(&self) -> bool {
        self.take_up(PolicyFolder::read(&self.settings))
    }

    /// The same for a folder that may be in the middle of being written: a file cut between two rules is a
    /// set without a fault that protects less, so what is new is judged only once it reads the same twice,
    /// [`SETTLE`] apart. A writer that pauses for longer than that cannot be told from one that is done.
    fn reload_settled(&self) -> bool {
        let mut read = PolicyFolder::read(&self.settings);
        for _ in 0..SETTLE_ROUNDS_MAX {
            let known = read
                .as_ref()
                .is_ok_and(|folder| folder.hash == *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner));
            if known {
                return false;
            }
            std::thread::sleep(SETTLE);
            let again = PolicyFolder::read(&self.settings);
            if again == read {
                return self.take_up(read);
            }
            read = again;
        }
        tracing::warn!("the policy folder has not stood still; it is looked at again later");
        false
    }

    fn take_up(&self, read: Result<PolicyFolder, PolicyFolderError>) -> bool {
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = match read {
            Ok(folder) => folder,
            Err(error) => {
                // Told once, not every 30 s.
                if *looked_at != error.to_string() {
                    *looked_at = error.to_string();
                    self.refuse(&error.to_string());
                }
                return false;
            }
        };
        if *looked_at == folder.hash {
            return false;
        }
        looked_at.clone_from(&folder.hash);
        if folder.hash == self.status.load().hash {
            tracing::info!(hash = folder.hash, "the policy folder is again as in use");
            self.tell(folder.hash, self.status.load().loaded_at, None);
            return false;
        }
        match (self.load)(&folder) {
            Judged::Accepted(set) => {
                remember(&self.accepted, &folder.hash);
                self.current.store(Arc::new(set));
                tracing::info!(hash = folder.hash, files = folder.files.len(), "policies are loaded");
                self.tell(folder.hash, self.clock.now(), None);
                true
            }
            Judged::Doubtful(_, why) | Judged::Refused(why) => {
                self.refuse(&why);
                false
            }
        }
    }

    /// Reloads on every change until `stop`.
    pub async fn watch(self: Arc<Self>, stop: CancellationToken) {
        let (changed, mut changes) = mpsc::channel::<()>(1);
        let watcher = self.watch_folder(changed);
        if let Err(error) = &watcher {
            tracing::warn!(%error, "the policy folder cannot be watched; it is compared every {} s", self.settings.poll_seconds);
        }
        let mut hangup = signal(SignalKind::hangup()).ok();
        let mut poll = tokio::time::interval(Duration::from_secs(self.settings.poll_seconds.max(1)));
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut watched = watcher.is_ok();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                change = changes.recv(), if watched => watched = change.is_some(),
                () = next_hangup(&mut hangup) => tracing::info!("SIGHUP: looking at the policy folder"),
                _ = poll.tick() => {}
            }
            let live = Arc::clone(&self);
            if let Err(error) = tokio::task::spawn_blocking(move || live.reload_settled()).await {
                tracing::error!(%error, "a reload of policies did not end; the set in use stays");
            }
        }
    }

    fn watch_folder(&self, changed: mpsc::Sender<()>) -> notify::Result<notify::RecommendedWatcher> {
        let mut watcher = notify::recommended_watcher(move |result: notify::Result<notify::Event>| {
            // Our own reading is an access, too: only what may change content counts.
            if !result.is_ok_and(|event| is_reading(&event.kind)) {
                // Full means that a look is due already.
                let _ = changed.try_send(());
            }
        })?;
        watcher.watch(&self.settings.dir, RecursiveMode::Recursive)?;
        Ok(watcher)
    }

    fn refuse(&self, why: &str) {
        let status = self.status.load();
        tracing::error!(in_use = status.hash, "policies are not accepted, the last good ones stay in use:\n{why}");
        self.tell(status.hash.clone(), status.loaded_at, Some(why.to_owned()));
    }

    fn tell(&self, hash: String, loaded_at: Timestamp, error: Option<String>) {
        self.status.store(Arc::new(ReloadStatus { hash, loaded_at, error }));
    }
}

fn is_reading(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if !matches!(access, event::AccessKind::Close(event::AccessMode::Write)))
}

async fn next_hangup(hangup: &mut Option<tokio::signal::unix::Signal>) {
    match hangup {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

fn remember(accepted: &Accepted, hash: &str) {
    if let Err(error) = accepted.add(hash) {
        tracing::warn!(%error, "the accepted policies' hash cannot be kept; a cold start will judge them anew");
    }
}
