//! `countersign schemes`: the ways of signing webhooks, and what goes wrong in verifying each.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::Style;

use crate::cli::failure::Failure;
use crate::cli::page::{print, width};
use crate::fault::{Trials, trials};
use crate::input::nearest;
use crate::model::SimTime;
use crate::report::wrap;
use crate::signature::{Message, Scheme, names, scheme};

/// List the webhook signature schemes, or explain one: what is signed, where verifiers go wrong
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  countersign schemes
  countersign schemes stripe")]
pub struct Args {
    /// Its name
    #[arg(value_name = "SCHEME", conflicts_with = "markdown")]
    scheme: Option<String>,
    /// Write the page for docs/signatures.md
    #[arg(long)]
    markdown: bool,
}

/// Lists, or explains one.
///
/// # Errors
/// There is no such scheme, or stdout cannot be written.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.scheme {
        _ if args.markdown => print(|out| out.write_all(document().as_bytes()))?,
        None => print(list)?,
        Some(name) => {
            let scheme = scheme(name).ok_or_else(|| unknown(name))?;
            print(|out| tell(scheme, width().clamp(60, 100), out))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(name: &str) -> Failure {
    let near = nearest(name, names());
    let near = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
    Failure::Input(format!(
        "`{name}` is no signature scheme; {near}`countersign schemes` lists them"
    ))
}

fn list(out: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let row = |name: &str, proof: &str, place: &str| format!("{name:26} {proof:27} {place}");
    writeln!(out, "{bold}{}{bold:#}", row("SCHEME", "PROOF", "WHERE IT TRAVELS"))?;
    for scheme in names().into_iter().filter_map(scheme) {
        let row = row(scheme.name(), scheme.method(), &scheme.place());
        writeln!(out, "{}", row.trim_end())?;
    }
    writeln!(out, "\n`countersign schemes NAME` tells what is signed and where verifiers go wrong")
}

fn tell(scheme: &Scheme, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "{bold}{}{bold:#}", scheme.name())?;
    for line in facts(scheme).into_iter().flat_map(|fact| wrap(&fact, width - 2)) {
        writeln!(out, "  {line}")?;
    }
    writeln!(out, "\n{bold}Where verifiers go wrong{bold:#}")?;
    for trap in scheme.traps() {
        for (i, line) in wrap(trap, width - 4).iter().enumerate() {
            writeln!(out, "  {} {line}", if i == 0 { "-" } else { " " })?;
        }
    }
    let Trials { held, left } = tried(scheme);
    writeln!(out, "\n{bold}What is tried{bold:#}")?;
    for trial in held {
        let expected = if trial.is_genuine { "accept" } else { "refuse" };
        writeln!(out, "  {expected}  {}", trial.name)?;
    }
    for (name, why) in left {
        writeln!(out, "  -       {name}: {why}")?;
    }
    Ok(())
}

/// What it is, in sentences.
fn facts(scheme: &Scheme) -> Vec<String> {
    let signed = match scheme.signed() {
        Some(text) => format!("signed: {text}"),
        None => "signed: nothing of the message".to_owned(),
    };
    let tolerance = match scheme.tolerance() {
        Some(span) if scheme.bounds_the_future() => format!("tolerance: {span} either way"),
        Some(span) => format!("tolerance: {span} into the past"),
        None => "tolerance: none declared".to_owned(),
    };
    let proof = match (scheme.method(), scheme.place()) {
        (method, place) if place.is_empty() => format!("proof: {method}"),
        (method, place) => format!("proof: {method} in {place}"),
    };
    vec![proof, signed, tolerance, format!("rotation: {}", scheme.rotation().told())]
}

/// The trials of an example; a scheme that signs items of a body of its own gets one of those.
fn tried(scheme: &Scheme) -> Trials {
    let body: &[u8] = if scheme.fits_any_body() {
        br#"{"id":"evt_1"}"#
    } else {
        br#"{"notificationItems":[{"NotificationRequestItem":{"pspReference":"1"}}]}"#
    };
    let message = Message {
        id: "evt_1",
        ts: SimTime::from_unix_ms(1_700_000_000_000),
        url: "https://shop.example/webhooks",
        method: "POST",
        body,
    };
    trials(scheme, &scheme.fresh_secret(&[7; 32]), &message).unwrap_or_default()
}

/// The page of all schemes.
fn document() -> String {
    let mut page = "# Signature schemes\n\nWritten by `countersign schemes --markdown`; do not edit.\n\n\
        How providers sign their webhooks. `merchant.webhook.signature` names the scheme of a run; what \
        is signed is written as in `fixtures/signature-schemes.yaml`.\n"
        .to_owned();
    for scheme in names().into_iter().filter_map(scheme) {
        let _ = write!(page, "\n## {}\n\n", scheme.name());
        for fact in facts(scheme) {
            let (name, text) = fact.split_once(": ").unwrap_or_default();
            let code = if name == "signed" && scheme.signed().is_some() { "`" } else { "" };
            let _ = writeln!(page, "- **{name}**: {code}{text}{code}");
        }
        let _ = writeln!(page, "\nWhere verifiers go wrong:\n");
        for trap in scheme.traps() {
            let _ = writeln!(page, "- {trap}");
        }
    }
    page
}
