//! The routes: one file for each subject, with thin handlers.

mod audio;
mod auth;
mod conversations;
mod entities;
mod exports;
mod files;
mod health;
mod idempotent;
mod insights;
mod jobs;
mod models;
mod operators;
mod push;
mod search;
mod segments;
mod transcriptions;
mod users;

use poem_openapi::{OpenApi, Tags};

use crate::problem::Documented;

/// The subjects of the API document.
#[derive(Tags)]
pub(crate) enum Tag {
    /// Register, log in, and stay logged in.
    Auth,
    /// The user's own account: preferences, password, sessions, export and erasure.
    Users,
    /// Recordings: upload, download, and transcribe again.
    Audio,
    /// Jobs: follow, cancel, and try again.
    Jobs,
    /// The models of this server, and where they run.
    Models,
    /// Transcripts, with times.
    Transcriptions,
    /// Conversations, and the entities that they mention.
    Conversations,
    /// Entities: people, places, organizations, dates and others that conversations mention.
    Entities,
    /// Files on the user's devices: their events, their current state, and their content.
    Files,
    /// Insights: what deserves the user's attention, with the evidence.
    Insights,
    /// Events over a WebSocket, as they happen.
    Push,
    /// Search in conversations and files, by words and by meaning.
    Search,
    /// For the operators of this server.
    Operations,
}

/// Every route.
pub(crate) fn all() -> impl OpenApi {
    Documented((
        auth::AuthRoutes,
        (users::UserRoutes, exports::ExportRoutes),
        audio::AudioRoutes,
        jobs::JobRoutes,
        (transcriptions::TranscriptionRoutes, models::ModelRoutes),
        segments::SegmentRoutes,
        conversations::ConversationRoutes,
        (
            entities::EntityRoutes,
            entities::DecisionRoutes,
            files::FileRoutes,
            search::SearchRoutes,
            insights::InsightRoutes,
        ),
        push::PushRoutes,
        operators::OperatorRoutes,
        health::HealthRoutes,
    ))
}
