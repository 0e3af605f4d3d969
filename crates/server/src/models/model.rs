//! A language model over HTTP.

use chatkitd_workflow::providers::Api;
use secrecy::SecretString;
use url::Url;

use super::ModelClient;

/// Where a model is.
#[derive(Clone, Debug)]
pub struct ModelServer {
    /// Its address without the API's path; for most servers it ends in `/v1`.
    pub base: Url,
    /// Sent as a bearer token; servers on the operator's own machine need none.
    pub key: Option<SecretString>,
    /// What it speaks.
    pub api: Api,
}

/// A language model over HTTP.
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
