use std::{fs, time::Duration};

use chatkitd::pull::{self, PullError};
use tokio_util::sync::CancellationToken;

use super::{Scene, contents};
use crate::openai_standin::Fault;

/// Runs again until nobody holds the folder: a killed task lets go of it when its last disk work has ended.
async fn pull_when_free(scene: &Scene) -> Result<pull::Summary, PullError> {
    loop {
        match scene.pull().await {
            Err(PullError::Locked(_)) => tokio::task::yield_now().await,
            result => return result,
        }
    }
}

#[tokio::test]
async fn a_server_that_dies_at_any_request_costs_nothing() {
    let scene = Scene::new().await;
    let expected = scene.undisturbed().await;
    let requests = scene.requests().len();
    assert!(requests > 15, "{requests}");
    for k in 0..requests {
        scene.server.calm();
        scene.server.world(|world| world.dead_from = Some(k));
        match scene.pull().await {
            Err(PullError::Upstream { .. }) => {}
            // Only its last file was missing.
            Ok(summary) => assert!(k + 1 >= requests - 1 && summary.files_pending > 0, "request {k}"),
            Err(other) => panic!("request {k}: {other}"),
        }
        scene.server.calm();
        scene.pull().await.unwrap();
        assert!(contents(&scene.out()) == expected, "request {k}");
        scene.assert_whole();
        fs::remove_dir_all(scene.out()).unwrap();
    }
}

#[tokio::test]
async fn a_pull_killed_at_any_request_goes_on_where_it_was() {
    let scene = Scene::new().await;
    let expected = scene.undisturbed().await;
    let requests = scene.requests().len();
    // Once with a commit after each thread, once with none but those of the listing.
    for (k, commit_every) in (0..requests).flat_map(|k| [(k, Duration::ZERO), (k, Duration::MAX)]) {
        scene.server.calm();
        scene.server.fault(k, Fault::Hang);
        let mut settings = scene.settings();
        settings.tuning.commit_every = commit_every;
        let task = tokio::spawn(pull::pull(settings, CancellationToken::new()));
        scene.server.hung().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        scene.server.calm();
        pull_when_free(&scene).await.unwrap();
        assert!(contents(&scene.out()) == expected, "request {k}");
        fs::remove_dir_all(scene.out()).unwrap();
    }
}

#[tokio::test]
async fn a_stop_saves_what_is_there_and_the_next_run_finishes() {
    let scene = Scene::new().await;
    let expected = scene.undisturbed().await;
    scene.server.calm();
    scene.server.fault(9, Fault::Hang);
    let stop = CancellationToken::new();
    let task = tokio::spawn(pull::pull(scene.settings(), stop.clone()));
    scene.server.hung().await;
    stop.cancel();
    let error = task.await.unwrap().unwrap_err();
    assert!(matches!(error, PullError::Interrupted));
    assert_eq!(error.exit_code(), 130);
    assert!(!scene.lines("ledger.jsonl").is_empty());
    scene.server.calm();
    scene.pull().await.unwrap();
    assert!(contents(&scene.out()) == expected);
}

#[tokio::test]
async fn torn_and_uncommitted_lines_are_cut_off() {
    let scene = Scene::new().await;
    let expected = scene.undisturbed().await;
    scene.server.calm();
    scene.server.world(|world| world.dead_from = Some(9));
    scene.pull().await.unwrap_err();
    for path in ["threads.jsonl", "ledger.jsonl", "files.jsonl", "items/000000.jsonl"] {
        let path = scene.out().join(path);
        let mut text = fs::read(&path).unwrap();
        text.extend_from_slice(b"{\"id\":\"whole\"}\n{\"id\":\"torn");
        fs::write(&path, text).unwrap();
    }
    scene.server.calm();
    scene.pull().await.unwrap();
    assert!(contents(&scene.out()) == expected);
}

#[tokio::test]
async fn a_later_run_fetches_newer_threads_only() {
    let scene = Scene::new().await;
    scene.pull().await.unwrap();
    scene.server.calm();
    scene.server.world(|world| world.add_thread("cthr_8", 20, 2, &[]));
    let summary = scene.pull().await.unwrap();
    assert!(summary.was_complete);
    assert_eq!((summary.threads, summary.items), (9, 21));
    assert_eq!(scene.requests(), ["/v1/chatkit/threads?after=cthr_7", "/v1/chatkit/threads/cthr_8/items"]);
    scene.assert_whole();
}

#[tokio::test]
async fn a_run_that_finds_nothing_new_changes_nothing() {
    let scene = Scene::new().await;
    scene.pull().await.unwrap();
    let before = contents(&scene.out());
    scene.pull().await.unwrap();
    assert!(contents(&scene.out()) == before);
}

#[tokio::test]
async fn a_folder_in_use_is_refused() {
    let scene = Scene::new().await;
    scene.server.fault(3, Fault::Hang);
    let task = tokio::spawn(pull::pull(scene.settings(), CancellationToken::new()));
    scene.server.hung().await;
    assert!(matches!(scene.pull().await, Err(PullError::Locked(_))));
    task.abort();
}

#[tokio::test]
async fn a_folder_of_somebody_else_is_left_alone() {
    let scene = Scene::new().await;
    fs::create_dir_all(scene.out()).unwrap();
    fs::write(scene.out().join("threads.jsonl"), "mine").unwrap();
    assert!(matches!(scene.pull().await, Err(PullError::NotOurs(_))));
    assert_eq!(contents(&scene.out()).into_values().collect::<Vec<_>>(), [b"mine"]);
    assert!(!scene.out().join(".lock").exists());
}

#[tokio::test]
async fn another_project_or_api_is_not_mixed_in() {
    let scene = Scene::new().await;
    scene.pull().await.unwrap();
    let before = contents(&scene.out());
    let mut elsewhere = scene.settings();
    elsewhere.base_url = "http://127.0.0.1:9/v1".parse().unwrap();
    let error = pull::pull(elsewhere, CancellationToken::new()).await.unwrap_err();
    assert!(matches!(error, PullError::OtherBase { .. }));
    scene.server.world(|world| {
        world.threads.clear();
        world.add_thread("cthr_other", 50, 1, &[]);
    });
    assert!(matches!(scene.pull().await, Err(PullError::OtherProject { .. })));
    assert!(contents(&scene.out()) == before);
}

#[tokio::test]
async fn a_folder_that_lost_saved_lines_is_refused() {
    let scene = Scene::new().await;
    scene.pull().await.unwrap();
    fs::write(scene.out().join("items/000002.jsonl"), "").unwrap();
    let error = scene.pull().await.unwrap_err();
    assert!(error.to_string().contains("items/000002.jsonl is damaged"), "{error}");
}

#[tokio::test]
async fn a_crash_while_the_rows_of_files_are_replaced_is_made_good() {
    let scene = Scene::new().await;
    scene.pull().await.unwrap();
    let expected = contents(&scene.out());
    // As left between the state that names the new rows and their renaming, and right after the renaming.
    for renamed in [false, true] {
        let (rows, state) = (scene.out().join("files.jsonl"), scene.out().join("state.json"));
        if !renamed {
            fs::rename(&rows, scene.out().join("files.jsonl.new")).unwrap();
            fs::write(&rows, "the old rows").unwrap();
        }
        let text = fs::read_to_string(&state).unwrap();
        fs::write(&state, text.replace("\"swap_files\":false", "\"swap_files\":true")).unwrap();
        scene.pull().await.unwrap();
        assert!(contents(&scene.out()) == expected, "renamed: {renamed}");
    }
}
