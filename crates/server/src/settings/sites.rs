//! Sites and their sign-in. The environment speaks of the site named `default`, and sets what the other
//! sites leave open.

use std::collections::BTreeMap;
use std::time::Duration;

use chatkitd_core::id::SiteName;
use chatkitd_core::identity::{Preset, RoleRule, VerifierSettings, Verifiers, clerk_issuer};
use chatkitd_core::limits::{Quota, SiteLimits};
use chatkitd_core::site::{Lifetimes, OriginPattern, Site};
use chatkitd_core::workflows;

use super::file::{FileLimits, FileSettings, FileSite};
use super::reader::Reader;
use super::{SettingsError, SignInSettings};

type SitesAndSignIn = (Vec<Site>, BTreeMap<SiteName, SignInSettings>);

pub(super) fn read(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
    has_query: bool,
    dev: bool,
) -> Result<SitesAndSignIn, SettingsError> {
    let defaults = read_defaults(reader, file)?;
    let mut in_file = std::mem::take(&mut file.sites);
    in_file.entry("default".to_owned()).or_default();
    let mut sites = Vec::new();
    let mut sign_in = BTreeMap::new();
    for (name, mut site) in in_file {
        let name = SiteName::parse(&name)
            .map_err(|error| SettingsError::invalid(format!("sites.{name}"), &name, error.to_string()))?;
        if name == SiteName::default_site() {
            from_environment(reader, &mut site, has_query, dev)?;
        }
        let how = read_sign_in(&name, &mut site)?;
        sites.push(build(name.clone(), site, &defaults, !how.verifiers.is_empty())?);
        sign_in.insert(name, how);
    }
    Ok((sites, sign_in))
}

struct Defaults {
    lifetimes: Lifetimes,
    limits: SiteLimits,
}

fn read_defaults(reader: &mut Reader<'_>, file: &mut FileSettings) -> Result<Defaults, SettingsError> {
    let mut lifetimes = Lifetimes::default();
    if let Some(text) = reader.text("CHATKITD_SESSION_TTL", "session_ttl", file.session_ttl.take()) {
        lifetimes.session = duration("CHATKITD_SESSION_TTL", &text)?;
        lifetimes.anonymous_session = lifetimes.session;
    }
    if let Some(text) = reader.text("CHATKITD_SECRET_TTL", "secret_ttl", file.secret_ttl.take()) {
        lifetimes.secret = duration("CHATKITD_SECRET_TTL", &text)?;
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
    Ok(Defaults { lifetimes, limits: over(&limits, SiteLimits::default()) })
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
    has_query: bool,
    dev: bool,
) -> Result<(), SettingsError> {
    site.origins = reader.list("CHATKIT_ALLOWED_ORIGINS", "sites.default.origins", site.origins.take());
    site.workflows = reader.list("CHATKIT_WORKFLOW_ID", "sites.default.workflows", site.workflows.take());
    if site.workflows.is_none() && dev {
        site.workflows = Some(vec![workflows::DEMO.to_owned(), workflows::ECHO.to_owned()]);
    }
    let anonymous = site.anonymous.map(|anonymous| anonymous.to_string());
    site.anonymous = reader.choice("CHATKITD_ANONYMOUS", "sites.default.anonymous", anonymous)?;
    if let Some(verifier) = verifier_from_environment(reader)? {
        site.verifiers.push(verifier);
    }
    if has_query && site.roles.is_none() {
        site.roles = Some(RoleRule::Query);
    }
    Ok(())
}

fn verifier_from_environment(reader: &mut Reader<'_>) -> Result<Option<VerifierSettings>, SettingsError> {
    let preset = reader.choice("CHATKITD_AUTH_PRESET", "", None)?;
    let issuer = reader.text("CHATKITD_AUTH_ISSUER", "", None);
    let hs256_secret = reader.secret("CHATKITD_AUTH_HS256_SECRET", "", None);
    let clerk = reader.text("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", "", None);
    let mut verifier = VerifierSettings {
        audience: reader.list("CHATKITD_AUTH_AUDIENCE", "", None).unwrap_or_default(),
        authorized_parties: reader.list("CHATKITD_AUTH_AUTHORIZED_PARTIES", "", None).unwrap_or_default(),
        jwks_url: reader.text("CHATKITD_AUTH_JWKS_URL", "", None),
        role_claim: reader.text("CHATKITD_AUTH_ROLE_CLAIM", "", None),
        hs256_secret,
        issuer,
        preset: preset.unwrap_or_default(),
        ..VerifierSettings::default()
    };
    if let (Some(key), None) = (&clerk, &verifier.issuer) {
        let issuer = clerk_issuer(key).map_err(|error| {
            SettingsError::invalid("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", key, error.to_string())
        })?;
        verifier.issuer = Some(issuer.to_string());
        verifier.preset = preset.unwrap_or(Preset::Clerk);
    }
    let asked = preset.is_some() || verifier.issuer.is_some() || verifier.hs256_secret.is_some();
    Ok(asked.then_some(verifier))
}

fn read_sign_in(name: &SiteName, site: &mut FileSite) -> Result<SignInSettings, SettingsError> {
    let verifiers = std::mem::take(&mut site.verifiers);
    Verifiers::new(&verifiers)
        .map_err(|error| SettingsError::SignIn { site: name.to_string(), reason: error.to_string() })?;
    Ok(SignInSettings {
        verifiers,
        roles: site.roles.unwrap_or_default(),
        allowed_roles: std::mem::take(&mut site.allowed_roles),
    })
}

fn build(name: SiteName, site: FileSite, defaults: &Defaults, signs_in: bool) -> Result<Site, SettingsError> {
    let key = |field: &str| format!("sites.{name}.{field}");
    site.configuration
        .check()
        .map_err(|error| SettingsError::invalid(key("configuration"), error.field, error.range))?;
    let mut lifetimes = defaults.lifetimes;
    for (field, text, target) in [
        ("session_ttl", &site.session_ttl, &mut lifetimes.session),
        ("anonymous_session_ttl", &site.anonymous_session_ttl, &mut lifetimes.anonymous_session),
        ("secret_ttl", &site.secret_ttl, &mut lifetimes.secret),
    ] {
        if let Some(text) = text {
            *target = duration(&key(field), text)?;
        }
    }
    let origins = site.origins.unwrap_or_default();
    let origins = origins.iter().map(|origin| OriginPattern::parse(origin)).collect::<Result<_, _>>();
    Ok(Site {
        origins: origins.map_err(|error| SettingsError::invalid(key("origins"), "", error.to_string()))?,
        workflows: site.workflows.unwrap_or_default(),
        anonymous: site.anonymous.unwrap_or(!signs_in),
        lifetimes,
        limits: over(&site.limits, defaults.limits),
        configuration: site.configuration,
        name,
    })
}

/// Seconds, or a number with `s`, `m`, `h` or `d`.
fn duration(name: &str, text: &str) -> Result<Duration, SettingsError> {
    let refuse = || SettingsError::invalid(name, text, "seconds, or a number with s, m, h or d, such as 30m");
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
