//! Drives one run: polls its agent, saves what has to be saved before it is sent, and ends in order.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use chatkitd_protocol::chatkit::{ErrorCode, SdkHiddenContextItem, ThreadEvent, ThreadItem};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, select};

use super::agent::AgentError;
use super::answer::{Closed, Leftover};
use super::live::{Admission, LiveRun, LiveRuns};
use super::pending::is_partial_message;
use super::stop::StopReason;
use crate::ports::{Clock, StoreError, Threads};
use crate::threads::{ItemWrite, RunEnd, RunOutcome, RunStatus, wire_time};

/// How long to wait before each new try while the store is away: three seconds in all, which a restart of the
/// database takes less than. After that a run fails; when its end is not saved either, its lease runs out, and
/// whoever wants the thread next closes it.
pub(super) fn waits() -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(Duration::from_millis(100)), |wait| Some(*wait * 2)).take(5)
}

/// What an agent's future is.
pub(super) type Work = BoxFuture<'static, Result<(), AgentError>>;

/// A run and what it needs.
pub(super) struct Run {
    pub(super) live: Arc<LiveRun>,
    pub(super) runs: Arc<LiveRuns>,
    pub(super) threads: Arc<dyn Threads>,
    pub(super) clock: Arc<dyn Clock>,
    /// After that an agent that does not come to an end is stopped.
    pub(super) time_limit: Duration,
    /// Held until the run is over.
    pub(super) admission: Admission,
}

/// How the agent's part came to its end.
#[expect(clippy::large_enum_variant, reason = "one at a time")]
enum Ending {
    Done,
    Failed(ThreadEvent),
    Stopped(StopReason),
}

impl Run {
    /// Runs to the end, whatever the agent does.
    pub(super) async fn drive(self, agent: Work) {
        // An agent may also panic when it is let go.
        let answered = AssertUnwindSafe(self.answer(agent)).catch_unwind().await;
        let ending = answered.unwrap_or_else(|_| self.panicked());
        let leftover = self.live.shared.close();
        match ending {
            Ending::Stopped(StopReason::LeaseLost) => self.superseded(),
            // In a box of its own: what it takes is not part of a run while that is going.
            ending => Box::pin(self.finish(ending, leftover)).await,
        }
        metrics::counter!("chatkitd_run_events_total").increment(self.live.log.events());
        drop(self.admission);
        self.live.log.end();
        self.runs.ended(&self.live, self.clock.monotonic());
    }

    async fn answer(&self, agent: Work) -> Ending {
        let mut agent = pin!(AssertUnwindSafe(agent).catch_unwind());
        let mut too_late = pin!(self.clock.sleep(self.time_limit));
        loop {
            // What the agent emitted is saved whenever it waits for something, and not at each event: an
            // answer that is given in one go is saved in one go, together with the end of the run.
            let step = poll_fn(|context| {
                if let Poll::Ready(reason) = self.live.stop.poll_stopped(context) {
                    return Poll::Ready(Some(Ending::Stopped(reason)));
                }
                if let Poll::Ready(result) = agent.as_mut().poll(context) {
                    return Poll::Ready(Some(self.ending(result)));
                }
                if self.live.shared.closed() == Some(Closed::TooLong) {
                    return Poll::Ready(Some(Ending::Failed(error_event(
                        "The answer became too long.",
                        false,
                    ))));
                }
                // Before what waits to be saved: there may always be something.
                if too_late.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Some(Ending::Failed(took_too_long())));
                }
                if self.live.shared.has_unsaved() { Poll::Ready(None) } else { Poll::Pending }
            })
            .await;
            let ending = match step {
                Some(ending) => Some(ending),
                None => self.save().await,
            };
            if let Some(ending) = ending {
                return ending;
            }
        }
    }

    fn ending(&self, result: Result<Result<(), AgentError>, Box<dyn std::any::Any + Send>>) -> Ending {
        let run = &self.live.fence.run;
        match result {
            Ok(Ok(())) => Ending::Done,
            Ok(Err(AgentError::Custom { message, allow_retry })) => {
                Ending::Failed(error_event(&message, allow_retry))
            }
            Ok(Err(AgentError::Stream { code, allow_retry })) => {
                Ending::Failed(ThreadEvent::error(code, None, allow_retry))
            }
            Ok(Err(error @ AgentError::Failed(_))) => {
                tracing::error!(%run, error = &error as &dyn std::error::Error, "an agent failed");
                Ending::Failed(stream_error())
            }
            Err(_) => self.panicked(),
        }
    }

    fn panicked(&self) -> Ending {
        tracing::error!(run = %self.live.fence.run, "an agent panicked");
        Ending::Failed(stream_error())
    }

    /// Saves what waits for it and sends it; the run's end when that fails.
    async fn save(&self) -> Option<Ending> {
        let LiveRun { fence, shared, stop, .. } = self.live.as_ref();
        let writes = shared.take_writes();
        let mut waits = waits();
        let ending = loop {
            let error = match self.threads.write_run(fence, &writes).await {
                Ok(()) => {
                    shared.saved(writes.len());
                    return None;
                }
                Err(StoreError::Conflict | StoreError::NotFound) => {
                    return Some(Ending::Stopped(StopReason::LeaseLost));
                }
                Err(error) => error,
            };
            let is_away = matches!(error, StoreError::Unavailable(_));
            let Some(wait) = waits.next().filter(|_| is_away) else {
                tracing::error!(run = %fence.run, error = &error as &dyn std::error::Error, "an answer was not saved");
                break Ending::Failed(stream_error());
            };
            tracing::warn!(
                run = %fence.run,
                error = &error as &dyn std::error::Error,
                "an answer was not saved; it is tried again"
            );
            let stopped = poll_fn(|context| stop.poll_stopped(context));
            if let Either::Left((reason, _)) = select(stopped, self.clock.sleep(wait)).await {
                break Ending::Stopped(reason);
            }
        };
        // They are saved with the end of the run, if that can be.
        shared.not_saved(writes);
        Some(ending)
    }

    /// Releases the lease with the last writes, and only then sends the last events: who answers to them
    /// at once finds the thread free.
    async fn finish(&self, ending: Ending, leftover: Leftover) {
        let saved = leftover.writes.len();
        let (outcome, mut writes, last) = match ending {
            Ending::Done => (RunOutcome::Completed, Vec::new(), Vec::new()),
            Ending::Failed(error) => (RunOutcome::Failed, Vec::new(), vec![error]),
            Ending::Stopped(reason) => self.stopped(reason, leftover.pending),
        };
        writes.splice(0..0, leftover.writes);
        let end = RunEnd { outcome, writes, now: self.clock.now() };
        match self.end(end).await {
            Ok(()) => {
                count(RunStatus::Ended(outcome).as_str());
                self.live.shared.saved(saved);
                last.into_iter().for_each(|event| self.live.shared.send_last(event));
            }
            Err(StoreError::Conflict | StoreError::NotFound) => self.superseded(),
            Err(error) => {
                let run = &self.live.fence.run;
                tracing::error!(%run, error = &error as &dyn std::error::Error, "the end of a run was not saved");
                // Of one that the store did not hear of, whoever closes it counts the end.
                if !matches!(error, StoreError::Unavailable(_)) {
                    count(RunStatus::Ended(RunOutcome::Failed).as_str());
                }
                self.live.shared.send_last(stream_error());
            }
        }
    }

    /// The thread is another run's by now, and the store takes nothing of this one any more.
    fn superseded(&self) {
        count("superseded");
        self.live.shared.send_last(interrupted());
    }

    /// What a stop leaves: the messages that have some text, and a hidden note, so that the next answer does
    /// not go on with this one (protocol rule 12). Watchers are told what became of everything unfinished.
    fn stopped(
        &self,
        reason: StopReason,
        pending: Vec<ThreadItem>,
    ) -> (RunOutcome, Vec<ItemWrite>, Vec<ThreadEvent>) {
        let mut writes = Vec::new();
        let mut events = Vec::new();
        for item in pending {
            if is_partial_message(&item) {
                writes.push(ItemWrite::Put(item.clone()));
                events.push(ThreadEvent::item_done(item));
            } else if !item.is_hidden() {
                events.push(ThreadEvent::item_removed(item.id().to_owned()));
            }
        }
        let (outcome, note) = match reason {
            StopReason::Shutdown => {
                events.push(interrupted());
                (RunOutcome::ShutDown, "The server stopped in the middle of the prior answer.")
            }
            StopReason::Requested | StopReason::WatcherLost | StopReason::LeaseLost => {
                let note = "The user cancelled the stream. Stop responding to the prior request.";
                (RunOutcome::Stopped, note)
            }
        };
        writes.push(ItemWrite::Put(self.hidden_note(note)));
        (outcome, writes, events)
    }

    fn hidden_note(&self, content: &str) -> ThreadItem {
        ThreadItem::SdkHiddenContext(SdkHiddenContextItem {
            id: self.live.shared.new_item_id(),
            thread_id: self.live.fence.thread.as_str().to_owned(),
            created_at: wire_time(self.clock.now()),
            content: content.to_owned(),
            ..SdkHiddenContextItem::default()
        })
    }

    async fn end(&self, end: RunEnd) -> Result<(), StoreError> {
        let mut was_away = false;
        for wait in waits() {
            match self.try_to_end(&end, was_away).await {
                Err(StoreError::Unavailable(error)) => {
                    was_away = true;
                    tracing::warn!(
                        error = error.as_ref() as &dyn std::error::Error,
                        "the end of a run was not saved; it is tried again"
                    );
                    self.clock.sleep(wait).await;
                }
                Err(error @ StoreError::Other(_)) => {
                    // Something in the writes: the thread must not stay busy for that.
                    let bare = RunEnd { outcome: RunOutcome::Failed, writes: Vec::new(), now: end.now };
                    let ended = self.threads.end_run(&self.live.fence, &bare).await;
                    ended.inspect_err(|_| {
                        tracing::error!(
                            run = %self.live.fence.run,
                            error = &error as &dyn std::error::Error,
                            "the last writes of a run were not saved, and neither was its end"
                        );
                    })?;
                    return Err(error);
                }
                result => return result,
            }
        }
        self.try_to_end(&end, was_away).await
    }

    /// A store that went away may have ended the run before it could say so.
    async fn try_to_end(&self, end: &RunEnd, was_away: bool) -> Result<(), StoreError> {
        let fence = &self.live.fence;
        match self.threads.end_run(fence, end).await {
            Err(StoreError::Conflict) if was_away => {
                let run = self.threads.run(&fence.scope, &fence.run).await?;
                let has_ended = run.is_some_and(|run| run.status == RunStatus::Ended(end.outcome));
                if has_ended { Ok(()) } else { Err(StoreError::Conflict) }
            }
            result => result,
        }
    }
}

/// Counts a run that is over.
pub(super) fn count(outcome: &'static str) {
    metrics::counter!("chatkitd_runs_ended_total", "outcome" => outcome).increment(1);
}

/// The event of a custom error.
pub(super) fn error_event(message: &str, allow_retry: bool) -> ThreadEvent {
    ThreadEvent::error(ErrorCode::Custom, Some(message.to_owned()), allow_retry)
}

/// Something went wrong, in the widget's own words (protocol rule 11).
pub(super) fn stream_error() -> ThreadEvent {
    ThreadEvent::error(ErrorCode::StreamError, None, true)
}

/// The last event of a run that was cut off.
pub(super) fn interrupted() -> ThreadEvent {
    error_event("The answer was interrupted. Please try again.", true)
}

/// What the watchers of a run are told at last, by how it ended.
pub(super) fn last_word(status: RunStatus) -> Option<ThreadEvent> {
    match status {
        RunStatus::Ended(RunOutcome::ShutDown | RunOutcome::Interrupted) => Some(interrupted()),
        RunStatus::Ended(RunOutcome::Failed) => Some(stream_error()),
        RunStatus::Ended(RunOutcome::Completed | RunOutcome::Stopped) | RunStatus::Running => None,
    }
}

fn took_too_long() -> ThreadEvent {
    error_event("The answer took too long.", true)
}
