//! Sweeps in YAML: one story, told for every combination of rails, amounts, orders and copies.
//!
//! Becomes the same plan as Gherkin. Each row is a scenario of its own; what does not fit a row is
//! told once, at the place in the file.

mod axis;
mod expect;
mod pay;
mod play;
mod trouble;

use std::collections::BTreeSet;

use super::gherkin::AREAS;
use super::orders::{Orders, vacuous};
use super::{Action, Scenario, Source, Step};
use crate::input::{Cursor, Faults, InputErrors, Shape, parse_yaml};
use crate::model::{Money, RAILS, Rail, rail_by_id};
use axis::{Axis, Row};

/// More rows than this are taken for a mistake.
const ROWS_MAX: usize = 10_000;

/// Reads a sweep; `file` is how it is named in errors and sources.
///
/// # Errors
/// Every fault of the file, each at its place.
pub fn parse(text: &str, file: &str, known_rules: &[&str]) -> Result<Vec<Scenario>, InputErrors> {
    noted(&Faults::new(file), text, file, known_rules)
}

/// What is asked of a valid sweep while it is read: of what its schema is made.
///
/// # Errors
/// Every fault of the file.
pub fn shape(text: &str, file: &str, known_rules: &[&str]) -> Result<Shape, InputErrors> {
    let faults = Faults::noting(file);
    noted(&faults, text, file, known_rules)?;
    Ok(faults.shape())
}

fn noted(
    faults: &Faults,
    text: &str,
    file: &str,
    known_rules: &[&str],
) -> Result<Vec<Scenario>, InputErrors> {
    let root = parse_yaml(text, file)?;
    let scenarios = read(&Cursor::root(&root, faults), faults, file, known_rules);
    faults.finish(Some(scenarios))
}

/// What all rows share.
struct Sweep<'a> {
    name: String,
    source: Source,
    rules: Vec<String>,
    tags: BTreeSet<String>,
    order: Option<Cursor<'a>>,
    play: Option<Cursor<'a>>,
    expect: Option<Cursor<'a>>,
    /// Whether something is wrong already, so that what follows from it is not told as well.
    is_broken: bool,
}

fn read(root: &Cursor<'_>, faults: &Faults, file: &str, known_rules: &[&str]) -> Vec<Scenario> {
    let known = ["name", "about", "rules", "tags", "order", "sweep", "play", "expect"];
    let fields = root.fields(&known);
    let name = fields.need("name");
    let line = name.as_ref().map_or(1, |name| name.place().line);
    let name = name.and_then(|name| name.text()).unwrap_or_default().to_owned();
    let about = fields.get("about").map(|about| about.text().is_some());
    let rules = words(fields.need("rules"), "rule", known_rules);
    let tags = words(fields.get("tags"), "area", &AREAS);
    let axes = fields.get("sweep").map(|sweep| axis::read(&sweep)).unwrap_or_default();
    // Rows are read in any case, for the faults in their steps; without values there are none.
    if axes.iter().any(|axis| axis.values.is_empty()) {
        return Vec::new();
    }
    let all = rules.iter().chain(&tags).cloned().collect();
    let source = Source { file: file.to_owned(), line };
    let (order, play) = (fields.need("order"), fields.need("play"));
    let is_broken = !faults.is_empty() || about == Some(false);
    let sweep = Sweep {
        name,
        source,
        rules,
        tags: all,
        order,
        play,
        expect: fields.get("expect"),
        is_broken,
    };
    rows(&sweep, &axes, root, faults)
}

fn rows(sweep: &Sweep<'_>, axes: &[Axis], root: &Cursor<'_>, faults: &Faults) -> Vec<Scenario> {
    let count = axes.iter().try_fold(1_usize, |n, axis| n.checked_mul(axis.values.len()));
    let Some(count) = count.filter(|count| (1..=ROWS_MAX).contains(count)) else {
        root.fault("the sweep has too many rows", format!("1 to {ROWS_MAX} combinations"));
        return Vec::new();
    };
    let mut used = BTreeSet::new();
    let scenarios: Vec<_> = (0..count)
        .map(|n| {
            let row = Row::new(axes, n);
            let scenario = scenario(sweep, &row, root);
            used.extend(row.used());
            scenario
        })
        .collect();
    if !faults.is_empty() {
        return scenarios;
    }
    for axis in axes.iter().filter(|axis| !used.contains(&axis.name)) {
        let problem = format!("the axis `{}` is used nowhere", axis.name);
        let expected = format!("\"{{{}}}\" somewhere in order, play or expect", axis.name);
        root.fault(problem, expected);
    }
    scenarios
}

fn scenario(sweep: &Sweep<'_>, row: &Row<'_>, root: &Cursor<'_>) -> Scenario {
    let mut story = Story { is_broken: sweep.is_broken, ..Story::default() };
    if let Some(order) = &sweep.order {
        open(order, row, &mut story);
    }
    for item in sweep.play.iter().flat_map(Cursor::items) {
        play::read(&item, row, &mut story);
    }
    if let Some(expect) = &sweep.expect {
        expect::read(expect, row, &mut story);
    }
    let Sweep { name, source, rules, tags, .. } = sweep;
    let scenario = Scenario {
        name: format!("{name}{}", row.label()),
        feature: name.clone(),
        source: source.clone(),
        rules: rules.clone(),
        tags: tags.clone(),
        steps: story.steps,
    };
    if !story.is_broken
        && let Some((problem, expected)) = vacuous(&scenario)
    {
        root.fault(problem.replace(&row.label(), ""), expected);
    }
    scenario
}

/// The steps of one row as they come together.
#[derive(Default)]
struct Story {
    orders: Orders,
    steps: Vec<Step>,
    /// Whether something could not be read, so that what is missing was told already.
    is_broken: bool,
}

impl Story {
    /// Takes what `cursor` says; `None`: it was not understood.
    fn take(&mut self, cursor: &Cursor<'_>, action: Option<Action>) {
        let Some(action) = action else {
            self.is_broken = true;
            return;
        };
        if let Err(problem) = self.orders.take(&action) {
            if !self.is_broken {
                cursor.fault(problem, "an order that is open");
            }
            self.is_broken = true;
            return;
        }
        self.steps.push(Step { line: cursor.place().line, action });
    }
}

/// `{amount: "1.30", rail: usdt-tron}`
fn open(cursor: &Cursor<'_>, row: &Row<'_>, story: &mut Story) {
    let fields = cursor.fields(&["amount", "rail"]);
    let (amount, id) = (fields.need("amount"), fields.need("rail"));
    let rail = id.and_then(|id| rail(&id, row));
    let action = amount.zip(rail).and_then(|(amount, rail)| {
        let money = money(&amount, row, rail)?;
        if money.atoms < rail.minimum_atoms {
            let least = Money { atoms: rail.minimum_atoms, asset: rail.asset };
            amount.fault(
                format!("{money} is less than {} takes", rail.id),
                format!("at least {least}"),
            );
            return None;
        }
        Some(Action::Open { amount: money, rail })
    });
    story.take(cursor, action);
}

fn rail(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<&'static Rail> {
    let id = row.text(cursor)?;
    let rail = rail_by_id(&id);
    if rail.is_none() {
        let ids: Vec<_> = RAILS.iter().map(|rail| rail.id).collect();
        cursor.unknown(&id, "rail", &ids);
    }
    rail
}

/// A decimal amount in the rail's asset.
fn money(cursor: &Cursor<'_>, row: &Row<'_>, rail: &'static Rail) -> Option<Money> {
    let text = row.text(cursor)?;
    match rail.asset.parse(&text) {
        Ok(money) => Some(money),
        Err(error) => {
            cursor.fault(error.to_string(), "a decimal amount in quotes, such as \"250.00\"");
            None
        }
    }
}

fn words(list: Option<Cursor<'_>>, what: &str, valid: &[&str]) -> Vec<String> {
    let items = list.iter().flat_map(Cursor::items).collect::<Vec<_>>();
    items.iter().filter_map(|item| item.word(what, valid)).map(str::to_owned).collect()
}
