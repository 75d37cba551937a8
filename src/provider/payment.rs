//! The provider's full record of one payment, and views of it.
//!
//! A record only grows: statuses, transfers and announcements are appended, flags are added. So a
//! view (how far each list had grown, how high the chain stood) is enough to say years later,
//! byte for byte, what was true at an instant; no event keeps its body. Knows nothing of JSON,
//! HTTP or of what is legal; `machine` decides that.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::model::{
    AmountState, EventId, EventKind, Flag, Money, PaymentId, Rail, Reference, SimTime, Status,
    Truth,
};

/// What a merchant asked for, validated.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    pub reference: Reference,
    pub rail: &'static Rail,
    pub due: Money,
    pub price: Option<Price>,
    pub expires_in_s: u64,
    /// A JSON object, byte for byte as it came.
    pub metadata: Box<RawValue>,
}

/// A fiat price, and the rate at which it was quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Price {
    pub amount: String,
    pub currency: &'static str,
    pub rate: String,
}

/// Where the payer sends the money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    pub address: String,
    pub tag: Option<u32>,
}

/// One transfer on the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transfer {
    pub atoms: u128,
    /// How high the chain stood when it was seen: each block above it is a confirmation.
    pub seen_at_height: u64,
}

/// How far a record had grown at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    pub statuses: usize,
    pub transfers: usize,
    pub flags: BTreeSet<Flag>,
    pub height: u64,
}

/// One event of a payment, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Announcement {
    pub id: EventId,
    /// None for the type that no merchant can know.
    pub kind: Option<EventKind>,
    pub occurred_at: SimTime,
    pub view: View,
}

/// The record.
#[derive(Debug, Clone)]
pub(super) struct Payment {
    pub id: PaymentId,
    pub partition: u32,
    pub terms: Terms,
    pub destination: Destination,
    pub expires_at: SimTime,
    /// Never empty; grows when the status changes.
    pub timeline: Vec<(Status, SimTime)>,
    pub transfers: Vec<Transfer>,
    pub flags: BTreeSet<Flag>,
    /// Never empty once created.
    pub said: Vec<Announcement>,
}

impl Payment {
    pub fn status(&self) -> Status {
        self.timeline.last().expect("a payment is born with a status").0
    }

    pub fn created_at(&self) -> SimTime {
        self.timeline[0].1
    }

    pub fn view(&self, height: u64) -> View {
        View {
            statuses: self.timeline.len(),
            transfers: self.transfers.len(),
            flags: self.flags.clone(),
            height,
        }
    }

    /// What stands of what came.
    pub fn received(&self) -> Money {
        self.received_in(self.transfers.len())
    }

    /// What the first transfers bring together.
    pub fn received_in(&self, transfers: usize) -> Money {
        let atoms = self.transfers[..transfers].iter().map(|transfer| transfer.atoms).sum();
        Money { atoms, asset: self.terms.due.asset }
    }

    pub fn amount_state(&self, received: Money) -> AmountState {
        match received.atoms.cmp(&self.terms.due.atoms) {
            _ if received.is_zero() => AmountState::None,
            std::cmp::Ordering::Less => AmountState::Under,
            std::cmp::Ordering::Equal => AmountState::Exact,
            std::cmp::Ordering::Greater => AmountState::Over,
        }
    }

    /// Confirmations that each transfer needs: by what is due, so that it never changes.
    pub fn confirmations_required(&self) -> u32 {
        self.terms.rail.confirmations_for(self.terms.due.atoms)
    }

    /// Blocks until all transfers are deep enough; all that are needed while there is none.
    pub fn confirmations_missing(&self, height: u64) -> u32 {
        let required = self.confirmations_required();
        let missing = self.transfers.iter().map(|transfer| {
            let confirmations = height.saturating_sub(transfer.seen_at_height);
            required.saturating_sub(u32::try_from(confirmations).unwrap_or(u32::MAX))
        });
        missing.max().unwrap_or(required)
    }

    pub fn truth(&self) -> Truth {
        let received = self.received();
        Truth {
            payment: self.id.clone(),
            reference: self.terms.reference.clone(),
            rail: self.terms.rail,
            status: self.status(),
            amount_state: self.amount_state(received),
            flags: self.flags.clone(),
            due: self.terms.due,
            received,
            transfers: u32::try_from(self.transfers.len()).unwrap_or(u32::MAX),
            event: self.said.iter().rev().find_map(|said| said.kind),
        }
    }
}
