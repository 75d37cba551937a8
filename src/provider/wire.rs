//! The payment and its lists as JSON on the wire: shapes exactly as the contract has them.
//!
//! Reads records, decides nothing. The same record and view give the same bytes for ever.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::model::{AmountState, Flag, Money, Rail, SimTime, Status};

use super::address;
use super::id::digest;
use super::payment::{Payment, Transfer, View};

/// Whose payments these are, and in which mode.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub id: String,
    pub live: bool,
}

/// A list: `{"data": […], "has_more": false}`.
#[derive(Serialize)]
pub(super) struct List<T> {
    pub data: Vec<T>,
    pub has_more: bool,
}

/// The payment as every answer and every event shows it.
#[derive(Serialize)]
pub(super) struct PaymentForm<'a> {
    id: &'a str,
    account: &'a str,
    livemode: bool,
    reference: &'a str,
    status: Status,
    previous_status: Option<Status>,
    reason: Option<&'static str>,
    amount_state: AmountState,
    flags: Vec<Flag>,
    rail: RailRef,
    destination: DestinationForm<'a>,
    amount: AmountForm,
    price: Option<PriceForm<'a>>,
    fees: Vec<FeeForm>,
    transactions: Vec<TransactionForm>,
    refunds: [(); 0],
    dispute: Option<()>,
    metadata: &'a RawValue,
    created_at: SimTime,
    expires_at: SimTime,
    status_timeline: Vec<TimelineForm>,
}

#[derive(Serialize)]
struct RailRef {
    id: &'static str,
    asset: &'static str,
    network: &'static str,
    decimals: u8,
    contract: Option<&'static str>,
}

#[derive(Serialize)]
struct DestinationForm<'a> {
    address: &'a str,
    tag: Option<u32>,
    uri: String,
}

#[derive(Serialize)]
struct AmountForm {
    due: String,
    received: String,
    refunded: String,
    atomic: String,
}

#[derive(Serialize)]
struct PriceForm<'a> {
    amount: &'a str,
    currency: &'static str,
    rate: &'a str,
}

#[derive(Serialize)]
struct FeeForm {
    kind: &'static str,
    amount: String,
    asset: &'static str,
    borne_by: &'static str,
}

#[derive(Serialize)]
struct TransactionForm {
    hash: String,
    index: u32,
    from: String,
    asset: &'static str,
    network: &'static str,
    contract: Option<&'static str>,
    amount: String,
    requested: Option<String>,
    confirmations: u64,
    required: u32,
    status: &'static str,
    replaces: Option<String>,
}

#[derive(Serialize)]
struct TimelineForm {
    status: Status,
    at: SimTime,
}

/// What anyone may see of a payment: no order, no account, no transactions.
#[derive(Serialize)]
pub(super) struct PublicForm<'a> {
    status: Status,
    amount: AmountForm,
    destination: DestinationForm<'a>,
    expires_at: SimTime,
}

/// A rail as `GET /v1/rails` lists it.
#[derive(Serialize)]
pub(super) struct RailForm {
    #[serde(flatten)]
    rail: RailRef,
    minimum: String,
    confirmations: u32,
    destination_tag: bool,
    expires_in_s: u64,
}

/// The payment as it was at that view.
pub(super) fn payment<'a>(account: &'a Account, of: &'a Payment, view: &View) -> PaymentForm<'a> {
    let timeline = &of.timeline[..view.statuses];
    let statuses: Vec<Status> = timeline.iter().map(|(status, _)| *status).collect();
    let received = of.received_in(view.transfers);
    let transfers = of.transfers[..view.transfers].iter().enumerate();
    PaymentForm {
        id: of.id.as_str(),
        account: &account.id,
        livemode: account.live,
        reference: of.terms.reference.as_str(),
        status: statuses[statuses.len() - 1],
        previous_status: statuses.len().checked_sub(2).map(|previous| statuses[previous]),
        // Reasons go with failed and held, which this service does not reach yet.
        reason: None,
        amount_state: of.amount_state(received),
        flags: view.flags.iter().copied().collect(),
        rail: rail_ref(of.terms.rail),
        destination: destination(of),
        amount: amount(of, received),
        price: of.terms.price.as_ref().map(|price| PriceForm {
            amount: &price.amount,
            currency: price.currency,
            rate: &price.rate,
        }),
        fees: fees(&statuses, received),
        transactions: transfers.map(|(i, transfer)| transaction(of, i, transfer, view)).collect(),
        refunds: [],
        dispute: None,
        metadata: &of.terms.metadata,
        created_at: of.created_at(),
        expires_at: of.expires_at,
        status_timeline: timeline.iter().map(|&(status, at)| TimelineForm { status, at }).collect(),
    }
}

/// The public view of the payment as it is.
pub(super) fn public(of: &Payment) -> PublicForm<'_> {
    PublicForm {
        status: of.status(),
        amount: amount(of, of.received()),
        destination: destination(of),
        expires_at: of.expires_at,
    }
}

/// The rail as a list shows it.
pub(super) fn rail(of: &'static Rail) -> RailForm {
    RailForm {
        rail: rail_ref(of),
        minimum: Money { atoms: of.minimum_atoms, asset: of.asset }.amount(),
        confirmations: of.confirmations,
        destination_tag: of.tag,
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
    let (network, due) = (of.terms.rail.network, of.terms.due.amount());
    let tag_query = tag.map(|tag| format!("&dt={tag}")).unwrap_or_default();
    DestinationForm { address, tag, uri: format!("{network}:{address}?amount={due}{tag_query}") }
}

fn amount(of: &Payment, received: Money) -> AmountForm {
    AmountForm {
        due: of.terms.due.amount(),
        received: received.amount(),
        refunded: of.terms.due.asset.zero().amount(),
        atomic: of.terms.due.atoms.to_string(),
    }
}

/// One per cent of what came, rounded down, charged when the money is final.
fn fees(statuses: &[Status], received: Money) -> Vec<FeeForm> {
    if !statuses.contains(&Status::Confirmed) {
        return Vec::new();
    }
    let fee = Money { atoms: received.atoms / 100, asset: received.asset };
    let asset = received.asset.symbol;
    vec![FeeForm { kind: "processing", amount: fee.amount(), asset, borne_by: "merchant" }]
}

/// Hash and sender follow from the payment and the position alone: a claim about a transfer that
/// has not come yet names the hash that it will have.
fn transaction(of: &Payment, position: usize, transfer: &Transfer, view: &View) -> TransactionForm {
    let rail = of.terms.rail;
    let number = (position as u64).to_be_bytes();
    let seed = |what: &str| digest(&[what.as_bytes(), of.id.as_str().as_bytes(), &number]);
    let required = of.confirmations_required();
    let confirmations = view.height.saturating_sub(transfer.seen_at_height);
    TransactionForm {
        hash: address::transaction_hash(rail.network, &seed("transaction")),
        index: 0,
        from: address::address(rail.network, &seed("payer")),
        asset: rail.asset.symbol,
        network: rail.network,
        contract: rail.contract,
        amount: Money { atoms: transfer.atoms, asset: rail.asset }.amount(),
        requested: None,
        confirmations,
        required,
        status: match confirmations {
            n if n >= u64::from(required) => "confirmed",
            0 => "seen",
            _ => "confirming",
        },
        replaces: None,
    }
}
