//! The built-in sample merchant: one sound shop, and one switch for each planted defect.
//!
//! It is a program of its own that happens to live in this binary: it is started as a separate
//! process, is judged over real sockets, and shares no code with the judge; not even the check
//! of signatures or the arithmetic of money. Only [`profile`] knows the harness.
//!
//! A notification takes this way: `door` (HTTP) → `proof` (is it genuine?) → `payment` (what does
//! it say?) → `inbox` (seen before?) → `order` (what follows?) → `store` (one transaction).

mod config;
mod defect;
mod profile;

pub use config::Config;
pub use defect::{DEFECTS, Defect, defect_by_name};
pub use profile::profile;

/// Why the sample merchant cannot run.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// A variable of the environment is not set.
    #[error("environment variable {0} is not set; the merchant needs it to start")]
    Missing(&'static str),
    /// A variable of the environment cannot be read.
    #[error("environment variable {name} is `{value}`; write a port number, or true or false")]
    Variable {
        /// Which one.
        name: &'static str,
        /// What it holds.
        value: String,
    },
    /// No such switch.
    #[error("no defect `{name}`; choose one of: {known}")]
    UnknownDefect {
        /// As asked for.
        name: String,
        /// What exists.
        known: String,
    },
}
