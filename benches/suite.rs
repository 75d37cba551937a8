//! The whole suite against the sound sample, and what a run needs as it grows.
//!
//! Bounds, not peers: the suite takes less than five seconds on two cores, a run stays below
//! 100 MiB, and twenty times the scenarios must not take twenty times the memory.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_countersign");
const SUITE_WITHIN: Duration = Duration::from_secs(5);
const PEAK_KIB_MAX: u64 = 100 * 1024;

struct Run {
    took: Duration,
    peak_kib: u64,
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut suite: Vec<Run> = (0..5).map(|_| run(folder.path(), &[])).collect();
    suite.sort_by_key(|run| run.took);
    let (fastest, median) = (suite[0].took, suite[2].took);
    println!("whole suite     fastest {fastest:.2?}, median {median:.2?} (bound {SUITE_WITHIN:?})");
    let mut peaks = Vec::new();
    for scenarios in [100, 2_000] {
        let sweep = sweep(folder.path(), scenarios);
        let run = run(folder.path(), &[&sweep]);
        let (took, mib, each) =
            (run.took, run.peak_kib / 1024, run.took / u32::try_from(scenarios).unwrap_or(1));
        println!("{scenarios:>5} scenarios  {took:.2?} ({each:.2?} each), peak {mib} MiB");
        peaks.push(run.peak_kib);
    }
    let growth = peaks[1] * 100 / peaks[0].max(1);
    println!("peak memory     {growth} % of the smaller run's with 20 times the scenarios");
    assert!(median < SUITE_WITHIN, "the suite takes {median:?}");
    assert!(peaks.iter().all(|peak| *peak < PEAK_KIB_MAX), "a run needs {peaks:?} KiB");
    assert!(growth < 300, "memory grows with the scenarios: {peaks:?} KiB");
}

/// One demo to its end, with the most memory that our process ever held.
fn run(folder: &Path, arguments: &[&str]) -> Run {
    let started = Instant::now();
    let mut child = Command::new(PROGRAM)
        .args(["demo", "--seed", "1", "--history"])
        .arg(folder.join("history.jsonl"))
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait().expect("our own child") {
            break ended;
        }
        peak_kib = peak_kib.max(high_water(&status).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(ended.success(), "the demo ended with {ended}");
    Run { took: started.elapsed(), peak_kib }
}

fn high_water(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A sweep of so many rows, each with an amount of its own.
fn sweep(folder: &Path, rows: usize) -> String {
    let mut amounts = String::new();
    for row in 0..rows {
        write!(amounts, "\"{}.{row:06}\", ", 10 + row / 7).expect("a string takes it");
    }
    let text = format!(
        "name: many-{rows}\nabout: As many orders as the memory has to bear\nrules: [IDEM-01]\n\
         order: {{amount: \"{{amount}}\", rail: usdt-tron}}\nsweep:\n  amount: [{amounts}]\n\
         play:\n  - pay: exact\n  - confirm: all\n  - deliver: {{events: [confirmed], copies: 2}}\n\
         expect:\n  order: paid\n  credits: {{count: 1, amount: due}}\n  fulfilments: 1\n"
    );
    let path = folder.join(format!("many-{rows}.yaml"));
    fs::write(&path, text).expect("the folder is ours");
    path.display().to_string()
}
