//! Several accounts and modes behind one address: whose books a call is for.
//!
//! Each account has books of its own in each mode, and nothing is shared between them, so that
//! nothing of one can ever be seen from another. Decides which books answer; who may is their own
//! decision.

use crate::model::PaymentId;

use super::api::seen_by_anyone;
use super::guard;
use super::{ApiRequest, Provider};

impl Provider {
    /// Whether the call shows one of the keys, in the way that the profile has calls proven.
    fn opens_to(&self, request: &ApiRequest) -> bool {
        match self.proven(request) {
            Ok(Some(_)) => true,
            Ok(None) => guard::check_key(request, &self.keys, true).is_ok(),
            Err(_) => false,
        }
    }
}

/// The position of the books that answer this call: those that its key opens, or that have the
/// payment which anyone may see. A call that belongs nowhere is refused by books of its key's
/// mode; where there are none, the key is for another mode, and the first books say so.
pub(super) fn books_for<'a>(
    all: impl Iterator<Item = &'a Provider> + Clone,
    request: &ApiRequest,
) -> usize {
    let position = |fits: &dyn Fn(&Provider) -> bool| all.clone().position(fits);
    let found = match seen_by_anyone(request) {
        Some(payment) => position(&|books| books.get(&PaymentId::new(payment)).is_some()),
        None => position(&|books| books.opens_to(request)),
    };
    let same_mode = || position(&|books| guard::is_of_mode(request, books.account.live));
    found.or_else(same_mode).unwrap_or(0)
}
