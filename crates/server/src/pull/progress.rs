//! The line on stderr that says how far the pull is.

use std::{
    convert::Infallible,
    io::{IsTerminal, Write, stderr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::{Instant, interval};

/// Counters that the work moves and the line shows.
pub(super) struct Progress {
    /// Threads found, in this run and before.
    pub listed: AtomicU64,
    /// Threads whose items are saved.
    pub done: AtomicU64,
    /// Items saved.
    pub items: AtomicU64,
    /// Files saved.
    pub files: AtomicU64,
    /// Requests that had to be repeated in this run.
    pub retries: AtomicU64,
    phase: Mutex<Phase>,
}

/// What is going on since when, and how much of it was there before: the rate is this run's.
#[derive(Clone, Copy)]
struct Phase {
    fetching: bool,
    since: Instant,
    before: u64,
}

impl Progress {
    /// Begins with the listing.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            listed: AtomicU64::new(0),
            done: AtomicU64::new(0),
            items: AtomicU64::new(0),
            files: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            phase: Mutex::new(Phase { fetching: false, since: Instant::now(), before: 0 }),
        })
    }

    /// The listing goes on after `listed` threads.
    pub(super) fn begin_listing(&self, listed: u64) {
        self.listed.store(listed, Relaxed);
        self.begin(false, listed);
    }

    /// The items of `done` threads are already here.
    pub(super) fn begin_fetching(&self, done: u64, items: u64, files: u64) {
        self.done.store(done, Relaxed);
        self.items.store(items, Relaxed);
        self.files.store(files, Relaxed);
        self.begin(true, done);
    }

    fn begin(&self, fetching: bool, before: u64) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) =
            Phase { fetching, since: Instant::now(), before };
    }

    /// Writes the line until dropped: every second onto itself on a terminal, else every 10 s.
    pub(super) async fn show(&self) -> Infallible {
        let terminal = stderr().is_terminal();
        let mut tick = interval(Duration::from_secs(if terminal { 1 } else { 10 }));
        tick.tick().await;
        loop {
            tick.tick().await;
            let phase = *self.phase.lock().unwrap_or_else(PoisonError::into_inner);
            write_line(terminal, &self.line(phase, phase.since.elapsed()));
        }
    }

    /// What the line says `elapsed` after the phase began.
    fn line(&self, phase: Phase, elapsed: Duration) -> String {
        let listed = self.listed.load(Relaxed);
        let done = self.done.load(Relaxed);
        let moved = if phase.fetching { done } else { listed }.saturating_sub(phase.before);
        let rate = moved as f64 / elapsed.as_secs_f64().max(0.001);
        let retries = match self.retries.load(Relaxed) {
            0 => String::new(),
            n => format!(", {n} retries"),
        };
        if !phase.fetching {
            return format!("listing threads: {listed} found, {rate:.1} threads/s{retries}");
        }
        format!(
            "threads {done}/{listed} ({:.1} %), items {}, files {}, {rate:.1} threads/s, {}{retries}",
            100.0 * done as f64 / listed.max(1) as f64,
            self.items.load(Relaxed),
            self.files.load(Relaxed),
            time_left(listed.saturating_sub(done), rate),
        )
    }
}

/// Ends the updating line, so that what follows starts on a line of its own.
pub(super) fn end_line() {
    if stderr().is_terminal() {
        write_line(true, "");
    }
}

fn write_line(terminal: bool, line: &str) {
    let mut out = stderr().lock();
    // A closed stderr must not end the pull: there is nobody left to tell.
    let _ = if terminal {
        write!(out, "\r\x1b[2K{line}").and_then(|()| out.flush())
    } else {
        writeln!(out, "{line}")
    };
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of seconds, for people")]
fn time_left(threads: u64, rate: f64) -> String {
    if rate <= 0.0 {
        return "time left unknown".to_owned();
    }
    let seconds = (threads as f64 / rate).ceil() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s left"),
        (0, m, s) => format!("{m} min {s} s left"),
        (h, m, _) => format!("{h} h {m} min left"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_shows_rate_and_time_left_of_this_run_only() {
        let progress = Progress::new();
        let line = |seconds| {
            let phase = *progress.phase.lock().unwrap();
            progress.line(phase, Duration::from_secs(seconds))
        };
        progress.begin_listing(100);
        progress.listed.store(300, Relaxed);
        assert_eq!(line(4), "listing threads: 300 found, 50.0 threads/s");
        progress.begin_fetching(100, 700, 0);
        progress.done.store(150, Relaxed);
        progress.items.store(900, Relaxed);
        progress.retries.store(2, Relaxed);
        assert_eq!(
            line(10),
            "threads 150/300 (50.0 %), items 900, files 0, 5.0 threads/s, 30 s left, 2 retries"
        );
    }

    #[test]
    fn time_left_is_told_in_two_units() {
        assert_eq!(time_left(10, 0.0), "time left unknown");
        assert_eq!(time_left(90, 1.0), "1 min 30 s left");
        assert_eq!(time_left(7300, 1.0), "2 h 1 min left");
    }
}
