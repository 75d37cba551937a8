//! Words, counts and line breaks that the formats for people share.

use crate::model::{SimTime, Span};

/// `1 scenario`, `2 scenarios`.
pub(super) fn count(n: u64, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}

/// Text from outside with control characters made visible: a merchant's answer must not move the
/// cursor of whoever reads a report.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(' '),
            c if c.is_control() => shown.extend(c.escape_default()),
            // Bidirectional overrides would show an amount in another order than it has.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// Breaks text at blanks into lines of at most `width` characters; a longer word stays whole, so
/// that paths and commands can be copied.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        let line = lines.last_mut().expect("there is always a line");
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    lines
}

/// How long after the first instant: `+412ms`, `+3.4s`, `+12m05s`, `+26h03m`, `+3d04h`.
pub(super) fn offset(first: SimTime, at: SimTime) -> String {
    let ms = at.since(first).ms();
    let (s, m, h) = (ms / 1000, ms / 60_000, ms / 3_600_000);
    match ms {
        0..1000 => format!("+{ms}ms"),
        1000..60_000 => format!("+{s}.{}s", ms % 1000 / 100),
        60_000..3_600_000 => format!("+{m}m{:02}s", s % 60),
        3_600_000..172_800_000 => format!("+{h}h{:02}m", m % 60),
        _ => format!("+{}d{:02}h", h / 24, h % 24),
    }
}

/// Real time that something took: `850 ms`, `3.4 s`, `2 min 05 s`.
pub(super) fn took(span: Span) -> String {
    let ms = span.ms();
    match ms {
        0..1000 => format!("{ms} ms"),
        1000..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} min {:02} s", ms / 60_000, ms / 1000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_long_words_stay_whole() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrap("a features/very-long.feature b", 8),
            ["a", "features/very-long.feature", "b"]
        );
        assert_eq!(wrap("", 8), [""]);
    }

    #[test]
    fn offsets_fit_their_size() {
        let cases = [
            (0, "+0ms"),
            (999, "+999ms"),
            (3_450, "+3.4s"),
            (725_000, "+12m05s"),
            (93_780_000, "+26h03m"),
            (273_600_000, "+3d04h"),
        ];
        for (ms, shown) in cases {
            assert_eq!(offset(SimTime::from_unix_ms(0), SimTime::from_unix_ms(ms)), shown);
        }
    }

    #[test]
    fn what_a_merchant_says_cannot_drive_the_terminal() {
        assert_eq!(visible("a\u{1b}[2Jb\nc\u{202e}d"), "a\\u{1b}[2Jb c\\u{202e}d");
    }
}
