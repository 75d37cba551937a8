//! Where one run plays: a folder and a temporary folder of its own, so that whatever it leaves
//! behind is found. Its processes are known by that temporary folder, which they inherit.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

pub const EXE: &str = env!("CARGO_BIN_EXE_countersign");

/// A deadline only ends a test that has failed: all that is waited for takes seconds at most.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Stage {
    folder: TempDir,
}

/// A run that is over.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A run that goes on.
pub struct Running<'s> {
    stage: &'s Stage,
    child: Child,
}

impl Stage {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The text of a file; empty where there is none.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Runs it to its end. What it prints goes to files: a process that it left behind would hold
    /// a pipe open, and nobody would ever see the test fail.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.start(EXE, arguments).end()
    }

    pub fn start(&self, program: &str, arguments: &[&str]) -> Running<'_> {
        let child = Command::new(program)
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TMPDIR", self.path("tmp"))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(File::create(self.path("stdout")).unwrap())
            .stderr(File::create(self.path("stderr")).unwrap())
            .spawn()
            .unwrap();
        Running { stage: self, child }
    }

    pub fn history(&self) -> String {
        self.read("reports/latest/history.jsonl")
    }

    pub fn report(&self) -> Value {
        serde_json::from_str(&self.read("reports/latest/report.json")).unwrap()
    }

    /// The history can be judged on its own: its exit code, and the report that comes out.
    #[track_caller]
    pub fn judge_again(&self) -> (Option<i32>, Value) {
        let history = self.history();
        let ended = self.run(&["report", "--from", "reports/latest/history.jsonl"]);
        assert_eq!(ended.stderr, "");
        assert!(self.history() == history, "judging changes nothing");
        (ended.code, self.report())
    }

    /// Ids of this stage's processes with their command lines. Where the kernel does not tell,
    /// none is known.
    pub fn processes(&self) -> Vec<(Pid, String)> {
        let mark = format!("TMPDIR={}", self.path("tmp").display());
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ours = entries.filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let environment = fs::read(entry.path().join("environ")).ok()?;
            let is_ours = environment.split(|byte| *byte == 0).any(|v| v == mark.as_bytes());
            let command = fs::read(entry.path().join("cmdline")).ok().filter(|_| is_ours)?;
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            Some((Pid::from_raw(pid), command))
        });
        ours.collect()
    }

    /// The started merchant's process, not its guardian.
    pub fn merchant(&self) -> Option<Pid> {
        let is_merchant =
            |command: &str| command.contains("sample-merchant") && !command.contains(" guard ");
        self.processes().into_iter().find(|(_, command)| is_merchant(command)).map(|(pid, _)| pid)
    }

    /// Whatever was started has ended and every temporary file is gone, now.
    #[track_caller]
    pub fn assert_nothing_is_left(&self) {
        assert_eq!(self.processes(), [], "processes outlive the run");
        assert_eq!(self.temporary(), [] as [PathBuf; 0], "temporary files outlive the run");
    }

    /// The same, soon: for a run that could not wait for it.
    #[track_caller]
    pub fn assert_nothing_is_left_soon(&self) {
        let is_clean = || self.processes().is_empty() && self.temporary().is_empty();
        let left = || format!("left: {:?} {:?}", self.processes(), self.temporary());
        eventually(left, is_clean);
    }

    fn temporary(&self) -> Vec<PathBuf> {
        let tmp = fs::read_dir(self.path("tmp")).unwrap().flatten().map(|entry| entry.path());
        let reports = fs::read_dir(self.path("reports/latest")).into_iter().flatten().flatten();
        let is_hidden = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
        };
        tmp.chain(reports.map(|entry| entry.path()).filter(is_hidden)).collect()
    }
}

impl Running<'_> {
    pub fn stage(&self) -> &Stage {
        self.stage
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Waits until the run has come so far.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut holds: impl FnMut(&Stage) -> bool) {
        let stage = self.stage;
        let told = || format!("{what}: {}{}", stage.read("stdout"), stage.read("stderr"));
        eventually(told, || {
            assert!(self.child.try_wait().unwrap().is_none(), "it is over before {}", told());
            holds(stage)
        });
    }

    #[track_caller]
    pub fn end(mut self) -> Ended {
        let mut code = None;
        eventually(
            || "the run does not end".to_owned(),
            || {
                code = self.child.try_wait().unwrap();
                code.is_some()
            },
        );
        let code = code.and_then(|status| status.code());
        Ended { code, stdout: self.stage.read("stdout"), stderr: self.stage.read("stderr") }
    }
}

impl Ended {
    /// It ended so, and stderr says each of these.
    #[track_caller]
    pub fn told(&self, code: i32, words: &[&str]) {
        let Self { stdout, stderr, .. } = self;
        assert_eq!(self.code, Some(code), "{stdout}{stderr}");
        for word in words {
            assert!(stderr.contains(word), "`{word}` is not told: {stderr}");
        }
    }
}

/// A run that failed its test must not outlive it.
impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something that another process does.
#[track_caller]
pub fn eventually(what: impl Fn() -> String, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{}", what());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
