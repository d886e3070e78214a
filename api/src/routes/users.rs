use std::time::Instant;

use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::types::{Example, Password};
use poem_openapi::{ApiResponse, Object, OpenApi};
use self_shared::database::{erasures, sessions, users};
use self_shared::domain::preferences::Preferences;

use super::Tag;
use super::audio::traceparent;
use super::auth::peer;
use super::models::refuse_unspoken;
use crate::app::App;
use crate::auth::Caller;
use crate::etag::{changed, etag, expected};
use crate::id::Id;
use crate::input::Input;
use crate::input::choice::ChosenPreferences;
use crate::input::text::{Label, Text};
use crate::problem::{Code, Failing, Problem, declare};
use crate::views::{ErasureView, SessionListView, SessionView, UserView};

pub(crate) struct UserRoutes;

/// The profile of the user. It replaces the previous profile.
#[derive(Object)]
#[oai(example)]
struct Profile {
    /// The name of the user.
    name: Text<Label<200>>,
    /// The preferences of the user.
    preferences: ChosenPreferences,
}

/// A new password.
#[derive(Object)]
#[oai(example)]
struct PasswordChange {
    /// The current password.
    #[oai(validator(max_length = 512))]
    current_password: Password,
    /// The new password.
    #[oai(validator(min_length = 8, max_length = 512))]
    new_password: Password,
}

/// The confirmation of an erasure.
#[derive(Object)]
#[oai(example)]
struct EraseRequest {
    /// The password of the user.
    #[oai(validator(max_length = 512))]
    password: Password,
}

#[derive(ApiResponse)]
enum Me {
    /// The user.
    #[oai(status = 200)]
    Me(
        Json<UserView>,
        /// The version of the user. Send it as `If-Match` with a change.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Done {
    /// The request is done.
    #[oai(status = 204)]
    Done,
}

#[derive(ApiResponse)]
enum EraseAccepted {
    /// The sessions have ended and login is impossible. The remaining data is being deleted.
    #[oai(status = 202)]
    Accepted(
        Json<ErasureView>,
        /// The address of the receipt.
        #[oai(header = "Location")]
        String,
    ),
}

declare! {
    Plain: ;
    Replace: PreconditionFailed;
    Confirm: WrongPassword, TooManyAttempts, Overloaded;
    Known: NotFound;
    Receipt: NotFound, DatabaseUnavailable;
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Users")]
impl UserRoutes {
    /// Get my account
    #[oai(path = "/users/me", method = "get", operation_id = "get_me")]
    async fn me(&self, caller: Caller, app: Data<&App>) -> Result<Me, Failing<Plain>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let user = users::get(&mut tx).await?.ok_or_else(|| Problem::not_found("person"))?;
        Ok(Me::new(user))
    }

    /// Replace my profile
    ///
    /// Replaces the name and all preferences.
    #[oai(path = "/users/me", method = "put", operation_id = "replace_me")]
    async fn replace(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The `ETag` that the client has read. If the user has changed since, the answer is 412: read
        /// it again.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Input<Profile>,
    ) -> Result<Me, Failing<Replace>> {
        let Profile { name, preferences } = body.0;
        let preferences = Preferences::from(preferences);
        refuse_unspoken(&app, "preferences.transcription.language", &preferences.transcription).await?;
        let version = expected(if_match.0.as_deref())?;
        let mut tx = app.database.as_user(caller.0.user).await?;
        if !users::is_time_zone(&mut tx, &preferences.time_zone).await? {
            let detail = "is no name of the time zone database, such as `Europe/Lisbon`";
            return Err(Problem::field("preferences.time_zone", detail).into());
        }
        let user = users::replace(&mut tx, version, &name.0, &preferences).await?.ok_or_else(changed)?;
        tx.commit().await?;
        Ok(Me::new(user))
    }

    /// Change my password
    ///
    /// All other sessions end, and their WebSockets are closed.
    #[oai(path = "/users/me/password", method = "put", operation_id = "change_password")]
    async fn change_password(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        body: Input<PasswordChange>,
    ) -> Result<Done, Failing<Confirm>> {
        let PasswordChange { current_password, new_password } = body.0;
        confirm(&app, &caller, request, "current_password", current_password).await?;
        app.auth.change_password(caller.0, new_password.0).await?;
        Ok(Done::Done)
    }

    /// List my sessions
    ///
    /// The session that was used last comes first.
    #[oai(path = "/users/me/sessions", method = "get", operation_id = "list_sessions")]
    async fn sessions(
        &self,
        caller: Caller,
        app: Data<&App>,
    ) -> Result<Json<SessionListView>, Failing<Plain>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let found = sessions::list(&mut tx, chrono::Utc::now()).await?;
        let items = found.into_iter().map(|session| SessionView::seen_from(caller.0.session, session));
        Ok(Json(SessionListView { items: items.collect() }))
    }

    /// End my other sessions
    ///
    /// Ends all sessions except the one of this request, and closes their WebSockets.
    #[oai(path = "/users/me/sessions", method = "delete", operation_id = "end_other_sessions")]
    async fn end_others(&self, caller: Caller, app: Data<&App>) -> Result<Done, Failing<Plain>> {
        app.auth.end_others(caller.0).await?;
        Ok(Done::Done)
    }

    /// End a session of mine
    ///
    /// The WebSockets of the session are closed.
    #[oai(path = "/users/me/sessions/:id", method = "delete", operation_id = "end_session")]
    async fn end(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The session.
        id: Path<Id>,
    ) -> Result<Done, Failing<Known>> {
        app.auth.end(caller.0, id.0.0).await?;
        Ok(Done::Done)
    }

    /// Erase everything of mine
    ///
    /// Deletes the account, the recordings, everything found in them, the files, and all events. This
    /// cannot be undone: export first. Login is impossible at once. The deletion of the data takes
    /// longer; the receipt tells when it is complete.
    #[oai(path = "/users/me/erase", method = "post", operation_id = "erase_me")]
    async fn erase(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        body: Input<EraseRequest>,
    ) -> Result<EraseAccepted, Failing<Confirm>> {
        confirm(&app, &caller, request, "password", body.0.password).await?;
        let erasure = app.auth.erase(caller.0, traceparent(request)).await?;
        let location = format!("/api/v1/erasures/{}", erasure.id);
        Ok(EraseAccepted::Accepted(Json(erasure.into()), location))
    }

    /// Get the receipt of an erasure
    ///
    /// This needs no token, only the id of the receipt: after an erasure nobody can log in.
    #[oai(path = "/erasures/:id", method = "get", operation_id = "get_erasure")]
    async fn erasure(
        &self,
        app: Data<&App>,
        /// The id of the receipt.
        id: Path<Id>,
    ) -> Result<Json<ErasureView>, Failing<Receipt>> {
        let mut tx = app.database.as_system().await?;
        let erasure = erasures::get(&mut tx, id.0.0).await?.ok_or_else(|| Problem::not_found("erasure"))?;
        Ok(Json(erasure.into()))
    }
}

impl Me {
    fn new(user: users::User) -> Self {
        let tag = etag(user.version);
        Self::Me(Json(user.into()), tag)
    }
}

/// Checks the password, so that somebody who finds an unlocked phone cannot erase the account. Attempts
/// are limited as for login.
async fn confirm(
    app: &App,
    caller: &Caller,
    request: &Request,
    field: &'static str,
    password: Password,
) -> Result<(), Problem> {
    let (from, who, now) = (peer(request), caller.0.user.to_string(), Instant::now());
    app.auth.login_throttle.check(from, &who, now).await?;
    if app.auth.is_password(caller.0.user, password.0).await? {
        return Ok(());
    }
    app.auth.login_throttle.failed(from, &who, now).await;
    Err(Problem::new(Code::WrongPassword, format!("`{field}` is not the password of this account")))
}

impl Example for Profile {
    fn example() -> Self {
        Self { name: "Ada".into(), preferences: ChosenPreferences::example() }
    }
}

impl Example for PasswordChange {
    fn example() -> Self {
        Self {
            current_password: Password("correct horse battery staple".to_owned()),
            new_password: Password("a longer staple of horse batteries".to_owned()),
        }
    }
}

impl Example for EraseRequest {
    fn example() -> Self {
        Self { password: Password("correct horse battery staple".to_owned()) }
    }
}
