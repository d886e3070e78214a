//! The models, each behind the few calls that a stage needs of it.

pub mod embedder;
pub mod minilm;
pub mod onnx;
