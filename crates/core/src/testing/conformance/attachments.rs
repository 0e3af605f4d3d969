//! Attachments: announced, uploaded, sent, and gone with their blobs.

use std::time::Duration;

use futures_util::future::join_all;

use super::FullStore;
use super::fixture::{Fixture, at, shop, site, strangers, user};
use super::thread_fixture::{
    completed, delete, fence, is_conflict, is_not_found, put, remove_after, started, with_key,
};
use crate::attachments::{
    AWAITED_FOR, Announced, AttachmentBounds, AttachmentRecord, AttachmentState, UNSENT_FOR, Uploaded,
};
use crate::id::{AttachmentId, UserId};
use crate::ports::Scope;
use crate::threads::{Begun, RunStart};

const LEASE: Duration = Duration::from_secs(60);
const ANY: AttachmentBounds = AttachmentBounds { unsent: u64::MAX, since: None };

impl Fixture {
    /// A picture of `ann`'s on `shop`, announced at `at(second)`.
    fn announced(&self, second: i64) -> AttachmentRecord {
        AttachmentRecord {
            id: AttachmentId::mint(at(second), self.rng()),
            site: shop().site().clone(),
            user: UserId::recorded("ann"),
            thread: None,
            name: "Grüße.png".to_owned(),
            mime_type: "image/png".to_owned(),
            size: 5_000_000_000,
            state: AttachmentState::Awaited,
            created_at: at(second),
        }
    }

    /// Announces one more.
    async fn announce(&self, store: &dyn FullStore, second: i64, bounds: AttachmentBounds) -> Announced {
        store.create_attachment(&user("ann"), &self.announced(second), bounds).await.unwrap()
    }

    /// The same as [`Fixture::announced`], uploaded.
    async fn uploaded(&self, store: &dyn FullStore, second: i64) -> AttachmentId {
        let record = self.announced(second);
        store.create_attachment(&user("ann"), &record, ANY).await.unwrap();
        store.finish_upload(&user("ann"), &record.id, &picture()).await.unwrap();
        record.id
    }

    /// A new thread of `ann`'s whose first message brings these along.
    fn sending(&self, second: i64, attachments: &[&AttachmentId]) -> RunStart {
        let attachments = attachments.iter().map(|id| (*id).clone()).collect();
        RunStart { attachments, ..self.start_new(&self.thread(second), vec![put("question")]) }
    }
}

fn picture() -> Uploaded {
    Uploaded { mime_type: "image/png".to_owned(), size: 7, preview: true }
}

async fn exists(store: &dyn FullStore, id: &AttachmentId) -> bool {
    store.attachment(&user("ann"), id).await.unwrap().is_some()
}

/// What is due for deletion at `at(second)`, each taken for a minute.
async fn due(store: &dyn FullStore, second: i64) -> Vec<AttachmentId> {
    let mut due = store.take_blob_deletions(at(second), LEASE, 100).await.unwrap();
    due.sort();
    due
}

pub async fn an_attachment_is_found_by_its_owner_only(store: &dyn FullStore) {
    let record = Fixture::default().announced(0);
    store.create_attachment(&user("ann"), &record, ANY).await.unwrap();
    for scope in [user("ann"), shop()] {
        assert_eq!(store.attachment(&scope, &record.id).await.unwrap().as_ref(), Some(&record));
    }
    for stranger in strangers() {
        assert_eq!(store.attachment(&stranger, &record.id).await.unwrap(), None);
        assert!(is_not_found(&store.finish_upload(&stranger, &record.id, &picture()).await));
        assert!(is_not_found(&store.delete_attachment(&stranger, &record.id).await));
    }
    assert!(is_conflict(&store.create_attachment(&user("ann"), &record, ANY).await));
}

pub async fn an_attachment_cannot_be_announced_for_somebody_else(store: &dyn FullStore) {
    let record = Fixture::default().announced(0);
    for stranger in strangers() {
        assert!(is_not_found(&store.create_attachment(&stranger, &record, ANY).await));
    }
    assert!(!exists(store, &record.id).await);
}

pub async fn attachments_are_counted_from_a_time_on_sent_or_not(store: &dyn FullStore) {
    let fixture = Fixture::default();
    let (sent, _) = (fixture.uploaded(store, 1).await, fixture.uploaded(store, 2).await);
    started(store.begin_run(&user("ann"), &fixture.sending(3, &[&sent])).await.unwrap());
    for (since, there) in [(0, 2), (1, 2), (2, 1), (3, 0)] {
        let full = AttachmentBounds { since: Some((at(since), there)), ..ANY };
        assert_eq!(fixture.announce(store, 0, full).await, Announced::TooManySince, "{since}");
    }
    let one_more = AttachmentBounds { since: Some((at(2), 2)), ..ANY };
    assert_eq!(fixture.announce(store, 2, one_more).await, Announced::Created);
    assert_eq!(fixture.announce(store, 2, one_more).await, Announced::TooManySince);
    store.delete_attachment(&user("ann"), &sent).await.unwrap();
    let all = AttachmentBounds { since: Some((at(0), 3)), ..ANY };
    assert_eq!(fixture.announce(store, 0, all).await, Announced::Created);
}

pub async fn the_attachments_of_others_are_not_counted(store: &dyn FullStore) {
    let fixture = Fixture::default();
    fixture.uploaded(store, 0).await;
    let bounds = AttachmentBounds { unsent: 1, since: Some((at(0), 1)) };
    for stranger in [user("bob"), Scope::User(site("blog"), UserId::recorded("ann"))] {
        let record = AttachmentRecord {
            site: stranger.site().clone(),
            user: stranger.user().unwrap().clone(),
            ..fixture.announced(0)
        };
        let created = store.create_attachment(&stranger, &record, bounds).await.unwrap();
        assert_eq!(created, Announced::Created);
    }
}

pub async fn of_fifty_attachments_announced_at_once_as_many_are_created_as_may_be(store: &dyn FullStore) {
    let fixture = Fixture::default();
    for (bounds, refusal) in [
        (AttachmentBounds { unsent: 4, since: Some((at(0), 3)) }, Announced::TooManySince),
        (AttachmentBounds { unsent: 6, since: None }, Announced::TooManyUnsent),
    ] {
        let announced = join_all((0..50).map(|_| fixture.announce(store, 1, bounds))).await;
        assert_eq!(announced.iter().filter(|outcome| **outcome == Announced::Created).count(), 3);
        assert_eq!(announced.iter().filter(|outcome| **outcome == refusal).count(), 47);
    }
}

pub async fn the_content_comes_once(store: &dyn FullStore) {
    let record = Fixture::default().announced(0);
    store.create_attachment(&user("ann"), &record, ANY).await.unwrap();
    let uploaded = store.finish_upload(&shop(), &record.id, &picture()).await.unwrap();
    let expected = AttachmentRecord { size: 7, state: AttachmentState::Uploaded { preview: true }, ..record };
    assert_eq!(uploaded, expected);
    assert_eq!(store.attachment(&user("ann"), &expected.id).await.unwrap().as_ref(), Some(&expected));
    let again = Uploaded { size: 8, ..picture() };
    assert!(is_conflict(&store.finish_upload(&user("ann"), &expected.id, &again).await));
    assert_eq!(store.attachment(&user("ann"), &expected.id).await.unwrap(), Some(expected));
}

pub async fn a_message_takes_its_attachments_along(store: &dyn FullStore) {
    let fixture = Fixture::default();
    let (one, two) = (fixture.uploaded(store, 0).await, fixture.uploaded(store, 1).await);
    let unsent = |unsent: u64| AttachmentBounds { unsent, ..ANY };
    assert_eq!(fixture.announce(store, 1, unsent(2)).await, Announced::TooManyUnsent);
    let start = fixture.sending(2, &[&one]);
    let thread = started(store.begin_run(&user("ann"), &start).await.unwrap());
    assert_eq!(store.attachment(&user("ann"), &one).await.unwrap().unwrap().thread, Some(thread.id.clone()));
    assert_eq!(fixture.announce(store, 1, unsent(1)).await, Announced::TooManyUnsent);
    assert_eq!(fixture.announce(store, 1, unsent(2)).await, Announced::Created);
    store.end_run(&fence(&user("ann"), &start), &completed(3, Vec::new())).await.unwrap();
    let next =
        RunStart { attachments: vec![two.clone()], ..fixture.start_on(&thread.id, 4, vec![put("next")]) };
    started(store.begin_run(&user("ann"), &next).await.unwrap());
    assert_eq!(store.attachment(&user("ann"), &two).await.unwrap().unwrap().thread, Some(thread.id));
}

pub async fn an_attachment_is_sent_once_and_only_when_it_is_there(store: &dyn FullStore) {
    let fixture = Fixture::default();
    let awaited = fixture.announced(0);
    store.create_attachment(&user("ann"), &awaited, ANY).await.unwrap();
    let (ready, sent) = (fixture.uploaded(store, 0).await, fixture.uploaded(store, 0).await);
    started(store.begin_run(&user("ann"), &fixture.sending(1, &[&sent])).await.unwrap());
    for not_ready in [&awaited.id, &sent, &fixture.announced(0).id] {
        let start = fixture.sending(2, &[&ready, not_ready]);
        assert_eq!(store.begin_run(&user("ann"), &start).await.unwrap(), Begun::AttachmentSent);
        assert_eq!(store.thread(&user("ann"), &start.thread).await.unwrap(), None);
    }
    let bobs = fixture.start_new(&fixture.thread_of(&user("bob"), 3), vec![put("question")]);
    let bobs = RunStart { attachments: vec![ready.clone()], ..bobs };
    assert_eq!(store.begin_run(&user("bob"), &bobs).await.unwrap(), Begun::AttachmentSent);
    assert_eq!(store.attachment(&user("ann"), &ready).await.unwrap().unwrap().thread, None);
}

pub async fn a_message_that_comes_again_finds_its_run_although_its_attachments_are_sent(
    store: &dyn FullStore,
) {
    let fixture = Fixture::default();
    let id = fixture.uploaded(store, 0).await;
    let first = with_key(fixture.sending(1, &[&id]), "key", 1, 1_000);
    started(store.begin_run(&user("ann"), &first).await.unwrap());
    let again = with_key(fixture.sending(2, &[&id]), "key", 1, 1_000);
    assert_eq!(store.begin_run(&user("ann"), &again).await.unwrap(), Begun::Repeated(first.run.clone()));
    let other = with_key(fixture.sending(3, &[&id]), "another key", 1, 1_000);
    assert_eq!(store.begin_run(&user("ann"), &other).await.unwrap(), Begun::AttachmentSent);
}

pub async fn of_two_messages_with_the_same_attachment_one_begins(store: &dyn FullStore) {
    let fixture = Fixture::default();
    let id = fixture.uploaded(store, 0).await;
    let (one, two) = (fixture.sending(1, &[&id]), fixture.sending(1, &[&id]));
    let ann: Scope = user("ann");
    let (one, two) =
        futures_util::future::join(store.begin_run(&ann, &one), store.begin_run(&ann, &two)).await;
    let outcomes = [one.unwrap(), two.unwrap()];
    assert_eq!(outcomes.iter().filter(|begun| matches!(begun, Begun::Started { .. })).count(), 1);
    assert!(outcomes.contains(&Begun::AttachmentSent));
}

pub async fn attachments_go_with_their_thread_and_their_message(store: &dyn FullStore) {
    let fixture = Fixture::default();
    let (kept, cut) = (fixture.uploaded(store, 0).await, fixture.uploaded(store, 0).await);
    let start = fixture.sending(1, &[&kept]);
    started(store.begin_run(&user("ann"), &start).await.unwrap());
    store.end_run(&fence(&user("ann"), &start), &completed(2, Vec::new())).await.unwrap();
    let next = fixture.start_on(&start.thread, 3, vec![put("another")]);
    let next = RunStart { attachments: vec![cut.clone()], ..next };
    started(store.begin_run(&user("ann"), &next).await.unwrap());
    store.write_run(&fence(&user("ann"), &next), &[remove_after("question")]).await.unwrap();
    assert!(exists(store, &kept).await && !exists(store, &cut).await);
    assert_eq!(due(store, 4).await, vec![cut]);
    delete(store, &user("ann"), &start.thread).await.unwrap();
    assert!(!exists(store, &kept).await);
    assert_eq!(due(store, 4).await, vec![kept]);
}

pub async fn a_deleted_attachment_leaves_its_blobs_to_be_deleted_once(store: &dyn FullStore) {
    let fixture = Fixture::default();
    let id = fixture.uploaded(store, 0).await;
    store.delete_attachment(&user("ann"), &id).await.unwrap();
    assert!(is_not_found(&store.delete_attachment(&user("ann"), &id).await));
    assert_eq!(due(store, 1).await, vec![id.clone()]);
    assert_eq!(due(store, 2).await, Vec::new(), "somebody has it");
    assert_eq!(due(store, 61).await, vec![id.clone()], "they did not come to their end");
    store.finish_blob_deletion(&id).await.unwrap();
    assert_eq!(due(store, 600).await, Vec::new());
}

pub async fn what_nobody_waits_for_goes(store: &dyn FullStore) {
    let fixture = Fixture::default();
    let awaited = fixture.announced(0);
    store.create_attachment(&user("ann"), &awaited, ANY).await.unwrap();
    let (unsent, sent) = (fixture.uploaded(store, 0).await, fixture.uploaded(store, 0).await);
    started(store.begin_run(&user("ann"), &fixture.sending(1, &[&sent])).await.unwrap());
    let seconds = |kept: Duration| i64::try_from(kept.as_secs()).unwrap();
    for (second, expected) in [
        (seconds(AWAITED_FOR) - 1, [true, true, true]),
        (seconds(AWAITED_FOR), [false, true, true]),
        (seconds(UNSENT_FOR) - 1, [false, true, true]),
        (seconds(UNSENT_FOR), [false, false, true]),
    ] {
        store.expire_attachments(at(second), 100).await.unwrap();
        let left =
            [exists(store, &awaited.id).await, exists(store, &unsent).await, exists(store, &sent).await];
        assert_eq!(left, expected, "after {second} s");
    }
    assert_eq!(due(store, seconds(UNSENT_FOR)).await.len(), 2);
}
