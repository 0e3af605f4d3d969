//! A language model over HTTP.

use async_trait::async_trait;
use bytes::Bytes;
use chatkitd_core::foreign_text::for_operators;
use chatkitd_core::models::{ModelError, ModelRequest, ModelStream};
use chatkitd_core::ports::Model;
use chatkitd_workflow::providers::sse::Bounds;
use chatkitd_workflow::providers::{Api, Sent};
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::header::{ACCEPT, CONTENT_TYPE};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::ModelClient;
use super::exchange::{Begun, Endpoint, pieces};

/// Where models are.
#[derive(Clone, Debug)]
pub struct ModelServer {
    /// Its address without the API's path; for most servers it ends in `/v1`.
    pub base: Url,
    /// Sent as a bearer token; servers on the operator's own machine need none.
    pub key: Option<SecretString>,
    /// What it speaks.
    pub api: Api,
}

/// The models of a server. Its errors say nothing of the key and of what was asked.
pub struct HttpModel {
    client: ModelClient,
    server: ModelServer,
}

impl HttpModel {
    /// The models of this server.
    pub fn new(client: ModelClient, server: ModelServer) -> Self {
        Self { client, server }
    }
}

#[async_trait]
impl Model for HttpModel {
    async fn answer(&self, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let (body, bounds) = (Bytes::from(self.server.api.body(&request).to_string()), bounds(&request));
        let sent = Sent::new(request, self.server.key.as_ref().map(ExposeSecret::expose_secret));
        let stream = self.stream(body, bounds).await.map_err(|error| sent.taken_out_of(error))?;
        Ok(stream.map_err(move |error| sent.taken_out_of(error)).boxed())
    }
}

impl HttpModel {
    async fn stream(&self, body: Bytes, bounds: Bounds) -> Result<ModelStream, ModelError> {
        let ModelServer { base, key, api } = &self.server;
        let endpoint = self.client.endpoint(base, api.path(), key.as_ref());
        let filled = |post: RequestBuilder| {
            post.header(CONTENT_TYPE, "application/json")
                .header(ACCEPT, "text/event-stream")
                .body(body.clone())
        };
        let begun = streamed(&endpoint, endpoint.post(filled).await?).await?;
        let deadlines = self.client.deadlines;
        let idle = match api {
            Api::Responses => deadlines.working,
            Api::ChatCompletions => deadlines.idle,
        };
        Ok(api.read(pieces(begun, deadlines.first_byte, idle), bounds))
    }
}

/// A success may still be a page of some proxy, or an error in JSON.
async fn streamed(endpoint: &Endpoint<'_>, begun: Begun) -> Result<Begun, ModelError> {
    let content_type = begun.response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    // A server that says nothing of the kind is believed.
    let content_type = content_type.unwrap_or("text/event-stream").to_ascii_lowercase();
    if content_type.starts_with("text/event-stream") {
        return Ok(begun);
    }
    if content_type.contains("json") {
        let fault = endpoint.fault(begun).await;
        if !fault.message.is_empty() {
            return Err(fault.within_answer());
        }
    }
    let content_type = for_operators(&content_type);
    Err(ModelError::Malformed(format!("it is {content_type} and not text/event-stream")))
}

fn bounds(request: &ModelRequest) -> Bounds {
    if request.offered_tools().any(|tool| tool.kind() == "image_generation") {
        Bounds::IMAGES
    } else {
        Bounds::TEXT
    }
}
