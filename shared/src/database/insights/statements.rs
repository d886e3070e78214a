//! Statements of facts, and other statements about the same facts.

use uuid::Uuid;

use crate::database::UserTx;
use crate::domain::insight::Statement;

/// Replaces the statements of a conversation.
pub async fn restate(tx: &mut UserTx, conversation: Uuid, statements: &[Statement]) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!("delete from statements where user_id = $1 and conversation_id = $2", user.0, conversation)
        .execute(&mut **tx)
        .await?;
    let rows = serde_json::to_value(statements).expect("a statement is made of strings, times and ids");
    sqlx::query!(
        "insert into statements (user_id, conversation_id, segment_id, position, subject, attribute, value, said,
                                 sentence, starts_at, said_at)
         select $1, conversation_id, segment_id, row_number() over (), subject, attribute, value, said, sentence,
                starts_at, said_at
         from jsonb_to_recordset($2) as statement
              (conversation_id uuid, segment_id uuid, subject text, attribute text, value text, said text,
               sentence text, starts_at timestamptz, said_at timestamptz)",
        user.0,
        rows,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Lists all statements about the facts that a conversation makes statements about, in this and other
/// conversations, in the order of time.
pub async fn stated_of_the_same(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Statement>> {
    let user = tx.user();
    sqlx::query_as!(
        Statement,
        "select s.conversation_id, s.segment_id, s.subject, s.attribute, s.value, s.said, s.sentence,
                s.starts_at, s.said_at
         from statements s
         where s.user_id = $1 and exists (
             select from statements own
             where own.user_id = $1 and own.conversation_id = $2
               and own.subject = s.subject and own.attribute = s.attribute)
         order by s.said_at, s.segment_id, s.position limit 1000",
        user.0,
        conversation,
    )
    .fetch_all(&mut **tx)
    .await
}
