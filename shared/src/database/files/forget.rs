//! Deletion of a file with all data about it.

use uuid::Uuid;

use super::lock;
use crate::database::{UserTx, insights, jobs};
use crate::events::{EventKind, FileEvent, Room};

/// Deletes a file with its history, content, vectors and insights, and the data of events about it. Returns
/// the object keys, which the caller deletes after the commit. If that fails, `sweep_objects` deletes the
/// objects later, since no row names them. Returns `None` if there is no such file.
///
/// Jobs about it are cancelled. Its events keep their numbers, since replay has no gaps, and lose their
/// data.
pub async fn forget(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Vec<String>>> {
    let user = tx.user();
    // A worker locks the row of its job first and then the content. The order here is the same.
    sqlx::query!(
        "select from jobs where user_id = $1 and subject_id = $2 and state = 'running' for no key update",
        user.0,
        id,
    )
    .execute(&mut **tx)
    .await?;
    lock(tx).await?;
    let objects = sqlx::query_scalar!(
        r#"select object_key as "object_key!" from file_contents
           where user_id = $1 and file_id = $2 and object_key is not null"#,
        user.0,
        id,
    )
    .fetch_all(&mut **tx)
    .await?;
    let places = sqlx::query_scalar!(
        "select distinct place from file_stays where user_id = $1 and file_id = $2",
        user.0,
        id,
    )
    .fetch_all(&mut **tx)
    .await?;
    insights::withdraw_files(tx, &[id]).await?;
    let gone = sqlx::query!("delete from files where user_id = $1 and id = $2", user.0, id)
        .execute(&mut **tx)
        .await?;
    if gone.rows_affected() == 0 {
        return Ok(None);
    }
    // If the file was moved over another file, the record that something was moved there stays.
    sqlx::query!(
        "delete from file_stays s
         where s.user_id = $1 and s.place = any ($2)
           and not exists (select from file_stays other
                           where other.user_id = $1 and other.place = s.place and other.file_id is not null)",
        user.0,
        &places,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update events set data = jsonb_build_object('id', $2::uuid, 'state', 'forgotten')
         where user_id = $1 and rooms @> array[$3] and kind = any ($4)",
        user.0,
        id,
        Room::File(id).to_string(),
        &EventKind::FileEvent.names() as &[&str],
    )
    .execute(&mut **tx)
    .await?;
    jobs::cancel_all(tx, user, jobs::CancelScope::File(id)).await?;
    tx.emit(&FileEvent::forgotten(id));
    Ok(Some(objects))
}
