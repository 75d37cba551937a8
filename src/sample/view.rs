//! What the shop shows of an order: the observation contract, from one state of its books.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::money::format_atoms;
use super::store::{Atoms, find_order};

/// An order with its postings and open exceptions. None: the shop knows no such order.
pub(super) fn view(db: &Connection, reference: &str) -> rusqlite::Result<Option<Value>> {
    let Some(order) = find_order(db, reference)? else { return Ok(None) };
    let mut count = db.prepare_cached("select fulfilments from orders where reference = ?1")?;
    let fulfilments: i64 = count.query_row([reference], |row| row.get(0))?;
    let mut postings = db.prepare_cached(
        "select id, atoms, payment, kind from postings where reference = ?1 order by id",
    )?;
    let postings = postings.query_map([reference], |row| {
        let (id, Atoms(atoms), payment): (i64, Atoms, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let kind: String = row.get(3)?;
        let amount = format_atoms(atoms, order.rail.decimals);
        Ok(json!({"id": format!("p{id}"), "kind": kind, "amount": amount,
                  "asset": order.rail.asset, "payment_id": payment}))
    })?;
    let mut exceptions = db.prepare_cached(
        "select class, payment from exceptions where reference = ?1 and is_open order by class",
    )?;
    let exceptions = exceptions.query_map([reference], |row| {
        let (class, payment): (String, String) = (row.get(0)?, row.get(1)?);
        Ok(json!({"class": class, "payment_id": payment}))
    })?;
    Ok(Some(json!({
        "reference": order.reference,
        "state": order.state.word(),
        "payment_ids": order.payment.iter().collect::<Vec<_>>(),
        "fulfilments": fulfilments,
        "postings": postings.collect::<rusqlite::Result<Vec<_>>>()?,
        "exceptions": exceptions.collect::<rusqlite::Result<Vec<_>>>()?,
    })))
}
