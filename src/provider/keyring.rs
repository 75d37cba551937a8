//! What only the service and the holder of an account know: derived from one master, never kept.
//!
//! A secret follows from the master, from what it is for and from how often it was changed, so
//! that neither a record nor a journal of calls has to hold one. Knows no payment.

use std::collections::BTreeSet;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::EndpointId;
use crate::signature::{Scheme, Secret};

use super::Provider;
use super::key::{ApiKey, Scope};
use super::wire::Account;

/// Derives secrets.
#[derive(Clone)]
pub struct Keyring {
    master: [u8; 32],
    /// What deliveries are signed by, which says what a secret looks like.
    scheme: &'static Scheme,
    /// What the operator gave as the first secret of his own endpoint.
    given: Option<Secret>,
}

/// Without the master.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("scheme", &self.scheme.name()).finish_non_exhaustive()
    }
}

impl Keyring {
    /// Of this master, which nobody may guess.
    #[must_use]
    pub const fn new(master: [u8; 32], scheme: &'static Scheme, given: Option<Secret>) -> Self {
        Self { master, scheme, given }
    }

    /// What the operator gave as the first secret of his own endpoint.
    #[must_use]
    pub const fn given(&self) -> Option<&Secret> {
        self.given.as_ref()
    }

    /// What deliveries are signed by.
    #[must_use]
    pub const fn scheme(&self) -> &'static Scheme {
        self.scheme
    }

    /// The secret of an endpoint after so many rotations.
    #[must_use]
    pub fn webhook_secret(&self, endpoint: &EndpointId, rotations: usize) -> Secret {
        let about = format!("{endpoint} {rotations}");
        self.scheme.fresh_secret(&self.derived("webhook secret", &about))
    }

    /// The key of that number of an account, such as `sk_test_` and 64 hexadecimal digits.
    #[must_use]
    pub fn api_key(&self, account: &str, live: bool, number: usize) -> String {
        let mode = if live { "live" } else { "test" };
        let derived = self.derived("api key", &format!("{account} {mode} {number}"));
        format!("sk_{mode}_{}", hex::encode(derived))
    }

    fn derived(&self, purpose: &str, about: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.master).expect("any length is a key");
        mac.update(format!("{purpose}\n{about}").as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl Provider {
    /// A key is made, with the next number.
    ///
    /// # Panics
    /// Without a keyring.
    pub fn make_key(&mut self, scopes: BTreeSet<Scope>) {
        let Account { id, live, .. } = &self.account;
        let keyring = self.keyring.as_ref().expect("whoever makes keys has a keyring");
        let secret = keyring.api_key(id, *live, self.keys.len());
        self.keys.push(ApiKey { secret, scopes });
    }

    /// The keys that open it, the newest last.
    #[must_use]
    pub fn keys(&self) -> &[ApiKey] {
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature;

    #[test]
    fn secrets_repeat_with_their_master_and_share_nothing() {
        let scheme = signature::scheme("standard-webhooks").unwrap();
        let (one, other) =
            (Keyring::new([1; 32], scheme, None), Keyring::new([2; 32], scheme, None));
        let endpoint = EndpointId::new("whe_01J8Z3HY5M0000000000000000");
        let secret = one.webhook_secret(&endpoint, 0);
        assert_eq!(scheme.check_secret(&secret), Ok(()));
        assert!(secret == one.webhook_secret(&endpoint, 0));
        let neighbour = EndpointId::new("whe_01J8Z3HY5M0000000000000001");
        for another in [
            one.webhook_secret(&endpoint, 1),
            one.webhook_secret(&neighbour, 0),
            other.webhook_secret(&endpoint, 0),
        ] {
            assert!(secret != another);
        }
        let keys = [("a", false, 0), ("a", true, 0), ("b", false, 0), ("a", false, 1)];
        let keys = keys.map(|(account, live, number)| one.api_key(account, live, number));
        let distinct: std::collections::BTreeSet<&String> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
        assert!(keys[0].starts_with("sk_test_") && keys[1].starts_with("sk_live_"));
    }
}
