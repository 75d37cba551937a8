//! Rate limits: how much a key may ask within a window, and what every answer says of it.
//!
//! Windows are cut at multiples of their length on the service's clock, so that a journal which
//! keeps no reads counts no call into another window than the one that it came in. The headers are
//! those of the IETF's draft 10 (`RateLimit`, `RateLimit-Policy`). Knows no routes.

use std::collections::BTreeMap;

use crate::model::SimTime;

use super::problem::{Code, Problem};
use super::profile::RateLimit;

/// The name of the one policy that there is.
const POLICY: &str = "per-key";

/// What each key, by its position, has asked in its last window: the window, and how many calls.
#[derive(Debug, Default)]
pub(super) struct Quotas(BTreeMap<usize, (i64, u32)>);

/// Where a key stands after a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quota {
    limit: RateLimit,
    /// Calls that are left; none where this one was too many.
    left: Option<u32>,
    /// Seconds until the next window, rounded up.
    reset_s: u64,
}

impl Quotas {
    /// Counts a call of that key.
    pub fn take(&mut self, limit: RateLimit, key: usize, now: SimTime) -> Quota {
        let length_ms = i64::try_from(limit.within.ms()).unwrap_or(i64::MAX).max(1);
        let window = now.unix_ms().div_euclid(length_ms);
        let known = self.0.entry(key).or_insert((window, 0));
        if known.0 != window {
            *known = (window, 0);
        }
        let left = limit.calls.checked_sub(known.1 + 1);
        if left.is_some() {
            known.1 += 1;
        }
        let rest_ms = length_ms - now.unix_ms().rem_euclid(length_ms);
        Quota { limit, left, reset_s: u64::try_from(rest_ms).unwrap_or(0).div_ceil(1000) }
    }
}

impl Quota {
    /// Why the call is refused, if it is.
    pub fn problem(&self) -> Option<Problem> {
        let RateLimit { calls, within } = self.limit;
        let detail = format!("{calls} calls within {within} are allowed; try again later");
        self.left.is_none().then(|| Problem::new(Code::RateLimited, detail))
    }

    /// What the answer says of it.
    pub fn headers(self) -> Vec<(String, String)> {
        let Self { limit, left, reset_s } = self;
        let window_s = limit.within.ms().div_ceil(1000);
        let policy = format!("\"{POLICY}\";q={};w={window_s}", limit.calls);
        let state = format!("\"{POLICY}\";r={};t={reset_s}", left.unwrap_or(0));
        let retry = left.is_none().then(|| ("retry-after".to_owned(), reset_s.to_string()));
        let told = [("ratelimit-policy".to_owned(), policy), ("ratelimit".to_owned(), state)];
        told.into_iter().chain(retry).collect()
    }
}
