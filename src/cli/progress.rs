//! Progress of a run on stderr: scenarios done, failing so far. Silent without a terminal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::page::say;

/// Fast enough to be seen moving.
const TICK: Duration = Duration::from_millis(100);

/// A line that moves. It may be told from any thread.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    failing: AtomicU64,
}

impl Progress {
    /// So many scenarios are ahead.
    #[must_use]
    pub fn new(scenarios: u64) -> Self {
        let bar = ProgressBar::new(scenarios);
        let style = ProgressStyle::with_template("{bar:30.green/black.bright} {pos}/{len} {msg}");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("━━─"));
        }
        Self { bar, failing: AtomicU64::new(0) }
    }

    /// One that tells what goes on, and counts nothing.
    #[must_use]
    pub fn spinner() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(TICK);
        Self { bar, failing: AtomicU64::new(0) }
    }

    /// One that is never shown.
    #[must_use]
    pub fn silent() -> Self {
        Self { bar: ProgressBar::hidden(), failing: AtomicU64::new(0) }
    }

    /// A scenario ended.
    pub fn ended(&self, failed: bool) {
        if failed {
            let failing = self.failing.fetch_add(1, Ordering::Relaxed) + 1;
            self.bar.set_message(format!("{failing} failing"));
        }
        self.bar.inc(1);
    }

    /// What goes on while no scenario ends, such as `closing audit`.
    pub fn note(&self, what: &str) {
        match self.failing.load(Ordering::Relaxed) {
            0 => self.bar.set_message(what.to_owned()),
            failing => self.bar.set_message(format!("{failing} failing, {what}")),
        }
    }

    /// Says something that stays, terminal or not.
    pub fn tell(&self, what: &str) {
        self.bar.suspend(|| say(what));
    }

    /// The line goes away: the summary says it all.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
