//! The only place with sockets, files, clocks, processes, threads and async.
//!
//! | file | what it does |
//! | --- | --- |
//! | `deliver` | sends messages to the merchant's webhook door, over connections of `connection` |
//! | `drive` | makes the merchant act, as the profile declares it |
//! | `probe` | looks at an order, as the profile declares it |
//! | `http` | the client of both: bounded answers, failures in words |
//! | `launch` | starts the merchant, waits until it is ready, ends it |
//! | `provider_http` | serves the reference payment service over HTTP |
//! | `log` | the output of a started process |
//! | `guardian` | the process between us and the merchant, which outlives neither |
//!
//! Knows how, never why: what is sent and when is decided by the executor.

mod connection;
pub mod deliver;
pub mod drive;
pub mod guardian;
pub mod http;
pub mod launch;
mod log;
pub mod probe;
pub mod provider_http;
