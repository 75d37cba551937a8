//! The merchant's databases, as the profile names them: looked at in read-only transactions with a
//! time limit, changed where a verb is driven by a statement.
//!
//! Values are bound by the database, never spliced into the text. Rows become JSON: text stays
//! text, an exact decimal becomes a decimal string, a float is refused.

mod mysql;
mod postgres;
mod sqlite;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::merchant::sql::Database;

/// How long a database may work on one statement: looks are many, and must be cheap.
const STATEMENT: Duration = Duration::from_secs(5);
/// How long we wait, connecting included: longer, so that the database tells first what it was.
const PATIENCE: Duration = Duration::from_secs(8);
/// More rows are a query that forgot its condition.
const ROWS_MAX: usize = 10_000;

/// Whether a statement may change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// A look: read-only.
    Look,
    /// A drive.
    Change,
}

/// A statement, filled in.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Where the database is.
    pub url: String,
    /// The text.
    pub text: String,
    /// What is bound in it.
    pub args: Vec<String>,
    /// The columns that are needed; none: all that can be read.
    pub columns: Option<Vec<String>>,
    /// Whether it may change something.
    pub purpose: Purpose,
}

/// Connections to the databases of a run; closed when it is dropped, and with them whatever they
/// had begun.
pub(super) struct Databases {
    folder: PathBuf,
    postgres: postgres::Clients,
    mysql: mysql::Pools,
}

impl Databases {
    /// None connected yet. Relative paths of files start in `folder`.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, postgres: postgres::Clients::default(), mysql: mysql::Pools::default() }
    }

    /// The rows of a statement, as a list of objects.
    ///
    /// # Errors
    /// No connection, a refusal of the database, a column that is missing or inexact, too much
    /// time or too many rows: in words, without the address, which may hold a password.
    pub(super) async fn rows(&self, statement: Statement) -> Result<Value, String> {
        let working = async {
            match Database::of(&statement.url) {
                Some(Database::Postgres) => self.postgres.rows(&statement).await,
                Some(Database::MySql) => self.mysql.rows(&statement).await,
                Some(Database::Sqlite) => sqlite::rows(&self.folder, statement).await,
                None => Err("its address names no kind of database".to_owned()),
            }
        };
        let worked = tokio::time::timeout(PATIENCE, working).await;
        worked.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
    }
}

/// Which columns of an answer are read: position and name. `found` are those that it has.
fn wanted<'f>(found: &[&'f str], statement: &Statement) -> Result<Vec<(usize, &'f str)>, String> {
    let numbered = found.iter().copied().enumerate();
    let Some(columns) = &statement.columns else { return Ok(numbered.collect()) };
    for column in columns {
        match found.iter().filter(|name| *name == column).count() {
            1 => {}
            0 => {
                let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
                return Err(format!("there is no column `{column}`; the query answers {found}"));
            }
            _ => return Err(format!("column `{column}` stands twice; name it with `as`")),
        }
    }
    Ok(numbered.filter(|(_, name)| columns.iter().any(|column| column == name)).collect())
}

/// The fault of a column that cannot be read exactly.
fn inexact(column: &str, kind: &str) -> String {
    format!(
        "column `{column}` is {kind}, which cannot hold money exactly; keep it as numeric, or as \
         text"
    )
}

/// The fault of a column that has no plain form.
fn unknown(column: &str, kind: &str) -> String {
    format!("column `{column}` is {kind}, which is not read; cast it to text in the query")
}

/// A value that could be read, or nothing where it was not asked for.
fn kept(value: Result<Value, String>, statement: &Statement) -> Result<Value, String> {
    match (value, &statement.columns) {
        (Err(_), None) => Ok(Value::Null),
        (value, _) => value,
    }
}

/// One row more, where there is room.
fn push(rows: &mut Vec<Value>, row: Map<String, Value>) -> Result<(), String> {
    if rows.len() == ROWS_MAX {
        return Err(format!("more than {ROWS_MAX} rows; give the query a condition"));
    }
    rows.push(Value::Object(row));
    Ok(())
}
