//! What `run` and `demo` share: from arguments to a job, from its history to reports and exit code.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use crate::cli::conduct::{Job, conduct, interruptible};
use crate::cli::failure::Failure;
use crate::cli::input::{files, without_line};
use crate::cli::page::show;
use crate::cli::progress::Progress;
use crate::cli::report::read;
use crate::cli::target::{ReportArgs, Targets, check_writable};
use crate::merchant::Profile;
use crate::rule::{Judged, codes};
use crate::scenario::suite::plan;
use crate::scenario::{Selection, SelectionError, TagExpression, Target};

/// Scenarios at a time where nothing is said: the merchant is the slow part, not we.
const JOBS: &str = "16";

/// Where the output of a merchant that we start goes, beside the history.
const LOG: &str = "merchant.log";

/// What is played, and what is written.
#[derive(Debug, Clone, clap::Args)]
pub struct PlayArgs {
    /// A file, FILE:LINE, or a scenario's title; the whole suite where left out
    #[arg(value_name = "FEATURE[:LINE]|SCENARIO")]
    select: Vec<String>,
    /// Only scenarios with these tags, such as '@must and not @RECON-01'
    #[arg(long, value_name = "EXPR")]
    tags: Option<String>,
    /// So many scenarios at a time
    #[arg(long, value_name = "N", default_value = JOBS, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// The seed that every choice derives from; a fresh one where left out
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Let SHOULD rules count as well
    #[arg(long)]
    strict: bool,
    /// Where the history is written
    #[arg(long, value_name = "PATH", default_value = "reports/latest/history.jsonl")]
    history: PathBuf,
    #[command(flatten)]
    reports: ReportArgs,
}

/// Plays a merchant's run to its end: job, history, reports, summary.
///
/// `command` is how the run is started again, as far as the merchant goes.
///
/// # Errors
/// Faulty input, told before anything is started; a merchant that cannot be judged at all; a file
/// that cannot be written any more.
pub fn play(profile: Profile, command: &str, args: &PlayArgs) -> Result<ExitCode, Failure> {
    let job = args.job(profile, command)?;
    let targets = args.make_way()?;
    let progress = Arc::new(Progress::new(job.plan.scenarios.len() as u64));
    let conducted = runtime()?.block_on(interruptible(&progress, |interrupted| {
        conduct(job, progress.clone(), interrupted)
    }));
    progress.finish();
    conducted?;
    let judged = args.conclude(&targets)?;
    Ok(ExitCode::from(judged.outcome.exit()))
}

/// Removes the output of an earlier merchant, which would be taken for this one's.
fn forget(log: &Path) -> Result<(), Failure> {
    check_writable(log)?;
    match std::fs::remove_file(log) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            let log = log.display();
            Err(Failure::Input(format!("cannot replace `{log}`: {error}; remove it")))
        }
        _ => Ok(()),
    }
}

/// The threads under every run.
///
/// # Errors
/// The system has none left.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::Ours(format!("no threads to run with: {error}; free some and start again"))
    })
}

impl PlayArgs {
    /// The same, with SHOULD rules counted.
    pub fn strictly(&self) -> Self {
        Self { strict: true, ..self.clone() }
    }

    /// Makes sure that everything can be written, and removes what an earlier run left.
    ///
    /// # Errors
    /// A path that cannot be written.
    pub fn make_way(&self) -> Result<Targets, Failure> {
        check_writable(&self.history)?;
        let targets = self.reports.check(&self.folder())?;
        targets.clear(&self.history)?;
        forget(&self.log())?;
        Ok(targets)
    }

    /// Judges what was recorded, writes the reports and shows the summary.
    ///
    /// # Errors
    /// A file that cannot be read or written any more.
    pub fn conclude(&self, targets: &Targets) -> Result<Judged, Failure> {
        let judged = read(&self.history).map_err(|failure| Failure::Ours(failure.to_string()))?;
        targets.write(&judged)?;
        show(&judged, &targets.place)?;
        Ok(judged)
    }

    /// Where the history and the usual reports go.
    pub fn folder(&self) -> PathBuf {
        let folder = self.history.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.unwrap_or(Path::new(".")).to_owned()
    }

    /// The scenario files that are named.
    pub fn suite_files(&self) -> Vec<PathBuf> {
        let paths = self.select.iter().map(|word| PathBuf::from(without_line(word)));
        paths.filter(|path| path.is_file()).collect()
    }

    /// A run of this profile, as these arguments want it.
    ///
    /// # Errors
    /// Faulty scenarios; a selection that means nothing.
    pub fn job(&self, profile: Profile, command: &str) -> Result<Job, Failure> {
        let rails: Vec<&str> = profile.provider.rails.iter().map(String::as_str).collect();
        let mut plan = plan(&files(&self.select)?, &rails, &codes())?;
        plan.leave_out(&profile.scope.absent);
        let selection = self.selection()?;
        selection.apply(&mut plan)?;
        let seed = self.seed.unwrap_or_else(fresh_seed);
        let mut command = format!("{command} --seed {seed}");
        if self.strict {
            command.push_str(" --strict");
        }
        Ok(Job {
            log: profile.start.as_ref().map(|_| self.log()),
            profile,
            plan,
            seed,
            jobs: self.jobs,
            strict: self.strict,
            history: self.history.clone(),
            command,
            selection: (!selection.is_everything()).then(|| selection.told()),
        })
    }

    fn log(&self) -> PathBuf {
        self.history.with_file_name(LOG)
    }

    fn selection(&self) -> Result<Selection, SelectionError> {
        let parse = |tags: &String| TagExpression::parse(tags, &codes());
        Ok(Selection {
            targets: self.select.iter().map(|word| Target::parse(word)).collect(),
            tags: self.tags.as_ref().map(parse).transpose()?,
        })
    }
}

/// A seed that is different each time: the standard library seeds its hashes so. Short, because
/// people type it.
pub fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0_u8) % 1_000_000
}

/// A word for a shell, quoted where it must be.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        let cases =
            [("a/b.yaml:12", "a/b.yaml:12"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("", "''")];
        for (word, expected) in cases {
            assert_eq!(quoted(word), expected);
        }
    }
}
