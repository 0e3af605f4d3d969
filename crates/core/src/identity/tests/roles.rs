use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt;

use super::*;
use crate::id::UserId;
use crate::identity::{RolePolicy, RolePolicyError, RoleRefusal, RoleRule, Roles, RolesError};

/// A users table with one row; the user `broken` breaks it.
struct Table;

#[async_trait]
impl Roles for Table {
    async fn role(&self, user: &UserId) -> Result<Option<String>, RolesError> {
        match user.as_str() {
            "clerk_ada" => Ok(Some("admin".to_owned())),
            "broken" => Err(RolesError("no connection".into())),
            _ => Ok(None),
        }
    }
}

fn user(id: &str, roles: &[&str]) -> VerifiedUser {
    let subject = id.trim_start_matches("clerk_").to_owned();
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    VerifiedUser { user: UserId::named(id).unwrap(), roles, subject }
}

fn role(rule: RoleRule, allowed: &[&str], user: &VerifiedUser) -> Result<Option<String>, RoleRefusal> {
    let allowed = allowed.iter().map(|role| (*role).to_owned()).collect();
    let policy = RolePolicy::new(rule, Some(Arc::new(Table)), allowed).unwrap();
    policy.role_of(user).now_or_never().expect("nothing to wait for")
}

#[test]
fn a_site_without_roles_lets_everybody_in() {
    assert_eq!(role(RoleRule::None, &[], &user("ada", &["x"])).unwrap(), None);
}

#[test]
fn a_role_comes_from_the_claim_or_from_the_table() {
    assert_eq!(role(RoleRule::Claim, &[], &user("ada", &["agent"])).unwrap().as_deref(), Some("agent"));
    assert_eq!(role(RoleRule::Query, &["admin"], &user("clerk_ada", &[])).unwrap().as_deref(), Some("admin"));
}

#[test]
fn a_user_without_a_role_is_told_so() {
    for (rule, user) in [
        (RoleRule::Claim, user("ada", &[])),
        (RoleRule::Claim, user("ada", &[""])),
        // The claim does not stand in for the row, and the bare subject is somebody else's.
        (RoleRule::Query, user("ada", &["admin"])),
    ] {
        let refusal = role(rule, &[], &user).unwrap_err();
        assert_eq!(refusal.to_string(), "User role not found");
    }
}

#[test]
fn a_role_outside_the_list_is_refused() {
    let refusal = role(RoleRule::Claim, &["admin"], &user("ada", &["guest"])).unwrap_err();
    assert!(matches!(refusal, RoleRefusal::NotAllowed), "{refusal:?}");
}

#[test]
fn of_several_roles_the_first_that_is_let_in_is_the_users() {
    let ada = user("ada", &["guest", "member", "admin"]);
    for (allowed, is) in [(&[][..], "guest"), (&["admin", "member"], "member"), (&["admin"], "admin")] {
        assert_eq!(role(RoleRule::Claim, allowed, &ada).unwrap().as_deref(), Some(is), "{allowed:?}");
    }
    let refusal = role(RoleRule::Claim, &["owner"], &ada).unwrap_err();
    assert!(matches!(refusal, RoleRefusal::NotAllowed), "{refusal:?}");
}

#[test]
fn a_table_that_cannot_be_asked_lets_nobody_in() {
    let refusal = role(RoleRule::Query, &[], &user("broken", &["admin"])).unwrap_err();
    assert!(matches!(refusal, RoleRefusal::Unavailable(_)), "{refusal:?}");
}

#[test]
fn contradictory_settings_are_refused() {
    let no_query = RolePolicy::new(RoleRule::Query, None, Vec::new()).err();
    assert_eq!(no_query, Some(RolePolicyError::NoQuery));
    let no_rule = RolePolicy::new(RoleRule::None, None, vec!["admin".to_owned()]).err();
    assert_eq!(no_rule, Some(RolePolicyError::AllowedWithoutRule));
}
