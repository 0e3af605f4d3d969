//! What works and should be changed.

use std::sync::Arc;

use chatkitd_core::id::SiteName;
use chatkitd_core::site::{Site, SiteSetting};
use secrecy::ExposeSecret;
use url::{Host, Url};

use super::reader::{Reader, without_password};
use super::{AttachmentStorage, Database, LimiterKind, ProviderSettings, Settings, sign_in};
use crate::masking::masked;
use crate::public_address::may_be_public;
use crate::secret_file;

/// Nothing in it is secret.
pub(super) fn all(settings: &Settings, reader: &Reader<'_>) -> Vec<String> {
    let groups = [
        of_secrets(settings),
        of_plain_http(settings),
        of_sites(settings),
        sign_in::warnings_of_environment(reader, is_open(settings)),
        of_the_database(settings),
    ];
    groups.into_iter().flatten().map(|warning| masked(&warning)).collect()
}

fn of_secrets(settings: &Settings) -> Vec<String> {
    let mut warnings = Vec::new();
    if settings.secrets.iter().any(|secret| secret.expose_secret().len() < 32) {
        warnings
            .push("CHATKIT_SECRET is shorter than 32 bytes and may be guessed; use a longer one".to_owned());
    }
    if settings.secrets.is_empty() {
        let file = secret_file::path(&settings.data_dir);
        warnings.push(format!(
            "CHATKIT_SECRET is not set; a secret is kept in {}, which other nodes do not have",
            file.display()
        ));
    }
    if settings.signs_with_openai_key {
        warnings.push(
            "CHATKIT_SECRET is not set, so OPENAI_API_KEY signs device cookies, and a new key makes all of them \
             invalid; set CHATKIT_SECRET"
                .to_owned(),
        );
    }
    warnings
}

/// Keys that anybody on the way can read.
fn of_plain_http(settings: &Settings) -> Vec<String> {
    let hosted = settings.openai.iter().map(|openai| ("hosted workflows".to_owned(), &openai.base));
    let has_key =
        |provider: &&Arc<ProviderSettings>| provider.key.is_some() || !provider.site_keys.is_empty();
    let providers = settings.providers.by_name.values().filter(has_key);
    let providers = providers.map(|provider| (format!("provider {}", provider.name), &provider.base));
    let exposed = hosted.chain(providers).filter(|(_, base)| base.scheme() == "http" && !is_internal(base));
    exposed
        .map(|(user, base)| {
            format!(
                "the key of {user} goes to {} over plain http, and can be read on the way; use https",
                without_password(base.as_str())
            )
        })
        .collect()
}

/// What names end in that no public server has.
const INTERNAL: [&str; 6] = [".localhost", ".local", ".internal", ".lan", ".home.arpa", ".svc"];

/// Whether an address stays on this machine, or in a network of one's own.
fn is_internal(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => !name.contains('.') || INTERNAL.iter().any(|end| name.ends_with(end)),
        _ => !may_be_public(url),
    }
}

fn of_sites(settings: &Settings) -> Vec<String> {
    let mut warnings = Vec::new();
    for site in &settings.sites {
        if !site.lists_origins() {
            warnings.push(format!(
                "site {} lists no origins, so any page may use it; set {}",
                site.name,
                SiteSetting::Origins.of(&site.name)
            ));
        }
    }
    let query = settings.roles_query.as_ref().map(|roles| roles.query.as_str());
    for (site, sign_in) in &settings.sign_in {
        let of_site = sign_in::warnings(sign_in, query);
        warnings.extend(of_site.into_iter().map(|warning| format!("site {site}: {warning}")));
    }
    warnings
}

/// Whether visitors of the default site need no sign-in, and nobody can sign in there.
fn is_open(settings: &Settings) -> bool {
    let default = SiteName::default_site();
    let has_verifiers = settings.sign_in.get(&default).is_some_and(|how| !how.verifiers.is_empty());
    !has_verifiers && settings.sites.iter().any(|site| site.name == default && site.anonymous)
}

fn of_the_database(settings: &Settings) -> Vec<String> {
    let mut warnings = Vec::new();
    if matches!(settings.database, Database::None) {
        warnings.push(
            "there is no database: only hosted workflows work, and sessions are neither kept, validated nor revoked; a \
             refresh makes a new one, and workflow, state variables, metadata and configuration are lost unless the page \
             sends them again"
                .to_owned(),
        );
    }
    if !matches!(settings.database, Database::Postgres(_)) {
        return warnings;
    }
    if settings.limiter == LimiterKind::Memory {
        warnings.push(
            "requests are counted in each process by itself; set CHATKITD_REDIS_URL to share the counts"
                .to_owned(),
        );
    }
    let uploads = |site: &Site| {
        site.configuration.file_upload.as_ref().is_some_and(|upload| upload.enabled == Some(true))
    };
    let in_a_folder = matches!(settings.attachments.storage, AttachmentStorage::Folder(_));
    if in_a_folder && settings.sites.iter().any(uploads) {
        warnings.push(
            "files that visitors send lie in a folder; with several nodes, set CHATKITD_ATTACHMENTS=s3://bucket or share \
             the folder"
                .to_owned(),
        );
    }
    if settings.redis_url.is_none() {
        warnings.push(
            "an answer can be followed on the node that gives it only; with several nodes, set CHATKITD_REDIS_URL"
                .to_owned(),
        );
    }
    warnings
}
