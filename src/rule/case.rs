//! One scenario's part of the history, laid out for judging: orders with the truths, attempts and
//! looks that belong to them, and every departure that the oracles see.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::oracle::{Allowed, Fault, Scrutiny, Shown, Violation, inspect};
use crate::history::{
    ApiCall, Attempt, Entry, Expected, Fact, Observed, Opened, RunStarted, ScenarioEnded,
    ScenarioStarted, Why,
};
use crate::merchant::Policy;
use crate::model::{EventId, EventKind, Reference, SimTime, Status, Truth};
use crate::scenario::{Alteration, Call, Expectation, Kill};

/// A scenario to be judged.
#[derive(Debug)]
pub struct Case<'a> {
    /// What holds for the whole run.
    pub run: &'a RunStarted,
    /// The scenario.
    pub scenario: &'a ScenarioStarted,
    /// All its entries, in order.
    pub entries: &'a [Entry],
    /// Its orders, in the order of opening.
    pub orders: Vec<Order<'a>>,
    /// What was expected, with the entry that says so.
    pub expected: Vec<(u64, &'a Expected)>,
    /// When reconciliation was driven in this scenario, with success.
    pub reconciled: Vec<u64>,
    /// When the merchant was killed on purpose.
    pub kills: Vec<(u64, Kill)>,
    /// When it was started again after that.
    pub restarts: Vec<u64>,
    /// How it ended; none: the run was interrupted in it.
    pub ended: Option<&'a ScenarioEnded>,
}

/// One order and everything that happened about it.
#[derive(Debug)]
pub struct Order<'a> {
    /// The entry that opened it.
    pub seq: u64,
    /// What was asked for.
    pub opened: &'a Opened,
    /// The provider's truths, each with its entry.
    pub truths: Vec<(u64, &'a Truth)>,
    /// The events that announce each of them, where there are any.
    pub announced: Vec<(u64, &'a [(EventId, EventKind)])>,
    /// Messages sent about it.
    pub attempts: Vec<(u64, &'a Attempt)>,
    /// When the merchant read it at the provider, with success and as it was.
    pub reads: Vec<u64>,
    /// Calls that create a payment for it, whatever became of them.
    pub creates: Vec<(u64, &'a ApiCall)>,
    /// Looks that were understood.
    pub looks: Vec<Look<'a>>,
    /// Looks that were not, with the reason.
    pub blind: Vec<(u64, &'a str)>,
    /// Every departure, in the order of the looks.
    pub violations: Vec<Violation>,
}

/// What a creation says of its order.
#[derive(Deserialize)]
struct Named {
    reference: Reference,
}

/// One understood look.
#[derive(Debug)]
pub struct Look<'a> {
    /// Its entry.
    pub seq: u64,
    /// The entry as it is.
    pub observed: &'a Observed,
    /// Summed up in the order's asset.
    pub shown: Shown,
}

impl<'a> Case<'a> {
    /// Lays out `entries`, which are one lane's, in order; `None` where no scenario starts in it.
    #[must_use]
    pub fn new(run: &'a RunStarted, entries: &'a [Entry]) -> Option<Self> {
        let scenario = entries.iter().find_map(|entry| match &entry.fact {
            Fact::ScenarioStarted(scenario) => Some(&**scenario),
            _ => None,
        })?;
        let mut case = Self {
            run,
            scenario,
            entries,
            orders: Vec::new(),
            expected: Vec::new(),
            reconciled: Vec::new(),
            kills: Vec::new(),
            restarts: Vec::new(),
            ended: None,
        };
        for entry in entries {
            case.take(entry);
        }
        let scrutiny = case.scrutiny();
        for order in &mut case.orders {
            order.violations = departures(run, order, &scrutiny, &case.reconciled);
        }
        Some(case)
    }

    fn take(&mut self, entry: &'a Entry) {
        match &entry.fact {
            Fact::Opened(opened) => self.orders.push(Order::new(entry.seq, opened)),
            Fact::Transitioned(transition) => {
                if let Some(order) = self.order_mut(&transition.truth.reference) {
                    order.truths.push((entry.seq, &transition.truth));
                    order.announced.push((entry.seq, &transition.events));
                }
            }
            Fact::Attempted(attempt) => {
                if let Some(order) = self.order_mut(&attempt.reference) {
                    order.attempts.push((entry.seq, attempt));
                }
            }
            Fact::Observed(observed) => {
                if let Some(order) = self.order_mut(&observed.reference) {
                    order.look(entry.seq, observed);
                }
            }
            Fact::ApiCalled(call) => self.called(entry.seq, call),
            Fact::Expected(expected) => self.expected.push((entry.seq, expected)),
            Fact::Driven(drive) if drive.verb == "reconcile" && drive.answer.is_success() => {
                self.reconciled.push(entry.seq);
            }
            Fact::Killed { moment } => self.kills.push((entry.seq, *moment)),
            Fact::Restarted => self.restarts.push(entry.seq),
            Fact::ScenarioEnded(ended) => self.ended = Some(ended),
            Fact::RunStarted(_)
            | Fact::ScenarioStarted(_)
            | Fact::Driven(_)
            | Fact::ClockMoved { .. }
            | Fact::Process { .. }
            | Fact::Interrupted { .. }
            | Fact::RunEnded(_) => {}
        }
    }

    fn called(&mut self, seq: u64, call: &'a ApiCall) {
        let (method, path, request) = call.in_contract();
        if Call::Create.covers(method, path) {
            let body: Option<Named> = serde_json::from_str(request).ok();
            let order = body.and_then(|body| self.order_mut(&body.reference));
            order.into_iter().for_each(|order| order.creates.push((seq, call)));
        }
        if method == "GET" && call.status == 200 && call.trouble.is_none() {
            let read = self.orders.iter_mut().filter(|order| order.is_named_by(path));
            read.for_each(|order| order.reads.push(seq));
        }
    }

    /// When the entry `seq` happened, by the scenario's clock.
    #[must_use]
    pub fn at(&self, seq: u64) -> Option<SimTime> {
        self.entries.iter().find(|entry| entry.seq == seq).map(|entry| entry.at)
    }

    fn order_mut(&mut self, reference: &Reference) -> Option<&mut Order<'a>> {
        self.orders.iter_mut().find(|order| order.opened.reference == *reference)
    }

    /// The order of that reference.
    #[must_use]
    pub fn order(&self, reference: &Reference) -> Option<&Order<'a>> {
        self.orders.iter().find(|order| order.opened.reference == *reference)
    }

    /// Which looks must have caught up, and in what: those that an expectation was decided by.
    fn scrutiny(&self) -> BTreeMap<u64, Scrutiny> {
        let mut scrutiny: BTreeMap<u64, Scrutiny> = BTreeMap::new();
        for (_, expected) in &self.expected {
            let Some(seq) = expected.observation else { continue };
            let look = scrutiny.entry(seq).or_default();
            match &expected.expectation {
                Expectation::Order(_) => look.state = true,
                Expectation::Credits { count, .. } => look.credits |= *count > 0,
                Expectation::Fulfilments(count) => look.fulfilments |= *count > 0,
                Expectation::Exception(_) => look.exceptions = true,
                // What went back is decided by the expectation alone.
                Expectation::Refunds { .. } | Expectation::Reversed(_) => {}
                Expectation::Consistent => *look = Scrutiny::ALL,
                Expectation::NoEffect | Expectation::Acknowledged => {}
            }
        }
        scrutiny
    }
}

impl<'a> Order<'a> {
    fn new(seq: u64, opened: &'a Opened) -> Self {
        Self {
            seq,
            opened,
            truths: Vec::new(),
            announced: Vec::new(),
            attempts: Vec::new(),
            reads: Vec::new(),
            creates: Vec::new(),
            looks: Vec::new(),
            blind: Vec::new(),
            violations: Vec::new(),
        }
    }

    fn look(&mut self, seq: u64, observed: &'a Observed) {
        match &observed.seen {
            Ok(seen) => {
                let shown = Shown::of(seen, self.opened.amount.asset);
                self.looks.push(Look { seq, observed, shown });
            }
            Err(reason) => self.blind.push((seq, reason)),
        }
    }

    /// Whether a call's path names the order or a payment of it.
    fn is_named_by(&self, path: &str) -> bool {
        let query = path.split_once('?').map_or("", |(_, query)| query);
        let reference = self.opened.reference.as_str();
        query.split('&').any(|pair| pair.strip_prefix("reference=") == Some(reference))
            || self.truths.iter().any(|(_, truth)| path.contains(truth.payment.as_str()))
    }

    /// The provider's truths before the entry `seq`, in order: those of the payment that got
    /// furthest govern, and with one payment these are all.
    #[must_use]
    pub fn truths_before(&self, seq: u64) -> Vec<&'a Truth> {
        let known = self.truths.iter().take_while(|(at, _)| *at < seq);
        known.map(|(_, truth)| *truth).collect()
    }

    /// Whether what the look shows is right by all that the merchant was told until then, and only
    /// by that: nobody may be held to news that was kept from him. Told is what was sent to it,
    /// whatever it answered, what it read at the provider, and, by the drives of reconciliation in
    /// `reconciled`, what it could have read.
    #[must_use]
    pub fn is_excused(&self, policy: &Policy, look: &Look<'_>, reconciled: &[u64]) -> bool {
        let told = self.told_before(look.seq, reconciled);
        let truths = self.truths_before(look.seq);
        if told.len() == truths.len() {
            return false;
        }
        let due = self.opened.amount;
        let allowed = Allowed::after(policy, due, &told);
        inspect(&look.shown, &allowed, due, false, Scrutiny::ALL).is_empty()
    }

    /// The truths up to the last one that the merchant was told of before the entry `seq`.
    fn told_before(&self, seq: u64, reconciled: &[u64]) -> Vec<&'a Truth> {
        let is_told = |since: u64, events: &[(EventId, EventKind)]| {
            let within = |at: u64| at > since && at < seq;
            let announces = |attempt: &Attempt| {
                let restated = attempt.alteration == Alteration::NewEventId;
                events.iter().any(|(id, kind)| {
                    *id == attempt.event || (restated && attempt.event_type == kind.as_str())
                })
            };
            self.reads.iter().chain(reconciled).any(|at| within(*at))
                || self.attempts.iter().any(|(at, attempt)| {
                    within(*at)
                        && attempt.forgery.is_none()
                        && !attempt.answer.is_turned_away()
                        && announces(attempt)
                })
        };
        let known = self.announced.iter().zip(&self.truths);
        let mut known: Vec<_> = known.take_while(|((at, _), _)| *at < seq).collect();
        // What no event announces is known with what comes before it.
        while known.last().is_some_and(|((at, e), _)| !e.is_empty() && !is_told(*at, e)) {
            known.pop();
        }
        known.into_iter().map(|(_, (_, truth))| *truth).collect()
    }

    /// The last truth.
    #[must_use]
    pub fn truth(&self) -> Option<&'a Truth> {
        self.truths.last().map(|(_, truth)| *truth)
    }

    /// Whether the truth was in `status` at some time.
    #[must_use]
    pub fn was(&self, status: Status) -> bool {
        self.truths.iter().any(|(_, truth)| truth.status == status)
    }

    /// Genuine attempts that announce `kind`.
    pub fn genuine(&self, kind: EventKind) -> impl Iterator<Item = (u64, &'a Attempt)> + '_ {
        let of_kind = move |attempt: &Attempt| attempt.event_type == kind.as_str();
        let genuine = move |attempt: &Attempt| attempt.forgery.is_none() && of_kind(attempt);
        self.attempts.iter().copied().filter(move |(_, attempt)| genuine(attempt))
    }

    /// The first violation of one of `faults` shown after the entry `seq`.
    #[must_use]
    pub fn violation_after(&self, seq: u64, faults: &[Fault]) -> Option<&Violation> {
        self.violations.iter().find(|v| v.seq > seq && faults.contains(&v.fault))
    }

    /// The first look after the entry `seq`.
    #[must_use]
    pub fn look_after(&self, seq: u64) -> Option<&Look<'a>> {
        self.looks.iter().find(|look| look.seq > seq)
    }

    /// The last look, the closing audit's where there was one.
    #[must_use]
    pub fn last_look(&self) -> Option<&Look<'a>> {
        self.looks.last()
    }

    /// Whether a genuine attempt of that event was answered 2xx before the entry `seq`.
    #[must_use]
    pub fn is_acknowledged(&self, event: &EventId, seq: u64) -> bool {
        self.attempts.iter().any(|(at, attempt)| {
            *at < seq
                && attempt.forgery.is_none()
                && attempt.event == *event
                && attempt.answer.is_success()
        })
    }

    /// Ids of events of which a genuine attempt was taken in before the entry `seq`.
    #[must_use]
    pub fn taken_before(&self, seq: u64) -> BTreeSet<&'a str> {
        let taken = self.attempts.iter().filter(|(at, attempt)| {
            *at < seq && attempt.forgery.is_none() && attempt.answer.is_taken()
        });
        taken.map(|(_, attempt)| attempt.event.as_str()).collect()
    }
}

/// Every departure of an order, look by look.
fn departures(
    run: &RunStarted,
    order: &Order<'_>,
    scrutiny: &BTreeMap<u64, Scrutiny>,
    reconciled: &[u64],
) -> Vec<Violation> {
    let due = order.opened.amount;
    let mut violations = Vec::new();
    let mut was_paid = false;
    for look in &order.looks {
        let truths = order.truths_before(look.seq);
        let allowed = Allowed::after(&run.policy, due, &truths);
        // In the closing audit everything must have caught up, as long as the merchant could: its
        // own reconciliation was driven, or nothing was kept from it.
        let caught_up = match look.observed.why {
            Why::Audit if run.connection.reconcile => Scrutiny::ALL,
            Why::Audit | Why::Calm | Why::Changed => {
                let asked = scrutiny.get(&look.seq).copied().unwrap_or_default();
                let is_asked = asked != Scrutiny::default();
                let excused = is_asked && order.is_excused(&run.policy, look, reconciled);
                if excused { Scrutiny::default() } else { asked }
            }
        };
        let found = inspect(&look.shown, &allowed, due, was_paid, caught_up);
        violations.extend(found.into_iter().map(|(fault, expected, actual, at_risk)| {
            let reference = order.opened.reference.clone();
            Violation { fault, reference, seq: look.seq, expected, actual, at_risk }
        }));
        was_paid |= look.shown.state == Some(crate::model::OrderState::Paid);
    }
    violations
}
