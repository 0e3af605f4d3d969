//! Roles from the app's own users table (seed 004): no row, no chat.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chatkitd::clock::SystemClock;
use chatkitd_core::ports::Clock as _;
use chatkitd_core::testing::sign;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::databases::{postgres, run};
use crate::server::{Env, Node, SESSION, send};

pub const HS256_SECRET: &str = "the-apps-own-secret-of-forty-bytes-12345";
pub const USERS: &str = "CREATE TABLE users (clerk_user_id TEXT PRIMARY KEY, role TEXT);
                     INSERT INTO users VALUES ('user_admin', 'admin')";

pub fn token(subject: &str) -> String {
    let now = SystemClock.now().as_second();
    signed(&json!({"sub": subject, "iat": now, "exp": now + 600}))
}

fn signed(claims: &Value) -> String {
    sign(&json!({"alg": "HS256", "typ": "JWT"}), claims, &hs256(HS256_SECRET))
}

fn hs256(secret: &str) -> jsonwebtoken::EncodingKey {
    jsonwebtoken::EncodingKey::from_base64_secret(&STANDARD.encode(secret)).unwrap()
}

pub fn with_roles(env: Env) -> Env {
    env.set("CHATKITD_AUTH_HS256_SECRET", HS256_SECRET)
        .set("CHATKITD_ROLES_QUERY", "SELECT role FROM users WHERE clerk_user_id = $1")
}

async fn only_users_with_a_row_may_chat(env: Env) {
    let node = Node::start(&with_roles(env)).await;
    let made = send(node.post(SESSION).bearer_auth(token("user_admin"))).await;
    assert_eq!((made.status, made.text("user_id").as_str()), (200, "user_admin"), "{made:?}");
    let refused = send(node.post(SESSION).bearer_auth(token("user_unknown"))).await;
    refused.assert_error(403, "role_not_found");
    assert_eq!(refused.text("error"), "User role not found");
    let injected = send(node.post(SESSION).bearer_auth(token("' OR '1'='1"))).await;
    injected.assert_error(403, "role_not_found");
    assert_eq!(node.create().await.status, 401, "sign-in is required");
}

#[tokio::test]
async fn a_user_without_a_row_in_postgresql_is_refused() {
    let (folder, url) = (tempdir().unwrap(), postgres().await);
    run(&url, USERS).await;
    only_users_with_a_row_may_chat(Env::sqlite(&folder).set("CHATKITD_DATABASE_URL", url)).await;
}

#[tokio::test]
async fn a_user_without_a_row_in_the_apps_sqlite_is_refused() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("app.db");
    rusqlite::Connection::open(&file).unwrap().execute_batch(USERS).unwrap();
    let own = format!("sqlite://{}", file.display());
    only_users_with_a_row_may_chat(Env::sqlite(&folder).set("CHATKITD_ROLES_DATABASE_URL", own)).await;
}

#[tokio::test]
async fn tokens_that_are_not_the_apps_are_refused_and_never_anonymous() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder)
        .set("CHATKITD_AUTH_HS256_SECRET", HS256_SECRET)
        .set("CHATKITD_ANONYMOUS", "true");
    let node = Node::start(&env).await;
    let now = SystemClock.now().as_second();
    let (header, good) = (json!({"alg": "HS256", "typ": "JWT"}), json!({"sub": "ann", "exp": now + 600}));
    let tokens = [
        sign(&header, &good, &hs256("somebody-elses-secret-of-forty-bytes-123")),
        sign(&header, &json!({"sub": "ann", "exp": now - 3600}), &hs256(HS256_SECRET)),
        sign(&header, &json!({"sub": "ann", "exp": now + 7200, "nbf": now + 3600}), &hs256(HS256_SECRET)),
        sign(&header, &json!({"sub": "anon_0123", "exp": now + 600}), &hs256(HS256_SECRET)),
        chatkitd_core::testing::unsigned(&json!({"alg": "none"}), &good),
        "not.a.token".to_owned(),
    ];
    for token in tokens {
        let answer = send(node.post(SESSION).bearer_auth(&token)).await;
        assert_eq!(answer.status, 401, "{token}: {answer:?}");
    }
    let anonymous = node.create().await;
    assert!(anonymous.text("user_id").starts_with("anon_"));
}

#[tokio::test]
async fn roles_come_from_the_claim_that_a_variable_names() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder)
        .set("CHATKITD_AUTH_HS256_SECRET", HS256_SECRET)
        .set("CHATKITD_AUTH_ROLE_CLAIM", "role");
    let node = Node::start(&env).await;
    let expires = SystemClock.now().as_second() + 600;
    for (role, status) in [
        (json!("member"), 200),
        (json!(["guest", "member"]), 200),
        (Value::Null, 403),
        (json!([]), 403),
        (json!({"name": "member"}), 403),
    ] {
        let claims = json!({"sub": "ann", "exp": expires, "role": role});
        let answer = send(node.post(SESSION).bearer_auth(signed(&claims))).await;
        assert_eq!(answer.status, status, "{role}: {answer:?}");
    }
    let refused = send(node.post(SESSION).bearer_auth(token("ann"))).await;
    refused.assert_error(403, "role_not_found");
    assert_eq!(refused.text("error"), "User role not found");
}

#[tokio::test]
async fn one_allowed_role_of_several_lets_a_user_in() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder)
        .set("CHATKITD_AUTH_HS256_SECRET", HS256_SECRET)
        .set("CHATKITD_AUTH_ROLE_CLAIM", "https://shop.example/roles");
    let file = "[sites.default]\nallowed_roles = [\"member\"]\n";
    let node = Node::start_from(&env, file).await;
    let expires = SystemClock.now().as_second() + 600;
    for (roles, status) in
        [(json!(["guest", "member"]), 200), (json!(["guest"]), 403), (json!("member"), 200)]
    {
        let claims = json!({"sub": "ann", "exp": expires, "https://shop.example/roles": roles});
        let answer = send(node.post(SESSION).bearer_auth(signed(&claims))).await;
        assert_eq!(answer.status, status, "{roles}: {answer:?}");
    }
}
