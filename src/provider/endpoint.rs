//! Webhook endpoints: where events go, which ones, and how many secrets sign them.
//!
//! A record only grows: a rotation is appended, and an endpoint that is deleted stays on record,
//! because its deliveries do. Secrets are derived by the keyring. Knows no HTTP and makes no
//! delivery.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{EndpointId, EventId, SimTime, Span, words};
use crate::signature::{Scheme, Secret};

use super::event;
use super::id::Prefix;
use super::shape;
use super::{Event, Place, Provider};

/// Stands for every type, those included that are to come.
pub(super) const EVERY_TYPE: &str = "*";

/// What an account may have at a time: each makes a delivery of every event.
pub(super) const ENDPOINTS_MAX: usize = 16;

/// What was asked for, validated.
#[derive(Debug, Clone)]
pub(super) struct EndpointTerms {
    pub url: String,
    /// Types, or the word for all of them; never empty.
    pub events: Vec<String>,
}

/// The record of one endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Such as `whe_01J8Z3HY5M0000000000000000`.
    pub id: EndpointId,
    /// Where deliveries go.
    pub url: String,
    events: Vec<String>,
    created_at: SimTime,
    /// What signs, the newest last: one more than there were rotations.
    secrets: Vec<Secret>,
    /// Until when each rotation lets the secret before it sign as well.
    rotations: Vec<SimTime>,
    /// Whether it takes no deliveries any more, until one is asked for.
    disabled: bool,
    deleted: bool,
    /// Made by the operator, with the secret that he gave, if he gave one.
    by_operator: bool,
}

/// An endpoint as answers show it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WebhookEndpoint")]
pub(super) struct EndpointForm<'a> {
    #[schemars(with = "shape::EndpointId")]
    id: &'a EndpointId,
    /// Where deliveries go.
    url: &'a str,
    /// Types of events, or `*` for all.
    events: &'a [String],
    status: EndpointStatus,
    created_at: SimTime,
    /// Until when the secret before the last rotation signs as well.
    previous_secret_until: Option<SimTime>,
    /// Shown by what made it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

words! {
    /// Whether an endpoint takes deliveries.
    EndpointStatus {
        /// It does.
        Enabled = "enabled",
        /// It said that it wants none any more, or failed for too long; asking for a redelivery
        /// enables it again.
        Disabled = "disabled",
        /// It is not there any more.
        Deleted = "deleted",
    }
}

/// That an endpoint was tried out.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    pub endpoint: EndpointId,
    pub event: EventId,
    pub at: SimTime,
}

impl Endpoint {
    /// Whether events of this type go there.
    #[must_use]
    pub fn takes(&self, type_name: &str) -> bool {
        self.events.iter().any(|wanted| wanted == EVERY_TYPE || wanted == type_name)
    }

    /// The secrets that sign at this instant, each by the number of rotations that it came after;
    /// the newest first.
    #[must_use]
    pub fn signing(&self, now: SimTime) -> Vec<usize> {
        let current = self.rotations.len();
        let overlaps = self.rotations.last().is_some_and(|until| now < *until);
        let previous = overlaps.then(|| current.saturating_sub(1));
        std::iter::once(current).chain(previous).collect()
    }

    /// As it was after so many rotations.
    pub(super) fn form<'a>(
        &'a self,
        rotations: usize,
        status: EndpointStatus,
        secret: Option<&'a Secret>,
    ) -> EndpointForm<'a> {
        EndpointForm {
            id: &self.id,
            url: &self.url,
            events: &self.events,
            status,
            created_at: self.created_at,
            previous_secret_until: self.rotations[..rotations].last().copied(),
            secret: secret.map(Secret::expose),
        }
    }

    /// As it is.
    pub(super) fn form_now(&self) -> EndpointForm<'_> {
        self.form(self.rotations.len(), self.status(), None)
    }

    /// Whether it takes deliveries.
    #[must_use]
    pub const fn status(&self) -> EndpointStatus {
        match (self.deleted, self.disabled) {
            (true, _) => EndpointStatus::Deleted,
            (false, true) => EndpointStatus::Disabled,
            (false, false) => EndpointStatus::Enabled,
        }
    }

    pub(super) const fn rotations(&self) -> usize {
        self.rotations.len()
    }
}

/// Endpoints, read.
impl Provider {
    /// All that are not deleted, the oldest first.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.iter().filter(|endpoint| !endpoint.deleted)
    }

    /// The one of that id, unless it is deleted.
    #[must_use]
    pub fn endpoint(&self, id: &EndpointId) -> Option<&Endpoint> {
        self.endpoints().find(|endpoint| endpoint.id == *id)
    }

    /// What signed for this endpoint after so many rotations, deleted or not.
    #[must_use]
    pub fn webhook_secret(&self, endpoint: &EndpointId, rotations: usize) -> Option<Secret> {
        let found = self.endpoints.iter().find(|known| known.id == *endpoint);
        found?.secrets.get(rotations).cloned()
    }

    /// Where this endpoint is, or was before it was deleted.
    #[must_use]
    pub fn url_of(&self, id: &EndpointId) -> Option<&str> {
        let found = self.endpoints.iter().find(|endpoint| endpoint.id == *id);
        found.map(|endpoint| endpoint.url.as_str())
    }

    /// The first secret of the operator's own endpoint: what he gave, or what was made for him.
    /// None where there is neither.
    #[must_use]
    pub fn first_secret(&self) -> Option<Secret> {
        let own = self.endpoints.iter().find(|endpoint| endpoint.by_operator);
        let made = || own?.secrets.first().cloned();
        self.keyring.as_ref()?.given().cloned().or_else(made)
    }

    /// What deliveries are signed by.
    #[must_use]
    pub fn webhook_scheme(&self) -> Option<&'static Scheme> {
        self.keyring.as_ref().map(super::Keyring::scheme)
    }
}

/// Endpoints, made and changed.
impl Provider {
    /// The operator's own endpoint, which takes everything, is at this URL: moved there, or made.
    /// Answers its id if it was made just now.
    pub fn set_webhook(&mut self, url: &str, now: SimTime) -> Option<EndpointId> {
        let mut known = self.endpoints.iter_mut();
        if let Some(endpoint) = known.find(|endpoint| endpoint.by_operator && !endpoint.deleted) {
            url.clone_into(&mut endpoint.url);
            return None;
        }
        let terms = EndpointTerms { url: url.to_owned(), events: vec![EVERY_TYPE.to_owned()] };
        let position = self.add_endpoint(terms, now);
        let given = self.keyring.as_ref().and_then(super::Keyring::given).cloned();
        let endpoint = &mut self.endpoints[position];
        endpoint.by_operator = true;
        // What the operator gave is the first secret of his own endpoint.
        endpoint.secrets = given.map_or_else(|| endpoint.secrets.clone(), |given| vec![given]);
        Some(endpoint.id.clone())
    }

    /// Whether it takes deliveries is known to whoever makes them.
    pub fn note_disabled(&mut self, id: &EndpointId, disabled: bool) {
        if let Some(endpoint) = self.endpoints.iter_mut().find(|endpoint| endpoint.id == *id) {
            endpoint.disabled = disabled;
        }
    }

    pub(super) fn add_endpoint(&mut self, terms: EndpointTerms, now: SimTime) -> usize {
        let EndpointTerms { url, events } = terms;
        let id = EndpointId::new(self.ids.next(Prefix::Endpoint));
        self.endpoints.push(Endpoint {
            secrets: vec![self.derived_secret(&id, 0)],
            id,
            url,
            events,
            created_at: now,
            rotations: Vec::new(),
            disabled: false,
            deleted: false,
            by_operator: false,
        });
        self.endpoints.len() - 1
    }

    pub(super) fn endpoint_position(&self, id: &str) -> Option<usize> {
        self.endpoints.iter().position(|of| of.id.as_str() == id && !of.deleted)
    }

    pub(super) fn rotate(&mut self, position: usize, overlap: Span, now: SimTime) {
        let endpoint = &self.endpoints[position];
        let secret = self.derived_secret(&endpoint.id, endpoint.secrets.len());
        let endpoint = &mut self.endpoints[position];
        endpoint.secrets.push(secret);
        endpoint.rotations.push(now.plus(overlap));
    }

    fn derived_secret(&self, endpoint: &EndpointId, rotations: usize) -> Secret {
        let keyring = self.keyring.as_ref().expect("there are no endpoints without a keyring");
        keyring.webhook_secret(endpoint, rotations)
    }

    pub(super) fn delete_endpoint(&mut self, position: usize) {
        self.endpoints[position].deleted = true;
    }

    /// T17, for one endpoint: nothing changes, and nobody else is told.
    pub(super) fn try_out(&mut self, position: usize, at: SimTime) -> Event {
        let event = EventId::new(self.ids.next(Prefix::Event));
        let endpoint = self.endpoints[position].id.clone();
        self.events.push(Place::Trial(self.trials.len()));
        let trial = Trial { endpoint, event, at };
        let rendered = event::render_trial(&self.account, &trial);
        self.trials.push(trial);
        rendered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_secrets_sign_while_they_overlap() {
        let at = SimTime::from_unix_ms;
        let mut endpoint = Endpoint {
            id: EndpointId::new("whe_0"),
            url: String::new(),
            events: vec!["payment.paid".to_owned()],
            created_at: at(0),
            secrets: Vec::new(),
            rotations: Vec::new(),
            disabled: false,
            deleted: false,
            by_operator: false,
        };
        assert!(endpoint.takes("payment.paid") && !endpoint.takes("payment.confirmed"));
        assert_eq!(endpoint.signing(at(5)), [0]);
        endpoint.rotations.push(at(10));
        assert_eq!(endpoint.signing(at(9)), [1, 0]);
        assert_eq!(endpoint.signing(at(10)), [1]);
        endpoint.rotations.push(at(10));
        assert_eq!(endpoint.signing(at(9)), [2, 1], "the one before the last is gone");
    }
}
