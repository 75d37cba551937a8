//! What commands read: the profile, scenario files, the environment. Everything is read whole, so
//! that all its faults are told at once, before anything starts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::cli::failure::Failure;
use crate::input::nearest;
use crate::merchant::{self, Known, Outside, Profile};
use crate::provider;
use crate::rule;
use crate::scenario::suite::embedded;
use crate::signature;

/// The profile that a command looks for where none is named.
pub const CONFIG: &str = "countersign.yaml";

/// A scenario file: its path as the user names it, and its text.
pub type File = (String, String);

/// Reads a merchant's profile.
///
/// # Errors
/// It is not there, or has faults.
pub fn profile(path: &Path) -> Result<Profile, Failure> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::Input(format!(
            "cannot read `{shown}`: {error}; describe your merchant there or name the file with \
             --config (`countersign demo` needs none)"
        ))
    })?;
    profile_of(&text, path)
}

/// Reads a merchant's profile from the text that stands, or is to stand, at that path.
///
/// # Errors
/// It has faults.
pub fn profile_of(text: &str, path: &Path) -> Result<Profile, Failure> {
    let absolute = std::path::absolute(path).map_err(|error| {
        let shown = path.display();
        Failure::Input(format!("`{shown}` has no folder: {error}; start in a folder that exists"))
    })?;
    let folder = absolute.parent().unwrap_or(Path::new("/")).to_owned();
    let (rules, signatures) = (rule::codes(), signature::signing());
    let scope_words: Vec<&str> = rule::SCOPE_WORDS.iter().map(|(word, _)| *word).collect();
    let profiles = provider::profile::names();
    let known = Known {
        rules: &rules,
        signatures: &signatures,
        profiles: &profiles,
        scope_words: &scope_words,
    };
    let file = |path: &Path| fs::read_to_string(path).map_err(|error| error.to_string());
    let outside = Outside { env: &environment(), file: &file };
    Ok(merchant::read(text, &path.to_string_lossy(), folder, &outside, &known)?)
}

/// The provider profile of that name, or from the file of that path, which starts in `folder`.
///
/// # Errors
/// There is none, or it has faults.
pub fn provider_profile(word: &str, folder: &Path) -> Result<Arc<provider::Profile>, Failure> {
    written_profile(word, folder).map(|(profile, _)| profile)
}

/// The same with the text that it was read from.
///
/// # Errors
/// There is none, or it has faults.
pub fn written_profile(
    word: &str,
    folder: &Path,
) -> Result<(Arc<provider::Profile>, String), Failure> {
    let builtin = provider::profile::builtin(word).zip(provider::profile::builtin_text(word));
    if let Some((profile, text)) = builtin {
        return Ok((Arc::new(profile.clone()), text.to_owned()));
    }
    if !merchant::is_path(word) {
        let names = provider::profile::names();
        let near = nearest(word, names.iter().copied());
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        return Err(Failure::Input(format!(
            "no provider profile `{word}`{near}; `countersign profiles` lists all, and a file of \
             your own is named with its ending, such as ./acme-pay.yaml"
        )));
    }
    let path = folder.join(word);
    let shown = path.strip_prefix(".").unwrap_or(&path).to_string_lossy().into_owned();
    let text = fs::read_to_string(&path).map_err(|error| {
        Failure::Input(format!("cannot read the provider profile `{shown}`: {error}"))
    })?;
    Ok((Arc::new(provider::profile::read(&text, &shown)?), text))
}

/// Variables that are text; a profile cannot name others.
fn environment() -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// Files that somebody names, and the built-in suite where they leave it to us: a title or a path
/// that is no file here is looked for there. A file here goes before the built-in one of its name.
///
/// # Errors
/// A file that cannot be read.
pub fn files(named: &[String]) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    let mut builtin = named.is_empty();
    for name in named {
        let path = without_line(name);
        if !Path::new(path).is_file() {
            builtin = true;
            continue;
        }
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::Input(format!("cannot read `{path}`: {error}; give a text in UTF-8"))
        })?;
        if !files.iter().any(|(other, _)| other == path) {
            files.push((path.to_owned(), text));
        }
    }
    if builtin {
        let own: Vec<_> = files.iter().map(|(path, _)| path.clone()).collect();
        files.extend(embedded().into_iter().filter(|(path, _)| !own.contains(path)));
    }
    Ok(files)
}

/// `features/a.feature:12` without its line.
pub fn without_line(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((path, line)) if line.parse::<u32>().is_ok() => path,
        _ => name,
    }
}

/// Both values, or the faults of both texts in one answer.
///
/// # Errors
/// Those of either.
pub fn both<A, B>(a: Result<A, Failure>, b: Result<B, Failure>) -> Result<(A, B), Failure> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(Failure::Text(mut first)), Err(Failure::Text(second))) => {
            first.0.extend(second.0);
            Err(Failure::Text(first))
        }
        (Err(failure), _) | (_, Err(failure)) => Err(failure),
    }
}
