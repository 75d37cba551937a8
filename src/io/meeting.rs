//! One drive of reconciliation for all scenarios that wait for it: whoever comes last drives.

use std::future::Future;

use tokio::sync::{Mutex, watch};

use crate::history::Answer;

/// Where the scenarios of one group meet.
#[derive(Debug)]
pub struct Meeting {
    state: Mutex<State>,
    answers: watch::Sender<Option<(u64, Answer)>>,
}

#[derive(Debug)]
struct State {
    /// Members that did not leave.
    members: usize,
    /// Members that wait.
    waiting: usize,
    /// Drives so far.
    round: u64,
}

impl Meeting {
    /// A meeting of so many.
    #[must_use]
    pub fn new(members: usize) -> Self {
        let state = State { members, waiting: 0, round: 0 };
        Self { state: Mutex::new(state), answers: watch::Sender::new(None) }
    }

    /// Waits until all members wait or have left, and answers what the one drive answered.
    pub async fn arrive(&self, drive: impl Future<Output = Answer>) -> Answer {
        let mut answers = self.answers.subscribe();
        let round = {
            let mut state = self.state.lock().await;
            state.waiting += 1;
            if state.waiting == state.members {
                return self.drive(&mut state, drive).await;
            }
            state.round
        };
        loop {
            if let Some((done, answer)) = answers.borrow_and_update().clone()
                && done > round
            {
                return answer;
            }
            if answers.changed().await.is_err() {
                return Answer::Failed("the drive of reconciliation was given up".into());
            }
        }
    }

    /// One member leaves; where only waiting ones remain, the drive is theirs now.
    pub async fn leave(&self, drive: impl Future<Output = Answer>) {
        let mut state = self.state.lock().await;
        state.members -= 1;
        if state.waiting > 0 && state.waiting == state.members {
            self.drive(&mut state, drive).await;
        }
    }

    /// Drives while nobody else can arrive, and tells all who wait.
    async fn drive(&self, state: &mut State, drive: impl Future<Output = Answer>) -> Answer {
        let answer = drive.await;
        state.waiting = 0;
        state.round += 1;
        self.answers.send_replace(Some((state.round, answer.clone())));
        answer
    }
}
