//! A run from beginning to end: provider, merchant, preflight, phases, closing audit.
//!
//! Binds what the executor asks for to sockets, processes and the clock. Judges nothing: it leaves
//! a history.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::clock::Clock;
use super::interruption::Interruption;
use super::merchant::{Identity, Merchant, MerchantError};
use super::process::{Host, ProcessError};
use super::shared::Shared;
pub use super::shared::Watch;
use super::wiring::{Came, Check, Miswired};
use super::{audit, doctor, play, preflight, provider_http};
use crate::history::{FORMAT, Fact, Redaction, RunEnded, RunStarted};
use crate::merchant::{Connection, Profile};
use crate::model::{LaneId, Rail, rail_by_id};
use crate::provider::{self, ApiKey, ApiRequest, Provider};
use crate::run::{Settings, World};
use crate::scenario::Plan;
use crate::signature::{self, Secret, SignatureError};

/// What to run.
pub struct Options {
    /// Against which merchant.
    pub profile: Profile,
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
    #[error("cannot listen on {address}: {source}; is something else using it? (provider.listen)")]
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

/// The provider's side of the wire.
struct Door {
    world: Arc<Mutex<World>>,
    clock: Clock,
}

impl provider_http::Api for Door {
    fn call(&self, request: ApiRequest) -> futures::future::BoxFuture<'_, provider_http::Served> {
        let now = self.clock.now();
        let mut world = self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (reply, conduct) = world.api(&request, now.real_ms);
        Box::pin(std::future::ready(provider_http::Served { reply, conduct }))
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

/// What a run stands on before there is a merchant: the provider serves, the history has begun.
struct Stage {
    clock: Clock,
    world: Arc<Mutex<World>>,
    run: RunStarted,
    identity: Identity,
    redaction: Redaction,
    profile: Arc<provider::Profile>,
    scheme: &'static signature::Scheme,
    serving: AbortHandle,
}

impl Stage {
    async fn open(options: &Options) -> Result<Self, SessionError> {
        let clock = Clock::start();
        let entropy =
            super::entropy::fresh().map_err(|error| SessionError::System(error.to_string()))?;
        let nonce = super::entropy::nonce(&entropy);
        let listener = listen(&options.profile.provider.listen).await?;
        let provider_url = address(&listener)?;
        let scheme = signature::scheme(&options.profile.signature)
            .ok_or_else(|| SessionError::Scheme(options.profile.signature.clone()))?;
        let declared = options.profile.provider.webhook_secret.clone();
        let webhook_secret = declared.map_or_else(|| scheme.fresh_secret(&entropy), Secret::new);
        scheme.check_secret(&webhook_secret).map_err(SessionError::Secret)?;
        let provider = &options.profile.provider;
        let fresh_key = || super::entropy::api_key(&entropy, provider.live);
        let api_key = provider.api_key.clone().unwrap_or_else(fresh_key);
        let config = provider_config(options, (&nonce, &entropy), &api_key, clock);
        let (account, profile) = (config.account.clone(), config.profile.clone());
        let webhook_key = scheme.handed(&webhook_secret);
        let identity = Identity { provider_url, api_key, account, webhook_secret, webhook_key };
        let run = run_started(options, &nonce);
        let medium = history(&options.history)?;
        let mut world = World::new(Provider::new(config), medium, clock.wall);
        let redaction = secrets(&options.profile, &identity);
        world.redact(redaction.clone());
        // Before anything else: a merchant may call while it starts. Flushed, because a disk that
        // is full already is told before anything is started.
        let begun = Fact::RunStarted(Box::new(run.clone()));
        world.append(LaneId::RUN, begun, clock.now().real_ms);
        flushed(&mut world, &options.history)?;
        let world = Arc::new(Mutex::new(world));
        let door = Arc::new(Door { world: world.clone(), clock });
        let serving = tokio::spawn(provider_http::serve(listener, door, std::future::pending()));
        let serving = serving.abort_handle();
        Ok(Self { clock, world, run, identity, redaction, profile, scheme, serving })
    }
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

/// Hands everything to the medium.
///
/// # Errors
/// It did not take everything, now or before.
fn flushed(world: &mut World, path: &Path) -> Result<(), SessionError> {
    world.flush();
    match world.failure() {
        Some(source) => Err(SessionError::History { path: path.display().to_string(), source }),
        None => Ok(()),
    }
}

async fn listen(address: &str) -> Result<TcpListener, SessionError> {
    let error = |source| SessionError::Listen { address: address.to_owned(), source };
    TcpListener::bind(address).await.map_err(error)
}

fn address(listener: &TcpListener) -> Result<String, SessionError> {
    let local = listener.local_addr().map_err(|error| SessionError::System(error.to_string()))?;
    Ok(format!("http://{local}"))
}

fn history(path: &Path) -> Result<crate::run::Medium, SessionError> {
    let error = |source| SessionError::History { path: path.display().to_string(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(error)?;
    }
    let file = File::create(path).map_err(error)?;
    Ok(Box::new(BufWriter::with_capacity(1 << 16, file)))
}

fn provider_config(
    options: &Options,
    (nonce, entropy): (&str, &[u8; 32]),
    api_key: &str,
    clock: Clock,
) -> provider::Config {
    let declared = &options.profile.provider;
    let rails = declared.rails.iter().filter_map(|id| rail_by_id(id));
    let account = || format!("acct_{}", super::entropy::account(entropy));
    provider::Config {
        live: declared.live,
        account: declared.account.clone().unwrap_or_else(account),
        keys: vec![ApiKey::with_all_scopes(api_key)],
        rails: rails.collect::<Vec<&'static Rail>>(),
        seed: options.seed,
        nonce: nonce.to_owned(),
        start: clock.wall,
        profile: Arc::default(),
    }
}

/// What a merchant knows and nobody else needs to read: what it is told of the provider, and the
/// tokens by which it is driven and looked at.
fn secrets(profile: &Profile, identity: &Identity) -> Redaction {
    let Profile { drive, .. } = profile;
    let observe = profile.observing();
    let drives = [&drive.checkout, &drive.reconcile].into_iter().flatten().map(|d| &d.headers);
    let probes = [Some(&observe.order), observe.ledger.as_ref(), observe.exceptions.as_ref()];
    let headers = drives.chain(probes.into_iter().flatten().map(|probe| &probe.headers));
    let tokens = headers.flatten().filter(|(name, _)| {
        let name = name.to_ascii_lowercase();
        let carriers = ["authorization", "cookie"];
        carriers.contains(&name.as_str()) || super::launch::looks_secret(&name)
    });
    // `Bearer` and the like are repeated without the word.
    let words = tokens.flat_map(|(_, value)| value.split([' ', ';', ',', '=']).chain([&**value]));
    let secret = identity.webhook_secret.expose();
    let key = secret.strip_prefix("whsec_").unwrap_or(secret);
    let known = [identity.api_key.as_str(), secret, key].into_iter().chain(words);
    Redaction::new(known.map(str::to_owned).collect::<Vec<_>>())
}

fn run_started(options: &Options, nonce: &str) -> RunStarted {
    let profile = &options.profile;
    let mut lifecycle = std::collections::BTreeMap::<String, Vec<String>>::new();
    for (word, state) in &profile.lifecycle {
        lifecycle.entry(state.to_string()).or_default().push(word.clone());
    }
    RunStarted {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: options.seed,
        nonce: nonce.to_owned(),
        merchant: profile.name.clone(),
        config: profile.path.clone(),
        command: options.command.clone(),
        selection: options.selection.clone(),
        strict: options.strict,
        // The preflight ends the run where events dated ahead are refused.
        connection: Connection { future_dated: true, ..profile.connection() },
        policy: profile.policy.clone(),
        scope: profile.scope.clone(),
        rails: profile.provider.rails.clone(),
        lifecycle,
        scenarios: u32::try_from(options.plan.scenarios.len()).unwrap_or(u32::MAX),
        left_out: options.plan.left_out.clone(),
    }
}
