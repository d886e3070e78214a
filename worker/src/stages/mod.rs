//! The steps from sound, or a file, to meaning. Each is pure: values in, values out; jobs do the input and
//! output.

pub mod connect;
pub mod cover;
pub mod cut;
pub mod decide;
pub mod decode;
pub mod embed;
pub mod extract;
pub mod notice;
pub mod numerals;
pub mod read;
pub mod resample;
pub mod resolve;
pub mod summarize;
pub mod transcribe;

/// The rate of all sound after decoding, in samples per second; it is what the models hear.
pub const SAMPLE_RATE: u32 = 16_000;
