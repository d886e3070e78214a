//! Replaces insights after they were computed again: unchanged ones stay, changed ones get a new version,
//! and those that no longer hold are deleted.

use std::collections::BTreeSet;

use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::announce;
use super::withdraw::remove;
use crate::database::{UserTx, row};
use crate::domain::insight::{InsightKind, NewInsight, Pointers};
use crate::domain::new_id;

/// The model that finds insights, as stored with them.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    pub model: &'a str,
    pub version: &'a str,
}

/// The insights that were computed again. An insight in the scope that was not found again no longer holds.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub kinds: &'a [InsightKind],
    /// Only insights with evidence in this conversation; all if `None`.
    pub conversation: Option<Uuid>,
}

row! {
    /// A current insight.
    struct Row {
        id: Uuid,
        kind: String,
        key: String,
        essence: String,
        title: String,
        detail: String,
        due_at: Option<chrono::DateTime<chrono::Utc>>,
        segments: Vec<Uuid>,
    }
}

/// Replaces the current insights of a scope by those that were found, and adds the events. An insight is
/// ignored if some of its evidence no longer exists. The caller holds [`crate::database::graph::lock`], so
/// that evidence is not deleted in the meantime.
pub async fn replace(
    tx: &mut UserTx,
    scope: &Scope<'_>,
    author: &Author<'_>,
    found: &[NewInsight],
) -> sqlx::Result<()> {
    let found = founded(tx, found).await?;
    let mut until_now = until_now(tx, scope, &found).await?;
    let (mut fresh, mut gone) = (Vec::new(), Vec::new());
    for (insight, key, former) in matched(&mut until_now, &found) {
        if let Some(former) = former.as_ref().filter(|former| former.says(insight)) {
            point(tx, former.id, insight).await?;
            continue;
        }
        let id = new_id();
        let essence = match (&former, &insight.essence) {
            (_, Some(essence)) => hash(essence),
            (Some(former), None) => former.essence.clone(),
            (None, None) => key.clone(),
        };
        if let Some(former) = former {
            let supersede = sqlx::query("update insights set superseded_by = $2 where id = $1");
            supersede.bind(former.id).bind(id).execute(&mut **tx).await?;
        }
        write(tx, id, insight, [&key, &essence], author).await?;
        point(tx, id, insight).await?;
        fresh.push(id);
    }
    for row in until_now.into_iter().filter(|row| scope.kinds.iter().any(|kind| kind.as_str() == row.kind)) {
        if row.is_within(tx, scope).await? {
            gone.push(row.id);
        }
    }
    remove(tx, &gone).await?;
    for id in fresh {
        announce(tx, id).await?;
    }
    Ok(())
}

/// Returns the insights whose evidence exists completely. Evidence may have been deleted while they were
/// computed.
async fn founded(tx: &mut UserTx, found: &[NewInsight]) -> sqlx::Result<Vec<NewInsight>> {
    let all = |of: fn(&NewInsight) -> &Vec<Uuid>| found.iter().flat_map(of).copied().collect::<Vec<_>>();
    let known: Vec<Uuid> = sqlx::query_scalar(
        "select id from segments where user_id = $1 and id = any ($2)
         union select id from entities where user_id = $1 and id = any ($3)
         union select id from files where user_id = $1 and id = any ($4)",
    )
    .bind(tx.user().0)
    .bind(all(|insight| &insight.evidence.segments))
    .bind(all(|insight| &insight.evidence.entities))
    .bind(all(|insight| &insight.evidence.files))
    .fetch_all(&mut **tx)
    .await?;
    let known: BTreeSet<Uuid> = known.into_iter().collect();
    let is_founded = |insight: &&NewInsight| {
        let Pointers { segments, entities, files } = &insight.evidence;
        let mut all = segments.iter().chain(entities).chain(files).peekable();
        all.peek().is_some() && all.all(|id| known.contains(id))
    };
    Ok(found.iter().filter(is_founded).cloned().collect())
}

/// Reads the current insights that may match those found: all in the scope, and all with the same keys.
async fn until_now(tx: &mut UserTx, scope: &Scope<'_>, found: &[NewInsight]) -> sqlx::Result<Vec<Row>> {
    let user = tx.user();
    let kinds: Vec<&str> = scope.kinds.iter().map(|kind| kind.as_str()).collect();
    let keys: Vec<String> = found.iter().map(|insight| hash(&insight.key)).collect();
    sqlx::query_as(
        "select i.id, i.kind, i.key, i.essence, i.title, i.detail, i.due_at,
                array(select e.segment_id from insight_evidence e
                      where e.insight_id = i.id and e.segment_id is not null) as segments
         from insights i
         where i.user_id = $1 and i.superseded_by is null and i.kind = any ($2)
           and (i.key = any ($4) or $3::uuid is null or exists (
                select from insight_evidence e where e.insight_id = i.id and e.conversation_id = $3))
         order by i.created_at, i.id",
    )
    .bind(user.0)
    .bind(kinds)
    .bind(scope.conversation)
    .bind(keys)
    .fetch_all(&mut **tx)
    .await
}

/// Matches each found insight with a current one: with the same key, else one of the same kind that shares
/// evidence. If several found insights have the same key, the last one counts.
fn matched<'a>(
    until_now: &mut Vec<Row>,
    found: &'a [NewInsight],
) -> Vec<(&'a NewInsight, String, Option<Row>)> {
    let mut take =
        |is_it: &dyn Fn(&Row) -> bool| until_now.iter().position(is_it).map(|place| until_now.remove(place));
    let mut matched: Vec<(&NewInsight, String, Option<Row>)> = Vec::with_capacity(found.len());
    for insight in found {
        let key = hash(&insight.key);
        let of_kind = |row: &Row| row.kind == insight.kind.as_str() && row.key == key;
        match matched.iter_mut().find(|(known, of, _)| known.kind == insight.kind && *of == key) {
            Some((known, ..)) => *known = insight,
            None => {
                let former = take(&of_kind);
                matched.push((insight, key, former));
            }
        }
    }
    for (insight, _, former) in matched.iter_mut().filter(|(_, _, former)| former.is_none()) {
        let shares = |row: &Row| row.segments.iter().any(|one| insight.evidence.segments.contains(one));
        *former = take(&|row: &Row| row.kind == insight.kind.as_str() && shares(row));
    }
    matched
}

impl Row {
    fn says(&self, insight: &NewInsight) -> bool {
        self.title == insight.title
            && self.detail == insight.detail
            && self.due_at.map(|due| due.timestamp_micros())
                == insight.due_at.map(|due| due.timestamp_micros())
            && insight.essence.as_ref().is_none_or(|essence| hash(essence) == self.essence)
    }

    /// Whether it is in the scope, so that it would have been found again if it still held.
    async fn is_within(&self, tx: &mut UserTx, scope: &Scope<'_>) -> sqlx::Result<bool> {
        let Some(conversation) = scope.conversation else { return Ok(true) };
        sqlx::query_scalar(
            "select exists (select from insight_evidence where insight_id = $1 and conversation_id = $2)",
        )
        .bind(self.id)
        .bind(conversation)
        .fetch_one(&mut **tx)
        .await
    }
}

async fn write(
    tx: &mut UserTx,
    id: Uuid,
    insight: &NewInsight,
    [key, essence]: [&str; 2],
    author: &Author<'_>,
) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query(
        "insert into insights (id, user_id, kind, key, essence, title, detail, due_at, model, model_version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(id)
    .bind(user.0)
    .bind(insight.kind.as_str())
    .bind(key)
    .bind(essence)
    .bind(&insight.title)
    .bind(&insight.detail)
    .bind(insight.due_at)
    .bind(author.model)
    .bind(author.version)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Replaces the evidence of an insight.
async fn point(tx: &mut UserTx, id: Uuid, insight: &NewInsight) -> sqlx::Result<()> {
    let user = tx.user();
    let evidence = &insight.evidence;
    let piece = |column: &str, id: &Uuid| json!({column: id});
    let pieces: Vec<_> = (evidence.segments.iter().map(|id| piece("segment_id", id)))
        .chain(evidence.entities.iter().map(|id| piece("entity_id", id)))
        .chain(evidence.files.iter().map(|id| piece("file_id", id)))
        .collect();
    sqlx::query("delete from insight_evidence where user_id = $1 and insight_id = $2")
        .bind(user.0)
        .bind(id)
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "insert into insight_evidence (insight_id, position, user_id, segment_id, conversation_id, entity_id, file_id)
         select $2, piece.position, $1, (piece.ids ->> 'segment_id')::uuid, s.conversation_id,
                (piece.ids ->> 'entity_id')::uuid, (piece.ids ->> 'file_id')::uuid
         from jsonb_array_elements($3) with ordinality as piece (ids, position)
         left join segments s on s.id = (piece.ids ->> 'segment_id')::uuid",
    )
    .bind(user.0)
    .bind(id)
    .bind(serde_json::Value::from(pieces))
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Identifies a text without containing it, so that the hash may stay when the text is deleted.
fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
