//! `countersign calibrate`: measures the gauge. Every planted defect must be found under its own
//! code, and the sound merchant must not be accused.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use futures::StreamExt;

use crate::cli::conduct::{Job, conduct, interruptible, program};
use crate::cli::failure::Failure;
use crate::cli::input::files;
use crate::cli::page::print;
use crate::cli::play::{fresh_seed, runtime};
use crate::cli::progress::Progress;
use crate::cli::report::read;
use crate::io::interruption::Interruption;
use crate::rule::{FinalVerdict, Judged, codes};
use crate::sample::{Defect, defects, profile};
use crate::scenario::suite::plan;
use crate::scenario::{Selection, TagExpression};

/// Check the gauge: run every planted defect and the sound sample, print who was found
///
/// Ends 0 if each defect was found under its own code and the sound merchant was not accused, and
/// 4 otherwise: a gauge that is off is our own fault.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  countersign calibrate
  countersign calibrate --rule IDEM-01")]
pub struct Args {
    /// Only defects that this rule has to find
    #[arg(long, value_name = "CODE")]
    rule: Option<String>,
    /// Only this defect
    #[arg(long, value_name = "NAME")]
    defect: Option<String>,
    /// So many merchants at a time
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
}

/// What became of one sample merchant; none: the sound one.
struct Row {
    defect: Option<&'static Defect>,
    judged: Result<Judged, Failure>,
}

/// Measures.
///
/// # Errors
/// A filter that fits nothing, or stdout cannot be written.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let planted: Vec<_> = defects().iter().filter(|defect| args.fits(defect)).collect();
    if planted.is_empty() {
        let hint = "`countersign sample-merchant --list` names defects and their rules";
        return Err(Failure::Input(format!("no planted defect fits; {hint}")));
    }
    // The sound merchant first: it takes longest.
    let merchants: Vec<_> = std::iter::once(None).chain(planted.into_iter().map(Some)).collect();
    let scratch = tempfile::tempdir().map_err(|e| {
        Failure::Ours(format!("no folder for histories: {e}; make room in the temporary folder"))
    })?;
    let progress = Progress::new(merchants.len() as u64);
    let jobs = usize::from(args.jobs);
    let measured = runtime()?.block_on(interruptible(&progress, |interrupted| {
        measure_all(merchants, jobs, scratch.path(), &progress, interrupted)
    }));
    progress.finish();
    let mut rows = measured?;
    rows.sort_by_key(|row| row.position());
    print(|out| matrix(&rows, out))?;
    Ok(if rows.iter().all(Row::is_right) { ExitCode::SUCCESS } else { ExitCode::from(4) })
}

/// So many at a time. An interruption ends them all: a part of the matrix shows nothing.
async fn measure_all(
    merchants: Vec<Option<&'static Defect>>,
    jobs: usize,
    folder: &Path,
    progress: &Progress,
    interrupted: Interruption,
) -> Result<Vec<Row>, Failure> {
    let exe = &program()?;
    let interrupted = &interrupted;
    let measured = merchants.into_iter().map(|defect| async move {
        if interrupted.has_happened() {
            return None;
        }
        let row = Row { defect, judged: measure(exe, defect, folder, interrupted.clone()).await };
        progress.ended(!row.is_right());
        Some(row)
    });
    let measured = futures::stream::iter(measured).buffer_unordered(jobs);
    let rows = measured.filter_map(std::future::ready).collect().await;
    match interrupted.by() {
        Some(by) => Err(Failure::Interrupted(format!(
            "interrupted by {by} before everything was measured; start it again, or measure one \
             rule with --rule"
        ))),
        None => Ok(rows),
    }
}

/// The sound merchant meets the whole suite, a defective one the scenarios of its rule.
async fn measure(
    exe: &Path,
    defect: Option<&'static Defect>,
    folder: &Path,
    interrupted: Interruption,
) -> Result<Judged, Failure> {
    let profile = profile(exe, defect.map(|defect| defect.name));
    let rails: Vec<&str> = profile.provider.rails.iter().map(String::as_str).collect();
    let mut plan = plan(&files(&[])?, &rails, &codes())?;
    plan.leave_out(&profile.scope.absent);
    let tags = defect.map(|defect| format!("@{}", defect.rule));
    let parse = |tags: &String| TagExpression::parse(tags, &codes());
    let selection = Selection { targets: Vec::new(), tags: tags.as_ref().map(parse).transpose()? };
    selection.apply(&mut plan)?;
    let name = defect.map_or("sound", |defect| defect.name);
    let job = Job {
        profile,
        plan,
        seed: fresh_seed(),
        jobs: 8,
        strict: true,
        history: folder.join(format!("{name}.jsonl")),
        log: None,
        command: "countersign demo".to_owned(),
        selection: tags,
    };
    let history = job.history.clone();
    conduct(job, Arc::new(Progress::silent()), interrupted).await?;
    read(&history)
}

impl Args {
    fn fits(&self, defect: &Defect) -> bool {
        self.rule.as_ref().is_none_or(|rule| rule.eq_ignore_ascii_case(defect.rule))
            && self.defect.as_ref().is_none_or(|name| name == defect.name)
    }
}

impl Row {
    /// Found under its own code; or, for the sound merchant, READY and accused of nothing.
    fn is_right(&self) -> bool {
        match (&self.judged, self.defect) {
            (Ok(judged), Some(defect)) => judged.findings.iter().any(|f| f.rule == defect.rule),
            (Ok(judged), None) => {
                judged.findings.is_empty() && judged.outcome == FinalVerdict::Ready
            }
            (Err(_), _) => false,
        }
    }

    /// In the order of the table, the sound merchant last.
    fn position(&self) -> usize {
        let place = |defect: &Defect| defects().iter().position(|other| other.name == defect.name);
        self.defect.and_then(place).unwrap_or(usize::MAX)
    }

    /// What the run says about this merchant.
    fn told(&self) -> String {
        let judged = match &self.judged {
            Ok(judged) => judged,
            Err(failure) => return format!("could not be judged: {failure}"),
        };
        let found: BTreeSet<&str> = judged.findings.iter().map(|finding| finding.rule).collect();
        let own = self.defect.map(|defect| defect.rule);
        let others: Vec<_> = found.iter().copied().filter(|code| Some(*code) != own).collect();
        match (self.is_right(), self.defect, others.is_empty()) {
            (true, None, _) => {
                format!("accused of nothing in {} scenarios", judged.scenarios.len())
            }
            (false, None, true) => format!("{}: {}", judged.outcome.as_str(), judged.why),
            (false, None, false) => format!("FALSE ALARM under {}", others.join(", ")),
            (true, Some(_), true) => "found".to_owned(),
            (true, Some(_), false) => format!("found; beside it {}", others.join(", ")),
            (false, Some(_), true) => format!("ESCAPED: {}", judged.why),
            (false, Some(_), false) => format!("found only under {}", others.join(", ")),
        }
    }
}

fn matrix(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let (good, bad) = (AnsiColor::Green.on_default(), AnsiColor::Red.on_default().bold());
    let bold = Style::new().bold();
    let names = rows.iter().filter_map(|row| row.defect).map(|defect| defect.name.len());
    let width = names.max().unwrap_or(0).max("defect".len());
    writeln!(out, "{bold}{:<width$} {:<10} found{bold:#}", "defect", "rule")?;
    for row in rows {
        let (name, rule) = row.defect.map_or(("sound", "-"), |d| (d.name, d.rule));
        let (mark, style) = if row.is_right() { ("✓", good) } else { ("✗", bad) };
        writeln!(out, "{name:<width$} {rule:<10} {style}{mark}{style:#} {}", row.told())?;
    }
    let planted = rows.iter().filter(|row| row.defect.is_some());
    let found = planted.clone().filter(|row| row.is_right()).count();
    let sound = rows.iter().any(|row| row.defect.is_none() && row.is_right());
    let alarms = if sound { "no false alarm" } else { "the sound merchant is not READY" };
    writeln!(out, "\n{found} of {} defects found under their own code, {alarms}", planted.count())
}
