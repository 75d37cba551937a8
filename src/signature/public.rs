//! The texts in which public keys are handed to merchants: raw, PEM, DER, key sets, certificates.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::ecdsa;
use p256::pkcs8::{DecodePublicKey, EncodePublicKey, LineEnding};
use rsa::BoxedUint;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use x509_cert::der::{Decode, DecodePem, Encode};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::certificate::certificate;
use super::pair::{Pairing, Private, Public};
use super::scheme::KeyForm;

/// A key that a merchant was given, with its id where it has one.
pub(super) struct Known {
    pub(super) id: Option<String>,
    pub(super) key: Public,
}

/// The text that a merchant is given.
pub(super) fn write(form: KeyForm, private: &Private) -> String {
    let public = private.public();
    match (form, &public) {
        (KeyForm::Base64, Public::Ed25519(key)) => STANDARD.encode(key.as_bytes()),
        (KeyForm::SpkiDer | KeyForm::Base64, _) => STANDARD.encode(public.spki()),
        (KeyForm::Pem | KeyForm::Utf8 | KeyForm::Hex, _) => {
            let pem = match &public {
                Public::Ed25519(key) => key.to_public_key_pem(LineEnding::LF),
                Public::P256(key) => key.to_public_key_pem(LineEnding::LF),
                Public::Rsa(key) => key.to_public_key_pem(LineEnding::LF),
            };
            pem.expect("a key can be written")
        }
        (KeyForm::Jwks, _) => json!({ "keys": [jwk(&public)] }).to_string(),
        (KeyForm::X509, _) => certificate(private).expect("a certificate can be made"),
    }
}

/// The keys of a text; none if it is not in this form.
pub(super) fn read(form: KeyForm, pairing: Pairing, text: &str) -> Option<Vec<Known>> {
    let one = |key| vec![Known { id: None, key }];
    match form {
        KeyForm::Base64 if pairing == Pairing::Ed25519 => {
            let bytes = STANDARD.decode(text).ok()?;
            ed25519(&bytes).map(one)
        }
        KeyForm::SpkiDer | KeyForm::Base64 => {
            from_spki(pairing, &STANDARD.decode(text).ok()?).map(one)
        }
        KeyForm::Pem | KeyForm::Utf8 | KeyForm::Hex => {
            let (_, der) = x509_cert::der::pem::decode_vec(text.as_bytes()).ok()?;
            from_spki(pairing, &der).map(one)
        }
        KeyForm::Jwks => {
            let set: Value = serde_json::from_str(text).ok()?;
            let keys = set.get("keys")?.as_array()?;
            Some(keys.iter().filter_map(|jwk| from_jwk(pairing, jwk)).collect())
        }
        KeyForm::X509 => {
            let certificate = x509_cert::Certificate::from_pem(text).ok()?;
            let spki = certificate.tbs_certificate().subject_public_key_info().to_der().ok()?;
            from_spki(pairing, &spki).map(one)
        }
    }
}

fn from_spki(pairing: Pairing, der: &[u8]) -> Option<Public> {
    match pairing {
        Pairing::Ed25519 => {
            let spki = SubjectPublicKeyInfoRef::from_der(der).ok()?;
            ed25519(spki.subject_public_key.as_bytes()?)
        }
        Pairing::EcdsaP256Sha256 => {
            ecdsa::VerifyingKey::from_public_key_der(der).ok().map(Public::P256)
        }
        Pairing::RsaSha256 | Pairing::RsaSha512 | Pairing::RsaSha256OfSha256 => {
            rsa::PublicKey::from_public_key_der(der).ok().map(Public::Rsa)
        }
    }
}

fn ed25519(bytes: &[u8]) -> Option<Public> {
    let bytes = <&[u8; 32]>::try_from(bytes).ok()?;
    ed25519_dalek::VerifyingKey::from_bytes(bytes).ok().map(Public::Ed25519)
}

fn jwk(public: &Public) -> Value {
    let kid = public.id();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    match public {
        Public::Ed25519(key) => {
            json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": text(key.as_bytes())})
        }
        Public::P256(key) => {
            let point = key.to_sec1_point(false);
            let (x, y) = point.as_bytes()[1..].split_at(32);
            json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": text(x), "y": text(y)})
        }
        Public::Rsa(key) => {
            let (n, e) = (key.n_bytes(), key.e_bytes());
            json!({"kty": "RSA", "kid": kid, "n": text(&n), "e": text(&e)})
        }
    }
}

/// A key of a set; none if it is of another kind, as sets hold keys for several purposes.
fn from_jwk(pairing: Pairing, jwk: &Value) -> Option<Known> {
    let bytes = |name| URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
    let key = match pairing {
        Pairing::Ed25519 => ed25519(&bytes("x")?)?,
        Pairing::EcdsaP256Sha256 => {
            let point = [vec![4], bytes("x")?, bytes("y")?].concat();
            Public::P256(ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?)
        }
        Pairing::RsaSha256 | Pairing::RsaSha512 | Pairing::RsaSha256OfSha256 => {
            let number = |name| Some(BoxedUint::from_be_slice_vartime(&bytes(name)?));
            Public::Rsa(rsa::PublicKey::new(number("n")?, number("e")?).ok()?)
        }
    };
    Some(Known { id: jwk.get("kid").and_then(Value::as_str).map(str::to_owned), key })
}
