//! The WebSocket route. Its messages are in [`crate::push`].

use std::sync::Arc;

use poem::Request;
use poem::http::{HeaderMap, Uri, header};
use poem::web::Data;
use poem::web::websocket::{BoxWebSocketUpgraded, WebSocket};
use poem_openapi::auth::ApiKey;
use poem_openapi::{OpenApi, SecurityScheme};

use super::Tag;
use crate::app::App;
use crate::auth::{Caller, Identity, Opaque};
use crate::problem::{Code, Failing, Problem, declare};
use crate::push::{self, Socket};

pub(crate) struct PushRoutes;

declare! {
    Open: OriginNotAllowed, UpgradeRequired;
}

/// A ticket from *Get a ticket for a socket*, sent as `?ticket=`. It opens one WebSocket, within 30
/// seconds.
#[derive(SecurityScheme)]
#[oai(rename = "socket_ticket", ty = "api_key", key_name = "ticket", key_in = "query", checker = "redeem")]
pub(crate) struct TicketAuth(Identity);

async fn redeem(request: &Request, ticket: ApiKey) -> poem::Result<Identity> {
    let app =
        request.data::<App>().ok_or_else(|| Problem::internal(anyhow::anyhow!("no app in the request")))?;
    let refused = || Problem::new(Code::Unauthenticated, "the ticket is not good, or was used; get another");
    let ticket = Opaque::presented(ticket.key);
    Ok(app.auth.redeem_ticket(&ticket).await?.ok_or_else(refused)?)
}

/// The credentials of a WebSocket: an app sends its access token, a page in a browser its ticket.
#[derive(SecurityScheme)]
pub(crate) enum SocketAuth {
    Page(TicketAuth),
    App(Caller),
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Push")]
impl PushRoutes {
    /// Open a WebSocket
    ///
    /// Each text frame is one message: a JSON object with a `type`.
    ///
    /// To receive events, join a room: `user`, `conversation:<id>`, `job:<id>` or `file:<id>`.
    /// `{"type": "join_room", "room": "user", "after": 41}` delivers all of your events from number 42
    /// on. Without `after`, only events from now on are delivered. The server answers `joined` with the
    /// `seq` up to which events were sent, and in the room of a job with the current state of the job.
    /// With `"include": ["words"]`, the segments of `transcription_update` contain their words with
    /// times and confidence. `leave_room` leaves the room. The server answers `ping` with `pong`.
    ///
    /// The events are `job_update`, `transcription_update`, `conversation_update`, `insight_generated`,
    /// `insight_update`, `entity_update` and `file_event`; each has a `seq`: its number among all of
    /// your events, without gaps. `job_progress` has no `seq`. `/asyncapi.json` describes all messages.
    ///
    /// `resync` means that events after your `after` are no longer kept: read the data that you need by
    /// REST again, and continue from its `seq`. The WebSocket is closed with code 4401 when the session
    /// ends.
    #[oai(path = "/ws", method = "get", operation_id = "open_socket")]
    async fn open(
        &self,
        auth: SocketAuth,
        app: Data<&App>,
        headers: &HeaderMap,
        socket: poem::Result<WebSocket>,
    ) -> Result<BoxWebSocketUpgraded, Failing<Open>> {
        if !may_open(headers, &app.config.allowed_origins) {
            let detail = "pages from this origin may not open a socket; ALLOWED_ORIGINS lists those that may";
            return Err(Problem::new(Code::OriginNotAllowed, detail).into());
        }
        let socket = socket.map_err(|_| {
            Problem::new(Code::UpgradeRequired, "open this address with a WebSocket client (ws:// or wss://)")
        })?;
        let (SocketAuth::Page(TicketAuth(identity)) | SocketAuth::App(Caller(identity))) = auth;
        let (app, hub) = (app.0.clone(), Arc::clone(&app.hub));
        Ok(socket
            .config(push::limits())
            .on_upgrade(move |stream| Socket::serve(stream, identity, app, hub))
            .boxed())
    }
}

/// Browsers send the origin of the page that opens a WebSocket, and would open it for any page in the
/// name of the user. Only this server's own pages and pages of listed origins may (RFC 6455, section
/// 10.2).
fn may_open(headers: &HeaderMap, allowed: &[String]) -> bool {
    let text = |name| headers.get(name).and_then(|value: &poem::http::HeaderValue| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return true };
    let own = origin.parse::<Uri>().ok().and_then(|origin| origin.authority().map(ToString::to_string));
    (own.is_some() && own.as_deref() == text(header::HOST)) || allowed.iter().any(|known| known == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened_from(origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "self.example:8000".parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        may_open(&headers, &["https://app.example".to_owned()])
    }

    #[test]
    fn apps_and_own_and_listed_pages_may_open_a_socket() {
        assert!(opened_from(None));
        assert!(opened_from(Some("http://self.example:8000")));
        assert!(opened_from(Some("https://app.example")));
    }

    #[test]
    fn pages_from_elsewhere_may_not() {
        for origin in
            ["https://evil.example", "http://self.example", "null", "https://app.example.evil.example"]
        {
            assert!(!opened_from(Some(origin)), "{origin}");
        }
    }
}
