//! What the parts of a running session share: the merchant, the world, the clock, and who is told.

use std::sync::{Arc, Mutex, MutexGuard};

use super::clock::Clock;
use super::drive;
use super::gate::Gates;
use super::interruption::Interruption;
use super::merchant::Merchant;
use crate::history::{self, RunStarted};
use crate::merchant::Profile;
use crate::model::Span;
use crate::rule::ScenarioVerdict;
use crate::run::{Settings, World};

/// Who is told how a run goes.
pub trait Watch: Send + Sync {
    /// What goes on while no scenario ends.
    fn note(&self, what: &str);
    /// A scenario ended; this is how it stands before the closing audit.
    fn ended(&self, scenario: &ScenarioVerdict);
}

/// What the parts of a running session share.
pub(super) struct Shared {
    pub(super) profile: Profile,
    pub(super) clock: Clock,
    pub(super) merchant: Merchant,
    pub(super) settings: Arc<Settings>,
    pub(super) watch: Arc<dyn Watch>,
    pub(super) run: RunStarted,
    pub(super) interrupted: Interruption,
    pub(super) world: Arc<Mutex<World>>,
    pub(super) gates: Arc<Gates>,
}

impl Shared {
    /// The world, for as long as it takes to decide what comes next; never across an await.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        // A panic of one lane must not take the others' record away.
        self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Whether nothing new is begun any more: the run shall end, or its record is lost anyway.
    pub(super) fn is_over(&self) -> bool {
        self.interrupted.has_happened() || self.world().has_failed()
    }

    /// Drives the merchant's own reconciliation once; one that runs by itself is given the time for it.
    pub(super) async fn reconcile(&self) -> history::Answer {
        let every = self.profile.policy.background_every;
        if let (false, Some(every)) = (self.profile.drive.has("reconcile"), every) {
            // Twice: it may have begun just before the payment was settled.
            let span = Span::from_ms(every.ms().saturating_mul(2));
            tokio::time::sleep(span.to_duration()).await;
            return history::Answer::Waited(span);
        }
        let values = std::collections::BTreeMap::new();
        drive::drive(self.merchant.hands(), &self.profile, "reconcile", &values).await
    }
}
