//! Blocks, deadlines, crediting and time: what leads a payment on, and how far the clock moves.

use super::lane::{Lane, Stop};
use super::{Now, World};
use crate::model::{EventKind, PaymentId, SimTime, Span, Status, Truth};
use crate::provider::{Event, Provider, Refused};
use crate::scenario::Pay;

/// How long a payer takes; any span will do, as long as it is less than a rail's expiry.
pub(super) const PAYER_TAKES: Span = Span::from_s(5);
/// How long crediting takes.
const SETTLING_TAKES: Span = Span::from_s(3600);

impl Lane {
    /// The network adds blocks: as many as the policy still needs, where no number is said.
    pub(super) fn confirm(
        &mut self,
        blocks: Option<u32>,
        world: &mut World,
        now: Now,
    ) -> Result<(), Stop> {
        let truth = self.truth(world)?;
        let blocks = blocks.unwrap_or_else(|| world.provider.confirmations_missing(&truth.payment));
        let took = Span::from_ms(truth.rail.block_ms.saturating_mul(u64::from(blocks)));
        self.pass(took, world, now);
        self.transition(world, now, |provider, payment, at| provider.mine(payment, blocks, at))
    }

    /// The provider credits the payment.
    pub(super) fn settle(&mut self, world: &mut World, now: Now) -> Result<(), Stop> {
        self.pass(SETTLING_TAKES, world, now);
        self.transition(world, now, Provider::settle)
    }

    /// The clock passes the deadline.
    pub(super) fn expire(&mut self, world: &mut World, now: Now) -> Result<(), Stop> {
        let payment = self.payment()?;
        let deadline = world.provider.expires_at(&payment).unwrap_or_default();
        world.move_clock(self.id(), deadline.plus(Span::from_s(1)), now.real_ms);
        if world.takes_anything(&payment) {
            return Ok(());
        }
        self.transition(world, now, Provider::pass_deadline)
    }

    /// An operator of the provider accepts late or short money, once the network confirmed it.
    pub(super) fn accept(&mut self, world: &mut World, now: Now) -> Result<(), Stop> {
        let payment = self.payment()?;
        if world.provider.confirmations_missing(&payment) > 0 {
            self.confirm(None, world, now)?;
        }
        if world.takes_anything(&payment) {
            return Ok(());
        }
        self.pass(PAYER_TAKES, world, now);
        self.transition(world, now, Provider::accept)
    }

    /// The clock moves ahead by what a step says; deadlines on the way fire.
    pub(super) fn pass_time(
        &mut self,
        span: Span,
        world: &mut World,
        now: Now,
    ) -> Result<(), Stop> {
        let until = world.clock(self.id()).plus(span);
        world.move_clock(self.id(), until, now.real_ms);
        for payment in self.payments() {
            let is_due = world.provider.expires_at(&payment).is_some_and(|at| at <= until);
            let status = world.truth(&payment).map(|truth| truth.status);
            if is_due && status == Some(Status::Pending) {
                let events = world.provider.pass_deadline(&payment, until);
                let events = events.map_err(|refused| Stop::Broken(refused.to_string()))?;
                world.transitioned(self.id(), &payment, &events, now.real_ms);
            }
        }
        self.disturb(world);
        Ok(())
    }

    /// Drives the provider to the event of that kind, if it has not happened yet.
    pub(super) fn drive_to(
        &mut self,
        kind: EventKind,
        world: &mut World,
        now: Now,
    ) -> Result<(), Stop> {
        if self.order()?.has(kind) {
            return Ok(());
        }
        let status = self.truth(world)?.status;
        match (kind, status) {
            (EventKind::Paid, Status::Pending) => self.pay(&Pay::Exact, world, now)?,
            (EventKind::Confirmed, Status::Pending) => {
                self.drive_to(EventKind::Paid, world, now)?;
                self.confirm(None, world, now)?;
            }
            (EventKind::Confirmed, Status::Paid) => self.confirm(None, world, now)?,
            (EventKind::Settled, Status::Pending | Status::Paid) => {
                self.drive_to(EventKind::Confirmed, world, now)?;
                self.settle(world, now)?;
            }
            (EventKind::Settled, Status::Confirmed) => self.settle(world, now)?,
            (EventKind::Expired, Status::Pending) => self.expire(world, now)?,
            (EventKind::Late, Status::Pending) => {
                self.expire(world, now)?;
                self.pay(&Pay::Exact, world, now)?;
            }
            (EventKind::Late, Status::Expired) => self.pay(&Pay::Exact, world, now)?,
            _ => {}
        }
        let profile = &self.settings.profile;
        if self.order()?.has(kind) || !profile.events.announces(kind) {
            return Ok(());
        }
        let why = format!("the provider cannot announce {kind} while it says {status}");
        Err(if profile.has_own_life() { self.not_there(&why) } else { Stop::Broken(why) })
    }

    /// A step that the provider refuses. Where it has habits of its own, that may be one of them.
    pub(super) fn impossible(&self, refused: &Refused) -> Stop {
        let why = format!("the step is impossible: {refused}");
        if self.settings.profile.has_own_life() { self.not_there(&why) } else { Stop::Broken(why) }
    }

    /// What the provider of this profile does not do is nobody's fault.
    pub(super) fn not_there(&self, why: &str) -> Stop {
        Stop::NotApplicable(format!(
            "at the provider profile {}: {why}",
            self.settings.profile.name
        ))
    }

    /// Drives a payment that is on its way to `wanted`; one that nobody paid stays where it is.
    pub(super) fn drive_on(
        &mut self,
        wanted: Status,
        world: &mut World,
        now: Now,
    ) -> Result<(), Stop> {
        let status = self.truth(world)?.status;
        match (status, wanted) {
            (Status::Paid, Status::Confirmed) => self.confirm(None, world, now),
            (Status::Paid, Status::Settled) => {
                self.confirm(None, world, now)?;
                self.settle(world, now)
            }
            (Status::Confirmed, Status::Settled) => self.settle(world, now),
            _ => Ok(()),
        }
    }

    /// The truth of the order in focus.
    pub(super) fn truth(&self, world: &World) -> Result<Truth, Stop> {
        let payment = self.payment()?;
        let truth = world.truth(&payment);
        truth.ok_or_else(|| Stop::Broken("the provider does not know the payment".into()))
    }

    /// Moves the clock ahead by itself, never past the deadline of a payment that is still open:
    /// deadlines fire only at steps that move time.
    pub(super) fn pass(&mut self, span: Span, world: &mut World, now: Now) {
        let wanted = world.clock(self.id()).plus(span);
        let until = self.before_deadlines(wanted, world);
        world.move_clock(self.id(), until, now.real_ms);
    }

    /// `wanted`, or the last instant before a live deadline.
    pub(super) fn before_deadlines(&self, wanted: SimTime, world: &World) -> SimTime {
        let live = self.payments().into_iter().filter(|payment| {
            let truth = world.truth(payment);
            truth.is_some_and(|truth| truth.status == Status::Pending)
        });
        let deadlines = live.filter_map(|payment| world.provider.expires_at(&payment));
        let last = deadlines.min().map_or(wanted, |at| at.minus(Span::from_ms(1)));
        wanted.min(last)
    }

    /// Changes the truth of the payment in focus, and records it.
    pub(super) fn transition(
        &mut self,
        world: &mut World,
        now: Now,
        act: impl FnOnce(&mut Provider, &PaymentId, SimTime) -> Result<Vec<Event>, Refused>,
    ) -> Result<(), Stop> {
        let payment = self.payment()?;
        let at = world.clock(self.id());
        let events =
            act(&mut world.provider, &payment, at).map_err(|refused| self.impossible(&refused))?;
        // A block confirms every payment of the lane on its network, not only the one in focus.
        let mut touched = vec![payment];
        touched.extend(events.iter().filter_map(|event| event.payment().cloned()));
        touched.dedup();
        for payment in touched {
            let own: Vec<_> =
                events.iter().filter(|event| event.payment() == Some(&payment)).cloned().collect();
            world.transitioned(self.id(), &payment, &own, now.real_ms);
        }
        self.disturb(world);
        Ok(())
    }
}
