//! What can be known of a statement of SQL without a database: which kind of database it is for,
//! and how many values are bound in it.

/// The databases that can be spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// PostgreSQL, and what speaks its protocol.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// A file of SQLite.
    Sqlite,
}

/// Schemes of addresses, each with its database.
pub const SCHEMES: &[(&str, Database)] = &[
    ("postgres", Database::Postgres),
    ("postgresql", Database::Postgres),
    ("mysql", Database::MySql),
    ("mariadb", Database::MySql),
    ("sqlite", Database::Sqlite),
];

impl Database {
    /// By the scheme of an address, such as `postgres://…`.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        let (scheme, _) = url.split_once(':')?;
        SCHEMES.iter().find(|(known, _)| *known == scheme).map(|(_, database)| *database)
    }

    /// How many values a statement binds: the highest `$n` or `?n`, or as many as there are bare
    /// question marks. What stands in quotes or comments is text.
    #[must_use]
    pub fn parameters(self, statement: &str) -> usize {
        let marks: &[char] = match self {
            Self::Postgres => &['$'],
            Self::MySql => &['?'],
            Self::Sqlite => &['?', '$'],
        };
        let (mut bare, mut highest) = (0, 0);
        let mut rest = statement;
        while let Some(c) = rest.chars().next() {
            let skipped = quoted(rest);
            if skipped > 0 {
                rest = &rest[skipped..];
                continue;
            }
            rest = &rest[c.len_utf8()..];
            if !marks.contains(&c) {
                continue;
            }
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            match rest[..digits].parse::<usize>() {
                Ok(number) => highest = highest.max(number),
                Err(_) if c == '?' => bare += 1,
                Err(_) => {}
            }
        }
        highest.max(bare)
    }
}

/// How many bytes of a quoted text, name or comment begin here; zero where none does.
fn quoted(text: &str) -> usize {
    let pairs = [("'", "'"), ("\"", "\""), ("`", "`"), ("--", "\n"), ("/*", "*/"), ("$$", "$$")];
    let Some((open, close)) = pairs.iter().find(|(open, _)| text.starts_with(open)) else {
        return 0;
    };
    let inside = &text[open.len()..];
    inside.find(close).map_or(text.len(), |end| open.len() + end + close.len())
}

#[cfg(test)]
mod tests {
    use super::Database::{MySql, Postgres, Sqlite};
    use super::*;

    #[test]
    fn a_database_is_known_by_its_scheme() {
        assert_eq!(Database::of("postgresql://shop@db/shop"), Some(Postgres));
        assert_eq!(Database::of("mariadb://db/shop"), Some(MySql));
        assert_eq!(Database::of("sqlite:shop.db"), Some(Sqlite));
        assert_eq!(Database::of("oracle://db"), None);
        assert_eq!(Database::of("shop.db"), None);
    }

    #[test]
    fn parameters_are_counted_outside_quotes() {
        let cases = [
            (Postgres, "select 1", 0),
            (Postgres, "select a from t where r = $1 or s = $1", 1),
            (Postgres, "select a ? 'k' from t where r = $2 and s = $1", 2),
            (Postgres, "select '$1', \"$2\", $$ $3 $$ -- $4\n, $1::text", 1),
            (MySql, "select `a?` from t where r = ? and s = ? /* ? */", 2),
            (MySql, "select 'it''s ?' where r = ?", 1),
            (Sqlite, "select a from t where r = ?1 or s = ?1", 1),
            (Sqlite, "select a from t where r = ? or s = ?", 2),
            (Sqlite, "select a from t where r = $1", 1),
            (Sqlite, "select 'open", 0),
        ];
        for (database, statement, expected) in cases {
            assert_eq!(database.parameters(statement), expected, "{statement}");
        }
    }
}
