//! The transcribers, the voice detector, and the models that other programs serve, each behind the few
//! calls that a stage or a job needs. The models for text are in `self-language`.

pub mod cards;
pub mod moonshine;
pub mod remote_transcriber;
pub mod silero;
pub mod summarizer;
pub mod transcriber;

/// The rate of all sound after decoding, in samples per second; it is the input rate of the models.
pub const SAMPLE_RATE: u32 = 16_000;
