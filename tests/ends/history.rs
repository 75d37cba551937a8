//! A history without what differs from run to run: times become spans since their lane began, ids
//! and whatever derives from them become numbers in the order in which they first appear.

use std::collections::BTreeMap;

use regex::{Captures, Regex};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Ids, addresses of the four chains, and hashes of transactions.
const NAMES: &str = r"(?x)
    \b(?: (?:pay|evt|req|acct|rfd|dsp|pyt)_[0-9A-Z]{26}
        | 0x[0-9a-f]{64} | [0-9a-fA-F]{64}
        | 0x[0-9a-fA-F]{40} | T[1-9A-HJ-NP-Za-km-z]{33} | bc1[0-9a-z]{39,59}
        | [13r][1-9A-HJ-NP-Za-km-z]{24,34} )\b";

/// Real times, ports, and what depends on the lengths and values of the names.
const FLEETING: &[(&str, &str)] = &[
    (r#""real_ms":\d+"#, r#""real_ms":_"#),
    (r#""(sent|answered)_us":\d+"#, r#""${1}_us":_"#),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:_"),
    (r#"(webhook-timestamp",")\d+"#, "${1}_"),
    (r#"(webhook-signature",")[^"]+"#, "${1}_"),
    (r#"(content-length",")\d+"#, "${1}_"),
    (r#""nonce":"[0-9A-Z]+""#, r#""nonce":"_""#),
    (r"CS-[0-9A-Z]{6}-", "CS-_-"),
    // The destination tag of a shared address; in a body it may be spelt oddly.
    (r#"(\\"tag\\"\s?:\s?\\")\d+"#, "${1}_"),
    (r"([?&]dt=)\d+", "${1}_"),
];

/// The lines of a history, so that two runs of one plan can be compared.
pub fn normalised(history: &str) -> Vec<String> {
    let fleeting: Vec<_> =
        FLEETING.iter().map(|(from, to)| (Regex::new(from).unwrap(), *to)).collect();
    let names = Regex::new(NAMES).unwrap();
    let times = Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z").unwrap();
    let lane = Regex::new(r#"^\{"seq":\d+,"lane":(\d+),"at":"([^"]+)""#).unwrap();
    let mut known = BTreeMap::<String, usize>::new();
    let mut began = BTreeMap::<String, i128>::new();
    let normal = |line: &str| {
        let head = lane.captures(line).expect("an entry begins with its lane and time");
        let began = *began.entry(head[1].to_owned()).or_insert_with(|| millis(&head[2]));
        // Odd spellings escape the letter e, which is in some names and not in others.
        let line = line.replace(r"\\u0065", "e");
        let line = times
            .replace_all(&line, |time: &Captures<'_>| format!("{:+}ms", millis(&time[0]) - began));
        // Before the names: a signature may well look like one.
        let line = fleeting
            .iter()
            .fold(line.into_owned(), |line, (from, to)| from.replace_all(&line, *to).into_owned());
        let line = names.replace_all(&line, |name: &Captures<'_>| {
            let next = known.len();
            format!("#{}", known.entry(name[0].to_owned()).or_insert(next))
        });
        line.into_owned()
    };
    history.lines().map(normal).collect()
}

fn millis(time: &str) -> i128 {
    OffsetDateTime::parse(time, &Rfc3339).unwrap().unix_timestamp_nanos() / 1_000_000
}

#[test]
fn what_differs_goes_and_the_rest_stays() {
    let line = |at: &str, ms: u32, id: &str, word: &str| {
        format!(
            r#"{{"seq":1,"lane":2,"at":"2026-11-24T{at}Z","real_ms":{ms},"kind":"{word}","p":"{id}"}}"#
        )
    };
    let (one, other) = ("pay_01M87QNJNS0000003A0FFCY3BX", "pay_01M87QNJNS000000PG4SK0WPSR");
    let first = line("10:00:00.5", 7, one, "a");
    assert_eq!(normalised(&first), normalised(&line("23:00:00.5", 8, other, "a")));
    assert_ne!(normalised(&first), normalised(&line("10:00:00.5", 7, one, "b")));
    let second = |id| format!("{first}\n{}", line("10:00:01.5", 9, id, "a"));
    assert_ne!(normalised(&second(one)), normalised(&second(other)), "who is who stays");
}
