//! The verdict of a run as files: one file per format, all written from one model.
//!
//! Knows `rule::Judged` and nothing else of a run: no clock, no paths, no history file. The same
//! judged run gives the same bytes, so `report --from` reproduces what `run` wrote. A new format
//! is one file here and one row in `FORMATS`.

mod cause;
mod cucumber;
mod digest;
mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod money;
mod story;
mod tap;
mod terminal;
mod text;

use std::io::{self, Write};

use crate::rule::Judged;

pub use terminal::{Screen, screen};
pub use text::{visible, wrap};

/// One format.
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line, such as `junit`.
    pub name: &'static str,
    /// Its file in the folder of reports, such as `junit.xml`.
    pub file: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// Who reads it, as one sentence.
    pub doc: &'static str,
    /// Whether it is written where nobody asks for a format by name.
    pub by_default: bool,
    /// Writes it.
    pub render: fn(&Judged, &mut dyn Write) -> io::Result<()>,
}

/// Every format, in the order in which they are written and listed.
pub static FORMATS: &[&Format] = &[
    &terminal::FORMAT,
    &html::FORMAT,
    &junit::FORMAT,
    &json::FORMAT,
    &markdown::FORMAT,
    &money::FORMAT,
    &cucumber::FORMAT,
    &tap::FORMAT,
    &github::FORMAT,
];

/// The format of that name.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_files_are_unique() {
        let names: std::collections::BTreeSet<_> = FORMATS.iter().map(|f| f.name).collect();
        let files: std::collections::BTreeSet<_> = FORMATS.iter().map(|f| f.file).collect();
        assert_eq!((names.len(), files.len()), (FORMATS.len(), FORMATS.len()));
    }
}
