//! Messages that look genuine and prove nothing: each differs from the genuine one in one respect.
//!
//! Everything else stays as a genuine sender would have it: a merchant that refuses one of them for
//! another reason than the fault would make the check vacuous.

use sha2::{Digest, Sha256};

use crate::model::{SimTime, Span};
use crate::scenario::Forgery;
use crate::signature::{Draft, Message, Scheme, Secret, SignatureError, Signed, Signer};

const HOUR: Span = Span::from_s(3600);

/// Why there is no such forgery.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    /// The scheme lacks what would be forged. Nobody's fault.
    #[error("under the signature scheme `{scheme}` nothing can be forged in this way: {why}")]
    NothingToForge {
        /// The scheme's name.
        scheme: String,
        /// What it lacks.
        why: &'static str,
    },
    /// The genuine message could not be signed either.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// Makes a message that fails to prove its claim in the given way. The same arguments give the
/// same bytes.
///
/// # Errors
/// [`ForgeError`]
pub fn forge(
    scheme: &Scheme,
    secret: &Secret,
    forgery: Forgery,
    message: &Message,
) -> Result<Signed, ForgeError> {
    let nothing = |why| nothing(scheme, why);
    if !scheme.has_signature() && forgery != Forgery::Unsigned {
        return Err(nothing("its messages carry no proof, so all of them are as good as forged"));
    }
    let genuine = [scheme.signer(secret)?];
    let other = || scheme.signer(&other_key(scheme, secret)).map(|key| [key]);
    let mut draft = scheme.draft(message);
    scheme.seal(&mut draft, &genuine)?;
    match forgery {
        Forgery::Unsigned => return Ok(scheme.unsigned(draft)),
        Forgery::EmptySignature => scheme.spoil(&mut draft, |_| String::new()),
        // The name of the genuine key stays.
        Forgery::WrongKey => scheme.seal(&mut draft, &other()?)?,
        Forgery::EmptyKey => {
            let empty = scheme.empty_signer().ok_or(nothing("its keys cannot be empty"))?;
            scheme.seal(&mut draft, &[empty])?;
        }
        Forgery::Truncated => scheme.spoil(&mut draft, |text| {
            let kept = text.len() - text.len() / 3;
            text.chars().take(kept).collect()
        }),
        // What a key of nobody made of something else is as good as random, and repeatable.
        Forgery::Random => scheme.seal_another(&mut draft, &other()?, otherwise)?,
        Forgery::Undecodable => {
            scheme.encodes().then_some(()).ok_or(nothing("its proof is plain text"))?;
            scheme.spoil(&mut draft, |text| "!".repeat(text.len()));
        }
        Forgery::UnknownVersion => {
            scheme.seal(&mut draft, &other()?)?;
            scheme.mistag(&mut draft).ok_or(nothing("its signatures name no version"))?;
        }
        Forgery::Aged(seconds) => {
            let then = message.ts.minus(Span::from_s(seconds.into()));
            draft = dated(scheme, &genuine, message, then)?;
        }
        Forgery::Ahead(seconds) => {
            let then = message.ts.plus(Span::from_s(seconds.into()));
            draft = dated(scheme, &genuine, message, then)?;
        }
        Forgery::Tampered => {
            scheme.signs_content().then_some(()).ok_or(nothing("its token covers no content"))?;
            scheme.seal_another(&mut draft, &genuine, otherwise)?;
        }
        Forgery::OtherId => {
            scheme
                .signs_id_apart()
                .then_some(())
                .ok_or(nothing("it signs no id beside the body"))?;
            let id = otherwise(message.id.as_bytes());
            draft.id = Some(String::from_utf8_lossy(&id).into_owned());
        }
        Forgery::Restamped => {
            draft = dated(scheme, &genuine, message, message.ts.minus(HOUR))?;
            draft.ts = scheme.stamp(message.ts);
        }
    }
    Ok(scheme.assemble(&draft))
}

/// What a genuine sender would have sent at that time.
fn dated<'m>(
    scheme: &Scheme,
    genuine: &[Signer],
    message: &Message<'m>,
    ts: SimTime,
) -> Result<Draft<'m>, ForgeError> {
    if !scheme.has_timestamp() {
        return Err(nothing(scheme, "it has no timestamp"));
    }
    let mut draft = scheme.draft(&Message { ts, ..*message });
    scheme.seal(&mut draft, genuine)?;
    Ok(draft)
}

fn nothing(scheme: &Scheme, why: &'static str) -> ForgeError {
    ForgeError::NothingToForge { scheme: scheme.name().to_owned(), why }
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
    use crate::signature::{Arrived, Rejection, scheme};

    const BODY: &[u8] = br#"{"id":"evt_1","type":"payment.confirmed"}"#;
    const NOW: SimTime = SimTime::from_unix_ms(1_700_000_000_500);

    /// How a sound merchant judges the forgery.
    fn check(forgery: Forgery, expected: &Rejection) {
        let scheme = scheme("standard-webhooks").unwrap();
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let url = "http://shop.test/hooks";
        let message = Message { id: "evt_1", ts: NOW, url, method: "POST", body: BODY };
        let Signed { headers, body } = forge(scheme, &secret, forgery, &message).unwrap();
        let names: Vec<_> = headers.iter().map(|(n, _)| n.as_str()).collect();
        let all = ["content-type", "webhook-id", "webhook-timestamp", "webhook-signature"];
        let sent = if forgery == Forgery::Unsigned { &all[..3] } else { &all[..] };
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
        check(Forgery::Ahead(301), &Rejection::Ahead(Span::from_s(300)));
        check(Forgery::Truncated, &Rejection::Undecodable("base64"));
        check(Forgery::EmptySignature, &Rejection::Undecodable("base64"));
        check(Forgery::Undecodable, &Rejection::Undecodable("base64"));
        check(Forgery::UnknownVersion, &Rejection::UnknownTag("v1,".into()));
        check(Forgery::EmptyKey, &Rejection::Mismatch);
        check(Forgery::OtherId, &Rejection::Mismatch);
        check(Forgery::Restamped, &Rejection::Mismatch);
    }

    #[test]
    fn a_truncated_signature_keeps_its_tag_and_two_thirds() {
        let scheme = scheme("standard-webhooks").unwrap();
        let secret = scheme.fresh_secret(&[7; 32]);
        let message = Message { id: "e", ts: NOW, url: "", method: "POST", body: BODY };
        let signature = |signed: Signed| signed.headers[3].1.clone();
        let cut = signature(forge(scheme, &secret, Forgery::Truncated, &message).unwrap());
        let whole = signature(scheme.sign(&secret, &message).unwrap());
        assert!(whole.starts_with(&cut) && cut.starts_with("v1,"));
        assert_eq!((whole.len(), cut.len()), (3 + 44, 3 + 30));
    }

    #[test]
    fn what_a_scheme_lacks_cannot_be_forged() {
        let cases = [
            ("github", Forgery::Aged(600)),
            ("coingate", Forgery::Tampered),
            ("mollie-classic", Forgery::WrongKey),
        ];
        for (name, forgery) in cases {
            let message = Message { id: "e", ts: NOW, url: "", method: "POST", body: BODY };
            let refused = forge(scheme(name).unwrap(), &Secret::new("k"), forgery, &message);
            assert!(matches!(refused, Err(ForgeError::NothingToForge { .. })), "{name}");
        }
    }
}
