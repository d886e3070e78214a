//! Whether the sound of a recording may leave this machine at this moment.
//!
//! The options of a job are fixed when the recording is accepted, and a job may wait for hours. So the
//! person's preference is read again before every chunk that is sent. The newest word counts, if it forbids.

use chrono::{DateTime, Utc};
use self_shared::database::{Database, users};
use self_shared::domain::UserId;
use self_shared::domain::transcription::TranscriptionOptions;

/// What the person has said about the sound of a recording.
#[derive(Debug)]
pub(super) struct Permission {
    database: Database,
    user: UserId,
    /// The option of the recording, and when it was chosen.
    asked: Option<bool>,
    asked_at: DateTime<Utc>,
}

impl Permission {
    pub(super) fn new(
        database: &Database,
        user: UserId,
        options: &TranscriptionOptions,
        asked_at: DateTime<Utc>,
    ) -> Self {
        Self { database: database.clone(), user, asked: options.allow_remote, asked_at }
    }

    /// Whether sound may leave now.
    pub(super) async fn is_given(&self) -> sqlx::Result<bool> {
        if self.asked == Some(false) {
            return Ok(false);
        }
        let mut tx = self.database.as_user(self.user).await?;
        // Whoever is being erased sends nothing any more.
        let Some(user) = users::get(&mut tx).await? else { return Ok(false) };
        let preferred = user.preferences.0.transcription.allow_remote;
        Ok(may_leave((self.asked, self.asked_at), (preferred, user.updated_at)))
    }
}

/// Weighs the option of a recording and the preference of the person, each with the time at which it was
/// chosen. An option that allows it outweighs an older preference only.
fn may_leave(
    (asked, asked_at): (Option<bool>, DateTime<Utc>),
    (preferred, preferred_at): (Option<bool>, DateTime<Utc>),
) -> bool {
    match (asked, preferred) {
        (Some(false), _) => false,
        (_, None | Some(true)) => true,
        (None, Some(false)) => false,
        (Some(true), Some(false)) => preferred_at <= asked_at,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_newest_word_counts_if_it_forbids() {
        let (before, after) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + TimeDelta::hours(3));
        for (asked, preferred, preferred_at, expected) in [
            (None, None, after, true),
            (None, Some(true), after, true),
            (None, Some(false), before, false),
            (None, Some(false), after, false),
            (Some(false), Some(true), after, false),
            (Some(true), Some(false), before, true),
            (Some(true), Some(false), after, false),
        ] {
            let asked_at = before + TimeDelta::hours(1);
            let may = may_leave((asked, asked_at), (preferred, preferred_at));
            assert_eq!(may, expected, "{asked:?} {preferred:?} {preferred_at}");
        }
    }
}
