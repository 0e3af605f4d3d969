use chatkitd::pull::PullError;

use super::{Scene, contents};
use crate::openai_standin::{Fault, UnknownCursor};

#[tokio::test]
async fn the_same_page_twice_is_written_once() {
    let scene = Scene::new().await;
    let expected = scene.undisturbed().await;
    for request in [1, 2] {
        scene.server.calm();
        scene.server.fault(request, Fault::Repeat);
        scene.pull().await.unwrap();
        assert!(contents(&scene.out()) == expected, "request {request}");
        std::fs::remove_dir_all(scene.out()).unwrap();
    }
}

#[tokio::test]
async fn the_same_page_for_ever_ends_in_an_error_that_says_so() {
    let scene = Scene::new().await;
    for request in 1..40 {
        scene.server.fault(request, Fault::Repeat);
    }
    let error = scene.pull().await.unwrap_err();
    assert!(matches!(error, PullError::CursorLoop { .. }), "{error}");
    assert!(error.to_string().contains("run the same command again"));
    assert!(scene.requests().len() < 10);
}

#[tokio::test]
async fn a_cursor_that_vanished_is_got_around() {
    for unknown in [UnknownCursor::NotFound, UnknownCursor::BadRequest, UnknownCursor::EmptyPage] {
        let scene = Scene::new().await;
        scene.server.world(|world| world.unknown_cursor = unknown);
        // The first page ends with cthr_2; after its deletion there is no cursor before it.
        scene.server.fault(1, Fault::Delete("cthr_2"));
        let summary = scene.pull().await.unwrap();
        assert_eq!(scene.thread_ids(), (0..8).map(|n| format!("cthr_{n}")).collect::<Vec<_>>());
        assert_eq!((summary.threads_gone, summary.items), (1, 12), "{unknown:?}");
        scene.assert_whole();
    }
}

#[tokio::test]
async fn two_cursors_that_vanished_lead_back_to_the_start() {
    for unknown in [UnknownCursor::NotFound, UnknownCursor::EmptyPage] {
        let scene = Scene::new().await;
        scene.pull().await.unwrap();
        scene.server.world(|world| {
            world.unknown_cursor = unknown;
            world.threads.truncate(6);
            world.add_thread("cthr_8", 20, 1, &[]);
            world.add_thread("cthr_9", 20, 1, &[]);
        });
        assert_eq!(scene.pull().await.unwrap().threads, 10);
        assert_eq!(scene.thread_ids()[8..], ["cthr_8", "cthr_9"]);
        scene.assert_whole();
    }
}

#[tokio::test]
async fn an_item_cursor_that_vanished_is_got_around() {
    for unknown in [UnknownCursor::NotFound, UnknownCursor::EmptyPage] {
        let scene = Scene::empty().await;
        scene.server.world(|world| {
            world.unknown_cursor = unknown;
            world.add_thread("cthr_0", 1, 8, &[]);
        });
        // Threads, items 0 to 2, items after 2.
        scene.server.fault(2, Fault::DeleteItem("cthr_0_item2"));
        let summary = scene.pull().await.unwrap();
        assert_eq!((summary.items, summary.threads_gone), (8, 0), "{unknown:?}");
        scene.assert_whole();
    }
}

#[tokio::test]
async fn pages_without_cursors_are_walked_to_their_end() {
    let scene = Scene::new().await;
    let expected = scene.undisturbed().await;
    scene.server.calm();
    scene.server.world(|world| world.bare_pages = true);
    scene.pull().await.unwrap();
    assert!(contents(&scene.out()) == expected);
}

#[tokio::test]
async fn an_empty_page_is_not_believed_at_once() {
    let scene = Scene::new().await;
    let expected = scene.undisturbed().await;
    for (request, has_more) in [(0, true), (1, true), (1, false), (2, false), (4, true)] {
        scene.server.calm();
        scene.server.fault(request, Fault::Empty { has_more });
        scene.pull().await.unwrap();
        assert!(contents(&scene.out()) == expected, "request {request}, has_more {has_more}");
        std::fs::remove_dir_all(scene.out()).unwrap();
    }
}

#[tokio::test]
async fn an_empty_page_that_more_should_follow_is_never_believed() {
    // The first page of the threads, the second one, the items of a thread.
    for from in [0, 1, 4] {
        let scene = Scene::new().await;
        for request in from..40 {
            scene.server.fault(request, Fault::Empty { has_more: true });
        }
        let error = scene.pull().await.unwrap_err();
        assert!(matches!(error, PullError::CursorLoop { .. }), "request {from}: {error}");
        assert_eq!(error.exit_code(), 1);
    }
}

#[tokio::test]
async fn a_thread_deleted_meanwhile_is_recorded_as_gone() {
    let scene = Scene::new().await;
    scene.server.fault(3, Fault::Delete("cthr_6"));
    let summary = scene.pull().await.unwrap();
    assert_eq!(summary.threads_gone, 1);
    assert_eq!(scene.lines("ledger.jsonl")[6]["status"], "gone");
    assert_eq!(scene.lines("ledger.jsonl")[5]["status"], "saved");
    scene.assert_whole();
}

#[tokio::test]
async fn a_vanished_cursor_is_replaced_by_the_one_before_it() {
    for unknown in [UnknownCursor::NotFound, UnknownCursor::EmptyPage] {
        let scene = Scene::new().await;
        scene.pull().await.unwrap();
        scene.server.calm();
        scene.server.world(|world| {
            world.unknown_cursor = unknown;
            world.threads.truncate(7);
            world.add_thread("cthr_8", 20, 1, &[]);
        });
        scene.pull().await.unwrap();
        let expected = [
            "/v1/chatkit/threads?after=cthr_7",
            "/v1/chatkit/threads?after=cthr_6",
            "/v1/chatkit/threads/cthr_8/items",
        ];
        assert_eq!(scene.requests(), expected);
        scene.assert_whole();
    }
}
