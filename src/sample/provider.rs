//! The shop's client of the payment service's API.

use std::time::{Duration, SystemTime};

use reqwest::{Client, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::config::Config;
use super::defect::Fault;
use super::money::format_atoms;
use super::order::Order;
use super::payment::{Payment, ReadError};

/// The service answers at once or not at all; a customer waits behind most of these calls.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why the service did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProviderError {
    /// Final: asking again would change nothing.
    #[error("the payment service refused: {0}")]
    Refused(String),
    /// Not now; the same request may be sent again.
    #[error("the payment service is not available: {0}")]
    Unavailable(String),
    /// It answered, and what it said cannot be read: it may have done what was asked.
    #[error("the payment service said what cannot be read: {0}")]
    Unreadable(String),
}

/// One account at the payment service.
pub(super) struct Provider {
    http: Client,
    payments: String,
    key: String,
    /// Only a defect asks.
    started: SystemTime,
}

impl Provider {
    pub(super) fn new(config: &Config) -> Result<Self, reqwest::Error> {
        Ok(Self {
            // The key goes to the configured host and nowhere else.
            http: Client::builder().no_proxy().timeout(TIMEOUT).build()?,
            payments: format!("{}/v1/payments", config.payments_api),
            key: config.payments_key.clone(),
            started: SystemTime::now(),
        })
    }

    /// Creates the payment of an order. However often this is asked, there is one: the key of
    /// idempotency is the order itself.
    pub(super) async fn create(
        &self,
        order: &Order,
        fault: Option<Fault>,
    ) -> Result<Payment, ProviderError> {
        let body = json!({
            "reference": order.reference,
            "amount": format_atoms(order.due, order.rail.decimals),
            "asset": order.rail.asset,
            "network": order.rail.network,
        });
        let request = self.http.post(&self.payments).json(&body);
        let key = match fault {
            // Planted (API-02): the key is new each time.
            Some(Fault::KeyPerAttempt) => format!("attempt-{:?}", SystemTime::now()),
            // Planted (CRASH-06): it is new in each life.
            Some(Fault::KeyOfTheProcess) => {
                format!("order-{}-{:?}", order.reference, self.started)
            }
            _ => format!("order-{}", order.reference),
        };
        let answer = self.send(request.header("idempotency-key", key)).await?;
        read(answer)?.ok_or_else(|| ProviderError::Unreadable("an unknown status".to_owned()))
    }

    /// Every payment that the service has for a reference, oldest first.
    pub(super) async fn list(&self, reference: &str) -> Result<Vec<Payment>, ProviderError> {
        let query = [("reference", reference), ("limit", "100")];
        let answer = self.send(self.http.get(&self.payments).query(&query)).await?;
        let List { data } = serde_json::from_value(answer).map_err(unreadable)?;
        let read = data.into_iter().filter_map(|payment| read(payment).transpose());
        read.collect()
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, ProviderError> {
        let unavailable =
            |error: reqwest::Error| ProviderError::Unavailable(error.without_url().to_string());
        let answer = request.header("x-api-key", &self.key).send().await.map_err(unavailable)?;
        let status = answer.status();
        if status.is_success() {
            let unreadable =
                |error: reqwest::Error| ProviderError::Unreadable(error.without_url().to_string());
            return answer.json().await.map_err(unreadable);
        }
        let problem: Value = answer.json().await.unwrap_or_default();
        let code = problem["code"].as_str().unwrap_or("no code");
        let said = format!("{} {code}", status.as_u16());
        Err(if is_final(status) {
            ProviderError::Refused(said)
        } else {
            ProviderError::Unavailable(said)
        })
    }
}

/// Whether the request itself is wrong. A key that is refused is ours to repair, and a conflict
/// is an earlier try of the same request that has not ended.
fn is_final(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY
    )
}

fn read(payment: Value) -> Result<Option<Payment>, ProviderError> {
    Payment::read(payment).map_err(unreadable)
}

fn unreadable(error: impl Into<ReadError>) -> ProviderError {
    ProviderError::Unreadable(error.into().to_string())
}

#[derive(Deserialize)]
struct List {
    data: Vec<Value>,
}
