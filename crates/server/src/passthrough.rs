//! Forwards calls of `OpenAI`'s API with the operator's key.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use chatkitd_core::id::SiteName;
use chatkitd_http::{Passthrough, PassthroughError};
use futures_util::StreamExt as _;
use reqwest::{Client, Url};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;

use crate::hosted::ClientError;
use crate::settings::OpenAi;

/// How many calls may be under way at once; a stream counts until its end.
const AT_ONCE: usize = 512;
/// Until a connection stands.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long the upstream may be silent: what `OpenAI`'s own clients wait.
const SILENT_FOR: Duration = Duration::from_secs(600);

/// Calls to one base URL.
pub(crate) struct OpenAiPassthrough {
    client: Client,
    openai: OpenAi,
    places: Arc<Semaphore>,
}

impl OpenAiPassthrough {
    /// To this address with this key.
    pub(crate) fn new(openai: OpenAi) -> Result<Self, ClientError> {
        // Bytes go through as they are: what is packed stays packed, and redirects are the caller's.
        let client = Client::builder()
            .no_gzip()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_WITHIN)
            .read_timeout(SILENT_FOR)
            .build()
            .map_err(ClientError)?;
        Ok(Self { client, openai, places: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// The base URL stands for `/v1`.
    fn url(&self, path_and_query: &str) -> Result<Url, PassthroughError> {
        let below = path_and_query.strip_prefix("/v1").unwrap_or(path_and_query);
        let base = self.openai.base.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{below}")).map_err(|error| PassthroughError::Failed(Box::new(error)))
    }
}

#[async_trait]
impl Passthrough for OpenAiPassthrough {
    async fn forward(&self, site: &SiteName, request: Request) -> Result<Response, PassthroughError> {
        let key = self.openai.key_of(site).ok_or(PassthroughError::NoKey)?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| PassthroughError::Overloaded)?;
        let (parts, body) = request.into_parts();
        let url = self.url(parts.uri.path_and_query().map_or("/", |path| path.as_str()))?;
        // A call without a body goes out without one: an empty stream would be a chunked body.
        let has_body = !HttpBody::is_end_stream(&body);
        let mut call =
            self.client.request(parts.method, url).headers(parts.headers).bearer_auth(key.expose_secret());
        if has_body {
            call = call.body(reqwest::Body::wrap_stream(body.into_data_stream()));
        }
        let answer = call.send().await.map_err(failure)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        // The place is given back when the stream is dropped, at its end or before.
        let bytes = answer.bytes_stream().map(move |bytes| {
            let _place = &place;
            bytes.map_err(reqwest::Error::without_url)
        });
        let mut response = Response::new(Body::from_stream(bytes));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

fn failure(error: reqwest::Error) -> PassthroughError {
    // The address may carry what a caller wrote into its query.
    let error = error.without_url();
    if error.is_timeout() { PassthroughError::TimedOut } else { PassthroughError::Failed(Box::new(error)) }
}
