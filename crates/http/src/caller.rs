//! Who is calling, for which site, from where: the extractor of every session contract.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use chatkitd_core::attachments::PublicBase;
use chatkitd_core::id::UserId;
use chatkitd_core::identity::VerifiedUser;
use chatkitd_core::ports::Scope;
use chatkitd_core::service_keys::ServiceKey;
use chatkitd_core::sessions::{Presented, SecretStanding};
use chatkitd_core::site::Site;
use http::request::Parts;

use crate::app::App;
use crate::auth::{self, Ambient};
use crate::cookies::Reach;
use crate::cors::SentOrigin;
use crate::error::ApiError;

/// What a caller proved about itself.
#[derive(Debug)]
pub(crate) enum Caller {
    /// A trusted server, by its key.
    Service(ServiceKey),
    /// Somebody who signed in, by a token.
    User(VerifiedUser),
    /// The holder of a client secret, whatever that is still good for.
    Secret(Box<Presented>),
    /// A device that was here before, by its cookie or token.
    Device(Device),
    /// Nobody known.
    Nobody,
}

/// A device that proved itself.
#[derive(Debug)]
pub(crate) struct Device {
    /// `anon_…`.
    pub(crate) user: UserId,
    /// Whether the proof came by itself (a cookie from another origin), which is good for keeping the
    /// user and for nothing else.
    pub(crate) ambient_elsewhere: bool,
    /// Whether the proof should be replaced by a fresh one before it runs out.
    pub(crate) ageing: bool,
}

/// A request of the session contracts, understood.
#[derive(Debug)]
pub(crate) struct Call {
    /// The site it is for.
    pub(crate) site: Arc<Site>,
    /// Who is calling.
    pub(crate) caller: Caller,
    /// Where this server is to the caller.
    pub(crate) base: PublicBase,
    /// Whose address is counted.
    pub(crate) address: Option<IpAddr>,
    /// Whether the page spoke TLS.
    secure: bool,
    /// What surrounds the request.
    ambient: Ambient,
}

impl FromRequestParts<Arc<App>> for Call {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        UnplacedCall::from_request_parts(parts, app).await?.at_its_site()
    }
}

/// A request that a secret in its body may yet move to another site. Only once the site is settled does it show whether
/// the page may call it.
#[derive(Debug)]
pub(crate) struct UnplacedCall(Call);

impl FromRequestParts<Arc<App>> for UnplacedCall {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let ambient = Ambient::of(app, parts)?;
        let (site, caller) = auth::identify(app, &ambient, &parts.headers).await?;
        let https_page = matches!(&ambient.origin, SentOrigin::Page(origin) if origin.is_https());
        Ok(Self(Call {
            caller,
            base: app.public_base(parts, &site.name),
            address: app.proxies.client(&parts.extensions, &parts.headers),
            secure: https_page || app.proxies.forwarded_https(&parts.extensions, &parts.headers),
            site,
            ambient,
        }))
    }
}

impl UnplacedCall {
    /// The call at the site that it is for by itself.
    pub(crate) fn at_its_site(self) -> Result<Call, ApiError> {
        self.0.ambient.require_origin_of(&self.0.site)?;
        Ok(self.0)
    }

    /// The call at the site of a secret that came in the body (design 4.2: the old secret names the session). Who is
    /// calling was proven to one site only: elsewhere a device is nobody, and whoever has more than that is refused.
    pub(crate) fn at_site_of(self, app: &App, presented: &Presented) -> Result<Call, ApiError> {
        auth::trace_as_promised(presented);
        let site = self.0.ambient.named(app, &presented.session.site)?;
        if site.name == self.0.site.name {
            return self.at_its_site();
        }
        if !matches!(self.0.caller, Caller::Device(_) | Caller::Nobody) {
            return Err(ApiError::forbidden(
                "wrong_site",
                "The credential in the header and the secret in the body belong to two sites.",
            ));
        }
        Self(Call { site, caller: Caller::Nobody, ..self.0 }).at_its_site()
    }
}

impl Call {
    /// Refuses to take somebody without a sign-in where the site wants one.
    pub(crate) fn require_anonymous(&self) -> Result<(), ApiError> {
        if self.site.anonymous { Ok(()) } else { Err(not_signed_in()) }
    }

    /// Refuses to make somebody up for a request that names no page, where the site says which pages may use
    /// it (design 4.5).
    pub(crate) fn require_page(&self) -> Result<(), ApiError> {
        if !self.site.lists_origins() || !matches!(self.ambient.origin, SentOrigin::Absent) {
            return Ok(());
        }
        Err(ApiError::forbidden(
            "origin_required",
            "This site says which pages may use it, and this request names no page. Send an Origin or a service key.",
        ))
    }

    /// Whether a device's proof may open its conversations: one that was sent on purpose, or a cookie that
    /// came from this origin or from one that the site lists by name or pattern. Any other page could
    /// make a browser send the cookie without its owner's knowing.
    pub(crate) fn vouches_for(&self, device: &Device) -> bool {
        !device.ambient_elsewhere || self.ambient.comes_from_listed_page(&self.site)
    }

    /// Whether the page has another origin than this server: cookies may be blocked there, and are not sent along by
    /// themselves.
    pub(crate) fn is_from_elsewhere(&self) -> bool {
        !self.ambient.same_origin
    }

    /// Whether the page presents what it was known by, and so keeps what it is told.
    pub(crate) fn was_known(&self) -> bool {
        self.ambient.was_known
    }

    /// How a cookie set now may come back; `None` where none may be set.
    pub(crate) fn cookie_reach(&self) -> Option<Reach> {
        if self.ambient.cross_site {
            return self.site.lists_origins().then_some(Reach::CrossSite);
        }
        Some(Reach::SameSite { secure: self.secure })
    }

    /// The scope in which this caller may see and end sessions (design 4.1). A secret opens its own
    /// session only, and only while it lives.
    pub(crate) fn scope(&self) -> Result<Scope, ApiError> {
        let site = self.site.name.clone();
        match &self.caller {
            Caller::Service(_) => Ok(Scope::Site(site)),
            Caller::User(user) => Ok(Scope::User(site, user.user.clone())),
            Caller::Secret(presented) => {
                require_live(presented)?;
                Ok(presented.scope())
            }
            Caller::Device(device) if !device.ambient_elsewhere => Ok(Scope::User(site, device.user.clone())),
            Caller::Device(_) | Caller::Nobody => Err(not_signed_in()),
        }
    }

    /// What the audit log calls this caller.
    pub(crate) fn actor(&self) -> String {
        match &self.caller {
            Caller::Service(key) => format!("key:{}", key.id),
            Caller::User(user) => format!("user:{}", user.user),
            Caller::Secret(presented) => format!("user:{}", presented.session.user),
            Caller::Device(device) => format!("user:{}", device.user),
            Caller::Nobody => "nobody".to_owned(),
        }
    }
}

/// Refuses a secret that no longer opens anything.
pub(crate) fn require_live(presented: &Presented) -> Result<(), ApiError> {
    match presented.standing {
        SecretStanding::Live => Ok(()),
        SecretStanding::Refreshable | SecretStanding::Expired => Err(ApiError::unauthorized(
            "secret_expired",
            "This client secret has expired. Refresh it or create a new session.",
        )),
        SecretStanding::Revoked => Err(ApiError::unauthorized(
            "secret_revoked",
            "This client secret was revoked. Create a new session.",
        )),
    }
}

/// The answer to somebody who has to say who they are.
pub(crate) fn not_signed_in() -> ApiError {
    ApiError::unauthorized(
        "not_signed_in",
        "You are not signed in. Send a token, a client secret or a service key.",
    )
}
