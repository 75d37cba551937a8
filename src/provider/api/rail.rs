//! The rails that the account is enabled for.

use super::route::{Access, Handler, Route};
use super::{json, list};
use crate::provider::key::Scope;
use crate::provider::wire;

pub(super) const LIST: Route = Route {
    method: "GET",
    path: "/v1/rails",
    access: Access::Key(Scope::PaymentsRead),
    query: &[],
    subject: |_, _, _| None,
    handler: Handler::EachTime(|provider, _| {
        let rails = provider.rails.iter().map(|of| wire::rail(of));
        Ok(json(&list(rails, usize::MAX)))
    }),
};
