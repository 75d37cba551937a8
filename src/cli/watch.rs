//! `countersign watch`: judges again whenever the merchant or the suite changes.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use crate::cli::conduct::{Job, conduct, until_interrupted};
use crate::cli::failure::Failure;
use crate::cli::input::{CONFIG, profile};
use crate::cli::page::print;
use crate::cli::play::{PlayArgs, quoted, runtime};
use crate::cli::progress::Progress;
use crate::io::change::{ChangeError, Watched};
use crate::io::interruption::Interruption;
use crate::rule::{Judged, Verdict};

/// How many changed files are named.
const NAMED: usize = 3;

/// Judge again whenever the merchant's files or the suite's change
///
/// Plays what failed the last time first, and the rest only once that passes; a change of a
/// scenario file alone plays that file. What .gitignore leaves out is not watched. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  countersign watch
  countersign watch --tags @IDEM-02
  countersign watch my.feature --config staging.yaml")]
pub struct Args {
    /// The merchant's profile
    #[arg(long, value_name = "PATH", default_value = CONFIG)]
    config: PathBuf,
    #[command(flatten)]
    play: PlayArgs,
}

/// What a round plays.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Due {
    /// All that is selected.
    Everything,
    /// What these scenario files hold.
    Files(BTreeSet<PathBuf>),
    /// What failed the last time, by name; then everything.
    Failing,
}

/// Judges until it is interrupted.
///
/// # Errors
/// Bad input before the first round; our own fault.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    // A first file that cannot be read is told at once; later ones may be in the middle of being
    // written.
    let first = profile(&args.config)?;
    let service = first.start.as_ref().map_or(&first.folder, |start| &start.cwd);
    let mut roots = vec![absolute(&first.folder.join(service))?, absolute(&args.config)?];
    for file in args.play.suite_files() {
        roots.push(absolute(&file)?);
    }
    let watched = Watched::new(roots, absolute(&args.play.folder())?)?;
    let watching = Watching { args, watched, failing: BTreeSet::new(), own: BTreeSet::new() };
    runtime()?.block_on(until_interrupted(|interrupted| watching.on(interrupted)))?;
    Ok(ExitCode::SUCCESS)
}

/// Links are followed, so that paths can be compared.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    let found = path.canonicalize().or_else(|_| std::path::absolute(path));
    found.map_err(|error| {
        let path = path.display();
        Failure::Input(format!("`{path}` has no place: {error}; start in a folder that exists"))
    })
}

struct Watching<'a> {
    args: &'a Args,
    watched: Watched,
    /// Names of scenarios that failed when they were played last.
    failing: BTreeSet<String>,
    /// What changed while the last round was played: probably by the merchant itself.
    own: BTreeSet<PathBuf>,
}

impl Watching<'_> {
    async fn on(mut self, interrupted: Interruption) -> Result<(), Failure> {
        let mut due = Due::Everything;
        loop {
            let judged = match self.round(&mut due, &interrupted).await {
                Err(failure @ (Failure::Interrupted(_) | Failure::Ours(_))) => return Err(failure),
                Err(failure) => {
                    failure.report();
                    None
                }
                Ok(judged) => Some(judged),
            };
            if interrupted.has_happened() {
                return Ok(());
            }
            let passed = judged.as_ref().is_some_and(|judged| self.note(judged, &due));
            let meanwhile = self.changed_meanwhile()?;
            let changed = match (meanwhile.is_empty(), passed && due == Due::Failing) {
                (true, true) => {
                    print(|out| writeln!(out, "\nwhat failed passes; now everything"))?;
                    due = Due::Everything;
                    continue;
                }
                (false, _) => meanwhile,
                (true, false) => {
                    print(|out| writeln!(out, "\nwatching for changes; Ctrl-C ends"))?;
                    tokio::select! {
                        changed = self.watched.next() => changed?,
                        () = interrupted.happens() => return Ok(()),
                    }
                }
            };
            // After a round that could not be played nothing is known.
            due = if judged.is_some() { self.due(&changed) } else { Due::Everything };
            if io::stdout().is_terminal() {
                print(|out| write!(out, "\x1b[2J\x1b[3J\x1b[H"))?;
            }
            print(|out| writeln!(out, "{}\n", told(&changed)))?;
        }
    }

    /// Plays what is due, or everything where nothing of that is left.
    async fn round(&self, due: &mut Due, interrupted: &Interruption) -> Result<Judged, Failure> {
        let Args { config, play } = self.args;
        let mut command = "countersign run".to_owned();
        if config != Path::new(CONFIG) {
            command = format!("{command} --config {}", quoted(&config.to_string_lossy()));
        }
        let mut job = play.job(profile(config)?, &command)?;
        if !self.narrow(&mut job, due) {
            *due = Due::Everything;
        }
        let targets = play.make_way()?;
        let progress = Arc::new(Progress::new(job.plan.scenarios.len() as u64));
        let conducted = conduct(job, progress.clone(), interrupted.clone()).await;
        progress.finish();
        conducted?;
        play.conclude(&targets)
    }

    /// Keeps what is due; answers whether anything of it is there.
    fn narrow(&self, job: &mut Job, due: &Due) -> bool {
        let (why, names): (_, BTreeSet<String>) = match due {
            Due::Everything => return true,
            Due::Failing => ("what failed the last time", self.failing.clone()),
            Due::Files(files) => {
                let scenarios = job.plan.scenarios.iter();
                let here = scenarios.filter(|scenario| {
                    let written = absolute(Path::new(&scenario.source.file));
                    written.is_ok_and(|path| files.contains(&path))
                });
                ("the scenarios that changed", here.map(|it| it.name.clone()).collect())
            }
        };
        let is_there = job.plan.scenarios.iter().any(|scenario| names.contains(&scenario.name));
        if is_there {
            job.plan.scenarios.retain(|scenario| names.contains(&scenario.name));
            job.selection = Some(why.to_owned());
        }
        is_there
    }

    /// Remembers what failed; answers whether nothing did.
    fn note(&mut self, judged: &Judged, due: &Due) -> bool {
        let mut passed = true;
        if *due == Due::Everything {
            // A scenario may have another name by now.
            self.failing.clear();
        }
        for scenario in &judged.scenarios {
            if scenario.verdict == Verdict::Fail {
                passed = false;
                self.failing.insert(scenario.name.clone());
            } else {
                self.failing.remove(&scenario.name);
            }
        }
        passed
    }

    /// What changed while a round was played. What did so in the round before as well is the
    /// merchant's own doing, and would have it judged for ever.
    fn changed_meanwhile(&mut self) -> Result<BTreeSet<PathBuf>, Failure> {
        let changed = self.watched.changed()?;
        let fresh = changed.difference(&self.own).cloned().collect();
        self.own = changed;
        Ok(fresh)
    }

    fn due(&self, changed: &BTreeSet<PathBuf>) -> Due {
        let suite =
            self.args.play.suite_files().into_iter().filter_map(|file| absolute(&file).ok());
        let suite: BTreeSet<PathBuf> = suite.collect();
        if changed.is_subset(&suite) {
            Due::Files(changed.clone())
        } else if self.failing.is_empty() {
            Due::Everything
        } else {
            Due::Failing
        }
    }
}

/// `changed: app.py, shop.py and 3 more`.
fn told(changed: &BTreeSet<PathBuf>) -> String {
    let name = |path: &PathBuf| {
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let named: Vec<_> = changed.iter().take(NAMED).map(name).collect();
    let more = match changed.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("changed: {}{more}", named.join(", "))
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        Self::Input(error.to_string())
    }
}
