//! Downloads of the files that items carry.
//!
//! A file's URL comes from the network. It is fetched without the key unless it is the API's own origin, and
//! only from public addresses (design 6). What cannot be had is recorded and does not end the pull.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use http::{
    HeaderValue, StatusCode,
    header::{AUTHORIZATION, LOCATION},
};
use reqwest::{Client, Response, redirect};
use sha2::{Digest, Sha256};
use tokio::{
    fs::{self, File},
    io::{AsyncWriteExt, BufWriter},
    sync::Mutex,
    time::sleep,
};
use url::Url;

use super::{
    Settings,
    api::{bearer, client},
    archive::SPOOL,
    error::{PullError, root},
    job::blocking,
    page::Attachment,
    progress::Progress,
    record::{FileOutcome, Part, file_path, hex},
    verify::measure_one,
};
use crate::public_address::{NotPublic, PublicDns, may_be_public};
use crate::retry::{asked_pause, is_worth_retrying};

/// Tries of one file in a run. Fewer than of a page: a later run tries again.
const TRIES: u32 = 4;
const REDIRECTS: u32 = 5;

/// Fetches files into the folder.
pub(super) struct Downloader {
    /// For the API's own origin.
    own: Client,
    /// For everybody else.
    foreign: Client,
    authorization: HeaderValue,
    settings: Arc<Settings>,
    progress: Arc<Progress>,
    spooled: AtomicU64,
    /// Held while a file takes its place, so that of two with one name the first stays.
    placing: Mutex<()>,
}

/// Why a file could not be had. The text stands in `files.jsonl`.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the URL is not an http(s) URL")]
    Url,
    #[error("the URL leads to an address that is not public (see --allow-private-file-hosts)")]
    Private,
    #[error("HTTP {status}")]
    Status { status: StatusCode, may_pass: bool, asked_pause: Option<Duration> },
    #[error("too many redirects")]
    Redirects,
    #[error("larger than {0} bytes (see --max-file-size)")]
    TooLarge(u64),
    #[error("the connection failed ({})", root(.0))]
    Network(#[source] reqwest::Error),
    #[error(transparent)]
    Disk(Box<PullError>),
}

impl Fault {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Network(_) | Self::Status { may_pass: true, .. })
    }

    /// What stands of it in `files.jsonl`; a fault of the disk ends the pull.
    fn recorded(self, pending: bool) -> Result<FileOutcome, PullError> {
        match self {
            Self::Disk(error) => Err(*error),
            fault => Ok(FileOutcome::Failed { error: fault.to_string(), pending }),
        }
    }

    fn network(error: reqwest::Error) -> Self {
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            if inner.is::<NotPublic>() {
                return Self::Private;
            }
            source = inner.source();
        }
        // A signed URL is a secret.
        Self::Network(error.without_url())
    }
}

impl Downloader {
    pub(super) fn new(settings: Arc<Settings>, progress: Arc<Progress>) -> Result<Self, PullError> {
        // Redirects are followed here, one by one: each may lead elsewhere.
        let build = || client(redirect::Policy::none());
        let mut foreign = build();
        if !settings.allow_private_file_hosts {
            // A proxy would resolve the name by itself, unchecked.
            foreign = foreign.no_proxy().dns_resolver(Arc::new(PublicDns));
        }
        Ok(Self {
            own: build().build().map_err(PullError::Client)?,
            foreign: foreign.build().map_err(PullError::Client)?,
            authorization: bearer(&settings.key)?,
            settings,
            progress,
            spooled: AtomicU64::new(0),
            placing: Mutex::default(),
        })
    }

    /// Fetches the file of `attachment`. What its server refuses is pending: its URL may have run out since it was
    /// listed. An error is the disk's; all others are outcomes.
    pub(super) async fn save(&self, attachment: &Attachment) -> Result<FileOutcome, PullError> {
        self.fetch(attachment).await.or_else(|fault| {
            let pending = fault.may_pass() || matches!(fault, Fault::Status { .. });
            fault.recorded(pending)
        })
    }

    /// The same with a URL that was given just now: what is refused then is refused for good.
    pub(super) async fn save_anew(&self, attachment: &Attachment) -> Result<FileOutcome, PullError> {
        self.fetch(attachment).await.or_else(|fault| {
            let pending = fault.may_pass();
            fault.recorded(pending)
        })
    }

    async fn fetch(&self, attachment: &Attachment) -> Result<FileOutcome, Fault> {
        let Some(url) = &attachment.url else {
            return Ok(FileOutcome::NoUrl);
        };
        let mut tries = 0;
        loop {
            tries += 1;
            match self.attempt(&attachment.id, url).await {
                Ok(outcome) => {
                    self.progress.files.fetch_add(1, Relaxed);
                    return Ok(outcome);
                }
                Err(fault) if fault.may_pass() && tries < TRIES => {
                    self.progress.retries.fetch_add(1, Relaxed);
                    sleep(self.pause(&fault, tries)).await;
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    fn pause(&self, fault: &Fault, failures: u32) -> Duration {
        let patience = self.settings.tuning.patience;
        match fault {
            Fault::Status { asked_pause: Some(asked), .. } if !asked.is_zero() => {
                (*asked).min(patience.longest_asked)
            }
            _ => patience.pause(failures, (self.settings.jitter)()),
        }
    }

    async fn attempt(&self, id: &str, url: &str) -> Result<FileOutcome, Fault> {
        let response = self.open(url).await?;
        let max = self.settings.max_file_size;
        if response.content_length().is_some_and(|length| length > max) {
            return Err(Fault::TooLarge(max));
        }
        let number = self.spooled.fetch_add(1, Relaxed);
        let part = self.settings.out.join(SPOOL).join(format!("{number}.part"));
        let written = write(response, &part, max).await;
        let (size, sha256) = match written {
            Ok(written) => written,
            Err(fault) => {
                // What was written is no use. The next start empties the folder if this fails.
                let _ = fs::remove_file(&part).await;
                return Err(fault);
            }
        };
        let path = file_path(id);
        let target = self.settings.out.join(&path);
        let _placing = self.placing.lock().await;
        if fs::try_exists(&target).await.map_err(on_disk(&target))? {
            let _ = fs::remove_file(&part).await;
            return self.saved(path).await;
        }
        fs::rename(&part, &target).await.map_err(on_disk(&target))?;
        Ok(FileOutcome::Saved { path, size, sha256 })
    }

    /// The file that was there first: another item has the same id, or an interrupted run got this far. A row may
    /// tell its size and hash, so it stays as it is.
    async fn saved(&self, path: String) -> Result<FileOutcome, Fault> {
        let out = self.settings.out.clone();
        let measured = blocking(move || measure_one(&out, &path).map_err(PullError::disk(out.join(&path))));
        let Part { path, bytes, sha256, .. } =
            measured.await.map_err(|error| Fault::Disk(Box::new(error)))?;
        Ok(FileOutcome::Saved { path, size: bytes, sha256 })
    }

    /// Follows redirects to a success.
    async fn open(&self, url: &str) -> Result<Response, Fault> {
        let mut url = Url::parse(url).map_err(|_| Fault::Url)?;
        for _ in 0..=REDIRECTS {
            let response = self.get(&url).await?;
            let status = response.status();
            if !status.is_redirection() {
                return self.succeeded(response);
            }
            let location = response.headers().get(LOCATION);
            let next = location.and_then(|to| to.to_str().ok()).and_then(|to| url.join(to).ok());
            url = next.ok_or(Fault::Status { status, may_pass: false, asked_pause: None })?;
        }
        Err(Fault::Redirects)
    }

    async fn get(&self, url: &Url) -> Result<Response, Fault> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Fault::Url);
        }
        let request = if url.origin() == self.settings.base_url.origin() {
            self.own.get(url.clone()).header(AUTHORIZATION, self.authorization.clone())
        } else if self.settings.allow_private_file_hosts || may_be_public(url) {
            self.foreign.get(url.clone())
        } else {
            return Err(Fault::Private);
        };
        request.send().await.map_err(Fault::network)
    }

    fn succeeded(&self, response: Response) -> Result<Response, Fault> {
        let status = response.status();
        // Nobody asked for a part.
        if status.is_success() && status != StatusCode::PARTIAL_CONTENT {
            return Ok(response);
        }
        let headers = response.headers();
        Err(Fault::Status {
            status,
            may_pass: is_worth_retrying(status, headers),
            asked_pause: asked_pause(headers, (self.settings.now)()),
        })
    }
}

/// Streams the body to `part`; its size and SHA-256.
async fn write(mut response: Response, part: &Path, max: u64) -> Result<(u64, String), Fault> {
    let mut file = BufWriter::new(File::create(part).await.map_err(on_disk(part))?);
    let mut hash = Sha256::new();
    let mut size = 0;
    while let Some(chunk) = response.chunk().await.map_err(Fault::network)? {
        size += chunk.len() as u64;
        if size > max {
            return Err(Fault::TooLarge(max));
        }
        hash.update(&chunk);
        file.write_all(&chunk).await.map_err(on_disk(part))?;
    }
    file.flush().await.map_err(on_disk(part))?;
    file.get_ref().sync_all().await.map_err(on_disk(part))?;
    Ok((size, hex(&hash.finalize())))
}

fn on_disk(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Fault {
    let path = path.into();
    move |error| Fault::Disk(Box::new(PullError::disk(path)(error)))
}
