//! Events of files, and the types and states of their contents.

use super::wire_enum;

wire_enum! {
    /// What happened to a file.
    pub enum FileEventKind {
        /// It is new at its path.
        Created = "created",
        /// Its bytes are others.
        Modified = "modified",
        /// It came here from another path of the same device.
        Moved = "moved",
        /// It is gone.
        Deleted = "deleted",
        /// Somebody looked into it.
        Opened = "opened",
    }
}

wire_enum! {
    /// Whether a file is still there.
    pub enum FileState {
        /// It is.
        Present = "present",
        /// It was deleted, or another file was moved over it.
        Deleted = "deleted",
    }
}

wire_enum! {
    /// What can be read in a file: the media type.
    pub enum ContentKind as ("FileContentKind") {
        /// Text without a structure that is known.
        Text = "text/plain",
        /// CommonMark.
        Markdown = "text/markdown",
        /// A page.
        Html = "text/html",
        /// A document.
        Pdf = "application/pdf",
    }
}

wire_enum! {
    /// Whether what is in a file can be searched by now.
    pub enum ContentState as ("FileContentState") {
        /// Work on it waits or runs.
        Pending = "pending",
        /// It can.
        Embedded = "embedded",
        /// It cannot be read.
        Failed = "failed",
        /// Somebody asked for the work on it to stop.
        Cancelled = "cancelled",
    }
}

wire_enum! {
    /// What apps are told of a file that is not known any more.
    pub enum Forgotten {
        /// It is as if nobody had ever told of it.
        Forgotten = "forgotten",
    }
}
