//! Issuers' keys over real HTTP, and tokens of real issuers.

mod cache;
mod clerk;
mod issuer;
mod oidc_provider;
mod untrusted;

/// A setting of `make test`, without which a test cannot be what it says it is.
fn required(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set; run `make test`, which sets it"))
}
