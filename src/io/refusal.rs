//! Why a merchant refuses a genuine event: by its answer, by its clock, and by which mistaken
//! message it accepts in its place.

use std::sync::Arc;

use super::preflight::{attempt, lacks, message};
use super::shared::Shared;
use super::wiring::{Check, Miswired};
use crate::fault::mistakes;
use crate::history::Answer;
use crate::provider::Event;

/// Names the cause as far as it can be told from outside.
pub(super) async fn explain(shared: &Arc<Shared>, event: &Event, answer: &Answer) -> Miswired {
    let url = &shared.settings.webhook_url;
    let answered = answer.tell();
    let told =
        format!("the genuine payment.created of a fresh order was answered {answered} at {url}");
    let wrong = |problem: String, remedy: &str| Miswired::new(Check::Genuine, problem, remedy);
    let (status, body) = match answer {
        Answer::Http { status, body } => (*status, body),
        Answer::Ran(_) | Answer::Waited(_) | Answer::Failed(_) => {
            return wrong(told, "check merchant.base_url and that it listens");
        }
    };
    let remedy = match status {
        404 | 405 => "correct merchant.webhook.path: nothing takes a POST there",
        300..=399 => {
            "correct merchant.webhook.path: redirects are not followed (often a slash is missing \
             at its end, or a login stands before it)"
        }
        400..=499 if body.to_ascii_lowercase().contains("csrf") => {
            "take the webhook's path out of the framework's protection against cross-site \
             requests: the provider has no token of a form, it signs"
        }
        _ => {
            if let Some((cause, remedy)) = mistake(shared, event).await {
                return wrong(format!("{told}: {cause}"), remedy);
            }
            by_elimination(shared, status)
        }
    };
    wrong(told, remedy)
}

/// The mistake whose message is accepted in place of the genuine one.
async fn mistake(shared: &Arc<Shared>, event: &Event) -> Option<(String, &'static str)> {
    let ahead_s = shared.merchant.hands().http.clock_ahead_s(shared.clock).await;
    let settings = &shared.settings;
    let message = message(shared, event);
    for mistaken in mistakes(settings.scheme, &settings.secret, &message, ahead_s) {
        let (answer, _) = attempt(shared, mistaken.message).await;
        if answer.is_success() {
            return Some((mistaken.cause, mistaken.remedy));
        }
    }
    None
}

/// What is left where no mistake that shows itself was made.
fn by_elimination(shared: &Shared, status: u16) -> &'static str {
    let profile = &shared.profile;
    let is_fixed = profile.provider.webhook_secret.is_some();
    if !is_fixed && lacks(profile.start.as_ref(), "webhook.secret") {
        return "hand {webhook.secret} to the merchant in merchant.start.env";
    }
    match status {
        400..=499 => {
            "check that the merchant verifies with {webhook.secret} (merchant.start.env, or \
             provider.webhook_secret), with the scheme of merchant.webhook.signature, and that it \
             knows the event payment.created"
        }
        _ => {
            "look into what the merchant said: merchant.log beside the history, where countersign \
             started it; a wrong {webhook.secret} shows itself so in some frameworks"
        }
    }
}
