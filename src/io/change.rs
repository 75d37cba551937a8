//! What changes in folders: woken by the system, told by comparing.
//!
//! An event only wakes; what has changed is found by looking again, so that no event has to be
//! understood and a temporary file of an editor is never seen. What .gitignore leaves out, and
//! what services write by themselves, is not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ignore::WalkBuilder;
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Stillness that ends a change: editors and version control write several files in one go.
const QUIET: Duration = Duration::from_millis(120);

/// Folders of tools and of what they fetch or build.
const FOLDERS: &[&str] =
    &[".git", "node_modules", "target", ".venv", "venv", "vendor", "__pycache__", ".gradle"];
/// Ends of the names of files that a service or an editor writes by itself.
const ENDS: &[&str] =
    &[".log", ".db", "-wal", "-shm", "-journal", ".sqlite", ".sqlite3", ".pyc", ".swp", "~"];

/// Why nothing can be watched.
#[derive(Debug, thiserror::Error)]
#[error("cannot watch {what}: {source}; raise the system's limit of watched files, or run by hand")]
pub struct ChangeError {
    what: String,
    source: notify::Error,
}

/// When a file was written last, and how long it is.
type Seen = (SystemTime, u64);

/// Files under watch.
pub struct Watched {
    /// Folders, and single files.
    roots: Vec<PathBuf>,
    /// A folder inside that is not looked at: where our own reports go.
    apart: PathBuf,
    seen: BTreeMap<PathBuf, Seen>,
    folders: BTreeSet<PathBuf>,
    watcher: RecommendedWatcher,
    woken: mpsc::UnboundedReceiver<()>,
}

impl Watched {
    /// Watches these folders and files, all absolute, as they are now.
    ///
    /// # Errors
    /// The system watches no more.
    pub fn new(roots: Vec<PathBuf>, apart: PathBuf) -> Result<Self, ChangeError> {
        let (wake, woken) = mpsc::unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if !matches!(&event, Ok(event) if is_mere_look(event.kind)) {
                // Whoever no longer waits needs no waking.
                let _ = wake.send(());
            }
        });
        let what = || "files".to_owned();
        let watcher = watcher.map_err(|source| ChangeError { what: what(), source })?;
        let (seen, folders) = (BTreeMap::new(), BTreeSet::new());
        let mut watched = Self { roots, apart, seen, folders, watcher, woken };
        watched.changed()?;
        Ok(watched)
    }

    /// What has changed since the last time: written, new, or gone.
    ///
    /// # Errors
    /// A new folder cannot be watched.
    pub fn changed(&mut self) -> Result<BTreeSet<PathBuf>, ChangeError> {
        while self.woken.try_recv().is_ok() {}
        let (seen, folders) = self.look();
        for folder in folders.difference(&self.folders) {
            let watching = self.watcher.watch(folder, RecursiveMode::NonRecursive);
            match watching {
                // One that is gone again is no loss.
                Err(_) if !folder.is_dir() => {}
                watching => watching.map_err(|source| ChangeError {
                    what: format!("`{}`", folder.display()),
                    source,
                })?,
            }
        }
        let old = self.seen.iter().filter(|(path, was)| seen.get(*path) != Some(was));
        let new = seen.keys().filter(|path| !self.seen.contains_key(*path));
        let changed = old.map(|(path, _)| path).chain(new).cloned().collect();
        self.seen = seen;
        self.folders = folders;
        Ok(changed)
    }

    /// Waits for a change and until it is over; what has changed is never empty.
    ///
    /// # Errors
    /// A new folder cannot be watched.
    pub async fn next(&mut self) -> Result<BTreeSet<PathBuf>, ChangeError> {
        loop {
            let is_awake = self.woken.recv().await.is_some();
            assert!(is_awake, "the watcher lives as long as we do");
            while timeout(QUIET, self.woken.recv()).await.is_ok() {}
            let changed = self.changed()?;
            if !changed.is_empty() {
                return Ok(changed);
            }
        }
    }

    fn look(&self) -> (BTreeMap<PathBuf, Seen>, BTreeSet<PathBuf>) {
        let (mut seen, mut folders) = (BTreeMap::new(), BTreeSet::new());
        for root in &self.roots {
            let apart = self.apart.clone();
            let walk = WalkBuilder::new(root)
                .hidden(false)
                .require_git(false)
                .filter_entry(move |entry| entry.path() != apart && !is_skipped(entry.path()))
                .build();
            // What vanishes while we look is gone the next time.
            for entry in walk.flatten() {
                match entry.metadata() {
                    Ok(found) if found.is_dir() => drop(folders.insert(entry.into_path())),
                    Ok(found) => {
                        let written = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                        seen.insert(entry.into_path(), (written, found.len()));
                    }
                    Err(_) => {}
                }
            }
            if root.is_file() {
                folders.extend(root.parent().map(Path::to_owned));
            }
        }
        (seen, folders)
    }
}

/// Whether somebody only read: our own look would wake us for ever.
const fn is_mere_look(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    }
}

fn is_skipped(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    if path.is_dir() {
        FOLDERS.contains(&&*name)
    } else {
        ENDS.iter().any(|end| name.ends_with(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(changed: &BTreeSet<PathBuf>) -> Vec<String> {
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        changed.iter().map(name).collect()
    }

    #[tokio::test]
    async fn what_is_written_new_or_gone_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["app.py", "gone.py"] {
            fs::write(path(name), "").unwrap();
        }
        let mut watched = Watched::new(vec![folder.path().to_owned()], path("reports")).unwrap();
        assert!(watched.changed().unwrap().is_empty());
        fs::write(path("app.py"), "x").unwrap();
        fs::remove_file(path("gone.py")).unwrap();
        fs::create_dir(path("new")).unwrap();
        fs::write(path("new/b.py"), "").unwrap();
        assert_eq!(names(&watched.next().await.unwrap()), ["app.py", "gone.py", "b.py"]);
        assert!(watched.changed().unwrap().is_empty());
        // A folder that was not there at first wakes as well.
        fs::write(path("new/b.py"), "y").unwrap();
        assert_eq!(names(&watched.next().await.unwrap()), ["b.py"]);
    }

    #[tokio::test]
    async fn what_nobody_writes_by_hand_is_not_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path(".gitignore"), "build/\n").unwrap();
        let mut watched = Watched::new(vec![folder.path().to_owned()], path("reports")).unwrap();
        for name in ["build", "node_modules", "reports", ".git"] {
            fs::create_dir(path(name)).unwrap();
            fs::write(path(&format!("{name}/a")), "").unwrap();
        }
        for name in ["shop.db", "shop.db-wal", "app.log", ".app.py.swp"] {
            fs::write(path(name), "").unwrap();
        }
        assert!(watched.changed().unwrap().is_empty());
        fs::write(path(".env"), "").unwrap();
        assert_eq!(names(&watched.next().await.unwrap()), [".env"]);
    }

    #[tokio::test]
    async fn a_single_file_is_watched_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("a.feature"), folder.path().join("b.feature"));
        fs::write(&file, "").unwrap();
        let mut watched = Watched::new(vec![file.clone()], "/none".into()).unwrap();
        fs::write(&other, "x").unwrap();
        fs::write(&file, "x").unwrap();
        assert_eq!(names(&watched.next().await.unwrap()), ["a.feature"]);
    }
}
