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

/// A ticket of *Get a ticket for a socket*, in `?ticket=`: opens one socket, within half a minute.
#[derive(SecurityScheme)]
#[oai(rename = "socket_ticket", ty = "api_key", key_name = "ticket", key_in = "query", checker = "redeem")]
pub(crate) struct TicketHolder(Identity);

async fn redeem(request: &Request, ticket: ApiKey) -> poem::Result<Identity> {
    let app =
        request.data::<App>().ok_or_else(|| Problem::internal(anyhow::anyhow!("no app in the request")))?;
    let refused = || Problem::new(Code::Unauthenticated, "the ticket is not good, or was used; get another");
    let ticket = Opaque::presented(ticket.key);
    Ok(app.auth.redeem_ticket(&ticket).await?.ok_or_else(refused)?)
}

/// Whoever opens a socket: an app shows its token, a page in a browser its ticket.
#[derive(SecurityScheme)]
pub(crate) enum Opener {
    Page(TicketHolder),
    App(Caller),
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Push")]
impl PushRoutes {
    /// Open a WebSocket
    ///
    /// Messages are JSON objects with a `type`, one a text frame. Say
    /// `{"type": "join_room", "room": "user", "after": 41}` to hear everything of yours from event 42
    /// on; rooms are `user`, `conversation:<id>`, `job:<id>` and `file:<id>`, and without `after` you hear
    /// what happens from now on. The answer is `joined`, with the `seq` up to which you were told; in the
    /// room of a job, with the job as it stands. With `"include": ["words"]` the segments of
    /// `transcription_update` come with their words, each with its times and confidence. `leave_room`
    /// undoes it, `ping` is answered by `pong`.
    ///
    /// You are told `job_update`, `transcription_update`, `conversation_update`, `insight_generated`,
    /// `insight_update`, `entity_update` and `file_event`, each with a `seq` one above the last, and
    /// `job_progress` without one; `/asyncapi.json` describes all messages. `resync` says that events after your `after`
    /// are no longer kept: read anew what matters, and go on from its `seq`. The socket closes with
    /// 4401 when the session ends.
    #[oai(path = "/ws", method = "get", operation_id = "open_socket")]
    async fn open(
        &self,
        opener: Opener,
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
        let (Opener::Page(TicketHolder(identity)) | Opener::App(Caller(identity))) = opener;
        let (app, hub) = (app.0.clone(), Arc::clone(&app.hub));
        Ok(socket
            .config(push::limits())
            .on_upgrade(move |stream| Socket::serve(stream, identity, app, hub))
            .boxed())
    }
}

/// Browsers say which page opens a socket, and send the person's tickets for any page that asks:
/// only this server's own pages and those of listed origins may (RFC 6455, section 10.2).
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
