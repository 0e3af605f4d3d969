//! How the users of a site sign in, and where their roles come from.

use chatkitd_core::id::SiteName;
use chatkitd_core::identity::{
    Preset, RolePolicyError, RoleRule, VerifierError, VerifierSettings, Verifiers, VerifiersError,
    clerk_issuer,
};
use secrecy::ExposeSecret;

use super::file::FileSite;
use super::reader::Reader;
use super::{SettingsError, SignInSettings};

const CLERK_KEY: &str = "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY";
const PRESET: &str = "CHATKITD_AUTH_PRESET";
const ISSUER: &str = "CHATKITD_AUTH_ISSUER";
const AUDIENCE: &str = "CHATKITD_AUTH_AUDIENCE";
const AUTHORIZED_PARTIES: &str = "CHATKITD_AUTH_AUTHORIZED_PARTIES";
const JWKS_URL: &str = "CHATKITD_AUTH_JWKS_URL";
const HS256_SECRET: &str = "CHATKITD_AUTH_HS256_SECRET";
const ROLE_CLAIM: &str = "CHATKITD_AUTH_ROLE_CLAIM";

/// Each of them asks for a sign-in.
const VARIABLES: [&str; 8] =
    [CLERK_KEY, PRESET, ISSUER, AUDIENCE, AUTHORIZED_PARTIES, JWKS_URL, HS256_SECRET, ROLE_CLAIM];

/// The verifier of the default site that `CHATKITD_AUTH_*` and Clerk's own variable describe.
pub(super) fn from_environment(reader: &mut Reader<'_>) -> Result<Option<VerifierSettings>, SettingsError> {
    let preset = reader.choice(PRESET, "", None)?;
    let issuer = reader.text(ISSUER, "", None);
    let hs256_secret = reader.secret(HS256_SECRET, "", None);
    // Nobody is harmed who sees it; but the key beside it in Clerk's dashboard is a secret.
    let clerk = reader.secret(CLERK_KEY, "", None);
    let mut verifier = VerifierSettings {
        audience: reader.list(AUDIENCE, "", None).unwrap_or_default(),
        authorized_parties: reader.list(AUTHORIZED_PARTIES, "", None).unwrap_or_default(),
        jwks_url: reader.text(JWKS_URL, "", None),
        role_claim: reader.text(ROLE_CLAIM, "", None),
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
    if let Err(VerifiersError::Verifier { error: VerifierError::UnusedSecret, .. }) =
        Verifiers::new(std::slice::from_ref(&verifier))
    {
        return Err(SettingsError::refused(reader.setting(HS256_SECRET, ""), TWO_VERIFIERS));
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

/// What works, and may not be what was meant. `query`: the one on the app's users table.
pub(super) fn warnings(sign_in: &SignInSettings, query: Option<&str>) -> Vec<String> {
    let verifiers = Verifiers::new(&sign_in.verifiers).ok();
    let mut warnings: Vec<_> =
        verifiers.iter().flat_map(Verifiers::warnings).map(|(_, warning)| warning.to_string()).collect();
    let without_claim = sign_in.verifiers.iter().position(|verifier| verifier.role_claim.is_none());
    if let (RoleRule::Claim, Some(at)) = (sign_in.roles, without_claim) {
        warnings.push(format!(
            "roles come from a claim, and verifier {} has no role_claim: its users have no role and are refused",
            at + 1
        ));
    }
    if let (RoleRule::Query, Some(query)) = (sign_in.roles, query) {
        let asked_for = sign_in.verifiers.iter().map(|verifier| &verifier.prefix);
        warnings.extend(asked_for.filter(|prefix| !query.contains(prefix.as_str())).map(|prefix| {
            format!(
                "the roles query is given user ids that begin with {prefix:?}, and does not speak of it; unless it \
                 takes that off, compare with it, such as: WHERE '{prefix}' || user_id = $1"
            )
        }));
    }
    warnings
}

/// What of the environment does nothing. `is_open`: visitors of the default site need no sign-in.
pub(super) fn warnings_of_environment(reader: &Reader<'_>, is_open: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if [CLERK_KEY, ISSUER].iter().all(|name| reader.in_environment(name).is_some()) {
        warnings.push(format!("{CLERK_KEY} is not used, because {ISSUER} is set; remove one of them"));
    }
    let nothing: Vec<_> = VARIABLES.into_iter().filter(|name| reader.is_set_to_nothing(name)).collect();
    if is_open && !nothing.is_empty() {
        warnings.push(format!(
            "set to nothing, which counts as not set, so visitors need not sign in: {}",
            nothing.join(", ")
        ));
    }
    warnings
}

const TWO_VERIFIERS: &str = "the environment describes one verifier, and tokens of Clerk and Auth0 are not signed with a \
                             secret of yours; remove one of the two, or write each as [[sites.default.verifiers]] in \
                             chatkitd.toml, with a prefix";
const NO_CLAIM: &str = "roles come from a claim, but no verifier says which; set role_claim of a verifier \
                        (CHATKITD_AUTH_ROLE_CLAIM for the default site)";

fn two_sources(site: &SiteName) -> String {
    format!(
        "both a role_claim and a roles query are set; say which of them counts with sites.{site}.roles = \"claim\" or \
         \"query\", or remove one"
    )
}
