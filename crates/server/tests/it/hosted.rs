//! The hosted upstream against a server that stands for `OpenAI` (design 4.4).

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::num::NonZeroU32;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chatkitd::clock::SystemClock;
use chatkitd::hosted::{Deadlines, HostedUpstream};
use chatkitd::settings::OpenAi;
use chatkitd_core::id::{SiteName, UserId};
use chatkitd_core::ports::Clock;
use chatkitd_core::sessions::{Canceller, Grant, Opened, SecretKind, Session, Upstream, UpstreamError};
use chatkitd_core::testing::SeededRng;
use chatkitd_core::testing::conformance::fixture::Fixture;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::header::HeaderValue;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::noting_clock::NotingClock;
use crate::upstream_standin::{Reply, UpstreamStandin, one_that_hangs_up};
use crate::wait::until;

const KEY: &str = "sk-test-key-of-the-operator";

struct Hosted {
    upstream: HostedUpstream,
    clock: Arc<NotingClock>,
    session: Session,
    lifetime: Duration,
    max_requests: Option<NonZeroU32>,
    configuration: Map<String, Value>,
}

impl Hosted {
    fn at(base: &str) -> Self {
        Self::with(base, 64, Deadlines::default())
    }

    fn with(base: &str, concurrency: usize, deadlines: Deadlines) -> Self {
        let clock = Arc::new(NotingClock::default());
        let openai = OpenAi {
            key: Some(KEY.into()),
            site_keys: BTreeMap::new(),
            base: base.parse().unwrap(),
            concurrency,
        };
        let rng = Arc::new(SeededRng::new(7));
        let via = HeaderValue::from_static("1.1 chatkitd-test");
        let upstream = HostedUpstream::new(openai, via, deadlines, clock.clone(), rng).unwrap();
        let mut session = Fixture::default().session(0);
        session.workflow = "wf_hosted".to_owned();
        Self {
            upstream,
            clock,
            session,
            lifetime: Duration::from_secs(300),
            max_requests: None,
            configuration: Map::new(),
        }
    }

    async fn open(&self) -> Result<Opened, UpstreamError> {
        let (session, configuration) = (&self.session, &self.configuration);
        self.upstream
            .open(&Grant {
                session,
                secret_lifetime: self.lifetime,
                max_requests_per_1_minute: self.max_requests,
                configuration,
            })
            .await
    }

    fn waits(&self) -> Vec<Duration> {
        self.clock.waits()
    }
}

fn impatient() -> Deadlines {
    Deadlines { total: Duration::from_secs(1), ..Deadlines::default() }
}

#[tokio::test]
async fn a_session_is_asked_for_as_openai_wants_it() {
    let standin = UpstreamStandin::start().await;
    let mut hosted = Hosted::at(&standin.base);
    hosted.session.state_variables = Map::from_iter([("locale".to_owned(), json!("de"))]);
    hosted.configuration = Map::from_iter([("history".to_owned(), json!({"enabled": false}))]);
    hosted.max_requests = NonZeroU32::new(25);
    let opened = hosted.open().await.unwrap();

    assert_eq!(opened.secret.expose(), "ek_upstream_secret_1");
    assert!(
        matches!(opened.kind, SecretKind::Hosted { upstream_session } if upstream_session == "cksess_up_1")
    );
    let lives = opened.expires_at.as_second() - SystemClock.now().as_second();
    assert!((200..=300).contains(&lives), "{lives}");
    let [seen] = standin.seen().try_into().unwrap_or_else(|_| panic!("one request"));
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/v1/chatkit/sessions"));
    assert_eq!(seen.headers["openai-beta"], "chatkit_beta=v1");
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_eq!(seen.headers["via"], "1.1 chatkitd-test");
    assert_eq!(
        seen.body,
        json!({
            "user": hosted.session.user.as_str(),
            "workflow": {"id": "wf_hosted", "state_variables": {"locale": "de"}},
            "expires_after": {"anchor": "created_at", "seconds": 300},
            "chatkit_configuration": {"history": {"enabled": false}},
            "rate_limits": {"max_requests_per_1_minute": 25},
        })
    );
}

#[tokio::test]
async fn what_is_not_set_is_not_sent_and_no_secret_lives_longer_than_ten_minutes() {
    let standin = UpstreamStandin::start().await;
    let mut hosted = Hosted::at(&format!("{}/", standin.base));
    hosted.session.state_variables = Map::new();
    hosted.lifetime = Duration::from_secs(3600);
    hosted.open().await.unwrap();
    let seen = standin.seen().remove(0);
    assert_eq!(seen.path, "/v1/chatkit/sessions", "a slash at the end of the base is one slash");
    assert_eq!(seen.body["expires_after"]["seconds"], 600);
    assert_eq!(seen.body["workflow"], json!({"id": "wf_hosted"}));
    assert!(seen.body.get("chatkit_configuration").is_none());
}

#[tokio::test]
async fn each_refusal_is_told_apart_and_not_repeated() {
    let standin = UpstreamStandin::start().await;
    let hosted = Hosted::at(&standin.base);
    type Expected = fn(&UpstreamError) -> bool;
    let cases: [(u16, Expected); 8] = [
        (401, |error| matches!(error, UpstreamError::Unauthorized)),
        (403, |error| matches!(error, UpstreamError::Unauthorized)),
        (400, |error| matches!(error, UpstreamError::Refused { status: 400 })),
        (404, |error| matches!(error, UpstreamError::Refused { status: 404 })),
        (429, |error| matches!(error, UpstreamError::RateLimited { retry_after: None })),
        (500, |error| matches!(error, UpstreamError::Failed(_))),
        (503, |error| matches!(error, UpstreamError::Failed(_))),
        (307, |error| matches!(error, UpstreamError::Failed(_))),
    ];
    for (number, (status, expected)) in cases.into_iter().enumerate() {
        standin.reply([Reply::Status(status, vec![("location", "http://127.0.0.1:1/")])]);
        let error = hosted.open().await.unwrap_err();
        assert!(expected(&error), "{status}: {error:?}");
        assert_eq!(standin.seen().len(), number + 1, "{status} was repeated");
    }
}

#[tokio::test]
async fn answers_that_are_no_session_are_failures() {
    let standin = UpstreamStandin::start().await;
    let hosted = Hosted::at(&standin.base);
    for body in [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"id":"cksess_1","client_secret":"","expires_at":1}"#,
        r#"{"id":"","client_secret":"ek_1","expires_at":1}"#,
        r#"{"id":"cksess_1","client_secret":"ek_1","expires_at":9223372036854775807}"#,
        r#"{"id":"cksess_1","client_secret":5,"expires_at":1}"#,
    ] {
        standin.reply([Reply::Body(body)]);
        let answer = hosted.open().await;
        assert!(matches!(answer, Err(UpstreamError::Failed(_))), "{body}: {answer:?}");
    }
    assert_eq!(standin.seen().len(), 8, "none was repeated: the session may exist");
}

#[tokio::test]
async fn a_refusal_that_says_when_to_come_back_is_repeated_then() {
    let standin = UpstreamStandin::start().await;
    let hosted = Hosted::at(&standin.base);
    standin.reply([
        Reply::Status(429, vec![("retry-after", "3")]),
        Reply::Status(503, vec![("retry-after-ms", "1500"), ("retry-after", "9")]),
    ]);
    hosted.open().await.unwrap();
    assert_eq!(hosted.waits(), [Duration::from_secs(3), Duration::from_millis(1500)]);
    assert_eq!(standin.seen().len(), 3);
}

#[tokio::test]
async fn after_two_repetitions_the_refusal_stands() {
    let standin = UpstreamStandin::start().await;
    let hosted = Hosted::at(&standin.base);
    standin.reply(vec![Reply::Status(429, vec![("retry-after", "1")]); 4]);
    let error = hosted.open().await.unwrap_err();
    assert!(
        matches!(error, UpstreamError::RateLimited { retry_after: Some(wait) } if wait == Duration::from_secs(1))
    );
    assert_eq!(standin.seen().len(), 3);
}

#[tokio::test]
async fn a_wait_that_does_not_fit_the_deadline_is_not_begun() {
    let standin = UpstreamStandin::start().await;
    let hosted = Hosted::at(&standin.base);
    standin.reply([Reply::Status(429, vec![("retry-after", "60")])]);
    let error = hosted.open().await.unwrap_err();
    assert!(
        matches!(error, UpstreamError::RateLimited { retry_after: Some(wait) } if wait == Duration::from_secs(60))
    );
    assert_eq!((standin.seen().len(), hosted.waits().len()), (1, 0));
}

#[tokio::test]
async fn a_retry_after_that_is_no_time_is_none() {
    let standin = UpstreamStandin::start().await;
    let hosted = Hosted::at(&standin.base);
    for value in ["-1", "NaN", "inf", "1e300", "soon", ""] {
        standin.reply([Reply::Status(429, vec![("retry-after", value)])]);
        let error = hosted.open().await.unwrap_err();
        assert!(matches!(error, UpstreamError::RateLimited { retry_after: None }), "{value}: {error:?}");
    }
    assert_eq!(standin.seen().len(), 6);
}

#[tokio::test]
async fn where_nobody_listens_it_is_tried_again_because_nothing_was_sent() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let hosted = Hosted::at(&format!("http://{free}/v1"));
    let answer = hosted.open().await;
    assert!(matches!(answer, Err(UpstreamError::Failed(Some(_)))), "{answer:?}");
    let waits = hosted.waits();
    assert_eq!(waits.len(), 2);
    for (wait, longest) in waits.iter().zip([200, 400]) {
        assert!((longest / 2..=longest).contains(&wait.as_millis()), "{wait:?}");
    }
}

#[tokio::test]
async fn after_a_cut_nothing_is_repeated_because_the_session_may_exist() {
    let standin = UpstreamStandin::start().await;
    let hosted = Hosted::at(&standin.base);
    standin.reply([Reply::Cut]);
    let answer = hosted.open().await;
    assert!(matches!(answer, Err(UpstreamError::Failed(Some(_)))), "{answer:?}");
    assert_eq!(standin.seen().len(), 1);

    let (base, requests) = one_that_hangs_up().await;
    let answer = Hosted::at(&base).open().await;
    assert!(matches!(answer, Err(UpstreamError::Failed(Some(_)))), "{answer:?}");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_upstream_that_does_not_answer_or_not_to_the_end_times_out() {
    let standin = UpstreamStandin::start().await;
    standin.close_gate();
    let hosted = Hosted::with(&standin.base, 64, impatient());
    let answer = hosted.open().await;
    assert!(matches!(answer, Err(UpstreamError::TimedOut)), "{answer:?}");
    standin.reply([Reply::Slow]);
    let answer = hosted.open().await;
    assert!(matches!(answer, Err(UpstreamError::TimedOut)), "{answer:?}");
    // On a slow machine the time may be over before the request is sent.
    assert!(standin.seen().len() <= 2, "nothing is repeated");
}

#[tokio::test]
async fn a_device_that_is_asked_for_twice_waits_no_longer_than_anybody_else() {
    let standin = UpstreamStandin::start().await;
    standin.close_gate();
    standin.reply([Reply::Reserved]);
    let deadlines = Deadlines { total: Duration::from_secs(1), ..Deadlines::default() };
    let [mut device, later] = [(); 2].map(|()| Hosted::with(&standin.base, 64, deadlines));
    device.session.user = UserId::recorded(format!("{}1", UserId::ANONYMOUS_PREFIX));
    let meanwhile = async {
        standin.asked(1).await;
        let refuse = async {
            standin.asked(2).await;
            standin.answer_one();
        };
        tokio::join!(later.open(), refuse)
    };
    tokio::select! {
        biased;
        answer = device.open() => assert!(matches!(answer, Err(UpstreamError::TimedOut)), "{answer:?}"),
        ended = meanwhile => panic!("who came later was told sooner: {ended:?}"),
    }
}

#[tokio::test]
async fn a_slow_answer_within_the_deadline_is_read_to_its_end() {
    let standin = UpstreamStandin::start().await;
    standin.close_gate();
    standin.reply([Reply::Slow]);
    let hosted = Hosted::at(&standin.base);
    let open = async {
        standin.asked(1).await;
        standin.open_gate();
    };
    let (opened, ()) = tokio::join!(hosted.open(), open);
    assert_eq!(opened.unwrap().secret.expose(), "ek_upstream_secret_1");
}

#[tokio::test]
async fn an_answer_of_a_hundred_megabytes_is_not_read() {
    let standin = UpstreamStandin::start().await;
    let hosted = Hosted::at(&standin.base);
    standin.reply([Reply::Flood]);
    let answer = hosted.open().await;
    assert!(matches!(answer, Err(UpstreamError::Failed(Some(_)))), "{answer:?}");
    // One megabyte is read; the rest is what the sockets' buffers took.
    assert!(standin.flooded() < 20 * 1024 * 1024, "{}", standin.flooded());
    assert_eq!(standin.seen().len(), 1);
}

#[tokio::test]
async fn megabytes_of_headers_are_a_failure() {
    let standin = UpstreamStandin::start().await;
    let hosted = Hosted::at(&standin.base);
    standin.reply([Reply::HugeHeaders]);
    let answer = hosted.open().await;
    assert!(matches!(answer, Err(UpstreamError::Failed(Some(_)))), "{answer:?}");
}

#[tokio::test]
async fn so_many_are_under_way_so_many_wait_and_the_rest_are_sent_away_at_once() {
    let standin = UpstreamStandin::start().await;
    standin.close_gate();
    let hosted = Hosted::with(&standin.base, 2, Deadlines::default());
    let mut calls: FuturesUnordered<_> = (0..15).map(|_| hosted.open()).collect();
    for _ in 0..5 {
        let answer = calls.next().await.unwrap();
        assert!(matches!(answer, Err(UpstreamError::Overloaded)), "{answer:?}");
    }
    let open = async {
        standin.asked(2).await;
        standin.open_gate();
    };
    let (served, ()) = tokio::join!(calls.collect::<Vec<_>>(), open);
    assert_eq!(served.len(), 10);
    assert!(served.iter().all(Result::is_ok));
    assert_eq!(standin.most_under_way(), 2);
}

#[tokio::test]
async fn whoever_waits_past_the_deadline_is_told_so() {
    let standin = UpstreamStandin::start().await;
    standin.close_gate();
    let hosted = Hosted::with(&standin.base, 1, impatient());
    let (first, second) = tokio::join!(hosted.open(), hosted.open());
    assert!(matches!(first, Err(UpstreamError::TimedOut)), "{first:?}");
    assert!(matches!(second, Err(UpstreamError::TimedOut)), "{second:?}");
    standin.open_gate();
    until("whoever comes later is served", async || hosted.open().await.is_ok()).await;
}

#[tokio::test]
async fn a_session_is_cancelled_under_its_own_id_whatever_that_holds() {
    let standin = UpstreamStandin::start().await;
    let hosted = Hosted::at(&standin.base);
    hosted.upstream.cancel(&SiteName::default_site(), "cksess_up_1").await.unwrap();
    hosted.upstream.cancel(&SiteName::default_site(), "../a/b?c=ü#d").await.unwrap();
    assert_eq!(
        standin.cancels(),
        ["/v1/chatkit/sessions/cksess_up_1/cancel", "/v1/chatkit/sessions/..%2Fa%2Fb%3Fc=%C3%BC%23d/cancel"]
    );
    let seen = standin.seen().remove(0);
    assert_eq!(seen.method, "POST");
    assert_eq!(seen.headers["openai-beta"], "chatkit_beta=v1");
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
}

#[tokio::test]
async fn a_cancel_is_repeated_after_a_cut_and_content_when_the_session_is_gone() {
    let standin = UpstreamStandin::start().await;
    let hosted = Hosted::at(&standin.base);
    standin.reply([Reply::Cut, Reply::Status(500, vec![]), Reply::Status(404, vec![])]);
    hosted.upstream.cancel(&SiteName::default_site(), "cksess_up_1").await.unwrap();
    assert_eq!(standin.seen().len(), 3);
    standin.reply([Reply::Status(401, vec![])]);
    let refused = hosted.upstream.cancel(&SiteName::default_site(), "cksess_up_1").await;
    assert!(matches!(refused, Err(UpstreamError::Unauthorized)), "{refused:?}");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// With `trace` on for everything: also what hyper and reqwest say.
#[tokio::test]
async fn neither_the_log_nor_an_error_holds_the_key_or_a_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _logged = tracing::subscriber::set_default(subscriber);
    let standin = UpstreamStandin::start().await;
    let hosted = Hosted::at(&standin.base);
    let mut said = String::new();
    for reply in [
        Reply::Right,
        Reply::Status(401, vec![]),
        Reply::Cut,
        Reply::Body("{\"client_secret\":\"ek_upstream_secret_x\"}"),
    ] {
        standin.reply([reply]);
        match hosted.open().await {
            Ok(opened) => said += &format!("{opened:?}"),
            Err(error) => {
                let mut cause: Option<&dyn Error> = Some(&error);
                while let Some(error) = cause {
                    said += &format!("{error} {error:?}\n");
                    cause = error.source();
                }
            }
        }
    }
    said += &String::from_utf8_lossy(&log.0.lock().unwrap());
    assert!(said.contains("OpenAI refused a request"), "something was logged");
    for secret in [KEY, "ek_upstream_secret"] {
        let line = said.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{line:?}");
    }
}
