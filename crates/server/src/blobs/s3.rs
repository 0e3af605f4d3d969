//! Blobs in S3, or in what speaks like it (MinIO, R2, Ceph).

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use secrecy::ExposeSecret as _;

use super::ObjectBlobs;
use crate::settings::S3Settings;

/// For one request, which carries a part of 5 MiB at the most.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// A visitor waits: what does not work after this is said to be away. (`object_store` goes on for three minutes.)
const RETRY_WITHIN: Duration = Duration::from_secs(10);
const MAX_RETRIES: usize = 3;

/// The client for S3 cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("S3 cannot be set up; check [attachments.s3]")]
pub struct S3Error(#[from] object_store::Error);

/// Blobs in a bucket. Nothing is asked of it yet.
///
/// Without keys in the settings, those of the place count: the variables of a web identity, a container's, or the
/// machine's role, as every client of AWS finds them.
pub fn s3(settings: &S3Settings) -> Result<ObjectBlobs, S3Error> {
    let builder = match &settings.keys {
        Some(keys) => {
            let builder = AmazonS3Builder::new()
                .with_access_key_id(&keys.access_key_id)
                .with_secret_access_key(keys.secret_access_key.expose_secret());
            match &keys.session_token {
                Some(token) => builder.with_token(token.expose_secret()),
                None => builder,
            }
        }
        None => AmazonS3Builder::from_env(),
    };
    let client = ClientOptions::new()
        .with_timeout(REQUEST_WITHIN)
        .with_connect_timeout(CONNECT_WITHIN)
        .with_allow_http(settings.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http"));
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: MAX_RETRIES,
        retry_timeout: RETRY_WITHIN,
    };
    // The bucket stands in the path, which AWS and everything that speaks like it understands.
    let mut builder = builder
        .with_virtual_hosted_style_request(false)
        .with_bucket_name(&settings.bucket)
        .with_region(&settings.region)
        .with_client_options(client)
        .with_retry(retry);
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
    }
    Ok(ObjectBlobs::new(Arc::new(builder.build()?), &settings.prefix))
}
