//! The nouns that every part shares: money, identifiers, virtual time, rails, payments, events,
//! observations.
//!
//! Knows nothing of the parts that use it: no sockets, no clock, no rules. It is the first layer;
//! everything else may import it.

mod conduct;
mod event;
mod id;
mod mistake;
mod money;
mod observation;
mod payment;
mod rail;
mod time;
mod trouble;

pub use conduct::Conduct;
pub use event::{AccountEventKind, EventKind};
pub use id::{EndpointId, EventId, LaneId, PaymentId, Reference};
pub use mistake::Mistake;
pub use money::{Asset, Money, MoneyError};
pub use observation::{Exception, ExceptionClass, Observation, OrderState, Posting, PostingKind};
pub(crate) use payment::words;
pub use payment::{AmountState, Flag, Reason, Status, Truth};
pub(crate) use rail::deserialize as deserialize_rail;
pub use rail::{Attribution, RAILS, Rail, rail_by_asset_network, rail_by_id};
pub use time::{SimTime, Span};
pub use trouble::{Detail, Said, TROUBLES, Trouble, TroubleRow};
