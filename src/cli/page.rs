//! The terminal that a command prints to: its width, its colours, and what happens when whoever
//! reads has gone away.

use std::io::{self, BufWriter, Write};

use crate::cli::failure::Failure;
use crate::report::{self, Screen};
use crate::rule::Judged;

/// Characters per line: of the terminal, or a fixed number where there is none, so that what CI
/// logs is the same everywhere.
#[must_use]
pub fn width() -> usize {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map_or(100, |(terminal_size::Width(width), _)| usize::from(width))
}

/// Prints to stdout. A reader that has seen enough (`| head`) is no fault.
///
/// # Errors
/// Stdout cannot be written.
pub fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(anstream::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Ours(format!("cannot write to stdout: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Tells it on stderr. Where nobody can be told, nothing else changes: the exit code says the rest.
pub fn say(what: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{what}");
}

/// Shows the summary of a judged run.
///
/// # Errors
/// Stdout cannot be written.
pub fn show(judged: &Judged, reports: &str) -> Result<(), Failure> {
    let screen = Screen { width: width(), styled: true, reports: Some(reports) };
    print(|out| crate::report::screen(judged, &screen, out))?;
    if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        annotate(judged)?;
    }
    Ok(())
}

/// In a job of GitHub Actions: annotations in its log, and the summary on its page.
fn annotate(judged: &Judged) -> Result<(), Failure> {
    let render = |name: &str| report::format(name).expect("it is in the table").render;
    print(|out| render("github")(judged, out))?;
    let Some(page) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let written = std::fs::OpenOptions::new().create(true).append(true).open(&page);
    let written = written.and_then(|mut file| render("markdown")(judged, &mut file));
    written.map_err(|error| {
        let page = std::path::Path::new(&page).display();
        Failure::Ours(format!("cannot write the job's summary `{page}`: {error}"))
    })
}
