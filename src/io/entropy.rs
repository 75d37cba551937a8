//! Fresh randomness of a run, from the system; what derives from the seed is never taken here.

use std::fs::File;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// Crockford's base 32: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 32 fresh bytes.
///
/// # Errors
/// A system without a random device.
pub fn fresh() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The fresh part of all references of a run: six characters.
#[must_use]
pub fn nonce(entropy: &[u8; 32]) -> String {
    letters(entropy, "nonce", 6)
}

/// The fresh part of the account's id: 26 characters.
#[must_use]
pub fn account(entropy: &[u8; 32]) -> String {
    letters(entropy, "account", 26)
}

/// A key for the API, such as `sk_test_` and 64 hexadecimal digits.
#[must_use]
pub fn api_key(entropy: &[u8; 32], live: bool) -> String {
    let mode = if live { "live" } else { "test" };
    format!("sk_{mode}_{}", hex::encode(digest(entropy, "api key")))
}

/// So many letters and digits for one purpose.
#[must_use]
pub fn letters(entropy: &[u8; 32], purpose: &str, count: usize) -> String {
    let digest = digest(entropy, purpose);
    let letters = digest.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    letters.take(count).collect()
}

fn digest(entropy: &[u8; 32], purpose: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(entropy);
    digest.update(purpose.as_bytes());
    digest.finalize().into()
}
