//! `pull --update`: what was written since to threads that are in the folder already.
//!
//! Each thread costs one small request, for its newest item. Only where that is not the last item in the folder, word for
//! word, is the thread read again. Nothing in the folder is changed meanwhile: a second archive grows beside it, of
//! copied and of new threads in the same order, and takes its place as a whole.

use std::{
    path::PathBuf,
    pin::pin,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
};

use futures_util::{TryStreamExt, stream::try_unfold};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{
    api::ListOf,
    archive::{Archive, SPOOL},
    error::PullError,
    items::{self, Haul, ItemLines, is_gone},
    job::{Job, blocking},
    page::Entry,
    record::{FileRow, LedgerRow, State, ThreadStatus, shard_path},
    verify::lines::Lines,
};

/// A thread for the new archive.
struct Renewed {
    line: String,
    haul: Haul,
    anew: bool,
}

impl Job {
    /// Reads changed threads again. Returns how many those are.
    pub(super) async fn update(&self) -> Result<u64, PullError> {
        let (mut updated, went_on) = self.look_up_all().await?;
        if went_on {
            // The interrupted run looked the first ones up, and nobody knows how long ago that was.
            updated += self.look_up_all().await?.0;
        }
        Ok(updated)
    }

    /// Looks every thread up, or those that an interrupted update has left. Returns how many were read again, and
    /// whether there was such an update.
    async fn look_up_all(&self) -> Result<(u64, bool), PullError> {
        let settings = self.settings.clone();
        let update = self.on_disk(move |archive| archive.open_update(&settings)).await?;
        let went_on = update.state().ledger.lines > 0;
        let update = self.fill(update).await?;
        let (now, updated) = ((self.settings.now)(), update.state().updated);
        self.on_disk(move |archive| match updated {
            0 => archive.discard(update),
            _ => archive.adopt(update, now),
        })
        .await?;
        Ok((updated, went_on))
    }

    /// Appends to `update` the threads that it lacks, some looked up at a time.
    async fn fill(&self, update: Archive) -> Result<Archive, PullError> {
        let (there, done) =
            (self.on_disk(|archive| Ok(archive.state().clone())).await?, update.state().clone());
        self.progress.begin_fetching(done.ledger.lines, done.items, there.counts.files_saved);
        let out = self.settings.out.clone();
        let stored = blocking(move || Stored::open(out, there, done.ledger.lines)).await?;
        let threads = try_unfold(stored, |mut stored| {
            blocking(move || Ok(stored.next()?.map(|thread| (thread, stored))))
        });
        let mut renewed =
            pin!(threads.map_ok(|thread| self.renew(thread)).try_buffered(self.settings.concurrency.get()));
        // Shared with the disk's work, which a caller that is dropped does not interrupt.
        let update = Arc::new(Mutex::new(update));
        let mut committed = Instant::now();
        while let Some(thread) = renewed.try_next().await? {
            let due = committed.elapsed() >= self.settings.tuning.commit_every;
            if due {
                committed = Instant::now();
            }
            self.append(&update, thread, due).await?;
        }
        let update = Arc::into_inner(update).ok_or(PullError::Interrupted)?;
        Ok(update.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    async fn append(
        &self,
        update: &Arc<Mutex<Archive>>,
        thread: Renewed,
        commit: bool,
    ) -> Result<(), PullError> {
        let (items, update) = (thread.haul.items, update.clone());
        blocking(move || {
            let mut update = update.lock().unwrap_or_else(PoisonError::into_inner);
            update.append_thread(&thread.line, &thread.haul, thread.anew)?;
            thread.haul.lines.discard();
            if commit { update.commit() } else { Ok(()) }
        })
        .await?;
        self.progress.done.fetch_add(1, Relaxed);
        self.progress.items.fetch_add(items, Relaxed);
        Ok(())
    }

    /// The thread as it is now. One that is gone, or of which nothing is left, stays as it was saved.
    async fn renew(&self, thread: Thread) -> Result<Renewed, PullError> {
        let id = &thread.row.thread_id;
        if thread.row.status == ThreadStatus::Gone || self.settings.skip_threads.contains(id) {
            return Ok(thread.keep());
        }
        let newest = self.one(ListOf::NewestItem { thread_id: id.clone() }).await?;
        let is_as_saved = |newest: &Entry| Some(&newest.line) == thread.last_item.as_ref();
        if newest.as_ref().is_none_or(is_as_saved) {
            return Ok(thread.keep());
        }
        drop(newest);
        let Some(now) = self.one(ListOf::Thread { thread_id: id.clone() }).await? else {
            return Ok(thread.keep());
        };
        let spool = self.settings.out.join(SPOOL).join(format!("{}.jsonl", thread.number));
        let line_bytes = now.line.len() as u64 + 1;
        let (api, downloader) = (&self.api, &self.downloader);
        let haul = items::fetch(api, downloader, &thread.files, id.clone(), spool, line_bytes).await?;
        if haul.status == ThreadStatus::Gone {
            haul.lines.discard();
            return Ok(thread.keep());
        }
        Ok(Renewed { line: now.line, haul, anew: true })
    }

    /// The only entry of such a list; `None` when its thread is gone, or has none.
    async fn one(&self, list: ListOf) -> Result<Option<Entry>, PullError> {
        match self.api.page(&list, None).await {
            Ok(page) => Ok(page.entries.into_iter().next()),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A thread as it lies in the folder.
struct Thread {
    line: String,
    /// Its line in `threads.jsonl`, from 0.
    number: u64,
    row: LedgerRow,
    last_item: Option<String>,
    items: ItemLines,
    files: Vec<FileRow>,
}

impl Thread {
    fn keep(self) -> Renewed {
        let LedgerRow { thread_id, status, items, .. } = self.row;
        let line_bytes = self.line.len() as u64 + 1;
        let haul = Haul { thread_id, status, lines: self.items, items, files: self.files, line_bytes };
        Renewed { line: self.line, haul, anew: false }
    }
}

/// The threads of a complete folder, one after another. Holds one line of each file.
struct Stored {
    out: PathBuf,
    state: State,
    threads: Lines,
    ledger: Lines,
    files: Lines,
    shard: Lines,
    shard_at: u64,
}

impl Stored {
    /// After the first `skip` threads.
    fn open(out: PathBuf, state: State, skip: u64) -> Result<Self, PullError> {
        let mut stored = Self {
            threads: Lines::open(&out, "threads.jsonl")?,
            ledger: Lines::open(&out, "ledger.jsonl")?,
            files: Lines::open(&out, "files.jsonl")?,
            shard: Lines::open(&out, &shard_path(0))?,
            shard_at: 0,
            out,
            state,
        };
        for _ in 0..skip {
            stored.next()?;
        }
        Ok(stored)
    }

    fn next(&mut self) -> Result<Option<Thread>, PullError> {
        let number = self.threads.number;
        if number == self.state.threads.lines {
            return Ok(None);
        }
        if number > 0 && number.is_multiple_of(self.state.threads_per_shard) {
            self.shard = Lines::open(&self.out, &shard_path(number / self.state.threads_per_shard))?;
            self.shard_at = 0;
        }
        let line = text(&mut self.threads)?;
        let row: LedgerRow = row(&mut self.ledger)?;
        let at = self.shard_at;
        let mut last_item = None;
        for _ in 0..row.items {
            let item = text(&mut self.shard)?;
            self.shard_at += item.len() as u64 + 1;
            last_item = Some(item);
        }
        let items = ItemLines::Part { shard: self.out.join(&self.shard.path), at, bytes: self.shard_at - at };
        let files = self.files_of(&row.thread_id)?;
        Ok(Some(Thread { line, number, row, last_item, items, files }))
    }

    fn files_of(&mut self, thread: &str) -> Result<Vec<FileRow>, PullError> {
        let mut rows = Vec::new();
        while let Some(line) = self.files.peek() {
            let row: FileRow = serde_json::from_slice(line).map_err(|_| damaged(&self.files, NO_ROW))?;
            if row.thread_id != thread {
                break;
            }
            self.files.take()?;
            rows.push(row);
        }
        Ok(rows)
    }
}

const NO_ROW: &str = "a line is not a row of this file";

fn text(lines: &mut Lines) -> Result<String, PullError> {
    let line = lines.take()?.and_then(|line| String::from_utf8(line).ok());
    line.ok_or_else(|| damaged(lines, "it has fewer lines than when it was last saved, or one is not text"))
}

fn row<T: DeserializeOwned>(lines: &mut Lines) -> Result<T, PullError> {
    let line = text(lines)?;
    serde_json::from_str(&line).map_err(|_| damaged(lines, NO_ROW))
}

fn damaged(lines: &Lines, reason: &'static str) -> PullError {
    PullError::Folder { path: PathBuf::from(&lines.path), reason }
}
