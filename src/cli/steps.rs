//! `countersign steps`: the vocabulary of scenarios, from its table.

use std::process::ExitCode;

use anstyle::Style;

use crate::cli::failure::Failure;
use crate::cli::page::{print, width};
use crate::report::wrap;
use crate::scenario::step::{STEPS, document};

/// List the steps that a scenario may be written with
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write the page for docs/steps.md
    #[arg(long)]
    markdown: bool,
}

/// Lists them.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    if args.markdown {
        print(|out| out.write_all(document().as_bytes()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (bold, quiet) = (Style::new().bold(), Style::new().dimmed());
    let width = width().clamp(60, 100);
    print(|out| {
        for (i, group) in STEPS.iter().enumerate() {
            let gap = if i == 0 { "" } else { "\n" };
            writeln!(out, "{gap}{bold}{}{bold:#}", group.title)?;
            for wording in group.wordings {
                writeln!(out, "  {} {}", wording.keyword.as_str(), wording.example)?;
                for line in wrap(wording.doc, width - 8) {
                    writeln!(out, "        {quiet}{line}{quiet:#}")?;
                }
            }
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}
