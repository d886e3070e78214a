//! The list of decisions, and taking a decision back.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Decided;
use super::decisions::query_decided;
use crate::database::{UserTx, graph, jobs};
use crate::domain::entity::spelling;
use crate::domain::job::{Job, JobSnapshot, UnderstandConversation};
use crate::events::EntityUpdate;

/// The largest number of transcripts that are processed again for one decision, newest first.
const MOST: i64 = 200;

/// A transcript that a decision may have affected.
struct AffectedTranscript {
    conversation_id: Uuid,
    transcription_id: Uuid,
}

/// Lists the person's decisions after a cursor, newest first.
pub async fn decided(
    tx: &mut UserTx,
    behind: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<Decided>> {
    let (user, (time, id)) = (tx.user(), behind.unzip());
    query_decided!(
        "and ($2::timestamptz is null or (decided_at, id) < ($2, $3)) order by decided_at desc, id desc limit $4",
        user.0,
        time,
        id,
        limit,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Deletes a decision, and enqueues jobs that understand the affected transcripts again: those that mention
/// the entity of the decision, those that mentioned a removed entity, and those in which the words occur.
/// Returns `None` if the person has no decision with this id.
pub async fn take_back(
    tx: &mut UserTx,
    id: Uuid,
    traceparent: Option<&str>,
) -> sqlx::Result<Option<Vec<JobSnapshot>>> {
    graph::lock(tx).await?;
    let user = tx.user();
    let decided = query_decided!("and id = $2", user.0, id).fetch_optional(&mut **tx).await?;
    let Some(decided) = decided else { return Ok(None) };
    let affected = affected(tx, id).await?;
    call_no_more(tx, &decided).await?;
    sqlx::query!("delete from entity_decisions where user_id = $1 and id = $2", user.0, id)
        .execute(&mut **tx)
        .await?;
    let mut work = Vec::new();
    for AffectedTranscript { conversation_id, transcription_id } in affected {
        let job = Job::UnderstandConversation(UnderstandConversation { conversation_id, transcription_id });
        work.extend(jobs::enqueue_once(tx, user, &job, traceparent).await?);
    }
    tx.emit(&EntityUpdate::TakenBack { decision_id: id });
    Ok(Some(work))
}

/// Finds the affected transcripts that are current.
async fn affected(tx: &mut UserTx, decision: Uuid) -> sqlx::Result<Vec<AffectedTranscript>> {
    let user = tx.user();
    sqlx::query_as!(
        AffectedTranscript,
        r#"with decision as (select * from entity_decisions where user_id = $1 and id = $2),
           named as (
               select unnest(transcription_ids) as id from decision
               union
               select m.transcription_id from decision d
               join entities e on e.user_id = $1 and e.kind = d.as_kind and e.key = d.as_key
               join mentions m on m.user_id = $1 and m.entity_id = e.id
               union
               select s.transcription_id from decision d
               join segments s on s.user_id = $1
                   and s.words @@ plainto_tsquery('english', coalesce(nullif(d.spelling, ''), d.key)))
           select t.conversation_id as "conversation_id!", t.id as "transcription_id!"
           from named join current_transcriptions t on t.id = named.id
           where t.user_id = $1
           order by t.created_at desc, t.id desc limit $3"#,
        user.0,
        decision,
        MOST,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Removes the name from the aliases of the entity that the decision referred to. The jobs add it again if
/// it is found.
async fn call_no_more(tx: &mut UserTx, decided: &Decided) -> sqlx::Result<()> {
    let user = tx.user();
    let entity = sqlx::query!(
        "select id, aliases from entities where user_id = $1 and kind = $2 and key = $3 for update",
        user.0,
        decided.as_kind.as_deref(),
        decided.as_key.as_deref(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(mut entity) = entity else { return Ok(()) };
    entity
        .aliases
        .retain(|alias| spelling(alias) != decided.key && Some(spelling(alias)) != decided.spelling);
    sqlx::query!(
        "update entities set aliases = $3, version = version + 1, updated_at = now()
         where user_id = $1 and id = $2",
        user.0,
        entity.id,
        &entity.aliases,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}
