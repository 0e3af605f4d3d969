use base64::Engine;
use url::Url;

use crate::base64_text::BASE64;

/// A text that is not one of Clerk's publishable keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is not a Clerk publishable key; copy NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY (pk_test_… or pk_live_…) \
     from Clerk's dashboard, API keys"
)]
pub struct PublishableKeyError;

/// The issuer of a Clerk application, from its publishable key (design 4.5): `pk_test_` or `pk_live_`,
/// then base64 of the front-end API's domain and a `$`.
///
/// ```
/// let issuer = chatkitd_core::identity::clerk_issuer("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k");
/// assert_eq!(issuer.unwrap().as_str(), "https://clerk.example.com/");
/// ```
pub fn clerk_issuer(publishable_key: &str) -> Result<Url, PublishableKeyError> {
    let key = publishable_key.trim();
    let encoded = key.strip_prefix("pk_test_").or_else(|| key.strip_prefix("pk_live_"));
    let decoded = BASE64.decode(encoded.ok_or(PublishableKeyError)?).map_err(|_| PublishableKeyError)?;
    let text = String::from_utf8(decoded).map_err(|_| PublishableKeyError)?;
    let domain = text.strip_suffix('$').ok_or(PublishableKeyError)?;
    let url = Url::parse(&format!("https://{domain}/")).map_err(|_| PublishableKeyError)?;
    // Nothing but a domain: no user, port, path or query hides in it.
    if url.domain() == Some(domain) && domain.contains('.') { Ok(url) } else { Err(PublishableKeyError) }
}
