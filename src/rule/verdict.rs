//! What is decided, in the shape that every report reads.

use crate::history::RunStarted;
use crate::model::{LaneId, Money, Reference, SimTime};
use crate::scenario::Source;

/// The five verdicts. Neither `Unknown` nor `NotTestable` is a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The merchant broke the rule.
    Fail,
    /// A judge could not tell.
    Unknown,
    /// Exercised and kept, with a witness.
    Pass,
    /// Something the rule needs is not connected, or nothing exercised it.
    NotTestable,
    /// Declared out of scope, or there is nothing of the kind on these rails or at this provider;
    /// with the reason.
    NotApplicable,
}

impl Verdict {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Pass => "pass",
            Self::NotTestable => "not-testable",
            Self::NotApplicable => "not-applicable",
        }
    }
}

/// Whether a rule decides the final verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It does.
    Must,
    /// It warns, unless `--strict`.
    Should,
}

impl Level {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
        }
    }
}

/// Who acts on a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Merchant engineering.
    Engineering,
    /// Engineering with product.
    Product,
    /// Finance with engineering.
    Finance,
    /// Treasury.
    Treasury,
}

impl Owner {
    /// As reports name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Engineering => "merchant engineering",
            Self::Product => "engineering with product",
            Self::Finance => "finance with engineering",
            Self::Treasury => "treasury",
        }
    }
}

/// What a rule cannot be judged without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// `drive.checkout`
    Checkout,
    /// `drive.reconcile`, or a job of the merchant's own (`policy.background_every`).
    Reconcile,
    /// `observe.order`
    Order,
    /// `observe.ledger`
    Ledger,
    /// `observe.order.map.fulfilments`
    Fulfilments,
    /// `observe.exceptions`
    Exceptions,
    /// Events dated ahead of the merchant's clock are accepted.
    FutureDated,
}

/// Why a rule that a scenario names is not judged by it, where the scenario holds no stimulus for
/// it: a row of a sweep with one copy says nothing about copies.
pub(super) const NOT_EXERCISED: &str = "this scenario does not exercise it";

/// One rule in one scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, for everything but a pass; what was exercised, for a pass.
    pub reason: String,
    /// The entries (`seq`) that exercised it. A pass has at least one.
    pub witnesses: Vec<u64>,
    /// For a pass: the lines of configuration that would have shown more.
    pub unseen: Vec<&'static str>,
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioVerdict {
    /// Its lane in the history.
    pub lane: LaneId,
    /// Its title.
    pub name: String,
    /// Its feature or sweep.
    pub feature: String,
    /// Where it is written.
    pub source: Source,
    /// Its tags, without `@`.
    pub tags: Vec<String>,
    /// Its steps as text.
    pub steps: Vec<String>,
    /// The worst of its rules.
    pub verdict: Verdict,
    /// Why, in one line, where it is no pass.
    pub reason: String,
    /// Each rule it exercises, with its judgement.
    pub rules: Vec<(String, Judgement)>,
    /// Real milliseconds from first to last entry.
    pub took_ms: u64,
    /// The money of its orders, for finance.
    pub money: Vec<MoneyRow>,
    /// Everything that happened in it, where it failed or could not be told; empty otherwise.
    pub timeline: Vec<Instant>,
}

/// One order of a scenario in money terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoneyRow {
    /// The order.
    pub reference: Reference,
    /// What was asked for.
    pub due: Money,
    /// What stands at the provider at the end; none: no payment was created.
    pub received: Option<Money>,
    /// The provider's last word, such as `settled`.
    pub provider: String,
    /// The merchant's last word, such as `paid`.
    pub order: String,
    /// Credits less reversals and refunds in the merchant's books, as far as they parse.
    pub credited: Option<Money>,
    /// Fulfilments shown.
    pub fulfilled: Option<u64>,
}

/// One rule over all scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleVerdict {
    /// Code such as `IDEM-01`.
    pub code: &'static str,
    /// Its sentence.
    pub title: &'static str,
    /// Its level.
    pub level: Level,
    /// Fail before unknown before pass before not-testable.
    pub verdict: Verdict,
    /// Why, where it is no pass.
    pub reason: String,
    /// Entries that exercised it, from all scenarios.
    pub witnesses: Vec<u64>,
    /// How many scenarios exercised it.
    pub scenarios: u32,
    /// For a pass: scenarios in which it could not be tested, with the reason.
    pub untested: Vec<String>,
}

/// Where on a timeline something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// The provider's truth.
    Provider,
    /// A delivery and its answer.
    Delivery,
    /// The merchant acted or was made to.
    Merchant,
    /// What orders and books showed.
    Books,
}

impl Plane {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Delivery => "delivery",
            Self::Merchant => "merchant",
            Self::Books => "books",
        }
    }
}

/// One line of a finding's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instant {
    /// The entry of the history.
    pub seq: u64,
    /// The lane's clock.
    pub at: SimTime,
    /// On which plane.
    pub plane: Plane,
    /// As a short sentence with amounts.
    pub text: String,
    /// The message itself with its answer, where there is one; empty otherwise.
    pub bytes: String,
}

/// One broken rule in one scenario, told so that somebody can act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Code.
    pub rule: &'static str,
    /// The rule's sentence.
    pub title: &'static str,
    /// Its level.
    pub level: Level,
    /// The scenario's title.
    pub scenario: String,
    /// Where it is written.
    pub source: Source,
    /// Its lane.
    pub lane: LaneId,
    /// What would have been acceptable, with amounts.
    pub expected: String,
    /// What happened, with amounts.
    pub actual: String,
    /// Money at risk in this scenario.
    pub money_at_risk: Option<Money>,
    /// Who acts.
    pub owner: Owner,
    /// How it is usually fixed.
    pub fix: &'static str,
    /// The few entries that prove it, in order.
    pub entries: Vec<Instant>,
    /// The rule whose failure explains this one, where one does: reports lead with the cause.
    pub caused_by: Option<&'static str>,
    /// 16 hex digits over rule, scenario and fault, without times and generated ids.
    pub fingerprint: String,
    /// The command that replays it.
    pub replay: String,
}

/// The last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinalVerdict {
    /// Every MUST passed, or was declared not applicable.
    Ready,
    /// A selection found nothing wrong.
    SelectionPassed,
    /// At least one MUST failed (with `--strict`: or one SHOULD).
    NotReady,
    /// Nothing failed, but a MUST was not testable or unknown.
    Incomplete,
}

impl FinalVerdict {
    /// As reports print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::SelectionPassed => "SELECTION PASSED",
            Self::NotReady => "NOT READY",
            Self::Incomplete => "INCOMPLETE",
        }
    }

    /// The exit code.
    #[must_use]
    pub const fn exit(self) -> u8 {
        match self {
            Self::Ready | Self::SelectionPassed => 0,
            Self::NotReady => 1,
            Self::Incomplete => 3,
        }
    }
}

/// A judged run: the one model behind every report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What was known beforehand.
    pub run: RunStarted,
    /// When the run started (real time).
    pub started: SimTime,
    /// Real milliseconds it took.
    pub took_ms: u64,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// The last word.
    pub outcome: FinalVerdict,
    /// Why, in one line.
    pub why: String,
    /// In the order of the plan.
    pub scenarios: Vec<ScenarioVerdict>,
    /// In the order of the rulebook.
    pub rules: Vec<RuleVerdict>,
    /// Causes first, then by rule and scenario.
    pub findings: Vec<Finding>,
    /// Entries in the history.
    pub entries: u64,
    /// Attempts among them.
    pub attempts: u64,
}
