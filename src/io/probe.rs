//! Looks at the merchant: GETs as the profile declares them, mapped to an observation.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde_json::Value;

use super::http::Reach;
use crate::merchant::template::{Filled, fill_path};
use crate::merchant::{Looks, Probe, Profile, observation};
use crate::model::{Observation, Reference};

/// How much of a wrong answer a message shows.
const SHOWN_BYTES: usize = 200;

/// Looks at one order once. Probes that share a request share its answer, so that what they show
/// is of one moment.
///
/// # Errors
/// The merchant cannot be reached, or its answer cannot be understood: in words that say what to
/// change.
pub async fn observe(
    reach: &Reach,
    profile: &Profile,
    reference: &Reference,
) -> Result<Observation, String> {
    let observe = profile.observing();
    let mut requests: Vec<(&str, &Probe)> = vec![("order", &observe.order)];
    let further = [("ledger", &observe.ledger), ("exceptions", &observe.exceptions)];
    for (name, probe) in further {
        let Some(probe) = probe else { continue };
        if !requests.iter().any(|(_, other)| is_same_request(other, probe)) {
            requests.push((name, probe));
        }
    }
    let answers = requests.iter().map(|(name, probe)| get(reach, name, probe, reference));
    let answers = try_join_all(answers).await?;
    let answer = |probe: &Probe| {
        let position = requests.iter().position(|(_, other)| is_same_request(other, probe));
        answers[position?].clone()
    };
    let looks = Looks {
        order: answer(&observe.order),
        ledger: observe.ledger.as_ref().and_then(answer),
        exceptions: observe.exceptions.as_ref().and_then(answer),
    };
    observation(&observe, &profile.lifecycle, reference, &looks).map_err(|error| error.to_string())
}

fn is_same_request(one: &Probe, other: &Probe) -> bool {
    one.path == other.path && one.headers == other.headers
}

/// The document that a probe answers; none for a 404.
async fn get(
    reach: &Reach,
    name: &str,
    probe: &Probe,
    reference: &Reference,
) -> Result<Option<Value>, String> {
    let values = BTreeMap::from([("reference", reference.as_str().to_owned())]);
    let path = fill_path(&probe.path, &values).map_err(|error| format!("{name}: {error}"))?;
    let headers = probe.headers.clone().into_iter().collect();
    let request = Filled { method: "GET".to_owned(), path, headers, body: None };
    let reply = reach.send(&request).await.map_err(|why| format!("{name}: {why}"))?;
    let told = || format!("{name}: GET {} answered {}", request.path, reply.status);
    match reply.status {
        404 => Ok(None),
        200..=299 => {
            let parsed = serde_json::from_slice(&reply.body);
            let shown = || reply.beginning(SHOWN_BYTES);
            parsed.map(Some).map_err(|error| format!("{}, no JSON ({error}): {}", told(), shown()))
        }
        _ => Err(format!("{}: {}", told(), reply.beginning(SHOWN_BYTES))),
    }
}
