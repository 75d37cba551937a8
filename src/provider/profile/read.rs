//! A profile as a file writes it: every fault at once, with its place.
//!
//! Pure: the text comes in as an argument. What a file leaves out is as in the profile that it is
//! `like`, or as in the default one.

use super::delivery::RedeliveryBody;
use super::events::Snapshot;
use super::knob::knobs;
use super::{Profile, builtin};
use crate::input::{Cursor, Faults, Fields, InputErrors, Shape, parse_yaml};

const HEAD: &[&str] = &["version", "name", "like", "summary", "sources", "tables"];
const SECTIONS: &[&str] = &["delivery", "events", "payments", "api"];

/// Reads a profile. `path` is for messages.
///
/// # Errors
/// All faults of the file, in its order.
pub fn read(text: &str, path: &str) -> Result<Profile, InputErrors> {
    read_like(text, path, &builtin::names(), builtin::builtin)
}

/// Whether a text is meant to be a profile, whatever its faults: it has one of its sections.
#[must_use]
pub fn is_profile(text: &str) -> bool {
    let has = |section: &str| {
        let mut lines = text.lines();
        lines.any(|line| line.strip_prefix(section).is_some_and(|rest| rest.starts_with(':')))
    };
    SECTIONS.iter().chain(["like", "summary"].iter()).any(|section| has(section))
}

/// What is asked of a valid profile while it is read: of what its schema is made.
///
/// # Errors
/// All faults of the file.
pub fn shape(text: &str, path: &str) -> Result<Shape, InputErrors> {
    let faults = Faults::noting(path);
    noted(&faults, text, path, &builtin::names(), builtin::builtin)?;
    Ok(faults.shape())
}

/// Reads a profile that may be like one of these.
pub(super) fn read_like(
    text: &str,
    path: &str,
    names: &[&str],
    find: fn(&str) -> Option<&'static Profile>,
) -> Result<Profile, InputErrors> {
    noted(&Faults::new(path), text, path, names, find)
}

fn noted(
    faults: &Faults,
    text: &str,
    path: &str,
    names: &[&str],
    find: fn(&str) -> Option<&'static Profile>,
) -> Result<Profile, InputErrors> {
    let root = parse_yaml(text, path)?;
    let keys: Vec<&str> = HEAD.iter().chain(SECTIONS).copied().collect();
    let top = Cursor::root(&root, faults).fields(&keys);
    let like = top.get("like").and_then(|cursor| cursor.word("provider profile", names));
    let mut profile = like.and_then(find).cloned().unwrap_or_default();
    head(&top, &mut profile);
    for section in SECTIONS {
        let Some(cursor) = top.get(section) else { continue };
        let own = || knobs().filter(|knob| knob.place().0 == *section);
        let keys: Vec<&str> = own().map(|knob| knob.place().1).collect();
        let fields = cursor.fields(&keys);
        for knob in own() {
            if let Some(value) = fields.get(knob.place().1) {
                (knob.read)(&value, &mut profile);
            }
        }
    }
    check_signing(&top, &profile);
    faults.finish(Some(profile))
}

/// A signature that is kept proves only the bytes that it was made for.
fn check_signing(top: &Fields<'_>, profile: &Profile) {
    let changes = profile.delivery.redelivery_body == RedeliveryBody::Restamped
        || profile.events.snapshot == Snapshot::Delivery;
    if changes && !profile.delivery.resign_on_retry {
        let problem = "a retry has another body, and is not signed anew";
        let expected = "`resign_on_retry: true`, or the same body each time";
        match top.get("delivery") {
            Some(delivery) => delivery.fault(problem, expected),
            None => top.owner().fault(problem, expected),
        }
    }
}

fn head(top: &Fields<'_>, profile: &mut Profile) {
    if let Some(version) = top.need("version")
        && let Some(number) = version.number()
        && number != 1
    {
        version.fault(format!("version {number} is not known"), "1");
    }
    let name = top.need("name").and_then(|cursor| {
        let name = cursor.text()?;
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !name.chars().all(is_name) {
            let expected = "small letters, digits and hyphens, such as acme-pay";
            cursor.fault(format!("`{name}` is no name of a profile"), expected);
        }
        Some(name.to_owned())
    });
    profile.name = name.unwrap_or_default();
    let summary = top.need("summary").and_then(|cursor| cursor.text());
    profile.summary = summary.unwrap_or_default().to_owned();
    let sources = top.get("sources").map(|cursor| cursor.texts()).unwrap_or_default();
    profile.sources = sources.into_iter().map(str::to_owned).collect();
    for (name, table) in top.get("tables").map(|cursor| cursor.entries()).unwrap_or_default() {
        let rows = table.entries().into_iter();
        let rows =
            rows.filter_map(|(ours, theirs)| Some((ours.to_owned(), theirs.text()?.to_owned())));
        profile.tables.insert(name.to_owned(), rows.collect());
    }
}
