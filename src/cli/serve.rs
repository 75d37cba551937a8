//! `countersign serve`: the reference payment service on its own, as a shared sandbox.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;

use crate::cli::conduct::until_interrupted;
use crate::cli::failure::Failure;
use crate::cli::input::written_profile;
use crate::cli::page::print;
use crate::cli::play::runtime;
use crate::cli::signing::parse_scheme;
use crate::input::nearest;
use crate::io::serve::{About, Modes, Options, ServeError, Service};
use crate::model::{RAILS, Rail, rail_by_id};
use crate::signature::Scheme;

/// The reference payment service on its own, as a sandbox that a team shares
///
/// Merchants call it at --listen. Whoever plays payer, network and operator does so at --control,
/// on the page there or by its API; it asks for no key, so keep it on the loopback address. The
/// clock is real time, plus what the operator adds.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Where merchants call
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Where the operator does
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    control: String,
    /// An endpoint of the first account, which takes every event; more are made by the API
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// The secret of that endpoint; made and shown once where left out
    #[arg(long, value_name = "SECRET", env = "COUNTERSIGN_WEBHOOK_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// The provider whose habits it has: a name or a file [default: default]
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// The scheme that deliveries are signed by [default: the profile's]
    #[arg(long, value_name = "SCHEME", value_parser = parse_scheme)]
    signature: Option<&'static Scheme>,
    /// Rails that every account is enabled for, separated by commas [default: all]
    #[arg(long, value_name = "RAIL", value_delimiter = ',', value_parser = parse_rail)]
    rails: Option<Vec<&'static Rail>>,
    /// In which modes there are keys, payments and endpoints [default: test]
    #[arg(long, value_name = "MODE")]
    mode: Option<Mode>,
    /// How many accounts there are, none of which sees another [default: 1]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=9))]
    accounts: Option<u8>,
    /// The key of the first account, with the prefix of its mode; made and shown once where left out
    #[arg(long, value_name = "KEY", env = "COUNTERSIGN_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// Keep the journal in this SQLite file and go on from it; in memory where left out
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
The control API, as JSON:
  GET  /api/status                        the clock; accounts, their endpoints, what there is
  GET  /api/payments?before=ID&limit=N    the newest first
  GET  /api/payments/ID                   with timeline, events, deliveries, attempts
  POST /api/payments/ID/pay               {\"amount\": \"100.00\"}, or what is missing
  POST /api/payments/ID/mine              {\"blocks\": 3}, or until it is confirmed
  POST /api/payments/ID/settle | expire | accept | give-up
  POST /api/payments/ID/pay               {\"mistake\": \"other_asset\"}: or other_network,
                                          look_alike, untagged, failing
  POST /api/payments/ID/replace           {\"amount\": \"0\"}: the last transfer, spent once more
  POST /api/payments/ID/reorganise        {\"depth\": 3}, and return-orphans
  POST /api/payments/ID/stall | resume    its network
  POST /api/payments/ID/hold | release | reject
  POST /api/payments/ID/complete-refund   {\"refund\": \"rfd_…\"}, or fail-refund
  POST /api/payments/ID/open-dispute      {\"reason\": \"…\", \"amount\": \"5.00\"}
  POST /api/payments/ID/win-dispute | lose-dispute | test
  POST /api/payouts/ID/approve | complete | fail
  POST /api/statements/RAIL/DATE/misstate {\"fault\": \"missing_line\"}: or duplicate_line,
                                          late_fee, wrong_cutoff, rounded_by_one_atom, orphan_deposit
  POST /api/statements/RAIL/DATE/correct  a new revision
  GET  /api/deliveries?before=ID&limit=N  of the newest events first
  POST /api/deliveries/EVENT/hold | release | drop | redeliver, with ?endpoint=ID to one only
  POST /api/deliveries/hold               {\"on\": true}: all that is new, until {\"on\": false}
  POST /api/endpoints/ID/test             sends webhook.test there
  POST /api/keys                          {\"scopes\": [\"payments:read\"]}: a key, shown once
  POST /api/faults                        {\"trouble\": \"lost\", \"calls\": 3}: of the API;
                                          docs/sandbox.md lists every trouble
  POST /api/clock/advance                 {\"by\": \"2h\"}
  GET  /api/changes                       server-sent events: which payments changed
A POST needs content-type: application/json. Lists, /api/deliveries/hold and /api/keys take
?account=ID&mode=test, and are about the first account that fits.

Examples:
  countersign serve
  countersign serve --webhook http://127.0.0.1:4000/webhooks/payments --store sandbox.db
  countersign serve --accounts 2 --mode both
  countersign serve --profile stripe
  countersign serve --listen 0.0.0.0:8080 --rails usdt-tron,usdc-base";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Keys `sk_test_…`
    Test,
    /// Keys `sk_live_…`
    Live,
    /// Both, and neither sees the other
    Both,
}

/// A rail, by its id.
///
/// # Errors
/// There is none of that name, with the nearest.
pub fn parse_rail(id: &str) -> Result<&'static Rail, String> {
    rail_by_id(id).ok_or_else(|| {
        let near = nearest(id, RAILS.iter().map(|rail| rail.id));
        let near = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
        let known: Vec<_> = RAILS.iter().map(|rail| rail.id).collect();
        format!("{near}rails are {}", known.join(", "))
    })
}

/// Serves until it is interrupted.
///
/// # Errors
/// An address, a store or a flag that cannot be used; a journal that cannot be written any more.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let options = args.options()?;
    let webhook = options.webhook.clone();
    runtime()?.block_on(until_interrupted(async |interrupted| {
        let service = Service::open(options).await?;
        let text = told(&service.about, webhook.as_deref());
        print(|out| out.write_all(text.as_bytes()))?;
        service.run(interrupted).await?;
        Ok(())
    }))?;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn options(self) -> Result<Options, Failure> {
        let asked = self.mode.map(|mode| match mode {
            Mode::Test => Modes::Test,
            Mode::Live => Modes::Live,
            Mode::Both => Modes::Both,
        });
        let by_key = match &self.api_key {
            None => None,
            Some(key) if key.starts_with("sk_test_") => Some(Modes::Test),
            Some(key) if key.starts_with("sk_live_") => Some(Modes::Live),
            Some(_) => {
                let problem = "the API key must begin with sk_test_ or sk_live_ (--api-key)";
                return Err(Failure::Input(problem.to_owned()));
            }
        };
        // A key of the other mode would open nothing, and the store may know the mode.
        if let (Some(asked @ (Modes::Test | Modes::Live)), Some(by_key)) = (asked, by_key)
            && asked != by_key
        {
            let problem = "the API key is not one of the mode (--api-key, --mode)";
            return Err(Failure::Input(problem.to_owned()));
        }
        let profile = self.profile.as_deref();
        let profile = profile.map(|word| written_profile(word, Path::new("."))).transpose()?;
        Ok(Options {
            profile,
            listen: self.listen,
            control: self.control,
            webhook: self.webhook,
            secret: self.secret,
            signature: self.signature.map(|scheme| scheme.name().to_owned()),
            rails: self.rails,
            accounts: self.accounts.map(usize::from),
            modes: asked,
            api_key: self.api_key,
            store: self.store,
        })
    }
}

/// What whoever started it needs next: addresses, and secrets that are never shown again.
fn told(about: &About, webhook: Option<&str>) -> String {
    let mut lines = vec![
        format!("  merchants call   http://{}", about.api),
        format!("  you operate at   http://{}", about.control),
    ];
    if about.profile.name != "default" {
        lines.push(format!("  speaks as        {}", about.profile.name));
    }
    if about.replayed > 0 {
        lines.push(format!("  resumed from     {} journalled commands", about.replayed));
    }
    for (n, books) in about.books.iter().enumerate() {
        if n == 0 || about.books[n - 1].account != books.account {
            lines.push(format!("  account          {}", books.account));
        }
        if let Some(key) = &books.fresh_key {
            let mode = if books.live { "live" } else { "test" };
            lines.push(format!("  {mode} key         {key}   shown once"));
        }
    }
    lines.push(match (webhook, about.endpoints) {
        (Some(url), 0 | 1) => format!("  delivers to      {url}"),
        (Some(url), n) => format!("  delivers to      {url} and {} more", n - 1),
        // Endpoints are made by routes of the contract.
        (None, 0) if !about.profile.api.routes.is_empty() => {
            "  delivers to      nowhere yet; name a place with --webhook URL".to_owned()
        }
        (None, 0) => "  delivers to      nowhere yet; name a place with --webhook URL, or make an \
                      endpoint by the API"
            .to_owned(),
        (None, 1) => "  delivers to      one endpoint".to_owned(),
        (None, n) => format!("  delivers to      {n} endpoints"),
    });
    if let Some(secret) = &about.fresh_secret {
        lines.push(format!("  webhook secret   {secret}   shown once"));
    }
    let (lines, first) = (lines.join("\n"), first_call(about));
    format!(
        "The reference payment service, as a sandbox\n\n{lines}\n\n{first}\n\nCtrl-C ends it.\n"
    )
}

/// How a payment is asked for; where the provider has routes of its own: which.
fn first_call(about: &About) -> String {
    let routes = &about.profile.api.routes;
    if !routes.is_empty() {
        let routes: Vec<_> = routes.iter().map(|route| format!("  {route}")).collect();
        return format!("What it takes:\n{}", routes.join("\n"));
    }
    let key = about.books.first().and_then(|books| books.fresh_key.as_deref());
    let header = key.unwrap_or("$COUNTERSIGN_API_KEY");
    format!(
        "A first payment:\n  curl http://{}/v1/payments -H \"x-api-key: {header}\" -H \
         'idempotency-key: 1' \\\n    -d '{{\"reference\":\"INV-1\",\"asset\":\"USDT\",\
         \"network\":\"tron\",\"amount\":\"250.00\"}}'",
        about.api
    )
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Lost(_) | ServeError::System(_) => Self::Ours(error.to_string()),
            ServeError::Listen { .. }
            | ServeError::Webhook(_)
            | ServeError::Signature(_)
            | ServeError::Begun { .. }
            | ServeError::Store(_)
            | ServeError::Profile(_)
            | ServeError::Incomplete(_) => Self::Input(error.to_string()),
        }
    }
}
