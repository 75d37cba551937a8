//! By what the merchant is driven and looked at: requests, commands, statements; and what the
//! steps of an order have left for its later ones, values and cookies.
//!
//! Whose turn it is, is decided elsewhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::command::Commands;
use super::http::Reach;
use super::sql::Databases;
use crate::history::Redaction;
use crate::merchant::template::Values;
use crate::merchant::{Memory, Start};

/// By what the merchant is driven and looked at.
pub struct Hands {
    pub(super) http: Reach,
    pub(super) commands: Commands,
    pub(super) databases: Databases,
    /// What every template may use.
    values: BTreeMap<&'static str, String>,
    /// Reference → what its steps have left.
    memories: Mutex<BTreeMap<String, Memory>>,
}

/// Where the merchant's commands and files are.
#[derive(Debug, Clone)]
pub struct Place<'p> {
    /// This program, which can act as a guardian.
    pub exe: &'p Path,
    /// The profile's folder.
    pub folder: PathBuf,
    /// The merchant's start, filled in, if it is ours to start.
    pub start: Option<&'p Start>,
    /// What is told without.
    pub redaction: &'p Redaction,
}

impl Hands {
    /// For a merchant at this address, with so much time for an answer over HTTP.
    ///
    /// # Errors
    /// The system gives no client.
    pub fn new(
        base_url: &str,
        timeout: Duration,
        place: &Place<'_>,
        values: BTreeMap<&'static str, String>,
    ) -> Result<Self, reqwest::Error> {
        let Place { exe, folder, start, redaction } = place;
        Ok(Self {
            http: Reach::new(base_url, timeout)?,
            commands: Commands::new(exe, *start, folder, redaction),
            databases: Databases::new(folder.clone()),
            values,
            memories: Mutex::default(),
        })
    }

    /// The run's own values, and what is particular to this use of them.
    pub(super) fn filled<'v>(&'v self, own: &Values<'v>) -> Values<'v> {
        let mut values: Values<'v> = own.clone();
        for (name, value) in &self.values {
            values.entry(name).or_insert_with(|| value.clone());
        }
        values
    }

    /// What the steps of an order have left.
    pub(super) fn memory(&self, reference: &str) -> Memory {
        let memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        memories.get(reference).cloned().unwrap_or_default()
    }

    /// Keeps it for the order's later steps.
    pub(super) fn remember(&self, reference: &str, memory: Memory) {
        let mut memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        memories.insert(reference.to_owned(), memory);
    }
}

/// Values may be secrets.
impl std::fmt::Debug for Hands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hands").field("http", &self.http).finish_non_exhaustive()
    }
}
