//! Arguments that tell how deliveries are signed, as several commands take them.

use crate::input::nearest;
use crate::signature::{Scheme, scheme, signing};

/// Reads the name of a scheme that can sign.
///
/// # Errors
/// An unknown one, or one that only verifies, with what would be accepted.
pub fn parse_scheme(name: &str) -> Result<&'static Scheme, String> {
    let known = signing();
    scheme(name).filter(|scheme| known.contains(&scheme.name())).ok_or_else(|| {
        let near = nearest(name, known.iter().copied());
        let near = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
        format!("{near}schemes that can sign are {}", known.join(", "))
    })
}
