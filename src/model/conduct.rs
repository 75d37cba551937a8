//! How an answer leaves: whole, late, in part, or not at all.
//!
//! Says what shall happen to bytes; sends none.

use super::Span;

/// How an answer leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Conduct {
    /// At once, and whole.
    #[default]
    Whole,
    /// After so much real time.
    Late(Span),
    /// Never: the connection stays open until the other side gives up.
    Never,
    /// Not at all: the connection ends.
    Lost,
    /// Whole, once whoever makes the trouble lets it go.
    Held,
    /// Half of the body; then the connection ends.
    Cut,
}
