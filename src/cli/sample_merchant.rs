//! `countersign sample-merchant`: the built-in merchant as a process of its own.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::cli::failure::Failure;
use crate::cli::page::print;
use crate::sample::{Config, defects, serve};

/// The built-in sample merchant: sound, or with one planted defect
///
/// Started by `demo` and `calibrate`. By itself it takes PORT, DB, PAYMENTS_API, PAYMENTS_KEY,
/// PAYMENTS_ACCOUNT and WEBHOOK_SECRET from the environment, LIVEMODE (true) as well.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plants this defect
    #[arg(long, value_name = "NAME")]
    defect: Option<String>,

    /// Lists the defects, with the rule that has to find each
    #[arg(long, conflicts_with = "defect")]
    list: bool,
}

/// Lists the defects, or serves until the process is ended.
///
/// # Errors
/// The environment does not describe a merchant, or its port or books cannot be used.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    if args.list {
        print(|out| out.write_all(list().as_bytes()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::from_env(args.defect.as_deref());
    let config = config.map_err(|error| Failure::Input(error.to_string()))?;
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let runtime = threads.worker_threads(2).enable_all().build().map_err(|error| {
        Failure::Ours(format!("no threads to serve with: {error}; free some and start again"))
    })?;
    runtime.block_on(serve(config)).map_err(|error| Failure::Input(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

fn list() -> String {
    let width = defects().iter().map(|defect| defect.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for defect in defects() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:width$}  {:9}  {}", defect.name, defect.rule, defect.story);
    }
    text
}
