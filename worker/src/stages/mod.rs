//! The steps from a file to sound, words and text. Each is pure: values in, values out; jobs do the input
//! and output. `self-language` finds the meaning of texts.

pub mod chunking;
pub mod coverage;
pub mod decode;
pub mod read;
pub mod resample;
pub mod transcribe;

pub use crate::models::SAMPLE_RATE;
