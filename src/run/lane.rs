//! A lane plays one scenario: step by step, asking for one thing at a time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::order::Order;
use super::post::{Batch, Posted};
use super::wait::{Looked, Wait};
use super::{Answer, Now, Request, Settings, World};
use crate::history::{Fact, ScenarioEnded, ScenarioStarted};
use crate::model::{LaneId, Money, PaymentId, Rail};
use crate::provider::Outbox;
use crate::scenario::{Action, Expectation, Kill, Scenario};

/// Plays one scenario.
#[derive(Debug)]
pub struct Lane {
    id: LaneId,
    pub(super) scenario: Arc<Scenario>,
    pub(super) settings: Arc<Settings>,
    step: usize,
    pub(super) orders: Vec<Order>,
    pub(super) focus: usize,
    todo: VecDeque<Task>,
    pub(super) doing: Doing,
    pub(super) outbox: Outbox,
    pub(super) posted: BTreeMap<crate::model::EventId, Posted>,
    pub(super) looked: Option<Looked>,
    /// Real time since which the merchant has had nothing new to catch up with.
    pub(super) calm_since_ms: u64,
    now_ms: u64,
    /// Whether the last message was a genuine one that was answered with 2xx.
    pub(super) is_last_taken: bool,
}

/// Why a lane cannot go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// For a reason that is not the merchant's fault.
    Broken(String),
    /// Something that it needs is not connected.
    NotTestable(String),
    /// The provider of this profile has nothing of the kind.
    NotApplicable(String),
    /// The merchant died and cannot be had again.
    Died(String),
}

/// What is still to be done within the current step.
#[derive(Debug)]
pub(super) enum Task {
    /// Make the merchant open the order in focus.
    CheckOut(Money, &'static Rail),
    /// Send messages.
    Post(Box<Batch>),
    /// Wait until the expectation of step `.0` is decided.
    Await(usize, Expectation),
    /// Go on waiting, after a retry.
    Resume(Box<Wait>),
    /// Drive reconciliation.
    Reconcile,
    /// Let go what is held back, if anything is.
    Release,
    /// Kill the merchant, if its moment is now.
    Kill(Kill),
    /// Start it again.
    Restart,
    /// Let real time pass.
    Pause(crate::model::Span),
}

/// What was asked for last.
#[derive(Debug)]
pub(super) enum Doing {
    Nothing,
    CheckingOut,
    Releasing,
    Posting(Box<Batch>),
    Reconciling,
    Killing(Kill),
    Restarting,
    Waiting(Box<Wait>),
}

impl Lane {
    /// A lane that has not begun.
    #[must_use]
    pub fn new(id: LaneId, scenario: Arc<Scenario>, settings: Arc<Settings>) -> Self {
        let outbox = Outbox::new(settings.seed ^ u64::from(id.0), settings.profile.clone());
        Self {
            id,
            scenario,
            settings,
            step: 0,
            orders: Vec::new(),
            focus: 0,
            todo: VecDeque::new(),
            doing: Doing::Nothing,
            outbox,
            posted: BTreeMap::new(),
            looked: None,
            calm_since_ms: 0,
            now_ms: 0,
            is_last_taken: false,
        }
    }

    /// Whose lane it is.
    #[must_use]
    pub const fn id(&self) -> LaneId {
        self.id
    }

    /// Takes an answer and says what is wanted next. After `Request::Done` it wants nothing more.
    pub fn next(&mut self, world: &mut World, answer: Answer, now: Now) -> Request {
        self.now_ms = now.real_ms;
        let result = match answer {
            Answer::Start => {
                self.begin(world, now);
                Ok(None)
            }
            Answer::Died { how, blamed } => return self.died(&how, blamed, world, now),
            answer => self.take(answer, world, now),
        };
        let result = result.and_then(|wanted| match wanted {
            Some(request) => Ok(request),
            None => self.proceed(world, now),
        });
        match result {
            Ok(request) => request,
            Err(Stop::Broken(reason)) => self.end(ScenarioEnded::Broken(reason), world, now),
            Err(Stop::NotTestable(reason)) => {
                self.end(ScenarioEnded::NotTestable(reason), world, now)
            }
            Err(Stop::NotApplicable(reason)) => {
                self.end(ScenarioEnded::NotApplicable(reason), world, now)
            }
            Err(Stop::Died(how)) => self.end(ScenarioEnded::MerchantDied(how), world, now),
        }
    }

    fn begin(&mut self, world: &mut World, now: Now) {
        let scenario = &self.scenario;
        let started = ScenarioStarted {
            name: scenario.name.clone(),
            feature: scenario.feature.clone(),
            source: scenario.source.clone(),
            rules: scenario.rules.clone(),
            tags: scenario.tags.clone(),
            phase: scenario.phase(),
            steps: crate::scenario::gherkin::sentences(&scenario.steps),
        };
        world.append(self.id, Fact::ScenarioStarted(Box::new(started)), now.real_ms);
    }

    fn end(&mut self, how: ScenarioEnded, world: &mut World, now: Now) -> Request {
        self.todo.clear();
        self.doing = Doing::Nothing;
        self.step = self.scenario.steps.len();
        world.append(self.id, Fact::ScenarioEnded(how), now.real_ms);
        Request::Done
    }

    fn died(&mut self, how: &str, blamed: bool, world: &mut World, now: Now) -> Request {
        let in_attempt = matches!(
            self.doing,
            Doing::Posting(_) | Doing::CheckingOut | Doing::Releasing | Doing::Reconciling
        );
        let ended = match (blamed, in_attempt) {
            (true, true) => {
                ScenarioEnded::MerchantDied(format!("the merchant died while it answered: {how}"))
            }
            // A look is our doing and has no effect: it met a death that had another cause.
            (true, false) => {
                ScenarioEnded::Broken(format!("the merchant died, asked for nothing: {how}"))
            }
            (false, _) => {
                ScenarioEnded::Broken(format!("the merchant died during another scenario: {how}"))
            }
        };
        self.end(ended, world, now)
    }

    /// Takes the answer to what was asked for; a request, where the same thing goes on.
    fn take(
        &mut self,
        answer: Answer,
        world: &mut World,
        now: Now,
    ) -> Result<Option<Request>, Stop> {
        match (std::mem::replace(&mut self.doing, Doing::Nothing), answer) {
            (Doing::CheckingOut, Answer::Driven(answer)) => {
                self.checked_out(answer, world, now).map(|()| None)
            }
            (Doing::CheckingOut, Answer::Held) => {
                self.disturb(world);
                Ok(None)
            }
            (Doing::Releasing, Answer::Released { driven, early }) => {
                self.released(driven, early, world, now).map(|()| None)
            }
            (Doing::Posting(batch), Answer::Sent(sent)) => {
                self.posted(*batch, &sent, world, now);
                Ok(None)
            }
            (Doing::Reconciling, Answer::Driven(answer)) => {
                self.drove("reconcile", None, answer, world, now);
                Ok(None)
            }
            (Doing::Killing(moment), Answer::Killed { driven, early }) => {
                self.killed(moment, (driven, early), world, now).map(|()| None)
            }
            (Doing::Restarting, Answer::Restarted(begun)) => {
                self.restarted(begun, world, now).map(|()| None)
            }
            (Doing::Waiting(wait), Answer::Seen(seen)) => Ok(self.seen(*wait, seen, world, now)),
            (Doing::Waiting(wait), Answer::Paused) => {
                let reference = self.orders[wait.order].reference.clone();
                self.doing = Doing::Waiting(wait);
                Ok(Some(Request::Look(reference)))
            }
            (Doing::Nothing, Answer::Paused) => Ok(None),
            (doing, answer) => unreachable!("a lane that is {doing:?} was told {answer:?}"),
        }
    }

    /// Does what can be done at once and asks for the next thing that cannot.
    fn proceed(&mut self, world: &mut World, now: Now) -> Result<Request, Stop> {
        loop {
            match self.todo.pop_front() {
                Some(Task::CheckOut(amount, rail)) => {
                    return Ok(self.check_out(amount, rail, world));
                }
                Some(Task::Post(mut batch)) => {
                    let messages = self.write(&mut batch, world, now)?;
                    let arrival = batch.arrival;
                    self.doing = Doing::Posting(batch);
                    return Ok(Request::Send { messages, arrival });
                }
                Some(Task::Await(step, expectation)) => {
                    let order = self.focus;
                    if let Some(wait) = self.wait(step, expectation, order, world, now) {
                        let reference = self.orders[order].reference.clone();
                        self.doing = Doing::Waiting(Box::new(wait));
                        return Ok(Request::Look(reference));
                    }
                }
                Some(Task::Resume(wait)) => {
                    let reference = self.orders[wait.order].reference.clone();
                    self.doing = Doing::Waiting(wait);
                    return Ok(Request::Look(reference));
                }
                Some(Task::Reconcile) => {
                    self.doing = Doing::Reconciling;
                    return Ok(Request::Drive { verb: "reconcile", values: BTreeMap::new() });
                }
                Some(Task::Release) if world.is_holding(self.id) => {
                    world.let_go(self.id);
                    self.doing = Doing::Releasing;
                    return Ok(Request::Release);
                }
                Some(Task::Release) => {}
                Some(Task::Kill(moment)) => return self.strike(moment, world),
                Some(Task::Restart) => {
                    self.doing = Doing::Restarting;
                    return Ok(Request::Restart);
                }
                Some(Task::Pause(span)) => return Ok(Request::Pause(span)),
                None => match self.scenario.clone().steps.get(self.step) {
                    Some(step) => {
                        self.step += 1;
                        self.perform(self.step - 1, &step.action, world, now)?;
                    }
                    None if world.is_holding(self.id) => self.plan(Task::Release),
                    None => {
                        let ended = world.unmet(self.id).map_or(ScenarioEnded::Complete, |unmet| {
                            ScenarioEnded::Broken(format!("no {} call came", unmet.call.as_str()))
                        });
                        return Ok(self.end(ended, world, now));
                    }
                },
            }
        }
    }

    /// Turns a step into tasks, or does it where nothing outside is needed.
    fn perform(
        &mut self,
        index: usize,
        action: &Action,
        world: &mut World,
        now: Now,
    ) -> Result<(), Stop> {
        match action {
            Action::Open { amount, rail } => self.open(*amount, rail, world, now),
            Action::Focus(number) => {
                let index = usize::try_from(*number).unwrap_or(usize::MAX).saturating_sub(1);
                if index >= self.orders.len() {
                    return Err(Stop::Broken(format!("there is no order number {number}")));
                }
                self.focus = index;
            }
            Action::Pay(how) => self.pay(how, world, now)?,
            Action::Confirm(blocks) => self.confirm(*blocks, world, now)?,
            Action::Network(what) => self.network(*what, world, now)?,
            Action::Operate(what) => self.operate(*what, world, now)?,
            Action::Settle => self.settle(world, now)?,
            Action::Expire => self.expire(world, now)?,
            Action::Accept => self.accept(world, now)?,
            Action::PassTime(span) => self.pass_time(*span, world, now)?,
            Action::Deliver(deliver) => self.deliver(deliver, world, now)?,
            // Held back is what a step names and none delivers yet: naming it is enough.
            Action::HoldBack(_) => {}
            Action::Drop(kinds) => {
                self.order_mut()?.drop_kinds(kinds);
                self.lose_retries()?;
            }
            Action::DropOthers => {
                self.order_mut()?.drop_others();
                self.lose_retries()?;
            }
            Action::DropAll => {
                self.order_mut()?.drop_all();
                self.lose_retries()?;
            }
            Action::Forge { claim, forgery } => self.forge(*claim, *forgery, world)?,
            Action::UnknownEvent => self.unknown_event(world)?,
            Action::Trouble(trouble) => world.arm(self.id, *trouble),
            Action::CheckOutAgain => {
                let Order { due, rail, .. } = *self.order()?;
                self.plan(Task::Release);
                self.plan(Task::CheckOut(due, rail));
            }
            Action::Reconcile => self.reconcile()?,
            Action::Kill(moment) => self.kill(*moment)?,
            Action::Restart => self.plan(Task::Restart),
            Action::Expect(expectation) => self.expect(index, expectation, world, now)?,
        }
        Ok(())
    }

    /// Adds a task behind those of this step.
    pub(super) fn plan(&mut self, task: Task) {
        self.todo.push_back(task);
    }

    /// Adds a task before all others.
    pub(super) fn plan_first(&mut self, task: Task) {
        self.todo.push_front(task);
    }

    /// Goes on with a wait after what was just planned first.
    pub(super) fn keep_waiting(&mut self, wait: Wait) {
        self.doing = Doing::Waiting(Box::new(wait));
    }

    /// Something happened that may change what the merchant shows.
    pub(super) fn disturb(&mut self, world: &World) {
        self.looked = None;
        self.calm_since_ms = self.now_ms;
        for order in &mut self.orders {
            order.sync(&world.provider);
        }
    }

    /// Which order is in focus.
    pub(super) const fn focus(&self) -> usize {
        self.focus
    }

    pub(super) fn order(&self) -> Result<&Order, Stop> {
        self.orders.get(self.focus).ok_or_else(no_order)
    }

    pub(super) fn order_mut(&mut self) -> Result<&mut Order, Stop> {
        self.orders.get_mut(self.focus).ok_or_else(no_order)
    }

    /// The payment of the order in focus.
    pub(super) fn payment(&self) -> Result<PaymentId, Stop> {
        let payment = self.order()?.payment.clone();
        payment.ok_or_else(|| Stop::Broken("the order has no payment".into()))
    }

    /// All payments of the lane.
    pub(super) fn payments(&self) -> Vec<PaymentId> {
        self.orders.iter().filter_map(|order| order.payment.clone()).collect()
    }
}

fn no_order() -> Stop {
    Stop::Broken("the scenario opened no order before this step".into())
}
