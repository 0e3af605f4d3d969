use std::fs;
use std::time::Duration;

use chatkitd::pull::{self, PullError, Settings, Summary};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Scene, contents};
use crate::openai_standin::Fault;

fn settings(scene: &Scene) -> Settings {
    Settings { update: true, ..scene.settings() }
}

async fn update(scene: &Scene) -> Result<Summary, PullError> {
    pull::pull(settings(scene), CancellationToken::new()).await
}

/// A complete folder, after which people went on: two threads have more items and one of these another title, one lost
/// its last item, one is new, and one is gone.
async fn stale() -> Scene {
    let scene = Scene::new().await;
    scene.pull().await.unwrap();
    let file = format!("{}/raw/late", scene.server.origin());
    scene.server.world(|world| {
        world.add_items("cthr_2", 2, &[("cfile_late", Some(file))]);
        world.add_items("cthr_5", 5, &[]);
        world.files.insert("/raw/late".to_owned(), b"late".to_vec());
        world.threads[2]["title"] = json!("A title");
        world.items.get_mut("cthr_4").unwrap().pop();
        world.add_thread("cthr_8", 20, 2, &[]);
        world.threads.retain(|thread| thread["id"] != "cthr_6");
        world.items.remove("cthr_6");
    });
    scene.server.calm();
    scene
}

/// What a stale folder is after an update that nothing disturbs.
fn assert_up_to_date(scene: &Scene) {
    scene.assert_whole();
    let (threads, items) = scene.server.world(|world| (world.threads.clone(), world.items.clone()));
    let mut saved = scene.lines("threads.jsonl");
    saved.retain(|thread| thread["id"] != "cthr_6");
    assert_eq!(saved, threads);
    let shards = ["items/000000.jsonl", "items/000001.jsonl", "items/000002.jsonl"];
    let mut saved: Vec<_> = shards.iter().flat_map(|shard| scene.lines(shard)).collect();
    let gone = saved.extract_if(.., |item| item["thread_id"] == "cthr_6").count();
    assert_eq!(gone, 4, "what was deleted at OpenAI stays in the folder");
    assert_eq!(saved, items.into_values().flatten().collect::<Vec<_>>());
    assert_eq!(fs::read(scene.out().join("files/cfile_late")).unwrap(), b"late");
    assert!(!scene.out().join(".update").exists());
}

#[tokio::test]
async fn an_update_reads_the_threads_again_that_changed_and_no_other() {
    let scene = stale().await;
    let summary = update(&scene).await.unwrap();
    assert_eq!((summary.threads, summary.threads_updated, summary.files_saved), (9, Some(3), 4));
    assert_eq!(summary.items, 2 + 9 + 1 + 2 + 6 + 4 + 1 + 2);
    assert_up_to_date(&scene);
    let read = scene.server.world(|world| {
        let lists =
            world.seen.iter().filter(|seen| seen.query.get("order").is_some_and(|order| order == "asc"));
        let mut read: Vec<_> =
            lists.map(|seen| seen.path.clone()).filter(|path| path.ends_with("/items")).collect();
        read.sort();
        read.dedup();
        read
    });
    let thread = |number: u32| format!("/v1/chatkit/threads/cthr_{number}/items");
    assert_eq!(read, [2, 4, 5, 8].map(thread));
    assert!(
        !scene.requests().iter().any(|path| path == "/raw/a"),
        "files that are there are not fetched again"
    );
}

#[tokio::test]
async fn an_update_that_finds_nothing_changes_nothing() {
    let scene = Scene::new().await;
    scene.pull().await.unwrap();
    let before = contents(&scene.out());
    scene.server.calm();
    assert_eq!(update(&scene).await.unwrap().threads_updated, Some(0));
    assert!(contents(&scene.out()) == before);
    let small = |path: &String| path.ends_with("/items");
    assert_eq!(scene.requests().iter().filter(|path| small(path)).count(), 8, "one request a thread");
}

#[tokio::test]
async fn an_update_of_a_new_folder_is_a_pull() {
    let scene = Scene::new().await;
    let expected = scene.undisturbed().await;
    assert_eq!(update(&scene).await.unwrap().threads_updated, Some(0));
    assert!(contents(&scene.out()) == expected);
}

/// The folder stays whole, and as it was but for the new thread, until the update is complete.
#[tokio::test]
async fn an_update_that_is_cut_off_at_any_request_goes_on_where_it_was() {
    let scene = stale().await;
    let before = contents(&scene.out());
    update(&scene).await.unwrap();
    let requests = scene.requests().len();
    assert!(requests > 20, "{requests}");
    for k in 0..requests {
        fs::remove_dir_all(scene.out()).unwrap();
        for (path, bytes) in &before {
            let path = scene.out().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        scene.server.calm();
        scene.server.world(|world| world.dead_from = Some(k));
        match update(&scene).await {
            Err(PullError::Upstream { .. }) => {}
            // Only a file was missing, which is not worth an error of its own.
            Ok(summary) => assert!(summary.files_pending > 0, "request {k}"),
            Err(other) => panic!("request {k}: {other}"),
        }
        scene.server.calm();
        scene.pull().await.unwrap();
        scene.assert_whole();
        scene.server.calm();
        update(&scene).await.unwrap();
        assert_up_to_date(&scene);
    }
}

#[tokio::test]
async fn an_update_that_is_killed_goes_on_where_it_stopped_and_then_asks_for_all_once_more() {
    let scene = stale().await;
    scene.server.fault(9, Fault::Hang);
    let mut settings = settings(&scene);
    settings.tuning.commit_every = Duration::ZERO;
    let task = tokio::spawn(pull::pull(settings, CancellationToken::new()));
    scene.server.hung().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let before = scene.requests();
    scene.server.calm();
    // A killed task lets go of the folder when its last disk work has ended.
    while let Err(error) = update(&scene).await {
        assert!(matches!(error, PullError::Locked(_)), "{error}");
        tokio::task::yield_now().await;
    }
    assert_up_to_date(&scene);
    let path = |thread: &str| format!("/v1/chatkit/threads/{thread}/items");
    assert!(before.contains(&path("cthr_0")), "{before:?}");
    let after = scene.requests();
    let at = |thread: &str| after.iter().position(|seen| *seen == path(thread));
    assert!(at("cthr_7") < at("cthr_0"), "{after:?}");
}

#[tokio::test]
async fn what_was_written_while_an_update_was_interrupted_is_not_missed() {
    let scene = stale().await;
    scene.server.world(|world| world.dead_from = Some(9));
    update(&scene).await.unwrap_err();
    let asked = |path: &String| path == "/v1/chatkit/threads/cthr_0/items";
    assert!(scene.requests().iter().any(asked));
    scene.server.calm();
    scene.server.world(|world| world.add_items("cthr_0", 1, &[]));
    update(&scene).await.unwrap();
    assert_up_to_date(&scene);
}

#[tokio::test]
async fn a_file_that_was_saved_while_an_update_was_interrupted_stays_saved() {
    let scene = Scene::new().await;
    let file = scene.server.world(|world| world.files.remove("/raw/a")).unwrap();
    assert_eq!(scene.pull().await.unwrap().files_failed, 1);
    scene.server.world(|world| world.add_items("cthr_7", 1, &[]));
    scene.server.calm();
    scene.server.world(|world| world.dead_from = Some(9));
    update(&scene).await.unwrap_err();
    assert!(scene.requests().iter().any(|path| path == "/v1/chatkit/threads/cthr_4/items"), "past the file");
    scene.server.calm();
    scene.server.world(|world| world.files.insert("/raw/a".to_owned(), file));
    assert_eq!(scene.pull().await.unwrap().files_failed, 0);
    scene.server.world(|world| world.files.remove("/raw/a"));
    assert_eq!(update(&scene).await.unwrap().files_failed, 0);
    scene.assert_whole();
}

#[tokio::test]
async fn a_crash_while_an_update_takes_its_place_is_made_good() {
    let scene = stale().await;
    update(&scene).await.unwrap();
    let expected = contents(&scene.out());
    let (out, new) = (scene.out(), scene.out().join(".update"));
    // As left after so many of its files were moved.
    let files = ["items/000000.jsonl", "items/000001.jsonl", "threads.jsonl", "files.jsonl", "manifest.json"];
    for moved in 0..=files.len() {
        fs::create_dir_all(new.join("items")).unwrap();
        fs::copy(out.join("state.json"), new.join("state.json")).unwrap();
        for path in &files[moved..] {
            fs::rename(out.join(path), new.join(path)).unwrap();
            fs::write(out.join(path), "the old lines").unwrap();
        }
        let state = fs::read_to_string(out.join("state.json")).unwrap();
        let swapping = state.replace("\"swap_files\":false", "\"swap_files\":false,\"swap_update\":true");
        fs::write(out.join("state.json"), swapping).unwrap();
        scene.pull().await.unwrap();
        assert!(contents(&scene.out()) == expected, "{moved} moved");
    }
}

/// Its lines are behind a link that leads nowhere any more once it was moved, so they are not opened again.
#[tokio::test]
async fn an_update_that_fails_after_it_took_its_place_is_in_its_place() {
    let scene = stale().await;
    scene.server.world(|world| world.dead_from = Some(9));
    update(&scene).await.unwrap_err();
    let (out, kept) = (scene.out(), scene.out().join("kept"));
    fs::create_dir(&kept).unwrap();
    fs::rename(out.join(".update/threads.jsonl"), kept.join("threads.jsonl")).unwrap();
    std::os::unix::fs::symlink("../kept/threads.jsonl", out.join(".update/threads.jsonl")).unwrap();
    scene.server.calm();
    let failed = update(&scene).await.unwrap_err();
    assert!(matches!(failed, PullError::Disk { .. }), "{failed}");
    fs::rename(kept, scene.dir.path().join("kept")).unwrap();
    scene.pull().await.unwrap();
    assert_up_to_date(&scene);
}
