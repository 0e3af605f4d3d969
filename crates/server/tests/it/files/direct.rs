//! One request: `POST /v1/chatkit/files`, and the widget's direct upload.

use image::ImageFormat;
use reqwest::Method;
use serde_json::json;

use super::{Files, MIB, assert_refused, disposition, form, message, pdf};
use crate::chat::Events;
use crate::images::{encoded, two_colours};
use crate::server::send;

#[tokio::test]
async fn openais_address_answers_in_openais_two_shapes() {
    let files = Files::start().await;
    let picture = encoded(two_colours(900, 30), ImageFormat::Png);
    let image = send(files.file("a.png", "image/png", &picture)).await;
    assert_eq!(image.status, 200, "{image:?}");
    let keys = |answer: &crate::server::Answer| {
        let mut keys: Vec<_> = answer.body.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&image), ["id", "mime_type", "name", "preview_url", "type", "upload_url"]);
    assert_eq!((image.text("type"), image.text("mime_type")), ("image".into(), "image/png".into()));
    let document = send(files.file("a.pdf", "application/pdf", &pdf(MIB))).await;
    assert_eq!(keys(&document), ["id", "mime_type", "name", "type", "upload_url"]);
    assert_eq!((document.text("type"), document.text("name")), ("file".into(), "a.pdf".into()));
    for answer in [&image, &document] {
        let id = answer.text("id");
        assert!(id.starts_with("cfile_") && id.len() == 54, "{id}");
    }
    // Despite its name it is where the file is downloaded.
    let content = files.http.get(image.text("upload_url")).send().await.unwrap();
    assert_eq!(content.bytes().await.unwrap(), picture);

    let input = message("look", &[&image.text("id"), &document.text("id")]);
    let mut events = Events::of(files.chat.request("threads.create", &json!({"input": input}))).await;
    let thread = events.thread().await;
    events.rest().await;
    assert_eq!(files.chat.items(&thread).await[0]["attachments"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_widgets_direct_upload_answers_an_attachment() {
    let files = Files::start().await;
    let request = files.http.post(format!("{}/chatkit/attachments", files.node.url));
    let picture = encoded(two_colours(30, 30), ImageFormat::WebP);
    let request =
        form(request.bearer_auth(files.chat.secret()), &disposition("a.webp"), "image/webp", &picture);
    let sent = send(request).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    assert_eq!((sent.text("type"), sent.text("mime_type")), ("image".into(), "image/webp".into()));
    assert!(sent.body.get("upload_descriptor").is_none());
    let preview = files.http.get(sent.text("preview_url")).send().await.unwrap();
    assert_eq!(preview.status(), 200);
}

/// What a browser does with a file that a stranger sent: nothing, but save it.
#[tokio::test]
async fn a_download_is_saved_and_never_shown() {
    let files = Files::start().await;
    let sent = send(files.file("\u{2603} <b>\".pdf", "application/pdf", &pdf(10 * 1024))).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let url = sent.text("upload_url");
    for method in [Method::GET, Method::HEAD] {
        let answer = files.http.request(method.clone(), &url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let headers = answer.headers().clone();
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/pdf");
        assert_eq!(header("content-length"), "10240");
        assert!(header("content-disposition").starts_with("attachment; filename=\""), "{headers:?}");
        assert!(header("content-disposition").contains("filename*=UTF-8''%E2%98%83"), "{headers:?}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(header("cross-origin-resource-policy"), "cross-origin");
        assert!(header("cache-control").starts_with("private, max-age="), "{headers:?}");
        let body = answer.bytes().await.unwrap();
        assert_eq!(body.len(), if method == Method::GET { 10 * 1024 } else { 0 });
    }
}

#[tokio::test]
async fn only_a_session_may_upload_and_ten_times_a_minute() {
    let files = Files::start().await;
    let bare = files.http.post(format!("{}/v1/chatkit/files", files.node.url));
    let bare = send(form(bare, &disposition("a.pdf"), "application/pdf", &pdf(10))).await;
    assert_eq!(bare.status, 401, "{bare:?}");
    let mut last = None;
    for number in 1..=11 {
        let sent = send(files.file("a.pdf", "application/pdf", &pdf(10))).await;
        assert_eq!(sent.status, if number <= 10 { 200 } else { 429 }, "{number}: {sent:?}");
        last = Some(sent);
    }
    let refused = last.unwrap();
    assert!(
        refused.headers.contains_key("retry-after") && refused.body["error"]["type"] == "rate_limit_error"
    );
    let list = send(files.http.get(format!("{}/v1/chatkit/files", files.node.url))).await;
    assert_eq!(list.status, 405);
    assert_eq!(list.body["error"]["message"], "Invalid method for URL (GET /v1/chatkit/files)");
}

/// A message may bring many files along, and the widget sends each in a request of its own.
#[tokio::test]
async fn the_widgets_direct_upload_takes_sixty_files_a_minute() {
    let files =
        Files::start_with(&super::UPLOADS.replace("max_files = 3", "max_files = 40"), |env| env).await;
    let url = format!("{}/chatkit/attachments", files.node.url);
    for number in 1..=61 {
        let request = files.http.post(&url).bearer_auth(files.chat.secret());
        let sent = send(form(request, &disposition("a.txt"), "text/plain", b"Hello")).await;
        assert_eq!(sent.status, if number <= 60 { 200 } else { 429 }, "{number}: {sent:?}");
    }
}

#[tokio::test]
async fn a_service_key_is_told_to_open_a_session() {
    let files = Files::start().await;
    let made =
        crate::binary::run(files.folder.path(), &files.env, &["keys", "create", "--name", "a server"]).ok();
    let key = made.trim();
    let request = files.http.post(format!("{}/v1/chatkit/files", files.node.url)).bearer_auth(key);
    let refused = send(form(request, &disposition("a.pdf"), "application/pdf", &pdf(10))).await;
    assert_refused(&refused, 403, "service_key_refused");
}

#[tokio::test]
async fn a_form_that_is_none_is_refused() {
    let files = Files::start().await;
    let url = format!("{}/v1/chatkit/files", files.node.url);
    let post = || files.http.post(&url).bearer_auth(files.chat.secret());
    let edge = "multipart/form-data; boundary=edge";
    for (content_type, body, status) in [
        ("application/json", "{}".to_owned(), 415),
        ("multipart/form-data", "--edge".to_owned(), 415),
        (edge, String::new(), 400),
        (edge, "--edge--\r\n".to_owned(), 400),
        (
            edge,
            "--edge\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--edge--\r\n".to_owned(),
            400,
        ),
        (
            edge,
            "--edge\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n%PDF-1.7 cut o".to_owned(),
            400,
        ),
        (edge, format!("--edge\r\nX-Long: {}", "x".repeat(3 * MIB)), 400),
        (edge, "x".repeat(3 * MIB), 400),
    ] {
        let refused = send(post().header("content-type", content_type).body(body)).await;
        assert_eq!(refused.status, status, "{content_type}: {refused:?}");
    }
    assert!(files.kept().is_empty(), "{:?}", files.kept());
}
