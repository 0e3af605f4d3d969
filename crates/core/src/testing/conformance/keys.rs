//! Service keys and the audit log.

use super::FullStore;
use super::fixture::{Fixture, at, audit, shop, site, user};
use crate::ports::{Scope, StoreError};
use crate::secret_text::SecretHash;
use crate::service_keys::ServiceKey;
use crate::sessions::{AuditAction, AuditEntry};

fn created(key: &ServiceKey) -> AuditEntry {
    AuditEntry { at: key.created_at, ..audit(0, AuditAction::KeyCreated, key.id.as_str()) }
}

async fn create(store: &dyn FullStore, key: &ServiceKey, hash: &SecretHash) {
    store.create_service_key(&shop(), key, hash, &created(key)).await.unwrap();
}

pub async fn a_key_is_found_by_its_hash_until_it_is_revoked(store: &dyn FullStore) {
    let make = Fixture::default();
    let (key, hash) = (make.key(0, "back end"), make.hash());
    assert_eq!(store.service_key(&hash).await.unwrap(), None);
    create(store, &key, &hash).await;
    assert_eq!(store.service_key(&hash).await.unwrap(), Some(key.clone()));
    assert_eq!(store.service_key(&make.hash()).await.unwrap(), None);

    let entry = audit(9, AuditAction::KeyRevoked, key.id.as_str());
    store.revoke_service_key(&shop(), &key.id, at(9), &entry).await.unwrap();
    assert_eq!(store.service_key(&hash).await.unwrap(), None);
    let listed = store.service_keys(&shop()).await.unwrap();
    assert_eq!(listed, [ServiceKey { revoked_at: Some(at(9)), ..key.clone() }]);
    assert_eq!(store.audit_log(&shop(), None, 10).await.unwrap(), [entry, created(&key)]);
}

pub async fn the_same_key_twice_is_a_conflict(store: &dyn FullStore) {
    let make = Fixture::default();
    let (key, hash) = (make.key(0, "one"), make.hash());
    create(store, &key, &hash).await;
    let again = make.key(1, "two");
    let elsewhere = ServiceKey { site: site("blog"), ..make.key(2, "three") };
    for (scope, twin) in [(shop(), again), (Scope::Site(site("blog")), elsewhere)] {
        let refused = store.create_service_key(&scope, &twin, &hash, &created(&twin)).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    }
    assert_eq!(store.audit_log(&shop(), None, 10).await.unwrap(), [created(&key)], "no entry without a key");
    assert_eq!(store.service_keys(&shop()).await.unwrap(), [key]);
}

pub async fn keys_are_listed_oldest_first_for_their_site_only(store: &dyn FullStore) {
    let make = Fixture::default();
    let (newer, older) = (make.key(5, "newer"), make.key(1, "older"));
    for key in [&newer, &older] {
        create(store, key, &make.hash()).await;
    }
    let foreign = ServiceKey { site: site("blog"), ..make.key(2, "foreign") };
    let blog = Scope::Site(site("blog"));
    let refused = store.create_service_key(&shop(), &foreign, &make.hash(), &created(&foreign)).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    store.create_service_key(&blog, &foreign, &make.hash(), &created(&foreign)).await.unwrap();
    assert_eq!(store.service_keys(&shop()).await.unwrap(), [older.clone(), newer]);
    assert_eq!(store.service_keys(&blog).await.unwrap(), [foreign]);
    let refused = store.revoke_service_key(&blog, &older.id, at(9), &created(&older)).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
}

pub async fn revoking_a_key_twice_writes_one_audit_entry(store: &dyn FullStore) {
    let make = Fixture::default();
    let key = make.key(0, "one");
    create(store, &key, &make.hash()).await;
    for second in [5, 6] {
        let entry = audit(second, AuditAction::KeyRevoked, key.id.as_str());
        store.revoke_service_key(&shop(), &key.id, at(second), &entry).await.unwrap();
    }
    let log = store.audit_log(&shop(), None, 10).await.unwrap();
    assert_eq!(log, [audit(5, AuditAction::KeyRevoked, key.id.as_str()), created(&key)]);
    assert_eq!(store.service_keys(&shop()).await.unwrap()[0].revoked_at, Some(at(5)));
}

pub async fn a_visitor_reaches_neither_keys_nor_the_audit_log(store: &dyn FullStore) {
    let make = Fixture::default();
    let key = make.key(0, "one");
    create(store, &key, &make.hash()).await;
    let visitor = user("ann");
    assert!(store.service_keys(&visitor).await.unwrap().is_empty());
    assert!(store.audit_log(&visitor, None, 10).await.unwrap().is_empty());
    let refused = store.revoke_service_key(&visitor, &key.id, at(1), &created(&key)).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    let other = make.key(1, "two");
    let refused = store.create_service_key(&visitor, &other, &make.hash(), &created(&other)).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    assert_eq!(store.service_keys(&shop()).await.unwrap(), [key]);
}

pub async fn the_audit_log_is_newest_first_of_one_site_and_where_asked_of_one_action(store: &dyn FullStore) {
    let make = Fixture::default();
    let mut expected = Vec::new();
    for second in [1, 2, 2, 3] {
        let key = make.key(second, "key");
        create(store, &key, &make.hash()).await;
        expected.insert(0, created(&key));
    }
    assert_eq!(store.audit_log(&shop(), None, 10).await.unwrap(), expected);
    assert_eq!(store.audit_log(&shop(), None, 2).await.unwrap(), expected[..2]);
    let revoked = audit(4, AuditAction::KeyRevoked, expected[0].target.as_str());
    let last = store.service_keys(&shop()).await.unwrap().pop().unwrap();
    store.revoke_service_key(&shop(), &last.id, at(4), &revoked).await.unwrap();
    let created = store.audit_log(&shop(), Some(AuditAction::KeyCreated), 3).await.unwrap();
    assert_eq!(created, expected[..3]);
    assert_eq!(store.audit_log(&shop(), Some(AuditAction::KeyRevoked), 3).await.unwrap(), [revoked]);
    assert!(store.audit_log(&Scope::Site(site("blog")), None, 10).await.unwrap().is_empty());
}
