//! The least that can answer `threads.create`: every request's body is read, and the same recorded answer is
//! written, each of its events in a frame of its own. Nothing is parsed and nothing is kept.
//!
//! `PORT` says where; `ANSWER` is the file with the recorded answer.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

type Body = UnsyncBoxBody<Bytes, Infallible>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let frames = Arc::new(frames(&std::fs::read(std::env::var("ANSWER")?)?));
    let listener = TcpListener::bind(("127.0.0.1", std::env::var("PORT")?.parse()?)).await?;
    loop {
        let (connection, _) = listener.accept().await?;
        tokio::spawn(serve(connection, frames.clone()));
    }
}

/// An event ends with an empty line.
fn frames(answer: &[u8]) -> Vec<Bytes> {
    let ends = (0..answer.len()).filter(|&at| answer[..at + 1].ends_with(b"\n\n"));
    let mut start = 0;
    ends.map(|end| Bytes::copy_from_slice(&answer[std::mem::replace(&mut start, end + 1)..=end])).collect()
}

async fn serve(connection: TcpStream, frames: Arc<Vec<Bytes>>) {
    // A client that goes away ends the connection with an error, which is its own affair.
    let _ = connection.set_nodelay(true);
    let service = service_fn(move |request| answer(request, frames.clone()));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
}

async fn answer(request: Request<Incoming>, frames: Arc<Vec<Bytes>>) -> Result<Response<Body>, hyper::Error> {
    if request.uri().path() == "/healthz" {
        return Ok(Response::new(Full::from("ok").boxed_unsync()));
    }
    request.into_body().collect().await?;
    let sent = stream::iter((0..frames.len()).map(move |n| Ok(Frame::data(frames[n].clone()))));
    let mut response = Response::new(StreamBody::new(sent).boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("text/event-stream"));
    Ok(response)
}
