//! The rows and documents that a pull writes beside the raw objects. `docs/PULL.md` describes each field.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version of the folder's layout, in `state.json` and `manifest.json`.
pub(super) const FORMAT: u32 = 1;

/// How far a file of lines is committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Extent {
    pub lines: u64,
    pub bytes: u64,
}

/// `state.json`: what is committed, and where to go on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub format: u32,
    pub base_url: String,
    pub started_at: Timestamp,
    /// Everything listed is fetched; cleared when a later run finds more.
    pub complete: bool,
    pub threads_per_shard: u64,
    pub threads: Extent,
    /// Id of the last thread written, the cursor of the next page.
    pub cursor: Option<String>,
    /// Id of the thread written before it.
    pub previous: Option<String>,
    /// Latest `created_at` written.
    pub newest: Option<i64>,
    pub ledger: Extent,
    /// Where in `threads.jsonl` the first thread without a ledger row begins.
    pub next_thread_at: u64,
    /// Items of all shards.
    pub items: u64,
    /// The shard being written.
    pub shard: Extent,
    pub files: Extent,
    /// `files.jsonl.new` is complete and takes the place of `files.jsonl`.
    pub swap_files: bool,
    /// What lies in `.update` is complete and takes the place of what is here.
    #[serde(default, skip_serializing_if = "is_false")]
    pub swap_update: bool,
    /// In `.update`: threads that were read again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub updated: u64,
    pub counts: Counts,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// What happened to threads and files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub threads_gone: u64,
    pub threads_skipped: u64,
    pub files_saved: u64,
    pub files_failed: u64,
    /// Of the failed ones, those whose fault may pass.
    pub files_pending: u64,
    pub files_without_url: u64,
}

/// A line of `ledger.jsonl`: one for each line of `threads.jsonl`, in the same order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LedgerRow {
    pub thread_id: String,
    pub status: ThreadStatus,
    pub items: u64,
    pub attachments: u64,
}

/// What became of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ThreadStatus {
    /// All its items are here.
    Saved,
    /// It was deleted upstream between its listing and the end of its items.
    Gone,
    /// Left out with `--skip-thread`.
    Skipped,
}

/// A line of `files.jsonl`: one for each attachment of an item, in the order of the items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileRow {
    pub id: String,
    pub thread_id: String,
    pub item_id: String,
    pub name: Option<String>,
    pub mime_type: Option<String>,
    #[serde(flatten)]
    pub outcome: FileOutcome,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum FileOutcome {
    /// At `path`, relative to the folder.
    Saved { path: String, size: u64, sha256: String },
    /// Not to be had; `pending` if the fault may pass.
    Failed { error: String, pending: bool },
    /// The API gave no URL for it.
    NoUrl,
}

/// `manifest.json`: what a complete folder holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub format: u32,
    pub base_url: String,
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    pub threads: u64,
    pub items: u64,
    pub attachments: u64,
    #[serde(flatten)]
    pub counts: Counts,
    pub threads_per_shard: u64,
    /// The files of lines, with what they must be.
    pub parts: Vec<Part>,
}

/// One file of lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub path: String,
    pub lines: u64,
    pub bytes: u64,
    pub sha256: String,
}

impl Counts {
    pub(super) fn add_thread(&mut self, status: ThreadStatus) {
        match status {
            ThreadStatus::Saved => {}
            ThreadStatus::Gone => self.threads_gone += 1,
            ThreadStatus::Skipped => self.threads_skipped += 1,
        }
    }

    pub(super) fn add_file(&mut self, outcome: &FileOutcome) {
        match outcome {
            FileOutcome::Saved { .. } => self.files_saved += 1,
            FileOutcome::NoUrl => self.files_without_url += 1,
            FileOutcome::Failed { pending, .. } => {
                self.files_failed += 1;
                self.files_pending += u64::from(*pending);
            }
        }
    }

    /// The same with no files counted, to count them anew.
    pub(super) fn without_files(self) -> Self {
        Self { threads_gone: self.threads_gone, threads_skipped: self.threads_skipped, ..Self::default() }
    }
}

/// `items/000012.jsonl` for shard 12.
pub(super) fn shard_path(shard: u64) -> String {
    format!("items/{shard:06}.jsonl")
}

/// The path of a file below the folder. The id comes from the network: letters, digits, `_` and `-` stay, all other
/// bytes are percent-encoded, and what gets too long for a file system is replaced by its hash (`%sha256-` cannot
/// be the start of an encoded id).
pub(super) fn file_path(id: &str) -> String {
    let mut name = String::new();
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    if name.len() > 128 {
        name = format!("%sha256-{}", hex(&Sha256::digest(id)));
    }
    format!("files/{name}")
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 16 bytes that stand for an id in sets of known ids, so that a set's memory does not depend on the ids' length.
pub(super) fn id_hash(id: &str) -> [u8; 16] {
    let mut hash = [0; 16];
    hash.copy_from_slice(&Sha256::digest(id)[..16]);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_never_leaves_the_files_folder() {
        assert_eq!(file_path("cfile_0aB-9"), "files/cfile_0aB-9");
        assert_eq!(file_path("../../x"), "files/%2E%2E%2F%2E%2E%2Fx");
        assert_eq!(file_path("é\0"), "files/%C3%A9%00");
        let long = file_path(&"a".repeat(129));
        assert!(long.starts_with("files/%sha256-") && long.len() < 90, "{long}");
    }
}
