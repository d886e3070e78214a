//! The wire enums of the domain, as types of the OpenAPI document.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::str::FromStr;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use self_shared::domain::conversation::Source;
use self_shared::domain::date::Precision;
use self_shared::domain::entity::{ConnectionKind, EntityKind};
use self_shared::domain::failure::FailureCode;
use self_shared::domain::file::{ContentKind, ContentState, FileEventKind, FileState};
use self_shared::domain::insight::InsightKind;
use self_shared::domain::job::{JobKind, JobState, Lane};
use self_shared::domain::model::{ModelRole, SentData};
use self_shared::domain::progress::Stage;
use self_shared::domain::transcription::{CoverageKind, Timing, Warning};
use serde_json::Value;

/// A wire enum.
pub(crate) trait WireEnum: Copy + Send + Sync + 'static {
    /// Its name in the document.
    const NAME: &'static str;
    /// Its description in the document.
    const DESCRIPTION: &'static str;
    /// Its values.
    const VALUES: &'static [Self];

    /// The stable word of a value.
    fn as_wire(self) -> &'static str;
}

/// A word of a wire enum, in a view or a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wire<T>(pub T);

macro_rules! wire_enums {
    ($($type:ty: $name:literal, $description:literal;)+) => {$(
        impl WireEnum for $type {
            const NAME: &'static str = $name;
            const DESCRIPTION: &'static str = $description;
            const VALUES: &'static [Self] = Self::ALL;

            fn as_wire(self) -> &'static str {
                self.as_str()
            }
        }
    )+};
}

wire_enums! {
    Source: "ConversationSource", "The origin of a conversation: an uploaded recording, live sound, text, or \
                                   nothing yet, so that recordings can be added.";
    JobState: "JobState", "The state of a job. It may alternate between `queued` and `running`; the other states are final.";
    JobKind: "JobKind", "The kind of a job.";
    Lane: "Lane", "A queue that is scaled separately. Each worker is started with the lanes that it serves.";
    InsightKind: "InsightKind", "The kind of an insight.";
    Precision: "Precision", "The precision with which a time was said.";
    Stage: "Stage", "The step that a running job is in.";
    FailureCode: "FailureCode", "The reason why a job died. Stable.";
    FileEventKind: "FileEventKind", "What happened to a file.";
    FileState: "FileState", "Whether a file still exists on its device.";
    ContentKind: "FileContentKind", "The media type of the content of a file.";
    ContentState: "FileContentState", "Whether the content of a file can be searched.";
    CoverageKind: "CoverageKind", "What became of a stretch of a recording: `heard` where somebody speaks, `silent` \
                                   where nobody does, `damaged` where the file could not be decoded, `missing` \
                                   where it holds no sound.";
    Timing: "Timing", "Where the times of words come from: estimated from sound and text, or measured by the \
                       transcriber.";
    Warning: "WarningCode", "What a person should know before they rely on a transcript. Stable.";
    ModelRole: "ModelRole", "The task of a model.";
    SentData: "Sent", "The data that is sent to a model which another program serves.";
    EntityKind: "EntityKind", "The kind of an entity.";
    ConnectionKind: "ConnectionKind", "The relation between two entities.";
}

/// A word of a wire enum, in a view, as text from a database column that holds only these words.
#[derive(Clone, Debug)]
pub(crate) struct StoredEnum<T>(String, PhantomData<T>);

impl<T> From<String> for StoredEnum<T> {
    fn from(word: String) -> Self {
        Self(word, PhantomData)
    }
}

impl<T: WireEnum> From<T> for StoredEnum<T> {
    fn from(value: T) -> Self {
        value.as_wire().to_owned().into()
    }
}

impl<T: WireEnum> Type for StoredEnum<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        Wire::<T>::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        Wire::<T>::schema_ref()
    }

    fn register(registry: &mut Registry) {
        Wire::<T>::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<T: WireEnum> ToJSON for StoredEnum<T> {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.clone().into())
    }
}

impl<T: WireEnum> ParseFromJSON for StoredEnum<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match Wire::<T>::parse_from_json(value) {
            Ok(Wire(value)) => Ok(value.into()),
            Err(error) => Err(error.propagate()),
        }
    }
}

impl<T: WireEnum> FromStr for Wire<T> {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        T::VALUES.iter().copied().find(|value| value.as_wire() == word).map(Self).ok_or_else(|| {
            let known: Vec<_> = T::VALUES.iter().map(|value| value.as_wire()).collect();
            format!("it can be one of {}", known.join(", "))
        })
    }
}

impl<T: WireEnum> Type for Wire<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(T::NAME.to_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(T::NAME.to_owned(), |_| MetaSchema {
            description: Some(T::DESCRIPTION),
            enum_items: T::VALUES.iter().map(|value| value.as_wire().into()).collect(),
            ..MetaSchema::new("string")
        });
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<T: WireEnum> ToJSON for Wire<T> {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.as_wire().into())
    }
}

impl<T: WireEnum> ParseFromJSON for Wire<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::String(word)) => word.parse().map_err(ParseError::custom),
            other => Err(ParseError::expected_type(other.unwrap_or_default())),
        }
    }
}

impl<T: WireEnum> ParseFromParameter for Wire<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        value.parse().map_err(ParseError::custom)
    }
}
