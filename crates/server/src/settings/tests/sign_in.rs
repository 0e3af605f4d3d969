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
