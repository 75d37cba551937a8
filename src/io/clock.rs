//! The real clock: read here and handed on.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::model::SimTime;
use crate::run::Now;

/// When a run started, on both clocks of the machine.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// The monotonic clock, for spans.
    pub started: Instant,
    /// The wall clock, for timestamps.
    pub wall: SimTime,
}

impl Clock {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self { started: Instant::now(), wall: wall() }
    }

    /// Now. The wall clock is read anew: a merchant compares with it.
    #[must_use]
    pub fn now(&self) -> Now {
        let real_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now { wall: wall(), real_ms }
    }
}

/// The wall clock.
#[must_use]
pub fn wall() -> SimTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    SimTime::from_unix_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
