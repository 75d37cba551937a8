//! What is checked of a merchant's wiring before anything is judged, and what came of it.
//!
//! Names the checks in their order. Knows no sockets and no payments: `preflight`, `refusal` and
//! `doctor` do the checking.

use crate::history::Redaction;

/// One thing that must be right before anything can be judged, in the order of checking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The merchant runs.
    Ready,
    /// The merchant calls the provider, with its key.
    Reached,
    /// The checkout makes a payment.
    Created,
    /// That payment is tied to the order.
    Reference,
    /// The merchant's clock.
    Clock,
    /// A genuine event is accepted.
    Genuine,
    /// One whose body is dated ahead is as well.
    Ahead,
    /// One that proves nothing changes nothing.
    Forged,
    /// The probes answer what can be understood.
    Shown,
    /// And go on doing so until the order is paid.
    Paid,
}

impl Check {
    /// All of them, in their order.
    pub const ALL: &[Self] = &[
        Self::Ready,
        Self::Reached,
        Self::Created,
        Self::Reference,
        Self::Clock,
        Self::Genuine,
        Self::Ahead,
        Self::Forged,
        Self::Shown,
        Self::Paid,
    ];

    /// What holds where it is fine.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ready => "the merchant runs and is ready",
            Self::Reached => "a checkout makes it call the provider, with the right key",
            Self::Created => "the provider creates the payment that it asks for",
            Self::Reference => "the payment carries the order's reference",
            Self::Clock => "its clock agrees with ours",
            Self::Genuine => "the genuine payment.created is accepted",
            Self::Ahead => "so is one whose body is dated days ahead",
            Self::Forged => "a wrongly signed payment.confirmed changes nothing",
            Self::Shown => "what it shows of the order is understood",
            Self::Paid => "so is everything until the order is paid and settled",
        }
    }
}

/// What is wired wrongly, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}\n  to do: {remedy}")]
pub struct Miswired {
    /// Where it shows.
    pub at: Check,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl Miswired {
    pub(super) fn new(at: Check, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { at, problem: problem.into(), remedy: remedy.into() }
    }
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// It is right, with what was seen where that says more.
    Fine(Option<String>),
    /// It is wrong.
    Wrong(Miswired),
    /// It could not be checked, and why.
    Unchecked(String),
}

impl Came {
    /// The same without secrets that the merchant repeated in what it answered.
    pub(super) fn without(self, redaction: &Redaction) -> Self {
        match self {
            Self::Fine(told) => Self::Fine(told.map(|told| redaction.text(&told))),
            Self::Wrong(Miswired { at, problem, remedy }) => {
                Self::Wrong(Miswired { at, problem: redaction.text(&problem), remedy })
            }
            Self::Unchecked(why) => Self::Unchecked(why),
        }
    }
}
