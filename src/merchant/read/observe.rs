//! `observe`: where the merchant's state is read, and its words for postings and exceptions.

use std::collections::BTreeMap;

use super::drive::pointer;
use super::http::headers_of;
use super::lifecycle::words_to;
use super::sql;
use super::text::{Texts, check_path};
use crate::input::{Cursor, Fields, Value};
use crate::merchant::profile::{Look, Mapping, Observe, Probe};
use crate::merchant::template::RUN_PLACEHOLDERS;
use crate::model::{ExceptionClass, PostingKind};

const LATER: &[(&str, &str)] = &[
    ("logs", "the line left out; the output of a started merchant is kept anyway"),
    ("metrics", "the line left out; the rules that need it stay not testable"),
    ("pages", "the line left out; the rules that need it stay not testable"),
];

/// The ways to look; exactly one of them.
const WAYS: &[&str] = &["http", "sql", "exec"];

/// One kind of probe: its name, the fields that it may and must map, and its further keys.
struct Shape {
    fields: &'static [&'static str],
    needed: &'static [&'static str],
    keys: &'static [&'static str],
}

const ORDER: Shape = Shape {
    fields: &["state", "fulfilments", "payments", "reference"],
    needed: &["state"],
    keys: &["each", "map"],
};

const LEDGER: Shape = Shape {
    fields: &["id", "kind", "amount", "asset", "payment", "reference"],
    needed: &["kind", "amount", "asset"],
    keys: &["each", "map", "kinds", "unit", "credit"],
};

const EXCEPTIONS: Shape = Shape {
    fields: &["class", "payment", "reference"],
    needed: &["class"],
    keys: &["each", "map", "classes"],
};

pub(super) fn read(cursor: &Cursor<'_>, texts: &Texts<'_>) -> Observe {
    let fields = cursor.fields_but(&["order", "ledger", "exceptions"], LATER);
    let order = fields.need("order").map(|cursor| probe(&cursor, &ORDER, texts));
    let nowhere = Look::Http { path: String::new(), headers: BTreeMap::new() };
    let empty = || Probe { look: nowhere, each: None, map: Mapping::default() };
    Observe {
        order: order.unwrap_or_else(empty),
        ledger: fields.get("ledger").map(|cursor| probe(&cursor, &LEDGER, texts)),
        exceptions: fields.get("exceptions").map(|cursor| probe(&cursor, &EXCEPTIONS, texts)),
    }
}

fn probe(cursor: &Cursor<'_>, shape: &Shape, texts: &Texts<'_>) -> Probe {
    let fields = cursor.fields(&[WAYS, shape.keys].concat());
    let ways: Vec<Cursor<'_>> = WAYS.iter().filter_map(|way| fields.get(way)).collect();
    if let [_, second, ..] = ways.as_slice() {
        second.fault("a probe looks in one way", "one of `http`, `sql` and `exec`");
    }
    let is_sql = fields.get("sql").is_some();
    let map = fields.need("map").map(|cursor| map(&cursor, shape, is_sql)).unwrap_or_default();
    let look = match ways.first() {
        Some(way) => look(way, map.contains_key("reference"), texts),
        None => fields.need("http").and(None),
    };
    only(&fields, "unit", "asset");
    only(&fields, "credit", "gross");
    let kinds = fields
        .get("kinds")
        .map(|cursor| words_to(&cursor, "posting kind", PostingKind::ALL, PostingKind::as_str));
    let classes = fields.get("classes").map(|cursor| {
        words_to(&cursor, "exception class", ExceptionClass::ALL, ExceptionClass::as_str)
    });
    let each = fields.get("each");
    if let (true, Some(each)) = (is_sql, &each) {
        each.fault("rows of a query need no `each`", "the line left out");
    }
    let nowhere = Look::Http { path: String::new(), headers: BTreeMap::new() };
    Probe {
        look: look.unwrap_or(nowhere),
        each: each.and_then(|cursor| pointer(&cursor)),
        map: Mapping {
            fields: map,
            kinds: kinds.unwrap_or_default(),
            classes: classes.unwrap_or_default(),
        },
    }
}

/// How a probe looks. One that does not name the order must be able to tell orders apart.
fn look(way: &Cursor<'_>, maps_reference: bool, texts: &Texts<'_>) -> Option<Look> {
    let valid = [&["reference"], RUN_PLACEHOLDERS].concat();
    let look = match way.name().rsplit('.').next() {
        Some("sql") => Look::Sql(sql::read(way, "query", texts, &valid)?),
        Some("exec") => Look::Exec(texts.command(way, &valid)),
        _ => return request(way, maps_reference, texts),
    };
    if !look.names_order() && !maps_reference {
        let (what, place) = match &look {
            Look::Sql(_) => ("query", "`$1` or `?` in it"),
            Look::Exec(_) | Look::Http { .. } => ("command", "`\"{reference}\"` among its words"),
        };
        let expected = format!("{place}, or `map.reference` to tell orders apart");
        way.fault(format!("this {what} answers alike for every order"), expected);
    }
    Some(look)
}

/// Path and headers of a GET.
fn request(cursor: &Cursor<'_>, maps_reference: bool, texts: &Texts<'_>) -> Option<Look> {
    let fields = cursor.fields(&["path", "headers"]);
    let headers = fields.get("headers").map(|cursor| headers_of(&cursor, texts, &[]));
    let path = fields.need("path").and_then(|cursor| {
        let path = texts.template(&cursor, &["reference"])?;
        check_path(&cursor, &path);
        if !path.contains("{reference}") && !maps_reference {
            let problem = format!("`{path}` answers alike for every order");
            let expected = "`{reference}` in the path, or `map.reference` to tell orders apart";
            cursor.fault(problem, expected);
        }
        Some(path)
    });
    Some(Look::Http { path: path?, headers: headers.unwrap_or_default() })
}

fn map(cursor: &Cursor<'_>, shape: &Shape, is_sql: bool) -> BTreeMap<String, String> {
    let fields: Fields<'_> = cursor.fields(shape.fields);
    for needed in shape.needed {
        let _ = fields.need(needed);
    }
    let place = |cursor: &Cursor<'_>| if is_sql { column(cursor) } else { pointer(cursor) };
    let set = shape.fields.iter().filter_map(|field| Some((*field, fields.get(field)?)));
    set.filter_map(|(field, cursor)| Some((field.to_owned(), place(&cursor)?))).collect()
}

/// A column of a row, as the pointer to it.
fn column(cursor: &Cursor<'_>) -> Option<String> {
    let text = cursor.text()?;
    if let Some(name) = text.strip_prefix('/') {
        cursor.fault(format!("`{text}` is a JSON pointer, and a row has columns"), name);
        return None;
    }
    Some(format!("/{}", text.replace('~', "~0").replace('/', "~1")))
}

/// A choice of which this version knows only the default.
fn only(fields: &Fields<'_>, key: &str, default: &str) {
    let Some(cursor) = fields.get(key) else { return };
    match &cursor.node().value {
        Value::Scalar { text, .. } if text == default => {}
        _ => {
            let problem = format!("`{}` is fixed in this version", cursor.name());
            cursor.fault(problem, default);
        }
    }
}
