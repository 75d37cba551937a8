//! The wish that a run ends early: sent once, heard by every part that waits for something.
//!
//! Knows no signal: where the wish comes from is its sender's business.

use std::future::pending;

use tokio::sync::watch;

/// Sends the wish.
#[derive(Debug)]
pub struct Interrupt(watch::Sender<Option<&'static str>>);

/// Hears the wish.
#[derive(Debug, Clone)]
pub struct Interruption(watch::Receiver<Option<&'static str>>);

impl Interrupt {
    /// Nothing is wished for yet.
    #[must_use]
    pub fn new() -> (Self, Interruption) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), Interruption(receiver))
    }

    /// Whoever hears ends, because of `by`, such as `SIGINT`.
    pub fn send(&self, by: &'static str) {
        self.0.send_replace(Some(by));
    }
}

impl Interruption {
    /// By what; none as long as the run may go on.
    #[must_use]
    pub fn by(&self) -> Option<&'static str> {
        *self.0.borrow()
    }

    /// Whether the run shall end.
    #[must_use]
    pub fn has_happened(&self) -> bool {
        self.by().is_some()
    }

    /// Returns when the run shall end; never, once nobody can wish for it any more.
    pub async fn happens(&self) {
        if self.0.clone().wait_for(Option::is_some).await.is_err() {
            pending::<()>().await;
        }
    }
}
