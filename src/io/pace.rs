//! Not faster than the merchant asks for: slots in time, taken before messages leave.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many messages per second, evenly spread.
#[derive(Debug)]
pub struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// `per_s` is at least one.
    #[must_use]
    pub fn new(per_s: u32) -> Self {
        Self { gap: Duration::from_secs(1) / per_s.max(1), next: Mutex::new(None) }
    }

    /// Waits until `messages` may leave together: copies at once take as many slots as they are.
    pub async fn wait(&self, messages: u32) {
        let start = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let start = next.map_or(now, |next| next.max(now));
            *next = Some(start + self.gap * messages);
            start
        };
        tokio::time::sleep_until(start.into()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn slots_are_taken_one_after_the_other() {
        let pace = Pace::new(100);
        let started = Instant::now();
        // The first leaves at once; the fifth waits for the four slots before it, 10 ms each.
        for messages in [1, 2, 1, 1] {
            pace.wait(messages).await;
        }
        assert!(started.elapsed() >= Duration::from_millis(40));
    }
}
