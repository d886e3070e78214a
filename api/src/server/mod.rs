//! The server: routes, documents, connections, and graceful shutdown.

mod accept;
mod activity;
mod admission;
mod connection;
mod patience;

use std::time::Duration;

use poem::http::{HeaderValue, header};
use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, Route, endpoint::make_sync};
use tokio::signal::unix::{SignalKind, signal};

use self::accept::Acceptor;
use crate::app::App;
use crate::document;
use crate::methods::Methods;
use crate::request_middleware::RequestMiddleware;

/// How long requests may take to finish after the server is told to stop.
const GRACE: Duration = Duration::from_secs(20);

/// The endpoint with all routes and documents.
pub fn endpoint(app: App) -> impl Endpoint<Output = Response> {
    let document = document::json();
    let methods = Methods::of(&serde_json::from_str(&document).unwrap_or_default());
    let asyncapi = document::asyncapi();
    let page = document::page();
    // The page may use only its inline contents, and may send requests to this server only.
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
        // The check of an access token needs only this part of the app.
        .data(app.auth.clone())
        .data(app)
        .with(RequestMiddleware(methods))
}

/// Serves until SIGTERM or SIGINT. Running requests may then finish; a second signal aborts them.
///
/// # Errors
/// When the server cannot listen on its address.
pub async fn serve(app: App) -> anyhow::Result<()> {
    if let Err(error) = app.objects.ensure().await {
        // Readiness reports this too; uploads work as soon as object storage is there.
        tracing::warn!(%error, "object storage is not ready");
    }
    let relaying = tokio::spawn({
        let (relay, stopping) = (app.relay.clone(), app.stopping.clone());
        async move { relay.run(stopping).await }
    });
    let address = (app.config.host.as_str(), app.config.port);
    let acceptor = Acceptor::bind(address, app.config.max_connections, app.stopping.clone()).await?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stopping = app.stopping.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        stopping.cancel();
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        std::process::exit(1);
    });
    acceptor.run(endpoint(app), GRACE).await;
    relaying.await?;
    Ok(())
}
