//! The payer: what money comes, rightly or wrongly, and what becomes of it before a block does.

use super::act::PAYER_TAKES;
use super::lane::{Lane, Stop};
use super::{Now, World};
use crate::model::Truth;
use crate::provider::{Coin, Sending};
use crate::scenario::{Pay, Replacement};

impl Lane {
    /// The payer sends money.
    pub(super) fn pay(&mut self, how: &Pay, world: &mut World, now: Now) -> Result<(), Stop> {
        let truth = self.truth(world)?;
        let due = truth.due.atoms;
        match how {
            Pay::Exact => self.send(missing(&truth), world, now),
            Pay::Amount(money) => self.send(money.atoms, world, now),
            Pay::OverBy(atoms) => self.send(due.saturating_add(*atoms), world, now),
            Pay::UnderBy(atoms) => self.send(due.saturating_sub(*atoms), world, now),
            Pay::InParts(parts) => {
                for atoms in shares(missing(&truth), *parts) {
                    self.send(atoms, world, now)?;
                }
                Ok(())
            }
            Pay::Mistake { what, atoms } => {
                let sent = (*what, atoms.map(u128::from));
                self.pass(PAYER_TAKES, world, now);
                self.transition(world, now, |provider, payment, at| {
                    provider.mistake(payment, sent, at)
                })
            }
            Pay::Partial { requested, delivered } => {
                let (atoms, requested) = (delivered.atoms, Some(requested.atoms));
                let sending = Sending { atoms, requested, coin: Coin::Own };
                self.pass(PAYER_TAKES, world, now);
                self.transition(world, now, |provider, payment, at| {
                    provider.send(payment, sending, at)
                })
            }
            Pay::Replace(by) => {
                let atoms = match by {
                    Replacement::Exact => due,
                    Replacement::Amount(money) => money.atoms,
                    Replacement::Elsewhere => 0,
                };
                self.pass(PAYER_TAKES, world, now);
                self.transition(world, now, |provider, payment, at| {
                    provider.replace(payment, atoms, at)
                })
            }
        }
    }

    fn send(&mut self, atoms: u128, world: &mut World, now: Now) -> Result<(), Stop> {
        self.pass(PAYER_TAKES, world, now);
        self.transition(world, now, |provider, payment, at| provider.pay(payment, atoms, at))
    }
}

fn missing(truth: &Truth) -> u128 {
    truth.due.atoms.saturating_sub(truth.received.atoms)
}

/// So many shares of a sum, the odd atoms with the last.
fn shares(sum: u128, parts: u32) -> Vec<u128> {
    let parts = u128::from(parts.max(1));
    let share = sum / parts;
    (1..=parts).map(|nth| if nth == parts { sum - share * (parts - 1) } else { share }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_the_sum() {
        assert_eq!(shares(10, 3), [3, 3, 4]);
        assert_eq!(shares(100, 1), [100]);
        assert_eq!(shares(9, 0), [9]);
    }
}
