//! Key pairs: the sender's private half signs, the public half is what a merchant is given.
//!
//! The cryptography is RustCrypto's and dalek's. The same seed makes the same pair and the same
//! message the same signature, so that a run repeats byte for byte.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use ed25519_dalek as ed;
use p256::ecdsa;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::pkcs1v15;
use rsa::signature::{RandomizedSigner, SignatureEncoding, Signer, Verifier};
use sha2::{Digest, Sha256, Sha512};

/// Bits of a generated RSA key.
const RSA_BITS: usize = 2048;
/// What a raw Ed25519 private key is written with, as Standard Webhooks does.
const RAW_PRIVATE: &str = "whsk_";

/// A way of signing with a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pairing {
    Ed25519,
    EcdsaP256Sha256,
    RsaSha256,
    RsaSha512,
    /// The digest of the message is the message, as Bridge signs.
    RsaSha256OfSha256,
}

/// The half that signs.
pub(super) enum Private {
    Ed25519(ed::SigningKey),
    P256(ecdsa::SigningKey),
    Rsa(Box<rsa::PrivateKey>),
}

/// The half that verifies.
#[derive(Clone)]
pub(super) enum Public {
    Ed25519(ed::VerifyingKey),
    P256(ecdsa::VerifyingKey),
    Rsa(rsa::PublicKey),
}

impl Private {
    /// The pair that a seed makes.
    pub(super) fn generate(pairing: Pairing, seed: &[u8; 32]) -> Self {
        match pairing {
            Pairing::Ed25519 => Self::Ed25519(ed::SigningKey::from_bytes(seed)),
            Pairing::EcdsaP256Sha256 => {
                // Nearly every seed is a scalar of the curve; the others are hashed until one is.
                let mut scalar = *seed;
                loop {
                    match ecdsa::SigningKey::from_slice(&scalar) {
                        Ok(key) => return Self::P256(key),
                        Err(_) => scalar = Sha256::digest(scalar).into(),
                    }
                }
            }
            Pairing::RsaSha256 | Pairing::RsaSha512 | Pairing::RsaSha256OfSha256 => {
                let mut rng = ChaCha20Rng::from_seed(*seed);
                let key = rsa::PrivateKey::new(&mut rng, RSA_BITS);
                Self::Rsa(Box::new(key.expect("keys of this size can be made")))
            }
        }
    }

    /// Reads PKCS #8 in PEM, or where the scheme has keys in base64 the raw bytes.
    pub(super) fn read(pairing: Pairing, text: &str) -> Option<Self> {
        match pairing {
            Pairing::Ed25519 if !text.starts_with("-----") => {
                let bytes = STANDARD.decode(text.strip_prefix(RAW_PRIVATE).unwrap_or(text)).ok()?;
                let pair = <&[u8; 64]>::try_from(bytes.as_slice()).ok()?;
                ed::SigningKey::from_keypair_bytes(pair).ok().map(Self::Ed25519)
            }
            Pairing::Ed25519 => ed::SigningKey::from_pkcs8_pem(text).ok().map(Self::Ed25519),
            Pairing::EcdsaP256Sha256 => {
                ecdsa::SigningKey::from_pkcs8_pem(text).ok().map(Self::P256)
            }
            Pairing::RsaSha256 | Pairing::RsaSha512 | Pairing::RsaSha256OfSha256 => {
                rsa::PrivateKey::from_pkcs8_pem(text).ok().map(|key| Self::Rsa(Box::new(key)))
            }
        }
    }

    /// As [`Private::read`] reads it; `raw` is base64 of private and public key.
    pub(super) fn write(&self, raw: bool) -> String {
        let pem = match self {
            Self::Ed25519(key) if raw => {
                return format!("{RAW_PRIVATE}{}", STANDARD.encode(key.to_keypair_bytes()));
            }
            Self::Ed25519(key) => key.to_pkcs8_pem(LineEnding::LF),
            Self::P256(key) => key.to_pkcs8_pem(LineEnding::LF),
            Self::Rsa(key) => key.to_pkcs8_pem(LineEnding::LF),
        };
        pem.expect("a key can be written").to_string()
    }

    pub(super) fn public(&self) -> Public {
        match self {
            Self::Ed25519(key) => Public::Ed25519(key.verifying_key()),
            Self::P256(key) => Public::P256(*key.verifying_key()),
            Self::Rsa(key) => Public::Rsa(key.to_public_key()),
        }
    }

    /// The signature of a message. What RSA draws at random only blinds the computation.
    pub(super) fn sign(&self, pairing: Pairing, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::P256(key) => {
                let signature: ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Self::Rsa(key) => {
                let mut rng = ChaCha20Rng::from_seed(Sha256::digest(message).into());
                let key = (**key).clone();
                if pairing == Pairing::RsaSha512 {
                    let key = pkcs1v15::SigningKey::<Sha512>::new(key);
                    return key.sign_with_rng(&mut rng, message).to_vec();
                }
                let key = pkcs1v15::SigningKey::<Sha256>::new(key);
                key.sign_with_rng(&mut rng, &pairing.digested(message)).to_vec()
            }
        }
    }
}

impl Public {
    /// Whether `given` is the signature of a message.
    pub(super) fn matches(&self, pairing: Pairing, message: &[u8], given: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => ed::Signature::from_slice(given)
                .is_ok_and(|given| key.verify_strict(message, &given).is_ok()),
            Self::P256(key) => ecdsa::Signature::from_der(given)
                .is_ok_and(|given| key.verify(message, &given).is_ok()),
            Self::Rsa(key) => {
                let Ok(given) = pkcs1v15::Signature::try_from(given) else { return false };
                if pairing == Pairing::RsaSha512 {
                    let key = pkcs1v15::VerifyingKey::<Sha512>::new(key.clone());
                    return key.verify(message, &given).is_ok();
                }
                let key = pkcs1v15::VerifyingKey::<Sha256>::new(key.clone());
                key.verify(&pairing.digested(message), &given).is_ok()
            }
        }
    }

    /// The key as a SubjectPublicKeyInfo.
    pub(super) fn spki(&self) -> Vec<u8> {
        let der = match self {
            Self::Ed25519(key) => key.to_public_key_der(),
            Self::P256(key) => key.to_public_key_der(),
            Self::Rsa(key) => key.to_public_key_der(),
        };
        der.expect("a key can be written").as_bytes().to_vec()
    }

    /// An id that the key itself makes, in the shape of a UUID.
    pub(super) fn id(&self) -> String {
        let digest = hex::encode(Sha256::digest(self.spki()));
        let part = |range: std::ops::Range<usize>| digest[range].to_owned();
        [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
    }
}

impl Pairing {
    fn digested(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::RsaSha256OfSha256 => Sha256::digest(message).to_vec(),
            Self::Ed25519 | Self::EcdsaP256Sha256 | Self::RsaSha256 | Self::RsaSha512 => {
                message.to_vec()
            }
        }
    }
}
