//! Keeps an anonymous visitor the same person: cookie, and token where cookies may be blocked.

use axum::response::Response;
use chatkitd_core::id::UserId;
use chatkitd_core::secret_text::SecretText;
use chatkitd_core::sessions::DeviceToken;
use http::{HeaderValue, header};

use crate::app::App;
use crate::caller::Call;
use crate::cookies;
use crate::error::ApiError;

impl App {
    /// A token for an anonymous user; `None` for somebody who signed in.
    pub(crate) fn device_token(&self, call: &Call, user: &UserId) -> Result<Option<SecretText>, ApiError> {
        if !user.is_anonymous() {
            return Ok(None);
        }
        let device = DeviceToken { user: user.clone(), site: call.site.name.clone() };
        match self.devices.sign(&device, self.clock.now()) {
            Ok(token) => Ok(Some(token)),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a device token could not be signed"
                );
                Err(ApiError::internal())
            }
        }
    }
}

/// Sets the device cookie, where the page may have one.
pub(crate) fn set_cookie(response: &mut Response, call: &Call, token: &SecretText) {
    let Some(reach) = call.cookie_reach() else { return };
    if let Ok(cookie) = HeaderValue::from_str(&cookies::write(&call.site.name, token, reach)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
