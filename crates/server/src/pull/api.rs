//! The lists of OpenAI's ChatKit REST API, asked for with patience.

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{AUTHORIZATION, HeaderName},
};
use reqwest::{Client, ClientBuilder, Response, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;

use super::{
    Settings,
    error::{Cause, PullError},
    page::Page,
    progress::Progress,
};
use crate::retry::{asked_pause, is_worth_retrying};

const BETA: (HeaderName, HeaderValue) =
    (HeaderName::from_static("openai-beta"), HeaderValue::from_static("chatkit_beta=v1"));
/// What is read of an error's body.
const ERROR_BODY: usize = 16 * 1024;

/// Which list.
#[derive(Clone, Debug)]
pub(super) enum ListOf {
    Threads,
    Items {
        thread_id: String,
    },
    /// The last item of a thread, alone.
    NewestItem {
        thread_id: String,
    },
    /// A thread itself, as a list of one.
    Thread {
        thread_id: String,
    },
}

impl ListOf {
    /// Path below the base URL, for messages.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Threads => "/chatkit/threads".to_owned(),
            Self::Items { thread_id } | Self::NewestItem { thread_id } => {
                format!("/chatkit/threads/{thread_id}/items")
            }
            Self::Thread { thread_id } => format!("/chatkit/threads/{thread_id}"),
        }
    }
}

/// The API, with the key.
pub(super) struct Api {
    http: Client,
    authorization: HeaderValue,
    settings: Arc<Settings>,
    progress: Arc<Progress>,
    /// Nobody asks before: one worker's 429 holds for all of them.
    not_before: Mutex<Instant>,
}

/// How one try went wrong.
enum Failure {
    /// May pass; the server may name a pause.
    Passing(Cause, Option<Duration>),
    Final(Cause),
}

impl Api {
    pub(super) fn new(settings: Arc<Settings>, progress: Arc<Progress>) -> Result<Self, PullError> {
        let http = client(redirect::Policy::custom(same_origin_only)).build().map_err(PullError::Client)?;
        Ok(Self {
            http,
            authorization: bearer(&settings.key)?,
            settings,
            progress,
            not_before: Mutex::new(Instant::now()),
        })
    }

    /// One page of `list` in the order of creation, the entries after `after`.
    ///
    /// A page beyond the bound on its size is asked for again with fewer entries.
    pub(super) async fn page(&self, list: &ListOf, after: Option<&str>) -> Result<Page, PullError> {
        let mut limit = self.settings.tuning.page_limit;
        loop {
            let result = self.patiently(list, after, limit).await;
            match result {
                Err(PullError::Upstream { cause: Cause::TooLarge(_), .. }) if limit > 1 => limit /= 2,
                result => return result,
            }
        }
    }

    /// Waits as after failure number `failures`.
    pub(super) async fn pause(&self, failures: u32) {
        let patience = self.settings.tuning.patience;
        sleep(patience.pause(failures, (self.settings.jitter)())).await;
    }

    async fn patiently(&self, list: &ListOf, after: Option<&str>, limit: u32) -> Result<Page, PullError> {
        let patience = self.settings.tuning.patience;
        let url = self.url(list, after, limit);
        let mut tries = 0;
        loop {
            let not_before = *self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
            sleep_until(not_before).await;
            tries += 1;
            let (cause, asked) = match self.attempt(list, &url).await {
                Ok(page) => return Ok(page),
                Err(Failure::Passing(cause, asked)) if tries < patience.tries => (cause, asked),
                Err(Failure::Passing(cause, _) | Failure::Final(cause)) => {
                    return Err(gave_up(list, tries, cause));
                }
            };
            self.progress.retries.fetch_add(1, Relaxed);
            self.hold(&cause, tries, asked).await?;
        }
    }

    /// Waits before the next try; after a 429 everybody does.
    async fn hold(&self, cause: &Cause, failures: u32, asked: Option<Duration>) -> Result<(), PullError> {
        let patience = self.settings.tuning.patience;
        let pause = match asked {
            Some(asked) if asked > patience.longest_asked => {
                return Err(PullError::WaitTooLong(asked));
            }
            // A pause of nothing would be a busy loop.
            Some(asked) if !asked.is_zero() => asked,
            _ => patience.pause(failures, (self.settings.jitter)()),
        };
        let until = Instant::now() + pause;
        if matches!(cause, Cause::Status { status, .. } if *status == StatusCode::TOO_MANY_REQUESTS) {
            let mut not_before = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
            *not_before = until.max(*not_before);
        }
        sleep_until(until).await;
        Ok(())
    }

    async fn attempt(&self, list: &ListOf, url: &Url) -> Result<Page, Failure> {
        let request = self
            .http
            .get(url.clone())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(BETA.0, BETA.1);
        let mut response = request.send().await.map_err(passing)?;
        let status = response.status();
        if status.is_redirection() {
            return Err(Failure::Final(Cause::Redirect));
        }
        if !status.is_success() {
            return Err(self.refused(response).await);
        }
        let body = read(&mut response, self.settings.tuning.page_bytes).await?;
        let page = match list {
            ListOf::Thread { .. } => Page::of_one(&body),
            _ => Page::parse(&body),
        };
        let page = page.map_err(|cause| Failure::Passing(cause, None))?;
        belongs_to(list, &page).map_err(|cause| Failure::Passing(cause, None))?;
        Ok(page)
    }

    async fn refused(&self, mut response: Response) -> Failure {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        // The status stands, whether or not its explanation arrives.
        let body = read(&mut response, ERROR_BODY).await.unwrap_or_default();
        let cause = Cause::Status { status, detail: detail(&body) };
        if is_key_refusal(status) || !is_worth_retrying(status, &headers) {
            return Failure::Final(cause);
        }
        Failure::Passing(cause, self.asked(&headers))
    }

    fn asked(&self, headers: &HeaderMap) -> Option<Duration> {
        asked_pause(headers, (self.settings.now)())
    }

    fn url(&self, list: &ListOf, after: Option<&str>, limit: u32) -> Url {
        let mut url = self.settings.base_url.clone();
        // Always succeeds: the settings only take http(s) URLs, which have segments.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["chatkit", "threads"]);
            match list {
                ListOf::Threads => {}
                ListOf::Items { thread_id } | ListOf::NewestItem { thread_id } => {
                    path.push(thread_id).push("items");
                }
                ListOf::Thread { thread_id } => {
                    path.push(thread_id);
                }
            }
        }
        let (limit, order) = match list {
            ListOf::Threads | ListOf::Items { .. } => (limit, "asc"),
            ListOf::NewestItem { .. } => (1, "desc"),
            ListOf::Thread { .. } => return url,
        };
        url.query_pairs_mut().append_pair("limit", &limit.to_string()).append_pair("order", order);
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after", after);
        }
        url
    }
}

/// A client with the time limits of a pull: none on the whole, which would cut large files.
pub(super) fn client(redirects: redirect::Policy) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("chatkitd/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(60))
        .redirect(redirects)
}

/// `Authorization: Bearer …`, marked so that no log shows it.
pub(super) fn bearer(key: &SecretString) -> Result<HeaderValue, PullError> {
    let mut value =
        HeaderValue::try_from(format!("Bearer {}", key.expose_secret())).map_err(|_| PullError::BadKey)?;
    value.set_sensitive(true);
    Ok(value)
}

fn same_origin_only(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let stays = attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
    if stays && attempt.previous().len() <= 5 { attempt.follow() } else { attempt.stop() }
}

fn passing(error: reqwest::Error) -> Failure {
    Failure::Passing(Cause::Network(error.without_url()), None)
}

async fn read(response: &mut Response, most: usize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(passing)? {
        if body.len() + chunk.len() > most {
            return Err(Failure::Final(Cause::TooLarge(most)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An item of another thread means that an answer was mixed up on its way.
fn belongs_to(list: &ListOf, page: &Page) -> Result<(), Cause> {
    let thread_id = match list {
        ListOf::Threads => return Ok(()),
        ListOf::Items { thread_id } | ListOf::NewestItem { thread_id } => thread_id,
        ListOf::Thread { thread_id } if page.entries.iter().all(|thread| thread.id == *thread_id) => {
            return Ok(());
        }
        ListOf::Thread { .. } => return Err(Cause::Shape("it is another thread")),
    };
    let owner_differs = |owner: &String| owner != thread_id;
    if page.entries.iter().any(|item| item.thread_id.as_ref().is_some_and(owner_differs)) {
        return Err(Cause::Shape("it holds items of another thread"));
    }
    Ok(())
}

fn is_key_refusal(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

fn gave_up(list: &ListOf, tries: u32, cause: Cause) -> PullError {
    match cause {
        Cause::Status { status, detail } if is_key_refusal(status) => {
            PullError::KeyRefused { status, detail }
        }
        cause => PullError::Upstream { request: format!("GET {}", list.path()), tries, cause },
    }
}

/// `, code` of an OpenAI error body, bounded and without control characters; empty if there is none.
/// The message is left out: that of a refused key may repeat the key.
fn detail(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Envelope {
        error: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        code: Option<String>,
        #[serde(rename = "type")]
        kind: Option<String>,
    }
    let Ok(Envelope { error }) = serde_json::from_slice(body) else {
        return String::new();
    };
    let word = error.code.or(error.kind).unwrap_or_default();
    let clean: String = word.chars().filter(|c| !c.is_control()).take(80).collect();
    if clean.is_empty() { clean } else { format!(", {clean}") }
}
