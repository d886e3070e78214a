//! The models, each behind the few calls that a stage needs of it.

pub mod embedder;
pub mod minilm;
pub mod moonshine;
pub mod onnx;
pub mod transcriber;

/// A model's name and version, stored beside everything that it produced, so that a change of
/// model can be told apart and worked off again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelId {
    pub name: &'static str,
    pub version: &'static str,
}
