//! `pull --verify`: whether a folder holds exactly what its manifest says. Reads only, and only the disk.
//!
//! The files of lines are walked side by side: for each row of the ledger its thread, its items, its files. Memory is 16
//! bytes for each thread, and one thread's ids at a time.

mod damage;
pub(super) mod lines;
mod manifest;
mod measure;

use std::{
    collections::HashSet,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;

use super::{
    archive::read_state,
    error::PullError,
    page::Entry,
    record::{Counts, FileOutcome, FileRow, LedgerRow, Manifest, Part, file_path, id_hash, shard_path},
};
use lines::Lines;

pub use damage::Damage;
pub(super) use measure::{measure, measure_one};

/// Problems that are kept with their details; further ones are only counted.
const DETAILS: usize = 100;

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Threads read.
    pub threads: u64,
    /// Items read.
    pub items: u64,
    /// Saved files read.
    pub files: u64,
    /// The first hundred problems.
    pub damage: Vec<Damage>,
    /// All problems.
    pub problems: u64,
}

/// Checks the folder `dir`. An error means that it could not be read; what is wrong with it is in the report.
pub fn verify(dir: &Path) -> Result<Report, PullError> {
    let mut report = Report::default();
    let state = match read_state(dir) {
        Ok(Some(state)) if state.complete => state,
        Ok(Some(state)) => {
            report.add(Damage::Unfinished { fetched: state.ledger.lines, listed: state.threads.lines });
            return Ok(report);
        }
        Ok(None) | Err(PullError::NotOurs(_) | PullError::Folder { .. }) => {
            report.add(Damage::NoState);
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    let Some(manifest) = manifest::read(dir)? else {
        report.add(Damage::Manifest);
        return Ok(report);
    };
    manifest::check(dir, &manifest, &state, &mut report)?;
    Walk::open(dir, &mut report)?.check(&manifest, state.threads_per_shard)?;
    Ok(report)
}

impl Report {
    fn add(&mut self, damage: Damage) {
        self.problems += 1;
        if self.damage.len() < DETAILS {
            self.damage.push(damage);
        }
    }

    fn compare(&mut self, what: &'static str, expected: u64, found: u64) {
        if expected != found {
            self.add(Damage::Count { what, expected, found });
        }
    }
}

/// The file as it is. One that is not there, or is none, is reported.
fn measured(dir: &Path, path: &str, report: &mut Report) -> Result<Option<Part>, PullError> {
    let file = dir.join(path);
    let damage = match fs::metadata(&file) {
        Ok(found) if found.is_file() => {
            return measure_one(dir, path).map(Some).map_err(PullError::disk(file));
        }
        Ok(_) => Damage::NoFile { path: path.to_owned() },
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Damage::Missing { path: path.to_owned() }
        }
        Err(error) => return Err(PullError::disk(file)(error)),
    };
    report.add(damage);
    Ok(None)
}

/// The file as it is, where it is what it should be.
fn check_file(
    dir: &Path,
    path: &str,
    bytes: u64,
    sha256: &str,
    report: &mut Report,
) -> Result<Option<Part>, PullError> {
    let Some(found) = measured(dir, path, report)? else {
        return Ok(None);
    };
    let path = path.to_owned();
    if found.bytes != bytes {
        report.add(Damage::Size { path, expected: bytes, found: found.bytes });
    } else if found.sha256 != sha256 {
        report.add(Damage::Hash { path });
    } else {
        return Ok(Some(found));
    }
    Ok(None)
}

/// The files of lines, side by side.
struct Walk<'a> {
    dir: PathBuf,
    report: &'a mut Report,
    ledger: Lines,
    threads: Lines,
    shard: Lines,
    files: Lines,
    thread_ids: HashSet<[u8; 16]>,
    attachments: u64,
    counts: Counts,
    /// Threads and ledger have parted: comparing on would name every further line.
    parted: bool,
}

impl<'a> Walk<'a> {
    fn open(dir: &Path, report: &'a mut Report) -> Result<Self, PullError> {
        Ok(Self {
            ledger: Lines::open(dir, "ledger.jsonl")?,
            threads: Lines::open(dir, "threads.jsonl")?,
            shard: Lines::open(dir, &shard_path(0))?,
            files: Lines::open(dir, "files.jsonl")?,
            dir: dir.to_owned(),
            report,
            thread_ids: HashSet::new(),
            attachments: 0,
            counts: Counts::default(),
            parted: false,
        })
    }

    fn check(mut self, manifest: &Manifest, threads_per_shard: u64) -> Result<(), PullError> {
        while let Some(line) = self.ledger.take()? {
            let index = self.ledger.number - 1;
            if index > 0 && index.is_multiple_of(threads_per_shard) {
                self.end_shard()?;
                self.shard = Lines::open(&self.dir, &shard_path(index / threads_per_shard))?;
            }
            match parse::<LedgerRow>(&line) {
                Some(row) => self.check_thread(&row)?,
                None => self.bad_line("ledger.jsonl", self.ledger.number),
            }
        }
        self.end_shard()?;
        while self.threads.peek().is_some() {
            self.take_thread("nothing")?;
        }
        while let Some(line) = self.files.take()? {
            self.attachments += 1;
            let thread = parse::<FileRow>(&line).map(|row| row.thread_id);
            self.report.add(Damage::Attachments { thread: thread.unwrap_or_default() });
        }
        let Self { report, threads, ledger, attachments, counts, .. } = self;
        report.threads = threads.number;
        report.files = counts.files_saved;
        report.compare("threads", manifest.threads, threads.number);
        report.compare("ledger rows", manifest.threads, ledger.number);
        report.compare("items", manifest.items, report.items);
        report.compare("attachments", manifest.attachments, attachments);
        let expected = manifest.counts;
        report.compare("deleted threads", expected.threads_gone, counts.threads_gone);
        report.compare("skipped threads", expected.threads_skipped, counts.threads_skipped);
        report.compare("saved files", expected.files_saved, counts.files_saved);
        report.compare("failed files", expected.files_failed, counts.files_failed);
        report.compare("pending files", expected.files_pending, counts.files_pending);
        report.compare("files without URL", expected.files_without_url, counts.files_without_url);
        Ok(())
    }

    fn check_thread(&mut self, row: &LedgerRow) -> Result<(), PullError> {
        self.counts.add_thread(row.status);
        self.take_thread(&row.thread_id)?;
        let expected = self.check_items(row)?;
        let found = self.check_files(row)?;
        if expected != found || found.len() as u64 != row.attachments {
            self.report.add(Damage::Attachments { thread: row.thread_id.clone() });
        }
        Ok(())
    }

    /// Reads the next thread, which should be `expected`.
    fn take_thread(&mut self, expected: &str) -> Result<(), PullError> {
        let line = self.threads.take()?;
        let number = self.threads.number;
        let id = match line.as_deref().map(entry) {
            Some(Some(thread)) => thread.id,
            Some(None) => {
                self.bad_line("threads.jsonl", number);
                return Ok(());
            }
            None => "nothing".to_owned(),
        };
        if line.is_some() && !self.thread_ids.insert(id_hash(&id)) {
            self.report.add(Damage::Duplicate {
                path: self.threads.path.clone(),
                line: number,
                id: id.clone(),
            });
        }
        if id != expected && !self.parted {
            self.parted = true;
            self.report.add(Damage::Order {
                line: number + u64::from(line.is_none()),
                expected: expected.to_owned(),
                found: id,
            });
        }
        Ok(())
    }

    /// Reads the items of the row's thread; the attachments that they have, as (item, id).
    fn check_items(&mut self, row: &LedgerRow) -> Result<Vec<(String, String)>, PullError> {
        let mut ids = HashSet::new();
        let mut attachments = Vec::new();
        let mut found = 0;
        while let Some(line) = self.shard.peek() {
            let item = entry(line);
            let owner = item.as_ref().and_then(|item| item.thread_id.as_deref());
            // An item that does not name its thread, or cannot be read, is this one's as long as some are due.
            if owner.map_or(found == row.items, |owner| owner != row.thread_id) {
                break;
            }
            self.shard.take()?;
            found += 1;
            let Some(item) = item else {
                self.bad_line(&self.shard.path.clone(), self.shard.number);
                continue;
            };
            if !ids.insert(id_hash(&item.id)) {
                self.report.add(Damage::Duplicate {
                    path: self.shard.path.clone(),
                    line: self.shard.number,
                    id: item.id.clone(),
                });
            }
            let of_item = item.attachments.into_iter().map(|file| (item.id.clone(), file.id));
            attachments.extend(of_item);
        }
        self.report.items += found;
        if found != row.items {
            self.report.add(Damage::Items { thread: row.thread_id.clone(), expected: row.items, found });
        }
        Ok(attachments)
    }

    /// Reads the rows of the thread's files, and the saved files; the rows as (item, id).
    fn check_files(&mut self, row: &LedgerRow) -> Result<Vec<(String, String)>, PullError> {
        let mut found = Vec::new();
        while let Some(line) = self.files.peek() {
            let file = parse::<FileRow>(line);
            if file.as_ref().is_some_and(|file| file.thread_id != row.thread_id)
                || (file.is_none() && found.len() as u64 == row.attachments)
            {
                break;
            }
            self.files.take()?;
            self.attachments += 1;
            let Some(file) = file else {
                self.bad_line("files.jsonl", self.files.number);
                continue;
            };
            self.check_row(&file)?;
            found.push((file.item_id, file.id));
        }
        Ok(found)
    }

    fn check_row(&mut self, row: &FileRow) -> Result<(), PullError> {
        self.counts.add_file(&row.outcome);
        let FileOutcome::Saved { path, size, sha256 } = &row.outcome else {
            return Ok(());
        };
        // A path is never taken from the row: it could lead out of the folder.
        if *path != file_path(&row.id) {
            self.bad_line("files.jsonl", self.files.number);
            return Ok(());
        }
        check_file(&self.dir, path, *size, sha256, self.report)?;
        Ok(())
    }

    fn end_shard(&mut self) -> Result<(), PullError> {
        while self.shard.take()?.is_some() {
            self.report.add(Damage::Stray { path: self.shard.path.clone(), line: self.shard.number });
        }
        Ok(())
    }

    fn bad_line(&mut self, path: &str, line: u64) {
        self.report.add(Damage::Line { path: path.to_owned(), line });
    }
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    serde_json::from_slice(line).ok()
}

fn entry(line: &[u8]) -> Option<Entry> {
    Entry::parse(std::str::from_utf8(line).ok()?).ok()
}
