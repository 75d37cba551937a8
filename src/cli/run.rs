//! `countersign run`: judges the merchant that a profile describes.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::failure::Failure;
use crate::cli::input::{CONFIG, profile};
use crate::cli::play::{PlayArgs, play, quoted};

/// Judge the merchant that countersign.yaml describes
///
/// Starts it where the file says how, plays the suite against it over real HTTP, and writes a
/// history and reports. A merchant that cannot be started, driven or understood ends in exit code
/// 2, never in findings.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  countersign run
  countersign run features/idempotency.feature:12
  countersign run my.feature --config staging.yaml
  countersign run --tags '@must and not @RECON-01' --report junit=out/junit.xml")]
pub struct Args {
    /// The merchant's profile
    #[arg(long, value_name = "PATH", default_value = CONFIG)]
    config: PathBuf,
    #[command(flatten)]
    play: PlayArgs,
}

/// Judges it.
///
/// # Errors
/// Bad input, or our own fault; what the merchant does wrong is a verdict.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let config = args.config.to_string_lossy();
    let mut command = "countersign run".to_owned();
    if config != CONFIG {
        command = format!("{command} --config {}", quoted(&config));
    }
    play(profile(&args.config)?, &command, &args.play)
}
