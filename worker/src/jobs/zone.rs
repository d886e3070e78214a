//! The time zone that a person has chosen.

use self_shared::database::{UserTx, users};

use self_language::resolve::Zone;

/// The person's time zone; UTC without one.
pub(super) async fn of(tx: &mut UserTx) -> sqlx::Result<Zone> {
    let person = users::get(tx).await?;
    Ok(person.map_or(Zone::named("UTC"), |person| Zone::named(&person.preferences.time_zone)))
}
