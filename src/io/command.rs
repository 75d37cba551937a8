//! Commands of the profile that look at the merchant or drive it: run to their end under a
//! guardian, in the merchant's folder and environment, without a shell.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::guardian;
use super::launch::{self, Task};
use crate::history::Redaction;
use crate::merchant::{Start, Stop};
use crate::model::Span;

/// How long one may take.
const WITHIN: Duration = Duration::from_secs(10);
/// What one prints beyond this is taken for a mistake.
const OUTPUT_BYTES_MAX: u64 = 1 << 20;
/// How much of what it says about a failure is told.
const SAID_BYTES: usize = 500;

/// Where commands run.
pub(super) struct Commands {
    exe: PathBuf,
    cwd: PathBuf,
    env: BTreeMap<String, String>,
    redaction: Redaction,
}

impl Commands {
    /// Where the merchant runs, if it is ours to start, and in the profile's folder otherwise. The
    /// placeholders of `start` are filled in.
    pub(super) fn new(
        exe: &Path,
        start: Option<&Start>,
        folder: &Path,
        redaction: &Redaction,
    ) -> Self {
        Self {
            exe: exe.to_owned(),
            cwd: start.map_or_else(|| folder.to_owned(), |start| start.cwd.clone()),
            env: start.map(|start| start.env.clone()).unwrap_or_default(),
            redaction: redaction.clone(),
        }
    }

    /// Runs one to its end; what it printed. Whoever does not wait any more has ended it.
    ///
    /// # Errors
    /// It cannot be started, fails, prints too much or takes too long: in words.
    pub(super) async fn run(&self, words: &[String]) -> Result<Vec<u8>, String> {
        let name = self.redaction.text(&words.join(" "));
        let ran = tokio::time::timeout(WITHIN, self.to_end(words)).await;
        let ran = ran.unwrap_or_else(|_| Err(format!("did not end within {} s", WITHIN.as_secs())));
        ran.map_err(|why| format!("`{name}` {}", self.redaction.text(&why)))
    }

    async fn to_end(&self, words: &[String]) -> Result<Vec<u8>, String> {
        // Nothing of it is wanted any more once its time is over.
        let stop = Stop { signal: "KILL".to_owned(), within: Span::default() };
        let Self { exe, cwd, env, redaction } = self;
        let task = Task { command: words, cwd, env, stop: &stop, scratch: None, redaction };
        let mut guarded = launch::guarded(exe, &task);
        let mut child = guarded
            .spawn()
            .map_err(|error| format!("cannot be started in {}: {error}", self.cwd.display()))?;
        // Held until it has ended: to let go of it is to end it.
        let leash = child.stdin.take();
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let ended = async { child.wait().await.map_err(|error| format!("was lost: {error}")) };
        let (output, said, ended) = tokio::try_join!(bounded(output), bounded(errors), ended)?;
        drop(leash);
        if ended.success() {
            return Ok(output);
        }
        let said = if said.is_empty() { output } else { said };
        let said = String::from_utf8_lossy(&said[said.len().saturating_sub(SAID_BYTES)..]);
        Err(format!("{}: {}", guardian::in_words(ended), said.trim()))
    }
}

async fn bounded(pipe: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let Some(pipe) = pipe else { return Ok(bytes) };
    let mut pipe = pipe.take(OUTPUT_BYTES_MAX + 1);
    pipe.read_to_end(&mut bytes).await.map_err(|error| error.to_string())?;
    if bytes.len() as u64 > OUTPUT_BYTES_MAX {
        return Err("printed more than 1 MiB".to_owned());
    }
    Ok(bytes)
}
