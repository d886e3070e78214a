//! The closed vocabularies of the domain, as types of the document.

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
use self_shared::domain::model::{ModelRole, Sent};
use self_shared::domain::progress::Stage;
use self_shared::domain::transcription::{CoverageKind, Timing, Warning};
use serde_json::Value;

/// A closed enum with stable words.
pub(crate) trait Vocabulary: Copy + Send + Sync + 'static {
    /// What it is called in the document.
    const NAME: &'static str;
    /// What it is.
    const DESCRIPTION: &'static str;
    /// Its values.
    const VALUES: &'static [Self];

    /// The stable word of a value.
    fn word(self) -> &'static str;
}

/// One word of a vocabulary, in a view or a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<T>(pub T);

macro_rules! vocabularies {
    ($($type:ty: $name:literal, $description:literal;)+) => {$(
        impl Vocabulary for $type {
            const NAME: &'static str = $name;
            const DESCRIPTION: &'static str = $description;
            const VALUES: &'static [Self] = Self::ALL;

            fn word(self) -> &'static str {
                self.as_str()
            }
        }
    )+};
}

vocabularies! {
    Source: "ConversationSource", "How a conversation came here: as a recording that was uploaded, recorded \
                                   live, as text, or empty, to add recordings to.";
    JobState: "JobState", "Where a job stands. `queued` and `running` may alternate; the others are endings.";
    JobKind: "JobKind", "What kind of work a job is.";
    Lane: "Lane", "What scales separately: a worker is started with the lanes that it serves.";
    InsightKind: "InsightKind", "What kind an insight is.";
    Precision: "Precision", "How exactly a time was said.";
    Stage: "Stage", "What a running job is doing.";
    FailureCode: "FailureCode", "Why a job died.";
    FileEventKind: "FileEventKind", "What happened to a file.";
    FileState: "FileState", "Whether a file is still there.";
    ContentKind: "FileContentKind", "What can be read in a file: its media type.";
    ContentState: "FileContentState", "Whether what is in a file can be searched.";
    CoverageKind: "CoverageKind", "What became of a stretch of a recording: `heard` where somebody speaks, `silent` \
                                   where nobody does, `damaged` where the file could not be decoded, `missing` \
                                   where it holds no sound.";
    Timing: "Timing", "Where the times of words come from: estimated from sound and text, or measured by the \
                       transcriber.";
    Warning: "WarningCode", "What a person should know before they rely on a transcript. Stable.";
    ModelRole: "ModelRole", "What a model is there for.";
    Sent: "Sent", "What is sent to a model that another program serves.";
    EntityKind: "EntityKind", "What something is that is mentioned.";
    ConnectionKind: "ConnectionKind", "What two entities have to do with one another.";
}

/// One word of a vocabulary, in a view, as the database holds it: a text that only words get into.
#[derive(Clone, Debug)]
pub(crate) struct Stored<T>(String, PhantomData<T>);

impl<T> From<String> for Stored<T> {
    fn from(word: String) -> Self {
        Self(word, PhantomData)
    }
}

impl<T: Vocabulary> From<T> for Stored<T> {
    fn from(value: T) -> Self {
        value.word().to_owned().into()
    }
}

impl<T: Vocabulary> Type for Stored<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        Word::<T>::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        Word::<T>::schema_ref()
    }

    fn register(registry: &mut Registry) {
        Word::<T>::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<T: Vocabulary> ToJSON for Stored<T> {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.clone().into())
    }
}

impl<T: Vocabulary> ParseFromJSON for Stored<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match Word::<T>::parse_from_json(value) {
            Ok(Word(value)) => Ok(value.into()),
            Err(error) => Err(error.propagate()),
        }
    }
}

impl<T: Vocabulary> FromStr for Word<T> {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        T::VALUES.iter().copied().find(|value| value.word() == word).map(Self).ok_or_else(|| {
            let known: Vec<_> = T::VALUES.iter().map(|value| value.word()).collect();
            format!("it can be one of {}", known.join(", "))
        })
    }
}

impl<T: Vocabulary> Type for Word<T> {
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
            enum_items: T::VALUES.iter().map(|value| value.word().into()).collect(),
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

impl<T: Vocabulary> ToJSON for Word<T> {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.word().into())
    }
}

impl<T: Vocabulary> ParseFromJSON for Word<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::String(word)) => word.parse().map_err(ParseError::custom),
            other => Err(ParseError::expected_type(other.unwrap_or_default())),
        }
    }
}

impl<T: Vocabulary> ParseFromParameter for Word<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        value.parse().map_err(ParseError::custom)
    }
}
