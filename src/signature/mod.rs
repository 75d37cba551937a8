//! Webhook signatures as data: one interpreter signs and verifies by every scheme of
//! `fixtures/signature-schemes.yaml`.
//!
//! Knows no sockets and no clock: `now` is handed in. A new scheme is a row of the fixture; a new
//! method or encoding a row of its table. A sender's draft can be changed before and after it is
//! sealed, which is how `fault` forges.

mod base;
mod canonical;
mod certificate;
mod draft;
mod encoding;
mod error;
mod explain;
mod input;
mod key;
mod pair;
mod public;
mod read;
mod scheme;
mod secret;
mod sign;
mod template;
#[cfg(test)]
mod vector;
mod verify;

use std::sync::LazyLock;

pub(crate) use draft::Draft;
pub use draft::Signed;
pub use error::{Rejection, SignatureError};
pub use explain::Rotation;
pub(crate) use key::Signer;
pub use scheme::Scheme;
pub use secret::{Message, Secret};
pub use template::webhook_id;
pub use verify::Arrived;

/// The schemes of the fixture, in its order. A fault in it is a fault of this program, and the
/// tests of this folder read it.
static SCHEMES: LazyLock<Vec<Scheme>> = LazyLock::new(|| {
    let text = include_str!("../../fixtures/signature-schemes.yaml");
    read::read(text, "fixtures/signature-schemes.yaml").unwrap_or_else(|faults| panic!("{faults}"))
});

/// The schemes by which calls of an API are signed.
static CALL_SCHEMES: LazyLock<Vec<Scheme>> = LazyLock::new(|| {
    let text = include_str!("../../fixtures/call-schemes.yaml");
    read::read(text, "fixtures/call-schemes.yaml").unwrap_or_else(|faults| panic!("{faults}"))
});

/// The scheme of that name by which calls are signed.
#[must_use]
pub fn call_scheme(name: &str) -> Option<&'static Scheme> {
    CALL_SCHEMES.iter().find(|scheme| scheme.name() == name)
}

/// Names of the schemes by which calls are signed, in the order of their table.
#[must_use]
pub fn calling() -> Vec<&'static str> {
    CALL_SCHEMES.iter().map(Scheme::name).collect()
}

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

/// Names of the schemes that events of the reference service can be announced by, in the order of
/// the table.
#[must_use]
pub fn signing() -> Vec<&'static str> {
    SCHEMES.iter().filter(|scheme| scheme.fits_any_body()).map(Scheme::name).collect()
}
