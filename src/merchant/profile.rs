//! The profile as values: everything valid, nothing left to interpret.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::drive::{Drives, SqlTemplate};
use super::redact::NamedSecrets;
use crate::model::{ExceptionClass, OrderState, PostingKind, Span, Status};

/// A merchant, connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Path of the file as given; none for the built-in sample.
    pub path: Option<String>,
    /// Folder that relative paths start from.
    pub folder: PathBuf,
    /// `merchant.name`.
    pub name: String,
    /// `merchant.base_url`, may contain `{port}`; no trailing slash.
    pub base_url: String,
    /// `merchant.webhook.path` or `.url`.
    pub webhook: String,
    /// `merchant.webhook.signature`: the scheme's name; none: the provider profile's.
    pub signature: Option<String>,
    /// `merchant.start`; none: it is already running.
    pub start: Option<Start>,
    /// `provider`.
    pub provider: ProviderConfig,
    /// `drive`.
    pub drive: Drives,
    /// `observe`; none: the observation contract at `/countersign/orders/{reference}`.
    pub observe: Option<Observe>,
    /// `lifecycle`: the merchant's word → our state. Empty with the observation contract.
    pub lifecycle: BTreeMap<String, OrderState>,
    /// `policy`.
    pub policy: Policy,
    /// `scope` and `not_applicable`.
    pub scope: Scope,
    /// What `${…}` filled in and is better not repeated, wherever it stands.
    pub named_secrets: NamedSecrets,
}

/// How the merchant is started.
#[derive(Clone, PartialEq, Eq)]
pub struct Start {
    /// Program and arguments.
    pub command: Vec<String>,
    /// Commands that run to their end before the first start.
    pub prepare: Vec<Vec<String>>,
    /// Working folder, absolute.
    pub cwd: PathBuf,
    /// Environment, templates not yet filled in.
    pub env: BTreeMap<String, String>,
    /// When it counts as ready.
    pub ready: Ready,
    /// How it is ended.
    pub stop: Stop,
}

/// When a merchant counts as ready: this path answers 2xx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Path on `base_url`; none: the port accepts connections.
    pub http: Option<String>,
    /// Longest wait.
    pub within: Span,
}

/// How a started merchant is ended: a signal, then SIGKILL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// `TERM`, `INT`, `QUIT`, `HUP` or `KILL`.
    pub signal: String,
    /// How long it has until it is killed.
    pub within: Span,
}

/// The provider as this merchant meets it.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderConfig {
    /// Whether production mode: `sk_live_…`, `livemode: true`.
    pub live: bool,
    /// Address to listen on; port 0: any free one.
    pub listen: String,
    /// Where the merchant reaches the service, if not where it listens; no trailing slash.
    pub public_url: Option<String>,
    /// A fixed key; none: a fresh one per run.
    pub api_key: Option<String>,
    /// A fixed secret; none: a fresh one per run.
    pub webhook_secret: Option<String>,
    /// The provider's habits: the name of a profile, or the path of one from `folder`.
    pub profile: String,
    /// Fixed account; none: a fresh one.
    pub account: Option<String>,
    /// Ids of enabled rails.
    pub rails: Vec<String>,
}

/// Where the merchant's state is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observe {
    /// The order itself.
    pub order: Probe,
    /// Its postings.
    pub ledger: Option<Probe>,
    /// Its open exceptions.
    pub exceptions: Option<Probe>,
}

/// One probe: an answer that is mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// How the answer is had.
    pub look: Look,
    /// JSON pointer of the list of items; none: the document itself (a list, or one object).
    pub each: Option<String>,
    /// What is where.
    pub map: Mapping,
}

/// How a probe looks. Probes that look alike share one look.
#[derive(Clone, PartialEq, Eq)]
pub enum Look {
    /// A GET that answers JSON.
    Http {
        /// Path on `base_url`, with `{reference}`.
        path: String,
        /// Further headers, such as a token of the staff's own API.
        headers: BTreeMap<String, String>,
    },
    /// A command that prints JSON: program and arguments.
    Exec(Vec<String>),
    /// A query; its rows are read as a list of objects.
    Sql(SqlTemplate),
}

impl Look {
    /// Whether it asks for one order, or for all of them.
    #[must_use]
    pub fn names_order(&self) -> bool {
        let names = |text: &String| text.contains("{reference}");
        match self {
            Self::Http { path, .. } => names(path),
            Self::Exec(words) => words.iter().any(names),
            Self::Sql(query) => query.args.iter().any(names),
        }
    }
}

/// Field → JSON pointer within an item, and the merchant's words for our kinds and classes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping {
    /// `state`, `fulfilments`, `payments`, or `id`, `kind`, `amount`, `asset`, `payment`, `class`.
    pub fields: BTreeMap<String, String>,
    /// `kinds`: the merchant's word → ours. A word that is one of ours needs no row.
    pub kinds: BTreeMap<String, PostingKind>,
    /// `classes`: the merchant's word → ours. A word that is one of ours needs no row.
    pub classes: BTreeMap<String, ExceptionClass>,
}

impl Mapping {
    /// The columns that are read, where an item is the row of a query.
    pub fn columns(&self) -> impl Iterator<Item = String> + '_ {
        let names = self.fields.values().map(|pointer| pointer.trim_start_matches('/'));
        names.map(|name| name.replace("~1", "/").replace("~0", "~"))
    }
}

/// What the merchant promises, as finance signs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The earliest status at which goods may leave: paid, confirmed or settled.
    pub fulfil_at: Status,
    /// The earliest status at which the ledger may move: confirmed or settled.
    pub post_at: Status,
    /// Accepted shortfall in the asset's unit, as a decimal string.
    pub amount_tolerance: String,
    /// What happens with too little; none: not promised.
    pub under: Option<Amount>,
    /// What happens with too much.
    pub over: Option<Amount>,
    /// What happens with money after the deadline.
    pub late: Option<Amount>,
    /// Whether the merchant promises a non-2xx to forgeries.
    pub refuses_forgeries: bool,
    /// Longest wait for the merchant to catch up with an event.
    pub converge_within: Span,
    /// Stillness that ends a wait.
    pub quiet: Span,
    /// Longest wait after a 5xx or a 429.
    pub recover_within: Span,
    /// How often the merchant's own job runs.
    pub background_every: Option<Span>,
    /// The most deliveries per second; none: as fast as it answers.
    pub webhook_rate_per_s: Option<u32>,
    /// How long the closing audit waits before it looks: what is declared of twice
    /// `background_every` and `recover_within`, whichever is longer; zero where neither is.
    pub audit_after: Span,
    /// Signed messages older than this are refused.
    pub replay_window: Span,
}

/// What happens with a wrong amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Amount {
    /// Parked for a person.
    Park,
    /// Waits for the rest.
    Wait,
    /// Accepted.
    Accept,
    /// Paid back.
    Refund,
}

/// What the merchant does not have, with the reason; shown in every report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scope {
    /// Words of `scope.absent`.
    pub absent: Vec<String>,
    /// `scope.reason`.
    pub reason: Option<String>,
    /// Rule code or prefix with `*` → reason.
    pub not_applicable: Vec<(String, String)>,
}

/// What is connected: the rules' needs are answered from here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each names one independent connection")]
pub struct Connection {
    /// `drive.checkout`.
    pub checkout: bool,
    /// `drive.reconcile`.
    pub reconcile: bool,
    /// Order state.
    pub order: bool,
    /// Postings.
    pub ledger: bool,
    /// Fulfilments.
    pub fulfilments: bool,
    /// Exceptions.
    pub exceptions: bool,
    /// Whether the merchant accepts events dated ahead of its clock (found by the preflight).
    pub future_dated: bool,
    /// All verbs that are declared under `drive`.
    #[serde(default)]
    pub verbs: BTreeSet<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            fulfil_at: Status::Confirmed,
            post_at: Status::Confirmed,
            amount_tolerance: "0".to_owned(),
            under: None,
            over: None,
            late: None,
            refuses_forgeries: false,
            converge_within: Span::from_s(3),
            quiet: Span::from_ms(150),
            recover_within: Span::from_s(30),
            background_every: None,
            webhook_rate_per_s: None,
            audit_after: Span::default(),
            replay_window: Span::from_s(300),
        }
    }
}
