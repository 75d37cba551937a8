//! One entry of the history: who, when, what.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::merchant::{Connection, Policy, Scope};
use crate::model::{
    EventId, EventKind, LaneId, Money, Observation, PaymentId, Rail, Reference, SimTime, Span,
    Trouble, Truth,
};
use crate::scenario::{Alteration, Arrival, Expectation, Forgery, Kill, Phase, Source};

/// One line of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Position in the file, from 1; what witnesses and findings point at.
    pub seq: u64,
    /// Whose it is; zero is the run's.
    pub lane: LaneId,
    /// The lane's virtual clock.
    pub at: SimTime,
    /// Real milliseconds since the run started.
    pub real_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fact {
    /// The first entry: everything that reports and judges need to know beforehand.
    RunStarted(Box<RunStarted>),
    /// A scenario begins; its lane is this entry's.
    ScenarioStarted(Box<ScenarioStarted>),
    /// An order is to be opened, with this asked for.
    Opened(Opened),
    /// The merchant was made to act.
    Driven(Drive),
    /// The merchant called the provider.
    ApiCalled(Box<ApiCall>),
    /// The provider's truth changed.
    Transitioned(Box<Transition>),
    /// A message was sent to the merchant, with its answer.
    Attempted(Box<Attempt>),
    /// The lane's virtual clock moved ahead to this entry's `at`.
    ClockMoved {
        /// Where it stood.
        from: SimTime,
    },
    /// The merchant was looked at.
    Observed(Box<Observed>),
    /// An expectation was decided, or its time ran out.
    Expected(Expected),
    /// Something about the merchant's process: started, ready, died, restarted, stopped.
    Process {
        /// What, as a sentence.
        what: String,
    },
    /// The merchant was killed by us, on purpose.
    Killed {
        /// When.
        moment: Kill,
    },
    /// It was started again on what it had kept, and is ready.
    Restarted,
    /// A scenario ended.
    ScenarioEnded(ScenarioEnded),
    /// The run was interrupted; what follows is only its end.
    Interrupted {
        /// By what, such as `SIGINT`.
        by: String,
    },
    /// The last entry.
    RunEnded(RunEnded),
}

/// What is known before anything happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    /// Version of the history format.
    pub format: u32,
    /// Version of countersign.
    pub version: String,
    /// The seed that every choice derives from.
    pub seed: u64,
    /// The fresh part of all ids of this run.
    pub nonce: String,
    /// The merchant's name.
    pub merchant: String,
    /// Path of the profile as given, for the replay command; none for the built-in sample.
    pub config: Option<String>,
    /// The command that starts this run again, without a selection.
    pub command: String,
    /// Why this is only a selection of the suite; none for the whole.
    pub selection: Option<String>,
    /// Whether SHOULD rules count.
    pub strict: bool,
    /// What is connected.
    pub connection: Connection,
    /// What the merchant promises.
    pub policy: Policy,
    /// What it does not have.
    pub scope: Scope,
    /// Rails it is enabled for.
    pub rails: Vec<String>,
    /// The lifecycle table: our state, the merchant's words.
    pub lifecycle: BTreeMap<String, Vec<String>>,
    /// How many scenarios will run.
    pub scenarios: u32,
    /// Scenarios left out, with the reason.
    pub left_out: Vec<(String, String)>,
}

/// A scenario as reports show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioStarted {
    /// Its title.
    pub name: String,
    /// Its feature or sweep.
    pub feature: String,
    /// Where it is written.
    pub source: Source,
    /// Rules it exercises, its own first.
    pub rules: Vec<String>,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// When it ran.
    pub phase: Phase,
    /// Its steps as text, `Given …` first.
    pub steps: Vec<String>,
}

/// What was asked for with an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The order's name.
    pub reference: Reference,
    /// Which order of the scenario, from 1.
    pub order: u32,
    /// The amount.
    pub amount: Money,
    /// The rail.
    #[serde(deserialize_with = "crate::model::deserialize_rail")]
    pub rail: &'static Rail,
}

/// The merchant was made to act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drive {
    /// `checkout` or `reconcile`.
    pub verb: String,
    /// For which order, where it is about one.
    pub reference: Option<Reference>,
    /// What it answered.
    pub answer: Answer,
}

/// An answer of the merchant, or why there was none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// An HTTP answer.
    Http {
        /// The status code.
        status: u16,
        /// The body's first 2 KiB, as text.
        body: String,
    },
    /// A command or a statement did what it was to do, and said this.
    Ran(String),
    /// Nothing was asked: the merchant does it by itself, and was given this time.
    Waited(Span),
    /// No connection, reset, or no answer in time, in words.
    Failed(String),
}

/// The merchant called the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiCall {
    /// `POST`.
    pub method: String,
    /// Path with query, such as `/v1/payments`.
    pub path: String,
    /// Idempotency key, where one was sent.
    pub idempotency_key: Option<String>,
    /// Request body as text.
    pub request: String,
    /// Status we answered.
    pub status: u16,
    /// Body we answered.
    pub response: String,
    /// The payment it is about, where known.
    pub payment: Option<PaymentId>,
    /// What went wrong with it, on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// The call of the contract that it stands for, where the provider has routes of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meant: Option<Meant>,
}

/// A call in the contract's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meant {
    /// `POST`.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Body as text.
    pub request: String,
}

impl ApiCall {
    /// Method, path and body in the contract's words.
    #[must_use]
    pub fn in_contract(&self) -> (&str, &str, &str) {
        match &self.meant {
            Some(Meant { method, path, request }) => (method, path, request),
            None => (&self.method, &self.path, &self.request),
        }
    }
}

/// The provider's truth changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// How it is now.
    pub truth: Truth,
    /// Events that announce it, with their kinds, in order.
    pub events: Vec<(EventId, EventKind)>,
}

/// One try of one delivery, or a message of somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The event's id as the headers carry it.
    pub event: EventId,
    /// What the body says it announces: a kind of the contract, or an unknown word.
    pub event_type: String,
    /// The payment it names.
    pub payment: PaymentId,
    /// The order it names.
    pub reference: Reference,
    /// Which try of this event, from 1; copies count on.
    pub attempt: u32,
    /// How copies arrive.
    pub arrival: Arrival,
    /// What was unusual, genuine all the same.
    pub alteration: Alteration,
    /// How it was forged; none: it is genuine.
    pub forgery: Option<Forgery>,
    /// Whether this is a retry that the schedule made, not one that the scenario asked for.
    pub retry: bool,
    /// Headers in the order in which they were sent. Signatures are no secrets.
    pub headers: Vec<(String, String)>,
    /// Exact body bytes as text (events are UTF-8).
    pub body: String,
    /// Real microseconds since the run started: first byte out.
    pub sent_us: u64,
    /// Real microseconds since the run started: answer complete.
    pub answered_us: u64,
    /// The answer.
    pub answer: Answer,
}

/// Why the merchant was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// A scenario waits for something, and this look shows what the last one did not.
    Changed,
    /// Before the first drive of reconciliation: what the merchant did by itself.
    Calm,
    /// The closing audit, after it drove reconciliation where that is connected.
    Audit,
}

/// The merchant was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Why.
    pub why: Why,
    /// Which order.
    pub reference: Reference,
    /// What it showed, or why nothing was understood.
    pub seen: Result<Observation, String>,
}

/// An expectation was decided. Whether it is met is judged from the history, not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Index of the step in the scenario, from 0.
    pub step: u32,
    /// Its line in the file.
    pub line: u32,
    /// For which order.
    pub reference: Reference,
    /// What was expected.
    pub expectation: Expectation,
    /// The look that decides it (`seq`).
    pub observation: Option<u64>,
}

/// How a scenario ended, apart from what it showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScenarioEnded {
    /// All steps were played.
    Complete,
    /// It could not be played on, with the reason: its rules are `unknown`.
    Broken(String),
    /// What it needs is not connected, with the line of configuration that would change that.
    NotTestable(String),
    /// What it is about does not exist at this provider, with the reason.
    NotApplicable(String),
    /// The merchant died, unasked, while an attempt of this scenario was open.
    MerchantDied(String),
}

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnded {
    /// Everything selected was played and the closing audit was done.
    Complete,
    /// Not everything was.
    Interrupted,
}
