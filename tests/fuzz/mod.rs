//! Right calls are broken in one place or several, as broken clients and hostile ones would, for as
//! long as `COUNTERSIGN_FUZZ_SECONDS` says; without it, for a moment.
//!
//! Knows no call: what is broken, and what must hold then, is the business of each test.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// What breaks readers.
const TOKENS: &[&[u8]] = &[
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\\u0000",
    b"\xef\xbb\xbf",
    b"null",
    b"true",
    b"NaN",
    b"-0",
    b"1e400",
    b"0.1",
    b"250.00",
    b"99999999999999999999999999999999999999999999",
    b"-1",
    b"[[[[[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":",
    b"\"reference\":\"INV-9\",",
    b"\"amount\":\"1\",",
    b"\"tag\":4294967296,",
    "\u{202e}".as_bytes(),
    "e\u{301}".as_bytes(),
    "\u{200d}".as_bytes(),
    "１".as_bytes(),
    "\u{1f4b8}".as_bytes(),
    b"%00",
    b"%ff",
    b"%",
    b"&",
    b"=",
    b"+",
    b"/",
    b"..",
    b" ",
    b"\r\n",
    b"sk_live_",
    b"Bearer ",
    b"*",
];

/// Places are shares of the length, in 65,536ths.
#[derive(Debug, Clone)]
pub enum Change {
    Flip(u16, u8),
    Cut(u16, u16),
    Copy(u16, u16, u16),
    Put(u16, usize),
    Replace(Vec<u8>),
    Nest(u16),
}

pub fn change() -> impl Strategy<Value = Change> {
    let place = any::<u16>;
    prop_oneof![
        3 => (place(), 0u8..8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        2 => (place(), place()).prop_map(|(from, to)| Change::Cut(from, to)),
        2 => (place(), place(), place()).prop_map(|(from, to, at)| Change::Copy(from, to, at)),
        5 => (place(), 0..TOKENS.len()).prop_map(|(at, token)| Change::Put(at, token)),
        1 => prop::collection::vec(any::<u8>(), 0..80).prop_map(Change::Replace),
        1 => (0u16..2_000).prop_map(Change::Nest),
    ]
}

fn place(share: u16, length: usize) -> usize {
    usize::from(share) * (length + 1) / 65_536
}

impl Change {
    fn kind(&self) -> &'static str {
        match self {
            Self::Flip(..) => "flipped",
            Self::Cut(..) => "cut",
            Self::Copy(..) => "copied",
            Self::Put(..) => "put in",
            Self::Replace(_) => "replaced",
            Self::Nest(_) => "nested",
        }
    }

    pub fn apply(&self, text: &mut Vec<u8>) {
        let length = text.len();
        let range = |from, to| {
            let (from, to) = (place(from, length), place(to, length));
            from.min(to)..from.max(to)
        };
        match self {
            Self::Flip(at, bit) => {
                if let Some(byte) = text.get_mut(place(*at, length)) {
                    *byte ^= 1 << bit;
                }
            }
            Self::Cut(from, to) => drop(text.drain(range(*from, *to))),
            Self::Copy(from, to, at) => {
                let copied = text[range(*from, *to)].to_vec();
                let at = place(*at, length);
                drop(text.splice(at..at, copied));
            }
            Self::Put(at, token) => {
                let at = place(*at, length);
                drop(text.splice(at..at, TOKENS[*token].iter().copied()));
            }
            Self::Replace(bytes) => bytes.clone_into(text),
            Self::Nest(depth) => {
                let depth = usize::from(*depth);
                *text = [b"[".repeat(depth), text.clone(), b"]".repeat(depth)].concat();
            }
        }
    }
}

/// Accepted and refused, by how the call was broken.
#[derive(Default)]
pub struct Tally(BTreeMap<&'static str, [usize; 2]>);

impl Tally {
    pub fn count<P>(&mut self, changes: &[(P, Change)], status: u16) {
        let kind = match changes {
            [] => "as it should be",
            [(_, change)] => change.kind(),
            _ => "several changes",
        };
        self.0.entry(kind).or_default()[usize::from(status >= 400)] += 1;
    }

    /// A fuzz that never gets in, or that nobody ever refuses, would prove nothing.
    fn check(&self, what: &str) {
        let sum = |outcome: usize| self.0.values().map(|counts| counts[outcome]).sum::<usize>();
        let (accepted, refused) = (sum(0), sum(1));
        println!("{what}: {} calls", accepted + refused);
        for (kind, [accepted, refused]) in &self.0 {
            println!("  {kind:<16} {accepted:>9} accepted {refused:>9} refused");
        }
        assert_eq!(self.0.len(), 8, "every kind of call came");
        let whole = self.0["as it should be"][0];
        assert!(whole > 0 && accepted > whole && refused > 0, "{accepted} {refused}");
    }
}

/// For as long as wished for, or for a moment.
pub fn run<S: Strategy>(what: &str, strategy: &S, test: impl Fn(S::Value, &mut Tally)) {
    let seconds = std::env::var("COUNTERSIGN_FUZZ_SECONDS").ok();
    let lasts =
        seconds.map_or(0, |text| text.parse().expect("COUNTERSIGN_FUZZ_SECONDS is a number"));
    let until = Instant::now() + Duration::from_secs(lasts);
    let tally = RefCell::new(Tally::default());
    loop {
        // A failure shows the shortest input that fails; there is nothing else to be kept.
        let config = ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() };
        let ran = TestRunner::new(config).run(strategy, |value| {
            test(value, &mut tally.borrow_mut());
            Ok(())
        });
        ran.unwrap_or_else(|error| panic!("{error}"));
        if Instant::now() >= until {
            break;
        }
    }
    tally.borrow().check(what);
}
