//! Which scenarios of a plan are played: by file and line, by name, by tags.

use ::gherkin::tagexpr::TagOperation;

use super::gherkin::AREAS;
use super::{Plan, Scenario};
use crate::input::nearest;

/// What the user asked for. Empty: everything.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Each adds the scenarios that it names.
    pub targets: Vec<Target>,
    /// Of those, only the ones whose tags fit.
    pub tags: Option<TagExpression>,
}

/// One word of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A feature or sweep, as its path is given.
    File(String),
    /// The scenario at that line: its title, its row, one of its steps, or the lines above them.
    Line(String, u32),
    /// A scenario or a feature by its title.
    Name(String),
}

/// `@must and not @RACE-01`
#[derive(Debug, Clone)]
pub struct TagExpression {
    text: String,
    operation: TagOperation,
}

/// Why nothing, or not what was meant, would be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Text that is no tag expression.
    #[error(
        "`{0}` is no tag expression; write tags with `and`, `or`, `not` and brackets, such as \
         `@must and not @RACE-01`"
    )]
    Expression(String),
    /// A tag that no scenario may have.
    #[error("`@{tag}` names no rule and no area{}", hint(nearest))]
    Tag {
        /// Without `@`.
        tag: String,
        /// The nearest valid tag.
        nearest: Option<String>,
    },
    /// A target that is not in the plan.
    #[error(
        "nothing is called `{target}`{}; give a file, FILE:LINE or a title (`countersign suite \
         export DIR` writes the built-in ones out)",
        hint(nearest)
    )]
    Target {
        /// As given.
        target: String,
        /// The nearest file or title.
        nearest: Option<String>,
    },
    /// A line that is in no scenario.
    #[error("{file}:{line} is in no scenario; scenarios start at lines {}", list(lines))]
    Line {
        /// The file.
        file: String,
        /// The line.
        line: u32,
        /// Where its scenarios are.
        lines: Vec<u32>,
    },
    /// All that was meant is left out.
    #[error("everything selected is left out: {0}")]
    LeftOut(String),
    /// Targets and tags have nothing in common.
    #[error("no scenario is selected by {0}; leave a part of it out")]
    Nothing(String),
}

impl Target {
    /// Reads one word: `features/x.feature`, `features/x.feature:12`, or a title.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        let is_file = super::suite::is_suite;
        if is_file(word) {
            return Self::File(word.to_owned());
        }
        match word.rsplit_once(':').map(|(file, line)| (file, line.parse())) {
            Some((file, Ok(line))) if is_file(file) => Self::Line(file.to_owned(), line),
            _ => Self::Name(word.to_owned()),
        }
    }

    /// The file that it names.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::File(file) | Self::Line(file, _) => Some(file),
            Self::Name(_) => None,
        }
    }
}

impl TagExpression {
    /// Reads an expression and checks its tags.
    ///
    /// # Errors
    /// No expression, or a tag that names nothing.
    pub fn parse(text: &str, known_rules: &[&str]) -> Result<Self, SelectionError> {
        let operation: TagOperation =
            text.trim().parse().map_err(|_| SelectionError::Expression(text.to_owned()))?;
        let mut tags = Vec::new();
        collect(&operation, &mut tags);
        let known = || ["must", "should", "exclusive"].into_iter().chain(AREAS);
        for tag in tags {
            if !known().any(|word| word == tag) && !known_rules.contains(&tag) {
                let near = nearest(tag, known().chain(known_rules.iter().copied()));
                let nearest = near.map(|near| format!("@{near}"));
                return Err(SelectionError::Tag { tag: tag.to_owned(), nearest });
            }
        }
        Ok(Self { text: text.to_owned(), operation })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a scenario's tags fit.
    #[must_use]
    pub fn fits(&self, scenario: &Scenario) -> bool {
        holds(&self.operation, scenario)
    }
}

impl Selection {
    /// Whether it leaves the plan as it is.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.targets.is_empty() && self.tags.is_none()
    }

    /// Keeps what is selected, in the order of the plan.
    ///
    /// # Errors
    /// A target that names nothing, or nothing left.
    pub fn apply(&self, plan: &mut Plan) -> Result<(), SelectionError> {
        let mut wanted = vec![self.targets.is_empty(); plan.scenarios.len()];
        for target in &self.targets {
            for at in find(target, plan)? {
                wanted[at] = true;
            }
        }
        let mut wanted = wanted.into_iter();
        let fits = |scenario: &Scenario| self.tags.as_ref().is_none_or(|tags| tags.fits(scenario));
        plan.scenarios.retain(|scenario| wanted.next() == Some(true) && fits(scenario));
        if plan.scenarios.is_empty() {
            return Err(SelectionError::Nothing(self.told()));
        }
        Ok(())
    }

    /// The selection in words, for reports and errors.
    #[must_use]
    pub fn told(&self) -> String {
        let targets = self.targets.iter().map(|target| match target {
            Target::File(text) | Target::Name(text) => text.clone(),
            Target::Line(file, line) => format!("{file}:{line}"),
        });
        let mut parts: Vec<_> = targets.collect();
        parts.extend(self.tags.as_ref().map(|tags| format!("--tags '{}'", tags.text)));
        parts.join(" ")
    }
}

/// Positions in the plan.
fn find(target: &Target, plan: &Plan) -> Result<Vec<usize>, SelectionError> {
    let positions = |fits: &dyn Fn(&Scenario) -> bool| -> Vec<usize> {
        let numbered = plan.scenarios.iter().enumerate();
        numbered.filter(|(_, scenario)| fits(scenario)).map(|(at, _)| at).collect()
    };
    let found = match target {
        Target::File(file) => positions(&|scenario| scenario.source.file == *file),
        Target::Line(file, line) => return at_line(file, *line, plan, &positions),
        Target::Name(name) => {
            positions(&|scenario| scenario.name == *name || scenario.feature == *name)
        }
    };
    if !found.is_empty() {
        return Ok(found);
    }
    let (Target::File(word) | Target::Line(word, _) | Target::Name(word)) = target;
    if let Some((name, reason)) = plan.left_out.iter().find(|(name, _)| name == word) {
        return Err(SelectionError::LeftOut(format!("`{name}`: {reason}")));
    }
    let words = plan.scenarios.iter().flat_map(|scenario| {
        [&scenario.source.file, &scenario.name, &scenario.feature].map(String::as_str)
    });
    let nearest = nearest(word, words).map(str::to_owned);
    Err(SelectionError::Target { target: word.clone(), nearest })
}

/// Where in a plan the scenarios are that fit.
type Positions<'a> = dyn Fn(&dyn Fn(&Scenario) -> bool) -> Vec<usize> + 'a;

/// The scenarios whose title, row or step is at that line; else the one that the line leads to,
/// such as from its tags or from the title of an outline.
fn at_line(
    file: &str,
    line: u32,
    plan: &Plan,
    positions: &Positions<'_>,
) -> Result<Vec<usize>, SelectionError> {
    let inside = |scenario: &Scenario| scenario.source.file == file;
    let lines = |scenario: &Scenario| {
        let steps = scenario.steps.iter().map(|step| step.line);
        steps.chain([scenario.source.line]).collect::<Vec<_>>()
    };
    let exact = positions(&|scenario| inside(scenario) && lines(scenario).contains(&line));
    if !exact.is_empty() {
        return Ok(exact);
    }
    let all = plan.scenarios.iter().filter(|scenario| inside(scenario));
    let next = all.clone().flat_map(lines).filter(|next| *next > line).min();
    if let Some(next) = next {
        return Ok(positions(&|scenario| inside(scenario) && lines(scenario).contains(&next)));
    }
    let mut lines: Vec<_> = all.map(|scenario| scenario.source.line).collect();
    lines.sort_unstable();
    lines.dedup();
    if lines.is_empty() {
        return Err(SelectionError::Target { target: file.to_owned(), nearest: None });
    }
    Err(SelectionError::Line { file: file.to_owned(), line, lines })
}

fn collect<'a>(operation: &'a TagOperation, tags: &mut Vec<&'a str>) {
    match operation {
        TagOperation::And(a, b) | TagOperation::Or(a, b) => {
            collect(a, tags);
            collect(b, tags);
        }
        TagOperation::Not(a) => collect(a, tags),
        TagOperation::Tag(tag) => tags.push(tag),
    }
}

fn holds(operation: &TagOperation, scenario: &Scenario) -> bool {
    match operation {
        TagOperation::And(a, b) => holds(a, scenario) && holds(b, scenario),
        TagOperation::Or(a, b) => holds(a, scenario) || holds(b, scenario),
        TagOperation::Not(a) => !holds(a, scenario),
        TagOperation::Tag(tag) => scenario.tags.contains(tag),
    }
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

fn list(lines: &[u32]) -> String {
    lines.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}
