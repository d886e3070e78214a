//! Moonshine tiny: English speech to text with punctuation and casing.
//!
//! Two graphs, driven as in Jeffries et al., "Moonshine: Speech Recognition for Live Transcription
//! and Voice Commands" (2024), with the arguments of the ONNX export: an encoder from samples to
//! states, and a decoder that says one token after the other and remembers what it has computed.

mod tokens;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::tokens::Tokens;
use super::ModelId;
use super::onnx::{Graph, OnnxError, Runtime, Tensor};
use super::transcriber::{Ear, TranscribeError, Transcriber, Utterance};
use crate::stages::SAMPLE_RATE;

const BEGIN: i64 = 1;
const END: i64 = 2;
/// Tokens for a second of sound: nobody speaks faster, and a decoder that loops must stop.
const TOKENS_PER_SECOND: f32 = 6.5;
/// The encoder's first filters need a little sound; what is shorter is followed by silence.
const SHORTEST: usize = SAMPLE_RATE as usize / 2;
const LAYERS: usize = 6;
const HEADS: usize = 8;
const HEAD_WIDTH: usize = 36;

/// The model's files.
#[derive(Clone, Debug)]
pub struct Moonshine {
    runtime: Runtime,
    folder: PathBuf,
    tokens: Arc<Tokens>,
}

impl Moonshine {
    /// Finds the model in `models/moonshine/tiny-en`, where set-up put it.
    ///
    /// # Errors
    /// [`TranscribeError`] when it or the runtime is missing.
    pub fn load(models: &Path) -> Result<Self, TranscribeError> {
        let folder = models.join("moonshine/tiny-en");
        let tokens = Arc::new(Tokens::load(&folder.join("tokenizer.bin"))?);
        Ok(Self { runtime: Runtime::load(models)?, folder, tokens })
    }
}

impl Transcriber for Moonshine {
    fn id(&self) -> ModelId {
        // The package that carries the weights has a version; they themselves have none.
        ModelId { name: "moonshine-tiny-en", version: "moonshine-voice-0.0.73" }
    }

    fn ear(&self) -> Result<Box<dyn Ear>, TranscribeError> {
        Ok(Box::new(Session {
            encoder: self.runtime.open(&self.folder.join("encoder_model.ort"))?,
            decoder: self.runtime.open(&self.folder.join("decoder_model_merged.ort"))?,
            memory: Memory::names(),
            tokens: Arc::clone(&self.tokens),
        }))
    }
}

struct Session {
    encoder: Graph,
    decoder: Graph,
    memory: Vec<Memory>,
    tokens: Arc<Tokens>,
}

/// The names of one of the tensors that the decoder hands from step to step.
struct Memory {
    past: String,
    present: String,
    /// Computed from the sound, once; the others grow with the text.
    fixed: bool,
}

impl Memory {
    fn names() -> Vec<Self> {
        let mut names = Vec::new();
        for layer in 0..LAYERS {
            for (side, fixed) in [("decoder", false), ("encoder", true)] {
                for part in ["key", "value"] {
                    names.push(Self {
                        past: format!("past_key_values.{layer}.{side}.{part}"),
                        present: format!("present.{layer}.{side}.{part}"),
                        fixed,
                    });
                }
            }
        }
        names
    }
}

impl Ear for Session {
    fn hear(&mut self, samples: &[f32]) -> Result<Utterance, TranscribeError> {
        let mut sound = samples.to_vec();
        sound.resize(sound.len().max(SHORTEST), 0.0);
        let said = self.say(sound)?;
        // The model does not tell the language: it knows one.
        Ok(Utterance { words: self.tokens.words(&said), language: None })
    }
}

impl Session {
    /// Greedy decoding: always the likeliest token, until the model says that it is done. Each token
    /// comes with the natural logarithm of its probability.
    fn say(&mut self, sound: Vec<f32>) -> Result<Vec<(i64, f32)>, OnnxError> {
        let length = sound.len();
        let most = (length as f32 / SAMPLE_RATE as f32 * TOKENS_PER_SECOND).ceil() as usize;
        let mask = Tensor::new(&[1, length], vec![1_i64; length])?;
        let sound = Tensor::new(&[1, length], sound)?;
        let states = self
            .encoder
            .run(&[("input_values", &sound), ("attention_mask", &mask)])?
            .take("last_hidden_state")?;

        let mut past = Vec::with_capacity(self.memory.len());
        for _ in &self.memory {
            past.push(Tensor::new(&[1, HEADS, 0, HEAD_WIDTH], Vec::<f32>::new())?);
        }
        let mut said = Vec::with_capacity(most);
        while said.len() < most {
            let first = said.is_empty();
            let token = Tensor::new(&[1, 1], vec![said.last().map_or(BEGIN, |(token, _)| *token)])?;
            let cached = Tensor::new(&[1], vec![!first])?;
            let mut inputs = vec![
                ("input_ids", &token),
                ("encoder_hidden_states", &states),
                ("encoder_attention_mask", &mask),
                ("use_cache_branch", &cached),
            ];
            inputs.extend(self.memory.iter().map(|name| name.past.as_str()).zip(&past));
            let mut outputs = self.decoder.run(&inputs)?;
            drop(inputs);
            let next = likeliest(outputs.take("logits")?.view()?.1);
            if next.0 == END {
                break;
            }
            said.push(next);
            for (name, kept) in self.memory.iter().zip(&mut past) {
                if first || !name.fixed {
                    *kept = outputs.take(&name.present)?;
                }
            }
        }
        Ok(said)
    }
}

/// The likeliest token, and the natural logarithm of its probability (log-softmax).
fn likeliest(logits: &[f32]) -> (i64, f32) {
    let best = logits.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.map_or((END, 0.0), |(token, most)| {
        let sum: f32 = logits.iter().map(|logit| (logit - most).exp()).sum();
        (token as i64, -sum.ln())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_token_comes_with_its_log_probability() {
        let (token, log_probability) = likeliest(&[1.0, 3.0, 1.0]);
        let expected = (3.0_f32.exp() / (3.0_f32.exp() + 2.0 * 1.0_f32.exp())).ln();
        assert_eq!(token, 1);
        assert!((log_probability - expected).abs() < 1e-6, "{log_probability} {expected}");
    }
}
