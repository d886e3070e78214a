//! The models, each behind the few calls that a stage needs of it.

pub mod cards;
pub mod embedder;
pub mod entity_finder;
pub mod gliner;
pub mod minilm;
pub mod moonshine;
pub mod remote_transcriber;
pub mod self_names;
pub mod silero;
pub mod summarizer;
pub mod transcriber;
pub mod vocabulary;
