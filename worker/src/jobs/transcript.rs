//! The transcript: its rows, saved chunk by chunk, and the checkpoint.

use self_shared::database::events;
use self_shared::database::segments::{self, NewSegment};
use self_shared::domain::event::{EventKind, Room};
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::Ending;
use self_shared::domain::new_id;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Bench;
use crate::engine::Task;
use crate::models::ModelId;
use crate::stages::decode::Info;
use crate::stages::transcribe::{Heard, Segment};

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
    transcribed_ms: u64,
    /// Known once all sound is in segments; only the meaning is missing then.
    pub(super) duration_ms: Option<u64>,
    /// Known once the recording was opened.
    pub(super) format: Option<Info>,
    model: ModelId,
}

/// A segment and the id of its row.
#[derive(Clone, Debug)]
pub(super) struct SavedSegment {
    pub(super) id: Uuid,
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
    pub(super) text: String,
    revision: i32,
}

impl Transcript {
    /// What is in the database, be it all or what earlier attempts saved.
    ///
    /// # Errors
    /// [`Ending::Fail`] when there is no such transcript any more.
    pub(super) async fn load(bench: &Bench, task: &Task, id: Uuid) -> Result<Self, Ending> {
        let mut tx = bench.database.as_user(task.user()?).await.map_err(anyhow::Error::from)?;
        let row: Option<(Uuid, Option<Uuid>, i64, Option<i64>)> = sqlx::query_as(
            "select conversation_id, audio_id, transcribed_ms, duration_ms from transcriptions where id = $1",
        )
        .bind(id)
        .fetch_optional(&mut *tx)
        .await
        .map_err(anyhow::Error::from)?;
        let (conversation_id, audio_id, transcribed_ms, duration_ms) = row.ok_or_else(missing)?;
        let rows: Vec<(Uuid, i64, i64, String, i32)> = sqlx::query_as(
            "select id, start_ms, end_ms, text, revision from segments where transcription_id = $1 order by position",
        )
        .bind(id)
        .fetch_all(&mut *tx)
        .await
        .map_err(anyhow::Error::from)?;
        let segments: Vec<SavedSegment> = rows
            .into_iter()
            .map(|(id, start_ms, end_ms, text, revision)| SavedSegment {
                id,
                start_ms: start_ms.unsigned_abs(),
                end_ms: end_ms.unsigned_abs(),
                text,
                revision,
            })
            .collect();
        Ok(Self {
            id,
            conversation_id,
            audio_id,
            saved: segments.len(),
            segments,
            transcribed_ms: transcribed_ms.unsigned_abs(),
            duration_ms: duration_ms.map(i64::unsigned_abs),
            format: None,
            model: bench.ears.model(),
        })
    }

    /// The checkpoint: sound before it is in segments.
    pub(super) fn transcribed_ms(&self) -> u64 {
        self.transcribed_ms
    }

    /// Adds what was heard. A chunk in which nothing was said moves the checkpoint only.
    pub(super) fn add(&mut self, heard: Heard) {
        self.transcribed_ms = heard.end_ms;
        let fresh = heard.segments.into_iter().map(|Segment { start_ms, end_ms, text }| SavedSegment {
            id: new_id(),
            start_ms,
            end_ms,
            text,
            revision: 1,
        });
        self.segments.extend(fresh);
    }

    /// All sound was heard, and there was so much of it.
    pub(super) fn end(&mut self, length_ms: u64) {
        self.transcribed_ms = length_ms;
        self.duration_ms = Some(length_ms);
    }

    /// Writes what is new, with the checkpoint and its event, in one transaction that holds only
    /// while the job is this worker's own.
    pub(super) async fn save(&mut self, task: &Task) -> Result<(), Ending> {
        let mut tx = task.begin().await?;
        self.write(&mut tx, task).await.map_err(anyhow::Error::from)?;
        task.commit(tx).await?;
        self.saved = self.segments.len();
        Ok(())
    }

    async fn write(&self, tx: &mut PgConnection, task: &Task) -> sqlx::Result<()> {
        sqlx::query(
            "update transcriptions set transcribed_ms = $2, duration_ms = $3, model = $4, model_version = $5
             where id = $1",
        )
        .bind(self.id)
        .bind(self.transcribed_ms.cast_signed())
        .bind(self.duration_ms.map(u64::cast_signed))
        .bind(self.model.name)
        .bind(self.model.version)
        .execute(&mut *tx)
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
            .execute(&mut *tx)
            .await?;
        }
        let Some(user) = task.claim.user else { return Ok(()) };
        let (first, fresh) = (self.saved, &self.segments[self.saved..]);
        if fresh.is_empty() {
            return Ok(());
        }
        let fresh: Vec<NewSegment> = fresh.iter().map(SavedSegment::row).collect();
        let position = i32::try_from(first).unwrap_or(i32::MAX);
        segments::insert(tx, user, self.conversation_id, self.id, position, &fresh).await?;
        let data = self.news(first, None);
        events::append(tx, user, EventKind::TranscriptionUpdate, &self.rooms(task), data).await?;
        Ok(())
    }

    /// The event's particulars: the segments from `first` on, and whether more will come. Text is
    /// replaced by `segment_id` and `revision`, never appended.
    pub(super) fn news(
        &self,
        first: usize,
        completed_at: Option<chrono::DateTime<chrono::Utc>>,
    ) -> serde_json::Value {
        let segments: Vec<_> = (first..)
            .zip(&self.segments[first..])
            .map(|(position, segment)| {
                json!({
                    "segment_id": segment.id,
                    "revision": 1,
                    "position": position,
                    "start_ms": segment.start_ms,
                    "end_ms": segment.end_ms,
                    "text": segment.text,
                    "speaker": null,
                    "is_final": true,
                    "speech_final": true,
                })
            })
            .collect();
        json!({
            "transcription_id": self.id,
            "conversation_id": self.conversation_id,
            "audio_id": self.audio_id,
            "segments": segments,
            "transcribed_ms": self.transcribed_ms,
            "duration_ms": self.duration_ms,
            "completed_at": completed_at,
        })
    }

    /// Where its news are heard.
    pub(super) fn rooms(&self, task: &Task) -> [Room; 2] {
        [Room::Conversation(self.conversation_id), Room::Job(task.claim.id)]
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.segments.iter().map(|segment| segment.text.clone()).collect()
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
    fn row(&self) -> NewSegment {
        NewSegment {
            id: self.id,
            start_ms: self.start_ms.cast_signed(),
            end_ms: self.end_ms.cast_signed(),
            text: self.text.clone(),
            speaker: None,
        }
    }
}

fn missing() -> Ending {
    Ending::Fail(Failure::new(FailureCode::ObjectMissing, "This conversation is not there any more."))
}
