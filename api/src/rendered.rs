//! A JSON body that was serialized before, such as one from the cache.

use std::marker::PhantomData;

use poem::{IntoResponse, Response};
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};

/// A view, serialized as JSON.
pub(crate) struct Rendered<T> {
    json: String,
    of: PhantomData<fn() -> T>,
}

impl<T: ToJSON> Rendered<T> {
    /// Serializes a view.
    pub(crate) fn new(view: &T) -> Self {
        Self::again(view.to_json_string())
    }

    /// A view from JSON that [`Self::new`] made before.
    pub(crate) const fn again(json: String) -> Self {
        Self { json, of: PhantomData }
    }

    /// The JSON text.
    pub(crate) fn json(&self) -> &str {
        &self.json
    }
}

impl<T: Type> Payload for Rendered<T> {
    const CONTENT_TYPE: &'static str = Json::<T>::CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> IntoResponse for Rendered<T> {
    fn into_response(self) -> Response {
        Response::builder().content_type(Self::CONTENT_TYPE).body(self.json)
    }
}
