//! Identifiers, and every other text of the provider that must look random.
//!
//! Everything derives from the run's seed and nonce, so that a run repeats and two runs never
//! share an id. Knows no payment and no clock: the start of the run is handed in once.

use sha2::{Digest, Sha256};

use crate::model::SimTime;

/// Crockford's base 32: no letter that reads like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ID_CHARS: usize = 26;

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prefix {
    /// `pay_…`
    Payment,
    /// `evt_…`
    Event,
    /// `rfd_…`
    Refund,
    /// `dsp_…`
    Dispute,
    /// `pyt_…`
    Payout,
    /// `whe_…`
    Endpoint,
    /// `req_…`
    Request,
}

impl Prefix {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "pay_",
            Self::Event => "evt_",
            Self::Refund => "rfd_",
            Self::Dispute => "dsp_",
            Self::Payout => "pyt_",
            Self::Endpoint => "whe_",
            Self::Request => "req_",
        }
    }

    /// What [`Self::fits`] asks for, as a regular expression.
    #[must_use]
    pub fn pattern(self) -> String {
        format!("^{}[0-7][0-9A-HJKMNP-TV-Z]{{25}}$", self.as_str())
    }

    /// Whether the text is an id of this kind, of whatever run.
    #[must_use]
    pub fn fits(self, text: &str) -> bool {
        let Some(rest) = text.strip_prefix(self.as_str()) else { return false };
        // 26 characters hold 130 bits; the first carries only three of the 128 that there are.
        rest.len() == ID_CHARS && rest < "8" && rest.bytes().all(|b| ALPHABET.contains(&b))
    }
}

/// Gives out ids that ascend in the order of creation.
///
/// 48 bits of the run's start in unix milliseconds, 32 bits of a counter, 48 bits of a hash, so
/// that a neighbour cannot be guessed.
#[derive(Debug, Clone)]
pub struct IdSource {
    key: [u8; 32],
    start_ms: u64,
    counter: u32,
}

impl IdSource {
    /// The source of one run.
    #[must_use]
    pub fn new(seed: u64, nonce: &str, start: SimTime) -> Self {
        let key = digest(&[&seed.to_be_bytes(), nonce.as_bytes()]);
        let start_ms = u64::try_from(start.unix_ms()).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
        Self { key, start_ms, counter: 0 }
    }

    /// The next id.
    ///
    /// # Panics
    /// After four billion ids.
    pub fn next(&mut self, prefix: Prefix) -> String {
        let id = self.write(prefix, &digest(&[&self.key, b"id", &self.counter.to_be_bytes()]));
        self.counter = self.counter.checked_add(1).expect("a run needs fewer than 2^32 ids");
        id
    }

    /// How many ids were given so far.
    #[must_use]
    pub const fn given(&self) -> u32 {
        self.counter
    }

    /// Goes on as if so many had been given; whether there were not more already.
    pub const fn skip_to(&mut self, given: u32) -> bool {
        let ahead = given >= self.counter;
        if ahead {
            self.counter = given;
        }
        ahead
    }

    /// An id that would stand where the next one will, without taking its place.
    #[must_use]
    pub fn aside(&self, prefix: Prefix, about: &[&[u8]]) -> String {
        self.write(prefix, &digest(&[&self.key, b"aside", &digest(about)]))
    }

    fn write(&self, prefix: Prefix, hash: &[u8; 32]) -> String {
        let low = hash[..6].iter().fold(0u128, |low, byte| low << 8 | u128::from(*byte));
        let value = u128::from(self.start_ms) << 80 | u128::from(self.counter) << 48 | low;
        let mut id = String::with_capacity(4 + ID_CHARS);
        id.push_str(prefix.as_str());
        for i in (0..ID_CHARS).rev() {
            let bits = (value >> (5 * i)) & 31;
            id.push(char::from(ALPHABET[usize::try_from(bits).unwrap_or(0)]));
        }
        id
    }
}

/// SHA-256 of the parts, each with its length, so that no two lists of parts run together.
pub(super) fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> IdSource {
        IdSource::new(7, "nonce", SimTime::from_unix_ms(1_767_608_128_412))
    }

    #[test]
    fn ids_ascend_are_well_formed_and_repeat() {
        let (mut one, mut two) = (source(), source());
        let ids: Vec<String> = (0..1000).map(|_| one.next(Prefix::Payment)).collect();
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| Prefix::Payment.fits(id)));
        assert!(ids.iter().all(|id| *id == two.next(Prefix::Payment)));
    }

    #[test]
    fn another_nonce_gives_other_ids() {
        let mut other = IdSource::new(7, "other", SimTime::from_unix_ms(1_767_608_128_412));
        assert_ne!(source().next(Prefix::Event), other.next(Prefix::Event));
    }

    #[test]
    fn an_id_aside_takes_no_place() {
        let mut ids = source();
        let aside = ids.aside(Prefix::Event, &[b"claim"]);
        assert!(Prefix::Event.fits(&aside));
        assert_ne!(aside, ids.next(Prefix::Event));
        assert_eq!(source().next(Prefix::Request).len(), 30);
    }

    #[test]
    fn what_is_no_id() {
        for text in ["", "pay_", "evt_01J8Z3HY5M0000000000000000", "pay_81J8Z3HY5M0000000000000000"]
        {
            assert!(!Prefix::Payment.fits(text), "{text}");
        }
        for text in ["pay_01J8Z3HY5M000000000000000I", "pay_01j8z3hy5m0000000000000000"] {
            assert!(!Prefix::Payment.fits(text), "{text}");
        }
    }
}
