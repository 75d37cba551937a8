//! The append-only record of a run, and the only thing that judges and reports read.
//!
//! Entries are appended by the executor and never changed. The types here are the file's external
//! form as well (JSON lines): one form fewer to keep in step.

mod entry;
mod log;
mod redaction;

pub use entry::{
    Answer, ApiCall, Attempt, Drive, Entry, Expected, Fact, Meant, Observed, Opened, RunEnded,
    RunStarted, ScenarioEnded, ScenarioStarted, Transition, Why,
};
pub use log::{FORMAT, HistoryError, Reader, Writer};
pub use redaction::Redaction;
