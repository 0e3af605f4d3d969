//! Who calls the REST API: a server of the operator's, by a service key.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use chatkitd_core::attachments::PublicBase;
use chatkitd_core::id::SiteName;
use chatkitd_core::ports::Scope;
use chatkitd_core::site::Site;
use chatkitd_protocol::chatkit::ThreadItem;
use http::request::Parts;

use crate::app::App;
use crate::caller::{Call, Caller};
use crate::error::ApiError;

/// A trusted server, and the site that its key belongs to.
pub(crate) struct Operator {
    pub(super) site: Arc<Site>,
    base: PublicBase,
    actor: String,
}

impl Operator {
    /// The site that the key belongs to.
    pub(crate) fn site(&self) -> &SiteName {
        &self.site.name
    }

    /// Gives the pictures of messages an address that works for a while: none is kept with them.
    pub(super) fn address(&self, app: &App, items: &mut [ThreadItem]) {
        if let Some(files) = &app.files {
            files.address_items(items, self.site(), &self.base);
        }
    }
}

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        // Before the key is looked at: that it is not one of this server's own would hide the mistake.
        app.via.refuse_loop(&parts.headers)?;
        let call = Call::from_request_parts(parts, app).await.map_err(in_openais_words)?;
        match &call.caller {
            Caller::Service(_) => {
                app.limit_site(&call.site).await?;
                Ok(Self { actor: call.actor(), site: call.site, base: call.base })
            }
            Caller::User(_) | Caller::Secret(_) => Err(ApiError::forbidden(
                "service_key_required",
                "Only a service key may do this. chatkitd keys create makes one.",
            )),
            Caller::Device(_) | Caller::Nobody => Err(ApiError::unauthorized(
                "invalid_api_key",
                "You didn't provide an API key. Send a service key as Authorization: Bearer KEY; chatkitd keys \
                 create makes one.",
            )),
        }
    }
}

impl Operator {
    /// Everybody on the site.
    pub(super) fn scope(&self) -> Scope {
        Scope::Site(self.site.name.clone())
    }

    /// What the audit log calls this caller.
    pub(super) fn actor(&self) -> String {
        self.actor.clone()
    }
}

/// A key that is not good has `OpenAI`'s code, which programs look for.
fn in_openais_words(error: ApiError) -> ApiError {
    if !matches!(error.code, "invalid_key" | "not_signed_in") {
        return error;
    }
    ApiError::unauthorized(
        "invalid_api_key",
        "Incorrect API key provided. Service keys of this server are listed by chatkitd keys list.",
    )
}
