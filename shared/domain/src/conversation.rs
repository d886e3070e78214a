//! The source of conversations.

use super::wire_enum;

wire_enum! {
    /// How a conversation came here.
    pub enum Source as ("ConversationSource") {
        /// A recording was uploaded.
        Upload = "upload",
        /// It was recorded live.
        Live = "live",
        /// It came as text.
        Import = "import",
        /// It was made to add recordings to.
        Empty = "empty",
    }
}
