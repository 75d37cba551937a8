//! The durable inbox: what a genuine event does, once.
//!
//! An event is kept and its effects are applied in one transaction, so that neither a crash nor
//! a copy of it can come between the two. Some of the defects break exactly that.

use std::time::Duration;

use rusqlite::Connection;

use super::config::Config;
use super::defect::Fault;
use super::order::{Change, Order};
use super::payment::{Event, Payment};
use super::store::{self, Cause, Store, StoreError};

/// How long the defect of RACE-01 works between its look and its note.
const WORK: Duration = Duration::from_millis(150);
/// How long an event stays in the queue of the defect of CRASH-01.
const QUEUED: Duration = Duration::from_millis(400);

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Receipt {
    /// Stored, or none of this shop's business.
    Accepted,
    /// Stored before.
    Known,
    /// Its order is not stored yet: the service shall send it again.
    TooEarly,
}

/// What was found before anything was written.
enum Found {
    Duplicate,
    NoOrder,
    /// The service has announced the payment before it answered its creation.
    NotBound,
    Follows(Order, Change),
}

/// Takes in a genuine event.
pub(super) async fn receive(
    store: &Store,
    config: &Config,
    event: Event,
    body: String,
) -> Result<Receipt, StoreError> {
    let Some(payment) = event.payment.clone() else { return Ok(Receipt::Accepted) };
    let is_own =
        |account: &str, livemode| account == config.payments_account && livemode == config.livemode;
    if !is_own(&event.account, event.livemode) || !is_own(&payment.account, payment.livemode) {
        return Ok(Receipt::Accepted);
    }
    let fault = config.fault();
    match fault {
        Some(Fault::CheckThenInsert) => check_work_insert(store, event, payment, body).await,
        Some(Fault::DuplicatesInMemory) => listed(store, event, payment, body).await,
        Some(Fault::QueueInMemory) => {
            let store = store.clone();
            tokio::spawn(async move {
                tokio::time::sleep(QUEUED).await;
                if let Err(error) = take_in(&store, event, payment, body, fault).await {
                    eprintln!("{error}");
                }
            });
            Ok(Receipt::Accepted)
        }
        _ => take_in(store, event, payment, body, fault).await,
    }
}

/// Keeps an event and applies it, in one transaction.
async fn take_in(
    store: &Store,
    event: Event,
    payment: Payment,
    body: String,
    fault: Option<Fault>,
) -> Result<Receipt, StoreError> {
    let work = move |db: &Connection| {
        let found = look(db, &event, &payment, fault)?;
        note(db, &event, &payment, &body, found)
    };
    store.write(work).await
}

/// Looks whether an event is new and what follows from it.
fn look(
    db: &Connection,
    event: &Event,
    payment: &Payment,
    fault: Option<Fault>,
) -> rusqlite::Result<Found> {
    let is_duplicate = match fault {
        Some(Fault::NoDuplicateCheck | Fault::DuplicatesInMemory) => false,
        Some(Fault::PaymentIdOnly) => store::has_money_event(db, &payment.id)?,
        _ => store::has_event(db, &event.id)?,
    };
    if is_duplicate {
        return Ok(Found::Duplicate);
    }
    let Some(order) = store::find_order(db, &payment.reference)? else { return Ok(Found::NoOrder) };
    if order.payment.is_none() {
        // Planted (RACE-05): nothing of it is kept.
        let is_lost = fault == Some(Fault::EarlyEventLost);
        return Ok(if is_lost { Found::Duplicate } else { Found::NotBound });
    }
    let booked = store::booked(db, &payment.id, event.cause(), fault)?;
    let change = order.decide(payment, booked, fault);
    Ok(Found::Follows(order, change))
}

/// Keeps an event, with its effects.
fn note(
    db: &Connection,
    event: &Event,
    payment: &Payment,
    body: &str,
    found: Found,
) -> rusqlite::Result<Receipt> {
    match found {
        Found::Duplicate => return Ok(Receipt::Known),
        Found::NoOrder => return Ok(Receipt::TooEarly),
        Found::NotBound => store::keep_event(db, event, payment, body, false)?,
        Found::Follows(order, change) => {
            store::keep_event(db, event, payment, body, true)?;
            store::apply(db, &order, payment, &change, event.cause())?;
        }
    }
    Ok(Receipt::Accepted)
}

/// Ties a payment to its order and applies the events that were waiting for that.
pub(super) fn bind(
    db: &Connection,
    reference: &str,
    payment: &str,
    fault: Option<Fault>,
) -> rusqlite::Result<()> {
    store::bind(db, reference, payment)?;
    for body in store::waiting_events(db, payment)? {
        // It was read when it came in, so it reads again.
        let Ok(event) = Event::read(body.as_bytes()) else { continue };
        if let Some(payment) = &event.payment {
            apply_snapshot(db, payment, event.cause(), fault)?;
        }
        store::set_applied(db, &event.id)?;
    }
    Ok(())
}

/// Applies what the service says of a payment now, whatever brought it here.
pub(super) fn apply_snapshot(
    db: &Connection,
    payment: &Payment,
    cause: Cause<'_>,
    fault: Option<Fault>,
) -> rusqlite::Result<()> {
    let Some(order) = store::find_order(db, &payment.reference)? else { return Ok(()) };
    let booked = store::booked(db, &payment.id, cause, fault)?;
    let change = order.decide(payment, booked, fault);
    store::apply(db, &order, payment, &change, cause)
}

/// Planted (CRASH-04): what is a copy, only memory knows.
async fn listed(
    store: &Store,
    event: Event,
    payment: Payment,
    body: String,
) -> Result<Receipt, StoreError> {
    let id = event.id.clone();
    if !store.list(&id, true) {
        return Ok(Receipt::Known);
    }
    let receipt = take_in(store, event, payment, body, Some(Fault::DuplicatesInMemory)).await;
    if !matches!(receipt, Ok(Receipt::Accepted)) {
        store.list(&id, false);
    }
    receipt
}

/// Planted (RACE-01): the look and the note are two transactions, with the work between them.
async fn check_work_insert(
    store: &Store,
    event: Event,
    payment: Payment,
    body: String,
) -> Result<Receipt, StoreError> {
    let fault = Some(Fault::CheckThenInsert);
    let (looked_at, its_payment, its_body) = (event.clone(), payment.clone(), body.clone());
    let look = move |db: &Connection| {
        let found = look(db, &looked_at, &its_payment, fault)?;
        if matches!(&found, Found::Follows(_, change) if !change.credits.is_empty()) {
            return Ok(Err(found));
        }
        note(db, &looked_at, &its_payment, &its_body, found).map(Ok)
    };
    match store.write(look).await? {
        Ok(receipt) => Ok(receipt),
        Err(found) => {
            tokio::time::sleep(WORK).await;
            store.write(move |db| note(db, &event, &payment, &body, found)).await
        }
    }
}

impl Event {
    fn cause(&self) -> Cause<'_> {
        Cause { id: &self.id, kind: &self.kind }
    }
}
