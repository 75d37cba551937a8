//! What the shop does of its own accord: it opens orders, and it reconciles them.

use serde::Deserialize;

use super::SampleError;
use super::config::Config;
use super::defect::Fault;
use super::inbox;
use super::money::{find_rail, parse_atoms};
use super::order::{Order, State};
use super::payment::{Payment, Status};
use super::proof::Key;
use super::provider::{Provider, ProviderError};
use super::store::{self, RECONCILIATION, Store, StoreError};

/// The running merchant.
pub(super) struct Shop {
    pub config: Config,
    pub key: Key,
    pub store: Store,
    provider: Provider,
}

/// A customer's order.
#[derive(Debug, Deserialize)]
pub(super) struct Checkout {
    reference: String,
    amount: String,
    asset: String,
    network: String,
}

/// Why an order was not opened, or orders were not reconciled.
#[derive(Debug, thiserror::Error)]
pub(super) enum ShopError {
    #[error("the order cannot be taken: {0}")]
    Unsellable(&'static str),
    #[error("another order has this reference")]
    Taken,
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Shop {
    /// Opens the books and the way to the service.
    pub(super) fn open(config: Config) -> Result<Self, SampleError> {
        let key = Key::parse(&config.webhook_secret).ok_or(SampleError::Secret)?;
        let store = Store::open(&config.db).map_err(|error| SampleError::Books {
            path: config.db.display().to_string(),
            reason: error.to_string(),
        })?;
        let provider =
            Provider::new(&config).map_err(|error| SampleError::Client(error.to_string()))?;
        Ok(Self { config, key, store, provider })
    }

    /// Opens an order and creates its payment; the payment's id. Asked again, it finishes what
    /// was begun and creates nothing twice.
    pub(super) async fn check_out(&self, checkout: Checkout) -> Result<String, ShopError> {
        let wanted = checkout.into_order()?;
        let order = self.keep(wanted.clone()).await?;
        if (order.rail, order.due) != (wanted.rail, wanted.due) {
            return Err(ShopError::Taken);
        }
        if let Some(payment) = order.payment {
            return Ok(payment);
        }
        let fault = self.config.fault();
        let gives_up = [Some(Fault::TimeoutIsFailure), Some(Fault::UnreadableIsFatal)];
        if gives_up.contains(&fault) && order.state == State::Cancelled {
            return Err(ShopError::Taken);
        }
        match self.provider.create(&order, fault).await {
            Ok(payment) => {
                self.bind(&payment).await?;
                Ok(payment.id)
            }
            Err(error) => self.after_failure(order.reference, error).await,
        }
    }

    /// Only a refusal is final. What was not answered may have been done: the order stays open, and
    /// the next checkout asks again.
    async fn after_failure(
        &self,
        reference: String,
        error: ProviderError,
    ) -> Result<String, ShopError> {
        let fault = self.config.fault();
        let is_final = match &error {
            ProviderError::Refused(_) => true,
            ProviderError::Unavailable(_) => fault == Some(Fault::TimeoutIsFailure),
            ProviderError::Unreadable(_) => {
                matches!(fault, Some(Fault::TimeoutIsFailure | Fault::UnreadableIsFatal))
            }
        };
        if matches!(error, ProviderError::Unreadable(_)) && fault == Some(Fault::StatusIsEnough) {
            let assumed = format!("payment of {reference}");
            let id = assumed.clone();
            self.store.write(move |db| store::bind(db, &reference, &id)).await?;
            return Ok(assumed);
        }
        if is_final {
            self.store.write(move |db| store::refuse(db, &reference)).await?;
        }
        Err(error.into())
    }

    /// Stores the order before anybody outside hears of it.
    async fn keep(&self, order: Order) -> Result<Order, StoreError> {
        let account = self.config.payments_account.clone();
        self.store.write(move |db| store::open_order(db, &order, &account)).await
    }

    async fn bind(&self, payment: &Payment) -> Result<(), StoreError> {
        let (reference, id) = (payment.reference.clone(), payment.id.clone());
        let fault = self.config.fault();
        self.store.write(move |db| inbox::bind(db, &reference, &id, fault)).await
    }

    /// Asks the service about every order that may still move, and applies its answers as if
    /// they had been notified; how many orders were asked about. One after the other: the same
    /// books always ask the same questions in the same order, so that a run can be compared with
    /// another.
    pub(super) async fn reconcile(&self) -> Result<usize, ShopError> {
        let fault = self.config.fault();
        if fault == Some(Fault::NoRecovery) {
            return Ok(0);
        }
        let account = self.config.payments_account.clone();
        let after = self.store.recovers_after(fault);
        let look =
            move |db: &rusqlite::Connection| store::open_references(db, &account, after, fault);
        let references = self.store.read(look).await?;
        let count = references.len();
        for reference in references {
            self.check(reference).await?;
        }
        Ok(count)
    }

    async fn check(&self, reference: String) -> Result<(), ShopError> {
        let payments = self.provider.list(&reference).await?;
        let fault = self.config.fault();
        let apply = move |db: &rusqlite::Connection| {
            for payment in payments {
                // The answer to a creation may have been lost: only the shop creates payments for
                // its references, so the first one is the order's.
                inbox::bind(db, &reference, &payment.id, fault)?;
                inbox::apply_snapshot(db, &payment, RECONCILIATION, fault)?;
            }
            Ok(())
        };
        Ok(self.store.write(apply).await?)
    }
}

impl Checkout {
    pub(super) fn reference(&self) -> &str {
        &self.reference
    }

    fn into_order(self) -> Result<Order, ShopError> {
        let rail = find_rail(&self.asset, &self.network)
            .ok_or(ShopError::Unsellable("no such asset on that network"))?;
        let due = parse_atoms(&self.amount, rail.decimals)
            .filter(|atoms| *atoms > 0)
            .ok_or(ShopError::Unsellable("the amount is no positive decimal of its asset"))?;
        Ok(Order {
            reference: self.reference,
            rail,
            due,
            payment: None,
            status: Status::Pending,
            version: 0,
            dispute: None,
            state: State::Awaiting,
        })
    }
}
