//! Between the command line and a session: options, progress, and what an interruption does.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::cli::failure::Failure;
use crate::cli::progress::Progress;
use crate::io::session::{self, Options, SessionError, Watch};
use crate::merchant::Profile;
use crate::rule::{ScenarioVerdict, Verdict};
use crate::scenario::Plan;

/// One run, ready to be conducted.
#[derive(Debug)]
pub struct Job {
    /// The merchant.
    pub profile: Profile,
    /// What is played; never empty.
    pub plan: Plan,
    /// The seed.
    pub seed: u64,
    /// Scenarios at a time.
    pub jobs: u16,
    /// Whether SHOULD rules count.
    pub strict: bool,
    /// Where the history goes; it can be written.
    pub history: PathBuf,
    /// The command that starts the run again, without its selection.
    pub command: String,
    /// Why this is only a selection; none for the whole suite.
    pub selection: Option<String>,
}

/// Plays a job to its end, or to its interruption: then what was recorded is judged. Its history is
/// complete when this returns.
///
/// # Errors
/// What keeps the run from being played; never what the merchant does in it.
pub async fn conduct(job: Job, progress: Arc<Progress>) -> Result<(), Failure> {
    let exe = program()?;
    let (interrupt, interrupted) = watch::channel(None);
    let signals = tokio::spawn(listen(interrupt, progress.clone()));
    let options = Options {
        profile: job.profile,
        plan: job.plan,
        seed: job.seed,
        jobs: usize::from(job.jobs),
        strict: job.strict,
        selection: job.selection,
        command: job.command,
        history: job.history,
        exe,
        watch: progress,
    };
    let played = session::run(options, interrupted).await;
    signals.abort();
    played.map_err(Failure::from)
}

/// This program: guardian of a started merchant, and sample merchant.
///
/// # Errors
/// The system does not tell.
pub fn program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| {
        Failure::Ours(format!("cannot find our own program: {error}; start it by its path"))
    })
}

/// Waits for the first signal that asks for the end.
async fn listen(interrupt: watch::Sender<Option<&'static str>>, progress: Arc<Progress>) {
    let kinds = [
        ("SIGINT", SignalKind::interrupt()),
        ("SIGTERM", SignalKind::terminate()),
        ("SIGHUP", SignalKind::hangup()),
    ];
    let waits = kinds.into_iter().filter_map(|(name, kind)| {
        let mut signals = signal(kind).ok()?;
        Some(Box::pin(async move {
            signals.recv().await;
            name
        }))
    });
    let (name, ..) = futures::future::select_all(waits.collect::<Vec<_>>()).await;
    progress.note("interrupted: judging what was recorded");
    // Nobody listens any more where the session is over already.
    let _ = interrupt.send(Some(name));
}

impl Watch for Progress {
    fn note(&self, what: &str) {
        Self::note(self, what);
    }

    fn ended(&self, scenario: &ScenarioVerdict) {
        Self::ended(self, scenario.verdict == Verdict::Fail);
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        if error.is_ours() { Self::Ours(error.to_string()) } else { Self::Input(error.to_string()) }
    }
}
