//! Ids in paths.

use std::borrow::Cow;

use poem_openapi::registry::MetaSchemaRef;
use poem_openapi::types::{ParseFromParameter, ParseResult, Type};
use uuid::Uuid;

/// An id in a path. A text that is no id is accepted and matches no row. So an absent id, an id of another
/// person and an invalid id have the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(pub Uuid);

impl Type for Id {
    const IS_REQUIRED: bool = true;
    type RawValueType = Uuid;
    type RawElementValueType = Uuid;

    fn name() -> Cow<'static, str> {
        Uuid::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        Uuid::schema_ref()
    }

    fn as_raw_value(&self) -> Option<&Uuid> {
        Some(&self.0)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Uuid> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromParameter for Id {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        // No row has the nil UUID.
        Ok(Self(value.parse().unwrap_or(Uuid::nil())))
    }
}
