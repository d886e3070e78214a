//! Views: the JSON types that clients see, separate from the rows.
//!
//! Unknown values are absent.

mod audio;
mod conversation;
mod date;
mod entity;
mod export;
mod file;
mod insight;
mod job;
mod model;
mod search;
mod transcription;
mod user;

pub(crate) use audio::AudioView;
pub(crate) use conversation::{
    ConnectionView, ConversationDetailView, ConversationPageView, ConversationView, EntityView, MentionView,
    RelatedConversationView, RelatedFileView,
};
pub(crate) use date::DateView;
pub(crate) use entity::{
    AppearanceView, EntityConnectionView, EntityConnectionsView, EntityDetailView, EntityPageView,
    EntitySummaryView, EvidenceView, GraphView,
};
pub(crate) use export::{ExportPageView, ExportView};
pub(crate) use file::{FileDetailView, FileEventPageView, FileEventView, FilePageView, FileView};
pub(crate) use insight::{InsightPageView, InsightView};
pub(crate) use job::{JobPageView, JobView};
pub(crate) use model::{ModelCardListView, ModelCardView};
pub(crate) use search::{FoundView, HitView};
pub(crate) use transcription::{SegmentView, TranscriptionView, WarningView};
pub(crate) use user::{ErasureView, SessionListView, SessionView, UserView};

/// An id for examples, always the same.
pub(crate) const fn example_id(last: u8) -> uuid::Uuid {
    uuid::Uuid::from_u128(0x0192_f0c8_8a53_7d3e_a0f5_7d0f_6f3d_2a00 | last as u128)
}

/// A moment for examples, always the same.
pub(crate) fn example_time<T: From<chrono::DateTime<chrono::Utc>>>() -> T {
    chrono::DateTime::from_timestamp(1_790_000_000, 0).expect("a moment within the next centuries").into()
}
