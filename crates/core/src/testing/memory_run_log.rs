use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{Either, select};

use crate::id::RunId;
use crate::ports::{Clock, LogPart, RunLog, RunLogError};

/// The most that a reader gets at once, unless one event alone is larger.
const PART: usize = 64 * 1024;

/// The log between nodes in memory: hand the same one to several engines and they are a cluster. Tests
/// only: nothing is ever forgotten.
pub struct MemoryRunLog {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    runs: HashMap<RunId, Run>,
    stops: Vec<RunId>,
    away: bool,
}

#[derive(Default)]
struct Run {
    /// With their numbers.
    frames: Vec<(u64, Vec<u8>)>,
    ended: bool,
    waiting: Vec<Waker>,
}

impl MemoryRunLog {
    /// An empty log.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Takes the log away, or brings it back.
    pub fn set_away(&self, away: bool) {
        self.state.lock().expect("no operation panics while it holds the log").away = away;
    }

    /// The runs whose stop was announced, in order.
    pub fn stops(&self) -> Vec<RunId> {
        self.state.lock().expect("no operation panics while it holds the log").stops.clone()
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> Result<T, RunLogError> {
        let mut state = self.state.lock().expect("no operation panics while it holds the log");
        if state.away {
            return Err(RunLogError("the log was taken away".into()));
        }
        Ok(work(&mut state))
    }
}

impl Run {
    fn last(&self) -> u64 {
        self.frames.last().map_or(0, |(number, _)| *number)
    }

    fn append(&mut self, first: u64, frames: &[Vec<u8>], ended: bool) -> Result<(), RunLogError> {
        if first > self.last() + 1 {
            return Err(RunLogError("events are missing before these".into()));
        }
        self.add(first, frames, ended);
        Ok(())
    }

    fn add(&mut self, first: u64, frames: &[Vec<u8>], ended: bool) {
        let last = self.last();
        self.frames.extend((first..).zip(frames.iter().cloned()).filter(|(number, _)| *number > last));
        self.ended = ended;
        self.waiting.drain(..).for_each(Waker::wake);
    }

    fn part(&self, after: u64) -> LogPart {
        let mut part = LogPart { frames: Vec::new(), last: after.min(self.last()), ended: false };
        for (number, frame) in self.frames.iter().filter(|(number, _)| *number > after) {
            if !part.frames.is_empty() && part.frames.len() + frame.len() > PART {
                return part;
            }
            part.frames.extend_from_slice(frame);
            part.last = *number;
        }
        part.ended = self.ended;
        part
    }
}

#[async_trait]
impl RunLog for MemoryRunLog {
    async fn append(
        &self,
        run: &RunId,
        first: u64,
        frames: &[Vec<u8>],
        ended: bool,
    ) -> Result<(), RunLogError> {
        self.with(|state| {
            if !state.runs.contains_key(run) && first > 1 {
                return Err(RunLogError("events are missing before these".into()));
            }
            let known = state.runs.entry(run.clone()).or_default();
            if known.ended { Ok(()) } else { known.append(first, frames, ended) }
        })?
    }

    async fn close(&self, run: &RunId, first: u64, frames: &[Vec<u8>]) -> Result<(), RunLogError> {
        self.with(|state| {
            if let Some(open) = state.runs.get_mut(run).filter(|run| !run.ended) {
                open.add(first, frames, true);
            }
        })
    }

    async fn read(&self, run: &RunId, after: u64, wait: Duration) -> Result<Option<LogPart>, RunLogError> {
        let look = |state: &mut State| state.runs.get(run).map(|run| run.part(after));
        let now = self.with(look)?;
        if now.as_ref().is_none_or(|part| !part.frames.is_empty() || part.ended) || wait.is_zero() {
            return Ok(now);
        }
        let more = pin!(poll_fn(|context| {
            let looked = self.with(|state| {
                let run = state.runs.get_mut(run)?;
                let part = run.part(after);
                if part.frames.is_empty() && !part.ended {
                    run.waiting.push(context.waker().clone());
                    return None;
                }
                Some(part)
            });
            looked.transpose().map_or(Poll::Pending, Poll::Ready)
        }));
        match select(more, self.clock.sleep(wait)).await {
            Either::Left((part, _)) => part.map(Some),
            Either::Right(_) => Ok(now),
        }
    }

    async fn announce_stop(&self, run: &RunId) -> Result<(), RunLogError> {
        self.with(|state| state.stops.push(run.clone()))
    }
}
