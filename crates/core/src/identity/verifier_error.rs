use jsonwebtoken::Algorithm;

/// Settings that make no safe verifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifierError {
    /// No issuer, and tokens would be verified with published keys.
    #[error(
        "no issuer is set; set issuer to the address of your sign-in service (for Clerk it is enough to set \
         NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY), or hs256_secret to the key that your back end signs with"
    )]
    NoIssuer,
    /// Not an address.
    #[error("{setting} = {value:?} is not an address; it begins with https://")]
    NotAnAddress {
        /// `issuer` or `jwks_url`.
        setting: &'static str,
        /// As it was set.
        value: String,
    },
    /// Not HTTPS.
    #[error("{setting} = {value:?} must begin with https://; http is for loopback addresses only")]
    Insecure {
        /// `issuer` or `jwks_url`.
        setting: &'static str,
        /// As it was set.
        value: String,
    },
    /// An issuer signs for many applications, and nothing says which one this is.
    #[error(
        "no audience is set, so a token for any other application of this issuer would sign in here; set \
         audience to what your tokens carry as aud"
    )]
    NoAudience,
    /// An empty list of algorithms.
    #[error("algorithms is empty; remove it to use the default, or name at least one")]
    NoAlgorithm,
    /// HS256 without a key, or with an empty one.
    #[error("HS256 needs hs256_secret, the key that your back end signs with")]
    NoSecret,
    /// A key, and no algorithm that uses it.
    #[error("hs256_secret is set but never used; add \"HS256\" to algorithms, or remove the secret")]
    UnusedSecret,
    /// HS384 or HS512.
    #[error("{0:?} is not supported; of the algorithms with a shared key only HS256 is")]
    Unsupported(Algorithm),
    /// A prefix that makes user ids which are reserved or invalid.
    #[error("prefix = {0:?} cannot begin a user id; use letters and digits, and not \"anon_\"")]
    Prefix(String),
}
