//! Errors for people: each with the line it is about, underlined.

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{InputError, InputErrors};

/// Nobody mends more at once; the cause of thousands is in the first few.
const SHOWN_MAX: usize = 100;

impl InputErrors {
    /// All errors with their lines. `sources` answers a file's text by its name as given; an error
    /// of a file without one is told without its line. With `color`, styled for a terminal.
    #[must_use]
    pub fn render(&self, sources: impl Fn(&str) -> Option<String>, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut texts: BTreeMap<&str, Option<String>> = BTreeMap::new();
        let mut rendered = Vec::new();
        for error in self.0.iter().take(SHOWN_MAX) {
            let text = texts.entry(&error.file).or_insert_with(|| sources(&error.file));
            rendered.push(render(error, text.as_deref(), &renderer));
        }
        let more = self.0.len().saturating_sub(SHOWN_MAX);
        if more > 0 {
            rendered.push(format!("and {more} more"));
        }
        rendered.join("\n\n")
    }
}

fn render(error: &InputError, text: Option<&str>, renderer: &Renderer) -> String {
    let span = text.and_then(|text| Some((text, span(text, error)?)));
    let problem = match &span {
        Some(_) => error.problem.clone(),
        None if error.line > 0 => {
            format!("{}:{}:{}: {}", error.file, error.line, error.column, error.problem)
        }
        None => format!("{}: {}", error.file, error.problem),
    };
    let mut group = Level::ERROR.primary_title(&problem).elements(span.map(|(text, span)| {
        let annotation = AnnotationKind::Primary.span(span);
        Snippet::source(text).path(&error.file).annotation(annotation)
    }));
    if let Some(expected) = &error.expected {
        group = group.element(Level::HELP.with_name("expected").message(expected));
    }
    if let Some(nearest) = &error.nearest {
        group = group.element(Level::HELP.with_name("did you mean").message(nearest));
    }
    renderer.render(&[group])
}

/// The bytes of the word at the error's place; none where the text has no such place.
fn span(text: &str, error: &InputError) -> Option<Range<usize>> {
    let index = usize::try_from(error.line.checked_sub(1)?).ok()?;
    let line = text.split_inclusive('\n').nth(index)?;
    let before: usize = text.split_inclusive('\n').take(index).map(str::len).sum();
    let line = line.trim_end_matches(['\n', '\r']);
    let column = usize::try_from(error.column.checked_sub(1)?).ok()?;
    let from = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let word = &line[from..];
    let length = match word.chars().next() {
        // Quoted: up to the same quote again.
        Some(quote @ ('"' | '\'')) => word[1..].find(quote).map_or(word.len(), |end| end + 2),
        _ => bare_length(word),
    };
    let length = length.max(word.chars().next().map_or(0, char::len_utf8));
    Some(before + from..before + from + length)
}

/// Up to a blank, a comma, or a bracket that closes what was not opened here; without a colon at
/// the end.
fn bare_length(word: &str) -> usize {
    let mut depth = 0_u32;
    let end = word.find(|c: char| match c {
        '{' | '[' => {
            depth += 1;
            false
        }
        '}' | ']' if depth > 0 => {
            depth -= 1;
            false
        }
        ',' | '}' | ']' | ' ' | '\t' => true,
        _ => false,
    });
    word[..end.unwrap_or(word.len())].trim_end_matches(':').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: u32, column: u32) -> InputError {
        InputError {
            file: "shop.yaml".to_owned(),
            line,
            column,
            problem: "`usdt-trn` is no rail".to_owned(),
            expected: Some("usdt-tron or usdc-base".to_owned()),
            nearest: Some("usdt-tron".to_owned()),
        }
    }

    #[test]
    fn the_word_is_underlined_and_the_help_stands_below() {
        let text = "# ä\nrails: [usdt-trn, usdc-base]\n";
        let errors = InputErrors(vec![error(2, 9), error(0, 0)]);
        let rendered = errors.render(|_| Some(text.to_owned()), false);
        insta::assert_snapshot!(rendered, @r"
        error: `usdt-trn` is no rail
         --> shop.yaml:2:9
          |
        2 | rails: [usdt-trn, usdc-base]
          |         ^^^^^^^^
          |
          = expected: usdt-tron or usdc-base
          = did you mean: usdt-tron

        error: shop.yaml: `usdt-trn` is no rail
         |
         = expected: usdt-tron or usdc-base
         = did you mean: usdt-tron
        ");
    }

    #[test]
    fn places_beyond_the_text_are_told_without_it() {
        for (line, column) in [(1, 9), (2, 1), (9, 9), (0, 0), (1, 0)] {
            let errors = InputErrors(vec![error(line, column)]);
            let rendered = errors.render(|_| Some("a: ü".to_owned()), false);
            assert!(rendered.contains("is no rail"), "{line}:{column}\n{rendered}");
        }
    }
}
