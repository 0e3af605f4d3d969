use std::{error::Error, io, path::PathBuf, time::Duration};

use http::StatusCode;

/// Why a pull or a verification ended early. Every text says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// `OPENAI_API_KEY` is unset or empty.
    #[error(
        "OPENAI_API_KEY is not set. Set it to an API key of the project whose threads you want, \
         for example: OPENAI_API_KEY=sk-... chatkitd pull"
    )]
    NoKey,
    /// `OPENAI_API_KEY` cannot be sent in a header.
    #[error("OPENAI_API_KEY holds a character that no API key has (a line break?). Set it again")]
    BadKey,
    /// A variable that cannot be read.
    #[error("{0} is not UTF-8. Set it again")]
    NotUtf8(&'static str),
    /// The base URL is not an absolute http(s) URL.
    #[error(
        "the base URL {value:?} is not an http(s) URL. Give one like https://api.openai.com/v1 with --base-url \
         (or CHATKIT_API_BASE, OPENAI_BASE_URL)"
    )]
    BadBaseUrl {
        /// What was given.
        value: String,
    },
    /// The HTTP client could not be built, for example because no CA certificates are installed.
    #[error("the HTTP client cannot start: {}. Are CA certificates installed?", root(.0))]
    Client(#[source] reqwest::Error),
    /// 401 or 403: no use in trying again.
    #[error(
        "the API refused the key (HTTP {status}{detail}). Check that OPENAI_API_KEY is a live key of the right project \
         with read access to ChatKit, then run the same command again"
    )]
    KeyRefused {
        /// 401 or 403.
        status: StatusCode,
        /// The API's error code, if it named one.
        detail: String,
    },
    /// A request failed for good, or too often.
    #[error(
        "{request} failed after {tries} tries: {cause}. What was fetched is saved: run the same command again to go on"
    )]
    Upstream {
        /// Method and path.
        request: String,
        /// How often it was tried.
        tries: u32,
        /// The last failure.
        #[source]
        cause: Cause,
    },
    /// The API asks for a longer pause than a command should sit through.
    #[error(
        "the API asks to wait {} seconds. What was fetched is saved: run the same command again then", .0.as_secs()
    )]
    WaitTooLong(Duration),
    /// The API hands out the same entries over and over.
    #[error(
        "{list} repeats itself: {tries} pages in a row held nothing new though more should follow. What was fetched is \
         saved: run the same command again later"
    )]
    CursorLoop {
        /// Path of the list.
        list: String,
        /// How many pages were tried.
        tries: u32,
    },
    /// None of the project's oldest threads is in the folder.
    #[error(
        "none of the first threads of this project is in {}: it was pulled with a key of another project. \
         Choose another folder with --out", dir.display()
    )]
    OtherProject {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder was pulled from another API.
    #[error(
        "{} was pulled from {pulled_from}. Choose another folder with --out, or set --base-url to that address", dir.display()
    )]
    OtherBase {
        /// The folder.
        dir: PathBuf,
        /// Its base URL.
        pulled_from: String,
    },
    /// The folder holds something else.
    #[error("{} is not empty and was not made by `chatkitd pull`. Choose another folder with --out", .0.display())]
    NotOurs(PathBuf),
    /// The folder was made by a newer version.
    #[error("{} was made by a newer chatkitd. Use that one", .0.display())]
    NewerFormat(PathBuf),
    /// Another pull works on the folder.
    #[error("another `chatkitd pull` is working on {}. Wait for it, or choose another folder with --out", .0.display())]
    Locked(PathBuf),
    /// A file of the folder is shorter than what was committed, or cannot be read as what it is.
    #[error(
        "{} is damaged: {reason}. Restore it from a copy, or pull into another folder with --out", path.display()
    )]
    Folder {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The disk refused.
    #[error("{}: {source}. Free space or fix the permissions, then run the same command again to go on", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Standard output takes nothing.
    #[error(
        "the work is done, but its result cannot be printed: {0}. `chatkitd pull --verify` checks the folder"
    )]
    Output(#[source] io::Error),
    /// The user stopped the command.
    #[error("stopped. What was fetched is saved: run the same command again to go on")]
    Interrupted,
    /// Everything else is saved, but downloads of files failed in a way that may pass.
    #[error(
        "{0} file(s) could not be fetched for now (see files.jsonl). Run the same command again to retry them"
    )]
    FilesPending(u64),
    /// `--verify` found damage.
    #[error("{0} problem(s) found. Restore the folder from a copy, or pull into another folder with --out")]
    Damaged(u64),
}

impl PullError {
    /// The exit code of the command, as `docs/PULL.md` lists them (0 is success, 2 is clap's usage error).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoKey | Self::BadKey | Self::NotUtf8(_) | Self::BadBaseUrl { .. } => 2,
            Self::KeyRefused { .. } => 3,
            Self::Damaged(_) => 4,
            Self::FilesPending(_) => 5,
            Self::Interrupted => 130,
            _ => 1,
        }
    }

    /// The status that a request ended with, if it ended with one.
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Upstream { cause: Cause::Status { status, .. }, .. } => Some(*status),
            _ => None,
        }
    }

    /// A [`PullError::Disk`] about `path`.
    pub(super) fn disk(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Disk { path, source }
    }
}

/// Why one request failed.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// No answer, or one that broke off.
    #[error("the connection failed ({})", root(.0))]
    Network(#[source] reqwest::Error),
    /// An answer that is not a success.
    #[error("HTTP {status}{detail}")]
    Status {
        /// Its status.
        status: StatusCode,
        /// The API's error code, if it named one.
        detail: String,
    },
    /// A redirect to another server, which must not see the key.
    #[error("the API redirects to another server, which must not see the key: check --base-url")]
    Redirect,
    /// A success whose body is not JSON.
    #[error("the answer is not the JSON that was expected ({0})")]
    Json(#[from] serde_json::Error),
    /// A success whose JSON cannot be right.
    #[error("the answer is not what was expected ({0})")]
    Shape(&'static str),
    /// A page beyond the bound, even with one entry.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// The innermost cause: reqwest's own text ("error sending request") names none.
pub(super) fn root(error: &dyn Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
