//! Replaces insights after they were computed again: unchanged ones stay, changed ones get a new version,
//! and those that no longer hold are deleted.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::announce;
use super::withdraw::remove;
use crate::database::UserTx;
use crate::domain::insight::{InsightKind, NewInsight, Pointers};
use crate::domain::new_id;

/// The model that finds insights, as stored with them.
#[derive(Clone, Copy, Debug)]
pub struct InsightModel<'a> {
    pub name: &'a str,
    pub version: &'a str,
}

/// The insights that were computed again. An insight in the scope that was not found again no longer holds.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub kinds: &'a [InsightKind],
    /// Only insights with evidence in this conversation; all if `None`.
    pub conversation: Option<Uuid>,
}

/// A current insight.
struct CurrentInsightRow {
    id: Uuid,
    kind: String,
    key: String,
    essence: String,
    title: String,
    detail: String,
    due_at: Option<DateTime<Utc>>,
    segments: Vec<Uuid>,
    /// Whether it is in the scope, so that it would have been found again if it still held.
    is_within: bool,
}

/// A new insight, or a new version of one.
struct Fresh<'a> {
    id: Uuid,
    insight: &'a NewInsight,
    key: String,
    essence: String,
    /// The version that it replaces.
    former: Option<Uuid>,
}

/// A piece of the evidence of an insight; it has exactly one of the three optional ids.
#[derive(Clone, Copy)]
struct EvidenceRow {
    insight_id: Uuid,
    segment_id: Option<Uuid>,
    entity_id: Option<Uuid>,
    file_id: Option<Uuid>,
}

/// Replaces the current insights of a scope by those that were found, and adds the events. An insight is
/// ignored if some of its evidence no longer exists. The caller holds [`crate::database::graph::lock`], so
/// that evidence is not deleted in the meantime.
pub async fn replace(
    tx: &mut UserTx,
    scope: &Scope<'_>,
    model: &InsightModel<'_>,
    found: &[NewInsight],
) -> sqlx::Result<()> {
    let found = founded(tx, found).await?;
    let mut until_now = until_now(tx, scope, &found).await?;
    let (mut fresh, mut evidence) = (Vec::new(), Vec::new());
    for (insight, key, former) in matched(&mut until_now, &found) {
        if let Some(former) = former.as_ref().filter(|former| former.states(insight)) {
            evidence.push((former.id, &insight.evidence));
            continue;
        }
        let id = new_id();
        let essence = match (&former, &insight.essence) {
            (_, Some(essence)) => hash(essence),
            (Some(former), None) => former.essence.clone(),
            (None, None) => key.clone(),
        };
        evidence.push((id, &insight.evidence));
        fresh.push(Fresh { id, insight, key, essence, former: former.map(|former| former.id) });
    }
    // First the former versions: of one key, only one version may be current.
    supersede(tx, &fresh).await?;
    write(tx, &fresh, model).await?;
    point(tx, &evidence).await?;
    let gone: Vec<Uuid> = until_now.iter().filter(|row| row.is_within).map(|row| row.id).collect();
    remove(tx, &gone).await?;
    announce(tx, &fresh.iter().map(|fresh| fresh.id).collect::<Vec<_>>()).await
}

/// Returns the insights whose evidence exists completely. Evidence may have been deleted while they were
/// computed.
async fn founded(tx: &mut UserTx, found: &[NewInsight]) -> sqlx::Result<Vec<NewInsight>> {
    let all = |of: fn(&NewInsight) -> &Vec<Uuid>| found.iter().flat_map(of).copied().collect::<Vec<_>>();
    let user = tx.user();
    let known = sqlx::query_scalar!(
        r#"select id as "id!" from segments where user_id = $1 and id = any ($2)
           union select id from entities where user_id = $1 and id = any ($3)
           union select id from files where user_id = $1 and id = any ($4)"#,
        user.0,
        &all(|insight| &insight.evidence.segments),
        &all(|insight| &insight.evidence.entities),
        &all(|insight| &insight.evidence.files),
    )
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
async fn until_now(
    tx: &mut UserTx,
    scope: &Scope<'_>,
    found: &[NewInsight],
) -> sqlx::Result<Vec<CurrentInsightRow>> {
    let user = tx.user();
    let kinds: Vec<&str> = scope.kinds.iter().map(|kind| kind.as_str()).collect();
    let keys: Vec<String> = found.iter().map(|insight| hash(&insight.key)).collect();
    sqlx::query_as!(
        CurrentInsightRow,
        r#"select id, kind, key, essence, title, detail, due_at,
                  array(select e.segment_id from insight_evidence e
                        where e.user_id = $1 and e.insight_id = i.id and e.segment_id is not null) as "segments!",
                  is_within as "is_within!"
           from insights i cross join lateral (
               select $3::uuid is null or exists (
                   select from insight_evidence e
                   where e.user_id = $1 and e.insight_id = i.id and e.conversation_id = $3)
               ) scope (is_within)
           where user_id = $1 and superseded_by is null and kind = any ($2) and (key = any ($4) or is_within)
           order by created_at, id"#,
        user.0,
        &kinds as &[&str],
        scope.conversation,
        &keys,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Matches each found insight with a current one: with the same key, else one of the same kind that shares
/// evidence. If several found insights have the same key, the last one counts.
fn matched<'a>(
    until_now: &mut Vec<CurrentInsightRow>,
    found: &'a [NewInsight],
) -> Vec<(&'a NewInsight, String, Option<CurrentInsightRow>)> {
    let mut take = |is_it: &dyn Fn(&CurrentInsightRow) -> bool| {
        until_now.iter().position(is_it).map(|place| until_now.remove(place))
    };
    let mut matched: Vec<(&NewInsight, String, Option<CurrentInsightRow>)> = Vec::with_capacity(found.len());
    for insight in found {
        let key = hash(&insight.key);
        let of_kind = |row: &CurrentInsightRow| row.kind == insight.kind.as_str() && row.key == key;
        match matched.iter_mut().find(|(known, of, _)| known.kind == insight.kind && *of == key) {
            Some((known, ..)) => *known = insight,
            None => {
                let former = take(&of_kind);
                matched.push((insight, key, former));
            }
        }
    }
    for (insight, _, former) in matched.iter_mut().filter(|(_, _, former)| former.is_none()) {
        let shares =
            |row: &CurrentInsightRow| row.segments.iter().any(|one| insight.evidence.segments.contains(one));
        *former = take(&|row: &CurrentInsightRow| row.kind == insight.kind.as_str() && shares(row));
    }
    matched
}

impl CurrentInsightRow {
    fn states(&self, insight: &NewInsight) -> bool {
        self.title == insight.title
            && self.detail == insight.detail
            && self.due_at.map(|due| due.timestamp_micros())
                == insight.due_at.map(|due| due.timestamp_micros())
            && insight.essence.as_ref().is_none_or(|essence| hash(essence) == self.essence)
    }
}

/// Marks the former versions as superseded.
async fn supersede(tx: &mut UserTx, fresh: &[Fresh<'_>]) -> sqlx::Result<()> {
    let (former, id): (Vec<_>, Vec<_>) =
        fresh.iter().filter_map(|fresh| Some((fresh.former?, fresh.id))).unzip();
    let user = tx.user();
    sqlx::query!(
        "update insights i set superseded_by = fresh.id
         from unnest($2::uuid[], $3::uuid[]) as fresh (former, id) where i.user_id = $1 and i.id = fresh.former",
        user.0,
        &former,
        &id,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

async fn write(tx: &mut UserTx, fresh: &[Fresh<'_>], model: &InsightModel<'_>) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!(
        "insert into insights (id, user_id, kind, key, essence, title, detail, due_at, model, model_version)
         select id, $1, kind, key, essence, title, detail, due_at, $2, $3
         from unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[])
              as fresh (id, kind, key, essence, title, detail, due_at)",
        user.0,
        model.name,
        model.version,
        &fresh.iter().map(|fresh| fresh.id).collect::<Vec<_>>(),
        &fresh.iter().map(|fresh| fresh.insight.kind.as_str()).collect::<Vec<_>>() as &[&str],
        &fresh.iter().map(|fresh| fresh.key.as_str()).collect::<Vec<_>>() as &[&str],
        &fresh.iter().map(|fresh| fresh.essence.as_str()).collect::<Vec<_>>() as &[&str],
        &fresh.iter().map(|fresh| fresh.insight.title.as_str()).collect::<Vec<_>>() as &[&str],
        &fresh.iter().map(|fresh| fresh.insight.detail.as_str()).collect::<Vec<_>>() as &[&str],
        &fresh.iter().map(|fresh| fresh.insight.due_at).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Replaces the evidence of insights.
async fn point(tx: &mut UserTx, evidence: &[(Uuid, &Pointers)]) -> sqlx::Result<()> {
    let user = tx.user();
    let insights: Vec<Uuid> = evidence.iter().map(|(insight, _)| *insight).collect();
    sqlx::query!(
        "delete from insight_evidence where user_id = $1 and insight_id = any ($2)",
        user.0,
        &insights,
    )
    .execute(&mut **tx)
    .await?;
    let pieces: Vec<EvidenceRow> =
        evidence.iter().flat_map(|(insight, evidence)| EvidenceRow::all(*insight, evidence)).collect();
    sqlx::query!(
        "insert into insight_evidence (insight_id, position, user_id, segment_id, conversation_id, entity_id, file_id)
         select piece.insight_id, row_number() over (partition by piece.insight_id order by piece.place), $1,
                piece.segment_id, s.conversation_id, piece.entity_id, piece.file_id
         from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[])
              with ordinality as piece (insight_id, segment_id, entity_id, file_id, place)
         left join segments s on s.user_id = $1 and s.id = piece.segment_id",
        user.0,
        &pieces.iter().map(|piece| piece.insight_id).collect::<Vec<_>>(),
        &pieces.iter().map(|piece| piece.segment_id).collect::<Vec<_>>() as &[Option<Uuid>],
        &pieces.iter().map(|piece| piece.entity_id).collect::<Vec<_>>() as &[Option<Uuid>],
        &pieces.iter().map(|piece| piece.file_id).collect::<Vec<_>>() as &[Option<Uuid>],
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

impl EvidenceRow {
    /// The evidence of an insight, in its order.
    fn all(insight_id: Uuid, evidence: &Pointers) -> impl Iterator<Item = Self> {
        let none = Self { insight_id, segment_id: None, entity_id: None, file_id: None };
        let segments = evidence.segments.iter().map(move |id| Self { segment_id: Some(*id), ..none });
        let entities = evidence.entities.iter().map(move |id| Self { entity_id: Some(*id), ..none });
        let files = evidence.files.iter().map(move |id| Self { file_id: Some(*id), ..none });
        segments.chain(entities).chain(files)
    }
}

/// Identifies a text without containing it, so that the hash may stay when the text is deleted.
fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
