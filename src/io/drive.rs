//! Makes the merchant act: one declared request per verb.

use super::http::Reach;
use crate::history::Answer;
use crate::merchant::Profile;
use crate::merchant::template::{Values, fill};

/// How much of an answer the history keeps.
const KEPT_BYTES: usize = 2048;

/// Drives one verb, `checkout` or `reconcile`, with these values filled in. Redirects are answers.
pub async fn drive(reach: &Reach, profile: &Profile, verb: &str, values: &Values<'_>) -> Answer {
    let declared = match verb {
        "checkout" => profile.drive.checkout.as_ref(),
        "reconcile" => profile.drive.reconcile.as_ref(),
        _ => None,
    };
    let Some(template) = declared else {
        return Answer::Failed(format!("`drive.{verb}` is not declared"));
    };
    let request = match fill(template, values) {
        Ok(request) => request,
        Err(unfilled) => return Answer::Failed(format!("`drive.{verb}`: {unfilled}")),
    };
    match reach.send(&request).await {
        Ok(reply) => Answer::Http { status: reply.status, body: reply.beginning(KEPT_BYTES) },
        Err(why) => Answer::Failed(why),
    }
}
