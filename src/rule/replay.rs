//! Replay: a correct message at the wrong time.

use super::auth::effects;
use super::{Level, Need, Outcome, Owner, Rule};
use crate::scenario::Forgery;

/// REPLAY-01
pub static NO_FRESHNESS: Rule = Rule {
    code: "REPLAY-01",
    title: "a signed notification works for ever",
    level: Level::Must,
    holds: "The timestamp is signed so that a captured notification goes stale. Without a window, \
        whoever once saw a message can play it back whenever it pays.",
    judged: "A genuinely signed notification, dated a minute beyond the tolerance, claims a \
        payment that the provider does not know at that moment, and must have no effect.",
    not_judged: "The exact boundary of the window, and copies of what is true anyway.",
    fix: "Compare the signed timestamp with the clock, five minutes either way, before \
        processing.",
    needs: &[Need::Checkout, Need::Order],
    only_on: None,
    owner: Owner::Engineering,
    references: &["GHSA-q9g3-q6fj-hc2x", "flippercloud/flipper#1022", "Standard Webhooks"],
    explains: &["REPLAY-03"],
    judge: |case| {
        let stale = effects(case, |attempt| matches!(attempt.forgery, Some(Forgery::Aged(_))));
        stale.unwrap_or(Outcome::NotExercised)
    },
};

/// REPLAY-03
pub static DATED_AHEAD: Rule = Rule {
    code: "REPLAY-03",
    title: "a notification dated in the future is accepted",
    level: Level::Should,
    holds: "A window that is open towards the future is twice as wide: whoever once held a message \
        that is dated ahead can play it back until its time has come and gone.",
    judged: "A genuinely signed notification, dated a minute beyond the tolerance ahead, claims a \
        payment that the provider does not know at that moment, and must have no effect.",
    not_judged: "The exact boundary of the window.",
    fix: "Compare the distance between timestamp and clock, not the age.",
    needs: &[Need::Checkout, Need::Order],
    only_on: None,
    owner: Owner::Engineering,
    references: &["camunda/connectors#8989", "Standard Webhooks"],
    explains: &[],
    judge: |case| {
        let ahead = effects(case, |attempt| matches!(attempt.forgery, Some(Forgery::Ahead(_))));
        ahead.unwrap_or(Outcome::NotExercised)
    },
};
