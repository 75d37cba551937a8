//! Whether a notification is genuine: the shop's own check of Standard Webhooks signatures.
//!
//! The signed content is `{webhook-id}.{webhook-timestamp}.{body}` with the bytes as received
//! (Standard Webhooks specification, "Signature scheme"). Knows nothing of what the body says.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::defect::Fault;

/// How far a timestamp may be from the shop's clock, in seconds, either way.
const TOLERANCE_S: u64 = 300;

/// A planted comparison still wants this many characters, as the published flaw did.
const SHORTEST_CHARS: usize = 8;

/// Why a notification is refused. The caller learns no more than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("a signature header is missing or malformed")]
    Header,
    #[error("the timestamp is outside the tolerance")]
    Stale,
    #[error("no signature matches")]
    Mismatch,
}

/// The key that notifications are signed with.
pub(super) struct Key(Vec<u8>);

impl Key {
    /// From `whsec_…`. None: not base64, or empty; an empty key would prove nothing.
    pub(super) fn parse(secret: &str) -> Option<Self> {
        let text = secret.strip_prefix("whsec_").unwrap_or(secret);
        STANDARD.decode(text).ok().filter(|key| !key.is_empty()).map(Self)
    }

    fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Accepts a notification that this key signed within five minutes of `now_s`.
    pub(super) fn check(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now_s: u64,
        fault: Option<Fault>,
    ) -> Result<(), Refusal> {
        if is_let_in_unproven(headers, body, fault) {
            return Ok(());
        }
        let id = header(headers, "webhook-id")?;
        let timestamp = header(headers, "webhook-timestamp")?;
        let listed = header(headers, "webhook-signature")?;
        let sent_s: u64 = timestamp.parse().map_err(|_| Refusal::Header)?;
        let distance_s = match fault {
            Some(Fault::NoFreshness) => 0,
            Some(Fault::OnlyAgeChecked) => now_s.saturating_sub(sent_s),
            _ => now_s.abs_diff(sent_s),
        };
        if distance_s > TOLERANCE_S {
            return Err(Refusal::Stale);
        }
        let expected = match fault {
            Some(Fault::ReserialisedBody) => self.sign(id, timestamp, &respell(body)),
            Some(Fault::CharsetConfused) => self.sign(id, timestamp, &decoded_twice(body)),
            _ => self.sign(id, timestamp, body),
        };
        // Other versions than v1 are skipped: a sender may offer several kinds at once.
        let offered: Vec<_> =
            listed.split(' ').filter_map(|item| item.strip_prefix("v1,")).collect();
        if offered.iter().any(|signature| matches(signature, &expected, fault)) {
            return Ok(());
        }
        let is_let_in = match fault {
            Some(Fault::MismatchOnlyLogged) => {
                eprintln!("webhook: signature mismatch");
                true
            }
            Some(Fault::UnknownVersionPasses) => offered.is_empty(),
            Some(Fault::EmptySecondKey) => {
                let expected = Self(Vec::new()).sign(id, timestamp, body);
                offered.iter().any(|signature| matches(signature, &expected, fault))
            }
            _ => false,
        };
        if is_let_in { Ok(()) } else { Err(Refusal::Mismatch) }
    }
}

/// The defects that leave the check out, for everything or for some.
fn is_let_in_unproven(headers: &HeaderMap, body: &[u8], fault: Option<Fault>) -> bool {
    match fault {
        Some(Fault::NoSignatureCheck) => true,
        Some(Fault::OptionalSignature) => header(headers, "webhook-signature").is_err(),
        Some(Fault::EmptySignature) => {
            header(headers, "webhook-signature").is_ok_and(|signature| signature == "v1,")
        }
        Some(Fault::OpenFailureDoor) => {
            let event: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
            let failures = ["payment.expired", "payment.failed", "payment.cancelled"];
            event["type"].as_str().is_some_and(|kind| failures.contains(&kind))
        }
        _ => false,
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refusal> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.filter(|text| !text.is_empty()).ok_or(Refusal::Header)
}

fn matches(signature: &str, expected: &[u8; 32], fault: Option<Fault>) -> bool {
    if fault == Some(Fault::ShorterSignatureWins) {
        let expected = STANDARD.encode(expected);
        let shared = signature.len().min(expected.len());
        let (offered, expected) = (signature.as_bytes(), expected.as_bytes());
        return shared >= SHORTEST_CHARS
            && bool::from(offered[..shared].ct_eq(&expected[..shared]));
    }
    match STANDARD.decode(signature) {
        Ok(offered) => offered.ct_eq(expected.as_slice()).into(),
        Err(_) => fault == Some(Fault::ErrorPasses),
    }
}

/// Planted (PARSE-01): the body as this shop's own JSON writer would have spelt it.
fn respell(body: &[u8]) -> Vec<u8> {
    let parsed = serde_json::from_slice::<serde_json::Value>(body);
    parsed.ok().and_then(|value| serde_json::to_vec(&value).ok()).unwrap_or_else(|| body.to_vec())
}

/// Planted (PARSE-02): the body as it reads when it is taken for Latin-1 and written as UTF-8.
fn decoded_twice(body: &[u8]) -> Vec<u8> {
    body.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Published vector: standard-webhooks/standard-webhooks, libraries/go/webhook_test.go.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNED_S: u64 = 1_614_265_330;
    const GENUINE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn check(signature: Option<&str>, now_s: u64, fault: Option<Fault>) -> Result<(), Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".parse().unwrap());
        headers.insert("webhook-timestamp", "1614265330".parse().unwrap());
        if let Some(signature) = signature {
            headers.insert("webhook-signature", signature.parse().unwrap());
        }
        Key::parse(SECRET).unwrap().check(&headers, BODY, now_s, fault)
    }

    #[test]
    fn the_published_vector_is_genuine_for_five_minutes_either_way() {
        for now_s in [SIGNED_S - 300, SIGNED_S, SIGNED_S + 300] {
            assert_eq!(check(Some(GENUINE), now_s, None), Ok(()));
        }
        for now_s in [SIGNED_S - 301, SIGNED_S + 301] {
            assert_eq!(check(Some(GENUINE), now_s, None), Err(Refusal::Stale));
        }
    }

    #[test]
    fn any_of_several_signatures_will_do() {
        let listed = format!("v2,AAAA v1,bm90IHRoaXM= {GENUINE}");
        assert_eq!(check(Some(&listed), SIGNED_S, None), Ok(()));
    }

    #[test]
    fn each_defect_lets_in_what_the_sound_shop_refuses() {
        let wrong = "v1,AAAAAAsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let cut = &GENUINE[..GENUINE.len() - 8];
        let cases = [
            (None, 0, Refusal::Header, Fault::NoSignatureCheck),
            (None, 0, Refusal::Header, Fault::OptionalSignature),
            (Some(wrong), 0, Refusal::Mismatch, Fault::MismatchOnlyLogged),
            (Some(cut), 0, Refusal::Mismatch, Fault::ShorterSignatureWins),
            (Some("v1,"), 0, Refusal::Mismatch, Fault::EmptySignature),
            (Some("v1,!!!"), 0, Refusal::Mismatch, Fault::ErrorPasses),
            (Some("v9,AAAA"), 0, Refusal::Mismatch, Fault::UnknownVersionPasses),
            (Some(GENUINE), 86_400, Refusal::Stale, Fault::NoFreshness),
        ];
        for (signature, age_s, refusal, fault) in cases {
            assert_eq!(check(signature, SIGNED_S + age_s, None), Err(refusal));
            assert_eq!(check(signature, SIGNED_S + age_s, Some(fault)), Ok(()));
        }
        // The vector has a blank after its colon, which another writer would not put there.
        let respelt = check(Some(GENUINE), SIGNED_S, Some(Fault::ReserialisedBody));
        assert_eq!(respelt, Err(Refusal::Mismatch));
        assert!(check(Some("v1,"), SIGNED_S, Some(Fault::ShorterSignatureWins)).is_err());
    }
}
