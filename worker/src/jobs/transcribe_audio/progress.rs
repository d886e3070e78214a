//! The progress of a transcription: its percentage, its speed, and the time that is left.

use std::time::Instant;

use self_shared::domain::progress::Progress;

/// The progress at the end of each stage, in percent, by the time that the stages take for a long
/// recording.
const FETCHED: f32 = 2.0;
pub(super) const TRANSCRIBED: f32 = 90.0;
/// The time of the stages after the transcription, as a share of the time of the transcription.
const REST: f64 = 0.1;

/// The clock of one attempt.
#[derive(Debug)]
pub(super) struct TranscriptionProgress {
    resumed_ms: u64,
    total_ms: Option<u64>,
    began: Instant,
}

impl TranscriptionProgress {
    pub(super) fn new(resumed_ms: u64) -> Self {
        Self { resumed_ms, total_ms: None, began: Instant::now() }
    }

    pub(super) fn fetching(&self) -> Progress {
        Progress { audio_done_ms: self.resumed_ms, ..Progress::default() }
    }

    /// Called when the recording is open. `seconds` is its length, if the file states one.
    pub(super) fn opened(&mut self, seconds: Option<f64>) -> Progress {
        self.total_ms = seconds.map(|seconds| (seconds * 1000.0) as u64);
        self.began = Instant::now();
        Progress { percent: FETCHED, audio_total_ms: self.total_ms, ..self.fetching() }
    }

    /// The progress when the recording is transcribed up to `done_ms`.
    pub(super) fn transcribed(&self, done_ms: u64) -> Progress {
        let worked = self.began.elapsed().as_secs_f64();
        let fresh = done_ms.saturating_sub(self.resumed_ms) as f64 / 1000.0;
        let speed = (fresh > 0.0 && worked > 0.0).then(|| fresh / worked);
        // The transcription corrects a length that the file states wrongly.
        let total_ms = self.total_ms.map(|total| total.max(done_ms));
        let eta_ms = total_ms.zip(speed).map(|(total, speed)| {
            let left = (total - done_ms) as f64 / speed;
            (left + REST * total as f64 / speed) as u64
        });
        let part = total_ms.map_or(0.0, |total| done_ms as f32 / (total as f32).max(1.0));
        Progress {
            percent: FETCHED + (TRANSCRIBED - FETCHED) * part,
            audio_done_ms: done_ms,
            audio_total_ms: total_ms,
            eta_ms,
            speed: speed.map(|speed| speed as f32),
            ..Progress::default()
        }
    }

    /// The whole recording is transcribed, and its length is known.
    pub(super) fn done(&mut self, length_ms: u64) -> Progress {
        self.total_ms = Some(length_ms);
        self.transcribed(length_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_grows_with_the_sound_and_never_passes_its_stage() {
        let mut progress = TranscriptionProgress::new(0);
        progress.opened(Some(100.0));
        let percents: Vec<f32> =
            [0, 50_000, 100_000, 130_000].map(|ms| progress.transcribed(ms).percent).into();
        assert_eq!(percents, [2.0, 46.0, 90.0, 90.0]);
    }

    #[test]
    fn sound_of_an_earlier_attempt_counts_as_done_and_not_in_the_speed() {
        let mut progress = TranscriptionProgress::new(3_600_000);
        progress.opened(Some(7_200.0));
        let resumed = progress.transcribed(3_600_000);
        assert_eq!((resumed.speed, resumed.percent), (None, 46.0));
        let on = progress.transcribed(3_601_000);
        assert!(on.speed.is_some() && on.eta_ms.is_some());
    }
}
