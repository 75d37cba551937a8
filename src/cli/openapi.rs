//! `countersign openapi`: the API of the reference payment service, for programs and for people.

use std::process::ExitCode;

use crate::cli::failure::Failure;
use crate::cli::page::print;
use crate::provider::{api_page, openapi};

/// Describe the API of the reference payment service in OpenAPI 3.1
///
/// For generators of clients and mocks, and for tools that test. The service itself serves the same
/// document at /openapi.json.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Write the page for docs/api.md
    #[arg(long)]
    markdown: bool,
}

const AFTER_HELP: &str = "\
Examples:
  countersign openapi > openapi.json
  countersign openapi --markdown > docs/api.md";

/// Prints it.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let text = if args.markdown { api_page() } else { format!("{:#}\n", openapi()) };
    print(|out| out.write_all(text.as_bytes()))?;
    Ok(ExitCode::SUCCESS)
}
