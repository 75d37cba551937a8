//! Findings as workflow commands of GitHub Actions: each stands beside its line in the pull request.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::io::{self, Write};

use crate::report::Format;
use crate::report::cause::causes;
use crate::report::text::visible;
use crate::rule::{Judged, Level};

pub(super) static FORMAT: Format = Format {
    name: "github",
    file: "annotations.txt",
    by_default: false,
    media_type: "text/plain",
    doc: "findings as annotations of GitHub Actions; printed by itself where GITHUB_ACTIONS is true",
    render,
};

fn render(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    for cause in causes(judged) {
        let lead = cause.lead;
        let command = match lead.level {
            Level::Must => "error",
            Level::Should if judged.run.strict => "error",
            Level::Should => "warning",
        };
        let title = property(&format!("{} {}", lead.rule, lead.title));
        let (file, line) = (property(&lead.source.file), lead.source.line);
        let text = format!(
            "{}: expected {}; got {}. {}",
            lead.scenario, lead.expected, lead.actual, lead.fix
        );
        let text = data(&visible(&text));
        writeln!(out, "::{command} file={file},line={line},title={title}::{text}")?;
    }
    Ok(())
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&visible(text)).replace(':', "%3A").replace(',', "%2C")
}
