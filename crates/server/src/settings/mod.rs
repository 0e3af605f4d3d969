//! Settings: `chatkitd.toml` and the environment, which wins (design 4.4).
//!
//! Everything is read once, at start, through functions that are handed in, so that tests need neither
//! files nor an environment of their own. Each value that was read leaves a [`Fact`] behind, from which
//! `chatkitd config check` tells what is set and from where.

mod attachments;
mod check;
mod choices;
mod error;
mod file;
mod reader;
mod sites;
mod source;
mod workflows;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chatkitd_core::id::SiteName;
use chatkitd_core::identity::{RoleRule, VerifierSettings};
use chatkitd_core::site::Site;
use chatkitd_core::workflows::WorkflowCard;
use chatkitd_http::client_ip::TrustedProxies;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use attachments::{AttachmentSettings, AttachmentStorage, S3Keys, S3Settings};
pub use choices::{Durability, FailurePolicy, LimiterKind, LogFormat, PageSetting};
pub use error::SettingsError;
pub use file::FileSettings;
pub use reader::{Fact, Source};
use reader::{Reader, without_password};
pub use source::SourceError;
pub use workflows::AgentSettings;
use workflows::WorkflowSettings;

/// Where `OpenAI` is when nothing else is said.
const OPENAI: &str = "https://api.openai.com/v1";
/// The secret that the seed's documentation shows (seed 003).
const PLACEHOLDER_SECRET: &str = "your-secret-key-here";

/// Everything a server is told.
#[derive(Debug)]
pub struct Settings {
    /// Whether this is `serve --dev`.
    pub dev: bool,
    /// Where the server listens. Default `127.0.0.1:8787`.
    pub listen: SocketAddr,
    /// Where operators listen (`/metrics`). Default `127.0.0.1:8788`; `off` for none.
    pub admin_listen: Option<SocketAddr>,
    /// Where the database and the generated secret lie. Default `chatkitd-data`.
    pub data_dir: PathBuf,
    /// Where sessions are kept.
    pub database: Database,
    /// What a write to SQLite survives. Default `normal`: the process; `full`: the machine.
    pub durability: Durability,
    /// A Redis that several nodes share.
    pub redis_url: Option<SecretString>,
    /// Where requests are counted. Default: Redis where one is set, else memory.
    pub limiter: LimiterKind,
    /// What happens when the shared limiter cannot be asked. Default `open`.
    pub limiter_on_failure: FailurePolicy,
    /// The signing secrets, the newest first. Empty: one is made in the data folder.
    pub secrets: Vec<SecretString>,
    /// The hosted upstream, where a key is set.
    pub openai: Option<OpenAi>,
    /// Whether other calls of `OpenAI`'s API are forwarded there with that key. Default no.
    pub passthrough: bool,
    /// The sites.
    pub sites: Vec<Site>,
    /// How each site signs its users in.
    pub sign_in: BTreeMap<SiteName, SignInSettings>,
    /// The query on the app's own users table.
    pub roles_query: Option<RolesQuery>,
    /// What operators say of workflows.
    pub workflows: BTreeMap<String, WorkflowCard>,
    /// What answers for workflows that the file defines.
    pub agents: BTreeMap<String, AgentSettings>,
    /// Files that visitors send.
    pub attachments: AttachmentSettings,
    /// How long one answer may take. Default 10 minutes.
    pub run_timeout: Duration,
    /// What addresses that are handed out begin with. Default: what a request was sent to.
    pub public_url: Option<Url>,
    /// Whose word on a client's address counts.
    pub proxies: TrustedProxies,
    /// Whether there is a page at `/`.
    pub page: PageSetting,
    /// What is logged. Default `info`, the syntax of `tracing-subscriber`'s `EnvFilter`.
    pub log: String,
    /// How it is logged. Default `json`; `text` under `--dev`.
    pub log_format: LogFormat,
    /// How long requests in flight may take after the server was told to stop. Default 30 s.
    pub shutdown_grace: Duration,
    /// Where traces go (OTLP over HTTP). Default: nowhere.
    pub otlp_endpoint: Option<String>,
    /// What was read, and from where.
    pub facts: Vec<Fact>,
    /// What works and should be changed.
    pub warnings: Vec<String>,
}

/// Where sessions are kept.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(SecretString),
    /// Nowhere: hosted sessions are brokered, and nothing is remembered.
    None,
}

/// The hosted upstream.
#[derive(Clone, Debug)]
pub struct OpenAi {
    /// `OPENAI_API_KEY`.
    pub key: SecretString,
    /// `CHATKIT_API_BASE`, else `OPENAI_BASE_URL`, else `OpenAI`; ends in `/v1`.
    pub base: Url,
    /// How many requests are under way at once. Default 64.
    pub concurrency: usize,
}

impl OpenAi {
    /// The address, without a user and password that it may carry.
    pub fn shown_base(&self) -> String {
        without_password(self.base.as_str())
    }
}

/// How a site signs its users in.
#[derive(Clone, Debug, Default)]
pub struct SignInSettings {
    /// Whose tokens count.
    pub verifiers: Vec<VerifierSettings>,
    /// Where roles come from.
    pub roles: RoleRule,
    /// Which roles are let in; empty: all.
    pub allowed_roles: Vec<String>,
}

/// A query on the app's own users table (seed 004).
#[derive(Clone, Debug)]
pub struct RolesQuery {
    /// The app's database.
    pub database_url: SecretString,
    /// One parameter, the user's id; the first column of the first row is the role.
    pub query: String,
}

impl Settings {
    /// Reads the settings: `env` looks a variable up, `file` is the path and text of `chatkitd.toml`.
    pub fn load(
        env: &dyn Fn(&str) -> Option<String>,
        file: Option<(&Path, &str)>,
        dev: bool,
    ) -> Result<Self, SettingsError> {
        let (mut parsed, path) = match file {
            Some((path, text)) => (FileSettings::parse(path, text)?, Some(path)),
            None => (FileSettings::default(), None),
        };
        let mut reader = Reader::new(env, path);
        let workflows = workflows::read(std::mem::take(&mut parsed.workflows), file)?;
        let settings = Self::read(&mut reader, parsed, workflows, dev)?;
        check::refuse_own_address(&settings, env)?;
        check::refuse_placeholder(&settings)?;
        check::refuse_what_needs_more(&settings)?;
        check::refuse_shared_secret(&settings)?;
        Ok(Self { warnings: check::warnings(&settings), facts: reader.into_facts(), ..settings })
    }

    fn read(
        reader: &mut Reader<'_>,
        mut file: FileSettings,
        workflows: WorkflowSettings,
        dev: bool,
    ) -> Result<Self, SettingsError> {
        let data_dir: PathBuf = reader
            .text("CHATKITD_DATA_DIR", "data_dir", file.data_dir.take())
            .unwrap_or("chatkitd-data".into())
            .into();
        let redis_url = reader.secret("CHATKITD_REDIS_URL", "redis_url", file.redis_url.take());
        let database = read_database(reader, &mut file, &data_dir)?;
        let openai = read_openai(reader, &mut file)?;
        let roles_query = read_roles_query(reader, &mut file, &database)?;
        let (sites, sign_in) = sites::read(reader, &mut file, roles_query.is_some(), dev)?;
        let attachments = attachments::read(reader, std::mem::take(&mut file.attachments), &data_dir)?;
        Ok(Self {
            dev,
            attachments,
            listen: reader
                .parsed(
                    "CHATKITD_LISTEN",
                    "listen",
                    file.listen.take(),
                    "an address and port such as 127.0.0.1:8787",
                )?
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8787))),
            admin_listen: read_admin_listen(reader, &mut file)?,
            data_dir,
            durability: reader
                .choice("CHATKITD_DURABILITY", "durability", file.durability.take())?
                .unwrap_or(Durability::Normal),
            limiter: reader
                .choice("CHATKITD_LIMITER", "limiter", file.limiter.take())?
                .unwrap_or(if redis_url.is_some() { LimiterKind::Redis } else { LimiterKind::Memory }),
            limiter_on_failure: reader
                .choice("CHATKITD_LIMITER_ON_FAILURE", "limiter_on_failure", file.limiter_on_failure.take())?
                .unwrap_or(FailurePolicy::Open),
            secrets: read_secrets(reader, &mut file, &database, openai.as_ref()),
            database,
            redis_url,
            openai,
            passthrough: reader
                .choice("CHATKITD_PASSTHROUGH", "passthrough", file.passthrough.map(|on| on.to_string()))?
                .unwrap_or(false),
            sites,
            sign_in,
            roles_query,
            workflows: workflows.cards,
            agents: workflows.agents,
            run_timeout: read_run_timeout(reader, &mut file)?,
            public_url: attachments::read_public_url(reader, file.public_url.take())?,
            proxies: read_proxies(reader, &mut file)?,
            page: reader.choice("CHATKITD_PAGE", "page", file.page.take())?.unwrap_or(PageSetting::Auto),
            log: reader.text("CHATKITD_LOG", "log", file.log.take()).unwrap_or_else(|| "info".to_owned()),
            log_format: reader
                .choice("CHATKITD_LOG_FORMAT", "log_format", file.log_format.take())?
                .unwrap_or(if dev { LogFormat::Text } else { LogFormat::Json }),
            shutdown_grace: read_shutdown_grace(reader, &mut file)?,
            otlp_endpoint: reader.text(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "otlp_endpoint",
                file.otlp_endpoint.take(),
            ),
            facts: Vec::new(),
            warnings: Vec::new(),
        })
    }
}

fn read_admin_listen(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
) -> Result<Option<SocketAddr>, SettingsError> {
    let text = reader.text("CHATKITD_ADMIN_LISTEN", "admin_listen", file.admin_listen.take());
    match text.as_deref() {
        None => Ok(Some(SocketAddr::from(([127, 0, 0, 1], 8788)))),
        Some("off") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            reader.invalid(
                "CHATKITD_ADMIN_LISTEN",
                text,
                "an address and port such as 127.0.0.1:8788, or off",
            )
        }),
    }
}

fn read_database(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
    data_dir: &Path,
) -> Result<Database, SettingsError> {
    let Some(url) = reader.secret("CHATKITD_DATABASE_URL", "database_url", file.database_url.take()) else {
        return Ok(Database::Sqlite(data_dir.join("chatkitd.db")));
    };
    let text = url.expose_secret();
    if text == "none" {
        return Ok(Database::None);
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Ok(Database::Postgres(url));
    }
    let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:"));
    path.filter(|path| !path.is_empty()).map(|path| Database::Sqlite(path.into())).ok_or_else(|| {
        // The value may hold a password, so it is not shown.
        reader.invalid(
            "CHATKITD_DATABASE_URL",
            "…",
            "sqlite:///path/to/file, postgres://user:password@host/name, or none",
        )
    })
}

fn read_openai(reader: &mut Reader<'_>, file: &mut FileSettings) -> Result<Option<OpenAi>, SettingsError> {
    let key = reader.secret("OPENAI_API_KEY", "openai_api_key", file.openai_api_key.take());
    let base = reader
        .text("CHATKIT_API_BASE", "api_base", file.api_base.take())
        .map(|base| ("CHATKIT_API_BASE", base))
        .or_else(|| reader.text("OPENAI_BASE_URL", "", None).map(|base| ("OPENAI_BASE_URL", base)))
        .unwrap_or(("CHATKIT_API_BASE", OPENAI.to_owned()));
    let concurrency = reader
        .parsed::<NonZeroUsize>(
            "CHATKITD_UPSTREAM_CONCURRENCY",
            "upstream_concurrency",
            file.upstream_concurrency.map(|n| n.to_string()),
            "a number of requests, at least 1",
        )?
        .map_or(64, NonZeroUsize::get);
    let (name, text) = base;
    let valid =
        Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    let base =
        valid.ok_or_else(|| reader.invalid(name, &text, "an address such as https://api.openai.com/v1"))?;
    Ok(key.map(|key| OpenAi { key, base, concurrency }))
}

/// Keys derive from `CHATKIT_SECRET`; without a database and without that, from the `OpenAI` key, since
/// there is no folder to keep a generated one in (design 4.4).
fn read_secrets(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
    database: &Database,
    openai: Option<&OpenAi>,
) -> Vec<SecretString> {
    let list = reader.secret("CHATKIT_SECRET", "secret", file.secret.take());
    match (list, database, openai) {
        (Some(list), _, _) => list
            .expose_secret()
            .split(',')
            .map(str::trim)
            .filter(|secret| !secret.is_empty())
            .map(SecretString::from)
            .collect(),
        (None, Database::None, Some(openai)) => vec![openai.key.clone()],
        _ => Vec::new(),
    }
}

fn read_roles_query(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
    database: &Database,
) -> Result<Option<RolesQuery>, SettingsError> {
    let Some(query) = reader.text("CHATKITD_ROLES_QUERY", "roles.query", file.roles.query.take()) else {
        return Ok(None);
    };
    let own = match database {
        Database::Postgres(url) => Some(url.clone()),
        Database::Sqlite(path) => Some(format!("sqlite://{}", path.display()).into()),
        Database::None => None,
    };
    let url =
        reader.secret("CHATKITD_ROLES_DATABASE_URL", "roles.database_url", file.roles.database_url.take());
    // To go on without asking would let everybody in whom the table does not know.
    let database_url = url.or(own).ok_or(SettingsError::Needs {
        name: "CHATKITD_ROLES_QUERY",
        needs: "CHATKITD_ROLES_DATABASE_URL, the database that holds the users table",
    })?;
    Ok(Some(RolesQuery { database_url, query }))
}

fn read_proxies(reader: &mut Reader<'_>, file: &mut FileSettings) -> Result<TrustedProxies, SettingsError> {
    let listed = file.trusted_proxies.take().map(|list| list.join(","));
    let list = reader.text("CHATKITD_TRUSTED_PROXIES", "trusted_proxies", listed).unwrap_or_default();
    TrustedProxies::parse(&list)
        .map_err(|error| reader.invalid("CHATKITD_TRUSTED_PROXIES", &list, error.to_string()))
}

fn read_shutdown_grace(reader: &mut Reader<'_>, file: &mut FileSettings) -> Result<Duration, SettingsError> {
    let text = reader.text("CHATKITD_SHUTDOWN_GRACE", "shutdown_grace", file.shutdown_grace.take());
    text.map_or(Ok(Duration::from_secs(30)), |text| duration(reader, "CHATKITD_SHUTDOWN_GRACE", &text))
}

fn read_run_timeout(reader: &mut Reader<'_>, file: &mut FileSettings) -> Result<Duration, SettingsError> {
    let text = reader.text("CHATKITD_RUN_TIMEOUT", "run_timeout", file.run_timeout.take());
    text.map_or(Ok(Duration::from_secs(600)), |text| duration(reader, "CHATKITD_RUN_TIMEOUT", &text))
}

/// Seconds, or a number with `s`, `m`, `h` or `d`.
fn duration(reader: &Reader<'_>, name: &str, text: &str) -> Result<Duration, SettingsError> {
    let refuse = || reader.invalid(name, text, "seconds, or a number with s, m, h or d, such as 30m");
    let digits = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return Err(refuse()),
    };
    let seconds =
        digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit)).filter(|seconds| *seconds > 0);
    seconds.map(Duration::from_secs).ok_or_else(refuse)
}

#[cfg(test)]
mod tests;
