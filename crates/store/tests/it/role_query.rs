use chatkitd_store::{DatabaseError, RoleQuery, RoleQueryError};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::postgres::{TestDatabase, connect, run};

const USERS: &str = "
    CREATE TABLE users (clerk_user_id TEXT PRIMARY KEY, role TEXT);
    INSERT INTO users VALUES ('user_1', 'admin'), ('user_2', NULL)";
const ROLE: &str = "SELECT role FROM users WHERE clerk_user_id = $1";

fn sqlite(sql: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.db");
    Connection::open(&file).unwrap().execute_batch(sql).unwrap();
    (folder, format!("sqlite://{}", file.display()))
}

async fn assert_roles(url: &str) {
    let query = RoleQuery::new(url, ROLE).unwrap();
    assert_eq!(query.role("user_1").await.unwrap().as_deref(), Some("admin"));
    assert_eq!(query.role("user_2").await.unwrap(), None, "a role that is NULL");
    assert_eq!(query.role("user_3").await.unwrap(), None, "no row");
    assert_eq!(query.role("' OR 1=1 --").await.unwrap(), None);

    for wrong in [
        "UPDATE users SET role = 'admin' WHERE clerk_user_id = $1 RETURNING role",
        "SELECT role FROM nowhere WHERE id = $1",
    ] {
        let refused = RoleQuery::new(url, wrong).unwrap().role("user_2").await;
        assert!(matches!(refused, Err(RoleQueryError::Query(_) | RoleQueryError::Unavailable(_))), "{wrong}");
    }
    assert_eq!(query.role("user_2").await.unwrap(), None, "nothing was written");

    let several = RoleQuery::new(url, "SELECT role FROM users WHERE $1 <> 'user_9'").unwrap();
    let refused = several.role("user_1").await;
    assert!(matches!(refused, Err(RoleQueryError::Ambiguous)), "{refused:?}");
    assert_eq!(several.role("user_9").await.unwrap(), None);
}

#[tokio::test]
async fn a_role_is_read_from_the_apps_postgresql() {
    let database = TestDatabase::empty().await;
    run(&mut connect(&database.url).await, USERS).await;
    assert_roles(&database.url).await;
}

#[tokio::test]
async fn an_enum_is_read_as_its_name() {
    let database = TestDatabase::empty().await;
    let mut connection = connect(&database.url).await;
    run(
        &mut connection,
        "CREATE TYPE role AS ENUM ('member', 'admin');
         CREATE TABLE users (clerk_user_id TEXT, role role);
         INSERT INTO users VALUES ('user_1', 'member'), ('user_2', NULL)",
    )
    .await;
    let query = RoleQuery::new(&database.url, &format!("{ROLE} -- roles of the app\n;")).unwrap();
    assert_eq!(query.role("user_1").await.unwrap().as_deref(), Some("member"));
    assert_eq!(query.role("user_2").await.unwrap(), None);
}

#[tokio::test]
async fn an_id_that_the_column_cannot_hold_is_nobodys() {
    let database = TestDatabase::empty().await;
    let mut connection = connect(&database.url).await;
    run(
        &mut connection,
        "CREATE TYPE kind AS ENUM ('person');
         CREATE TABLE users (id uuid, number int, kind kind, role text);
         INSERT INTO users VALUES ('00000000-0000-0000-0000-000000000001', 1, 'person', 'admin')",
    )
    .await;
    let role = async |sql: &str, user: &str| RoleQuery::new(&database.url, sql).unwrap().role(user).await;
    let by_uuid = "SELECT role FROM users WHERE id = $1::uuid";
    let found = role(by_uuid, "00000000-0000-0000-0000-000000000001").await.unwrap();
    assert_eq!(found.as_deref(), Some("admin"));
    assert_eq!(role(by_uuid, "user_1").await.unwrap(), None);
    let by_number = "SELECT role FROM users WHERE number = $1::int";
    for user in ["user_1", "99999999999"] {
        assert_eq!(role(by_number, user).await.unwrap(), None, "{user}");
    }
    let misspelt = "SELECT role FROM users WHERE kind = 'persn' AND id = $1::uuid";
    let refused = role(misspelt, "user_1").await;
    assert!(matches!(refused, Err(RoleQueryError::Query(_))), "{refused:?}");
}

#[tokio::test]
async fn a_role_is_read_from_the_apps_sqlite() {
    let (_folder, url) = sqlite(USERS);
    assert_roles(&url).await;
}

#[tokio::test]
async fn a_query_that_does_not_end_is_stopped() {
    let (_folder, url) = sqlite(USERS);
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                   SELECT max(i) FROM n WHERE $1 <> ''";
    let query = RoleQuery::new(&url, endless).unwrap();
    let refused = query.role("user_1").await;
    assert!(matches!(refused, Err(RoleQueryError::Unavailable(DatabaseError::Late))), "{refused:?}");
}

#[tokio::test]
async fn a_locked_sqlite_is_unavailable() {
    let (folder, url) = sqlite(USERS);
    let query = RoleQuery::new(&url, ROLE).unwrap();
    let other = Connection::open(folder.path().join("app.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let refused = query.role("user_1").await;
    assert!(matches!(refused, Err(RoleQueryError::Unavailable(_))), "{refused:?}");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(query.role("user_1").await.unwrap().as_deref(), Some("admin"));
}

#[tokio::test]
async fn a_database_that_is_not_there_is_unavailable() {
    let query = RoleQuery::new("sqlite:///nonexistent/app.db", ROLE).unwrap();
    let refused = query.role("user_1").await;
    assert!(matches!(refused, Err(RoleQueryError::Unavailable(_))), "{refused:?}");
    let refused = RoleQuery::new("mysql://localhost/app", ROLE);
    assert!(matches!(refused.err(), Some(RoleQueryError::UnknownDatabase)));
}
