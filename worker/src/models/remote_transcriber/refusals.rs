//! Counts how often the service has refused a chunk, so that one chunk that it never accepts does not hold
//! the rest of its recording.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A chunk is given up after this many refusals. Between them are the waits between a job's attempts, so a
/// service that is being restarted is back before.
const MOST: u32 = 4;
/// More chunks than this are not counted at once. A refusing service refuses all of them.
const CHUNKS: usize = 4_096;

/// The refusals since the worker started, by the sound of each chunk: a job that is tried again sends the
/// same chunks.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    by_sound: HashMap<u64, Refused>,
    /// The number of chunks that were transcribed.
    successes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Refused {
    times: u32,
    /// The successes before its first refusal.
    successes: u64,
}

impl Refusals {
    /// Counts a refusal of this chunk. Returns whether it was refused often enough to be given up.
    pub(super) fn add(&self, samples: &[f32]) -> bool {
        let mut counts = self.lock();
        if counts.by_sound.len() >= CHUNKS {
            counts.by_sound.clear();
        }
        let successes = counts.successes;
        let refused = counts.by_sound.entry(key(samples)).or_insert(Refused { times: 0, successes });
        refused.times = refused.times.saturating_add(1);
        refused.times >= MOST
    }

    /// Whether other chunks were transcribed since this one was refused for the first time.
    pub(super) fn others_succeed(&self, samples: &[f32]) -> bool {
        let counts = self.lock();
        counts.by_sound.get(&key(samples)).is_some_and(|refused| refused.successes < counts.successes)
    }

    /// Notes that this chunk was transcribed.
    pub(super) fn succeeded(&self, samples: &[f32]) {
        let mut counts = self.lock();
        counts.successes += 1;
        if !counts.by_sound.is_empty() {
            counts.by_sound.remove(&key(samples));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(samples: &[f32]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for sample in samples {
        sample.to_bits().hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAD: [f32; 3] = [0.1, 0.2, 0.3];
    const GOOD: [f32; 3] = [0.3, 0.2, 0.1];

    #[test]
    fn a_chunk_is_given_up_after_some_refusals_and_others_are_not() {
        let refusals = Refusals::default();
        let given_up: Vec<bool> = (0..MOST).map(|_| refusals.add(&BAD)).collect();
        assert_eq!(given_up, [false, false, false, true]);
        assert!(!refusals.add(&GOOD));
    }

    #[test]
    fn a_chunk_that_is_transcribed_begins_anew() {
        let refusals = Refusals::default();
        for _ in 1..MOST {
            refusals.add(&BAD);
        }
        refusals.succeeded(&BAD);
        assert!(!refusals.add(&BAD));
    }

    #[test]
    fn the_service_is_well_once_it_transcribes_another_chunk() {
        let refusals = Refusals::default();
        refusals.succeeded(&GOOD);
        refusals.add(&BAD);
        assert!(!refusals.others_succeed(&BAD), "that was before");
        refusals.succeeded(&GOOD);
        assert!(refusals.others_succeed(&BAD));
    }
}
