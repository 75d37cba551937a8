//! `countersign guard`: the process between a run and a started merchant. Not for people.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::cli::failure::Failure;
use crate::io::guardian;

/// Runs a command, and ends it with all its processes when stdin closes
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct Args {
    /// Signal that asks for the end: TERM, INT, QUIT, HUP or KILL
    #[arg(long, default_value = "TERM")]
    signal: String,

    /// How long it has until it is killed
    #[arg(long, default_value_t = 5000, value_name = "MS")]
    within_ms: u64,

    /// Removed with everything in it if stdin closes without the word `stop`
    #[arg(long, value_name = "FOLDER")]
    scratch: Option<PathBuf>,

    /// Program and arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Guards until the command has ended, and ends with its exit code.
///
/// # Errors
/// The command cannot be started.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let signal: Signal = format!("SIG{}", args.signal).parse().map_err(|_| {
        Failure::Input(format!("`{}` is no signal; use TERM, INT, QUIT, HUP or KILL", args.signal))
    })?;
    let within = Duration::from_millis(args.within_ms);
    let code = guardian::guard(&args.command, signal, within, args.scratch.as_deref())
        .map_err(|error| Failure::Input(error.to_string()))?;
    // Exit codes are bytes to the system; what does not fit is a failure all the same.
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)))
}
