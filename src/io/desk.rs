//! The desk of a running sandbox: everybody comes here, one at a time.
//!
//! Binds the sandbox to the wall clock, its journal and those who watch. Nobody is answered, and
//! nothing is sent, before what he is told is durable: a read may not show what a crash would take
//! back.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{Notify, broadcast};

use super::clock;
use super::journal::{Journal, Lost, Wait};
use super::provider_http::{Api, Served};
use crate::model::{PaymentId, SimTime, Span};
use crate::provider::sandbox::{Command, Declined, Dispatch, Sandbox, Spell};
use crate::provider::{ApiRequest, Unheard, unheard};
use crate::signature::Secret;

/// Changes that a watcher may be behind before it is told to look at everything anew.
const CHANGES_KEPT: usize = 256;

/// Later than whatever may be due.
const FOR_EVER: SimTime = SimTime::from_unix_ms(i64::MAX);

/// What changed: the payments concerned; none where it is the clock or the whole.
pub type Change = Arc<BTreeSet<PaymentId>>;

/// Why an operator's command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The sandbox declined.
    #[error(transparent)]
    Declined(#[from] Declined),
    /// It may have been carried out, and cannot be kept.
    #[error(transparent)]
    Lost(#[from] Lost),
}

/// What there is to do for whoever makes attempts.
pub enum Next {
    /// This is to be sent, now.
    Attempt(Box<Dispatch>),
    /// Nothing for so long, or until somebody does something.
    Rest(Option<Span>),
}

/// The desk.
pub struct Desk {
    state: Mutex<State>,
    changes: broadcast::Sender<Change>,
    /// There may be attempts to make, earlier than whoever makes them was told.
    stirred: Notify,
}

struct State {
    sandbox: Sandbox,
    journal: Journal,
    /// Until when whoever makes attempts rests, on the wall clock; none while nobody does.
    rests_until: Option<SimTime>,
}

impl Desk {
    /// Opens the sandbox, with an endpoint of the operator's own or as it was; answers the secret
    /// of one that was made just now.
    #[must_use]
    pub fn open(
        mut sandbox: Sandbox,
        journal: Journal,
        webhook: Option<&str>,
    ) -> (Self, Option<Secret>) {
        let wall = clock::wall();
        let secret = sandbox.open(webhook, wall);
        let desk = Self {
            state: Mutex::new(State { sandbox, journal, rests_until: None }),
            changes: broadcast::channel(CHANGES_KEPT).0,
            stirred: Notify::new(),
        };
        desk.settle(&mut desk.lock(), wall);
        (desk, secret)
    }

    /// Carries out what an operator wants.
    ///
    /// # Errors
    /// [`Refusal`]
    pub async fn obey(&self, command: Command) -> Result<(), Refusal> {
        let (done, wait) = self.with(|sandbox, wall| sandbox.obey(command, wall));
        wait.durable().await?;
        Ok(done?)
    }

    /// The next calls of merchants go wrong, or go well again.
    pub fn make_trouble(&self, spell: Option<Spell>) {
        self.lock().sandbox.make_trouble(spell);
        // Whoever watches sees it in the status.
        let _ = self.changes.send(Change::default());
    }

    /// What `look` sees; what it does not see yet may happen at any time after.
    ///
    /// # Errors
    /// [`Lost`], because what was seen may be lost.
    pub async fn read<T>(&self, look: impl FnOnce(&Sandbox, SimTime) -> T) -> Result<T, Lost> {
        let (seen, wait) = self.with(|sandbox, wall| {
            sandbox.tick(wall);
            look(sandbox, wall)
        });
        wait.durable().await?;
        Ok(seen)
    }

    /// What is to be sent next.
    ///
    /// # Errors
    /// [`Lost`], because nobody may hear of what may be lost.
    pub async fn next(&self) -> Result<Next, Lost> {
        let (next, wait) = {
            let (mut state, wall) = (self.lock(), clock::wall());
            let attempt = state.sandbox.take_attempt(wall);
            self.settle(&mut state, wall);
            let next = match attempt {
                Some(dispatch) => Next::Attempt(Box::new(dispatch)),
                None => Next::Rest(state.sandbox.rests_for(wall)),
            };
            state.rests_until = match &next {
                Next::Attempt(_) => None,
                Next::Rest(rest) => Some(rest.map_or(FOR_EVER, |rest| wall.plus(rest))),
            };
            (next, state.journal.wait())
        };
        wait.durable().await?;
        Ok(next)
    }

    /// Returns when there may be something to send earlier than [`Self::next`] said.
    pub async fn stirred(&self) {
        self.stirred.notified().await;
    }

    /// From now on, every change.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Returns when the journal cannot be written any more.
    pub async fn lost(&self) -> Lost {
        let wait = self.lock().journal.wait();
        wait.lost().await
    }

    /// Writes what is left of the journal.
    pub fn close(&self) {
        self.lock().journal.close();
    }

    fn with<T>(&self, work: impl FnOnce(&mut Sandbox, SimTime) -> T) -> (T, Wait) {
        let (mut state, wall) = (self.lock(), clock::wall());
        let done = work(&mut state.sandbox, wall);
        self.settle(&mut state, wall);
        (done, state.journal.wait())
    }

    /// Passes on what was done, in the order in which it was done.
    fn settle(&self, state: &mut State, wall: SimTime) {
        let accepted = state.sandbox.take_accepted();
        let changed = state.sandbox.take_changed();
        if accepted.is_empty() && changed.is_empty() {
            return;
        }
        state.journal.append(accepted);
        // Nobody may be watching.
        let _ = self.changes.send(Arc::new(changed));
        // Most of what is done brings nothing to send, and waking somebody for nothing is dear.
        let next = state.sandbox.rests_for(wall).map(|rest| wall.plus(rest));
        if state.rests_until.take_if(|until| next.is_some_and(|next| next < *until)).is_some() {
            self.stirred.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What broke in the middle of a command is not in the journal as it is in memory. A
        // restart from the journal is sound; going on would not be.
        self.state.lock().expect("the sandbox broke in the middle of a command")
    }
}

impl Api for Desk {
    fn call(&self, request: ApiRequest) -> BoxFuture<'_, Served> {
        let ((troubled, (reply, conduct)), wait) =
            self.with(|sandbox, wall| (sandbox.is_troubled(), sandbox.call(request, wall)));
        if troubled {
            // Whoever watches sees how much of it is left.
            let _ = self.changes.send(Change::default());
        }
        async move {
            match wait.durable().await {
                Ok(()) => Served { reply, conduct },
                Err(lost) => unheard(Unheard::Lost(lost.to_string())).into(),
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RAILS;
    use crate::provider::{ApiKey, Config, Keyring};

    const KEY: &str = "sk_test_0123456789abcdef";

    fn create() -> ApiRequest {
        let headers = [("x-api-key", KEY), ("idempotency-key", "k")];
        ApiRequest {
            method: "POST".to_owned(),
            path: "/v1/payments".to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            body: r#"{"reference":"A","asset":"USDT","network":"tron","amount":"5.00"}"#.into(),
            ..ApiRequest::default()
        }
    }

    fn sandbox() -> Sandbox {
        let scheme = crate::signature::scheme("standard-webhooks").unwrap();
        Sandbox::new(vec![Config {
            live: false,
            account: "acct_01J8Z3AAAA0000000000000000".to_owned(),
            keys: vec![ApiKey::with_all_scopes(KEY)],
            rails: RAILS.iter().collect(),
            seed: 1,
            nonce: "n".to_owned(),
            start: clock::wall(),
            profile: Arc::default(),
            keyring: Some(Keyring::new([7; 32], scheme, None)),
        }])
    }

    #[test]
    fn nobody_is_told_anything_before_it_is_durable() {
        let (journal, lines, disk) = Journal::by_hand();
        let desk = Desk::open(sandbox(), journal, Some("http://127.0.0.1:9/")).0;
        let mut created = desk.call(create());
        let mut seen = Box::pin(desk.read(|sandbox, wall| sandbox.status_json(wall)));
        let mut sent = Box::pin(desk.next());
        assert!((&mut created).now_or_never().is_none(), "answered too early");
        assert!((&mut seen).now_or_never().is_none(), "shown too early");
        assert!((&mut sent).now_or_never().is_none(), "sent too early");
        assert_eq!(lines.try_iter().count(), 2, "the start and the creation");
        let _before = disk.send_replace(Ok(2));
        assert_eq!(created.now_or_never().map(|served| served.reply.status), Some(201));
        assert!(matches!(seen.now_or_never(), Some(Ok(_))));
        assert!(matches!(sent.now_or_never(), Some(Ok(Next::Attempt(_)))));
    }

    #[test]
    fn what_cannot_be_kept_is_not_answered_as_if_it_were() {
        let (journal, _lines, disk) = Journal::by_hand();
        let desk = Desk::open(sandbox(), journal, Some("http://127.0.0.1:9/")).0;
        let created = desk.call(create());
        let _before = disk.send_replace(Err(Lost("no space left".to_owned())));
        assert_eq!(created.now_or_never().map(|served| served.reply.status), Some(503));
        assert!(matches!(desk.next().now_or_never(), Some(Err(Lost(_)))));
        let lost = Box::pin(desk.lost()).now_or_never();
        assert_eq!(lost, Some(Lost("no space left".to_owned())));
    }
}
