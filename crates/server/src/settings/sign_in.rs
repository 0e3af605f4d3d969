//! How the users of a site sign in, and where their roles come from.

use chatkitd_core::id::SiteName;
use chatkitd_core::identity::{Preset, RolePolicyError, RoleRule, VerifierSettings, Verifiers, clerk_issuer};
use secrecy::ExposeSecret;

use super::file::FileSite;
use super::reader::Reader;
use super::{SettingsError, SignInSettings};

const CLERK_KEY: &str = "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY";

/// The verifier of the default site that `CHATKITD_AUTH_*` and Clerk's own variable describe.
pub(super) fn from_environment(reader: &mut Reader<'_>) -> Result<Option<VerifierSettings>, SettingsError> {
    let preset = reader.choice("CHATKITD_AUTH_PRESET", "", None)?;
    let issuer = reader.text("CHATKITD_AUTH_ISSUER", "", None);
    let hs256_secret = reader.secret("CHATKITD_AUTH_HS256_SECRET", "", None);
    // Nobody is harmed who sees it; but the key beside it in Clerk's dashboard is a secret.
    let clerk = reader.secret(CLERK_KEY, "", None);
    let mut verifier = VerifierSettings {
        audience: reader.list("CHATKITD_AUTH_AUDIENCE", "", None).unwrap_or_default(),
        authorized_parties: reader.list("CHATKITD_AUTH_AUTHORIZED_PARTIES", "", None).unwrap_or_default(),
        jwks_url: reader.text("CHATKITD_AUTH_JWKS_URL", "", None),
        role_claim: reader.text("CHATKITD_AUTH_ROLE_CLAIM", "", None),
        hs256_secret,
        issuer,
        preset: preset.unwrap_or_default(),
        ..VerifierSettings::default()
    };
    if let (Some(key), None) = (&clerk, &verifier.issuer) {
        let issuer = clerk_issuer(key.expose_secret())
            .map_err(|error| SettingsError::refused(reader.setting(CLERK_KEY, ""), error))?;
        verifier.issuer = Some(issuer.to_string());
        verifier.preset = preset.unwrap_or(Preset::Clerk);
    }
    // Whatever is set of it asks for a sign-in: half a verifier is an error, never a site open to everybody.
    let asked = preset.is_some()
        || verifier.issuer.is_some()
        || verifier.hs256_secret.is_some()
        || verifier.jwks_url.is_some()
        || verifier.role_claim.is_some()
        || !verifier.audience.is_empty()
        || !verifier.authorized_parties.is_empty();
    Ok(asked.then_some(verifier))
}

pub(super) fn read(
    reader: &Reader<'_>,
    name: &SiteName,
    site: &mut FileSite,
    has_query: bool,
) -> Result<SignInSettings, SettingsError> {
    let refuse = |field: &str, reason: String| {
        let reason = format!("the sign-in of site {:?} is not valid: {reason}", name.as_str());
        SettingsError::refused(reader.key(&format!("sites.{name}.{field}")), reason)
    };
    let verifiers = std::mem::take(&mut site.verifiers);
    Verifiers::new(&verifiers).map_err(|error| refuse("verifiers", error.to_string()))?;
    let has_claim = verifiers.iter().any(|verifier| verifier.role_claim.is_some());
    // The environment's query is about the default site.
    let asks_query = has_query && *name == SiteName::default_site();
    let roles = match (site.roles, has_claim, asks_query) {
        (Some(RoleRule::Query), ..) if !has_query => {
            return Err(refuse("roles", RolePolicyError::NoQuery.to_string()));
        }
        (Some(RoleRule::Claim), false, _) => return Err(refuse("roles", NO_CLAIM.to_owned())),
        (None, true, true) => return Err(refuse("roles", two_sources(name))),
        (Some(rule), ..) => rule,
        (None, true, false) => RoleRule::Claim,
        (None, false, true) => RoleRule::Query,
        (None, false, false) => RoleRule::None,
    };
    let allowed_roles = std::mem::take(&mut site.allowed_roles);
    if roles == RoleRule::None && !allowed_roles.is_empty() {
        return Err(refuse("allowed_roles", RolePolicyError::AllowedWithoutRule.to_string()));
    }
    Ok(SignInSettings { verifiers, roles, allowed_roles })
}

const NO_CLAIM: &str = "roles come from a claim, but no verifier says which; set role_claim of a verifier \
                        (CHATKITD_AUTH_ROLE_CLAIM for the default site)";

fn two_sources(site: &SiteName) -> String {
    format!(
        "both a role_claim and a roles query are set; say which of them counts with sites.{site}.roles = \"claim\" or \
         \"query\", or remove one"
    )
}
