//! Addresses of attachments that carry their own permission: a page loads a picture without a header, and a
//! second phase uploads to wherever the first one said.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::id::{AttachmentId, SiteName};
use crate::keys::{DerivedKey, KeyRing, Purpose};

/// How long an upload may begin after it was announced.
pub const UPLOAD_WITHIN: Duration = Duration::from_secs(10 * 60);
/// The shortest time that a download's address works. It ends at a full hour, so that the same address is made
/// again and again and a browser's cache finds what it has.
pub const DOWNLOAD_AT_LEAST: Duration = Duration::from_secs(3600);

/// What an address permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// To send the content, once.
    Upload,
    /// To read the content.
    Download,
    /// To read the small picture.
    Preview,
}

impl Permit {
    fn word(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Download => "download",
            Self::Preview => "preview",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Upload | Self::Download => "content",
            Self::Preview => "preview",
        }
    }
}

/// Where this server is to its visitors: scheme, host and `/s/{site}`, without a slash at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicBase(pub String);

/// The query of a signed address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Unix seconds.
    pub expires: i64,
    /// `<kid>.<base64url of the HMAC>`.
    pub signature: String,
}

/// Why an address opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignedUrlError {
    /// It was not made here, or not for this.
    #[error("the signature is not valid")]
    Forged,
    /// It was good, and is not any more.
    #[error("the address has expired")]
    Expired(Permit),
}

/// Signs addresses and checks them.
pub struct UrlSigner(Vec<DerivedKey>);

impl UrlSigner {
    /// Signs with the ring's first secret, checks with all.
    pub fn new(ring: &KeyRing) -> Self {
        Self(ring.derive(Purpose::Urls))
    }

    /// The address that permits this until `expires` (Unix seconds).
    fn sign(
        &self,
        base: &PublicBase,
        permit: Permit,
        site: &SiteName,
        id: &AttachmentId,
        expires: i64,
    ) -> String {
        let signature = self.0.first().and_then(|key| {
            let mac = mac(key, permit, site, id, expires)?.finalize().into_bytes();
            Some(format!("{}.{}", key.kid, URL_SAFE_NO_PAD.encode(mac)))
        });
        // A ring has a key; without one the address permits nothing.
        let signature = signature.unwrap_or_default();
        let PublicBase(base) = base;
        let (id, path) = (id.as_str(), permit.path());
        format!("{base}/chatkit/attachments/{id}/{path}?expires={expires}&signature={signature}")
    }

    /// Where to send the content.
    pub fn upload(&self, base: &PublicBase, site: &SiteName, id: &AttachmentId, now: Timestamp) -> String {
        self.sign(base, Permit::Upload, site, id, now.as_second() + seconds(UPLOAD_WITHIN))
    }

    /// Where to read the content or the small picture.
    pub fn read(
        &self,
        base: &PublicBase,
        permit: Permit,
        site: &SiteName,
        id: &AttachmentId,
        now: Timestamp,
    ) -> String {
        let hour = seconds(DOWNLOAD_AT_LEAST);
        self.sign(base, permit, site, id, (now.as_second() / hour + 2) * hour)
    }

    /// Whether an address permits this now.
    pub fn check(
        &self,
        permit: Permit,
        site: &SiteName,
        id: &AttachmentId,
        signed: &Signed,
        now: Timestamp,
    ) -> Result<(), SignedUrlError> {
        let (kid, text) = signed.signature.split_once('.').ok_or(SignedUrlError::Forged)?;
        let key = self.0.iter().find(|key| key.kid == kid).ok_or(SignedUrlError::Forged)?;
        let given = URL_SAFE_NO_PAD.decode(text).map_err(|_| SignedUrlError::Forged)?;
        let mac = mac(key, permit, site, id, signed.expires).ok_or(SignedUrlError::Forged)?;
        mac.verify_slice(&given).map_err(|_| SignedUrlError::Forged)?;
        if signed.expires <= now.as_second() { Err(SignedUrlError::Expired(permit)) } else { Ok(()) }
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

fn mac(
    key: &DerivedKey,
    permit: Permit,
    site: &SiteName,
    id: &AttachmentId,
    expires: i64,
) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).ok()?;
    // Neither a site's name nor an id has a line break.
    for part in [permit.word(), site.as_str(), id.as_str()] {
        mac.update(part.as_bytes());
        mac.update(b"\n");
    }
    mac.update(&expires.to_be_bytes());
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRng;

    fn signer(secrets: &[&str]) -> UrlSigner {
        UrlSigner::new(&KeyRing::new(secrets.iter().map(|secret| (*secret).into())).unwrap())
    }

    fn signed(url: &str) -> Signed {
        let query = url.split_once('?').unwrap().1;
        let (expires, signature) = query.split_once('&').unwrap();
        Signed {
            expires: expires.strip_prefix("expires=").unwrap().parse().unwrap(),
            signature: signature.strip_prefix("signature=").unwrap().to_owned(),
        }
    }

    fn id() -> AttachmentId {
        AttachmentId::mint(Timestamp::UNIX_EPOCH, &SeededRng::new(1))
    }

    #[test]
    fn an_address_permits_one_thing_until_its_end() {
        let (signer, id, site) = (signer(&["one"]), id(), SiteName::default_site());
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        let url = signer.upload(&PublicBase("https://example.com".to_owned()), &site, &id, now);
        assert!(url.starts_with("https://example.com/chatkit/attachments/cfile_"), "{url}");
        let given = signed(&url);
        assert_eq!(signer.check(Permit::Upload, &site, &id, &given, now), Ok(()));
        assert_eq!(signer.check(Permit::Download, &site, &id, &given, now), Err(SignedUrlError::Forged));
        let other = SiteName::parse("shop").unwrap();
        assert_eq!(signer.check(Permit::Upload, &other, &id, &given, now), Err(SignedUrlError::Forged));
        let later = Timestamp::from_second(given.expires).unwrap();
        assert_eq!(
            signer.check(Permit::Upload, &site, &id, &given, later),
            Err(SignedUrlError::Expired(Permit::Upload))
        );
        let longer = Signed { expires: given.expires + 1, ..given };
        assert_eq!(signer.check(Permit::Upload, &site, &id, &longer, now), Err(SignedUrlError::Forged));
    }

    #[test]
    fn an_older_secret_still_checks_and_an_unknown_one_does_not() {
        let (id, site, now) = (id(), SiteName::default_site(), Timestamp::UNIX_EPOCH);
        let url = signer(&["old"]).read(&PublicBase::default(), Permit::Preview, &site, &id, now);
        let given = signed(&url);
        assert_eq!(signer(&["new", "old"]).check(Permit::Preview, &site, &id, &given, now), Ok(()));
        assert_eq!(
            signer(&["new"]).check(Permit::Preview, &site, &id, &given, now),
            Err(SignedUrlError::Forged)
        );
    }

    #[test]
    fn the_same_address_is_made_for_an_hour() {
        let (signer, id, site) = (signer(&["one"]), id(), SiteName::default_site());
        let at = |second| {
            let now = Timestamp::from_second(second).unwrap();
            signer.read(&PublicBase::default(), Permit::Preview, &site, &id, now)
        };
        assert_eq!(at(3600), at(7199));
        assert_ne!(at(3600), at(7200));
    }
}
