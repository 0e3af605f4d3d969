//! A run's events as they go out: numbered, framed, kept until the last watcher may have gone on.
//!
//! Own code and no channel: a channel forgets what was read, holds a copy for each reader, or makes the
//! writer wait for the slowest. Here each event is framed once into one buffer, and readers copy what they
//! lack, so that a slow one costs nothing but the stretch it is sending.

use std::ops::Range;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use chatkitd_protocol::chatkit::ThreadEvent;
use chatkitd_protocol::sse;

use crate::lock::lock;
use crate::ports::LogPart;

/// The most that a run's events may amount to, in bytes of frames (design 4.8).
pub(super) const MAX_LOG_BYTES: usize = 8 * 1024 * 1024;
/// The most that a reader gets at once, unless one event alone is larger.
pub(super) const MAX_PART_BYTES: usize = 64 * 1024;

/// The number of the last event that is told of a run by others than its node. They cannot know how many came
/// before: the node's own watchers were further than any other log. This is beyond all of them, and JavaScript
/// reads it exactly. Who comes back with it has seen the end.
pub(super) const LAST_EVENT: u64 = (1 << 53) - 1;

/// The last events of a run, as others than its node tell them: the number of the first, and the frames.
pub(super) fn closing_frames(events: &[ThreadEvent]) -> (u64, Vec<Vec<u8>>) {
    let first = LAST_EVENT - events.len() as u64 + 1;
    (first, (first..).zip(events).map(|(number, event)| frame(number, event)).collect())
}

/// An event of the server's own; empty where it cannot be written.
pub(super) fn frame(number: u64, event: &ThreadEvent) -> Vec<u8> {
    let mut frame = Vec::new();
    match serde_json::to_vec(event) {
        Ok(json) => sse::write_line(&mut frame, Some(number), &json),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "an event could not be written as JSON"
            );
        }
    }
    frame
}

/// A stretch of a log, each frame by itself.
pub(super) struct Batch {
    pub(super) frames: Vec<Vec<u8>>,
    /// The number of the last of them; the number asked for when there is none.
    pub(super) last: u64,
    /// Whether the log ends here.
    pub(super) ended: bool,
}

/// The events of one run.
#[derive(Default)]
pub(crate) struct EventLog(Mutex<State>);

/// What the first events of an answer come to, in bytes: room that no answer leaves empty.
const FIRST_BYTES: usize = 1_024;

struct State {
    /// All frames, one after another.
    frames: Vec<u8>,
    /// Where each frame ends; the first has the number 1.
    ends: Vec<usize>,
    ended: bool,
    /// How often something was read.
    reads: u64,
    waiting: Vec<Waker>,
}

impl Default for State {
    fn default() -> Self {
        let frames = Vec::with_capacity(FIRST_BYTES);
        Self { frames, ends: Vec::with_capacity(16), ended: false, reads: 0, waiting: Vec::new() }
    }
}

impl EventLog {
    /// Adds an event, given as JSON of one line, and wakes who waits for it. An ended log takes nothing more.
    pub(super) fn append(&self, json: &[u8]) {
        self.append_with(|out| out.extend_from_slice(json));
    }

    /// The same with JSON that is written straight to its place.
    pub(super) fn append_with(&self, json: impl FnOnce(&mut Vec<u8>)) {
        let mut state = lock(&self.0);
        if state.ended {
            return;
        }
        let number = state.ends.len() as u64 + 1;
        sse::write_with(&mut state.frames, Some(number), json);
        let end = state.frames.len();
        state.ends.push(end);
        state.wake();
    }

    /// No more will come.
    pub(super) fn end(&self) {
        let mut state = lock(&self.0);
        state.ended = true;
        state.frames.shrink_to_fit();
        state.ends.shrink_to_fit();
        state.wake();
    }

    /// How many events there are.
    pub(super) fn events(&self) -> u64 {
        lock(&self.0).ends.len() as u64
    }

    /// How many bytes the frames have.
    pub(super) fn bytes(&self) -> usize {
        lock(&self.0).frames.len()
    }

    /// How many bytes follow the event `after`.
    pub(super) fn bytes_after(&self, after: u64) -> usize {
        let state = lock(&self.0);
        state.frames.len() - state.start(state.index(after))
    }

    /// How often a watcher got something.
    pub(super) fn reads(&self) -> u64 {
        lock(&self.0).reads
    }

    /// Whether the log has ended and nothing follows the event `after`.
    pub(super) fn ends_at(&self, after: u64) -> bool {
        let state = lock(&self.0);
        state.ended && state.index(after) == state.ends.len()
    }

    /// What follows the event `after`, as soon as there is something, or the end. A number that was never
    /// given out is answered like the last one.
    pub(super) fn poll_read(&self, after: u64, context: &Context<'_>) -> Poll<LogPart> {
        let mut state = lock(&self.0);
        let part = state.part(after);
        if part.frames.is_empty() && !part.ended {
            state.wait(context);
            return Poll::Pending;
        }
        state.reads += 1;
        Poll::Ready(part)
    }

    /// The same, each frame by itself, as [`crate::ports::RunLog::append`] takes them.
    pub(super) fn poll_batch(&self, after: u64, context: &Context<'_>) -> Poll<Batch> {
        let mut state = lock(&self.0);
        let batch = state.batch(after);
        if batch.frames.is_empty() && !batch.ended {
            state.wait(context);
            return Poll::Pending;
        }
        Poll::Ready(batch)
    }
}

impl State {
    /// How many events a reader has who saw the event `after` last.
    fn index(&self, after: u64) -> usize {
        usize::try_from(after).unwrap_or(usize::MAX).min(self.ends.len())
    }

    /// Where the frame at `index` begins.
    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0)
    }

    /// The events from one index to before another that are read at once.
    fn stretch(&self, after: u64) -> Range<usize> {
        let from = self.index(after);
        let start = self.start(from);
        let fitting = self.ends.iter().skip(from).take_while(|end| **end <= start + MAX_PART_BYTES).count();
        // One event that is larger than a part goes alone.
        from..(from + fitting.max(1)).min(self.ends.len())
    }

    /// The frames of these events, one after another.
    fn bytes(&self, events: Range<usize>) -> &[u8] {
        self.frames.get(self.start(events.start)..self.start(events.end)).unwrap_or_default()
    }

    fn part(&self, after: u64) -> LogPart {
        let events = self.stretch(after);
        let (last, ended) = (events.end as u64, self.ended && events.end == self.ends.len());
        LogPart { frames: self.bytes(events).to_vec(), last, ended }
    }

    fn batch(&self, after: u64) -> Batch {
        let events = self.stretch(after);
        let (last, ended) = (events.end as u64, self.ended && events.end == self.ends.len());
        let frames = events.map(|index| self.bytes(index..index + 1).to_vec()).collect();
        Batch { frames, last, ended }
    }

    fn wait(&mut self, context: &Context<'_>) {
        if !self.waiting.iter().any(|waiting| waiting.will_wake(context.waker())) {
            self.waiting.push(context.waker().clone());
        }
    }

    fn wake(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }
}
