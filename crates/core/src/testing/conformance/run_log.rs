//! What every log between nodes must do. Adapters cannot be told the time, so nothing here looks at how
//! long something is kept.

use std::time::Duration;

use futures_util::future::{join, join_all};

use super::fixture::at;
use crate::id::RunId;
use crate::ports::{LogPart, Rng as _, RunLog};
use crate::testing::SeededRng;

/// Longer than any case takes.
const LONG: Duration = Duration::from_secs(60);
const PART: usize = 64 * 1024;

/// A run that no other case has.
fn run(seed: u64) -> RunId {
    RunId::mint(at(0), &SeededRng::new(seed))
}

/// Frames that say their number.
fn frames(numbers: std::ops::RangeInclusive<u64>) -> Vec<Vec<u8>> {
    numbers.map(|number| format!("id: {number}\ndata: {{}}\n\n").into_bytes()).collect()
}

async fn now(log: &dyn RunLog, run: &RunId, after: u64) -> Option<LogPart> {
    log.read(run, after, Duration::ZERO).await.unwrap()
}

fn part(frames: &[Vec<u8>], last: u64, ended: bool) -> Option<LogPart> {
    Some(LogPart { frames: frames.concat(), last, ended })
}

pub async fn events_come_back_in_order_byte_for_byte(log: &dyn RunLog) {
    let run = run(101);
    let odd = vec![b"data: \0\xff\r\n\n".to_vec(), "data: \u{1f600}\n\n".into(), frames(3..=3).remove(0)];
    log.append(&run, 1, &odd[..2], false).await.unwrap();
    log.append(&run, 3, &odd[2..], false).await.unwrap();
    assert_eq!(now(log, &run, 0).await, part(&odd, 3, false));
}

pub async fn a_reader_goes_on_after_any_number(log: &dyn RunLog) {
    let run = run(102);
    log.append(&run, 1, &frames(1..=50), true).await.unwrap();
    for after in 0..=50 {
        assert_eq!(now(log, &run, after).await, part(&frames(after + 1..=50), 50, true), "after {after}");
    }
}

pub async fn runs_are_kept_apart(log: &dyn RunLog) {
    let (one, other) = (run(103), run(104));
    log.append(&one, 1, &frames(1..=3), true).await.unwrap();
    log.append(&other, 1, &frames(1..=1), false).await.unwrap();
    assert_eq!(now(log, &one, 0).await, part(&frames(1..=3), 3, true));
    assert_eq!(now(log, &other, 0).await, part(&frames(1..=1), 1, false));
}

pub async fn what_is_added_twice_is_there_once(log: &dyn RunLog) {
    let run = run(105);
    log.append(&run, 1, &frames(1..=3), false).await.unwrap();
    log.append(&run, 1, &frames(1..=3), false).await.unwrap();
    log.append(&run, 2, &frames(2..=5), false).await.unwrap();
    log.append(&run, 1, &frames(1..=2), false).await.unwrap();
    log.append(&run, 6, &frames(6..=6), true).await.unwrap();
    log.append(&run, 1, &frames(1..=6), true).await.unwrap();
    assert_eq!(now(log, &run, 0).await, part(&frames(1..=6), 6, true));
}

/// A log that lost its beginning must not look whole.
pub async fn a_gap_is_refused_and_adds_nothing(log: &dyn RunLog) {
    let run = run(106);
    log.append(&run, 2, &frames(2..=2), false).await.expect_err("the first event is missing");
    assert_eq!(now(log, &run, 0).await, None);
    log.append(&run, 1, &frames(1..=1), false).await.unwrap();
    log.append(&run, 3, &frames(3..=3), true).await.expect_err("the second event is missing");
    assert_eq!(now(log, &run, 0).await, part(&frames(1..=1), 1, false));
    log.append(&run, 1, &frames(1..=3), true).await.unwrap();
    assert_eq!(now(log, &run, 0).await, part(&frames(1..=3), 3, true));
}

pub async fn an_ended_log_says_so_and_takes_nothing_more(log: &dyn RunLog) {
    let run = run(107);
    log.append(&run, 1, &frames(1..=2), false).await.unwrap();
    assert_eq!(now(log, &run, 2).await, part(&[], 2, false));
    log.append(&run, 3, &[], true).await.unwrap();
    assert_eq!(now(log, &run, 2).await, part(&[], 2, true));
    log.append(&run, 3, &frames(3..=3), false).await.unwrap();
    assert_eq!(now(log, &run, 0).await, part(&frames(1..=2), 2, true));
}

/// Who has heard more of a run than its log, from its node itself, hears the end too.
pub async fn a_log_is_closed_beyond_every_number_that_its_node_gave_out(log: &dyn RunLog) {
    const LAST: u64 = (1 << 53) - 1;
    let run = run(114);
    log.append(&run, 1, &frames(1..=2), false).await.unwrap();
    let end = frames(LAST - 1..=LAST);
    log.close(&run, LAST - 1, &end).await.unwrap();
    log.close(&run, LAST, &frames(LAST..=LAST)).await.unwrap();
    log.append(&run, 3, &frames(3..=3), true).await.unwrap();
    let whole = [frames(1..=2), end.clone()].concat();
    assert_eq!(now(log, &run, 0).await, part(&whole, LAST, true), "once, and nothing more");
    for after in [2, 3, 1_000_000, LAST - 2] {
        assert_eq!(now(log, &run, after).await, part(&end, LAST, true), "after {after}");
    }
    assert_eq!(now(log, &run, LAST - 1).await, part(&end[1..], LAST, true));
    for after in [LAST, u64::MAX] {
        assert_eq!(now(log, &run, after).await, part(&[], LAST, true), "after {after}");
    }
}

pub async fn a_log_is_closed_without_a_word(log: &dyn RunLog) {
    let run = run(115);
    log.append(&run, 1, &frames(1..=2), false).await.unwrap();
    log.close(&run, 1 << 53, &[]).await.unwrap();
    assert_eq!(now(log, &run, 1).await, part(&frames(2..=2), 2, true));
    assert_eq!(now(log, &run, 3).await, part(&[], 2, true));
}

pub async fn a_log_that_is_not_there_is_not_closed(log: &dyn RunLog) {
    let run = run(116);
    log.close(&run, 5, &frames(5..=5)).await.unwrap();
    assert_eq!(now(log, &run, 0).await, None);
}

pub async fn who_waits_hears_at_once_that_a_log_is_closed(log: &dyn RunLog) {
    let run = run(117);
    log.append(&run, 1, &frames(1..=1), false).await.unwrap();
    let (read, closed) = join(log.read(&run, 1, LONG), log.close(&run, 9, &frames(9..=9))).await;
    closed.unwrap();
    assert_eq!(read.unwrap(), part(&frames(9..=9), 9, true));
}

pub async fn a_run_without_events_can_end(log: &dyn RunLog) {
    let run = run(108);
    log.append(&run, 1, &[], true).await.unwrap();
    assert_eq!(log.read(&run, 0, LONG).await.unwrap(), part(&[], 0, true));
}

pub async fn a_number_that_was_never_given_out_counts_as_the_last(log: &dyn RunLog) {
    let run = run(109);
    log.append(&run, 1, &frames(1..=2), false).await.unwrap();
    for after in [3, 1_000_000, u64::MAX] {
        assert_eq!(now(log, &run, after).await, part(&[], 2, false), "after {after}");
    }
}

pub async fn an_unknown_run_has_no_log(log: &dyn RunLog) {
    assert_eq!(now(log, &run(110), 0).await, None);
    assert_eq!(log.read(&run(110), 0, LONG).await.unwrap(), None, "and nobody waits for it");
}

pub async fn a_part_is_bounded_and_a_larger_event_goes_alone(log: &dyn RunLog) {
    let run = run(111);
    let sizes = [10, 3 * PART, 10, PART / 2, PART / 2, 1];
    let frames: Vec<Vec<u8>> = sizes.iter().map(|size| vec![b'x'; *size]).collect();
    log.append(&run, 1, &frames, true).await.unwrap();
    let mut after = 0;
    let mut parts = Vec::new();
    while let Some(part) = now(log, &run, after).await {
        parts.push((part.frames.len(), part.last, part.ended));
        after = part.last;
        if part.ended {
            break;
        }
    }
    assert_eq!(
        parts,
        [(10, 1, false), (3 * PART, 2, false), (10 + PART / 2, 4, false), (PART / 2 + 1, 6, true)]
    );
}

pub async fn silence_ends_a_wait_with_nothing(log: &dyn RunLog) {
    let run = run(112);
    log.append(&run, 1, &frames(1..=1), false).await.unwrap();
    let waited = log.read(&run, 1, Duration::from_millis(200)).await.unwrap();
    assert_eq!(waited, part(&[], 1, false));
}

pub async fn fifty_readers_that_wait_get_each_event_and_the_end(log: &dyn RunLog) {
    let run = run(113);
    log.append(&run, 1, &frames(1..=1), false).await.unwrap();
    let reader = async || {
        let mut read = LogPart { frames: Vec::new(), last: 0, ended: false };
        while !read.ended {
            let part = log.read(&run, read.last, LONG).await.unwrap().expect("the log is there");
            assert!(part.ended || part.last > read.last, "a wait that is not over ends with something");
            read.frames.extend(part.frames);
            (read.last, read.ended) = (part.last, part.ended);
        }
        read
    };
    let writer = async {
        for number in 2..=100 {
            log.append(&run, number, &frames(number..=number), false).await.unwrap();
        }
        log.append(&run, 101, &[], true).await.unwrap();
    };
    let (reads, ()) = join(join_all((0..50).map(|_| reader())), writer).await;
    for read in reads {
        assert_eq!(Some(read), part(&frames(1..=100), 100, true));
    }
}

/// Appends, repeats, gaps, ends and closes in any order, and reads after any number.
pub async fn whatever_is_done_to_a_log_it_holds_what_a_list_would(log: &dyn RunLog) {
    for seed in 1_000..1_050 {
        let (run, dice) = (run(seed), SeededRng::new(seed));
        let mut list = List::default();
        for step in 0..30 {
            let deed = Deed::any(&dice, list.last(), step);
            let done = match &deed {
                Deed::Append { first, frames, ended } => log.append(&run, *first, frames, *ended).await,
                Deed::Close { first, frames } => log.close(&run, *first, frames).await,
            };
            let now_and_then = format!("seed {seed}, step {step}: {deed:?}");
            assert_eq!(done.is_ok(), list.take(deed), "{now_and_then}");
            for after in [0, below(&dice, list.last() + 2), list.last()] {
                assert_eq!(now(log, &run, after).await, list.part(after), "{now_and_then}, after {after}");
            }
        }
    }
}

fn below(dice: &SeededRng, end: u64) -> u64 {
    let mut bytes = [0; 8];
    dice.fill(&mut bytes);
    u64::from_le_bytes(bytes) % end
}

/// What a node does to a run's log.
enum Deed {
    Append { first: u64, frames: Vec<Vec<u8>>, ended: bool },
    Close { first: u64, frames: Vec<Vec<u8>> },
}

impl Deed {
    /// With the next events, some that are there already, or some after a gap; each says when it was written.
    fn any(dice: &SeededRng, last: u64, step: u64) -> Self {
        let kind = below(dice, 20);
        let gap = kind == 0 || below(dice, 5) == 0;
        let first = if gap { last + 1 + below(dice, 1_000) } else { 1 + below(dice, last + 1) };
        let ended = kind == 1;
        let count = below(dice, 4).max(u64::from(kind > 1));
        let frames = (first..first + count).map(|number| {
            let filling = if below(dice, 10) == 0 { PART / 2 } else { 1 };
            format!("id: {number}\ndata: {step}{}\n\n", "x".repeat(filling)).into_bytes()
        });
        let frames = frames.collect();
        if kind == 0 { Self::Close { first, frames } } else { Self::Append { first, frames, ended } }
    }
}

impl std::fmt::Debug for Deed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Append { first, frames, ended } => {
                write!(formatter, "append {} from {first}, ended: {ended}", frames.len())
            }
            Self::Close { first, frames } => write!(formatter, "close with {} from {first}", frames.len()),
        }
    }
}

/// What a log holds, written down without any skill.
#[derive(Default)]
struct List {
    is_there: bool,
    frames: Vec<(u64, Vec<u8>)>,
    ended: bool,
}

impl List {
    fn last(&self) -> u64 {
        self.frames.last().map_or(0, |(number, _)| *number)
    }

    /// Whether it can be done.
    fn take(&mut self, deed: Deed) -> bool {
        match deed {
            _ if self.ended => true,
            Deed::Append { first, .. } if first > self.last() + 1 => false,
            Deed::Append { first, frames, ended } => {
                self.is_there = true;
                self.add(first, frames, ended);
                true
            }
            Deed::Close { first, frames } => {
                if self.is_there {
                    self.add(first, frames, true);
                }
                true
            }
        }
    }

    fn add(&mut self, first: u64, frames: Vec<Vec<u8>>, ended: bool) {
        let last = self.last();
        self.frames.extend((first..).zip(frames).filter(|(number, _)| *number > last));
        self.ended = ended;
    }

    fn part(&self, after: u64) -> Option<LogPart> {
        let mut part = LogPart { frames: Vec::new(), last: after.min(self.last()), ended: self.ended };
        for (number, frame) in self.frames.iter().filter(|(number, _)| *number > after) {
            if !part.frames.is_empty() && part.frames.len() + frame.len() > PART {
                part.ended = false;
                break;
            }
            part.frames.extend(frame);
            part.last = *number;
        }
        self.is_there.then_some(part)
    }
}
