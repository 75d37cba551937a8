//! The process of a merchant that we start: prepared, begun, watched, begun again when it dies.
//!
//! Knows lives and deaths, and nothing of what is sent to the merchant.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use super::interruption::Interruption;
use super::launch::{self, LaunchError, Launched, Task};
use crate::history::Redaction;
use crate::merchant::{Start, looks_secret};
use crate::model::Span;

/// How long a command of `prepare` may take.
const PREPARE_WITHIN: Span = Span::from_s(120);
/// How long a death takes to be told where everything is quick.
const DEATH_NOTICE: Duration = Duration::from_millis(50);
/// How long it may take where the machine is busy.
const DEATH_CERTIFICATE: Duration = Duration::from_secs(5);
/// How many of the merchant's last lines are shown when it dies.
const LAST_LINES: usize = 10;

/// What of ours a merchant that we start needs.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
    /// This program, which can act as its guardian.
    pub exe: &'a Path,
    /// Where its output is written, from the first line on.
    pub log: Option<&'a Path>,
    /// What its output is kept without.
    pub redaction: &'a Redaction,
}

/// Why there is no process.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It did not start, died, or was not ready.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// Whoever listens there already would be taken for the merchant that we start.
    #[error(
        "port {0} is taken by another program; end it, or write {{port}} in merchant.base_url and \
         hand it to the merchant in start.env"
    )]
    PortTaken(u16),
    /// The system refuses something.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The run was interrupted before the merchant was ready.
    #[error("interrupted before the merchant was ready")]
    Interrupted,
}

/// How a life of the merchant ended.
#[derive(Debug)]
pub struct Burial {
    /// How, with its last line.
    pub last_words: String,
    /// Whether nobody had noticed before.
    pub is_first: bool,
    /// What the history has to say about it.
    pub told: Vec<String>,
}

/// What is needed to start it, and to start it again.
pub(super) struct Process {
    exe: PathBuf,
    log: Option<PathBuf>,
    start: Start,
    base_url: String,
    scratch: PathBuf,
    redaction: Redaction,
    current: Mutex<Life>,
    /// The number of the life that is lived now, counted from 1.
    life: watch::Sender<u64>,
}

/// The life that is lived now, and how the one before ended.
#[derive(Default)]
struct Life {
    number: u64,
    /// None before the first, and after one that could not be followed by another.
    launched: Option<Launched>,
    last_words: String,
    /// Killed on purpose, until it is revived: nobody is to blame, and nothing is started.
    is_down: bool,
}

impl Process {
    /// One that is not started yet; everything in `start` is filled in.
    pub(super) fn new(host: Host<'_>, start: Start, base_url: &str, scratch: &Path) -> Self {
        Self {
            exe: host.exe.to_owned(),
            log: host.log.map(Path::to_owned),
            redaction: host.redaction.and(start_secrets(&start)),
            start,
            base_url: base_url.to_owned(),
            scratch: scratch.to_owned(),
            current: Mutex::new(Life { number: 1, ..Life::default() }),
            life: watch::Sender::new(1),
        }
    }

    /// Prepares and begins the first life, and waits until it is ready.
    pub(super) async fn begin(&self, interrupted: &Interruption) -> Result<(), ProcessError> {
        self.prepare(interrupted).await?;
        let beginning = async { self.live(&mut *self.current.lock().await).await };
        tokio::select! {
            ready = beginning => ready,
            () = interrupted.happens() => Err(ProcessError::Interrupted),
        }
    }

    /// Which life this is.
    pub(super) fn life(&self) -> u64 {
        *self.life.borrow()
    }

    /// After a request of the life `life` was not answered: how that life ended, if it did. The
    /// next one is begun, once `at_death` has forgotten what belonged to the dead. Where none can
    /// be, nobody is blamed for what does not live.
    pub(super) async fn bury(&self, life: u64, at_death: impl FnOnce()) -> Option<Burial> {
        if self.current.lock().await.is_down || self.lives(life).await {
            return None;
        }
        let mut current = self.current.lock().await;
        let (true, Some(launched)) = (current.number == life, &current.launched) else {
            let last_words = current.last_words.clone();
            return Some(Burial { last_words, is_first: false, told: Vec::new() });
        };
        let ended = launched.has_exited()?;
        current.last_words = match launched.log_tail(LAST_LINES).last() {
            Some(last) => format!("{ended}; its last line: {last}"),
            None => ended,
        };
        let last_words = current.last_words.clone();
        let mut told = vec![format!("the merchant died: {last_words}")];
        at_death();
        told.push(match self.live(&mut current).await {
            Ok(()) => "the merchant was started again".to_owned(),
            Err(why) => {
                if let Some(launched) = current.launched.take() {
                    launched.stop().await;
                }
                current.last_words.push_str(", and it could not be started again");
                format!("the merchant could not be started again: {why}")
            }
        });
        current.number += 1;
        self.life.send_replace(current.number);
        Some(Burial { last_words, is_first: true, told })
    }

    /// Ends it at once and without warning; `at_death` forgets what belonged to it. Nothing is
    /// started before [`Self::revive`].
    pub(super) async fn kill(&self, at_death: impl FnOnce()) {
        let mut current = self.current.lock().await;
        let Some(launched) = current.launched.take() else { return };
        launched.kill().await;
        at_death();
        current.is_down = true;
    }

    /// After a kill: the next life on what the last one had kept, without what comes before the
    /// first. Where it lives, nothing happens.
    pub(super) async fn revive(&self) -> Result<(), ProcessError> {
        let mut current = self.current.lock().await;
        if !std::mem::take(&mut current.is_down) {
            return Ok(());
        }
        let begun = self.live(&mut current).await;
        if begun.is_err()
            && let Some(launched) = current.launched.take()
        {
            launched.stop().await;
            current.last_words = "killed, it could not be started again".to_owned();
        }
        current.number += 1;
        self.life.send_replace(current.number);
        begun
    }

    /// Ends it, and everything of it.
    pub(super) async fn stop(&self) {
        if let Some(launched) = self.current.lock().await.launched.take() {
            launched.stop().await;
        }
    }

    fn task<'t>(&'t self, command: &'t [String]) -> Task<'t> {
        let Start { cwd, env, stop, .. } = &self.start;
        let (scratch, redaction) = (Some(self.scratch.as_path()), &self.redaction);
        Task { command, cwd, env, stop, scratch, redaction }
    }

    /// What comes before the first life.
    async fn prepare(&self, interrupted: &Interruption) -> Result<(), ProcessError> {
        if let Some((_, port)) = launch::address(&self.base_url)
            && !launch::is_free_port(port)
        {
            return Err(ProcessError::PortTaken(port));
        }
        for command in &self.start.prepare {
            let task = self.task(command);
            let prepared = launch::run_to_end(&self.exe, &task, PREPARE_WITHIN, interrupted);
            match prepared.await {
                Err(_) if interrupted.has_happened() => return Err(ProcessError::Interrupted),
                prepared => prepared?,
            }
        }
        Ok(())
    }

    /// Begins a life and waits until it is ready. From the first moment on the life owns what was
    /// started, so that it is ended even if nobody waits any more.
    async fn live(&self, life: &mut Life) -> Result<(), ProcessError> {
        let launched = Launched::start(&self.exe, &self.task(&self.start.command));
        let launched = launched.map_err(|source| {
            let what = "the merchant cannot be started".to_owned();
            ProcessError::System { what, source }
        })?;
        let launched = life.launched.insert(launched);
        if let Some(log) = &self.log {
            launched.log_to(log).map_err(|source| {
                let what = format!("the merchant's output cannot be written to {}", log.display());
                ProcessError::System { what, source }
            })?;
        }
        Ok(launch::wait_ready(&self.base_url, &self.start.ready, Some(launched)).await?)
    }

    /// Whether the life `life` goes on although a request was not answered. Its connections break
    /// before its guardian can tell its death, so a closed port is given time to be explained.
    async fn lives(&self, life: u64) -> bool {
        let ended = {
            let current = self.current.lock().await;
            match &current.launched {
                Some(launched) if current.number == life => launched.end(),
                _ => return false,
            }
        };
        tokio::pin!(ended);
        if timeout(DEATH_NOTICE, &mut ended).await.is_ok() {
            return false;
        }
        launch::is_open(&self.base_url).await || timeout(DEATH_CERTIFICATE, ended).await.is_err()
    }
}

/// What the merchant is told under names that look like those of secrets.
fn start_secrets(start: &Start) -> impl Iterator<Item = String> + '_ {
    let named = start.env.iter().filter(|(name, _)| looks_secret(name));
    named.map(|(_, value)| value.clone())
}
