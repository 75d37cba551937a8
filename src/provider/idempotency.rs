//! Idempotency keys: one outcome per key for 24 hours, and what providers make of that.
//!
//! By default as the IETF's draft has it (idempotency-key header, draft 07): refusals are outcomes
//! too, and a key answers the same until it expires. The service answers one call at a time: that a
//! request is in progress is only said by trouble.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{SimTime, Span};

use super::api::{ApiReply, ApiRequest};
use super::endpoint::EndpointStatus;
use super::id::digest;
use super::problem::{Code, Problem};
use super::profile::Idempotency as Habit;

/// The header by which an answer says that it was given before, and Stripe's for the same.
const REPLAYED: &str = "idempotency-replayed";
const REPLAYED_STRIPE: &str = "idempotent-replayed";

const KEPT: Span = Span::from_s(24 * 60 * 60);
const KEY_CHARS_MAX: usize = 255;

/// What a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The payment at this position; its answer is rendered again from its creation.
    Created(usize),
    /// The refund of this id; its answer is rendered again from its creation.
    Refunded(String),
    /// The payout at this position; its answer is rendered again from its creation.
    PaidOut(usize),
    /// The endpoint at this position, after so many rotations, in that status: its answer is
    /// rendered again, with the secret that was made then.
    Endpoint(usize, usize, EndpointStatus),
    /// This status and body.
    Refused(u16, Vec<u8>),
}

/// Within what a key is unique.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
    /// The position of the API key among those of the account, where one was needed.
    pub api_key: Option<usize>,
    pub method: String,
    pub path: String,
    pub key: String,
}

/// The outcomes kept.
#[derive(Debug, Default)]
pub(super) struct Idempotency(BTreeMap<Scope, Kept>);

#[derive(Debug)]
struct Kept {
    since: SimTime,
    fingerprint: [u8; 32],
    outcome: Outcome,
}

impl Scope {
    /// That of a request with this key.
    pub fn of(request: &ApiRequest, api_key: Option<usize>, key: String) -> Self {
        Self { api_key, method: request.method.clone(), path: request.path.clone(), key }
    }
}

impl Idempotency {
    /// What the same request came to before, if it did.
    pub fn find(
        &self,
        habit: Habit,
        (scope, fingerprint): (&Scope, &[u8; 32]),
        now: SimTime,
    ) -> Result<Option<Outcome>, Problem> {
        let kept = self.0.get(scope).filter(|kept| now.since(kept.since) < KEPT);
        let Some(kept) = kept else { return Ok(None) };
        let same = kept.fingerprint == *fingerprint || habit == Habit::IgnoreBody;
        if same {
            return Ok(Some(kept.outcome.clone()));
        }
        let code = match habit {
            Habit::StripeV1 => Code::IdempotencyError,
            Habit::Ietf | Habit::Only2xx | Habit::IgnoreBody | Habit::IgnoreKey => {
                Code::IdempotencyKeyReused
            }
        };
        let detail = "the key came with another body within 24 hours; use a key of its own for \
                      each request";
        Err(Problem::new(code, detail))
    }

    /// Whether a request came with that key before.
    pub fn knows(&self, scope: &Scope) -> bool {
        self.0.contains_key(scope)
    }

    /// Keeps what a request came to.
    pub fn keep(&mut self, scope: Scope, fingerprint: [u8; 32], outcome: Outcome, now: SimTime) {
        self.0.insert(scope, Kept { since: now, fingerprint, outcome });
    }
}

/// The key as the header carries it. None where it decides nothing: the call is then a new one.
pub(super) fn key(header: Option<&String>, habit: Habit) -> Result<Option<String>, Problem> {
    if habit == Habit::IgnoreKey {
        return Ok(None);
    }
    let key = header.map(|text| text.trim()).filter(|key| !key.is_empty());
    let missing = || {
        let detail = "send an Idempotency-Key that is stable for this order and unique to it";
        Problem::new(Code::IdempotencyKeyMissing, detail)
    };
    let Some(key) = key else { return if habit.needs_keys() { Err(missing()) } else { Ok(None) } };
    if key.chars().count() > KEY_CHARS_MAX {
        let detail = format!("the Idempotency-Key has more than {KEY_CHARS_MAX} characters");
        return Err(Problem::new(Code::InvalidRequest, detail));
    }
    Ok(Some(key.to_owned()))
}

/// Whether a refusal is an outcome that is kept. What Stripe refuses before it begins, such as a
/// parameter that is no amount, leaves the key free; what it refuses later does not.
pub(super) const fn keeps_refusal(habit: Habit, problem: &Problem) -> bool {
    match habit {
        Habit::Ietf | Habit::IgnoreBody => true,
        Habit::StripeV1 => !problem.is_of_form(),
        Habit::Only2xx | Habit::IgnoreKey => false,
    }
}

/// The header that says that an answer was given before.
pub(super) const fn replay_header(habit: Habit) -> &'static str {
    match habit {
        Habit::StripeV1 => REPLAYED_STRIPE,
        Habit::Ietf | Habit::Only2xx | Habit::IgnoreBody | Habit::IgnoreKey => REPLAYED,
    }
}

/// Whether the answer was given before.
pub(super) fn is_replay(reply: &ApiReply) -> bool {
    let says_so = |name: &str| [REPLAYED, REPLAYED_STRIPE].contains(&name);
    reply.headers.iter().any(|(name, _)| says_so(name))
}

/// What makes two bodies the same request: their JSON, whatever the order of keys and the spacing,
/// for a client that serialises anew when it retries. Text that is no JSON stands for itself.
pub(super) fn fingerprint(body: &[u8]) -> [u8; 32] {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            value.sort_all_objects();
            digest(&[b"json", value.to_string().as_bytes()])
        }
        Err(_) => digest(&[b"raw", body]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_ignores_spelling_only() {
        let same =
            [r#"{"a":1,"b":{"c":"x","d":[]}}"#, "{ \"b\": {\"d\":[],\"c\":\"\\u0078\"}, \"a\":1}"];
        assert_eq!(fingerprint(same[0].as_bytes()), fingerprint(same[1].as_bytes()));
        let others = [r#"{"a":2,"b":{"c":"x","d":[]}}"#, r#"{"a":1}"#, "{", ""];
        for other in others {
            assert_ne!(fingerprint(same[0].as_bytes()), fingerprint(other.as_bytes()), "{other}");
        }
    }
}
