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
use self_shared::subtitles::{self, Cue, Untimed};
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::description::{Speakers, Tag, speakers, tags};
use super::split_segments::{LONGEST_TEXT, split_cue};
use crate::input::Limit;
use crate::input::text::{Language, Text};
use crate::problem::Problem;
use crate::time::Time;
use crate::views::{ConversationView, JobView, example_id, example_time};

/// The longest duration of a recording, in milliseconds: 30 days.
const LONGEST_MS: i64 = 30 * 24 * 3_600_000;
/// The longest name of a speaker, in characters. A longer name is refused.
const LONGEST_NAME: usize = 100;
/// The largest number of segments of a conversation.
const MOST_SEGMENTS: usize = 20_000;
/// The largest number of lines of a file, which is more than so many segments have.
const MOST_LINES: usize = 25 * MOST_SEGMENTS;
/// The most of a line that is shown in a problem, in characters.
const SHOWN: usize = 80;

/// The limit for bodies with a transcript: what the largest number of segments needs in any script, also
/// where a program writes each character as an escape of JSON (`\u0431`).
#[derive(Debug)]
pub(super) enum Transcript {}

impl Limit for Transcript {
    const BYTES: usize = 8 * 1024 * 1024;
    const REMEDY: &'static str = "a conversation may have up to 20000 segments: send several conversations";
}

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
    /// readable times is placed after the previous cue; a file without any readable time is refused. A
    /// cue of more than 400 characters becomes one segment for each sentence; the sentences share the
    /// time of the cue.
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

/// A new conversation that was checked and whose text was read, to be stored.
pub(super) struct Import {
    conversation: Conversation,
    /// `None` for a conversation without text.
    segments: Option<Vec<NewSegment>>,
}

impl NewConversation {
    /// The size of the text, in bytes.
    pub(super) fn size(&self) -> usize {
        let size = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let segments = self.segments.iter().flatten();
        size(&self.subtitles)
            + size(&self.text)
            + self.notes.len()
            + segments.map(|segment| segment.text.len() + size_of::<NewSegment>()).sum::<usize>()
    }

    /// Checks the request and reads its text, which may take a second for a long one.
    pub(super) fn read(self) -> Result<Import, Problem> {
        let segments = self.segments()?;
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
        Ok(Import { conversation, segments })
    }

    /// The segments, from whichever field has the text; `None` if no field has text.
    fn segments(&self) -> Result<Option<Vec<NewSegment>>, Problem> {
        let (field, segments) = match (&self.segments, &self.subtitles, &self.text) {
            (None, None, None) => return Ok(None),
            (Some(given), None, None) => ("segments", timed(given)?),
            (None, Some(file), None) => ("subtitles", subtitles(file)?),
            (None, None, Some(text)) => ("text", lines(text)?),
            _ => {
                return Err(Problem::field(
                    "segments",
                    "cannot come together with `subtitles` or `text`: send one",
                ));
            }
        };
        if segments.len() > MOST_SEGMENTS {
            return Err(Problem::field(field, too_many()));
        }
        Ok(Some(segments))
    }
}

impl Import {
    /// Stores the conversation with its segments, and enqueues the job that processes the text.
    pub(super) async fn store(
        self,
        tx: &mut UserTx,
        traceparent: Option<&str>,
    ) -> Result<AcceptedConversationView, Problem> {
        let Self { conversation, segments } = self;
        conversations::insert(tx, &conversation).await?;
        let (transcription_id, job) = match segments {
            Some(segments) => {
                let id = new_id();
                let duration_ms = conversation.duration_ms.unwrap_or(0);
                let language = conversation.language.as_deref();
                transcriptions::import(tx, id, conversation.id, language, duration_ms, &segments).await?;
                let job = Job::UnderstandConversation(UnderstandConversation {
                    conversation_id: conversation.id,
                    transcription_id: id,
                });
                let user = tx.user();
                (Some(id), Some(jobs::enqueue(tx, Some(user), &job, 0, traceparent).await?.into()))
            }
            None => (None, None),
        };
        Ok(AcceptedConversationView { conversation: conversation.into(), transcription_id, job })
    }
}

fn too_many() -> String {
    format!("has more than {MOST_SEGMENTS} segments: send several conversations")
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

fn subtitles(file: &str) -> Result<Vec<NewSegment>, Problem> {
    let wrong = |what: String| Problem::field("subtitles", what);
    check_lines(file).map_err(wrong)?;
    let read = subtitles::timed_cues(file).map_err(|Untimed { line }| {
        let line = shown(&line);
        wrong(format!(
            "hold no time that can be read: the first line of times is `{line}`, and times are written as \
             `00:00:01,000 --> 00:00:02,500`"
        ))
    })?;
    if read.is_empty() {
        return Err(wrong("hold no cue with a text: send a SubRip or WebVTT file".to_owned()));
    }
    let long = read.iter().filter_map(|cue| cue.speaker.as_ref());
    if let Some(name) = long.into_iter().find(|name| name.chars().count() > LONGEST_NAME) {
        let name = shown(name);
        return Err(wrong(format!("hold a name of more than {LONGEST_NAME} characters: `{name}`")));
    }
    timed(&parts(read.into_iter()))
}

/// Converts plain text to segments: one for each line, or for each sentence of a long line. Names at
/// the beginnings of the lines become speakers. All times are 0, because they are unknown.
fn lines(text: &str) -> Result<Vec<NewSegment>, Problem> {
    check_lines(text).map_err(|what| Problem::field("text", what))?;
    let turns = subtitles::turns(text).into_iter();
    let views = parts(turns.map(|(speaker, text)| Cue { start_ms: 0, end_ms: 0, text, speaker }));
    if views.is_empty() {
        return Err(Problem::field("text", "says nothing"));
    }
    timed(&views)
}

/// Checks what is refused before it is read.
fn check_lines(text: &str) -> Result<(), String> {
    if text.contains('\0') {
        return Err("must be without null characters".to_owned());
    }
    let ends = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    if text.matches(ends).nth(MOST_LINES).is_some() {
        return Err(format!("may have at most {MOST_LINES} lines: send several conversations"));
    }
    Ok(())
}

/// The segments of cues. One more than are accepted is enough to refuse them.
fn parts(cues: impl Iterator<Item = Cue>) -> Vec<NewSegmentView> {
    cues.flat_map(split_cue).take(MOST_SEGMENTS + 1).map(NewSegmentView::from).collect()
}

/// A text of a person in a problem: its beginning, without control characters.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}

impl From<Cue> for NewSegmentView {
    fn from(Cue { start_ms, end_ms, text, speaker }: Cue) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: NewConversation) -> String {
        let Err(problem) = body.read() else { panic!("it is accepted") };
        problem.wrong_fields().iter().map(|wrong| format!("{}: {}", wrong.field, wrong.detail)).collect()
    }

    fn with_subtitles(file: impl Into<String>) -> NewConversation {
        let (subtitles, segments) = (Some(file.into()), None);
        NewConversation { subtitles, segments, ..NewConversation::example() }
    }

    #[test]
    fn a_file_without_times_is_refused_with_the_line_and_the_form() {
        let detail = refused(with_subtitles("1\nlater --> soon\nOne.\n"));
        assert!(detail.contains("`later --> soon`"), "{detail}");
        assert!(detail.contains("`00:00:01,000 --> 00:00:02,500`"), "{detail}");
        let one_is_bad = with_subtitles("1\nlater --> soon\nOne.\n\n2\n0:01 --> 0:02\nTwo.\n").read();
        assert_eq!(one_is_bad.unwrap().segments.unwrap().len(), 2);
    }

    #[test]
    fn a_name_is_kept_whole_or_refused() {
        let file = |name: &str| format!("WEBVTT\n\n0:01 --> 0:02\n<v {name}>Hello.\n");
        let (fits, long) = ("N".repeat(LONGEST_NAME), "N".repeat(LONGEST_NAME + 1));
        let read = with_subtitles(file(&fits)).read().unwrap().segments.unwrap();
        assert_eq!(read[0].speaker.as_ref(), Some(&fits));
        assert!(refused(with_subtitles(file(&long))).starts_with("subtitles: hold a name of more than 100"));
    }

    #[test]
    fn more_than_a_conversation_holds_is_refused() {
        let sentences = "So it is. ".repeat(MOST_SEGMENTS + 1);
        let file = format!("1\n0:01 --> 0:02\n{sentences}\n");
        assert!(refused(with_subtitles(file)).starts_with("subtitles: has more than 20000 segments"));
        let text = |text: String| NewConversation { text: Some(text), segments: None, ..Example::example() };
        assert!(refused(text(sentences)).starts_with("text: has more than 20000 segments"));
        let lines = "1\n".repeat(MOST_LINES + 1);
        assert!(refused(text(lines.clone())).starts_with("text: may have at most 500000 lines"));
        assert!(refused(with_subtitles(lines)).starts_with("subtitles: may have at most 500000 lines"));
    }
}
