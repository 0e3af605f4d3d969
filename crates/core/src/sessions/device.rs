//! Devices: how an anonymous visitor stays the same person without signing in (design 4.1).

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::record::later;
use super::signed::Signer;
use crate::id::{SiteName, UserId};
use crate::keys::{KeyRing, Purpose};
use crate::secret_text::SecretText;

/// How long a device is remembered after it was last seen.
pub const DEVICE_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
/// A proof older than this is replaced when it is seen, so that its device is not forgotten while it is in
/// use; and not each time, since a cookie on every answer is only weight.
const AGEING_AFTER: Duration = Duration::from_secs(24 * 3600);
const AUDIENCE: &str = "chatkitd:device";

/// A device that proved itself: an anonymous user of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceToken {
    /// `anon_…`.
    pub user: UserId,
    /// The site it was met on.
    pub site: SiteName,
}

/// A device's proof, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadDevice {
    /// The device it proves.
    pub device: DeviceToken,
    /// Whether it should be replaced by a fresh one: it is over a day old.
    pub ageing: bool,
}

#[derive(Clone, Serialize, Deserialize)]
struct Claims {
    aud: String,
    sub: UserId,
    site: SiteName,
    exp: i64,
}

/// Signs device cookies and tokens and reads them back. Both hold the same text.
pub struct DeviceTokens(Signer);

impl DeviceTokens {
    /// Signs with the ring's first secret, verifies with all.
    pub fn new(ring: &KeyRing) -> Self {
        Self(Signer::new(ring, Purpose::Device, "chatkit-device+jwt", AUDIENCE))
    }

    /// A token good for [`DEVICE_LIFETIME`] from `now`.
    pub fn sign(
        &self,
        device: &DeviceToken,
        now: Timestamp,
    ) -> Result<SecretText, jsonwebtoken::errors::Error> {
        let claims = Claims {
            aud: AUDIENCE.to_owned(),
            sub: device.user.clone(),
            site: device.site.clone(),
            exp: later(now, DEVICE_LIFETIME).as_second(),
        };
        self.0.sign(&claims).map(SecretText::new)
    }

    /// The device a token names; `None` when it was not signed here or is too old.
    pub fn read(&self, token: &str, now: Timestamp) -> Option<ReadDevice> {
        let claims: Claims = self.0.verify(token)?;
        let lives = claims.exp > now.as_second() && claims.sub.is_anonymous();
        let ageing = claims.exp < later(now, DEVICE_LIFETIME - AGEING_AFTER).as_second();
        let device = DeviceToken { user: claims.sub, site: claims.site };
        lives.then_some(ReadDevice { device, ageing })
    }
}
