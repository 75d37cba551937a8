//! Reads schemes from YAML: every word of the grammar is checked, and whether the parts fit.
//!
//! Knows the notation; what the words mean is said in `scheme`.

use crate::input::{Cursor, Faults, Fields, InputErrors, parse_yaml};
use crate::model::Span;

use super::encoding::{ENCODINGS, Encoding};
use super::input::{DIRECTIONS, Direction, Input, Location, Stamp, UNITS};
use super::scheme::{KEY_FORMS, Key, KeyForm, KeyId, METHODS, Method, Scheme, Signature};
use super::template::Template;

const SCHEME_KEYS: &[&str] =
    &["like", "key", "each", "id", "delivery", "ts", "vars", "sig", "sign"];
const INPUT_KEYS: &[&str] = &["at", "split", "tag", "after", "required"];
const STAMP_KEYS: &[&str] =
    &["at", "split", "tag", "after", "required", "unit", "tolerance", "direction"];
const SIG_KEYS: &[&str] = &["at", "split", "tag", "after", "required", "encoding", "fold_case"];
/// All schemes of a file, in its order. A scheme may be `like` one that stands above it.
///
/// # Errors
/// All faults of the file at once.
pub(super) fn read(text: &str, file: &str) -> Result<Vec<Scheme>, InputErrors> {
    let root = parse_yaml(text, file)?;
    let faults = Faults::new(file);
    let mut schemes: Vec<Scheme> = Vec::new();
    if let Some(rows) = Cursor::root(&root, &faults).fields(&["schemes"]).need("schemes") {
        for (name, row) in rows.entries() {
            if let Some(scheme) = scheme(name, &row, &schemes) {
                schemes.push(scheme);
            }
        }
    }
    faults.finish(Some(schemes))
}

fn scheme(name: &str, row: &Cursor, above: &[Scheme]) -> Option<Scheme> {
    let fields = row.fields(SCHEME_KEYS);
    let mut scheme = match fields.get("like") {
        Some(like) => like_one_above(&like, above)?,
        None => Scheme {
            name: String::new(),
            key: key(&fields.need("key")?)?,
            each: None,
            id: None,
            delivery: None,
            ts: None,
            var: None,
            sig: None,
            sign: None,
        },
    };
    name.clone_into(&mut scheme.name);
    if let Some(cursor) = fields.get("key") {
        scheme.key = key(&cursor)?;
    }
    let plain = |key| fields.get(key).map(|cursor| input(&cursor.fields(INPUT_KEYS)));
    if let Some(id) = plain("id") {
        scheme.id = Some(id?);
    }
    if let Some(delivery) = plain("delivery") {
        scheme.delivery = Some(delivery?);
    }
    if let Some(cursor) = fields.get("ts") {
        scheme.ts = Some(stamp(&cursor.fields(STAMP_KEYS))?);
    }
    if let Some(cursor) = fields.get("sig") {
        scheme.sig = Some(signature(&cursor.fields(SIG_KEYS))?);
    }
    if let Some(cursor) = fields.get("vars") {
        for (name, var) in cursor.entries() {
            scheme.var = Some((name.to_owned(), input(&var.fields(INPUT_KEYS))?));
        }
    }
    if let Some(cursor) = fields.get("each") {
        scheme.each = Some(cursor.text()?.to_owned());
    }
    if let Some(cursor) = fields.get("sign") {
        let var = scheme.var.as_ref().map(|(name, _)| name.as_str());
        scheme.sign = Some(template(&cursor, var)?);
    }
    is_whole(&scheme, row).then_some(scheme)
}

/// Whether a scheme has the parts that its method works with.
fn is_whole(scheme: &Scheme, row: &Cursor) -> bool {
    let lacks = match scheme.key.method {
        Method::Nothing => None,
        _ if scheme.sig.is_none() => Some("sig"),
        Method::Mac(_) | Method::Pair(_) if scheme.sign.is_none() => Some("sign"),
        Method::Mac(_) | Method::Pair(_) | Method::Token => None,
    };
    if let Some(lacks) = lacks {
        row.fault(format!("`{}` has no `{lacks}`", scheme.name), "a signature and what it signs");
    }
    lacks.is_none()
}

fn like_one_above(like: &Cursor, above: &[Scheme]) -> Option<Scheme> {
    let names: Vec<_> = above.iter().map(Scheme::name).collect();
    let wanted = like.word("scheme that stands above", &names)?;
    above.iter().find(|scheme| scheme.name == wanted).cloned()
}

fn key(cursor: &Cursor) -> Option<Key> {
    let fields = cursor.fields(&["use", "decode", "strip", "by", "then"]);
    let method = choose(&fields.need("use")?, "algorithm", METHODS)?;
    let form = match fields.get("decode") {
        Some(decode) => choose(&decode, "form of a key", KEY_FORMS)?,
        None => KeyForm::Utf8,
    };
    let by = match fields.get("by") {
        Some(by) => Some(key_id(&by)?),
        None => None,
    };
    if let Some(then) = fields.get("then") {
        then.word("way to go on", &["refetch"])?;
    }
    let strip = match fields.get("strip") {
        Some(strip) => strip.text()?.to_owned(),
        None => String::new(),
    };
    Some(Key { method, form, strip, by })
}

fn key_id(cursor: &Cursor) -> Option<KeyId> {
    let text = cursor.text()?;
    match text.split_once(':') {
        Some(("header", name)) => Some(KeyId::Header(name.to_ascii_lowercase())),
        None if text == "jws-kid" => Some(KeyId::Jws),
        _ => {
            let expected = "header:<name> or jws-kid";
            cursor.fault(format!("`{text}` is no place of a key id"), expected);
            None
        }
    }
}

fn input(fields: &Fields) -> Option<Input> {
    let text = |key| match fields.get(key) {
        Some(cursor) => cursor.text().map(|text| Some(text.to_owned())),
        None => Some(None),
    };
    Some(Input {
        at: location(&fields.need("at")?)?,
        split: separator(fields)?,
        tag: text("tag")?.unwrap_or_default(),
        after: text("after")?,
        required: flag(fields, "required", true)?,
    })
}

fn separator(fields: &Fields) -> Option<Option<char>> {
    let Some(cursor) = fields.get("split") else { return Some(None) };
    let text = cursor.text()?;
    let mut chars = text.chars();
    if let (Some(separator), None) = (chars.next(), chars.next()) {
        return Some(Some(separator));
    }
    cursor.fault(format!("`{text}` is no separator"), "one character");
    None
}

fn stamp(fields: &Fields) -> Option<Stamp> {
    let tolerance = match fields.get("tolerance") {
        Some(cursor) => Some(Span::from_s(cursor.number()?)),
        None => None,
    };
    let direction = match fields.get("direction") {
        Some(cursor) => choose(&cursor, "direction", DIRECTIONS)?,
        None => Direction::Both,
    };
    let unit = choose(&fields.need("unit")?, "unit", UNITS)?;
    Some(Stamp { input: input(fields)?, unit, tolerance, direction })
}

fn signature(fields: &Fields) -> Option<Signature> {
    let encoding = match fields.get("encoding") {
        Some(cursor) => choose(&cursor, "encoding", ENCODINGS)?,
        None => Encoding::Plain,
    };
    Some(Signature {
        input: input(fields)?,
        encoding,
        fold_case: flag(fields, "fold_case", false)?,
    })
}

fn flag(fields: &Fields, key: &str, default: bool) -> Option<bool> {
    fields.get(key).map_or(Some(default), |cursor| cursor.bool())
}

fn location(cursor: &Cursor) -> Option<Location> {
    let text = cursor.text()?;
    match text.split_once(':') {
        None if text == "none" => return Some(Location::Nowhere),
        Some(("header", name)) => return Some(Location::Header(name.to_ascii_lowercase())),
        Some(("json", pointer)) => return Some(Location::Json(pointer.to_owned())),
        Some(("form", name)) => return Some(Location::Form(name.to_owned())),
        _ => {}
    }
    let expected = "header:<name>, json:<pointer>, form:<name> or none";
    cursor.fault(format!("`{text}` is no place of an input"), expected);
    None
}

fn template(cursor: &Cursor, var: Option<&str>) -> Option<Template> {
    let expected = "text and parts such as {id}, {ts} and {body}, each closed by `}`";
    match Template::parse(cursor.text()?, var) {
        Ok(template) => Some(template),
        Err(problem) => {
            cursor.fault(problem, expected);
            None
        }
    }
}

/// The row of a table that a word names.
fn choose<T: Copy>(cursor: &Cursor, what: &str, table: &[(&str, T)]) -> Option<T> {
    let words: Vec<_> = table.iter().map(|(word, _)| *word).collect();
    let word = cursor.word(what, &words)?;
    table.iter().find(|(w, _)| *w == word).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_of_a_file_are_told_with_their_places() {
        let text = "\
schemes:
  one:
    key: {use: hmac-sha265, decode: utf8}
  two:
    key: {use: hmac-sha256, decode: rot13}
  three:
    like: on
  four:
    key: {use: hmac-sha256, decode: utf8}
    id: {at: cookie:x}
  five:
    key: {use: hmac-sha256, decode: utf8}
    sign: \"{ts}.{body\"
  six:
    key: {use: hmac-sha256, decode: utf8}
    sig: {at: header:x, split: ', ', encoding: hex}
";
        let faults = read(text, "own.yaml").unwrap_err().to_string();
        for expected in [
            "own.yaml:3:16: `hmac-sha265` is no algorithm",
            "did you mean: hmac-sha256",
            "own.yaml:5:37: `rot13` is no form of a key",
            "own.yaml:7:11: `on` is no scheme that stands above",
            "own.yaml:10:14: `cookie:x` is no place of an input",
            "own.yaml:13:11: `{ts}.{body` opens a brace that it does not close",
            "own.yaml:16:32: `, ` is no separator",
        ] {
            assert!(faults.contains(expected), "{expected}\n---\n{faults}");
        }
    }
}
