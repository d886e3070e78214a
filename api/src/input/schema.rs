//! The schemas of bodies. Each is built once, at the first request with such a body.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use poem_openapi::registry::{MetaSchema, Registry};
use poem_openapi::types::Type;

/// The schema of a body, with the schemas that it refers to.
#[derive(Debug)]
pub(super) struct BodySchema {
    pub body: MetaSchema,
    pub named: BTreeMap<String, MetaSchema>,
}

/// By the name of the type, which is unique in the document.
static BUILT: LazyLock<RwLock<HashMap<Cow<'static, str>, Arc<BodySchema>>>> = LazyLock::new(RwLock::default);

/// The schema of a type.
pub(super) fn of<T: Type>() -> Arc<BodySchema> {
    let name = T::name();
    if let Some(built) = BUILT.read().unwrap_or_else(PoisonError::into_inner).get(&name) {
        return Arc::clone(built);
    }
    let mut registry = Registry::new();
    let body = registry.create_fake_schema::<T>();
    let built = Arc::new(BodySchema { body, named: registry.schemas });
    BUILT.write().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::clone(&built));
    built
}
