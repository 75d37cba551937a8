//! `report.json`: everything that a program may want to know of a judged run.
//!
//! The external form is these structs alone and carries a version; its schema is
//! `docs/schema/report.schema.json`. A field that changes its meaning or goes away raises
//! `VERSION`; a new one does not.

use serde::Serialize;

use crate::model::{Money, SimTime};
use crate::report::Format;
use crate::report::cause::at_risk;
use crate::rule::{Finding, Instant, Judged, Judgement, MoneyRow, RuleVerdict, ScenarioVerdict};

const VERSION: u32 = 1;

pub(super) static FORMAT: Format = Format {
    name: "json",
    file: "report.json",
    by_default: true,
    media_type: "application/json",
    doc: "everything, for programs; described by docs/schema/report.schema.json",
    render: |judged, out| {
        serde_json::to_writer_pretty(&mut *out, &ReportForm::from(judged))?;
        out.write_all(b"\n")
    },
};

#[derive(Serialize)]
struct ReportForm<'a> {
    version: u32,
    countersign: &'a str,
    verdict: &'static str,
    exit: u8,
    why: &'a str,
    seed: u64,
    merchant: &'a str,
    config: Option<&'a str>,
    command: &'a str,
    selection: Option<&'a str>,
    strict: bool,
    started: SimTime,
    took_ms: u64,
    interrupted: bool,
    entries: u64,
    attempts: u64,
    money_at_risk: Vec<MoneyForm>,
    rails: &'a [String],
    scenarios: Vec<ScenarioForm<'a>>,
    rules: Vec<RuleForm<'a>>,
    findings: Vec<FindingForm<'a>>,
    left_out: Vec<LeftOutForm<'a>>,
}

/// Decimal strings and integer strings: a number would lose atoms in most readers.
#[derive(Serialize)]
struct MoneyForm {
    amount: String,
    asset: &'static str,
    decimals: u8,
    atomic: String,
}

#[derive(Serialize)]
struct ScenarioForm<'a> {
    name: &'a str,
    feature: &'a str,
    file: &'a str,
    line: u32,
    tags: &'a [String],
    lane: u32,
    verdict: &'static str,
    reason: &'a str,
    took_ms: u64,
    steps: &'a [String],
    rules: Vec<JudgementForm<'a>>,
    orders: Vec<OrderForm<'a>>,
}

#[derive(Serialize)]
struct JudgementForm<'a> {
    code: &'a str,
    verdict: &'static str,
    reason: &'a str,
    witnesses: &'a [u64],
}

#[derive(Serialize)]
struct OrderForm<'a> {
    reference: &'a str,
    due: MoneyForm,
    received: Option<MoneyForm>,
    provider: &'a str,
    order: &'a str,
    credited: Option<MoneyForm>,
    fulfilled: Option<u64>,
}

#[derive(Serialize)]
struct RuleForm<'a> {
    code: &'a str,
    title: &'a str,
    level: &'static str,
    verdict: &'static str,
    reason: &'a str,
    scenarios: u32,
    witnesses: &'a [u64],
    untested: &'a [String],
}

#[derive(Serialize)]
struct FindingForm<'a> {
    rule: &'a str,
    title: &'a str,
    level: &'static str,
    scenario: &'a str,
    file: &'a str,
    line: u32,
    lane: u32,
    expected: &'a str,
    actual: &'a str,
    money_at_risk: Option<MoneyForm>,
    owner: &'static str,
    fix: &'a str,
    entries: Vec<InstantForm<'a>>,
    caused_by: Option<&'a str>,
    fingerprint: &'a str,
    replay: &'a str,
}

#[derive(Serialize)]
struct InstantForm<'a> {
    seq: u64,
    at: SimTime,
    plane: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct LeftOutForm<'a> {
    scenario: &'a str,
    reason: &'a str,
}

impl<'a> From<&'a Judged> for ReportForm<'a> {
    fn from(judged: &'a Judged) -> Self {
        let run = &judged.run;
        let left_out = |(scenario, reason): &'a (String, String)| LeftOutForm { scenario, reason };
        Self {
            version: VERSION,
            countersign: &run.version,
            verdict: judged.outcome.as_str(),
            exit: judged.outcome.exit(),
            why: &judged.why,
            seed: run.seed,
            merchant: &run.merchant,
            config: run.config.as_deref(),
            command: &run.command,
            selection: run.selection.as_deref(),
            strict: run.strict,
            started: judged.started,
            took_ms: judged.took_ms,
            interrupted: judged.interrupted,
            entries: judged.entries,
            attempts: judged.attempts,
            money_at_risk: at_risk(&judged.findings).into_iter().map(Into::into).collect(),
            rails: &run.rails,
            scenarios: judged.scenarios.iter().map(Into::into).collect(),
            rules: judged.rules.iter().map(Into::into).collect(),
            findings: judged.findings.iter().map(Into::into).collect(),
            left_out: run.left_out.iter().map(left_out).collect(),
        }
    }
}

impl From<Money> for MoneyForm {
    fn from(money: Money) -> Self {
        Self {
            amount: money.amount(),
            asset: money.asset.symbol,
            decimals: money.asset.decimals,
            atomic: money.atoms.to_string(),
        }
    }
}

impl<'a> From<&'a ScenarioVerdict> for ScenarioForm<'a> {
    fn from(scenario: &'a ScenarioVerdict) -> Self {
        let judgement = |(code, judgement): &'a (String, Judgement)| JudgementForm {
            code,
            verdict: judgement.verdict.as_str(),
            reason: &judgement.reason,
            witnesses: &judgement.witnesses,
        };
        Self {
            name: &scenario.name,
            feature: &scenario.feature,
            file: &scenario.source.file,
            line: scenario.source.line,
            tags: &scenario.tags,
            lane: scenario.lane.0,
            verdict: scenario.verdict.as_str(),
            reason: &scenario.reason,
            took_ms: scenario.took_ms,
            steps: &scenario.steps,
            rules: scenario.rules.iter().map(judgement).collect(),
            orders: scenario.money.iter().map(Into::into).collect(),
        }
    }
}

impl<'a> From<&'a MoneyRow> for OrderForm<'a> {
    fn from(row: &'a MoneyRow) -> Self {
        Self {
            reference: row.reference.as_str(),
            due: row.due.into(),
            received: row.received.map(Into::into),
            provider: &row.provider,
            order: &row.order,
            credited: row.credited.map(Into::into),
            fulfilled: row.fulfilled,
        }
    }
}

impl<'a> From<&'a RuleVerdict> for RuleForm<'a> {
    fn from(rule: &'a RuleVerdict) -> Self {
        Self {
            code: rule.code,
            title: rule.title,
            level: rule.level.as_str(),
            verdict: rule.verdict.as_str(),
            reason: &rule.reason,
            scenarios: rule.scenarios,
            witnesses: &rule.witnesses,
            untested: &rule.untested,
        }
    }
}

impl<'a> From<&'a Finding> for FindingForm<'a> {
    fn from(finding: &'a Finding) -> Self {
        let instant = |instant: &'a Instant| InstantForm {
            seq: instant.seq,
            at: instant.at,
            plane: instant.plane.as_str(),
            text: &instant.text,
        };
        Self {
            rule: finding.rule,
            title: finding.title,
            level: finding.level.as_str(),
            scenario: &finding.scenario,
            file: &finding.source.file,
            line: finding.source.line,
            lane: finding.lane.0,
            expected: &finding.expected,
            actual: &finding.actual,
            money_at_risk: finding.money_at_risk.map(Into::into),
            owner: finding.owner.as_str(),
            fix: finding.fix,
            entries: finding.entries.iter().map(instant).collect(),
            caused_by: finding.caused_by,
            fingerprint: &finding.fingerprint,
            replay: &finding.replay,
        }
    }
}
