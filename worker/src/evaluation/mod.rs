//! Measures the quality of transcription: the commands `self-worker eval …`, which need no servers.

mod made_sounds;
mod speech;
mod word_times;

pub use made_sounds::{Noise, SILENT_SOUNDS, mixed};
pub use speech::evaluate_speech;
pub use word_times::evaluate_word_times;
