//! `countersign profiles`: the providers whose habits are known, and what a merchant meets at one.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anstyle::Style;

use crate::cli::failure::Failure;
use crate::cli::input::provider_profile;
use crate::cli::page::{print, width};
use crate::provider::Profile;
use crate::provider::profile::{builtin, knobs, names};
use crate::report::wrap;

/// List the provider profiles, or explain one: what a merchant meets that differs from default
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  countersign profiles
  countersign profiles coingate
  countersign profiles acme-pay.yaml
  countersign profiles default     every knob, for a profile of your own")]
pub struct Args {
    /// Its name, or a file
    #[arg(value_name = "PROFILE")]
    profile: Option<String>,
}

/// Lists, or explains one.
///
/// # Errors
/// There is no such profile, or it has faults.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.profile {
        None => print(list)?,
        Some(word) => {
            let profile = provider_profile(word, Path::new("."))?;
            print(|out| tell(&profile, width().min(100), out))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(out: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let widest = names().iter().map(|name| name.len()).max().unwrap_or_default();
    writeln!(out, "{bold}{:widest$}  WHAT IT IS{bold:#}", "PROFILE")?;
    for profile in names().into_iter().filter_map(builtin) {
        writeln!(out, "{:widest$}  {}", profile.name, profile.summary)?;
    }
    writeln!(
        out,
        "\n`countersign profiles NAME` explains one; docs/profiles.md says how to write one"
    )
}

/// What differs from the default profile; the default one in full.
fn tell(profile: &Profile, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let default = Profile::default();
    let is_default = *profile == Profile { sources: profile.sources.clone(), ..default.clone() };
    writeln!(out, "{bold}{}{bold:#}", profile.name)?;
    for line in wrap(&profile.summary, width - 2) {
        writeln!(out, "  {line}")?;
    }
    let title = if is_default { "Every knob" } else { "What differs from default" };
    writeln!(out, "\n{bold}{title}{bold:#}")?;
    let mut differs = 0;
    for knob in knobs() {
        let (told, usual) = (knob.told(profile), knob.told(&default));
        if told == usual && !is_default {
            continue;
        }
        differs += 1;
        writeln!(out, "  {bold}{}{bold:#}: {}", knob.name, knob.about)?;
        for line in wrap(&told, width - 6) {
            writeln!(out, "      {line}")?;
        }
        if !is_default {
            for line in wrap(&format!("by default {usual}"), width - 6) {
                writeln!(out, "      {line}")?;
            }
        }
    }
    if differs == 0 {
        writeln!(out, "  nothing")?;
    }
    for (name, table) in &profile.tables {
        writeln!(out, "\n{bold}Table {name}{bold:#}")?;
        for (ours, theirs) in table {
            writeln!(out, "  {ours} → {theirs}")?;
        }
    }
    if !profile.sources.is_empty() {
        writeln!(out, "\n{bold}Sources{bold:#}")?;
        for source in &profile.sources {
            writeln!(out, "  {source}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str) -> String {
        let mut page = Vec::new();
        tell(builtin(name).unwrap(), 100, &mut page).unwrap();
        String::from_utf8(page).unwrap()
    }

    #[test]
    fn a_profile_tells_what_differs_and_nothing_else() {
        let page = anstream::adapter::strip_str(&told("coingate")).to_string();
        assert!(page.contains("delivery.fatal: which status codes end a delivery"), "{page}");
        assert!(page.contains("301-302, 401, 403\n      by default none"), "{page}");
        assert!(!page.contains("delivery.queue"), "{page}");
    }

    #[test]
    fn the_default_one_tells_every_knob() {
        let page = told("default");
        for knob in knobs() {
            assert!(page.contains(knob.name), "{}", knob.name);
        }
    }
}
