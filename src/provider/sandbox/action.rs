//! What an operator does to a payment, in the place of its payer, its network or the provider.
//!
//! The words are those of the control API and of the journal alike, so they never change their
//! meaning. Decides nothing: the machine of the payment does.

use serde::{Deserialize, Serialize};

use crate::model::{Mistake, PaymentId, SimTime};
use crate::provider::stray;
use crate::provider::{Coin, Event, Hold, Refused};

use super::Declined;
use super::books::Books;

/// What is done to a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// The payer sends money.
    Pay {
        /// So much of what is sent. Where left out: what is missing, and by mistake what is due.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<String>,
        /// What is sent, where it is not what was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mistake: Option<Mistake>,
    },
    /// The payer spends the last unconfirmed transfer once more.
    Replace {
        /// So much of it for this payment; `0` for a double spend.
        amount: String,
    },
    /// The network adds blocks.
    Mine {
        /// So many; until the payment is confirmed where left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blocks: Option<u32>,
    },
    /// The topmost blocks are replaced by others, without the transfers in them.
    Reorganise {
        /// So many.
        depth: u32,
    },
    /// Transfers that were orphaned are seen again.
    ReturnOrphans,
    /// The network adds no block until it resumes.
    Stall,
    /// The network goes on.
    Resume,
    /// The provider credits the payment.
    Settle,
    /// The clock moves to the payment's deadline.
    Expire,
    /// What came late or short is accepted.
    Accept,
    /// The network is not waited for any longer.
    GiveUp,
    /// Screening stops the payment.
    Hold,
    /// The stop is over.
    Release,
    /// The stop ends against the payment.
    Reject,
    /// A refund is paid out.
    CompleteRefund {
        /// Which, such as `rfd_01J8Z3HY5M0000000000000000`.
        refund: String,
    },
    /// A refund does not arrive.
    FailRefund {
        /// Which.
        refund: String,
    },
    /// The payer objects.
    OpenDispute {
        /// To so much; to everything that is left where left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<String>,
        /// Why.
        reason: String,
    },
    /// The merchant keeps what was disputed.
    WinDispute,
    /// The payer gets back what was disputed.
    LoseDispute,
    /// The endpoint is tried out.
    Test,
}

/// What is done to a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutAction {
    /// A person lets it go.
    Approve,
    /// It arrives.
    Complete,
    /// It is rejected, or does not arrive.
    Fail,
}

impl Books {
    /// Does it; answers what was announced.
    pub(super) fn perform(
        &mut self,
        payment: &PaymentId,
        action: &Action,
        now: SimTime,
    ) -> Result<Vec<Event>, Declined> {
        let provider = &mut self.provider;
        let events = match action {
            Action::Pay { amount, mistake } => {
                return self.pay(payment, (amount.as_deref(), *mistake), now);
            }
            Action::Expire => provider.pass_deadline(payment, now),
            Action::Replace { amount } => {
                let atoms = self.atoms(payment, amount)?;
                self.provider.replace(payment, atoms, now)
            }
            Action::Mine { blocks } => {
                let missing = || provider.confirmations_missing(payment).max(1);
                let blocks = blocks.unwrap_or_else(missing);
                provider.mine(payment, blocks, now)
            }
            Action::Reorganise { depth } => provider.reorganise(payment, *depth, now),
            Action::ReturnOrphans => provider.return_orphans(payment, now),
            Action::Stall => provider.stall(payment).map(|()| Vec::new()),
            Action::Resume => provider.resume(payment).map(|()| Vec::new()),
            Action::Settle => provider.settle(payment, now),
            Action::Accept => provider.accept(payment, now),
            Action::GiveUp => provider.give_up(payment, now),
            Action::Hold => provider.hold(payment, Hold::Screening, now),
            Action::Release => provider.release(payment, now),
            Action::Reject => provider.reject(payment, now),
            Action::CompleteRefund { refund } => provider.complete_refund(refund, now),
            Action::FailRefund { refund } => provider.fail_refund(refund, now),
            Action::OpenDispute { amount, reason } => {
                let atoms = match amount {
                    Some(amount) => self.atoms(payment, amount)?,
                    None => self.provider.refundable(payment),
                };
                self.provider.open_dispute(payment, (atoms, reason), now)
            }
            Action::WinDispute => provider.win_dispute(payment, now),
            Action::LoseDispute => provider.lose_dispute(payment, now),
            Action::Test => provider.test_event(payment, now),
        };
        Ok(events?)
    }

    fn pay(
        &mut self,
        payment: &PaymentId,
        (amount, mistake): (Option<&str>, Option<Mistake>),
        now: SimTime,
    ) -> Result<Vec<Event>, Declined> {
        let Some(truth) = self.provider.truth(payment) else {
            return Err(Refused::UnknownPayment(payment.clone()).into());
        };
        let coin = mistake.map_or(Coin::Own, Coin::from);
        let shown = stray::coin(truth.rail, coin).ok_or(Refused::NoSuchCoin(truth.rail.id))?;
        let atoms = amount.map(|text| shown.asset.parse(text).map(|money| money.atoms));
        let atoms = atoms.transpose()?;
        Ok(match mistake {
            Some(mistake) => self.provider.mistake(payment, (mistake, atoms), now)?,
            None => {
                let missing = truth.due.less(truth.received)?.atoms;
                self.provider.pay(payment, atoms.unwrap_or(missing), now)?
            }
        })
    }

    fn atoms(&self, payment: &PaymentId, amount: &str) -> Result<u128, Declined> {
        let truth = self.provider.truth(payment);
        let truth = truth.ok_or_else(|| Refused::UnknownPayment(payment.clone()))?;
        Ok(truth.due.asset.parse(amount)?.atoms)
    }
}
