//! Accepts connections and serves HTTP/1.1 and HTTP/2 on them, with a bound on every wait.
//!
//! This is what `axum::serve` does, and what it leaves out: it sets no timer, so a client that sends its
//! headers byte by byte, or nothing at all, would keep its connection for ever. What is waited for from a
//! request's headers to its answer is bounded by the routes themselves (`chatkitd_http::App::answer_within`),
//! where the refusal gets a shape.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use chatkitd_http::client_ip::PeerAddr;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The largest head of an HTTP/1 request; a credential has 16 KiB at the most.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The same for HTTP/2.
const MAX_HEAD_LIST: u32 = 64 * 1024;
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
    let server = Arc::new(server(patience));
    let connections = GracefulShutdown::new();
    while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => {
                let connection = Connection { stream, peer, routes: routes.clone(), server: server.clone() };
                tokio::spawn(connection.serve(connections.watcher(), patience));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a connection was not accepted");
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

fn server(patience: Patience) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience.idle).max_buf_size(MAX_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE)
        .max_header_list_size(MAX_HEAD_LIST);
    builder
}

/// The client was gone before it was accepted; the next one is none the worse for it.
fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    routes: Router,
    server: Arc<Builder<TokioExecutor>>,
}

impl Connection {
    async fn serve(self, watcher: Watcher, patience: Patience) {
        let Self { stream, peer, routes, server } = self;
        // Answers are small: waiting to fill a packet only delays them. Without it they are just slower.
        let _ = stream.set_nodelay(true);
        let asked = Arc::new(AtomicBool::new(false));
        let asks = asked.clone();
        let service = routes.map_request(move |request: Request<hyper::body::Incoming>| {
            asks.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(PeerAddr(peer));
            request
        });
        // hyper's own timer starts only once it knows the version of HTTP, which a silent client never says.
        let silent = async {
            tokio::time::sleep(patience.first_request).await;
            if asked.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(patience.stalled));
        let served =
            server.serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(service));
        tokio::select! {
            // In this order, so that a request that arrived counts even where a busy machine is late to look.
            biased;
            served = watcher.watch(served) => {
                if let Err(error) = served {
                    tracing::debug!(error = error.as_ref() as &dyn std::error::Error, "a connection broke off");
                }
            }
            () = silent => tracing::debug!("a client connected and asked for nothing"),
        }
    }
}
