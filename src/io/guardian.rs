//! The guardian: a process of this binary between us and the merchant, so that the merchant ends
//! however we end, SIGKILL included.
//!
//! We hold the write end of its stdin. When that closes, because we say so or because we are gone,
//! it ends the merchant's process group. It has a process group of its own, so that Ctrl-C at the
//! terminal reaches us alone and we decide. Where we are gone without a word, it also removes the
//! scratch folder that we cannot remove any more. Knows nothing of what it guards.

use std::io::{self, BufRead};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use tokio::signal::unix::{Signal as UnixSignal, SignalKind, signal};

/// How long killed processes may take to disappear; the kernel needs milliseconds.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// How long an orphan has to end by itself: whoever had the patience is gone.
const ORPHAN_WITHIN: Duration = Duration::from_secs(5);

/// What happens to a guardian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    /// The command ended, with this exit code.
    Ended(i32),
    /// No process that we started, directly or not, is left.
    AllGone,
    /// Our owner asks for the end, and stays to see it.
    StopAsked,
    /// Our owner asks for the end at once and without warning.
    KillAsked,
    /// Our owner is gone, or has lost its patience.
    Orphaned,
}

/// What a guardian has heard so far.
#[derive(Debug, Default)]
struct Seen {
    code: Option<i32>,
    is_orphaned: bool,
}

/// The word by which an owner asks for the end, on a line of its own.
pub(super) const STOP: &[u8] = b"stop\n";
/// The word by which an owner asks for SIGKILL.
pub(super) const KILL: &[u8] = b"kill\n";

/// Runs `command` in a process group of its own until it ends or stdin does; then nothing of it is
/// left, nor of `scratch` if stdin ended first. Answers the command's exit code, or 128 and the
/// signal that ended it, as shells do.
///
/// # Errors
/// The command cannot be started, or the system refuses threads and signals.
pub fn guard(
    command: &[String],
    with: Signal,
    within: Duration,
    scratch: Option<&Path>,
) -> io::Result<i32> {
    let (program, arguments) =
        command.split_first().ok_or_else(|| io::Error::other("no command is given"))?;
    let told = Told::listen()?;
    adopt_orphans()?;
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| {
            io::Error::new(error.kind(), format!("cannot start `{program}`: {error}"))
        })?;
    let group = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    let (sender, news) = channel();
    watch_stdin(sender.clone());
    told.watch(sender.clone());
    watch_children(group, sender);
    let mut seen = Seen::default();
    match news.recv() {
        Ok(News::Ended(code)) => seen.code = Some(code),
        Ok(News::KillAsked) => {}
        Ok(News::AllGone | News::StopAsked) | Err(_) => {
            end_group(group, with)?;
            wait_until_gone(&news, within, &mut seen);
        }
        Ok(News::Orphaned) => {
            seen.is_orphaned = true;
            end_group(group, with)?;
            wait_until_gone(&news, within.min(ORPHAN_WITHIN), &mut seen);
        }
    }
    kill_the_rest(group, &news, &mut seen)?;
    if let (true, Some(scratch)) = (seen.is_orphaned, scratch) {
        // It may be gone already: an owner that ends in haste removes it and says nothing.
        let _ = std::fs::remove_dir_all(scratch);
    }
    Ok(seen.code.unwrap_or(128 + Signal::SIGKILL as i32))
}

/// Signals that ask us to end. They have handlers instead of being blocked: a mask would be
/// inherited by the command, which could then never be asked to end, whereas handlers are reset.
struct Told {
    runtime: tokio::runtime::Runtime,
    signals: Vec<UnixSignal>,
}

impl Told {
    /// From here on none of them ends us; to be called before the command is started.
    fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let entered = runtime.enter();
        let kinds = [
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::hangup(),
            SignalKind::quit(),
        ];
        let signals = kinds.into_iter().map(signal).collect::<io::Result<_>>()?;
        drop(entered);
        Ok(Self { runtime, signals })
    }

    fn watch(mut self, sender: Sender<News>) {
        thread::spawn(move || {
            let any = self.signals.iter_mut().map(|signal| Box::pin(signal.recv()));
            self.runtime.block_on(futures::future::select_all(any));
            let _ = sender.send(News::StopAsked);
        });
    }
}

/// Orphans of the group become our children instead of init's: they are waited for exactly, and
/// one that has left the group is found all the same.
#[cfg(target_os = "linux")]
fn adopt_orphans() -> io::Result<()> {
    Ok(nix::sys::prctl::set_child_subreaper(true)?)
}

/// Elsewhere only the group itself is ended.
#[cfg(not(target_os = "linux"))]
fn adopt_orphans() -> io::Result<()> {
    Ok(())
}

fn watch_stdin(sender: Sender<News>) {
    thread::spawn(move || {
        let lines = io::stdin().lock().lines();
        // An error is an end: whoever owned the pipe cannot reach us any more.
        for line in lines.map_while(Result::ok) {
            let news = match line.as_str() {
                "stop" => News::StopAsked,
                "kill" => News::KillAsked,
                _ => continue,
            };
            let _ = sender.send(news);
        }
        let _ = sender.send(News::Orphaned);
    });
}

/// Reaps the command and its orphans until none is left.
fn watch_children(leader: Pid, sender: Sender<News>) {
    thread::spawn(move || {
        loop {
            let code = match waitpid(None, None) {
                Ok(WaitStatus::Exited(pid, code)) if pid == leader => code,
                Ok(WaitStatus::Signaled(pid, signal, _)) if pid == leader => 128 + signal as i32,
                Ok(_) | Err(Errno::EINTR) => continue,
                Err(_) => break,
            };
            let _ = sender.send(News::Ended(code));
        }
        let _ = sender.send(News::AllGone);
    });
}

/// A group that is gone already is what was wanted.
fn end_group(group: Pid, signal: Signal) -> io::Result<()> {
    match killpg(group, signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        // macOS says so of a group of zombies.
        Err(Errno::EPERM) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Waits for the end of everything, at most so long, and no longer than an owner who asked for it
/// has patience.
fn wait_until_gone(news: &Receiver<News>, within: Duration, seen: &mut Seen) -> bool {
    let deadline = Instant::now() + within;
    loop {
        match news.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(News::Ended(code)) => seen.code = Some(code),
            Ok(News::StopAsked | News::KillAsked) => {}
            Ok(News::Orphaned) => {
                seen.is_orphaned = true;
                return false;
            }
            Ok(News::AllGone) | Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => return false,
        }
    }
}

/// SIGKILL for the group, then for what had left it. Killing a process hands its children to us,
/// so this is repeated until there are none.
fn kill_the_rest(group: Pid, news: &Receiver<News>, seen: &mut Seen) -> io::Result<()> {
    let deadline = Instant::now() + GONE_WITHIN;
    end_group(group, Signal::SIGKILL)?;
    loop {
        let left = children();
        for pid in &left {
            // It may have ended by itself in the meantime.
            let _ = kill(*pid, Signal::SIGKILL);
        }
        let patience = if left.is_empty() { Duration::ZERO } else { Duration::from_millis(20) };
        if wait_until_gone(news, patience, seen) || left.is_empty() || Instant::now() > deadline {
            return Ok(());
        }
    }
}

/// All processes whose parent we are. Where the kernel does not list them, none is known.
fn children() -> Vec<Pid> {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return Vec::new() };
    let lists = threads
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let text: Vec<String> = lists.collect();
    let pids = text.iter().flat_map(|list| list.split_whitespace());
    pids.filter_map(|pid| pid.parse().ok()).map(Pid::from_raw).collect()
}

/// How a guardian's command ended, from the guardian's own status.
pub(super) fn in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => match Signal::try_from(code - 128) {
            Ok(signal) => format!("exited with status {code} ({signal})"),
            Err(_) => format!("exited with status {code}"),
        },
        (None, Some(signal)) => format!("its guardian was ended by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}
