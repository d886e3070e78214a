//! Commands that need no servers: training and measuring of models.

mod entities;
mod made_sounds;
mod speech;
mod word_times;

pub use entities::{evaluate_entities, train_entities};
pub use made_sounds::{Noise, SILENT_SOUNDS, mixed};
pub use speech::evaluate_speech;
pub use word_times::evaluate_word_times;
