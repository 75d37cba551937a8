//! The merchant as it runs: started by us or running already, reached, watched, started again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use super::clock::Clock;
use super::deliver::{Deliverer, HttpDeliverer, UrlError};
use super::http::Reach;
use super::interruption::Interruption;
use super::launch::{self, LaunchError, Launched, Task};
use super::pace::Pace;
use crate::merchant::template::{Values, fill_text};
use crate::merchant::{Profile, Start};
use crate::model::Span;
use crate::run::{Message, Sent};
use crate::scenario::Arrival;
use crate::signature::Secret;

/// How long the provider waits for an answer to a delivery (Standard Webhooks).
const DELIVERY_TIMEOUT: Span = Span::from_s(15);
/// How long driving and probing wait.
const REACH_TIMEOUT: Span = Span::from_s(10);
/// How long a command of `prepare` may take.
const PREPARE_WITHIN: Span = Span::from_s(120);
/// How long a death takes to be told where everything is quick.
const DEATH_NOTICE: Duration = Duration::from_millis(50);
/// How long it may take where the machine is busy.
const DEATH_CERTIFICATE: Duration = Duration::from_secs(5);
/// How many of the merchant's last lines are shown when it dies.
const LAST_LINES: usize = 10;

/// What a merchant is told of the provider.
#[derive(Debug)]
pub struct Identity {
    /// Where the API is.
    pub provider_url: String,
    /// The key for it.
    pub api_key: String,
    /// The account.
    pub account: String,
    /// The secret of its webhook.
    pub webhook_secret: Secret,
}

/// Why a merchant cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub enum MerchantError {
    /// It did not start, died, or was not ready.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// A template of the profile could not be filled in.
    #[error("{0}")]
    Template(String),
    /// The webhook's address is none.
    #[error(transparent)]
    Webhook(#[from] UrlError),
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

/// The merchant of a run.
pub struct Merchant {
    reach: Reach,
    deliverer: HttpDeliverer,
    pace: Option<Pace>,
    webhook_url: String,
    values: BTreeMap<&'static str, String>,
    process: Option<Process>,
    /// Removed with everything in it when the run ends.
    _scratch: TempDir,
}

/// How a life of the merchant ended.
pub struct Burial {
    /// How, with its last line.
    pub last_words: String,
    /// Whether nobody had noticed before.
    pub is_first: bool,
    /// What the history has to say about it.
    pub told: Vec<String>,
}

/// What of ours a merchant that we start needs.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
    /// This program, which can act as its guardian.
    pub exe: &'a Path,
    /// Where its output is written, from the first line on.
    pub log: Option<&'a Path>,
}

/// What is needed to start it again.
struct Process {
    exe: PathBuf,
    log: Option<PathBuf>,
    start: Start,
    base_url: String,
    scratch: PathBuf,
    /// The life that is lived now, counted from 1, and how earlier ones ended.
    current: Mutex<Life>,
    life: watch::Sender<u64>,
}

struct Life {
    number: u64,
    launched: Option<Launched>,
    last_words: String,
}

impl Merchant {
    /// Starts the merchant, if it is ours to start, and waits until it is ready.
    ///
    /// # Errors
    /// Everything that keeps it from being ready, with its last lines where we have them.
    pub async fn start(
        profile: &Profile,
        host: Host<'_>,
        identity: &Identity,
        clock: Clock,
        interrupted: &Interruption,
    ) -> Result<Self, MerchantError> {
        let scratch = TempDir::with_prefix("countersign-")
            .map_err(|source| system("cannot make a scratch folder", source))?;
        let mut values = values(identity, scratch.path());
        if profile.start.is_some() {
            let port = launch::free_port().map_err(|source| system("no free port", source))?;
            values.insert("port", port.to_string());
        }
        let texts: Values<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
        let fill = |text: &str, place| {
            fill_text(text, &texts, place)
                .map_err(|unfilled| MerchantError::Template(unfilled.to_string()))
        };
        let base_url = fill(&profile.base_url, "merchant.base_url")?;
        let webhook = fill(&profile.webhook, "merchant.webhook")?;
        let webhook_url =
            if webhook.starts_with('/') { format!("{base_url}{webhook}") } else { webhook };
        let process = match &profile.start {
            Some(start) => Some(Process {
                exe: host.exe.to_owned(),
                log: host.log.map(Path::to_owned),
                start: filled(profile, start, &fill)?,
                base_url: base_url.clone(),
                scratch: scratch.path().to_owned(),
                current: Mutex::new(Life { number: 1, launched: None, last_words: String::new() }),
                life: watch::Sender::new(1),
            }),
            None => None,
        };
        let merchant = Self {
            reach: Reach::new(&base_url, REACH_TIMEOUT.to_duration())
                .map_err(|error| MerchantError::Template(error.to_string()))?,
            pace: profile.policy.webhook_rate_per_s.map(Pace::new),
            deliverer: HttpDeliverer::new(&webhook_url, DELIVERY_TIMEOUT, clock.started)?,
            webhook_url,
            values,
            process,
            _scratch: scratch,
        };
        if let Err(error) = merchant.first_life(&base_url, interrupted).await {
            // Whatever it was about to become: nothing of it outlives us.
            merchant.stop().await;
            return Err(error);
        }
        Ok(merchant)
    }

    /// For driving and probing.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Sends messages to the webhook, no faster than the profile declares.
    pub async fn send(&self, messages: &[Message], arrival: Arrival) -> Vec<Sent> {
        let Some(pace) = &self.pace else { return self.deliverer.send(messages, arrival).await };
        match arrival {
            Arrival::AtOnce => {
                pace.wait(u32::try_from(messages.len()).unwrap_or(u32::MAX)).await;
                self.deliverer.send(messages, arrival).await
            }
            Arrival::InTurn => {
                let mut sent = Vec::with_capacity(messages.len());
                for message in messages.chunks(1) {
                    pace.wait(1).await;
                    sent.extend(self.deliverer.send(message, arrival).await);
                }
                sent
            }
        }
    }

    /// The webhook's address.
    pub fn webhook_url(&self) -> &str {
        &self.webhook_url
    }

    /// Adds what every template may use to what is particular to one.
    pub fn add_values(&self, values: &mut BTreeMap<&'static str, String>) {
        for (name, value) in &self.values {
            values.entry(name).or_insert_with(|| value.clone());
        }
    }

    /// Which life of the merchant this is; one that is not ours has only one.
    pub fn life(&self) -> u64 {
        self.process.as_ref().map_or(0, Process::life)
    }

    /// After a request of the life `life` was not answered: how that life ended, if it did. A dead
    /// merchant is started again.
    pub async fn bury(&self, life: u64) -> Option<Burial> {
        let process = self.process.as_ref()?;
        if process.lives(life).await {
            return None;
        }
        let mut current = process.current.lock().await;
        if current.number != life {
            let last_words = current.last_words.clone();
            return Some(Burial { last_words, is_first: false, told: Vec::new() });
        }
        let launched = current.launched.as_ref()?;
        let ended = launched.has_exited()?;
        let tail = launched.log_tail(LAST_LINES);
        current.last_words = match tail.last() {
            Some(last) => format!("{ended}; its last line: {last}"),
            None => ended.clone(),
        };
        self.deliverer.forget_connections();
        let again = process.begin(&mut current).await;
        current.number += 1;
        process.life.send_replace(current.number);
        let told = vec![
            format!("the merchant died: {}", current.last_words),
            match again {
                Ok(()) => "the merchant was started again".to_owned(),
                Err(why) => format!("the merchant could not be started again: {why}"),
            },
        ];
        Some(Burial { last_words: current.last_words.clone(), is_first: true, told })
    }

    /// Ends the merchant, if it is ours, and everything of it.
    pub async fn stop(&self) {
        if let Some(process) = &self.process
            && let Some(launched) = process.current.lock().await.launched.take()
        {
            launched.stop().await;
        }
    }

    async fn first_life(
        &self,
        base_url: &str,
        interrupted: &Interruption,
    ) -> Result<(), MerchantError> {
        let beginning = async {
            let Some(process) = &self.process else {
                let ready = crate::merchant::Ready { http: None, within: Span::from_s(5) };
                return Ok(launch::wait_ready(base_url, &ready, None).await?);
            };
            process.begin(&mut *process.current.lock().await).await
        };
        if let Some(process) = &self.process {
            process.prepare(interrupted).await?;
        }
        tokio::select! {
            ready = beginning => ready,
            () = interrupted.happens() => Err(MerchantError::Interrupted),
        }
    }
}

impl Process {
    fn life(&self) -> u64 {
        *self.life.borrow()
    }

    fn task<'t>(&'t self, command: &'t [String]) -> Task<'t> {
        let Start { cwd, env, stop, .. } = &self.start;
        Task { command, cwd, env, stop, scratch: Some(&self.scratch) }
    }

    /// What comes before the first life.
    async fn prepare(&self, interrupted: &Interruption) -> Result<(), MerchantError> {
        refuse_taken_port(&self.base_url)?;
        for command in &self.start.prepare {
            let task = self.task(command);
            let prepared = launch::run_to_end(&self.exe, &task, PREPARE_WITHIN, interrupted);
            match prepared.await {
                Err(_) if interrupted.has_happened() => return Err(MerchantError::Interrupted),
                prepared => prepared?,
            }
        }
        Ok(())
    }

    /// Begins a life and waits until it is ready. From the first moment on the life owns what was
    /// started, so that it is ended even if nobody waits any more.
    async fn begin(&self, life: &mut Life) -> Result<(), MerchantError> {
        let launched = Launched::start(&self.exe, &self.task(&self.start.command))
            .map_err(|source| system("the merchant cannot be started", source))?;
        let launched = life.launched.insert(launched);
        if let Some(log) = &self.log {
            let what = format!("the merchant's output cannot be written to {}", log.display());
            launched.log_to(log).map_err(|source| system(&what, source))?;
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

/// The start of the profile with its placeholders filled in.
fn filled(
    profile: &Profile,
    start: &Start,
    fill: &impl Fn(&str, &'static str) -> Result<String, MerchantError>,
) -> Result<Start, MerchantError> {
    let words = |words: &[String], place| {
        words.iter().map(|word| fill(word, place)).collect::<Result<Vec<_>, _>>()
    };
    let mut start = start.clone();
    start.command = words(&start.command, "merchant.start.command")?;
    start.cwd = profile.folder.join(&start.cwd);
    for value in start.env.values_mut() {
        *value = fill(value, "merchant.start.env")?;
    }
    for command in &mut start.prepare {
        *command = words(command, "merchant.start.prepare")?;
    }
    Ok(start)
}

/// Whoever listens there already would be taken for the merchant that we start.
fn refuse_taken_port(base_url: &str) -> Result<(), MerchantError> {
    match launch::address(base_url) {
        Some((_, port)) if !launch::is_free_port(port) => Err(MerchantError::Template(format!(
            "port {port} is taken by another program; end it, or write {{port}} in \
             merchant.base_url and hand it to the merchant in start.env"
        ))),
        _ => Ok(()),
    }
}

fn values(identity: &Identity, scratch: &Path) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("scratch", scratch.display().to_string()),
        ("provider.url", identity.provider_url.clone()),
        ("provider.api_key", identity.api_key.clone()),
        ("provider.account", identity.account.clone()),
        ("webhook.secret", identity.webhook_secret.expose().to_owned()),
    ])
}

fn system(what: &str, source: std::io::Error) -> MerchantError {
    MerchantError::System { what: what.to_owned(), source }
}
