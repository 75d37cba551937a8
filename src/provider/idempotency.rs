//! Idempotency keys: one outcome per key for 24 hours, and what providers make of that.
//!
//! By default as the IETF's draft has it (idempotency-key header, draft 07): refusals are outcomes
//! too, and a key answers the same until it expires. The service answers one call at a time: that a
//! request is in progress is only said by trouble.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::model::{SimTime, Span};

use super::api::{ApiReply, ApiRequest};
use super::endpoint::EndpointStatus;
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
pub(super) struct Idempotency {
    outcomes: BTreeMap<Arc<Scope>, Kept>,
    /// For each partition, whose clock is its own, the oldest first.
    ages: BTreeMap<u32, VecDeque<(SimTime, Arc<Scope>)>>,
}

#[derive(Debug)]
struct Kept {
    since: SimTime,
    /// Looked into only when the key comes again, which is rare.
    body: Bytes,
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
        (scope, body): (&Scope, &Bytes),
        now: SimTime,
    ) -> Result<Option<Outcome>, Problem> {
        let kept = self.outcomes.get(scope).filter(|kept| now.since(kept.since) < KEPT);
        let Some(kept) = kept else { return Ok(None) };
        if habit == Habit::IgnoreBody || is_same(&kept.body, body) {
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
        self.outcomes.contains_key(scope)
    }

    /// Keeps what a request came to, and forgets what is over by the clock of this partition.
    pub fn keep(
        &mut self,
        (scope, body): (Scope, Bytes),
        outcome: Outcome,
        (now, partition): (SimTime, u32),
    ) {
        let is_over = |since: SimTime| now.since(since) >= KEPT;
        let ages = self.ages.entry(partition).or_default();
        while let Some((since, over)) = ages.front()
            && is_over(*since)
        {
            // The key may have begun anew since then.
            if self.outcomes.get(over).is_some_and(|kept| is_over(kept.since)) {
                self.outcomes.remove(over);
            }
            ages.pop_front();
        }
        let scope = Arc::new(scope);
        ages.push_back((now, scope.clone()));
        self.outcomes.insert(scope, Kept { since: now, body, outcome });
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

/// Whether two bodies are the same request: their JSON is, whatever the order of keys and the
/// spacing, for a client that serialises anew when it retries. Text that is no JSON stands for
/// itself.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let json = |body| serde_json::from_slice::<Value>(body).ok();
    one == other || json(one).is_some_and(|value| json(other) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_spelling_is_the_same_request() {
        let same =
            [r#"{"a":1,"b":{"c":"x","d":[]}}"#, "{ \"b\": {\"d\":[],\"c\":\"\\u0078\"}, \"a\":1}"];
        assert!(is_same(same[0].as_bytes(), same[1].as_bytes()));
        let others = [r#"{"a":2,"b":{"c":"x","d":[]}}"#, r#"{"a":1}"#, "{", ""];
        for other in others {
            assert!(!is_same(same[0].as_bytes(), other.as_bytes()), "{other}");
            assert!(is_same(other.as_bytes(), other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn what_is_over_is_forgotten_by_the_clock_of_its_own_partition() {
        let scope = |key: &str| Scope {
            api_key: None,
            method: "POST".to_owned(),
            path: "/v1/payments".to_owned(),
            key: key.to_owned(),
        };
        let start = SimTime::from_unix_ms(1_767_608_128_412);
        let (almost, after) = (start.plus(Span::from_ms(KEPT.ms() - 1)), start.plus(KEPT));
        let mut kept = Idempotency::default();
        let mut keep = |key, now, partition| {
            kept.keep((scope(key), Bytes::new()), Outcome::Created(0), (now, partition));
            ["a", "b", "c", "d"].map(|key| kept.knows(&scope(key)))
        };
        assert_eq!(keep("a", start, 1), [true, false, false, false]);
        assert_eq!(keep("b", start, 2), [true, true, false, false]);
        assert_eq!(keep("c", almost, 1), [true, true, true, false]);
        assert_eq!(keep("d", after, 1), [false, true, true, true]);
        // A key that begins anew is kept for as long again.
        assert_eq!(keep("d", after.plus(KEPT), 1), [false, true, false, true]);
        assert_eq!(keep("a", after.plus(KEPT), 1), [true, true, false, true]);
    }
}
