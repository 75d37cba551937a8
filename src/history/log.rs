//! The history as JSON lines: written entry by entry, read lane by lane.
//!
//! Memory does not grow with the run: of each entry only its lane and its place are kept, so that a
//! judge can read one scenario at a time. Knows no file: anything that writes or seeks will do.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Seek, SeekFrom, Write};

use serde::Deserialize;

use super::{Entry, Fact, Redaction};
use crate::model::{LaneId, SimTime};

/// The form in which histories are written and read.
pub const FORMAT: u32 = 1;

/// Why a history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The medium failed.
    #[error("the history cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A line is no entry.
    #[error("line {line} of the history is no entry: {source}")]
    Line {
        /// 1-based.
        line: u64,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// Lines were moved, doubled or joined from several runs: what came first cannot be told.
    #[error("line {0} of the history does not follow the one before")]
    Order(u64),
    /// It was written by another version.
    #[error("the history is of format {0}, and this version reads format {FORMAT}")]
    Format(u32),
    /// Nothing to judge.
    #[error("the history does not begin with a run; is it complete?")]
    NoRun,
}

/// Appends entries.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    seq: u64,
    redaction: Redaction,
}

impl<W: Write> Writer<W> {
    /// Starts a history on `out`.
    pub fn new(out: W) -> Self {
        Self { out, seq: 0, redaction: Redaction::default() }
    }

    /// Blacks these secrets out from here on.
    pub fn redact(&mut self, redaction: Redaction) {
        self.redaction = redaction;
    }

    /// Appends one entry and answers it as it was written.
    ///
    /// # Errors
    /// Whatever the medium says, a full disk for instance.
    pub fn append(
        &mut self,
        lane: LaneId,
        at: SimTime,
        real_ms: u64,
        fact: Fact,
    ) -> io::Result<Entry> {
        self.seq += 1;
        let mut entry = Entry { seq: self.seq, lane, at, real_ms, fact };
        let mut line = serde_json::to_vec(&entry)?;
        if self.redaction.is_needed(&line) {
            entry = self.redaction.entry(entry);
            line = serde_json::to_vec(&entry)?;
        }
        line.push(b'\n');
        self.out.write_all(&line)?;
        Ok(entry)
    }

    /// Hands everything to the medium.
    ///
    /// # Errors
    /// Whatever the medium says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Reads a history lane by lane.
#[derive(Debug)]
pub struct Reader<R: BufRead + Seek> {
    input: R,
    lanes: BTreeMap<LaneId, Vec<u64>>,
    entries: u64,
    attempts: u64,
    end_ms: u64,
}

/// What the index needs of an entry.
#[derive(Deserialize)]
struct Head {
    seq: u64,
    lane: LaneId,
    real_ms: u64,
    kind: String,
    /// Only a run's first entry has one.
    format: Option<u32>,
}

impl<R: BufRead + Seek> Reader<R> {
    /// Indexes a whole history. An unfinished last line (a run that was killed while it wrote) is
    /// left out.
    ///
    /// # Errors
    /// A medium that fails, a line that is no entry or does not follow, another format.
    pub fn new(mut input: R) -> Result<Self, HistoryError> {
        let mut lanes: BTreeMap<LaneId, Vec<u64>> = BTreeMap::new();
        let (mut offset, mut entries, mut attempts, mut end_ms) = (0, 0, 0, 0);
        let mut seq = 0;
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = input.read_until(b'\n', &mut line)?;
            if length == 0 || line.last() != Some(&b'\n') {
                break;
            }
            let head: Head = serde_json::from_slice(&line)
                .map_err(|source| HistoryError::Line { line: entries + 1, source })?;
            if head.seq <= seq {
                return Err(HistoryError::Order(entries + 1));
            }
            if let Some(format) = head.format.filter(|format| *format != FORMAT) {
                return Err(HistoryError::Format(format));
            }
            seq = head.seq;
            lanes.entry(head.lane).or_default().push(offset);
            offset += length as u64;
            entries += 1;
            attempts += u64::from(head.kind == "attempted");
            end_ms = head.real_ms.max(end_ms);
        }
        Ok(Self { input, lanes, entries, attempts, end_ms })
    }

    /// Lanes that have entries, the run's own first.
    #[must_use]
    pub fn lanes(&self) -> Vec<LaneId> {
        self.lanes.keys().copied().collect()
    }

    /// How many entries there are.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.entries
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// How many of them are attempts.
    #[must_use]
    pub const fn attempts(&self) -> u64 {
        self.attempts
    }

    /// Real milliseconds from start to end.
    #[must_use]
    pub const fn took_ms(&self) -> u64 {
        self.end_ms
    }

    /// All entries of one lane, in order.
    ///
    /// # Errors
    /// A medium that fails, or a line that is no entry.
    pub fn lane(&mut self, lane: LaneId) -> Result<Vec<Entry>, HistoryError> {
        let offsets = self.lanes.get(&lane).cloned().unwrap_or_default();
        let mut entries = Vec::with_capacity(offsets.len());
        let mut line = String::new();
        for offset in offsets {
            self.input.seek(SeekFrom::Start(offset))?;
            line.clear();
            self.input.read_line(&mut line)?;
            match serde_json::from_str(&line) {
                Ok(entry) => entries.push(entry),
                Err(source) => return Err(self.no_entry(offset, source)),
            }
        }
        Ok(entries)
    }

    /// The line at `offset` is an entry by its head only. Its number is counted now, so that no
    /// history that is whole pays for it.
    fn no_entry(&self, offset: u64, source: serde_json::Error) -> HistoryError {
        let before = self.lanes.values().flatten().filter(|at| **at < offset).count();
        HistoryError::Line { line: before as u64 + 1, source }
    }
}
