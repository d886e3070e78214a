//! Lanes: queues that are scaled separately.

use crate::wire_enum;

wire_enum! {
    /// What scales separately. A worker is started with the lanes that it serves.
    pub enum Lane {
        /// Sound that is still being recorded.
        Live = "live",
        /// Recordings: decode, transcribe and all that follows.
        Audio = "audio",
        /// Text that needs no sound.
        Text = "text",
        /// Contents of files.
        Files = "files",
        /// What deserves attention.
        Insights = "insights",
        /// What an outside service is asked for.
        Summaries = "summaries",
        /// Upkeep of the system itself.
        Maintenance = "maintenance",
        /// Archives for people to take with them. They take as long as storage takes to read all that
        /// somebody has, be it hours: in a lane of their own nobody waits behind one but who wants one.
        Exports = "exports",
    }
}
