//! The plan: every scenario as data. One executor runs it, whoever wrote it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{ApiTrouble, Forgery, Kill, Network, Operation, Pay};
use crate::model::{EventKind, ExceptionClass, Money, OrderState, Rail, Span};

/// Everything that will be played.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// In the order of the files.
    pub scenarios: Vec<Scenario>,
    /// Scenarios that the sweep or the rails leave out, with the reason.
    pub left_out: Vec<(String, String)>,
}

/// One scenario: its steps run in a lane of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// Title, with the values of the row where it comes from an outline or a sweep; unique in a plan.
    pub name: String,
    /// The feature or sweep that it belongs to.
    pub feature: String,
    /// Where it is written.
    pub source: Source,
    /// Rule codes from its tags, the scenario's own first, then the feature's.
    pub rules: Vec<String>,
    /// All tags without `@`, rule codes included.
    pub tags: BTreeSet<String>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// Where a scenario is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// Path as given, such as `features/idempotency.feature`.
    pub file: String,
    /// 1-based line of its title, or of its row in an outline.
    pub line: u32,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// 1-based line; zero where a sweep made it.
    pub line: u32,
    /// The meaning.
    pub action: Action,
}

/// What a step means. Everything but `Open` and `Focus` is about the order in focus: the one
/// opened last, unless `Focus` said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The merchant is made to open an order and to create its payment.
    Open {
        /// What is asked for.
        amount: Money,
        /// On which rail.
        rail: &'static Rail,
    },
    /// Turns to the n-th order of the scenario, from 1.
    Focus(u32),
    /// The payer sends money; changes the provider's truth, sends nothing.
    Pay(Pay),
    /// The network adds blocks; `None`: as many as the policy needs.
    Confirm(Option<u32>),
    /// The network does something else.
    Network(Network),
    /// The provider credits the payment.
    Settle,
    /// The provider or its operator does something else.
    Operate(Operation),
    /// The clock passes the payment's deadline.
    Expire,
    /// An operator of the provider accepts money that came late or short.
    Accept,
    /// The lane's clock moves ahead.
    PassTime(Span),
    /// Deliveries of genuine events.
    Deliver(Deliver),
    /// The events of these kinds wait until a step names them again; `Deliver` releases them.
    HoldBack(Vec<EventKind>),
    /// The events of these kinds are never sent.
    Drop(Vec<EventKind>),
    /// `every other event`: what no step names is never sent.
    DropOthers,
    /// `nothing`: no event of this order is sent from here on.
    DropAll,
    /// A message that does not prove what it claims.
    Forge {
        /// What it claims: the event as it would read if it were true.
        claim: EventKind,
        /// How it is made.
        forgery: Forgery,
    },
    /// An authentic event of a type that the merchant cannot know, with fields it cannot know.
    UnknownEvent,
    /// Something goes wrong with the merchant's next calls to the provider.
    Trouble(ApiTrouble),
    /// The buyer submits the checkout of the order once more.
    CheckOutAgain,
    /// The merchant's own reconciliation runs now.
    Reconcile,
    /// The merchant's process is killed.
    Kill(Kill),
    /// It is started again on what it has kept.
    Restart,
    /// What must be seen.
    Expect(Expectation),
}

/// One delivery instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliver {
    /// Which events, in the order in which they go out. The provider is driven to each that has
    /// not happened yet.
    pub events: Vec<EventKind>,
    /// How often each is sent, at least once.
    pub copies: u32,
    /// Copies one after the other, or all at once.
    pub arrival: Arrival,
    /// What is unusual about the message, genuine all the same.
    pub alteration: Alteration,
}

/// Copies one after the other, or together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrival {
    /// The next is sent when the last was answered.
    InTurn,
    /// All are released at one instant, over warm connections.
    AtOnce,
}

/// What may be unusual about a genuine message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alteration {
    /// Nothing.
    None,
    /// The same fact under a new event id, freshly signed.
    NewEventId,
    /// The same JSON, oddly but legally spelt: spacing, key order, escapes. Signed as sent.
    Respelled,
    /// The same JSON with one text more, in letters beyond ASCII. Signed as sent.
    OtherScripts,
    /// Signed so many seconds ago, within the tolerance.
    SignedAgo(u32),
}

/// What must be seen of the order in focus. Judged through the merchant's declared policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expectation {
    /// The order shows this state (or one that the contract's table allows for it).
    Order(OrderState),
    /// Exactly so many credits, which together are this amount (`None`: what is due).
    Credits {
        /// How many.
        count: u32,
        /// Their sum.
        amount: Option<Money>,
    },
    /// Fulfilled exactly so often.
    Fulfilments(u32),
    /// Exactly so many refunds are posted, which together are this amount (`None`: nothing).
    Refunds {
        /// How many.
        count: u32,
        /// Their sum.
        amount: Option<Money>,
    },
    /// Credits of this amount are taken back, where any stood (`None`: none are).
    Reversed(Option<Money>),
    /// An open exception of this class, or of `other`.
    Exception(ExceptionClass),
    /// The order shows nothing that the provider's truth does not allow: no effect of what was
    /// just sent.
    NoEffect,
    /// The last genuine event was acknowledged with a 2xx.
    Acknowledged,
    /// Whatever the truth is by now, the order and the books agree with it under the policy:
    /// the outcome that is right for short, late or surplus money.
    Consistent,
}

/// When a scenario may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Beside others.
    Parallel,
    /// Alone: it touches the whole process or the whole list.
    Exclusive,
    /// With others that wait for the same drive of reconciliation; what kills the merchant comes
    /// last, by itself.
    Reconciliation,
}

impl Plan {
    /// Leaves out what is about a part that the merchant does not have: the words of its scope are
    /// tags as well.
    pub fn leave_out(&mut self, absent: &[String]) {
        let lacks = |scenario: &Scenario| absent.iter().find(|word| scenario.tags.contains(*word));
        let (kept, left) = std::mem::take(&mut self.scenarios)
            .into_iter()
            .partition(|scenario| lacks(scenario).is_none());
        self.scenarios = kept;
        let left: Vec<Scenario> = left;
        self.left_out.extend(left.into_iter().map(|scenario| {
            let word = lacks(&scenario).map_or("", String::as_str);
            (scenario.name, format!("the merchant has no {word} (scope.absent)"))
        }));
    }
}

impl Scenario {
    /// Whether it kills the merchant: then it shares nothing with others, not even a drive.
    #[must_use]
    pub fn kills(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::Kill(_)))
    }

    /// When it may run, from what it does.
    #[must_use]
    pub fn phase(&self) -> Phase {
        if self.steps.iter().any(|step| step.action == Action::Reconcile) {
            Phase::Reconciliation
        } else if self.kills() || self.tags.contains("exclusive") {
            Phase::Exclusive
        } else {
            Phase::Parallel
        }
    }
}

impl Expectation {
    /// Whether it drives the provider on and ends as soon as it is seen. The others are judged
    /// when everything has held still.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        match self {
            Self::Order(_) | Self::Exception(_) | Self::Acknowledged => true,
            Self::Credits { count, .. }
            | Self::Fulfilments(count)
            | Self::Refunds { count, .. } => *count > 0,
            Self::Reversed(amount) => amount.is_some(),
            Self::NoEffect | Self::Consistent => false,
        }
    }
}
