//! How the sample merchant is connected: the `countersign.yaml` that it would have, as a value.
//!
//! The only file here that knows the harness; the merchant itself never reads it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::merchant::{
    Act, Amount, Body, Drives, HttpTemplate, NamedSecrets, Policy, Profile, ProviderConfig, Ready,
    Scope, Start, Stop,
};
use crate::model::{Span, Status};

/// The profile of the sample merchant, started from the program `exe`, with that defect or none.
#[must_use]
pub fn profile(exe: &Path, defect: Option<&str>) -> Profile {
    Profile {
        path: None,
        folder: PathBuf::from("."),
        name: "sample-merchant".to_owned(),
        base_url: "http://127.0.0.1:{port}".to_owned(),
        webhook: "/webhooks/payments".to_owned(),
        signature: None,
        start: Some(start(exe, defect)),
        provider: ProviderConfig {
            live: true,
            listen: "127.0.0.1:0".to_owned(),
            public_url: None,
            api_key: None,
            webhook_secret: None,
            profile: "default".to_owned(),
            account: None,
            rails: crate::model::RAILS.iter().map(|rail| rail.id.to_owned()).collect(),
        },
        drive: drive(),
        observe: None,
        lifecycle: BTreeMap::new(),
        policy: policy(),
        scope: scope(),
        named_secrets: NamedSecrets::default(),
    }
}

fn start(exe: &Path, defect: Option<&str>) -> Start {
    let mut command = vec![exe.to_string_lossy().into_owned(), "sample-merchant".to_owned()];
    if let Some(name) = defect {
        command.extend(["--defect".to_owned(), name.to_owned()]);
    }
    let env = [
        ("PORT", "{port}"),
        ("DB", "{scratch}/shop.db"),
        ("PAYMENTS_API", "{provider.url}"),
        ("PAYMENTS_KEY", "{provider.api_key}"),
        ("PAYMENTS_ACCOUNT", "{provider.account}"),
        ("WEBHOOK_SECRET", "{webhook.secret}"),
        ("LIVEMODE", "true"),
    ];
    Start {
        command,
        prepare: Vec::new(),
        cwd: PathBuf::from("."),
        env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ready: Ready { http: Some("/healthz".to_owned()), within: Span::from_s(20) },
        stop: Stop { signal: "TERM".to_owned(), within: Span::from_s(5) },
    }
}

fn drive() -> Drives {
    let order = json!({
        "reference": "{reference}",
        "amount": "{amount}",
        "asset": "{asset}",
        "network": "{network}",
    });
    let post = |path: &str, body| {
        let request = HttpTemplate {
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers: BTreeMap::new(),
            body,
        };
        vec![Act::Http(request).into()]
    };
    let mut drives = Drives::default();
    drives.declare("checkout", post("/orders", Body::Json(order)));
    drives.declare("reconcile", post("/reconcile", Body::None));
    drives
}

fn policy() -> Policy {
    Policy {
        fulfil_at: Status::Confirmed,
        post_at: Status::Confirmed,
        amount_tolerance: "0".to_owned(),
        // Too little is parked. Too much is booked as far as it is due and the rest is parked;
        // late money is parked until the provider accepts it: no single word promises either.
        under: Some(Amount::Park),
        over: None,
        late: None,
        refuses_forgeries: true,
        converge_within: Span::from_s(3),
        quiet: Span::from_ms(60),
        recover_within: Span::from_s(5),
        background_every: None,
        webhook_rate_per_s: None,
        audit_after: Span::default(),
        replay_window: Span::from_s(300),
    }
}

fn scope() -> Scope {
    let absent = [
        "payouts",
        "vouchers",
        "fiat-prices",
        "client-prices",
        "free-orders",
        "return-page",
        "claims",
        "tenants",
        "second-gateway",
        "disabled-gateway",
        "sandbox-door",
        "pages",
        "registration",
        "alerts",
    ];
    Scope {
        absent: absent.map(str::to_owned).into(),
        reason: Some(
            "a shop that takes payments, gives them back, and does nothing else".to_owned(),
        ),
        not_applicable: Vec::new(),
    }
}
