//! How a command ends when it cannot do its work, and with which exit code.
//!
//! The merchant's faults are no failures: they are verdicts, with exit codes of their own.

use std::process::ExitCode;

use crate::input::InputErrors;

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Flags, configuration, a scenario, or a merchant that cannot be reached: exit 2.
    #[error("{0}")]
    Input(String),
    /// A text with faults, each in its place: exit 2.
    #[error(transparent)]
    Text(#[from] InputErrors),
    /// Ours, or the machine's: exit 4.
    #[error("{0}")]
    Ours(String),
}

impl Failure {
    /// Tells it on stderr and gives the exit code.
    pub fn report(&self) -> ExitCode {
        let error = anstyle::AnsiColor::Red.on_default().bold();
        let (count, code) = match self {
            Self::Text(errors) if errors.0.len() > 1 => (format!("{} errors\n", errors.0.len()), 2),
            Self::Input(_) | Self::Text(_) => (String::new(), 2),
            Self::Ours(_) => (String::new(), 4),
        };
        anstream::eprintln!("{error}error:{error:#} {count}{self}");
        ExitCode::from(code)
    }
}
