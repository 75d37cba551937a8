//! The provider's full record of one payment, and views of it.
//!
//! A record only grows: statuses, transfers, what befell them, steps of refunds and of a dispute,
//! and announcements are appended, flags are added. So a view (how far each list had grown, how high the chain stood) is enough to say years later,
//! byte for byte, what was true at an instant; no event keeps its body. Knows nothing of JSON,
//! HTTP or of what is legal; `machine` decides that.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::model::{
    EventId, EventKind, Flag, Mistake, Money, PaymentId, Rail, Reason, Reference, SimTime, Status,
    Truth,
};

use super::profile::Counts;
use super::refund::{Dispute, Refunds};
use super::transaction;

/// What a merchant asked for, validated.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    pub reference: Reference,
    pub rail: &'static Rail,
    /// None where the profile lets a payment name no amount.
    pub due: Option<Money>,
    pub price: Option<Price>,
    pub expires_in_s: u64,
    pub counts: Counts,
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
    /// The right asset, in a transfer that its issuer or a contract keeps locked.
    Locked,
}

impl Coin {
    /// Which mistake sending it is.
    pub(super) const fn mistake(self) -> Option<Mistake> {
        match self {
            Self::Own => None,
            Self::OtherAsset => Some(Mistake::OtherAsset),
            Self::OtherNetwork => Some(Mistake::OtherNetwork),
            Self::LookAlike => Some(Mistake::LookAlike),
            Self::Untagged => Some(Mistake::Untagged),
            Self::Failing => Some(Mistake::Failing),
            Self::Locked => Some(Mistake::Locked),
        }
    }
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
    /// Position of the transfer that it lists once more, under the same hash.
    pub repeats: Option<usize>,
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
    pub said: Vec<Announcement>,
    /// The instant of the last thing that happened, announced or not.
    pub latest: SimTime,
}

impl Terms {
    /// What is due; nothing where no amount was named.
    pub fn due(&self) -> Money {
        self.due.unwrap_or(self.rail.asset.zero())
    }
}

impl Payment {
    /// What the senders of its own asset asked the network for, where that is more than it moved.
    fn asked_for(&self) -> Option<Money> {
        let own = self.transfers.iter().filter(|sent| sent.coin == Coin::Own);
        let (asked, moved) = own.fold((0_u128, 0_u128), |(asked, moved), sent| {
            let one = sent.requested.unwrap_or(sent.atoms);
            (asked.saturating_add(one), moved.saturating_add(sent.atoms))
        });
        (asked > moved).then_some(Money { atoms: asked, asset: self.terms.rail.asset })
    }

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

    /// How it was when it came into being.
    pub fn first_view(&self) -> View {
        View {
            statuses: 1,
            transfers: 0,
            fates: 0,
            refund_steps: 0,
            dispute_steps: 0,
            flags: BTreeSet::new(),
            height: 0,
        }
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

    /// Where a refund goes that names no destination: the sender of the largest transfer that
    /// counts.
    pub fn sender(&self) -> Destination {
        let standing = (0..self.transfers.len()).filter(|at| self.counts(*at));
        let largest = standing.max_by_key(|at| (self.transfers[*at].atoms, std::cmp::Reverse(*at)));
        let address = transaction::sender(self, largest.unwrap_or_default());
        Destination { address, tag: None }
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
            due: self.terms.due(),
            received,
            strictly_counted: received == self.received_strictly(),
            transfers: u32::try_from(self.transfers.len()).unwrap_or(u32::MAX),
            mistakes: self.transfers.iter().filter_map(|sent| sent.coin.mistake()).collect(),
            asked_for: self.asked_for(),
            charged_back: Some(Money { atoms: self.lost(), asset: received.asset })
                .filter(|lost| !lost.is_zero()),
            event: self.said.iter().rev().find_map(|said| said.kind),
        }
    }
}
