//! Conversations and files that are close in meaning to a conversation.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::UserTx;
use crate::domain::insight::InsightKind;

/// From this cosine on, two passages are about the same topic.
const SAME_TOPIC: f64 = 0.5;
/// From this cosine on, a passage and a part of a file are about the same topic.
const SAME_AS_FILE: f64 = 0.6;
/// Passages of a conversation that are compared. Of a longer conversation, this many are compared, spread
/// evenly.
const PASSAGES: i64 = 30;
/// Days between conversations that are compared. After a longer time, a topic counts as new.
const DAYS: i32 = 120;
/// Passages of other conversations that are compared, those closest in time. So after an import of a long
/// history, one conversation is not compared with all of it.
const MOST_PASSAGES: i64 = 5_000;
/// Other conversations that are examined for one topic, or for one file.
const MOST_CONVERSATIONS: i64 = 8;
/// Files that are reported for one conversation.
const FILES: i64 = 3;

/// A passage that is close to one of the examined conversation.
#[derive(Clone, Debug)]
pub struct NearPassage {
    /// The passage of the examined conversation.
    pub own_id: Uuid,
    pub conversation_id: Uuid,
    /// The title of the conversation.
    pub title: String,
    /// The start of the conversation.
    pub started_at: DateTime<Utc>,
    /// The segments of the passage.
    pub segment_ids: Vec<Uuid>,
    /// The text of the passage.
    pub text: String,
}

/// A file that is close to a conversation, with the two closest passages.
#[derive(Clone, Debug)]
pub struct NearFile {
    /// The title of the conversation.
    pub title: String,
    /// The segments of its passage.
    pub segment_ids: Vec<Uuid>,
    /// The text of its passage.
    pub said: String,
    pub file_id: Uuid,
    /// The path on the device.
    pub path: String,
    /// The text of the file's passage.
    pub written: String,
}

/// A statement over `own`, the passages of `$2` that are compared: `$3` of them evenly spread, or all if there
/// are fewer.
macro_rules! query_spread {
    ($query:ident($($row:ident,)?), $table:literal, $owner:literal, $after:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::$query!(
            $($row,)?
            "with own as (
                 select * from (
                     select e.*, row_number() over (order by position) as place, count(*) over () as passages
                     from "
                + $table
                + " e where user_id = $1 and "
                + $owner
                + " = $2) all_of_it
                 where passages <= $3 or place * $3 / passages > (place - 1) * $3 / passages)"
                + $after,
            $($parameter),+
        )
    };
}

/// Lists the other conversations that share a topic with this one according to current insights, newest
/// first.
pub async fn sharing_a_topic(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    sqlx::query_scalar!(
        r#"select distinct other.conversation_id as "conversation_id!"
           from insight_evidence own
           join insights i on i.id = own.insight_id and i.kind = $3 and i.superseded_by is null
           join insight_evidence other on other.insight_id = i.id
           where own.user_id = $1 and i.user_id = $1 and other.user_id = $1 and own.conversation_id = $2
             and other.conversation_id <> $2
           order by 1 desc limit $4"#,
        user.0,
        conversation,
        InsightKind::TopicReturning.as_str(),
        MOST_CONVERSATIONS,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Lists each passage of a conversation that is close to another conversation: first the passage itself,
/// then the closest passage of each other conversation, closest first.
pub async fn near_passages(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<NearPassage>> {
    let user = tx.user();
    query_spread!(
        query_as(NearPassage,),
        "conversation_embeddings",
        "conversation_id",
        r#",
           began as (select started_at from conversations where user_id = $1 and id = $2),
           others as materialized (
               select other.id, other.conversation_id, other.embedding, other.model
               from conversation_embeddings other
               join conversations c on c.id = other.conversation_id
               cross join began
               where other.user_id = $1 and c.user_id = $1 and other.conversation_id <> $2
                 and c.started_at between began.started_at - make_interval(days => $5)
                                      and began.started_at + make_interval(days => $5)
               order by abs(extract(epoch from c.started_at - began.started_at)), other.id limit $6),
           pairs as (
               select own.id as own, other.id as other, own.embedding <=> other.embedding as distance,
                      row_number() over (partition by own.id, other.conversation_id
                                         order by own.embedding <=> other.embedding, other.id) as place
               from own
               join others other on other.model = own.model
               where own.embedding <=> other.embedding <= 1 - $4::float8),
           kept as (
               select own, other, distance from pairs where place = 1
               union all select distinct own, own, -1 from pairs)
           select kept.own as "own_id!", c.id as conversation_id, c.title, c.started_at, e.segment_ids, e.text
           from kept
           join conversation_embeddings e on e.id = kept.other
           join conversations c on c.id = e.conversation_id
           where e.user_id = $1 and c.user_id = $1
           order by kept.own, kept.distance, kept.other"#,
        user.0,
        conversation,
        PASSAGES,
        SAME_TOPIC,
        DAYS,
        MOST_PASSAGES,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Lists the files that are closest to a conversation.
pub async fn near_files(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<NearFile>> {
    let user = tx.user();
    query_spread!(
        query_as(NearFile,),
        "conversation_embeddings",
        "conversation_id",
        ",
         pairs as (
             select distinct on (f.file_id) f.file_id, f.text as written, own.segment_ids, own.text as said,
                    own.embedding <=> f.embedding as distance
             from own join file_embeddings f on f.model = own.model
             where f.user_id = $1 and own.embedding <=> f.embedding <= 1 - $4::float8
             order by f.file_id, own.embedding <=> f.embedding, f.id)
         select c.title, pairs.segment_ids, pairs.said, files.id as file_id, files.path, pairs.written
         from pairs
         join files on files.id = pairs.file_id
         join conversations c on c.id = $2
         where files.user_id = $1 and c.user_id = $1 and files.state = 'present'
         order by pairs.distance, files.id limit $5",
        user.0,
        conversation,
        PASSAGES,
        SAME_AS_FILE,
        FILES,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Lists the conversations that are closest to a file.
pub async fn near_conversations(tx: &mut UserTx, file: Uuid) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    query_spread!(
        query_scalar(),
        "file_embeddings",
        "file_id",
        "
         select c.conversation_id
         from own join conversation_embeddings c on c.model = own.model
         where c.user_id = $1 and own.embedding <=> c.embedding <= 1 - $4::float8
         group by c.conversation_id
         order by min(own.embedding <=> c.embedding), c.conversation_id limit $5",
        user.0,
        file,
        PASSAGES,
        SAME_AS_FILE,
        MOST_CONVERSATIONS,
    )
    .fetch_all(&mut **tx)
    .await
}
