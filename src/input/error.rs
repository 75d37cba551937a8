//! What is wrong with a text, and where.

use std::fmt;

/// One fault in one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    /// File as the user named it.
    pub file: String,
    /// 1-based; zero where the whole file is meant.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    /// What is wrong, naming the offending value.
    pub problem: String,
    /// What would be accepted, or what to do.
    pub expected: Option<String>,
    /// The nearest valid spelling.
    pub nearest: Option<String>,
}

/// All faults found, in the order of files and lines. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputErrors(pub Vec<InputError>);

impl InputErrors {
    /// The faults of one file in the order of their places. What was found more than once, by
    /// reading one place for several scenarios or rows, is told once.
    #[must_use]
    pub fn in_order(mut found: Vec<InputError>) -> Self {
        let mut told = std::collections::BTreeSet::new();
        found.retain(|error| told.insert((error.line, error.column, error.problem.clone())));
        found.sort_by_key(|error| (error.line, error.column));
        Self(found)
    }
}

impl std::error::Error for InputErrors {}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.problem)?;
        if let Some(expected) = &self.expected {
            write!(f, "\n  expected: {expected}")?;
        }
        if let Some(nearest) = &self.nearest {
            write!(f, "\n  did you mean: {nearest}")?;
        }
        Ok(())
    }
}

impl fmt::Display for InputErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

/// The valid spelling nearest to `word`, if any is near enough to be meant.
pub fn nearest<'a>(word: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = valid.into_iter().map(|v| (strsim::damerau_levenshtein(word, v), v));
    let (distance, best) = scored.min_by_key(|(distance, _)| *distance)?;
    let limit = (word.chars().count().max(best.chars().count()) / 3).max(1);
    (distance <= limit).then_some(best)
}
