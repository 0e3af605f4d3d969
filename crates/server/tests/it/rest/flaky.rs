//! A proxy that fails the first two attempts at every request, in the ways that SDKs try again after.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

/// The address of a proxy before the server at `upstream`.
pub async fn flaky(upstream: String) -> String {
    let routes = Router::new().fallback(move |request| answer(upstream.clone(), request));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

/// Which attempt it is, the SDKs say themselves.
async fn answer(upstream: String, request: Request) -> Response {
    match attempt(request.headers()) {
        0 => {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after-ms", "10"), ("retry-after", "1")]).into_response()
        }
        1 => (StatusCode::INTERNAL_SERVER_ERROR, [("retry-after-ms", "10")]).into_response(),
        _ => forward(upstream, request).await,
    }
}

fn attempt(headers: &HeaderMap) -> u32 {
    let count = headers.get("x-stainless-retry-count").expect("an SDK counts its attempts");
    count.to_str().unwrap().parse().unwrap()
}

async fn forward(upstream: String, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    parts.headers.remove("host");
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let sent = reqwest::Client::new()
        .request(parts.method, format!("{upstream}{}", parts.uri))
        .headers(parts.headers)
        .body(body)
        .send()
        .await
        .unwrap();
    let (status, mut headers) = (sent.status(), sent.headers().clone());
    headers.remove("transfer-encoding");
    (status, headers, Body::from(sent.bytes().await.unwrap())).into_response()
}
