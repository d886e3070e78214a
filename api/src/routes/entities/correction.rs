//! Corrections of entities: rename, change of kind, merge and split.

use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::entities::Edit;
use self_shared::domain::entity::EntityKind;
use uuid::Uuid;

use crate::input::text::{Line, Text};
use crate::views::example_id;
use crate::wire_enums::Wire;

/// What is to change about an entity; what is absent stays.
#[derive(Object)]
#[oai(example)]
pub(super) struct EntityPatch {
    /// What it is called.
    name: Option<Text<Line<200>>>,
    /// What it is.
    kind: Option<Wire<EntityKind>>,
}

/// Which entity is the same.
#[derive(Object)]
#[oai(example)]
pub(super) struct Merge {
    /// The entity that becomes a part of this one.
    pub(super) entity_id: Uuid,
}

/// Which names mean something else.
#[derive(Object)]
#[oai(example)]
pub(super) struct Split {
    /// The names, as they are among the aliases. The first becomes the name of the other.
    #[oai(validator(min_items = 1, max_items = 50))]
    names: Vec<Text<Line<200>>>,
}

impl EntityPatch {
    /// The edit that it is.
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
