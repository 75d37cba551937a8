//! What the payer and the network do to a payment: transfers come, are replaced, orphaned and seen
//! again, and blocks deepen them.
//!
//! Each changes what stands of what came; what follows for the status is decided here by coverage
//! alone. Knows no HTTP, no refunds and no other payments.

use crate::model::{AmountState, EventKind, Flag, Reason, Status};

use super::machine::Scene;
use super::payment::{Coin, Fate, Payment, Transfer};
use super::profile::Counts;
use super::refused::Refused;
use super::stray;

/// The most that one payment may receive: a hundred times the most that any can ask for, and so
/// little that statements over a million of them still fit their sums.
const ATOMS_MAX: u128 = 100_000_000_000_000_000_000_000_000_000_000;

/// What the payer sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sending {
    /// What is delivered, in atoms of what is sent.
    pub atoms: u128,
    /// What the sender asked the network for, where that is more than what is delivered.
    pub requested: Option<u128>,
    /// Rightly or wrongly.
    pub coin: Coin,
}

impl Payment {
    /// T2, T3 and T6 in time, T11 after it.
    pub(super) fn send(&mut self, sent: Sending, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.require("paid", &[Status::Pending, Status::Paid, Status::Expired])?;
        if stray::coin(self.terms.rail, sent.coin).is_none() {
            return Err(Refused::NoSuchCoin(self.terms.rail.id));
        }
        self.countable(sent)?;
        // Nobody may have moved the clock to the deadline itself; the money is late all the same.
        self.close_if_due(scene);
        self.transfers.push(Transfer {
            atoms: sent.atoms,
            requested: sent.requested,
            coin: sent.coin,
            seen_at_height: scene.height,
            replaces: None,
            repeats: None,
        });
        match sent.coin {
            coin if self.counts_coin(coin) => self.counted(scene),
            Coin::OtherAsset | Coin::OtherNetwork | Coin::LookAlike => {
                self.flags.insert(Flag::WrongAsset);
                self.listed(scene);
            }
            Coin::Own | Coin::Untagged | Coin::Failing | Coin::Locked => self.listed(scene),
        }
        Ok(())
    }

    /// The network reports the last transfer once more, as after a node was restarted. A strict
    /// provider knows hash and index already; a naive one counts them again.
    pub(super) fn relist(&mut self, scene: &mut Scene<'_>) {
        let open = [Status::Pending, Status::Paid, Status::Expired].contains(&self.status());
        let last = self.transfers.iter().rposition(|transfer| transfer.repeats.is_none());
        let Some(last) = last.filter(|_| open && self.terms.counts == Counts::Naive) else {
            return;
        };
        let seen = self.transfers[last].clone();
        let again = Sending { atoms: seen.atoms, requested: seen.requested, coin: seen.coin };
        if self.counts_coin(seen.coin) && self.countable(again).is_ok() {
            self.close_if_due(scene);
            self.transfers.push(Transfer { repeats: Some(last), ..seen });
            self.counted(scene);
        }
    }

    /// The payer spends the coins of the last unconfirmed transfer once more: on this payment with
    /// a higher fee, or elsewhere where there are no atoms. T4 where that takes the cover away.
    pub(super) fn replace(&mut self, atoms: u128, scene: &mut Scene<'_>) -> Result<(), Refused> {
        let open = &[Status::Pending, Status::Paid, Status::Held, Status::Expired];
        self.require("paid otherwise", open)?;
        self.keeps_all()?;
        // What is final at once is never unconfirmed.
        let unconfirmed = |at: &usize| {
            self.confirmations_required() > 0
                && self.confirmations_in(*at, self.fates.len(), scene.height) == 0
        };
        let standing = (0..self.transfers.len()).filter(|at| self.stands(*at));
        let Some(replaced) = standing.rev().find(unconfirmed) else {
            return Err(Refused::NothingToReplace);
        };
        if atoms > 0 {
            self.countable(Sending { atoms, requested: None, coin: Coin::Own })?;
        }
        self.fates.push((replaced, Fate::Replaced));
        self.notice(Flag::Replaced);
        // The transfer is gone when the window is seen to be closed: the event says so already.
        self.close_if_due(scene);
        if atoms > 0 {
            self.transfers.push(Transfer {
                atoms,
                requested: None,
                coin: Coin::Own,
                seen_at_height: scene.height,
                replaces: Some(replaced),
                repeats: None,
            });
        }
        if !self.is_covered() && self.loses_cover() {
            self.uncovered(Reason::DoubleSpent, scene);
        } else if atoms > 0 {
            self.counted(scene);
        }
        Ok(())
    }

    /// The topmost blocks are no part of the chain any more. T4 before confirmation, T8 after it,
    /// where that takes the cover away; otherwise the transfers are merely listed as orphaned.
    pub(super) fn reorganise(&mut self, depth: u32, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.reorganisable()?;
        let fates = self.fates.len();
        let orphaned: Vec<usize> = (0..self.transfers.len())
            .filter(|at| self.stands(*at) && self.confirmations_required() > 0)
            .filter(|at| {
                let confirmations = self.confirmations_in(*at, fates, scene.height);
                (1..=u64::from(depth)).contains(&confirmations)
            })
            .collect();
        if orphaned.is_empty() {
            return Ok(());
        }
        self.fates.extend(orphaned.into_iter().map(|at| (at, Fate::Orphaned)));
        self.notice(Flag::Reorged);
        if !self.is_covered() {
            self.uncovered(Reason::Reorged, scene);
        }
        Ok(())
    }

    /// Whether a reorganisation still concerns the payment.
    pub fn reorganisable(&self) -> Result<(), Refused> {
        let open =
            &[Status::Pending, Status::Paid, Status::Confirmed, Status::Held, Status::Expired];
        self.require("reorganised", open)?;
        self.keeps_all()
    }

    /// What was given back, or may be, was given from what came: then no transfer goes away.
    fn keeps_all(&self) -> Result<(), Refused> {
        if self.refunds.reserved() > 0 || self.dispute.terms.is_some() {
            return Err(Refused::MoneyWentBack);
        }
        Ok(())
    }

    /// Orphaned transfers are seen again: the same hash, without confirmations.
    pub(super) fn return_orphans(&mut self, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.require("paid again", &[Status::Pending, Status::Paid, Status::Expired])?;
        let fates = self.fates.len();
        let orphaned: Vec<usize> = (0..self.transfers.len())
            .filter(|at| self.fate_in(*at, fates) == Some(Fate::Orphaned))
            .collect();
        if orphaned.is_empty() {
            return Err(Refused::NothingToReturn);
        }
        self.close_if_due(scene);
        self.fates.extend(orphaned.into_iter().map(|at| (at, Fate::Returned(scene.height))));
        self.counted(scene);
        Ok(())
    }

    /// T5, once every transfer is deep enough. Elsewhere blocks only deepen transfers, and the
    /// provider may say once more that it is paid.
    pub(super) fn grow(&mut self, scene: &mut Scene<'_>) {
        if self.status() != Status::Paid {
            return;
        }
        if self.confirmations_missing(scene.height) == 0 {
            self.enter(Status::Confirmed, EventKind::Confirmed, scene);
        } else if self.ticks() < scene.events.repeat {
            self.say(EventKind::Paid, scene);
        }
    }

    /// How many times it was said once more that it is paid, since it is.
    fn ticks(&self) -> u32 {
        let since = self.timeline.last().map(|entry| entry.at);
        let said = self.said.iter().rev().take_while(|said| Some(said.occurred_at) > since);
        let ticks = said.filter(|said| said.kind == Some(EventKind::Paid)).count();
        u32::try_from(ticks).unwrap_or(u32::MAX)
    }

    /// A flag for what the network took away; a naive provider does not see it.
    fn notice(&mut self, flag: Flag) {
        if self.terms.counts == Counts::Strict {
            self.flags.insert(flag);
        }
    }

    /// Own money came: what follows, and what is said of it.
    fn counted(&mut self, scene: &mut Scene<'_>) {
        let amount = self.amount_state(self.received());
        let is_over = amount == AmountState::Over;
        match self.status() {
            Status::Expired => {
                self.flags.insert(Flag::Late);
                self.say(EventKind::Late, scene);
            }
            Status::Pending if self.is_covered() => {
                if self.confirmations_required() == 0 {
                    self.enter(Status::Confirmed, EventKind::Confirmed, scene);
                } else {
                    self.enter(Status::Paid, EventKind::Paid, scene);
                }
                if is_over {
                    self.say(EventKind::Overpaid, scene);
                }
            }
            Status::Pending => {
                self.say(EventKind::Detected, scene);
                self.say(EventKind::Underpaid, scene);
            }
            Status::Paid if is_over => self.say(EventKind::Overpaid, scene),
            Status::Paid | Status::Held => self.say(EventKind::Detected, scene),
            Status::Confirmed
            | Status::Settled
            | Status::Failed
            | Status::Cancelled
            | Status::Refunded => unreachable!("refused before"),
        }
    }

    /// Something came that does not count.
    fn listed(&mut self, scene: &mut Scene<'_>) {
        if self.status() == Status::Expired {
            self.flags.insert(Flag::Late);
            self.say(EventKind::Late, scene);
        } else {
            self.say(EventKind::Detected, scene);
        }
    }

    /// Too little stands where enough stood.
    fn uncovered(&mut self, why: Reason, scene: &mut Scene<'_>) {
        match self.status() {
            Status::Paid => {
                self.enter(Status::Pending, EventKind::Reverted, scene);
                // Its window may have closed while it was covered.
                self.close_if_due(scene);
            }
            Status::Confirmed | Status::Held => self.fail(why, scene),
            Status::Pending
            | Status::Settled
            | Status::Expired
            | Status::Failed
            | Status::Cancelled
            | Status::Refunded => {}
        }
    }

    /// Whether a lack of cover changes the status.
    fn loses_cover(&self) -> bool {
        matches!(self.status(), Status::Paid | Status::Confirmed | Status::Held)
    }

    /// Whether so many atoms can be added, even if everything that was lost came back.
    fn countable(&self, sent: Sending) -> Result<(), Refused> {
        if sent.atoms == 0 {
            return Err(Refused::NoAtoms);
        }
        let worth = |coin, atoms, requested| self.worth(coin, atoms, requested);
        let all = self.transfers.iter().map(|of| worth(of.coin, of.atoms, of.requested));
        let mut all = all.chain([worth(sent.coin, sent.atoms, sent.requested)]);
        let sum = all.try_fold(0u128, |sum, worth| sum.checked_add(worth?));
        let fits = sum.is_some_and(|sum| sum <= ATOMS_MAX) && sent.atoms <= ATOMS_MAX;
        if fits { Ok(()) } else { Err(Refused::TooMuch(sent.atoms)) }
    }
}
