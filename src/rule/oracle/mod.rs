//! The oracles behind the codes, written once: what the provider's truth allows a merchant to
//! show, and how what it shows departs from that.
//!
//! Knows the model, the policy and the plan's expectations. Knows no rule.

mod allowed;
mod class;
mod expectation;
mod several;
mod shown;
mod violation;

pub use allowed::Allowed;
pub use expectation::{Decision, decide};
pub use shown::Shown;
pub use violation::{Fault, Scrutiny, Violation, inspect};
