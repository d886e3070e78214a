//! The models, each behind the few calls that a stage needs of it.

pub mod embedder;
pub mod entity_finder;
pub mod gliner;
pub mod minilm;
pub mod moonshine;
pub mod onnx;
pub mod self_names;
pub mod summarizer;
pub mod transcriber;
pub mod vocabulary;

/// A model's name and version, stored beside everything that it produced, so that a change of
/// model can be told apart and worked off again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelId {
    pub name: &'static str,
    pub version: &'static str,
}
