//! Webhook signatures as data: one interpreter signs and verifies by every scheme of
//! `fixtures/signature-schemes.yaml`.
//!
//! Knows no sockets and no clock: `now` is handed in. What a scheme needs and the interpreter
//! cannot do is refused as [`Unsupported`], never done half. A new scheme is a row of the fixture;
//! a new algorithm or encoding a row of its table in `scheme`.

mod error;
mod key;
mod read;
mod scheme;
mod secret;
mod sign;
mod template;
#[cfg(test)]
mod vector;
mod verify;

use std::sync::LazyLock;

pub use error::{Rejection, SignatureError, Unsupported};
pub use scheme::Scheme;
pub use secret::{Message, Secret};
pub use verify::Arrived;

/// The schemes of the fixture, in its order. A fault in it is a fault of this program, and the
/// tests of this folder read it.
static SCHEMES: LazyLock<Vec<Scheme>> = LazyLock::new(|| {
    let text = include_str!("../../fixtures/signature-schemes.yaml");
    read::read(text, "fixtures/signature-schemes.yaml").unwrap_or_else(|faults| panic!("{faults}"))
});

/// The scheme of that name.
#[must_use]
pub fn scheme(name: &str) -> Option<&'static Scheme> {
    SCHEMES.iter().find(|scheme| scheme.name() == name)
}

/// Names of all schemes, in the order of the table.
#[must_use]
pub fn names() -> Vec<&'static str> {
    SCHEMES.iter().map(Scheme::name).collect()
}

/// Names of the schemes that deliveries can be signed by, in the order of the table.
#[must_use]
pub fn signing() -> Vec<&'static str> {
    let able = SCHEMES.iter().filter(|scheme| scheme.signable().is_ok());
    able.map(Scheme::name).collect()
}
