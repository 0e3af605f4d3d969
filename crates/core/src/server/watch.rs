//! Reads a run's events from where a client left off, for as long as it likes.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use chatkitd_protocol::chatkit::{Order, ThreadEvent, ThreadItem};
use chatkitd_protocol::sse;
use futures_util::future::{Either, select};
use jiff::Timestamp;

use super::live::LiveRun;
use super::log::{EventLog, MAX_PART_BYTES, closing_frames};
use super::run::last_word;
use super::stop::StopReason;
use crate::id::RunId;
use crate::ports::{Clock, LogPart, RunLog, RunLogError, Scope, Threads};
use crate::threads::{ItemQuery, PageQuery, RunOutcome, RunRecord, RunStatus, wire_time};

/// After so much silence a comment is sent, so that proxies keep the connection (design 4.8).
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A reader that takes longer than this for one part, while more than [`SLOW_BYTES`] wait, is cut off.
const SLOW: Duration = Duration::from_secs(30);
const SLOW_BYTES: usize = 4 * MAX_PART_BYTES;
/// How many items of an answer are told again whose events are lost.
const ANSWER_ITEMS: u32 = 100;

/// One client's view of a run. Dropping it before the end stops the run, where this is the request that
/// started it and it did not ask for more (design 4.8).
pub struct Watch {
    source: Source,
    run: RunId,
    after: u64,
    clock: Arc<dyn Clock>,
    /// Since when the client has what it got last, by the monotonic clock.
    handed_out: Option<Duration>,
    finished: bool,
    /// The run that ends with this watch.
    stops: Option<Weak<LiveRun>>,
}

enum Source {
    /// Weak: who stops reading does not keep the events of a run that everybody else has forgotten.
    Here(Weak<EventLog>),
    Elsewhere(Elsewhere),
    /// Frames that are all there is.
    Closed(Option<Vec<u8>>),
}

/// A run of another node.
pub(super) struct Elsewhere {
    pub(super) log: Arc<dyn RunLog>,
    pub(super) threads: Arc<dyn Threads>,
    /// Whose run it is.
    pub(super) scope: Scope,
}

impl Elsewhere {
    /// A run that is silent may be one whose node is gone, with or without its last events, or whose thread was
    /// deleted.
    async fn read(&self, run: &RunId, after: u64, clock: &dyn Clock) -> Result<Option<LogPart>, RunLogError> {
        let part = self.log.read(run, after, HEARTBEAT).await?;
        if part.as_ref().is_none_or(|part| !part.frames.is_empty() || part.ended) {
            return Ok(part);
        }
        match self.threads.run(&self.scope, run).await {
            Ok(Some(record)) => self.end_if_over(&record, clock.now()).await?,
            Ok(None) => return Ok(None),
            Err(error) => {
                tracing::warn!(%run, error = &error as &dyn std::error::Error, "a silent run was not looked up");
            }
        }
        Ok(part)
    }

    /// Ends the log of a run that is over, if its own node did not and will not: that takes a moment, and longer
    /// only while the log is away. One that was closed by others has no node any more.
    pub(super) async fn end_if_over(&self, record: &RunRecord, now: Timestamp) -> Result<(), RunLogError> {
        let is_left = match (record.status, record.ended_at) {
            (RunStatus::Ended(RunOutcome::Interrupted), _) => true,
            (RunStatus::Ended(_), Some(at)) => !may_come(at, now),
            _ => false,
        };
        if !is_left || !self.is_open(&record.id).await? {
            return Ok(());
        }
        let mut events = self.answer(record).await;
        events.extend(last_word(record.status));
        close_log(self.log.as_ref(), &record.id, &events).await
    }

    async fn is_open(&self, run: &RunId) -> Result<bool, RunLogError> {
        let part = self.log.read(run, u64::MAX, Duration::ZERO).await?;
        Ok(part.is_some_and(|part| !part.ended))
    }

    /// What the run said, as it is stored: the events that told it died with their node.
    async fn answer(&self, record: &RunRecord) -> Vec<ThreadEvent> {
        let Some(ended_at) = record.ended_at else { return Vec::new() };
        let page = PageQuery { limit: ANSWER_ITEMS, order: Order::Desc, after: None, before: None };
        let query = ItemQuery { page, hidden: false, kinds: None };
        let items = match self.threads.items(&self.scope, &record.thread, &query).await {
            Ok(page) => page.map(|page| page.items).unwrap_or_default(),
            Err(error) => {
                let run = &record.id;
                tracing::warn!(%run, error = &error as &dyn std::error::Error, "an answer was not read again");
                Vec::new()
            }
        };
        // Others may have spoken on the thread since. Times of one form are in the order of their text.
        let (from, to) = (wire_time(record.started_at), wire_time(ended_at));
        let is_of_run = |item: &ThreadItem| {
            let at = item.created_at().as_str();
            !matches!(item, ThreadItem::UserMessage(_)) && from.as_str() <= at && at <= to.as_str()
        };
        let mut events: Vec<_> = items.into_iter().filter(is_of_run).map(ThreadEvent::item_done).collect();
        events.reverse();
        events
    }
}

/// Whether what a run said at last may be on its way to other nodes, after an end at that time.
pub(super) fn may_come(ended_at: Timestamp, now: Timestamp) -> bool {
    elapsed(ended_at, now) < HEARTBEAT
}

/// Between two times of clocks that may have been set since.
pub(super) fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

/// Ends the log of a run with these events, if nobody did.
pub(super) async fn close_log(
    log: &dyn RunLog,
    run: &RunId,
    events: &[ThreadEvent],
) -> Result<(), RunLogError> {
    let (first, frames) = closing_frames(events);
    log.close(run, first, &frames).await
}

impl Watch {
    pub(super) fn here(run: RunId, log: &Arc<EventLog>, after: u64, clock: Arc<dyn Clock>) -> Self {
        // A number that was never given out counts as the last one so far.
        let after = after.min(log.events());
        let finished = log.ends_at(after);
        let mut watch = Self::of(Source::Here(Arc::downgrade(log)), run, after, clock);
        watch.finished = finished;
        watch
    }

    pub(super) fn elsewhere(source: Elsewhere, run: RunId, after: u64, clock: Arc<dyn Clock>) -> Self {
        Self::of(Source::Elsewhere(source), run, after, clock)
    }

    /// A run that has ended, for a client that has its last event.
    pub(super) fn at_end(run: RunId, after: u64, clock: Arc<dyn Clock>) -> Self {
        let mut watch = Self::of(Source::Closed(None), run, after, clock);
        watch.finished = true;
        watch
    }

    /// A run of which nothing is left but how it ended.
    pub(super) fn closed(run: RunId, frames: Vec<u8>, clock: Arc<dyn Clock>) -> Self {
        Self::of(Source::Closed(Some(frames)), run, 0, clock)
    }

    fn of(source: Source, run: RunId, after: u64, clock: Arc<dyn Clock>) -> Self {
        Self { source, run, after, clock, handed_out: None, finished: false, stops: None }
    }

    /// Makes the loss of this watch stop the run.
    pub(super) fn stopping(mut self, run: &Arc<LiveRun>) -> Self {
        self.stops = Some(Arc::downgrade(run));
        self
    }

    /// The run's id.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// Whether nothing will ever come: the run has ended and the client has its last event, or it was read to
    /// the end.
    pub fn is_at_end(&self) -> bool {
        self.finished
    }

    /// The next frames to send; a heartbeat when there was nothing for 15 seconds; `None` at the end.
    ///
    /// An error means that the log between nodes broke down: the client should connect again.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, RunLogError> {
        if self.finished {
            return Ok(None);
        }
        if self.is_too_slow() {
            self.finished = true;
            return Ok(Some(sse::comment("too slow: resume with Last-Event-ID")));
        }
        let Some(part) = self.read().await? else {
            self.finished = true;
            return Ok(None);
        };
        self.after = part.last;
        self.finished = part.ended;
        self.handed_out = Some(self.clock.monotonic());
        if part.frames.is_empty() {
            return Ok((!part.ended).then(|| sse::comment("")));
        }
        Ok(Some(part.frames))
    }

    async fn read(&mut self) -> Result<Option<LogPart>, RunLogError> {
        let after = self.after;
        match &mut self.source {
            Source::Here(log) => {
                let part = pin!(poll_fn(|context| match log.upgrade() {
                    Some(log) => log.poll_read(after, context).map(Some),
                    None => Poll::Ready(None),
                }));
                let silence = self.clock.sleep(HEARTBEAT);
                Ok(match select(part, silence).await {
                    Either::Left((part, _)) => part,
                    Either::Right(_) => Some(LogPart { frames: Vec::new(), last: after, ended: false }),
                })
            }
            Source::Elsewhere(source) => source.read(&self.run, after, self.clock.as_ref()).await,
            Source::Closed(frames) => {
                Ok(frames.take().map(|frames| LogPart { frames, last: after, ended: true }))
            }
        }
    }

    fn is_too_slow(&self) -> bool {
        let Source::Here(log) = &self.source else { return false };
        let Some(log) = log.upgrade() else { return true };
        let took = self.handed_out.map(|since| self.clock.monotonic().saturating_sub(since));
        took.is_some_and(|took| took > SLOW) && log.bytes_after(self.after) > SLOW_BYTES
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.finished
            && let Some(run) = self.stops.as_ref().and_then(Weak::upgrade)
        {
            run.stop(StopReason::WatcherLost);
        }
    }
}
