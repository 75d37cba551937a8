//! The journal of a sandbox in a SQLite file: what it was set up with, and every command that it
//! accepted, in order.
//!
//! Commands are appended without waiting; whoever answers somebody waits until what he saw is
//! durable. One thread writes, and takes everything that waits into one transaction, so that many
//! callers share one flush to the disk. Knows no meaning of a command.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags, params};
use tokio::sync::watch;

use crate::model::SimTime;
use crate::provider::sandbox::{Command, Diverged, Entry, Sandbox, Unreadable};

/// The form of the file; another one is refused.
const VERSION: &str = "2";

/// The most that one transaction takes.
const BATCH_MAX: usize = 1024;

const SCHEMA: &str = "
create table if not exists setup (name text primary key, value text not null) strict;
create table if not exists journal (
    seq integer primary key,
    at_ms integer not null,
    ids integer not null,
    command text not null
) strict;
";

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// By SQLite, or by the system.
    #[error(
        "the store `{path}` cannot be used: {source}; give the file of a store that no other countersign uses"
    )]
    Sqlite {
        /// Which.
        path: String,
        /// What it says.
        source: rusqlite::Error,
    },
    /// Another form.
    #[error(
        "the store `{path}` has the form {found}, and this countersign knows {VERSION}; begin a new file"
    )]
    Version {
        /// Which.
        path: String,
        /// What it says of itself.
        found: String,
    },
    /// A line that cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Lines of another history.
    #[error(transparent)]
    Diverged(#[from] Diverged),
}

/// The journal cannot be written any more, so nothing can be promised any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the journal cannot be written: {0}; make room, then start again: what was answered is kept"
)]
pub struct Lost(pub(super) String);

/// An open file, not yet written to.
pub struct Store {
    path: PathBuf,
    db: Connection,
}

/// How far the journal is on the disk, or why it does not get there.
pub(super) type Durable = Result<u64, Lost>;

/// Where accepted commands go.
pub struct Journal {
    writer: Option<Writer>,
    appended: u64,
    durable: watch::Receiver<Durable>,
}

struct Writer {
    lines: mpsc::Sender<Entry>,
    thread: JoinHandle<()>,
}

impl Store {
    /// Opens the file for this process alone, creating what is not there.
    ///
    /// # Errors
    /// It cannot be opened, is in use, or has another form.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let error = |source| StoreError::Sqlite { path: path.display().to_string(), source };
        // It holds keys: nobody else of this machine may read it.
        let kept = std::os::unix::fs::OpenOptionsExt::mode(&mut std::fs::OpenOptions::new(), 0o600)
            .create(true)
            .append(true)
            .open(path);
        kept.map_err(|io| error(rusqlite::Error::ToSqlConversionFailure(Box::new(io))))?;
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE);
        let store = Self { path: path.to_owned(), db: db.map_err(error)? };
        store.prepare().map_err(error)?;
        match store.setup()?.get("version").map(String::as_str) {
            None | Some(VERSION) => Ok(store),
            Some(found) => Err(StoreError::Version {
                path: path.display().to_string(),
                found: found.to_owned(),
            }),
        }
    }

    fn prepare(&self) -> rusqlite::Result<()> {
        // A second process on the same file would write a second history into it.
        self.db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        self.db.pragma_update(None, "journal_mode", "WAL")?;
        // Durable means that it survives the loss of power, not only of the process.
        self.db.pragma_update(None, "synchronous", "FULL")?;
        self.db.execute_batch(&format!("begin immediate; {SCHEMA} commit;"))
    }

    /// What the sandbox was set up with; empty for a new file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn setup(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let read = || -> rusqlite::Result<BTreeMap<String, String>> {
            let mut select = self.db.prepare("select name, value from setup")?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        read().map_err(|source| self.error(source))
    }

    /// Keeps what the sandbox is set up with.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begin(&mut self, setup: &BTreeMap<String, String>) -> Result<(), StoreError> {
        let mut write = || {
            let transaction = self.db.transaction()?;
            let version = ("version".to_owned(), VERSION.to_owned());
            for (name, value) in setup.iter().chain([(&version.0, &version.1)]) {
                transaction.execute("insert into setup values (?1, ?2)", [name, value])?;
            }
            transaction.commit()
        };
        write().map_err(|source| self.error(source))
    }

    /// Does again everything that was accepted; answers how much it was.
    ///
    /// # Errors
    /// A line that cannot be read, or a history that comes out differently.
    pub fn replay(&self, sandbox: &mut Sandbox) -> Result<u64, StoreError> {
        let error = |source| self.error(source);
        let mut select = self
            .db
            .prepare("select at_ms, ids, command from journal order by seq")
            .map_err(error)?;
        let mut rows = select.query([]).map_err(error)?;
        let mut count = 0;
        while let Some(row) = rows.next().map_err(error)? {
            let (at, ids, text): (i64, u32, String) = row.try_into().map_err(error)?;
            let command = Command::from_text(&text)?;
            sandbox.replay(&Entry { at: SimTime::from_unix_ms(at), ids, command })?;
            count += 1;
        }
        Ok(count)
    }

    /// Goes on writing after what is there.
    #[must_use]
    pub fn journal(self) -> Journal {
        let (lines, received) = mpsc::channel();
        let (told, durable) = watch::channel(Ok(0));
        let thread = std::thread::spawn(move || write_all(self.db, &received, &told));
        Journal { writer: Some(Writer { lines, thread }), appended: 0, durable }
    }

    fn error(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Sqlite { path: self.path.display().to_string(), source }
    }
}

impl Journal {
    /// One that keeps nothing: everything is as durable as it will ever be.
    #[must_use]
    pub fn none() -> Self {
        Self { writer: None, appended: 0, durable: watch::channel(Ok(u64::MAX)).1 }
    }

    /// One whose disk is the test: nothing is durable before it says so.
    #[cfg(test)]
    pub(super) fn by_hand() -> (Self, mpsc::Receiver<Entry>, watch::Sender<Durable>) {
        let (lines, received) = mpsc::channel();
        let (told, durable) = watch::channel(Ok(0));
        let thread = std::thread::spawn(|| {});
        (Self { writer: Some(Writer { lines, thread }), appended: 0, durable }, received, told)
    }

    /// Appends, without waiting for the disk.
    pub fn append(&mut self, entries: impl IntoIterator<Item = Entry>) {
        let Some(writer) = &self.writer else { return };
        for entry in entries {
            self.appended += 1;
            // A writer that has ended said why, and `Wait` tells it.
            let _ = writer.lines.send(entry);
        }
    }

    /// To be awaited before anybody is told of what was appended so far.
    #[must_use]
    pub fn wait(&self) -> Wait {
        Wait { until: self.appended, durable: self.durable.clone() }
    }

    /// Writes what is left and closes the file.
    pub fn close(&mut self) {
        if let Some(Writer { lines, thread }) = self.writer.take() {
            drop(lines);
            let _ = thread.join();
        }
    }
}

/// Waits for the disk.
pub struct Wait {
    until: u64,
    durable: watch::Receiver<Durable>,
}

impl Wait {
    /// Returns when everything is durable.
    ///
    /// # Errors
    /// It never will be.
    pub async fn durable(mut self) -> Result<(), Lost> {
        let until = self.until;
        let there = |durable: &Durable| durable.as_ref().map_or(true, |seq| *seq >= until);
        match self.durable.wait_for(there).await {
            Ok(durable) => durable.as_ref().map(drop).map_err(Clone::clone),
            // In memory the other end is gone from the beginning, and nothing is waited for; a
            // writer that ended has said how far it came.
            Err(_) => Err(Lost("its writer has ended".to_owned())),
        }
    }

    /// Returns when the journal cannot be written any more; never, as long as it can.
    pub async fn lost(mut self) -> Lost {
        match self.durable.wait_for(Result::is_err).await {
            Ok(durable) => durable.clone().err().unwrap_or_else(|| Lost(String::new())),
            Err(_) => std::future::pending().await,
        }
    }
}

/// Writes until nobody appends any more, or until the disk refuses.
fn write_all(mut db: Connection, lines: &mpsc::Receiver<Entry>, told: &watch::Sender<Durable>) {
    let mut written = 0;
    while let Ok(first) = lines.recv() {
        let batch: Vec<Entry> =
            std::iter::once(first).chain(lines.try_iter().take(BATCH_MAX - 1)).collect();
        if let Err(error) = write(&mut db, &batch) {
            let _before = told.send_replace(Err(Lost(error.to_string())));
            return;
        }
        written += batch.len() as u64;
        let _before = told.send_replace(Ok(written));
    }
}

fn write(db: &mut Connection, batch: &[Entry]) -> rusqlite::Result<()> {
    let transaction = db.transaction()?;
    {
        let mut insert = transaction
            .prepare_cached("insert into journal (at_ms, ids, command) values (?1, ?2, ?3)")?;
        for entry in batch {
            let command = entry.command.to_text();
            insert.execute(params![entry.at.unix_ms(), entry.ids, command])?;
        }
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RAILS;
    use crate::provider::{ApiKey, Config, Keyring};

    const START: SimTime = SimTime::from_unix_ms(1_767_608_128_412);

    fn sandbox() -> Sandbox {
        let scheme = crate::signature::scheme("standard-webhooks").unwrap();
        Sandbox::new(vec![Config {
            live: false,
            account: "acct_01J8Z3AAAA0000000000000000".to_owned(),
            keys: vec![ApiKey::with_all_scopes("sk_test_0123456789abcdef")],
            rails: RAILS.iter().collect(),
            seed: 1,
            nonce: "n".to_owned(),
            start: START,
            profile: std::sync::Arc::default(),
            keyring: Some(Keyring::new([7; 32], scheme, None)),
        }])
    }

    #[tokio::test]
    async fn what_is_durable_is_there_again_and_nobody_else_may_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sandbox.db");
        let mut store = Store::open(&path).unwrap();
        store.begin(&[("seed".to_owned(), "1".to_owned())].into()).unwrap();
        let mut journal = store.journal();
        let mut first = sandbox();
        let _ = first.open(None, START);
        first.obey(Command::Advance { ms: 60_000 }, START).unwrap();
        journal.append(first.take_accepted());
        journal.wait().durable().await.unwrap();
        assert!(matches!(Store::open(&path), Err(StoreError::Sqlite { .. })));
        journal.close();

        let store = Store::open(&path).unwrap();
        assert_eq!(store.setup().unwrap()["seed"], "1");
        let mut again = sandbox();
        assert_eq!(store.replay(&mut again).unwrap(), 2);
        assert_eq!(again.clock(START), first.clock(START));
    }

    #[test]
    fn another_form_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sandbox.db");
        let store = Store::open(&path).unwrap();
        store.db.execute("insert into setup values ('version', '99')", []).unwrap();
        drop(store);
        let error = Store::open(&path).err().unwrap().to_string();
        assert!(error.contains("the form 99"), "{error}");
    }
}
