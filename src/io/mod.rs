//! The only place with sockets, files, clocks, processes, threads and async.
//!
//! | file | what it does |
//! | --- | --- |
//! | `session` | a run from beginning to end: the parts below, bound together |
//! | `shared` | what those parts share |
//! | `preflight` | is the merchant wired up at all? `refusal` explains why it refuses an event |
//! | `doctor` | the same, told check by check, and until an order is paid; `wiring` names the checks |
//! | `play` | does what lanes ask for; `meeting` shares one drive of reconciliation |
//! | `audit` | the last look at every order |
//! | `merchant` | the merchant of a run, and how it is reached |
//! | `process` | one that we start: begun, watched, begun again when it dies |
//! | `clock`, `entropy` | real time and fresh randomness, read here only |
//! | `deliver` | sends messages to the merchant's webhook door, over connections of `connection` |
//! | `pace` | not faster than the merchant asks for |
//! | `drive` | makes the merchant act, as the profile declares it |
//! | `probe` | looks at an order, as the profile declares it |
//! | `hands` | what both have: the next three, and what an order's steps have captured |
//! | `http` | requests: bounded answers, failures in words |
//! | `command` | commands, under a guardian |
//! | `sql` | statements, in the merchant's databases |
//! | `launch` | starts the merchant, waits until it is ready, ends it |
//! | `provider_http` | serves the reference payment service over HTTP |
//! | `serve` | the service on its own: the next rows, bound together |
//! | `desk` | the running sandbox: one at a time, nothing told before it is durable |
//! | `journal` | the sandbox's commands in a SQLite file |
//! | `courier` | makes the sandbox's attempts |
//! | `control_http` | the operator's side of the sandbox over HTTP, and its page |
//! | `change` | what changes in folders, for `countersign watch` |
//! | `interruption` | the wish that a run ends early |
//! | `log` | the output of a started process |
//! | `guardian` | the process between us and the merchant, which outlives neither |
//!
//! Knows how, never why: what is sent and when is decided by the executor.

mod accept;
mod audit;
pub mod change;
pub mod clock;
mod command;
mod connection;
mod control_guard;
mod control_http;
pub mod courier;
pub mod deliver;
mod desk;
pub mod doctor;
pub mod drive;
pub mod entropy;
mod gate;
pub mod guardian;
pub mod hands;
pub mod http;
pub mod interruption;
mod journal;
pub mod launch;
mod log;
mod meeting;
pub mod merchant;
mod pace;
mod play;
mod preflight;
pub mod probe;
pub mod process;
pub mod provider_http;
mod refusal;
pub mod serve;
pub mod session;
mod setup;
mod shared;
mod sql;
mod stage;
pub mod wiring;
