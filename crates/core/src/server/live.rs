//! The runs of this process: those that are going, and those whose events are still kept.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::answer::Shared;
use super::log::EventLog;
use super::stop::{StopReason, StopSignal};
use crate::id::{RunId, SessionId, ThreadId};
use crate::lock::lock;
use crate::ports::Scope;
use crate::threads::{Fence, Renewal, Renewed, ThreadChange};

/// How long a run's events are kept after its end (design 4.8).
pub(super) const KEPT_FOR: Duration = Duration::from_secs(5 * 60);
/// The most that the events of ended runs may amount to, in bytes; past that the oldest go early. On a
/// busy server five minutes of events are more than a machine has.
const KEPT_BYTES: usize = 64 * 1024 * 1024;
/// How long a watcher may take nothing of a run that is kept for its sake alone.
const STALLED: Duration = Duration::from_secs(30);
/// What a kept run costs beside its frames, roughly.
const RUN_BYTES: usize = 1_024;
/// How many runs one user may have going on this node.
const RUNS_PER_USER: u32 = 16;
/// A lease lasts ten seconds and is renewed every three (design 4.8).
const RENEW_EVERY: Duration = Duration::from_secs(3);

/// A run of this process.
pub(crate) struct LiveRun {
    pub(crate) fence: Fence,
    pub(crate) log: Arc<EventLog>,
    /// The session whose secret started it, if it was one.
    pub(super) session: Option<SessionId>,
    pub(super) shared: Arc<Shared>,
    pub(super) stop: StopSignal,
    /// `None`: a renewal is due. This time and the others here are monotonic, since a clock that is set back must
    /// not let a lease run out.
    renewed_at: Mutex<Option<Duration>>,
}

impl LiveRun {
    pub(super) fn new(fence: Fence, session: Option<SessionId>, shared: Arc<Shared>, now: Duration) -> Self {
        let log = Arc::clone(&shared.log);
        Self { fence, log, session, shared, stop: StopSignal::default(), renewed_at: Mutex::new(Some(now)) }
    }

    /// Asks the run to stop. One that has ended is not harmed.
    pub(crate) fn stop(&self, reason: StopReason) {
        self.stop.stop(reason);
    }

    /// What to tell the store now, if anything: a lease that is due, or text that is not safe yet.
    fn renewal(&self, now: Duration) -> Option<Renewal> {
        let checkpoint = self.shared.checkpoint();
        let mut renewed_at = lock(&self.renewed_at);
        let due = renewed_at.is_none_or(|at| now.saturating_sub(at) >= RENEW_EVERY);
        if checkpoint.is_none() && !due {
            return None;
        }
        *renewed_at = Some(now);
        Some(Renewal { run: self.fence.run.clone(), checkpoint })
    }

    /// The store did not hear of it: both are due again.
    fn renewal_failed(&self, renewal: &Renewal) {
        *lock(&self.renewed_at) = None;
        if renewal.checkpoint.is_some() {
            self.shared.checkpoint_failed();
        }
    }
}

/// What is kept of a run after its end: little, since a busy server has thousands.
#[derive(Clone)]
pub(crate) struct KeptRun {
    pub(crate) scope: Scope,
    pub(crate) log: Arc<EventLog>,
}

/// A run that this process knows.
pub(crate) enum Known {
    Going(Arc<LiveRun>),
    Ended(KeptRun),
}

impl Known {
    /// Whose run it is.
    pub(crate) fn scope(&self) -> &Scope {
        match self {
            Self::Going(run) => &run.fence.scope,
            Self::Ended(run) => &run.scope,
        }
    }

    pub(crate) fn log(&self) -> &Arc<EventLog> {
        match self {
            Self::Going(run) => &run.log,
            Self::Ended(run) => &run.log,
        }
    }

    /// Asks the run to stop. One that has ended is not harmed.
    pub(crate) fn stop(&self, reason: StopReason) {
        if let Self::Going(run) = self {
            run.stop(reason);
        }
    }
}

/// All runs of this process.
#[derive(Default)]
pub(crate) struct LiveRuns(Mutex<State>);

#[derive(Default)]
struct State {
    going: HashMap<RunId, Arc<LiveRun>>,
    by_thread: HashMap<ThreadId, RunId>,
    kept: HashMap<RunId, KeptRun>,
    /// Ended runs, the first to go first, with their size.
    ended: VecDeque<(Duration, RunId, usize)>,
    kept_bytes: usize,
    /// Events that went early, for those who were still reading them.
    lingering: Vec<Lingering>,
    per_user: HashMap<Scope, u32>,
    /// This process goes down: what begins now is stopped at once.
    is_shutting_down: bool,
}

struct Lingering {
    log: Arc<EventLog>,
    /// How often it was read, and since when not more often.
    reads: u64,
    since: Duration,
}

impl Lingering {
    /// Whether somebody still reads it.
    fn is_read(&mut self, now: Duration) -> bool {
        let reads = self.log.reads();
        if reads != self.reads {
            (self.reads, self.since) = (reads, now);
        }
        Arc::weak_count(&self.log) > 0 && now.saturating_sub(self.since) < STALLED
    }
}

/// A user's right to one more run; given back when dropped.
pub(crate) struct Admission {
    runs: Arc<LiveRuns>,
    user: Scope,
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut state = lock(&self.runs.0);
        if let Some(count) = state.per_user.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                state.per_user.remove(&self.user);
            }
        }
    }
}

impl LiveRuns {
    /// Lets a user begin one more run; `None` when they have too many going already.
    pub(crate) fn admit(self: &Arc<Self>, user: &Scope) -> Option<Admission> {
        let mut state = lock(&self.0);
        let count = state.per_user.entry(user.clone()).or_default();
        if *count >= RUNS_PER_USER {
            return None;
        }
        *count += 1;
        Some(Admission { runs: Arc::clone(self), user: user.clone() })
    }

    /// A run has begun.
    pub(super) fn began(&self, run: &Arc<LiveRun>) {
        let mut state = lock(&self.0);
        state.by_thread.insert(run.fence.thread.clone(), run.fence.run.clone());
        state.going.insert(run.fence.run.clone(), Arc::clone(run));
        if state.is_shutting_down {
            run.stop(StopReason::Shutdown);
        }
    }

    /// Stops all that are going, and each that begins from now on.
    pub(super) fn shut_down(&self) {
        let mut state = lock(&self.0);
        state.is_shutting_down = true;
        state.going.values().for_each(|run| run.stop(StopReason::Shutdown));
    }

    /// A run has ended; its events are kept for a while.
    pub(super) fn ended(&self, run: &Arc<LiveRun>, now: Duration) {
        let id = run.fence.run.clone();
        let bytes = run.log.bytes() + RUN_BYTES;
        let mut state = lock(&self.0);
        state.going.remove(&id);
        if state.by_thread.get(&run.fence.thread) == Some(&id) {
            state.by_thread.remove(&run.fence.thread);
        }
        let kept = KeptRun { scope: run.fence.scope.clone(), log: Arc::clone(&run.log) };
        state.kept.insert(id.clone(), kept);
        state.ended.push_back((now, id, bytes));
        state.kept_bytes += bytes;
        state.forget(now);
    }

    /// A run that is going here, or whose events are kept here.
    pub(crate) fn find(&self, id: &RunId) -> Option<Known> {
        let state = lock(&self.0);
        match state.going.get(id) {
            Some(run) => Some(Known::Going(Arc::clone(run))),
            None => state.kept.get(id).cloned().map(Known::Ended),
        }
    }

    /// The runs that are going.
    pub(crate) fn going(&self) -> Vec<Arc<LiveRun>> {
        lock(&self.0).going.values().cloned().collect()
    }

    /// The sessions whose secrets started the runs that are going.
    pub(super) fn sessions(&self) -> Vec<SessionId> {
        let state = lock(&self.0);
        let sessions: BTreeSet<_> = state.going.values().filter_map(|run| run.session.clone()).collect();
        sessions.into_iter().collect()
    }

    /// Stops what sessions started that have been ended since.
    pub(super) fn stop_sessions(&self, ended: &[SessionId]) {
        for run in self.going() {
            if run.session.as_ref().is_some_and(|session| ended.contains(session)) {
                run.stop(StopReason::Requested);
            }
        }
    }

    /// What to tell the store about the runs that are going.
    pub(super) fn renewals(&self, now: Duration) -> Vec<Renewal> {
        self.going().iter().filter_map(|run| run.renewal(now)).collect()
    }

    /// The store did not answer.
    pub(super) fn renewals_failed(&self, renewals: &[Renewal]) {
        let state = lock(&self.0);
        for renewal in renewals {
            if let Some(run) = state.going.get(&renewal.run) {
                run.renewal_failed(renewal);
            }
        }
    }

    /// Hears what the store answered.
    pub(super) fn renewed(&self, run: &RunId, answer: Renewed) {
        let Some(run) = lock(&self.0).going.get(run).cloned() else { return };
        match answer {
            Renewed::Held => {}
            Renewed::StopRequested => run.stop(StopReason::Requested),
            Renewed::Lost => run.stop(StopReason::LeaseLost),
        }
    }

    /// A thread was changed from outside of its run, whose watchers are told.
    pub(crate) fn thread_changed(&self, thread: &ThreadId, change: ThreadChange) {
        let run = {
            let state = lock(&self.0);
            state.by_thread.get(thread).and_then(|run| state.going.get(run)).cloned()
        };
        if let Some(run) = run {
            run.shared.thread_changed(change);
        }
    }

    /// Tells operators how many runs there are, and how much their events take.
    pub(super) fn measure(&self) {
        let (going, kept) = {
            let state = lock(&self.0);
            let lingering: usize = state.lingering.iter().map(|one| one.log.bytes()).sum();
            (state.going.values().cloned().collect::<Vec<_>>(), state.kept_bytes + lingering)
        };
        let bytes: usize = going.iter().map(|run| run.log.bytes() + RUN_BYTES).sum();
        metrics::gauge!("chatkitd_runs_going").set(going.len() as f64);
        metrics::gauge!("chatkitd_run_log_bytes").set((kept + bytes) as f64);
    }

    /// Forgets events that were kept long enough.
    pub(super) fn sweep(&self, now: Duration) {
        let mut state = lock(&self.0);
        state.forget(now);
        state.lingering.retain_mut(|log| log.is_read(now));
    }
}

impl State {
    fn forget(&mut self, now: Duration) {
        while let Some((ended_at, id, bytes)) = self.ended.front() {
            if now.saturating_sub(*ended_at) < KEPT_FOR && self.kept_bytes <= KEPT_BYTES {
                return;
            }
            self.kept_bytes -= bytes;
            let forgotten = self.kept.remove(id).filter(|run| Arc::weak_count(&run.log) > 0);
            self.lingering.extend(forgotten.map(|KeptRun { log, .. }| {
                let reads = log.reads();
                Lingering { log, reads, since: now }
            }));
            self.ended.pop_front();
        }
    }
}
