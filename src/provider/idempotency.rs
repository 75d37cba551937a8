//! Idempotency keys: one outcome per key for 24 hours (IETF idempotency-key header, draft 07).
//!
//! Refusals are outcomes too: a key answers the same until it expires. A request is never in
//! progress here, because the service answers one call at a time.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{SimTime, Span};

use super::id::digest;
use super::problem::{Code, Problem};

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
    /// This status and body.
    Refused(u16, Vec<u8>),
}

/// Within what a key is unique. The service has one API key, so its id adds nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
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

impl Idempotency {
    /// What the same request came to before, if it did.
    pub fn find(
        &self,
        scope: &Scope,
        fingerprint: &[u8; 32],
        now: SimTime,
    ) -> Result<Option<Outcome>, Problem> {
        let kept = self.0.get(scope).filter(|kept| now.since(kept.since) < KEPT);
        match kept {
            None => Ok(None),
            Some(kept) if kept.fingerprint == *fingerprint => Ok(Some(kept.outcome.clone())),
            Some(_) => {
                let detail = "the key came with another body within 24 hours; use a key of its own \
                              for each request";
                Err(Problem::new(Code::IdempotencyKeyReused, detail))
            }
        }
    }

    /// Keeps what a request came to.
    pub fn keep(&mut self, scope: Scope, fingerprint: [u8; 32], outcome: Outcome, now: SimTime) {
        self.0.insert(scope, Kept { since: now, fingerprint, outcome });
    }
}

/// The key as the header carries it.
pub(super) fn key(header: Option<&String>) -> Result<String, Problem> {
    let key = header.map(|text| text.trim()).filter(|key| !key.is_empty());
    let missing = || {
        let detail = "send an Idempotency-Key that is stable for this order and unique to it";
        Problem::new(Code::IdempotencyKeyMissing, detail)
    };
    let key = key.ok_or_else(missing)?;
    if key.chars().count() > KEY_CHARS_MAX {
        let detail = format!("the Idempotency-Key has more than {KEY_CHARS_MAX} characters");
        return Err(Problem::new(Code::InvalidRequest, detail));
    }
    Ok(key.to_owned())
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
