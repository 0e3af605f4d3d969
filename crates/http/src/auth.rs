//! Turns what a request carries into a [`Caller`] and settles which site it is for (design 4.5).

use std::sync::Arc;

use chatkitd_core::id::{SiteName, UserId};
use chatkitd_core::identity::looks_like_jwt;
use chatkitd_core::secret_text::SecretText;
use chatkitd_core::sessions::{Presented, SECRET_PREFIX};
use chatkitd_core::site::Site;
use http::request::Parts;
use http::{HeaderMap, header};

use crate::app::App;
use crate::caller::{Caller, Device, not_signed_in};
use crate::cookies;
use crate::cors::SentOrigin;
use crate::error::ApiError;
use crate::site_path::PathSite;

/// The longest credential that is looked at, in bytes.
const MAX_CREDENTIAL_BYTES: usize = 16 * 1024;

/// How a page shows who was here before, and is told what to show.
pub(crate) const DEVICE_TOKEN: &str = "chatkit-device-token";

/// What surrounds a request: the site its path names, and the page it comes from.
#[derive(Debug)]
pub(crate) struct Ambient {
    path_site: Option<Arc<Site>>,
    pub(crate) origin: SentOrigin,
    pub(crate) cross_site: bool,
    pub(crate) same_origin: bool,
    /// Whether the page presents a device token, or what else it was known by.
    pub(crate) was_known: bool,
    own_page: bool,
}

impl Ambient {
    pub(crate) fn of(app: &App, parts: &Parts) -> Result<Self, ApiError> {
        let path_site = match parts.extensions.get::<PathSite>() {
            None => None,
            Some(PathSite(name)) => {
                let site = name.as_ref().and_then(|name| app.sites.get(name));
                Some(Arc::clone(site.ok_or_else(|| ApiError::not_found("There is no such site."))?))
            }
        };
        let origin = SentOrigin::of(&parts.headers);
        let own_host = || match &origin {
            SentOrigin::Absent => true,
            SentOrigin::Opaque => false,
            SentOrigin::Page(origin) => {
                app.asked_host(parts).is_some_and(|host| origin.is_host(host.as_str()))
            }
        };
        // Browsers say it themselves, and no page can write this header; to addresses that others on the way could
        // read or change they say nothing, nor do older ones: these are told by their origin.
        let (cross_site, same_origin) =
            match parts.headers.get("sec-fetch-site").map(http::HeaderValue::as_bytes) {
                Some(b"cross-site") => (true, false),
                Some(b"same-site") => (false, false),
                Some(b"same-origin") => (false, true),
                Some(b"none") => (false, own_host()),
                _ => (!own_host(), own_host()),
            };
        let own_page = matches!(
            &origin,
            SentOrigin::Page(origin) if app.is_own_page(origin, &parts.headers, &parts.uri)
        );
        let was_known = parts.headers.contains_key(DEVICE_TOKEN);
        Ok(Self { path_site, origin, cross_site, same_origin, was_known, own_page })
    }

    /// The site of a caller who names none: the path's, else the one that alone lists the origin,
    /// else the default.
    fn site(&self, app: &App) -> Arc<Site> {
        let listing = match &self.origin {
            SentOrigin::Page(origin) => app.sites.only_site_of(origin),
            SentOrigin::Absent | SentOrigin::Opaque => None,
        };
        Arc::clone(self.path_site.as_ref().or(listing).unwrap_or_else(|| app.sites.default_site()))
    }

    /// The site that a credential names; 403 when the path names another one, or the settings do not name it.
    pub(crate) fn named(&self, app: &App, name: &SiteName) -> Result<Arc<Site>, ApiError> {
        let refuse = |message| Err(ApiError::forbidden("wrong_site", message));
        let Some(site) = app.sites.get(name) else {
            return refuse("This credential belongs to a site that is not there any more.");
        };
        if self.path_site.as_ref().is_some_and(|asked| asked.name != *name) {
            return refuse("This credential belongs to another site than the address.");
        }
        Ok(Arc::clone(site))
    }

    /// Whether the page's origin stands on the site's list. Without a list none does.
    pub(crate) fn comes_from_listed_page(&self, site: &Site) -> bool {
        matches!(&self.origin, SentOrigin::Page(origin) if site.lists_origins() && site.allows(origin))
    }

    /// Refuses a page whose origin the site does not list.
    pub(crate) fn require_origin_of(&self, site: &Site) -> Result<(), ApiError> {
        let allowed = match &self.origin {
            SentOrigin::Absent => true,
            SentOrigin::Opaque => !site.lists_origins(),
            SentOrigin::Page(origin) => site.allows(origin) || self.own_page,
        };
        if allowed { Ok(()) } else { Err(ApiError::foreign_origin(&site.name)) }
    }
}

/// Who is calling, and for which site.
pub(crate) async fn identify(
    app: &App,
    ambient: &Ambient,
    headers: &HeaderMap,
) -> Result<(Arc<Site>, Caller), ApiError> {
    match bearer(headers)? {
        // What front ends send for the token of somebody who is not signed in.
        Some("null" | "undefined") => Err(not_signed_in()),
        // Without a database nothing is known of a secret, and the device says who it is (design 4.4).
        Some(token) if token.starts_with(SECRET_PREFIX) && !app.sessions.remembers() => {
            device(app, ambient, headers)
        }
        Some(token) if token.starts_with(SECRET_PREFIX) => client_secret(app, ambient, token, headers).await,
        Some(token) if looks_like_jwt(token) => user(app, ambient, token).await,
        Some(token) => service_key(app, ambient, token, headers).await,
        None => device(app, ambient, headers),
    }
}

/// The bearer token. All of the rest of the header is the token, blanks included: some keys have them.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let refuse = || {
        ApiError::unauthorized(
            "invalid_authorization",
            "The Authorization header must be \"Bearer\" and a token.",
        )
    };
    let value = value.to_str().map_err(|_| refuse())?;
    let (scheme, token) = value.split_once(' ').ok_or_else(refuse)?;
    let token = token.trim();
    let fits =
        scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= MAX_CREDENTIAL_BYTES;
    if fits { Ok(Some(token)) } else { Err(refuse()) }
}

async fn client_secret(
    app: &App,
    ambient: &Ambient,
    token: &str,
    headers: &HeaderMap,
) -> Result<(Arc<Site>, Caller), ApiError> {
    let mut presented = app.sessions.present(&SecretText::new(token)).await?;
    trace_as_promised(&presented);
    let site = ambient.named(app, &presented.session.site)?;
    if let Some(proof) = device_proof(headers)
        && let Some(earlier) = earlier_visitor(app, &presented, proof).await?
    {
        app.sessions.keep_visitor(&mut presented, &earlier).await?;
    }
    Ok((site, Caller::Secret(Box::new(presented))))
}

/// The exporter of traces leaves out what this marks.
pub(crate) fn trace_as_promised(presented: &Presented) {
    if !presented.session.is_traced() {
        tracing::Span::current().record("traced", false);
    }
}

/// Who was here before a page got its new secret: by the device token, or by the secret that it had then.
async fn earlier_visitor(app: &App, presented: &Presented, proof: &str) -> Result<Option<UserId>, ApiError> {
    if let Some(read) = app.devices.read(proof, app.clock.now()) {
        return Ok((read.device.site == presented.session.site).then_some(read.device.user));
    }
    Ok(app.sessions.holder_of(presented, proof).await?)
}

/// What a page presents on purpose to stay known.
fn device_proof(headers: &HeaderMap) -> Option<&str> {
    let proof = headers.get(DEVICE_TOKEN)?.to_str().ok()?;
    (proof.len() <= MAX_CREDENTIAL_BYTES).then_some(proof)
}

async fn user(app: &App, ambient: &Ambient, token: &str) -> Result<(Arc<Site>, Caller), ApiError> {
    let site = ambient.site(app);
    let user = app.sign_in.verify(&site.name, token, app.clock.now()).await?;
    Ok((site, Caller::User(user)))
}

async fn service_key(
    app: &App,
    ambient: &Ambient,
    token: &str,
    headers: &HeaderMap,
) -> Result<(Arc<Site>, Caller), ApiError> {
    let key = app.credentials.service_key(&SecretText::new(token).hash()).await?;
    let key = key.ok_or_else(|| {
        ApiError::unauthorized(
            "invalid_key",
            "This is no valid token, client secret or service key; a key may have been revoked.",
        )
    })?;
    let site = ambient.named(app, &key.site)?;
    // A page's secret goes before its device token, which may be of another time; a server has no such past.
    let device = device_proof(headers).and_then(|token| app.devices.read(token, app.clock.now()));
    if device.is_some_and(|read| read.device.site != site.name) {
        return Err(ApiError::forbidden("wrong_site", "This key and this device token belong to two sites."));
    }
    Ok((site, Caller::Service(key)))
}

/// A device by its token, which a page sends on purpose, or by its cookie, which comes by itself.
fn device(app: &App, ambient: &Ambient, headers: &HeaderMap) -> Result<(Arc<Site>, Caller), ApiError> {
    let now = app.clock.now();
    if let Some(read) = device_proof(headers).and_then(|token| app.devices.read(token, now)) {
        let site = ambient.named(app, &read.device.site)?;
        let device = Device { user: read.device.user, ambient_elsewhere: false, ageing: read.ageing };
        return Ok((site, Caller::Device(device)));
    }
    let site = ambient.site(app);
    let cookie = cookies::read(headers, &site.name)
        .filter_map(|token| app.devices.read(token, now))
        .find(|read| read.device.site == site.name);
    let caller = match cookie {
        Some(read) => Caller::Device(Device {
            user: read.device.user,
            ambient_elsewhere: !ambient.same_origin,
            ageing: read.ageing,
        }),
        None => Caller::Nobody,
    };
    Ok((site, caller))
}
