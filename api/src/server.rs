//! The server: routes, documents, and a calm end.

use std::time::Duration;

use poem::http::{HeaderValue, header};
use poem::listener::TcpListener;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, Route, Server, endpoint::make_sync};
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::document;
use crate::frame::Frame;
use crate::methods::Methods;

/// How long requests may take to end once the server stops.
const GRACE: Duration = Duration::from_secs(20);
/// A connection over which nothing goes is closed.
const IDLE: Duration = Duration::from_secs(120);

/// All that the server answers.
pub fn endpoint(app: App) -> impl Endpoint<Output = Response> {
    let document = document::json();
    let methods = Methods::of(&serde_json::from_str(&document).unwrap_or_default());
    let asyncapi = document::asyncapi();
    let page = document::page();
    // The page works with what is in it, and may ask this server only.
    let policy = HeaderValue::from_static(
        "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; \
         img-src data: blob:; font-src data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    Route::new()
        .nest("/", document::service().into_endpoint())
        .at(
            "/openapi.json",
            poem::get(make_sync(move |_| {
                Response::builder().content_type("application/json").body(document.clone())
            })),
        )
        .at(
            "/asyncapi.json",
            poem::get(make_sync(move |_| {
                Response::builder().content_type("application/json").body(asyncapi.clone())
            })),
        )
        .at(
            "/docs",
            poem::get(make_sync(move |_| {
                Response::builder()
                    .content_type("text/html; charset=utf-8")
                    .header(header::CONTENT_SECURITY_POLICY, policy.clone())
                    .body(page.clone())
            })),
        )
        // The check of an access token needs no more of the app than this.
        .data(app.auth.clone())
        .data(app)
        .with(Frame(methods))
}

/// Serves until told to stop: SIGTERM or SIGINT lets requests end, a second one does not.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(app: App) -> anyhow::Result<()> {
    if let Err(error) = app.objects.ensure().await {
        // Readiness says so too; uploads work once it is there.
        tracing::warn!(%error, "object storage is not ready");
    }
    let relaying = tokio::spawn({
        let (relay, stopping) = (app.relay.clone(), app.stopping.clone());
        async move { relay.run(stopping).await }
    });
    let address = (app.config.host.clone(), app.config.port);
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stopping = app.stopping.clone();
    let told_to_stop = async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        stopping.cancel();
        tokio::spawn(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            std::process::exit(1);
        });
    };
    Server::new(TcpListener::bind(address))
        .idle_timeout(IDLE)
        .run_with_graceful_shutdown(endpoint(app), told_to_stop, Some(GRACE))
        .await?;
    relaying.await?;
    Ok(())
}
