//! A run from beginning to end: provider, merchant, preflight, phases, closing audit.
//!
//! Binds what the executor asks for to sockets, processes and the clock. Judges nothing: it leaves
//! a history.

use std::path::PathBuf;
use std::sync::Arc;

use super::interruption::Interruption;
use super::merchant::{Merchant, MerchantError};
use super::process::{Host, ProcessError};
use super::shared::Shared;
pub use super::shared::Watch;
use super::stage::{Stage, flushed};
use super::wiring::{Came, Check, Miswired};
use super::{audit, doctor, play, preflight};
use crate::history::{Fact, Redaction, RunEnded};
use crate::merchant::Profile;
use crate::model::LaneId;
use crate::provider;
use crate::run::Settings;
use crate::scenario::Plan;
use crate::signature::SignatureError;

/// What to run.
pub struct Options {
    /// Against which merchant.
    pub profile: Profile,
    /// At a provider with these habits.
    pub provider: Arc<provider::Profile>,
    /// What is played; never empty.
    pub plan: Plan,
    /// What every choice derives from.
    pub seed: u64,
    /// How many scenarios at a time.
    pub jobs: usize,
    /// Whether SHOULD rules count.
    pub strict: bool,
    /// Why this is only a part of the suite, where it is.
    pub selection: Option<String>,
    /// The command that starts this run again, without a selection.
    pub command: String,
    /// Where the history goes.
    pub history: PathBuf,
    /// Where the output of a merchant that we start goes, where somebody wants it.
    pub log: Option<PathBuf>,
    /// The program that can act as guardian and as sample merchant: ourselves.
    pub exe: PathBuf,
    /// Who is told how it goes.
    pub watch: Arc<dyn Watch>,
}

/// Why there is no complete history.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The provider cannot listen.
    #[error(
        "cannot listen on {address}: {source}; give a free address of this machine (provider.listen)"
    )]
    Listen {
        /// As declared.
        address: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The merchant could not be started or reached.
    #[error(transparent)]
    Merchant(#[from] MerchantError),
    /// The wiring is wrong.
    #[error(transparent)]
    Miswired(#[from] Miswired),
    /// The merchant or its wiring is wrong, told without the secrets that were in it.
    #[error("{0}")]
    Redacted(String),
    /// The signature scheme cannot be used to sign.
    #[error("the signature scheme `{0}` cannot sign deliveries; choose standard-webhooks")]
    Scheme(String),
    /// The declared secret cannot be used to sign.
    #[error("provider.webhook_secret: {0}")]
    Secret(SignatureError),
    /// The history cannot be written.
    #[error(
        "the history `{path}` cannot be written: {source}; what fitted is kept, so make room there \
         (or name another place with --history) and start again"
    )]
    History {
        /// Where.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The system refuses something that every run needs.
    #[error("{0}")]
    System(String),
}

impl SessionError {
    /// Whether it is ours, or the machine's: exit 4. Everything else is the configuration's.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        match self {
            Self::History { .. } | Self::System(_) => true,
            Self::Listen { .. }
            | Self::Merchant(_)
            | Self::Miswired(_)
            | Self::Redacted(_)
            | Self::Scheme(_)
            | Self::Secret(_) => false,
        }
    }
}

impl SessionError {
    /// The same without secrets that the merchant repeated in what it answered or logged.
    fn without(self, redaction: &Redaction) -> Self {
        let words = self.to_string();
        let kept = redaction.text(&words);
        if kept == words { self } else { Self::Redacted(kept) }
    }
}

/// Plays the plan; the history is at `options.history`, whole or as far as it got.
///
/// `interrupted` says by what a run is to be ended early; everything recorded until then is kept.
///
/// # Errors
/// Whatever keeps the run from being played: never anything that the merchant did in it.
pub async fn run(options: Options, interrupted: Interruption) -> Result<(), SessionError> {
    assert!(!options.plan.scenarios.is_empty(), "an empty selection is refused before a run");
    let jobs = options.jobs.max(1);
    let work = async |shared: &Arc<Shared>, plan| phases(shared, plan, jobs).await;
    perform(options, interrupted, work).await.map(|_| ())
}

/// Checks the wiring of a merchant, one by one; the plan is a doctor's own. Without secrets, however
/// the merchant repeats them.
///
/// # Errors
/// What keeps the merchant from being ready, or us from recording.
pub async fn examine(
    options: Options,
    interrupted: Interruption,
) -> Result<Vec<(Check, Came)>, SessionError> {
    let work = async |shared: &Arc<Shared>, plan| Ok(doctor::examine(shared, plan).await);
    let (came, redaction) = perform(options, interrupted, work).await?;
    Ok(came.into_iter().flatten().map(|(check, came)| (check, came.without(&redaction))).collect())
}

/// Opens the stage, has the work done on it, and closes the history, however that went. The work's
/// result is none where the session was interrupted before the merchant was ready.
async fn perform<T>(
    options: Options,
    interrupted: Interruption,
    work: impl AsyncFnOnce(&Arc<Shared>, Plan) -> Result<T, SessionError>,
) -> Result<(Option<T>, Redaction), SessionError> {
    let history = options.history.clone();
    let stage = Stage::open(&options).await?;
    let (world, clock) = (stage.world.clone(), stage.clock);
    let (serving, redaction) = (stage.serving.clone(), stage.redaction.clone());
    let played = on_stage(stage, options, interrupted.clone(), work).await;
    let played = played.map_err(|error| error.without(&redaction));
    serving.abort();
    let mut world = world.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let by = interrupted.by().map(|by| Fact::Interrupted { by: by.to_owned() });
    let fault = played.as_ref().err().map(|error| Fact::Process { what: error.to_string() });
    let ended = match (&by, &fault) {
        (None, None) => RunEnded::Complete,
        _ => RunEnded::Interrupted,
    };
    for fact in [fault, by, Some(Fact::RunEnded(ended))].into_iter().flatten() {
        world.append(LaneId::RUN, fact, clock.now().real_ms);
    }
    flushed(&mut world, &history)?;
    Ok((played?, redaction))
}

/// From the merchant's start to its end.
async fn on_stage<T>(
    stage: Stage,
    options: Options,
    interrupted: Interruption,
    work: impl AsyncFnOnce(&Arc<Shared>, Plan) -> Result<T, SessionError>,
) -> Result<Option<T>, SessionError> {
    let Options { profile, plan, watch, .. } = options;
    watch.note("starting the merchant");
    let identity = &stage.identity;
    let (log, redaction) = (options.log.as_deref(), &stage.redaction);
    let host = Host { exe: &options.exe, log, redaction };
    let started = Merchant::start(&profile, host, identity, stage.clock, &interrupted);
    let merchant = match started.await {
        Err(MerchantError::Process(ProcessError::Interrupted)) => return Ok(None),
        merchant => merchant?,
    };
    let settings = Settings {
        policy: profile.policy.clone(),
        can_reconcile: profile.connection().reconcile,
        can_restart: profile.start.is_some(),
        profile: stage.profile,
        scheme: stage.scheme,
        secret: stage.identity.webhook_secret,
        webhook_url: merchant.webhook_url().to_owned(),
        nonce: stage.run.nonce.clone(),
        seed: options.seed,
    };
    let shared = Arc::new(Shared {
        run: stage.run,
        profile,
        clock: stage.clock,
        merchant,
        settings: Arc::new(settings),
        watch,
        interrupted,
        world: stage.world,
        gates: stage.gates,
    });
    let played = work(&shared, plan).await;
    // What was recorded is safe before anything can hold us up.
    shared.world().flush();
    shared.merchant.stop().await;
    played.map(Some)
}

async fn phases(shared: &Arc<Shared>, plan: Plan, jobs: usize) -> Result<(), SessionError> {
    shared.watch.note("preflight");
    tokio::select! {
        wired = preflight::check(shared) => wired?,
        () = shared.interrupted.happens() => {}
    }
    shared.watch.note("playing");
    play::all(shared, plan, jobs).await;
    if !shared.is_over() {
        shared.watch.note("closing audit");
        audit::close(shared).await;
    }
    Ok(())
}
