//! The merchant's profile: what is declared, what can be driven, what can be observed.
//!
//! Reads `countersign.yaml` whole and says everything that is wrong with it at once. Knows no
//! sockets and starts nothing.

mod contract;
pub mod draft;
mod drive;
mod item;
mod memory;
mod observe;
mod profile;
mod read;
mod redact;
pub mod sql;
pub mod stack;
#[cfg(test)]
mod strictness;
pub mod template;

pub use contract::CONTRACT_PATH;
pub use drive::{Act, Body, Drives, HttpTemplate, Source, SqlTemplate, Step, VERBS, Verb};
pub use memory::{Heard, Memory, Uncaught};
pub use observe::{Looks, Misread, observation};
pub use profile::{
    Amount, Connection, Look, Mapping, Observe, Policy, Probe, Profile, ProviderConfig, Ready,
    Scope, Start, Stop,
};
pub use read::{Known, Outside, is_path, read, shape};
pub use redact::{NamedSecrets, looks_secret};
