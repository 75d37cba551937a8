//! Tags: rule codes, levels, `@exclusive` and areas. Anything else is a misspelling.

use crate::input::{InputError, nearest};

/// Words for parts of the suite, as `--tags` selects them.
pub const AREAS: [&str; 16] = [
    "authenticity",
    "parsing",
    "replay",
    "idempotency",
    "concurrency",
    "ordering",
    "lifecycle",
    "amounts",
    "refunds",
    "disputes",
    "rails",
    "crashes",
    "reconciliation",
    "api",
    "operations",
    "control",
];

/// Words with a meaning of their own.
const WORDS: [&str; 3] = ["must", "should", "exclusive"];

/// Whether the tag (without `@`) is a rule's code.
///
/// # Errors
/// A tag that means nothing; the place is left open.
pub(super) fn meaning(tag: &str, known_rules: &[&str]) -> Result<bool, InputError> {
    if known_rules.contains(&tag) {
        return Ok(true);
    }
    if WORDS.contains(&tag) || AREAS.contains(&tag) {
        return Ok(false);
    }
    let (problem, expected, near) = if is_code(tag) {
        let expected = "the code of a rule; `countersign rules` lists them".to_owned();
        let code = tag.to_uppercase();
        let near = nearest(&code, known_rules.iter().copied());
        (format!("`@{tag}` names no rule"), expected, near)
    } else {
        let words = WORDS.iter().chain(&AREAS).copied();
        let listed: Vec<_> = words.clone().map(|word| format!("@{word}")).collect();
        let expected = format!("the code of a rule, or {}", listed.join(", "));
        (
            format!("`@{tag}` is no tag"),
            expected,
            nearest(tag, words.chain(known_rules.iter().copied())),
        )
    };
    Err(InputError {
        file: String::new(),
        line: 0,
        column: 0,
        problem,
        expected: Some(expected),
        nearest: near.map(|near| format!("@{near}")),
    })
}

/// Line and column of a tag that stands above line `below`.
pub(super) fn place(text: &str, tag: &str, below: u32) -> (u32, u32) {
    let written = format!("@{tag}");
    let above = (1..below).zip(text.lines()).collect::<Vec<_>>();
    for (line, text) in above.into_iter().rev() {
        let found = text.match_indices(&written).find(|(at, _)| {
            let after = &text[at + written.len()..];
            after.is_empty() || after.starts_with([' ', '\t', '@', '#', '\r'])
        });
        if let Some((at, _)) = found {
            let column = u32::try_from(text[..at].chars().count()).unwrap_or(0) + 1;
            return (line, column);
        }
    }
    (below, 1)
}

/// `IDEM-01`, in whatever case: letters, a hyphen, digits.
fn is_code(tag: &str) -> bool {
    tag.rsplit_once('-').is_some_and(|(family, n)| {
        !family.is_empty()
            && family.bytes().all(|b| b.is_ascii_alphabetic())
            && !n.is_empty()
            && n.bytes().all(|b| b.is_ascii_digit())
    })
}
