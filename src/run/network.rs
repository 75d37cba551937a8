//! What the network does to a payment beside confirming it, and what the provider does beside
//! crediting it.

use super::act::PAYER_TAKES;
use super::lane::{Lane, Stop};
use super::{Now, World};
use crate::model::{PaymentId, SimTime, Span, Status};
use crate::provider::{Event, Hold, Provider, Refused};
use crate::scenario::{Network, Operation};

impl Lane {
    /// The network does something else than to confirm.
    pub(super) fn network(
        &mut self,
        what: Network,
        world: &mut World,
        now: Now,
    ) -> Result<(), Stop> {
        match what {
            Network::Reorganise(depth) => self.reorganise(depth, world, now),
            Network::ReturnOrphans => {
                self.pass(PAYER_TAKES, world, now);
                self.transition(world, now, Provider::return_orphans)
            }
            Network::Stall => self.stall(world, Provider::stall),
            Network::Resume => self.stall(world, Provider::resume),
            Network::GiveUp => {
                let payment = self.payment()?;
                let until = world.provider.watched_until(&payment).unwrap_or_default();
                world.move_clock(self.id(), until.plus(Span::from_s(1)), now.real_ms);
                self.transition(world, now, Provider::give_up)
            }
        }
    }

    /// The provider does something else than to credit or to accept.
    pub(super) fn operate(
        &mut self,
        what: Operation,
        world: &mut World,
        now: Now,
    ) -> Result<(), Stop> {
        // Nobody gives back what is not his yet: refunds and disputes are about settled money.
        if matches!(what, Operation::Refund(_) | Operation::OpenDispute(_)) {
            self.drive_on(Status::Settled, world, now)?;
        }
        self.pass(PAYER_TAKES, world, now);
        match what {
            Operation::Refund(amount) => self.transition(world, now, |provider, payment, at| {
                let atoms = amount.map_or_else(|| provider.refundable(payment), |it| it.atoms);
                provider.refund(payment, atoms, at).map(|(_, events)| events)
            }),
            Operation::StartRefund => self.refund(world, now, Provider::start_refund),
            Operation::CompleteRefund => self.refund(world, now, Provider::complete_refund),
            Operation::FailRefund => self.refund(world, now, Provider::fail_refund),
            Operation::OpenDispute(amount) => {
                self.transition(world, now, |provider, payment, at| {
                    let atoms = amount.map_or_else(|| provider.refundable(payment), |it| it.atoms);
                    provider.open_dispute(payment, (atoms, "not_received"), at)
                })
            }
            Operation::WinDispute => self.transition(world, now, Provider::win_dispute),
            Operation::LoseDispute => self.transition(world, now, Provider::lose_dispute),
            Operation::Hold => self.transition(world, now, |provider, payment, at| {
                provider.hold(payment, Hold::Screening, at)
            }),
            Operation::Release => self.transition(world, now, Provider::release),
            Operation::Reject => self.transition(world, now, Provider::reject),
            Operation::Cancel => self.transition(world, now, Provider::cancel),
            Operation::Test => self.transition(world, now, Provider::test_event),
        }
    }

    /// A reorganisation that takes no transfer of the payment away would test nothing.
    fn reorganise(&mut self, depth: Option<u32>, world: &mut World, now: Now) -> Result<(), Stop> {
        let before = self.truth(world)?;
        let depth = depth.unwrap_or(u32::MAX);
        self.pass(PAYER_TAKES, world, now);
        self.transition(world, now, |provider, payment, at| {
            provider.reorganise(payment, depth, at)
        })?;
        if self.truth(world)?.received == before.received {
            let why = "the reorganisation took no transfer away: none stands in those blocks";
            return Err(Stop::Broken(why.to_owned()));
        }
        Ok(())
    }

    /// Something happens to the oldest refund that is not over.
    fn refund(
        &mut self,
        world: &mut World,
        now: Now,
        act: fn(&mut Provider, &str, SimTime) -> Result<Vec<Event>, Refused>,
    ) -> Result<(), Stop> {
        let live = world.provider.live_refunds(&self.payment()?);
        let Some(refund) = live.first() else {
            return Err(Stop::Broken("the provider has no refund that is not over yet".into()));
        };
        self.transition(world, now, |provider, _, at| act(provider, refund, at))
    }

    fn stall(
        &mut self,
        world: &mut World,
        act: fn(&mut Provider, &PaymentId) -> Result<(), Refused>,
    ) -> Result<(), Stop> {
        let payment = self.payment()?;
        act(&mut world.provider, &payment).map_err(|refused| self.impossible(&refused))
    }
}
