//! What the payment service says: events and payments, read from its JSON.
//!
//! Unknown fields are ignored, as the contract asks of clients. Knows nothing of orders.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::money::parse_atoms;
use super::transfer::Transfer;

/// A notification.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub id: String,
    pub kind: String,
    /// None: of a type that this shop does not know, or without a payment.
    pub payment: Option<Payment>,
    /// Whose it is, as the envelope says.
    pub account: String,
    pub livemode: bool,
}

/// A payment as the service showed it at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Payment {
    pub id: String,
    pub account: String,
    pub livemode: bool,
    pub reference: String,
    pub status: Status,
    pub asset: String,
    pub network: String,
    pub decimals: u8,
    pub due: u128,
    pub received: u128,
    /// Money came after the deadline.
    pub late: bool,
    /// Something else than the asset that was asked for came.
    pub foreign: bool,
    /// How often its status has changed: a snapshot with more is the newer one.
    pub version: u32,
    /// What was paid back, in atoms.
    pub refunded: u128,
    pub dispute: Option<Dispute>,
    /// What each transfer of the right asset brought, in the order in which they came.
    pub parts: Vec<u128>,
    /// Every transfer that is listed.
    pub transfers: Vec<Transfer>,
    /// The contract of the asset that was asked for.
    pub contract: Option<String>,
    /// What somebody paid back or means to, in atoms, and how far it is.
    pub refunds: Vec<(u128, String)>,
    /// Whether its last change came after its deadline.
    pub is_past_deadline: bool,
}

/// Where a payment stands. It can go back: only its version tells old from new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    Expired,
    Paid,
    Confirmed,
    Settled,
    Failed,
    Cancelled,
    Held,
    Refunded,
}

/// The payer's objection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dispute {
    pub ends: DisputeEnd,
    /// What the payer wants back, in atoms.
    pub atoms: u128,
}

/// How far an objection is; the later goes before the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DisputeEnd {
    #[serde(rename = "opened")]
    Open,
    Won,
    Lost,
}

/// Why a text is nothing that the service would say.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("the message is no JSON of the expected shape: {0}")]
    Shape(#[from] serde_json::Error),
    #[error("`{0}` is no amount of its asset")]
    Amount(String),
}

/// The events that this shop acts on. Any other is acknowledged and ignored, so that the service
/// may add types without being asked to send them again for days.
const KNOWN: &[&str] = &[
    "payment.created",
    "payment.detected",
    "payment.underpaid",
    "payment.paid",
    "payment.overpaid",
    "payment.confirmed",
    "payment.settled",
    "payment.expired",
    "payment.late",
    "payment.reverted",
    "payment.failed",
    "payment.cancelled",
    "payment.held",
    "payment.released",
    "refund.created",
    "refund.completed",
    "refund.failed",
    "dispute.opened",
    "dispute.won",
    "dispute.lost",
];

impl Status {
    const ALL: [Self; 9] = [
        Self::Pending,
        Self::Expired,
        Self::Paid,
        Self::Confirmed,
        Self::Settled,
        Self::Failed,
        Self::Cancelled,
        Self::Held,
        Self::Refunded,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Expired => "expired",
            Self::Paid => "paid",
            Self::Confirmed => "confirmed",
            Self::Settled => "settled",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Held => "held",
            Self::Refunded => "refunded",
        }
    }

    /// Whether enough money stands behind it.
    pub(super) const fn is_covered(self) -> bool {
        matches!(self, Self::Paid | Self::Confirmed | Self::Settled | Self::Held)
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

impl DisputeEnd {
    const ALL: [Self; 3] = [Self::Open, Self::Won, Self::Lost];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Open => "opened",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.word() == word)
    }
}

impl Event {
    /// Whether the shop knows what to do with its type.
    pub(super) fn is_known(&self) -> bool {
        KNOWN.contains(&self.kind.as_str())
    }

    /// Whether the service only tries the door.
    pub(super) fn is_test(&self) -> bool {
        self.kind == "webhook.test"
    }

    /// Reads a notification.
    pub(super) fn read(body: &[u8]) -> Result<Self, ReadError> {
        let form: EventForm = serde_json::from_slice(body)?;
        let payment = if KNOWN.contains(&form.kind.as_str()) {
            let data: DataForm = serde_json::from_str(form.data.get())?;
            Payment::from_form(data.payment)?
        } else {
            None
        };
        let EventForm { id, kind, account, livemode, .. } = form;
        Ok(Self { id, kind, payment, account, livemode })
    }
}

impl Payment {
    /// Reads a payment. None: in a status that this shop does not know.
    pub(super) fn read(value: serde_json::Value) -> Result<Option<Self>, ReadError> {
        Self::from_form(serde_json::from_value(value)?)
    }

    fn from_form(form: PaymentForm) -> Result<Option<Self>, ReadError> {
        let Some(status) = Status::from_word(&form.status) else { return Ok(None) };
        let RailForm { asset, network, decimals, contract } = form.rail;
        let atoms = |text: &str| {
            parse_atoms(text, decimals).ok_or_else(|| ReadError::Amount(text.to_owned()))
        };
        // A foreign transfer has decimals of its own; it is none of what was received.
        let own = form.transactions.iter().filter(|transfer| transfer.asset == asset);
        Ok(Some(Self {
            due: atoms(&form.amount.due)?,
            received: atoms(&form.amount.received)?,
            parts: own.map(|transfer| atoms(&transfer.amount)).collect::<Result<_, _>>()?,
            late: form.flags.iter().any(|flag| flag == "late"),
            foreign: form.flags.iter().any(|flag| flag == "wrong_asset"),
            is_past_deadline: form.status_timeline.last().is_some_and(|last| {
                // Both are UTC in one format, so the later is the greater.
                form.expires_at.as_ref().zip(last.at.as_ref()).is_some_and(|(end, at)| at > end)
            }),
            refunds: form
                .refunds
                .into_iter()
                .map(|refund| Ok((atoms(&refund.amount)?, refund.status)))
                .collect::<Result<_, ReadError>>()?,
            version: u32::try_from(form.status_timeline.len()).unwrap_or(u32::MAX),
            refunded: atoms(&form.amount.refunded)?,
            dispute: match form.dispute {
                Some(dispute) => {
                    Some(Dispute { ends: dispute.status, atoms: atoms(&dispute.amount)? })
                }
                None => None,
            },
            contract,
            transfers: form.transactions,
            id: form.id,
            account: form.account,
            livemode: form.livemode,
            reference: form.reference,
            status,
            asset,
            network,
            decimals,
        }))
    }
}

#[derive(Deserialize)]
struct EventForm {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    account: String,
    livemode: bool,
    // Raw, because an event of an unknown type may hold anything.
    data: Box<RawValue>,
}

#[derive(Deserialize)]
struct DataForm {
    payment: PaymentForm,
}

#[derive(Deserialize)]
struct PaymentForm {
    id: String,
    account: String,
    livemode: bool,
    reference: String,
    status: String,
    #[serde(default)]
    flags: Vec<String>,
    rail: RailForm,
    amount: AmountForm,
    #[serde(default)]
    transactions: Vec<Transfer>,
    #[serde(default)]
    refunds: Vec<RefundForm>,
    expires_at: Option<String>,
    status_timeline: Vec<ChangeForm>,
    #[serde(default)]
    dispute: Option<DisputeForm>,
}

#[derive(Deserialize)]
struct RailForm {
    asset: String,
    network: String,
    decimals: u8,
    contract: Option<String>,
}

#[derive(Deserialize)]
struct AmountForm {
    due: String,
    received: String,
    refunded: String,
}

#[derive(Deserialize)]
struct DisputeForm {
    status: DisputeEnd,
    amount: String,
}

#[derive(Deserialize)]
struct RefundForm {
    amount: String,
    status: String,
}

#[derive(Deserialize)]
struct ChangeForm {
    at: Option<String>,
}
