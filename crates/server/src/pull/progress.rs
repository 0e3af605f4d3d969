//! The line on stderr that says how far the pull is.

use std::{
    io::{IsTerminal, Write, stderr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::{Instant, interval};

/// Counters that the work moves and the line shows.
#[derive(Default)]
pub(super) struct Progress {
    /// Threads found so far, in this run and before.
    pub listed: AtomicU64,
    /// Threads whose items are saved.
    pub done: AtomicU64,
    /// `done` when this run began to fetch items; `u64::MAX` while it is still listing.
    pub done_before: AtomicU64,
    /// Items saved.
    pub items: AtomicU64,
    /// Files saved.
    pub files: AtomicU64,
    /// Requests that had to be repeated in this run.
    pub retries: AtomicU64,
}

impl Progress {
    pub(super) fn new() -> Arc<Self> {
        let progress = Self::default();
        progress.done_before.store(u64::MAX, Relaxed);
        Arc::new(progress)
    }

    /// Writes the line until dropped: every second onto itself on a terminal, else every 10 s.
    pub(super) async fn show(&self) {
        let terminal = stderr().is_terminal();
        let mut tick = interval(Duration::from_secs(if terminal { 1 } else { 10 }));
        tick.tick().await;
        let mut listed_before = None;
        let mut since = Instant::now();
        loop {
            tick.tick().await;
            // The rate of the items starts where the listing ends.
            let listing = self.done_before.load(Relaxed) == u64::MAX;
            if listed_before.is_some() && !listing {
                listed_before = None;
                since = Instant::now();
            } else if listing && listed_before.is_none() {
                listed_before = Some(self.listed.load(Relaxed));
            }
            write_line(terminal, &self.line(since.elapsed()));
        }
    }

    /// What the line says `elapsed` after the current phase began.
    fn line(&self, elapsed: Duration) -> String {
        let listed = self.listed.load(Relaxed);
        let before = self.done_before.load(Relaxed);
        let retries = match self.retries.load(Relaxed) {
            0 => String::new(),
            n => format!(", {n} retries"),
        };
        if before == u64::MAX {
            return format!("listing threads: {listed} found{retries}");
        }
        let done = self.done.load(Relaxed);
        let rate = (done.saturating_sub(before)) as f64 / elapsed.as_secs_f64().max(0.001);
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
        progress.listed.store(300, Relaxed);
        assert_eq!(
            progress.line(Duration::from_secs(1)),
            "listing threads: 300 found"
        );
        progress.done_before.store(100, Relaxed);
        progress.done.store(150, Relaxed);
        progress.items.store(900, Relaxed);
        progress.retries.store(2, Relaxed);
        assert_eq!(
            progress.line(Duration::from_secs(10)),
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
