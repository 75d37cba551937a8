//! The rails that the account is enabled for.

use super::route::{Access, Answer, Doc, Handler, Route, schema_of};
use super::{json, list};
use crate::provider::key::Scope;
use crate::provider::wire::{self, List, RailForm};

pub(super) const LIST: Route = Route {
    method: "GET",
    path: "/v1/rails",
    access: Access::Key(Scope::PaymentsRead),
    item: None,
    doc: Doc {
        name: "listRails",
        summary: "List rails",
        about: "Those that the account is enabled for, in one page.",
        body: None,
        answer: Answer {
            status: 200,
            about: "The rails with their terms.",
            schema: schema_of::<List<RailForm>>,
            formats: &[],
        },
        codes: &[],
        next: &[],
    },
    query: &[],
    subject: |_, _, _| None,
    handler: Handler::EachTime(|provider, _| {
        let rails = provider.rails.iter().map(|of| wire::rail(of));
        Ok(json(&list(rails, usize::MAX)))
    }),
};
