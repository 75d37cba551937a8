//! Commands that look and commands that act.

use std::time::{Duration, Instant};

use countersign::history::Answer;

use super::{do_, look};

/// An order probe of this shell script.
fn shows(script: &str) -> String {
    let words = serde_json::json!(["sh", "-c", script, "sh", "{reference}"]);
    format!(
        "observe: {{order: {{exec: {words}, map: {{state: /state}}}}}}\nlifecycle: {{paid: [p]}}\n"
    )
}

#[tokio::test]
async fn what_a_command_prints_is_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let seen = look(&shows("test $1 = A-1 && printf '{\"state\": \"p\"}'"), folder.path(), "A-1")
        .await
        .unwrap();
    assert_eq!(seen.state.unwrap().as_str(), "paid");
    let unknown = look(&shows("echo null"), folder.path(), "A-1").await.unwrap();
    assert_eq!(unknown.state, None);
    // It is a word of its own, whatever it holds.
    let harmless =
        look(&shows("test \"$1\" = 'x; touch y' && echo null"), folder.path(), "x; touch y")
            .await
            .unwrap();
    assert_eq!(harmless.state, None);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_command_that_fails_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("echo no shop here >&2; exit 3", "exited with status 3: no shop here"),
        ("echo only output; exit 1", "exited with status 1: only output"),
        ("kill -KILL $$", "SIGKILL"),
        ("echo '<html>'", "order: the command printed no JSON"),
        ("echo", "order: the command printed no JSON"),
        ("yes", "printed more than 1 MiB"),
    ];
    for (script, told) in cases {
        let why = look(&shows(script), folder.path(), "A-1").await.unwrap_err();
        assert!(why.contains(told) && why.starts_with("order: "), "{why}\nlacks {told}");
    }
    let absent = "observe: {order: {exec: [no-such-program, \"{reference}\"], map: {state: /s}}}\n";
    let why = look(absent, folder.path(), "A-1").await.unwrap_err();
    assert!(why.contains("cannot start `no-such-program`"), "{why}");
}

/// What takes too long is ended, and so is whatever a command leaves running.
#[tokio::test]
async fn nothing_of_a_command_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo $$ >> pids; sleep 1000 & echo $! >> pids; echo null";
    assert_eq!(look(&shows(script), folder.path(), "A-1").await.unwrap().state, None);
    let began = Instant::now();
    let why = look(&shows(&format!("{script}; wait")), folder.path(), "A-1").await.unwrap_err();
    assert!(why.ends_with("did not end within 10 s"), "{why}");
    assert!(began.elapsed() >= Duration::from_secs(10));
    let pids = std::fs::read_to_string(folder.path().join("pids")).unwrap();
    assert_eq!(pids.lines().count(), 4);
    let deadline = Instant::now() + Duration::from_secs(20);
    let lives = |pid: &str| std::path::Path::new("/proc").join(pid).exists();
    while pids.lines().any(lives) {
        assert!(Instant::now() < deadline, "processes are left: {pids}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn commands_hand_values_on() {
    let folder = tempfile::tempdir().unwrap();
    let sections = "drive:\n  checkout:\n    \
        - exec: [sh, -c, 'printf ''{\"id\": 7}''']\n      capture: {id: /id}\n    \
        - exec: [sh, -c, 'echo \"$1\" is \"$2\" > told; echo done', sh, \"{reference}\", \"{id}\"]\n  \
        cancel: {exec: [sh, -c, 'exit 2']}\n  refund: {exec: [echo, \"{amount}\"]}\n";
    let answer = do_(sections, folder.path(), "checkout", &[("reference", "A-1")]).await;
    assert_eq!(answer, Answer::Ran("done\n".to_owned()));
    assert_eq!(std::fs::read_to_string(folder.path().join("told")).unwrap(), "A-1 is 7\n");
    let failed = do_(sections, folder.path(), "cancel", &[("reference", "A-1")]).await;
    let Answer::Failed(why) = failed else { panic!("{failed:?}") };
    assert_eq!(why, "`drive.cancel`: `sh -c exit 2` exited with status 2: ");
    let failed = do_(sections, folder.path(), "refund", &[("reference", "A-1")]).await;
    let Answer::Failed(why) = failed else { panic!("{failed:?}") };
    assert!(why.contains("`{amount}` in a word of the command has no value here"), "{why}");
}
