//! Opening an order: the merchant is made to check out, and must create a payment.

use std::collections::BTreeMap;

use super::lane::{Doing, Lane, Stop, Task};
use super::order::Order;
use super::{Now, Request, World};
use crate::history::{self, Drive, Fact, Opened};
use crate::model::{Money, Rail, Reference};

impl Lane {
    /// Opens the next order of the scenario and turns to it.
    pub(super) fn open(&mut self, amount: Money, rail: &'static Rail, world: &mut World, now: Now) {
        let number = u32::try_from(self.orders.len()).unwrap_or(u32::MAX).saturating_add(1);
        let reference = self.settings.reference(self.id(), number);
        world.own(reference.clone(), self.id(), amount);
        let order = Order::new(reference.clone(), (amount, rail), &self.scenario, number);
        self.orders.push(order);
        self.focus = self.orders.len() - 1;
        let opened = Opened { reference, order: number, amount, rail };
        world.append(self.id(), Fact::Opened(opened), now.real_ms);
        self.plan(Task::Release);
        self.plan(Task::CheckOut(amount, rail));
    }

    pub(super) fn check_out(
        &mut self,
        amount: Money,
        rail: &'static Rail,
        world: &mut World,
    ) -> Request {
        let values = BTreeMap::from([
            ("reference", self.orders[self.focus].reference.as_str().to_owned()),
            ("amount", amount.short()),
            ("atoms", amount.atoms.to_string()),
            ("asset", rail.asset.symbol.to_owned()),
            ("network", rail.network.to_owned()),
        ]);
        world.checking_out(self.id(), true);
        self.doing = Doing::CheckingOut;
        Request::Drive { verb: "checkout", values }
    }

    pub(super) fn checked_out(
        &mut self,
        answer: history::Answer,
        world: &mut World,
        now: Now,
    ) -> Result<(), Stop> {
        world.checking_out(self.id(), false);
        let reference = self.order()?.reference.clone();
        let told = answer.tell();
        self.drove("checkout", Some(reference), answer, world, now);
        // A merchant that could not reach the provider has none to show.
        if self.order()?.payment.is_none() && !world.is_troubled(self.id()) {
            return Err(Stop::Broken(format!(
                "the checkout created no payment at the provider; the merchant answered {told}"
            )));
        }
        Ok(())
    }

    /// The answer that was held back went, and the checkout that waited for it ended.
    pub(super) fn released(
        &mut self,
        driven: Option<history::Answer>,
        early: bool,
        world: &mut World,
        now: Now,
    ) -> Result<(), Stop> {
        if let Some(answer) = driven {
            self.checked_out(answer, world, now)?;
        }
        if early {
            let why = "the merchant takes no notification in while it waits for the provider";
            return Err(Stop::NotTestable(why.to_owned()));
        }
        Ok(())
    }

    /// Plans the merchant's own reconciliation.
    pub(super) fn reconcile(&mut self) -> Result<(), Stop> {
        if !self.settings.can_reconcile {
            return Err(Stop::NotTestable("not connected: drive.reconcile".into()));
        }
        self.plan(Task::Release);
        self.plan(Task::Reconcile);
        Ok(())
    }

    pub(super) fn drove(
        &mut self,
        verb: &str,
        reference: Option<Reference>,
        answer: history::Answer,
        world: &mut World,
        now: Now,
    ) {
        let drive = Drive { verb: verb.to_owned(), reference, answer };
        world.append(self.id(), Fact::Driven(drive), now.real_ms);
        self.disturb(world);
    }
}
