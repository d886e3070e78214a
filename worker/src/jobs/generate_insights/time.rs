//! Insights that follow from the passing of time: days that are near, and people who were not mentioned for
//! long or are mentioned often.

use chrono::{DateTime, TimeDelta, Utc};
use self_language::insights::{
    Ahead, LONGEST_SILENCE, NEAR, PersonMentions, approaching, not_heard_of, often_heard_of,
};
use self_language::resolve::Zone;
use self_shared::database::{UserTx, insights};
use self_shared::domain::insight::NewInsight;

use super::moment;

/// The insights at a moment. A day on which something promised is due is reported with the promise.
pub(super) async fn of_time(
    tx: &mut UserTx,
    now: DateTime<Utc>,
    zone: Zone,
) -> sqlx::Result<Vec<NewInsight>> {
    let began = insights::first_began_at(tx).await?;
    let today = zone.local(now).date();
    let since = began.map_or(today, |began| zone.local(began).date());
    let mut found = approaching(&ahead(tx, now).await?, now, zone);
    let people = people(tx, now, zone).await?;
    found.extend(not_heard_of(&people, today));
    found.extend(often_heard_of(&people, since, today));
    Ok(found)
}

async fn ahead(tx: &mut UserTx, now: DateTime<Utc>) -> sqlx::Result<Vec<Ahead>> {
    let dates = insights::dates_ahead(tx, now, now + NEAR).await?;
    let ahead = dates.into_iter().map(|date| Ahead {
        entity: date.entity_id,
        when: date.when(),
        segment: date.segment_id,
        said_at: moment(date.began_at, date.start_ms),
        text: date.text,
    });
    Ok(ahead.collect())
}

/// Everybody who was mentioned in several conversations of about the last year, with the first mention in
/// each.
async fn people(tx: &mut UserTx, now: DateTime<Utc>, zone: Zone) -> sqlx::Result<Vec<PersonMentions>> {
    let since = now - TimeDelta::days(2 * LONGEST_SILENCE);
    let mut people: Vec<PersonMentions> = Vec::new();
    for heard in insights::people_heard(tx, since, now).await? {
        let mention = (zone.local(heard.started_at).date(), heard.segment_id);
        match people.last_mut() {
            Some(last) if last.entity == heard.entity_id => last.mentions.push(mention),
            _ => people.push(PersonMentions {
                entity: heard.entity_id,
                name: heard.name,
                mentions: vec![mention],
            }),
        }
    }
    Ok(people)
}
