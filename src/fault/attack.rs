//! Everything that a verifier of a scheme must accept or refuse, made from the scheme itself.
//!
//! A superset of the forgeries: what only a verifier with the clock in its hand can be asked, such
//! as one second beyond the tolerance, is no fair question to a merchant over HTTP.

use super::forgery::{ForgeError, forge};
use crate::model::Span;
use crate::scenario::{FORGERIES, Forgery};
use crate::signature::{Message, Scheme, Secret, SignatureError, Signed};

/// A message, and whether it proves its claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What it is: `genuine`, `signed with another key`.
    pub name: String,
    /// Whether a verifier that holds the key must believe it.
    pub is_genuine: bool,
    /// As it goes out.
    pub message: Signed,
}

/// The trials of one scheme.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trials {
    /// What can be tried. The first is the genuine message, the control of all others.
    pub held: Vec<Trial>,
    /// What the scheme offers no hold for, with the reason.
    pub left: Vec<(String, &'static str)>,
}

/// All trials of a scheme for one message, to be judged at the instant of the message.
///
/// # Errors
/// The message cannot be signed.
pub fn trials(
    scheme: &Scheme,
    secret: &Secret,
    message: &Message,
) -> Result<Trials, SignatureError> {
    let mut trials = Trials::default();
    trials.hold("genuine", true, scheme.sign(secret, message)?);
    trials.several(scheme, secret, message)?;
    trials.window(scheme, secret, message)?;
    trials.stamps(scheme, secret, message)?;
    for (forgery, ..) in FORGERIES {
        trials.forge(scheme, secret, *forgery, message)?;
    }
    if scheme.covers_bytes() {
        let mut signed = scheme.sign(secret, message)?;
        signed.body.push(b' ');
        trials.hold("with a blank behind its body", false, signed);
    } else {
        trials.leave("with a blank behind its body", "it does not sign the bytes as sent");
    }
    Ok(trials)
}

impl Trials {
    fn hold(&mut self, name: &str, is_genuine: bool, message: Signed) {
        self.held.push(Trial { name: name.to_owned(), is_genuine, message });
    }

    fn leave(&mut self, name: &str, why: &'static str) {
        self.left.push((name.to_owned(), why));
    }

    fn forge(
        &mut self,
        scheme: &Scheme,
        secret: &Secret,
        forgery: Forgery,
        message: &Message,
    ) -> Result<(), SignatureError> {
        match forge(scheme, secret, forgery, message) {
            Ok(message) => self.hold(&forgery.phrase(), false, message),
            Err(ForgeError::NothingToForge { why, .. }) => self.leave(&forgery.phrase(), why),
            Err(ForgeError::Signature(error)) => return Err(error),
        }
        Ok(())
    }

    /// During a rotation the sender signs with both keys, and a verifier knows one of them.
    fn several(
        &mut self,
        scheme: &Scheme,
        secret: &Secret,
        message: &Message,
    ) -> Result<(), SignatureError> {
        let name = "with its genuine signature last of two";
        if scheme.lists_signatures() {
            let keys = [scheme.fresh_secret(&[0x5a; 32]), secret.clone()];
            self.hold(name, true, scheme.sign_all(&keys, message)?);
        } else {
            self.leave(name, "its messages bear one signature");
        }
        Ok(())
    }

    /// One second on either side of either end of the tolerance; the end itself is nobody's.
    fn window(
        &mut self,
        scheme: &Scheme,
        secret: &Secret,
        message: &Message,
    ) -> Result<(), SignatureError> {
        let Some(tolerance) = scheme.tolerance() else {
            self.leave("signed beyond the tolerance", "it declares no tolerance");
            return Ok(());
        };
        let second = Span::from_s(1).ms();
        let [inside, outside] =
            [tolerance.ms() - second, tolerance.ms() + second].map(Span::from_ms);
        let mut dated = |name, is_genuine, ts| {
            let signed = scheme.sign(secret, &Message { ts, ..*message })?;
            self.hold(name, is_genuine, signed);
            Ok::<_, SignatureError>(())
        };
        dated("signed a second inside the tolerance", true, message.ts.minus(inside))?;
        dated("signed a second beyond the tolerance", false, message.ts.minus(outside))?;
        if scheme.bounds_the_future() {
            dated("dated a second inside the tolerance ahead", true, message.ts.plus(inside))?;
            dated("dated a second beyond the tolerance ahead", false, message.ts.plus(outside))?;
        } else {
            self.leave("dated beyond the tolerance ahead", "its verifiers look at the past alone");
        }
        Ok(())
    }

    /// Timestamps that cannot be compared, two of them genuinely signed.
    fn stamps(
        &mut self,
        scheme: &Scheme,
        secret: &Secret,
        message: &Message,
    ) -> Result<(), SignatureError> {
        let [none, text, millis] = [
            "without its timestamp",
            "with a timestamp that is no time",
            "with milliseconds for seconds",
        ];
        let Some(stamp) = scheme.stamp(message.ts) else {
            for name in [none, text, millis] {
                self.leave(name, "it has no timestamp");
            }
            return Ok(());
        };
        let key = [scheme.signer(secret)?];
        let mut draft = scheme.draft(message);
        scheme.seal(&mut draft, &key)?;
        draft.ts = None;
        self.hold(none, false, scheme.assemble(&draft));
        let mut odd = |name: &str, stamp: String| {
            let mut draft = scheme.draft(message);
            draft.ts = Some(stamp);
            scheme.seal(&mut draft, &key)?;
            self.hold(name, false, scheme.assemble(&draft));
            Ok::<_, SignatureError>(())
        };
        odd(text, "soon".to_owned())?;
        if scheme.bounds_the_future() {
            odd(millis, format!("{stamp}000"))?;
        } else {
            self.leave(millis, "its verifiers do not refuse what is dated ahead");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SimTime;
    use crate::signature::{Arrived, names, scheme};

    const NOW: SimTime = SimTime::from_unix_ms(1_700_000_000_000);
    const URL: &str = "https://shop.test/hooks";
    const BODY: &[u8] = br#"{"id":"evt_1","event":{"id":"evt_1"},"data":{"status":"confirmed"},
        "notificationItems":[{"NotificationRequestItem":{"pspReference":"88","success":"true"}}]}"#;

    /// Every trial of every scheme against our own verifier, which others check in turn.
    #[test]
    fn every_trial_of_every_scheme_ends_as_it_must() {
        let (mut held, mut left) = (0, 0);
        for name in names() {
            let scheme = scheme(name).unwrap();
            let secret = scheme.fresh_secret(&[7; 32]);
            let message = Message { id: "evt_1", ts: NOW, url: URL, method: "POST", body: BODY };
            let trials = trials(scheme, &secret, &message).unwrap();
            let keys = [scheme.handed(&secret)];
            for Trial { name: trial, is_genuine, message } in &trials.held {
                let Signed { headers, body } = message;
                let arrived = Arrived { headers, url: URL, method: "POST", body };
                let verdict = scheme.verify(&keys, &arrived, NOW);
                let expected = *is_genuine || !scheme.has_signature();
                assert_eq!(verdict.is_ok(), expected, "{name}, {trial}: {verdict:?}");
            }
            held += trials.held.len();
            left += trials.left.len();
            assert!(trials.held.len() > 1, "{name}");
        }
        assert!(held > 300 && left > 100, "{held} held, {left} left");
    }
}
