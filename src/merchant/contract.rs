//! What a profile connects: the observation contract as a mapping like any other, the webhook's
//! address, the connections that rules ask for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::profile::{Connection, Look, Mapping, Observe, Probe, Profile};
use super::template::{Unfilled, Values, fill_text};

/// Where a merchant that implements the contract shows an order.
pub const CONTRACT_PATH: &str = "/countersign/orders/{reference}";

impl Observe {
    /// `GET /countersign/orders/{reference}` as the contract defines it.
    #[must_use]
    pub fn contract() -> Self {
        let order = [
            ("reference", "/reference"),
            ("state", "/state"),
            ("payments", "/payment_ids"),
            ("fulfilments", "/fulfilments"),
        ];
        let ledger = [
            ("id", "/id"),
            ("kind", "/kind"),
            ("amount", "/amount"),
            ("asset", "/asset"),
            ("payment", "/payment_id"),
        ];
        let exceptions = [("class", "/class"), ("payment", "/payment_id")];
        Self {
            order: probe(None, &order),
            ledger: Some(probe(Some("/postings"), &ledger)),
            exceptions: Some(probe(Some("/exceptions"), &exceptions)),
        }
    }
}

fn probe(each: Option<&str>, fields: &[(&str, &str)]) -> Probe {
    let text = |(field, pointer): &(&str, &str)| ((*field).to_owned(), (*pointer).to_owned());
    Probe {
        look: Look::Http { path: CONTRACT_PATH.to_owned(), headers: BTreeMap::new() },
        each: each.map(str::to_owned),
        map: Mapping { fields: fields.iter().map(text).collect(), ..Mapping::default() },
    }
}

impl Profile {
    /// How the merchant is observed: as declared, or by the contract.
    #[must_use]
    pub fn observing(&self) -> Cow<'_, Observe> {
        self.observe.as_ref().map_or_else(|| Cow::Owned(Observe::contract()), Cow::Borrowed)
    }

    /// Where deliveries go: the webhook's path on the merchant's address, or its own address.
    ///
    /// # Errors
    /// A placeholder of `merchant.webhook.url` without a value.
    pub fn webhook_url(&self, base_url: &str, values: &Values<'_>) -> Result<String, Unfilled> {
        if self.webhook.starts_with('/') {
            return Ok(format!("{}{}", base_url.trim_end_matches('/'), self.webhook));
        }
        fill_text(&self.webhook, values, "merchant.webhook.url")
    }

    /// What is connected. Whether dated-ahead events are accepted is left to the preflight.
    #[must_use]
    pub fn connection(&self) -> Connection {
        let observe = self.observing();
        Connection {
            checkout: self.drive.has("checkout"),
            reconcile: self.drive.has("reconcile") || self.policy.background_every.is_some(),
            order: true,
            ledger: observe.ledger.is_some(),
            fulfilments: observe.order.map.fields.contains_key("fulfilments"),
            exceptions: observe.exceptions.is_some(),
            future_dated: false,
            verbs: self.drive.words().map(str::to_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::{Known, Outside, read};

    #[test]
    fn webhooks_go_to_a_path_or_to_an_address_of_their_own() {
        let cases = [
            ("path: /w", "http://m:4000/w"),
            ("url: \"http://127.0.0.1:{port}/hooks\"", "http://127.0.0.1:4000/hooks"),
        ];
        for (webhook, expected) in cases {
            let text = format!(
                "version: 1\n\
                 merchant: {{name: m, base_url: \"http://m:{{port}}\", webhook: {{{webhook}}}, \
                 start: {{command: [m]}}}}\n\
                 provider: {{rails: [usdt-tron]}}\n"
            );
            let known = Known {
                rules: &[],
                signatures: &["standard-webhooks"],
                profiles: &[],
                scope_words: &[],
            };
            let profile = read(&text, "m.yaml", "/".into(), &Outside::NOTHING, &known);
            let profile = profile.unwrap_or_else(|errors| panic!("{errors}"));
            let values = BTreeMap::from([("port", "4000".to_owned())]);
            let url = profile.webhook_url("http://m:4000", &values);
            assert_eq!(url.as_deref(), Ok(expected));
        }
    }
}
