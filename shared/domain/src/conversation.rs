//! The source of conversations.

use super::wire_enum;

wire_enum! {
    /// The source of a conversation.
    pub enum Source as ("ConversationSource") {
        /// A recording was uploaded.
        Upload = "upload",
        /// It was recorded live.
        Live = "live",
        /// It was imported as text.
        Import = "import",
        /// It was created empty, so that recordings can be added.
        Empty = "empty",
    }
}
