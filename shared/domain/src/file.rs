//! Events of files, and the types and states of their contents.

use super::wire_enum;

wire_enum! {
    /// What happened to a file.
    pub enum FileEventKind {
        /// The file is new at its path.
        Created = "created",
        /// The bytes of the file changed.
        Modified = "modified",
        /// The file was moved to its path from another path of the same device.
        Moved = "moved",
        /// The file is gone.
        Deleted = "deleted",
        /// Somebody opened the file.
        Opened = "opened",
    }
}

wire_enum! {
    /// Whether a file still exists.
    pub enum FileState {
        /// The file exists.
        Present = "present",
        /// The file was deleted, or another file was moved over it.
        Deleted = "deleted",
    }
}

wire_enum! {
    /// The media type of the content of a file.
    pub enum ContentKind as ("FileContentKind") {
        /// Text without a known structure.
        Text = "text/plain",
        /// CommonMark.
        Markdown = "text/markdown",
        /// A web page.
        Html = "text/html",
        /// A PDF document.
        Pdf = "application/pdf",
    }
}

wire_enum! {
    /// Whether the content of a file can be searched.
    pub enum ContentState as ("FileContentState") {
        /// The job for the content waits or runs.
        Pending = "pending",
        /// The content can be searched.
        Embedded = "embedded",
        /// The content cannot be read.
        Failed = "failed",
        /// Somebody asked to cancel the job for the content.
        Cancelled = "cancelled",
    }
}

wire_enum! {
    /// The state in the event of a forgotten file.
    pub enum Forgotten {
        /// The server deleted everything that it knew about the file.
        Forgotten = "forgotten",
    }
}
