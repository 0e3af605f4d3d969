//! How users sign in, and where their roles come from.

use chatkitd_core::identity::RoleRule;

use super::{load, refused};

const SECRET: (&str, &str) = ("CHATKITD_AUTH_HS256_SECRET", "0123456789abcdef0123456789abcdef");
const CLAIM: (&str, &str) = ("CHATKITD_AUTH_ROLE_CLAIM", "role");
const QUERY: (&str, &str) = ("CHATKITD_ROLES_QUERY", "SELECT role FROM users WHERE id = $1");
const SHOP: &str =
    "[[sites.shop.verifiers]]\nhs256_secret = \"0123456789abcdef0123456789abcdef\"\nrole_claim = \"role\"\n";

fn rule(env: &[(&str, &str)], file: Option<&str>, site: &str) -> RoleRule {
    let settings = load(env, file, false).unwrap();
    let how = settings.sign_in.iter().find(|(name, _)| name.as_str() == site);
    how.unwrap().1.roles
}

#[test]
fn a_role_claim_switches_roles_on() {
    assert_eq!(rule(&[SECRET], None, "default"), RoleRule::None);
    assert_eq!(rule(&[SECRET, CLAIM], None, "default"), RoleRule::Claim);
    assert_eq!(rule(&[SECRET, QUERY], None, "default"), RoleRule::Query);
    assert_eq!(rule(&[], Some(SHOP), "shop"), RoleRule::Claim);
}

#[test]
fn who_says_where_roles_come_from_is_believed() {
    let off = "[sites.default]\nroles = \"none\"\n";
    assert_eq!(rule(&[SECRET, CLAIM], Some(off), "default"), RoleRule::None);
    let query = "[sites.default]\nroles = \"query\"\n";
    assert_eq!(rule(&[SECRET, CLAIM, QUERY], Some(query), "default"), RoleRule::Query);
}

#[test]
fn roles_that_could_come_from_two_places_are_refused_until_one_is_chosen() {
    let message = refused(&[SECRET, CLAIM, QUERY], None);
    for words in ["role_claim", "query", "sites.default.roles"] {
        assert!(message.contains(words), "{words}: {message}");
    }
}

#[test]
fn roles_by_claim_need_a_claim() {
    let file = "[sites.shop]\nroles = \"claim\"\n[[sites.shop.verifiers]]\n\
                hs256_secret = \"0123456789abcdef0123456789abcdef\"\n";
    let message = refused(&[], Some(file));
    assert!(message.starts_with("chatkitd.toml, line 2: sites.shop.roles: "), "{message}");
    assert!(message.contains("role_claim"), "{message}");
}

#[test]
fn a_verifier_whose_users_can_have_no_role_is_warned_of() {
    let other = "[[sites.shop.verifiers]]\nhs256_secret = \"fedcba9876543210fedcba9876543210\"\nissuer = \"app\"\n\
                 audience = [\"chat\"]\nprefix = \"app_\"\n";
    let warned = |file: &str| {
        let warnings = load(&[], Some(file), false).unwrap().warnings;
        warnings.into_iter().filter(|warning| warning.contains("verifier 2 has no role_claim")).count()
    };
    assert_eq!(warned(&format!("{SHOP}prefix = \"site_\"\n{other}")), 1);
    assert_eq!(warned(&format!("{SHOP}prefix = \"site_\"\n{other}role_claim = \"role\"\n")), 0);
}

/// Of `clerk.example.com`.
const CLERK: (&str, &str) = ("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k");

fn warnings(env: &[(&str, &str)], file: Option<&str>) -> String {
    load(env, file, false).unwrap().warnings.join("\n")
}

#[test]
fn a_clerk_key_that_an_issuer_overrules_is_warned_of() {
    let issuer = ("CHATKITD_AUTH_ISSUER", "https://a.example");
    let audience = ("CHATKITD_AUTH_AUDIENCE", "chat");
    let words = "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY is not used, because CHATKITD_AUTH_ISSUER is set";
    assert!(warnings(&[CLERK, issuer, audience], None).contains(words));
    for env in [&[CLERK][..], &[issuer, audience]] {
        assert!(!warnings(env, None).contains("is not used"), "{env:?}");
    }
}

#[test]
fn two_verifiers_in_the_environment_are_refused_with_the_way_to_write_them() {
    let auth0 = [("CHATKITD_AUTH_PRESET", "auth0"), ("CHATKITD_AUTH_ISSUER", "https://a.example")];
    for env in [&[SECRET, CLERK][..], &[SECRET, auth0[0], auth0[1]]] {
        let message = refused(env, None);
        assert!(
            message.starts_with("CHATKITD_AUTH_HS256_SECRET: the environment describes one"),
            "{message}"
        );
        assert!(message.contains("[[sites.default.verifiers]]") && message.contains("prefix"), "{message}");
    }
}

#[test]
fn a_roles_query_that_does_not_know_the_prefix_of_its_users_is_warned_of() {
    let file = "[[sites.default.verifiers]]\nhs256_secret = \"0123456789abcdef0123456789abcdef\"\n\
                prefix = \"clerk_\"\n";
    assert!(warnings(&[QUERY], Some(file)).contains("WHERE 'clerk_' || user_id = $1"));
    let knows = (QUERY.0, "SELECT role FROM users WHERE 'clerk_' || clerk_user_id = $1");
    assert!(!warnings(&[knows], Some(file)).contains("WHERE"));
    assert!(!warnings(&[QUERY, SECRET], None).contains("WHERE"));
}

#[test]
fn a_sign_in_that_is_set_to_nothing_is_warned_of() {
    let nothing = [("CHATKITD_AUTH_ISSUER", " "), ("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", "")];
    let words = "visitors need not sign in: NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY, CHATKITD_AUTH_ISSUER";
    assert!(warnings(&nothing, None).contains(words));
    assert!(!warnings(&[nothing[0], SECRET], None).contains("need not sign in"));
}
