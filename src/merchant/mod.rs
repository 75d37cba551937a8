//! The merchant's profile: what is declared, what can be driven, what can be observed.
//!
//! Reads `countersign.yaml` whole and says everything that is wrong with it at once. Knows no
//! sockets and starts nothing.

mod profile;
mod redact;

pub use profile::{
    Amount, Body, Connection, Drives, HttpTemplate, Mapping, Observe, Policy, Probe, Profile,
    ProviderConfig, Ready, Scope, Start, Stop,
};
