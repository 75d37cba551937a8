//! What can be wrong with a statement, and how it is put right.
//!
//! A fault changes lines before they are cut into days, so that a wrong statement still adds up, and
//! so do those after it: whoever only checks sums finds nothing. What may be paid out is not touched:
//! the money is right, its account is not. Knows no HTTP.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{EventId, Rail, SimTime, words};

use super::id::Prefix;
use super::statement::{self, About, DAY, Line, LineKind, Statement};
use super::{Event, Place, Provider, event};

words! {
    /// What is wrong with the statement of a day.
    StatementFault {
        /// The first payment of the day is not there, nor is its fee.
        MissingLine = "missing_line",
        /// The first payment of the day is there twice, under one line id.
        DuplicateLine = "duplicate_line",
        /// The first fee of the day is booked a day later than its payment.
        LateFee = "late_fee",
        /// The day is cut too early: its last payment, and what follows it, is on the next
        /// statement, though it is booked within this period.
        WrongCutoff = "wrong_cutoff",
        /// The first payment of the day is an atom short.
        RoundedByOneAtom = "rounded_by_one_atom",
        /// Money is credited that no payment explains.
        OrphanDeposit = "orphan_deposit",
    }
}

/// A statement by its rail's id and the first instant of its day.
type Key = (&'static str, SimTime);

/// What differs from a first, right issue: of few statements, if of any.
#[derive(Debug, Default)]
pub(super) struct Issues(BTreeMap<Key, Issue>);

#[derive(Debug, Default)]
struct Issue {
    faults: BTreeSet<StatementFault>,
    /// How many times it was put right.
    corrections: u32,
    changed: Vec<String>,
}

/// A statement that was announced, frozen as it was then.
#[derive(Debug)]
pub(super) struct Ready {
    pub id: String,
    pub at: SimTime,
    pub event: EventId,
    pub head: Box<serde_json::value::RawValue>,
    key: Key,
}

impl Issues {
    /// Changes the lines of a rail, which are in the order of booking.
    pub fn apply(&self, rail: &'static Rail, lines: &mut Vec<Line<'_>>) {
        let from = (rail.id, SimTime::from_unix_ms(i64::MIN));
        let issues = self.0.range(from..).take_while(|((id, _), _)| *id == rail.id);
        for ((_, day), issue) in issues {
            for fault in &issue.faults {
                distort(lines, rail, *day, *fault);
            }
        }
        lines.sort_by_key(|line| (line.day, line.booked_at));
    }

    /// Counted from one.
    pub fn revision(&self, of: &Statement<'_>) -> u32 {
        self.get(of).map_or(0, |issue| issue.corrections) + 1
    }

    /// The ids of lines that this revision changed.
    pub fn changed(&self, of: &Statement<'_>) -> Vec<String> {
        self.get(of).map_or_else(Vec::new, |issue| issue.changed.clone())
    }

    fn get(&self, of: &Statement<'_>) -> Option<&Issue> {
        self.0.get(&(of.rail.id, of.from))
    }
}

impl Provider {
    /// The statement of this rail and day is wrong from now on, in this way too.
    pub fn misstate(&mut self, rail: &'static Rail, at: SimTime, fault: StatementFault) {
        let key = (rail.id, statement::midnight(at));
        self.issues.0.entry(key).or_default().faults.insert(fault);
    }

    /// The statement of this rail and day is put right: a new revision, which names the lines that
    /// changed. Answers its announcement, where the statement had been announced before.
    pub fn correct_statement(
        &mut self,
        rail: &'static Rail,
        at: SimTime,
        now: SimTime,
    ) -> Vec<Event> {
        let day = statement::midnight(at);
        let before = self.line_texts(rail, day);
        let issue = self.issues.0.entry((rail.id, day)).or_default();
        issue.faults.clear();
        issue.corrections += 1;
        let after = self.line_texts(rail, day);
        let changed: BTreeSet<_> = before.symmetric_difference(&after).map(|(id, ..)| id).collect();
        let changed = changed.into_iter().cloned().collect();
        self.issues.0.entry((rail.id, day)).or_default().changed = changed;
        let known = self.ready.iter().any(|ready| ready.key == (rail.id, day));
        if known { vec![self.announce_statement(rail, day, now)] } else { Vec::new() }
    }

    /// Every statement whose day is over, which has lines and was not announced: T17.
    pub fn close_days(&mut self, now: SimTime) -> Vec<Event> {
        let today = statement::midnight(now);
        let known: BTreeSet<Key> = self.ready.iter().map(|ready| ready.key).collect();
        let mut over = Vec::new();
        for rail in &self.rails {
            let statements = statement::by_day(self.records(), rail).into_iter();
            let days = statements.map(|statement| statement.from);
            let days = days.filter(|day| *day < today && !known.contains(&(rail.id, *day)));
            over.extend(days.map(|day| (day, *rail)));
        }
        over.sort_by_key(|(day, _)| *day);
        over.into_iter().map(|(day, rail)| self.announce_statement(rail, day, now)).collect()
    }

    fn announce_statement(&mut self, rail: &'static Rail, day: SimTime, now: SimTime) -> Event {
        let (id, head) = self.statement_head(rail, day, now);
        let event = EventId::new(self.ids.next(Prefix::Event));
        let position = self.ready.len();
        self.ready.push(Ready { id, at: now, event, head, key: (rail.id, day) });
        self.events.push(Place::Statement(position));
        event::render_statement(&self.account, &self.ready[position])
    }

    /// Each line as what a reader would compare.
    fn line_texts(
        &self,
        rail: &'static Rail,
        day: SimTime,
    ) -> BTreeSet<(String, i128, SimTime, usize)> {
        let statement = statement::of_day(self.records(), rail, day);
        let mut seen = BTreeMap::<String, usize>::new();
        let texts = statement.lines.into_iter().map(|line| {
            // A line that is there twice is two lines.
            let copy = seen.entry(line.id.clone()).or_default();
            *copy += 1;
            (line.id, line.net, line.booked_at, *copy)
        });
        texts.collect()
    }
}

fn distort(lines: &mut Vec<Line<'_>>, rail: &'static Rail, day: SimTime, fault: StatementFault) {
    let of_day = |line: &Line<'_>, kind| line.day == day && line.kind == kind;
    let first = |lines: &[Line<'_>], kind| lines.iter().position(|line| of_day(line, kind));
    match fault {
        StatementFault::MissingLine => {
            let Some(at) = first(lines, LineKind::Payment) else { return };
            let payment = lines[at].payment_id().cloned();
            lines.retain(|line| {
                let gone = [LineKind::Payment, LineKind::Fee].contains(&line.kind);
                !(gone && line.day == day && line.payment_id() == payment.as_ref())
            });
        }
        StatementFault::DuplicateLine => {
            let Some(at) = first(lines, LineKind::Payment) else { return };
            let copy = lines[at].clone();
            lines.insert(at + 1, copy);
        }
        StatementFault::LateFee => {
            let Some(at) = first(lines, LineKind::Fee) else { return };
            let late = day.plus(DAY);
            lines[at].booked_at = lines[at].booked_at.max(late);
            lines[at].day = late;
        }
        StatementFault::WrongCutoff => {
            let last = lines.iter().rposition(|line| of_day(line, LineKind::Payment));
            let Some(at) = last else { return };
            let cut = lines[at..].iter_mut().filter(|line| line.day == day);
            cut.for_each(|line| line.day = day.plus(DAY));
        }
        StatementFault::RoundedByOneAtom => {
            let Some(at) = first(lines, LineKind::Payment) else { return };
            lines[at].net -= 1;
        }
        StatementFault::OrphanDeposit => {
            let at = lines.partition_point(|line| line.day <= day);
            lines.insert(at, orphan(rail, day));
        }
    }
}

/// As much as the least payment, from nobody.
fn orphan(rail: &'static Rail, day: SimTime) -> Line<'static> {
    Line {
        id: format!("ln_{}_{}_deposit", statement::date(day), rail.id),
        kind: LineKind::Deposit,
        about: About::Nothing { rail, day },
        event: None,
        net: statement::signed(rail.minimum_atoms),
        booked_at: day.plus(DAY.half()),
        day,
    }
}
