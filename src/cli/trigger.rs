//! `countersign trigger`: one correctly signed event, for a first look at a webhook handler.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use crate::cli::failure::Failure;
use crate::cli::input::provider_profile;
use crate::cli::page::print;
use crate::cli::play::runtime;
use crate::cli::signing::parse_scheme;
use crate::history::Answer;
use crate::input::nearest;
use crate::io::courier;
use crate::io::deliver::HttpDeliverer;
use crate::io::{clock, entropy};
use crate::model::{EndpointId, EventKind, RAILS, Reference};
use crate::provider::sandbox::Dispatch;
use crate::provider::{ApiKey, ApiRequest, Config, Event, Outcome, Profile, Provider};
use crate::run::Sent;
use crate::signature::{Scheme, Secret, scheme};

/// Send one correctly signed event to a webhook, for a first look
///
/// The event is about a payment of 250 USDT on Tron that exists nowhere else. Ends with exit code
/// 0 if it was acknowledged, by default with a 2xx, else with 1.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  countersign trigger payment.confirmed --to http://127.0.0.1:4000/webhooks --secret whsec_…
  countersign trigger payment.expired --to http://127.0.0.1:4000/webhooks --reference INV-42
  countersign trigger payment.paid --to http://127.0.0.1:4000/webhooks --profile btcpay")]
pub struct Args {
    /// Its type, such as payment.confirmed
    #[arg(value_name = "EVENT", value_parser = parse_kind)]
    event: EventKind,
    /// Where to
    #[arg(long, value_name = "URL")]
    to: String,
    /// The secret that your service verifies with
    #[arg(long, value_name = "SECRET", env = "COUNTERSIGN_WEBHOOK_SECRET", hide_env_values = true)]
    secret: String,
    /// The scheme that it is signed by [default: the profile's]
    #[arg(long, value_name = "SCHEME", value_parser = parse_scheme)]
    signature: Option<&'static Scheme>,
    /// The provider whose habits it has: a name or a file
    #[arg(long, value_name = "PROFILE", default_value = "default")]
    profile: String,
    /// The order that the payment is for
    #[arg(long, value_name = "REFERENCE", default_value = "TRIGGER-1")]
    reference: String,
}

fn parse_kind(word: &str) -> Result<EventKind, String> {
    EventKind::from_word(word).ok_or_else(|| {
        let words: Vec<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let near = nearest(word, words.iter().copied());
        let near = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
        format!("{near}events are {}", words.join(", "))
    })
}

/// Sends it and tells what came back.
///
/// # Errors
/// A URL, a secret or a reference that cannot be used.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let input = |error: &dyn std::fmt::Display| Failure::Input(error.to_string());
    let profile = provider_profile(&args.profile, Path::new("."))?;
    let event = event(args.event, &args.reference, &profile)?;
    let timeout = profile.delivery.timeout;
    let deliverer = HttpDeliverer::new(&args.to, timeout, Instant::now()).map_err(|e| input(&e))?;
    let named = args.signature.or_else(|| scheme(&profile.events.signature));
    let scheme =
        named.ok_or_else(|| Failure::Ours("the profile's scheme is unknown".to_owned()))?;
    let dispatch = Dispatch {
        endpoint: EndpointId::new("whe_0"),
        url: args.to,
        scheme,
        secrets: vec![Secret::new(args.secret)],
        signed_by: vec![0],
        signed_at: None,
        event,
        is_restated: false,
    };
    let sent = runtime()?.block_on(courier::send(&deliverer, &dispatch));
    let (_, sent) = sent.map_err(|e| input(&e))?;
    let status = match sent.answer {
        Answer::Http { status, .. } => Some(status),
        Answer::Failed(_) | Answer::Ran(_) | Answer::Waited(_) => None,
    };
    let taken = profile.delivery.outcome(status, None) == Outcome::Delivered;
    let mut text = told(&dispatch.url, &dispatch.event, &sent);
    if !taken {
        text.push_str(&format!("\nnot acknowledged: only {} is\n", profile.delivery.success));
    }
    print(|out| out.write_all(text.as_bytes()))?;
    Ok(if taken { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The event, as a service of one payment announces it.
fn event(kind: EventKind, reference: &str, profile: &Arc<Profile>) -> Result<Event, Failure> {
    if !profile.events.announces(kind) {
        let name = &profile.name;
        return Err(Failure::Input(format!("{name} never sends {kind}; take another event")));
    }
    let entropy = entropy::fresh().map_err(|error| Failure::Ours(error.to_string()))?;
    let now = clock::wall();
    let key = entropy::api_key(&entropy, false);
    let mut provider = Provider::new(Config {
        live: false,
        account: format!("acct_{}", entropy::account(&entropy)),
        keys: vec![ApiKey::with_all_scopes(key.clone())],
        rails: RAILS.iter().collect(),
        seed: 0,
        nonce: entropy::nonce(&entropy),
        start: now,
        profile: profile.clone(),
        keyring: None,
    });
    let order = serde_json::json!({
        "reference": Reference::new(reference),
        "asset": "USDT",
        "network": "tron",
        "amount": "250.00",
    });
    let headers = [("x-api-key", key.as_str()), ("idempotency-key", "trigger")];
    let create = ApiRequest {
        method: "POST".to_owned(),
        path: "/v1/payments".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: order.to_string().into(),
        ..ApiRequest::default()
    };
    let reply = provider.handle(&create, now, 0);
    let Some(payment) = reply.payment else {
        let problem = String::from_utf8_lossy(&reply.body);
        return Err(Failure::Input(format!("no payment can be for `{reference}`: {problem}")));
    };
    provider.claim(&payment, kind, now).ok_or_else(|| {
        Failure::Input(format!(
            "a payment of USDT on Tron never announces {kind}; take another event"
        ))
    })
}

/// Request and answer, as they went over the wire.
fn told(url: &str, event: &Event, sent: &Sent) -> String {
    let mut text = format!("POST {url}\n");
    for (name, value) in &sent.headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push_str(&format!("\n{}\n\n", String::from_utf8_lossy(&event.body)));
    let took_ms = sent.answered_us.saturating_sub(sent.sent_us) / 1000;
    match &sent.answer {
        Answer::Http { status, body } => {
            text.push_str(&format!("answered {status} after {took_ms} ms\n{body}"));
        }
        Answer::Failed(why) => text.push_str(why),
        Answer::Ran(_) | Answer::Waited(_) => {}
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
