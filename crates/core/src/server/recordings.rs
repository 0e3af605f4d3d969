//! A bound on the recordings that are in memory at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many recordings of over a mebibyte may be under way: each takes some hundred MiB at its largest, as the
/// request, its base64 and its bytes.
const LARGE_AT_ONCE: usize = 8;

/// The large recordings of this process.
#[derive(Clone, Default)]
pub(super) struct Recordings(Arc<AtomicUsize>);

/// The right to hold one large recording; given back when dropped.
pub struct RecordingPlace(Arc<AtomicUsize>);

impl Recordings {
    pub(super) fn place(&self) -> Option<RecordingPlace> {
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            (taken < LARGE_AT_ONCE).then_some(taken + 1)
        });
        taken.is_ok().then(|| RecordingPlace(Arc::clone(&self.0)))
    }
}

impl Drop for RecordingPlace {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_back() {
        let recordings = Recordings::default();
        let mut places: Vec<_> = std::iter::from_fn(|| recordings.place()).collect();
        assert_eq!(places.len(), LARGE_AT_ONCE);
        places.pop();
        assert!(recordings.place().is_some());
    }
}
