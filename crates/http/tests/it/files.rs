//! Files over HTTP where time, proxies and origins matter; the rest is tested through the binary, with a real folder
//! and a real S3.

use std::time::Duration;

use chatkitd_core::attachments::AllowedTypes;
use chatkitd_core::site::{FileUpload, Site};
use futures_util::stream;
use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::{Answer, Setup, TestApp, send, site, site_of, token};

const PDF: &[u8] = b"%PDF-1.7 a document";

fn with_uploads(site: Site) -> Site {
    let mut site = site;
    site.configuration.file_upload =
        Some(FileUpload { enabled: Some(true), max_file_size: Some(1), max_files: Some(2) });
    site
}

fn uploads(sites: Vec<Site>) -> Setup {
    Setup { sites, files: true, ..Setup::default() }
}

async fn app() -> TestApp {
    uploads(vec![with_uploads(site())]).start().await
}

fn announcement() -> Value {
    let params = json!({"name": "a.pdf", "mime_type": "application/pdf", "size": PDF.len()});
    json!({"type": "attachments.create", "params": params})
}

async fn announce(app: &TestApp) -> Answer {
    send(app.chat(&announcement()).bearer_auth(token("ann"))).await
}

fn upload_url(answer: &Answer) -> String {
    let url = answer.json()["upload_descriptor"]["url"].as_str().map(str::to_owned);
    url.unwrap_or_else(|| panic!("no address in {}", answer.text))
}

fn form(app: &TestApp, path: &str) -> reqwest::RequestBuilder {
    let head = "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n";
    let body = [head.as_bytes(), PDF, b"\r\n--edge--\r\n"].concat();
    app.post(path).header("content-type", "multipart/form-data; boundary=edge").body(body)
}

fn part(disposition: &str) -> String {
    format!("--edge\r\nContent-Disposition: form-data; {disposition}\r\n\r\n%PDF-1.7 a document\r\n")
}

async fn send_parts(app: &TestApp, parts: &[String]) -> Answer {
    let request = form(app, "/v1/chatkit/files").bearer_auth(token("ann"));
    send(request.body(format!("{}--edge--\r\n", parts.concat()))).await
}

#[tokio::test]
async fn a_form_has_one_file() {
    let app = app().await;
    let (file, other) = (part("name=\"file\"; filename=\"a.pdf\""), part("name=\"purpose\""));
    for second in [file.clone(), part("name=\"file\"; filename=\"b.pdf\"")] {
        send_parts(&app, &[file.clone(), second]).await.is_openai_error(400, "invalid_form");
    }
    let cut = format!("{file}--edge\r\nX-Long: {}", "x".repeat(1024 * 1024));
    send_parts(&app, &[cut]).await.is_openai_error(400, "body_incomplete");
    assert_eq!(send_parts(&app, &[file, other]).await.status, 200);
}

/// However much of the form comes at once.
#[tokio::test]
async fn a_form_may_be_of_any_size() {
    let app = app().await;
    for size in [10, 17_000, 60_000, 1_000_000] {
        app.clock.advance(Duration::from_secs(60));
        let long = part("name=\"file\"; filename=\"a.pdf\"").replace("document", &"x".repeat(size));
        let sent = send_parts(&app, &[long, part("name=\"purpose\"")]).await;
        assert_eq!(sent.status, 200, "{size}: {}", sent.text);
    }
}

#[tokio::test]
async fn a_name_in_a_form_is_as_its_browser_meant_it() {
    let app = app().await;
    for (written, meant) in
        [("a %22b%22.pdf", "a \"b\".pdf"), ("a%0D%0Ab.pdf", "ab.pdf"), ("100%2522.pdf", "100%2522.pdf")]
    {
        let sent = send_parts(&app, &[part(&format!("name=\"file\"; filename=\"{written}\""))]).await;
        assert_eq!(sent.field("name"), meant, "{}", sent.text);
    }
}

#[tokio::test]
async fn a_file_comes_as_it_is() {
    let app = app().await;
    let announced = announce(&app).await;
    let put = || app.client.put(upload_url(&announced)).body(PDF);
    send(put().header("content-encoding", "gzip")).await.is_openai_error(415, "unsupported_content_encoding");
    assert_eq!(send(put().header("content-encoding", "identity")).await.status, 204);
    let packed = form(&app, "/v1/chatkit/files").bearer_auth(token("ann")).header("content-encoding", "gzip");
    send(packed).await.is_openai_error(415, "unsupported_content_encoding");
}

#[tokio::test]
async fn an_upload_may_begin_within_ten_minutes() {
    let app = app().await;
    let announced = announce(&app).await;
    app.clock.advance(Duration::from_secs(599));
    let late = announce(&app).await;
    app.clock.advance(Duration::from_secs(2));
    let refused = send(app.client.put(upload_url(&announced)).body(PDF)).await;
    refused.is_openai_error(403, "address_expired");
    assert!(refused.text.contains("Announce the file anew."), "{}", refused.text);
    assert_eq!(send(app.client.put(upload_url(&late)).body(PDF)).await.status, 204);
}

#[tokio::test]
async fn a_download_works_for_an_hour_or_two_and_is_cached_as_long() {
    let app = app().await;
    let sent = send(form(&app, "/v1/chatkit/files").bearer_auth(token("ann"))).await;
    let url = sent.field("upload_url");
    let read = send(app.client.get(&url)).await;
    assert_eq!((read.status.as_u16(), read.text.as_bytes()), (200, PDF));
    let left = read.header("cache-control").split(['=', ',']).nth(2).unwrap().parse::<u64>().unwrap();
    assert!((3600..=7200).contains(&left), "{left}");
    app.clock.advance(Duration::from_secs(left - 1));
    assert_eq!(send(app.client.get(&url)).await.status, 200);
    app.clock.advance(Duration::from_secs(1));
    let refused = send(app.client.get(&url)).await;
    refused.is_openai_error(403, "address_expired");
    assert!(refused.text.contains("uploaded again") && !refused.text.contains("thread"), "{}", refused.text);
}

/// A slow upload may take longer than any other request; a dead one is cut off.
#[tokio::test]
async fn an_upload_has_thirty_seconds_for_each_byte() {
    let app = app().await;
    let announced = announce(&app).await;
    let (bytes, slow) = bites();
    let uploading = tokio::spawn(send(app.client.put(upload_url(&announced)).body(slow)));
    for byte in PDF {
        // Nineteen bytes, twenty seconds each: over six minutes.
        app.clock.advance(Duration::from_secs(20));
        bytes.send(*byte).await;
        // While this is answered, the byte arrives.
        assert_eq!(send(app.get("/healthz")).await.status, 200);
    }
    drop(bytes);
    assert_eq!(uploading.await.unwrap().status, 204);

    let announced = announce(&app).await;
    let (bytes, dead) = bites();
    let uploading = tokio::spawn(send(app.client.put(upload_url(&announced)).body(dead)));
    bytes.send(b'%').await;
    let refused = app.after(Duration::from_secs(30), uploading).await.unwrap();
    refused.is_openai_error(408, "request_timeout");
    drop(bytes);
}

/// The bytes of a body, one at a time; each is on its way when `send` returns.
struct Bites(tokio::sync::mpsc::Sender<u8>);

impl Bites {
    async fn send(&self, byte: u8) {
        self.0.send(byte).await.unwrap();
        self.0.reserve_many(self.0.max_capacity()).await.map(drop).unwrap();
    }
}

fn bites() -> (Bites, reqwest::Body) {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let bites = stream::unfold(receiver, |mut receiver: tokio::sync::mpsc::Receiver<u8>| async move {
        let byte = receiver.recv().await?;
        Some((Ok::<_, std::io::Error>(vec![byte]), receiver))
    });
    (Bites(sender), reqwest::Body::wrap_stream(bites))
}

#[tokio::test]
async fn addresses_begin_where_the_caller_found_the_server() {
    let mut shop = with_uploads(site_of("shop", &[]));
    shop.anonymous = true;
    let setup = Setup { proxies: "127.0.0.1", ..uploads(vec![with_uploads(site()), shop]) };
    let app = setup.start().await;
    let at = async |headers: &[(&str, &str)]| {
        let mut request = app.chat(&announcement()).bearer_auth(token("ann"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let url = upload_url(&send(request).await);
        url.split("/chatkit/attachments").next().unwrap().to_owned()
    };
    assert_eq!(at(&[]).await, app.base);
    assert_eq!(at(&[("host", "chat.example.com")]).await, "http://chat.example.com");
    assert_eq!(
        at(&[("x-forwarded-host", "chat.example.com, inner"), ("x-forwarded-proto", "https")]).await,
        "https://chat.example.com"
    );
    for (protos, scheme) in [("https, http", "https"), (" https ,http", "https"), ("http, https", "http")] {
        let headers = [("x-forwarded-host", "chat.example.com"), ("x-forwarded-proto", protos)];
        assert_eq!(at(&headers).await, format!("{scheme}://chat.example.com"), "{protos}");
    }
    assert_eq!(
        at(&[("host", "chat.example.com"), ("origin", "https://shop.example")]).await,
        "https://chat.example.com",
        "a page with TLS may only call what has it"
    );
    assert_eq!(at(&[("x-forwarded-host", "user@evil.example")]).await, app.base);

    let below = send(app.post("/s/shop/chatkit").json(&announcement())).await;
    let url = upload_url(&below);
    assert!(url.starts_with(&format!("{}/s/shop/chatkit/attachments/", app.base)), "{url}");
    let elsewhere = url.replace("/s/shop", "");
    send(app.client.put(&elsewhere).body(PDF)).await.is_openai_error(403, "invalid_signature");
    assert_eq!(send(app.client.put(&url).body(PDF)).await.status, 204);
}

#[tokio::test]
async fn a_page_may_upload_and_read_from_the_origins_of_its_site() {
    let site = with_uploads(site_of("default", &["https://shop.example"]));
    let app = uploads(vec![site]).start().await;
    let origin = ("origin", "https://shop.example");
    let preflight =
        app.client.request(Method::OPTIONS, format!("{}/chatkit/attachments/x/content", app.base));
    let answer = send(preflight.header(origin.0, origin.1)).await;
    assert!(answer.header("access-control-allow-methods").contains("PUT"), "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), origin.1);
    let announced =
        send(app.chat(&announcement()).bearer_auth(token("ann")).header(origin.0, origin.1)).await;
    let uploaded = send(app.client.put(upload_url(&announced)).header(origin.0, origin.1).body(PDF)).await;
    assert_eq!((uploaded.status.as_u16(), uploaded.header("access-control-allow-origin")), (204, origin.1));
    let foreign = form(&app, "/chatkit/attachments").header("origin", "https://evil.example");
    send(foreign.bearer_auth(token("ann"))).await.is_openai_error(403, "origin_not_allowed");
}

#[tokio::test]
async fn a_newcomer_who_uploads_first_is_known_from_then_on() {
    let app = app().await;
    let sent = send(form(&app, "/chatkit/attachments")).await;
    assert_eq!((sent.status.as_u16(), sent.field("type")), (200, "file".to_owned()));
    let message = json!({"content": [], "attachments": [sent.field("id")], "inference_options": {}});
    let create = json!({"type": "threads.create", "params": {"input": message}});
    let stranger = send(app.chat(&create)).await;
    stranger.is_openai_error(404, "attachment_not_found");
    assert_eq!(send(app.chat(&create).header("cookie", sent.cookie())).await.status, 200);
    let again = send(app.chat(&create).header("cookie", sent.cookie())).await;
    again.is_openai_error(409, "already_sent");
}

#[tokio::test]
async fn where_files_may_not_be_sent_their_bodies_are_not_read() {
    let app = uploads(vec![site()]).start().await;
    let never = reqwest::Body::wrap_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = app.post("/v1/chatkit/files").bearer_auth(token("ann"));
    let request = request.header("content-type", "multipart/form-data; boundary=edge").body(never);
    send(request).await.is_openai_error(403, "chatkit.file_upload_disabled");
    let key = app.service_key("default").await;
    send(form(&app, "/v1/chatkit/files").bearer_auth(key)).await.is_openai_error(403, "service_key_refused");
    send(form(&app, "/v1/chatkit/files")).await.is_openai_error(401, "not_signed_in");
}

/// Most clients read no answer before they have sent all.
#[tokio::test]
async fn whoever_sends_more_files_than_they_may_gets_to_read_so() {
    let app = app().await;
    for _ in 0..10 {
        let sent = send(form(&app, "/v1/chatkit/files").bearer_auth(token("ann"))).await;
        assert_eq!(sent.status, 200, "{}", sent.text);
    }
    // More than any buffer on the way holds.
    let body = vec![b'x'; 32 * 1024 * 1024];
    let head = format!(
        "POST /v1/chatkit/files HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\nconnection: close\r\n\
         content-type: multipart/form-data; boundary=edge\r\ncontent-length: {}\r\n\r\n",
        token("ann"),
        body.len()
    );
    let mut client = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(&body).await.unwrap();
    let mut said = String::new();
    client.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 429"), "{said}");
}

#[tokio::test]
async fn a_site_takes_the_types_that_it_lists() {
    let pictures = Site { file_types: AllowedTypes::new(["image/png"]).unwrap(), ..with_uploads(site()) };
    let app = uploads(vec![pictures]).start().await;
    announce(&app).await.is_openai_error(400, "chatkit.file_upload_type_rejected");
    let direct = send(form(&app, "/chatkit/attachments").bearer_auth(token("ann"))).await;
    direct.is_openai_error(400, "chatkit.file_upload_type_rejected");
}

#[tokio::test]
async fn a_server_without_a_database_keeps_no_files() {
    let app = Setup { database: false, ..uploads(vec![with_uploads(site())]) }.start().await;
    let url =
        format!("{}/chatkit/attachments/cfile_{}/content?expires=1&signature=x", app.base, "0".repeat(48));
    send(app.client.get(url)).await.is_openai_error(501, "not_configured");
}
