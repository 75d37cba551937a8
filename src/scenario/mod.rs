//! What people write about a payment, as a plan: Gherkin and YAML become the same values.
//!
//! Knows no provider, no merchant and no clock: steps never do anything.

mod call;
mod forgery;
pub mod gherkin;
mod kill;
mod orders;
mod payment;
mod plan;
mod selection;
pub mod step;
pub mod suite;
mod transpose;
pub mod yaml;

pub use call::{ApiTrouble, Call};
pub use forgery::{FORGERIES, Forgery};
pub use kill::{KILLS, Kill, KillRow};
pub use payment::{Network, Operation, Pay, Replacement};
pub use plan::{
    Action, Alteration, Arrival, Deliver, Expectation, Phase, Plan, Scenario, Source, Step,
};
pub use selection::{Selection, SelectionError, TagExpression, Target};
