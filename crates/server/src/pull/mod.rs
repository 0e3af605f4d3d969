//! `chatkitd pull`: everything that OpenAI stores for an API key's project, into a folder.
//!
//! `docs/PULL.md` is the contract: the folder's layout, what is retried, the exit codes. The folder is [`Archive`
//! ](archive), a list is walked by [`walk`], one thread is fetched by [`items`], and [`job`] puts them together.
//! Memory is bounded by `concurrency` pages; ids are kept as 16-byte hashes, those of one thread's items always, those
//! of all threads only when a page may repeat some of them.

mod api;
mod archive;
mod args;
mod error;
mod files;
mod items;
mod job;
mod log;
mod page;
mod progress;
mod record;
mod retry;
mod update;
mod verify;
mod walk;

use std::{
    io::{ErrorKind, Write as _},
    num::NonZeroUsize,
    path::PathBuf,
    time::Duration,
};

use jiff::Timestamp;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use url::Url;

pub use args::PullArgs;
pub use error::{Cause, PullError};
pub use job::pull;
pub use retry::Patience;
pub use verify::{Damage, Report, verify};

/// What a pull is told.
pub struct Settings {
    /// The folder. Created if absent.
    pub out: PathBuf,
    /// The API, for example `https://api.openai.com/v1`.
    pub base_url: Url,
    /// An API key of the project.
    pub key: SecretString,
    /// Bytes; larger files are recorded as failed.
    pub max_file_size: u64,
    /// How many threads are fetched at a time.
    pub concurrency: NonZeroUsize,
    /// Threads that are left out, by id: for one whose items the API cannot deliver.
    pub skip_threads: Vec<String>,
    /// Fetch files from private addresses, and through a proxy.
    pub allow_private_file_hosts: bool,
    /// Also look for what was written to threads that are in the folder already.
    pub update: bool,
    /// No progress on stderr.
    pub quiet: bool,
    /// Numbers that only tests change.
    pub tuning: Tuning,
    /// The wall clock.
    pub now: fn() -> Timestamp,
    /// Random numbers in `0.0..1.0`, for pauses.
    pub jitter: fn() -> f64,
}

/// Numbers behind a pull.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// How patiently requests are repeated.
    pub patience: Patience,
    /// Entries of a page; 100 is the API's most.
    pub page_limit: u32,
    /// Bytes of a page; larger ones are asked for with fewer entries.
    pub page_bytes: usize,
    /// Threads whose items share one file.
    pub threads_per_shard: u64,
    /// What a crash may cost: the work since the last commit.
    pub commit_every: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            patience: Patience::default(),
            page_limit: 100,
            page_bytes: 64 * 1024 * 1024,
            threads_per_shard: 10_000,
            commit_every: Duration::from_secs(1),
        }
    }
}

/// What a complete folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Threads, gone and skipped ones included.
    pub threads: u64,
    /// Threads deleted upstream while they were fetched.
    pub threads_gone: u64,
    /// Threads left out on the user's word.
    pub threads_skipped: u64,
    /// Items of all threads.
    pub items: u64,
    /// Files saved.
    pub files_saved: u64,
    /// Files that could not be had.
    pub files_failed: u64,
    /// Of these, the ones worth another run.
    pub files_pending: u64,
    /// Attachments that the API gave no URL for.
    pub files_without_url: u64,
    /// The folder was complete before this run, so older threads were not read again.
    pub was_complete: bool,
    /// Threads that were in the folder and were read again, because they had changed. `None`: that was not asked for.
    pub threads_updated: Option<u64>,
}

impl Summary {
    fn of(state: &record::State, was_complete: bool, threads_updated: Option<u64>) -> Self {
        let counts = state.counts;
        Self {
            threads: state.threads.lines,
            threads_gone: counts.threads_gone,
            threads_skipped: counts.threads_skipped,
            items: state.items,
            files_saved: counts.files_saved,
            files_failed: counts.files_failed,
            files_pending: counts.files_pending,
            files_without_url: counts.files_without_url,
            was_complete,
            threads_updated,
        }
    }
}

/// Runs the command: pulls, or verifies with `--verify`. Results go to stdout, progress to stderr.
///
/// What `shutdown` returns (Ctrl-C) stops a pull with everything fetched so far saved. It is not called for a
/// verification: that saves nothing, so signals may end it as they end any process. The exit code of an error is
/// [`PullError::exit_code`].
pub async fn run(args: PullArgs, shutdown: impl FnOnce() -> CancellationToken) -> Result<(), PullError> {
    if args.verify {
        return verify_folder(args.out).await;
    }
    let out = args.out.clone();
    let summary = pull(args.into_settings()?, shutdown()).await?;
    let said = say(&args::in_words(&summary, &out));
    match summary.files_pending {
        0 => said,
        files => Err(PullError::FilesPending(files)),
    }
}

async fn verify_folder(dir: PathBuf) -> Result<(), PullError> {
    let report = job::blocking(move || verify(&dir)).await?;
    let damage: String = report.damage.iter().map(|damage| format!("{damage}\n")).collect();
    let said = say(&damage);
    if report.problems > 0 {
        return Err(PullError::Damaged(report.problems));
    }
    said?;
    say(&format!(
        "The folder is whole: {} threads, {} items, {} files.\n",
        report.threads, report.items, report.files
    ))
}

/// Prints to standard output. When nobody reads on, the exit code still tells how it went.
fn say(text: &str) -> Result<(), PullError> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(PullError::Output),
    }
}
