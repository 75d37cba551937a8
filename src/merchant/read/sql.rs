//! A statement of SQL: its database, its text, what is bound in it.

use super::text::Texts;
use crate::input::{Cursor, nearest};
use crate::merchant::drive::SqlTemplate;
use crate::merchant::sql::{Database, SCHEMES};
use crate::merchant::template::{RUN_PLACEHOLDERS, placeholders};

/// `key` is what the text stands under: `query`, or `statement` where something is changed.
pub(super) fn read(
    cursor: &Cursor<'_>,
    key: &str,
    texts: &Texts<'_>,
    valid: &[&str],
) -> Option<SqlTemplate> {
    let fields = cursor.fields(&["url", key, "args"]);
    let url = fields.need("url");
    let text = fields.need(key);
    let args = fields.get("args").map(|cursor| {
        let items = cursor.items().into_iter();
        items.map(|item| texts.template(&item, valid)).collect::<Option<Vec<_>>>()
    });
    let url_text = texts.template(url.as_ref()?, RUN_PLACEHOLDERS)?;
    let database = database(url.as_ref()?, &url_text)?;
    let text = text?;
    let statement = text.text()?;
    if let Some(spliced) = placeholders(statement).into_iter().find(|name| valid.contains(name)) {
        let problem = format!("`{{{spliced}}}` is not filled into SQL: values are bound");
        let mark = if database == Database::Postgres { "$1" } else { "?" };
        text.fault(problem, format!("{mark} in its place, and the value in `args`"));
        return None;
    }
    let wanted = database.parameters(statement);
    let args = match args {
        Some(args) => args?,
        // A probe asks for one order, so one value needs no further word.
        None if key == "query" && wanted == 1 => vec!["{reference}".to_owned()],
        None => Vec::new(),
    };
    if args.len() != wanted {
        let problem =
            format!("`{}` binds {wanted} values and is given {}", text.name(), args.len());
        text.fault(problem, format!("`args` with {wanted} values"));
    }
    Some(SqlTemplate { url: url_text, statement: statement.to_owned(), args })
}

/// The database of an address; the address itself is not repeated, it may hold a password.
fn database(cursor: &Cursor<'_>, url: &str) -> Option<Database> {
    let known = Database::of(url);
    if known.is_none() {
        let schemes = SCHEMES.iter().map(|(scheme, _)| *scheme);
        let found = url.split_once(':').map(|(scheme, _)| scheme);
        let problem = match found {
            Some(scheme) if scheme.len() < 20 => format!("`{scheme}` is no kind of database"),
            _ => format!("`{}` is no address of a database", cursor.name()),
        };
        let expected = match found.and_then(|scheme| nearest(scheme, schemes)) {
            Some(near) => format!("{near}:…"),
            None => "postgres://…, mysql://…, mariadb://… or sqlite:FILE".to_owned(),
        };
        cursor.fault(problem, expected);
    }
    known
}
