//! What people correct about entities: what they are called, what they are, and which are the same.

use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::entities::Edit;
use self_shared::domain::entity::EntityKind;
use uuid::Uuid;

use crate::problem::Problem;
use crate::views::example_id;

/// More spellings nobody tells apart.
const MOST_NAMES: usize = 50;
/// Characters of a name.
const LONGEST_NAME: usize = 200;

/// What is to change about an entity; what is absent stays.
#[derive(Object)]
#[oai(example)]
pub(super) struct EntityPatch {
    /// What it is called.
    name: Option<String>,
    /// What it is: `person`, `place`, `organization`, `date`, `email`, `phone`, `link` or `amount`.
    kind: Option<String>,
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
    /// The names, as they are among the aliases: 1 to 50. The first becomes the name of the other.
    names: Vec<String>,
}

impl EntityPatch {
    /// The edit that it is.
    ///
    /// # Errors
    /// When something in it is not usable.
    pub(super) fn edit(self) -> Result<Edit, Problem> {
        let name = self.name.map(|name| usable("name", &name)).transpose()?;
        let kind = self.kind.map(|kind| kind.parse::<EntityKind>()).transpose();
        Ok(Edit { name, kind: kind.map_err(|error| Problem::field("kind", error.to_string()))? })
    }
}

impl Split {
    /// The names, without their surroundings.
    ///
    /// # Errors
    /// When there are none, too many, or one that is none.
    pub(super) fn names(self) -> Result<Vec<String>, Problem> {
        if !(1..=MOST_NAMES).contains(&self.names.len()) {
            return Err(Problem::field("names", "must be 1 to 50 names"));
        }
        self.names.iter().map(|name| usable("names", name)).collect()
    }
}

fn usable(field: &'static str, name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Problem::field(field, "must be 1 to 200 characters"))
}

impl Example for EntityPatch {
    fn example() -> Self {
        Self { name: Some("Ada Lovelace".to_owned()), kind: None }
    }
}

impl Example for Merge {
    fn example() -> Self {
        Self { entity_id: example_id(9) }
    }
}

impl Example for Split {
    fn example() -> Self {
        Self { names: vec!["Ada".to_owned()] }
    }
}
