//! Moonshine: speech to text with punctuation and casing, by default its tiny English model.
//!
//! Two graphs, run as in Jeffries et al., "Moonshine: Speech Recognition for Live Transcription and Voice
//! Commands" (2024), with the arguments of the ONNX export: an encoder from samples to states, and a
//! decoder that produces one token after the other and keeps its state between them.

mod key_value_cache;
mod tokens;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self_onnx::{Graph, OnnxError, Runtime, Tensor};
use self_shared::domain::language;
use self_shared::domain::model::{ModelDescription, ModelId};
use sha2::{Digest, Sha256};

use self::key_value_cache::CacheTensor;
use self::tokens::Tokens;
use super::transcriber::{TranscribeError, Transcriber, TranscriberSession, Utterance};
use crate::models::SAMPLE_RATE;

const BEGIN: i64 = 1;
const END: i64 = 2;
/// The most tokens for a second of English: nobody speaks faster, and a decoder in a loop must stop. Other
/// languages get twice as many, as in the makers' own code.
const TOKENS_PER_SECOND: f32 = 6.5;
/// The encoder's first filters need a minimum of sound, in samples; shorter sound is padded with silence.
const SHORTEST: usize = SAMPLE_RATE as usize / 2;

/// The files of a model, without their extensions.
const ENCODER: &str = "encoder_model";
const DECODER: &str = "decoder_model_merged";
const TOKENS: &str = "tokenizer.bin";

/// The files of the model, and what is known about it.
#[derive(Clone, Debug)]
pub struct Moonshine {
    runtime: Runtime,
    encoder: PathBuf,
    decoder: PathBuf,
    tokens: Arc<Tokens>,
    id: ModelId,
    description: ModelDescription,
}

impl Moonshine {
    /// Opens the model in `models/moonshine/tiny-en`, where set-up puts it.
    pub fn load(models: &Path) -> Result<Self, TranscribeError> {
        let folder = models.join("moonshine/tiny-en");
        Ok(Self {
            tokens: Arc::new(Tokens::load(&folder.join(TOKENS))?),
            runtime: Runtime::load(models)?,
            encoder: folder.join(ENCODER).with_extension("ort"),
            decoder: folder.join(DECODER).with_extension("ort"),
            // The package of the weights has a version; the weights themselves have none.
            id: ModelId::known("moonshine-tiny-en", "moonshine-voice-0.0.73"),
            description: ModelDescription {
                languages: vec!["en".to_owned()],
                source: Some("package moonshine-voice 0.0.73 (PyPI)".to_owned()),
                licence: Some("MIT".to_owned()),
            },
        })
    }

    /// Opens a model of any size from a folder: `encoder_model` and `decoder_model_merged`, each as `.ort`
    /// or `.onnx`, and `tokenizer.bin`. Its name is that of the folder; its version is the first digits of
    /// the SHA-256 of the decoder.
    ///
    /// # Errors
    /// [`TranscribeError`] that names the file that is missing or invalid.
    pub fn open(runtime: &Runtime, folder: &Path, languages: &[String]) -> Result<Self, TranscribeError> {
        let unusable = |detail: String| TranscribeError::Folder(folder.to_owned(), detail);
        let graph = |name: &str| {
            let files = ["ort", "onnx"].map(|ending| folder.join(name).with_extension(ending));
            let found = files.into_iter().find(|file| file.is_file());
            found.ok_or_else(|| unusable(format!("{name}.ort or {name}.onnx is missing")))
        };
        let (encoder, decoder) = (graph(ENCODER)?, graph(DECODER)?);
        let tokens = folder.join(TOKENS);
        if !tokens.is_file() {
            return Err(unusable(format!("{TOKENS} is missing")));
        }
        let folder_name = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let name = folder_name.file_name().map_or_else(|| "moonshine".into(), |name| name.to_string_lossy());
        let version = digest(&decoder).map_err(|error| unusable(error.to_string()))?;
        let model = Self {
            runtime: runtime.clone(),
            encoder,
            decoder,
            tokens: Arc::new(Tokens::load(&tokens)?),
            id: ModelId { name: name.into_owned().into(), version: version.into() },
            description: ModelDescription {
                languages: languages.to_vec(),
                source: Some("the files in MOONSHINE_DIR".to_owned()),
                licence: None,
            },
        };
        // Checks before the first recording that the graphs are of this kind of model.
        model.session().map_err(|error| unusable(error.to_string()))?;
        Ok(model)
    }

    fn session(&self) -> Result<Session, OnnxError> {
        let (encoder, decoder) = (self.runtime.open(&self.encoder)?, self.runtime.open(&self.decoder)?);
        let is_english = self.description.languages.iter().all(|tag| language::is_same(tag, "en"));
        Ok(Session {
            encoder_is_masked: takes_mask(&encoder, "attention_mask"),
            decoder_is_masked: takes_mask(&decoder, "encoder_attention_mask"),
            cache: CacheTensor::of(&decoder)?,
            tokens_per_second: if is_english { TOKENS_PER_SECOND } else { 2.0 * TOKENS_PER_SECOND },
            encoder,
            decoder,
            tokens: Arc::clone(&self.tokens),
            // The model reports no language. If it knows only one, that is the language.
            language: self
                .description
                .languages
                .first()
                .filter(|_| self.description.languages.len() == 1)
                .cloned(),
        })
    }
}

fn takes_mask(graph: &Graph, name: &str) -> bool {
    graph.inputs().any(|(input, _)| input == name)
}

/// The first digits of the SHA-256 of a file.
fn digest(file: &Path) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    std::io::copy(&mut std::fs::File::open(file)?, &mut hash)?;
    Ok(hex::encode(&hash.finalize()[..4]))
}

impl Transcriber for Moonshine {
    fn id(&self) -> ModelId {
        self.id.clone()
    }

    fn description(&self) -> ModelDescription {
        self.description.clone()
    }

    fn open_session(&self) -> Result<Box<dyn TranscriberSession>, TranscribeError> {
        Ok(Box::new(self.session()?))
    }
}

struct Session {
    encoder: Graph,
    decoder: Graph,
    /// Whether they have an input for the mask of padding. Exports differ in this.
    encoder_is_masked: bool,
    decoder_is_masked: bool,
    tokens_per_second: f32,
    cache: Vec<CacheTensor>,
    tokens: Arc<Tokens>,
    language: Option<String>,
}

impl TranscriberSession for Session {
    fn transcribe(&mut self, samples: &[f32]) -> Result<Utterance, TranscribeError> {
        let mut sound = samples.to_vec();
        sound.resize(sound.len().max(SHORTEST), 0.0);
        let said = self.decode(sound)?;
        Ok(Utterance { words: self.tokens.words(&said), language: self.language.clone(), is_lost: false })
    }
}

impl Session {
    /// Greedy decoding: always the likeliest token, until the model returns its end token. Each token comes
    /// with the natural logarithm of its probability.
    fn decode(&mut self, sound: Vec<f32>) -> Result<Vec<(i64, f32)>, OnnxError> {
        let length = sound.len();
        let most = (length as f32 / SAMPLE_RATE as f32 * self.tokens_per_second).ceil() as usize;
        let mask = Tensor::new(&[1, length], vec![1_i64; length])?;
        let sound = Tensor::new(&[1, length], sound)?;
        let mut inputs = vec![("input_values", &sound)];
        if self.encoder_is_masked {
            inputs.push(("attention_mask", &mask));
        }
        let states = self.encoder.run(&inputs)?.take("last_hidden_state")?;

        let mut past = self.cache.iter().map(CacheTensor::empty).collect::<Result<Vec<_>, _>>()?;
        let mut said = Vec::with_capacity(most);
        while said.len() < most {
            let first = said.is_empty();
            let token = Tensor::new(&[1, 1], vec![said.last().map_or(BEGIN, |(token, _)| *token)])?;
            let cached = Tensor::new(&[1], vec![!first])?;
            let mut inputs = vec![
                ("input_ids", &token),
                ("encoder_hidden_states", &states),
                ("use_cache_branch", &cached),
            ];
            if self.decoder_is_masked {
                inputs.push(("encoder_attention_mask", &mask));
            }
            inputs.extend(self.cache.iter().map(|name| name.past.as_str()).zip(&past));
            let mut outputs = self.decoder.run(&inputs)?;
            drop(inputs);
            let next = likeliest(outputs.take("logits")?.view()?.1);
            if next.0 == END {
                break;
            }
            said.push(next);
            for (name, kept) in self.cache.iter().zip(&mut past) {
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
