//! `countersign.yaml` → profile: one file per section, every fault of the file at once.
//!
//! Pure: the text, what it refers to and the tables of known words come in as arguments. What the
//! file format has and this version does not build is refused by name, never ignored.

mod drive;
mod http;
mod lifecycle;
mod merchant;
mod observe;
mod policy;
mod provider;
mod scope;
mod sql;
mod start;
mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use self::provider::is_path;
use self::text::Texts;
use super::profile::Profile;
use super::redact::NamedSecrets;
use crate::input::{Cursor, Faults, InputErrors, Shape, parse_yaml};

/// Words that other tables own, for checking.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Codes of all rules, such as `AUTH-01`.
    pub rules: &'a [&'a str],
    /// Names of the signature schemes that can be signed with.
    pub signatures: &'a [&'a str],
    /// Names of the provider profiles that come with the program.
    pub profiles: &'a [&'a str],
    /// Words of `scope.absent`.
    pub scope_words: &'a [&'a str],
}

/// Where the values of `${…}` come from.
pub struct Outside<'a> {
    /// Variables of the environment.
    pub env: &'a BTreeMap<String, String>,
    /// Reads the file of an absolute path whole; the error says why it cannot.
    pub file: &'a dyn Fn(&Path) -> Result<String, String>,
}

impl Outside<'static> {
    /// Where a profile can refer to nothing.
    pub const NOTHING: Self =
        Self { env: &BTreeMap::new(), file: &|_| Err("no file is read here".to_owned()) };
}

const SECTIONS: &[&str] = &[
    "version",
    "merchant",
    "provider",
    "drive",
    "observe",
    "lifecycle",
    "policy",
    "scope",
    "not_applicable",
];

const LATER: &[(&str, &str)] =
    &[("tamper", "the line left out; the rules that need it stay not testable")];

/// Reads a profile. `path` is for messages; `folder` is absolute, and relative paths start there.
///
/// # Errors
/// All faults of the file, in its order.
pub fn read(
    text: &str,
    path: &str,
    folder: PathBuf,
    outside: &Outside<'_>,
    known: &Known<'_>,
) -> Result<Profile, InputErrors> {
    noted(&Faults::new(path), text, path, &folder, (outside, known))
}

/// What is asked of a valid profile while it is read: of what its schema is made.
///
/// # Errors
/// All faults of the file.
pub fn shape(
    text: &str,
    path: &str,
    outside: &Outside<'_>,
    known: &Known<'_>,
) -> Result<Shape, InputErrors> {
    let faults = Faults::noting(path);
    noted(&faults, text, path, Path::new("/"), (outside, known))?;
    Ok(faults.shape())
}

fn noted(
    faults: &Faults,
    text: &str,
    path: &str,
    folder: &Path,
    (outside, known): (&Outside<'_>, &Known<'_>),
) -> Result<Profile, InputErrors> {
    let root = parse_yaml(text, path)?;
    let profile = profile(&Cursor::root(&root, faults), path, folder, outside, known);
    faults.finish(Some(profile))
}

fn profile(
    root: &Cursor<'_>,
    path: &str,
    folder: &Path,
    outside: &Outside<'_>,
    known: &Known<'_>,
) -> Profile {
    let top = root.fields_but(SECTIONS, LATER);
    if let Some(version) = top.need("version")
        && let Some(number) = version.number()
        && number != 1
    {
        version.fault(format!("version {number} is not known"), "1");
    }
    let merchant =
        top.need("merchant").map(|cursor| cursor.fields_but(merchant::KEYS, merchant::LATER));
    let texts = Texts::new(outside, folder, merchant.as_ref());
    let merchant = merchant::read(merchant.as_ref(), &texts, known);
    let start = merchant.start.as_ref().map(|cursor| start::read(cursor, folder, &texts));
    let mut profile = Profile {
        path: Some(path.to_owned()),
        folder: folder.to_owned(),
        name: merchant.name,
        base_url: merchant.base_url,
        webhook: merchant.webhook,
        signature: merchant.signature,
        provider: provider::read(top.need("provider").as_ref(), start.is_some(), &texts, known),
        start,
        drive: top.get("drive").map(|cursor| drive::read(&cursor, &texts)).unwrap_or_default(),
        observe: top.get("observe").map(|cursor| observe::read(&cursor, &texts)),
        lifecycle: top.get("lifecycle").map(|cursor| lifecycle::read(&cursor)).unwrap_or_default(),
        policy: top.get("policy").map(|cursor| policy::read(&cursor)).unwrap_or_default(),
        scope: scope::read(top.get("scope").as_ref(), top.get("not_applicable").as_ref(), known),
        named_secrets: NamedSecrets::default(),
    };
    profile.named_secrets = texts.into_secrets();
    profile
}
