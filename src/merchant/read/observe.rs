//! `observe`: where the merchant's state is read, and its words for postings and exceptions.

use std::collections::BTreeMap;

use super::drive::headers_of;
use super::lifecycle::words_to;
use super::text::{Texts, check_path};
use crate::input::{Cursor, Fields, Value};
use crate::merchant::profile::{Mapping, Observe, Probe};
use crate::model::{ExceptionClass, PostingKind};

const LATER: &[(&str, &str)] = &[
    ("logs", "the line left out; the output of a started merchant is kept anyway"),
    ("metrics", "the line left out; the rules that need it stay not testable"),
    ("pages", "the line left out; the rules that need it stay not testable"),
];

const PROBES_LATER: &[(&str, &str)] = &[("sql", "`http`"), ("exec", "`http`")];

/// One kind of probe: its name, the fields that it may and must map, and its further keys.
struct Shape {
    fields: &'static [&'static str],
    needed: &'static [&'static str],
    keys: &'static [&'static str],
}

const ORDER: Shape = Shape {
    fields: &["state", "fulfilments", "payments", "reference"],
    needed: &["state"],
    keys: &["http", "each", "map"],
};

const LEDGER: Shape = Shape {
    fields: &["id", "kind", "amount", "asset", "payment", "reference"],
    needed: &["kind", "amount", "asset"],
    keys: &["http", "each", "map", "kinds", "unit", "credit"],
};

const EXCEPTIONS: Shape = Shape {
    fields: &["class", "payment", "reference"],
    needed: &["class"],
    keys: &["http", "each", "map", "classes"],
};

pub(super) fn read(cursor: &Cursor<'_>, texts: &Texts<'_>) -> Observe {
    let fields = cursor.fields_but(&["order", "ledger", "exceptions"], LATER);
    let order = fields.need("order").map(|cursor| probe(&cursor, &ORDER, texts));
    let empty = || Probe {
        path: String::new(),
        headers: BTreeMap::new(),
        each: None,
        map: Mapping::default(),
    };
    Observe {
        order: order.unwrap_or_else(empty),
        ledger: fields.get("ledger").map(|cursor| probe(&cursor, &LEDGER, texts)),
        exceptions: fields.get("exceptions").map(|cursor| probe(&cursor, &EXCEPTIONS, texts)),
    }
}

fn probe(cursor: &Cursor<'_>, shape: &Shape, texts: &Texts<'_>) -> Probe {
    let fields = cursor.fields_but(shape.keys, PROBES_LATER);
    let other = PROBES_LATER.iter().any(|(key, _)| fields.get(key).is_some());
    let http = if other { fields.get("http") } else { fields.need("http") };
    let map = fields.need("map").map(|cursor| map(&cursor, shape)).unwrap_or_default();
    let (path, headers) = match &http {
        Some(http) => request(http, map.contains_key("reference"), texts),
        None => Default::default(),
    };
    only(&fields, "unit", "asset");
    only(&fields, "credit", "gross");
    let kinds = fields
        .get("kinds")
        .map(|cursor| words_to(&cursor, "posting kind", PostingKind::ALL, PostingKind::as_str));
    let classes = fields.get("classes").map(|cursor| {
        words_to(&cursor, "exception class", ExceptionClass::ALL, ExceptionClass::as_str)
    });
    Probe {
        path,
        headers,
        each: fields.get("each").and_then(|cursor| pointer(&cursor)),
        map: Mapping {
            fields: map,
            kinds: kinds.unwrap_or_default(),
            classes: classes.unwrap_or_default(),
        },
    }
}

/// Path and headers of a GET.
fn request(
    cursor: &Cursor<'_>,
    names_reference: bool,
    texts: &Texts<'_>,
) -> (String, BTreeMap<String, String>) {
    let fields = cursor.fields(&["path", "headers"]);
    let headers = fields.get("headers").map(|cursor| headers_of(&cursor, texts, &[]));
    let path = fields.need("path").and_then(|cursor| {
        let path = texts.template(&cursor, &["reference"])?;
        check_path(&cursor, &path);
        if !path.contains("{reference}") && !names_reference {
            let problem = format!("`{path}` answers alike for every order");
            let expected = "`{reference}` in the path, or `map.reference` to tell orders apart";
            cursor.fault(problem, expected);
        }
        Some(path)
    });
    (path.unwrap_or_default(), headers.unwrap_or_default())
}

fn map(cursor: &Cursor<'_>, shape: &Shape) -> BTreeMap<String, String> {
    let fields: Fields<'_> = cursor.fields(shape.fields);
    for needed in shape.needed {
        let _ = fields.need(needed);
    }
    let set = shape.fields.iter().filter_map(|field| Some((*field, fields.get(field)?)));
    set.filter_map(|(field, cursor)| Some((field.to_owned(), pointer(&cursor)?))).collect()
}

/// A JSON pointer.
fn pointer(cursor: &Cursor<'_>) -> Option<String> {
    let text = cursor.text()?;
    if !text.starts_with('/') {
        let expected = format!("a JSON pointer: /{}", text.replace('.', "/"));
        cursor.fault(format!("`{text}` is no JSON pointer"), expected);
        return None;
    }
    Some(text.to_owned())
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
