//! PostgreSQL. Arguments travel as text, so the server gives them the type that the query needs.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fmt::Write as _;

use serde_json::{Map, Value};
use tokio::sync::Mutex;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{Format, FromSql, IsNull, Kind, ToSql, Type};
use tokio_postgres::{Client, Config, Error, NoTls, Row};

use super::{Purpose, STATEMENT, Statement, inexact, kept, push, unknown, wanted};

/// Connections by address and purpose. Statements of one connection follow each other; whoever
/// looks does not wait for whoever changes something.
#[derive(Default)]
pub(super) struct Clients(Mutex<BTreeMap<(String, Purpose), std::sync::Arc<Client>>>);

impl Clients {
    pub(super) async fn rows(&self, statement: &Statement) -> Result<Value, String> {
        let client = self.client(&statement.url, statement.purpose).await?;
        let prepared = client.prepare(&statement.text).await.map_err(in_words)?;
        let names: Vec<&str> = prepared.columns().iter().map(|column| column.name()).collect();
        let wanted = wanted(&names, statement)?;
        let args: Vec<Text<'_>> = statement.args.iter().map(|arg| Text(arg)).collect();
        let args: Vec<&(dyn ToSql + Sync)> = args.iter().map(|arg| arg as _).collect();
        let answered = client.query(&prepared, &args).await.map_err(in_words)?;
        let mut rows = Vec::new();
        for row in answered {
            let mut object = Map::new();
            for (at, name) in &wanted {
                let value = kept(value(&row, *at, name), statement)?;
                object.insert((*name).to_owned(), value);
            }
            push(&mut rows, object)?;
        }
        Ok(Value::Array(rows))
    }

    /// A live connection. One that has broken, because the database was restarted, is replaced.
    async fn client(&self, url: &str, purpose: Purpose) -> Result<std::sync::Arc<Client>, String> {
        let mut clients = self.0.lock().await;
        let key = (url.to_owned(), purpose);
        if let Some(client) = clients.get(&key).filter(|client| !client.is_closed()) {
            return Ok(client.clone());
        }
        let mut config: Config = url.parse().map_err(|error: Error| {
            let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            format!("its address cannot be read: {why}")
        })?;
        config.application_name("countersign");
        let (client, connection) = config.connect(NoTls).await.map_err(in_words)?;
        // Ends with the client, and by any error; the next statement then says what is wrong.
        tokio::spawn(connection);
        let limit = STATEMENT.as_millis();
        let read_only = match purpose {
            Purpose::Look => "set session characteristics as transaction read only; ",
            Purpose::Change => "",
        };
        let setup =
            format!("{read_only}set statement_timeout = {limit}; set lock_timeout = {limit}");
        client.batch_execute(&setup).await.map_err(in_words)?;
        let client = std::sync::Arc::new(client);
        clients.insert(key, client.clone());
        Ok(client)
    }
}

/// What the server says, or why it says nothing.
fn in_words(error: Error) -> String {
    if let Some(told) = error.as_db_error() {
        let detail = told.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
        return format!("{}{detail}", told.message());
    }
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

/// An argument in the notation of the type that the server wants.
#[derive(Debug)]
struct Text<'a>(&'a str);

impl ToSql for Text<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    tokio_postgres::types::to_sql_checked!();
}

/// A value as it came.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn value(row: &Row, at: usize, name: &str) -> Result<Value, String> {
    let raw: Option<Raw<'_>> = row.try_get(at).map_err(in_words)?;
    let Some(Raw(raw)) = raw else { return Ok(Value::Null) };
    let mut kind = row.columns()[at].type_();
    while let Kind::Domain(inner) = kind.kind() {
        kind = inner;
    }
    let whole = |number: Option<i64>| number.map(Value::from).ok_or_else(|| unknown(name, "cut"));
    match *kind {
        Type::INT2 => whole(raw.try_into().ok().map(i16::from_be_bytes).map(i64::from)),
        Type::INT4 => whole(raw.try_into().ok().map(i32::from_be_bytes).map(i64::from)),
        Type::INT8 => whole(raw.try_into().ok().map(i64::from_be_bytes)),
        Type::BOOL => Ok(Value::from(raw == [1])),
        Type::NUMERIC => {
            numeric(raw).map(Value::from).ok_or_else(|| unknown(name, "no finite number"))
        }
        Type::UUID => Ok(Value::from(uuid(raw))),
        // `jsonb` has one byte for its version before the text.
        Type::JSON | Type::JSONB => {
            let text = if *kind == Type::JSONB { raw.get(1..).unwrap_or_default() } else { raw };
            serde_json::from_slice(text).map_err(|_| unknown(name, "no JSON"))
        }
        Type::FLOAT4 | Type::FLOAT8 => Err(inexact(name, kind.name())),
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY => {
            let texts: Vec<String> = row.try_get(at).map_err(in_words)?;
            Ok(Value::from(texts))
        }
        _ if is_text(kind) => {
            String::from_utf8(raw.to_vec()).map(Value::from).map_err(|_| unknown(name, "no text"))
        }
        _ => Err(unknown(name, kind.name())),
    }
}

fn is_text(kind: &Type) -> bool {
    let texts = [Type::TEXT, Type::VARCHAR, Type::BPCHAR, Type::NAME, Type::UNKNOWN];
    texts.contains(kind) || matches!(kind.kind(), Kind::Enum(_)) || kind.name() == "citext"
}

fn uuid(raw: &[u8]) -> String {
    let mut text = String::new();
    for (at, byte) in raw.iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            text.push('-');
        }
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The decimal notation of a `numeric`: groups of four digits before and after the point, as the
/// wire has them, with as many places as the column shows. None for what is no finite number.
fn numeric(raw: &[u8]) -> Option<String> {
    let mut words = raw.chunks_exact(2).map(|word| i16::from_be_bytes([word[0], word[1]]));
    let (count, weight) = (words.next()?, words.next()?);
    let (sign, scale) = (words.next()?, usize::try_from(words.next()?).ok()?);
    let groups: Vec<i16> = words.collect();
    if groups.len() != usize::try_from(count).ok()? {
        return None;
    }
    let minus = match sign.cast_unsigned() {
        0x0000 => "",
        0x4000 => "-",
        // Not a number, or without an end.
        _ => return None,
    };
    let group = |at: i32| {
        let index = usize::try_from(i32::from(weight) - at).ok();
        index.and_then(|index| groups.get(index)).copied().unwrap_or_default()
    };
    let mut whole: String =
        (0..=i32::from(weight)).rev().map(|at| format!("{:04}", group(at))).collect();
    whole = whole.trim_start_matches('0').to_owned();
    if whole.is_empty() {
        whole.push('0');
    }
    if scale == 0 {
        return Some(format!("{minus}{whole}"));
    }
    let places = i32::try_from(scale.div_ceil(4)).ok()?;
    let fraction: String = (1..=places).map(|at| format!("{:04}", group(-at))).collect();
    Some(format!("{minus}{whole}.{}", &fraction[..scale]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numeric_keeps_every_digit() {
        let cases: [(&[i16], Option<&str>); 9] = [
            (&[0, 0, 0, 0], Some("0")),
            (&[0, 0, 0, 2], Some("0.00")),
            (&[1, 0, 0, 2, 250], Some("250.00")),
            (&[2, 0, 0, 6, 1000, 1], Some("1000.0001")),
            (&[3, 1, 0, 1, 12, 3456, 5000], Some("123456.5")),
            (&[1, -1, 0, 2, 100], Some("0.01")),
            (&[1, -5, 0, 18, 100], Some("0.000000000000000001")),
            (&[1, 1, 0, 0, 5], Some("50000")),
            (&[0, 0, -0x4000, 0], None),
        ];
        for (words, expected) in cases {
            let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            let expected = expected.map(|text| match text {
                "1000.0001" => "1000.000100".to_owned(),
                text => text.to_owned(),
            });
            assert_eq!(numeric(&raw), expected, "{words:?}");
        }
        let minus: Vec<u8> =
            [1, 0, 0x4000, 1, 2, 5000_i16].iter().flat_map(|w| w.to_be_bytes()).collect();
        assert_eq!(numeric(&minus), None, "one group announced, two there");
    }
}
