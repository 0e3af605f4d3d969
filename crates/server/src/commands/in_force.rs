//! What is in force, as `config check` tells it.

use std::time::Duration;

use chatkitd_core::identity::{Preset, RoleRule, VerifierSettings};
use chatkitd_core::limits::Quota;
use chatkitd_core::site::Site;
use url::Url;

use crate::answerers::who_transcribes;
use crate::masking::bare_url;
use crate::settings::{Database, OpenAi, Settings, SignInSettings, shown};

pub(super) fn lines(settings: &Settings) -> Vec<String> {
    let database = match &settings.database {
        Database::Sqlite(path) => format!("SQLite in {}", path.display()),
        Database::Postgres(_) => "PostgreSQL".to_owned(),
        Database::None => "none".to_owned(),
    };
    let admin = settings.admin_listen.map_or_else(|| "off".to_owned(), |address| address.to_string());
    let upstream = settings.openai.as_ref().map_or_else(|| "none".to_owned(), OpenAi::shown_base);
    let mut lines = vec![
        format!("listens on {}, operators on {admin}", settings.listen),
        format!("database: {database}"),
        format!("hosted upstream: {upstream}"),
        format!("attachments: {}", settings.attachments.storage.shown()),
        format!("limiter: {:?}", settings.limiter).to_lowercase(),
        format!("an answer may take {}", duration(settings.run_timeout)),
    ];
    lines.extend(who_transcribes(settings).map(|words| format!("transcription: {words}")));
    for site in &settings.sites {
        let sign_in = settings.sign_in.get(&site.name);
        let told = of_site(site).into_iter().chain(sign_in.into_iter().flat_map(of_sign_in));
        lines.extend(told.map(|line| format!("site {}, {line}", site.name)));
    }
    lines
}

fn of_site(site: &Site) -> Vec<String> {
    let origins: Vec<_> = site.origins.iter().map(ToString::to_string).collect();
    let sign_in = if site.anonymous { "not required" } else { "required" };
    let (lasts, limits) = (&site.lifetimes, &site.limits);
    let quota =
        |quota: Option<Quota>| quota.map_or_else(|| "none".to_owned(), |quota| quota.limit.to_string());
    let of_secret = site.max_requests_per_1_minute.map(|most| format!("; each session {most}"));
    vec![
        format!("workflows: {}", list(&site.workflows)),
        format!("origins: {}", if origins.is_empty() { "any".to_owned() } else { list(&origins) }),
        format!("sign-in: {sign_in}"),
        format!(
            "lifetimes: session {}, anonymous {}, secret {}",
            duration(lasts.session),
            duration(lasts.anonymous_session),
            duration(lasts.secret)
        ),
        format!(
            "limits a minute: anonymous {}, user {}, session {}, site {}{}",
            quota(limits.anonymous),
            quota(limits.user),
            quota(limits.session),
            quota(limits.site),
            of_secret.unwrap_or_default()
        ),
    ]
}

fn of_sign_in(how: &SignInSettings) -> Vec<String> {
    let verifiers = how.verifiers.iter().enumerate();
    let mut lines: Vec<_> =
        verifiers.map(|(at, verifier)| format!("verifier {}: {}", at + 1, of_verifier(verifier))).collect();
    let allowed = if how.allowed_roles.is_empty() { "all".to_owned() } else { list(&how.allowed_roles) };
    lines.push(match how.roles {
        RoleRule::None => "roles: none".to_owned(),
        RoleRule::Claim => format!("roles: by claim, allowed {allowed}"),
        RoleRule::Query => format!("roles: by query, allowed {allowed}"),
    });
    lines
}

fn of_verifier(verifier: &VerifierSettings) -> String {
    let preset = match verifier.preset {
        Preset::None => None,
        Preset::Clerk => Some("clerk"),
        Preset::Supabase => Some("supabase"),
        Preset::Auth0 => Some("auth0"),
    };
    let some =
        |name: &str, values: &[String]| (!values.is_empty()).then(|| format!("{name} {}", list(values)));
    let parts = [
        preset.map(str::to_owned),
        verifier.issuer.as_deref().map(|issuer| format!("issuer {}", shown(issuer))),
        verifier.jwks_url.as_deref().map(|url| format!("keys at {}", keys_address(url))),
        verifier.hs256_secret.as_ref().map(|_| "HS256 with a key of the app's own (masked)".to_owned()),
        verifier.algorithms.as_ref().map(|algorithms| format!("algorithms {algorithms:?}")),
        some("audience", &verifier.audience),
        some("authorized parties", &verifier.authorized_parties),
        Some(format!("user {}{{{}}}", verifier.prefix, verifier.user_claim)),
        verifier.role_claim.as_ref().map(|claim| format!("role {{{claim}}}")),
        Some(format!("clocks may differ by {}", duration(Duration::from_secs(verifier.leeway_seconds)))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Some issuers want a key of their own in the address.
fn keys_address(text: &str) -> String {
    Url::parse(text).map_or_else(|_| text.to_owned(), |url| bare_url(&url))
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.join(", "))
}

/// As it is written in the settings.
fn duration(duration: Duration) -> String {
    match duration.as_secs() {
        hours if hours % 3600 == 0 && hours > 0 => format!("{}h", hours / 3600),
        minutes if minutes % 60 == 0 && minutes > 0 => format!("{}m", minutes / 60),
        seconds => format!("{seconds}s"),
    }
}
