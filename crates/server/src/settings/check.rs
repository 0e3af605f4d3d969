//! What no server may start with.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

use super::reader::{Reader, without_password};
use super::{Database, LimiterKind, PLACEHOLDER_SECRET, Settings, SettingsError, Source};

/// No upstream may be this server (design 4.4).
pub(super) fn refuse_own_address(settings: &Settings, reader: &Reader<'_>) -> Result<(), SettingsError> {
    let variable = |name: &str, key: &str| {
        let url = reader.in_environment(name).and_then(|url| Url::parse(&url).ok());
        url.map(|url| (reader.setting(name, key), url))
    };
    let upstreams = [
        variable("OPENAI_BASE_URL", ""),
        variable("CHATKIT_API_BASE", "api_base"),
        settings.openai.as_ref().map(|openai| (reader.key("api_base"), openai.base.clone())),
    ];
    let providers = settings.providers.by_name.iter().map(|(name, provider)| {
        let name_of_variable = if name == "openai" { "CHATKITD_MODEL_BASE_URL" } else { "" };
        let key = format!("providers.{name}.base_url");
        (reader.setting(name_of_variable, &key), provider.base.clone())
    });
    for (setting, url) in upstreams.into_iter().flatten().chain(providers) {
        if is_own(&url, settings) {
            return Err(SettingsError::OwnAddress { setting, url: without_password(url.as_str()) });
        }
    }
    Ok(())
}

/// Whether a URL certainly leads here. What a name hides is noticed when the address is used (`Via`).
fn is_own(url: &Url, settings: &Settings) -> bool {
    settings.public_url.as_ref().is_some_and(|public| is_served_at(url, public))
        || names_listener(url, settings.listen)
}

/// Whether a URL is one of this server's own below `public`. A proxy may have something else at other paths there.
fn is_served_at(url: &Url, public: &Url) -> bool {
    let path = url.path().strip_prefix(public.path().trim_end_matches('/'));
    let own =
        |path: &str| matches!(path, "" | "/" | "/v1") || path.starts_with("/v1/") || path.starts_with("/s/");
    url.origin() == public.origin() && path.is_some_and(own)
}

/// Whether a URL names the address that this server listens on, by a loopback name or an address of this machine.
fn names_listener(url: &Url, listen: SocketAddr) -> bool {
    if url.port_or_known_default() != Some(listen.port()) {
        return false;
    }
    let here = |address: IpAddr| match listen.ip() {
        ip if ip.is_unspecified() => address.is_unspecified() || is_of_this_machine(address),
        ip => address == ip || (ip.is_loopback() && (address.is_loopback() || address.is_unspecified())),
    };
    match url.host() {
        Some(Host::Domain(name)) => {
            (name == "localhost" || name.ends_with(".localhost")) && here(IpAddr::from([127, 0, 0, 1]))
        }
        Some(Host::Ipv4(address)) => here(address.into()),
        Some(Host::Ipv6(address)) => here(IpAddr::from(address).to_canonical()),
        None => false,
    }
}

/// Only a machine's own addresses can be bound. Nothing is sent.
fn is_of_this_machine(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

pub(super) fn refuse_placeholder(settings: &Settings) -> Result<(), SettingsError> {
    let placeholder = settings.secrets.iter().any(|secret| secret.expose_secret() == PLACEHOLDER_SECRET);
    if placeholder && !settings.dev { Err(SettingsError::PlaceholderSecret) } else { Ok(()) }
}

/// What would only be found missing later, by `serve`, or by nobody.
pub(super) fn refuse_what_needs_more(settings: &Settings, reader: &Reader<'_>) -> Result<(), SettingsError> {
    let needs = |setting: Source, needs| Err(SettingsError::Needs { setting, needs });
    let limiter = || reader.setting("CHATKITD_LIMITER", "limiter");
    let database = || reader.setting("CHATKITD_DATABASE_URL", "database_url");
    let no_database = matches!(settings.database, Database::None);
    if settings.limiter == LimiterKind::Redis && settings.redis_url.is_none() {
        return needs(
            limiter(),
            "CHATKITD_REDIS_URL, the address of Redis or Valkey, such as redis://host:6379",
        );
    }
    if settings.limiter == LimiterKind::Sql && no_database {
        return needs(
            limiter(),
            "a database; set CHATKITD_DATABASE_URL, or CHATKITD_LIMITER to memory or redis",
        );
    }
    if settings.passthrough && settings.openai.is_none() {
        return needs(
            reader.setting("CHATKITD_PASSTHROUGH", "passthrough"),
            "OPENAI_API_KEY, with which calls are forwarded to OpenAI",
        );
    }
    if no_database && settings.secrets.is_empty() {
        return needs(
            database(),
            "CHATKIT_SECRET or OPENAI_API_KEY to derive keys from; set CHATKIT_SECRET to the output of: \
             openssl rand -hex 32",
        );
    }
    EnvFilter::try_new(&settings.log).map(drop).map_err(|_| {
        let expected = "a level such as info, or a filter such as info,chatkitd=debug";
        reader.invalid("CHATKITD_LOG", "log", &settings.log, expected)
    })
}

/// The app's own key for its users' tokens is a different one (design 4.4): who signs tokens must not be able to
/// sign client secrets.
pub(super) fn refuse_shared_secret(settings: &Settings, reader: &Reader<'_>) -> Result<(), SettingsError> {
    for (site, sign_in) in &settings.sign_in {
        let mut keys = sign_in.verifiers.iter().filter_map(|verifier| verifier.hs256_secret.as_ref());
        let shared = |key: &SecretString| {
            settings.secrets.iter().any(|own| own.expose_secret() == key.expose_secret())
        };
        if keys.any(shared) {
            return Err(SettingsError::Refused {
                setting: reader.key(&format!("sites.{site}.verifiers")),
                reason: "the HS256 secret is also CHATKIT_SECRET; set CHATKIT_SECRET to a text of its own"
                    .to_owned(),
            });
        }
    }
    Ok(())
}
