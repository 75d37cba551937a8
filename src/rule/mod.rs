//! The rulebook: one rule per flaw class, judged from the history alone.
//!
//! Knows the history, the plan's words and the model; never how a history came about. A rule is a
//! stimulus to look for and an oracle to apply; `RULES` is the one table that lists, explanations,
//! documentation and reports follow.

mod after;
mod amt;
mod answer;
mod api;
mod auth;
mod back;
mod case;
mod conclude;
mod control;
mod crash;
mod declaration;
mod expected;
mod finding;
mod idem;
mod judge;
mod life;
mod need;
mod ops;
pub mod oracle;
mod ord;
mod parse;
mod race;
mod recon;
mod replay;
mod stray;
mod timeline;
mod verdict;

pub use case::{Case, Look, Order};
pub use declaration::{Breach, Outcome, Rails, Rule};
pub use judge::{judge, judge_scenario};
pub use need::{SCOPE_WORDS, absent, covers, impossible, missing};
pub use oracle::{Fault, Violation};
pub use verdict::{
    FinalVerdict, Finding, Instant, Judged, Judgement, Level, MoneyRow, Need, Owner, Plane,
    RuleVerdict, ScenarioVerdict, Verdict,
};

/// Every rule, in the order in which lists and reports show them.
pub static RULES: &[&Rule] = &[
    &auth::NO_SIGNATURE_CHECK,
    &auth::EMPTY_KEY_ACCEPTED,
    &auth::SIGNATURE_OPTIONAL,
    &auth::CHECK_WITHOUT_EFFECT,
    &auth::DEFECTIVE_COMPARISON,
    &auth::VERSION_FROM_THE_MESSAGE,
    &auth::ERROR_COUNTS_AS_SUCCESS,
    &auth::FAILURE_UNAUTHENTICATED,
    &parse::OVER_REWRITTEN_BODY,
    &parse::CHARSET_CONFUSED,
    &parse::FLOATING_POINT,
    &parse::UNKNOWN_EVENT,
    &replay::NO_FRESHNESS,
    &replay::DATED_AHEAD,
    &idem::REPEATED_EVENT,
    &idem::REPEATED_PAYMENT,
    &idem::KEY_TOO_COARSE,
    &idem::DUPLICATE_IS_AN_ERROR,
    &race::PARALLEL_COPIES,
    &race::EARLY_EVENT_LOST,
    &ord::OLDER_OVERWRITES,
    &ord::LATE_FAILURE_DOWNGRADES,
    &back::REFUND_FIRST,
    &ord::FAILURE_FINAL,
    &ord::EXPIRY_DISCARDED,
    &life::PROVISIONAL_TAKEN_FOR_FINAL,
    &life::FEW_CONFIRMATIONS,
    &life::REVERSAL_IGNORED,
    &stray::FAILED_TRANSFER_CREDITED,
    &life::FAILURE_IS_COMPLETION,
    &life::LATE_SUCCESS_DROPPED,
    &life::LATE_MONEY_SILENT,
    &back::DISPUTE_IGNORED,
    &back::WON_NOT_RESTORED,
    &amt::AMOUNT_NOT_COMPARED,
    &stray::ASSET_NOT_COMPARED,
    &amt::SHORTFALL_ROUNDED_AWAY,
    &stray::REQUESTED_CREDITED,
    &stray::LOOK_ALIKE_ACCEPTED,
    &amt::PARTS_MISSUMMED,
    &stray::NETWORK_NOT_COMPARED,
    &stray::UNTAGGED_CREDITED,
    &api::KEY_PER_ATTEMPT,
    &api::TIMEOUT_TAKEN_FOR_FAILURE,
    &api::ERROR_READ_AS_SUCCESS,
    &api::BROKEN_ANSWER_BREAKS_ORDER,
    &crash::ACKNOWLEDGED_NOT_KEPT,
    &crash::MEMORY_OF_ONE_LIFE,
    &crash::REPEATED_CALL,
    &recon::MISSED_NEVER_RECOVERED,
    &recon::RECOVERY_REPEATS,
    &recon::OUTAGE_NEVER_CAUGHT_UP,
    &back::PARTIAL_TAKEN_FOR_FULL,
    &back::FAILED_REFUND_BOOKED,
    &back::PENDING_TAKEN_FOR_DONE,
    &ops::HARMLESS_REFUSED,
];

/// The rule of that code.
#[must_use]
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.code == code)
}

/// Every code.
#[must_use]
pub fn codes() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.code).collect()
}
