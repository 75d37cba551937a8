//! What lanes share: one provider, one history, and each lane's clock.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::trouble::Troubles;
use crate::history::{ApiCall, Entry, Fact, Meant, Redaction, Transition, Writer};
use crate::model::{
    AmountState, Conduct, LaneId, Money, PaymentId, Reference, SimTime, Status, Trouble, Truth,
};
use crate::provider::{ApiReply, ApiRequest, Event, Provider, Subject};
use crate::scenario::ApiTrouble;

/// The medium of a history.
pub type Medium = Box<dyn io::Write + Send>;

/// What lanes share.
pub struct World {
    /// The reference payment service.
    pub provider: Provider,
    history: Writer<Medium>,
    clocks: BTreeMap<LaneId, SimTime>,
    owners: BTreeMap<Reference, (LaneId, Money)>,
    /// Lanes whose checkout is under way: a call that names nothing belongs to the only one.
    open: BTreeSet<LaneId>,
    /// Entries of lanes in play, so that a scenario can be judged as soon as it ends.
    live: BTreeMap<LaneId, Vec<Entry>>,
    /// Lanes that hold an answer back.
    holding: BTreeSet<LaneId>,
    /// What goes wrong with calls, by lane.
    troubles: BTreeMap<LaneId, Troubles>,
    failure: Option<io::Error>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("clocks", &self.clocks).finish_non_exhaustive()
    }
}

impl World {
    /// A world whose run's own clock stands at `start`.
    #[must_use]
    pub fn new(provider: Provider, medium: Medium, start: SimTime) -> Self {
        Self {
            provider,
            history: Writer::new(medium),
            clocks: [(LaneId::RUN, start)].into(),
            owners: BTreeMap::new(),
            open: BTreeSet::new(),
            live: BTreeMap::new(),
            holding: BTreeSet::new(),
            troubles: BTreeMap::new(),
            failure: None,
        }
    }

    /// Blacks these secrets out of everything that is appended from here on.
    pub fn redact(&mut self, redaction: Redaction) {
        self.history.redact(redaction);
    }

    /// Starts a lane's clock; its entries are kept until `leave`.
    pub fn enter(&mut self, lane: LaneId, clock: SimTime) {
        self.clocks.insert(lane, clock);
        self.live.insert(lane, Vec::new());
    }

    /// Ends a lane and hands out its entries.
    pub fn leave(&mut self, lane: LaneId) -> Vec<Entry> {
        self.troubles.remove(&lane);
        self.holding.remove(&lane);
        self.open.remove(&lane);
        self.live.remove(&lane).unwrap_or_default()
    }

    /// Ties an order of `due` to its lane, so that calls that name it find the lane's clock.
    pub fn own(&mut self, reference: Reference, lane: LaneId, due: Money) {
        self.owners.insert(reference, (lane, due));
    }

    /// Every order of the run with its lane and what was asked for, in the order of lanes.
    #[must_use]
    pub fn orders(&self) -> Vec<(LaneId, Reference, Money)> {
        let owned = self.owners.iter();
        let mut orders: Vec<_> =
            owned.map(|(reference, (lane, due))| (*lane, reference.clone(), *due)).collect();
        orders.sort();
        orders
    }

    /// A lane's virtual clock.
    #[must_use]
    pub fn clock(&self, lane: LaneId) -> SimTime {
        clock(&self.clocks, lane)
    }

    /// Moves a lane's clock ahead; never back.
    pub fn move_clock(&mut self, lane: LaneId, to: SimTime, real_ms: u64) {
        let from = self.clock(lane);
        if to > from {
            self.clocks.insert(lane, to);
            self.append(lane, Fact::ClockMoved { from }, real_ms);
        }
    }

    /// A checkout of this lane is under way, or over.
    pub fn checking_out(&mut self, lane: LaneId, is_open: bool) {
        if is_open {
            self.open.insert(lane);
        } else {
            self.open.remove(&lane);
        }
    }

    /// Appends to the history; answers the entry's `seq`. A medium that fails is remembered, and
    /// `failure` tells it.
    pub fn append(&mut self, lane: LaneId, fact: Fact, real_ms: u64) -> u64 {
        let at = self.clock(lane);
        match self.history.append(lane, at, real_ms, fact) {
            Ok(entry) => {
                let seq = entry.seq;
                if let Some(entries) = self.live.get_mut(&lane) {
                    entries.push(entry);
                }
                seq
            }
            Err(error) => {
                self.failure.get_or_insert(error);
                0
            }
        }
    }

    /// Whether the history cannot be written any more.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Why the history could not be written, once.
    pub fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Hands everything written so far to the medium.
    pub fn flush(&mut self) {
        if let Err(error) = self.history.flush() {
            self.failure.get_or_insert(error);
        }
    }

    /// What is true of this payment now. Where it named no amount, what is due is what its order
    /// asks for: comparing is the merchant's then, and whoever judges it compares the same.
    #[must_use]
    pub fn truth(&self, payment: &PaymentId) -> Option<Truth> {
        let mut truth = self.provider.truth(payment)?;
        if let (true, Some((_, due))) = (truth.due.is_zero(), self.owners.get(&truth.reference)) {
            truth.due = *due;
            truth.amount_state = AmountState::of(truth.received, truth.due);
        }
        Some(truth)
    }

    /// Whether the provider took what came in time, whatever it was, because no amount was named:
    /// such a payment neither runs out nor needs an operator.
    #[must_use]
    pub fn takes_anything(&self, payment: &PaymentId) -> bool {
        let took = [Status::Paid, Status::Confirmed];
        let truth = self.provider.truth(payment);
        truth.is_some_and(|truth| truth.due.is_zero() && took.contains(&truth.status))
    }

    /// Appends the truth of `payment` as it is now, with the events that announce it.
    pub fn transitioned(
        &mut self,
        lane: LaneId,
        payment: &PaymentId,
        events: &[Event],
        real_ms: u64,
    ) {
        let Some(mut truth) = self.truth(payment) else { return };
        truth.event = events.last().and_then(|event| event.kind);
        let events = events.iter().filter_map(|event| Some((event.id.clone(), event.kind?)));
        let events = events.collect();
        self.append(lane, Fact::Transitioned(Box::new(Transition { truth, events })), real_ms);
    }

    /// From here on calls of this lane meet the trouble.
    pub fn arm(&mut self, lane: LaneId, trouble: ApiTrouble) {
        self.troubles.entry(lane).or_default().arm(trouble);
    }

    /// Whether any call of this lane met trouble.
    #[must_use]
    pub fn is_troubled(&self, lane: LaneId) -> bool {
        self.troubles.get(&lane).is_some_and(Troubles::is_met)
    }

    /// The first trouble of this lane that no call met.
    #[must_use]
    pub fn unmet(&self, lane: LaneId) -> Option<ApiTrouble> {
        self.troubles.get(&lane)?.unmet()
    }

    /// What was true of the payments of an order of a lane in play, in order.
    pub(super) fn truths(&self, lane: LaneId, reference: &Reference) -> Vec<&Truth> {
        let entries = self.live.get(&lane).into_iter().flatten();
        let truths = entries.filter_map(|entry| match &entry.fact {
            Fact::Transitioned(transition) => Some(&transition.truth),
            _ => None,
        });
        truths.filter(|truth| truth.reference == *reference).collect()
    }

    /// Whether an answer of this lane is held back.
    pub(super) fn is_holding(&self, lane: LaneId) -> bool {
        self.holding.contains(&lane)
    }

    /// What was held back goes.
    pub(super) fn let_go(&mut self, lane: LaneId) {
        self.holding.remove(&lane);
    }

    /// The merchant calls the provider: at the clock of the lane that the call belongs to, which is
    /// answered as well.
    pub fn api(&mut self, request: &ApiRequest, real_ms: u64) -> (LaneId, ApiReply, Conduct) {
        let lane = self.lane_of(request);
        let meant = self.provider.meant(request);
        let (reply, conduct, trouble) = self.answer(lane, request, &meant);
        let call = ApiCall {
            method: request.method.clone(),
            path: path_of(request),
            idempotency_key: meant.headers.get("idempotency-key").cloned(),
            request: String::from_utf8_lossy(&request.body).into_owned(),
            status: reply.status,
            response: String::from_utf8_lossy(&reply.body).into_owned(),
            payment: reply.payment.clone(),
            trouble,
            meant: matches!(meant, Cow::Owned(_)).then(|| Meant {
                method: meant.method.clone(),
                path: path_of(&meant),
                request: String::from_utf8_lossy(&meant.body).into_owned(),
            }),
        };
        self.append(lane, Fact::ApiCalled(Box::new(call)), real_ms);
        if let (Some(payment), false) = (&reply.payment, reply.events.is_empty()) {
            self.transitioned(lane, payment, &reply.events, real_ms);
        }
        if conduct == Conduct::Held {
            self.holding.insert(lane);
        }
        (lane, reply, conduct)
    }

    /// What the call comes to, and what goes wrong with it.
    fn answer(
        &mut self,
        lane: LaneId,
        request: &ApiRequest,
        meant: &ApiRequest,
    ) -> (ApiReply, Conduct, Option<Trouble>) {
        let clock = clock(&self.clocks, lane);
        let can_meet = |trouble| self.provider.can_meet(trouble, request);
        let troubles = self.troubles.get_mut(&lane);
        let Some(trouble) = troubles.and_then(|troubles| troubles.meet(meant, can_meet)) else {
            return (self.provider.handle(request, clock, lane.0), Conduct::Whole, None);
        };
        let own = match trouble.row().is_done {
            true => self.provider.handle(request, clock, lane.0),
            false => ApiReply::default(),
        };
        (self.provider.spoil(trouble, request, own), trouble.conduct(), Some(trouble))
    }

    /// A call belongs to the lane of its payment, else of its reference, else of the only checkout
    /// that is open, else of the run.
    fn lane_of(&self, request: &ApiRequest) -> LaneId {
        let of = |reference: &Reference| self.owners.get(reference).map(|(lane, _)| *lane);
        let named = match self.provider.subject(request) {
            Subject::Payment(payment) => {
                self.provider.reference_of(&payment).and_then(|reference| of(&reference))
            }
            Subject::Reference(reference) => of(&reference),
            Subject::Nothing => None,
        };
        let only = match self.open.iter().collect::<Vec<_>>()[..] {
            [lane] => Some(*lane),
            _ => None,
        };
        named.or(only).unwrap_or(LaneId::RUN)
    }
}

/// Path with query.
fn path_of(request: &ApiRequest) -> String {
    let query = if request.query.is_empty() { "" } else { "?" };
    format!("{}{query}{}", request.path, request.query)
}

fn clock(clocks: &BTreeMap<LaneId, SimTime>, lane: LaneId) -> SimTime {
    clocks.get(&lane).copied().unwrap_or_default()
}
