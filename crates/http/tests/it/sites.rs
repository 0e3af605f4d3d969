//! Design 4.5: which site a request is for.

use serde_json::json;

use crate::app::{Setup, TestApp, send, site, site_of, token};

async fn two_sites() -> TestApp {
    let mut shop = site_of("shop", &["https://shop.example"]);
    shop.workflows = vec!["wf_echo".to_owned()];
    Setup { sites: vec![site(), shop], ..Setup::default() }.start().await
}

#[tokio::test]
async fn a_site_is_named_by_its_path() {
    let app = two_sites().await;
    let answer = send(app.post("/s/shop/api/chatkit/session").header("origin", "https://shop.example")).await;
    assert_eq!(answer.field("workflow_id"), "wf_echo");
    assert!(answer.header("set-cookie").starts_with("chatkit_device_shop="));
    let foreign = app.post("/s/shop/api/chatkit/session").header("origin", "https://other.example");
    send(foreign).await.is_error(403, "origin_not_allowed");
    for path in ["/s/nobody/api/chatkit/session", "/s/NO%20BODY/api/chatkit/session"] {
        send(app.post(path)).await.is_error(404, "not_found");
    }
}

#[tokio::test]
async fn a_site_is_named_by_an_origin_that_it_alone_lists() {
    let app = two_sites().await;
    let shop = send(app.create().header("origin", "https://shop.example")).await;
    assert_eq!(shop.field("workflow_id"), "wf_echo");
    let default = send(app.create().header("origin", "https://other.example")).await;
    assert_eq!(default.field("workflow_id"), "wf_demo");
}

#[tokio::test]
async fn a_site_is_named_by_key_secret_and_device_token() {
    let app = two_sites().await;
    let key = app.service_key("shop").await;
    let made = send(app.create().bearer_auth(&key).json(&json!({"userId": "ann"}))).await;
    assert_eq!(made.field("workflow_id"), "wf_echo");
    let id = made.field("session_id");
    let valid = send(app.validate(&id).bearer_auth(made.field("client_secret"))).await;
    assert_eq!(valid.json()["valid"], true);
    let visitor =
        app.create().header("origin", "https://shop.example").header("sec-fetch-site", "cross-site");
    let device = send(visitor).await.field("device_token");
    let again = send(app.create().header("chatkit-device-token", device)).await;
    assert_eq!(again.field("workflow_id"), "wf_echo");
}

#[tokio::test]
async fn a_credential_of_another_site_than_the_path_is_refused() {
    let app = two_sites().await;
    let key = app.service_key("shop").await;
    let made = send(app.create().bearer_auth(&key)).await;
    for credential in [key, made.field("client_secret")] {
        let answer = send(app.post("/s/default/api/chatkit/session").bearer_auth(credential)).await;
        answer.is_error(403, "wrong_site");
    }
    let page = app.validate(&made.field("session_id")).bearer_auth(made.field("client_secret"));
    send(page.header("origin", "https://other.example")).await.is_error(403, "origin_not_allowed");
}

/// Two credentials of two sites are a disagreement, whichever would have been believed alone (design 4.5).
#[tokio::test]
async fn a_key_and_a_device_token_of_two_sites_are_refused() {
    let app = two_sites().await;
    let visitor =
        app.create().header("origin", "https://shop.example").header("sec-fetch-site", "cross-site");
    let device = send(visitor).await.field("device_token");
    let both = |key: String| app.create().bearer_auth(key).header("chatkit-device-token", device.clone());
    send(both(app.service_key("default").await)).await.is_error(403, "wrong_site");
    assert_eq!(send(both(app.service_key("shop").await)).await.field("workflow_id"), "wf_echo");
}

/// What it cannot read it cannot disagree with: only who holds the key may be counted on.
#[tokio::test]
async fn a_device_token_that_is_none_does_not_stand_in_a_keys_way() {
    let app = two_sites().await;
    let key = app.service_key("shop").await;
    let answer = send(app.create().bearer_auth(key).header("chatkit-device-token", "nonsense")).await;
    assert_eq!(answer.status, 200);
}

/// As after a reload that left the site out: nothing is wrong with the address.
#[tokio::test]
async fn the_key_of_a_site_that_is_gone_is_told_so() {
    let app = two_sites().await;
    let key = app.service_key("gone").await;
    for request in [app.create(), app.post("/s/shop/api/chatkit/session")] {
        let answer = send(request.bearer_auth(&key)).await;
        answer.is_error(403, "wrong_site");
        assert!(answer.field("message").contains("not there any more"), "{}", answer.text);
    }
}

#[tokio::test]
async fn advice_about_a_further_site_names_its_place_in_the_file() {
    let mut shop = site_of("shop", &["https://shop.example"]);
    shop.workflows = Vec::new();
    let app = Setup { sites: vec![site(), shop.clone()], ..Setup::default() }.start().await;
    let session = "/s/shop/api/chatkit/session";
    let ours = |app: &TestApp, path: &str| app.post(path).header("origin", "https://shop.example");
    for (request, code, setting) in [
        (ours(&app, session), "workflow_not_configured", "sites.shop.workflows in chatkitd.toml"),
        (
            app.post(session).header("origin", "https://evil.example"),
            "origin_not_allowed",
            "sites.shop.origins in chatkitd.toml",
        ),
        (ours(&app, session).bearer_auth(token("ann")), "sign_in_not_configured", "sites.shop.verifiers"),
    ] {
        let answer = send(request).await;
        assert_eq!(answer.field("code"), code);
        assert!(answer.text.contains(setting), "{}", answer.text);
        assert!(!answer.text.contains("CHATKIT"), "{}", answer.text);
    }
    shop.workflows = vec!["wf_echo".to_owned()];
    let app = Setup { sites: vec![site(), shop], ..Setup::default() }.start().await;
    let answer = send(ours(&app, session).json(&json!({"workflowId": "wf_other"}))).await;
    answer.is_error(403, "workflow_not_allowed");
    assert!(answer.text.contains("sites.shop.workflows in chatkitd.toml"), "{}", answer.text);
    let preflight = app.client.request(reqwest::Method::OPTIONS, format!("{}{session}", app.base));
    let answer = send(preflight.header("origin", "https://evil.example")).await;
    assert!(answer.text.contains("sites.shop.origins in chatkitd.toml"), "{}", answer.text);
}

#[tokio::test]
async fn a_secret_in_the_body_brings_its_site_along() {
    let app = two_sites().await;
    let key = app.service_key("shop").await;
    let secret = send(app.create().bearer_auth(&key)).await.field("client_secret");
    let body = json!({"currentClientSecret": secret});
    let path = "/.netlify/functions/chatkit-refresh";
    let foreign = app.post(path).header("origin", "https://other.example").json(&body);
    send(foreign).await.is_error(403, "origin_not_allowed");
    let other_path = app.post(&format!("/s/default{path}")).json(&body);
    send(other_path).await.is_error(403, "wrong_site");
    assert_eq!(send(app.post(path).json(&body)).await.status, 200);
}

/// Who somebody is was proven to one site only.
#[tokio::test]
async fn who_is_known_to_one_site_does_not_bring_the_secret_of_another() {
    let app = two_sites().await;
    let key = app.service_key("shop").await;
    let secret = send(app.create().bearer_auth(&key)).await.field("client_secret");
    let other_key = app.service_key("default").await;
    for bearer in [token("bob"), other_key] {
        let body = json!({"currentClientSecret": secret});
        let refresh = app.post("/.netlify/functions/chatkit-refresh").bearer_auth(bearer).json(&body);
        send(refresh).await.is_error(403, "wrong_site");
    }
}

/// By its origin alone the request would be for the default site, which does not list the page.
#[tokio::test]
async fn a_page_that_two_sites_list_refreshes_the_secret_of_its_own() {
    let page = "https://both.example";
    let sites = ["shop", "blog"].map(|name| site_of(name, &[page]));
    let sites = [vec![site_of("default", &["https://other.example"])], sites.into()].concat();
    let app = Setup { sites, ..Setup::default() }.start().await;
    let path = "/.netlify/functions/chatkit-refresh";
    let start = app.post("/s/shop/.netlify/functions/chatkit-start").header("origin", page);
    let secret = send(start).await.field("client_secret");
    let refresh = |body| send(app.post(path).header("origin", page).json(&body));
    let fresh = refresh(json!({"currentClientSecret": secret})).await;
    assert_eq!((fresh.status.as_u16(), fresh.header("access-control-allow-origin")), (200, page));
    // One that names no site is a start.
    refresh(json!({"currentClientSecret": "ek_unknown"})).await.is_error(403, "origin_not_allowed");
}
