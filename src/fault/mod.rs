//! What can go wrong with a message on its way to the merchant: one file per family.
//!
//! | file | what it makes |
//! | --- | --- |
//! | `forgery` | messages that do not prove what they claim |
//! | `spelling` | genuine messages, oddly but legally spelt |
//!
//! Pure: bytes in, bytes out. Knows no provider, no merchant and no clock.

mod forgery;
mod spelling;

pub use forgery::forge;
pub use spelling::respell;
