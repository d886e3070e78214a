//! Corrections of entities: rename, change of kind, merge and split.

use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::entities::Edit;
use self_shared::domain::entity::EntityKind;
use uuid::Uuid;

use crate::input::text::{Line, Text};
use crate::views::example_id;
use crate::wire_enums::Wire;

/// Changes to an entity. Fields that are absent keep their value.
#[derive(Object)]
#[oai(example)]
pub(super) struct EntityPatch {
    /// The name.
    name: Option<Text<Line<200>>>,
    /// The kind.
    kind: Option<Wire<EntityKind>>,
}

/// The entity to merge.
#[derive(Object)]
#[oai(example)]
pub(super) struct Merge {
    /// The entity that is merged into the entity in the path.
    pub(super) entity_id: Uuid,
}

/// The names that mean another entity.
#[derive(Object)]
#[oai(example)]
pub(super) struct Split {
    /// Names of the entity, as they are in `aliases`. The first one becomes the name of the other
    /// entity.
    #[oai(validator(min_items = 1, max_items = 50))]
    names: Vec<Text<Line<200>>>,
}

impl EntityPatch {
    /// Converts the changes to an edit of the row.
    pub(super) fn edit(self) -> Edit {
        Edit { name: self.name.map(|name| name.0), kind: self.kind.map(|kind| kind.0) }
    }
}

impl Split {
    /// The names.
    pub(super) fn names(self) -> Vec<String> {
        self.names.into_iter().map(|name| name.0).collect()
    }
}

impl Example for EntityPatch {
    fn example() -> Self {
        Self { name: Some("Ada Lovelace".into()), kind: None }
    }
}

impl Example for Merge {
    fn example() -> Self {
        Self { entity_id: example_id(9) }
    }
}

impl Example for Split {
    fn example() -> Self {
        Self { names: vec!["Ada".into()] }
    }
}
