//! Files of SQLite: opened for each statement, so that nothing holds up the merchant in between.

use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;

use super::{Purpose, STATEMENT, Statement, inexact, kept, push, unknown, wanted};

/// The rows of a statement; interrupted when its time is over.
pub(super) async fn rows(folder: &Path, statement: Statement) -> Result<Value, String> {
    let path = folder.join(file(&statement.url));
    let purpose = statement.purpose;
    let opened = on_a_thread(move || open(&path, purpose)).await?;
    let interrupt = opened.get_interrupt_handle();
    let working = on_a_thread(move || read(&opened, &statement));
    tokio::pin!(working);
    tokio::select! {
        rows = &mut working => rows,
        () = tokio::time::sleep(STATEMENT) => {
            interrupt.interrupt();
            working.await.map_err(|_| format!("not done within {} s", STATEMENT.as_secs()))
        }
    }
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    spawn_blocking(work).await.unwrap_or_else(|error| Err(error.to_string()))
}

/// The path in `sqlite:PATH` and `sqlite://PATH`; what follows a question mark is for others.
fn file(url: &str) -> PathBuf {
    let path = url.trim_start_matches("sqlite:");
    let path = path.strip_prefix("//").unwrap_or(path);
    PathBuf::from(path.split('?').next().unwrap_or(path))
}

fn open(path: &Path, purpose: Purpose) -> Result<Connection, String> {
    let access = match purpose {
        Purpose::Look => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Purpose::Change => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let in_words = |error: rusqlite::Error| format!("`{}`: {error}", path.display());
    let opened = Connection::open_with_flags(path, flags).map_err(in_words)?;
    opened.busy_timeout(STATEMENT).map_err(in_words)?;
    Ok(opened)
}

fn read(connection: &Connection, statement: &Statement) -> Result<Value, String> {
    let in_words = |error: rusqlite::Error| match error {
        rusqlite::Error::SqliteFailure(_, Some(told)) => told,
        other => other.to_string(),
    };
    let mut prepared = connection.prepare(&statement.text).map_err(in_words)?;
    let names: Vec<String> = prepared.column_names().map(str::to_owned).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let wanted = wanted(&names, statement)?;
    let mut answered = prepared.query(params_from_iter(&statement.args)).map_err(in_words)?;
    let mut rows = Vec::new();
    while let Some(row) = answered.next().map_err(in_words)? {
        let mut object = Map::new();
        for (at, name) in &wanted {
            let value = value(row.get_ref(*at).map_err(in_words)?, name);
            object.insert((*name).to_owned(), kept(value, statement)?);
        }
        push(&mut rows, object)?;
    }
    Ok(Value::Array(rows))
}

fn value(value: ValueRef<'_>, name: &str) -> Result<Value, String> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::from(number)),
        ValueRef::Real(_) => Err(inexact(name, "a float")),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|_| unknown(name, "no text"))?;
            Ok(Value::from(text))
        }
        ValueRef::Blob(_) => Err(unknown(name, "binary")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path() {
        let cases = [
            ("sqlite:shop.db", "shop.db"),
            ("sqlite:/var/shop.db", "/var/shop.db"),
            ("sqlite:///var/shop.db", "/var/shop.db"),
            ("sqlite://shop.db?mode=ro", "shop.db"),
        ];
        for (url, path) in cases {
            assert_eq!(file(url), Path::new(path), "{url}");
        }
    }
}
