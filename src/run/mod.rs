//! Executes a plan: lanes, waiting, retries. A lane says what it wants done next and is told the
//! answer; whoever does it (sockets, clocks, processes) lives in `io/`.
//!
//! Knows the provider, the plan and the history. Reads no clock: `Now` is handed in.

mod act;
mod checkout;
mod lane;
mod life;
mod network;
mod order;
mod pay;
mod post;
mod request;
mod settings;
mod trouble;
mod wait;
mod world;

pub use lane::Lane;
pub use request::{Answer, Message, Now, Request, Sent};
pub use settings::Settings;
pub use world::{Medium, World};
