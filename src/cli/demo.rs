//! `countersign demo`: the suite against a sample merchant that is built in.

use std::process::ExitCode;

use crate::cli::conduct::program;
use crate::cli::failure::Failure;
use crate::cli::play::{PlayArgs, play};
use crate::input::nearest;
use crate::sample::{defect_by_name, defects, profile};

/// Judge a sample merchant that is built in, sound or with a planted defect
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  countersign demo
  countersign demo --defect event-id-only
  countersign sample-merchant --list")]
pub struct Args {
    /// Plant this defect; `countersign sample-merchant --list` names all
    #[arg(long, value_name = "NAME", value_parser = known)]
    defect: Option<&'static str>,
    #[command(flatten)]
    play: PlayArgs,
}

fn known(name: &str) -> Result<&'static str, String> {
    defect_by_name(name).map(|defect| defect.name).ok_or_else(|| {
        let near = nearest(name, defects().iter().map(|defect| defect.name));
        let near = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
        format!("{near}`countersign sample-merchant --list` names all defects")
    })
}

/// Judges it.
///
/// # Errors
/// Bad input, or our own fault.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let exe = program()?;
    let command = match args.defect {
        Some(defect) => format!("countersign demo --defect {defect}"),
        None => "countersign demo".to_owned(),
    };
    // A planted defect is there to be found, whatever the level of its rule.
    let play_args = if args.defect.is_some() { args.play.strictly() } else { args.play.clone() };
    play(profile(&exe, args.defect), &command, &play_args)
}
