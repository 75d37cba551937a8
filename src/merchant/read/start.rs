//! `merchant.start`: the command, its surroundings, when it is ready, how it ends.

use std::collections::BTreeMap;
use std::path::Path;

use super::text::{Texts, check_path};
use crate::input::Cursor;
use crate::merchant::profile::{Ready, Start, Stop};
use crate::merchant::template::RUN_PLACEHOLDERS;
use crate::model::Span;

const LATER: &[(&str, &str)] =
    &[("container", "`command`, or a container that is already running and no `start`")];

/// What a test framework usually allows a service to come up in.
const READY_WITHIN: Span = Span::from_s(20);
const STOP_WITHIN: Span = Span::from_s(5);

pub(super) fn read(cursor: &Cursor<'_>, folder: &Path, texts: &Texts<'_>) -> Start {
    let known = ["command", "prepare", "cwd", "env", "ready", "stop"];
    let fields = cursor.fields_but(&known, LATER);
    let instead = fields.get("container").is_some();
    let command = if instead { fields.get("command") } else { fields.need("command") };
    let prepare = fields.get("prepare").map(|cursor| cursor.items()).unwrap_or_default();
    let cwd = fields.get("cwd").and_then(|cursor| texts.plain(&cursor));
    Start {
        command: command.map(|cursor| texts.command(&cursor, RUN_PLACEHOLDERS)).unwrap_or_default(),
        prepare: prepare.iter().map(|each| texts.command(each, RUN_PLACEHOLDERS)).collect(),
        cwd: cwd.map_or_else(|| folder.to_owned(), |cwd| folder.join(cwd)),
        env: fields.get("env").map(|cursor| env(&cursor, texts)).unwrap_or_default(),
        ready: ready(fields.get("ready").as_ref()),
        stop: stop(fields.get("stop").as_ref()),
    }
}

fn env(cursor: &Cursor<'_>, texts: &Texts<'_>) -> BTreeMap<String, String> {
    for (name, value) in cursor.entries() {
        if name.is_empty() || name.contains(['=', '\0']) {
            value.fault(format!("`{name}` is no name of an environment variable"), "NAME: value");
        }
    }
    texts.map(cursor, RUN_PLACEHOLDERS)
}

fn ready(cursor: Option<&Cursor<'_>>) -> Ready {
    let Some(cursor) = cursor else { return Ready { http: None, within: READY_WITHIN } };
    let fields = cursor.fields(&["http", "within"]);
    let http = fields.get("http").and_then(|cursor| {
        let path = cursor.text()?;
        check_path(&cursor, path);
        Some(path.to_owned())
    });
    let within = fields.get("within").and_then(|cursor| cursor.span());
    Ready { http, within: within.unwrap_or(READY_WITHIN) }
}

fn stop(cursor: Option<&Cursor<'_>>) -> Stop {
    let fields = cursor.map(|cursor| cursor.fields(&["signal", "within"]));
    let get = |key: &str| fields.as_ref().and_then(|fields| fields.get(key));
    let signals = ["TERM", "INT", "QUIT", "HUP", "KILL"];
    let signal = get("signal").and_then(|cursor| cursor.word("signal", &signals));
    let within = get("within").and_then(|cursor| cursor.span());
    Stop { signal: signal.unwrap_or("TERM").to_owned(), within: within.unwrap_or(STOP_WITHIN) }
}
