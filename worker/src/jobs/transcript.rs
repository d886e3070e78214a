//! The transcript: its rows, saved chunk by chunk, and the checkpoint.

use self_shared::database::segments::{self, Hearing, NewSegment};
use self_shared::database::{UserTx, transcriptions};
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::Ending;
use self_shared::domain::new_id;
use self_shared::domain::transcription::{CoverageSpan, Warning, WordTime};
use sqlx::types::Json;
use uuid::Uuid;

use super::Bench;
use super::heard_by::HeardBy;
use crate::engine::Task;
use crate::models::remote_transcriber::UNDETERMINED;
use crate::stages::cover::add_heard;
use crate::stages::decode::Info;
use crate::stages::transcribe::{self, ChunkTranscript, Judgement, Segment, Told};

/// What is known of what was said.
#[derive(Debug)]
pub(super) struct Transcript {
    pub(super) id: Uuid,
    pub(super) conversation_id: Uuid,
    /// The recording that is heard; none for what came as text.
    pub(super) audio_id: Option<Uuid>,
    /// In order, without gaps in their positions.
    pub(super) segments: Vec<SavedSegment>,
    /// How many of them are in the database.
    saved: usize,
    /// The places of those that are in the database as certain, and are not.
    doubted: Vec<usize>,
    transcribed_ms: u64,
    /// Where somebody speaks so far; what became of the whole recording, once all of it is in segments.
    pub(super) coverage: Vec<CoverageSpan>,
    /// What a person should know before they rely on it.
    pub(super) warnings: Vec<Warning>,
    /// Whether the speech is perhaps in a language that the transcriber does not know.
    pub(super) language_uncertain: bool,
    /// Known once all sound is in segments; only the meaning is missing then.
    pub(super) duration_ms: Option<u64>,
    /// Known once the recording was opened.
    pub(super) format: Option<Info>,
    /// What it was heard by.
    pub(super) heard_by: HeardBy,
}

/// A segment and the id of its row.
#[derive(Clone, Debug)]
pub(super) struct SavedSegment {
    pub(super) id: Uuid,
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
    pub(super) text: String,
    /// Whether the transcriber doubts it, and nobody has corrected or confirmed it.
    pub(super) is_uncertain: bool,
    revision: i32,
    /// How it was heard; none for what was in the database already.
    hearing: Option<Hearing>,
}

/// What is stored of a transcript besides its segments.
type Row = (Uuid, Option<Uuid>, i64, Option<i64>, Json<Vec<CoverageSpan>>, Vec<String>, bool);
/// What is stored of how it was heard: model, version, endpoint and language.
type Author = (Option<String>, Option<String>, Option<String>, Option<String>);

impl Transcript {
    /// What is in the database, be it all or what earlier attempts saved.
    ///
    /// # Errors
    /// [`Ending::Fail`] when there is no such transcript any more.
    pub(super) async fn load(bench: &Bench, task: &Task, id: Uuid) -> Result<Self, Ending> {
        let mut tx = bench.database.as_user(task.user()?).await.map_err(anyhow::Error::from)?;
        let row: Option<Row> = sqlx::query_as(
            "select conversation_id, audio_id, transcribed_ms, duration_ms, coverage, warnings, language_uncertain
             from transcriptions where id = $1",
        )
        .bind(id)
        .fetch_optional(&mut *tx)
        .await
        .map_err(anyhow::Error::from)?;
        let (conversation_id, audio_id, transcribed_ms, duration_ms, coverage, warnings, language_uncertain) =
            row.ok_or_else(missing)?;
        let (model, version, endpoint, language): Author = sqlx::query_as(
            "select model, model_version, endpoint, language from transcriptions where id = $1",
        )
        .bind(id)
        .fetch_one(&mut *tx)
        .await
        .map_err(anyhow::Error::from)?;
        let rows: Vec<(Uuid, i64, i64, String, bool, i32)> = sqlx::query_as(
            "select id, start_ms, end_ms, text, is_uncertain, revision
             from segments where transcription_id = $1 order by position",
        )
        .bind(id)
        .fetch_all(&mut *tx)
        .await
        .map_err(anyhow::Error::from)?;
        let segments: Vec<SavedSegment> = rows
            .into_iter()
            .map(|(id, start_ms, end_ms, text, is_uncertain, revision)| SavedSegment {
                id,
                start_ms: start_ms.unsigned_abs(),
                end_ms: end_ms.unsigned_abs(),
                text,
                is_uncertain,
                revision,
                hearing: None,
            })
            .collect();
        let words = segments.iter().map(|segment| segment.text.split_whitespace().count()).sum();
        Ok(Self {
            id,
            conversation_id,
            audio_id,
            saved: segments.len(),
            doubted: Vec::new(),
            segments,
            transcribed_ms: transcribed_ms.unsigned_abs(),
            coverage: coverage.0,
            warnings: warnings.iter().filter_map(|word| word.parse().ok()).collect(),
            language_uncertain,
            duration_ms: duration_ms.map(i64::unsigned_abs),
            format: None,
            heard_by: HeardBy::stored(model, version, endpoint, language, words),
        })
    }

    /// The checkpoint: sound before it is in segments.
    pub(super) fn transcribed_ms(&self) -> u64 {
        self.transcribed_ms
    }

    /// Adds what was heard. A chunk in which nothing was said moves the checkpoint only.
    pub(super) fn add(&mut self, heard: ChunkTranscript) {
        self.transcribed_ms = heard.end_ms;
        for stretch in heard.voiced {
            add_heard(&mut self.coverage, stretch);
        }
        if let Some(language) = heard.language.as_ref().filter(|language| *language != UNDETERMINED) {
            let words = heard.segments.iter().map(|segment| segment.words.len()).sum();
            self.heard_by.add_words(language, words);
        }
        self.segments.extend(heard.segments.into_iter().map(SavedSegment::new));
    }

    /// Doubts what only the whole recording shows to be doubtful.
    pub(super) fn judge(&mut self) {
        let told: Vec<Told<'_>> = self.segments.iter().map(SavedSegment::told).collect();
        let Judgement { language_uncertain, doubted } = transcribe::judge(&told);
        self.language_uncertain = language_uncertain;
        for place in doubted {
            self.segments[place].is_uncertain = true;
            if place < self.saved {
                self.segments[place].revision += 1;
                self.doubted.push(place);
            }
        }
    }

    /// All sound was heard: there was so much of it, and this became of it.
    pub(super) fn end(&mut self, length_ms: u64, coverage: Vec<CoverageSpan>, warnings: Vec<Warning>) {
        self.transcribed_ms = length_ms;
        self.duration_ms = Some(length_ms);
        self.coverage = coverage;
        self.warnings = warnings;
    }

    /// Writes what is new, with the checkpoint and its event, in one transaction that holds only
    /// while the job is this worker's own.
    pub(super) async fn save(&mut self, task: &Task) -> Result<(), Ending> {
        let mut tx = task.begin().await?;
        self.write(&mut tx, task).await.map_err(anyhow::Error::from)?;
        tx.commit().await.map_err(anyhow::Error::from)?;
        self.saved = self.segments.len();
        self.doubted.clear();
        Ok(())
    }

    async fn write(&self, tx: &mut UserTx, task: &Task) -> sqlx::Result<()> {
        sqlx::query(
            "update transcriptions set transcribed_ms = $2, duration_ms = $3, model = $4, model_version = $5,
                 coverage = $6, warnings = $7, language_uncertain = $8, endpoint = $9,
                 language = case when $8 then null else coalesce($10, language) end
             where id = $1",
        )
        .bind(self.id)
        .bind(self.transcribed_ms.cast_signed())
        .bind(self.duration_ms.map(u64::cast_signed))
        .bind(self.heard_by.model())
        .bind(self.heard_by.version())
        .bind(Json(&self.coverage))
        .bind(self.warnings.iter().map(|warning| warning.as_str()).collect::<Vec<_>>())
        .bind(self.language_uncertain)
        .bind(&self.heard_by.endpoint)
        .bind(self.heard_by.language())
        .execute(&mut **tx)
        .await?;
        if let (Some(format), Some(duration_ms)) = (&self.format, self.duration_ms) {
            sqlx::query(
                "update audio set codec = $2, sample_rate = $3, channels = $4, duration_ms = $5 where id = $1",
            )
            .bind(self.audio_id)
            .bind(&format.codec)
            .bind(i32::try_from(format.rate).ok())
            .bind(i32::try_from(format.channels).ok())
            .bind(duration_ms.cast_signed())
            .execute(&mut **tx)
            .await?;
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
        let news = self.doubted.iter().copied().chain(fresh).map(|place| self.segments[place].id);
        transcriptions::announce(tx, self.id, &news.collect::<Vec<_>>(), Some(task.claim.id)).await
    }

    /// What of each segment can be relied on: its text, or nothing where that is uncertain.
    pub(super) fn texts(&self) -> Vec<String> {
        self.segments.iter().map(|segment| segment.certain_text().to_owned()).collect()
    }

    /// Grows with every correction of a segment: while it is the same, the text is.
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
        let hearing = Hearing { confidence, is_uncertain, word_times: word_times.collect(), timing };
        Self { id: new_id(), start_ms, end_ms, text, is_uncertain, revision: 1, hearing: Some(hearing) }
    }

    fn told(&self) -> Told<'_> {
        let length_ms = self.end_ms.saturating_sub(self.start_ms);
        Told { length_ms, text: &self.text, is_uncertain: self.is_uncertain }
    }

    /// The text, if it can be relied on; otherwise nothing.
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
            hearing: self.hearing.clone(),
        }
    }
}

fn missing() -> Ending {
    Ending::Fail(Failure::new(FailureCode::ObjectMissing, "This conversation is not there any more."))
}
