use std::net::IpAddr;
use std::time::Instant;

use poem::Request;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::types::{Example, Password};
use poem_openapi::{ApiResponse, Object, OpenApi};

use super::Tag;
use crate::app::App;
use crate::auth::{Caller, Opaque, Tokens};
use crate::input::Input;
use crate::input::text::{Email, Label, Text};
use crate::problem::{Code, Failing, declare};
use crate::views::UserView;

pub(crate) struct AuthRoutes;

/// A registration.
#[derive(Object)]
#[oai(example)]
struct Registration {
    /// The e-mail address to log in with. It must be unique; upper and lower case are the same.
    email: Text<Email>,
    /// The password. Shorter passwords are easy to guess. There are no other rules, because they do not
    /// help.
    #[oai(validator(min_length = 8, max_length = 512))]
    password: Password,
    /// The name of the user.
    name: Option<Text<Label<200>>>,
}

/// A login.
#[derive(Object)]
#[oai(example)]
struct Login {
    /// The e-mail address that the user registered with.
    #[oai(validator(max_length = 254))]
    email: String,
    /// The password of the user.
    #[oai(validator(max_length = 512))]
    password: Password,
}

/// A refresh token to exchange.
#[derive(Object)]
#[oai(example)]
struct Refresh {
    /// The newest refresh token of the session. Each refresh token can be exchanged once.
    refresh_token: String,
}

/// The tokens of a session.
#[derive(Object)]
#[oai(rename = "Tokens", example)]
struct TokensView {
    /// The access token. Send it with every request as `Authorization: Bearer <access_token>`.
    access_token: String,
    /// Always `Bearer`.
    token_type: String,
    /// How long the access token is valid, in seconds.
    expires_in: u64,
    /// The refresh token. Exchange it for the next pair of tokens at `/api/v1/auth/refresh`. Store it
    /// as safely as a password.
    refresh_token: String,
}

/// A new session.
#[derive(Object)]
#[oai(rename = "OpenedSession", example)]
struct OpenedView {
    /// The tokens of the session.
    #[oai(flatten)]
    tokens: TokensView,
    /// The user to whom the session belongs.
    user: UserView,
}

/// A ticket that opens one WebSocket.
#[derive(Object)]
#[oai(rename = "SocketTicket", example)]
struct TicketView {
    /// The ticket. Open the WebSocket with it: `new WebSocket("wss://…/api/v1/ws?ticket=" + ticket)`.
    ticket: String,
    /// How long the ticket is valid, in seconds. It can be used once.
    expires_in: u64,
}

#[derive(ApiResponse)]
enum Registered {
    /// The user is registered and logged in.
    #[oai(status = 201)]
    Created(
        Json<OpenedView>,
        /// The address of the user.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum LoggedOut {
    /// The session has ended, and its WebSockets are closed.
    #[oai(status = 204)]
    Done,
}

declare! {
    Register: InvalidInput, EmailTaken, TooManyAttempts, Overloaded, DatabaseUnavailable;
    LogIn: InvalidInput, InvalidCredentials, TooManyAttempts, Overloaded, DatabaseUnavailable;
    Exchange: InvalidRefreshToken, DatabaseUnavailable;
    Plain: ;
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Auth")]
impl AuthRoutes {
    /// Register
    ///
    /// Registers a user and opens a session.
    #[oai(path = "/auth/register", method = "post", operation_id = "register")]
    async fn register(
        &self,
        app: Data<&App>,
        request: &Request,
        body: Input<Registration>,
    ) -> Result<Registered, Failing<Register>> {
        let Registration { email, password, name } = body.0;
        let name = name.map(|name| name.0).unwrap_or_default();
        let (from, now) = (peer(request), Instant::now());
        let email = email.0;
        app.auth.login_throttle.check(from, &email, now).await?;
        let registered = app.auth.register(&email, &name, password.0, user_agent(request)).await;
        if registered.as_ref().is_err_and(|problem| problem.code() == Code::EmailTaken) {
            app.auth.login_throttle.failed(from, &email, now).await;
        }
        let (user, tokens) = registered?;
        let session = OpenedView { tokens: tokens.into(), user: user.into() };
        Ok(Registered::Created(Json(session), "/api/v1/users/me".to_owned()))
    }

    /// Log in
    ///
    /// Opens a session. The answer to an unknown e-mail address and to a wrong password is the same.
    #[oai(path = "/auth/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        app: Data<&App>,
        request: &Request,
        body: Input<Login>,
    ) -> Result<Json<OpenedView>, Failing<LogIn>> {
        let Login { email, password } = body.0;
        let email = email.trim();
        let (from, now) = (peer(request), Instant::now());
        app.auth.login_throttle.check(from, email, now).await?;
        let opened = app.auth.login(email, password.0, user_agent(request)).await;
        if opened.as_ref().is_err_and(|problem| problem.code() == Code::InvalidCredentials) {
            app.auth.login_throttle.failed(from, email, now).await;
        }
        let (user, tokens) = opened?;
        Ok(Json(OpenedView { tokens: tokens.into(), user: user.into() }))
    }

    /// Refresh
    ///
    /// Exchanges a refresh token for the next pair of tokens. If the answer is lost, send the same
    /// refresh token again within ten seconds: the answer contains the same refresh token as before. A
    /// refresh token that is sent again later may be stolen: the session ends, and the user must log in
    /// again.
    #[oai(path = "/auth/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        app: Data<&App>,
        body: Input<Refresh>,
    ) -> Result<Json<TokensView>, Failing<Exchange>> {
        let tokens = app.auth.refresh(Opaque::presented(body.0.refresh_token)).await?;
        Ok(Json(tokens.into()))
    }

    /// Log out
    ///
    /// Ends the session of the access token: its refresh token becomes invalid, and its WebSockets are
    /// closed.
    #[oai(path = "/auth/logout", method = "post", operation_id = "logout")]
    async fn logout(&self, caller: Caller, app: Data<&App>) -> Result<LoggedOut, Failing<Plain>> {
        app.auth.logout(caller.0).await?;
        Ok(LoggedOut::Done)
    }

    /// Get a ticket for a socket
    ///
    /// For pages in a browser, which cannot send a header when they open a WebSocket. Other clients
    /// send the access token in `Authorization`.
    #[oai(path = "/auth/socket-ticket", method = "post", operation_id = "get_socket_ticket")]
    async fn socket_ticket(
        &self,
        caller: Caller,
        app: Data<&App>,
    ) -> Result<Json<TicketView>, Failing<Plain>> {
        let (ticket, life) = app.auth.issue_ticket(caller.0).await?;
        Ok(Json(TicketView { ticket: ticket.reveal(), expires_in: life.as_secs() }))
    }
}

pub(super) fn peer(request: &Request) -> Option<IpAddr> {
    request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip)
}

fn user_agent(request: &Request) -> &str {
    let given = request.header("user-agent").unwrap_or_default();
    given.get(..200).unwrap_or(given)
}

impl From<Tokens> for TokensView {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access,
            token_type: "Bearer".to_owned(),
            expires_in: tokens.expires_in.as_secs(),
            refresh_token: tokens.refresh.reveal(),
        }
    }
}

impl Example for Registration {
    fn example() -> Self {
        Self {
            email: "ada@example.org".into(),
            password: Password("correct horse battery staple".to_owned()),
            name: Some("Ada".into()),
        }
    }
}

impl Example for Login {
    fn example() -> Self {
        let Registration { email, password, .. } = Registration::example();
        Self { email: email.0, password }
    }
}

impl Example for Refresh {
    fn example() -> Self {
        Self { refresh_token: TokensView::example().refresh_token }
    }
}

impl Example for TokensView {
    fn example() -> Self {
        Self {
            access_token: "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl".to_owned(),
            token_type: "Bearer".to_owned(),
            expires_in: 600,
            refresh_token: "Zm9yIHRoZSBuZXh0IHBhaXIgb2YgdG9rZW5zISE".to_owned(),
        }
    }
}

impl Example for OpenedView {
    fn example() -> Self {
        Self { tokens: TokensView::example(), user: UserView::example() }
    }
}

impl Example for TicketView {
    fn example() -> Self {
        Self { ticket: "b3BlbnMgb25lIHNvY2tldCB3aXRoaW4gMzAgcyE".to_owned(), expires_in: 30 }
    }
}
