//! How a command ends when it cannot do its work, and with which exit code.
//!
//! The merchant's faults are no failures: they are verdicts, with exit codes of their own.

use std::process::ExitCode;

use crate::cli::page::say;
use crate::input::InputErrors;
use crate::scenario::SelectionError;
use crate::scenario::suite::embedded;

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Flags, configuration, a scenario, or a merchant that cannot be reached: exit 2.
    #[error("{0}")]
    Input(String),
    /// A text with faults, each in its place: exit 2.
    #[error(transparent)]
    Text(#[from] InputErrors),
    /// Nothing, or not what was meant, would be played: exit 2.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// Whoever started it wanted it to end before anything was decided: exit 3.
    #[error("{0}")]
    Interrupted(String),
    /// Ours, or the machine's: exit 4.
    #[error("{0}")]
    Ours(String),
}

impl Failure {
    /// Tells it on stderr and gives the exit code.
    pub fn report(&self) -> ExitCode {
        let style = anstyle::AnsiColor::Red.on_default().bold();
        match self {
            Self::Text(errors) => {
                // The lines themselves are shown where the file can still be read.
                let text = |file: &str| {
                    let builtin = || embedded().into_iter().find(|(path, _)| path == file);
                    std::fs::read_to_string(file).ok().or_else(|| builtin().map(|(_, text)| text))
                };
                say(&errors.render(text, true));
                let n = errors.0.len();
                if n > 1 {
                    say(&format!("\n{style}{n} errors{style:#}; nothing was started"));
                }
            }
            Self::Input(_) | Self::Selection(_) | Self::Interrupted(_) | Self::Ours(_) => {
                say(&format!("{style}error:{style:#} {self}"));
            }
        }
        match self {
            Self::Input(_) | Self::Text(_) | Self::Selection(_) => ExitCode::from(2),
            Self::Interrupted(_) => ExitCode::from(3),
            Self::Ours(_) => ExitCode::from(4),
        }
    }
}
