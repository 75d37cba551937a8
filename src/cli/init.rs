//! `countersign init`: a first countersign.yaml, from what the folder shows and what is answered.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::ask::Dialogue;
use crate::cli::failure::Failure;
use crate::cli::input::{CONFIG, profile_of};
use crate::cli::page::print;
use crate::cli::serve::parse_rail;
use crate::cli::target::write_new;
use crate::io::entropy;
use crate::merchant::draft::{Draft, Running};
use crate::merchant::stack::{Proposal, recognise, recognised};
use crate::model::Rail;
use crate::signature;

/// What is proposed where nothing better is known.
const WEBHOOK: &str = "/webhooks/payments";
const CHECKOUT: &str = "/orders";
const RAILS: &str = "usdt-tron,usdc-base";
/// What editors complete and check the file by; beside it, so that it is of this version.
const SCHEMA: (&str, &str) =
    ("countersign.schema.json", include_str!("../../docs/schema/countersign.schema.json"));
/// Where `serve` listens by default as well.
const LISTEN: &str = "127.0.0.1:8080";

/// Write a first countersign.yaml for the service in this folder
///
/// Recognises common stacks by their files and proposes how the service is started. Asks at a
/// terminal; with --yes it takes what is proposed and what flags say. Overwrites nothing. Beside the
/// file it writes its schema, by which editors complete and check it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  countersign init
  countersign init --yes --checkout /api/orders --ready /healthz
  countersign init --yes --command 'node server.js' --rails usdt-tron,btc-bitcoin
  countersign init --yes --base-url http://127.0.0.1:4000      # it runs already")]
pub struct Args {
    /// Ask nothing; take flags, and what is proposed for the rest
    #[arg(long, short)]
    yes: bool,
    /// The merchant's name in reports
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,
    /// What starts it, as for a shell; {port} becomes a free port
    #[arg(long, value_name = "COMMAND", value_parser = command)]
    command: Option<Words>,
    /// Where it listens: a fixed address; without --command it runs there already
    #[arg(long, value_name = "URL", value_parser = base_url)]
    base_url: Option<String>,
    /// The path that takes webhooks
    #[arg(long, value_name = "PATH", value_parser = path)]
    webhook: Option<String>,
    /// The path that opens an order by POST
    #[arg(long, value_name = "PATH", value_parser = path)]
    checkout: Option<String>,
    /// The path that answers 2xx once it is ready; its open port counts where left out
    #[arg(long, value_name = "PATH", value_parser = path)]
    ready: Option<String>,
    /// Rails that it accepts, separated by commas
    #[arg(long, value_name = "RAIL", value_delimiter = ',', value_parser = parse_rail)]
    rails: Option<Vec<&'static Rail>>,
    /// The file to be written
    #[arg(long, value_name = "PATH", default_value = CONFIG)]
    config: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

/// Program and arguments.
type Words = std::sync::Arc<[String]>;

/// Writes the file.
///
/// # Errors
/// A file that is there, nobody to be asked, a place that cannot be written.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let shown = args.config.display();
    if !args.force && args.config.symlink_metadata().is_ok() {
        return Err(Failure::Input(format!(
            "`{shown}` is there already; add --force to replace it, or name another with --config"
        )));
    }
    let folder = folder(&args.config)?;
    let files = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let proposal = recognise(&files);
    let (mut answers, mut questions) = (io::stdin().lock(), io::stderr().lock());
    let is_asked = !args.yes && io::stdin().is_terminal() && io::stderr().is_terminal();
    if !is_asked && !args.yes {
        let why = "nobody can be asked here; add --yes to take what is proposed, and flags for the \
             rest";
        return Err(Failure::Input(why.to_owned()));
    }
    let dialogue =
        is_asked.then_some(Dialogue { answers: &mut answers, questions: &mut questions });
    let draft = args.draft(&folder, proposal.as_ref(), dialogue)?;
    let text = draft.render();
    profile_of(&text, &args.config).map_err(|failure| match failure {
        Failure::Text(errors) => {
            Failure::Input(format!("these answers make no valid file: {errors}"))
        }
        other => other,
    })?;
    write_new(&args.config, &text, args.force)?;
    // It is ours alone, and one of an earlier version is of no use.
    write_new(&args.config.with_file_name(SCHEMA.0), SCHEMA.1, true)?;
    print(|out| {
        if let Some(proposal) = &proposal {
            writeln!(out, "recognised by {}: {}", proposal.file, proposal.command.join(" "))?;
        }
        let adapt = match draft.running {
            Running::Started { .. } => "the names in start.env",
            Running::Already { .. } => "what stands in provider",
        };
        writeln!(
            out,
            "wrote {shown}, and {schema} beside it\n\nNext: compare {adapt} and drive.checkout with your service, then\n  \
             countersign check{config}\n  countersign doctor{config}",
            schema = SCHEMA.0,
            config = match args.config == Path::new(CONFIG) {
                true => String::new(),
                false => format!(" --config {shown}"),
            }
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Where the service lives: the folder of the file.
fn folder(config: &Path) -> Result<PathBuf, Failure> {
    let whole = std::path::absolute(config).map_err(|error| {
        let config = config.display();
        Failure::Input(format!("`{config}` has no folder: {error}; start in one that exists"))
    })?;
    Ok(whole.parent().unwrap_or(Path::new("/")).to_owned())
}

impl Args {
    /// What flags, answers and proposals come to, in this order.
    fn draft(
        &self,
        folder: &Path,
        proposal: Option<&Proposal>,
        mut dialogue: Option<Dialogue<'_>>,
    ) -> Result<Draft, Failure> {
        let mut settle =
            |flag: &Option<String>, question: &str, proposed: &str, parse: Parse| match (
                flag,
                &mut dialogue,
            ) {
                (Some(given), _) => Ok(given.clone()),
                (None, Some(dialogue)) => {
                    let proposed = Some(proposed).filter(|text| !text.is_empty());
                    dialogue.ask(question, proposed, parse)
                }
                (None, None) => Ok(proposed.to_owned()),
            };
        let named = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let named = proposal.and_then(|found| found.name.clone()).or(named);
        let named = named.unwrap_or_else(|| "merchant".to_owned());
        let name = settle(&self.name, "Name", &named, name)?;
        let is_given = self.command.is_some() || self.base_url.is_some();
        let start = match (is_given, proposal) {
            (true, _) => None,
            (false, found) => {
                let proposed = found.map(|found| found.command.join(" ")).unwrap_or_default();
                let question = "Command that starts it, or its address if it runs already";
                Some(settle(&None, question, &proposed, start)?)
            }
        };
        let (command, base_url) = match start {
            None => (self.command.clone(), self.base_url.clone()),
            Some(text) if text.starts_with("http://") => (None, Some(text)),
            Some(text) if text.is_empty() => return Err(unknown()),
            Some(text) => (Some(command(&text).map_err(Failure::Input)?), None),
        };
        let webhook = settle(&self.webhook, "Path that takes webhooks", WEBHOOK, path)?;
        let checkout = settle(&self.checkout, "Path that opens an order", CHECKOUT, path)?;
        let rails = match &self.rails {
            Some(rails) => rails.iter().map(|rail| rail.id.to_owned()).collect(),
            None => {
                let all = settle(&None, "Rails that it accepts", RAILS, rails)?;
                all.split(',').map(|id| id.trim().to_owned()).collect()
            }
        };
        let running = match command {
            Some(command) => started(&command, proposal),
            None => already()?,
        };
        let ready = match &running {
            Running::Started { .. } => {
                let question = "Path that answers once it is ready (none: its port opens)";
                Some(settle(&self.ready, question, "", ready)?).filter(|path| !path.is_empty())
            }
            Running::Already { .. } if self.ready.is_some() => {
                let why = "--ready is for a service that is started; give its --command, or leave \
                     --ready out";
                return Err(Failure::Input(why.to_owned()));
            }
            Running::Already { .. } => None,
        };
        let base_url = base_url.unwrap_or_else(|| "http://127.0.0.1:{port}".to_owned());
        let schema = SCHEMA.0.to_owned();
        Ok(Draft { schema, name, base_url, webhook, checkout, ready, rails, running })
    }
}

/// Nothing is proposed and nobody says otherwise.
fn unknown() -> Failure {
    let found: Vec<_> = recognised().collect();
    Failure::Input(format!(
        "nothing here shows how the service is started ({} are recognised); say so with --command, \
         or where it runs with --base-url",
        found.join(", ")
    ))
}

/// Takes an answer as it is, or says why not.
type Parse = fn(&str) -> Result<String, String>;

/// What is proposed holds only for the command that is proposed.
fn started(command: &[String], proposal: Option<&Proposal>) -> Running {
    let proposal = proposal.filter(|found| found.command == command);
    let takes_port = command.iter().any(|word| word.contains("{port}"));
    let variable = proposal.map_or((!takes_port).then_some("PORT"), |found| found.port_variable);
    Running::Started {
        command: command.to_owned(),
        prepare: proposal.map(|found| found.prepare.clone()).unwrap_or_default(),
        port_variable: variable.map(str::to_owned),
        ready_within_s: proposal.map_or(60, |found| found.ready_within_s),
    }
}

/// One that runs already is told fresh values, so that no two teams share a secret.
fn already() -> Result<Running, Failure> {
    let entropy = entropy::fresh().map_err(|error| {
        Failure::Ours(format!("no randomness for a secret: {error}; is /dev/urandom there?"))
    })?;
    let scheme = signature::scheme("standard-webhooks").expect("the scheme is in the table");
    Ok(Running::Already {
        listen: LISTEN.to_owned(),
        api_key: entropy::api_key(&entropy, true),
        webhook_secret: scheme.fresh_secret(&entropy).expose().to_owned(),
    })
}

fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("a name, please".to_owned()) } else { Ok(text.to_owned()) }
}

fn path(text: &str) -> Result<String, String> {
    if text.starts_with('/') && !text.contains(char::is_whitespace) {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is no path; a slash first, such as /orders"))
}

fn ready(text: &str) -> Result<String, String> {
    if text.is_empty() { Ok(String::new()) } else { path(text) }
}

fn base_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").filter(|rest| !rest.is_empty());
    match rest {
        Some(rest) if !rest.contains(char::is_whitespace) => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is no address, such as http://127.0.0.1:4000")),
    }
}

fn rails(text: &str) -> Result<String, String> {
    text.split(',').try_for_each(|id| parse_rail(id.trim()).map(drop))?;
    Ok(text.to_owned())
}

fn start(text: &str) -> Result<String, String> {
    match text.starts_with("http") {
        true => base_url(text),
        false => command(text).map(|_| text.to_owned()),
    }
}

/// Words at blanks; what needs a shell gets one.
fn command(text: &str) -> Result<Words, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a command, such as `node server.js`".to_owned());
    }
    // Braces are ours: {port}.
    let is_plain = |c: char| c.is_alphanumeric() || " -_./:=@,+%{}".contains(c);
    let sets_a_variable = text.split(' ').next().is_some_and(|word| word.contains('='));
    Ok(match text.chars().all(is_plain) && !sets_a_variable {
        true => text.split_whitespace().map(str::to_owned).collect(),
        false => ["sh", "-c", text].map(str::to_owned).into(),
    })
}
