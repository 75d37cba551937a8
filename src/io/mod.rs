//! The only place with sockets, files, clocks, processes, threads and async.
//!
//! | file | what it does |
//! | --- | --- |
//! | `deliver` | sends messages to the merchant's webhook door, over connections of `connection` |
//! | `launch` | starts the merchant, waits until it is ready, ends it |
//! | `guardian` | the process between us and the merchant, which outlives neither |
//!
//! Knows how, never why: what is sent and when is decided by the executor.

mod connection;
pub mod deliver;
