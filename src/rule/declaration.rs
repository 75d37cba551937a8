//! What a rule is: its declaration is its documentation, and its judge.

use super::case::Case;
use super::{Level, Need, Owner, Violation};
use crate::model::Rail;

/// One flaw class, judged.
#[derive(Debug)]
pub struct Rule {
    /// Code such as `IDEM-01`; written by hand, never reused.
    pub code: &'static str,
    /// The fault found, as a sentence: `the same event is applied twice`.
    pub title: &'static str,
    /// Whether it decides the final verdict.
    pub level: Level,
    /// What must hold and why, in money terms.
    pub holds: &'static str,
    /// How it is judged.
    pub judged: &'static str,
    /// What is deliberately not judged.
    pub not_judged: &'static str,
    /// How a finding is usually fixed.
    pub fix: &'static str,
    /// What it cannot be judged without.
    pub needs: &'static [Need],
    /// On which rails it can happen at all, where not on every one.
    pub only_on: Option<Rails>,
    /// Who acts on a finding.
    pub owner: Owner,
    /// Published defects of this class and standards behind it.
    pub references: &'static [&'static str],
    /// Rules whose failure this one explains: reports lead with the cause.
    pub explains: &'static [&'static str],
    /// The judge: a pure function of one scenario's part of the history.
    pub judge: fn(&Case) -> Outcome,
}

/// Rails, and what they have in common as the end of "none of the rails …".
#[derive(Debug, Clone, Copy)]
pub struct Rails {
    /// Whether a rail is one of them.
    pub has: fn(&Rail) -> bool,
    /// Such as `has contracts`.
    pub told: &'static str,
}

/// Where a transfer waits for blocks before it is final.
pub(super) const WITH_BLOCKS: Option<Rails> =
    Some(Rails { has: |rail| !rail.is_instant(), told: "waits for blocks" });

/// What a judge says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The scenario holds no stimulus for this rule.
    NotExercised,
    /// Exercised and kept.
    Pass {
        /// What was exercised, as a fragment.
        what: String,
        /// The entries that exercised it; never empty.
        witnesses: Vec<u64>,
    },
    /// Broken.
    Fail(Box<Breach>),
    /// The judge could not tell.
    Unknown(String),
}

/// How a rule was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// What was seen that must not be, or the reverse.
    pub violation: Violation,
    /// The stimulus: entries that belong on the timeline beside the violation's own.
    pub stimulus: Vec<u64>,
}
