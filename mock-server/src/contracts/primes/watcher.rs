//! Watches the summary log in the file system.
//!
//! The folder is watched, not the file: the file may appear late, be renamed away, or be replaced. Whatever
//! happens, the whole file is read again and compared with what was known, so no kind of change needs its
//! own treatment. A slow poll covers what the notifications of the operating system cannot see: network
//! drives, symbolic links into other folders, and a folder that was itself replaced.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::summary_log::SummaryLog;
use crate::contracts::{Context, InstallError};

/// Watches `path` until the server stops; lines that are there already count as known.
///
/// # Errors
///
/// [`InstallError::SummaryLog`] when the folder does not exist, or cannot be watched.
pub fn watch(path: &Path, context: &Context) -> Result<(), InstallError> {
    let failure =
        |reason: String| InstallError::SummaryLog { path: path.display().to_string(), reason };
    let path = std::path::absolute(path).map_err(|error| failure(error.to_string()))?;
    if path.is_dir() {
        return Err(failure("it is a folder".to_owned()));
    }
    let folder = path.parent().filter(|folder| folder.is_dir());
    let folder = folder.ok_or_else(|| failure("its folder does not exist".to_owned()))?;

    // One waiting signal is enough: every signal means "read again".
    let (changed, changes) = mpsc::channel(1);
    let watcher = watch_folder(folder, changed).map_err(|error| failure(error.to_string()))?;
    let mut tail = Tail { path, log: SummaryLog::default(), seen: None };
    tail.read();
    context.tasks.spawn(follow(tail, changes, watcher, context.clone()));
    Ok(())
}

fn watch_folder(folder: &Path, changed: Sender<()>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.map_or(true, |event| may_change_contents(event.kind)) {
            // Full means that a signal waits already.
            let _ = changed.try_send(());
        }
    })?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

/// Our own reading is an access too, and must not cause the next one.
fn may_change_contents(kind: EventKind) -> bool {
    !kind.is_access() || kind == EventKind::Access(AccessKind::Close(AccessMode::Write))
}

async fn follow(
    mut tail: Tail,
    mut changes: Receiver<()>,
    _watcher: RecommendedWatcher,
    context: Context,
) {
    loop {
        let text = match tokio::time::timeout(POLL, changes.recv()).await {
            Ok(Some(())) => tail.changed_batches(false),
            Ok(None) => return,
            Err(_) => tail.changed_batches(true),
        };
        for change in text {
            change.emit(&context.emitter).await;
        }
    }
}

/// The file, and what was last read from it.
struct Tail {
    path: PathBuf,
    log: SummaryLog,
    seen: Option<(u64, SystemTime)>,
}

impl Tail {
    fn changed_batches(&mut self, only_if_touched: bool) -> Vec<super::events::Broadcast> {
        if only_if_touched && self.stamp() == self.seen {
            return Vec::new();
        }
        self.read()
    }

    fn read(&mut self) -> Vec<super::events::Broadcast> {
        self.seen = self.stamp();
        match fs::read(&self.path) {
            Ok(bytes) => self.log.read(&String::from_utf8_lossy(&bytes)),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(path = %self.path.display(), %error, "cannot read the summary log");
                }
                Vec::new()
            }
        }
    }

    fn stamp(&self) -> Option<(u64, SystemTime)> {
        let metadata: Metadata = fs::metadata(&self.path).ok()?;
        Some((metadata.len(), metadata.modified().ok()?))
    }
}

const POLL: Duration = Duration::from_secs(1);
