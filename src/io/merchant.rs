//! The merchant as it runs: started by us or running already, and how it is reached.

use std::collections::BTreeMap;
use std::path::Path;

use tempfile::TempDir;

use super::clock::Clock;
use super::deliver::{Deliverer, HttpDeliverer, UrlError};
use super::hands::{Hands, Place};
use super::interruption::Interruption;
use super::launch;
use super::pace::Pace;
use super::process::{Burial, Host, Process, ProcessError};
use crate::merchant::template::{Values, fill_text};
use crate::merchant::{Profile, Ready, Start};
use crate::model::Span;
use crate::run::{Message, Sent};
use crate::scenario::Arrival;
use crate::signature::{self, Secret};

/// How long driving and probing wait.
const REACH_TIMEOUT: Span = Span::from_s(10);

/// What a merchant is told of the provider.
#[derive(Debug)]
pub struct Identity {
    /// Where the API is.
    pub provider_url: String,
    /// The key for it.
    pub api_key: String,
    /// The account.
    pub account: String,
    /// What its webhooks are signed with.
    pub webhook_secret: Secret,
    /// What it verifies them with: the same, or the public half.
    pub webhook_key: Secret,
    /// How long its answer to an event is waited for.
    pub timeout: Span,
}

/// Why a merchant cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub enum MerchantError {
    /// Its process did not start, died, or was not ready.
    #[error(transparent)]
    Process(#[from] ProcessError),
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
}

/// The merchant of a run.
pub struct Merchant {
    hands: Hands,
    deliverer: HttpDeliverer,
    pace: Option<Pace>,
    webhook_url: String,
    process: Option<Process>,
    /// Removed with everything in it when the run ends.
    _scratch: TempDir,
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
        let base_url = fill(&values, &profile.base_url, "merchant.base_url")?;
        let webhook = fill(&values, &profile.webhook, "merchant.webhook")?;
        let webhook_url =
            if webhook.starts_with('/') { format!("{base_url}{webhook}") } else { webhook };
        values.insert("webhook.id", signature::webhook_id(&webhook_url));
        let fill = |text: &str, place| fill(&values, text, place);
        let start =
            profile.start.as_ref().map(|start| filled(profile, start, &fill)).transpose()?;
        let folder = profile.folder.clone();
        let place =
            Place { exe: host.exe, folder, start: start.as_ref(), redaction: host.redaction };
        let hands = Hands::new(&base_url, REACH_TIMEOUT.to_duration(), &place, values.clone());
        let process = start.map(|start| Process::new(host, start, &base_url, scratch.path()));
        let merchant = Self {
            hands: hands.map_err(|error| MerchantError::Template(error.to_string()))?,
            pace: profile.policy.webhook_rate_per_s.map(Pace::new),
            deliverer: HttpDeliverer::new(&webhook_url, identity.timeout, clock.started)?,
            webhook_url,
            process,
            _scratch: scratch,
        };
        if let Err(error) = merchant.begin(&base_url, interrupted).await {
            // Whatever it was about to become: nothing of it outlives us.
            merchant.stop().await;
            return Err(error);
        }
        Ok(merchant)
    }

    /// For driving and probing.
    pub fn hands(&self) -> &Hands {
        &self.hands
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

    /// Which life of the merchant this is; one that is not ours has only one.
    pub fn life(&self) -> u64 {
        self.process.as_ref().map_or(0, Process::life)
    }

    /// After a request of the life `life` was not answered: how that life ended, if it did. A dead
    /// merchant is started again.
    pub async fn bury(&self, life: u64) -> Option<Burial> {
        self.process.as_ref()?.bury(life, || self.deliverer.forget_connections()).await
    }

    /// Kills the merchant, if it is ours; nothing of it runs before `revive`.
    pub async fn kill(&self) {
        if let Some(process) = &self.process {
            process.kill(|| self.deliverer.forget_connections()).await;
        }
    }

    /// Starts it again after a kill, and waits until it is ready.
    ///
    /// # Errors
    /// It does not start, dies, or is not ready in time.
    pub async fn revive(&self) -> Result<(), ProcessError> {
        match &self.process {
            Some(process) => process.revive().await,
            None => Ok(()),
        }
    }

    /// Ends the merchant, if it is ours, and everything of it.
    pub async fn stop(&self) {
        if let Some(process) = &self.process {
            process.stop().await;
        }
    }

    async fn begin(&self, base_url: &str, interrupted: &Interruption) -> Result<(), MerchantError> {
        if let Some(process) = &self.process {
            return Ok(process.begin(interrupted).await?);
        }
        let ready = Ready { http: None, within: Span::from_s(5) };
        tokio::select! {
            ready = launch::wait_ready(base_url, &ready, None) => Ok(ready.map_err(ProcessError::from)?),
            () = interrupted.happens() => Err(ProcessError::Interrupted.into()),
        }
    }
}

fn fill(
    values: &BTreeMap<&'static str, String>,
    text: &str,
    place: &'static str,
) -> Result<String, MerchantError> {
    let texts: Values<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
    fill_text(text, &texts, place).map_err(|unfilled| MerchantError::Template(unfilled.to_string()))
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

fn values(identity: &Identity, scratch: &Path) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("scratch", scratch.display().to_string()),
        ("provider.url", identity.provider_url.clone()),
        ("provider.api_key", identity.api_key.clone()),
        ("provider.account", identity.account.clone()),
        ("webhook.secret", identity.webhook_key.expose().to_owned()),
    ])
}

fn system(what: &str, source: std::io::Error) -> MerchantError {
    MerchantError::System { what: what.to_owned(), source }
}
