//! File events from apps: their fields and their validation.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::files::{
    FileHistoryEvent, NewContent, NewFileEvent, RecordedBatch, RecordedEvent,
};
use self_shared::database::{EnumColumn, files};
use self_shared::domain::file::FileEventKind;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::kind;
use crate::input::text::{Line, Sha256 as Sha256Digits, Text};
use crate::problem::{Code, FieldProblem, Problem};
use crate::time::Time;
use crate::views::{example_id, example_time};
use crate::wire_enums::Wire;

/// The largest content of an event, in bytes. Larger content is uploaded.
const LARGEST_CONTENT: usize = 512 * 1024;
/// How far the clock of an app may be ahead.
const AHEAD: TimeDelta = TimeDelta::days(1);
/// The largest number of errors that are reported.
const MOST_COMPLAINTS: usize = 50;

/// Up to 1,000 file events. The server accepts all of them or none.
#[derive(Object)]
#[oai(example)]
pub(super) struct FileEventBatch {
    /// The events, in any order.
    #[oai(validator(min_items = 1, max_items = 1000))]
    events: Vec<NewFileEventView>,
}

/// A new file event.
#[derive(Object)]
#[oai(rename = "NewFileEvent")]
struct NewFileEventView {
    /// The id of the event, made by the app. To send the event again, use the same id.
    id: Uuid,
    /// The kind of the event.
    kind: Wire<FileEventKind>,
    /// The device that the file is on: a name of the app's choice.
    device: Text<Line<200>>,
    /// The path of the file; for a move, the new path.
    #[oai(validator(min_length = 1, max_length = 4096))]
    path: String,
    /// The previous path; for a move only, and required there.
    #[oai(validator(min_length = 1, max_length = 4096))]
    from_path: Option<String>,
    /// The size of the file after the event, in bytes.
    #[oai(validator(minimum(value = "0")))]
    size_bytes: Option<i64>,
    /// The SHA-256 of the file's bytes, in hexadecimal.
    sha256: Option<Text<Sha256Digits>>,
    /// The media type of the file.
    content_type: Option<Text<Line<200>>>,
    /// When the event happened, by the app's clock: between 1970 and a day from now. These times, and
    /// not the order of arrival, decide the order of events.
    happened_at: Time,
    /// The text of the file after the event, up to 512 KiB, for a file that was created or modified:
    /// plain text, Markdown or HTML, according to `content_type` or the extension of `path`. Upload
    /// larger text and PDF instead.
    content: Option<String>,
}

/// The results of the events.
#[derive(Object)]
#[oai(rename = "RecordedFileEvents", example)]
pub(super) struct RecordedView {
    /// One result for each event, in the order of the request.
    events: Vec<RecordedEventView>,
}

/// The result of an event.
#[derive(Object)]
#[oai(rename = "RecordedFileEvent", skip_serializing_if_is_none)]
struct RecordedEventView {
    /// The id of the event.
    id: Uuid,
    /// The file that the event is about.
    file_id: Uuid,
    /// Whether the server had this event already. A duplicate changes nothing.
    duplicate: bool,
    /// The job that processes the content of the event. Absent if newer content has replaced it.
    job_id: Option<Uuid>,
}

impl FileEventBatch {
    /// Validates and converts the events.
    ///
    /// # Errors
    /// All invalid fields, each with the index of its event.
    pub(super) fn read(self) -> Result<Vec<NewFileEvent>, Problem> {
        let latest = Utc::now() + AHEAD;
        let (mut events, mut wrong) = (Vec::with_capacity(self.events.len()), Vec::new());
        for (index, event) in self.events.into_iter().enumerate() {
            let complaints = event.complaints(latest);
            wrong.extend(complaints.into_iter().map(|(field, detail)| FieldProblem {
                field: format!("events[{index}].{field}"),
                detail: detail.to_owned(),
            }));
            events.push(event.read());
        }
        if wrong.is_empty() {
            return Ok(events);
        }
        wrong.truncate(MOST_COMPLAINTS);
        Err(Problem::fields(wrong))
    }
}

impl NewFileEventView {
    /// The invalid fields, each with the reason.
    fn complaints(&self, latest: DateTime<Utc>) -> Vec<(&'static str, &'static str)> {
        let is_move = self.kind.0 == FileEventKind::Moved;
        let wrote = matches!(self.kind.0, FileEventKind::Created | FileEventKind::Modified);
        let from = self.from_path.as_deref();
        let checks = [
            (!is_move || from.is_some(), "from_path", "is missing: say where it was moved from"),
            (is_move || from.is_none(), "from_path", "is for moves only"),
            (from != Some(&self.path), "from_path", "must be another path than `path`"),
            (self.happened_at.0 >= DateTime::UNIX_EPOCH, "happened_at", "must not be before 1970"),
            (self.happened_at.0 <= latest, "happened_at", "must not be more than a day ahead"),
            (wrote || self.content.is_none(), "content", "is for files that were created or modified"),
            (
                self.content.as_ref().is_none_or(|content| content.len() <= LARGEST_CONTENT),
                "content",
                "must have at most 512 KiB: upload what is larger to `/api/v1/files/{id}/content`",
            ),
        ];
        checks.into_iter().filter(|(good, ..)| !good).map(|(_, field, detail)| (field, detail)).collect()
    }

    fn read(self) -> NewFileEvent {
        let content_type = self.content_type.map(|content_type| content_type.0);
        let content = self
            .content
            .map(|text| NewContent { kind: kind::of_text(content_type.as_deref(), &self.path), text });
        let event = FileHistoryEvent {
            id: self.id,
            kind: EnumColumn(self.kind.0),
            device: self.device.0,
            path: self.path,
            from_path: self.from_path,
            size_bytes: self.size_bytes,
            sha256: self.sha256.map(|digits| bytes(&digits.0)),
            content_type,
            content_sha256: content.as_ref().map(|content| Sha256::digest(&content.text).to_vec()),
            // Truncated to the precision of PostgreSQL, so that later reads return the same time.
            happened_at: self.happened_at.0.trunc_subsecs(6),
        };
        NewFileEvent { event, content }
    }
}

/// The bytes that these hexadecimal digits represent.
fn bytes(digits: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
    digits.as_bytes().chunks(2).map(|pair| pair.iter().fold(0, |sum, byte| sum << 4 | digit(*byte))).collect()
}

impl RecordedView {
    pub(super) fn new(events: &[NewFileEvent], recorded: &[RecordedEvent]) -> Self {
        let each = events.iter().zip(recorded).map(|(new, recorded)| RecordedEventView {
            id: new.event.id,
            file_id: recorded.file_id,
            duplicate: recorded.is_duplicate,
            job_id: recorded.job_id,
        });
        Self { events: each.collect() }
    }
}

/// The address for `Location`: of the job or jobs, if there are any; otherwise of the file or files.
pub(super) fn location(batch: &RecordedBatch) -> String {
    match (&batch.jobs[..], &batch.recorded[..]) {
        ([job], _) => format!("/api/v1/jobs/{}", job.id),
        ([_, ..], _) => "/api/v1/jobs?lane=files".to_owned(),
        ([], [first, rest @ ..]) if rest.iter().all(|other| other.file_id == first.file_id) => {
            format!("/api/v1/files/{}", first.file_id)
        }
        _ => "/api/v1/files".to_owned(),
    }
}

pub(super) fn refused(refused: files::RecordError) -> Problem {
    match refused {
        files::RecordError::Taken(indices) => {
            let wrong = indices.iter().take(MOST_COMPLAINTS).map(|index| FieldProblem {
                field: format!("events[{index}].id"),
                detail: "was used for an event that says something else".to_owned(),
            });
            let detail = "nothing was taken in: make a new id for each event, and send the same event with \
                          it again only to repeat it";
            Problem::new(Code::EventConflict, detail).at(wrong.collect())
        }
        files::RecordError::Database(error) => error.into(),
    }
}

impl Example for FileEventBatch {
    fn example() -> Self {
        let event = NewFileEventView {
            id: example_id(9),
            kind: Wire(FileEventKind::Created),
            device: "laptop".into(),
            path: "/home/ada/notes/kitchen.md".to_owned(),
            from_path: None,
            size_bytes: Some(41),
            sha256: None,
            content_type: Some("text/markdown".into()),
            happened_at: example_time(),
            content: Some("# Kitchen\n\nBlue tiles, no more than 900 €.".to_owned()),
        };
        Self { events: vec![event] }
    }
}

impl Example for RecordedView {
    fn example() -> Self {
        Self {
            events: vec![RecordedEventView {
                id: example_id(9),
                file_id: example_id(8),
                duplicate: false,
                job_id: Some(example_id(3)),
            }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> NewFileEventView {
        FileEventBatch::example().events.remove(0)
    }

    fn wrong_fields(event: NewFileEventView) -> Vec<String> {
        let read = FileEventBatch { events: vec![self::event(), event] }.read();
        read.err().map_or_else(Vec::new, |problem| {
            problem.wrong_fields().iter().map(|wrong| wrong.field.clone()).collect()
        })
    }

    #[test]
    fn what_is_wrong_is_named_with_the_place_of_its_event() {
        assert!(wrong_fields(event()).is_empty());
        let long = "x".repeat(LARGEST_CONTENT + 1);
        let several = NewFileEventView {
            happened_at: Time(Utc::now() + TimeDelta::days(2)),
            content: Some(long),
            ..event()
        };
        assert_eq!(wrong_fields(several), ["events[1].happened_at", "events[1].content"]);
    }

    #[test]
    fn a_move_has_two_ends_and_brings_no_content() {
        let moved = || NewFileEventView { kind: Wire(FileEventKind::Moved), ..event() };
        assert_eq!(wrong_fields(moved()), ["events[1].from_path", "events[1].content"]);
        let from =
            |path: &str| NewFileEventView { from_path: Some(path.to_owned()), content: None, ..moved() };
        assert!(wrong_fields(from("/elsewhere")).is_empty());
        assert_eq!(wrong_fields(from(&event().path)), ["events[1].from_path"]);
        let created = NewFileEventView { from_path: Some("/elsewhere".to_owned()), ..event() };
        assert_eq!(wrong_fields(created), ["events[1].from_path"]);
    }

    #[test]
    fn digits_are_read_as_bytes() {
        assert_eq!(bytes("00ffA5"), [0, 255, 165]);
    }
}
