//! A merchant that cannot be started or reached is a fault of the configuration: exit 2, with the
//! cause and what to do, and never a verdict.

use std::net::TcpListener;

use super::merchant::sample;
use super::stage::{Stage, free_port};

const READY: &str = "ready: {http: /healthz, within: 20s}";
const STOP: &str = "stop: {signal: TERM, within: 5s}";
const COMMAND: &str = "command: [EXE, sample-merchant]";

/// The run ends 2 before anything is judged, is told so, and leaves nothing but a record that can
/// be judged and is no success.
#[track_caller]
fn check(stage: &Stage, profile: &str, words: &[&str]) {
    stage.write("countersign.yaml", profile);
    let ended = stage.run(&["run"]);
    stage.assert_nothing_is_left();
    ended.told(2, words);
    assert_eq!(ended.stdout, "");
    assert!(!stage.path("reports/latest/report.json").exists(), "a fault of wiring is no verdict");
    let (code, report) = stage.judge_again();
    assert_eq!((code, report["verdict"].as_str()), (Some(3), Some("INCOMPLETE")));
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0));
    assert_eq!(report["interrupted"], true);
    assert!(stage.history().contains("\"kind\":\"process\""), "the record tells why");
}

#[test]
fn nobody_listens() {
    let text = sample(&[("{port}\n", &format!("{}\n", free_port()))]);
    let (before, rest) = text.split_once("  start:").unwrap();
    let (_, after) = rest.split_once("provider:").unwrap();
    let key =
        "provider:\n  listen: 127.0.0.1:PORT\n  api_key: sk_live_0\n  webhook_secret: whsec_MDEy";
    let key = key.replace("PORT", &free_port().to_string());
    let words =
        ["no merchant is ready at http://127.0.0.1:", "start it, or correct `merchant.base_url`"];
    check(&Stage::new(), &format!("{before}{key}{after}"), &words);
}

#[test]
fn it_dies_before_it_is_ready() {
    let command = "command: [sh, -c, 'echo opening the books; echo no ink >&2; exit 3']";
    let words = ["died before it was ready", "status 3", "\n  opening the books", "\n  no ink"];
    check(&Stage::new(), &sample(&[(COMMAND, command)]), &words);
}

#[test]
fn it_is_no_program() {
    let command = "command: [no-such-program, --at-all]";
    let words = ["died before it was ready", "cannot start `no-such-program`"];
    check(&Stage::new(), &sample(&[(COMMAND, command)]), &words);
}

/// One that does not listen, does not end when asked, and has a child: nothing of it is left at the
/// moment when the run ends.
#[test]
fn it_is_never_ready_and_does_not_want_to_go() {
    let command =
        "command: [sh, -c, \"trap '' TERM; sleep 1000 & echo waiting; while :; do sleep 1; done\"]";
    let ready = "ready: {http: /healthz, within: 500ms}";
    let stop = "stop: {signal: TERM, within: 300ms}";
    let words = ["was not ready", "within 500ms", "does it listen on this port", "\n  waiting"];
    let profile = sample(&[(COMMAND, command), (READY, ready), (STOP, stop)]);
    check(&Stage::new(), &profile, &words);
}

#[test]
fn what_prepares_it_fails() {
    let prepare = format!("{COMMAND}\n    prepare: [[sh, -c, 'echo no schema; exit 4']]");
    let words = ["exited with status 4", "\n  no schema"];
    check(&Stage::new(), &sample(&[(COMMAND, &prepare)]), &words);
}

#[test]
fn its_port_is_taken_by_somebody_else() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    let words = [&*format!("port {port} is taken"), "end it, or write {port} in merchant.base_url"];
    check(&Stage::new(), &sample(&[("{port}", &port)]), &words);
    other.set_nonblocking(true).unwrap();
    assert!(other.accept().is_err(), "the stranger was not asked");
}

/// Nothing has begun by then: an earlier record stays.
#[test]
fn the_provider_cannot_listen() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let stage = Stage::new();
    let listen = format!("provider:\n  listen: {address}");
    stage.write("countersign.yaml", &sample(&[("provider:", &listen)]));
    std::fs::create_dir_all(stage.path("reports/latest")).unwrap();
    stage.write("reports/latest/history.jsonl", "an earlier run\n");
    let ended = stage.run(&["run"]);
    stage.assert_nothing_is_left();
    ended.told(2, &[&address, "give a free address", "provider.listen"]);
    assert_eq!((&*ended.stdout, &*stage.history()), ("", "an earlier run\n"));
}
