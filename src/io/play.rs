//! Plays lanes: what a lane asks for is done here, and its answer handed back.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};

use super::meeting::Meeting;
use super::shared::Shared;
use super::{drive, probe};
use crate::history::{self, Entry, Fact};
use crate::model::LaneId;
use crate::rule::judge_scenario;
use crate::run::{Answer, Lane, Request};
use crate::scenario::{Phase, Plan, Scenario};

/// How long a merchant may leave a notification unanswered while its own call waits: less than the
/// timeout of any client, so that holding an answer back breaks nothing by itself.
const HELD_FOR: Duration = Duration::from_secs(2);

/// Plays a plan in its phases, so many scenarios at a time.
pub(super) async fn all(shared: &Arc<Shared>, plan: Plan, jobs: usize) {
    let mut lanes: Vec<(LaneId, Arc<Scenario>)> = Vec::with_capacity(plan.scenarios.len());
    for (scenario, number) in plan.scenarios.into_iter().zip(1..) {
        lanes.push((LaneId(number), Arc::new(scenario)));
    }
    let of = |phase: Phase| {
        let these = lanes.iter().filter(move |(_, scenario)| scenario.phase() == phase);
        these.cloned().collect::<Vec<_>>()
    };
    side_by_side(shared, of(Phase::Parallel), jobs).await;
    side_by_side(shared, of(Phase::Exclusive), 1).await;
    let waiting = of(Phase::Reconciliation);
    if lanes.len() > waiting.len() {
        super::audit::calm(shared).await;
    }
    let (alone, together): (Vec<_>, Vec<_>) =
        waiting.into_iter().partition(|(_, scenario)| scenario.kills());
    for group in together.chunks(jobs) {
        let meeting = Arc::new(Meeting::new(group.len()));
        let lanes = group.iter().cloned();
        let tasks = lanes.map(|(id, scenario)| {
            let (shared, meeting) = (shared.clone(), meeting.clone());
            tokio::spawn(async move { one(&shared, id, scenario, Some(&meeting)).await })
        });
        join(tasks.collect()).await;
    }
    side_by_side(shared, alone, 1).await;
}

async fn side_by_side(shared: &Arc<Shared>, lanes: Vec<(LaneId, Arc<Scenario>)>, jobs: usize) {
    let tasks = stream::iter(lanes).map(|(id, scenario)| {
        let shared = shared.clone();
        async move {
            let task = tokio::spawn(async move { one(&shared, id, scenario, None).await });
            join(vec![task]).await;
        }
    });
    tasks.buffer_unordered(jobs).collect::<Vec<()>>().await;
}

/// A lane that panics is our fault and ends the run as such.
async fn join(tasks: Vec<tokio::task::JoinHandle<()>>) {
    for task in tasks {
        if let Err(error) = task.await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

async fn one(shared: &Arc<Shared>, id: LaneId, scenario: Arc<Scenario>, meeting: Option<&Meeting>) {
    if !shared.is_over() {
        let entries = lane(shared, id, scenario, meeting).await;
        if let Some((verdict, _)) = judge_scenario(&shared.run, id, &entries) {
            shared.watch.ended(&verdict);
        }
    }
    // Once the run is over nobody waits for the drive any more.
    if let (Some(meeting), false) = (meeting, shared.is_over()) {
        meeting.leave(shared.reconcile()).await;
    }
}

/// Plays one scenario, to its end or to the interruption; answers what was recorded of it.
pub(super) async fn lane(
    shared: &Arc<Shared>,
    id: LaneId,
    scenario: Arc<Scenario>,
    meeting: Option<&Meeting>,
) -> Vec<Entry> {
    shared.world().enter(id, shared.clock.now().wall);
    let lane = Lane::new(id, scenario, shared.settings.clone());
    tokio::select! {
        () = steps(shared, lane, meeting) => {}
        () = shared.interrupted.happens() => {}
    }
    shared.gates.open(id);
    // Whoever comes next must find a merchant; why there is none is told by what he meets.
    let _ = revive(shared).await;
    let mut world = shared.world();
    world.flush();
    world.leave(id)
}

async fn steps(shared: &Arc<Shared>, mut lane: Lane, meeting: Option<&Meeting>) {
    let mut answer = Answer::Start;
    let mut checkout = Checkout::default();
    loop {
        let life = shared.merchant.life();
        let request = {
            let now = shared.clock.now();
            lane.next(&mut shared.world(), answer, now)
        };
        answer = match request {
            Request::Done => return,
            Request::Drive { verb: "reconcile", .. } => Answer::Driven(match meeting {
                Some(meeting) => meeting.arrive(shared.reconcile()).await,
                None => shared.reconcile().await,
            }),
            Request::Drive { verb, values } => {
                let hands = shared.merchant.hands();
                let drive =
                    async move { drive::drive(hands, &shared.profile, verb, &values).await };
                checkout.begin(drive.boxed(), shared, lane.id()).await
            }
            Request::Send { messages, arrival } => {
                let sent = shared.merchant.send(&messages, arrival);
                Answer::Sent(checkout.beside(sent, shared, lane.id()).await)
            }
            Request::Release => checkout.release(shared, lane.id()).await,
            Request::Kill => checkout.killed(shared, lane.id()).await,
            Request::Restart => Answer::Restarted(revive(shared).await),
            Request::Look(reference) => {
                let hands = shared.merchant.hands();
                Answer::Seen(probe::observe(hands, &shared.profile, &reference).await)
            }
            Request::Pause(span) => {
                tokio::time::sleep(Duration::from_millis(span.ms())).await;
                Answer::Paused
            }
        };
        if has_failed(&answer)
            && let Some((how, blamed)) = bury(shared, life).await
        {
            answer = Answer::Died { how, blamed };
        }
    }
}

/// A checkout that waits for an answer which is held back.
#[derive(Default)]
struct Checkout<'a> {
    waits: Option<BoxFuture<'a, history::Answer>>,
    /// Whether the answer went before it was asked for.
    early: bool,
}

impl<'a> Checkout<'a> {
    /// Until it ends, or waits for an answer that is held back.
    async fn begin(
        &mut self,
        mut drive: BoxFuture<'a, history::Answer>,
        shared: &Shared,
        lane: LaneId,
    ) -> Answer {
        tokio::select! {
            biased;
            driven = &mut drive => Answer::Driven(driven),
            () = shared.gates.is_shut(lane) => {
                self.waits = Some(drive);
                Answer::Held
            }
        }
    }

    /// Something else, which a merchant may do beside the checkout or only after it.
    async fn beside<T>(
        &mut self,
        work: impl Future<Output = T>,
        shared: &Shared,
        lane: LaneId,
    ) -> T {
        tokio::pin!(work);
        if self.waits.is_none() || self.early {
            return work.await;
        }
        tokio::select! {
            done = &mut work => done,
            () = tokio::time::sleep(HELD_FOR) => {
                self.early = true;
                shared.gates.open(lane);
                work.await
            }
        }
    }

    /// Kills the merchant before the answer that it waits for goes, if it waits for one.
    async fn killed(&mut self, shared: &Shared, lane: LaneId) -> Answer {
        shared.merchant.kill().await;
        shared.gates.open(lane);
        let driven = match self.waits.take() {
            Some(drive) => Some(drive.await),
            None => None,
        };
        Answer::Killed { driven, early: std::mem::take(&mut self.early) }
    }

    async fn release(&mut self, shared: &Shared, lane: LaneId) -> Answer {
        shared.gates.open(lane);
        let driven = match self.waits.take() {
            Some(drive) => Some(drive.await),
            None => None,
        };
        Answer::Released { driven, early: std::mem::take(&mut self.early) }
    }
}

/// After a request of the life `life` was not answered: how that life ended, if it did, and whether
/// the asker is the first to meet the death. A dead merchant is started again.
async fn bury(shared: &Shared, life: u64) -> Option<(String, bool)> {
    let burial = shared.merchant.bury(life).await?;
    let real_ms = shared.clock.now().real_ms;
    for what in burial.told {
        shared.world().append(LaneId::RUN, Fact::Process { what }, real_ms);
    }
    Some((burial.last_words, burial.is_first))
}

/// Starts a merchant again that was killed; in words why it is not ready.
async fn revive(shared: &Shared) -> Result<(), String> {
    shared.merchant.revive().await.map_err(|why| why.to_string())
}

/// Whether nobody answered: the merchant may be gone.
fn has_failed(answer: &Answer) -> bool {
    let failed = |answer: &history::Answer| matches!(answer, history::Answer::Failed(_));
    match answer {
        Answer::Driven(answer) => failed(answer),
        Answer::Sent(sent) => sent.iter().any(|sent| failed(&sent.answer)),
        Answer::Seen(seen) => seen.is_err(),
        Answer::Released { driven, .. } => driven.as_ref().is_some_and(failed),
        // These deaths are our own doing.
        Answer::Killed { .. } | Answer::Restarted(_) => false,
        Answer::Start | Answer::Held | Answer::Paused | Answer::Died { .. } => false,
    }
}
