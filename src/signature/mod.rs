//! Webhook signatures as data: one interpreter signs and verifies by every scheme of
//! `fixtures/signature-schemes.yaml`.
//!
//! Knows no sockets and no clock: `now` is handed in. What a scheme needs and the interpreter
//! cannot do is refused as [`Unsupported`], never done half. A new scheme is a row of the fixture;
//! a new algorithm or encoding a row of its table in `scheme`.

mod error;
mod key;
mod scheme;
mod secret;
mod sign;
mod template;
mod verify;

pub use error::{Rejection, SignatureError, Unsupported};
pub use scheme::Scheme;
pub use secret::{Message, Secret};
