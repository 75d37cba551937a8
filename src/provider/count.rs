//! What counts of what came, and how deep it is: the arithmetic of a payment's transfers.
//!
//! Strictly, only the rail's own asset counts, as delivered, while it stands. A naive provider counts
//! whatever bears the symbol, as the sender asked for it, whatever became of it. Reads records,
//! changes nothing.

use crate::model::{AmountState, Money};

use super::payment::{Coin, Fate, Payment};
use super::profile::Counts;
use super::stray;

impl Payment {
    /// What counts of what came.
    pub fn received(&self) -> Money {
        self.received_in(self.transfers.len(), self.fates.len())
    }

    /// What counted when there were so many transfers and fates.
    pub fn received_in(&self, transfers: usize, fates: usize) -> Money {
        let counted = (0..transfers).filter(|at| self.counts_in(*at, fates));
        let atoms = counted.map(|at| self.counted_atoms(at)).sum();
        Money { atoms, asset: self.terms.rail.asset }
    }

    /// What would count for a strict provider.
    pub fn received_strictly(&self) -> Money {
        let standing = (0..self.transfers.len()).filter(|at| self.stands_in(*at, self.fates.len()));
        let atoms = standing.map(|at| self.transfers[at].atoms).sum();
        Money { atoms, asset: self.terms.rail.asset }
    }

    /// What last befell the transfer among the first so many fates.
    pub fn fate_in(&self, transfer: usize, fates: usize) -> Option<Fate> {
        let mut befell = self.fates[..fates].iter().rev();
        befell.find(|(at, _)| *at == transfer).map(|(_, fate)| *fate)
    }

    /// Whether the transfer counts.
    pub fn counts(&self, transfer: usize) -> bool {
        self.counts_in(transfer, self.fates.len())
    }

    /// Whether so much of that coin counts here at all.
    pub fn counts_coin(&self, coin: Coin) -> bool {
        let rail = self.terms.rail;
        match self.terms.counts {
            Counts::Strict => coin == Coin::Own,
            Counts::Naive => {
                stray::coin(rail, coin).is_some_and(|shown| shown.asset.symbol == rail.asset.symbol)
            }
        }
    }

    /// Atoms of the rail's asset that a transfer of that coin counts for. None beyond 128 bits.
    pub fn worth(&self, coin: Coin, atoms: u128, requested: Option<u128>) -> Option<u128> {
        let (own, atoms) = match self.terms.counts {
            Counts::Strict => return Some(atoms),
            Counts::Naive => (self.terms.rail.asset.decimals, requested.unwrap_or(atoms)),
        };
        let sent = stray::coin(self.terms.rail, coin).map_or(own, |shown| shown.asset.decimals);
        match own.checked_sub(sent) {
            Some(more) => atoms.checked_mul(10u128.pow(u32::from(more))),
            None => Some(atoms / 10u128.pow(u32::from(sent - own))),
        }
    }

    /// Whether the transfer is of the right coin and was not taken away again.
    pub fn stands(&self, transfer: usize) -> bool {
        self.stands_in(transfer, self.fates.len())
    }

    fn stands_in(&self, transfer: usize, fates: usize) -> bool {
        let lost = |fate| matches!(fate, Fate::Replaced | Fate::Orphaned);
        let of = &self.transfers[transfer];
        of.coin == Coin::Own
            && of.repeats.is_none()
            && !self.fate_in(transfer, fates).is_some_and(lost)
    }

    fn counts_in(&self, transfer: usize, fates: usize) -> bool {
        match self.terms.counts {
            Counts::Strict => self.stands_in(transfer, fates),
            Counts::Naive => self.counts_coin(self.transfers[transfer].coin),
        }
    }

    fn counted_atoms(&self, transfer: usize) -> u128 {
        let of = &self.transfers[transfer];
        let worth = self.worth(of.coin, of.atoms, of.requested);
        worth.expect("a transfer that cannot be counted is refused")
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

    pub fn amount_state(&self, received: Money) -> AmountState {
        let Some(due) = self.terms.due else {
            // Nothing was asked for, so whatever came is what was asked for.
            return if received.is_zero() { AmountState::None } else { AmountState::Exact };
        };
        AmountState::of(received, due)
    }

    /// Whether enough counts; where nothing was asked for, anything.
    pub fn is_covered(&self) -> bool {
        self.received().atoms >= self.terms.due().atoms.max(1)
    }

    /// Confirmations that each transfer needs: by what is due, so that it never changes.
    pub fn confirmations_required(&self) -> u32 {
        self.terms.rail.confirmations_for(self.terms.due().atoms)
    }

    /// Blocks until all transfers that count are deep enough; all that are needed while there is
    /// none. A naive provider does not see that a transfer was taken away.
    pub fn confirmations_missing(&self, height: u64) -> u32 {
        let required = self.confirmations_required();
        let counted = (0..self.transfers.len()).filter(|at| self.counts(*at));
        let missing = counted.map(|at| {
            let confirmations = match self.terms.counts {
                Counts::Strict => self.confirmations_in(at, self.fates.len(), height),
                Counts::Naive => height.saturating_sub(self.transfers[at].seen_at_height),
            };
            required.saturating_sub(u32::try_from(confirmations).unwrap_or(u32::MAX))
        });
        missing.max().unwrap_or(required)
    }
}
