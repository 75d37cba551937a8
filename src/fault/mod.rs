//! What can go wrong with a message on its way to the merchant: one file per family.
//!
//! | file | what it makes |
//! | --- | --- |
//! | `attack` | what a verifier of a scheme must accept and refuse |
//! | `forgery` | messages that do not prove what they claim |
//! | `mistake` | messages that only a mistaken verification accepts |
//! | `spelling` | genuine messages, oddly but legally spelt |
//!
//! Pure: bytes in, bytes out. Knows no provider, no merchant and no clock.

mod attack;
mod forgery;
mod mistake;
mod spelling;

pub use attack::{Trial, Trials, trials};
pub use forgery::{ForgeError, forge};
pub use mistake::{Mistaken, apart, mistakes};
pub use spelling::{annotate, respell};
