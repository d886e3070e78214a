//! Insights: what deserves a person's attention, always with what speaks for it.

mod due;
mod list;
mod replace;
mod statements;
mod withdraw;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{UserTx, events, row};
use crate::domain::event::{EventKind, Room};

pub use self::due::people_due;
pub use self::list::{Filter, State, list};
pub use self::replace::{Author, Changes, Scope, replace};
pub use self::statements::{restate, stated_of_the_same};
pub use self::withdraw::{Withdrawn, withdraw, withdraw_about, withdraw_files};

/// The columns of an [`Insight`], whose table is `i`.
macro_rules! columns {
    () => {
        "i.id, i.kind, i.title, i.detail, i.due_at, i.model, i.model_version, i.created_at, i.superseded_by,
         (select former.id from insights former
          where former.superseded_by = i.id and former.user_id = i.user_id limit 1) as supersedes,
         (select d.dismissed_at from insight_dismissals d
          where d.user_id = i.user_id and d.kind = i.kind and d.essence = i.essence) as dismissed_at"
    };
}
use columns;

row! {
    /// An insight, without what speaks for it.
    #[derive(Clone, Debug, Serialize)]
    pub struct Insight {
        /// Names this version of it.
        pub id: Uuid,
        /// What kind it is.
        pub kind: String,
        /// One line.
        pub title: String,
        /// Plain sentences.
        pub detail: String,
        /// By when something is to be done, or when something is.
        pub due_at: Option<DateTime<Utc>>,
        /// What found it.
        pub model: String,
        /// In which version.
        pub model_version: String,
        /// When it was found.
        pub created_at: DateTime<Utc>,
        /// The version before it.
        pub supersedes: Option<Uuid>,
        /// The version after it; none for the one that counts.
        pub superseded_by: Option<Uuid>,
        /// When the person dismissed it.
        pub dismissed_at: Option<DateTime<Utc>>,
    }
}

/// A segment that speaks for an insight.
#[derive(Clone, Debug, Serialize)]
pub struct Spoken {
    /// The conversation.
    pub conversation_id: Uuid,
    /// The segment.
    pub segment_id: Uuid,
    /// Where it begins in the recording.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// What it says.
    pub text: String,
}

/// What speaks for an insight, and whom and what it is about.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Evidence {
    /// Where it was said.
    pub segments: Vec<Spoken>,
    /// The conversations in which that is.
    pub conversation_ids: BTreeSet<Uuid>,
    /// Who and what was mentioned.
    pub entity_ids: Vec<Uuid>,
    /// What was written.
    pub file_ids: Vec<Uuid>,
}

row! {
    struct Piece {
        insight_id: Uuid,
        conversation_id: Option<Uuid>,
        segment_id: Option<Uuid>,
        entity_id: Option<Uuid>,
        file_id: Option<Uuid>,
        start_ms: Option<i64>,
        end_ms: Option<i64>,
        text: Option<String>,
    }
}

/// An insight of the person.
///
/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Insight>> {
    let user = tx.user();
    sqlx::query_as(concat!("select ", columns!(), " from insights i where i.user_id = $1 and i.id = $2"))
        .bind(user.0)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await
}

/// What speaks for each of these insights, in their order.
///
/// # Errors
/// When the database does not answer.
pub async fn evidence(tx: &mut UserTx, insights: &[Uuid]) -> sqlx::Result<Vec<Evidence>> {
    let user = tx.user();
    let pieces: Vec<Piece> = sqlx::query_as(
        "select e.insight_id, e.conversation_id, e.segment_id, e.entity_id, e.file_id, s.start_ms, s.end_ms, s.text
         from insight_evidence e left join segments s on s.id = e.segment_id
         where e.user_id = $1 and e.insight_id = any ($2) order by e.insight_id, e.position",
    )
    .bind(user.0)
    .bind(insights)
    .fetch_all(&mut **tx)
    .await?;
    let mut found = vec![Evidence::default(); insights.len()];
    for piece in pieces {
        if let Some(place) = insights.iter().position(|id| *id == piece.insight_id) {
            found[place].add(piece);
        }
    }
    Ok(found)
}

impl Evidence {
    fn add(&mut self, piece: Piece) {
        // Two that were pointed at may have become one since.
        self.entity_ids.extend(piece.entity_id.filter(|id| !self.entity_ids.contains(id)));
        self.file_ids.extend(piece.file_id);
        self.conversation_ids.extend(piece.conversation_id);
        if let (Some(conversation_id), Some(segment_id)) = (piece.conversation_id, piece.segment_id) {
            self.segments.push(Spoken {
                conversation_id,
                segment_id,
                start_ms: piece.start_ms.unwrap_or_default(),
                end_ms: piece.end_ms.unwrap_or_default(),
                text: piece.text.unwrap_or_default(),
            });
        }
    }

    fn rooms(&self) -> Vec<Room> {
        self.conversation_ids.iter().copied().map(Room::Conversation).collect()
    }
}

/// Notes that the person does not want to be told of this again, or that they do; answers how it is
/// then, none when they have no such insight. To say it again changes nothing and is not told.
///
/// # Errors
/// When the database refuses.
pub async fn dismiss(tx: &mut UserTx, id: Uuid, dismissed: bool) -> sqlx::Result<Option<Insight>> {
    let user = tx.user();
    let statement = if dismissed {
        "insert into insight_dismissals (user_id, kind, essence)
         select user_id, kind, essence from insights where user_id = $1 and id = $2
         on conflict do nothing"
    } else {
        "delete from insight_dismissals d using insights i
         where d.user_id = $1 and i.user_id = $1 and i.id = $2 and d.kind = i.kind and d.essence = i.essence"
    };
    let changed = sqlx::query(statement).bind(user.0).bind(id).execute(&mut **tx).await?.rows_affected();
    let insight = get(tx, id).await?;
    if let Some(insight) = insight.as_ref().filter(|_| changed > 0) {
        let evidence = evidence(tx, &[id]).await?.pop().unwrap_or_default();
        let change = if dismissed { "dismissed" } else { "restored" };
        let data =
            json!({"id": id, "kind": insight.kind, "change": change, "dismissed_at": insight.dismissed_at});
        events::append(tx, user, EventKind::InsightUpdate, &evidence.rooms(), data).await?;
    }
    Ok(insight)
}

/// Tells apps of an insight that is new. Like every event, last in a transaction.
async fn announce(tx: &mut UserTx, id: Uuid) -> sqlx::Result<()> {
    let Some(insight) = get(tx, id).await? else { return Ok(()) };
    if insight.dismissed_at.is_some() {
        return Ok(());
    }
    let evidence = evidence(tx, &[id]).await?.pop().unwrap_or_default();
    let (user, rooms) = (tx.user(), evidence.rooms());
    let mut data = serde_json::to_value(&insight).expect("an insight is made of strings, times and ids");
    data["evidence"] = serde_json::to_value(&evidence).expect("evidence is made of strings, numbers and ids");
    events::append(tx, user, EventKind::InsightGenerated, &rooms, data).await.map(|_| ())
}
