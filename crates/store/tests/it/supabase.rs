use chatkitd_core::ports::Store;
use chatkitd_core::testing::conformance::fixture::{Fixture, shop};
use chatkitd_store::{PostgresOptions, PostgresStore, supabase_migration};
use sqlx::PgConnection;

use crate::postgres::{TestDatabase, connect, run};

/// The roles of Supabase's public keys, with the open-handed defaults that make a schema readable unless
/// it is shut.
const SUPABASE: &str = "
    DO $$ BEGIN CREATE ROLE anon NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
    DO $$ BEGIN CREATE ROLE authenticated NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
    ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO anon, authenticated;
    ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO anon, authenticated;";

async fn supabase_with_a_session() -> (TestDatabase, PgConnection) {
    let database = TestDatabase::empty().await;
    let mut connection = connect(&database.url).await;
    run(&mut connection, SUPABASE).await;
    run(&mut connection, supabase_migration()).await;
    let store = PostgresStore::connect(&PostgresOptions::new(&database.url)).await.unwrap();
    let make = Fixture::default();
    store.create_session(&shop(), &make.session(0), &make.secret(0)).await.unwrap();
    (database, connection)
}

#[tokio::test]
async fn chatkitd_finds_nothing_to_migrate_after_the_file_was_applied() {
    let (_database, mut connection) = supabase_with_a_session().await;
    let rows: Vec<(i64, String, i64)> = sqlx::query_as(
        "SELECT version, description, execution_time FROM chatkitd._sqlx_migrations ORDER BY version",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let files = ["sessions", "threads", "attachments", "promises", "attachments by user", "deleted threads"];
    let written: Vec<_> = (1..).zip(files).map(|(version, name)| (version, name.to_owned(), 0)).collect();
    assert_eq!(rows, written, "the rows that the file wrote");
}

#[tokio::test]
async fn the_public_roles_can_neither_read_nor_enter_the_schema() {
    let (_database, mut connection) = supabase_with_a_session().await;
    for role in ["anon", "authenticated", "public"] {
        let enters: bool = sqlx::query_scalar("SELECT has_schema_privilege($1, 'chatkitd', 'USAGE')")
            .bind(role)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert!(!enters, "{role}");
        let open: Vec<(String,)> = sqlx::query_as(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'chatkitd'::regnamespace
                 AND relkind = 'r' AND has_table_privilege($1, oid, 'SELECT, INSERT, UPDATE, DELETE')",
        )
        .bind(role)
        .fetch_all(&mut connection)
        .await
        .unwrap();
        assert!(open.is_empty(), "{role}: {open:?}");
    }
    run(&mut connection, "SET ROLE anon").await;
    let refused = sqlx::query("SELECT * FROM chatkitd.sessions").execute(&mut connection).await.unwrap_err();
    let code = refused.as_database_error().unwrap().code().unwrap().into_owned();
    assert_eq!(code, "42501", "insufficient privilege");
    let seen: i64 =
        sqlx::query_scalar("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'chatkitd'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(seen, 0);
}

#[tokio::test]
async fn a_grant_by_mistake_still_shows_no_row() {
    let (_database, mut connection) = supabase_with_a_session().await;
    run(
        &mut connection,
        "GRANT USAGE ON SCHEMA chatkitd TO anon; GRANT SELECT ON ALL TABLES IN SCHEMA chatkitd TO anon",
    )
    .await;
    let tables: Vec<(String,)> = sqlx::query_as(
        "SELECT relname::text FROM pg_class
         WHERE relnamespace = 'chatkitd'::regnamespace AND relkind = 'r' AND NOT relrowsecurity",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(tables.is_empty(), "without row level security: {tables:?}");
    run(&mut connection, "SET ROLE anon").await;
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM chatkitd.sessions")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(rows, 0);
}
