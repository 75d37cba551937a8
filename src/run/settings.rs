//! What holds for every lane of a run.

use std::sync::Arc;

use crate::merchant::Policy;
use crate::model::{LaneId, Reference};
use crate::provider::Profile;
use crate::signature::{Scheme, Secret};

/// What holds for every lane of a run.
#[derive(Debug)]
pub struct Settings {
    /// What the merchant promises.
    pub policy: Policy,
    /// Whether reconciliation can be driven, or runs by itself within a declared time.
    pub can_reconcile: bool,
    /// Whether the merchant is ours to kill and to start again.
    pub can_restart: bool,
    /// The provider's habits.
    pub profile: Arc<Profile>,
    /// How events are signed.
    pub scheme: &'static Scheme,
    /// With which secret.
    pub secret: Secret,
    /// The merchant's webhook, for schemes that sign the address.
    pub webhook_url: String,
    /// The fresh part of every reference.
    pub nonce: String,
    /// The seed that every choice derives from.
    pub seed: u64,
}

impl Settings {
    /// The n-th order (from 1) of a lane: `CS-7F3K9Q-0001`, `CS-7F3K9Q-0001.2`.
    #[must_use]
    pub fn reference(&self, lane: LaneId, order: u32) -> Reference {
        let nonce = &self.nonce;
        Reference::new(match order {
            1 => format!("CS-{nonce}-{:04}", lane.0),
            n => format!("CS-{nonce}-{:04}.{n}", lane.0),
        })
    }
}
