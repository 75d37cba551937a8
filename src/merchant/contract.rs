//! The observation contract as a mapping like any other, and what a profile connects.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::profile::{Connection, Mapping, Observe, Probe, Profile};

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
        path: CONTRACT_PATH.to_owned(),
        headers: BTreeMap::new(),
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

    /// What is connected. Whether dated-ahead events are accepted is left to the preflight.
    #[must_use]
    pub fn connection(&self) -> Connection {
        let observe = self.observing();
        Connection {
            checkout: self.drive.checkout.is_some(),
            reconcile: self.drive.reconcile.is_some(),
            order: true,
            ledger: observe.ledger.is_some(),
            fulfilments: observe.order.map.fields.contains_key("fulfilments"),
            exceptions: observe.exceptions.is_some(),
            future_dated: false,
        }
    }
}
