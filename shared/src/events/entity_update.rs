//! The event for decisions of a person about entities.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Payload, Room};

/// A person decided something about an entity, or took it back. Names are not told: what is forgotten
/// later would live on in the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum EntityUpdate {
    /// The entity has another name, or is of another kind.
    Edited {
        /// The entity.
        id: Uuid,
    },
    /// The other entity is a part of this one.
    Merged {
        /// The entity.
        id: Uuid,
        /// The other entity, which is gone.
        other_id: Uuid,
    },
    /// The other entity was a part of this one.
    Split {
        /// The entity.
        id: Uuid,
        /// The other entity, which is new.
        other_id: Uuid,
    },
    /// The entity is gone, and is passed over from now on.
    Forgotten {
        /// The entity.
        id: Uuid,
    },
    /// A decision does not count any more. What follows for entities is told with the conversations
    /// that are understood anew.
    TakenBack {
        /// The decision.
        decision_id: Uuid,
    },
}

impl Payload for EntityUpdate {
    const NAME: &'static str = "entity_update";

    fn rooms(&self) -> Vec<Room> {
        Vec::new()
    }
}
