//! A merchant that dies in the middle: that is a finding against the scenario whose attempt was
//! open, it is started again, and the others play on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::merchant::sample;
use super::stage::{Ended, Stage, eventually, free_port};

/// When the merchant is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// At the first news of a payment that was made, which it never sees.
    Asked,
    /// Between its answer to the third of three settled notifications, and that answer's arrival.
    Answered,
}

/// Stands between the provider and the merchant's webhook door.
struct Assassin {
    stage: Arc<Stage>,
    moment: Moment,
    merchant: u16,
    told: AtomicU32,
}

impl Assassin {
    /// Waits for its moment on this port.
    fn wait(self, runtime: &tokio::runtime::Runtime) -> u16 {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let assassin = Arc::new(self);
        runtime.spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let assassin = assassin.clone();
                tokio::spawn(async move { assassin.forward(near).await });
            }
        });
        port
    }

    async fn forward(&self, near: TcpStream) {
        let Ok(far) = TcpStream::connect(("127.0.0.1", self.merchant)).await else { return };
        let (mut from_near, mut to_near) = near.into_split();
        let (mut from_far, mut to_far) = far.into_split();
        let (mut request, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        let mut is_last = false;
        loop {
            tokio::select! {
                count = from_near.read(&mut request) => {
                    let Ok(count @ 1..) = count else { return };
                    is_last |= self.is_moment(&request[..count]);
                    if is_last && self.moment == Moment::Asked {
                        return self.kill();
                    }
                    to_far.write_all(&request[..count]).await.unwrap();
                }
                count = from_far.read(&mut answer) => {
                    let Ok(count @ 1..) = count else { return };
                    if is_last {
                        self.kill();
                    }
                    to_near.write_all(&answer[..count]).await.unwrap();
                }
            }
        }
    }

    fn is_moment(&self, request: &[u8]) -> bool {
        let (news, number) = match self.moment {
            Moment::Asked => ("\"type\":\"payment.paid\"", 1),
            Moment::Answered => ("\"type\":\"payment.settled\"", 3),
        };
        let is_told = String::from_utf8_lossy(request).contains(news);
        is_told && self.told.fetch_add(1, Ordering::SeqCst) + 1 == number
    }

    /// Returns when its port is closed.
    fn kill(&self) {
        kill(self.stage.merchant().expect("it runs"), Signal::SIGKILL).unwrap();
        let is_closed = || std::net::TcpStream::connect(("127.0.0.1", self.merchant)).is_err();
        eventually(|| "it lives".to_owned(), is_closed);
    }
}

const SELECTION: &[&str] =
    &["run", "--jobs", "1", "--tags", "@IDEM-01", "features/idempotency.feature"];

/// A run in which the merchant is killed once; it is started by `command`.
fn killed(moment: Moment, command: &str) -> (Arc<Stage>, Ended) {
    let stage = Arc::new(Stage::new());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let merchant = free_port();
    let assassin = Assassin { stage: stage.clone(), moment, merchant, told: AtomicU32::new(0) };
    let door = format!("url: http://127.0.0.1:{}/webhooks/payments", assassin.wait(&runtime));
    let profile = sample(&[
        ("{port}", &merchant.to_string()),
        ("path: /webhooks/payments", &door),
        ("[EXE, sample-merchant]", command),
    ]);
    stage.write("countersign.yaml", &profile);
    let ended = stage.run(SELECTION);
    stage.assert_nothing_is_left();
    (stage, ended)
}

/// What became of the scenarios, in the order in which they were played.
fn verdicts(report: &serde_json::Value) -> Vec<String> {
    let scenarios = report["scenarios"].as_array().unwrap();
    assert!(scenarios.len() >= 3, "{scenarios:?}");
    scenarios.iter().map(|scenario| scenario["verdict"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn it_is_started_again_and_the_others_play_on() {
    let (stage, ended) = killed(Moment::Asked, "[EXE, sample-merchant]");
    ended.told(1, &[]);
    let report = stage.report();
    let verdicts = verdicts(&report);
    assert_eq!(verdicts[0], "fail", "the attempt that was open was its own");
    assert!(verdicts[1..].iter().all(|verdict| verdict == "pass"), "{verdicts:?}");
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    let told = findings[0].to_string();
    assert!(told.contains("the merchant died while it answered"), "{told}");
    assert!(told.contains("SIGKILL"), "{told}");
    assert!(stage.history().contains("the merchant died: "));
    assert!(stage.history().contains("the merchant was started again"));
    assert_eq!(stage.judge_again(), (Some(1), report));
}

#[test]
fn one_that_cannot_be_started_again_leaves_the_others_unknown() {
    let once = "[sh, -c, '[ ! -e begun ] || { echo no second time; exit 9; }; touch begun; \
                exec EXE sample-merchant']";
    let (stage, ended) = killed(Moment::Asked, once);
    ended.told(1, &[]);
    let report = stage.report();
    let verdicts = verdicts(&report);
    assert_eq!(verdicts[0], "fail");
    assert!(verdicts[1..].iter().all(|verdict| verdict == "unknown"), "{verdicts:?}");
    assert!(stage.history().contains("could not be started again"));
    assert!(stage.history().contains("no second time"));
    assert_eq!(stage.judge_again(), (Some(1), report));
}

/// No attempt was open: nobody is accused, and it is no success either.
#[test]
fn a_death_after_the_answer_accuses_nobody() {
    let (stage, ended) = killed(Moment::Answered, "[EXE, sample-merchant]");
    ended.told(3, &[]);
    let report = stage.report();
    let verdicts = verdicts(&report);
    assert_eq!(verdicts[0], "unknown");
    assert!(verdicts[1..].iter().all(|verdict| verdict == "pass"), "{verdicts:?}");
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0));
    assert!(report["scenarios"][0].to_string().contains("died, asked for nothing"));
    assert_eq!(stage.judge_again(), (Some(3), report));
}
