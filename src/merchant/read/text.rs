//! Texts of the profile: `${NAME}` from the environment, `${file:PATH}` from a file, `{name}` from
//! the run.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use super::Outside;
use crate::input::{Cursor, Fields, Value};
use crate::merchant::redact::{NamedSecrets, looks_secret};
use crate::merchant::template::placeholders;

/// What texts are read with.
pub(super) struct Texts<'a> {
    outside: &'a Outside<'a>,
    folder: &'a Path,
    /// What was filled in and is better not repeated.
    secrets: RefCell<NamedSecrets>,
    /// Whether we start the merchant: only then is there a `{port}` or a `{scratch}`.
    is_started: bool,
    /// Whether `base_url` leaves the port to us.
    has_free_port: bool,
}

impl<'a> Texts<'a> {
    /// `merchant` is the section that says how the merchant is started and where it listens.
    pub(super) fn new(
        outside: &'a Outside<'a>,
        folder: &'a Path,
        merchant: Option<&Fields<'_>>,
    ) -> Self {
        let is_started = merchant.is_some_and(|merchant| merchant.get("start").is_some());
        let base_url = merchant.and_then(|merchant| merchant.get("base_url"));
        // A broken base_url is told once, by its own reader, not again by every `{port}`.
        let has_free_port = base_url.is_none_or(|cursor| match &cursor.node().value {
            Value::Scalar { text, .. } => placeholders(text).contains(&"port"),
            _ => true,
        });
        Self { outside, folder, secrets: RefCell::default(), is_started, has_free_port }
    }

    /// What the texts that were read so far have in them and is better not repeated.
    pub(super) fn into_secrets(self) -> NamedSecrets {
        self.secrets.into_inner()
    }

    /// A text with `${…}` filled in.
    pub(super) fn plain(&self, cursor: &Cursor<'_>) -> Option<String> {
        let text = cursor.text()?;
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            filled.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                cursor
                    .fault(format!("`{text}`: `${{` is not closed"), "`${NAME}` or `${file:PATH}`");
                return None;
            };
            let value = match name.strip_prefix("file:") {
                Some(path) => self.file(cursor, path)?,
                None => self.variable(cursor, name)?,
            };
            filled.push_str(&value);
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }

    fn variable(&self, cursor: &Cursor<'_>, name: &str) -> Option<String> {
        let Some(value) = self.outside.env.get(name) else {
            let problem = format!("`{name}` is not set in the environment");
            cursor.fault(problem, format!("{name}=… before the command, or the value itself"));
            return None;
        };
        if looks_secret(name) {
            self.secrets.borrow_mut().note(value);
        }
        Some(value.clone())
    }

    /// Whatever lies in a file of its own is a secret. Editors end files with a line break, which
    /// is no part of it.
    fn file(&self, cursor: &Cursor<'_>, path: &str) -> Option<String> {
        let expected = "a file with the value in it; its path starts in the folder of this one";
        let text = match (self.outside.file)(&self.folder.join(path)) {
            Ok(text) => text,
            Err(why) => {
                cursor.fault(format!("cannot read `{path}`: {why}"), expected);
                return None;
            }
        };
        let value = text.trim_end_matches(['\r', '\n']);
        if value.is_empty() {
            cursor.fault(format!("`{path}` is empty"), expected);
            return None;
        }
        self.secrets.borrow_mut().note(value);
        Some(value.to_owned())
    }

    /// A text with `${…}` filled in and its placeholders checked against the valid ones.
    pub(super) fn template(&self, cursor: &Cursor<'_>, valid: &[&str]) -> Option<String> {
        self.check_placeholders(cursor, valid).then(|| self.plain(cursor))?
    }

    /// A program and its arguments, handed on as they are, `${NAME}` included: commands have shells
    /// for that.
    pub(super) fn command(&self, cursor: &Cursor<'_>, valid: &[&str]) -> Vec<String> {
        let words = cursor.items();
        if words.is_empty() && matches!(cursor.node().value, Value::List(_)) {
            cursor.fault(format!("`{}` is empty", cursor.name()), "a program and its arguments");
        }
        let texts = words.iter().filter_map(|word| {
            let text = word.text().map(str::to_owned);
            text.filter(|_| self.check_placeholders(word, valid))
        });
        texts.collect()
    }

    /// Names and templates, such as headers.
    pub(super) fn map(&self, cursor: &Cursor<'_>, valid: &[&str]) -> BTreeMap<String, String> {
        let entries = cursor.entries().into_iter();
        let read = entries.map(|(name, value)| (name.to_owned(), self.template(&value, valid)));
        read.filter_map(|(name, text)| Some((name, text?))).collect()
    }

    /// Whether every placeholder is valid here and has a value; notes those that are not.
    fn check_placeholders(&self, cursor: &Cursor<'_>, valid: &[&str]) -> bool {
        // What is no text is told by whoever takes the text.
        let Value::Scalar { text, .. } = &cursor.node().value else { return true };
        // `${…}` is not of the run.
        let text = text.replace("${", "$");
        let mut all_valid = true;
        for name in placeholders(&text) {
            let is_ours = name == "port" || name == "scratch";
            if !valid.contains(&name) {
                cursor.unknown(name, "placeholder here", valid);
            } else if is_ours && !self.is_started {
                let problem = format!("`{{{name}}}` has no value: the merchant is already running");
                cursor.fault(problem, "the value itself, or `merchant.start`");
            } else if name == "port" && !self.has_free_port {
                let problem = "`{port}` has no value: `merchant.base_url` names a fixed port";
                cursor.fault(problem, "that port itself, or `{port}` in `merchant.base_url`");
            } else {
                continue;
            }
            all_valid = false;
        }
        all_valid
    }
}

/// A path on the merchant: begins with a slash.
pub(super) fn check_path(cursor: &Cursor<'_>, path: &str) {
    if !path.starts_with('/') {
        cursor.fault(format!("`{path}` is no path"), format!("a slash first: /{path}"));
    }
}
