//! The transcript: its rows, saved chunk by chunk, and the checkpoint.

use self_shared::database::events;
use self_shared::domain::event::{EventKind, Room};
use self_shared::domain::job::{Ending, TranscribeAudio};
use self_shared::domain::new_id;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::Bench;
use crate::engine::Task;
use crate::models::ModelId;
use crate::stages::decode::Info;
use crate::stages::transcribe::Segment;

/// What is known of what was said.
#[derive(Debug)]
pub(super) struct Transcript {
    pub(super) id: Uuid,
    pub(super) conversation_id: Uuid,
    audio_id: Uuid,
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
}

impl Transcript {
    /// What earlier attempts saved.
    pub(super) async fn load(bench: &Bench, task: &Task, job: &TranscribeAudio) -> Result<Self, Ending> {
        let mut tx = bench.database.as_user(task.user()?).await.map_err(anyhow::Error::from)?;
        let (transcribed_ms, duration_ms): (i64, Option<i64>) =
            sqlx::query_as("select transcribed_ms, duration_ms from transcriptions where id = $1")
                .bind(job.transcription_id)
                .fetch_one(&mut *tx)
                .await
                .map_err(anyhow::Error::from)?;
        let rows: Vec<(Uuid, i64, i64, String)> = sqlx::query_as(
            "select id, start_ms, end_ms, text from segments where transcription_id = $1 order by position",
        )
        .bind(job.transcription_id)
        .fetch_all(&mut *tx)
        .await
        .map_err(anyhow::Error::from)?;
        let segments: Vec<SavedSegment> = rows
            .into_iter()
            .map(|(id, start_ms, end_ms, text)| SavedSegment {
                id,
                start_ms: start_ms.unsigned_abs(),
                end_ms: end_ms.unsigned_abs(),
                text,
            })
            .collect();
        Ok(Self {
            id: job.transcription_id,
            conversation_id: job.conversation_id,
            audio_id: job.audio_id,
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
    pub(super) fn add(&mut self, heard: Segment) {
        self.transcribed_ms = heard.end_ms;
        if !heard.text.is_empty() {
            let Segment { start_ms, end_ms, text } = heard;
            self.segments.push(SavedSegment { id: new_id(), start_ms, end_ms, text });
        }
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
        sqlx::query(
            "insert into segments (id, user_id, conversation_id, transcription_id, position, start_ms, end_ms, text)
             select id, $1, $2, $3, $4 + row - 1, start_ms, end_ms, text
             from unnest($5::uuid[], $6::bigint[], $7::bigint[], $8::text[])
                  with ordinality as fresh (id, start_ms, end_ms, text, row)",
        )
        .bind(user.0)
        .bind(self.conversation_id)
        .bind(self.id)
        .bind(i32::try_from(first).unwrap_or(i32::MAX))
        .bind(fresh.iter().map(|segment| segment.id).collect::<Vec<_>>())
        .bind(fresh.iter().map(|segment| segment.start_ms.cast_signed()).collect::<Vec<_>>())
        .bind(fresh.iter().map(|segment| segment.end_ms.cast_signed()).collect::<Vec<_>>())
        .bind(fresh.iter().map(|segment| segment.text.as_str()).collect::<Vec<_>>())
        .execute(&mut *tx)
        .await?;
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

    pub(super) fn word_count(&self) -> usize {
        self.segments.iter().map(|segment| segment.text.split_whitespace().count()).sum()
    }
}
