//! The description of the API, served by the API.

use super::json;
use super::route::{Access, Answer, Doc, Handler, Route};
use crate::provider::openapi::openapi_at;

pub(super) const READ: Route = Route {
    method: "GET",
    path: "/openapi.json",
    access: Access::Anyone,
    item: None,
    query: &[],
    doc: Doc {
        name: "describe",
        summary: "Read this description",
        about: "OpenAPI 3.1, as JSON.",
        body: None,
        answer: Answer {
            status: 200,
            about: "The document.",
            schema: |_| schemars::json_schema!({ "type": "object" }),
            formats: &[],
        },
        codes: &[],
        next: &[],
    },
    subject: |_, _, _| None,
    handler: Handler::EachTime(|service, _| Ok(json(openapi_at(service.profile())))),
};
