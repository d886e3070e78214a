//! The number of jobs that a lane runs at once: a limit that can change while it is in use.

use tokio::sync::watch;

/// The slots of one lane. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Slots {
    used: watch::Sender<Used>,
    room: watch::Sender<bool>,
}

#[derive(Clone, Copy, Debug)]
struct Used {
    limit: usize,
    taken: usize,
}

impl Used {
    fn has_room(self) -> bool {
        self.taken < self.limit
    }
}

/// The slot of one job. Dropping it frees the slot.
#[derive(Debug)]
pub struct Slot(Slots);

impl Slots {
    /// `limit` slots, all free.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let used = Used { limit, taken: 0 };
        Self { used: watch::Sender::new(used), room: watch::Sender::new(used.has_room()) }
    }

    /// Whether a slot is free.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.used.borrow().has_room()
    }

    /// Takes a slot. The caller has checked that one is free; if the limit was lowered since then, the job
    /// runs all the same.
    #[must_use]
    pub fn take(&self) -> Slot {
        self.change(|used| used.taken += 1);
        Slot(self.clone())
    }

    /// Changes the limit. Running jobs continue.
    pub fn resize(&self, limit: usize) {
        self.change(|used| used.limit = limit);
    }

    /// Whether a slot is free, and each change of it.
    #[must_use]
    pub fn room(&self) -> watch::Receiver<bool> {
        self.room.subscribe()
    }

    /// How many slots are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.used.borrow().taken
    }

    fn change(&self, change: impl FnOnce(&mut Used)) {
        self.used.send_modify(|used| {
            change(used);
            // Inside of `send_modify`, so that of two concurrent changes the later one is also published
            // last.
            self.room.send_if_modified(|room| std::mem::replace(room, used.has_room()) != used.has_room());
        });
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.change(|used| used.taken -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_once_its_job_is_gone() {
        let slots = Slots::new(1);
        let slot = slots.take();
        assert!(!slots.has_room());
        drop(slot);
        assert!(slots.has_room());
    }

    #[test]
    fn a_lane_that_is_narrowed_lets_its_jobs_end_and_takes_no_new_ones() {
        let slots = Slots::new(2);
        let (first, second) = (slots.take(), slots.take());
        slots.resize(1);
        drop(first);
        assert!(!slots.has_room());
        drop(second);
        assert!(slots.has_room());
    }

    #[test]
    fn news_of_room_come_only_when_it_changes() {
        let slots = Slots::new(2);
        let mut room = slots.room();
        let first = slots.take();
        assert!(!room.has_changed().unwrap());
        let _second = slots.take();
        assert!(!*room.borrow_and_update());
        drop(first);
        assert!(*room.borrow_and_update());
        slots.resize(0);
        assert!(!*room.borrow());
    }
}
