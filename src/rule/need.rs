//! What a rule cannot be judged without, and what the profile declares out of scope.

use super::{Need, Rule};
use crate::merchant::{Connection, Scope};
use crate::model::rail_by_id;

/// The words of `scope.absent`, each with the rules that it makes not applicable; a `*` ends a
/// prefix.
pub static SCOPE_WORDS: &[(&str, &[&str])] = &[
    (
        "webhooks",
        &["AUTH-*", "PARSE-01", "PARSE-07", "REPLAY-*", "IDEM-*", "RACE-*", "ORD-*", "OPS-*"],
    ),
    ("refunds", &["REF-*", "ORD-05"]),
    ("payouts", &["REF-10"]),
    ("disputes", &["LIFE-11", "LIFE-12", "REF-07"]),
    ("vouchers", &["RACE-06", "AMT-13", "AMT-15"]),
    ("fiat-prices", &["AMT-05", "AMT-07", "AMT-11", "AMT-19"]),
    ("client-prices", &["AMT-03", "AMT-04"]),
    ("free-orders", &["AMT-16"]),
    ("return-page", &["AUTH-16", "IDEM-05", "IDEM-06", "RACE-02"]),
    ("claims", &["AUTH-15", "BIND-02", "REPLAY-06", "REPLAY-08"]),
    ("tenants", &["BIND-04", "REPLAY-05"]),
    ("second-gateway", &["BIND-05"]),
    ("disabled-gateway", &["AUTH-19"]),
    ("sandbox-door", &[]),
    ("pages", &["SEC-01", "SEC-04"]),
    ("registration", &["SEC-02", "OPS-05"]),
    ("alerts", &["OPS-06"]),
    ("attribution-tags", &["BIND-11"]),
];

impl Need {
    /// The line of configuration that connects it.
    #[must_use]
    pub const fn line(self) -> &'static str {
        match self {
            Self::Checkout => "drive.checkout",
            Self::Reconcile => "drive.reconcile (or policy.background_every)",
            Self::Order => "observe.order.map.state",
            Self::Ledger => "observe.ledger",
            Self::Fulfilments => "observe.order.map.fulfilments",
            Self::Exceptions => "observe.exceptions",
            Self::FutureDated => "the merchant refuses events dated ahead of its clock",
        }
    }

    const fn is_met(self, connection: &Connection) -> bool {
        match self {
            Self::Checkout => connection.checkout,
            Self::Reconcile => connection.reconcile,
            Self::Order => connection.order,
            Self::Ledger => connection.ledger,
            Self::Fulfilments => connection.fulfilments,
            Self::Exceptions => connection.exceptions,
            Self::FutureDated => connection.future_dated,
        }
    }
}

/// The lines of configuration that this rule lacks.
#[must_use]
pub fn missing(rule: &Rule, connection: &Connection) -> Vec<&'static str> {
    let unmet = rule.needs.iter().filter(|need| !need.is_met(connection));
    unmet.map(|need| need.line()).collect()
}

/// Why the profile declares this rule out of scope, where it does.
#[must_use]
pub fn absent(rule: &Rule, scope: &Scope) -> Option<String> {
    for (pattern, reason) in &scope.not_applicable {
        if covers(pattern, rule.code) {
            return Some(reason.clone());
        }
    }
    for word in &scope.absent {
        let row = SCOPE_WORDS.iter().find(|(known, _)| known == word);
        if row.is_some_and(|(_, rules)| rules.iter().any(|pattern| covers(pattern, rule.code))) {
            let reason = scope.reason.as_deref().unwrap_or("declared absent");
            return Some(format!("no {word}: {reason}"));
        }
    }
    None
}

/// Why the rule cannot be broken on these rails, where it cannot.
#[must_use]
pub fn impossible(rule: &Rule, rails: &[String]) -> Option<String> {
    let only = rule.only_on?;
    let enabled = rails.iter().filter_map(|id| rail_by_id(id));
    let possible = enabled.clone().any(|rail| (only.has)(rail)) || rails.is_empty();
    (!possible).then(|| format!("none of the rails {}", only.told))
}

/// Whether a code or a prefix with `*` names this rule.
#[must_use]
pub fn covers(pattern: &str, code: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => code.starts_with(prefix),
        None => pattern == code,
    }
}
