//! Answers that are held back, by lane: who waits behind a gate, and who opens it.
//!
//! Knows no scenario: a gate is shut by a call and opened by whoever plays the lane.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::model::LaneId;

/// The gates of all lanes.
#[derive(Debug, Default)]
pub(super) struct Gates(Mutex<BTreeMap<LaneId, watch::Sender<bool>>>);

impl Gates {
    /// Waits behind the gate of this lane, which is shut now, until somebody opens it.
    pub async fn hold(&self, lane: LaneId) {
        let mut is_shut = self.watch(lane);
        self.set(lane, true);
        // The gates outlive whoever waits.
        let _ = is_shut.wait_for(|is_shut| !is_shut).await;
    }

    /// Returns once somebody waits behind the gate of this lane.
    pub async fn is_shut(&self, lane: LaneId) {
        let _ = self.watch(lane).wait_for(|is_shut| *is_shut).await;
    }

    /// Lets go whoever waits there.
    pub fn open(&self, lane: LaneId) {
        self.set(lane, false);
    }

    fn watch(&self, lane: LaneId) -> watch::Receiver<bool> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry(lane).or_insert_with(|| watch::Sender::new(false)).subscribe()
    }

    fn set(&self, lane: LaneId, shut: bool) {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry(lane).or_insert_with(|| watch::Sender::new(false)).send_replace(shut);
    }
}
