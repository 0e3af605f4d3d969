//! Blobs in S3, or in what speaks like it (MinIO, R2, Ceph).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::ports::{Blob, BlobError, BlobKey, Blobs, ByteStream};
use object_store::aws::AmazonS3Builder;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use secrecy::ExposeSecret as _;
use tokio::time::timeout;

use super::{ObjectBlobs, unavailable};
use crate::settings::S3Settings;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const MAX_RETRIES: usize = 3;

/// How long S3 is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct S3Deadlines {
    /// One request, which carries a part of 5 MiB at the most; of a download, what comes before its content. Default
    /// 30 s.
    pub request: Duration,
    /// Between two pieces of a download. Default 30 s.
    pub idle: Duration,
    /// After this a request is not tried again. A visitor waits: what does not work by then is said to be away.
    /// (`object_store` goes on for three minutes.) Default 10 s.
    pub retries: Duration,
    /// After this a download that breaks off does not go on from there. It takes as long as the visitor who reads
    /// it. Default one hour.
    pub resume: Duration,
}

impl Default for S3Deadlines {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            retries: Duration::from_secs(10),
            resume: Duration::from_secs(3600),
        }
    }
}

/// The client for S3 cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("S3 cannot be set up; check [attachments.s3]")]
pub struct S3Error(#[from] object_store::Error);

/// Blobs in a bucket.
#[derive(Clone)]
pub struct S3Blobs {
    /// For what is done with one request.
    requests: ObjectBlobs,
    /// For downloads, of which nobody knows how long they take.
    downloads: ObjectBlobs,
    begin_within: Duration,
}

impl S3Blobs {
    /// Blobs in this bucket. Nothing is asked of it yet.
    pub fn new(settings: &S3Settings, deadlines: S3Deadlines) -> Result<Self, S3Error> {
        let requests = ClientOptions::new().with_timeout(deadlines.request);
        let downloads = ClientOptions::new().with_timeout_disabled().with_read_timeout(deadlines.idle);
        Ok(Self {
            requests: bucket(settings, requests, deadlines.retries)?,
            downloads: bucket(settings, downloads, deadlines.resume)?,
            begin_within: deadlines.request,
        })
    }
}

#[async_trait]
impl Blobs for S3Blobs {
    async fn put(&self, key: &BlobKey, content: ByteStream) -> Result<u64, BlobError> {
        self.requests.put(key, content).await
    }

    async fn get(&self, key: &BlobKey) -> Result<Option<Blob>, BlobError> {
        timeout(self.begin_within, self.downloads.get(key)).await.map_err(unavailable)?
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.requests.delete(key).await
    }
}

/// Without keys in the settings, those of the place count: the variables of a web identity, a container's, or the
/// machine's role, as every client of AWS finds them.
fn bucket(
    settings: &S3Settings,
    client: ClientOptions,
    retry_within: Duration,
) -> Result<ObjectBlobs, S3Error> {
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
    let client = client
        .with_connect_timeout(CONNECT_WITHIN)
        .with_allow_http(settings.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http"));
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: MAX_RETRIES,
        retry_timeout: retry_within,
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
