//! The stage of a run: what it stands on before there is a merchant. The provider serves, the
//! history has begun, every secret is made.
//!
//! Knows nothing of what is played.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::clock::Clock;
use super::gate::Gates;
use super::merchant::Identity;
use super::provider_http;
use super::session::{Options, SessionError};
use crate::history::{FORMAT, Fact, Redaction, RunStarted};
use crate::merchant::{Connection, Profile};
use crate::model::{Conduct, LaneId, Rail, rail_by_id};
use crate::provider::{self, ApiKey, ApiRequest, Provider};
use crate::run::World;
use crate::signature::{self, Secret};

/// What a run stands on before there is a merchant: the provider serves, the history has begun.
pub(super) struct Stage {
    pub clock: Clock,
    pub world: Arc<Mutex<World>>,
    pub run: RunStarted,
    pub identity: Identity,
    pub redaction: Redaction,
    pub profile: Arc<provider::Profile>,
    pub scheme: &'static signature::Scheme,
    pub serving: AbortHandle,
    pub gates: Arc<Gates>,
}

impl Stage {
    /// Opens it.
    ///
    /// # Errors
    /// An address, a scheme, a secret or a file that cannot be used.
    pub async fn open(options: &Options) -> Result<Self, SessionError> {
        let clock = Clock::start();
        let entropy =
            super::entropy::fresh().map_err(|error| SessionError::System(error.to_string()))?;
        let nonce = super::entropy::nonce(&entropy);
        let listener = listen(&options.profile.provider.listen).await?;
        let listens_at = address(&listener)?;
        let provider_url = options.profile.provider.public_url.clone().unwrap_or(listens_at);
        // The merchant's own word goes before the provider's.
        let scheme = options.profile.signature.as_ref();
        let scheme = scheme.unwrap_or(&options.provider.events.signature);
        let scheme =
            signature::scheme(scheme).ok_or_else(|| SessionError::Scheme(scheme.clone()))?;
        let declared = options.profile.provider.webhook_secret.clone();
        let webhook_secret = declared.map_or_else(|| scheme.fresh_secret(&entropy), Secret::new);
        scheme.check_secret(&webhook_secret).map_err(SessionError::Secret)?;
        let provider = &options.profile.provider;
        let fresh_key = || super::entropy::api_key(&entropy, provider.live);
        let api_key = provider.api_key.clone().unwrap_or_else(fresh_key);
        let config = provider_config(options, (&nonce, &entropy), &api_key, clock);
        let (account, profile) = (config.account.clone(), config.profile.clone());
        let webhook_key = scheme.handed(&webhook_secret);
        let timeout = profile.delivery.timeout;
        let identity =
            Identity { provider_url, api_key, account, webhook_secret, webhook_key, timeout };
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
        let gates = Arc::<Gates>::default();
        let door = Arc::new(Door { world: world.clone(), clock, gates: gates.clone() });
        let serving = tokio::spawn(provider_http::serve(listener, door, std::future::pending()));
        let serving = serving.abort_handle();
        Ok(Self { clock, world, run, identity, redaction, profile, scheme, serving, gates })
    }
}

/// The provider's side of the wire.
struct Door {
    world: Arc<Mutex<World>>,
    clock: Clock,
    gates: Arc<Gates>,
}

impl provider_http::Api for Door {
    fn call(&self, request: ApiRequest) -> futures::future::BoxFuture<'_, provider_http::Served> {
        let now = self.clock.now();
        let mut world = self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (lane, reply, conduct) = world.api(&request, now.real_ms);
        Box::pin(async move {
            if conduct == Conduct::Held {
                self.gates.hold(lane).await;
            }
            provider_http::Served { reply, conduct }
        })
    }
}

/// Hands everything to the medium.
///
/// # Errors
/// It did not take everything, now or before.
pub(super) fn flushed(world: &mut World, path: &Path) -> Result<(), SessionError> {
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
        profile: options.provider.clone(),
        keyring: None,
    }
}

/// What a merchant knows and nobody else needs to read: what it is told of the provider, and the
/// tokens by which it is driven and looked at.
fn secrets(profile: &Profile, identity: &Identity) -> Redaction {
    let secret = identity.webhook_secret.expose();
    let key = secret.strip_prefix("whsec_").unwrap_or(secret);
    let known = [identity.api_key.as_str(), secret, key].map(str::to_owned);
    Redaction::new(known.into_iter().chain(profile.secrets()))
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
