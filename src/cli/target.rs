//! Where reports go: checked before anything starts, written whole or not at all.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::input::nearest;
use crate::report::{FORMATS, Format, format};
use crate::rule::Judged;

/// `--report`, as several commands take it.
#[derive(Debug, Clone, clap::Args)]
pub struct ReportArgs {
    /// Write this report, instead of the usual ones beside the history; may be repeated
    ///
    /// Formats: text, html, junit, json, markdown, money, cucumber, tap, github.
    #[arg(long = "report", value_name = "FORMAT=PATH", value_parser = parse)]
    reports: Vec<Target>,
}

/// One report and its path.
#[derive(Debug, Clone)]
struct Target {
    format: &'static Format,
    path: PathBuf,
}

/// Checked targets.
#[derive(Debug)]
pub struct Targets {
    targets: Vec<Target>,
    /// What to tell about where they are: the folder, or the paths.
    pub place: String,
}

fn parse(text: &str) -> Result<Target, String> {
    let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
    let Some((name, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
        return Err("write FORMAT=PATH, such as junit=out/junit.xml".to_owned());
    };
    let Some(format) = format(name) else {
        let hint = nearest(name, names.iter().copied());
        let hint = hint.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        return Err(format!("no format `{name}`; choose one of {}{hint}", names.join(", ")));
    };
    Ok(Target { format, path: path.into() })
}

impl ReportArgs {
    /// Makes sure that every report can be written, before anything is started. Without
    /// `--report` these are all formats, in `folder`.
    ///
    /// # Errors
    /// A path that cannot be written, or is given twice.
    pub fn check(&self, folder: &Path) -> Result<Targets, Failure> {
        let (targets, place) = if self.reports.is_empty() {
            let path = |format: &Format| folder.join(format.file);
            let all = FORMATS.iter().filter(|format| format.by_default);
            let all = all.map(|format| Target { format, path: path(format) });
            (all.collect(), folder.display().to_string())
        } else {
            let paths: Vec<_> = self.reports.iter().map(|t| t.path.display().to_string()).collect();
            (self.reports.clone(), paths.join(", "))
        };
        for (i, target) in targets.iter().enumerate() {
            check_writable(&target.path)?;
            if targets[..i].iter().any(|other| other.path == target.path) {
                let path = target.path.display();
                return Err(Failure::Input(format!(
                    "two reports would be written to `{path}`; give each a path of its own"
                )));
            }
        }
        Ok(Targets { targets, place })
    }
}

impl Targets {
    /// Removes what an earlier run left: were this one to end without a verdict, its READY would
    /// pass for ours.
    ///
    /// # Errors
    /// A file that cannot be removed, or a report where the history goes.
    pub fn clear(&self, history: &Path) -> Result<(), Failure> {
        for Target { path, .. } in &self.targets {
            if path == history {
                let path = path.display();
                return Err(Failure::Input(format!(
                    "`{path}` is the history's; give the report a path of its own"
                )));
            }
            match fs::remove_file(resolve(path)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    let path = path.display();
                    return Err(Failure::Input(format!(
                        "cannot replace `{path}`: {error}; give another path"
                    )));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes every report.
    ///
    /// # Errors
    /// A path that could be written before and cannot be now: a full disk, a removed folder.
    pub fn write(&self, judged: &Judged) -> Result<(), Failure> {
        self.targets.iter().try_for_each(|target| target.write(judged))
    }
}

impl Target {
    /// Beside its final place first, then moved there: a reader never sees half a report.
    fn write(&self, judged: &Judged) -> Result<(), Failure> {
        let whole = || {
            let path = resolve(&self.path);
            let file = beside(&path)?;
            let mut out = BufWriter::new(file);
            (self.format.render)(judged, &mut out)?;
            out.flush()?;
            let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok::<_, std::io::Error>(())
        };
        whole().map_err(|error| {
            let path = self.path.display();
            Failure::Ours(format!(
                "cannot write the report `{path}`: {error}; the history is kept, so make room and \
                 run `countersign report --from` it"
            ))
        })
    }
}

/// Writes a file whole or not at all; one that is there is replaced only where that is wanted.
///
/// # Errors
/// It is there, or cannot be written.
pub fn write_new(path: &Path, text: &str, replaces: bool) -> Result<(), Failure> {
    let whole = || {
        let path = if replaces { resolve(path) } else { path.to_owned() };
        let mut file = beside(&path)?;
        file.write_all(text.as_bytes())?;
        let moved = if replaces { file.persist(&path) } else { file.persist_noclobber(&path) };
        moved.map(drop).map_err(|error| error.error)
    };
    whole().map_err(|error: std::io::Error| {
        let path = path.display();
        Failure::Input(format!("cannot write `{path}`: {error}; give a path that can be written"))
    })
}

/// Makes sure that a file can be written at `path`, creating the folders above it.
///
/// # Errors
/// It cannot, with the reason and what to do.
pub fn check_writable(path: &Path) -> Result<(), Failure> {
    let refuse = |why: String| {
        let path = path.display();
        Err(Failure::Input(format!(
            "cannot write `{path}`: {why}; give a path that can be written"
        )))
    };
    let path = resolve(path);
    match fs::metadata(&path) {
        Ok(found) if !found.is_file() => return refuse("it is no regular file".to_owned()),
        Ok(_) => {
            if let Err(error) = OpenOptions::new().append(true).open(&path) {
                return refuse(error.to_string());
            }
        }
        Err(_) => {}
    }
    match beside(&path) {
        Ok(_) => Ok(()),
        Err(error) => {
            // The temporary name beside the file would only confuse.
            let source = error.get_ref().and_then(std::error::Error::source);
            refuse(source.map_or_else(|| error.to_string(), ToString::to_string))
        }
    }
}

/// A link is written through, not replaced.
fn resolve(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A new file in the same folder, readable by whoever may read files of this user: CI systems
/// collect reports as somebody else.
fn beside(path: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    tempfile::Builder::new()
        .prefix(".countersign-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_named_and_misspelt_with_help() {
        assert_eq!(parse("junit=a.xml").unwrap().format.name, "junit");
        let error = parse("junt=a.xml").unwrap_err();
        assert!(error.contains("did you mean junit?"), "{error}");
        assert!(parse("junit").is_err() && parse("junit=").is_err());
    }

    #[test]
    fn the_help_names_every_format() {
        use clap::{CommandFactory, Parser};
        #[derive(Parser)]
        struct Only {
            #[command(flatten)]
            reports: ReportArgs,
        }
        let help = Only::command().render_long_help().to_string();
        for format in FORMATS {
            assert!(help.contains(format.name), "{}", format.name);
        }
    }

    #[test]
    fn unwritable_paths_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(check_writable(&file).is_ok());
        assert!(check_writable(&folder.path().join("new/deep/file")).is_ok());
        for path in [folder.path().to_owned(), file.join("below"), "/dev/null".into()] {
            assert!(matches!(check_writable(&path), Err(Failure::Input(_))), "{}", path.display());
        }
    }

    #[test]
    fn a_link_is_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(resolve(&link), fs::canonicalize(&real).unwrap());
    }
}
