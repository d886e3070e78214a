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

/// The subjects of the document.
#[derive(Tags)]
pub(crate) enum Tag {
    /// Registering, logging in, and staying logged in.
    Auth,
    /// Oneself: choices, password, sessions, taking everything along, and being forgotten.
    Users,
    /// Recordings: in, out, and transcribed again.
    Audio,
    /// Work that was accepted: where it stands, stop it, try it again.
    Jobs,
    /// What listens, reads and embeds here, and where.
    Models,
    /// What was said, with times.
    Transcriptions,
    /// Conversations, and who and what they mention.
    Conversations,
    /// Who and what was mentioned, in all conversations together.
    Entities,
    /// What happens to a person's files, how they are now, and what is in them.
    Files,
    /// What deserves attention, and what speaks for it.
    Insights,
    /// Being told what happens, as it happens.
    Push,
    /// Finding what was said by what it means.
    Search,
    /// For those who run the place.
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
