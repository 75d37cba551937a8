//! `countersign suite export DIR`: the built-in suite as files, to read or to start from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::failure::Failure;
use crate::cli::page::print;
use crate::scenario::suite::embedded;

/// The built-in suite
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write the suite's features and sweeps into a folder, as a starting point
    Export {
        /// The folder; files that are there and differ are left alone
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// Exports it.
///
/// # Errors
/// A file that is there and differs, or cannot be written.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let Command::Export { folder } = &args.command;
    let files: Vec<_> =
        embedded().into_iter().map(|(path, text)| (folder.join(path), text)).collect();
    // Nothing is written unless everything can be: half a suite would pass for the whole.
    let changed = files.iter().filter(|(path, text)| {
        path.exists() && fs::read_to_string(path).is_ok_and(|there| there != *text)
    });
    let changed: Vec<_> = changed.map(|(path, _)| path.display().to_string()).collect();
    if !changed.is_empty() {
        return Err(Failure::Input(format!(
            "{} would be overwritten; export into an empty folder",
            changed.join(", ")
        )));
    }
    for (path, text) in &files {
        write(path, text).map_err(|error| {
            let path = path.display();
            Failure::Input(format!("cannot write `{path}`: {error}; give another folder"))
        })?;
    }
    let (n, folder) = (files.len(), folder.display());
    print(|out| {
        writeln!(out, "{n} files in {folder}; change them and run `countersign run FILE…`")
    })?;
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}
