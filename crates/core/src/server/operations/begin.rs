//! How the six streaming operations begin: admission, idempotency, the lease, the first events, the task.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chatkitd_protocol::chatkit::{
    Action, StreamOptions, ThreadEvent, ThreadItem, UserMessageItem, WidgetItem,
};
use futures_util::future::{Either, select};
use tracing::{Instrument as _, Span};

use crate::attachments::AttachmentError;
use crate::id::{AttachmentId, RunId, ThreadId};
use crate::ports::{Scope, StoreError};
use crate::server::agent::{Agent, Cause, Turn};
use crate::server::answer::{Answer, Shared};
use crate::server::engine::{
    Answered, ChatCaller, ChatServer, LEASE, LOOK_EVERY, LOOKS, Reply, StreamWishes,
};
use crate::server::error::ServerError;
use crate::server::keeper::cut_off;
use crate::server::keeping::Kept;
use crate::server::live::{Admission, LiveRun};
use crate::server::log::EventLog;
use crate::server::publish::Publisher;
use crate::server::run::{Run, waits};
use crate::server::watch::Watch;
use crate::threads::{
    Begun, Fence, Idempotency, IdempotencyKey, ItemWrite, RunStart, RunStatus, ThreadRecord,
};

/// How long an idempotency key is kept (design 4.8).
const KEY_KEPT: Duration = Duration::from_secs(24 * 3600);

/// How long what a request brought may take to be written. Its lease is not renewed before the run begins, and is to
/// last longer than this.
const FIRST_WRITE_WITHIN: Duration = Duration::from_secs(5);

/// What a streaming operation wants to begin with.
pub(super) struct Beginning {
    pub(super) operation: &'static str,
    pub(super) thread: ThreadId,
    pub(super) new_thread: Option<ThreadRecord>,
    pub(super) writes: Vec<ItemWrite>,
    /// What the message brings along; it becomes part of the thread.
    pub(super) attachments: Vec<AttachmentId>,
}

impl Beginning {
    /// Of a request that brings nothing, on a thread that is there.
    pub(super) fn on(operation: &'static str, thread: ThreadId) -> Self {
        Self { operation, thread, new_thread: None, writes: Vec::new(), attachments: Vec::new() }
    }
}

/// What came of it.
pub(super) enum Opened {
    /// The thread is this run's.
    Run(Box<Opening>),
    /// The same request came before; this is its run.
    Repeated(Watch),
}

/// A run that has the lease and whose agent is not started yet.
pub(super) struct Opening {
    pub(super) fence: Fence,
    pub(super) thread: ThreadRecord,
    caller: ChatCaller,
    agent: Arc<dyn Agent>,
    admission: Admission,
    resume: bool,
}

/// What the agent is asked to do.
pub(super) enum Task {
    /// To answer this message.
    Answer(UserMessageItem),
    /// To go on, now that this item has what it waited for.
    GoOn(ThreadItem),
    /// To react to a click.
    Act(Action, Option<WidgetItem>),
}

impl ChatServer {
    /// Takes the lease on the thread and writes what the request brought.
    pub(super) async fn open(
        &self,
        caller: ChatCaller,
        beginning: Beginning,
        wishes: StreamWishes,
    ) -> Result<Opened, ServerError> {
        let agent = self.agent(&caller.context)?;
        let scope = caller.scope();
        let admission = self.runs.admit(&scope).ok_or(ServerError::TooManyRuns)?;
        let start = self.run_start(beginning, wishes.idempotency);
        let thread = match self.begin(&scope, &start).await? {
            Begun::Started { thread, interrupted } => {
                // In a task of its own: a log between nodes that is away holds no answer up.
                interrupted.into_iter().for_each(|run| self.spawner.spawn(cut_off(self.log.clone(), run)));
                *thread
            }
            Begun::Repeated(run) => return self.repeated(&caller, &run, start.new_thread.is_some()).await,
            Begun::KeyReused => return Err(ServerError::KeyReused),
            Begun::AttachmentSent => return Err(AttachmentError::AlreadySent.into()),
            Begun::Busy(run) => return Err(ServerError::ThreadBusy(run)),
            Begun::NotActive(status) => return Err(ServerError::ThreadNotActive(status)),
        };
        let fence = Fence { scope, thread: thread.id.clone(), run: start.run };
        let resume = wishes.resume;
        Ok(Opened::Run(Box::new(Opening { fence, thread, caller, agent, admission, resume })))
    }

    fn run_start(&self, beginning: Beginning, key: Option<(String, [u8; 32])>) -> RunStart {
        let now = self.clock.now();
        let Beginning { operation, thread, new_thread, writes, attachments } = beginning;
        let idempotency = key.map(|(key, body)| Idempotency {
            key: IdempotencyKey { operation, thread: new_thread.is_none().then(|| thread.clone()), key },
            body,
            until: now.checked_add(KEY_KEPT).unwrap_or(now),
        });
        let run = RunId::mint(now, self.rng.as_ref());
        RunStart { run, thread, new_thread, writes, attachments, idempotency, now, lease: LEASE }
    }

    /// The first run of a request that came again. It may be so new that its events are not kept anywhere
    /// yet, or so old that they are not kept any more: who began a thread is told then what is in it, since
    /// they may not even know its name.
    async fn repeated(
        &self,
        caller: &ChatCaller,
        run: &RunId,
        began_thread: bool,
    ) -> Result<Opened, ServerError> {
        let scope = caller.scope();
        for _ in 0..LOOKS {
            let record = match self.kept(&scope, run, 0).await? {
                Kept::Log(watch) => return Ok(Opened::Repeated(watch)),
                Kept::Nothing(record) => record,
            };
            match record.status {
                RunStatus::Running => self.clock.sleep(LOOK_EVERY).await,
                _ if began_thread => return Ok(Opened::Repeated(self.retold(caller, &record).await?)),
                RunStatus::Ended(_) => return Ok(Opened::Repeated(self.without_log(&record, 0)?)),
            }
        }
        Err(ServerError::RunElsewhere)
    }

    /// Begins, or waits for the run before it to end: one that was stopped takes a moment to say so.
    async fn begin(&self, scope: &Scope, start: &RunStart) -> Result<Begun, ServerError> {
        for _ in 0..LOOKS {
            match self.threads.begin_run(scope, start).await? {
                Begun::Busy(_) => self.clock.sleep(LOOK_EVERY).await,
                begun => return Ok(begun),
            }
        }
        Ok(self.threads.begin_run(scope, start).await?)
    }

    /// Writes what the request brought, now that no other run can change the thread.
    ///
    /// A store that went away may have written it and could not say so: it is written again, which changes nothing.
    /// When that does not help the run is not taken back, since its writes may be there; its lease runs out.
    pub(super) async fn write_first(
        &self,
        opening: &Opening,
        writes: &[ItemWrite],
    ) -> Result<(), ServerError> {
        let written = pin!(self.write_until_told(opening, writes));
        match select(written, self.clock.sleep(FIRST_WRITE_WITHIN)).await {
            Either::Left((written, _)) => Ok(written?),
            Either::Right(_) => {
                Err(StoreError::Unavailable("the store did not answer in time".into()).into())
            }
        }
    }

    async fn write_until_told(&self, opening: &Opening, writes: &[ItemWrite]) -> Result<(), StoreError> {
        let fence = &opening.fence;
        let mut waits = waits();
        let mut may_be_written = false;
        loop {
            let error = match self.threads.write_run(fence, writes).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !matches!(error, StoreError::Unavailable(_)) {
                if !may_be_written {
                    self.abandon(opening).await;
                }
                return Err(error);
            }
            may_be_written = true;
            let Some(wait) = waits.next() else { return Err(error) };
            tracing::warn!(
                run = %fence.run,
                error = &error as &dyn std::error::Error,
                "what a run begins with was not saved; it is tried again"
            );
            self.clock.sleep(wait).await;
        }
    }

    /// What the request is about, as it was found now that no other run can change the thread. Where it is an error the
    /// lease is given back.
    pub(super) async fn or_abandon<T>(
        &self,
        opening: &Opening,
        found: Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        if found.is_err() {
            self.abandon(opening).await;
        }
        found
    }

    /// Gives the lease back: the request turned out to be wrong, and nothing was written.
    pub(super) async fn abandon(&self, opening: &Opening) {
        if let Err(error) = self.threads.abandon_run(&opening.fence).await {
            let run = &opening.fence.run;
            tracing::warn!(%run, error = &error as &dyn std::error::Error, "a run was not abandoned; its lease runs out");
        }
    }

    /// Sends the first events and gets the agent ready; `before` and `after` are those around
    /// `stream_options` (protocol rule 2).
    pub(super) fn start(
        &self,
        opening: Opening,
        task: Task,
        before: Vec<ThreadEvent>,
        after: Vec<ThreadEvent>,
    ) -> Answered {
        let Opening { fence, thread, caller, agent, admission, resume } = opening;
        let log = Arc::new(EventLog::default());
        let shared = Arc::new(Shared::new(log, thread.clone(), self.clock.clone(), self.rng.clone()));
        let span = span(&caller, &fence);
        let live = Arc::new(LiveRun::new(
            fence.clone(),
            caller.context.session.clone(),
            Arc::clone(&shared),
            self.clock.monotonic(),
        ));
        self.runs.began(&live);

        let (cause, action) = match task {
            Task::Answer(message) => (Cause::Message(message), None),
            Task::GoOn(item) => (Cause::Answered(item), None),
            Task::Act(action, sender) => (Cause::Action, Some((action, sender))),
        };
        let turn = Turn {
            thread,
            cause,
            context: caller.context,
            threads: self.threads.clone(),
            attachments: self.attachments.clone(),
            fence,
            shared: Some(Arc::clone(&shared)),
        };
        // What panics here fails as an agent does, in the stream.
        let asked = catch_unwind(AssertUnwindSafe(|| agent.allow_cancel(&turn)));
        let options = StreamOptions::new(*asked.as_ref().unwrap_or(&true));
        before.into_iter().for_each(|event| shared.send_last(event));
        shared.send_last(ThreadEvent::stream_options(options));
        after.into_iter().for_each(|event| shared.send_last(event));

        let answer = Answer(shared);
        let work = Box::pin(async move {
            if let Err(panic) = asked {
                resume_unwind(panic);
            }
            match action {
                None => agent.respond(&turn, &answer).await,
                Some((action, sender)) => agent.action(&turn, &action, sender.as_ref(), &answer).await,
            }
        });
        let run = Run {
            live: Arc::clone(&live),
            runs: Arc::clone(&self.runs),
            threads: self.threads.clone(),
            clock: self.clock.clone(),
            time_limit: self.run_time_limit,
            admission,
        };
        if let Some(log) = &self.log {
            let publisher = Publisher::new(log.clone(), self.clock.clone(), &live);
            self.spawner.spawn(Box::pin(publisher.publish()));
        }
        let watch = Watch::here(live.fence.run.clone(), &live.log, 0, self.clock.clone());
        let reply = Reply::Stream(if resume { watch } else { watch.stopping(&live) });
        Answered { reply, run: Some(Box::pin(run.drive(work).instrument(span))) }
    }
}

/// What the trace of an answer is called. A session that was promised not to be traced has none.
fn span(caller: &ChatCaller, fence: &Fence) -> Span {
    if !caller.traced {
        return Span::none();
    }
    let Fence { thread, run, .. } = fence;
    tracing::info_span!("run", %run, %thread, workflow = %caller.context.workflow)
}
