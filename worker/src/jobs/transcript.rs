//! The transcript: its rows, saved chunk by chunk, and the checkpoint.

use self_shared::database::UserTx;
use self_shared::database::audio::{self, Format};
use self_shared::database::segments::{self, NewSegment, SegmentQuality, SegmentText};
use self_shared::database::transcriptions::{self, Checkpoint};
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::JobError;
use self_shared::domain::new_id;
use self_shared::domain::transcription::{CoverageSpan, Warning, WordTime};
use uuid::Uuid;

use super::JobContext;
use super::transcript_origin::TranscriptOrigin;
use crate::engine::RunningJob;
use crate::models::remote_transcriber::UNDETERMINED;
use crate::stages::coverage::add_heard;
use crate::stages::decode::Info;
use crate::stages::transcribe::{self, ChunkTranscript, ReviewedSegment, Segment, TranscriptReview};

/// A transcript in memory: the stored segments and those that are not saved yet.
#[derive(Debug)]
pub(super) struct Transcript {
    pub(super) id: Uuid,
    pub(super) conversation_id: Uuid,
    /// The recording; none for a transcript that was sent as text.
    pub(super) audio_id: Option<Uuid>,
    /// In order, without gaps in their positions.
    pub(super) segments: Vec<SavedSegment>,
    /// How many segments are in the database.
    saved: usize,
    /// The indices of segments that are stored as certain but are uncertain.
    doubted: Vec<usize>,
    transcribed_ms: u64,
    /// So far, the stretches with a voice; once all sound is in segments, the coverage of the whole
    /// recording.
    pub(super) coverage: Vec<CoverageSpan>,
    /// What a person should know before they rely on the transcript.
    pub(super) warnings: Vec<Warning>,
    /// Whether the speech may be in a language that the transcriber does not know.
    pub(super) language_uncertain: bool,
    /// Known once all sound is in segments; then only the analysis is missing.
    pub(super) duration_ms: Option<u64>,
    /// Known once the recording was opened.
    pub(super) format: Option<Info>,
    /// The models, the host and the language.
    pub(super) origin: TranscriptOrigin,
}

/// A segment and the id of its row.
#[derive(Clone, Debug)]
pub(super) struct SavedSegment {
    pub(super) id: Uuid,
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
    pub(super) text: String,
    /// Whether the transcriber doubts the segment, and nobody has corrected or confirmed it.
    pub(super) is_uncertain: bool,
    revision: i32,
    /// The data from the transcriber; none for a segment that is in the database already.
    quality: Option<SegmentQuality>,
}

impl Transcript {
    /// Loads the stored transcript: all of it, or what earlier attempts have saved.
    ///
    /// # Errors
    /// [`JobError::Fail`] when the transcript does not exist any more.
    pub(super) async fn load(
        context: &JobContext,
        running_job: &RunningJob,
        id: Uuid,
    ) -> Result<Self, JobError> {
        let mut tx = context.database.as_user(running_job.user()?).await?;
        let stored = transcriptions::get(&mut tx, id).await?.ok_or_else(missing)?;
        let texts = segments::texts(&mut tx, id).await?;
        let segments: Vec<SavedSegment> = texts.into_iter().map(SavedSegment::stored).collect();
        let words = segments.iter().map(|segment| segment.text.split_whitespace().count()).sum();
        Ok(Self {
            id,
            conversation_id: stored.conversation_id,
            audio_id: stored.audio_id,
            saved: segments.len(),
            doubted: Vec::new(),
            segments,
            transcribed_ms: stored.transcribed_ms.unsigned_abs(),
            coverage: stored.coverage.0,
            warnings: stored.warnings.iter().filter_map(|word| word.parse().ok()).collect(),
            language_uncertain: stored.language_uncertain,
            duration_ms: stored.duration_ms.map(i64::unsigned_abs),
            format: None,
            origin: TranscriptOrigin::stored(
                stored.model,
                stored.model_version,
                stored.endpoint,
                stored.language,
                words,
            ),
        })
    }

    /// The checkpoint: all sound before it is in segments.
    pub(super) fn transcribed_ms(&self) -> u64 {
        self.transcribed_ms
    }

    /// Adds a transcribed chunk. A chunk without speech only moves the checkpoint.
    pub(super) fn add(&mut self, heard: ChunkTranscript) {
        self.transcribed_ms = heard.end_ms;
        for stretch in heard.voiced {
            add_heard(&mut self.coverage, stretch);
        }
        if let Some(language) = heard.language.as_ref().filter(|language| *language != UNDETERMINED) {
            let words = heard.segments.iter().map(|segment| segment.words.len()).sum();
            self.origin.add_words(language, words);
        }
        self.segments.extend(heard.segments.into_iter().map(SavedSegment::new));
    }

    /// Marks segments as uncertain that only the whole transcript shows to be doubtful.
    pub(super) fn review(&mut self) {
        let reviewed: Vec<ReviewedSegment<'_>> = self.segments.iter().map(SavedSegment::reviewed).collect();
        let TranscriptReview { language_uncertain, doubted } = transcribe::review(&reviewed);
        self.language_uncertain = language_uncertain;
        for place in doubted {
            self.segments[place].is_uncertain = true;
            if place < self.saved {
                self.segments[place].revision += 1;
                self.doubted.push(place);
            }
        }
    }

    /// Marks the transcript as complete, with the length of the sound, its coverage and the warnings.
    pub(super) fn end(&mut self, length_ms: u64, coverage: Vec<CoverageSpan>, warnings: Vec<Warning>) {
        self.transcribed_ms = length_ms;
        self.duration_ms = Some(length_ms);
        self.coverage = coverage;
        self.warnings = warnings;
    }

    /// Writes new segments, the checkpoint and its event in one transaction, which succeeds only while this
    /// worker owns the job.
    pub(super) async fn save(&mut self, running_job: &RunningJob) -> Result<(), JobError> {
        let mut tx = running_job.begin().await?;
        self.write(&mut tx, running_job).await?;
        tx.commit().await?;
        self.saved = self.segments.len();
        self.doubted.clear();
        Ok(())
    }

    async fn write(&self, tx: &mut UserTx, running_job: &RunningJob) -> sqlx::Result<()> {
        let checkpoint = Checkpoint {
            transcribed_ms: self.transcribed_ms.cast_signed(),
            duration_ms: self.duration_ms.map(u64::cast_signed),
            model: self.origin.model(),
            model_version: self.origin.version(),
            coverage: &self.coverage,
            warnings: &self.warnings,
            language_uncertain: self.language_uncertain,
            endpoint: self.origin.endpoint.as_deref(),
            language: self.origin.language(),
        };
        transcriptions::checkpoint(tx, self.id, &checkpoint).await?;
        if let (Some(audio_id), Some(format), Some(duration_ms)) =
            (self.audio_id, &self.format, self.duration_ms)
        {
            let format = Format {
                codec: &format.codec,
                sample_rate: i32::try_from(format.rate).ok(),
                channels: i32::try_from(format.channels).ok(),
                duration_ms: duration_ms.cast_signed(),
            };
            audio::set_format(tx, audio_id, &format).await?;
        }
        let user = tx.user();
        let fresh = self.saved..self.segments.len();
        if fresh.is_empty() && self.doubted.is_empty() {
            return Ok(());
        }
        if !self.doubted.is_empty() {
            let doubted: Vec<Uuid> = self.doubted.iter().map(|place| self.segments[*place].id).collect();
            segments::doubt(tx, user, &doubted).await?;
        }
        let rows: Vec<NewSegment> = self.segments[fresh.clone()].iter().map(SavedSegment::row).collect();
        let position = i32::try_from(fresh.start).unwrap_or(i32::MAX);
        segments::insert(tx, user, self.conversation_id, self.id, position, &rows).await?;
        let changed = self.doubted.iter().copied().chain(fresh).map(|place| self.segments[place].id);
        transcriptions::announce(tx, self.id, &changed.collect::<Vec<_>>(), Some(running_job.claim.id)).await
    }

    /// The text of each segment, or an empty text if the segment is uncertain.
    pub(super) fn texts(&self) -> Vec<String> {
        self.segments.iter().map(|segment| segment.certain_text().to_owned()).collect()
    }

    /// A number that grows with every correction of a segment: the same number means the same text.
    pub(super) fn revisions(&self) -> i64 {
        self.segments.iter().map(|segment| i64::from(segment.revision)).sum()
    }

    pub(super) fn word_count(&self) -> usize {
        self.segments.iter().map(|segment| segment.text.split_whitespace().count()).sum()
    }
}

impl SavedSegment {
    fn new(segment: Segment) -> Self {
        let Segment { start_ms, end_ms, text, confidence, is_uncertain, words, timing } = segment;
        let word_times =
            words.iter().map(|word| WordTime::from((word.start_ms, word.end_ms, word.confidence)));
        let quality = SegmentQuality { confidence, is_uncertain, word_times: word_times.collect(), timing };
        Self { id: new_id(), start_ms, end_ms, text, is_uncertain, revision: 1, quality: Some(quality) }
    }

    fn stored(segment: SegmentText) -> Self {
        let SegmentText { id, start_ms, end_ms, text, is_uncertain, revision } = segment;
        let (start_ms, end_ms) = (start_ms.unsigned_abs(), end_ms.unsigned_abs());
        Self { id, start_ms, end_ms, text, is_uncertain, revision, quality: None }
    }

    fn reviewed(&self) -> ReviewedSegment<'_> {
        let length_ms = self.end_ms.saturating_sub(self.start_ms);
        ReviewedSegment { length_ms, text: &self.text, is_uncertain: self.is_uncertain }
    }

    /// The text, or an empty text if the segment is uncertain.
    pub(super) fn certain_text(&self) -> &str {
        if self.is_uncertain { "" } else { &self.text }
    }

    fn row(&self) -> NewSegment {
        NewSegment {
            id: self.id,
            start_ms: self.start_ms.cast_signed(),
            end_ms: self.end_ms.cast_signed(),
            text: self.text.clone(),
            speaker: None,
            // The whole transcript may have made it uncertain after it was transcribed.
            quality: self
                .quality
                .clone()
                .map(|quality| SegmentQuality { is_uncertain: self.is_uncertain, ..quality }),
        }
    }
}

fn missing() -> JobError {
    JobError::Fail(Failure::new(FailureCode::ObjectMissing, "This conversation is not there any more."))
}

#[cfg(test)]
mod tests {
    use self_shared::domain::transcription::Timing;

    use super::*;
    use crate::stages::transcribe::UNINTELLIGIBLE;

    fn segment(start_ms: u64, length_ms: u64, text: &str) -> Segment {
        Segment {
            start_ms,
            end_ms: start_ms + length_ms,
            text: text.to_owned(),
            confidence: 0.9,
            is_uncertain: text == UNINTELLIGIBLE,
            words: Vec::new(),
            timing: Timing::Estimated,
        }
    }

    fn transcript(segments: Vec<Segment>) -> Transcript {
        Transcript {
            id: new_id(),
            conversation_id: new_id(),
            audio_id: None,
            segments: segments.into_iter().map(SavedSegment::new).collect(),
            saved: 0,
            doubted: Vec::new(),
            transcribed_ms: 0,
            coverage: Vec::new(),
            warnings: Vec::new(),
            language_uncertain: false,
            duration_ms: None,
            format: None,
            origin: TranscriptOrigin::default(),
        }
    }

    fn doubts_in_rows(transcript: &Transcript) -> Vec<bool> {
        let rows = transcript.segments.iter().map(SavedSegment::row);
        rows.map(|row| row.quality.is_some_and(|quality| quality.is_uncertain)).collect()
    }

    #[test]
    fn a_segment_that_the_whole_transcript_makes_doubtful_is_stored_as_uncertain() {
        let foreign = vec![segment(0, 9_000, UNINTELLIGIBLE), segment(10_000, 900, "Come in.")];
        let phrase = (0..8).map(|n| segment(n * 5_000, 900, "Thank you.")).collect();
        for (segments, language_uncertain) in [(foreign, true), (phrase, false)] {
            let mut transcript = transcript(segments);
            transcript.review();
            assert_eq!(transcript.language_uncertain, language_uncertain);
            assert!(doubts_in_rows(&transcript).into_iter().all(|is_uncertain| is_uncertain));
        }
        let mut plain = transcript(vec![segment(0, 3_000, "We took the early train.")]);
        plain.review();
        assert_eq!(doubts_in_rows(&plain), [false]);
    }
}
