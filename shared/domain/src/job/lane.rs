//! Lanes: queues that are scaled separately.

use crate::wire_enum;

wire_enum! {
    /// A queue that is scaled separately. A worker is started with the lanes that it serves.
    pub enum Lane {
        /// Sound that is still being recorded.
        Live = "live",
        /// Recordings: decoding, transcription and all later steps.
        Audio = "audio",
        /// Text that needs no sound.
        Text = "text",
        /// Contents of files.
        Files = "files",
        /// The search for insights.
        Insights = "insights",
        /// Requests to the summarizer, an external service.
        Summaries = "summaries",
        /// Maintenance of the system itself.
        Maintenance = "maintenance",
        /// Archives with all data of the user. An export takes as long as storage needs to read this data,
        /// possibly hours. Exports have a separate lane, so that only other exports wait for them.
        Exports = "exports",
    }
}
