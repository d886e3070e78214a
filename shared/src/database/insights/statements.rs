//! Statements of facts, and other statements about the same facts.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::{UserTx, row};
use crate::domain::insight::Statement;

row! {
    struct Row {
        conversation_id: Uuid,
        segment_id: Uuid,
        subject: String,
        attribute: String,
        value: String,
        said: String,
        sentence: String,
        starts_at: Option<DateTime<Utc>>,
        said_at: DateTime<Utc>,
    }
}

/// Replaces the statements of a conversation.
pub async fn restate(tx: &mut UserTx, conversation: Uuid, statements: &[Statement]) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query("delete from statements where user_id = $1 and conversation_id = $2")
        .bind(user.0)
        .bind(conversation)
        .execute(&mut **tx)
        .await?;
    let rows = serde_json::to_value(statements).expect("a statement is made of strings, times and ids");
    sqlx::query(
        "insert into statements (user_id, conversation_id, segment_id, position, subject, attribute, value, said,
                                 sentence, starts_at, said_at)
         select $1, conversation_id, segment_id, row_number() over (), subject, attribute, value, said, sentence,
                starts_at, said_at
         from jsonb_to_recordset($2) as statement
              (conversation_id uuid, segment_id uuid, subject text, attribute text, value text, said text,
               sentence text, starts_at timestamptz, said_at timestamptz)",
    )
    .bind(user.0)
    .bind(rows)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Lists all statements about the facts that a conversation makes statements about, in this and other
/// conversations, in the order of time.
pub async fn stated_of_the_same(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Statement>> {
    let user = tx.user();
    let rows: Vec<Row> = sqlx::query_as(
        "select s.conversation_id, s.segment_id, s.subject, s.attribute, s.value, s.said, s.sentence,
                s.starts_at, s.said_at
         from statements s
         where s.user_id = $1 and exists (
             select from statements own
             where own.user_id = $1 and own.conversation_id = $2
               and own.subject = s.subject and own.attribute = s.attribute)
         order by s.said_at, s.segment_id, s.position limit 1000",
    )
    .bind(user.0)
    .bind(conversation)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(Statement::from).collect())
}

impl From<Row> for Statement {
    fn from(row: Row) -> Self {
        Self {
            conversation_id: row.conversation_id,
            segment_id: row.segment_id,
            subject: row.subject,
            attribute: row.attribute,
            value: row.value,
            said: row.said,
            sentence: row.sentence,
            starts_at: row.starts_at,
            said_at: row.said_at,
        }
    }
}
