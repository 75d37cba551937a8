//! Authenticity: no state change unless the message provably comes from the provider.

use super::case::{Case, Order};
use super::control::accepted;
use super::oracle::Fault;
use super::{Breach, Level, Need, Outcome, Owner, Rule, Violation};
use crate::history::Attempt;
use crate::model::{EventKind, OrderState, Status};
use crate::scenario::Forgery;

const NEEDS: &[Need] = &[Need::Checkout, Need::Order];
const NOT_JUDGED: &str = "The status code of the answer: a sound merchant may answer 200 to a \
    forgery and drop it. A copy of something true proves nothing, because a merchant that polls \
    credits it rightly; so every forgery claims more than the provider says at that moment.";
/// AUTH-01
pub static NO_SIGNATURE_CHECK: Rule = Rule {
    code: "AUTH-01",
    title: "a notification is acted on without any authentication",
    level: Level::Must,
    holds: "Only what the provider signed may move an order or the books. Whoever finds the \
        webhook address can otherwise mark any order as paid with one plain POST and take the \
        goods.",
    judged: "On one order an unsigned, on another a wrongly signed notification claims a payment \
        that the provider does not know. If both have an effect, nothing is checked at all. \
        Control: once it has come true, the same claim, correctly signed, is accepted.",
    not_judged: NOT_JUDGED,
    fix: "Verify the signature over the raw body before anything else, with the provider's \
        library, and answer 401 when it does not match.",
    needs: NEEDS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["CVE-2026-0656", "CVE-2025-14461", "GHSA-jf52-3f2h-h9j5", "CWE-345"],
    explains: &[
        "AUTH-03",
        "AUTH-04",
        "AUTH-05",
        "AUTH-06",
        "AUTH-07",
        "AUTH-08",
        "AUTH-17",
        "PARSE-04",
        "REPLAY-01",
        "REPLAY-02",
        "REPLAY-03",
    ],
    judge: |case| {
        let unsigned = effects(case, claims_payment(|forgery| forgery == Forgery::Unsigned));
        let signed = effects(case, claims_payment(|forgery| forgery == Forgery::WrongKey));
        match (unsigned, signed) {
            (None, _) | (_, None) => Outcome::NotExercised,
            (Some(Outcome::Fail(breach)), Some(Outcome::Fail(other))) => {
                let mut stimulus = breach.stimulus.clone();
                stimulus.extend(other.stimulus);
                Outcome::Fail(Box::new(Breach { stimulus, ..*breach }))
            }
            // One of the two was refused: something is checked; AUTH-04 and AUTH-05 say what.
            (Some(Outcome::Fail(_)), Some(refused)) | (Some(refused), Some(_)) => refused,
        }
    },
};

/// AUTH-03
pub static EMPTY_KEY_ACCEPTED: Rule = Rule {
    code: "AUTH-03",
    title: "an empty key is accepted as the key of a signature",
    level: Level::Must,
    holds: "A secret that was never set is an empty string, and HMAC takes it gladly. Everybody \
        knows that key.",
    judged: "A notification signed with a key of no bytes claims a payment that the provider does \
        not know, and must have no effect. Control: once it has come true, the same claim, \
        correctly signed, is accepted.",
    not_judged: NOT_JUDGED,
    fix: "Refuse to start without a secret, and drop empty ones from every list of keys.",
    needs: NEEDS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["CVE-2026-41432", "GHSA-xff3-5c9p-2mr4", "CWE-1391"],
    explains: &[],
    judge: |case| one(case, claims_payment(|forgery| forgery == Forgery::EmptyKey)),
};

/// AUTH-04
pub static SIGNATURE_OPTIONAL: Rule = Rule {
    code: "AUTH-04",
    title: "a notification without a signature is not checked",
    level: Level::Must,
    holds: "A missing signature is a failed one. A check that runs only when the header is there \
        is no check: the forger leaves the header out.",
    judged: "A notification without the signature header, or with an empty signature, claims a \
        payment that the provider does not know, and must have no effect. Control: once it has come true, the same claim, \
        correctly signed, is accepted.",
    not_judged: NOT_JUDGED,
    fix: "Treat an absent or empty signature header like a wrong signature.",
    needs: NEEDS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["CVE-2026-1305", "BaseIntelligence/bounty-challenge#50688"],
    explains: &["AUTH-17"],
    judge: |case| {
        let none = |forgery| matches!(forgery, Forgery::Unsigned | Forgery::EmptySignature);
        one(case, claims_payment(none))
    },
};

/// AUTH-05
pub static CHECK_WITHOUT_EFFECT: Rule = Rule {
    code: "AUTH-05",
    title: "the signature is checked and the result is ignored",
    level: Level::Must,
    holds: "A signature made with another key, or of something else, proves nothing. A \
        verification whose result is only logged, or whose errors count as success, lets anybody \
        mark orders as paid.",
    judged: "A notification claims a payment that the provider does not know, and must have no \
        effect: its signature is made with a key that is not the endpoint's, or is of something \
        else, or body, id or timestamp were changed after it was signed. Control: once it has come \
        true, the same claim, correctly signed, is accepted.",
    not_judged: NOT_JUDGED,
    fix: "Let everything but a match end the request, before the body is parsed.",
    needs: NEEDS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["CVE-2026-9027", "CVE-2026-5050", "Azuriom/Plugin-Shop#284"],
    explains: &["AUTH-03", "AUTH-06", "AUTH-07", "AUTH-08", "AUTH-17"],
    judge: |case| {
        let wrong = |forgery| match forgery {
            Forgery::WrongKey
            | Forgery::Random
            | Forgery::Tampered
            | Forgery::OtherId
            | Forgery::Restamped => true,
            Forgery::Unsigned
            | Forgery::EmptySignature
            | Forgery::EmptyKey
            | Forgery::Undecodable
            | Forgery::UnknownVersion
            | Forgery::Truncated
            | Forgery::Aged(_)
            | Forgery::Ahead(_) => false,
        };
        one(case, claims_payment(wrong))
    },
};

/// AUTH-06
pub static DEFECTIVE_COMPARISON: Rule = Rule {
    code: "AUTH-06",
    title: "a part of a signature counts as the whole",
    level: Level::Must,
    holds: "A signature matches whole or not at all. Where only the shorter length is compared, \
        a forger needs to guess a few bytes instead of thirty-two.",
    judged: "A notification whose signature is cut short claims a payment that the provider does \
        not know, and must have no effect. Control: once it has come true, the same claim, \
        correctly signed, is accepted.",
    not_judged: NOT_JUDGED,
    fix: "Compare lengths first and bytes in constant time, or let the provider's library do it.",
    needs: NEEDS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["RUSTSEC-2024-0010", "CVE-2025-53548", "CVE-2026-6498"],
    explains: &[],
    judge: |case| one(case, claims_payment(|forgery| forgery == Forgery::Truncated)),
};

/// AUTH-07
pub static VERSION_FROM_THE_MESSAGE: Rule = Rule {
    code: "AUTH-07",
    title: "the message chooses how it is verified",
    level: Level::Must,
    holds: "Schemes change versions. Where the message says which one counts, a forger names one \
        that nobody checks.",
    judged: "A notification whose only signature is of an unknown version claims a payment that \
        the provider does not know, and must have no effect. Control: once it has come true, the \
        same claim, correctly signed, is accepted.",
    not_judged: NOT_JUDGED,
    fix: "List the versions that are accepted, and refuse where none of them is there.",
    needs: NEEDS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["CVE-2026-48747", "Stripe, prevent downgrade attacks"],
    explains: &[],
    judge: |case| one(case, claims_payment(|forgery| forgery == Forgery::UnknownVersion)),
};

/// AUTH-08
pub static ERROR_COUNTS_AS_SUCCESS: Rule = Rule {
    code: "AUTH-08",
    title: "a verification that fails with an error counts as success",
    level: Level::Must,
    holds: "A verifier can match, not match, or break. A merchant that refuses only the second \
        lets in whatever makes it break.",
    judged: "A notification whose signature cannot be decoded claims a payment that the provider \
        does not know, and must have no effect. Control: once it has come true, the same claim, \
        correctly signed, is accepted.",
    not_judged: NOT_JUDGED,
    fix: "Let everything but a match end the request; an exception is no match.",
    needs: NEEDS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["CVE-2025-15513", "bitwarden/server#7784", "CWE-636"],
    explains: &[],
    judge: |case| one(case, claims_payment(|forgery| forgery == Forgery::Undecodable)),
};

/// AUTH-17
pub static FAILURE_UNAUTHENTICATED: Rule = Rule {
    code: "AUTH-17",
    title: "anybody can cancel an order with a forged notification",
    level: Level::Must,
    holds: "Bad news needs proof as good news does. Otherwise a stranger cancels orders that are \
        about to be paid, and the money arrives for an order that no longer exists.",
    judged: "A forged notification says that a payment expired while the provider says that it \
        is open; the order must not be cancelled.",
    not_judged: "The status code of the answer. Control: a genuine confirmation is accepted \
        afterwards.",
    fix: "Verify every event type in one place, before looking at what it says.",
    needs: NEEDS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["CVE-2025-14460", "CVE-2024-0631", "CVE-2026-9028"],
    explains: &[],
    judge: |case| {
        one(case, |attempt| {
            attempt.forgery.is_some() && attempt.event_type == EventKind::Expired.as_str()
        })
    },
};

/// Forgeries of that make that claim money, not its absence.
fn claims_payment(made: impl Fn(Forgery) -> bool) -> impl Fn(&Attempt) -> bool {
    move |attempt| {
        attempt.event_type != EventKind::Expired.as_str() && attempt.forgery.is_some_and(&made)
    }
}

fn one(case: &Case<'_>, stimulus: impl Fn(&Attempt) -> bool) -> Outcome {
    effects(case, stimulus).unwrap_or(Outcome::NotExercised)
}

/// Whether messages that prove nothing had an effect; `None` where there was none of them.
pub(super) fn effects(case: &Case<'_>, stimulus: impl Fn(&Attempt) -> bool) -> Option<Outcome> {
    let mut result = None;
    for order in &case.orders {
        for (seq, attempt) in order.attempts.iter().filter(|(_, attempt)| stimulus(attempt)) {
            if attempt.answer.is_turned_away() {
                // Nobody looked at it; a later try of it counts, if there is one.
                let again = |(at, other): &(u64, &Attempt)| {
                    at > seq && other.event == attempt.event && !other.answer.is_turned_away()
                };
                if order.attempts.iter().any(again) {
                    continue;
                }
                result.get_or_insert(Outcome::Unknown(
                    "the merchant's rate limit turned the forged notification away; declare it as \
                     policy.webhook_rate"
                        .into(),
                ));
                continue;
            }
            match effect(order, *seq, attempt) {
                fail @ Outcome::Fail(_) => return Some(fail),
                unknown @ Outcome::Unknown(_) => result = Some(unknown),
                pass => {
                    result.get_or_insert(pass);
                }
            }
        }
    }
    result
}

fn effect(order: &Order<'_>, seq: u64, attempt: &Attempt) -> Outcome {
    // What a genuine notice of the transfer did already is no effect of the forgery.
    let known = |kind| order.genuine(kind).any(|(at, a)| at < seq && a.answer.is_taken());
    let is_cancelled = |violation: &&Violation| {
        let look = order.looks.iter().find(|look| look.seq == violation.seq);
        look.is_some_and(|look| look.shown.state == Some(OrderState::Cancelled))
    };
    let own = |violation: &&Violation| {
        is_cancelled(violation) || !(known(EventKind::Paid) || known(EventKind::Detected))
    };
    let faults = [Fault::Unproven, Fault::Regressed];
    // What the provider says by itself later on is no effect of the forgery.
    let overtaken = order.truths.iter().find(|(at, truth)| *at > seq && supports(attempt, truth));
    let until = overtaken.map_or(u64::MAX, |(at, _)| *at);
    let found = order.violation_after(seq, &faults).filter(|v| v.seq < until);
    if let Some(violation) = found.filter(own) {
        let violation = violation.clone();
        return Outcome::Fail(Box::new(Breach { violation, stimulus: vec![seq] }));
    }
    let Some(look) = order.look_after(seq).filter(|look| look.seq < until) else {
        return Outcome::Unknown("the order was not seen after the forged notification".into());
    };
    match accepted(order, look.seq) {
        Some(control) => Outcome::Pass {
            what: format!("{} without proof had no effect", attempt.event_type),
            witnesses: vec![seq, look.seq, control],
        },
        None => Outcome::Unknown(
            "the control failed: the order was not paid by the same claim, true and correctly \
             signed, either"
                .into(),
        ),
    }
}

/// Whether `truth` makes true what the message claims.
fn supports(attempt: &Attempt, truth: &crate::model::Truth) -> bool {
    let claimed = match EventKind::from_word(&attempt.event_type) {
        Some(EventKind::Expired) => Status::Expired,
        Some(EventKind::Paid | EventKind::Overpaid) => Status::Paid,
        Some(EventKind::Confirmed) => Status::Confirmed,
        Some(EventKind::Settled) => Status::Settled,
        Some(EventKind::Failed) => Status::Failed,
        Some(EventKind::Cancelled) => Status::Cancelled,
        Some(EventKind::Held) => Status::Held,
        Some(
            EventKind::Created
            | EventKind::Detected
            | EventKind::Underpaid
            | EventKind::Late
            | EventKind::Reverted
            | EventKind::Released
            | EventKind::RefundCreated
            | EventKind::RefundCompleted
            | EventKind::RefundFailed
            | EventKind::DisputeOpened
            | EventKind::DisputeWon
            | EventKind::DisputeLost
            | EventKind::Test,
        )
        | None => return false,
    };
    truth.status == claimed
}
