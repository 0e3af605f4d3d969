//! All threads, in the order of their lists, and their runs.

use std::collections::{BTreeSet, HashMap};

use chatkitd_protocol::chatkit::{Order, ThreadItem};
use jiff::Timestamp;

use super::attachments::AttachmentTable;
use super::conversation::Conversation;
use crate::id::{RunId, SiteName, ThreadId, UserId};
use crate::ports::{Scope, StoreError};
use crate::threads::{
    Begun, DELETED_THREADS_KEPT, ENDED_RUNS_KEPT, Fence, RunOutcome, RunRecord, RunStart, RunStatus,
    StrandedRun, ThreadPage, ThreadQuery, ThreadRecord,
};

/// Threads by the time they began and then by id.
type Timeline = BTreeSet<(Timestamp, ThreadId)>;

#[derive(Default)]
pub(super) struct Conversations {
    pub(super) threads: HashMap<ThreadId, Conversation>,
    /// Those that were deleted, and when.
    deleted: HashMap<ThreadId, (ThreadRecord, Timestamp)>,
    pub(super) attachments: AttachmentTable,
    sites: HashMap<SiteName, SiteThreads>,
    pub(super) runs: HashMap<RunId, Run>,
    /// Idempotency keys, by their digest.
    keys: HashMap<[u8; 32], RunId>,
}

#[derive(Default)]
struct SiteThreads {
    all: Timeline,
    of_user: HashMap<UserId, Timeline>,
}

pub(super) struct Run {
    pub(super) record: RunRecord,
    pub(super) lease_until: Timestamp,
    pub(super) stop_requested: bool,
    pub(super) checkpoint: Vec<ThreadItem>,
    key: Option<Key>,
}

struct Key {
    digest: [u8; 32],
    body: [u8; 32],
    until: Timestamp,
}

impl Conversations {
    pub(super) fn get(&self, scope: &Scope, id: &ThreadId) -> Option<&Conversation> {
        self.threads.get(id).filter(|found| found.is_in(scope))
    }

    pub(super) fn get_mut(&mut self, scope: &Scope, id: &ThreadId) -> Result<&mut Conversation, StoreError> {
        self.threads.get_mut(id).filter(|found| found.is_in(scope)).ok_or(StoreError::NotFound)
    }

    pub(super) fn has_thread_of(&self, site: &SiteName, user: &UserId) -> bool {
        self.threads.values().any(|thread| thread.record.site == *site && thread.record.user == *user)
    }

    /// The thread on which a run may write.
    pub(super) fn fenced(&mut self, fence: &Fence) -> Result<&mut Conversation, StoreError> {
        let thread = self.get_mut(&fence.scope, &fence.thread).map_err(|_| StoreError::Conflict)?;
        if thread.run.as_ref() == Some(&fence.run) { Ok(thread) } else { Err(StoreError::Conflict) }
    }

    pub(super) fn page(&self, scope: &Scope, query: &ThreadQuery) -> ThreadPage {
        self.try_page(scope, query).unwrap_or(ThreadPage { threads: Vec::new(), has_more: false })
    }

    fn try_page(&self, scope: &Scope, query: &ThreadQuery) -> Option<ThreadPage> {
        let site = self.sites.get(scope.site())?;
        let timeline = match scope.user() {
            Some(user) => site.of_user.get(user)?,
            None => &site.all,
        };
        let walk = query.page.walk();
        let (low, high) = match walk.order {
            Order::Asc => (walk.from, walk.until),
            Order::Desc => (walk.until, walk.from),
        };
        let place = |id: Option<&str>| id.map_or(Some(None), |id| self.place(scope, id).map(Some));
        let (low, high) = (place(low)?, place(high)?);
        let is_between = |place: &&(Timestamp, ThreadId)| {
            low.as_ref().is_none_or(|low| *place > low) && high.as_ref().is_none_or(|high| *place < high)
        };
        let newest = query.newest.map_or(usize::MAX, |newest| newest as usize);
        let mut found: Vec<_> = timeline.iter().rev().take(newest).filter(is_between).collect();
        if walk.order == Order::Asc {
            found.reverse();
        }
        found.truncate(query.page.limit as usize + 1);
        let (page, has_more) = query.page.cut(found);
        let threads =
            page.into_iter().filter_map(|(_, id)| Some(self.threads.get(id)?.record.clone())).collect();
        Some(ThreadPage { threads, has_more })
    }

    /// Where a thread stands in its lists, or stood until it was deleted.
    fn place(&self, scope: &Scope, id: &str) -> Option<(Timestamp, ThreadId)> {
        let id = ThreadId::parse(id)?;
        let there = self.get(scope, &id).map(|thread| &thread.record);
        let deleted = || {
            let record = self.deleted.get(&id).map(|(record, _)| record);
            record.filter(|record| scope.holds(&record.site, &record.user))
        };
        there.or_else(deleted).map(|record| (record.created_at, id.clone()))
    }

    pub(super) fn delete(&mut self, scope: &Scope, id: &ThreadId, at: Timestamp) -> Result<(), StoreError> {
        self.get_mut(scope, id)?;
        let Some(deleted) = self.threads.remove(id) else { return Ok(()) };
        for run in &deleted.runs {
            self.forget_run(run);
        }
        self.deleted.insert(id.clone(), (deleted.record.clone(), at));
        let entry = (deleted.record.created_at, deleted.record.id);
        if let Some(site) = self.sites.get_mut(&deleted.record.site) {
            site.all.remove(&entry);
            if let Some(timeline) = site.of_user.get_mut(&deleted.record.user) {
                timeline.remove(&entry);
            }
        }
        self.drop_attachments(id);
        Ok(())
    }

    fn forget_run(&mut self, run: &RunId) {
        let key = self.runs.remove(run).and_then(|run| run.key);
        if let Some(key) = key {
            self.keys.remove(&key.digest);
        }
    }

    /// `clock` is the store's own, by which leases go.
    pub(super) fn begin(
        &mut self,
        scope: &Scope,
        start: &RunStart,
        clock: Timestamp,
    ) -> Result<Begun, StoreError> {
        match &start.new_thread {
            Some(thread) if !scope.holds(&thread.site, &thread.user) => return Err(StoreError::NotFound),
            None if self.get(scope, &start.thread).is_none() => return Err(StoreError::NotFound),
            _ => {}
        }
        let digest = start.key_digest(scope);
        if let Some(earlier) = self.earlier(digest, start) {
            return Ok(earlier);
        }
        if let Some(obstacle) = self.obstacle(scope, start, clock) {
            return Ok(obstacle);
        }
        let begun = match &start.new_thread {
            Some(thread) => self.begin_new(thread, start)?,
            None => self.begin_on(scope, start)?,
        };
        self.attachments.send(start);
        self.insert_run(digest, start, clock);
        Ok(begun)
    }

    /// What the request's key says, if it is known. One whose time is over is not.
    fn earlier(&mut self, digest: Option<[u8; 32]>, start: &RunStart) -> Option<Begun> {
        let (digest, now) = (digest?, start.idempotency.as_ref()?);
        let run = self.keys.get(&digest)?.clone();
        let key = &mut self.runs.get_mut(&run)?.key;
        let known = key.as_ref()?;
        if known.until <= start.now {
            *key = None;
            self.keys.remove(&digest);
            return None;
        }
        Some(if known.body == now.body { Begun::Repeated(run) } else { Begun::KeyReused })
    }

    fn begin_new(&mut self, thread: &ThreadRecord, start: &RunStart) -> Result<Begun, StoreError> {
        if self.threads.contains_key(&thread.id) {
            return Err(StoreError::Conflict);
        }
        let mut conversation = Conversation::new(thread.clone());
        conversation.write(&start.writes)?;
        conversation.run = Some(start.run.clone());
        let site = self.sites.entry(thread.site.clone()).or_default();
        let entry = (thread.created_at, thread.id.clone());
        site.of_user.entry(thread.user.clone()).or_default().insert(entry.clone());
        site.all.insert(entry);
        let record = conversation.record.clone();
        self.threads.insert(thread.id.clone(), conversation);
        Ok(Begun::Started { thread: Box::new(record), interrupted: None })
    }

    /// What stands in the way of a run on a thread, beside its key.
    fn obstacle(&mut self, scope: &Scope, start: &RunStart, clock: Timestamp) -> Option<Begun> {
        if let Some(thread) = self.threads.get(&start.thread).filter(|_| start.new_thread.is_none()) {
            if !thread.record.status.is_active() {
                return Some(Begun::NotActive(thread.record.status.clone()));
            }
            let holder = thread.run.as_ref().and_then(|run| self.runs.get(run));
            if let Some(holder) = holder.filter(|holder| holder.lease_until > clock) {
                return Some(Begun::Busy(holder.record.id.clone()));
            }
        }
        let can_send = self.attachments.can_send(scope, &start.attachments);
        (!can_send).then_some(Begun::AttachmentSent)
    }

    fn begin_on(&mut self, scope: &Scope, start: &RunStart) -> Result<Begun, StoreError> {
        let conversation = self.threads.get_mut(&start.thread).filter(|found| found.is_in(scope));
        let conversation = conversation.ok_or(StoreError::NotFound)?;
        let mut before = conversation.run.as_ref().and_then(|run| self.runs.get_mut(run));
        let left = before.as_ref().map_or_else(Vec::new, |stranded| stranded.checkpoint.clone());
        conversation.append_then_write(left, &start.writes)?;
        if let Some(stranded) = &mut before {
            stranded.end(RunStatus::Ended(RunOutcome::Interrupted), start.now);
        }
        let interrupted = conversation.run.replace(start.run.clone());
        Ok(Begun::Started { thread: Box::new(conversation.record.clone()), interrupted })
    }

    fn insert_run(&mut self, digest: Option<[u8; 32]>, start: &RunStart, clock: Timestamp) {
        if let Some(thread) = self.threads.get_mut(&start.thread) {
            thread.runs.push(start.run.clone());
        }
        let key = digest.zip(start.idempotency.as_ref()).map(|(digest, now)| {
            self.keys.insert(digest, start.run.clone());
            Key { digest, body: now.body, until: now.until }
        });
        let record = RunRecord {
            id: start.run.clone(),
            thread: start.thread.clone(),
            status: RunStatus::Running,
            started_at: start.now,
            ended_at: None,
        };
        let lease_until = clock.checked_add(start.lease).unwrap_or(Timestamp::MAX);
        let run = Run { record, lease_until, stop_requested: false, checkpoint: Vec::new(), key };
        self.runs.insert(start.run.clone(), run);
    }

    pub(super) fn end(&mut self, fence: &Fence, status: RunStatus, at: Timestamp) {
        if let Some(run) = self.runs.get_mut(&fence.run) {
            run.end(status, at);
        }
    }

    pub(super) fn abandon(&mut self, fence: &Fence) -> Result<(), StoreError> {
        let thread = self.fenced(fence)?;
        thread.run = None;
        thread.runs.retain(|run| *run != fence.run);
        self.forget_run(&fence.run);
        Ok(())
    }

    /// A run whose thread is in the scope.
    pub(super) fn run(&self, scope: &Scope, id: &RunId) -> Option<&Run> {
        let run = self.runs.get(id)?;
        self.get(scope, &run.record.thread).map(|_| run)
    }

    /// Closes a run that is still going.
    pub(super) fn interrupt(&mut self, id: &RunId, now: Timestamp) -> Option<StrandedRun> {
        let run = self.runs.get_mut(id)?;
        let thread = self.threads.get_mut(&run.record.thread)?;
        let left = std::mem::take(&mut run.checkpoint);
        run.end(RunStatus::Ended(RunOutcome::Interrupted), now);
        // Only a write that names an item can fail.
        thread.append_then_write(left, []).ok()?;
        thread.run = None;
        let scope = Scope::User(thread.record.site.clone(), thread.record.user.clone());
        Some(StrandedRun { run: id.clone(), scope, thread: thread.record.id.clone() })
    }

    pub(super) fn sweep(&mut self, now: Timestamp) {
        let deletions_end = now.checked_sub(DELETED_THREADS_KEPT).unwrap_or(Timestamp::MIN);
        self.deleted.retain(|_, (_, at)| *at >= deletions_end);
        let keys = &mut self.keys;
        for run in self.runs.values_mut() {
            if let Some(key) = run.key.take_if(|key| key.until <= now) {
                keys.remove(&key.digest);
            }
        }
        let end = now.checked_sub(ENDED_RUNS_KEPT).unwrap_or(Timestamp::MIN);
        let is_old = |run: &Run| run.key.is_none() && run.record.ended_at.is_some_and(|at| at < end);
        for (id, run) in self.runs.extract_if(|_, run| is_old(run)) {
            if let Some(thread) = self.threads.get_mut(&run.record.thread) {
                thread.runs.retain(|kept| *kept != id);
            }
        }
    }
}

impl Run {
    fn end(&mut self, status: RunStatus, at: Timestamp) {
        self.record.status = status;
        self.record.ended_at = Some(at);
        self.checkpoint = Vec::new();
    }
}
