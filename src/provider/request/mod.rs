//! Bodies of requests, read whole: every fault at once, with its JSON pointer.
//!
//! What leaves here is valid for ever; nothing behind this file checks an amount again.

mod endpoint;
mod schema;

use serde_json::value::RawValue;

use crate::model::{Money, Rail, Reference, rail_by_asset_network};

use super::payment::{Destination, Price, Terms};
use super::payout::PayoutTerms;
use super::price::{self, QuoteError};
use super::problem::{Code, Problem};
use super::profile::Payments;
use super::reader::{Fields, Reader, code_of, text, whole};

pub(super) use endpoint::{
    ENDPOINT_EXAMPLE, NewEndpoint, ROTATION_EXAMPLE, Rotation, read_endpoint, read_overlap,
};
pub(super) use schema::{NewPayment, NewPayout, NewRefund, Nothing};
pub(super) use schema::{PAYMENT_EXAMPLE, PAYOUT_EXAMPLE, REFERENCE_PATTERN, REFUND_EXAMPLE};

const REFERENCE_CHARS_MAX: usize = 64;
const METADATA_BYTES_MAX: usize = 4096;
const ADDRESS_CHARS_MAX: usize = 128;
const EXPIRES_IN_S_MAX: u64 = 30 * 24 * 60 * 60;
/// A trillion units: beyond any payment, and far from the end of 128 bits.
const UNITS_MAX: u128 = 1_000_000_000_000;

const FIELDS: &[&str] =
    &["reference", "asset", "network", "amount", "price", "expires_in_s", "metadata"];
const PRICE_FIELDS: &[&str] = &["amount", "currency"];
const REFUND_FIELDS: &[&str] = &["amount", "destination", "reason"];
const PAYOUT_FIELDS: &[&str] = &["reference", "amount", "asset", "network", "destination"];
const DESTINATION_FIELDS: &[&str] = &["address", "tag"];

/// The terms of the payment that the body asks for, at an account with these rails.
pub(super) fn read(
    body: &[u8],
    rails: &[&'static Rail],
    habits: &Payments,
) -> Result<Terms, Problem> {
    let mut reader = Reader::of_body(body, FIELDS)?;
    let reference = reader.reference();
    let rail = reader.rail(rails);
    let money = reader.money(rail, habits.open_amount);
    let expires_in_s = reader.expires_in_s();
    let metadata = reader.metadata();
    reader.done(())?;
    let (Some(reference), Some(rail), Some((due, price))) = (reference, rail, money) else {
        unreachable!("a field that could not be read has said why");
    };
    let expires_in_s = expires_in_s.unwrap_or(rail.expiry_s);
    let counts = habits.counts;
    Ok(Terms { reference, rail, due, price, expires_in_s, counts, metadata })
}

/// What a refund asks for; what it leaves out is the provider's to fill in.
#[derive(Debug)]
pub(super) struct RefundTerms {
    pub amount: Option<Money>,
    pub destination: Option<Destination>,
}

/// The body of a refund on this rail. No body at all asks for everything.
pub(super) fn read_refund(body: &[u8], rail: &'static Rail) -> Result<RefundTerms, Problem> {
    let mut reader = Reader::of_body_or_nothing(body, REFUND_FIELDS)?;
    let amount = reader.fields.get("amount").and_then(|value| {
        let amount = reader.amount_text("amount", value)?;
        reader.parse("amount", &amount, rail.asset)
    });
    let destination = reader.fields.get("destination").and_then(|value| {
        if value.get() == "null" { None } else { reader.destination(value, Some(rail)) }
    });
    if reader.fields.get("reason").is_some_and(|value| text(value).is_none()) {
        reader.refuse(Code::InvalidRequest, "reason", "must be a string");
    }
    reader.done(RefundTerms { amount, destination })
}

/// The body of a payout, at an account with these rails.
pub(super) fn read_payout(body: &[u8], rails: &[&'static Rail]) -> Result<PayoutTerms, Problem> {
    let mut reader = Reader::of_body(body, PAYOUT_FIELDS)?;
    let reference = reader.reference();
    let rail = reader.rail(rails);
    let amount = reader.required("amount").and_then(|value| {
        let amount = reader.amount_text("amount", value)?;
        let amount = reader.parse("amount", &amount, rail?.asset)?;
        reader.bounded("amount", amount, rail?)
    });
    let destination = reader.required("destination");
    let destination = destination.and_then(|value| reader.destination(value, rail));
    reader.done(())?;
    let (Some(reference), Some(rail), Some(amount), Some(destination)) =
        (reference, rail, amount, destination)
    else {
        unreachable!("a field that could not be read has said why");
    };
    Ok(PayoutTerms { reference, rail, amount, destination })
}

/// A body that says nothing: none, or an object without members.
pub(super) fn empty(body: &[u8]) -> Result<(), Problem> {
    Reader::of_body_or_nothing(body, &[])?.done(())
}

/// The reference that a body names, for whoever only wants to know whose it is.
pub(super) fn reference_in(body: &[u8]) -> Option<Reference> {
    let fields: Fields<'_> = serde_json::from_slice(body).ok()?;
    fields.get("reference").and_then(text).map(Reference::new)
}

/// What a reference must be, if this text is none.
pub(super) fn unfit_reference(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/-".contains(c);
    let fits = (1..=REFERENCE_CHARS_MAX).contains(&text.len()) && text.chars().all(allowed);
    (!fits).then(|| {
        format!("must be 1 to {REFERENCE_CHARS_MAX} of A-Z a-z 0-9 . _ : / -, not `{text}`")
    })
}

/// What only payments and what belongs to them have.
impl<'a> Reader<'a> {
    fn reference(&mut self) -> Option<Reference> {
        let name = self.required_text("reference")?;
        match unfit_reference(&name) {
            Some(detail) => {
                self.refuse(Code::InvalidRequest, "reference", detail);
                None
            }
            None => Some(Reference::new(name)),
        }
    }

    fn rail(&mut self, rails: &[&'static Rail]) -> Option<&'static Rail> {
        let (asset, network) = (self.required_text("asset"), self.required_text("network"));
        let (asset, network) = (asset?, network?);
        let rail = rail_by_asset_network(&asset, &network);
        let enabled = rail.filter(|rail| rails.contains(rail));
        if enabled.is_none() {
            let pairs =
                rails.iter().map(|rail| format!("{} on {}", rail.asset.symbol, rail.network));
            let pairs = pairs.collect::<Vec<_>>().join(", ");
            let (code, what) = match rail {
                Some(_) => (Code::RailNotEnabled, "is not enabled"),
                None => (Code::RailUnknown, "is unknown"),
            };
            let detail = format!("{network} for {asset} {what}; enabled are {pairs}");
            self.refuse(code, "network", detail);
        }
        enabled
    }

    /// What is due: the amount as it is, or the price at its quote.
    fn money(
        &mut self,
        rail: Option<&Rail>,
        may_be_open: bool,
    ) -> Option<(Option<Money>, Option<Price>)> {
        match (self.fields.get("amount"), self.fields.get("price")) {
            (Some(amount), None) => {
                let amount = self.amount_text("amount", amount)?;
                let due = self.parse("amount", &amount, rail?.asset)?;
                self.bounded("amount", due, rail?).map(|due| (Some(due), None))
            }
            (None, Some(price)) => {
                let (due, price) = self.price(price, rail)?;
                self.bounded("price", due, rail?).map(|due| (Some(due), Some(price)))
            }
            (None, None) if may_be_open => Some((None, None)),
            _ => {
                let detail = "or price is required, and only one of them";
                self.refuse(Code::InvalidRequest, "amount", detail);
                None
            }
        }
    }

    fn price(&mut self, value: &'a RawValue, rail: Option<&Rail>) -> Option<(Money, Price)> {
        let mut inner = self.of_member("/price", value, PRICE_FIELDS)?;
        let amount = inner.required("amount").and_then(|raw| inner.amount_text("amount", raw));
        let currency = inner.required_text("currency");
        let quotable = currency.as_deref() == Some(price::CURRENCY.symbol);
        if !quotable && currency.is_some() {
            let detail = format!("must be {}: no other is quoted", price::CURRENCY.symbol);
            inner.refuse(Code::InvalidRequest, "currency", detail);
        }
        let quoted = match (amount, rail) {
            (Some(amount), Some(rail)) if quotable => match price::quote(rail, &amount) {
                Ok(quoted) => Some(quoted),
                Err(QuoteError::Amount(error)) => {
                    inner.refuse(code_of(&error), "amount", format!("is refused: {error}"));
                    None
                }
                Err(error @ QuoteError::NotQuoted(_)) => {
                    inner.refuse(Code::InvalidRequest, "currency", format!("is refused: {error}"));
                    None
                }
            },
            _ => None,
        };
        self.take(inner);
        quoted
    }

    fn bounded(&mut self, name: &str, due: Money, rail: &Rail) -> Option<Money> {
        let least = Money { atoms: rail.minimum_atoms, asset: rail.asset };
        let most = UNITS_MAX * 10u128.pow(u32::from(rail.asset.decimals));
        let most = Money { atoms: most, asset: rail.asset };
        if due < least {
            let detail = format!("asks for {due}; the least is {least}");
            self.refuse(Code::AmountBelowMinimum, name, detail);
        } else if due > most {
            let detail = format!("asks for {due}; the most is {most}");
            self.refuse(Code::AmountAboveMaximum, name, detail);
        }
        (least..=most).contains(&due).then_some(due)
    }

    /// Where money goes on that rail; while the rail is unknown, nobody knows whether it takes a tag.
    fn destination(&mut self, value: &'a RawValue, rail: Option<&Rail>) -> Option<Destination> {
        let mut inner = self.of_member("/destination", value, DESTINATION_FIELDS)?;
        let address = inner.required_text("address");
        if address.as_ref().is_some_and(|a| !(1..=ADDRESS_CHARS_MAX).contains(&a.chars().count())) {
            let detail = format!("must have 1 to {ADDRESS_CHARS_MAX} characters");
            inner.refuse(Code::InvalidRequest, "address", detail);
        }
        let tag = inner.fields.get("tag").map_or("null", RawValue::get);
        let tagged = rail.filter(|rail| rail.attribution.needs_tag());
        let tag = match (tag, whole::<u32>(tag), tagged) {
            ("null", _, Some(rail)) => {
                let detail = format!("is required on {}: a whole number of 32 bits", rail.network);
                inner.refuse(Code::DestinationTagRequired, "tag", detail);
                None
            }
            ("null", _, None) => None,
            (_, Some(tag), _) => Some(tag),
            (_, None, _) => {
                inner.refuse(Code::InvalidRequest, "tag", "must be a whole number of 32 bits");
                None
            }
        };
        self.take(inner);
        address.map(|address| Destination { address, tag })
    }

    fn expires_in_s(&mut self) -> Option<u64> {
        let value = self.fields.get("expires_in_s")?;
        let seconds = whole(value.get()).filter(|s| (1..=EXPIRES_IN_S_MAX).contains(s));
        if seconds.is_none() {
            let detail = format!("must be a whole number of seconds from 1 to {EXPIRES_IN_S_MAX}");
            self.refuse(Code::InvalidRequest, "expires_in_s", detail);
        }
        seconds
    }

    fn metadata(&mut self) -> Box<RawValue> {
        let empty = || RawValue::from_string("{}".to_owned()).expect("an empty object is JSON");
        let Some(value) = self.fields.get("metadata") else { return empty() };
        if !value.get().starts_with('{') {
            self.refuse(Code::InvalidRequest, "metadata", "must be an object");
        } else if value.get().len() > METADATA_BYTES_MAX {
            let detail = format!("has more than {METADATA_BYTES_MAX} bytes");
            self.refuse(Code::InvalidRequest, "metadata", detail);
        }
        value.to_owned()
    }
}
