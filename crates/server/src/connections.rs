//! Accepts connections and serves HTTP/1.1 and HTTP/2 on them, with a bound on every wait.
//!
//! This is what `axum::serve` does, and what it leaves out: it sets no timer, so a client that sends its
//! headers byte by byte, or nothing at all, would keep its connection for ever. What is waited for from a
//! request's headers to its answer is bounded by the routes themselves (`chatkitd_http::App::answer_within`),
//! where the refusal gets a shape.

mod http2;

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use chatkitd_http::client_ip::PeerAddr;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use http2::{Answers, noting};

/// With so much of the head of an HTTP/1 request hyper refuses to read on. What it read last may have been as much
/// again, so it is 64 KiB that no head can have. A credential has 16 KiB at the most.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// The largest head of an HTTP/2 request.
const MAX_HEAD_LIST: u32 = 64 * 1024;
/// What an HTTP/2 connection begins with (RFC 9113, section 3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0";
/// How often an idle HTTP/2 connection is asked whether it still lives.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// After a connection could not be accepted, mostly for want of file descriptors: others will be closed soon.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long clients are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the connection to the end of the first request's headers. Default 10 s.
    pub first_request: Duration,
    /// From one answer to the end of the next request's headers. Default 75 s: longer than the 60 s for
    /// which nginx and AWS's load balancers keep idle connections, or they would now and then send a
    /// request into a connection that is just being closed.
    pub idle: Duration,
    /// How long a client may take nothing of what is sent to it. Default 60 s: a stream that nobody reads would
    /// hold its connection, and the run that it shows in memory, for as long as the client likes.
    pub stalled: Duration,
    /// For requests in flight after the shutdown began. Default 30 s.
    pub grace: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first_request: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            stalled: Duration::from_secs(60),
            grace: Duration::from_secs(30),
        }
    }
}

/// Serves until `shutdown`, then finishes the requests in flight.
pub async fn serve(listener: TcpListener, routes: Router, patience: Patience, shutdown: &CancellationToken) {
    let servers = Arc::new(Servers::new(patience));
    let connections = GracefulShutdown::new();
    while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => {
                let (routes, servers, shutdown) = (routes.clone(), servers.clone(), shutdown.clone());
                let connection = Connection { stream, peer, routes, servers, shutdown };
                tokio::spawn(connection.serve(connections.watcher(), patience));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(error = &error as &dyn Error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(patience.grace, connections.shutdown()).await.is_err() {
        let seconds = patience.grace.as_secs();
        tracing::warn!("requests were still in flight after {seconds} seconds and were cut off");
    }
}

/// HTTP/1 by itself, and what finds out which HTTP it is.
struct Servers {
    http1: http1::Builder,
    any: auto::Builder<Answers>,
}

impl Servers {
    fn new(patience: Patience) -> Self {
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(patience.idle).max_buf_size(MAX_HEAD_BYTES);
        let mut any = auto::Builder::new(Answers { stalled: patience.stalled });
        any.http1().timer(TokioTimer::new()).header_read_timeout(patience.idle).max_buf_size(MAX_HEAD_BYTES);
        any.http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(KEEP_ALIVE)
            .max_header_list_size(MAX_HEAD_LIST);
        Self { http1, any }
    }
}

/// Whether the client speaks HTTP/1 for certain. hyper finds that out by itself, too, but reads the beginning into a
/// buffer of its own for it, and then takes twice as much memory for as long as the connection lasts.
async fn is_http1(stream: &TcpStream) -> io::Result<bool> {
    let mut beginning = [0; HTTP2_PREFACE.len()];
    let length = stream.peek(&mut beginning).await?;
    Ok(!HTTP2_PREFACE.starts_with(&beginning[..length]))
}

/// The client was gone before it was accepted; the next one is none the worse for it.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    routes: Router,
    servers: Arc<Servers>,
    shutdown: CancellationToken,
}

impl Connection {
    async fn serve(self, watcher: Watcher, patience: Patience) {
        // Answers are small: waiting to fill a packet only delays them. Without it they are just slower.
        let _ = self.stream.set_nodelay(true);
        let asked = Arc::new(AtomicBool::new(false));
        let served = self.answer(watcher, patience, Arc::clone(&asked));
        // hyper's own timer starts only once it knows the version of HTTP, which a silent client never says.
        let silent = async {
            tokio::time::sleep(patience.first_request).await;
            if asked.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            // In this order, so that a request that arrived counts even where a busy machine is late to look.
            biased;
            served = served => {
                if let Err(error) = served {
                    tracing::debug!(error = error.as_ref() as &dyn Error, "a connection broke off");
                }
            }
            () = silent => tracing::debug!("a client connected and asked for nothing"),
        }
    }

    /// Answers what is asked on the connection; `asked` becomes true with the first request.
    async fn answer(
        self,
        watcher: Watcher,
        patience: Patience,
        asked: Arc<AtomicBool>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Self { stream, peer, routes, servers, shutdown } = self;
        let Some(is_http1) = shutdown.run_until_cancelled(is_http1(&stream)).await else { return Ok(()) };
        let is_http1 = is_http1?;
        let service = routes.map_request(move |request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(PeerAddr(peer));
            request
        });
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(patience.stalled));
        let stream = TokioIo::new(Box::pin(stream));
        if is_http1 {
            let service = TowerToHyperService::new(service);
            Ok(watcher.watch(servers.http1.serve_connection(stream, service)).await?)
        } else {
            let service = TowerToHyperService::new(service.map_response(noting));
            Box::pin(watcher.watch(servers.any.serve_connection(stream, service))).await
        }
    }
}
