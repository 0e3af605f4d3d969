//! `chatkitd.toml`. Every key is optional; an unknown one is an error that names it.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use chatkitd_core::identity::{RoleRule, VerifierSettings};
use chatkitd_core::site::ChatKitConfiguration;
use secrecy::SecretString;
use serde::Deserialize;

use super::SettingsError;
use super::attachments::FileAttachments;
use super::document::{Document, not_valid};
use super::providers::{FileProvider, FileTranscription};
use super::workflows::FileWorkflow;

/// The file as it stands. The environment variable that wins over a key is named in
/// `docs/OPERATIONS.md`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileSettings {
    pub(super) listen: Option<String>,
    pub(super) admin_listen: Option<String>,
    pub(super) data_dir: Option<String>,
    pub(super) database_url: Option<SecretString>,
    pub(super) durability: Option<String>,
    pub(super) redis_url: Option<SecretString>,
    pub(super) limiter: Option<String>,
    pub(super) limiter_on_failure: Option<String>,
    pub(super) secret: Option<SecretString>,
    pub(super) openai_api_key: Option<SecretString>,
    pub(super) api_base: Option<String>,
    pub(super) upstream_concurrency: Option<u32>,
    pub(super) public_url: Option<String>,
    pub(super) passthrough: Option<bool>,
    pub(super) trusted_proxies: Option<Vec<String>>,
    pub(super) page: Option<String>,
    pub(super) log: Option<String>,
    pub(super) log_format: Option<String>,
    pub(super) otlp_endpoint: Option<String>,
    pub(super) otlp_service_name: Option<String>,
    pub(super) shutdown_grace: Option<String>,
    pub(super) run_timeout: Option<String>,
    pub(super) session_ttl: Option<String>,
    pub(super) secret_ttl: Option<String>,
    pub(super) attachments: FileAttachments,
    pub(super) limits: FileLimits,
    pub(super) roles: FileRoles,
    pub(super) sites: BTreeMap<String, FileSite>,
    pub(super) providers: BTreeMap<String, FileProvider>,
    pub(super) transcription: FileTranscription,
    pub(super) workflows: BTreeMap<String, FileWorkflow>,
}

/// `[limits]` and `[sites.<name>.limits]`: requests a minute; 0 switches one off.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileLimits {
    pub(super) anonymous: Option<u32>,
    pub(super) user: Option<u32>,
    pub(super) session: Option<u32>,
    pub(super) site: Option<u32>,
}

/// `[roles]`: the query on the app's own users table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileRoles {
    pub(super) query: Option<String>,
    pub(super) database_url: Option<SecretString>,
}

/// `[sites.<name>]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileSite {
    pub(super) origins: Option<Vec<String>>,
    pub(super) workflows: Option<Vec<String>>,
    pub(super) anonymous: Option<bool>,
    pub(super) session_ttl: Option<String>,
    pub(super) anonymous_session_ttl: Option<String>,
    pub(super) secret_ttl: Option<String>,
    pub(super) limits: FileLimits,
    pub(super) max_requests_per_1_minute: Option<NonZeroU32>,
    pub(super) configuration: ChatKitConfiguration,
    pub(super) file_types: Option<Vec<String>>,
    pub(super) verifiers: Vec<VerifierSettings>,
    pub(super) roles: Option<RoleRule>,
    pub(super) allowed_roles: Vec<String>,
    pub(super) openai_api_key: Option<SecretString>,
    pub(super) agents: BTreeMap<String, FileWorkflow>,
}

impl FileSettings {
    /// `text` is that of the document, which was found to be TOML.
    pub(super) fn parse(document: &Document<'_>) -> Result<Self, SettingsError> {
        let (path, text) = (document.path, document.text);
        toml::from_str(text).map_err(|error| not_valid(path, text, &error))
    }
}
