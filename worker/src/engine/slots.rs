//! The number of jobs that a lane runs at once: a limit that can change while it is in use.

use tokio::sync::watch;

/// The slots of one lane. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Slots {
    used: watch::Sender<SlotCount>,
    available: watch::Sender<bool>,
}

#[derive(Clone, Copy, Debug)]
struct SlotCount {
    limit: usize,
    taken: usize,
}

impl SlotCount {
    fn has_free_slot(self) -> bool {
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
        let used = SlotCount { limit, taken: 0 };
        Self { used: watch::Sender::new(used), available: watch::Sender::new(used.has_free_slot()) }
    }

    /// Whether a slot is free.
    #[must_use]
    pub fn has_free_slot(&self) -> bool {
        self.used.borrow().has_free_slot()
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
    pub fn availability(&self) -> watch::Receiver<bool> {
        self.available.subscribe()
    }

    /// How many slots are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.used.borrow().taken
    }

    fn change(&self, change: impl FnOnce(&mut SlotCount)) {
        self.used.send_modify(|used| {
            change(used);
            // Inside of `send_modify`, so that of two concurrent changes the later one is also published
            // last.
            self.available.send_if_modified(|available| {
                std::mem::replace(available, used.has_free_slot()) != used.has_free_slot()
            });
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
    fn a_slot_is_free_again_once_its_job_has_ended() {
        let slots = Slots::new(1);
        let slot = slots.take();
        assert!(!slots.has_free_slot());
        drop(slot);
        assert!(slots.has_free_slot());
    }

    #[test]
    fn after_the_limit_is_lowered_running_jobs_end_and_no_new_job_starts() {
        let slots = Slots::new(2);
        let (first, second) = (slots.take(), slots.take());
        slots.resize(1);
        drop(first);
        assert!(!slots.has_free_slot());
        drop(second);
        assert!(slots.has_free_slot());
    }

    #[test]
    fn availability_is_published_only_when_it_changes() {
        let slots = Slots::new(2);
        let mut available = slots.availability();
        let first = slots.take();
        assert!(!available.has_changed().unwrap());
        let _second = slots.take();
        assert!(!*available.borrow_and_update());
        drop(first);
        assert!(*available.borrow_and_update());
        slots.resize(0);
        assert!(!*available.borrow());
    }
}
