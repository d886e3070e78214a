//! A JSON body that was serialized before, such as one from the cache.

use std::marker::PhantomData;

use poem::{IntoResponse, Response};
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};

/// A view, serialized as JSON.
pub(crate) struct RawJson<T> {
    json: String,
    of: PhantomData<fn() -> T>,
}

impl<T: ToJSON> RawJson<T> {
    /// Serializes a view.
    pub(crate) fn new(view: &T) -> Self {
        Self::from_text(view.to_json_string())
    }

    /// A view from JSON that [`Self::new`] made before.
    pub(crate) const fn from_text(json: String) -> Self {
        Self { json, of: PhantomData }
    }

    /// The JSON text.
    pub(crate) fn json(&self) -> &str {
        &self.json
    }
}

impl<T: Type> Payload for RawJson<T> {
    const CONTENT_TYPE: &'static str = Json::<T>::CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> IntoResponse for RawJson<T> {
    fn into_response(self) -> Response {
        Response::builder().content_type(Self::CONTENT_TYPE).body(self.json)
    }
}
