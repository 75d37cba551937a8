//! Statements as calls answer them: JSON, or the same lines as CSV.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::route::{Access, Answer, Call, Doc, Handler, Route, schema_of};
use super::{ApiReply, camt, json, list};
use crate::model::{Asset, Money, Rail, SimTime, rail_by_id};
use crate::provider::key::Scope;
use crate::provider::problem::{Code, FieldError, Problem};
use crate::provider::query::{self, Parameter, Shape};
use crate::provider::statement::{self, About, Line, LineKind, Records, Statement};
use crate::provider::wire::List;
use crate::provider::{Provider, shape};

const COLUMNS: &str = "line_id,type,category,payment_id,payout_id,reference,event_id,tx_hash,tx_index,gross,\
                       fee,net,price,price_currency,rate,booked_at,available_on,status";

const RAIL: Parameter = Parameter::optional(
    "rail",
    Shape::Rail,
    "Statements of this rail only; the account must be enabled for it.",
);
const RAIL_OF: Parameter = Parameter::required("rail", Shape::Rail, "A statement is cut per rail.");
const DATE: Parameter = Parameter::required("date", Shape::Day, "Which day, such as 2026-01-05.");
const AFTER: Parameter =
    Parameter::optional("after", Shape::Text, "Statements whose id comes later only.");

pub(super) const LIST: Route = Route {
    method: "GET",
    path: "/v1/statements",
    access: Access::Key(Scope::StatementsRead),
    item: None,
    doc: Doc {
        name: "listStatements",
        summary: "List statements",
        about: "One per rail and day that something was booked on, by day.",
        body: None,
        answer: Answer {
            status: 200,
            about: "The statements that are wanted, without their lines.",
            schema: schema_of::<List<HeadForm>>,
            formats: &[],
        },
        codes: &[],
        next: &[],
    },
    query: &[&RAIL, &AFTER, &query::LIMIT],
    subject: |_, _, _| None,
    handler: Handler::EachTime(|provider, call| provider.list_statements(call)),
};

pub(super) const READ: Route = Route {
    method: "GET",
    path: "/v1/statements/{date}",
    access: Access::Key(Scope::StatementsRead),
    item: Some(&DATE),
    doc: Doc {
        name: "readStatement",
        summary: "Read a statement",
        about: "The current day is readable and \
                `open`. `Accept` chooses the format.",
        body: None,
        answer: Answer {
            status: 200,
            about: "The statement with its lines.",
            schema: schema_of::<StatementForm<'_>>,
            formats: &["text/csv", "application/xml"],
        },
        codes: &[Code::RouteNotFound],
        next: &[],
    },
    query: &[&RAIL_OF],
    subject: |_, _, _| None,
    handler: Handler::EachTime(|provider, call| provider.read_statement(call)),
};

/// A statement in a list: everything but the lines.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StatementHead")]
pub(in crate::provider) struct HeadForm {
    #[schemars(with = "shape::StatementId")]
    pub statement_id: String,
    /// One more each time that it is put right.
    pub revision: u32,
    /// The ids of lines that the last revision changed, added or took out.
    changed_lines: Vec<String>,
    /// `open` until its day is over, `closed` from then on.
    pub status: &'static str,
    /// The asset.
    pub currency: &'static str,
    pub network: &'static str,
    decimals: u8,
    pub period: PeriodForm,
    /// What the day before closed with.
    #[schemars(with = "shape::SignedAmount")]
    pub opening: String,
    /// The opening plus the net of every line.
    #[schemars(with = "shape::SignedAmount")]
    pub closing: String,
    totals: TotalsForm,
}

/// The day that a statement is of.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Period")]
pub(in crate::provider) struct PeriodForm {
    pub from: SimTime,
    pub to: SimTime,
    cutoff: &'static str,
}

/// Sums over the lines.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Totals")]
struct TotalsForm {
    /// Without the fees.
    #[schemars(with = "shape::SignedAmount")]
    gross: String,
    /// What the provider kept.
    #[schemars(with = "shape::SignedAmount")]
    fees: String,
    #[schemars(with = "shape::SignedAmount")]
    pub net: String,
    pub lines: usize,
}

/// A statement whole.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Statement")]
pub(super) struct StatementForm<'a> {
    #[serde(flatten)]
    pub head: HeadForm,
    pub lines: Vec<LineForm<'a>>,
    /// SHA-256, in hexadecimal, over the RFC 8785 form of everything else here.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(required)]
    sha256: String,
}

/// What is booked.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StatementLine")]
pub(super) struct LineForm<'a> {
    /// Unique for ever.
    pub line_id: &'a str,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub category: &'static str,
    #[schemars(with = "Option<shape::PaymentId>")]
    pub payment_id: Option<&'a str>,
    #[schemars(with = "Option<shape::PayoutId>")]
    pub payout_id: Option<&'a str>,
    /// Of the order, or of the payout; null where nobody knows whose it is.
    #[schemars(with = "Option<shape::Reference>")]
    pub reference: Option<&'a str>,
    /// The event that announced it.
    #[schemars(with = "Option<shape::EventId>")]
    event_id: Option<&'a str>,
    /// The transfer; null where several or none are behind the line.
    pub tx: Option<TxForm>,
    #[schemars(with = "shape::SignedAmount")]
    gross: String,
    /// Always nothing: fees have lines of their own.
    #[schemars(with = "shape::SignedAmount")]
    fee: String,
    #[schemars(with = "shape::SignedAmount")]
    pub net: String,
    /// What the payment was priced at; null where an amount was asked for.
    #[schemars(with = "Option<shape::Amount>")]
    price: Option<&'a str>,
    price_currency: Option<&'static str>,
    #[schemars(with = "Option<shape::Amount>")]
    rate: Option<&'a str>,
    pub booked_at: SimTime,
    #[schemars(with = "shape::Day")]
    pub available_on: String,
    pub status: &'static str,
}

/// A transfer by its name.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Transfer")]
pub(super) struct TxForm {
    pub hash: String,
    pub index: u32,
}

impl Provider {
    /// The days of a rail that have bookings, or of every rail.
    fn list_statements(&self, call: &Call<'_>) -> Result<ApiReply, Problem> {
        let query = &call.query;
        let wanted = query.get(&RAIL).map(|id| self.statement_rail(id)).transpose()?;
        let after = query.get(&AFTER).unwrap_or_default();
        let rails = self.rails.iter().filter(|rail| wanted.is_none_or(|wanted| wanted == **rail));
        let mut heads: Vec<_> = rails
            .flat_map(|rail| {
                // A day that has not begun may have a fee already, and cannot be read yet.
                let statements = statement::by_day(self.records(), rail).into_iter();
                let begun = statements.filter(|statement| statement.from <= call.now);
                begun.map(|statement| self.head(&statement, call.now))
            })
            .filter(|head| head.statement_id.as_str() > after)
            .collect();
        heads.sort_by(|a, b| a.statement_id.cmp(&b.statement_id));
        Ok(json(&list(heads.into_iter(), query.limit())))
    }

    /// One day of one rail.
    fn read_statement(&self, call: &Call<'_>) -> Result<ApiReply, Problem> {
        let Call { request, item: date, now, .. } = *call;
        let rail = match call.query.get(&RAIL_OF) {
            Some(id) => self.statement_rail(id)?,
            None => unreachable!("a query without what it requires is refused"),
        };
        let Some(from) = statement::day(date) else {
            let detail = format!("`{date}` is no day; write it as 2026-01-05");
            return Err(Problem::new(Code::RouteNotFound, detail));
        };
        if from > now {
            let detail =
                format!("{date} has not begun; the latest day is {}", statement::date(now));
            return Err(Problem::new(Code::RouteNotFound, detail));
        }
        let found = statement::of_day(self.records(), rail, from);
        let accept = request.headers.get("accept").map_or("", String::as_str);
        if accept.contains("text/csv") {
            let headers = vec![("content-type".to_owned(), "text/csv; charset=utf-8".to_owned())];
            let body = csv(&found).into_bytes();
            return Ok(ApiReply { status: 200, headers, body, ..ApiReply::default() });
        }
        let head = self.head(&found, now);
        let form = StatementForm { head, lines: lines(&found), sha256: String::new() };
        if accept.contains("/xml") {
            let headers = vec![("content-type".to_owned(), "application/xml".to_owned())];
            // A closed one was made when its day was over, so that it reads the same for ever.
            let made_at = now.min(found.to).to_string();
            let body = camt::document(&self.account.id, &form, &made_at).into_bytes();
            return Ok(ApiReply { status: 200, headers, body, ..ApiReply::default() });
        }
        Ok(json(&sealed(form)))
    }

    pub(in crate::provider) fn records(&self) -> Records<'_> {
        Records { payments: &self.payments, payouts: &self.payouts, issues: &self.issues }
    }

    /// Id and head of a statement, as a list shows it.
    pub(in crate::provider) fn statement_head(
        &self,
        rail: &'static Rail,
        day: SimTime,
        now: SimTime,
    ) -> (String, Box<RawValue>) {
        let found = statement::of_day(self.records(), rail, day);
        let head = serde_json::value::to_raw_value(&self.head(&found, now));
        (found.id(), head.expect("our own forms have text keys"))
    }

    fn head(&self, of: &Statement<'_>, now: SimTime) -> HeadForm {
        let changed_lines = self.issues.changed(of);
        HeadForm { revision: self.issues.revision(of), changed_lines, ..head(of, now) }
    }

    fn statement_rail(&self, id: &str) -> Result<&'static Rail, Problem> {
        let enabled = rail_by_id(id).filter(|rail| self.rails.contains(rail));
        enabled.ok_or_else(|| {
            let known: Vec<_> = self.rails.iter().map(|rail| rail.id).collect();
            refusal(&format!("rail must be one of {}", known.join(", ")))
        })
    }
}

/// With the digest of its canonical form (RFC 8785): keys in order, no spacing. All our numbers are
/// small whole ones and all our texts are ASCII, so nothing else of that standard comes into play.
fn sealed(form: StatementForm<'_>) -> StatementForm<'_> {
    let mut canonical = serde_json::to_value(&form).expect("our own forms have text keys");
    canonical.sort_all_objects();
    StatementForm { sha256: hex::encode(Sha256::digest(canonical.to_string())), ..form }
}

fn head(of: &Statement<'_>, now: SimTime) -> HeadForm {
    let Asset { symbol, decimals } = of.rail.asset;
    let fees = of.lines.iter().filter(|line| line.kind == LineKind::Fee);
    let fees: i128 = fees.map(|line| line.net).sum();
    let net = of.closing() - of.opening;
    let amount = |atoms| signed(atoms, of.rail.asset);
    HeadForm {
        statement_id: of.id(),
        revision: 1,
        changed_lines: Vec::new(),
        status: if now < of.to { "open" } else { "closed" },
        currency: symbol,
        network: of.rail.network,
        decimals,
        period: PeriodForm { from: of.from, to: of.to, cutoff: "UTC" },
        opening: amount(of.opening),
        closing: amount(of.closing()),
        totals: TotalsForm {
            gross: amount(net - fees),
            fees: amount(-fees),
            net: amount(net),
            lines: of.lines.len(),
        },
    }
}

fn lines<'a>(of: &'a Statement<'a>) -> Vec<LineForm<'a>> {
    of.lines.iter().map(|line| form(line, of)).collect()
}

fn form<'a>(line: &'a Line<'a>, of: &Statement<'_>) -> LineForm<'a> {
    let (payment, payout) = match line.about {
        About::Payment(payment) => (Some(payment), None),
        About::Payout(payout) => (None, Some(payout)),
        About::Nothing { .. } => (None, None),
    };
    let (kind, category) = line.kind.words();
    let reference = payment.map(|payment| &payment.terms.reference);
    let reference = reference.or(payout.map(|payout| &payout.terms.reference));
    // Price and transfer are those of the whole payment, so they stand where that is booked.
    let whole = payment.filter(|_| line.kind == LineKind::Payment);
    let price = whole.and_then(|payment| payment.terms.price.as_ref());
    let tx = match line.about {
        About::Nothing { rail, day } => Some(statement::deposit_of(rail, day)),
        About::Payment(_) | About::Payout(_) => whole.and_then(statement::transfer_of),
    };
    LineForm {
        line_id: &line.id,
        kind,
        category,
        payment_id: payment.map(|payment| payment.id.as_str()),
        payout_id: payout.map(|payout| payout.id.as_str()),
        reference: reference.map(crate::model::Reference::as_str),
        event_id: line.event.map(crate::model::EventId::as_str),
        tx: tx.map(|hash| TxForm { hash, index: 0 }),
        gross: signed(line.net, of.rail.asset),
        fee: of.rail.asset.zero().amount(),
        net: signed(line.net, of.rail.asset),
        price: price.map(|price| price.amount.as_str()),
        price_currency: price.map(|price| price.currency),
        rate: price.map(|price| price.rate.as_str()),
        booked_at: line.booked_at,
        available_on: statement::date(of.to),
        status: "booked",
    }
}

/// The lines with the columns of the JSON. No value holds a comma, a quote or a line break: ids,
/// references, amounts and times have alphabets of their own.
fn csv(of: &Statement<'_>) -> String {
    let mut text = format!("{COLUMNS}\r\n");
    for line in lines(of) {
        let tx = line.tx.as_ref();
        let cells = [
            line.line_id,
            line.kind,
            line.category,
            line.payment_id.unwrap_or_default(),
            line.payout_id.unwrap_or_default(),
            line.reference.unwrap_or_default(),
            line.event_id.unwrap_or_default(),
            tx.map_or("", |tx| &tx.hash),
            tx.map_or("", |_| "0"),
            &line.gross,
            &line.fee,
            &line.net,
            line.price.unwrap_or_default(),
            line.price_currency.unwrap_or_default(),
            line.rate.unwrap_or_default(),
            &line.booked_at.to_string(),
            &line.available_on,
            line.status,
        ];
        // Writing to a string cannot fail.
        let _ = write!(text, "{}\r\n", cells.join(","));
    }
    text
}

fn signed(atoms: i128, asset: Asset) -> String {
    let amount = Money { atoms: atoms.unsigned_abs(), asset }.amount();
    if atoms < 0 { format!("-{amount}") } else { amount }
}

fn refusal(detail: &str) -> Problem {
    let error = FieldError::new(Code::InvalidRequest, "/rail", detail);
    Problem { errors: vec![error], ..Problem::new(Code::InvalidRequest, detail) }
}
