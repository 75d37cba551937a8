//! `countersign rules`: the rulebook, one line per rule.

use std::process::ExitCode;

use anstyle::Style;

use crate::cli::failure::Failure;
use crate::cli::page::print;
use crate::rule::RULES;

/// List the rules
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Lists them.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(_: &Args) -> Result<ExitCode, Failure> {
    let bold = Style::new().bold();
    print(|out| {
        for rule in RULES {
            let (code, level) = (rule.code, rule.level.as_str());
            writeln!(out, "{bold}{code:<9}{bold:#} {level:<6}  {}", rule.title)?;
        }
        writeln!(out, "\n{} rules; `countersign explain CODE` tells one in full", RULES.len())
    })?;
    Ok(ExitCode::SUCCESS)
}
