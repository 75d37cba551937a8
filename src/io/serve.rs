//! The service on its own, from its file to its end: both listeners, the courier, the journal.
//!
//! Binds the parts; decides nothing about payments.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use super::accept::{Patience, accept};
use super::courier::Courier;
use super::deliver::{HttpDeliverer, UrlError};
use super::desk::Desk;
use super::interruption::Interruption;
use super::journal::{Journal, Lost, Store, StoreError};
pub use super::setup::Modes;
use super::setup::Setup;
use super::{control_http, provider_http};
use crate::input::InputErrors;
use crate::model::{Rail, Span};
use crate::provider::Profile;
use crate::provider::sandbox::Sandbox;
use crate::signature::{Secret, SignatureError};

/// How long open calls may take to end when the service ends.
const END_WITHIN: Span = Span::from_s(2);

/// What to serve. Where something is left out, the store says it, else the default.
#[derive(Default)]
pub struct Options {
    /// Where merchants call.
    pub listen: String,
    /// Where the operator does.
    pub control: String,
    /// Where the operator's own endpoint is: the first account's, which takes everything.
    pub webhook: Option<String>,
    /// Its first secret.
    pub secret: Option<String>,
    /// The scheme that they are signed by; the profile's where left out.
    pub signature: Option<String>,
    /// Whose habits the service has, with the text that says so.
    pub profile: Option<(Arc<Profile>, String)>,
    /// Rails that the account is enabled for.
    pub rails: Option<Vec<&'static Rail>>,
    /// How many accounts there are.
    pub accounts: Option<usize>,
    /// In which modes there are books.
    pub modes: Option<Modes>,
    /// The key that opens the API for the first account.
    pub api_key: Option<String>,
    /// The journal's file; in memory without it.
    pub store: Option<PathBuf>,
}

/// Why nothing is served, or nothing any more.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}; give a free address of this machine ({flag})")]
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
    /// The profile in a file cannot be read.
    #[error("the profile that the store was begun with is not understood; begin a new file\n{0}")]
    Profile(#[from] InputErrors),
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
    /// How long an endpoint may take to answer.
    timeout: Span,
    merchants: TcpListener,
    operators: TcpListener,
    /// What whoever started it needs to know.
    pub about: About,
}

/// What whoever starts a service needs to know.
pub struct About {
    /// Whose habits it has.
    pub profile: Arc<Profile>,
    /// Where merchants call.
    pub api: SocketAddr,
    /// Where the operator does.
    pub control: SocketAddr,
    /// Whose payments these are.
    pub books: Vec<AboutBooks>,
    /// The secret of the operator's endpoint, if both were made just now: it is shown once.
    pub fresh_secret: Option<String>,
    /// To how many endpoints events are delivered.
    pub endpoints: usize,
    /// Commands that were there already.
    pub replayed: u64,
}

/// One account in one mode.
pub struct AboutBooks {
    /// Such as `acct_01J8Z3AAAA`.
    pub account: String,
    /// Live mode or test mode.
    pub live: bool,
    /// Its key, if it was made just now: it is shown once.
    pub fresh_key: Option<String>,
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
        let timeout = setup.profile().delivery.timeout;
        if let Some(url) = &options.webhook {
            // Told at the start, and not by the first delivery.
            HttpDeliverer::new(url, timeout, Instant::now())?;
        }
        let mut sandbox = Sandbox::new(setup.configs());
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
        check_secrets(&sandbox, &options)?;
        let books = about(&sandbox, |key| is_new && !setup.is_given(key));
        let (desk, secret) = Desk::open(sandbox, journal, options.webhook.as_deref());
        let count = |sandbox: &Sandbox, _| sandbox.all().map(|of| of.endpoints().count()).sum();
        let about = About {
            profile: setup.profile().clone(),
            api: merchants.local_addr()?,
            control: operators.local_addr()?,
            books,
            fresh_secret: secret.map(|secret| secret.expose().to_owned()),
            endpoints: desk.read(count).await?,
            replayed,
        };
        Ok(Self { desk: Arc::new(desk), timeout, merchants, operators, about })
    }

    /// Serves until it is interrupted.
    ///
    /// # Errors
    /// The journal cannot be written any more.
    pub async fn run(self, interrupted: Interruption) -> Result<(), ServeError> {
        let Self { desk, timeout, merchants, operators, about } = self;
        let ended = |interrupted: &Interruption| {
            let interrupted = interrupted.clone();
            async move { interrupted.happens().await }
        };
        let router = control_http::router(desk.clone(), about.control, interrupted.clone());
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
            lost = Courier::new(desk.clone(), timeout).work() => Err(lost.into()),
            lost = desk.lost() => Err(lost.into()),
        };
        desk.close();
        done
    }
}

/// The books of every account in every mode. A key is told only where it is fresh.
fn about(sandbox: &Sandbox, is_fresh: impl Fn(&str) -> bool) -> Vec<AboutBooks> {
    let books = sandbox.all().map(|provider| AboutBooks {
        account: provider.account_id().to_owned(),
        live: provider.is_live(),
        fresh_key: provider.keys().first().map(|key| key.secret.clone()).filter(|of| is_fresh(of)),
    });
    books.collect()
}

/// What a file was begun with stays: a key or a secret that is named again must be the same.
fn check_secrets(sandbox: &Sandbox, options: &Options) -> Result<(), ServeError> {
    let begun = |name, flag| ServeError::Begun { name, kept: "of its own".to_owned(), flag };
    let is_key = |key: &String| {
        sandbox.all().any(|books| books.keys().first().is_some_and(|of| of.secret == *key))
    };
    if options.api_key.as_ref().is_some_and(|key| !is_key(key)) {
        return Err(begun("api_key", "--api-key"));
    }
    let first = sandbox.all().next();
    let is_secret = |secret: &String| {
        let kept = first.and_then(|books| Some((books.first_secret()?, books.webhook_scheme()?)));
        let named = Secret::new(secret);
        // Of a pair of keys only the public half was ever shown.
        kept.is_some_and(|(kept, scheme)| kept == named || scheme.handed(&kept) == named)
    };
    if options.secret.as_ref().is_some_and(|secret| !is_secret(secret)) {
        return Err(begun("secret", "--secret"));
    }
    Ok(())
}

async fn listen(address: &str, flag: &'static str) -> Result<TcpListener, ServeError> {
    let error = |source| ServeError::Listen { address: address.to_owned(), flag, source };
    TcpListener::bind(address).await.map_err(error)
}
