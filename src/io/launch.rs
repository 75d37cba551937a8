//! Starts the merchant under its guardian, keeps the last lines of its output, waits until it is
//! ready, and ends it.
//!
//! Knows commands and addresses, and nothing of payments.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::guardian;
use super::http::Reach;
use super::interruption::Interruption;
use super::log::{Log, drain};
use crate::history::Redaction;
use crate::merchant::template::Filled;
use crate::merchant::{Ready, Stop, looks_secret};
use crate::model::Span;

/// Between two looks at a merchant that is starting: a person does not notice, a slow start is not
/// slowed down further.
const READY_POLL: Duration = Duration::from_millis(25);
/// How long one look may take.
const READY_ANSWER: Duration = Duration::from_secs(2);
/// Beyond the time that the merchant has to end: its guardian then kills it.
const GUARDIAN_GRACE: Duration = Duration::from_secs(10);
/// How long output may still arrive after the end: a process that left the group can hold the pipe.
const LAST_OUTPUT: Duration = Duration::from_millis(500);
/// How many lines an error shows.
const TAIL_LINES: usize = 20;

/// What is started, and how it is ended.
#[derive(Debug, Clone, Copy)]
pub struct Task<'t> {
    /// Program and arguments.
    pub command: &'t [String],
    /// Where it runs.
    pub cwd: &'t Path,
    /// What it finds in its environment beside ours without what looks like a secret.
    pub env: &'t BTreeMap<String, String>,
    /// How it is asked to end.
    pub stop: &'t Stop,
    /// Our folder, removed by the guardian if we cannot.
    pub scratch: Option<&'t Path>,
    /// What its output is kept without.
    pub redaction: &'t Redaction,
}

/// A started command: the merchant, or one that prepares it. Dropping it ends it as well, only
/// without waiting.
#[derive(Debug)]
pub struct Launched {
    guardian_pid: u32,
    /// Open as long as the command shall run.
    leash: ChildStdin,
    ended: watch::Receiver<Option<Ended>>,
    log: Arc<Log>,
    stop_within: Duration,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ended {
    ok: bool,
    words: String,
}

/// Why a command is of no use, with the last lines of its output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}", shown(.tail))]
pub struct LaunchError {
    /// What happened, and what to do.
    pub what: String,
    /// Its last lines, oldest first; empty if it said nothing or is not ours.
    pub tail: Vec<String>,
}

impl Launched {
    /// Starts a command in a process group of its own, guarded by the program `exe` (this one).
    ///
    /// A program that does not exist shows itself by the end of the process, with the reason as its
    /// last line.
    ///
    /// # Errors
    /// `exe` cannot be started, or `cwd` is no folder.
    ///
    /// # Panics
    /// Outside an async runtime.
    pub fn start(exe: &Path, task: &Task<'_>) -> io::Result<Self> {
        let mut child = guarded(exe, task).spawn()?;
        let log = Arc::new(Log::new(task.redaction.clone()));
        let (Some(leash), Some(guardian_pid)) = (child.stdin.take(), child.id()) else {
            unreachable!("a fresh child has its stdin and an id");
        };
        let (sender, ended) = watch::channel(None);
        tokio::spawn(watch_end(child, log.clone(), sender));
        let stop_within = task.stop.within.to_duration();
        Ok(Self { guardian_pid, leash, ended, log, stop_within })
    }

    /// Copies its output to a file as well, from the first line on; for a run's artefacts.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn log_to(&self, path: &Path) -> io::Result<()> {
        self.log.copy_to(path)
    }

    /// The last lines of its output, at most `n`, oldest first. Secrets of its environment are
    /// blacked out.
    #[must_use]
    pub fn log_tail(&self, n: usize) -> Vec<String> {
        self.log.tail(n)
    }

    /// The guardian's process id: once that is gone, all of the command is.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.guardian_pid
    }

    /// Waits for its end and tells how it ended, such as `exited with status 1`.
    pub async fn wait_exit(&self) -> String {
        self.ended().await.words
    }

    /// How it ended; none while it runs.
    #[must_use]
    pub fn has_exited(&self) -> Option<String> {
        self.ended.borrow().as_ref().map(|ended| ended.words.clone())
    }

    /// Ends it: its signal, its time, SIGKILL. Returns when nothing of it is left.
    pub async fn stop(self) {
        let Self { mut leash, mut ended, stop_within, .. } = self;
        // One that has ended does not hear it.
        let _ = leash.write_all(guardian::STOP).await;
        // Its guardian kills what does not end; one that is itself stuck must not hold us up. The
        // leash is held until then: to let go of it would be to ask for SIGKILL.
        drop(timeout(stop_within + GUARDIAN_GRACE, ended.wait_for(Option::is_some)).await);
        drop(leash);
    }

    /// Ends it at once, by SIGKILL. Returns when nothing of it is left.
    pub async fn kill(self) {
        let Self { mut leash, mut ended, .. } = self;
        // One that has ended does not hear it.
        let _ = leash.write_all(guardian::KILL).await;
        drop(timeout(GUARDIAN_GRACE, ended.wait_for(Option::is_some)).await);
    }

    /// Its end, to be waited for while somebody else holds it.
    pub fn end(&self) -> impl Future<Output = ()> + use<> {
        let mut ended = self.ended.clone();
        async move {
            // Whoever could tell is gone with it.
            let _ = ended.wait_for(Option::is_some).await;
        }
    }

    async fn ended(&self) -> Ended {
        let lost = || Ended { ok: false, words: "ended in an unknown way".to_owned() };
        let mut ended = self.ended.clone();
        let seen = ended.wait_for(Option::is_some).await;
        seen.ok().and_then(|seen| seen.clone()).unwrap_or_else(lost)
    }

    fn error(&self, what: String) -> LaunchError {
        LaunchError { what, tail: self.log_tail(TAIL_LINES) }
    }
}

/// A command under its guardian, the program `exe` (this one), with all its pipes. It is ended when
/// its stdin closes.
pub(super) fn guarded(exe: &Path, task: &Task<'_>) -> Command {
    let Task { command, cwd, env, stop, scratch, .. } = *task;
    let scratch = scratch.map(|folder| [OsStr::new("--scratch"), folder.as_os_str()]);
    // Our own secrets are none of the merchant's business.
    let ours = std::env::vars_os().filter(|(name, _)| !looks_secret(&name.to_string_lossy()));
    let mut guarded = Command::new(exe);
    guarded
        .args(["guard", "--signal", &stop.signal])
        .args(["--within-ms", &stop.within.ms().to_string()])
        .args(scratch.iter().flatten())
        .arg("--")
        .args(command)
        .current_dir(cwd)
        .env_clear()
        .envs(ours)
        .envs(env)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    guarded
}

/// Runs a command to its end, guarded like the merchant: for what prepares it. Given up when
/// `interrupted` comes first.
///
/// # Errors
/// It cannot be started, fails, is interrupted, or takes longer than `within`; then it is ended.
pub async fn run_to_end(
    exe: &Path,
    task: &Task<'_>,
    within: Span,
    interrupted: &Interruption,
) -> Result<(), LaunchError> {
    let name = task.redaction.text(&task.command.join(" "));
    let launched = Launched::start(exe, task).map_err(|error| {
        let what = format!("`{name}` cannot be started in {}: {error}", task.cwd.display());
        LaunchError { what, tail: Vec::new() }
    })?;
    let given_up = tokio::select! {
        ended = launched.ended() => match ended {
            Ended { ok: true, .. } => return Ok(()),
            Ended { words, .. } => return Err(launched.error(format!("`{name}` {words}"))),
        },
        () = sleep(within.to_duration()) => format!("`{name}` did not end within {within}"),
        () = interrupted.happens() => format!("`{name}` was interrupted"),
    };
    let error = launched.error(given_up);
    launched.stop().await;
    Err(error)
}

/// Waits until the merchant is ready: its path answers 2xx, or its port accepts a connection.
/// Fails at once when the process that we started is gone.
///
/// # Errors
/// It died, or was not ready in time; with the last lines of its output where we have them.
pub async fn wait_ready(
    base_url: &str,
    ready: &Ready,
    launched: Option<&Launched>,
) -> Result<(), LaunchError> {
    let looking = async {
        let deadline = Instant::now() + ready.within.to_duration();
        loop {
            let Err(why) = look(base_url, ready).await else { return Ok(()) };
            if Instant::now() >= deadline {
                return Err(why);
            }
            sleep(READY_POLL).await;
        }
    };
    let within = ready.within;
    let Some(launched) = launched else {
        return looking.await.map_err(|why| LaunchError {
            what: format!(
                "no merchant is ready at {base_url} within {within}: {why}; start it, or correct \
                 `merchant.base_url`"
            ),
            tail: Vec::new(),
        });
    };
    tokio::select! {
        biased;
        ended = launched.ended() => {
            Err(launched.error(format!("the merchant died before it was ready: it {}", ended.words)))
        }
        looked = looking => looked.map_err(|why| {
            launched.error(format!(
                "the merchant was not ready at {base_url} within {within}: {why}; does it listen \
                 on this port, and is `start.ready` right?"
            ))
        }),
    }
}

/// A port of the loopback interface that nobody uses now. Somebody may take it before the merchant
/// does; then the merchant dies before it is ready, and says so.
///
/// # Errors
/// The system has none.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Whether a port can be listened on. Asked before a merchant with a fixed port is started: else a
/// stranger's answer on that port would be taken for the merchant's.
#[must_use]
pub fn is_free_port(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

async fn look(base_url: &str, ready: &Ready) -> Result<(), String> {
    let Some(path) = &ready.http else { return connect(base_url).await };
    let reach = Reach::new(base_url, READY_ANSWER).map_err(|error| error.to_string())?;
    let method = "GET".to_owned();
    let request = Filled { method, path: path.clone(), headers: Vec::new(), body: None };
    match reach.send(&request).await? {
        reply if (200..300).contains(&reply.status) => Ok(()),
        reply => Err(format!("{path} answers {}", reply.status)),
    }
}

/// Whether somebody listens there.
pub(super) async fn is_open(base_url: &str) -> bool {
    connect(base_url).await.is_ok()
}

async fn connect(base_url: &str) -> Result<(), String> {
    let (host, port) = address(base_url).ok_or_else(|| "it is no address".to_owned())?;
    let connected = timeout(READY_ANSWER, TcpStream::connect((host.as_str(), port))).await;
    let connected = connected.map_err(|_| "no connection in time".to_owned())?;
    connected.map(drop).map_err(|error| error.to_string())
}

/// Host and port of a URL, with the scheme's own port where it names none.
pub(super) fn address(base_url: &str) -> Option<(String, u16)> {
    let url = reqwest::Url::parse(base_url).ok()?;
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    Some((host, url.port_or_known_default()?))
}

/// Collects output until the guardian has ended, then tells how.
async fn watch_end(mut child: Child, log: Arc<Log>, sender: watch::Sender<Option<Ended>>) {
    let output = child.stdout.take().map(|pipe| tokio::spawn(drain(pipe, log.clone())));
    let errors = child.stderr.take().map(|pipe| tokio::spawn(drain(pipe, log)));
    let ended = match child.wait().await {
        Ok(status) => Ended { ok: status.success(), words: guardian::in_words(status) },
        Err(error) => Ended { ok: false, words: format!("was lost: {error}") },
    };
    let deadline = Instant::now() + LAST_OUTPUT;
    for reader in [output, errors].into_iter().flatten() {
        drop(tokio::time::timeout_at(deadline, reader).await);
    }
    drop(sender.send(Some(ended)));
}

fn shown(tail: &[String]) -> String {
    if tail.is_empty() {
        return String::new();
    }
    let lines: String = tail.iter().map(|line| format!("\n  {line}")).collect();
    format!("; its last lines:{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_the_last_lines() {
        let tail = vec!["one".to_owned(), "two".to_owned()];
        let error = LaunchError { what: "it died".into(), tail };
        assert_eq!(error.to_string(), "it died; its last lines:\n  one\n  two");
    }
}
