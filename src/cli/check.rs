//! `countersign check`: reads and validates everything, starts and sends nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::failure::Failure;
use crate::cli::input::{CONFIG, both, files, profile, provider_profile};
use crate::cli::page::print;
use crate::merchant::{self, Connection, Profile};
use crate::model::RAILS;
use crate::provider::profile::is_profile;
use crate::rule::{RULES, absent, codes, missing};
use crate::scenario::suite::plan;

/// Read the configuration and the scenarios, tell every fault, run nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  countersign check
  countersign check my.feature --config staging.yaml
  countersign check acme-pay.yaml")]
pub struct Args {
    /// Scenario files and provider profiles; the built-in suite where no scenarios are named
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// The merchant's profile; countersign.yaml where there is one
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
}

/// Checks.
///
/// # Errors
/// Every fault of every file.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    if let Some(missing) = args.files.iter().find(|file| !Path::new(file).is_file()) {
        return Err(Failure::Input(format!("no file `{missing}`; give paths of scenario files")));
    }
    let config = args.config.clone().or_else(|| Path::new(CONFIG).is_file().then(|| CONFIG.into()));
    let read = config.as_deref().map(profile).transpose();
    let (providers, scenarios): (Vec<String>, Vec<String>) =
        args.files.iter().cloned().partition(|file| is_provider_profile(file));
    let provider = match &read {
        Ok(Some(profile)) => {
            provider_profile(&profile.provider.profile, &profile.folder).map(|_| ())
        }
        Ok(None) | Err(_) => Ok(()),
    };
    let provider = providers.iter().fold(provider, |before, file| {
        both(before, provider_profile(file, Path::new(""))).map(|_| ())
    });
    let rails: Vec<&str> = match &read {
        Ok(Some(profile)) => profile.provider.rails.iter().map(String::as_str).collect(),
        Ok(None) | Err(_) => RAILS.iter().map(|rail| rail.id).collect(),
    };
    let planned = plan(&files(&scenarios)?, &rails, &codes()).map_err(Failure::from);
    let (profile, ((), plan)) = both(read, both(provider, planned))?;
    print(|out| {
        for file in &providers {
            writeln!(out, "{file}: fine; `countersign profiles {file}` explains it")?;
        }
        match &profile {
            Some(profile) => tell(profile, out)?,
            None => writeln!(out, "no {CONFIG} here; checked the scenarios alone")?,
        }
        writeln!(out, "{} scenarios can run", plan.scenarios.len())?;
        // Which they are stands in the report of a run; here only what would bring them back.
        let mut left_out = BTreeMap::<&str, usize>::new();
        for (_, reason) in &plan.left_out {
            *left_out.entry(reason).or_default() += 1;
        }
        for (reason, scenarios) in left_out {
            writeln!(out, "  {scenarios} left out: {reason}")?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a file is a provider profile, and no scenarios.
fn is_provider_profile(file: &str) -> bool {
    let is_yaml = merchant::is_path(file) && !file.ends_with(".feature");
    is_yaml && std::fs::read_to_string(file).is_ok_and(|text| is_profile(&text))
}

/// What a profile connects, and what stays untested for want of a line.
fn tell(profile: &Profile, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let how = if profile.start.is_some() { "is started" } else { "is expected to run already" };
    writeln!(out, "{}: fine; the merchant {how} at {}", profile.name, profile.base_url)?;
    // Whether it accepts events dated ahead of its clock, only a run can tell.
    let connection = Connection { future_dated: true, ..profile.connection() };
    for rule in RULES {
        let missing = missing(rule, &connection);
        if let Some(reason) = absent(rule, &profile.scope) {
            writeln!(out, "  {} is not applicable: {reason}", rule.code)?;
        } else if !missing.is_empty() {
            writeln!(out, "  {} is not testable without {}", rule.code, missing.join(", "))?;
        }
    }
    Ok(())
}
