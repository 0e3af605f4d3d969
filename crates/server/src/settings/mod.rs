//! Settings: `chatkitd.toml` and the environment, which wins (design 4.4).
//!
//! Everything is read at start, and again at SIGHUP, through functions that are handed in, so that tests need neither
//! files nor an environment of their own. Each value that was read leaves a [`Fact`] behind, from which
//! `chatkitd config check` tells what is set and from where.

mod agents;
mod attachments;
mod check;
mod choices;
mod document;
mod error;
mod file;
mod openai;
mod providers;
mod reader;
mod restart;
mod sign_in;
mod sites;
mod source;
mod warnings;
mod workflows;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chatkitd_core::id::SiteName;
use chatkitd_core::identity::{RoleRule, VerifierSettings};
use chatkitd_core::site::Site;
use chatkitd_core::workflows::WorkflowCard;
use chatkitd_http::client_ip::TrustedProxies;
use chatkitd_store::RoleQuery;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use agents::{AgentSettings, NamedFile};
pub use attachments::{AttachmentSettings, AttachmentStorage, S3Keys, S3Settings};
pub use choices::{Durability, FailurePolicy, LimiterKind, LogFormat, PageSetting};
use document::Document;
pub use error::SettingsError;
use file::FileSettings;
pub use openai::OpenAi;
use openai::OpenAiKeys;
pub use providers::{ProviderSettings, Providers, TranscriptionSettings};
pub(crate) use reader::shown;
pub use reader::{Fact, Source};
use reader::{LookUp, Reader, Variable};
pub(crate) use source::SettingsOrigin;
pub use source::SourceError;

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
    /// Whether they are the key of `openai`, for want of a database and of `CHATKIT_SECRET`.
    pub(crate) signs_with_openai_key: bool,
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
    /// Where models are.
    pub providers: Providers,
    /// What answers for workflows, on every site that has nothing of its own for them.
    pub agents: BTreeMap<String, AgentSettings>,
    /// Files that visitors send.
    pub attachments: AttachmentSettings,
    /// What answers for workflows on one site only.
    pub site_agents: BTreeMap<SiteName, BTreeMap<String, AgentSettings>>,
    /// Who writes down what was said; `None`: nobody.
    pub transcription: Option<TranscriptionSettings>,
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
    pub otlp_endpoint: Option<Url>,
    /// What traces are from. Default `chatkitd`.
    pub otlp_service_name: String,
    /// Where they were read from, to be read again; `None`: not from this process's environment.
    pub(crate) origin: Option<SettingsOrigin>,
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

impl Database {
    /// Where it is, as a query on it is told.
    pub(crate) fn url(&self) -> Option<SecretString> {
        match self {
            Self::Postgres(url) => Some(url.clone()),
            Self::Sqlite(path) => Some(format!("sqlite://{}", path.display()).into()),
            Self::None => None,
        }
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
    /// The app's database; `None`: chatkitd's own.
    pub database_url: Option<SecretString>,
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
        Self::look_up(&|name| env(name).map(Variable::of_environment), file, dev)
    }

    fn look_up(env: LookUp<'_>, file: Option<(&Path, &str)>, dev: bool) -> Result<Self, SettingsError> {
        let document = file.map(|(path, text)| Document::parse(path, text)).transpose()?;
        let parsed = document.as_ref().map(FileSettings::parse).transpose()?.unwrap_or_default();
        let mut reader = Reader::new(env, document);
        let settings = Self::read(&mut reader, parsed, dev)?;
        check::refuse_own_address(&settings, &reader)?;
        check::refuse_placeholder(&settings)?;
        check::refuse_what_needs_more(&settings, &reader)?;
        check::refuse_shared_secret(&settings, &reader)?;
        Ok(Self { warnings: warnings::all(&settings, &reader), facts: reader.into_facts(), ..settings })
    }

    /// Where the database is where nobody says it.
    pub(crate) fn own_database(&self) -> PathBuf {
        own_database(&self.data_dir)
    }

    /// Where files are that visitors send, where nobody says it.
    pub(crate) fn own_files(&self) -> PathBuf {
        attachments::own_folder(&self.data_dir)
    }

    fn read(reader: &mut Reader<'_>, mut file: FileSettings, dev: bool) -> Result<Self, SettingsError> {
        let data_dir: PathBuf = reader
            .text("CHATKITD_DATA_DIR", "data_dir", file.data_dir.take())
            .unwrap_or("chatkitd-data".into())
            .into();
        let redis_url = read_redis_url(reader, &mut file)?;
        let database = read_database(reader, &mut file, &data_dir)?;
        let keys = OpenAiKeys::read(reader, &mut file)?;
        let openai = openai::read_hosted(reader, &mut file, &keys)?;
        let providers = providers::read(reader, &mut file, &keys)?;
        let transcription = providers::read_transcription(reader, &mut file, &providers)?;
        let workflows = workflows::read(reader, &mut file, &providers)?;
        let roles_query = read_roles_query(reader, &mut file, &database)?;
        let demo = sites::DemoSite::new(&workflows, dev);
        let (sites, sign_in) = sites::read(reader, &mut file, roles_query.is_some(), demo)?;
        let (secrets, signs_with_openai_key) = read_secrets(reader, &mut file, &database, openai.as_ref());
        Ok(Self {
            dev,
            attachments: attachments::read(reader, std::mem::take(&mut file.attachments), &data_dir)?,
            listen: read_listen(reader, &mut file)?,
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
            secrets,
            signs_with_openai_key,
            database,
            redis_url,
            openai,
            passthrough: openai::read_passthrough(reader, &file)?,
            sites,
            sign_in,
            roles_query,
            workflows: workflows.cards,
            providers,
            agents: workflows.agents,
            site_agents: workflows.site_agents,
            transcription,
            run_timeout: read_run_timeout(reader, &mut file)?,
            public_url: attachments::read_public_url(reader, file.public_url.take())?,
            proxies: read_proxies(reader, &mut file)?,
            page: reader.choice("CHATKITD_PAGE", "page", file.page.take())?.unwrap_or(PageSetting::Auto),
            log: reader.text("CHATKITD_LOG", "log", file.log.take()).unwrap_or_else(|| "info".to_owned()),
            log_format: reader
                .choice("CHATKITD_LOG_FORMAT", "log_format", file.log_format.take())?
                .unwrap_or(if dev { LogFormat::Text } else { LogFormat::Json }),
            shutdown_grace: read_shutdown_grace(reader, &mut file)?,
            otlp_endpoint: read_otlp_endpoint(reader, &mut file)?,
            otlp_service_name: read_otlp_service_name(reader, &mut file),
            origin: None,
            facts: Vec::new(),
            warnings: Vec::new(),
        })
    }
}

/// Where the database is where nobody says it.
fn own_database(data_dir: &Path) -> PathBuf {
    data_dir.join("chatkitd.db")
}

fn read_listen(reader: &mut Reader<'_>, file: &mut FileSettings) -> Result<SocketAddr, SettingsError> {
    let expected = "an address and port such as 127.0.0.1:8787";
    let set = reader.parsed("CHATKITD_LISTEN", "listen", file.listen.take(), expected)?;
    Ok(set.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8787))))
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
                "admin_listen",
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
        return Ok(Database::Sqlite(own_database(data_dir)));
    };
    let text = url.expose_secret();
    if text == "none" {
        return Ok(Database::None);
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Ok(Database::Postgres(url));
    }
    sqlite_file(text).map(|path| Database::Sqlite(path.into())).ok_or_else(|| {
        // The value may hold a password, so it is not shown.
        reader.invalid(
            "CHATKITD_DATABASE_URL",
            "database_url",
            "…",
            "sqlite:///path/to/file, postgres://user:password@host/name, or none",
        )
    })
}

/// The file of a SQLite URL. What sqlx knows besides would be part of the file's name: a database in memory, which
/// each connection has for itself, and modes, of which only the one that chatkitd has anyway is taken.
fn sqlite_file(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    let path = path.strip_suffix("?mode=rwc").unwrap_or(path);
    (!path.is_empty() && path != ":memory:" && !path.contains('?')).then_some(path)
}

fn read_redis_url(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
) -> Result<Option<SecretString>, SettingsError> {
    let url = reader.secret("CHATKITD_REDIS_URL", "redis_url", file.redis_url.take());
    if url.as_ref().is_none_or(|url| redis::Client::open(url.expose_secret()).is_ok()) {
        return Ok(url);
    }
    // The value may hold a password, so it is not shown.
    let expected = "an address such as redis://host:6379 or rediss://user:password@host:6379";
    Err(reader.invalid("CHATKITD_REDIS_URL", "redis_url", "…", expected))
}

/// Keys derive from `CHATKIT_SECRET`; without a database and without that, from the `OpenAI` key, since
/// there is no folder to keep a generated one in (design 4.4). Also returns whether they do the latter.
fn read_secrets(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
    database: &Database,
    openai: Option<&OpenAi>,
) -> (Vec<SecretString>, bool) {
    if let Some(list) = reader.secret("CHATKIT_SECRET", "secret", file.secret.take()) {
        let list = list.expose_secret().split(',').map(str::trim);
        return (list.filter(|secret| !secret.is_empty()).map(SecretString::from).collect(), false);
    }
    let key = openai.and_then(|openai| openai.key.clone()).filter(|_| matches!(database, Database::None));
    let signs_with_it = key.is_some();
    (key.into_iter().collect(), signs_with_it)
}

fn read_roles_query(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
    database: &Database,
) -> Result<Option<RolesQuery>, SettingsError> {
    let Some(query) = reader.text("CHATKITD_ROLES_QUERY", "roles.query", file.roles.query.take()) else {
        return Ok(None);
    };
    let (name, key) = ("CHATKITD_ROLES_DATABASE_URL", "roles.database_url");
    let database_url = reader.secret(name, key, file.roles.database_url.take());
    if database_url.as_ref().is_some_and(|url| RoleQuery::check_url(url.expose_secret()).is_err()) {
        // The value may hold a password, so it is not shown.
        let expected = "postgres://user:password@host/name, or sqlite:///path/to/file";
        return Err(reader.invalid(name, key, "…", expected));
    }
    // To go on without asking would let everybody in whom the table does not know.
    if database_url.is_none() && matches!(database, Database::None) {
        return Err(SettingsError::Needs {
            setting: reader.setting("CHATKITD_ROLES_QUERY", "roles.query"),
            needs: "CHATKITD_ROLES_DATABASE_URL, the database that holds the users table",
        });
    }
    Ok(Some(RolesQuery { database_url, query }))
}

fn read_proxies(reader: &mut Reader<'_>, file: &mut FileSettings) -> Result<TrustedProxies, SettingsError> {
    let listed = file.trusted_proxies.take().map(|list| list.join(","));
    let list = reader.text("CHATKITD_TRUSTED_PROXIES", "trusted_proxies", listed).unwrap_or_default();
    TrustedProxies::parse(&list).map_err(|error| {
        SettingsError::refused(reader.setting("CHATKITD_TRUSTED_PROXIES", "trusted_proxies"), error)
    })
}

fn read_otlp_endpoint(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
) -> Result<Option<Url>, SettingsError> {
    let (name, key) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "otlp_endpoint");
    reader.url(name, key, file.otlp_endpoint.take(), "http://collector.example:4318")
}

fn read_otlp_service_name(reader: &mut Reader<'_>, file: &mut FileSettings) -> String {
    let set = reader.text("OTEL_SERVICE_NAME", "otlp_service_name", file.otlp_service_name.take());
    set.unwrap_or_else(|| "chatkitd".to_owned())
}

fn read_shutdown_grace(reader: &mut Reader<'_>, file: &mut FileSettings) -> Result<Duration, SettingsError> {
    let in_file = file.shutdown_grace.take();
    let set = read_duration(reader, "CHATKITD_SHUTDOWN_GRACE", "shutdown_grace", in_file)?;
    Ok(set.unwrap_or(Duration::from_secs(30)))
}

fn read_run_timeout(reader: &mut Reader<'_>, file: &mut FileSettings) -> Result<Duration, SettingsError> {
    let set = read_duration(reader, "CHATKITD_RUN_TIMEOUT", "run_timeout", file.run_timeout.take())?;
    Ok(set.unwrap_or(Duration::from_secs(600)))
}

fn read_duration(
    reader: &mut Reader<'_>,
    name: &str,
    key: &str,
    in_file: Option<String>,
) -> Result<Option<Duration>, SettingsError> {
    let Some(text) = reader.text(name, key, in_file) else { return Ok(None) };
    duration(reader.setting(name, key), &text).map(Some)
}

/// Seconds, or a number with `s`, `m`, `h` or `d`.
fn duration(setting: Source, text: &str) -> Result<Duration, SettingsError> {
    let expected = "seconds, or a number with s, m, h or d, such as 30m";
    let refuse = || SettingsError::invalid(setting.clone(), text, expected);
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
