//! `countersign report --from HISTORY`: the reports of a run that is over.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::failure::Failure;
use crate::cli::page::show;
use crate::cli::target::ReportArgs;
use crate::history::{HistoryError, Reader};
use crate::rule::{Judged, judge};

/// Judge a recorded history again and write its reports
///
/// The reports of a history are the same, byte for byte, whenever and wherever they are written.
/// Ends with the exit code of the verdict, as the run itself did.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  countersign report --from reports/latest/history.jsonl
  countersign report --from history.jsonl --report markdown=summary.md")]
pub struct Args {
    /// The history that a run recorded
    #[arg(long, value_name = "HISTORY")]
    from: PathBuf,
    #[command(flatten)]
    reports: ReportArgs,
}

/// Judges and writes.
///
/// # Errors
/// A history that cannot be read, or a report that cannot be written.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    // Into the folder of the history: a history of last week must not overwrite today's reports.
    let folder = args.from.parent().filter(|folder| !folder.as_os_str().is_empty());
    let targets = args.reports.check(folder.unwrap_or(Path::new(".")))?;
    let judged = read(&args.from)?;
    targets.write(&judged)?;
    show(&judged, &targets.place)?;
    Ok(ExitCode::from(judged.outcome.exit()))
}

/// Judges the history at `path`.
///
/// # Errors
/// It cannot be read, or is none.
pub fn read(path: &Path) -> Result<Judged, Failure> {
    let judged = File::open(path)
        .map_err(HistoryError::from)
        .and_then(|file| Reader::new(BufReader::new(file)))
        .and_then(|mut history| judge(&mut history));
    judged.map_err(|error| {
        let path = path.display();
        Failure::Input(format!("`{path}`: {error}; give the history.jsonl that a run wrote"))
    })
}
