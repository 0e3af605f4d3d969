//! Clients that take their time, on bare sockets: none holds a connection for ever, and none delays the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use chatkitd::connections::{Patience, serve};
use futures_util::{StreamExt as _, stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Far more than any bound that a test sets: a connection that is open after it was not cut.
const TOO_LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(100);

struct Server {
    address: SocketAddr,
    /// Told when `/slow` has begun.
    begun: Arc<Notify>,
    /// Lets `/slow` and `/two-words` end.
    go_on: Arc<Notify>,
    /// Told when `/endless` is given up.
    given_up: Arc<Notify>,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start(patience: Patience) -> Self {
        let [begun, go_on, given_up] = [(); 3].map(|()| Arc::new(Notify::new()));
        let (tell, wait) = (begun.clone(), go_on.clone());
        let slow = async move || {
            tell.notify_one();
            wait.notified().await;
            "done"
        };
        let (give_up, give_up_large, second) = (given_up.clone(), given_up.clone(), go_on.clone());
        let routes = Router::new()
            .route("/", get(async || "hello"))
            .route("/endless", get(async move || endless(give_up)))
            .route("/large", get(async move || large(give_up_large)))
            .route("/two-words", get(async move || two_words(second)))
            .route("/slow", get(slow));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let serving = tokio::spawn(async move { serve(listener, routes, patience, &stop).await });
        Self { address, begun, go_on, given_up, shutdown, serving }
    }

    async fn send(&self, bytes: &str) -> TcpStream {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        client.write_all(bytes.as_bytes()).await.unwrap();
        client
    }

    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(TOO_LONG, self.serving).await.expect("it stops in time").unwrap();
    }
}

struct TellsWhenDropped(Arc<Notify>);

impl Drop for TellsWhenDropped {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// A stream that never ends, as fast as it is read.
fn endless(given_up: Arc<Notify>) -> Body {
    let (piece, told) = (Bytes::from_static(&[b'x'; 65_536]), TellsWhenDropped(given_up));
    Body::from_stream(stream::repeat_with(move || Ok::<_, std::io::Error>((&told, piece.clone()).1)))
}

/// A document in one piece.
fn large(given_up: Arc<Notify>) -> Body {
    struct Document(Vec<u8>, #[expect(dead_code, reason = "dropped with it")] TellsWhenDropped);
    impl AsRef<[u8]> for Document {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    Bytes::from_owner(Document(vec![b'x'; 1 << 20], TellsWhenDropped(given_up))).into()
}

/// A stream of two words, with a pause between them.
fn two_words(go_on: Arc<Notify>) -> Body {
    let second = stream::once(async move {
        go_on.notified().await;
        "second"
    });
    Body::from_stream(stream::iter(["first"]).chain(second).map(Ok::<_, std::io::Error>))
}

/// What comes until the server closes the connection.
async fn rest(client: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(TOO_LONG, client.read_to_end(&mut bytes)).await;
    // A connection that was reset is closed, too.
    let _ = read.expect("the connection is closed in time");
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn until_it_says(client: &mut TcpStream, words: &str) {
    let mut said = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&said).contains(words) {
            let mut piece = [0; 1024];
            let count = client.read(&mut piece).await.unwrap();
            assert_ne!(count, 0, "it closed after {:?}", String::from_utf8_lossy(&said));
            said.extend_from_slice(&piece[..count]);
        }
    };
    tokio::time::timeout(TOO_LONG, reading).await.expect("it answers in time");
}

#[tokio::test]
async fn a_client_that_asks_for_nothing_is_cut_off_whatever_it_began_to_say() {
    let server = Server::start(Patience { first_request: SHORT, ..Patience::default() }).await;
    // Nothing; the first letters of HTTP/2's greeting; its whole greeting; half a head of HTTP/1.
    for beginning in ["", "PRI", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\nhost: a\r\nx-a: "] {
        let mut client = server.send(beginning).await;
        let said = rest(&mut client).await;
        assert!(!said.contains("200 OK"), "{beginning:?}: {said}");
    }
}

#[tokio::test]
async fn a_request_that_is_under_way_is_not_cut_off_with_the_silent_ones() {
    let patience = Patience { first_request: SHORT, ..Patience::default() };
    let server = Server::start(patience).await;
    let mut asking = server.send("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await;
    server.begun.notified().await;
    // A silent client that came later goes first, so the bound has passed for the one that asks.
    rest(&mut server.send("").await).await;
    server.go_on.notify_one();
    until_it_says(&mut asking, "done").await;
}

#[tokio::test]
async fn a_connection_that_lies_idle_or_drips_its_next_request_is_closed() {
    let server = Server::start(Patience { idle: SHORT, ..Patience::default() }).await;
    for next in ["", "GET / HTT"] {
        let mut client = server.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        until_it_says(&mut client, "hello").await;
        client.write_all(next.as_bytes()).await.unwrap();
        rest(&mut client).await;
    }
}

#[tokio::test]
async fn a_head_over_64_kib_is_refused_and_the_next_client_served() {
    let server = Server::start(Patience::default()).await;
    let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx-a: {}\r\n\r\n", "a".repeat(80 * 1024));
    let mut client = TcpStream::connect(server.address).await.unwrap();
    let (mut reads, mut writes) = client.split();
    let mut said = String::new();
    // The server may close before it has read everything.
    let (_, _) = tokio::join!(writes.write_all(head.as_bytes()), reads.read_to_string(&mut said));
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 431"), "{said}");
    until_it_says(&mut server.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await, "hello").await;
}

#[tokio::test]
async fn http_2_is_spoken_with_who_begins_with_it() {
    let server = Server::start(Patience::default()).await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let answer = client.get(format!("http://{}/", server.address)).send().await.unwrap();
    assert_eq!(answer.version(), http::Version::HTTP_2);
    assert_eq!(answer.text().await.unwrap(), "hello");
}

#[tokio::test]
async fn a_request_whose_first_letters_could_be_http_2_is_answered() {
    let server = Server::start(Patience::default()).await;
    for (first, next) in [("P", "OST"), ("PR", "OPFIND"), ("PRI", "NT")] {
        let mut client = server.send(first).await;
        // By then the server has seen those letters.
        until_it_says(&mut server.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await, "hello").await;
        client.write_all(format!("{next} / HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
        until_it_says(&mut client, "405 Method Not Allowed").await;
    }
}

#[tokio::test]
async fn the_end_waits_for_requests_in_flight_and_for_nobody_else() {
    let server = Server::start(Patience::default()).await;
    let _silent = server.send("").await;
    let mut idle = server.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    until_it_says(&mut idle, "hello").await;
    let mut asking = server.send("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await;
    server.begun.notified().await;
    server.shutdown.cancel();
    // It closes the idle one, so it has begun to stop; and what was asked is still answered.
    rest(&mut idle).await;
    server.go_on.notify_one();
    assert!(rest(&mut asking).await.contains("done"));
    server.stop().await;
}

#[tokio::test]
async fn a_request_that_outlasts_the_grace_does_not_keep_the_server() {
    let server = Server::start(Patience { grace: SHORT, ..Patience::default() }).await;
    let _asking = server.send("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await;
    server.begun.notified().await;
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_of_its_answer_is_cut_off() {
    let server = Server::start(Patience { stalled: SHORT, ..Patience::default() }).await;
    let mut stalled = server.send("GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await;
    // It writes into a closed connection sooner or later, without having read a byte.
    let cut = async {
        while stalled.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(TOO_LONG, cut).await.expect("it is cut off in time");
    rest(&mut stalled).await;
    server.stop().await;
}

#[tokio::test]
async fn over_http_2_an_answer_of_which_nothing_is_taken_is_given_up_and_others_go_on() {
    let server = Server::start(Patience { stalled: SHORT, ..Patience::default() }).await;
    let url = format!("http://{}", server.address);
    // Once it takes nothing from the beginning, once as much as clients take of what nobody reads.
    for (window, path) in [(Some(0), "endless"), (None, "endless"), (Some(65_535), "large")] {
        let client = reqwest::Client::builder().http2_prior_knowledge();
        let stalled = client.http2_initial_stream_window_size(window).build().unwrap();
        let reading = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
        let mut words = reading.get(format!("{url}/two-words")).send().await.unwrap();
        assert_eq!(words.chunk().await.unwrap().unwrap(), "first");
        let _unread = stalled.get(format!("{url}/{path}")).send().await.unwrap();
        let given_up = tokio::time::timeout(TOO_LONG, server.given_up.notified()).await;
        given_up.expect("it is given up in time");
        // It waited for as long, and the client for nothing else.
        server.go_on.notify_one();
        assert_eq!(words.chunk().await.unwrap().unwrap(), "second");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_reads_slowly_is_not_cut_off() {
    let server = Server::start(Patience { stalled: Duration::from_secs(5), ..Patience::default() }).await;
    let mut slow = server.send("GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut piece = vec![0; 1_000_000];
    for _ in 0..20 {
        slow.read_exact(&mut piece).await.unwrap();
        tokio::time::sleep(SHORT).await;
    }
}
