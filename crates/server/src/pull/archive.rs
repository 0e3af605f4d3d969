//! The folder that a pull writes: files of lines that only grow, and a state that is replaced as a whole.
//!
//! A commit brings the lines to the disk first and then the state that counts them, so whatever a crash leaves behind
//! the last counted line is cut off when the folder is opened again.

use std::{
    collections::HashSet,
    fs::{self, DirBuilder, File, TryLockError},
    io::{BufRead, BufReader, ErrorKind, Write},
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{
    Settings,
    error::PullError,
    items::Haul,
    log::Log,
    page::Entry,
    record::{Counts, Extent, FORMAT, LedgerRow, Manifest, State, id_hash, shard_path},
};

/// Where unfinished threads and files are written. Emptied at every start.
pub(super) const SPOOL: &str = ".spool";
const LOCK: &str = ".lock";
const NEW_FILES: &str = "files.jsonl.new";
/// Where an update grows: an archive of its own, which takes the place of this one as a whole.
const UPDATE: &str = ".update";

/// The open folder. One process at a time.
pub(super) struct Archive {
    dir: PathBuf,
    state: State,
    threads: Log,
    ledger: Log,
    shard: Log,
    shard_index: u64,
    files: Log,
    /// All ids of `threads.jsonl`, read only when a page may repeat some of them: 16 bytes each.
    known: Option<HashSet<[u8; 16]>>,
    /// Held until dropped; the system lets go of it when the process dies.
    lock: File,
}

impl Archive {
    /// Opens or creates the folder, and cuts off what was not committed.
    pub(super) fn open(settings: &Settings) -> Result<Self, PullError> {
        Self::open_in(settings.out.clone(), settings)
    }

    fn open_in(dir: PathBuf, settings: &Settings) -> Result<Self, PullError> {
        make_private(&dir)?;
        // Before the lock, so that nothing is written into a folder of somebody else.
        read_state(&dir)?;
        let lock = lock(&dir)?;
        if read_state(&dir)?.is_some_and(|state| state.swap_update) {
            move_update(&dir)?;
            remove_update(&dir)?;
        }
        let state = match read_state(&dir)? {
            Some(state) => state,
            None => begin(&dir, settings)?,
        };
        if state.base_url != settings.base_url.as_str() {
            return Err(PullError::OtherBase { dir, pulled_from: state.base_url });
        }
        empty(&dir.join(SPOOL))?;
        // What is left of one that was finished: its state went last.
        if !dir.join(UPDATE).join("state.json").exists() {
            empty(&dir.join(UPDATE))?;
        }
        for sub in ["items", "files", SPOOL] {
            fs::create_dir_all(dir.join(sub)).map_err(PullError::disk(dir.join(sub)))?;
        }
        if state.swap_files {
            finish_swap(&dir)?;
        }
        let mut archive = Self::of(dir, state, lock)?;
        archive.state.swap_files = false;
        archive.commit()?;
        Ok(archive)
    }

    fn of(dir: PathBuf, state: State, lock: File) -> Result<Self, PullError> {
        let shard_index = state.ledger.lines.saturating_sub(1) / state.threads_per_shard;
        Ok(Self {
            threads: Log::open(dir.join("threads.jsonl"), state.threads)?,
            ledger: Log::open(dir.join("ledger.jsonl"), state.ledger)?,
            shard: Log::open(dir.join(shard_path(shard_index)), state.shard)?,
            files: Log::open(dir.join("files.jsonl"), state.files)?,
            shard_index,
            known: None,
            lock,
            state,
            dir,
        })
    }

    /// The archive in which an update grows, begun here or left by an interrupted run.
    pub(super) fn open_update(&self, settings: &Settings) -> Result<Self, PullError> {
        let mut update = Self::open_in(self.dir.join(UPDATE), settings)?;
        if update.state.ledger.lines == 0 {
            update.state.threads_per_shard = self.state.threads_per_shard;
        }
        Ok(update)
    }

    /// Appends a whole thread: its own line, and everything of it. `anew`: it was read again.
    pub(super) fn append_thread(&mut self, line: &str, haul: &Haul, anew: bool) -> Result<(), PullError> {
        self.threads.append(line)?;
        self.append_haul(haul)?;
        self.state.threads = self.threads.extent();
        self.state.updated += u64::from(anew);
        Ok(())
    }

    /// Puts `update`, which has the threads of this archive, in its place.
    pub(super) fn adopt(&mut self, mut update: Self, now: Timestamp) -> Result<(), PullError> {
        update.state = State {
            started_at: self.state.started_at,
            cursor: self.state.cursor.clone(),
            previous: self.state.previous.clone(),
            newest: self.state.newest,
            updated: 0,
            ..update.state.clone()
        };
        update.finish(now)?;
        let state = update.state.clone();
        // Not every file system removes a folder in which a file, such as its lock, is open.
        drop(update);
        self.state.swap_update = true;
        self.commit()?;
        move_update(&self.dir)?;
        // The new state is in its place: whatever fails from here on, a commit must not bring the old one back.
        self.state = state.clone();
        let lock = self.lock.try_clone().map_err(PullError::disk(self.dir.join(LOCK)))?;
        *self = Self::of(self.dir.clone(), state, lock)?;
        remove_update(&self.dir)
    }

    /// Removes an update that found nothing.
    pub(super) fn discard(&mut self, update: Self) -> Result<(), PullError> {
        drop(update);
        remove_update(&self.dir)
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Appends those of `entries` that are not here yet, and says how many those are.
    pub(super) fn append_threads(&mut self, entries: &[Entry]) -> Result<usize, PullError> {
        let mut fresh = 0;
        for entry in entries {
            if self.knows(entry)? {
                continue;
            }
            self.threads.append(&entry.line)?;
            if let Some(known) = &mut self.known {
                known.insert(id_hash(&entry.id));
            }
            let state = &mut self.state;
            state.threads = self.threads.extent();
            state.previous = state.cursor.replace(entry.id.clone());
            state.newest = state.newest.max(entry.created_at);
            state.complete = false;
            fresh += 1;
        }
        Ok(fresh)
    }

    /// Fails if none of `entries`, the first of the list, is here: they are those of another project.
    pub(super) fn check_project(&mut self, entries: &[Entry]) -> Result<(), PullError> {
        let mut known = self.state.threads.lines == 0;
        for entry in entries {
            known = known || self.knows(entry)?;
        }
        if known {
            return Ok(());
        }
        Err(PullError::OtherProject { dir: self.dir.clone() })
    }

    /// Appends one thread's items, files and ledger row. They count together or not at all: the state is only
    /// changed when all of them are written.
    pub(super) fn append_haul(&mut self, haul: &Haul) -> Result<(), PullError> {
        self.open_shard_of(self.state.ledger.lines)?;
        if haul.items > 0 {
            haul.lines.append_to(&mut self.shard, haul.items)?;
        }
        let mut counts = self.state.counts;
        for row in &haul.files {
            self.files.append(&json_line(row))?;
            counts.add_file(&row.outcome);
        }
        counts.add_thread(haul.status);
        self.ledger.append(&json_line(&LedgerRow {
            thread_id: haul.thread_id.clone(),
            status: haul.status,
            items: haul.items,
            attachments: haul.files.len() as u64,
        }))?;
        let state = &mut self.state;
        state.shard = self.shard.extent();
        state.files = self.files.extent();
        state.ledger = self.ledger.extent();
        state.next_thread_at += haul.line_bytes;
        state.items += haul.items;
        state.counts = counts;
        Ok(())
    }

    /// Brings everything to the disk, then the state that counts it.
    pub(super) fn commit(&mut self) -> Result<(), PullError> {
        for log in [&mut self.threads, &mut self.shard, &mut self.files, &mut self.ledger] {
            log.sync()?;
        }
        for sub in ["items", "files"] {
            sync_dir(&self.dir.join(sub))?;
        }
        write_whole(&self.dir.join("state.json"), &json_line(&self.state))
    }

    /// Writes the manifest and marks the folder complete.
    pub(super) fn finish(&mut self, now: Timestamp) -> Result<(), PullError> {
        self.commit()?;
        let state = &self.state;
        let counts = state.counts;
        let manifest = Manifest {
            format: FORMAT,
            base_url: state.base_url.clone(),
            started_at: state.started_at,
            finished_at: now,
            threads: state.threads.lines,
            items: state.items,
            attachments: state.files.lines,
            counts,
            threads_per_shard: state.threads_per_shard,
            parts: super::verify::measure(&self.dir, self.shard_index)?,
        };
        write_whole(&self.dir.join("manifest.json"), &json_pretty(&manifest))?;
        self.state.complete = true;
        self.commit()
    }

    /// A log for a new version of `files.jsonl`, which [`replace_files`](Self::replace_files) puts in its place. The
    /// old one is read for it, so all of its rows are brought to the disk.
    pub(super) fn new_files(&mut self) -> Result<Log, PullError> {
        self.commit()?;
        Log::open(self.dir.join(NEW_FILES), Extent::default())
    }

    /// Replaces `files.jsonl`. The state names the new one before it is renamed, so a crash in between is made good
    /// when the folder is opened again.
    pub(super) fn replace_files(&mut self, mut new: Log, counts: Counts) -> Result<(), PullError> {
        if counts.files_saved > self.state.counts.files_saved {
            // An interrupted update copied rows that say the files could not be had.
            remove_update(&self.dir)?;
        }
        new.sync()?;
        self.state.files = new.extent();
        self.state.counts = counts;
        self.state.complete = false;
        self.state.swap_files = true;
        self.commit()?;
        finish_swap(&self.dir)?;
        self.files = Log::open(self.dir.join("files.jsonl"), self.state.files)?;
        self.state.swap_files = false;
        self.commit()
    }

    /// A thread newer than all that are stored cannot be one of them; only else are their ids needed.
    fn knows(&mut self, entry: &Entry) -> Result<bool, PullError> {
        let newer = match (entry.created_at, self.state.newest) {
            (Some(created), Some(newest)) => created > newest,
            _ => self.state.threads.lines == 0,
        };
        if self.state.cursor.as_ref() == Some(&entry.id) {
            return Ok(true);
        }
        if newer {
            return Ok(false);
        }
        if self.known.is_none() {
            self.threads.sync()?;
            self.known = Some(read_ids(self.threads.path())?);
        }
        let hash = id_hash(&entry.id);
        Ok(self.known.as_ref().is_some_and(|known| known.contains(&hash)))
    }

    fn open_shard_of(&mut self, thread: u64) -> Result<(), PullError> {
        let index = thread / self.state.threads_per_shard;
        if index != self.shard_index {
            self.shard.sync()?;
            let path = self.dir.join(shard_path(index));
            self.shard = Log::open(path, Extent::default())?;
            self.shard_index = index;
        }
        Ok(())
    }
}

/// The state of a folder, `None` for a new one.
pub(super) fn read_state(dir: &Path) -> Result<Option<State>, PullError> {
    let path = dir.join("state.json");
    let json = match fs::read(&path) {
        Ok(json) => json,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return refuse_foreign(dir).map(|()| None);
        }
        Err(error) => return Err(PullError::disk(path)(error)),
    };
    let state: State = serde_json::from_slice(&json).map_err(|_| PullError::Folder {
        path: path.clone(),
        reason: "it is not the JSON that a pull writes",
    })?;
    if state.format > FORMAT {
        return Err(PullError::NewerFormat(dir.to_owned()));
    }
    if state.threads_per_shard == 0 {
        return Err(PullError::Folder { path, reason: "its threads_per_shard is 0" });
    }
    Ok(Some(state))
}

/// The state is the first thing in a new folder: only a folder that has one is ever cut or emptied.
fn begin(dir: &Path, settings: &Settings) -> Result<State, PullError> {
    let state = State {
        format: FORMAT,
        base_url: settings.base_url.to_string(),
        started_at: (settings.now)(),
        complete: false,
        threads_per_shard: settings.tuning.threads_per_shard.max(1),
        threads: Extent::default(),
        cursor: None,
        previous: None,
        newest: None,
        ledger: Extent::default(),
        next_thread_at: 0,
        items: 0,
        shard: Extent::default(),
        files: Extent::default(),
        swap_files: false,
        swap_update: false,
        updated: 0,
        counts: Counts::default(),
    };
    write_whole(&dir.join("state.json"), &json_line(&state))?;
    Ok(state)
}

/// Conversations are nobody else's business: a new folder is its owner's alone.
fn make_private(dir: &Path) -> Result<(), PullError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(PullError::disk(dir))
}

fn refuse_foreign(dir: &Path) -> Result<(), PullError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(PullError::disk(dir))?,
    };
    for entry in entries {
        let name = entry.map_err(PullError::disk(dir))?.file_name();
        // What a pull leaves that was killed before its first state.
        if name != LOCK && name != "state.json.tmp" {
            return Err(PullError::NotOurs(dir.to_owned()));
        }
    }
    Ok(())
}

fn lock(dir: &Path) -> Result<File, PullError> {
    let path = dir.join(LOCK);
    let file = File::create(&path).map_err(PullError::disk(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(PullError::Locked(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(PullError::disk(path)(error)),
    }
}

fn empty(dir: &Path) -> Result<(), PullError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(PullError::disk(dir)(error)),
        _ => Ok(()),
    }
}

fn finish_swap(dir: &Path) -> Result<(), PullError> {
    let new = dir.join(NEW_FILES);
    match fs::rename(&new, dir.join("files.jsonl")) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(PullError::disk(new)(error)),
        _ => sync_dir(dir),
    }
}

/// Moves the files of a finished update to their places. Its state goes last: until then this is done again.
fn move_update(dir: &Path) -> Result<(), PullError> {
    let update = dir.join(UPDATE);
    let items = update.join("items");
    for shard in fs::read_dir(&items).map_err(PullError::disk(&items))? {
        let name = shard.map_err(PullError::disk(&items))?.file_name();
        take_place(&items.join(&name), &dir.join("items").join(&name))?;
    }
    for name in ["threads.jsonl", "ledger.jsonl", "files.jsonl", "manifest.json"] {
        take_place(&update.join(name), &dir.join(name))?;
    }
    sync_dir(&dir.join("items"))?;
    sync_dir(dir)?;
    take_place(&update.join("state.json"), &dir.join("state.json"))
}

/// Removes an update whose files were moved, once the moves will last, or which is not wanted any more. Its state goes
/// first: the next start removes what is left of it.
fn remove_update(dir: &Path) -> Result<(), PullError> {
    sync_dir(dir)?;
    let state = dir.join(UPDATE).join("state.json");
    match fs::remove_file(&state) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(PullError::disk(state)(error)),
        _ => empty(&dir.join(UPDATE)),
    }
}

/// What is not there is at its place already.
fn take_place(from: &Path, to: &Path) -> Result<(), PullError> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(PullError::disk(from)(error)),
        _ => Ok(()),
    }
}

fn read_ids(threads: &Path) -> Result<HashSet<[u8; 16]>, PullError> {
    let file = File::open(threads).map_err(PullError::disk(threads))?;
    let mut ids = HashSet::new();
    for line in BufReader::new(file).lines() {
        let line = line.map_err(PullError::disk(threads))?;
        let entry = Entry::parse(&line)
            .map_err(|_| PullError::Folder { path: threads.to_owned(), reason: "a line is not a thread" })?;
        ids.insert(id_hash(&entry.id));
    }
    Ok(ids)
}

/// Replaces `path` so that a reader, and the disk after a crash, has the old text or the new one.
fn write_whole(path: &Path, text: &str) -> Result<(), PullError> {
    let tmp = path.with_extension("json.tmp");
    let written = File::create(&tmp).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&tmp, path)).map_err(PullError::disk(path))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Makes created and renamed entries of `dir` last. Only Unix has (and needs) it.
fn sync_dir(dir: &Path) -> Result<(), PullError> {
    if cfg!(unix) {
        let opened = File::open(dir);
        opened.and_then(|dir| dir.sync_all()).map_err(PullError::disk(dir))?;
    }
    Ok(())
}

/// Our own rows hold strings and numbers only, which always have a JSON form.
fn json_line(row: &impl serde::Serialize) -> String {
    serde_json::to_string(row).unwrap_or_default()
}

fn json_pretty(document: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}
