//! Issuers' keys over real HTTP, and tokens of real issuers.

mod cache;
mod clerk;
mod issuer;
mod oidc_provider;
mod untrusted;

use crate::server::required;
