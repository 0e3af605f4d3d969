//! Hears over one connection which runs have new events and which are to stop.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chatkitd_core::id::RunId;
use futures_util::StreamExt as _;
use redis::aio::PubSubSink;
use redis::{Client, Msg, RedisError, RedisResult};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

/// The channel on which nodes ask one another to stop runs.
pub(super) const STOPS: &str = "chatkitd:stops";
/// What the channels of runs begin with.
const RUNS: &str = "chatkitd:news:";
/// For everything that is asked of Redis here.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(500);
/// How often a silent connection is asked whether it still lives, and forgotten runs are given up.
const TEND_EVERY: Duration = Duration::from_secs(10);

/// The channel of a run.
pub(super) fn channel(run: &RunId) -> String {
    format!("{RUNS}{run}")
}

/// Which runs somebody here waits for.
pub(super) struct News {
    state: Mutex<State>,
    wanted: Notify,
    stops: UnboundedSender<RunId>,
}

#[derive(Default)]
struct State {
    runs: HashMap<RunId, Run>,
    /// Runs that Redis was not asked about yet.
    wanted: Vec<RunId>,
}

struct Run {
    news: watch::Sender<()>,
    /// Nobody waited when this was last looked at: between two reads there is a moment without a reader.
    idle: bool,
}

impl News {
    /// And the runs that another node asks to stop.
    pub(super) fn new() -> (Arc<Self>, UnboundedReceiver<RunId>) {
        let (stops, asked) = unbounded_channel();
        (Arc::new(Self { state: Mutex::default(), wanted: Notify::new(), stops }), asked)
    }

    /// Changes whenever a run may have something new; first of all, once Redis tells of it. Who gets this,
    /// then reads, and then waits, misses nothing.
    pub(super) fn of(&self, run: &RunId) -> watch::Receiver<()> {
        let mut state = self.state();
        if let Some(known) = state.runs.get(run) {
            return known.news.subscribe();
        }
        let (news, receiver) = watch::channel(());
        state.runs.insert(run.clone(), Run { news, idle: false });
        state.wanted.push(run.clone());
        self.wanted.notify_one();
        receiver
    }

    /// Listens for ever; connects anew whenever the connection is lost.
    pub(super) async fn listen(self: Arc<Self>, client: Client) {
        loop {
            let Err(error) = self.listen_once(&client).await;
            // Whoever waits looks for themselves, and is told that Redis is away.
            self.wake_all();
            tracing::debug!(error = &error as &dyn std::error::Error, "the news of runs are not heard");
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn listen_once(&self, client: &Client) -> Result<std::convert::Infallible, RedisError> {
        let (mut sink, mut messages) = in_time(client.get_async_pubsub()).await?.split();
        in_time(sink.subscribe(STOPS)).await?;
        self.want_all();
        let mut tend = tokio::time::interval(TEND_EVERY);
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => self.hear(&message),
                    None => return Err(lost()),
                },
                () = self.wanted.notified() => self.subscribe(&mut sink).await?,
                _ = tend.tick() => {
                    in_time(sink.ping::<redis::Value>()).await?;
                    self.give_up_idle(&mut sink).await?;
                }
            }
        }
    }

    fn hear(&self, message: &Msg) {
        let channel = message.get_channel_name();
        if channel == STOPS {
            if let Ok(run) = message.get_payload::<String>()
                && let Some(run) = RunId::parse(&run)
            {
                // Fails only when the server is going down, and stops its runs by itself.
                let _ = self.stops.send(run);
            }
        } else if let Some(run) = channel.strip_prefix(RUNS).and_then(RunId::parse)
            && let Some(run) = self.state().runs.get(&run)
        {
            run.news.send_replace(());
        }
    }

    async fn subscribe(&self, sink: &mut PubSubSink) -> RedisResult<()> {
        let wanted = std::mem::take(&mut self.state().wanted);
        if wanted.is_empty() {
            return Ok(());
        }
        in_time(sink.subscribe(wanted.iter().map(channel).collect::<Vec<_>>())).await?;
        let state = self.state();
        // What was added before this moment was not told of.
        wanted.iter().filter_map(|run| state.runs.get(run)).for_each(|run| {
            run.news.send_replace(());
        });
        Ok(())
    }

    async fn give_up_idle(&self, sink: &mut PubSubSink) -> RedisResult<()> {
        let mut given_up = Vec::new();
        self.state().runs.retain(|id, run| {
            let was_idle = std::mem::replace(&mut run.idle, run.news.receiver_count() == 0);
            let keep = !(was_idle && run.idle);
            if !keep {
                given_up.push(channel(id));
            }
            keep
        });
        if given_up.is_empty() { Ok(()) } else { in_time(sink.unsubscribe(given_up)).await }
    }

    /// On a new connection nothing is subscribed.
    fn want_all(&self) {
        let mut state = self.state();
        state.wanted = state.runs.keys().cloned().collect();
        self.wanted.notify_one();
    }

    fn wake_all(&self) {
        for run in self.state().runs.values() {
            run.news.send_replace(());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change stands by itself, so that a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn in_time<T>(asked: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(lost()))
}

fn lost() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()
}
