//! Text that people write, read with its place: errors come all at once, each with file, line,
//! column, what was expected, and the nearest valid spelling.
//!
//! Knows YAML as a tree and nothing about what the words mean.

mod cursor;
mod error;
mod render;
mod shape;
mod yaml;

pub use cursor::{Cursor, Faults, Fields};
pub use error::{InputError, InputErrors, nearest};
pub use shape::{Kind, Shape};
pub use yaml::{Node, Pair, Place, Value, parse as parse_yaml};
