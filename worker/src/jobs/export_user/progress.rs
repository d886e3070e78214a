//! The progress of an export, and the time that is left.

use std::time::Instant;

use self_shared::domain::progress::Progress;

/// The cost of a conversation without the bytes of its recordings, as a number of bytes of recordings.
const CONVERSATION: u64 = 64 * 1024;
/// The share of the conversations, in percent; the lists and the commit are the rest.
const CONVERSATIONS: f32 = 97.0;

/// The work that is done, and all work.
pub(super) struct ExportProgress {
    began: Instant,
    conversations: (u64, u64),
    bytes: (u64, u64),
}

impl ExportProgress {
    pub(super) fn new(conversations: i64, bytes: i64) -> Self {
        let all = |number: i64| (0, number.unsigned_abs());
        Self { began: Instant::now(), conversations: all(conversations), bytes: all(bytes) }
    }

    /// Adds written bytes of recordings.
    pub(super) fn copied(&mut self, bytes: usize) -> Progress {
        self.bytes.0 += bytes as u64;
        self.current()
    }

    /// Adds a written conversation.
    pub(super) fn written(&mut self) -> Progress {
        self.conversations.0 += 1;
        self.current()
    }

    /// The amount may have grown since the beginning. Then the progress stays near its end for a while.
    pub(super) fn current(&self) -> Progress {
        let work = |bytes: u64, conversations: u64| bytes + conversations * CONVERSATION;
        let done = work(self.bytes.0, self.conversations.0);
        let all = work(self.bytes.1, self.conversations.1).max(done);
        let share = if all == 0 { 1.0 } else { done as f64 / all as f64 };
        let to_go = self.began.elapsed().mul_f64((1.0 - share) / share.max(1e-6));
        Progress {
            percent: share as f32 * CONVERSATIONS,
            bytes_done: self.bytes.0,
            bytes_total: Some(self.bytes.1.max(self.bytes.0)),
            eta_ms: (done > 0).then(|| u64::try_from(to_go.as_millis()).unwrap_or(u64::MAX)),
            ..Progress::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_gets_further_and_never_past_its_end() {
        let mut progress = ExportProgress::new(2, 1_000_000);
        let start = progress.current();
        assert_eq!((start.percent, start.bytes_total, start.eta_ms), (0.0, Some(1_000_000), None));
        let half = progress.copied(500_000);
        assert!(half.percent > 20.0 && half.percent < 60.0 && half.eta_ms.is_some(), "{half:?}");
        progress.copied(900_000);
        progress.written();
        let end = progress.written();
        assert!(end.percent <= CONVERSATIONS, "{end:?}");
        assert_eq!(end.bytes_total, Some(end.bytes_done));
    }

    #[test]
    fn nothing_to_export_is_nearly_done_at_once() {
        assert_eq!(ExportProgress::new(0, 0).current().percent, CONVERSATIONS);
    }
}
