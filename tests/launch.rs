//! Started processes, for real: none of them outlives its run.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign::history::Redaction;
use countersign::io::interruption::Interrupt;
use countersign::io::launch::{Launched, Task, free_port, is_free_port, run_to_end, wait_ready};
use countersign::merchant::{Ready, Stop};
use countersign::model::Span;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const EXE: &str = env!("CARGO_BIN_EXE_countersign");

/// Whatever is waited for takes milliseconds; only a loaded machine takes more.
const PATIENCE: Duration = Duration::from_secs(20);

fn shell(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

fn start(script: &str, signal: &str, within: Span) -> Launched {
    let stop = Stop { signal: signal.to_owned(), within };
    let env = BTreeMap::from([("SHOP_KEY".to_owned(), "sk_live_0123456789".to_owned())]);
    let redaction = Redaction::new(env.values().cloned());
    let (command, cwd) = (shell(script), Path::new("/"));
    let task = Task {
        command: &command,
        cwd,
        env: &env,
        stop: &stop,
        scratch: None,
        redaction: &redaction,
    };
    Launched::start(Path::new(EXE), &task).unwrap()
}

fn ready(http: Option<&str>, within: Span) -> Ready {
    Ready { http: http.map(str::to_owned), within }
}

/// The process ids that a script prints, once it has printed `count` lines.
async fn pids(launched: &Launched, count: usize) -> Vec<Pid> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let lines = launched.log_tail(10);
        if lines.len() >= count {
            return lines.iter().map(|line| Pid::from_raw(line.parse().unwrap())).collect();
        }
        assert!(Instant::now() < deadline, "only {lines:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn lives(pid: &Pid) -> bool {
    kill(*pid, None) != Err(Errno::ESRCH)
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A shell with a child of its own, and one more in a session of its own.
const FAMILY: &str = "sleep 1000 & echo $!; setsid sleep 1000 & echo $!; echo $$; wait";

#[tokio::test]
async fn stopping_ends_the_whole_family() {
    let launched = start(FAMILY, "TERM", Span::from_ms(200));
    let family = pids(&launched, 3).await;
    assert!(family.iter().all(lives));
    assert_eq!(launched.has_exited(), None);
    launched.stop().await;
    assert_eq!(family.iter().filter(|pid| lives(pid)).count(), 0);
}

#[tokio::test]
async fn a_signal_is_obeyed_long_before_the_time_is_up() {
    let began = Instant::now();
    for signal in ["TERM", "INT", "QUIT", "HUP", "KILL"] {
        // A job in the background of a shell ignores INT and QUIT; a single process does not.
        let launched = start("echo $$; exec sleep 1000", signal, Span::from_s(60));
        let family = pids(&launched, 1).await;
        launched.stop().await;
        assert!(!lives(&family[0]), "{signal}");
    }
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[tokio::test]
async fn what_ignores_the_signal_is_killed_after_its_time() {
    let script = "trap '' TERM; echo $$; while :; do sleep 0.05; done";
    let launched = start(script, "TERM", Span::from_ms(300));
    let family = pids(&launched, 1).await;
    let began = Instant::now();
    launched.stop().await;
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert!(!lives(&family[0]));
}

#[tokio::test]
async fn dropping_ends_it_too() {
    let launched = start(FAMILY, "TERM", Span::from_ms(200));
    let family = pids(&launched, 3).await;
    drop(launched);
    eventually("all are gone", || !family.iter().any(lives));
}

#[tokio::test]
async fn a_guardian_that_is_told_to_end_ends_its_command_first() {
    let launched = start(FAMILY, "TERM", Span::from_ms(200));
    let family = pids(&launched, 3).await;
    kill(Pid::from_raw(i32::try_from(launched.pid()).unwrap()), Signal::SIGTERM).unwrap();
    launched.wait_exit().await;
    assert_eq!(family.iter().filter(|pid| lives(pid)).count(), 0);
}

/// The owner of the pipe is killed without a chance to say anything, as countersign may be.
#[test]
fn a_killed_owner_takes_the_command_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("pids");
    let script = format!("{{ {FAMILY}; }} > {}", told.display());
    let mut owner: Child =
        Command::new("sleep").arg("1000").stdout(Stdio::piped()).spawn().unwrap();
    let mut guardian = Command::new(EXE)
        .args(["guard", "--within-ms", "200", "--", "sh", "-c", &script])
        .stdin(owner.stdout.take().unwrap())
        .spawn()
        .unwrap();
    let read = || std::fs::read_to_string(&told).unwrap_or_default();
    eventually("the family has started", || read().lines().count() == 3);
    let family: Vec<_> = read().lines().map(|l| Pid::from_raw(l.parse().unwrap())).collect();
    assert!(family.iter().all(lives));
    owner.kill().unwrap();
    owner.wait().unwrap();
    guardian.wait().unwrap();
    assert_eq!(family.iter().filter(|pid| lives(pid)).count(), 0);
}

/// The same with a real run: the demo is killed while its merchant serves.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_run_takes_its_merchant_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Command::new(EXE)
        .arg("demo")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let family = || -> Vec<Pid> {
        let guardians = children(Pid::from_raw(i32::try_from(run.id()).unwrap()));
        let merchants: Vec<_> = guardians.iter().flat_map(|pid| children(*pid)).collect();
        if merchants.is_empty() { Vec::new() } else { [guardians, merchants].concat() }
    };
    eventually("the merchant runs", || !family().is_empty());
    let family = family();
    assert_eq!(family.len(), 2, "one guardian, one merchant");
    run.kill().unwrap();
    run.wait().unwrap();
    eventually("guardian and merchant are gone", || !family.iter().any(lives));
}

#[cfg(target_os = "linux")]
fn children(pid: Pid) -> Vec<Pid> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.map(|thread| std::fs::read_to_string(thread.path().join("children")));
    let text: String = lists.flatten().collect();
    text.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect()
}

#[tokio::test]
async fn a_command_that_ends_by_itself_is_told_and_leaves_nothing() {
    let launched = start("sleep 1000 & echo $!; exit 3", "TERM", Span::from_s(60));
    assert_eq!(launched.wait_exit().await, "exited with status 3");
    assert_eq!(launched.has_exited().as_deref(), Some("exited with status 3"));
    let family = pids(&launched, 1).await;
    assert!(!lives(&family[0]));
    let killed = start("kill -KILL $$", "TERM", Span::from_s(1));
    assert_eq!(killed.wait_exit().await, "exited with status 137 (SIGKILL)");
}

#[tokio::test]
async fn output_is_kept_in_its_last_lines_without_secrets() {
    let launched = start("pwd; echo key $SHOP_KEY >&2; exit 1", "TERM", Span::from_s(1));
    launched.wait_exit().await;
    let mut lines = launched.log_tail(10);
    lines.sort();
    assert_eq!(lines, ["/", "key [redacted]"]);
}

#[tokio::test]
async fn ready_means_that_the_path_or_the_port_answers() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    assert!(!is_free_port(port));
    let opened = wait_ready(&url, &ready(None, Span::from_s(20)), None).await;
    assert_eq!(opened, Ok(()));
    let health = axum::Router::new().route("/healthz", axum::routing::get(|| async { "ok" }));
    tokio::spawn(async move { axum::serve(listener, health).await });
    let healthy = wait_ready(&url, &ready(Some("/healthz"), Span::from_s(20)), None).await;
    assert_eq!(healthy, Ok(()));
    let other = wait_ready(&url, &ready(Some("/other"), Span::from_ms(100)), None).await;
    let what = other.unwrap_err().what;
    assert!(what.contains("within 100ms: /other answers 404"), "{what}");
}

/// The limit is a minute: the test ends in time only because death is noticed at once.
#[tokio::test]
async fn death_before_readiness_is_told_at_once_with_the_last_lines() {
    let began = Instant::now();
    let url = format!("http://127.0.0.1:{}", free_port().unwrap());
    for (script, line) in [
        ("echo no database >&2; exit 3", "no database"),
        ("exec /no/such/program", "/no/such/program"),
    ] {
        let launched = start(script, "TERM", Span::from_s(1));
        let ready = ready(Some("/healthz"), Span::from_s(60));
        let error = wait_ready(&url, &ready, Some(&launched)).await.unwrap_err();
        assert!(error.what.contains("died before it was ready: it exited with status"), "{error}");
        assert!(error.tail.iter().any(|l| l.contains(line)), "{error}");
    }
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[tokio::test]
async fn a_merchant_that_never_listens_is_not_ready() {
    let url = format!("http://127.0.0.1:{}", free_port().unwrap());
    let launched = start("echo starting; exec sleep 1000", "TERM", Span::from_s(5));
    let ready = ready(None, Span::from_ms(300));
    let error = wait_ready(&url, &ready, Some(&launched)).await.unwrap_err();
    assert!(error.what.contains("was not ready"), "{error}");
    launched.stop().await;
}

#[tokio::test]
async fn preparation_runs_to_its_end_or_says_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let run = |command: Vec<String>, within| {
        let folder = folder.path().to_owned();
        async move {
            let (env, (_never, interrupted)) = (BTreeMap::new(), Interrupt::new());
            let stop = Stop { signal: "TERM".to_owned(), within: Span::from_s(60) };
            let (cwd, scratch, redaction) = (&*folder, None, Redaction::default());
            let task = Task {
                command: &command,
                cwd,
                env: &env,
                stop: &stop,
                scratch,
                redaction: &redaction,
            };
            run_to_end(Path::new(EXE), &task, within, &interrupted).await
        }
    };
    assert_eq!(run(shell("echo done > made"), Span::from_s(60)).await, Ok(()));
    assert!(folder.path().join("made").exists());

    let failed = run(shell("echo why; exit 4"), Span::from_s(60)).await.unwrap_err();
    assert_eq!(failed.what, "`sh -c echo why; exit 4` exited with status 4");
    assert_eq!(failed.tail, ["why"]);

    let missing = run(vec!["no-such-program".to_owned()], Span::from_s(60)).await.unwrap_err();
    assert!(missing.tail[0].contains("cannot start `no-such-program`"), "{missing}");

    let slow = run(shell("exec sleep 1000"), Span::from_ms(200)).await.unwrap_err();
    assert!(slow.what.ends_with("did not end within 200ms"), "{slow}");
}
