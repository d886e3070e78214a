//! Import of conversations as text: the request bodies, and their conversion to segments.

use std::collections::BTreeMap;

use chrono::{SubsecRound, Utc};
use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::conversations::{self, Conversation};
use self_shared::database::segments::NewSegment;
use self_shared::database::{UserTx, jobs, transcriptions};
use self_shared::domain::job::{Job, UnderstandConversation};
use self_shared::domain::new_id;
use self_shared::subtitles::{self, Cue};
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::description::{Speakers, Tag, speakers, tags};
use super::split_segments::{LONGEST_TEXT, split_cue};
use crate::input::text::{Language, Text};
use crate::problem::Problem;
use crate::time::Time;
use crate::views::{ConversationView, JobView, example_id, example_time};

/// The longest duration of a recording, in milliseconds: 30 days.
const LONGEST_MS: i64 = 30 * 24 * 3_600_000;
/// The longest name of a speaker, in characters. A longer name is cut in a file and refused in a
/// segment.
const LONGEST_NAME: usize = 100;
/// The largest number of segments of a conversation.
const MOST_SEGMENTS: usize = 20_000;

/// A new conversation: empty, or with text. Send the text in one of three ways: as `segments` with
/// times, as `subtitles`, or as plain `text`.
#[derive(Object, Serialize)]
#[oai(example)]
pub(super) struct NewConversation {
    /// The title. When absent, it is found in the text.
    #[oai(validator(min_length = 1, max_length = 300, pattern = "\\S"))]
    title: Option<String>,
    /// Free text of the user about the conversation.
    #[oai(default, validator(max_length = 100_000))]
    notes: String,
    /// The tags.
    #[oai(default, validator(max_items = 50))]
    tags: Vec<Tag>,
    /// The names of the speakers: a map from the label in the segments (such as `A`) to the name. Up to
    /// 100.
    #[oai(default)]
    speakers: Speakers,
    /// The language spoken, as a BCP 47 tag.
    language: Option<Text<Language>>,
    /// When the conversation began. When absent, the time of the request.
    started_at: Option<Time>,
    /// The text as segments with times.
    #[oai(validator(max_items = 20_000))]
    segments: Option<Vec<NewSegmentView>>,
    /// The text as a SubRip (SRT) or WebVTT file. Speakers are read from voice tags and from names
    /// before a colon. Markup is removed. So are lines that rolling captions repeat. A cue without
    /// readable times is placed after the previous cue. A cue of more than 400 characters becomes one
    /// segment for each sentence; the sentences share the time of the cue.
    #[oai(validator(min_length = 1, pattern = "\\S"))]
    subtitles: Option<String>,
    /// The text without times. Each line becomes a segment; a line of more than 400 characters becomes
    /// one segment for each sentence. If the lines begin with names before a colon, these are the
    /// speakers.
    #[oai(validator(min_length = 1, pattern = "\\S"))]
    text: Option<String>,
}

/// A segment of a new conversation: one utterance with its times.
#[derive(Object, Serialize)]
#[oai(rename = "NewSegment")]
struct NewSegmentView {
    /// The start of the segment, in milliseconds from the start of the conversation. At most 30 days.
    #[oai(validator(minimum(value = "0"), maximum(value = "2592000000")))]
    start_ms: i64,
    /// The end of the segment, in milliseconds from the start of the conversation.
    #[oai(validator(minimum(value = "0"), maximum(value = "2592000000")))]
    end_ms: i64,
    /// The text that was spoken.
    #[oai(validator(min_length = 1, max_length = 10_000, pattern = "\\S"))]
    text: String,
    /// The speaker: a label such as `A`, or the name itself.
    #[oai(validator(max_length = 100))]
    speaker: Option<String>,
}

/// A new conversation, and the job that processes its text.
#[derive(Object)]
#[oai(rename = "AcceptedConversation", skip_serializing_if_is_none, example)]
pub(super) struct AcceptedConversationView {
    /// The conversation.
    pub conversation: ConversationView,
    /// The id of the transcript. Absent if the conversation is empty.
    pub transcription_id: Option<Uuid>,
    /// The job that processes the text. Absent if the conversation is empty. Follow it with
    /// `GET /api/v1/jobs/{id}` or over the WebSocket.
    pub job: Option<JobView>,
}

impl NewConversation {
    /// Creates the conversation with its segments, and enqueues the job that processes the text.
    pub(super) async fn create(
        self,
        tx: &mut UserTx,
        traceparent: Option<&str>,
    ) -> Result<AcceptedConversationView, Problem> {
        let segments = self.segments().await?;
        let now = Utc::now().trunc_subsecs(6);
        let source = if segments.is_some() { "import" } else { "empty" };
        let conversation = Conversation {
            title: self.title.map(|title| title.trim().to_owned()).unwrap_or_default(),
            notes: self.notes,
            tags: tags(self.tags),
            speakers: Json(speakers(self.speakers)?),
            language: self.language.map(|language| language.0),
            duration_ms: segments.as_deref().and_then(duration),
            ..Conversation::new(new_id(), source, self.started_at.map(|time| time.0), now)
        };
        conversations::insert(tx, &conversation).await?;
        let mut accepted = AcceptedConversationView {
            conversation: conversation.clone().into(),
            transcription_id: None,
            job: None,
        };
        if let Some(segments) = segments {
            let id = new_id();
            let duration_ms = conversation.duration_ms.unwrap_or(0);
            transcriptions::import(
                tx,
                id,
                conversation.id,
                conversation.language.as_deref(),
                duration_ms,
                &segments,
            )
            .await?;
            accepted.transcription_id = Some(id);
        }
        if let Some(transcription_id) = accepted.transcription_id {
            let job = Job::UnderstandConversation(UnderstandConversation {
                conversation_id: conversation.id,
                transcription_id,
            });
            let user = tx.user();
            accepted.job = Some(jobs::enqueue(tx, Some(user), &job, 0, traceparent).await?.into());
        }
        Ok(accepted)
    }

    /// The segments, from whichever field has the text; `None` if no field has text.
    async fn segments(&self) -> Result<Option<Vec<NewSegment>>, Problem> {
        let segments = match (&self.segments, &self.subtitles, &self.text) {
            (None, None, None) => return Ok(None),
            (Some(given), None, None) => timed(given)?,
            (None, Some(file), None) => subtitles(file.clone()).await?,
            (None, None, Some(text)) => lines(text)?,
            _ => {
                return Err(Problem::field(
                    "segments",
                    "cannot come together with `subtitles` or `text`: send one",
                ));
            }
        };
        if segments.len() > MOST_SEGMENTS {
            return Err(Problem::field(
                "segments",
                format!("are more than {MOST_SEGMENTS}: send several conversations"),
            ));
        }
        Ok(Some(segments))
    }
}

fn timed(given: &[NewSegmentView]) -> Result<Vec<NewSegment>, Problem> {
    let mut segments = Vec::with_capacity(given.len());
    for (index, segment) in given.iter().enumerate() {
        let wrong = |field: &str, what: &str| Err(Problem::field(format!("segments[{index}].{field}"), what));
        if !(0..=LONGEST_MS).contains(&segment.start_ms) {
            return wrong("start_ms", "must be between 0 and 30 days");
        }
        if !(segment.start_ms..=LONGEST_MS).contains(&segment.end_ms) {
            return wrong("end_ms", "must not be before `start_ms`, nor after 30 days");
        }
        if segment.text.trim().is_empty() || segment.text.contains('\0') {
            return wrong("text", "must say something, without null characters");
        }
        if segment.text.chars().count() > LONGEST_TEXT {
            return wrong("text", "may have at most 10000 characters");
        }
        if segment
            .speaker
            .as_ref()
            .is_some_and(|speaker| speaker.chars().count() > LONGEST_NAME || speaker.contains('\0'))
        {
            return wrong("speaker", "must have at most 100 characters, none of them null");
        }
        segments.push(NewSegment {
            id: new_id(),
            start_ms: segment.start_ms,
            end_ms: segment.end_ms,
            text: segment.text.trim().to_owned(),
            speaker: segment.speaker.clone().filter(|speaker| !speaker.trim().is_empty()),
            quality: None,
        });
    }
    segments.sort_by_key(|segment| segment.start_ms);
    Ok(segments)
}

async fn subtitles(file: String) -> Result<Vec<NewSegment>, Problem> {
    if file.contains('\0') {
        return Err(Problem::field("subtitles", "must be without null characters"));
    }
    // Parsing a long file takes time, so it runs outside the threads that serve requests.
    let read =
        tokio::task::spawn_blocking(move || subtitles::cues(&file)).await.map_err(Problem::internal)?;
    if read.is_empty() {
        return Err(Problem::field("subtitles", "hold no cue with a text: send a SubRip or WebVTT file"));
    }
    timed(&read.into_iter().flat_map(split_cue).map(NewSegmentView::from).collect::<Vec<_>>())
}

/// Converts plain text to segments: one for each line, or for each sentence of a long line. Names at
/// the beginnings of the lines become speakers. All times are 0, because they are unknown.
fn lines(text: &str) -> Result<Vec<NewSegment>, Problem> {
    if text.contains('\0') {
        return Err(Problem::field("text", "must be without null characters"));
    }
    let turns = subtitles::turns(text).into_iter();
    let cues = turns.map(|(speaker, text)| Cue { start_ms: 0, end_ms: 0, text, speaker });
    let views: Vec<_> = cues.flat_map(split_cue).map(NewSegmentView::from).collect();
    if views.is_empty() {
        return Err(Problem::field("text", "says nothing"));
    }
    timed(&views)
}

impl From<Cue> for NewSegmentView {
    fn from(Cue { start_ms, end_ms, text, speaker }: Cue) -> Self {
        let speaker = speaker.map(|name| name.chars().take(LONGEST_NAME).collect());
        Self { start_ms, end_ms, text, speaker }
    }
}

/// The duration of the conversation; `None` if no segment has a time.
fn duration(segments: &[NewSegment]) -> Option<i64> {
    segments.iter().map(|segment| segment.end_ms).max().filter(|end| *end > 0)
}

impl Example for NewConversation {
    fn example() -> Self {
        Self {
            title: None,
            notes: String::new(),
            tags: vec!["home".into()],
            speakers: BTreeMap::from([("A".to_owned(), "Ada".into())]),
            language: Some("en".into()),
            started_at: Some(example_time()),
            segments: Some(vec![NewSegmentView {
                start_ms: 350,
                end_ms: 2_900,
                text: "Shall we take the blue tiles?".to_owned(),
                speaker: Some("A".to_owned()),
            }]),
            subtitles: None,
            text: None,
        }
    }
}

impl Example for AcceptedConversationView {
    fn example() -> Self {
        Self {
            conversation: ConversationView::example(),
            transcription_id: Some(example_id(4)),
            job: Some(JobView::example()),
        }
    }
}
