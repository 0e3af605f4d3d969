//! The work of a pull: list the threads, fetch the items of each, try failed files once more, write the manifest.

use std::{
    convert::Infallible,
    io::SeekFrom,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
};

use futures_util::{Stream, TryStreamExt, stream::try_unfold};
use tokio::{
    fs::File,
    io::{AsyncBufReadExt, AsyncSeekExt, BufReader},
    task::{JoinError, spawn_blocking},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    Settings, Summary,
    api::{Api, ListOf},
    archive::{Archive, SPOOL},
    error::PullError,
    files::Downloader,
    items::{self, Haul},
    page::Entry,
    progress::{Progress, end_line},
    record::{FileOutcome, FileRow},
    walk::Walk,
};

/// Pulls into the folder until everything is there, something fails, or `shutdown` is cancelled. What is
/// fetched is committed in each of these cases.
pub async fn pull(settings: Settings, shutdown: CancellationToken) -> Result<Summary, PullError> {
    let job = Job::new(settings).await?;
    let outcome = tokio::select! {
        biased;
        () = shutdown.cancelled() => Err(PullError::Interrupted),
        outcome = job.work() => outcome,
        never = job.show() => match never {},
    };
    if !job.settings.quiet {
        end_line();
    }
    let committed = job.on_disk(Archive::commit).await;
    let (was_complete, updated) = outcome?;
    committed?;
    job.on_disk(move |archive| Ok(Summary::of(archive.state(), was_complete, updated))).await
}

pub(super) struct Job {
    pub(super) settings: Arc<Settings>,
    pub(super) progress: Arc<Progress>,
    pub(super) api: Api,
    pub(super) downloader: Downloader,
    archive: Arc<Mutex<Archive>>,
}

impl Job {
    async fn new(settings: Settings) -> Result<Self, PullError> {
        let settings = Arc::new(settings);
        let progress = Progress::new();
        let api = Api::new(settings.clone(), progress.clone())?;
        let downloader = Downloader::new(settings.clone(), progress.clone())?;
        let opening = settings.clone();
        let archive = blocking(move || Archive::open(&opening)).await?;
        Ok(Self { settings, progress, api, downloader, archive: Arc::new(Mutex::new(archive)) })
    }

    /// All phases. Returns whether the folder was complete before, and how many of its threads were read again if
    /// that was asked for.
    async fn work(&self) -> Result<(bool, Option<u64>), PullError> {
        let was_complete = self.on_disk(|archive| Ok(archive.state().complete)).await?;
        self.list_threads().await?;
        self.fetch_items().await?;
        self.retry_files(was_complete).await?;
        self.finish().await?;
        if !self.settings.update {
            return Ok((was_complete, None));
        }
        let updated = self.update().await?;
        if updated > 0 {
            self.retry_files(false).await?;
            self.finish().await?;
        }
        Ok((was_complete, Some(updated)))
    }

    async fn finish(&self) -> Result<(), PullError> {
        let now = (self.settings.now)();
        self.on_disk(move |archive| match archive.state().complete {
            true => Ok(()),
            false => archive.finish(now),
        })
        .await
    }

    async fn show(&self) -> Infallible {
        if self.settings.quiet { std::future::pending().await } else { self.progress.show().await }
    }

    /// Appends the threads after the last one written to `threads.jsonl`.
    async fn list_threads(&self) -> Result<(), PullError> {
        let (cursor, previous, listed) = self
            .on_disk(|archive| {
                let state = archive.state();
                Ok((state.cursor.clone(), state.previous.clone(), state.threads.lines))
            })
            .await?;
        self.progress.begin_listing(listed);
        let mut walk = Walk::new(ListOf::Threads, cursor, previous);
        while let Some(page) = walk.next(&self.api).await? {
            let page = Arc::new(page);
            let (taken, from_start) = (page.clone(), walk.is_at_start());
            let fresh = self
                .on_disk(move |archive| {
                    if from_start {
                        archive.check_project(&taken.entries)?;
                    }
                    let fresh = archive.append_threads(&taken.entries)?;
                    archive.commit()?;
                    Ok(fresh)
                })
                .await?;
            self.progress.listed.fetch_add(fresh as u64, Relaxed);
            walk.took(&self.api, &page, fresh).await?;
        }
        Ok(())
    }

    /// Fetches the items of the threads that have no ledger row, some at a time, and appends them in order.
    async fn fetch_items(&self) -> Result<(), PullError> {
        let (done, items, files) = self
            .on_disk(|archive| {
                let state = archive.state();
                Ok((state.ledger.lines, state.items, state.counts.files_saved))
            })
            .await?;
        self.progress.begin_fetching(done, items, files);
        let threads = self.pending_threads().await?;
        let mut hauls = std::pin::pin!(
            threads
                .map_ok(|pending| self.fetch_thread(pending))
                .try_buffered(self.settings.concurrency.get())
        );
        let mut committed = Instant::now();
        while let Some(haul) = hauls.try_next().await? {
            let due = committed.elapsed() >= self.settings.tuning.commit_every;
            if due {
                committed = Instant::now();
            }
            self.store(haul, due).await?;
        }
        Ok(())
    }

    async fn store(&self, haul: Haul, commit: bool) -> Result<(), PullError> {
        let items = haul.items;
        self.on_disk(move |archive| {
            archive.append_haul(&haul)?;
            haul.lines.discard();
            if commit { archive.commit() } else { Ok(()) }
        })
        .await?;
        self.progress.done.fetch_add(1, Relaxed);
        self.progress.items.fetch_add(items, Relaxed);
        Ok(())
    }

    async fn fetch_thread(&self, pending: Pending) -> Result<Haul, PullError> {
        let Pending { id, number, line_bytes } = pending;
        let spool = self.settings.out.join(SPOOL).join(format!("{number}.jsonl"));
        if self.settings.skip_threads.contains(&id) {
            return Ok(items::skip(id, line_bytes));
        }
        items::fetch(&self.api, &self.downloader, &[], id, spool, line_bytes).await
    }

    /// The threads without a ledger row, read from `threads.jsonl` line by line.
    async fn pending_threads(
        &self,
    ) -> Result<impl Stream<Item = Result<Pending, PullError>> + use<>, PullError> {
        let (start, number, count) = self
            .on_disk(|archive| {
                let state = archive.state();
                Ok((state.next_thread_at, state.ledger.lines, state.threads.lines))
            })
            .await?;
        let path = self.settings.out.join("threads.jsonl");
        let mut file = File::open(&path).await.map_err(PullError::disk(&path))?;
        file.seek(SeekFrom::Start(start)).await.map_err(PullError::disk(&path))?;
        let reader = BufReader::new(file);
        Ok(try_unfold((reader, number), move |(mut reader, number)| {
            let path = path.clone();
            async move {
                if number == count {
                    return Ok(None);
                }
                let pending = Pending::read(&mut reader, number, path).await?;
                Ok(Some((pending, (reader, number + 1))))
            }
        }))
    }

    /// Tries failed files again: those whose fault may pass, and in a folder that was complete, all.
    ///
    /// `files.jsonl` is written anew and replaced, so its rows stay one for each attachment, in order.
    async fn retry_files(&self, all: bool) -> Result<(), PullError> {
        let counts = self.on_disk(|archive| Ok(archive.state().counts)).await?;
        let worthwhile = if all { counts.files_failed } else { counts.files_pending };
        if worthwhile == 0 {
            return Ok(());
        }
        let mut new = self.on_disk(Archive::new_files).await?;
        let mut counts = counts.without_files();
        let path = self.settings.out.join("files.jsonl");
        let file = File::open(&path).await.map_err(PullError::disk(&path))?;
        let mut lines = BufReader::new(file).lines();
        while let Some(line) = lines.next_line().await.map_err(PullError::disk(&path))? {
            let (line, outcome) = self.retry_file(line, all).await?;
            counts.add_file(&outcome);
            new = blocking(move || new.append(&line).map(|()| new)).await?;
        }
        self.on_disk(move |archive| archive.replace_files(new, counts)).await
    }

    /// The line to write in place of `line`.
    async fn retry_file(&self, line: String, all: bool) -> Result<(String, FileOutcome), PullError> {
        let damaged = || PullError::Folder {
            path: self.settings.out.join("files.jsonl"),
            reason: "a line is not a row of this file",
        };
        let mut row: FileRow = serde_json::from_str(&line).map_err(|_| damaged())?;
        let FileOutcome::Failed { pending, .. } = row.outcome else {
            return Ok((line, row.outcome));
        };
        if !(pending || all) {
            return Ok((line, row.outcome));
        }
        let found = items::find_attachment(&self.api, &row.thread_id, &row.item_id, &row.id).await?;
        row.outcome = match found {
            Some(attachment) => self.downloader.save_anew(&attachment).await?,
            None => FileOutcome::Failed { error: "its item was deleted".to_owned(), pending: false },
        };
        let line = serde_json::to_string(&row).map_err(|_| damaged())?;
        Ok((line, row.outcome))
    }

    /// Runs `work` on the archive where blocking on the disk is allowed. A caller that is dropped meanwhile
    /// does not interrupt it, so nothing is ever half appended.
    pub(super) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Archive) -> Result<T, PullError> + Send + 'static,
    ) -> Result<T, PullError> {
        let archive = self.archive.clone();
        blocking(move || work(&mut archive.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

/// A thread whose items are to be fetched.
struct Pending {
    id: String,
    /// Its line in `threads.jsonl`, from 0.
    number: u64,
    line_bytes: u64,
}

impl Pending {
    async fn read(reader: &mut BufReader<File>, number: u64, path: PathBuf) -> Result<Self, PullError> {
        let mut line = String::new();
        let line_bytes = reader.read_line(&mut line).await.map_err(PullError::disk(&path))? as u64;
        let entry =
            Entry::parse(&line).map_err(|_| PullError::Folder { path, reason: "a line is not a thread" })?;
        Ok(Self { id: entry.id, number, line_bytes })
    }
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PullError> + Send + 'static,
) -> Result<T, PullError> {
    match spawn_blocking(work).await.map_err(JoinError::try_into_panic) {
        Ok(result) => result,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // Blocking tasks are only cancelled when the runtime goes down.
        Err(Err(_)) => Err(PullError::Interrupted),
    }
}
