//! Sites. The environment speaks of the site named `default`, and sets what the other
//! sites leave open.

use std::collections::BTreeMap;

use chatkitd_core::attachments::AllowedTypes;
use chatkitd_core::id::SiteName;
use chatkitd_core::limits::{Quota, SiteLimits};
use chatkitd_core::site::{FileUpload, Lifetimes, OriginPattern, Site};
use chatkitd_core::workflows::{DEMO, ECHO, MODEL};

use super::attachments::{allowed_types, read_types};
use super::file::{FileLimits, FileSettings, FileSite};
use super::reader::Reader;
use super::workflows::WorkflowSettings;
use super::{SettingsError, SignInSettings, Source, duration, read_duration, sign_in, workflows};

type SitesAndSignIn = (Vec<Site>, BTreeMap<SiteName, SignInSettings>);

pub(super) fn read(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
    has_query: bool,
    demo: DemoSite,
) -> Result<SitesAndSignIn, SettingsError> {
    let defaults = read_defaults(reader, file)?;
    let mut in_file = std::mem::take(&mut file.sites);
    in_file.entry("default".to_owned()).or_default();
    let mut sites = Vec::new();
    let mut signs_in = BTreeMap::new();
    for (name, mut site) in in_file {
        let name = site_name(reader, &name)?;
        if name == SiteName::default_site() {
            from_environment(reader, &mut site, &demo)?;
        }
        let how = sign_in::read(reader, &name, &mut site, has_query)?;
        sites.push(build(reader, name.clone(), site, &defaults, !how.verifiers.is_empty())?);
        signs_in.insert(name, how);
    }
    Ok((sites, signs_in))
}

struct Defaults {
    lifetimes: Lifetimes,
    limits: SiteLimits,
    file_types: AllowedTypes,
}

fn read_defaults(reader: &mut Reader<'_>, file: &mut FileSettings) -> Result<Defaults, SettingsError> {
    let mut lifetimes = Lifetimes::default();
    let in_file = file.session_ttl.take();
    if let Some(session) = read_duration(reader, "CHATKITD_SESSION_TTL", "session_ttl", in_file)? {
        lifetimes.session = session;
        lifetimes.anonymous_session = session;
    }
    let in_file = file.secret_ttl.take();
    if let Some(secret) = read_duration(reader, "CHATKITD_SECRET_TTL", "secret_ttl", in_file)? {
        lifetimes.secret = secret;
    }
    let mut limit = |name: &str, key: &str, in_file: Option<u32>| {
        reader.parsed::<u32>(name, key, in_file.map(|n| n.to_string()), "requests a minute, 0 for no limit")
    };
    let limits = FileLimits {
        anonymous: limit("CHATKITD_LIMIT_ANONYMOUS", "limits.anonymous", file.limits.anonymous)?,
        user: limit("CHATKITD_LIMIT_USER", "limits.user", file.limits.user)?,
        session: limit("CHATKITD_LIMIT_SESSION", "limits.session", file.limits.session)?,
        site: limit("CHATKITD_LIMIT_SITE", "limits.site", file.limits.site)?,
    };
    let file_types = read_types(reader, &mut file.attachments)?;
    Ok(Defaults { lifetimes, limits: over(&limits, SiteLimits::default()), file_types })
}

fn over(set: &FileLimits, base: SiteLimits) -> SiteLimits {
    let one = |set: Option<u32>, base: Option<Quota>| match set {
        None => base,
        Some(0) => None,
        Some(limit) => Some(Quota::per_minute(limit)),
    };
    SiteLimits {
        anonymous: one(set.anonymous, base.anonymous),
        user: one(set.user, base.user),
        session: one(set.session, base.session),
        site: one(set.site, base.site),
    }
}

/// What the seeds' own variables and `CHATKITD_AUTH_*` say of the default site.
fn from_environment(
    reader: &mut Reader<'_>,
    site: &mut FileSite,
    demo: &DemoSite,
) -> Result<(), SettingsError> {
    site.origins = reader.list("CHATKIT_ALLOWED_ORIGINS", "sites.default.origins", site.origins.take());
    site.workflows = reader.list("CHATKIT_WORKFLOW_ID", "sites.default.workflows", site.workflows.take());
    if site.workflows.is_none() {
        site.workflows = Some(demo.workflows.clone());
        if site.configuration.file_upload.is_none() {
            site.configuration.file_upload.clone_from(&demo.file_upload);
        }
    }
    let anonymous = site.anonymous.map(|anonymous| anonymous.to_string());
    site.anonymous = reader.choice("CHATKITD_ANONYMOUS", "sites.default.anonymous", anonymous)?;
    site.verifiers.extend(sign_in::from_environment(reader)?);
    Ok(())
}

fn build(
    reader: &Reader<'_>,
    name: SiteName,
    site: FileSite,
    defaults: &Defaults,
    signs_in: bool,
) -> Result<Site, SettingsError> {
    let key = |field: &str| reader.key(&format!("sites.{name}.{field}"));
    site.configuration.check().map_err(|error| {
        let field = key(&format!("configuration.{}", error.field));
        SettingsError::refused(field, format!("it must be {}", error.range))
    })?;
    let mut lifetimes = defaults.lifetimes;
    for (field, text, target) in [
        ("session_ttl", &site.session_ttl, &mut lifetimes.session),
        ("anonymous_session_ttl", &site.anonymous_session_ttl, &mut lifetimes.anonymous_session),
        ("secret_ttl", &site.secret_ttl, &mut lifetimes.secret),
    ] {
        if let Some(text) = text {
            *target = duration(key(field), text)?;
        }
    }
    let setting = |variable, field| site_setting(reader, &name, variable, field);
    let origins = origins(&setting("CHATKIT_ALLOWED_ORIGINS", "origins"), &site.origins.unwrap_or_default())?;
    let workflows = site.workflows.unwrap_or_default();
    for id in &workflows {
        workflows::check_id(setting("CHATKIT_WORKFLOW_ID", "workflows"), id)?;
    }
    let file_types = match &site.file_types {
        Some(types) => allowed_types(key("file_types"), types)?,
        None => defaults.file_types.clone(),
    };
    Ok(Site {
        origins,
        workflows,
        anonymous: site.anonymous.unwrap_or(!signs_in),
        lifetimes,
        limits: over(&site.limits, defaults.limits),
        max_requests_per_1_minute: site.max_requests_per_1_minute,
        configuration: site.configuration,
        file_types,
        name,
    })
}

/// Only the default site's are set by the environment, too.
fn site_setting(reader: &Reader<'_>, site: &SiteName, variable: &str, field: &str) -> Source {
    let is_default = *site == SiteName::default_site();
    reader.setting(if is_default { variable } else { "" }, &format!("sites.{site}.{field}"))
}

fn origins(setting: &Source, listed: &[String]) -> Result<Vec<OriginPattern>, SettingsError> {
    let refuse = |error| SettingsError::refused(setting.clone(), error);
    listed.iter().map(|origin| OriginPattern::parse(origin).map_err(refuse)).collect()
}

pub(super) fn site_name(reader: &Reader<'_>, name: &str) -> Result<SiteName, SettingsError> {
    SiteName::parse(name).map_err(|error| SettingsError::refused(reader.key(&format!("sites.{name}")), error))
}

/// What the default site offers where nobody chose.
pub(super) struct DemoSite {
    workflows: Vec<String>,
    file_upload: Option<FileUpload>,
}

/// Megabytes of one file, and files of one message, that the guided tour takes.
const DEMO_UPLOAD: FileUpload =
    FileUpload { enabled: Some(true), max_file_size: Some(20), max_files: Some(5) };

impl DemoSite {
    /// The model that the settings name, and under `--dev` what the page at `/` shows.
    pub(super) fn new(read: &WorkflowSettings, dev: bool) -> Self {
        let model = read.agents.contains_key(MODEL).then_some(MODEL);
        let demos = [DEMO, ECHO];
        let offered = model.into_iter().chain(demos.into_iter().filter(|_| dev));
        Self { workflows: offered.map(str::to_owned).collect(), file_upload: dev.then_some(DEMO_UPLOAD) }
    }
}
