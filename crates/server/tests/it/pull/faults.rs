use std::time::Duration;

use chatkitd::pull::{self, PullError};
use tokio_util::sync::CancellationToken;

use super::{Scene, contents};
use crate::openai_standin::Fault;

fn status(status: u16) -> Fault {
    Fault::Status(status, Vec::new())
}

fn with(status: u16, name: &'static str, value: &str) -> Fault {
    Fault::Status(status, vec![(name, value.to_owned())])
}

#[tokio::test]
async fn faults_that_pass_leave_no_trace() {
    let faults = [
        status(500),
        status(502),
        status(503),
        status(504),
        status(429),
        with(429, "retry-after-ms", "3"),
        with(429, "retry-after", "0.004"),
        with(418, "x-should-retry", "true"),
        Fault::Cut,
        Fault::Drops,
        Fault::Body("{\"object\":\"list\",\"data\":[{\"id\":\"cthr_"),
        Fault::Body("<html>busy</html>"),
        Fault::Body("{\"object\":\"list\"}"),
        Fault::Body("{\"data\":[{\"id\":\"..\"}],\"has_more\":false}"),
    ];
    let scene = Scene::new().await;
    let expected = scene.undisturbed().await;
    for fault in faults {
        scene.server.calm();
        for request in [0, 2, 5, 11] {
            scene.server.fault(request, fault.clone());
        }
        scene.pull().await.unwrap();
        assert!(contents(&scene.out()) == expected, "{fault:?}");
        std::fs::remove_dir_all(scene.out()).unwrap();
    }
}

#[tokio::test]
async fn items_of_another_thread_are_not_taken() {
    let scene = Scene::new().await;
    let expected = scene.undisturbed().await;
    scene.server.calm();
    scene.server.fault(3, Fault::Body(r#"{"data":[{"id":"i","thread_id":"cthr_7"}],"has_more":false}"#));
    scene.pull().await.unwrap();
    assert!(contents(&scene.out()) == expected);
}

#[tokio::test]
async fn a_storm_of_429_ends_after_the_bounded_tries_and_can_be_resumed() {
    let scene = Scene::new().await;
    let expected = scene.undisturbed().await;
    scene.server.calm();
    for request in 2..50 {
        scene.server.fault(request, with(429, "retry-after-ms", "1"));
    }
    let error = scene.pull().await.unwrap_err();
    assert_eq!(scene.requests().len(), 2 + 3);
    assert_eq!(error.exit_code(), 1);
    assert_eq!(
        error.to_string(),
        "GET /chatkit/threads failed after 3 tries: HTTP 429 Too Many Requests, some_code. What was fetched is saved: run the \
         same command again to go on"
    );
    scene.server.calm();
    scene.pull().await.unwrap();
    assert_eq!(scene.requests()[0], "/v1/chatkit/threads?after=cthr_5");
    assert!(contents(&scene.out()) == expected);
}

#[tokio::test]
async fn a_pause_that_is_asked_for_is_kept() {
    let scene = Scene::new().await;
    scene.server.fault(0, with(429, "retry-after-ms", "300"));
    let began = tokio::time::Instant::now();
    scene.pull().await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_pause_too_long_to_sit_through_stops_the_pull() {
    let scene = Scene::new().await;
    scene.server.fault(1, with(429, "retry-after", "3600"));
    let error = scene.pull().await.unwrap_err();
    assert!(matches!(error, PullError::WaitTooLong(pause) if pause == Duration::from_secs(3600)));
}

#[tokio::test]
async fn x_should_retry_false_is_obeyed() {
    let scene = Scene::new().await;
    scene.server.fault(0, with(429, "x-should-retry", "false"));
    assert!(matches!(scene.pull().await, Err(PullError::Upstream { tries: 1, .. })));
    assert_eq!(scene.requests().len(), 1);
}

#[tokio::test]
async fn a_refused_key_stops_at_once_and_is_not_shown() {
    for code in [401, 403] {
        for request in [0, 4] {
            let scene = Scene::new().await;
            let mut settings = scene.settings();
            settings.concurrency = std::num::NonZeroUsize::MIN;
            scene.server.fault(request, with(code, "x-should-retry", "true"));
            let error = pull::pull(settings, CancellationToken::new()).await.unwrap_err();
            assert_eq!(error.exit_code(), 3);
            let words = format!("{error} {error:?}");
            assert!(
                words.contains("OPENAI_API_KEY is a live key") && !words.contains("sk-secret"),
                "{words}"
            );
            assert_eq!(scene.requests().len(), request + 1);
        }
    }
}

#[tokio::test]
async fn the_key_does_not_follow_a_redirect_to_another_server() {
    let scene = Scene::new().await;
    let other = Scene::new().await;
    let target = format!("{}/v1/chatkit/threads?limit=3&order=asc", other.server.origin());
    scene.server.world(|world| world.redirects.insert("/v1/chatkit/threads".to_owned(), target));
    let error = scene.pull().await.unwrap_err();
    assert!(error.to_string().contains("check --base-url"), "{error}");
    assert_eq!(other.requests().len(), 0);
}

#[tokio::test]
async fn a_page_beyond_the_bound_is_asked_for_in_smaller_pieces() {
    let scene = Scene::new().await;
    let expected = scene.undisturbed().await;
    let mut settings = scene.settings();
    // Two entries fit, three do not.
    settings.tuning.page_bytes = 900;
    pull::pull(settings, CancellationToken::new()).await.unwrap();
    let threads = |contents: std::collections::BTreeMap<String, Vec<u8>>| contents["threads.jsonl"].clone();
    assert!(threads(contents(&scene.out())) == threads(expected));
    scene.assert_whole();
}

#[tokio::test]
async fn a_thread_that_cannot_be_delivered_can_be_left_out() {
    let scene = Scene::new().await;
    scene.server.world(|world| {
        world.redirects.insert("/v1/chatkit/threads/cthr_4/items".to_owned(), "http://other.test/".to_owned())
    });
    let error = scene.pull().await.unwrap_err();
    assert!(error.to_string().starts_with("GET /chatkit/threads/cthr_4/items failed"), "{error}");
    let mut settings = scene.settings();
    settings.skip_threads = vec!["cthr_4".to_owned()];
    let summary = pull::pull(settings, CancellationToken::new()).await.unwrap();
    assert_eq!((summary.threads, summary.threads_skipped), (8, 1));
    scene.assert_whole();
}
