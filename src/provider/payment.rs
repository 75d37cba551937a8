//! The provider's full record of one payment, and views of it.
//!
//! A record only grows: statuses, transfers, what befell them, steps of refunds and of a dispute,
//! and announcements are appended, flags are added. So a view (how far each list had grown, how high the chain stood) is enough to say years later,
//! byte for byte, what was true at an instant; no event keeps its body. Knows nothing of JSON,
//! HTTP or of what is legal; `machine` decides that.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::model::{
    AmountState, EventId, EventKind, Flag, Money, PaymentId, Rail, Reason, Reference, SimTime,
    Status, Truth,
};

use super::refund::{Dispute, Refunds};
use super::transaction;

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

/// What a payer can send, rightly or wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coin {
    /// The rail's own asset, on its network, from its contract.
    Own,
    /// Another asset of the same network.
    OtherAsset,
    /// The same asset on another network that has the same addresses.
    OtherNetwork,
    /// A token of the same name from another contract.
    LookAlike,
    /// The right asset without the tag or comment that tells payers apart; it goes back.
    Untagged,
    /// A transfer that the chain lists and did not carry out.
    Failing,
}

/// One transfer on the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transfer {
    /// What was delivered, in atoms of what came.
    pub atoms: u128,
    /// What the sender asked for, where the chain tells it apart from what was delivered.
    pub requested: Option<u128>,
    pub coin: Coin,
    /// How high the chain stood when it was seen: each block above it is a confirmation.
    pub seen_at_height: u64,
    /// Position of the transfer that it takes the place of.
    pub replaces: Option<usize>,
}

/// What the network did to a transfer that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Another transfer spent the same coins.
    Replaced,
    /// The block that carried it is no part of the chain any more.
    Orphaned,
    /// It was seen anew when the chain stood so high.
    Returned(u64),
}

/// One entry of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub status: Status,
    pub at: SimTime,
    /// Why, with failed and held.
    pub reason: Option<Reason>,
}

/// How far a record had grown at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    pub statuses: usize,
    pub transfers: usize,
    pub fates: usize,
    pub refund_steps: usize,
    pub dispute_steps: usize,
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
    pub timeline: Vec<Entry>,
    pub transfers: Vec<Transfer>,
    /// What befell which transfer, in order.
    pub fates: Vec<(usize, Fate)>,
    pub refunds: Refunds,
    pub dispute: Dispute,
    pub flags: BTreeSet<Flag>,
    /// Never empty once created.
    pub said: Vec<Announcement>,
}

impl Payment {
    pub fn status(&self) -> Status {
        self.timeline.last().expect("a payment is born with a status").status
    }

    /// Why it is failed or held.
    pub fn reason(&self) -> Option<Reason> {
        self.timeline.last().and_then(|entry| entry.reason)
    }

    pub fn created_at(&self) -> SimTime {
        self.timeline[0].at
    }

    pub fn view(&self, height: u64) -> View {
        View {
            statuses: self.timeline.len(),
            transfers: self.transfers.len(),
            fates: self.fates.len(),
            refund_steps: self.refunds.steps.len(),
            dispute_steps: self.dispute.steps.len(),
            flags: self.flags.clone(),
            height,
        }
    }

    /// What stands of what came.
    pub fn received(&self) -> Money {
        self.received_in(self.transfers.len(), self.fates.len())
    }

    /// What stood when there were so many transfers and fates: the rail's own asset, neither
    /// replaced, orphaned, returned to its sender nor failed.
    pub fn received_in(&self, transfers: usize, fates: usize) -> Money {
        let standing = (0..transfers).filter(|at| self.stands_in(*at, fates));
        let atoms = standing.map(|at| self.transfers[at].atoms).sum();
        Money { atoms, asset: self.terms.due.asset }
    }

    /// What last befell the transfer among the first so many fates.
    pub fn fate_in(&self, transfer: usize, fates: usize) -> Option<Fate> {
        let mut befell = self.fates[..fates].iter().rev();
        befell.find(|(at, _)| *at == transfer).map(|(_, fate)| *fate)
    }

    /// Whether the transfer counts.
    pub fn stands(&self, transfer: usize) -> bool {
        self.stands_in(transfer, self.fates.len())
    }

    fn stands_in(&self, transfer: usize, fates: usize) -> bool {
        let lost = |fate| matches!(fate, Fate::Replaced | Fate::Orphaned);
        self.transfers[transfer].coin == Coin::Own
            && !self.fate_in(transfer, fates).is_some_and(lost)
    }

    /// Blocks on top of the transfer, as the chain stood at that height with so many fates.
    pub fn confirmations_in(&self, transfer: usize, fates: usize, height: u64) -> u64 {
        let seen = match self.fate_in(transfer, fates) {
            None => self.transfers[transfer].seen_at_height,
            Some(Fate::Returned(seen)) => seen,
            Some(Fate::Replaced | Fate::Orphaned) => return 0,
        };
        height.saturating_sub(seen)
    }

    /// Where a refund goes that names no destination: the sender of the largest transfer that
    /// counts.
    pub fn sender(&self) -> Destination {
        let standing = (0..self.transfers.len()).filter(|at| self.stands(*at));
        let largest = standing.max_by_key(|at| (self.transfers[*at].atoms, std::cmp::Reverse(*at)));
        let address = transaction::sender(self, largest.unwrap_or_default());
        Destination { address, tag: None }
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

    /// Blocks until all transfers that stand are deep enough; all that are needed while there is
    /// none.
    pub fn confirmations_missing(&self, height: u64) -> u32 {
        let required = self.confirmations_required();
        let standing = (0..self.transfers.len()).filter(|at| self.stands(*at));
        let missing = standing.map(|at| {
            let confirmations = self.confirmations_in(at, self.fates.len(), height);
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
