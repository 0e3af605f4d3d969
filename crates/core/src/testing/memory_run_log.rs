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
    frames: Vec<Vec<u8>>,
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
    fn add(&mut self, first: u64, frames: &[Vec<u8>], ended: bool) -> Result<(), RunLogError> {
        let known = self.frames.len() as u64;
        if first > known + 1 {
            return Err(RunLogError("events are missing before these".into()));
        }
        let repeated = usize::try_from(known + 1 - first).unwrap_or(usize::MAX);
        self.frames.extend(frames.iter().skip(repeated).cloned());
        self.ended = ended;
        self.waiting.drain(..).for_each(Waker::wake);
        Ok(())
    }

    fn part(&self, after: u64) -> LogPart {
        let from = usize::try_from(after).unwrap_or(usize::MAX).min(self.frames.len());
        let mut part = LogPart { frames: Vec::new(), last: from as u64, ended: false };
        for frame in &self.frames[from..] {
            if !part.frames.is_empty() && part.frames.len() + frame.len() > PART {
                return part;
            }
            part.frames.extend_from_slice(frame);
            part.last += 1;
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
            if known.ended { Ok(()) } else { known.add(first, frames, ended) }
        })?
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
