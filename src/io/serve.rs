//! The service on its own, from its file to its end: both listeners, the courier, the journal.
//!
//! Binds the parts; decides nothing about payments.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use super::accept::{Patience, accept};
use super::courier::{self, Endpoint};
use super::deliver::{HttpDeliverer, UrlError};
use super::desk::Desk;
use super::interruption::Interruption;
use super::journal::{Journal, Lost, Store, StoreError};
use super::{clock, control_http, entropy, provider_http};
use crate::model::{Rail, SimTime, Span, rail_by_id};
use crate::provider::sandbox::Sandbox;
use crate::provider::{ApiKey, Config};
use crate::signature::{self, Scheme, Secret, SignatureError};

/// How long an endpoint may take to answer (Standard Webhooks).
const ANSWER_WITHIN: Span = Span::from_s(15);
/// How long open calls may take to end when the service ends.
const END_WITHIN: Span = Span::from_s(2);

/// What to serve. Where something is left out, the store says it, else the default.
#[derive(Default)]
pub struct Options {
    /// Where merchants call.
    pub listen: String,
    /// Where the operator does.
    pub control: String,
    /// Where deliveries go; nothing is delivered without it.
    pub webhook: Option<String>,
    /// The secret that they are signed with.
    pub secret: Option<String>,
    /// The scheme that they are signed by.
    pub signature: Option<String>,
    /// Rails that the account is enabled for.
    pub rails: Option<Vec<&'static Rail>>,
    /// Live mode or test mode.
    pub live: Option<bool>,
    /// The key that opens the API.
    pub api_key: Option<String>,
    /// The journal's file; in memory without it.
    pub store: Option<PathBuf>,
}

/// Why nothing is served, or nothing any more.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}; is something else using it? ({flag})")]
    Listen {
        /// Which.
        address: String,
        /// The flag that changes it.
        flag: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// Deliveries cannot go there.
    #[error(transparent)]
    Webhook(#[from] UrlError),
    /// Deliveries cannot be signed.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// What a file was begun with is not what is asked for.
    #[error("the store was begun with {name} {kept}; leave {flag} out, or begin a new file")]
    Begun {
        /// What.
        name: &'static str,
        /// As it is kept; secrets are not told.
        kept: String,
        /// The flag that says something else.
        flag: &'static str,
    },
    /// The file cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file that lacks what every file has.
    #[error("the store lacks {0}; it was not begun by countersign serve")]
    Incomplete(&'static str),
    /// The journal cannot be written any more.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The system refuses something.
    #[error("{0}")]
    System(#[from] std::io::Error),
}

/// A service that listens.
pub struct Service {
    desk: Arc<Desk>,
    endpoint: Option<Arc<Endpoint>>,
    merchants: TcpListener,
    operators: TcpListener,
    /// What whoever started it needs to know.
    pub about: About,
}

/// What whoever starts a service needs to know.
pub struct About {
    /// Where merchants call.
    pub api: SocketAddr,
    /// Where the operator does.
    pub control: SocketAddr,
    /// Whose payments these are.
    pub account: String,
    /// The key, if it was made just now: it is shown once.
    pub fresh_api_key: Option<String>,
    /// The webhook secret, if it was made just now.
    pub fresh_secret: Option<String>,
    /// Commands that were there already.
    pub replayed: u64,
}

impl Service {
    /// Opens everything, and replays what the store has.
    ///
    /// # Errors
    /// [`ServeError`]
    pub async fn open(options: Options) -> Result<Self, ServeError> {
        let merchants = listen(&options.listen, "--listen").await?;
        let operators = listen(&options.control, "--control").await?;
        let store = options.store.as_deref().map(Store::open).transpose()?;
        let kept = store.as_ref().map(Store::setup).transpose()?.unwrap_or_default();
        let is_new = kept.is_empty();
        let setup = if is_new { Setup::fresh(&options)? } else { Setup::kept(&kept, &options)? };
        let mut sandbox = Sandbox::new(setup.config.clone());
        let mut replayed = 0;
        let journal = match store {
            None => Journal::none(),
            Some(mut store) => {
                if is_new {
                    store.begin(&setup.to_kept())?;
                }
                replayed = store.replay(&mut sandbox)?;
                store.journal()
            }
        };
        let endpoint = options.webhook.clone().map(|url| setup.endpoint(url)).transpose()?;
        let about = About {
            api: merchants.local_addr()?,
            control: operators.local_addr()?,
            account: setup.config.account.clone(),
            fresh_api_key: (is_new && options.api_key.is_none()).then(|| setup.api_key.clone()),
            fresh_secret: (is_new && options.secret.is_none() && options.webhook.is_some())
                .then(|| setup.handed_secret()),
            replayed,
        };
        let desk = Arc::new(Desk::open(sandbox, journal, endpoint.is_some()));
        Ok(Self { desk, endpoint: endpoint.map(Arc::new), merchants, operators, about })
    }

    /// Serves until it is interrupted.
    ///
    /// # Errors
    /// The journal cannot be written any more.
    pub async fn run(self, interrupted: Interruption) -> Result<(), ServeError> {
        let Self { desk, endpoint, merchants, operators, about } = self;
        let ended = |interrupted: &Interruption| {
            let interrupted = interrupted.clone();
            async move { interrupted.happens().await }
        };
        let router = control_http::router(
            desk.clone(),
            endpoint.clone(),
            about.control,
            interrupted.clone(),
        );
        let routes = TowerToHyperService::new(router);
        let control = accept(operators, routes, Patience::default(), ended(&interrupted));
        let api = provider_http::serve(merchants, desk.clone(), ended(&interrupted));
        let served = async { tokio::join!(api, control).0 };
        // A client that never ends its call must not keep the service from ending.
        let overdue = async {
            interrupted.happens().await;
            tokio::time::sleep(END_WITHIN.to_duration()).await;
        };
        let done = tokio::select! {
            served = served => served.map_err(ServeError::from),
            () = overdue => Ok(()),
            lost = courier::work(desk.clone(), endpoint) => Err(lost.into()),
            lost = desk.lost() => Err(lost.into()),
        };
        desk.close();
        done
    }
}

/// What a sandbox is set up with, for as long as its file lives.
struct Setup {
    config: Config,
    api_key: String,
    secret: String,
    scheme: &'static Scheme,
}

const DEFAULT_SCHEME: &str = "standard-webhooks";

impl Setup {
    fn fresh(options: &Options) -> Result<Self, ServeError> {
        let entropy = entropy::fresh()?;
        let live = options.live.unwrap_or(false);
        let scheme = find_scheme(options.signature.as_deref().unwrap_or(DEFAULT_SCHEME))?;
        let fresh_key = || entropy::api_key(&entropy, live);
        let fresh_secret = || scheme.fresh_secret(&entropy).expose().to_owned();
        let api_key = options.api_key.clone().unwrap_or_else(fresh_key);
        Ok(Self {
            config: Config {
                live,
                account: format!("acct_{}", entropy::account(&entropy)),
                keys: vec![ApiKey::with_all_scopes(&api_key)],
                rails: options
                    .rails
                    .clone()
                    .unwrap_or_else(|| crate::model::RAILS.iter().collect()),
                seed: u64::from_be_bytes(first_eight(&entropy)),
                nonce: entropy::nonce(&entropy),
                start: clock::wall(),
                profile: Arc::default(),
            },
            api_key,
            secret: options.secret.clone().unwrap_or_else(fresh_secret),
            scheme,
        })
    }

    /// From a store. What the flags say must be the same: a history is not replayed under other
    /// rules than it was written under.
    fn kept(kept: &BTreeMap<String, String>, options: &Options) -> Result<Self, ServeError> {
        let get = |name| kept.get(name).ok_or(ServeError::Incomplete(name));
        let same = |name, flag, asked: Option<&String>, secret: bool| {
            let value = get(name)?;
            match asked.filter(|asked| *asked != value) {
                None => Ok(value.clone()),
                Some(_) => {
                    let told = if secret { "of its own".to_owned() } else { value.clone() };
                    Err(ServeError::Begun { name, kept: told, flag })
                }
            }
        };
        let mode = options.live.map(|live| if live { "live" } else { "test" }.to_owned());
        let rails = options.rails.as_ref().map(|rails| ids(rails));
        let rails = same("rails", "--rails", rails.as_ref(), false)?;
        let number = |name| get(name)?.parse().map_err(|_| ServeError::Incomplete(name));
        let scheme = same("signature", "--signature", options.signature.as_ref(), false)?;
        let api_key = same("api_key", "--api-key", options.api_key.as_ref(), true)?;
        Ok(Self {
            config: Config {
                live: same("mode", "--mode", mode.as_ref(), false)? == "live",
                account: get("account")?.clone(),
                keys: vec![ApiKey::with_all_scopes(&api_key)],
                rails: rails.split(',').filter_map(rail_by_id).collect(),
                seed: get("seed")?.parse().map_err(|_| ServeError::Incomplete("seed"))?,
                nonce: get("nonce")?.clone(),
                start: SimTime::from_unix_ms(number("start")?),
                profile: Arc::default(),
            },
            api_key,
            secret: same("secret", "--secret", options.secret.as_ref(), true)?,
            scheme: find_scheme(&scheme)?,
        })
    }

    fn to_kept(&self) -> BTreeMap<String, String> {
        let Config { live, account, keys: _, rails, seed, nonce, start, profile: _ } = &self.config;
        let kept = [
            ("mode", if *live { "live" } else { "test" }.to_owned()),
            ("account", account.clone()),
            ("api_key", self.api_key.clone()),
            ("rails", ids(rails)),
            ("seed", seed.to_string()),
            ("nonce", nonce.clone()),
            ("start", start.unix_ms().to_string()),
            ("secret", self.secret.clone()),
            ("signature", self.scheme.name().to_owned()),
        ];
        kept.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// What the merchant verifies with.
    fn handed_secret(&self) -> String {
        self.scheme.handed(&Secret::new(&self.secret)).expose().to_owned()
    }

    fn endpoint(&self, url: String) -> Result<Endpoint, ServeError> {
        let deliverer = HttpDeliverer::new(&url, ANSWER_WITHIN, Instant::now())?;
        Ok(Endpoint::new(url, self.scheme, Secret::new(&self.secret), deliverer)?)
    }
}

fn ids(rails: &[&'static Rail]) -> String {
    rails.iter().map(|rail| rail.id).collect::<Vec<_>>().join(",")
}

fn first_eight(bytes: &[u8; 32]) -> [u8; 8] {
    std::array::from_fn(|i| bytes[i])
}

/// Names are checked where flags are read; a store may be of another version.
fn find_scheme(name: &str) -> Result<&'static Scheme, ServeError> {
    signature::scheme(name).ok_or(ServeError::Incomplete("a known signature scheme"))
}

async fn listen(address: &str, flag: &'static str) -> Result<TcpListener, ServeError> {
    let error = |source| ServeError::Listen { address: address.to_owned(), flag, source };
    TcpListener::bind(address).await.map_err(error)
}
