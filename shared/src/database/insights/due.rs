//! People whose insights have to be refreshed because time passes.

use std::time::Duration;

use crate::database::SystemTx;
use crate::domain::UserId;
use crate::domain::job::JobKind;

/// Lists people who have an understood transcript and whose insights were not refreshed within this time, in
/// the order of their ids, after a cursor; at most `limit`.
pub async fn people_due(
    tx: &mut SystemTx,
    after: Option<UserId>,
    every: Duration,
    limit: i64,
) -> sqlx::Result<Vec<UserId>> {
    let people = sqlx::query_scalar!(
        "select id from users
         where erased_at is null and ($1::uuid is null or id > $1)
           and exists (select from jobs
                       where jobs.user_id = users.id and jobs.kind = any ($5) and jobs.state = 'succeeded')
           and not exists (select from jobs
                           where jobs.subject_id = users.id and jobs.kind = any ($2)
                             and (jobs.state in ('queued', 'running') or jobs.created_at > now() - $3::interval))
         order by id limit $4",
        after.map(|user| user.0),
        &JobKind::GenerateInsights.names() as &[&str],
        every as _,
        limit,
        &[JobKind::TranscribeAudio, JobKind::UnderstandConversation].map(JobKind::names).concat() as &[&str],
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(people.into_iter().map(UserId).collect())
}
