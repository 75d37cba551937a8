//! Gherkin to plan and back: the front end that people read.
//!
//! Every fault of a file is found in one reading. Tags, outlines and printing have a file each;
//! what a step means is the vocabulary's business.

mod outline;
mod print;
mod tag;

use std::collections::{BTreeMap, BTreeSet};

use ::gherkin::{Background, Feature, GherkinEnv};

pub use print::{print, sentences};
pub use tag::AREAS;

use super::orders::{NONE_OPEN, Orders, vacuous};
use super::{Scenario, Source, Step, step};
use crate::input::{InputError, InputErrors, nearest};

/// Words that begin a line of Gherkin.
const LINES: [&str; 14] = [
    "Feature:",
    "Rule:",
    "Background:",
    "Scenario:",
    "Scenario Outline:",
    "Examples:",
    "Given",
    "When",
    "Then",
    "And",
    "But",
    "Example:",
    "Scenarios:",
    "Scenario Template:",
];

/// Reads a feature file; `file` is how it is named in errors and sources.
///
/// # Errors
/// Every fault of the file: text that is no Gherkin, unknown steps, words and tags, outlines that
/// do not fill in, tables, scenarios that check nothing.
pub fn parse(text: &str, file: &str, known_rules: &[&str]) -> Result<Vec<Scenario>, InputErrors> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<&str> = text.lines().collect();
    let reader = Reader { text, lines: &lines, file, known_rules };
    let feature = Feature::parse(text, GherkinEnv::default())
        .map_err(|error| InputErrors(vec![reader.no_gherkin(&error.to_string())]))?;
    let mut errors = Vec::new();
    let scenarios = reader.feature(&feature, &mut errors);
    if scenarios.is_empty() && errors.is_empty() {
        let problem = format!("feature `{}` has no scenario", feature.name);
        let line = number(feature.position.line);
        errors.push(reader.error(line, 1, problem, "at least one `Scenario:`"));
    }
    if errors.is_empty() {
        return Ok(scenarios);
    }
    Err(InputErrors::in_order(errors))
}

/// One file under reading.
#[derive(Clone, Copy)]
struct Reader<'a> {
    text: &'a str,
    lines: &'a [&'a str],
    file: &'a str,
    known_rules: &'a [&'a str],
}

/// Tags with the line below which they stand, the narrowest first.
type Tags<'a> = Vec<(&'a [String], u32)>;

impl Reader<'_> {
    fn feature(&self, feature: &Feature, errors: &mut Vec<InputError>) -> Vec<Scenario> {
        let mut scenarios: Vec<Scenario> = Vec::new();
        let mut titles: BTreeMap<String, u32> = BTreeMap::new();
        let own: Tags = vec![(&feature.tags, number(feature.position.line))];
        let plain = feature.scenarios.iter().map(|scenario| (scenario, None));
        let ruled = feature
            .rules
            .iter()
            .flat_map(|rule| rule.scenarios.iter().map(move |scenario| (scenario, Some(rule))));
        for (scenario, rule) in plain.chain(ruled) {
            let mut backgrounds: Vec<&Background> = feature.background.iter().collect();
            let mut tags = own.clone();
            if let Some(rule) = rule {
                backgrounds.extend(&rule.background);
                tags.insert(0, (&rule.tags, number(rule.position.line)));
            }
            for row in self.rows(feature, scenario, errors) {
                let read = self.scenario(feature, &backgrounds, &tags, &row, errors);
                let line = read.source.line;
                if let Some(twin) = titles.get(&read.name) {
                    let problem = format!("`{}` is also in line {twin}", read.name);
                    errors.push(self.error(line, 1, problem, "a title of its own"));
                } else {
                    titles.insert(read.name.clone(), line);
                }
                scenarios.push(read);
            }
        }
        scenarios
    }

    fn scenario(
        &self,
        feature: &Feature,
        backgrounds: &[&Background],
        tags: &Tags<'_>,
        row: &outline::Row,
        errors: &mut Vec<InputError>,
    ) -> Scenario {
        let before = errors.len();
        let mut all = row.tags.iter().map(|(tags, line)| (&tags[..], *line)).collect::<Tags>();
        all.extend(tags);
        let (rules, tags) = self.tags(&all, errors);
        let written = backgrounds.iter().flat_map(|background| &background.steps);
        let steps = self.steps(written.chain(&row.steps), errors);
        let source = Source { file: self.file.to_owned(), line: row.line };
        let name = row.name.clone();
        let scenario = Scenario { name, feature: feature.name.clone(), source, rules, tags, steps };
        if errors.len() == before
            && let Some((problem, expected)) = vacuous(&scenario)
        {
            errors.push(self.error(row.line, 1, problem, expected));
        }
        scenario
    }

    fn tags(
        &self,
        tags: &Tags<'_>,
        errors: &mut Vec<InputError>,
    ) -> (Vec<String>, BTreeSet<String>) {
        let (mut rules, mut all) = (Vec::new(), BTreeSet::new());
        for (tags, line) in tags {
            for word in *tags {
                match tag::meaning(word, self.known_rules) {
                    Ok(true) if !rules.contains(word) => rules.push(word.clone()),
                    Ok(_) => {}
                    Err(unknown) => {
                        let (line, column) = tag::place(self.text, word, *line);
                        let file = self.file.to_owned();
                        errors.push(InputError { file, line, column, ..unknown });
                    }
                }
                all.insert(word.clone());
            }
        }
        (rules, all)
    }

    fn steps<'s>(
        &self,
        written: impl Iterator<Item = &'s ::gherkin::Step>,
        errors: &mut Vec<InputError>,
    ) -> Vec<Step> {
        let (mut orders, mut steps) = (Orders::default(), Vec::new());
        let before = errors.len();
        for step in written {
            let line = number(step.position.line);
            // The keyword is kept without the blanks after it.
            let column = self.column(line, step);
            if step.table.is_some() || step.docstring.is_some() {
                let problem = "steps take no tables and no quoted texts".to_owned();
                errors.push(self.error(line, column, problem, "everything in the step's line"));
            }
            let read = step::read(&step.value, orders.rail()).and_then(|action| {
                orders.take(&action).map(|()| action).map_err(|problem| step::StepError {
                    offset: 0,
                    problem,
                    expected: Some("`Given an order of …` before this step".to_owned()),
                    nearest: None,
                })
            });
            match read {
                Ok(action) => steps.push(Step { line, action }),
                // The order was not understood either: this fault is a consequence of that one.
                Err(error) if error.problem == NONE_OPEN && errors.len() > before => {}
                Err(error) => errors.push(InputError {
                    file: self.file.to_owned(),
                    line,
                    column: column + error.offset,
                    problem: error.problem,
                    expected: error.expected,
                    nearest: error.nearest,
                }),
            }
        }
        steps
    }

    /// Where a step's text begins, after its keyword.
    fn column(&self, line: u32, step: &::gherkin::Step) -> u32 {
        let written = self.line(line);
        let start = written.find(step.keyword.trim_end()).map_or(0, |at| {
            let after = at + step.keyword.trim_end().len();
            let blanks = written[after..].len() - written[after..].trim_start().len();
            written[..after + blanks].chars().count()
        });
        number(start) + 1
    }

    fn line(&self, line: u32) -> &str {
        let at = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
        self.lines.get(at).copied().unwrap_or("")
    }

    /// The parser tells what it had expected in an order that changes from run to run; only the
    /// place is taken from it.
    fn no_gherkin(&self, told: &str) -> InputError {
        let mut numbers = told
            .split(|c: char| !c.is_ascii_digit())
            .filter(|digits| !digits.is_empty())
            .map_while(|digits| digits.parse().ok());
        let lines = number(self.lines.len()).max(1);
        let line = numbers.next().unwrap_or(1).min(lines);
        let indent = self.line(line).chars().take_while(|c| c.is_whitespace()).count();
        let (column, written) = (number(indent) + 1, self.line(line).trim());
        let problem = match written {
            "" => "the file ends where more is expected".to_owned(),
            written => format!("`{written}` is no line of Gherkin here"),
        };
        let word = written.split(' ').next().unwrap_or("");
        let near = nearest(word, LINES).filter(|near| *near != word);
        let expected = match self.text.trim() {
            "" => "`Feature:` with at least one `Scenario:`",
            _ => {
                "a step that begins with Given, When, Then, And or But, or a heading such as \
                  `Scenario:`"
            }
        };
        let nearest = near.map(str::to_owned);
        InputError { nearest, ..self.error(line, column, problem, expected) }
    }

    fn error(&self, line: u32, column: u32, problem: String, expected: &str) -> InputError {
        let expected = Some(expected.to_owned());
        InputError { file: self.file.to_owned(), line, column, problem, expected, nearest: None }
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: &[&str] = &["IDEM-01", "IDEM-02", "ORD-01"];

    const WHOLE: &str = r#"@must @IDEM-01
Feature: Everything that Gherkin has

  Background:
    Given an order of 250.00 USDT on tron

  @ordering
  Scenario: Plain
    Then the order is awaiting

  Rule: A rule of its own

    Background:
      Given another order of 1.00 BTC on bitcoin

    @IDEM-02
    Scenario Outline: Rows
      When "payment.<event>" is delivered
      Then the order is awaiting

      @ORD-01
      Examples: first
        | event   |
        # a comment between rows
        | created |

      Examples: second
        | event   |
        | expired |
"#;

    #[test]
    fn everything_that_gherkin_has_becomes_the_plan() {
        for text in [WHOLE.to_owned(), WHOLE.replace('\n', "\r\n"), format!("\u{feff}{WHOLE}")] {
            let read = parse(&text, "whole.feature", RULES).unwrap_or_else(|e| panic!("{e}"));
            let told: Vec<_> = read
                .iter()
                .map(|s| (s.name.as_str(), s.source.line, s.rules.join(" "), s.steps.len()))
                .collect();
            let expected = [
                ("Plain", 8, "IDEM-01".to_owned(), 2),
                ("Rows [created]", 25, "ORD-01 IDEM-02 IDEM-01".to_owned(), 4),
                ("Rows [expired]", 29, "IDEM-02 IDEM-01".to_owned(), 4),
            ];
            assert_eq!(told, expected);
            assert!(read[0].tags.contains("ordering") && read[0].tags.contains("must"));
            assert!(read.iter().all(|scenario| scenario.tags.contains("IDEM-01")));
        }
    }

    #[test]
    fn money_is_read_in_the_asset_of_the_order_in_focus() {
        let text = WHOLE.replace("When \"payment.<event>\"", "When the payer sends 0.5 BTC\n\"");
        let text = text.replace("\" is delivered\n", "");
        let read = parse(&text, "focus.feature", RULES);
        assert!(read.is_ok(), "{}", read.unwrap_err());
    }

    proptest! {
        /// Whatever is written, it is read or told to be wrong at a place inside the file.
        #[test]
        fn no_text_stops_the_reader(cut in 0..WHOLE.len(), junk in "[ -~\n|@<>:\"]{0,40}") {
            let cut = (cut..).find(|at| WHOLE.is_char_boundary(*at)).unwrap_or(0);
            let text = format!("{}{junk}{}", &WHOLE[..cut], &WHOLE[cut..]);
            if let Err(InputErrors(errors)) = parse(&text, "junk.feature", RULES) {
                let lines = number(text.lines().count()).max(1);
                prop_assert!(!errors.is_empty());
                prop_assert!(errors.iter().all(|error| (1..=lines).contains(&error.line)));
            }
        }
    }
}
