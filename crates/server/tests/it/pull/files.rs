use std::{num::NonZeroUsize, time::Duration};

use chatkitd::pull;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::Scene;
use crate::openai_standin::{Fault, Standin};

/// A thread with one file at `url`.
async fn with_file(url: impl FnOnce(&Standin) -> String) -> Scene {
    let scene = Scene::empty().await;
    let url = url(&scene.server);
    scene.server.world(|world| {
        world.add_thread("cthr_0", 1, 1, &[("cfile_x", Some(url))]);
        world.files.insert("/raw/x".to_owned(), b"content".to_vec());
    });
    scene
}

fn row(scene: &Scene) -> Value {
    let mut rows = scene.lines("files.jsonl");
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

#[tokio::test]
async fn a_row_says_what_the_file_is() {
    let scene = with_file(|server| format!("{}/raw/x", server.origin())).await;
    scene.pull().await.unwrap();
    let expected = serde_json::json!({
        "id": "cfile_x", "thread_id": "cthr_0", "item_id": "cthr_0_item0", "name": "a b.txt", "mime_type": "text/plain",
        "status": "saved", "path": "files/cfile_x", "size": 7,
        "sha256": "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73",
    });
    assert_eq!(row(&scene), expected);
}

#[tokio::test]
async fn private_addresses_are_refused_unless_allowed_and_never_see_the_key() {
    let other = Standin::start().await;
    other.world(|world| world.files.insert("/raw/x".to_owned(), b"content".to_vec()));
    let port = other.base_url.port().unwrap();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let scene = with_file(|_| format!("http://{host}:{port}/raw/x")).await;
        let summary = scene.pull().await.unwrap();
        assert_eq!((summary.files_failed, summary.files_pending), (1, 0), "{host}");
        assert!(row(&scene)["error"].as_str().unwrap().contains("not public"), "{}", row(&scene));
    }
    assert_eq!(other.world(|world| world.seen.len()), 0);

    let scene = with_file(|_| format!("http://127.0.0.1:{port}/raw/x")).await;
    let mut settings = scene.settings();
    settings.allow_private_file_hosts = true;
    pull::pull(settings, CancellationToken::new()).await.unwrap();
    assert_eq!(row(&scene)["status"], "saved");
    other.world(|world| assert!(!world.seen[0].headers.contains_key("authorization")));
}

#[tokio::test]
async fn a_redirect_of_a_file_is_checked_like_its_url() {
    let scene = with_file(|server| format!("{}/raw/first", server.origin())).await;
    scene.server.world(|world| world.redirects.insert("/raw/first".to_owned(), "/raw/x".to_owned()));
    scene.pull().await.unwrap();
    assert_eq!(row(&scene)["status"], "saved");

    let other = Standin::start().await;
    let scene = with_file(|server| format!("{}/raw/first", server.origin())).await;
    scene
        .server
        .world(|world| world.redirects.insert("/raw/first".to_owned(), format!("{}/raw/x", other.origin())));
    scene.pull().await.unwrap();
    assert!(row(&scene)["error"].as_str().unwrap().contains("not public"));
    assert_eq!(other.world(|world| world.seen.len()), 0);
}

#[tokio::test]
async fn only_http_urls_are_fetched() {
    for url in ["file:///etc/passwd", "data:text/plain,x", "ftp://127.0.0.1/x", "/raw/x", "not a url"] {
        let scene = with_file(|_| url.to_owned()).await;
        scene.pull().await.unwrap();
        assert_eq!(row(&scene)["error"], "the URL is not an http(s) URL", "{url}");
    }
}

#[tokio::test]
async fn a_file_that_is_too_large_is_recorded_with_or_without_its_length() {
    for fault in [None, Some(Fault::Drops)] {
        let scene = with_file(|server| format!("{}/raw/x", server.origin())).await;
        if let Some(fault) = fault {
            scene.server.fault(2, fault);
        }
        let mut settings = scene.settings();
        settings.max_file_size = 6;
        pull::pull(settings, CancellationToken::new()).await.unwrap();
        assert_eq!(row(&scene)["error"], "larger than 6 bytes (see --max-file-size)");
        assert!(!scene.out().join("files/cfile_x").exists());
        // A later run with a higher bound gets it.
        scene.pull().await.unwrap();
        assert_eq!(row(&scene)["status"], "saved");
        scene.assert_whole();
    }
}

#[tokio::test]
async fn a_file_cut_half_way_is_fetched_again() {
    let scene = with_file(|server| format!("{}/raw/x", server.origin())).await;
    scene.server.fault(2, Fault::Cut);
    scene.pull().await.unwrap();
    assert_eq!((row(&scene)["status"].as_str(), row(&scene)["size"].as_u64()), (Some("saved"), Some(7)));
}

#[tokio::test]
async fn a_file_that_is_not_to_be_had_does_not_stop_the_pull_and_a_later_run_gets_it() {
    let scene = with_file(|server| format!("{}/raw/x?signature=1", server.origin())).await;
    let file = scene.server.world(|world| world.files.remove("/raw/x")).unwrap();
    let summary = scene.pull().await.unwrap();
    assert_eq!((summary.files_failed, summary.files_pending), (1, 0));
    assert_eq!(row(&scene)["error"], "HTTP 404 Not Found");
    scene.assert_whole();
    // The old URL has run out; the item gives a new one.
    scene.server.world(|world| {
        world.files.insert("/raw/new".to_owned(), file);
        let new = format!("{}/raw/new", scene.server.origin());
        world.items.get_mut("cthr_0").unwrap()[0]["attachments"][0]["preview_url"] = new.into();
    });
    let summary = scene.pull().await.unwrap();
    assert_eq!((summary.files_failed, summary.files_saved), (0, 1));
    scene.assert_whole();
}

#[tokio::test]
async fn a_file_that_is_refused_once_is_fetched_at_the_end_of_the_run() {
    for status in [401, 403, 404, 410] {
        let scene = with_file(|server| format!("{}/raw/x", server.origin())).await;
        scene.server.fault(2, Fault::Status(status, Vec::new()));
        let summary = scene.pull().await.unwrap();
        assert_eq!((summary.files_saved, summary.files_failed), (1, 0), "{status}");
        let again = ["/v1/chatkit/threads/cthr_0/items", "/raw/x"];
        assert_eq!(scene.requests()[3..], again, "{status}");
        scene.assert_whole();
    }
}

#[tokio::test]
async fn a_part_of_a_file_is_not_the_file() {
    let scene = with_file(|server| format!("{}/raw/x", server.origin())).await;
    for request in 2..5 {
        if request != 3 {
            scene.server.fault(request, Fault::Status(206, Vec::new()));
        }
    }
    let summary = scene.pull().await.unwrap();
    assert_eq!((summary.files_failed, summary.files_pending), (1, 0));
    assert_eq!(row(&scene)["error"], "HTTP 206 Partial Content");
}

#[tokio::test]
async fn two_items_with_one_attachment_id_share_the_file_that_came_first() {
    let scene = Scene::empty().await;
    scene.server.world(|world| {
        for name in ["x", "other"] {
            let url = format!("{}/raw/{name}", scene.server.origin());
            world.add_thread(&format!("cthr_{name}"), 1, 1, &[("cfile_x", Some(url))]);
            world.files.insert(format!("/raw/{name}"), name.into());
        }
    });
    let mut settings = scene.settings();
    settings.concurrency = NonZeroUsize::MIN;
    pull::pull(settings, CancellationToken::new()).await.unwrap();
    assert_eq!(std::fs::read(scene.out().join("files/cfile_x")).unwrap(), b"x");
    let rows = scene.lines("files.jsonl");
    assert_eq!((&rows[0]["size"], &rows[0]["sha256"]), (&rows[1]["size"], &rows[1]["sha256"]));
    scene.assert_whole();
}

#[tokio::test]
async fn a_file_whose_server_is_down_is_worth_another_run() {
    let scene = with_file(|server| format!("{}/raw/x", server.origin())).await;
    for request in 2..20 {
        if request != 6 {
            scene.server.fault(request, Fault::Status(503, Vec::new()));
        }
    }
    // Request 6 asks for the item anew, for the second round of tries.
    let summary = scene.pull().await.unwrap();
    assert_eq!((summary.files_failed, summary.files_pending), (1, 1));
    scene.server.calm();
    assert_eq!(scene.pull().await.unwrap().files_saved, 1);
}

#[tokio::test]
async fn rows_that_were_not_committed_yet_are_there_after_a_failed_file_was_tried_again() {
    let scene = Scene::empty().await;
    scene.server.world(|world| {
        for (number, name) in ["x", "y"].into_iter().enumerate() {
            let url = format!("{}/raw/{name}", scene.server.origin());
            world.add_thread(&format!("cthr_{number}"), 1, 1, &[(&format!("cfile_{name}"), Some(url))]);
            world.files.insert(format!("/raw/{name}"), name.into());
        }
    });
    // The four tries of the first file.
    for request in 2..6 {
        scene.server.fault(request, Fault::Status(503, Vec::new()));
    }
    let mut settings = scene.settings();
    settings.concurrency = NonZeroUsize::MIN;
    settings.tuning.commit_every = Duration::MAX;
    let summary = pull::pull(settings, CancellationToken::new()).await.unwrap();
    assert_eq!((summary.files_saved, summary.files_failed), (2, 0));
    assert_eq!(scene.lines("files.jsonl").len(), 2);
    scene.assert_whole();
}
