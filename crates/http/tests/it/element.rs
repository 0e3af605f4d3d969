//! The widget's files, and what the kits start with.

use std::collections::BTreeMap;

use bytes::Bytes;
use chatkitd_http::element::{Element, ElementFile};

use crate::app::{Setup, send, site_of};

fn file(content_type: &'static str, plain: &'static str, gzip: Option<&'static str>) -> ElementFile {
    ElementFile { content_type, plain: Bytes::from_static(plain.as_bytes()), gzip: gzip.map(Bytes::from) }
}

fn element() -> Element {
    Element {
        version: "1.2.3-abc".to_owned(),
        integrity: "sha384-x".to_owned(),
        script: file("text/javascript; charset=utf-8", "plain", Some("packed")),
        assets: BTreeMap::from([("locale/de.json".to_owned(), file("application/json", "{}", None))]),
    }
}

fn with_element() -> Setup {
    Setup { element: Some(element()), ..Setup::default() }
}

#[tokio::test]
async fn the_script_is_asked_for_anew_and_its_versions_are_kept_for_ever() {
    let app = with_element().start().await;
    let newest = send(app.get("/chatkit.js")).await;
    assert_eq!((newest.status.as_u16(), newest.text.as_str()), (200, "plain"));
    assert_eq!(newest.header("cache-control"), "no-cache");
    let tag = newest.header("etag").to_owned();
    let again = send(app.get("/chatkit.js").header("if-none-match", &tag)).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    let others = send(app.get("/chatkit.js").header("if-none-match", "W/\"1.2.2\", \"other\"")).await;
    assert_eq!((others.status.as_u16(), others.text.as_str()), (200, "plain"));
    let versioned = send(app.get("/chatkit@1.2.3-abc.js")).await;
    assert_eq!(versioned.text, "plain");
    assert_eq!(versioned.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(send(app.get("/chatkit@1.2.2.js")).await.status, 404);
}

/// RFC 9110, 8.8.3.3 and 13.1.2: packed and plain are the same script, though not byte for byte.
#[tokio::test]
async fn the_script_that_is_there_is_known_by_its_tag_however_it_comes_back() {
    let app = with_element().start().await;
    for accepts in ["gzip", "identity"] {
        let newest = send(app.get("/chatkit.js").header("accept-encoding", accepts)).await;
        assert_eq!(newest.header("etag"), "W/\"1.2.3-abc\"");
    }
    for tags in ["W/\"1.2.3-abc\"", "\"1.2.3-abc\"", "\"older\", W/\"1.2.3-abc\"", "*"] {
        let again = send(app.get("/chatkit.js").header("if-none-match", tags)).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{tags}");
        assert_eq!((again.header("etag"), again.header("vary")), ("W/\"1.2.3-abc\"", "Accept-Encoding"));
    }
}

#[tokio::test]
async fn any_page_may_load_it_whatever_the_site_lists() {
    let setup = Setup { sites: vec![site_of("default", &["https://shop.example"])], ..with_element() };
    let app = setup.start().await;
    for path in ["/chatkit.js", "/chatkit@1.2.3-abc.js", "/chatkit-assets@1.2.3-abc/locale/de.json"] {
        let answer = send(app.get(path).header("origin", "https://elsewhere.example")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        let vary: Vec<_> = answer.headers.get_all("vary").iter().collect();
        assert_eq!(vary, ["Accept-Encoding"], "{path}: the same for every page");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[tokio::test]
async fn it_is_packed_for_whoever_can_unpack_it() {
    let app = with_element().start().await;
    for (accepts, encoding, text) in [
        ("gzip", "gzip", "packed"),
        ("br, GZIP;q=0.5", "gzip", "packed"),
        ("gzip;q=0, br", "", "plain"),
        ("identity", "", "plain"),
    ] {
        let answer = send(app.get("/chatkit.js").header("accept-encoding", accepts)).await;
        assert_eq!((answer.header("content-encoding"), answer.text.as_str()), (encoding, text), "{accepts}");
        assert!(answer.header("vary").contains("Accept-Encoding"), "{accepts}");
    }
    let unpacked =
        send(app.get("/chatkit-assets@1.2.3-abc/locale/de.json").header("accept-encoding", "gzip")).await;
    assert_eq!((unpacked.header("content-encoding"), unpacked.text.as_str()), ("", "{}"));
}

#[tokio::test]
async fn there_is_no_other_file_than_the_bundles() {
    let app = with_element().start().await;
    for path in ["locale/xx.json", "../../etc/passwd", "%2e%2e/secret", "locale"] {
        assert_eq!(send(app.get(&format!("/chatkit-assets@1.2.3-abc/{path}"))).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_build_without_the_widget_says_so_in_the_pages_console() {
    let app = Setup::default().start().await;
    let answer = send(app.get("/chatkit.js")).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.text.starts_with("console.error('This chatkitd was built without the widget."),
        "{}",
        answer.text
    );
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_kits_are_told_what_answers() {
    let app = Setup::default().start().await;
    let answer = send(app.get("/chatkit-config.json")).await;
    assert_eq!(answer.text, r#"{"workflowId":"wf_demo","greeting":"What would you like to see?"}"#,);
    assert_eq!(answer.header("cache-control"), "no-cache");
}

#[tokio::test]
async fn a_page_that_the_site_does_not_list_is_told_nothing() {
    let app = Setup::of(site_of("default", &["https://shop.example"])).start().await;
    let refused = send(app.get("/chatkit-config.json").header("origin", "https://elsewhere.example")).await;
    assert_eq!(refused.status, 403);
    let told = send(app.get("/chatkit-config.json").header("origin", "https://shop.example")).await;
    assert_eq!(told.header("access-control-allow-origin"), "https://shop.example");
}
