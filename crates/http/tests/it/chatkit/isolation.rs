//! What is somebody else's is not there: the same bytes as for what never was.

use std::time::Duration;

use super::client::{create, get, operations_on, said};
use crate::app::{Setup, send, token};

const NEVER: &str = "cthr_000000000000000000000000000000000000000000000000";

#[tokio::test]
async fn no_operation_tells_somebody_elses_thread_from_none() {
    let app = Setup::default().start().await;
    let anns = send(app.chat(&create("hello")).bearer_auth(token("ann"))).await;
    let thread = anns.events()[0]["thread"]["id"].as_str().unwrap().to_owned();
    let operations = operations_on(&thread).into_iter().zip(operations_on(NEVER));
    for (theirs, nobodys) in operations {
        let theirs = send(app.chat(&theirs).bearer_auth(token("bob"))).await;
        let nobodys = send(app.chat(&nobodys).bearer_auth(token("bob"))).await;
        theirs.is_openai_error(404, "thread_not_found");
        assert_eq!((theirs.status, &theirs.text), (nobodys.status, &nobodys.text));
    }
    let still = send(app.chat(&get(&thread)).bearer_auth(token("ann"))).await.json();
    assert_eq!(still["items"]["data"].as_array().unwrap().len(), 2, "nothing was changed");
    let list = serde_json::json!({"type": "threads.list", "params": {}});
    let bobs = send(app.chat(&list).bearer_auth(token("bob"))).await.json();
    assert_eq!(bobs["data"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn somebody_elses_run_is_neither_watched_nor_stopped() {
    let app = Setup::default().start().await;
    let anns = send(app.chat(&create("hello")).bearer_auth(token("ann"))).await;
    let run = anns.header("x-chatkit-run-id");
    let never = format!("run_{}", "0".repeat(48));
    let device = send(app.chat(&create("hello"))).await.cookie();
    for id in [run, &never, "run_1", "x", "%00", "..%2f"] {
        for request in [app.events(id), app.cancel(id)] {
            let by_device = request.try_clone().unwrap().header("cookie", &device);
            for request in [request.bearer_auth(token("bob")), by_device] {
                let answer = send(request).await;
                answer.is_openai_error(404, "run_not_found");
                assert!(!answer.text.contains(id) || id == "x", "{}", answer.text);
            }
        }
        send(app.events(id)).await.is_openai_error(401, "not_signed_in");
        send(app.cancel(id)).await.is_openai_error(401, "not_signed_in");
    }
}

#[tokio::test]
async fn the_same_name_on_another_site_is_somebody_else() {
    let sites = vec![crate::app::site(), crate::app::site_of("shop", &[])];
    let app = Setup { sites, ..Setup::default() }.start().await;
    let secret = async |path: &str, site: &str| {
        let key = app.service_key(site).await;
        let named = serde_json::json!({"userId": "ann"});
        send(app.post(path).bearer_auth(key).json(&named)).await.field("client_secret")
    };
    let here = secret("/api/chatkit/session", "default").await;
    let there = secret("/s/shop/api/chatkit/session", "shop").await;
    let answer = send(app.chat(&create("hello")).bearer_auth(&here)).await;
    assert_eq!(said(&answer.events()), "hello");
    let thread = answer.events()[0]["thread"]["id"].as_str().unwrap().to_owned();
    send(app.chat(&get(&thread)).bearer_auth(&there)).await.is_openai_error(404, "thread_not_found");
    let crossed = app.post("/s/shop/chatkit").json(&create("hello")).bearer_auth(&here);
    send(crossed).await.is_openai_error(403, "wrong_site");
}

/// Back ends that know of no user name one that all share.
#[tokio::test]
async fn whoever_shares_a_name_with_everybody_shares_no_session() {
    let app = Setup::default().start().await;
    let key = app.service_key("default").await;
    let named = serde_json::json!({"userId": "anonymous"});
    let theirs = send(app.create().bearer_auth(&key).json(&named)).await;
    let asked = app.chat(&create("hello")).bearer_auth(theirs.field("client_secret"));
    let thread = send(asked).await.events()[0]["thread"]["id"].as_str().unwrap().to_owned();
    app.clock.advance(Duration::from_secs(1));
    let own = send(app.create().bearer_auth(&key).json(&named)).await;
    assert_ne!(own.field("session_id"), theirs.field("session_id"));
    let secret = own.field("client_secret");
    send(app.chat(&get(&thread)).bearer_auth(&secret)).await.is_openai_error(404, "thread_not_found");
    let theirs_ends = app.delete(&format!("/api/chatkit/session/{}", theirs.field("session_id")));
    assert_eq!(send(theirs_ends.bearer_auth(theirs.field("client_secret"))).await.status, 204);
    let still = send(app.validate(&own.field("session_id")).bearer_auth(&secret)).await;
    assert_eq!(still.json()["status"], "active");
}
