//! The event for decisions of a person about entities.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Payload, Room};

/// The user decided something about an entity, or took a decision back. The event holds ids and no names: a
/// name that is forgotten later must not live on in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum EntityUpdate {
    /// The entity has a new name or a new kind.
    Edited {
        /// The id of the entity.
        id: Uuid,
    },
    /// Another entity was merged into this one.
    Merged {
        /// The id of the entity that remains.
        id: Uuid,
        /// The id of the other entity, which is gone.
        other_id: Uuid,
    },
    /// A new entity was split off from this one.
    Split {
        /// The id of the entity that was split.
        id: Uuid,
        /// The id of the new entity.
        other_id: Uuid,
    },
    /// The entity is gone. Its names are ignored from now on.
    Forgotten {
        /// The id of the entity.
        id: Uuid,
    },
    /// A decision no longer applies. The server analyses the affected conversations again. For each of them,
    /// `conversation_update` with the change `understood` follows.
    TakenBack {
        /// The id of the decision.
        decision_id: Uuid,
    },
}

impl Payload for EntityUpdate {
    const NAME: &'static str = "entity_update";

    fn rooms(&self) -> Vec<Room> {
        Vec::new()
    }
}
