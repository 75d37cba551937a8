//! The secrets of a profile: which they are, and debug output without them.

use std::fmt::{Debug, Formatter, Result};

use super::drive::{Act, HttpTemplate, SqlTemplate};
use super::profile::{Look, Profile, ProviderConfig, Start};

/// Words in names of what is better not repeated.
const SECRET_WORDS: &[&str] = &["KEY", "SECRET", "TOKEN", "PASSWORD", "CREDENTIAL"];

/// Headers that open a door.
const DOOR_HEADERS: &[&str] = &["authorization", "cookie"];

/// Whether what bears this name is better not repeated.
#[must_use]
pub fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Values that `${…}` took from a file, or from a variable whose name looks secret.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct NamedSecrets(Vec<String>);

impl NamedSecrets {
    /// Notes one. A log repeats a key of many lines line by line; what frames it is no secret.
    pub(super) fn note(&mut self, value: &str) {
        let lines = value.lines().filter(|line| !line.starts_with("-----"));
        self.0.extend([value].into_iter().chain(lines).map(str::to_owned));
    }
}

impl Profile {
    /// The tokens and passwords by which the merchant is driven and looked at, and whatever else
    /// was filled in as a secret.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let observe = self.observing();
        let (mut headers, mut urls) = (Vec::new(), Vec::new());
        for step in self.drive.steps() {
            match &step.act {
                Act::Http(template) => headers.push(&template.headers),
                Act::Sql(statement) => urls.push(statement.url.as_str()),
                Act::Exec(_) => {}
            }
        }
        let probes = [Some(&observe.order), observe.ledger.as_ref(), observe.exceptions.as_ref()];
        for probe in probes.into_iter().flatten() {
            match &probe.look {
                Look::Http { headers: own, .. } => headers.push(own),
                Look::Sql(query) => urls.push(query.url.as_str()),
                Look::Exec(_) => {}
            }
        }
        let opens = |name: &str| {
            DOOR_HEADERS.contains(&name.to_ascii_lowercase().as_str()) || looks_secret(name)
        };
        let tokens = headers.into_iter().flatten().filter(|(name, _)| opens(name));
        // `Bearer` and the like are repeated without the word.
        let words =
            tokens.flat_map(|(_, value)| value.split([' ', ';', ',', '=']).chain([&**value]));
        let passwords = urls.into_iter().filter_map(password);
        let named = self.named_secrets.0.iter().map(String::as_str);
        words.chain(passwords).chain(named).map(str::to_owned).collect()
    }
}

/// The password in an address such as `postgres://user:password@host/name`, as it stands there.
fn password(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password)
}

impl Debug for NamedSecrets {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("NamedSecrets").finish_non_exhaustive()
    }
}

impl Debug for ProviderConfig {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("ProviderConfig")
            .field("live", &self.live)
            .field("listen", &self.listen)
            .field("public_url", &self.public_url)
            .field("profile", &self.profile)
            .field("rails", &self.rails)
            .finish_non_exhaustive()
    }
}

impl Debug for Start {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("Start")
            .field("command", &self.command)
            .field("prepare", &self.prepare)
            .field("cwd", &self.cwd)
            .field("env", &self.env.keys())
            .field("ready", &self.ready)
            .field("stop", &self.stop)
            .finish()
    }
}

impl Debug for HttpTemplate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("HttpTemplate")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &self.headers.keys())
            .finish_non_exhaustive()
    }
}

impl Debug for Look {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Http { path, headers } => f
                .debug_struct("Http")
                .field("path", path)
                .field("headers", &headers.keys())
                .finish(),
            Self::Exec(words) => f.debug_tuple("Exec").field(words).finish(),
            Self::Sql(query) => f.debug_tuple("Sql").field(query).finish(),
        }
    }
}

/// The address of a database may hold a password.
impl Debug for SqlTemplate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("SqlTemplate").field("statement", &self.statement).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_hold_a_password() {
        assert_eq!(password("postgres://shop:hu:sh@db/shop?a=b@c"), Some("hu:sh"));
        assert_eq!(password("postgres://shop@db/shop"), None);
        assert_eq!(password("sqlite:shop.db"), None);
    }

    #[test]
    fn names_of_secrets_are_known_by_a_word_in_them() {
        for name in ["STRIPE_SECRET_KEY", "github_token", "PGPASSWORD", "AWS_CREDENTIALS"] {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["PATH", "HOME", "LANG", "DATABASE_URL"] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
