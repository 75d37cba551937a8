//! Moments at which the merchant's process is killed: one row each, for people and for sweeps.

use serde::{Deserialize, Serialize};

/// When the merchant is killed: always by SIGKILL, and the whole process group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kill {
    /// While nothing is asked of it.
    Idle,
    /// As soon as it has answered a delivery with 2xx.
    Answered,
    /// While it waits for an answer of the provider, which is held back.
    Calling,
}

impl Kill {
    /// As a part of a sentence.
    #[must_use]
    pub const fn tell(self) -> &'static str {
        match self {
            Self::Idle => "while nothing was asked of it",
            Self::Answered => "right after its answer",
            Self::Calling => "while it waited for the provider's answer",
        }
    }
}

/// How a moment is written.
#[derive(Debug)]
pub struct KillRow {
    /// The moment.
    pub kill: Kill,
    /// The word in a sweep.
    pub word: &'static str,
    /// The step.
    pub step: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// Every moment.
pub static KILLS: [KillRow; 3] = [
    KillRow {
        kill: Kill::Idle,
        word: "idle",
        step: "the merchant is killed",
        doc: "Its process group gets SIGKILL. What is delivered before it is started again reaches \
              nobody.",
    },
    KillRow {
        kill: Kill::Answered,
        word: "answered",
        step: "the merchant is killed right after its answer",
        doc: "SIGKILL as soon as the delivery before this step was answered with 2xx; without such \
              an answer the scenario is undecided.",
    },
    KillRow {
        kill: Kill::Calling,
        word: "calling",
        step: "the merchant is killed while it calls the provider",
        doc: "SIGKILL while an answer to its call is held back, after the provider has done what \
              was asked; where none is held back the scenario is undecided.",
    },
];
