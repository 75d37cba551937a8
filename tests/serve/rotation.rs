//! Endpoints that are made and whose secret is changed, while the service is killed: what was shown
//! is what signs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use countersign::model::SimTime;
use countersign::signature::{self, Arrived, Secret};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Door, Service};

/// What was asked for and told, by the key of the endpoint's creation.
#[derive(Default)]
pub struct Told(BTreeMap<String, Asked>);

#[derive(Default)]
struct Asked {
    url: String,
    /// As it was told.
    id: Option<String>,
    rotations: u32,
    /// What each answer showed, the creation's first.
    secrets: Vec<String>,
}

/// Makes an endpoint and changes its secret until nothing is answered any more.
pub async fn rotate(service: Arc<Service>, told: Arc<Mutex<Told>>, key: String, url: String) {
    told.lock().unwrap().0.insert(key.clone(), Asked { url: url.clone(), ..Asked::default() });
    let Some((id, secret)) = create(&service, &key, &url).await else { return };
    let note = |note: &dyn Fn(&mut Asked)| note(told.lock().unwrap().0.get_mut(&key).unwrap());
    note(&|asked| asked.id = Some(id.clone()));
    note(&|asked| asked.secrets.push(secret.clone()));
    for n in 1..=5 {
        note(&|asked| asked.rotations = n);
        let Some(secret) = change(&service, &id, &key, n).await else { return };
        note(&|asked| asked.secrets.push(secret.clone()));
    }
}

async fn create(service: &Service, key: &str, url: &str) -> Option<(String, String)> {
    // One of them shares the load; the others would only make the test long.
    let event = if key == "E0" { "payment.confirmed" } else { "payment.expired" };
    let terms = json!({"url": url, "events": [event]});
    let (status, _, made) =
        service.merchant(Method::POST, "/v1/webhook_endpoints", key, &terms).await?;
    assert_eq!(status, 201, "{made}");
    Some((text(&made, "id"), text(&made, "secret")))
}

async fn change(service: &Service, id: &str, key: &str, n: u32) -> Option<String> {
    let path = format!("/v1/webhook_endpoints/{id}/rotate");
    let key = format!("{key}-{n}");
    let (status, _, rotated) =
        service.merchant(Method::POST, &path, &key, &json!({"overlap_s": 0})).await?;
    assert_eq!(status, 200, "{rotated}");
    Some(text(&rotated, "secret"))
}

/// Asks everything once more with the same keys: what was told comes again, what was not told is
/// told now, and nothing is done twice. Then each endpoint signs with the last secret told.
pub async fn check(service: &Service, door: &Door, told: &Told) {
    for (key, asked) in &told.0 {
        let (id, first) = create(service, key, &asked.url).await.unwrap();
        assert!(asked.id.as_ref().is_none_or(|known| *known == id), "{key} has another endpoint");
        let mut secrets = vec![first];
        for n in 1..=asked.rotations {
            secrets.push(change(service, &id, key, n).await.unwrap());
        }
        assert!(secrets.starts_with(&asked.secrets), "{key} shows another secret than before");
        let tried = service.operate(&format!("endpoints/{id}/test"), &json!({})).await.unwrap();
        assert_eq!(tried.0, 200, "{}", tried.1);
        verify(door, &asked.url, secrets.last().unwrap()).await;
    }
    let endpoints = service.all("/v1/webhook_endpoints").await;
    assert_eq!(endpoints.len(), told.0.len() + 1, "one endpoint for each key, and the operator's");
}

/// The test that came to this URL is signed with this secret alone.
async fn verify(door: &Door, url: &str, secret: &str) {
    let (headers, body) = door.test_at(url).await;
    let arrived = Arrived { headers: &headers, url, method: "POST", body: body.as_bytes() };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = SimTime::from_unix_ms(i64::try_from(now.as_millis()).unwrap());
    let scheme = signature::scheme("standard-webhooks").unwrap();
    assert_eq!(scheme.verify(&[Secret::new(secret)], &arrived, now), Ok(()), "{url}");
    let signature = headers.iter().find(|(name, _)| name == "webhook-signature").unwrap();
    assert!(!signature.1.contains(' '), "the secret before it signs as well: {}", signature.1);
}

fn text(of: &Value, name: &str) -> String {
    of[name].as_str().unwrap().to_owned()
}
