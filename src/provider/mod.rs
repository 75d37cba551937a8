//! The reference payment service, as a pure state machine.
//!
//! Holds payments, their events, virtual chains and idempotency keys; answers API requests and
//! obeys the payer, the network and its operator. It does not know that it is being tested: no
//! scenarios, no faults, no merchants. Sockets, clocks and deliveries are elsewhere; time is an
//! argument.

mod account;
mod address;
mod api;
mod chain;
mod claim;
mod count;
mod endpoint;
mod event;
mod feed;
mod guard;
mod id;
mod idempotency;
mod key;
mod keyring;
mod machine;
mod misstatement;
mod money_back;
mod openapi;
mod operate;
mod outbox;
mod payment;
mod payout;
mod policy;
mod price;
mod problem;
pub mod profile;
mod query;
mod quota;
mod reader;
mod refund;
mod refused;
mod repay;
mod request;
pub mod sandbox;
mod shape;
mod statement;
mod stray;
mod timer;
mod told;
mod transaction;
mod transfer;
mod translate;
mod trouble;
mod twice;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::model::{EventId, EventKind, PaymentId, Rail, Reference, SimTime, Truth};

pub use api::{ApiReply, ApiRequest, BODY_BYTES_MAX, Subject, Unheard, unheard};
pub use endpoint::{Endpoint, EndpointStatus};
pub use event::{Event, EventSubject};
pub use key::{ApiKey, Scope};
pub use keyring::Keyring;
pub use machine::Hold;
pub use misstatement::StatementFault;
pub use openapi::{api_page, openapi, openapi_at};
pub use outbox::{Outbox, Outcome};
pub use payment::Coin;
pub use payout::PayoutStatus;
pub use profile::Profile;
pub use refund::{DisputeStatus, RefundStatus};
pub use refused::Refused;
pub use transfer::Sending;

use chain::Chains;
use endpoint::Trial;
use feed::Place;
use id::{IdSource, Prefix};
use idempotency::Idempotency;
use misstatement::{Issues, Ready};
use payment::{Announcement, Payment};
use payout::{Available, Payout};
use quota::Quotas;
use wire::Account;

/// What the service is set up with.
#[derive(Clone)]
pub struct Config {
    /// Live mode or test mode: keys `sk_live_…` or `sk_test_…`.
    pub live: bool,
    /// Whose payments these are, such as `acct_01J8Z3AAAA`.
    pub account: String,
    /// What opens the API.
    pub keys: Vec<ApiKey>,
    /// Rails that the account is enabled for.
    pub rails: Vec<&'static Rail>,
    /// What every choice derives from.
    pub seed: u64,
    /// The fresh part of this run's ids.
    pub nonce: String,
    /// When the run starts; the high bits of every id.
    pub start: SimTime,
    /// Which habits the service has, where providers differ.
    pub profile: Arc<Profile>,
    /// What webhook secrets derive from. Without it there are no endpoints: whoever runs the
    /// service then knows one place for deliveries and its secret.
    pub keyring: Option<Keyring>,
}

/// Without the keys.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("live", &self.live)
            .field("account", &self.account)
            .field("rails", &self.rails.iter().map(|rail| rail.id).collect::<Vec<_>>())
            .field("seed", &self.seed)
            .field("nonce", &self.nonce)
            .field("profile", &self.profile.name)
            .finish_non_exhaustive()
    }
}

/// The service.
pub struct Provider {
    profile: Arc<Profile>,
    /// Of partitions whose payments follow others than the profile's.
    habits: BTreeMap<u32, profile::Payments>,
    account: Account,
    /// Only ever appended to: idempotency knows a key by its position.
    keys: Vec<ApiKey>,
    rails: Vec<&'static Rail>,
    ids: IdSource,
    /// In the order of creation, which is that of their ids.
    payments: Vec<Payment>,
    by_reference: BTreeMap<Reference, Vec<usize>>,
    /// In the order of creation, which is that of their ids.
    payouts: Vec<Payout>,
    keyring: Option<Keyring>,
    /// In the order of creation, which is that of their ids.
    endpoints: Vec<Endpoint>,
    trials: Vec<Trial>,
    available: Available,
    /// What is wrong with statements, and what was announced of them.
    issues: Issues,
    ready: Vec<Ready>,
    /// Every event in the order of appending.
    events: Vec<Place>,
    /// Which payment each refund is of, by the refund's id.
    refunds: BTreeMap<String, usize>,
    chains: Chains,
    idempotency: Idempotency,
    quotas: Quotas,
}

/// Sizes only: the records are the merchant's business, keys are nobody's.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("account", &self.account)
            .field("payments", &self.payments.len())
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}

/// What stands, read.
impl Provider {
    /// A service without payments.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            profile: config.profile.clone(),
            habits: BTreeMap::new(),
            account: Account { id: config.account, live: config.live, profile: config.profile },
            keys: config.keys,
            rails: config.rails,
            ids: IdSource::new(config.seed, &config.nonce, config.start),
            payments: Vec::new(),
            by_reference: BTreeMap::new(),
            payouts: Vec::new(),
            keyring: config.keyring,
            endpoints: Vec::new(),
            trials: Vec::new(),
            available: Available::default(),
            issues: Issues::default(),
            ready: Vec::new(),
            events: Vec::new(),
            refunds: BTreeMap::new(),
            chains: Chains::default(),
            idempotency: Idempotency::default(),
            quotas: Quotas::default(),
        }
    }

    /// Whose payments these are.
    #[must_use]
    pub fn account_id(&self) -> &str {
        &self.account.id
    }

    /// Live mode or test mode.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.account.live
    }

    /// Its habits.
    #[must_use]
    pub const fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// The payments for this order, oldest first.
    #[must_use]
    pub fn payments_of(&self, reference: &Reference) -> Vec<PaymentId> {
        let positions = self.by_reference.get(reference).into_iter().flatten();
        positions.map(|position| self.payments[*position].id.clone()).collect()
    }

    /// The order that this payment is for.
    #[must_use]
    pub fn reference_of(&self, payment: &PaymentId) -> Option<Reference> {
        self.get(payment).map(|payment| payment.terms.reference.clone())
    }

    /// What is true of this payment now.
    #[must_use]
    pub fn truth(&self, payment: &PaymentId) -> Option<Truth> {
        self.get(payment).map(Payment::truth)
    }

    /// When its window closes.
    #[must_use]
    pub fn expires_at(&self, payment: &PaymentId) -> Option<SimTime> {
        self.get(payment).map(|payment| payment.expires_at)
    }

    /// Until when the network may still confirm it.
    #[must_use]
    pub fn watched_until(&self, payment: &PaymentId) -> Option<SimTime> {
        let payment = self.get(payment)?;
        Some(payment.expires_at.plus(self.habits(payment.partition).monitoring))
    }

    /// Blocks until all its transfers are deep enough for the policy; the policy's number while
    /// nothing came, zero for a payment that does not exist.
    #[must_use]
    pub fn confirmations_missing(&self, payment: &PaymentId) -> u32 {
        let payment = self.get(payment);
        payment.map_or(0, |payment| payment.confirmations_missing(self.chains.height(payment)))
    }

    /// Everything announced of this payment, oldest first, its creation included.
    #[must_use]
    pub fn events_of(&self, payment: &PaymentId) -> Vec<Event> {
        let Some(payment) = self.get(payment) else { return Vec::new() };
        payment.said.iter().map(|said| event::render(&self.account, payment, said)).collect()
    }

    /// The event as it would read if it were true. Nothing is stored and the payment stays as it
    /// is. None for an unknown payment, or where no payment like this one could ever come there.
    #[must_use]
    pub fn claim(&self, payment: &PaymentId, kind: EventKind, now: SimTime) -> Option<Event> {
        let payment = self.get(payment)?;
        let about = [payment.id.as_str().as_bytes(), kind.as_str().as_bytes()];
        let at = now.unix_ms().to_be_bytes();
        let id = EventId::new(self.ids.aside(Prefix::Event, &[about[0], about[1], &at]));
        let height = self.chains.height(payment);
        let (payment, said) = claim::claim(payment, kind, (now, height), &id)?;
        Some(event::render(&self.account, &payment, &said))
    }

    /// A fact that was announced, announced once more under an id of its own and dated `at`. Nothing
    /// is stored. None where the payment has not announced it.
    #[must_use]
    pub fn redated(&self, payment: &PaymentId, kind: EventKind, at: SimTime) -> Option<Event> {
        let payment = self.get(payment)?;
        let said = payment.said.iter().rev().find(|said| said.kind == Some(kind))?;
        let about = [payment.id.as_str().as_bytes(), kind.as_str().as_bytes()];
        let id = self.ids.aside(Prefix::Event, &[about[0], about[1], &at.unix_ms().to_be_bytes()]);
        let said = Announcement { id: EventId::new(id), occurred_at: at, ..said.clone() };
        Some(event::render(&self.account, payment, &said))
    }

    /// How many ids were given so far: with the same commands after the same number, a service
    /// gives the same ids.
    pub(crate) const fn ids_given(&self) -> u32 {
        self.ids.given()
    }

    /// Goes on as if so many ids had been given; false if there were more already.
    pub(crate) const fn skip_ids(&mut self, given: u32) -> bool {
        self.ids.skip_to(given)
    }

    fn get(&self, payment: &PaymentId) -> Option<&Payment> {
        self.position(payment).map(|position| &self.payments[position])
    }

    fn position(&self, payment: &PaymentId) -> Option<usize> {
        self.payments.binary_search_by(|known| known.id.cmp(payment)).ok()
    }
}
