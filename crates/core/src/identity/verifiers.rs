use jiff::Timestamp;

use super::jwks::Jwks;
use super::refusal::TokenRefusal;
use super::settings::{VerifierSettings, VerifierWarning};
use super::token::Unverified;
use super::verifier::{VerifiedUser, Verifier};
use super::verifier_error::VerifierError;

/// The verifiers of a site.
#[derive(Debug, Default)]
pub struct Verifiers(Vec<Verifier>);

/// Settings that make no safe set of verifiers. Numbers count from one, in the order of the settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifiersError {
    /// One of them is wrong by itself.
    #[error("verifier {number}: {error}")]
    Verifier {
        /// Which one.
        number: usize,
        /// What is wrong.
        error: VerifierError,
    },
    /// A token's `iss` would not tell which verifier it is for.
    #[error("verifiers {0} and {1} have the same issuer, or none; each needs an issuer of its own")]
    SameIssuer(usize, usize),
    /// The users of two issuers could be taken for one another.
    #[error(
        "verifiers {0} and {1} could give two people the same user id; set a prefix for each, such as \
         \"clerk_\", of which none begins with the other"
    )]
    Prefixes(usize, usize),
}

impl Verifiers {
    /// Checks a site's settings, each and together.
    pub fn new(settings: &[VerifierSettings]) -> Result<Self, VerifiersError> {
        let made = settings.iter().enumerate().map(|(at, one)| {
            Verifier::new(one).map_err(|error| VerifiersError::Verifier { number: at + 1, error })
        });
        let verifiers = made.collect::<Result<Vec<_>, _>>()?;
        for (at, first) in verifiers.iter().enumerate() {
            for (further, second) in verifiers.iter().enumerate().skip(at + 1) {
                distinct(first, second).map_err(|error| error(at + 1, further + 1))?;
            }
        }
        Ok(Self(verifiers))
    }

    /// Whether nobody can sign in with a token. Else sign-in is required, unless the site says
    /// `anonymous = true` (design 4.5).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is allowed but risky, with the number of the verifier, counted from one.
    pub fn warnings(&self) -> impl Iterator<Item = (usize, VerifierWarning)> {
        self.0
            .iter()
            .enumerate()
            .flat_map(|(at, verifier)| verifier.warnings().iter().map(move |warning| (at + 1, *warning)))
    }

    /// Verifies a token at the time `now` and says whose it is (design section 6). The token's `iss`
    /// chooses the verifier; a token of an issuer that none names goes to the one without an issuer.
    pub async fn verify(
        &self,
        token: &str,
        now: Timestamp,
        jwks: &dyn Jwks,
    ) -> Result<VerifiedUser, TokenRefusal> {
        let token = Unverified::read(token)?;
        let issuer = token.claims.text("iss");
        let named = self.0.iter().find(|one| one.issuer().is_some() && one.issuer() == issuer);
        let verifier = named.or_else(|| self.0.iter().find(|one| one.issuer().is_none()));
        verifier.ok_or(TokenRefusal::WrongIssuer)?.verify(&token, now, jwks).await
    }
}

fn distinct(first: &Verifier, second: &Verifier) -> Result<(), fn(usize, usize) -> VerifiersError> {
    if first.issuer() == second.issuer() {
        return Err(VerifiersError::SameIssuer);
    }
    let (one, other) = (first.prefix(), second.prefix());
    if one.starts_with(other) || other.starts_with(one) {
        return Err(VerifiersError::Prefixes);
    }
    Ok(())
}
