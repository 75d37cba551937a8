//! `countersign doctor`: is the merchant wired up, line by line, before anything is judged?

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};

use crate::cli::conduct::{Job, interruptible, options};
use crate::cli::failure::Failure;
use crate::cli::gap;
use crate::cli::input::{CONFIG, profile};
use crate::cli::page::{print, width};
use crate::cli::play::{fresh_seed, runtime};
use crate::cli::progress::Progress;
use crate::io::doctor::plan;
use crate::io::interruption::Interruption;
use crate::io::session::{self, SessionError};
use crate::io::wiring::{Came, Check, Miswired};
use crate::merchant::Profile;
use crate::report::{visible, wrap};

/// How many of the merchant's last lines are shown beside what is wrong.
const LAST_LINES: usize = 10;

/// Check how the merchant is connected, line by line, before anything is judged
///
/// Starts it where the file says how, opens three orders, delivers genuine and wrongly signed
/// webhooks, and reads what it shows until an order is paid. Whatever is wrong is told with what to
/// do; nothing here is a finding. Ends with what cannot be tested as things stand.
///
/// Exit codes: 0 all is well, 2 something is wired wrongly.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  countersign doctor
  countersign doctor --config staging.yaml")]
pub struct Args {
    /// The merchant's profile
    #[arg(long, value_name = "PATH", default_value = CONFIG)]
    config: PathBuf,
}

/// Checks.
///
/// # Errors
/// A faulty file, a merchant that cannot be started, our own fault.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let profile = profile(&args.config)?;
    let gaps = gap::gaps(&profile);
    let file = args.config.display().to_string();
    let examined = examine(profile)?;
    let is_fine = !examined.checks.iter().any(|(_, came)| matches!(came, Came::Wrong(_)));
    print(|out| {
        line(out, MARK_FINE, &format!("{file} is valid"), None)?;
        for (check, came) in &examined.checks {
            tell(out, *check, came)?;
        }
        if !is_fine && !examined.last_words.is_empty() {
            writeln!(out, "\nThe merchant's last lines")?;
            examined.last_words.iter().try_for_each(|said| writeln!(out, "  {said}"))?;
        }
        writeln!(out)?;
        gap::tell(&gaps, out)
    })?;
    Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// What a doctor found.
struct Examined {
    checks: Vec<(Check, Came)>,
    /// Of the merchant's output, where we started it and it came up.
    last_words: Vec<String>,
}

/// Examines the merchant, leaving nothing behind.
fn examine(profile: Profile) -> Result<Examined, Failure> {
    let folder = tempfile::TempDir::with_prefix("countersign-doctor-").map_err(|error| {
        Failure::Ours(format!("cannot make a temporary folder: {error}; make room for one"))
    })?;
    let log = folder.path().join("merchant.log");
    let job = Job {
        plan: plan(&profile)?,
        log: profile.start.as_ref().map(|_| log.clone()),
        profile,
        seed: fresh_seed(),
        jobs: 1,
        strict: false,
        history: folder.path().join("history.jsonl"),
        command: "countersign doctor".to_owned(),
        selection: None,
    };
    let progress = Arc::new(Progress::spinner());
    let checks = runtime()?.block_on(interruptible(&progress, |interrupted| {
        checks(job, progress.clone(), interrupted)
    }));
    progress.finish();
    let checks = checks?;
    let is_up = matches!(checks.first(), Some((_, Came::Fine(_))));
    let last_words = if is_up { last_words(&log) } else { Vec::new() };
    Ok(Examined { checks, last_words })
}

async fn checks(
    job: Job,
    progress: Arc<Progress>,
    interrupted: Interruption,
) -> Result<Vec<(Check, Came)>, Failure> {
    let examined = session::examine(options(job, progress)?, interrupted.clone()).await;
    if let Some(by) = interrupted.by() {
        let why = format!("interrupted by {by} before everything was checked; start again");
        return Err(Failure::Interrupted(why));
    }
    match examined {
        Err(error @ (SessionError::Merchant(_) | SessionError::Redacted(_))) => {
            // Its words bring the remedy and the merchant's last lines with them.
            let (at, remedy) = (Check::Ready, String::new());
            let wrong = Came::Wrong(Miswired { at, problem: error.to_string(), remedy });
            let rest = Check::ALL.iter().filter(|check| **check != at);
            let rest = rest.map(|check| (*check, Came::Unchecked("not checked".to_owned())));
            Ok([(at, wrong)].into_iter().chain(rest).collect())
        }
        examined => Ok(examined?),
    }
}

/// The last lines, those that repeat once with their number: a refusal is tried in several ways.
fn last_words(log: &Path) -> Vec<String> {
    // One that was never started has said nothing.
    let said = std::fs::read_to_string(log).unwrap_or_default();
    let mut lines: Vec<(String, usize)> = Vec::new();
    for line in said.lines() {
        match lines.last_mut() {
            Some((last, times)) if last == line => *times += 1,
            _ => lines.push((line.to_owned(), 1)),
        }
    }
    let told = |(line, times): &(String, usize)| match times {
        1 => visible(line),
        times => format!("{} ({times} times)", visible(line)),
    };
    lines[lines.len().saturating_sub(LAST_LINES)..].iter().map(told).collect()
}

/// A sign and its colour.
type Mark = (&'static str, Style);

const MARK_FINE: Mark = ("✓", AnsiColor::Green.on_default());
const MARK_WRONG: Mark = ("✗", AnsiColor::Red.on_default().bold());
const MARK_UNCHECKED: Mark = ("–", Style::new().dimmed());

fn tell(out: &mut dyn Write, check: Check, came: &Came) -> io::Result<()> {
    match came {
        Came::Fine(told) => line(out, MARK_FINE, check.title(), told.as_deref()),
        Came::Unchecked(why) => line(out, MARK_UNCHECKED, check.title(), Some(why)),
        Came::Wrong(Miswired { problem, remedy, .. }) => {
            line(out, MARK_WRONG, check.title(), None)?;
            for said in problem.lines() {
                block(out, "    ", &visible(said))?;
            }
            if !remedy.is_empty() {
                block(out, "    ", &format!("to do: {remedy}"))?;
            }
            Ok(())
        }
    }
}

fn line(
    out: &mut dyn Write,
    (sign, style): Mark,
    what: &str,
    more: Option<&str>,
) -> io::Result<()> {
    let more = more.map(|more| format!(" ({})", visible(more))).unwrap_or_default();
    let mut lines = wrap(&format!("{what}{more}"), width().saturating_sub(2)).into_iter();
    writeln!(out, "{style}{sign}{style:#} {}", lines.next().unwrap_or_default())?;
    lines.try_for_each(|rest| writeln!(out, "  {rest}"))
}

fn block(out: &mut dyn Write, indent: &str, text: &str) -> io::Result<()> {
    let lines = wrap(text, width().saturating_sub(indent.len()));
    lines.iter().try_for_each(|line| writeln!(out, "{indent}{line}"))
}
