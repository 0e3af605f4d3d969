//! What can be wrong with a folder.

/// One problem that a verification found. Its text names the file and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// No `state.json`: not a pull's folder, or not all of it.
    #[error("state.json is missing: this is not a folder of `chatkitd pull`, or not all of it")]
    NoState,
    /// The pull has not finished.
    #[error("the pull is not finished: {fetched} of {listed} threads are saved. Run `chatkitd pull` again")]
    Unfinished {
        /// Threads with their items.
        fetched: u64,
        /// Threads known.
        listed: u64,
    },
    /// `manifest.json` is missing or unreadable.
    #[error("manifest.json is missing or not the JSON that a pull writes")]
    Manifest,
    /// The manifest names another API than the pull.
    #[error("manifest.json: the base URL is {found} instead of {expected}")]
    BaseUrl {
        /// By `state.json`.
        expected: String,
        /// By the manifest.
        found: String,
    },
    /// The manifest leaves out a file of lines, or names one that is none or stands twice.
    #[error("manifest.json: `parts` does not name exactly the .jsonl files of this folder, in their order")]
    Parts,
    /// A file that belongs to no pull.
    #[error("{path} is not of this pull")]
    Surplus {
        /// Relative to the folder.
        path: String,
    },
    /// Something else stands where a file should.
    #[error("{path} is not a file")]
    NoFile {
        /// Relative to the folder.
        path: String,
    },
    /// A file of the folder is not there.
    #[error("{path} is missing")]
    Missing {
        /// Relative to the folder.
        path: String,
    },
    /// A file has another size.
    #[error("{path} has {found} bytes instead of {expected}")]
    Size {
        /// Relative to the folder.
        path: String,
        /// Bytes by the manifest or by `files.jsonl`.
        expected: u64,
        /// Bytes on the disk.
        found: u64,
    },
    /// A file has other content.
    #[error("{path} was changed: its SHA-256 is not the recorded one")]
    Hash {
        /// Relative to the folder.
        path: String,
    },
    /// The number of lines or entries is another.
    #[error("{what}: {found} instead of {expected}")]
    Count {
        /// What was counted.
        what: &'static str,
        /// By the manifest.
        expected: u64,
        /// In the folder.
        found: u64,
    },
    /// A line cannot be read.
    #[error("{path}, line {line}: not the JSON object that belongs there")]
    Line {
        /// Relative to the folder.
        path: String,
        /// From 1.
        line: u64,
    },
    /// An id stands twice.
    #[error("{path}, line {line}: the id {id} stands there a second time")]
    Duplicate {
        /// Relative to the folder.
        path: String,
        /// From 1.
        line: u64,
        /// The id.
        id: String,
    },
    /// `threads.jsonl` and `ledger.jsonl` part.
    #[error("threads.jsonl, line {line}: thread {found}, but ledger.jsonl has {expected} there")]
    Order {
        /// From 1.
        line: u64,
        /// The ledger's thread, or `nothing`.
        expected: String,
        /// The thread, or `nothing`.
        found: String,
    },
    /// A thread has too few or too many items.
    #[error("thread {thread}: {found} items instead of {expected}")]
    Items {
        /// The thread's id.
        thread: String,
        /// By the ledger.
        expected: u64,
        /// In its shard.
        found: u64,
    },
    /// A shard goes on after its last thread.
    #[error("{path}, line {line}: an item of no thread that belongs there")]
    Stray {
        /// Relative to the folder.
        path: String,
        /// From 1.
        line: u64,
    },
    /// `files.jsonl` does not name the attachments that a thread's items have.
    #[error("thread {thread}: files.jsonl does not have exactly the attachments of its items")]
    Attachments {
        /// The thread's id.
        thread: String,
    },
}
