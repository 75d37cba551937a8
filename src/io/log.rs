//! The output of a started process: its last lines in memory, all of it in a file where one is
//! wanted, secrets blacked out in both.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::history::Redaction;

/// How many lines are kept.
const LINES_MAX: usize = 500;
/// Longer lines are cut into several.
const LINE_BYTES_MAX: usize = 4096;

/// Lines of one process.
pub(super) struct Log {
    redaction: Redaction,
    lines: Mutex<Lines>,
}

#[derive(Default)]
struct Lines {
    last: VecDeque<String>,
    file: Option<File>,
}

impl Log {
    /// Blacks these secrets out.
    pub(super) fn new(redaction: Redaction) -> Self {
        Self { redaction, lines: Mutex::default() }
    }

    pub(super) fn tail(&self, n: usize) -> Vec<String> {
        let lines = self.lock();
        lines.last.iter().skip(lines.last.len().saturating_sub(n)).cloned().collect()
    }

    /// Appends what is kept so far, and everything that follows, to a file.
    pub(super) fn copy_to(&self, path: &Path) -> io::Result<()> {
        let mut file = File::options().create(true).append(true).open(path)?;
        let mut lines = self.lock();
        for line in &lines.last {
            writeln!(file, "{line}")?;
        }
        lines.file = Some(file);
        Ok(())
    }

    fn push(&self, bytes: &[u8]) {
        let line = String::from_utf8_lossy(bytes);
        let line = self.redaction.text(line.trim_end_matches(['\r', '\n']));
        let mut lines = self.lock();
        // A full disk costs the copy, not the run; the last lines are still in memory.
        if lines.file.as_mut().is_some_and(|file| writeln!(file, "{line}").is_err()) {
            lines.file = None;
        }
        if lines.last.len() == LINES_MAX {
            lines.last.pop_front();
        }
        lines.last.push_back(line);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Neither secrets nor output belong in debug output.
impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("lines", &self.lock().last.len()).finish_non_exhaustive()
    }
}

/// Reads a pipe to its end, line by line, in bounded memory.
pub(super) async fn drain(pipe: impl AsyncRead + Unpin, log: Arc<Log>) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while let Ok(bytes) = reader.fill_buf().await {
        if bytes.is_empty() {
            break;
        }
        let room = LINE_BYTES_MAX - line.len();
        let end = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at + 1);
        let taken = end.min(room);
        line.extend_from_slice(&bytes[..taken]);
        reader.consume(taken);
        if line.ends_with(b"\n") || line.len() == LINE_BYTES_MAX {
            log.push(&line);
            line.clear();
        }
    }
    if !line.is_empty() {
        log.push(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is kept of an output.
    async fn check(output: &str, secrets: &[&str]) -> Vec<String> {
        let log = Arc::new(Log::new(Redaction::new(secrets.iter().map(|s| (*s).to_owned()))));
        drain(output.as_bytes(), log.clone()).await;
        log.tail(usize::MAX)
    }

    #[tokio::test]
    async fn lines_are_kept_in_bounds() {
        assert_eq!(check("one\r\n\ntwo", &[]).await, ["one", "", "two"]);
        let many: String = (0..2000).map(|n| format!("{n}\n")).collect();
        let kept = check(&many, &[]).await;
        assert_eq!((kept.len(), kept[0].as_str(), kept[499].as_str()), (500, "1500", "1999"));
        let long = check(&"x".repeat(10_000), &[]).await;
        assert_eq!(long.iter().map(String::len).collect::<Vec<_>>(), [4096, 4096, 1808]);
    }

    #[tokio::test]
    async fn secrets_are_blacked_out_and_short_words_are_not() {
        let kept = check("key=whsec_0123 and live\n", &["whsec_0123", "live", "whsec_01234567"]);
        assert_eq!(kept.await, ["key=[redacted] and live"]);
    }

    #[tokio::test]
    async fn a_copy_has_the_lines_before_and_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("merchant.log");
        let log = Arc::new(Log::new(Redaction::default()));
        drain(&b"before\n"[..], log.clone()).await;
        log.copy_to(&path).unwrap();
        drain(&b"after\n"[..], log.clone()).await;
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before\nafter\n");
    }
}
