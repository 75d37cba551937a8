//! The command line: one file per command, each with its arguments and what it does.
//!
//! Reads files, environment and terminal, hands values to the layers below, prints what they
//! answer. Human output goes to stdout, progress and errors to stderr. Knows no rule, no step and
//! no format by name: lists come from their tables.

mod ask;
mod calibrate;
mod check;
mod conduct;
mod demo;
mod doctor;
mod explain;
mod failure;
mod gap;
mod guard;
mod init;
mod input;
mod openapi;
mod page;
mod play;
mod profiles;
mod progress;
mod rails;
mod report;
mod rules;
mod run;
mod sample_merchant;
mod schemes;
mod serve;
mod signing;
mod steps;
mod suite;
mod target;
mod trigger;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

/// Shown where nothing is asked for: what this is, and the next step.
const WELCOME: &str = "\
countersign checks a merchant's payment integration before it meets real money.

It plays a payment provider against your running service over real HTTP: payments on several
rails, webhooks that come twice, late, out of order or forged. It watches what your orders and
your books say, judges that by numbered rules, and tells what would have cost money.

  countersign demo                         see it judge a sound sample merchant, built in
  countersign demo --defect event-id-only  see it catch one with a planted defect
  countersign run                          judge your own, described in ./countersign.yaml

Next step: try the demo, then let `countersign init` write a countersign.yaml for your service.
`countersign --help` lists all commands.
";

const AFTER_HELP: &str = "\
Exit codes:
  0  READY, or a selection passed     2  bad input: flags, configuration, scenarios, wiring
  1  NOT READY: a MUST rule failed    3  INCOMPLETE: a MUST rule could not be judged
                                      4  our own fault: a bug, a full disk

Examples:
  countersign demo
  countersign run
  countersign run --tags '@IDEM-01 or @RACE-01'
  countersign run features/idempotency.feature:12 --seed 7
  countersign explain IDEM-01";

/// Checks a merchant's payment integration before it meets real money
#[derive(Parser)]
#[command(name = "countersign", version, after_help = AFTER_HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

// Without Debug: arguments may be secrets.
#[derive(Subcommand)]
enum Command {
    Run(run::Args),
    Watch(watch::Args),
    Demo(demo::Args),
    Calibrate(calibrate::Args),
    Init(init::Args),
    Check(check::Args),
    Doctor(doctor::Args),
    Report(report::Args),
    Rules(rules::Args),
    Rails(rails::Args),
    Profiles(profiles::Args),
    Schemes(schemes::Args),
    Explain(explain::Args),
    Steps(steps::Args),
    Suite(suite::Args),
    Serve(serve::Args),
    Openapi(openapi::Args),
    Trigger(trigger::Args),
    SampleMerchant(sample_merchant::Args),
    Guard(guard::Args),
}

/// Runs the command line of this process.
///
/// A panic is our own fault and never looks like a verdict.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match catch_unwind(AssertUnwindSafe(|| dispatch(cli))) {
        Ok(Ok(code)) => code,
        Ok(Err(failure)) => failure.report(),
        Err(_) => Failure::Ours(
            "countersign itself failed, which is a bug; please report the lines above".to_owned(),
        )
        .report(),
    }
}

fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let Some(command) = cli.command else {
        page::print(|out| out.write_all(WELCOME.as_bytes()))?;
        return Ok(ExitCode::SUCCESS);
    };
    match command {
        Command::Run(args) => run::run(&args),
        Command::Watch(args) => watch::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Rails(args) => rails::run(&args),
        Command::Profiles(args) => profiles::run(&args),
        Command::Schemes(args) => schemes::run(&args),
        Command::Steps(args) => steps::run(&args),
        Command::Suite(args) => suite::run(&args),
        Command::Openapi(args) => openapi::run(&args),
        Command::Serve(args) => serve::run(args),
        Command::Trigger(args) => trigger::run(args),
        Command::Explain(args) => explain::run(&args),
        Command::Report(args) => report::run(&args),
        Command::SampleMerchant(args) => sample_merchant::run(&args),
        Command::Guard(args) => guard::run(&args),
    }
}
