//! Design 4.1: how an anonymous visitor stays the same person.

use std::time::Duration;

use crate::app::{Setup, send, site_of};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn the_cookie_keeps_the_user_for_thirty_days() {
    let app = Setup::default().start().await;
    let first = send(app.create()).await;
    let cookie = first.header("set-cookie");
    assert!(cookie.starts_with("chatkit_device="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"), "{cookie}");
    app.clock.advance(29 * DAY);
    let again = send(app.create().header("cookie", first.cookie())).await;
    assert_eq!(again.field("user_id"), first.field("user_id"));
    app.clock.advance(31 * DAY);
    let late = send(app.create().header("cookie", again.cookie())).await;
    assert_ne!(late.field("user_id"), first.field("user_id"));
}

#[tokio::test]
async fn a_page_of_another_site_gets_a_partitioned_cookie_and_a_token() {
    let app = Setup::of(site_of("default", &["https://shop.example"])).start().await;
    let call =
        || app.create().header("origin", "https://shop.example").header("sec-fetch-site", "cross-site");
    let first = send(call()).await;
    let cookie = first.header("set-cookie");
    assert!(cookie.ends_with("HttpOnly; SameSite=None; Secure; Partitioned"), "{cookie}");
    let token = first.field("device_token");
    let again = send(call().header("chatkit-device-token", &token)).await;
    assert_eq!(again.field("user_id"), first.field("user_id"));
}

#[tokio::test]
async fn without_listed_origins_no_cookie_crosses_sites() {
    let app = Setup::default().start().await;
    let call = app.create().header("origin", "https://shop.example").header("sec-fetch-site", "cross-site");
    let answer = send(call).await;
    assert_eq!(answer.header("set-cookie"), "");
    assert!(answer.field("device_token").starts_with("eyJ"));
}

#[tokio::test]
async fn a_forged_cookie_is_somebody_new() {
    let app = Setup::default().start().await;
    let first = send(app.create()).await;
    let mut forged = first.cookie();
    forged.pop();
    for cookie in [
        forged.as_str(),
        "chatkit_device=",
        "chatkit_device=a.b.c",
        "chatkit_device=eyJhbGciOiJub25lIn0.e30.",
    ] {
        let answer = send(app.create().header("cookie", cookie)).await;
        assert_eq!(answer.status, 200);
        assert_ne!(answer.field("user_id"), first.field("user_id"));
        app.clock.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn a_cookie_counts_behind_one_of_its_name_that_is_not_good() {
    let app = Setup::default().start().await;
    let first = send(app.create()).await;
    let both = format!("chatkit_device=stale; {}", first.cookie());
    let again = send(app.create().header("cookie", both)).await;
    assert_eq!(again.field("user_id"), first.field("user_id"));
}

#[tokio::test]
async fn a_client_secret_is_no_device_and_a_device_no_client_secret() {
    let app = Setup::default().start().await;
    let first = send(app.create()).await;
    let device = first.cookie().replace("chatkit_device=", "");
    send(app.create().bearer_auth(format!("ek_{device}"))).await.is_error(401, "secret_unknown");
    let secret = first.field("client_secret").replace("ek_", "");
    let answer = send(app.create().header("chatkit-device-token", secret)).await;
    assert_ne!(answer.field("user_id"), first.field("user_id"));
}

#[tokio::test]
async fn the_cookie_opens_its_sessions_from_the_same_origin_only() {
    let app = Setup::of(site_of("default", &["https://shop.example"])).start().await;
    let origin = "https://shop.example";
    let made = send(app.create().header("origin", origin)).await;
    let id = made.field("session_id");
    let elsewhere = app.validate(&id).header("cookie", made.cookie()).header("origin", origin);
    send(elsewhere.header("sec-fetch-site", "cross-site")).await.is_error(401, "not_signed_in");
    let here = app.validate(&id).header("cookie", made.cookie()).header("sec-fetch-site", "same-origin");
    assert_eq!(send(here).await.json()["valid"], true);
}

/// As nginx passes it on where nobody says otherwise: with the host that it was told to reach.
#[tokio::test]
async fn a_page_of_this_server_is_known_by_the_browsers_word_whatever_host_a_proxy_writes() {
    let app = Setup::default().start().await;
    let made = send(app.create()).await;
    let (id, origin) = (made.field("session_id"), "https://chat.example:8443");
    let through = |request: reqwest::RequestBuilder| {
        request.header("cookie", made.cookie()).header("origin", origin).header("host", "chatkitd:8787")
    };
    let same = |request| through(request).header("sec-fetch-site", "same-origin");
    assert_eq!(send(same(app.validate(&id))).await.json()["valid"], true);
    assert_eq!(send(same(app.refresh(&id))).await.status, 200);
    let again = send(same(app.create())).await;
    assert_eq!(again.json().get("device_token"), None, "it has the cookie");
    for other in ["same-site", "cross-site", "none"] {
        let from = through(app.validate(&id)).header("sec-fetch-site", other);
        send(from).await.is_error(401, "not_signed_in");
    }
}

/// To an address without TLS browsers do not say where a page comes from.
#[tokio::test]
async fn without_the_browsers_word_the_host_is_what_a_trusted_proxy_forwards() {
    for (proxies, known) in [("127.0.0.1", true), ("", false)] {
        let app = Setup { proxies, ..Setup::default() }.start().await;
        let made = send(app.create()).await;
        let page = app.validate(&made.field("session_id")).header("cookie", made.cookie());
        let page = page.header("origin", "http://chat.example:8080").header("host", "chatkitd:8787");
        let answer = send(page.header("x-forwarded-host", "chat.example:8080")).await;
        if known {
            assert_eq!(answer.json()["valid"], true);
        } else {
            answer.is_error(401, "not_signed_in");
        }
    }
}
