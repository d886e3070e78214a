//! GLiNER (Zaratiana et al. 2024, "GLiNER: Generalist Model for Named Entity Recognition using
//! Bidirectional Transformer"), the variant that scores spans, for installations that have its files.
//!
//! The labels are given to the network as words before the text: `<<ENT>> person <<ENT>> place <<ENT>>
//! organization <<SEP>> I met Anna …`. The network returns a score for each short run of words and each
//! label.

mod prompt;
mod spans;
mod split;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use self_domain::entity::EntityKind;
use self_domain::model::{About, ModelId};
use self_onnx::{Graph, OnnxError, Runtime};
use serde::Deserialize;

use self::prompt::{Inputs, Prompt};
use self::spans::Scores;
use self::split::split;
use super::entity_finder::{EntityFinder, FindError, Name};
use super::tokenizer::{Tokenizer, TokenizerError};

/// The required files, with their published names.
const GRAPH: &str = "model.onnx";
const VOCABULARY: &str = "tokenizer.json";
const CONFIG: &str = "gliner_config.json";

/// The labels, in the words that the network reads.
const LABELS: [(&str, EntityKind); 3] = [
    ("person", EntityKind::Person),
    ("place", EntityKind::Place),
    ("organization", EntityKind::Organization),
];

/// The number of texts in a batch.
const BATCH: usize = 8;

/// The largest number of tokens that are read of a word.
const LONGEST_WORD: usize = 32;

/// The loaded model.
pub struct Gliner {
    /// Single-threaded. Locked for one batch of texts.
    graph: Mutex<Graph>,
    prompt: Prompt,
    id: ModelId,
    settings: Settings,
}

/// The required part of `gliner_config.json`.
#[derive(Debug, Deserialize)]
struct Settings {
    /// The largest number of words in a name.
    max_width: usize,
    /// The largest number of words in a text.
    max_len: usize,
    #[serde(default = "ent_token")]
    ent_token: String,
    #[serde(default = "sep_token")]
    sep_token: String,
    #[serde(default = "model_name")]
    model_name: String,
}

fn ent_token() -> String {
    "<<ENT>>".to_owned()
}

fn sep_token() -> String {
    "<<SEP>>".to_owned()
}

fn model_name() -> String {
    "unnamed".to_owned()
}

/// The files are not those of a GLiNER.
#[derive(Debug, thiserror::Error)]
pub enum GlinerError {
    #[error(
        "GLINER_DIR: {} is missing; the folder holds {GRAPH}, {VOCABULARY} and {CONFIG}, or the \
         variable is left out",
        .0.display()
    )]
    Missing(PathBuf),
    #[error("GLINER_DIR: {}: {}", .0.display(), .1)]
    Unusable(PathBuf, String),
    #[error("GLINER_DIR: {0}")]
    Onnx(#[from] OnnxError),
    #[error("GLINER_DIR: {0}")]
    Tokenizer(#[from] TokenizerError),
}

impl Gliner {
    /// Loads the model from its folder. The error names the file that is missing or invalid.
    pub fn load(runtime: &Runtime, folder: &Path) -> Result<Self, GlinerError> {
        let [graph, tokenizer, config] = [GRAPH, VOCABULARY, CONFIG].map(|name| folder.join(name));
        if let Some(missing) = [&graph, &tokenizer, &config].into_iter().find(|file| !file.is_file()) {
            return Err(GlinerError::Missing(missing.clone()));
        }
        let unusable =
            |error: &dyn std::fmt::Display| GlinerError::Unusable(config.clone(), error.to_string());
        let text = std::fs::read_to_string(&config).map_err(|error| unusable(&error))?;
        let settings: Settings = serde_json::from_str(&text).map_err(|error| unusable(&error))?;
        if settings.max_width == 0 || settings.max_len == 0 {
            return Err(unusable(&"max_width and max_len are at least 1"));
        }
        let tokenizer = Tokenizer::load(&tokenizer, usize::MAX)?;
        let version = settings.model_name.clone().into();
        Ok(Self {
            graph: Mutex::new(runtime.open(&graph)?),
            prompt: Prompt::new(tokenizer, &settings)?,
            id: ModelId { name: "gliner".into(), version },
            settings,
        })
    }

    /// Finds the names in a batch of texts.
    fn run(&self, stretches: &[Stretch<'_>]) -> Result<Vec<Vec<Name>>, FindError> {
        let words: Vec<_> = stretches.iter().map(|stretch| stretch.words.as_slice()).collect();
        let inputs = Inputs::new(&self.prompt, &words, self.settings.max_width)?;
        let mut graph = self.graph.lock().unwrap_or_else(PoisonError::into_inner);
        let logits = graph.run(&inputs.named())?.take("logits")?;
        let (shape, logits) = logits.view::<f32>()?;
        let scores = Scores::new(shape, logits, self.settings.max_width, LABELS.len())?;
        Ok(stretches
            .iter()
            .enumerate()
            .map(|(row, stretch)| {
                let spans = scores.spans(row, stretch.words.len());
                let name = |span: spans::Span| Name {
                    kind: LABELS[span.class].1,
                    range: stretch.words[span.first].start..stretch.words[span.last].end(),
                };
                spans.into_iter().map(name).collect()
            })
            .collect())
    }
}

/// A text, or a part of it that the network can take at once.
struct Stretch<'text> {
    text: usize,
    words: Vec<split::PromptWord<'text>>,
}

impl EntityFinder for Gliner {
    fn id(&self) -> ModelId {
        self.id.clone()
    }

    fn about(&self) -> About {
        // The files state neither languages nor licence.
        About { source: Some("the files in GLINER_DIR".to_owned()), ..About::default() }
    }

    fn find(&self, texts: &[&str], awaited: &dyn Fn() -> bool) -> Result<Vec<Vec<Name>>, FindError> {
        let mut found = vec![Vec::new(); texts.len()];
        let mut stretches: Vec<Stretch<'_>> = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let words = split(text, self.settings.max_len);
            stretches.extend(words.into_iter().map(|words| Stretch { text: index, words }));
        }
        for batch in stretches.chunks(BATCH) {
            if !awaited() {
                return Err(FindError::Abandoned);
            }
            for (stretch, names) in batch.iter().zip(self.run(batch)?) {
                found[stretch.text].extend(names);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
