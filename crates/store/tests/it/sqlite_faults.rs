use std::time::Duration;

use chatkitd_core::limits::Quota;
use chatkitd_core::ports::{Limiter, Maintenance, RunRecovery, Store, StoreError};
use chatkitd_core::sessions::{NewSecret, Session};
use chatkitd_core::testing::conformance::fixture::{Fixture, at, shop};
use chatkitd_core::threads::Which;
use chatkitd_store::{Durability, MigrateError, SqliteOptions, SqliteStore};
use futures_util::future::join_all;
use rusqlite::Connection;

use crate::sqlite::TestStore;

fn other_connection(store: &TestStore) -> Connection {
    Connection::open(store.path()).unwrap()
}

fn sessions(make: &Fixture, count: usize) -> Vec<(Session, NewSecret)> {
    (0..count).map(|_| (make.session(0), make.secret(0))).collect()
}

async fn create(store: &SqliteStore, sessions: &[(Session, NewSecret)]) -> Vec<Result<(), StoreError>> {
    let scope = shop();
    join_all(sessions.iter().map(|(session, secret)| store.create_session(&scope, session, secret))).await
}

#[tokio::test]
async fn a_database_locked_by_another_process_is_unavailable_and_then_recovers() {
    let store = TestStore::open(|options| options.busy_timeout = Duration::from_millis(50)).await;
    let make = Fixture::default();
    let written = sessions(&make, 1);
    assert!(create(&store, &written).await[0].is_ok());

    let other = other_connection(&store);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = sessions(&make, 3);
    for result in create(&store, &refused).await {
        assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
    }
    let limited = store.take("ip", Quota::per_minute(1), at(0)).await;
    assert!(limited.is_err(), "{limited:?}");
    let read = store.session(&shop(), &written[0].0.id).await.unwrap();
    assert!(read.is_some(), "readers do not wait for the lock");

    other.execute_batch("ROLLBACK").unwrap();
    for (session, _) in &refused {
        assert_eq!(store.session(&shop(), &session.id).await.unwrap(), None);
    }
    assert!(create(&store, &refused).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_full_disk_loses_nothing_that_was_answered_and_recovers_when_there_is_room() {
    let store = TestStore::open(|options| options.max_pages = Some(80)).await;
    let make = Fixture::default();
    let mut refused = 0;
    while refused == 0 {
        let batch = sessions(&make, 40);
        let results = create(&store, &batch).await;
        for ((session, _), result) in batch.iter().zip(results) {
            let found = store.session(&shop(), &session.id).await.unwrap().is_some();
            assert_eq!(found, result.is_ok(), "{result:?}");
            if let Err(error) = result {
                assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
                refused += 1;
            }
        }
    }
    store.sweep(at(90 * 24 * 3600)).await.unwrap();
    assert!(create(&store, &sessions(&make, 10)).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_run_that_cannot_be_closed_keeps_no_other_from_it() {
    let store = crate::sqlite::make().await;
    let make = Fixture::default();
    let damaged = make.running_until(&*store, &[], Duration::ZERO).await;
    let behind = make.running_until(&*store, &[], Duration::ZERO).await;
    let damage = "UPDATE threads SET checkpoint = 'x' WHERE run_id = ?1";
    other_connection(&store).execute(damage, [damaged.run.as_str()]).unwrap();
    let closed = store.interrupt_runs(Which::All, at(9), 10).await.unwrap();
    assert_eq!(closed.into_iter().map(|stranded| stranded.run).collect::<Vec<_>>(), [behind.run]);
    assert_eq!(store.interrupt_runs(Which::All, at(9), 10).await.unwrap(), []);
}

#[tokio::test]
async fn one_conflict_in_a_batch_leaves_the_others_alone() {
    let store = crate::sqlite::make().await;
    let make = Fixture::default();
    let mut batch = sessions(&make, 100);
    for twin in (9..100).step_by(10) {
        // Half of them fail at the first insert, half at the second.
        if twin % 20 == 9 {
            batch[twin].0.id = batch[0].0.id.clone();
        } else {
            batch[twin].1.hash = batch[0].1.hash;
        }
    }
    for (n, result) in create(&store, &batch).await.into_iter().enumerate() {
        match result {
            Ok(()) => assert_ne!(n % 10, 9),
            Err(error) => assert!(n % 10 == 9 && matches!(error, StoreError::Conflict), "{n}: {error:?}"),
        }
    }
    assert_eq!(store.sessions(&shop(), None, 200).await.unwrap().sessions.len(), 90);
}

#[tokio::test]
async fn a_closed_store_is_unavailable_and_its_file_opens_again() {
    let store = TestStore::open(|options| options.durability = Durability::Disk).await;
    let make = Fixture::default();
    let written = sessions(&make, 1);
    assert!(create(&store, &written).await[0].is_ok());
    store.close().await;
    let refused = create(&store, &sessions(&make, 1)).await;
    assert!(matches!(refused[0], Err(StoreError::Unavailable(_))), "{refused:?}");
    let read = store.session(&shop(), &written[0].0.id).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");

    let again = SqliteStore::connect(&SqliteOptions::new(store.path())).await.unwrap();
    assert_eq!(again.session(&shop(), &written[0].0.id).await.unwrap().as_ref(), Some(&written[0].0));
}

#[tokio::test]
async fn a_newer_schema_is_refused_in_words() {
    let store = crate::sqlite::make().await;
    let other = other_connection(&store);
    other.pragma_update(None, "user_version", 9999).unwrap();
    let refused = SqliteStore::connect(&SqliteOptions::new(store.path())).await;
    let error = refused.err().expect("a refusal");
    assert!(matches!(error, MigrateError::Newer { found: 9999, .. }), "{error:?}");
    assert!(error.to_string().contains("newer chatkitd"), "{error}");
}

#[tokio::test]
async fn a_file_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE _sqlx_migrations (version)").unwrap();
    let refused = SqliteStore::connect(&SqliteOptions::new(&path)).await;
    let error = refused.err().expect("a refusal");
    assert!(matches!(error, MigrateError::Foreign), "{error:?}");
    assert!(error.to_string().contains("another file"), "{error}");
    let tables: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn processes_that_start_at_once_on_a_new_file_all_open_it() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(folder.path().join("chatkitd.db"));
    for opened in join_all((0..8).map(|_| SqliteStore::connect(&options))).await {
        opened.unwrap().ping().await.unwrap();
    }
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_an_error_in_words() {
    let refused = SqliteStore::connect(&SqliteOptions::new("/nonexistent/chatkitd.db")).await;
    assert!(matches!(refused.err(), Some(MigrateError::Connect(_))));
}
