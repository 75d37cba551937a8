//! What a sandbox is set up with, for as long as its file lives: from flags, or from its file.
//!
//! Everything that only the service knows follows from one master, so that a file keeps one secret
//! and whatever the operator gave. Serves nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::serve::{Options, ServeError};
use super::{clock, entropy};
use crate::model::{RAILS, Rail, SimTime, rail_by_id};
use crate::provider::{ApiKey, Config, Keyring, Profile, profile};
use crate::signature::{self, Scheme, Secret};

/// In which modes there are books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modes {
    /// Keys `sk_test_…`.
    Test,
    /// Keys `sk_live_…`.
    Live,
    /// Both, each with books of its own.
    Both,
}

/// What a sandbox is set up with.
pub(super) struct Setup {
    master: [u8; 32],
    start: SimTime,
    accounts: usize,
    modes: Modes,
    rails: Vec<&'static Rail>,
    scheme: &'static Scheme,
    profile: Arc<Profile>,
    /// What says so, where the operator named one.
    profile_text: Option<String>,
    /// The key of the first account, where the operator gave one.
    api_key: Option<String>,
    /// The first secret of the operator's endpoint, where he gave one.
    secret: Option<String>,
}

impl Modes {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
            Self::Both => "both",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Test, Self::Live, Self::Both].into_iter().find(|modes| modes.as_str() == word)
    }

    /// Whether each is live.
    const fn each(self) -> &'static [bool] {
        match self {
            Self::Test => &[false],
            Self::Live => &[true],
            Self::Both => &[false, true],
        }
    }
}

impl Setup {
    /// From flags, and from fresh randomness.
    pub fn fresh(options: &Options) -> Result<Self, ServeError> {
        let (profile, profile_text) = options.profile.clone().unzip();
        let profile = profile.unwrap_or_default();
        let named = options.signature.as_deref();
        let scheme = find_scheme(named.unwrap_or(&profile.events.signature))?;
        if let Some(secret) = &options.secret {
            scheme.check_secret(&Secret::new(secret))?;
        }
        Ok(Self {
            master: entropy::fresh()?,
            start: clock::wall(),
            accounts: options.accounts.unwrap_or(1),
            modes: options.modes.unwrap_or(match &options.api_key {
                Some(key) if is_of_mode(key, true) => Modes::Live,
                Some(_) | None => Modes::Test,
            }),
            rails: options.rails.clone().unwrap_or_else(|| RAILS.iter().collect()),
            scheme,
            profile,
            profile_text,
            api_key: options.api_key.clone(),
            secret: options.secret.clone(),
        })
    }

    /// From a store. What the flags say must be the same: a history is not replayed under other
    /// rules than it was written under.
    pub fn kept(kept: &BTreeMap<String, String>, options: &Options) -> Result<Self, ServeError> {
        let get = |name| kept.get(name).ok_or(ServeError::Incomplete(name));
        let same = |name, flag, asked: Option<String>| {
            let value = get(name)?;
            match asked.filter(|asked| asked != value) {
                None => Ok(value.clone()),
                Some(_) => Err(ServeError::Begun { name, kept: value.clone(), flag }),
            }
        };
        let lacks = ServeError::Incomplete;
        let profile_text = kept.get("profile").cloned();
        let rails = same("rails", "--rails", options.rails.as_ref().map(|rails| ids(rails)))?;
        let modes = options.modes.map(|modes| modes.as_str().to_owned());
        let accounts = options.accounts.map(|accounts| accounts.to_string());
        let master = hex::decode(get("master")?).ok().and_then(|bytes| bytes.try_into().ok());
        let start = get("start")?.parse().map_err(|_| lacks("start"))?;
        let accounts = same("accounts", "--accounts", accounts)?;
        Ok(Self {
            master: master.ok_or(lacks("master"))?,
            start: SimTime::from_unix_ms(start),
            accounts: accounts.parse().map_err(|_| lacks("accounts"))?,
            modes: Modes::from_word(&same("mode", "--mode", modes)?).ok_or(lacks("mode"))?,
            rails: rails.split(',').filter_map(rail_by_id).collect(),
            scheme: find_scheme(&same("signature", "--signature", options.signature.clone())?)?,
            profile: same_profile(profile_text.as_deref(), options)?,
            profile_text,
            api_key: kept.get("api_key").cloned(),
            secret: kept.get("secret").cloned(),
        })
    }

    /// As a store keeps it.
    pub fn to_kept(&self) -> BTreeMap<String, String> {
        let always = [
            ("master", hex::encode(self.master)),
            ("start", self.start.unix_ms().to_string()),
            ("accounts", self.accounts.to_string()),
            ("mode", self.modes.as_str().to_owned()),
            ("rails", ids(&self.rails)),
            ("signature", self.scheme.name().to_owned()),
        ];
        let given =
            [("api_key", &self.api_key), ("secret", &self.secret), ("profile", &self.profile_text)];
        let given = given.into_iter().filter_map(|(name, given)| Some((name, given.clone()?)));
        always.into_iter().chain(given).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// One for the books of each account in each mode.
    pub fn configs(&self) -> Vec<Config> {
        let seed = u64::from_be_bytes(std::array::from_fn(|i| self.master[i]));
        let books = (0..self.accounts).flat_map(|n| self.modes.each().iter().map(move |m| (n, *m)));
        let configs = books.enumerate().map(|(position, (number, live))| {
            let account = format!("acct_{}", self.letters(&format!("account {number}"), 26));
            let secret = self.secret.as_ref().filter(|_| position == 0).map(Secret::new);
            let keyring = Keyring::new(self.master, self.scheme, secret);
            let given = self.api_key.as_ref().filter(|key| number == 0 && is_of_mode(key, live));
            let key = given.cloned().unwrap_or_else(|| keyring.api_key(&account, live, 0));
            Config {
                live,
                nonce: self.letters(&format!("nonce {number} {live}"), 6),
                account,
                keys: vec![ApiKey::with_all_scopes(key)],
                rails: self.rails.clone(),
                seed,
                start: self.start,
                profile: self.profile.clone(),
                keyring: Some(keyring),
            }
        });
        configs.collect()
    }

    /// Whose habits the service has.
    pub const fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// Whether the operator gave this key: then he knows it.
    pub fn is_given(&self, key: &str) -> bool {
        self.api_key.as_deref() == Some(key)
    }

    fn letters(&self, purpose: &str, count: usize) -> String {
        entropy::letters(&self.master, purpose, count)
    }
}

/// The profile of a file. One that is named again must have the same habits: its text may have
/// changed since, and its name not.
fn same_profile(text: Option<&str>, options: &Options) -> Result<Arc<Profile>, ServeError> {
    let read = text.map(|text| profile::read(text, "profile")).transpose()?;
    let kept = Arc::new(read.unwrap_or_default());
    match &options.profile {
        Some((asked, _)) if !asked.behaves_as(&kept) => {
            let then = if asked.name == kept.name { " as it was then" } else { "" };
            let kept = format!("{}{then}", kept.name);
            Err(ServeError::Begun { name: "profile", kept, flag: "--profile" })
        }
        Some(_) | None => Ok(kept),
    }
}

/// Whether the key is for live mode, or for test mode.
fn is_of_mode(key: &str, live: bool) -> bool {
    key.starts_with(if live { "sk_live_" } else { "sk_test_" })
}

fn ids(rails: &[&'static Rail]) -> String {
    rails.iter().map(|rail| rail.id).collect::<Vec<_>>().join(",")
}

/// Names are checked where flags are read; a store may be of another version.
fn find_scheme(name: &str) -> Result<&'static Scheme, ServeError> {
    signature::scheme(name).ok_or(ServeError::Incomplete("a known signature scheme"))
}
