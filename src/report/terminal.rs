//! The summary that a person sees at a terminal: what ran, what broke and why, what was not
//! tested, and the last word at the end, where the eye is.
//!
//! Colours are styles in the text; whoever prints strips them where they are not wanted. The same
//! page without styles is the `text` format.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::model::Span;
use crate::report::Format;
use crate::report::cause::{Cause, at_risk, causes};
use crate::report::digest::{consequences, gaps, is_told, tally};
use crate::report::story::{by_lane, story};
use crate::report::text::{count, offset, took, visible, wrap};
use crate::rule::{FinalVerdict, Finding, Judged, Level, ScenarioVerdict, Verdict};

pub(super) static FORMAT: Format = Format {
    name: "text",
    file: "summary.txt",
    by_default: true,
    media_type: "text/plain",
    doc: "the summary that the terminal shows, without colours",
    render: |judged, out| screen(judged, &Screen { width: 100, styled: false, reports: None }, out),
};

/// Passing scenarios of a longer feature are counted, not named.
const NAMED_MAX: usize = 24;
/// So many rows of a sweep that did not pass are named; those that did never are.
const ROWS_MAX: usize = 3;
/// So many further scenarios of a finding are named.
const ALSO_MAX: usize = 5;
/// Labels of findings stand in a column of this width.
const LABEL: usize = 15;

/// Where the page is shown.
#[derive(Debug, Clone, Copy)]
pub struct Screen<'a> {
    /// Characters per line.
    pub width: usize,
    /// Whether to write colours.
    pub styled: bool,
    /// The folder that the reports were written to, where they were.
    pub reports: Option<&'a str>,
}

/// Writes the page.
///
/// # Errors
/// Only those of `out`.
pub fn screen(judged: &Judged, screen: &Screen<'_>, out: &mut dyn Write) -> io::Result<()> {
    let width = screen.width.clamp(60, 120);
    let mut page = Page { out, width, palette: Palette::new(screen.styled) };
    page.header(judged)?;
    page.scenarios(&judged.scenarios)?;
    page.rules(judged)?;
    page.findings(judged)?;
    page.untested(judged)?;
    page.last_word(judged, screen.reports)
}

struct Palette {
    title: Style,
    quiet: Style,
    good: Style,
    bad: Style,
    warn: Style,
}

impl Palette {
    fn new(styled: bool) -> Self {
        if !styled {
            let plain = Style::new();
            return Self { title: plain, quiet: plain, good: plain, bad: plain, warn: plain };
        }
        Self {
            title: Style::new().bold(),
            quiet: Style::new().dimmed(),
            good: AnsiColor::Green.on_default(),
            bad: AnsiColor::Red.on_default().bold(),
            warn: AnsiColor::Yellow.on_default(),
        }
    }

    /// Mark and style of a verdict.
    fn mark(&self, verdict: Verdict) -> (&'static str, Style) {
        match verdict {
            Verdict::Fail => ("✗", self.bad),
            Verdict::Unknown => ("?", self.warn),
            Verdict::Pass => ("✓", self.good),
            Verdict::NotTestable => ("-", self.warn),
            Verdict::NotApplicable => ("·", self.quiet),
        }
    }
}

struct Page<'a> {
    out: &'a mut dyn Write,
    width: usize,
    palette: Palette,
}

impl Page<'_> {
    fn header(&mut self, judged: &Judged) -> io::Result<()> {
        let run = &judged.run;
        let what =
            run.selection.as_ref().map_or_else(|| "the whole suite".to_owned(), Clone::clone);
        let (title, quiet) = (self.palette.title, self.palette.quiet);
        writeln!(
            self.out,
            "{title}countersign {}{title:#} {quiet}·{quiet:#} {} {quiet}·{quiet:#} {} {quiet}· seed {}{quiet:#}",
            run.version,
            visible(&run.merchant),
            visible(&what),
            run.seed
        )
    }

    fn section(&mut self, title: &str, aside: &str) -> io::Result<()> {
        let (bold, quiet) = (self.palette.title, self.palette.quiet);
        let gap = if aside.is_empty() { "" } else { "  " };
        writeln!(self.out, "\n{bold}{title}{bold:#}{gap}{quiet}{aside}{quiet:#}")
    }

    fn scenarios(&mut self, scenarios: &[ScenarioVerdict]) -> io::Result<()> {
        let verdicts = || scenarios.iter().map(|scenario| scenario.verdict);
        self.section("Scenarios", &tally(verdicts()))?;
        let mut features: Vec<(&str, Vec<&ScenarioVerdict>)> = Vec::new();
        for scenario in scenarios {
            match features.last_mut() {
                Some((feature, group)) if *feature == scenario.feature => group.push(scenario),
                _ => features.push((&scenario.feature, vec![scenario])),
            }
        }
        for (feature, group) in features {
            self.feature(feature, &group)?;
        }
        Ok(())
    }

    fn feature(&mut self, feature: &str, group: &[&ScenarioVerdict]) -> io::Result<()> {
        let quiet = self.palette.quiet;
        let is_sweep = group.iter().all(|s| !s.source.file.ends_with(".feature"));
        let (named_max, counted) = match group.len() > NAMED_MAX {
            _ if is_sweep => (ROWS_MAX, true),
            long => (NAMED_MAX, long),
        };
        let all = tally(group.iter().map(|scenario| scenario.verdict));
        let aside = if counted { format!(": {all}") } else { String::new() };
        writeln!(self.out, "  {}{quiet}{aside}{quiet:#}", visible(feature))?;
        let named = group.iter().filter(|s| !(counted && s.verdict == Verdict::Pass));
        for scenario in named.take(named_max) {
            let (mark, style) = self.palette.mark(scenario.verdict);
            let codes: Vec<_> = scenario.rules.iter().map(|(code, _)| code.as_str()).collect();
            let name = visible(&scenario.name);
            let codes = codes.join(" ");
            writeln!(self.out, "    {style}{mark}{style:#} {name}  {quiet}{codes}{quiet:#}")?;
        }
        Ok(())
    }

    fn rules(&mut self, judged: &Judged) -> io::Result<()> {
        let shown: Vec<_> = judged.rules.iter().filter(|rule| is_told(judged, rule)).collect();
        let all = tally(shown.iter().map(|rule| rule.verdict));
        self.section("Rules", &format!("{all}; each is named after the fault it looks for"))?;
        let quiet = self.palette.quiet;
        for rule in shown {
            let (mark, style) = self.palette.mark(rule.verdict);
            let scenarios = count(u64::from(rule.scenarios), "scenario");
            let (code, level) = (rule.code, rule.level.as_str());
            writeln!(
                self.out,
                "  {style}{mark} {code:<9}{style:#} {level:<6} {}  {quiet}{scenarios}{quiet:#}",
                rule.title
            )?;
        }
        Ok(())
    }

    fn findings(&mut self, judged: &Judged) -> io::Result<()> {
        let causes = causes(judged);
        if causes.is_empty() {
            return Ok(());
        }
        let told = count(judged.findings.len() as u64, "finding");
        let aside = format!("{told} from {}", count(causes.len() as u64, "cause"));
        self.section("What went wrong", &aside)?;
        let lanes = by_lane(judged);
        for cause in &causes {
            let story = lanes.get(&cause.lead.lane).map(|s| story(s)).unwrap_or_default();
            self.cause(cause, &story)?;
        }
        Ok(())
    }

    fn cause(&mut self, cause: &Cause<'_>, story: &[(&'static str, String)]) -> io::Result<()> {
        let lead = cause.lead;
        let (title, quiet) = (self.palette.title, self.palette.quiet);
        let style = match lead.level {
            Level::Must => self.palette.bad,
            Level::Should => self.palette.warn,
        };
        let (code, level) = (lead.rule, lead.level.as_str());
        writeln!(self.out, "\n  {style}✗ {code}{style:#} {level}  {title}{}{title:#}", lead.title)?;
        self.field("scenario", &visible(&lead.scenario))?;
        for (speaker, sentence) in story {
            self.field(speaker, &visible(sentence))?;
        }
        self.field("expected", &visible(&lead.expected))?;
        self.field("but", &visible(&lead.actual))?;
        self.timeline(lead)?;
        if let Some(money) = lead.money_at_risk {
            self.field("money at risk", &money.to_string())?;
        }
        self.field("owner", lead.owner.as_str())?;
        self.field("usual fix", lead.fix)?;
        self.field("replay", &visible(&lead.replay))?;
        for other in cause.also.iter().take(ALSO_MAX) {
            let told = format!("{} ({}:{})", other.scenario, other.source.file, other.source.line);
            self.field("also in", &visible(&told))?;
        }
        if let Some(more) = cause.also.len().checked_sub(ALSO_MAX).filter(|more| *more > 0) {
            self.field("", &format!("and {}", count(more as u64, "more scenario")))?;
        }
        for told in consequences(&cause.consequences) {
            writeln!(self.out, "    {quiet}↳ follows from it: {told}{quiet:#}")?;
        }
        Ok(())
    }

    fn timeline(&mut self, finding: &Finding) -> io::Result<()> {
        let Some(first) = finding.entries.first() else { return Ok(()) };
        let mut before = None;
        for instant in &finding.entries {
            let label = if before.is_none() { "proof" } else { "" };
            // Several lines about one entry are told under its first.
            let entry = match before == Some(instant.seq) {
                true => String::new(),
                false => {
                    let when = offset(first.at, instant.at);
                    format!("#{:<4} {when:>7}  {}", instant.seq, instant.plane.as_str())
                }
            };
            before = Some(instant.seq);
            self.field(label, &format!("{entry:<23}  {}", visible(&instant.text)))?;
        }
        Ok(())
    }

    /// A label and its text; the text wraps beside the label. Commands and aligned lines are
    /// shorter than the width or stay whole.
    fn field(&mut self, label: &str, text: &str) -> io::Result<()> {
        let quiet = self.palette.quiet;
        let whole = matches!(label, "replay" | "proof" | "");
        let lines = if whole { vec![text.to_owned()] } else { wrap(text, self.width - LABEL - 6) };
        for (i, line) in lines.iter().enumerate() {
            let label = if i == 0 { label } else { "" };
            writeln!(self.out, "    {quiet}{label:<LABEL$}{quiet:#}  {line}")?;
        }
        Ok(())
    }

    fn untested(&mut self, judged: &Judged) -> io::Result<()> {
        let gaps = gaps(judged);
        if gaps.is_empty() {
            return Ok(());
        }
        self.section("Not decided", "")?;
        for gap in gaps {
            self.bullet(&format!("{}: {}", gap.names(), gap.why))?;
        }
        Ok(())
    }

    fn bullet(&mut self, text: &str) -> io::Result<()> {
        let style = self.palette.warn;
        for (i, line) in wrap(&visible(text), self.width - 4).iter().enumerate() {
            let mark = if i == 0 { "-" } else { " " };
            writeln!(self.out, "  {style}{mark}{style:#} {line}")?;
        }
        Ok(())
    }

    fn last_word(&mut self, judged: &Judged, reports: Option<&str>) -> io::Result<()> {
        let style = match judged.outcome {
            FinalVerdict::Ready | FinalVerdict::SelectionPassed => self.palette.good,
            FinalVerdict::NotReady => self.palette.bad,
            FinalVerdict::Incomplete => self.palette.warn,
        };
        let (bold, quiet) = (style.bold(), self.palette.quiet);
        let bold = if style == Style::new() { style } else { bold };
        writeln!(
            self.out,
            "\n{bold}{}{bold:#}  {}",
            judged.outcome.as_str(),
            visible(&judged.why)
        )?;
        let risk: Vec<_> = at_risk(&judged.findings).iter().map(ToString::to_string).collect();
        if !risk.is_empty() {
            writeln!(self.out, "money at risk: {}", risk.join(", "))?;
        }
        let scenarios = count(judged.scenarios.len() as u64, "scenario");
        let deliveries = count(judged.attempts, "delivery attempt");
        let took = took(Span::from_ms(judged.took_ms));
        let cut = if judged.interrupted { "not played to its end: " } else { "" };
        write!(self.out, "{quiet}{cut}{scenarios}, {deliveries} in {took}")?;
        if let Some(folder) = reports {
            write!(self.out, "; reports in {folder}")?;
        }
        writeln!(self.out, "{quiet:#}")
    }
}
