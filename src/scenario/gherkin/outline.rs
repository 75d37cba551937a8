//! Scenario outlines: one scenario per row, each with the row's own line and a name of its own.

use ::gherkin::{Examples, Feature, Table};
use cucumber::feature::Ext as _;

use super::{Reader, number};
use crate::input::{InputError, nearest};

/// A scenario with its values filled in.
pub(super) struct Row {
    /// Title, unique within an outline.
    pub(super) name: String,
    /// Line of the title, or of the row.
    pub(super) line: u32,
    /// Tags of the scenario and of its examples, each with the line below which they stand.
    pub(super) tags: Vec<(Vec<String>, u32)>,
    /// Its own steps.
    pub(super) steps: Vec<::gherkin::Step>,
}

impl Reader<'_> {
    /// The scenarios that one `Scenario` or `Scenario Outline` stands for.
    pub(super) fn rows(
        &self,
        feature: &Feature,
        scenario: &::gherkin::Scenario,
        errors: &mut Vec<InputError>,
    ) -> Vec<Row> {
        let line = number(scenario.position.line);
        if scenario.steps.is_empty() {
            let problem = format!("`{}` has no steps", scenario.name);
            errors.push(self.error(line, 1, problem, "Given, When and Then"));
            return Vec::new();
        }
        let tags = vec![(scenario.tags.clone(), line)];
        if scenario.examples.is_empty() {
            let is_outline =
                matches!(&scenario.keyword[..], "Scenario Outline" | "Scenario Template");
            if is_outline {
                let problem = format!("`{}` is an outline without examples", scenario.name);
                errors.push(self.error(
                    line,
                    1,
                    problem,
                    "`Examples:` with a table, or `Scenario:`",
                ));
            }
            let (name, steps) = (scenario.name.clone(), scenario.steps.clone());
            return vec![Row { name, line, tags, steps }];
        }
        let mut rows = Vec::new();
        for examples in &scenario.examples {
            let below = number(examples.position.line);
            let Some([header, values @ ..]) = examples.table.as_ref().map(|table| &table.rows[..])
            else {
                errors.push(self.no_rows(below));
                continue;
            };
            if values.is_empty() {
                errors.push(self.no_rows(below));
            }
            for (line, values) in self.row_lines(examples, errors).zip(values) {
                let one = only(scenario, examples, header, values);
                match fill(feature, one) {
                    Ok(filled) => {
                        let mut tags = tags.clone();
                        tags.insert(0, (examples.tags.clone(), below));
                        let name = named(scenario, &filled, values);
                        rows.push(Row { name, line, tags, steps: filled.steps });
                    }
                    Err(unknown) => errors.push(self.no_column(&unknown, header)),
                }
            }
        }
        rows
    }

    /// The line of each row of a table below its header. The parser cuts rows that are too long;
    /// here they are told.
    fn row_lines(
        &self,
        examples: &Examples,
        errors: &mut Vec<InputError>,
    ) -> std::vec::IntoIter<u32> {
        let below = number(examples.position.line);
        let cells = |row: &str| row.replace("\\\\", "").replace("\\|", "").matches('|').count();
        let rows = examples.table.as_ref().map_or(0, |table| table.rows.len());
        let numbered = (below + 1..).zip(self.lines.iter().skip(examples.position.line));
        let written = numbered.filter(|(_, text)| text.trim_start().starts_with('|')).take(rows);
        let written: Vec<_> = written.collect();
        let width = written.first().map_or(0, |(_, header)| cells(header));
        for (line, text) in &written {
            if cells(text) != width {
                let problem = "the row has another number of cells than its header".to_owned();
                let expected = format!("{} cells", width.saturating_sub(1));
                errors.push(self.error(*line, 1, problem, &expected));
            }
        }
        let lines: Vec<u32> = written.into_iter().skip(1).map(|(line, _)| line).collect();
        lines.into_iter()
    }

    fn no_rows(&self, line: u32) -> InputError {
        let problem = "the examples have no rows".to_owned();
        self.error(line, 1, problem, "a table with a header and at least one row")
    }

    fn no_column(
        &self,
        unknown: &cucumber::feature::ExpandExamplesError,
        header: &[String],
    ) -> InputError {
        let line = number(unknown.pos.line);
        let written = format!("<{}>", unknown.name);
        let text = self.line(line);
        let column = text.find(&written).map_or(1, |at| number(text[..at].chars().count()) + 1);
        let problem = format!("`{written}` is no column of the examples");
        let names = header.iter().map(String::as_str);
        InputError {
            nearest: nearest(&unknown.name, names).map(str::to_owned),
            ..self.error(line, column, problem, &header.join(", "))
        }
    }
}

/// The outline with this row as its only one.
fn only(
    outline: &::gherkin::Scenario,
    examples: &Examples,
    header: &[String],
    values: &[String],
) -> ::gherkin::Scenario {
    let rows = vec![header.to_vec(), values.to_vec()];
    let table = examples.table.as_ref().map(|table| Table { rows, ..table.clone() });
    let examples = vec![Examples { table, tags: Vec::new(), ..examples.clone() }];
    ::gherkin::Scenario { examples, ..outline.clone() }
}

/// Fills in through the library that every other Cucumber of this language uses.
fn fill(
    feature: &Feature,
    scenario: ::gherkin::Scenario,
) -> Result<::gherkin::Scenario, cucumber::feature::ExpandExamplesError> {
    let bare = Feature {
        description: None,
        background: None,
        rules: Vec::new(),
        scenarios: vec![scenario],
        ..feature.clone()
    };
    let mut filled = bare.expand_examples()?.scenarios;
    Ok(filled.pop().expect("one row expands to one scenario"))
}

/// The title with values where it names them, else with the row behind it.
fn named(outline: &::gherkin::Scenario, filled: &::gherkin::Scenario, values: &[String]) -> String {
    if filled.name == outline.name {
        format!("{} [{}]", outline.name, values.join(", "))
    } else {
        filled.name.clone()
    }
}
