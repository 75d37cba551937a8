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
mod door;
mod inbox;
mod money;
mod order;
mod payment;
mod profile;
mod proof;
mod provider;
mod shop;
#[cfg(test)]
mod spoken;
#[cfg(test)]
mod stage;
mod store;
#[cfg(test)]
mod tests;
mod transfer;
mod view;

use std::net::Ipv4Addr;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

pub use config::Config;
pub use defect::{DEFECTS, Defect, defect_by_name};
pub use profile::profile;

/// Runs the merchant until the process ends.
///
/// # Errors
/// Its books, its secret or its port cannot be used.
pub async fn serve(config: Config) -> Result<(), SampleError> {
    let port = config.port;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| SampleError::Port { port, reason: error.to_string() })?;
    serve_on(listener, config).await
}

async fn serve_on(listener: TcpListener, config: Config) -> Result<(), SampleError> {
    let router = door::router(shop::Shop::open(config)?);
    // Answers are small and wanted at once; batching them would only add waits.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router).await.map_err(|error| SampleError::Served(error.to_string()))
}

/// Every defect that can be planted, in the order of the rules.
#[must_use]
pub fn defects() -> &'static [Defect] {
    DEFECTS
}

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
    /// The secret is no key.
    #[error("environment variable WEBHOOK_SECRET holds no key; write whsec_ and base64")]
    Secret,
    /// The database does not open.
    #[error("`{path}` does not open as the shop's database: {reason}; name a writable file in DB")]
    Books {
        /// Which file.
        path: String,
        /// What SQLite says.
        reason: String,
    },
    /// The port is taken or not allowed.
    #[error("port {port} cannot be listened on: {reason}; choose another in PORT")]
    Port {
        /// Which one.
        port: u16,
        /// What the system says.
        reason: String,
    },
    /// No client for the payment service.
    #[error("the client of the payment service does not start: {0}; check PAYMENTS_API")]
    Client(String),
    /// Serving ended.
    #[error("the merchant stopped serving: {0}; start it again")]
    Served(String),
}
