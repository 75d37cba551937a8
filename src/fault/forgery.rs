//! Messages that look genuine and prove nothing: each differs from the genuine one in one respect.
//!
//! A merchant that refuses one of them for another reason than the fault would make the check
//! vacuous, so everything else stays as a genuine sender would have it.

use sha2::{Digest, Sha256};

use crate::model::Span;
use crate::scenario::Forgery;
use crate::signature::{Message, Scheme, Secret, SignatureError, Unsupported};

/// Headers and body of a forged message.
pub type Forged = (Vec<(String, String)>, Vec<u8>);

/// Makes a message that fails to prove its claim in the given way. The same arguments give the
/// same bytes.
///
/// # Errors
/// As [`Scheme::sign`]; [`SignatureError::Unsupported`] also where the scheme has nothing that
/// could be forged in this way, such as a timestamp to be aged.
pub fn forge(
    scheme: &Scheme,
    secret: &Secret,
    forgery: Forgery,
    message: &Message,
) -> Result<Forged, SignatureError> {
    let body = || message.body.to_vec();
    match forgery {
        Forgery::Unsigned => {
            let left_out = scheme.signature_headers();
            let mut headers = scheme.sign(secret, message)?;
            headers.retain(|(name, _)| !left_out.contains(name));
            Ok((headers, body()))
        }
        Forgery::WrongKey => Ok((scheme.sign(&other_key(scheme, secret), message)?, body())),
        Forgery::Truncated => {
            let cut = |signature: String| {
                let kept = signature.len() - signature.len() / 3;
                signature.chars().take(kept).collect()
            };
            Ok((scheme.sign_spoilt(secret, message, cut)?, body()))
        }
        Forgery::Random => {
            // A MAC of nothing under a key of nobody is as good as random, and repeatable.
            let nothing = Message { body: b"{}", ..*message };
            Ok((scheme.sign(&other_key(scheme, secret), &nothing)?, body()))
        }
        Forgery::Aged(seconds) => {
            if !scheme.has_timestamp() {
                let scheme = scheme.name().to_owned();
                return Err(Unsupported { scheme, what: "a timestamp to be aged".into() }.into());
            }
            let ts = message.ts.minus(Span::from_s(u64::from(seconds)));
            Ok((scheme.sign(secret, &Message { ts, ..*message })?, body()))
        }
        Forgery::Tampered => {
            let signed = otherwise(message.body);
            Ok((scheme.sign(secret, &Message { body: &signed, ..*message })?, body()))
        }
    }
}

/// A key of the same shape that is not the endpoint's: derived, so that it repeats.
fn other_key(scheme: &Scheme, secret: &Secret) -> Secret {
    let digest = Sha256::new().chain_update(b"not ").chain_update(secret.expose()).finalize();
    scheme.fresh_secret(&digest.into())
}

/// What stood there before the body was altered: the same but for one letter or digit. A change of
/// spelling alone would be believed by a merchant that verifies its own spelling, whose fault is
/// another one (PARSE-01).
fn otherwise(body: &[u8]) -> Vec<u8> {
    let mut bytes = body.to_vec();
    match bytes.iter_mut().rev().find(|byte| byte.is_ascii_alphanumeric()) {
        Some(byte) => *byte = if *byte == b'0' { b'1' } else { b'0' },
        None => bytes.push(b'0'),
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SimTime;
    use crate::signature::{Arrived, Rejection, scheme};

    const BODY: &[u8] = br#"{"id":"evt_1","type":"payment.confirmed"}"#;
    const NOW: SimTime = SimTime::from_unix_ms(1_700_000_000_500);

    /// How a sound merchant judges the forgery.
    fn check(forgery: Forgery, expected: &Rejection) {
        let scheme = scheme("standard-webhooks").unwrap();
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let url = "http://shop.test/hooks";
        let message = Message { id: "evt_1", ts: NOW, url, method: "POST", body: BODY };
        let (headers, body) = forge(scheme, &secret, forgery, &message).unwrap();
        let names: Vec<_> = headers.iter().map(|(n, _)| n.as_str()).collect();
        let all = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let sent = if forgery == Forgery::Unsigned { &all[..2] } else { &all[..] };
        assert_eq!(names, sent);
        let arrived = Arrived { headers: &headers, url, method: "POST", body: &body };
        let verdict = scheme.verify(&[secret], &arrived, NOW);
        assert_eq!(verdict.as_ref(), Err(expected), "{forgery:?}");
        let claim: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(claim["type"], "payment.confirmed");
    }

    #[test]
    fn no_forgery_is_believed_and_each_fails_for_its_own_reason() {
        let missing = Rejection::Missing("header:webhook-signature".into());
        check(Forgery::Unsigned, &missing);
        check(Forgery::WrongKey, &Rejection::Mismatch);
        check(Forgery::Random, &Rejection::Mismatch);
        check(Forgery::Tampered, &Rejection::Mismatch);
        check(Forgery::Aged(301), &Rejection::Stale(Span::from_s(300)));
        check(Forgery::Truncated, &Rejection::Undecodable("base64"));
    }

    #[test]
    fn a_truncated_signature_keeps_its_tag_and_two_thirds() {
        let scheme = scheme("standard-webhooks").unwrap();
        let secret = scheme.fresh_secret(&[7; 32]);
        let message = Message { id: "e", ts: NOW, url: "", method: "POST", body: BODY };
        let signature = |(headers, _): Forged| headers[2].1.clone();
        let cut = signature(forge(scheme, &secret, Forgery::Truncated, &message).unwrap());
        let whole = scheme.sign(&secret, &message).unwrap()[2].1.clone();
        assert!(whole.starts_with(&cut) && cut.starts_with("v1,"));
        assert_eq!((whole.len(), cut.len()), (3 + 44, 3 + 30));
    }

    #[test]
    fn a_scheme_without_a_timestamp_cannot_be_aged() {
        let scheme = scheme("github").unwrap();
        let message = Message { id: "e", ts: NOW, url: "", method: "POST", body: BODY };
        let refused = forge(scheme, &Secret::new("k"), Forgery::Aged(600), &message);
        assert!(matches!(refused, Err(SignatureError::Unsupported(_))));
    }
}
