//! Between the command line and a session: options, progress, and what an interruption does.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::failure::Failure;
use crate::cli::input::provider_profile;
use crate::cli::progress::Progress;
use crate::io::interruption::{Interrupt, Interruption};
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
    /// Where the output of a started merchant goes.
    pub log: Option<PathBuf>,
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
pub async fn conduct(
    job: Job,
    progress: Arc<Progress>,
    interrupted: Interruption,
) -> Result<(), Failure> {
    Ok(session::run(options(job, progress)?, interrupted).await?)
}

/// A job as a session takes it.
///
/// # Errors
/// Our own program cannot be found; the provider profile has faults.
pub fn options(job: Job, progress: Arc<Progress>) -> Result<Options, Failure> {
    let (provider, folder) = (&job.profile.provider.profile, &job.profile.folder);
    Ok(Options {
        provider: provider_profile(provider, folder)?,
        profile: job.profile,
        plan: job.plan,
        seed: job.seed,
        jobs: usize::from(job.jobs),
        strict: job.strict,
        selection: job.selection,
        command: job.command,
        history: job.history,
        log: job.log,
        exe: program()?,
        watch: progress,
    })
}

/// Does what `work` does, under the eyes of whoever may interrupt it: the first signal asks for the
/// end, and `work` hears of it; the second does not ask.
///
/// # Errors
/// Those of `work`, or that it was abandoned at the second signal. Then everything that it holds is
/// let go of, so that nothing is left behind but the history.
pub async fn interruptible<T, W>(
    progress: &Progress,
    work: impl FnOnce(Interruption) -> W,
) -> Result<T, Failure>
where
    W: Future<Output = Result<T, Failure>>,
{
    let (interrupt, interrupted) = Interrupt::new();
    let mut signals = Signals::listen()?;
    let insisted = async {
        let name = signals.next().await;
        interrupt.send(name);
        progress.tell(&format!(
            "interrupted by {name}: ending what was started; a second signal ends at once"
        ));
        signals.next().await
    };
    tokio::select! {
        done = work(interrupted) => done,
        name = insisted => Err(Failure::Interrupted(format!(
            "ended at once by a second signal, {name}, and nothing was judged; `countersign report \
             --from` judges what a history has so far"
        ))),
    }
}

/// Does what `work` does until the first signal asks for its end; the second does not ask.
///
/// # Errors
/// Those of `work`.
pub async fn until_interrupted<T>(
    work: impl AsyncFnOnce(Interruption) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (interrupt, interrupted) = Interrupt::new();
    let mut signals = Signals::listen()?;
    let insisted = async {
        interrupt.send(signals.next().await);
        signals.next().await
    };
    tokio::select! {
        done = work(interrupted) => done,
        name = insisted => Err(Failure::Interrupted(format!("ended at once by a second {name}"))),
    }
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

/// The signals that ask for the end.
struct Signals(Vec<(&'static str, Signal)>);

impl Signals {
    /// From here on none of them ends us by itself.
    fn listen() -> Result<Self, Failure> {
        let kinds = [
            ("SIGINT", SignalKind::interrupt()),
            ("SIGTERM", SignalKind::terminate()),
            ("SIGHUP", SignalKind::hangup()),
        ];
        let listening = kinds.into_iter().map(|(name, kind)| Ok((name, signal(kind)?)));
        let listening = listening.collect::<std::io::Result<_>>().map_err(|error| {
            Failure::Ours(format!("cannot hear signals: {error}; free some files and start again"))
        })?;
        Ok(Self(listening))
    }

    /// The name of the next one.
    async fn next(&mut self) -> &'static str {
        let waits = self.0.iter_mut().map(|(name, signals)| {
            Box::pin(async move {
                signals.recv().await;
                *name
            })
        });
        futures::future::select_all(waits).await.0
    }
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
