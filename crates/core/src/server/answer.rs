//! How an agent speaks: each event it emits is checked, saved where the protocol says so, and sent.

mod hidden;
mod image;
mod items;
mod message;
mod signals;
#[cfg(test)]
mod tests;
mod thread;
mod widget;
mod widget_diff;
mod workflow;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use chatkitd_protocol::chatkit::{Page, TextDeltas, ThreadEvent, ThreadItem, Time};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use image::ImageStream;
pub use message::Message;
pub use widget::WidgetStream;
pub use widget_diff::diff_widget;
pub use workflow::WorkflowStream;

use super::log::{EventLog, MAX_LOG_BYTES};
use super::pending::Pending;
use crate::id::{ITEM_PREFIX, ThreadId, mint};
use crate::lock::lock;
use crate::ports::{Clock, Rng};
use crate::threads::{ItemWrite, ThreadChange, ThreadRecord, wire_time};

/// How many events an agent emits before others get their turn on the thread it runs on.
const EVENTS_AT_ONCE: u32 = 128;

/// The way out for an agent's events. Cheap to clone; clones speak in the same answer.
///
/// Methods that send are `async` because sending may have to wait; once the run is over they never return,
/// and the agent is dropped where it waits.
#[derive(Clone)]
pub struct Answer(pub(super) Arc<Shared>);

impl Answer {
    /// Sends any event of the protocol.
    ///
    /// `thread.item.done` saves the item, `.replaced` writes it over the one with its id, `.removed`
    /// deletes it; `.added` and `.updated` save nothing (protocol rule 3). An item without an id or time
    /// gets one; its thread is always this one. Hidden items are saved and not sent (rule 4); one that replaces
    /// an item, or ends one that was begun, takes that away.
    ///
    /// The event is on its way when this returns. What is awaited is the agent's next turn, and not a future that
    /// holds the event: each agent's own would be larger by half a kilobyte for every call on the way here.
    pub fn emit(&self, event: ThreadEvent) -> impl Future<Output = ()> + Send {
        let pace = self.0.accept(event);
        self.0.pace(pace)
    }

    /// Changes the thread: saved, and announced with `thread.updated` (rule 6).
    pub async fn change_thread(&self, change: ThreadChange) {
        let pace = self.0.accept_change(change);
        self.0.pace(pace).await;
    }

    /// The thread as this answer has changed it so far.
    pub fn thread(&self) -> ThreadRecord {
        lock(&self.0.state).thread.clone()
    }

    /// A fresh item id, `cti_…`.
    pub fn new_item_id(&self) -> String {
        self.0.new_item_id()
    }

    /// Now, as the wire writes it.
    pub fn now(&self) -> Time {
        wire_time(self.0.clock.now())
    }
}

/// What an agent does after it emitted something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// It goes on.
    GoOn,
    /// It lets others have their turn.
    Yield,
    /// It never goes on: the answer is closed. The driver looks as soon as the agent waits.
    Stop,
}

/// What the agent's side and the driver's side of an answer have in common.
pub(crate) struct Shared {
    pub(super) log: Arc<EventLog>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    state: Mutex<State>,
}

struct State {
    thread: ThreadRecord,
    pending: Pending,
    /// Events that wait for something to be saved, in order.
    held: VecDeque<Held>,
    held_bytes: usize,
    waiting_for_flush: Vec<Waker>,
    since_yield: u32,
    closed: Option<Closed>,
}

/// Why an answer takes nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// Its run is ending.
    Ended,
    /// Its events outgrew the log.
    TooLong,
}

/// An event that is not sent before what it says is saved.
struct Held {
    write: Write,
    /// `None` for what is never sent.
    json: Option<Vec<u8>>,
}

impl Held {
    /// How much it adds to the log.
    fn bytes(&self) -> usize {
        self.json.as_ref().map_or(0, Vec::len)
    }
}

#[expect(clippy::large_enum_variant, reason = "nearly all are items")]
enum Write {
    /// Nothing to be saved.
    None,
    Waiting(ItemWrite),
    /// On its way to the store.
    Taken,
}

/// What an answer left behind when it was closed.
pub(super) struct Leftover {
    /// What was emitted and is not saved yet.
    pub(super) writes: Vec<ItemWrite>,
    /// Items that were begun and are not done.
    pub(super) pending: Vec<ThreadItem>,
}

impl Shared {
    pub(super) fn new(
        log: Arc<EventLog>,
        thread: ThreadRecord,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Self {
        let state = State {
            thread,
            pending: Pending::default(),
            held: VecDeque::new(),
            held_bytes: 0,
            waiting_for_flush: Vec::new(),
            since_yield: 0,
            closed: None,
        };
        Self { log, clock, rng, state: Mutex::new(state) }
    }

    pub(super) fn new_item_id(&self) -> String {
        mint(ITEM_PREFIX, self.clock.now(), self.rng.as_ref())
    }

    fn accept(&self, mut event: ThreadEvent) -> Pace {
        let mut state = lock(&self.state);
        if state.closed.is_some() {
            return Pace::Stop;
        }
        if let Some(item) = item_of(&mut event) {
            complete(item, &state.thread.id, self.clock.as_ref(), self.rng.as_ref());
        }
        hidden::leave_out_of_thread(&mut event);
        let (event, json) = without_nul(event);
        let json = hidden::told(&event, json, &state.pending);
        state.pending.observe(&event);
        self.send(&mut state, Held { write: write_of(event).map_or(Write::None, Write::Waiting), json });
        state.pace()
    }

    /// What [`accept`](Self::accept) does with the event of a text delta, without making the event: of all events
    /// these are the many.
    fn accept_text(&self, item: &str, index: u32, deltas: &TextDeltas, delta: &str) -> Pace {
        let mut state = lock(&self.state);
        if state.closed.is_some() {
            return Pace::Stop;
        }
        state.pending.push_text(item, index, delta);
        if state.held.is_empty() {
            self.log.append_with(|out| deltas.write(out, delta));
            state.closed = self.too_long(&state);
        } else {
            let mut json = Vec::new();
            deltas.write(&mut json, delta);
            self.send(&mut state, Held { write: Write::None, json: Some(json) });
        }
        state.pace()
    }

    fn accept_change(&self, change: ThreadChange) -> Pace {
        let mut state = lock(&self.state);
        if state.closed.is_some() {
            return Pace::Stop;
        }
        if let Some(event) = state.change_thread(change.clone()) {
            let json = without_nul(event).1;
            self.send(&mut state, Held { write: Write::Waiting(ItemWrite::Change(Box::new(change))), json });
        }
        state.pace()
    }

    /// Sends at once what nothing has to be saved for, and keeps the order of what follows something
    /// that has.
    fn send(&self, state: &mut State, event: Held) {
        if !matches!(event.write, Write::None) || !state.held.is_empty() {
            state.held_bytes += event.bytes();
            state.held.push_back(event);
        } else if let Some(json) = event.json {
            self.log.append(&json);
        }
        state.closed = self.too_long(state);
    }

    fn too_long(&self, state: &State) -> Option<Closed> {
        (self.log.bytes() + state.held_bytes > MAX_LOG_BYTES).then_some(Closed::TooLong)
    }

    /// Waits for the agent's next turn; never returns once the answer is closed.
    async fn pace(&self, pace: Pace) {
        if pace == Pace::GoOn {
            return;
        }
        let mut yielded = pace == Pace::Stop;
        poll_fn(|context| {
            if !yielded {
                yielded = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if lock(&self.state).closed.is_some() { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    /// Returns once everything emitted so far is saved.
    pub(crate) async fn flushed(&self) {
        poll_fn(|context| {
            let mut state = lock(&self.state);
            if state.held.is_empty() {
                return Poll::Ready(());
            }
            state.waiting_for_flush.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    pub(super) fn has_unsaved(&self) -> bool {
        !lock(&self.state).held.is_empty()
    }

    pub(super) fn closed(&self) -> Option<Closed> {
        lock(&self.state).closed
    }

    /// What waits to be saved. Whoever takes it calls [`Shared::saved`] once it is.
    pub(super) fn take_writes(&self) -> Vec<ItemWrite> {
        take_writes(&mut lock(&self.state))
    }

    /// What was taken could not be saved: it waits again.
    pub(super) fn not_saved(&self, writes: Vec<ItemWrite>) {
        let mut state = lock(&self.state);
        let taken = state.held.iter_mut().filter(|held| matches!(held.write, Write::Taken));
        for (held, write) in taken.zip(writes) {
            held.write = Write::Waiting(write);
        }
    }

    /// Sends what was held, now that the first `writes` of its writes are saved.
    pub(super) fn saved(&self, writes: usize) {
        let mut state = lock(&self.state);
        let mut left = writes;
        while let Some(held) = state.held.pop_front() {
            if !matches!(held.write, Write::None) {
                if left == 0 {
                    state.held.push_front(held);
                    break;
                }
                left -= 1;
            }
            state.held_bytes -= held.bytes();
            if let Some(json) = held.json {
                self.log.append(&json);
            }
        }
        state.waiting_for_flush.drain(..).for_each(Waker::wake);
    }

    /// Takes nothing more from the agent.
    pub(super) fn close(&self) -> Leftover {
        let mut state = lock(&self.state);
        state.closed.get_or_insert(Closed::Ended);
        Leftover { writes: take_writes(&mut state), pending: state.pending.items().to_vec() }
    }

    /// Sends one of the driver's own events, after all of the agent's.
    pub(super) fn send_last(&self, event: ThreadEvent) {
        if let Some(json) = without_nul(event).1 {
            self.log.append(&json);
        }
    }

    /// The thread was changed by somebody else, and that is saved. No more of it than that: the answer's own changes are
    /// not all saved, and are announced before it.
    pub(super) fn thread_changed(&self, change: ThreadChange) {
        let mut state = lock(&self.state);
        if let Some(event) = state.change_thread(change)
            && state.closed.is_none()
        {
            self.send(&mut state, Held { write: Write::None, json: without_nul(event).1 });
        }
    }

    /// What becomes of the thread should the process die now; `None` when that has not changed.
    pub(super) fn checkpoint(&self) -> Option<Vec<ThreadItem>> {
        let mut state = lock(&self.state);
        let changed = state.pending.take_changed();
        changed.then(|| state.pending.partial_messages().cloned().collect())
    }

    /// The last checkpoint was not kept: the next one has it all again.
    pub(super) fn checkpoint_failed(&self) {
        lock(&self.state).pending.set_changed();
    }
}

impl State {
    /// Changes the thread; `None` when that is nothing new.
    fn change_thread(&mut self, change: ThreadChange) -> Option<ThreadEvent> {
        let mut changed = self.thread.clone();
        change.apply(&mut changed);
        if changed == self.thread {
            return None;
        }
        self.thread = changed;
        Some(ThreadEvent::thread_updated(self.thread.to_wire(Page::default())))
    }

    /// After something was emitted.
    fn pace(&mut self) -> Pace {
        if self.closed.is_some() {
            return Pace::Stop;
        }
        self.since_yield += 1;
        if self.since_yield < EVENTS_AT_ONCE {
            return Pace::GoOn;
        }
        self.since_yield = 0;
        Pace::Yield
    }
}

fn take_writes(state: &mut State) -> Vec<ItemWrite> {
    let mut writes = Vec::new();
    for held in &mut state.held {
        if let Write::Waiting(_) = held.write
            && let Write::Waiting(write) = std::mem::replace(&mut held.write, Write::Taken)
        {
            writes.push(write);
        }
    }
    writes
}

fn item_of(event: &mut ThreadEvent) -> Option<&mut ThreadItem> {
    match event {
        ThreadEvent::ItemAdded { item, .. }
        | ThreadEvent::ItemDone { item, .. }
        | ThreadEvent::ItemReplaced { item, .. } => Some(item),
        _ => None,
    }
}

fn write_of(event: ThreadEvent) -> Option<ItemWrite> {
    match event {
        ThreadEvent::ItemDone { item, .. } | ThreadEvent::ItemReplaced { item, .. } => {
            Some(ItemWrite::Put(item))
        }
        ThreadEvent::ItemRemoved { item_id, .. } => Some(ItemWrite::Remove(item_id)),
        _ => None,
    }
}

/// Gives an agent's item what it left to the server: an id and a time if it has none, and its thread.
pub(super) fn complete(item: &mut ThreadItem, thread: &ThreadId, clock: &dyn Clock, rng: &dyn Rng) {
    if item.id().is_empty() {
        item.set_id(mint(ITEM_PREFIX, clock.now(), rng));
    }
    if item.created_at().as_str().is_empty() {
        item.set_created_at(wire_time(clock.now()));
    }
    if item.thread_id() != thread.as_str() {
        item.set_thread_id(thread.as_str().to_owned());
    }
}

/// An event or an item and its JSON, with U+FFFD for each NUL that a model wrote (design section 3).
pub(super) fn without_nul<T: Serialize + DeserializeOwned>(told: T) -> (T, Option<Vec<u8>>) {
    let json = match serde_json::to_vec(&told) {
        Ok(json) => json,
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "what an agent told could not be written as JSON"
            );
            return (told, None);
        }
    };
    if memchr::memmem::find(&json, br"\u0000").is_none() {
        return (told, Some(json));
    }
    // An escaped backslash before "u0000" looks the same and loses nothing here.
    let cleaned = serde_json::from_slice::<Value>(&json).ok().and_then(|mut value| {
        replace_nul(&mut value);
        let json = serde_json::to_vec(&value).ok()?;
        Some((serde_json::from_value(value).ok()?, json))
    });
    cleaned.map_or((told, None), |(told, json)| (told, Some(json)))
}

fn replace_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{fffd}"),
        Value::Array(values) => values.iter_mut().for_each(replace_nul),
        Value::Object(fields) => {
            if fields.keys().any(|name| name.contains('\0')) {
                let renamed = std::mem::take(fields).into_iter();
                fields.extend(renamed.map(|(name, value)| (name.replace('\0', "\u{fffd}"), value)));
            }
            fields.values_mut().for_each(replace_nul);
        }
        _ => {}
    }
}
