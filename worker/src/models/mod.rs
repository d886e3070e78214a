//! The models, each behind the few calls that a stage needs of it.

pub mod cards;
pub mod embedder;
pub mod entity_finder;
pub mod gliner;
pub mod minilm;
pub mod moonshine;
pub mod onnx;
pub mod remote_transcriber;
pub mod self_names;
pub mod silero;
pub mod summarizer;
pub mod transcriber;
pub mod vocabulary;

use std::borrow::Cow;

/// A model's name and version, stored beside everything that it produced, so that a change of
/// model can be told apart and worked off again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelId {
    pub name: Cow<'static, str>,
    pub version: Cow<'static, str>,
}

impl ModelId {
    /// Of a model that this program knows by itself.
    #[must_use]
    pub const fn known(name: &'static str, version: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), version: Cow::Borrowed(version) }
    }
}

/// What people are told of a model besides its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The languages that it is for, as BCP 47 tags; any language when empty.
    pub languages: Vec<String>,
    /// Where it is from, where that is known.
    pub source: Option<String>,
    /// Its licence as an SPDX expression, where that is known.
    pub licence: Option<String>,
}
