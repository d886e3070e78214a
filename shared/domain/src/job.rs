//! Work to do: what kinds there are, where they run, and how they end.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::failure::Failure;
use super::progress::{Progress, Stage};
use super::transcription::TranscriptionOptions;
use super::{UserId, words};

words! {
    /// What scales separately. A worker is started with the lanes that it serves.
    pub enum Lane {
        /// Sound that is still being recorded.
        Live = "live",
        /// Recordings: decode, transcribe and all that follows.
        Audio = "audio",
        /// Text that needs no sound.
        Text = "text",
        /// Contents of files.
        Files = "files",
        /// What deserves attention.
        Insights = "insights",
        /// What an outside service is asked for.
        Summaries = "summaries",
        /// The house's own upkeep.
        Maintenance = "maintenance",
        /// Archives for people to take with them. They take as long as storage takes to read all that
        /// somebody has, be it hours: in a lane of their own nobody waits behind one but who wants one.
        Exports = "exports",
    }
}

words! {
    /// Where a job stands. `queued` and `running` may alternate; the other three are endings.
    pub enum JobState {
        /// Waits for a worker, or for its next try.
        Queued = "queued",
        /// A worker holds its lease.
        Running = "running",
        /// Its results are committed.
        Succeeded = "succeeded",
        /// Somebody asked for it to stop.
        Cancelled = "cancelled",
        /// It cannot work, or failed too often.
        Dead = "dead",
    }
}

impl JobState {
    /// Whether nothing more will happen by itself.
    #[must_use]
    pub const fn is_ending(self) -> bool {
        matches!(self, Self::Succeeded | Self::Cancelled | Self::Dead)
    }
}

words! {
    /// The stable name of each kind of job, as stored.
    pub enum JobKind {
        /// See [`TranscribeAudio`].
        TranscribeAudio = "transcribe_audio",
        /// See [`UnderstandConversation`].
        UnderstandConversation = "understand_conversation",
        /// See [`EmbedFile`].
        EmbedFile = "embed_file",
        /// Removes what interrupted uploads left in object storage.
        SweepObjects = "sweep_objects",
        /// Removes what is kept for a time only, once it is over.
        ForgetExpired = "forget_expired",
        /// Deletes the conversations that are older than their owners keep them.
        ExpireConversations = "expire_conversations",
        /// Removes the sound that is older than its owners keep it.
        ExpireAudio = "expire_audio",
        /// See [`EraseUser`].
        EraseUser = "erase_user",
        /// See [`ExportUser`].
        ExportUser = "export_user",
        /// See [`GenerateInsights`].
        GenerateInsights = "generate_insights",
        /// See [`SummarizeConversation`].
        SummarizeConversation = "summarize_conversation",
        /// Sees to it that everybody's insights follow the passing of time.
        RefreshInsights = "refresh_insights",
    }
}

/// Every job there is, with what it needs to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Job {
    /// Turns a recording into a searchable conversation.
    TranscribeAudio(TranscribeAudio),
    /// Finds out what a transcript means that came as text, or was corrected.
    UnderstandConversation(UnderstandConversation),
    /// Makes what is in a file a part of the memory.
    EmbedFile(EmbedFile),
    /// Removes all that a person had here.
    EraseUser(EraseUser),
    /// Writes all that a person has here into an archive.
    ExportUser(ExportUser),
    /// Removes what interrupted uploads left in object storage.
    SweepObjects(SweepObjects),
    /// Removes what is kept for a time only, once it is over.
    ForgetExpired(ForgetExpired),
    /// Deletes the conversations that are older than their owners keep them.
    ExpireConversations(ExpireConversations),
    /// Removes the sound that is older than its owners keep it.
    ExpireAudio(ExpireAudio),
    /// Finds what deserves a person's attention.
    GenerateInsights(GenerateInsights),
    /// Has a conversation summed up.
    SummarizeConversation(SummarizeConversation),
    /// Sees to it that everybody's insights follow the passing of time.
    RefreshInsights(RefreshInsights),
}

/// Turns one recording into transcript, entities, connections and embeddings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TranscribeAudio {
    /// The recording.
    pub audio_id: Uuid,
    /// The conversation that it is of.
    pub conversation_id: Uuid,
    /// The transcription to fill; its row exists and holds the checkpoint.
    pub transcription_id: Uuid,
    /// What the person asked for.
    pub options: TranscriptionOptions,
}

/// Turns a transcript into entities, connections and embeddings: one that came as text, or one that
/// a person has corrected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnderstandConversation {
    /// The conversation.
    pub conversation_id: Uuid,
    /// Its transcript.
    pub transcription_id: Uuid,
}

/// Makes what is in a file a part of the memory: its text as passages, and these as vectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmbedFile {
    /// The file; what is in it when the job starts is what counts.
    pub file_id: Uuid,
}

/// Removes what interrupted uploads left in object storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepObjects {}

/// Removes what is kept for a time only, once it is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgetExpired {}

/// Deletes the conversations that are older than their owners keep them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpireConversations {}

/// Removes the sound that is older than its owners keep it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpireAudio {}

/// Finds what deserves a person's attention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateInsights {
    /// Whose.
    pub user: UserId,
    /// Why something may.
    #[serde(flatten)]
    pub occasion: Occasion,
}

/// Why something may deserve attention that did not until now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Occasion {
    /// This conversation was understood, or something that it has to do with is gone.
    #[serde(rename = "conversation_id")]
    Conversation(Uuid),
    /// This file was embedded.
    #[serde(rename = "file_id")]
    File(Uuid),
    /// Time has passed.
    #[serde(rename = "time")]
    Time,
}

/// Has a conversation summed up by whatever summarizer is configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SummarizeConversation {
    /// The conversation.
    pub conversation_id: Uuid,
}

/// Sees to it that everybody's insights follow the passing of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshInsights {}

/// Removes a person with all that they had here: rows, vectors, objects, and what is on its way to
/// apps. The house's own job, since nothing of the person's survives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EraseUser {
    /// Who asked to be forgotten.
    pub user: UserId,
    /// The receipt.
    pub erasure_id: Uuid,
}

/// Writes everything that a person has here into an archive that they can take with them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportUser {
    /// The archive; its row exists.
    pub export_id: Uuid,
}

impl Job {
    /// The stable name of its kind.
    #[must_use]
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::TranscribeAudio(_) => JobKind::TranscribeAudio,
            Self::UnderstandConversation(_) => JobKind::UnderstandConversation,
            Self::EmbedFile(_) => JobKind::EmbedFile,
            Self::EraseUser(_) => JobKind::EraseUser,
            Self::ExportUser(_) => JobKind::ExportUser,
            Self::SweepObjects(_) => JobKind::SweepObjects,
            Self::ForgetExpired(_) => JobKind::ForgetExpired,
            Self::ExpireConversations(_) => JobKind::ExpireConversations,
            Self::ExpireAudio(_) => JobKind::ExpireAudio,
            Self::GenerateInsights(_) => JobKind::GenerateInsights,
            Self::SummarizeConversation(_) => JobKind::SummarizeConversation,
            Self::RefreshInsights(_) => JobKind::RefreshInsights,
        }
    }

    /// The lane that it runs in.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match self.kind() {
            JobKind::TranscribeAudio => Lane::Audio,
            JobKind::UnderstandConversation => Lane::Text,
            JobKind::EmbedFile => Lane::Files,
            JobKind::GenerateInsights => Lane::Insights,
            JobKind::SummarizeConversation => Lane::Summaries,
            JobKind::EraseUser
            | JobKind::SweepObjects
            | JobKind::ForgetExpired
            | JobKind::ExpireConversations
            | JobKind::ExpireAudio
            | JobKind::RefreshInsights => Lane::Maintenance,
            JobKind::ExportUser => Lane::Exports,
        }
    }

    /// What it is about, so that it can be found from there.
    #[must_use]
    pub const fn subject(&self) -> Option<Uuid> {
        match self {
            Self::TranscribeAudio(job) => Some(job.audio_id),
            Self::UnderstandConversation(job) => Some(job.transcription_id),
            Self::EmbedFile(job) => Some(job.file_id),
            Self::EraseUser(job) => Some(job.erasure_id),
            Self::ExportUser(job) => Some(job.export_id),
            Self::GenerateInsights(job) => match job.occasion {
                Occasion::Conversation(id) | Occasion::File(id) => Some(id),
                Occasion::Time => Some(job.user.0),
            },
            Self::SummarizeConversation(job) => Some(job.conversation_id),
            Self::SweepObjects(_)
            | Self::ForgetExpired(_)
            | Self::ExpireConversations(_)
            | Self::ExpireAudio(_)
            | Self::RefreshInsights(_) => None,
        }
    }

    /// The payload as stored beside [`Job::kind`].
    #[must_use]
    pub fn payload(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("a job is made of strings, numbers and ids")
    }

    /// Reads a stored job back.
    ///
    /// # Errors
    /// When the payload is not what its kind needs.
    pub fn from_row(kind: JobKind, payload: serde_json::Value) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            JobKind::TranscribeAudio => Self::TranscribeAudio(serde_json::from_value(payload)?),
            JobKind::UnderstandConversation => Self::UnderstandConversation(serde_json::from_value(payload)?),
            JobKind::EmbedFile => Self::EmbedFile(serde_json::from_value(payload)?),
            JobKind::EraseUser => Self::EraseUser(serde_json::from_value(payload)?),
            JobKind::ExportUser => Self::ExportUser(serde_json::from_value(payload)?),
            JobKind::SweepObjects => Self::SweepObjects(serde_json::from_value(payload)?),
            JobKind::ForgetExpired => Self::ForgetExpired(serde_json::from_value(payload)?),
            JobKind::ExpireConversations => Self::ExpireConversations(serde_json::from_value(payload)?),
            JobKind::ExpireAudio => Self::ExpireAudio(serde_json::from_value(payload)?),
            JobKind::GenerateInsights => Self::GenerateInsights(serde_json::from_value(payload)?),
            JobKind::SummarizeConversation => Self::SummarizeConversation(serde_json::from_value(payload)?),
            JobKind::RefreshInsights => Self::RefreshInsights(serde_json::from_value(payload)?),
        })
    }
}

/// How one attempt at a job ended without results. Success is not among them: it is the commit of
/// the results themselves.
///
/// It is no [`std::error::Error`]: only then can every error become one by `?`.
#[derive(Debug)]
pub enum Ending {
    /// Something around the job is broken; try again later. The default for errors.
    Retry(anyhow::Error),
    /// As [`Self::Retry`], and this is what the person and the operator read meanwhile.
    Wait(Failure),
    /// The input can never work; trying again would not help.
    Fail(Failure),
    /// The worker is being deployed or stopped; not the job's fault.
    Interrupted,
    /// Somebody asked for it to stop.
    Cancelled,
    /// Another worker has the job by now; whatever this one had is void.
    LeaseLost,
}

impl<E: Into<anyhow::Error>> From<E> for Ending {
    fn from(error: E) -> Self {
        Self::Retry(error.into())
    }
}

/// A job as clients see it: the same figures by polling and by push.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Job")]
pub struct JobSnapshot {
    /// Its id.
    pub id: Uuid,
    /// What kind of work it is.
    pub kind: JobKind,
    /// Where it runs.
    pub lane: Lane,
    /// Where it stands.
    pub state: JobState,
    /// What it is doing right now, while running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// How far it is.
    #[serde(flatten)]
    pub progress: Progress,
    /// How many jobs of the lane come first, while queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place_in_queue: Option<u64>,
    /// How often it was started.
    pub attempt: i32,
    /// Whether somebody asked for it to stop.
    pub cancel_requested: bool,
    /// Why it died, or why the last try failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The recording that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_id: Option<Uuid>,
    /// The conversation that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<Uuid>,
    /// The transcription that it fills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transcription_id: Option<Uuid>,
    /// The archive that it writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export_id: Option<Uuid>,
    /// The file that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_id: Option<Uuid>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When it may start, or start again.
    pub run_at: DateTime<Utc>,
    /// When it last started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it reached its ending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}
