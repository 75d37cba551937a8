//! The rulebook: one rule per flaw class, judged from the history alone.
//!
//! Knows the history, the plan's words and the model; never how a history came about. A rule is a
//! stimulus to look for and an oracle to apply; `RULES` is the one table that lists, explanations,
//! documentation and reports follow.

mod verdict;

pub use verdict::{
    FinalVerdict, Finding, Instant, Judged, Judgement, Level, MoneyRow, Need, Owner, Plane,
    RuleVerdict, ScenarioVerdict, Verdict,
};
