//! Virtual chains: one per network and partition, each a height that only grows.
//!
//! A partition keeps scenarios apart: a block mined for one confirms nothing of another. Knows no
//! statuses; it only says which payments ride on a chain.

use std::collections::BTreeMap;

use super::payment::Payment;
use super::refused::Refused;

/// All chains.
#[derive(Debug, Default)]
pub(super) struct Chains(BTreeMap<(u32, &'static str), Chain>);

#[derive(Debug, Default)]
struct Chain {
    height: u64,
    /// No block comes until it goes on.
    stalled: bool,
    /// Positions of the payments whose transfers it carries, in the order of creation.
    payments: Vec<usize>,
}

impl Chains {
    /// How high the chain of this payment stands.
    pub fn height(&self, payment: &Payment) -> u64 {
        self.0.get(&key(payment)).map_or(0, |chain| chain.height)
    }

    /// The payment at this position rides on its chain from now on.
    pub fn join(&mut self, payment: &Payment, position: usize) {
        self.0.entry(key(payment)).or_default().payments.push(position);
    }

    /// Adds blocks to the chain of this payment; answers whom they concern.
    pub fn mine(&mut self, payment: &Payment, blocks: u32) -> Result<Vec<usize>, Refused> {
        let chain = self.0.entry(key(payment)).or_default();
        if chain.stalled && blocks > 0 {
            return Err(Refused::Stalled(payment.terms.rail.network));
        }
        chain.height = chain.height.saturating_add(u64::from(blocks));
        Ok(chain.payments.clone())
    }

    /// Whom a reorganisation of this payment's chain concerns. The height stays: a branch that wins
    /// is at least as long as the one that loses.
    pub fn riders(&self, payment: &Payment) -> Vec<usize> {
        self.0.get(&key(payment)).map_or_else(Vec::new, |chain| chain.payments.clone())
    }

    /// The chain of this payment stands still, or goes on.
    pub fn stall(&mut self, payment: &Payment, stalled: bool) {
        self.0.entry(key(payment)).or_default().stalled = stalled;
    }
}

fn key(payment: &Payment) -> (u32, &'static str) {
    (payment.partition, payment.terms.rail.network)
}
