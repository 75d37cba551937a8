//! Countersign: a conformance harness for merchant integrations with crypto payment APIs.
//!
//! The folders are the nouns that a payment meets, in the order in which it meets them; see
//! ARCHITECTURE.md.

pub mod cli;
pub mod fault;
pub mod history;
pub mod input;
pub mod io;
pub mod merchant;
pub mod model;
pub mod provider;
pub mod report;
pub mod rule;
pub mod run;
pub mod sample;
pub mod scenario;
pub mod signature;
