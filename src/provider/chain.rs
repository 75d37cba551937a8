//! Virtual chains: one per network and partition, each a height that only grows.
//!
//! A partition keeps scenarios apart: a block mined for one confirms nothing of another. Knows no
//! statuses; it only says whom blocks concern.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::model::{RAILS, Rail};

use super::payment::{Fate, Payment};
use super::refused::Refused;

/// The most blocks that any rail waits for: whatever was seen below them is deep enough.
static DEPTH_MAX: LazyLock<u64> = LazyLock::new(|| {
    let tiers = |rail: &'static Rail| rail.tiers.iter().map(|(_, blocks)| *blocks);
    let all = RAILS.iter().flat_map(|rail| tiers(rail).chain([rail.confirmations]));
    all.max().map_or(0, u64::from)
});

/// All chains.
#[derive(Debug, Default)]
pub(super) struct Chains(BTreeMap<(u32, &'static str), Chain>);

#[derive(Debug, Default)]
struct Chain {
    height: u64,
    /// No block comes until it goes on.
    stalled: bool,
    /// At which height a transfer of the payment at which position was seen. Blocks concern the
    /// payments at the top alone, however many there ever were.
    seen: BTreeSet<(u64, usize)>,
}

impl Chains {
    /// How high the chain of this payment stands.
    pub fn height(&self, payment: &Payment) -> u64 {
        self.0.get(&key(payment)).map_or(0, |chain| chain.height)
    }

    /// Carries what came to the payment at this position since it had so many transfers and fates.
    pub fn carry(
        &mut self,
        payment: &Payment,
        position: usize,
        (transfers, fates): (usize, usize),
    ) {
        let came = payment.transfers[transfers..].iter().map(|transfer| transfer.seen_at_height);
        let returned = payment.fates[fates..].iter().filter_map(|(_, fate)| match fate {
            Fate::Returned(height) => Some(*height),
            Fate::Replaced | Fate::Orphaned => None,
        });
        let mut seen = came.chain(returned).map(|height| (height, position)).peekable();
        if seen.peek().is_some() {
            self.0.entry(key(payment)).or_default().seen.extend(seen);
        }
    }

    /// Adds blocks to the chain of this payment; answers whom they concern, in the order of
    /// creation.
    pub fn mine(&mut self, payment: &Payment, blocks: u32) -> Result<BTreeSet<usize>, Refused> {
        let chain = self.0.entry(key(payment)).or_default();
        if chain.stalled && blocks > 0 {
            return Err(Refused::Stalled(payment.terms.rail.network));
        }
        let concerned = chain.since(chain.height.saturating_sub(*DEPTH_MAX));
        chain.height = chain.height.saturating_add(u64::from(blocks));
        Ok(concerned)
    }

    /// Whom a reorganisation of this payment's chain concerns. The height stays: a branch that wins
    /// is at least as long as the one that loses.
    pub fn reorganised(&self, payment: &Payment, depth: u32) -> BTreeSet<usize> {
        let chain = self.0.get(&key(payment));
        chain.map_or_else(BTreeSet::new, |chain| {
            chain.since(chain.height.saturating_sub(u64::from(depth)))
        })
    }

    /// The chain of this payment stands still, or goes on.
    pub fn stall(&mut self, payment: &Payment, stalled: bool) {
        self.0.entry(key(payment)).or_default().stalled = stalled;
    }
}

impl Chain {
    /// Positions of the payments of which a transfer was seen at that height or above.
    fn since(&self, height: u64) -> BTreeSet<usize> {
        self.seen.range((height, 0)..).map(|(_, position)| *position).collect()
    }
}

fn key(payment: &Payment) -> (u32, &'static str) {
    (payment.partition, payment.terms.rail.network)
}
