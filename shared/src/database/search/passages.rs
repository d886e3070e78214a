//! What is shown of what was found.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::{UserTx, row};

row! {
    /// A passage of a conversation, ready to be played.
    #[derive(Clone, Debug)]
    pub struct Passage {
        /// Names it.
        pub id: Uuid,
        /// The conversation that it is from.
        pub conversation_id: Uuid,
        /// What that is called.
        pub title: String,
        /// When that began.
        pub started_at: DateTime<Utc>,
        /// The transcript that it is from.
        pub transcription_id: Uuid,
        /// The recording to play.
        pub audio_id: Option<Uuid>,
        /// The segments that it is made of.
        pub segment_ids: Vec<Uuid>,
        /// Where it begins in the recording.
        pub start_ms: i64,
        /// Where it ends.
        pub end_ms: i64,
        /// What was said.
        pub text: String,
        /// The same, with marks around the words that were asked for.
        pub marked: String,
    }
}

/// What stands before and behind a marked word: characters that occur in no text.
const MARKS: [char; 2] = ['\u{2}', '\u{3}'];

/// The passages with these ids, in their order, with the words marked that are among the wanted.
///
/// # Errors
/// When the database does not answer.
pub async fn passages(tx: &mut UserTx, ids: &[Uuid], wanted: &str) -> sqlx::Result<Vec<Passage>> {
    let user = tx.user();
    sqlx::query_as(
        "with asked as (
             select string_agg('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''', ' | ')::tsquery
                 as words
             from unnest(to_tsvector('english', $3)))
         select e.id, e.conversation_id, c.title, c.started_at, e.transcription_id, t.audio_id, e.segment_ids,
                e.start_ms, e.end_ms, e.text,
                coalesce(ts_headline('english', translate(e.text, E'\\x02\\x03', ''), asked.words,
                                     E'HighlightAll=true, StartSel=\"\\x02\", StopSel=\"\\x03\"'), e.text) as marked
         from unnest($2::uuid[]) with ordinality as wanted (id, place)
         join conversation_embeddings e on e.id = wanted.id
         join conversations c on c.id = e.conversation_id
         join transcriptions t on t.id = e.transcription_id
         cross join asked
         where e.user_id = $1
         order by wanted.place",
    )
    .bind(user.0)
    .bind(ids)
    .bind(wanted)
    .fetch_all(&mut **tx)
    .await
}

impl Passage {
    /// Where the marked words stand in the text: from and to, in characters.
    #[must_use]
    pub fn highlights(&self) -> Vec<(usize, usize)> {
        let (mut place, mut opened, mut found) = (0, None, Vec::new());
        for character in self.marked.chars() {
            if character == MARKS[0] {
                opened = Some(place);
            } else if character == MARKS[1] {
                found.extend(opened.take().map(|from| (from, place)));
            } else {
                place += 1;
            }
        }
        found
    }
}
