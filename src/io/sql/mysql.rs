//! MySQL and MariaDB: a pool for each address and purpose.

use std::collections::BTreeMap;

use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::prelude::Queryable;
use mysql_async::{
    Column, Error, Opts, OptsBuilder, Params, Pool, PoolConstraints, PoolOpts, Row, Value as Cell,
};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::{Purpose, STATEMENT, Statement, inexact, kept, push, unknown, wanted};

/// How many connections at a time: a shop's database has to serve the shop as well.
const CONNECTIONS_MAX: usize = 4;

/// The collation of what is no text.
const BINARY: u16 = 63;

/// Pools by address and purpose.
#[derive(Default)]
pub(super) struct Pools(Mutex<BTreeMap<(String, Purpose), Pool>>);

impl Pools {
    pub(super) async fn rows(&self, statement: &Statement) -> Result<Value, String> {
        let pool = self.pool(&statement.url, statement.purpose).await?;
        let mut connection = pool.get_conn().await.map_err(in_words)?;
        let args = statement.args.iter().map(|arg| Cell::Bytes(arg.as_bytes().to_vec()));
        let args = match args.collect::<Vec<_>>() {
            args if args.is_empty() => Params::Empty,
            args => Params::Positional(args),
        };
        let mut answer = connection.exec_iter(&statement.text, args).await.map_err(in_words)?;
        let columns = answer.columns().unwrap_or_default();
        let names: Vec<String> = columns.iter().map(|c| c.name_str().into_owned()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let wanted = wanted(&names, statement)?;
        let mut rows = Vec::new();
        while let Some(mut row) = answer.next().await.map_err(in_words)? {
            let mut object = Map::new();
            for (at, name) in &wanted {
                let value = kept(value(&mut row, &columns[*at], *at, name), statement)?;
                object.insert((*name).to_owned(), value);
            }
            push(&mut rows, object)?;
        }
        Ok(Value::Array(rows))
    }

    async fn pool(&self, url: &str, purpose: Purpose) -> Result<Pool, String> {
        let mut pools = self.0.lock().await;
        let key = (url.to_owned(), purpose);
        if let Some(pool) = pools.get(&key) {
            return Ok(pool.clone());
        }
        let (_, rest) = url.split_once(':').unwrap_or_default();
        let opts = Opts::from_url(&format!("mysql:{rest}"))
            .map_err(|error| format!("its address cannot be read: {error}"))?;
        let constraints = PoolConstraints::new(0, CONNECTIONS_MAX).unwrap_or_default();
        // Each of the two has a limit of its own, and comments that only it reads.
        let (s, ms) = (STATEMENT.as_secs(), STATEMENT.as_millis());
        let limits = format!(
            "set session innodb_lock_wait_timeout = {s} /*!50708 , max_execution_time = {ms} */ \
             /*M! , max_statement_time = {s} */"
        );
        let mut setup = vec![limits];
        if purpose == Purpose::Look {
            setup.push("set session transaction read only".to_owned());
        }
        let opts = OptsBuilder::from_opts(opts)
            .pool_opts(PoolOpts::default().with_constraints(constraints))
            .setup(setup);
        let pool = Pool::new(opts);
        pools.insert(key, pool.clone());
        Ok(pool)
    }
}

/// What the server says, or why it says nothing.
fn in_words(error: Error) -> String {
    match error {
        Error::Server(told) => told.message,
        other => other.to_string(),
    }
}

fn value(row: &mut Row, column: &Column, at: usize, name: &str) -> Result<Value, String> {
    use ColumnType::*;
    let cell = row.take::<Cell, usize>(at).unwrap_or(Cell::NULL);
    match cell {
        Cell::NULL => Ok(Value::Null),
        Cell::Int(number) => Ok(Value::from(number)),
        Cell::UInt(number) => Ok(Value::from(number)),
        Cell::Float(_) | Cell::Double(_) => Err(inexact(name, "a float")),
        Cell::Date(..) | Cell::Time(..) => Err(unknown(name, "a time")),
        Cell::Bytes(bytes) => {
            let text = String::from_utf8(bytes).map_err(|_| unknown(name, "binary"))?;
            match column.column_type() {
                MYSQL_TYPE_JSON => {
                    serde_json::from_str(&text).map_err(|_| unknown(name, "no JSON"))
                }
                MYSQL_TYPE_DECIMAL | MYSQL_TYPE_NEWDECIMAL => Ok(Value::from(text)),
                _ if is_binary(column) => Err(unknown(name, "binary")),
                _ => Ok(Value::from(text)),
            }
        }
    }
}

fn is_binary(column: &Column) -> bool {
    column.character_set() == BINARY && column.flags().contains(ColumnFlags::BINARY_FLAG)
}
