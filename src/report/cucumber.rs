//! `cucumber.json`: what dashboards and living documentation for Gherkin read.
//!
//! Written by the cucumber library's own writer. Its runner is ours: it executes nothing, it hands
//! over what was judged. The features are made from the verdicts, so that sweeps are in it as well,
//! and nothing but the history is needed.

use std::cell::RefCell;
use std::io::{self, Write};
use std::mem;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use cucumber::{Cucumber, Event, cli, event, gherkin, parser, writer};
use futures::StreamExt as _;
use futures::stream::{self, LocalBoxStream};
use serde_json::Value;

use crate::report::Format;
use crate::rule::{Judged, ScenarioVerdict, Verdict};

pub(super) static FORMAT: Format = Format {
    name: "cucumber",
    file: "cucumber.json",
    // The library collects the whole document before it writes: its memory grows with the run.
    by_default: false,
    media_type: "application/json",
    doc: "for dashboards and living documentation that read Cucumber JSON",
    render,
};

/// The library's writer looks through all scenarios of a feature at every step; it is fed in
/// portions, so that a sweep of thousands costs no more per row than one of ten.
const PORTION: usize = 64;

/// What it puts before every message of a failed step. Nothing panicked.
const NO_PANIC: &str = "Step panicked. Captured output: ";

fn render(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    let mut features: Vec<Value> = Vec::new();
    let same = |a: &ScenarioVerdict, b: &ScenarioVerdict| {
        (&a.source.file, &a.feature) == (&b.source.file, &b.feature)
    };
    for whole in judged.scenarios.chunk_by(same) {
        let mut portions = whole.chunks(PORTION).map(written);
        let Some(mut feature) = portions.next().transpose()? else { continue };
        for portion in portions {
            if let Some(all) = feature["elements"].as_array_mut() {
                all.extend(
                    mem::take(&mut portion?["elements"]).as_array().into_iter().flatten().cloned(),
                );
            }
        }
        // The library cuts the working folder off a path; a report does not depend on where it is.
        feature["uri"] = whole[0].source.file.as_str().into();
        features.push(feature);
    }
    serde_json::to_writer_pretty(&mut *out, &features)?;
    writeln!(out)
}

/// One feature with some of its scenarios, as the library writes it.
fn written(scenarios: &[ScenarioVerdict]) -> io::Result<Value> {
    let text = Shared::default();
    let runner = Judge(scenarios.iter().map(Outcome::of).collect());
    let cli = cli::Opts {
        re_filter: None,
        tags_filter: None,
        parser: cli::Empty,
        runner: cli::Empty,
        writer: cli::Empty,
        custom: cli::Empty,
    };
    let cucumber: Cucumber<Nothing, _, (), _, _> =
        Cucumber::custom(Told(feature(scenarios)), runner, writer::Json::new(text.clone()));
    // Everything is there already: nothing waits.
    drop(futures::executor::block_on(cucumber.with_cli(cli).run(())));
    let text = text.0.take();
    let mut features: Value = serde_json::from_slice(&text)?;
    let mut feature = features[0].take();
    for element in feature["elements"].as_array_mut().into_iter().flatten() {
        for step in element["steps"].as_array_mut().into_iter().flatten() {
            if let Value::String(message) = &mut step["result"]["error_message"] {
                *message = message.replacen(NO_PANIC, "", 1);
            } else if let Some(result) = step["result"].as_object_mut() {
                result.remove("error_message");
            }
        }
    }
    Ok(feature)
}

/// The world of steps that do nothing.
#[derive(Debug)]
struct Nothing;

impl cucumber::World for Nothing {
    type Error = std::convert::Infallible;

    fn new() -> impl Future<Output = Result<Self, Self::Error>> {
        std::future::ready(Ok(Self))
    }
}

/// Where the writer writes; it does not give back what it was given.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A feature that needs no parsing.
struct Told(gherkin::Feature);

impl cucumber::Parser<()> for Told {
    type Cli = cli::Empty;
    type Output = stream::Iter<std::iter::Once<parser::Result<gherkin::Feature>>>;

    fn parse(self, (): (), _: cli::Empty) -> Self::Output {
        stream::iter(std::iter::once(Ok(self.0)))
    }
}

/// One scenario's outcome in the terms of the library.
struct Outcome {
    status: Status,
    /// Each rule with its verdict and why.
    log: Vec<String>,
    took: Duration,
}

enum Status {
    Passed,
    Skipped,
    Failed(String),
}

impl Outcome {
    fn of(scenario: &ScenarioVerdict) -> Self {
        let status = match scenario.verdict {
            Verdict::Pass => Status::Passed,
            Verdict::NotTestable | Verdict::NotApplicable => Status::Skipped,
            Verdict::Fail => Status::Failed(scenario.reason.clone()),
            // The format has no word for it, and whoever reads it must not take it for a pass.
            Verdict::Unknown => Status::Failed(format!("unknown: {}", scenario.reason)),
        };
        let told = scenario.rules.iter().map(|(code, judgement)| {
            format!("{code}: {}: {}", judgement.verdict.as_str(), judgement.reason)
        });
        Self { status, log: told.collect(), took: Duration::from_millis(scenario.took_ms) }
    }
}

/// The runner: hands over outcomes, in the order of the feature's scenarios.
struct Judge(Vec<Outcome>);

type Handed = parser::Result<Event<event::Cucumber<Nothing>>>;

impl cucumber::Runner<Nothing> for Judge {
    type Cli = cli::Empty;
    type EventStream = LocalBoxStream<'static, Handed>;

    fn run<S>(self, features: S, _: cli::Empty) -> Self::EventStream
    where
        S: futures::Stream<Item = parser::Result<gherkin::Feature>> + 'static,
    {
        let mut outcomes = self.0.into_iter();
        let events = features.flat_map(move |feature| {
            stream::iter(match feature {
                Ok(feature) => events(feature, &mut outcomes),
                Err(error) => vec![Err(error)],
            })
        });
        let started = stream::iter([Ok(at_start(event::Cucumber::Started))]);
        let finished = stream::iter([Ok(at_start(event::Cucumber::Finished))]);
        started.chain(events).chain(finished).boxed_local()
    }
}

fn events(feature: gherkin::Feature, outcomes: &mut std::vec::IntoIter<Outcome>) -> Vec<Handed> {
    use event::Cucumber as Told;

    let scenarios = feature.scenarios.clone();
    let feature = event::Source::new(feature);
    let mut events = vec![Ok(at_start(Told::feature_started(feature.clone())))];
    for (scenario, outcome) in scenarios.into_iter().zip(outcomes) {
        let steps = scenario.steps.clone();
        let scenario = event::Source::new(scenario);
        let last = steps.len().saturating_sub(1);
        let mut tell = |event: event::Scenario<Nothing>, after: Duration| {
            let event = event.with_retries(None);
            let rule = None::<event::Source<gherkin::Rule>>;
            let told = Told::scenario(feature.clone(), rule, scenario.clone(), event);
            events.push(Ok(after_start(told, after)));
        };
        tell(event::Scenario::Started, Duration::ZERO);
        for (n, step) in steps.into_iter().map(event::Source::new).enumerate() {
            tell(event::Scenario::step_started(step.clone()), Duration::ZERO);
            // The verdict is one for the whole scenario: it stands at its last step, with the time.
            let took = if n == last { outcome.took } else { Duration::ZERO };
            if n == last {
                for line in &outcome.log {
                    tell(event::Scenario::Log(line.clone()), took);
                }
            }
            tell(ended(step, &outcome.status, n == last), took);
        }
        tell(event::Scenario::Finished, outcome.took);
    }
    events.push(Ok(at_start(Told::feature_finished(feature))));
    events
}

fn ended(
    step: event::Source<gherkin::Step>,
    status: &Status,
    is_last: bool,
) -> event::Scenario<Nothing> {
    let nothing = || regex::Regex::new("").expect("an empty pattern").capture_locations();
    match status {
        Status::Skipped => event::Scenario::step_skipped(step),
        Status::Failed(reason) if is_last => {
            let reason: event::Info = Arc::new(reason.clone());
            let error = event::StepError::Panic(reason);
            event::Scenario::step_failed(step, None, None, None, error)
        }
        Status::Failed(_) | Status::Passed => event::Scenario::step_passed(step, nothing(), None),
    }
}

fn at_start<T>(event: T) -> Event<T> {
    after_start(event, Duration::ZERO)
}

/// Times are those of the history: only differences are written.
fn after_start<T>(event: T, after: Duration) -> Event<T> {
    let mut event = Event::new(event);
    event.at = UNIX_EPOCH + after;
    event
}

/// The feature that these scenarios were written in, as far as verdicts tell it.
fn feature(scenarios: &[ScenarioVerdict]) -> gherkin::Feature {
    let first = &scenarios[0];
    gherkin::Feature {
        keyword: "Feature".to_owned(),
        name: first.feature.clone(),
        description: None,
        background: None,
        scenarios: scenarios.iter().map(scenario).collect(),
        rules: Vec::new(),
        tags: Vec::new(),
        span: gherkin::Span::default(),
        position: gherkin::LineCol { line: 1, col: 1 },
        path: Some(first.source.file.clone().into()),
    }
}

fn scenario(told: &ScenarioVerdict) -> gherkin::Scenario {
    let line = usize::try_from(told.source.line).unwrap_or(usize::MAX);
    let position = gherkin::LineCol { line, col: 1 };
    let step = |sentence: &String| {
        let (keyword, value) = sentence.split_once(' ').unwrap_or(("*", sentence));
        gherkin::Step {
            keyword: format!("{keyword} "),
            ty: gherkin::StepType::Given,
            value: value.to_owned(),
            docstring: None,
            table: None,
            span: gherkin::Span::default(),
            position,
        }
    };
    gherkin::Scenario {
        keyword: "Scenario".to_owned(),
        name: told.name.clone(),
        description: None,
        steps: told.steps.iter().map(step).collect(),
        examples: Vec::new(),
        tags: told.tags.iter().map(|tag| format!("@{tag}")).collect(),
        span: gherkin::Span::default(),
        position,
    }
}
