//! `/v1` as programs of others use it: `OpenAI`'s SDKs, another chatkitd, and calls that are passed through.

mod chained;
mod flaky;
mod passthrough;
mod promises;
mod sdk;

use std::path::Path;

use reqwest::Client;
use serde_json::Value;

use crate::binary::run;
use crate::server::{Answer, Env, send};

/// A service key of the server in this folder.
fn service_key(folder: &Path, env: &Env) -> String {
    run(folder, env, &["keys", "create"]).ok().trim().to_owned()
}

/// A request with a key.
async fn post(url: &str, path: &str, key: &str, body: &Value) -> Answer {
    send(Client::new().post(format!("{url}{path}")).bearer_auth(key).json(body)).await
}
