//! Trouble that an operator makes: the next calls of merchants go wrong.
//!
//! It is over when so many calls have met it, or with the process: it is not journalled, because
//! nothing that a merchant was told is to be kept of it.

use serde::{Deserialize, Serialize};

use crate::provider::Conduct;
use crate::provider::problem::{Code, Problem};

/// How calls go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// They are answered 500, and nothing is done.
    InternalError,
    /// They are answered 503, and nothing is done.
    Unavailable,
    /// They are answered 429, and nothing is done.
    RateLimited,
    /// They are never answered, and nothing is done.
    Hang,
    /// They are carried out, and the answer does not arrive.
    LoseReply,
    /// They are carried out, and half of the answer arrives.
    CutReply,
}

/// Trouble, for so many calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spell {
    /// How they go wrong.
    pub trouble: Trouble,
    /// How many still will.
    pub calls: u32,
}

impl Spell {
    /// After one more call; none when it is over.
    pub(super) const fn shorter(self) -> Option<Self> {
        match self.calls {
            0 | 1 => None,
            calls => Some(Self { calls: calls - 1, ..self }),
        }
    }
}

impl Trouble {
    /// What is answered instead, where anything is.
    pub(super) fn problem(self) -> Option<Problem> {
        let (code, detail) = match self {
            Self::InternalError => (Code::InternalError, "something broke; nothing was done"),
            Self::Unavailable => (Code::Unavailable, "try again in a moment"),
            Self::RateLimited => (Code::RateLimited, "too many calls; try again in a second"),
            Self::Hang | Self::LoseReply | Self::CutReply => return None,
        };
        Some(Problem::new(code, detail))
    }

    pub(super) const fn conduct(self) -> Conduct {
        match self {
            Self::InternalError | Self::Unavailable | Self::RateLimited => Conduct::Whole,
            Self::Hang => Conduct::Never,
            Self::LoseReply => Conduct::Lost,
            Self::CutReply => Conduct::Cut,
        }
    }
}
