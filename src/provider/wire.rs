//! The payment and its lists as JSON on the wire: shapes exactly as the contract has them.
//!
//! Reads records, decides nothing. The same record and view give the same bytes for ever.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::model::{AmountState, Attribution, Flag, Money, Rail, Reason, SimTime, Status};

use super::Profile;
use super::payment::{Destination, Payment, View};
use super::refund::{DisputeStatus, DisputeTerms, Refund, RefundStatus};
use super::shape;
use super::transaction::{self, TransactionForm};

/// Whose payments these are, in which mode, and in whose words they are told.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub id: String,
    pub live: bool,
    pub profile: Arc<Profile>,
}

/// A list: `{"data": […], "has_more": false}`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "List{T}")]
pub(super) struct List<T> {
    /// The items, oldest first.
    pub data: Vec<T>,
    /// Whether there are more behind the last one; ask for them with `after`.
    pub has_more: bool,
}

/// The payment as every answer and every event shows it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Payment")]
pub(super) struct PaymentForm<'a> {
    #[schemars(with = "shape::PaymentId")]
    id: &'a str,
    #[schemars(with = "shape::AccountId")]
    account: &'a str,
    /// Whether this is real money.
    livemode: bool,
    #[schemars(with = "shape::Reference")]
    reference: &'a str,
    #[schemars(with = "Status")]
    status: &'a str,
    /// What it was before; null for a payment that was just created.
    #[schemars(with = "Option<Status>")]
    previous_status: Option<&'a str>,
    /// Why it failed or is held; null otherwise.
    reason: Option<Reason>,
    amount_state: AmountState,
    flags: Vec<Flag>,
    rail: RailRef,
    destination: DestinationForm<'a>,
    amount: AmountForm,
    /// What it was priced at; null where an amount was asked for.
    price: Option<PriceForm<'a>>,
    /// What the provider keeps; empty until the money is final.
    fees: Vec<FeeForm>,
    /// Every transfer that came, whatever of it counts.
    transactions: Vec<TransactionForm>,
    refunds: Vec<RefundForm<'a>>,
    /// Null where the payer never objected.
    dispute: Option<DisputeForm<'a>>,
    #[schemars(with = "shape::Metadata")]
    metadata: &'a RawValue,
    created_at: SimTime,
    /// When its window closes.
    expires_at: SimTime,
    /// Every status with when it began, oldest first.
    status_timeline: Vec<TimelineForm<'a>>,
}

/// An asset on a network.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rail")]
struct RailRef {
    /// Such as `usdt-tron`.
    id: &'static str,
    /// Such as `USDT`.
    asset: &'static str,
    /// Such as `tron`.
    network: &'static str,
    /// How many decimals its amounts have.
    decimals: u8,
    /// The token's contract; null for a network's own asset.
    contract: Option<&'static str>,
}

/// Where the payer sends the money.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Destination")]
struct DestinationForm<'a> {
    address: &'a str,
    /// What tells payments to one address apart; null on rails that need none.
    tag: Option<u32>,
    /// What a wallet opens.
    uri: String,
}

/// What is due and what came.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Amounts")]
struct AmountForm {
    /// Null where the profile lets a payment name no amount, as is `atomic`.
    #[schemars(with = "Option<shape::Amount>")]
    due: Option<String>,
    /// What stands: transfers of the rail's own asset that nothing undid.
    #[schemars(with = "shape::Amount")]
    received: String,
    /// What refunds paid back.
    #[schemars(with = "shape::Amount")]
    refunded: String,
    /// What is due, in atoms.
    #[schemars(with = "Option<shape::Atoms>")]
    atomic: Option<String>,
}

/// A price in money of a state, and the quote that made it an amount.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Price")]
struct PriceForm<'a> {
    /// In the currency's major unit.
    #[schemars(with = "shape::Amount")]
    amount: &'a str,
    /// Such as `USD`.
    currency: &'static str,
    /// What one unit of the asset costs.
    #[schemars(with = "shape::Amount")]
    rate: &'a str,
}

/// What the provider keeps.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Fee")]
struct FeeForm {
    kind: &'static str,
    #[schemars(with = "shape::Amount")]
    amount: String,
    asset: &'static str,
    borne_by: &'static str,
}

/// A refund as answers, events and the payment itself show it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Refund")]
pub(super) struct RefundForm<'a> {
    #[schemars(with = "shape::RefundId")]
    id: &'a str,
    #[schemars(with = "shape::PaymentId")]
    payment_id: &'a str,
    #[schemars(with = "shape::Amount")]
    amount: String,
    asset: &'static str,
    status: RefundStatus,
    destination: PlaceForm<'a>,
    created_at: SimTime,
}

/// Where money goes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Place")]
pub(super) struct PlaceForm<'a> {
    address: &'a str,
    tag: Option<u32>,
}

/// A dispute as events and the payment itself show it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Dispute")]
pub(super) struct DisputeForm<'a> {
    #[schemars(with = "shape::DisputeId")]
    id: &'a str,
    status: DisputeStatus,
    #[schemars(with = "shape::Amount")]
    amount: String,
    reason: &'a str,
}

/// A status with when it began.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TimelineEntry")]
struct TimelineForm<'a> {
    #[schemars(with = "Status")]
    status: &'a str,
    at: SimTime,
}

/// What anyone may see of a payment: no order, no account, no transactions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PublicPayment")]
pub(super) struct PublicForm<'a> {
    #[schemars(with = "Status")]
    status: &'a str,
    amount: AmountForm,
    destination: DestinationForm<'a>,
    expires_at: SimTime,
}

/// A rail as `GET /v1/rails` lists it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RailTerms")]
pub(super) struct RailForm {
    #[serde(flatten)]
    rail: RailRef,
    /// The least that a payment may ask for.
    #[schemars(with = "shape::Amount")]
    minimum: String,
    /// How many confirmations a payment of ordinary size needs.
    confirmations: u32,
    /// Whether money that leaves needs a tag beside the address.
    destination_tag: bool,
    /// How long a payment is open, if nothing else is asked for.
    expires_in_s: u64,
}

/// The payment as it was at that view.
pub(super) fn payment<'a>(account: &'a Account, of: &'a Payment, view: &View) -> PaymentForm<'a> {
    let timeline = &of.timeline[..view.statuses];
    let statuses: Vec<Status> = timeline.iter().map(|entry| entry.status).collect();
    let received = of.received_in(view.transfers, view.fates);
    let word = |status| account.profile.events.names.status(status);
    PaymentForm {
        id: of.id.as_str(),
        account: &account.id,
        livemode: account.live,
        reference: of.terms.reference.as_str(),
        status: word(statuses[statuses.len() - 1]),
        previous_status: statuses.len().checked_sub(2).map(|previous| word(statuses[previous])),
        reason: timeline[timeline.len() - 1].reason,
        amount_state: of.amount_state(received),
        flags: view.flags.iter().copied().collect(),
        rail: rail_ref(of.terms.rail),
        destination: destination(of),
        amount: amount(of, received, of.refunds.completed_after(view.refund_steps)),
        price: of.terms.price.as_ref().map(|price| PriceForm {
            amount: &price.amount,
            currency: price.currency,
            rate: &price.rate,
        }),
        fees: fees(&statuses, received),
        transactions: (0..view.transfers).map(|at| transaction::form(of, at, view)).collect(),
        refunds: of
            .refunds
            .after(view.refund_steps)
            .iter()
            .map(|of_it| refund(of, *of_it))
            .collect(),
        dispute: dispute(of, view),
        metadata: &of.terms.metadata,
        created_at: of.created_at(),
        expires_at: of.expires_at,
        status_timeline: timeline
            .iter()
            .map(|entry| TimelineForm { status: word(entry.status), at: entry.at })
            .collect(),
    }
}

/// The public view of the payment as it is.
pub(super) fn public<'a>(account: &'a Account, of: &'a Payment) -> PublicForm<'a> {
    PublicForm {
        status: account.profile.events.names.status(of.status()),
        amount: amount(of, of.received(), of.refunds.completed()),
        destination: destination(of),
        expires_at: of.expires_at,
    }
}

/// The refund with how far it was.
pub(super) fn refund<'a>(
    of: &'a Payment,
    (refund, status): (&'a Refund, RefundStatus),
) -> RefundForm<'a> {
    let asset = of.terms.rail.asset;
    RefundForm {
        id: &refund.id,
        payment_id: of.id.as_str(),
        amount: Money { atoms: refund.atoms, asset }.amount(),
        asset: asset.symbol,
        status,
        destination: place(&refund.destination),
        created_at: refund.created_at,
    }
}

/// Where a refund or a payout goes.
pub(super) fn place(Destination { address, tag }: &Destination) -> PlaceForm<'_> {
    PlaceForm { address, tag: *tag }
}

/// The dispute as it was at that view.
pub(super) fn dispute<'a>(of: &'a Payment, view: &View) -> Option<DisputeForm<'a>> {
    let (status, _) = *of.dispute.steps[..view.dispute_steps].last()?;
    let DisputeTerms { id, atoms, reason } = of.dispute.terms.as_ref()?;
    let amount = Money { atoms: *atoms, asset: of.terms.rail.asset }.amount();
    Some(DisputeForm { id, status, amount, reason })
}

/// The rail as a list shows it.
pub(super) fn rail(of: &'static Rail) -> RailForm {
    RailForm {
        rail: rail_ref(of),
        minimum: Money { atoms: of.minimum_atoms, asset: of.asset }.amount(),
        confirmations: of.confirmations,
        destination_tag: of.attribution.needs_tag(),
        expires_in_s: of.expiry_s,
    }
}

/// JSON bytes of one of our own forms.
pub(super) fn to_bytes(form: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(form).expect("our own forms have text keys and years of four digits")
}

fn rail_ref(of: &'static Rail) -> RailRef {
    RailRef {
        id: of.id,
        asset: of.asset.symbol,
        network: of.network,
        decimals: of.asset.decimals,
        contract: of.contract,
    }
}

fn destination(of: &Payment) -> DestinationForm<'_> {
    let (address, tag) = (of.destination.address.as_str(), of.destination.tag);
    let amount = of.terms.due.map(|due| format!("amount={}", due.amount()));
    let tag_query = tag.map(|tag| match of.terms.rail.attribution {
        Attribution::Comment => format!("text={tag}"),
        Attribution::Tag | Attribution::Address | Attribution::Invoice => format!("dt={tag}"),
    });
    let query: Vec<_> = amount.into_iter().chain(tag_query).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    let uri = format!("{}:{address}{mark}{}", of.terms.rail.network, query.join("&"));
    DestinationForm { address, tag, uri }
}

fn amount(of: &Payment, received: Money, refunded: u128) -> AmountForm {
    AmountForm {
        due: of.terms.due.map(Money::amount),
        received: received.amount(),
        refunded: Money { atoms: refunded, asset: of.terms.rail.asset }.amount(),
        atomic: of.terms.due.map(|due| due.atoms.to_string()),
    }
}

/// What the provider keeps of so much: one per cent, rounded down.
pub(super) const fn fee(received: Money) -> Money {
    Money { atoms: received.atoms / 100, asset: received.asset }
}

/// Charged when the money is final, and not for money that was taken back.
fn fees(statuses: &[Status], received: Money) -> Vec<FeeForm> {
    if !statuses.contains(&Status::Confirmed) || statuses.ends_with(&[Status::Failed]) {
        return Vec::new();
    }
    let fee = fee(received);
    let asset = received.asset.symbol;
    vec![FeeForm { kind: "processing", amount: fee.amount(), asset, borne_by: "merchant" }]
}
