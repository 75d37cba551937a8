//! Statements: what was credited and taken back on one rail in one UTC day.
//!
//! Nothing is stored. Lines follow from the records of the payments, so a statement read twice is
//! the same, and its opening is the closing of the day before. What is not credited yet is not
//! booked. Knows no HTTP.

use std::cmp::Ordering;

use crate::model::{EventId, EventKind, PaymentId, Rail, SimTime, Span, Status};

use super::id::digest;
use super::misstatement::Issues;
use super::payment::{Announcement, Payment};
use super::payout::{Payout, PayoutStatus};
use super::refund::{DisputeStatus, RefundStatus};
use super::{address, transaction, wire};

pub(super) const DAY: Span = Span::from_s(86_400);

/// What a line books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineKind {
    /// A payment was credited.
    Payment,
    /// The provider's share of it.
    Fee,
    /// A refund was paid out of what was credited.
    Refund,
    /// A lost dispute took back what was credited.
    Reversal,
    /// The merchant took out what was credited.
    Payout,
    /// Money came that belongs to no payment.
    Deposit,
}

/// What a line is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum About<'a> {
    Payment(&'a Payment),
    Payout(&'a Payout),
    /// No record explains it.
    Nothing {
        rail: &'static Rail,
        day: SimTime,
    },
}

/// The records that lines follow from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Records<'a> {
    pub payments: &'a [Payment],
    pub payouts: &'a [Payout],
    /// What is wrong with which statement.
    pub issues: &'a Issues,
}

/// One booking.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    pub id: String,
    pub kind: LineKind,
    pub about: About<'a>,
    /// What announced the fact behind it; for a payment its confirmation.
    pub event: Option<&'a EventId>,
    /// Atoms; negative where money leaves.
    pub net: i128,
    pub booked_at: SimTime,
    /// The first instant of the day on whose statement it stands.
    pub day: SimTime,
}

/// The bookings of a rail on one day.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    pub rail: &'static Rail,
    /// The first instant of the day.
    pub from: SimTime,
    /// The first instant of the next one.
    pub to: SimTime,
    pub opening: i128,
    pub lines: Vec<Line<'a>>,
}

impl LineKind {
    /// The type on the wire, and the category.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Payment => ("payment", "charge"),
            Self::Fee => ("fee", "processing_fee"),
            Self::Refund => ("refund", "refund"),
            Self::Reversal => ("reversal", "dispute"),
            Self::Payout => ("payout", "payout"),
            Self::Deposit => ("payment", "unattributed_deposit"),
        }
    }
}

impl Line<'_> {
    /// The payment that it is about.
    pub fn payment_id(&self) -> Option<&PaymentId> {
        match self.about {
            About::Payment(payment) => Some(&payment.id),
            About::Payout(_) | About::Nothing { .. } => None,
        }
    }
}

impl Statement<'_> {
    /// What the day leaves.
    pub fn closing(&self) -> i128 {
        self.opening + sum(&self.lines)
    }

    /// The UTC day, such as `2026-01-05`.
    pub fn date(&self) -> String {
        date(self.from)
    }

    /// Such as `stm_2026-01-05_USDT-tron`.
    pub fn id(&self) -> String {
        format!("stm_{}_{}-{}", self.date(), self.rail.asset.symbol, self.rail.network)
    }
}

/// The statement of the day that begins there.
pub(super) fn of_day<'a>(
    records: Records<'a>,
    rail: &'static Rail,
    from: SimTime,
) -> Statement<'a> {
    let to = from.plus(DAY);
    let (mut before, mut lines) = (0, Vec::new());
    for line in all(records, rail) {
        match line.day.cmp(&from) {
            Ordering::Less => before += line.net,
            Ordering::Equal => lines.push(line),
            Ordering::Greater => {}
        }
    }
    Statement { rail, from, to, opening: before, lines }
}

/// The statement of every day of the rail that has bookings, oldest first: each opens with what the
/// one before left.
pub(super) fn by_day<'a>(records: Records<'a>, rail: &'static Rail) -> Vec<Statement<'a>> {
    let mut statements: Vec<Statement<'a>> = Vec::new();
    for line in all(records, rail) {
        match statements.last_mut() {
            Some(statement) if statement.from == line.day => statement.lines.push(line),
            before => {
                let opening = before.map_or(0, |before| before.closing());
                let (from, to) = (line.day, line.day.plus(DAY));
                statements.push(Statement { rail, from, to, opening, lines: vec![line] });
            }
        }
    }
    statements
}

/// The first instant of a day such as `2026-01-05`; none for what is no date.
pub(super) fn day(text: &str) -> Option<SimTime> {
    let start: SimTime = format!("{text}T00:00:00.000Z").parse().ok()?;
    (date(start) == text).then_some(start)
}

/// The first instant of the day of `at`.
pub(super) fn midnight(at: SimTime) -> SimTime {
    let day = i64::try_from(DAY.ms()).unwrap_or(i64::MAX);
    SimTime::from_unix_ms(at.unix_ms().div_euclid(day) * day)
}

/// `2026-01-05`
pub(super) fn date(at: SimTime) -> String {
    at.to_string().chars().take("2026-01-05".len()).collect()
}

/// Every booking of the rail, in the order of booking.
fn all<'a>(records: Records<'a>, rail: &'static Rail) -> Vec<Line<'a>> {
    let payments = records.payments.iter().filter(|payment| payment.terms.rail == rail);
    let payouts = records.payouts.iter().filter(|payout| payout.terms.rail == rail);
    let mut lines: Vec<_> =
        payments.flat_map(lines_of).chain(payouts.filter_map(payout_line)).collect();
    // A stable sort: lines of one instant stay in the order of payments, a fee behind its payment.
    lines.sort_by_key(|line| line.booked_at);
    records.issues.apply(rail, &mut lines);
    lines
}

/// What the payment has booked: nothing until it is settled. What went back before that was never
/// credited, so the payment is booked without it.
fn lines_of(payment: &Payment) -> Vec<Line<'_>> {
    let settled = payment.timeline.iter().find(|entry| entry.status == Status::Settled);
    let Some(at) = settled.map(|entry| entry.at) else { return Vec::new() };
    // Transfers stay from then on; what went back before was never credited.
    let received = payment.received();
    let refunded = payment
        .refunds
        .steps
        .iter()
        .filter(|(_, status, when)| *status == RefundStatus::Completed && *when < at);
    let refunded: u128 = refunded.map(|(refund, ..)| payment.refunds.all[*refund].atoms).sum();
    let lost_at = payment.dispute.steps.iter().find(|(status, _)| *status == DisputeStatus::Lost);
    let lost_at = lost_at.map(|(_, when)| *when);
    let lost = if lost_at.is_some_and(|when| when < at) { payment.lost() } else { 0 };
    let gross = received.atoms - refunded - lost;
    let line = |kind: LineKind, number: usize, event, net, booked_at| {
        let tail = payment.id.as_str().trim_start_matches("pay_");
        let id = format!("ln_{tail}_{}_{number}", kind.words().0);
        let day = midnight(booked_at);
        Line { id, kind, about: About::Payment(payment), event, net, booked_at, day }
    };
    let confirmed = event_of(payment, |said| said.kind == Some(EventKind::Confirmed));
    let mut lines = vec![line(LineKind::Payment, 0, confirmed, signed(gross), at)];
    let fee = wire::fee(received).atoms;
    if fee > 0 {
        let event = event_of(payment, |said| said.kind == Some(EventKind::Settled));
        lines.push(line(LineKind::Fee, 0, event, -signed(fee), at));
    }
    for (step, (refund, status, when)) in payment.refunds.steps.iter().enumerate() {
        if *status == RefundStatus::Completed && *when >= at {
            let event = event_of(payment, |said| {
                said.kind == Some(EventKind::RefundCompleted) && said.view.refund_steps == step + 1
            });
            let atoms = payment.refunds.all[*refund].atoms;
            lines.push(line(LineKind::Refund, *refund, event, -signed(atoms), *when));
        }
    }
    if let Some(when) = lost_at.filter(|when| *when >= at) {
        let event = event_of(payment, |said| said.kind == Some(EventKind::DisputeLost));
        lines.push(line(LineKind::Reversal, 0, event, -signed(payment.lost()), when));
    }
    lines
}

/// What the payout has booked: nothing until it arrived.
fn payout_line(payout: &Payout) -> Option<Line<'_>> {
    let arrived = payout.steps.iter().find(|step| step.status == PayoutStatus::Completed)?;
    let kind = LineKind::Payout;
    let tail = payout.id.trim_start_matches("pyt_");
    Some(Line {
        id: format!("ln_{tail}_{}_0", kind.words().0),
        kind,
        about: About::Payout(payout),
        event: Some(&arrived.event),
        net: -signed(payout.terms.amount.atoms),
        booked_at: arrived.at,
        day: midnight(arrived.at),
    })
}

/// The transfer that a deposit without a payment names.
pub(super) fn deposit_of(rail: &Rail, day: SimTime) -> String {
    let seed = digest(&[b"deposit", rail.id.as_bytes(), &day.unix_ms().to_be_bytes()]);
    address::transaction_hash(rail.network, &seed)
}

/// The transfer that a line of the payment names: the first that counts.
pub(super) fn transfer_of(payment: &Payment) -> Option<String> {
    let first = (0..payment.transfers.len()).find(|at| payment.counts(*at))?;
    Some(transaction::hash(payment, first))
}

fn event_of(payment: &Payment, is: impl Fn(&Announcement) -> bool) -> Option<&EventId> {
    payment.said.iter().rev().find(|said| is(said)).map(|said| &said.id)
}

fn sum(lines: &[Line<'_>]) -> i128 {
    lines.iter().map(|line| line.net).sum()
}

pub(super) fn signed(atoms: u128) -> i128 {
    i128::try_from(atoms).expect("transfers are bounded far below 2^127 atoms")
}
