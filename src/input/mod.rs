//! Text that people write, read with its place: errors come all at once, each with file, line,
//! column, what was expected, and the nearest valid spelling.
//!
//! Knows YAML as a tree and nothing about what the words mean.

mod error;

pub use error::{InputError, InputErrors, nearest};
