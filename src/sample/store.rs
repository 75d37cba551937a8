//! The shop's SQLite file: orders, inbox, postings, exceptions.
//!
//! Holds the statements and nothing of what they mean. Whoever writes does so inside one
//! transaction of [`Store::write`]: an event and its effects are stored together or not at all,
//! and no other writer comes between a look and what follows from it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};

use super::defect::Fault;
use super::money::find_rail;
use super::order::{Booked, Change, Order, State};
use super::payment::{DisputeEnd, Event, Payment, Status};

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    #[error("the database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("a task of the database was lost: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// Two connections to one file: looking does not wait for writing.
#[derive(Clone)]
pub(super) struct Store {
    writer: Arc<Mutex<Connection>>,
    reader: Arc<Mutex<Connection>>,
    /// The last order that stood there when the process began; only a defect asks.
    began_after: i64,
    /// Planted (CRASH-04): the events that were taken in since.
    seen: Arc<Mutex<BTreeSet<String>>>,
}

/// What made the shop apply a snapshot; a posting names it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cause<'a> {
    pub id: &'a str,
    pub kind: &'a str,
}

/// The cause of what reconciliation finds, which has no event.
pub(super) const RECONCILIATION: Cause<'static> =
    Cause { id: "reconciliation", kind: "reconciliation" };

impl Store {
    /// Opens the file, creating what is not there yet; an older run's books are kept.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let writer = connect(path)?;
        writer.execute_batch(include_str!("schema.sql"))?;
        let reader = connect(path)?;
        let last = "select coalesce(max(rowid), 0) from orders";
        Ok(Self {
            began_after: reader.query_row(last, [], |row| row.get(0))?,
            writer: Arc::new(Mutex::new(writer)),
            reader: Arc::new(Mutex::new(reader)),
            seen: Arc::default(),
        })
    }

    /// Puts an event on the list that is held in memory, or takes it off; whether that changed it.
    pub(super) fn list(&self, event: &str, is_seen: bool) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if is_seen { seen.insert(event.to_owned()) } else { seen.remove(event) }
    }

    /// The row behind which reconciliation begins: the very first, but for a defect.
    pub(super) fn recovers_after(&self, fault: Option<Fault>) -> i64 {
        if fault == Some(Fault::RecoveryStartsNow) { self.began_after } else { 0 }
    }

    /// Runs `work` in one transaction that nothing else writes beside.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        run(&self.writer, TransactionBehavior::Immediate, work).await
    }

    /// Runs `work` on one consistent state of the books.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        run(&self.reader, TransactionBehavior::Deferred, work).await
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // With a write-ahead log this loses nothing when the process is killed, only when the
    // machine loses power, and saves a flush to disk for each notification.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

async fn run<T: Send + 'static>(
    connection: &Arc<Mutex<Connection>>,
    behavior: TransactionBehavior,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let connection = Arc::clone(connection);
    let task = tokio::task::spawn_blocking(move || {
        // A panic in another task rolled its transaction back; the connection is still good.
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(behavior)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    });
    task.await?
}

/// Stores a new order unless the reference is taken; says what stands under it then.
pub(super) fn open_order(db: &Connection, order: &Order, account: &str) -> rusqlite::Result<Order> {
    let mut insert = db.prepare_cached(
        "insert or ignore into orders (reference, account, asset, network, due, status, state)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let Order { reference, rail, due, status, state, .. } = order;
    let (due, status, state) = (due.to_string(), status.word(), state.word());
    insert.execute(params![reference, account, rail.asset, rail.network, due, status, state])?;
    find_order(db, reference)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

pub(super) fn find_order(db: &Connection, reference: &str) -> rusqlite::Result<Option<Order>> {
    let mut select = db.prepare_cached(
        "select reference, asset, network, due, payment, status, state, version, dispute
         from orders where reference = ?1",
    )?;
    select.query_row([reference], read_order).optional()
}

fn read_order(row: &Row<'_>) -> rusqlite::Result<Order> {
    let (asset, network): (String, String) = (row.get(1)?, row.get(2)?);
    let Atoms(due) = row.get(3)?;
    Ok(Order {
        reference: row.get(0)?,
        rail: find_rail(&asset, &network).ok_or(rusqlite::Error::InvalidQuery)?,
        due,
        payment: row.get(4)?,
        status: row.get(5)?,
        state: row.get(6)?,
        version: row.get(7)?,
        dispute: row.get(8)?,
    })
}

/// Ties the payment that the service created to its order.
pub(super) fn bind(db: &Connection, reference: &str, payment: &str) -> rusqlite::Result<()> {
    let mut update = db.prepare_cached(
        "update orders set payment = ?2 where reference = ?1 and payment is null",
    )?;
    update.execute([reference, payment]).map(drop)
}

/// Closes an order whose payment the service refused to create.
pub(super) fn refuse(db: &Connection, reference: &str) -> rusqlite::Result<()> {
    let mut update = db.prepare_cached(
        "update orders set state = 'cancelled' where reference = ?1 and payment is null",
    )?;
    update.execute([reference]).map(drop)
}

/// References of this account's orders whose payment may still move.
pub(super) fn open_references(
    db: &Connection,
    account: &str,
    after: i64,
    fault: Option<Fault>,
) -> rusqlite::Result<Vec<String>> {
    // Planted (RECON-02) needs the settled ones as well: it trusts nothing but its own bookings.
    let all = fault == Some(Fault::RecoveryBooksAgain);
    let mut select = db.prepare_cached(
        "select reference from orders where account = ?1 and (?2 or (status <> 'settled'
         and not (payment is null and state = 'cancelled'))) and rowid > ?3 order by reference",
    )?;
    select.query_map(params![account, all, after], |row| row.get(0))?.collect()
}

pub(super) fn has_event(db: &Connection, id: &str) -> rusqlite::Result<bool> {
    db.prepare_cached("select 1 from events where id = ?1")?.exists([id])
}

/// Whether money of this payment has been announced before.
pub(super) fn has_money_event(db: &Connection, payment: &str) -> rusqlite::Result<bool> {
    let mut select = db.prepare_cached(
        "select 1 from events where payment = ?1 and kind in
         ('payment.paid', 'payment.overpaid', 'payment.confirmed', 'payment.settled')",
    )?;
    select.exists([payment])
}

/// Puts an event into the inbox.
pub(super) fn keep_event(
    db: &Connection,
    event: &Event,
    payment: &Payment,
    body: &str,
    applied: bool,
) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "insert or ignore into events (id, kind, payment, applied, body)
         values (?1, ?2, ?3, ?4, ?5)",
    )?;
    insert.execute(params![event.id, event.kind, payment.id, applied, body]).map(drop)
}

/// The events of a payment that could not be applied yet.
pub(super) fn waiting_events(db: &Connection, payment: &str) -> rusqlite::Result<Vec<String>> {
    let mut select =
        db.prepare_cached("select body from events where payment = ?1 and applied = 0")?;
    select.query_map([payment], |row| row.get(0))?.collect()
}

pub(super) fn set_applied(db: &Connection, event: &str) -> rusqlite::Result<()> {
    db.prepare_cached("update events set applied = 1 where id = ?1")?.execute([event]).map(drop)
}

/// What stands in the books for a payment.
pub(super) fn booked(
    db: &Connection,
    payment: &str,
    cause: Cause<'_>,
    fault: Option<Fault>,
) -> rusqlite::Result<Booked> {
    let mut booked =
        Booked { credited: is_credited(db, payment, cause, fault)?, ..Booked::default() };
    let mut select = db.prepare_cached("select kind, atoms from postings where payment = ?1")?;
    let mut rows = select.query([payment])?;
    while let Some(row) = rows.next()? {
        let (kind, Atoms(atoms)): (String, Atoms) = (row.get(0)?, row.get(1)?);
        let sum = match kind.as_str() {
            "credit" => &mut booked.credits,
            "reversal" => &mut booked.reversals,
            _ => &mut booked.refunded,
        };
        *sum = sum.saturating_add(atoms);
    }
    Ok(booked)
}

/// Whether a payment has been booked before. Five of the defects overlook that it has.
fn is_credited(
    db: &Connection,
    payment: &str,
    cause: Cause<'_>,
    fault: Option<Fault>,
) -> rusqlite::Result<bool> {
    let overlooked = match fault {
        // Whatever is delivered again is booked again.
        Some(Fault::NoDuplicateCheck | Fault::DuplicatesInMemory) => {
            Some("select 1 from events where payment = ?1 and id = ?2 and kind = ?3 and applied")
        }
        // So is what is announced again, under whichever id.
        Some(Fault::EventIdOnly) => {
            Some("select 1 from events where payment = ?1 and id <> ?2 and kind = ?3 and applied")
        }
        // Each status with money is booked once.
        Some(Fault::CreditPerStatus)
            if ["payment.confirmed", "payment.settled"].contains(&cause.kind) =>
        {
            Some(
                "select 1 where ?2 <> '' and not exists (select 1 from postings
             where payment = ?1 and cause_kind = ?3)",
            )
        }
        // Reconciliation believes only in what it has booked itself.
        Some(Fault::RecoveryBooksAgain) if cause.kind == RECONCILIATION.kind => Some(
            "select 1 where not exists (select 1 from postings
             where payment = ?1 and cause = ?2 and cause_kind = ?3)",
        ),
        _ => None,
    };
    if let Some(sql) = overlooked
        && db.prepare_cached(sql)?.exists([payment, cause.id, cause.kind])?
    {
        return Ok(false);
    }
    db.prepare_cached("select 1 from postings where payment = ?1 and kind = 'credit'")?
        .exists([payment])
}

/// Carries out a change, every part of it.
pub(super) fn apply(
    db: &Connection,
    order: &Order,
    payment: &Payment,
    change: &Change,
    cause: Cause<'_>,
) -> rusqlite::Result<()> {
    let reference = &order.reference;
    let ships = !change.credits.is_empty();
    let mut update = db.prepare_cached(
        "update orders set status = ?2, state = ?3, fulfilments = fulfilments + ?4, version = ?5,
         dispute = ?6 where reference = ?1",
    )?;
    let (status, state) = (change.status.word(), change.state.word());
    update.execute(params![reference, status, state, ships, change.version, change.dispute])?;
    let credits = change.credits.iter().map(|atoms| ("credit", *atoms));
    let back = [("reversal", change.reversal), ("refund", change.refund)];
    for (kind, atoms) in credits.chain(back.into_iter().filter(|(_, atoms)| *atoms > 0)) {
        let mut insert = db.prepare_cached(
            "insert into postings (reference, payment, kind, atoms, cause, cause_kind)
             values (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let atoms = atoms.to_string();
        insert.execute([reference, &payment.id, kind, &atoms, cause.id, cause.kind])?;
    }
    for (classes, is_open) in [(&change.closes, false), (&change.opens, true)] {
        for class in classes {
            set_exception(db, reference, class.word(), &payment.id, is_open)?;
        }
    }
    Ok(())
}

fn set_exception(
    db: &Connection,
    reference: &str,
    class: &str,
    payment: &str,
    is_open: bool,
) -> rusqlite::Result<()> {
    // What was never opened needs no closing.
    let sql = if is_open {
        "insert into exceptions (reference, class, payment, is_open) values (?1, ?2, ?3, 1)
         on conflict do update set is_open = 1"
    } else {
        "update exceptions set is_open = 0 where reference = ?1 and class = ?2 and payment = ?3"
    };
    db.prepare_cached(sql)?.execute([reference, class, payment]).map(drop)
}

/// Atoms as the file keeps them.
pub(super) struct Atoms(pub u128);

impl FromSql for Atoms {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(|_| FromSqlError::InvalidType)
    }
}

impl FromSql for DisputeEnd {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_word(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for DisputeEnd {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for Status {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_word(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_word(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}
