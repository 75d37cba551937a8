//! The closing audit: reconciliation once more, and a last look at every order, so that a late
//! double credit is caught without every scenario waiting for it.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt};

use super::probe;
use super::shared::Shared;
use crate::history::{Drive, Fact, Observed, Why};
use crate::model::{LaneId, Money, Observation, Reference, Truth};
use crate::rule::oracle::{Decision, Shown, decide};
use crate::scenario::Expectation;

/// How many orders are looked at together.
const TOGETHER: usize = 16;
/// The pause between two looks at an order that has not caught up.
const PAUSE: Duration = Duration::from_millis(50);

/// Before any drive of reconciliation: a look at every order, so that what is wrong by then is
/// not taken for the drive's doing.
pub(super) async fn calm(shared: &Arc<Shared>) {
    if shared.profile.drive.has("reconcile") && settle_down(shared).await {
        look_at_all(shared, Why::Calm).await;
    }
}

/// Closes a run.
pub(super) async fn close(shared: &Arc<Shared>) {
    if !settle_down(shared).await {
        return;
    }
    let policy = &shared.profile.policy;
    if shared.profile.drive.has("reconcile") {
        let answer = tokio::select! {
            answer = shared.reconcile() => answer,
            () = shared.interrupted.happens() => return,
        };
        let drive = Drive { verb: "reconcile".to_owned(), reference: None, answer };
        let real_ms = shared.clock.now().real_ms;
        shared.world().append(LaneId::RUN, Fact::Driven(drive), real_ms);
        tokio::time::sleep(Duration::from_millis(policy.quiet.ms())).await;
    }
    look_at_all(shared, Why::Audit).await;
}

/// Gives the merchant the time that it declares for its own background work; `false` where the
/// run is over before.
async fn settle_down(shared: &Arc<Shared>) -> bool {
    if shared.is_over() {
        return false;
    }
    let policy = &shared.profile.policy;
    let wait = Duration::from_millis(policy.audit_after.max(policy.quiet).ms());
    tokio::select! {
        () = tokio::time::sleep(wait) => true,
        () = shared.interrupted.happens() => false,
    }
}

/// Looks at every order of the run, in the order of lanes.
async fn look_at_all(shared: &Arc<Shared>, why: Why) {
    let patience = match why {
        Why::Audit => Duration::from_millis(shared.profile.policy.converge_within.ms()),
        Why::Calm | Why::Changed => Duration::ZERO,
    };
    let deadline = tokio::time::Instant::now() + patience;
    let orders = shared.world().orders();
    let orders = orders.into_iter().filter(|(lane, ..)| *lane != LaneId::RUN);
    let looks = stream::iter(orders).map(|(lane, reference, due)| async move {
        let seen = last_look(shared, &reference, due, deadline).await;
        (lane, reference, seen)
    });
    let mut looks = looks.buffered(TOGETHER);
    loop {
        let next = tokio::select! {
            next = looks.next() => next,
            () = shared.interrupted.happens() => return,
        };
        let Some((lane, reference, seen)) = next else { return };
        let observed = Observed { why, reference, seen };
        let real_ms = shared.clock.now().real_ms;
        shared.world().append(lane, Fact::Observed(Box::new(observed)), real_ms);
    }
}

/// A look at one order; again, while it has not caught up and there is time.
async fn last_look(
    shared: &Arc<Shared>,
    reference: &Reference,
    due: Money,
    deadline: tokio::time::Instant,
) -> Result<Observation, String> {
    loop {
        let seen = probe::observe(shared.merchant.hands(), &shared.profile, reference).await;
        let caught_up = seen.as_ref().is_ok_and(|seen| is_consistent(shared, seen, due));
        if caught_up || tokio::time::Instant::now() >= deadline {
            return seen;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn is_consistent(shared: &Shared, seen: &Observation, due: Money) -> bool {
    let truth = {
        let world = shared.world();
        let payment = world.provider.payments_of(&seen.reference).pop();
        payment.and_then(|payment| world.truth(&payment))
    };
    let truths: Vec<&Truth> = truth.iter().collect();
    let shown = Shown::of(seen, due.asset);
    let policy = &shared.profile.policy;
    decide(&Expectation::Consistent, policy, due, &truths, &shown, true) == Decision::Met
}
