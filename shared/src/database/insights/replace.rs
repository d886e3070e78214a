//! Insights as they are found again: what is the same stays, what has changed replaces what it was,
//! what is not so any more goes.

use std::collections::BTreeSet;

use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::announce;
use super::withdraw::remove;
use crate::database::{UserTx, row};
use crate::domain::insight::{InsightKind, NewInsight, Pointers};
use crate::domain::new_id;

/// What finds insights, as it is stored with them.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    /// Its name.
    pub model: &'a str,
    /// Its version.
    pub version: &'a str,
}

/// What was looked at: of these kinds, whatever speaks for an insight here was found again or is not
/// so any more.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The kinds.
    pub kinds: &'a [InsightKind],
    /// Only what rests on this conversation; on anything at all when absent.
    pub conversation: Option<Uuid>,
}

row! {
    /// An insight that counts until now.
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

/// Brings the insights of a scope into line with what was found in it, and tells apps. Of what was found it
/// is checked that all of its evidence is there; that it stays is for the caller to hold, by
/// [`crate::database::graph::lock`].
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

/// Those whose evidence is there, all of it: it may have gone while they were found.
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

/// What counts until now and could be one of those found: all of the scope, and what has their keys.
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

/// Each insight with its key and what it was until now: what has its key, else one of its kind that
/// rests on something that it rests on as well. Of several with one key the last counts.
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

    /// Whether it would have been found again if it were so still.
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

/// Says anew what speaks for an insight.
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

/// Names what was said without saying it: it stays when what was said is gone.
fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
