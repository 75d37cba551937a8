//! What an answer of the merchant is worth to a judge.

use crate::history::Answer;

impl Answer {
    /// Whether it is a 2xx, or nothing had to be asked.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Http { status: 200..=299, .. } | Self::Ran(_) | Self::Waited(_))
    }

    /// Whether the merchant took the message in: a 2xx, or a 409, by which one says that it is
    /// known already. What the answer is worth, the order shows.
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        self.is_success() || self.is_conflict()
    }

    /// Whether it is a 409.
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Http { status: 409, .. })
    }

    /// Whether it is a 429: the message was not looked at.
    #[must_use]
    pub const fn is_turned_away(&self) -> bool {
        matches!(self, Self::Http { status: 429, .. })
    }

    /// Whether it is an error that asks for no other try: anything from 300 on but 409, 429 and 503.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Http { status, .. } if *status >= 300
            && !matches!(*status, 409 | 429 | 503))
    }

    /// As reports tell it: `200`, or why there was none.
    #[must_use]
    pub fn tell(&self) -> String {
        match self {
            Self::Http { status, .. } => status.to_string(),
            Self::Ran(_) => "done".to_owned(),
            Self::Waited(span) => format!("nothing, and was given {span}"),
            Self::Failed(why) => why.clone(),
        }
    }
}
