//! One thread's items and files, fetched beside those of other threads and written to a file of its own first:
//! the archive takes whole threads, in order, and no page is kept in memory for long.

use std::{
    collections::HashSet,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use http::StatusCode;
use tokio::{
    fs::File,
    io::{AsyncWriteExt, BufWriter},
};

use super::{
    api::{Api, ListOf},
    error::PullError,
    files::Downloader,
    log::Log,
    page::{Attachment, Entry, Page},
    record::{FileOutcome, FileRow, ThreadStatus, id_hash},
    walk::Walk,
};

/// All of one thread, ready for the archive.
pub(super) struct Haul {
    pub thread_id: String,
    pub status: ThreadStatus,
    /// Where the lines of its items are.
    pub lines: ItemLines,
    pub items: u64,
    pub files: Vec<FileRow>,
    /// Length of the thread's own line, line break included.
    pub line_bytes: u64,
}

/// Lines of items, all of one thread.
pub(super) enum ItemLines {
    None,
    /// A file of their own, to be removed.
    Spool(PathBuf),
    /// A stretch of a shard.
    Part {
        shard: PathBuf,
        at: u64,
        bytes: u64,
    },
}

impl ItemLines {
    /// Copies them to the end of `log`.
    pub(super) fn append_to(&self, log: &mut Log, lines: u64) -> Result<(), PullError> {
        let (path, at, bytes) = match self {
            Self::None => return Ok(()),
            Self::Spool(path) => (path, 0, u64::MAX),
            Self::Part { shard, at, bytes } => (shard, *at, *bytes),
        };
        let opened = std::fs::File::open(path).and_then(|mut file| {
            file.seek(SeekFrom::Start(at))?;
            Ok(file.take(bytes))
        });
        log.append_all(&mut opened.map_err(PullError::disk(path))?, lines)
    }

    /// What cannot be removed now is at the next start.
    pub(super) fn discard(&self) {
        if let Self::Spool(path) = self {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Fetches the items of `thread_id` into `spool`, and those of their files that are not `saved`.
pub(super) async fn fetch(
    api: &Api,
    downloader: &Downloader,
    saved: &[FileRow],
    thread_id: String,
    spool: PathBuf,
    line_bytes: u64,
) -> Result<Haul, PullError> {
    let mut lines = Lines::create(&spool).await?;
    let mut files = Vec::new();
    let list = ListOf::Items { thread_id: thread_id.clone() };
    let mut walk = Walk::new(list, None, None);
    let status = loop {
        match walk.next(api).await {
            Ok(Some(page)) => {
                let fresh = lines.add(&page).await?;
                for item in &fresh {
                    save_files(downloader, saved, &thread_id, item, &mut files).await?;
                }
                walk.took(api, &page, fresh.len()).await?;
            }
            Ok(None) => break ThreadStatus::Saved,
            // What was read of it before it was deleted is kept.
            Err(error) if is_gone(&error) && walk.is_at_start() => break ThreadStatus::Gone,
            Err(error) => return Err(error),
        }
    };
    let items = lines.finish().await?;
    Ok(Haul { thread_id, status, items, lines: ItemLines::Spool(spool), files, line_bytes })
}

/// A thread that is left out on the user's word.
pub(super) fn skip(thread_id: String, line_bytes: u64) -> Haul {
    let (status, lines) = (ThreadStatus::Skipped, ItemLines::None);
    Haul { thread_id, status, lines, items: 0, files: Vec::new(), line_bytes }
}

/// The attachment `id` as the API gives it now: with a URL that has not run out.
pub(super) async fn find_attachment(
    api: &Api,
    thread_id: &str,
    item_id: &str,
    id: &str,
) -> Result<Option<Attachment>, PullError> {
    let list = ListOf::Items { thread_id: thread_id.to_owned() };
    let mut walk = Walk::new(list, None, None);
    let mut seen = HashSet::new();
    loop {
        let page = match walk.next(api).await {
            Ok(Some(page)) => page,
            Ok(None) => return Ok(None),
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let fresh = page.entries.iter().filter(|item| seen.insert(id_hash(&item.id))).count();
        walk.took(api, &page, fresh).await?;
        let mut items = page.entries.into_iter();
        if let Some(item) = items.find(|item| item.id == item_id) {
            return Ok(item.attachments.into_iter().find(|file| file.id == id));
        }
    }
}

async fn save_files(
    downloader: &Downloader,
    saved: &[FileRow],
    thread_id: &str,
    item: &Entry,
    rows: &mut Vec<FileRow>,
) -> Result<(), PullError> {
    for attachment in &item.attachments {
        let is_saved =
            |row: &&FileRow| row.id == attachment.id && matches!(row.outcome, FileOutcome::Saved { .. });
        let outcome = match saved.iter().find(is_saved) {
            Some(row) => row.outcome.clone(),
            None => downloader.save(attachment).await?,
        };
        rows.push(FileRow {
            id: attachment.id.clone(),
            thread_id: thread_id.to_owned(),
            item_id: item.id.clone(),
            name: attachment.name.clone(),
            mime_type: attachment.mime_type.clone(),
            outcome,
        });
    }
    Ok(())
}

pub(super) fn is_gone(error: &PullError) -> bool {
    matches!(error.status(), Some(StatusCode::NOT_FOUND | StatusCode::GONE))
}

/// The spool of one thread. Remembers the ids of this thread only: 16 bytes for each item.
struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
    seen: HashSet<[u8; 16]>,
}

impl Lines {
    async fn create(path: &Path) -> Result<Self, PullError> {
        let file = File::create(path).await.map_err(PullError::disk(path))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), seen: HashSet::new() })
    }

    /// Writes the items that are new, and returns them.
    async fn add<'a>(&mut self, page: &'a Page) -> Result<Vec<&'a Entry>, PullError> {
        let mut fresh = Vec::new();
        for item in &page.entries {
            if self.seen.insert(id_hash(&item.id)) {
                let line = [item.line.as_bytes(), b"\n"].concat();
                self.file.write_all(&line).await.map_err(PullError::disk(&self.path))?;
                fresh.push(item);
            }
        }
        Ok(fresh)
    }

    async fn finish(mut self) -> Result<u64, PullError> {
        self.file.flush().await.map_err(PullError::disk(&self.path))?;
        Ok(self.seen.len() as u64)
    }
}
