//! The merchant's process: killed at a moment that a step names, and started again.
//!
//! A moment that was missed is told as that: nobody is judged by a kill that came too late.

use super::lane::{Doing, Lane, Stop, Task};
use super::{Now, Request, World};
use crate::history::{self, Fact};
use crate::scenario::Kill;

impl Lane {
    /// Plans to kill the merchant, where it is ours to start again.
    pub(super) fn kill(&mut self, moment: Kill) -> Result<(), Stop> {
        if !self.settings.can_restart {
            return Err(Stop::NotTestable("not connected: merchant.start".into()));
        }
        self.plan(Task::Kill(moment));
        Ok(())
    }

    /// Asks for it, if its moment is now.
    pub(super) fn strike(&mut self, moment: Kill, world: &mut World) -> Result<Request, Stop> {
        let missed = match moment {
            Kill::Idle => None,
            Kill::Answered if self.is_last_taken => None,
            Kill::Answered => Some("the delivery before it was not acknowledged"),
            Kill::Calling if world.is_holding(self.id()) => None,
            Kill::Calling => Some("no answer to a call of the merchant was held back"),
        };
        if let Some(why) = missed {
            return Err(Stop::Broken(format!("the merchant was not killed: {why}")));
        }
        world.let_go(self.id());
        self.doing = Doing::Killing(moment);
        Ok(Request::Kill)
    }

    /// It is dead; so is the checkout that waited, if one did.
    pub(super) fn killed(
        &mut self,
        moment: Kill,
        released: (Option<history::Answer>, bool),
        world: &mut World,
        now: Now,
    ) -> Result<(), Stop> {
        let (driven, early) = released;
        world.append(self.id(), Fact::Killed { moment }, now.real_ms);
        if let Some(answer) = driven {
            self.checked_out(answer, world, now)?;
        }
        self.disturb(world);
        if early && moment == Kill::Calling {
            let why = "the answer to its call had to go before the merchant was killed";
            return Err(Stop::Broken(why.to_owned()));
        }
        Ok(())
    }

    /// It is ready again, or was not to be had again.
    pub(super) fn restarted(
        &mut self,
        begun: Result<(), String>,
        world: &mut World,
        now: Now,
    ) -> Result<(), Stop> {
        begun.map_err(|why| Stop::Died(format!("killed, it could not be started again: {why}")))?;
        world.append(self.id(), Fact::Restarted, now.real_ms);
        self.disturb(world);
        Ok(())
    }
}
