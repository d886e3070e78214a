//! Texts and words as the numbers that a model knows: the one place that knows the library
//! `tokenizers`.

use std::path::Path;

use tokenizers::TruncationParams;
use tokenizers::pipeline::{EncodeOptions, Override, PipelineToken, PipelineTokenizer};

/// The vocabulary of a model: pieces of words, with their numbers (Wu et al. 2016, "Google's Neural
/// Machine Translation System").
pub(crate) struct Vocabulary {
    tokenizer: PipelineTokenizer,
    texts: EncodeOptions,
    words: EncodeOptions,
}

/// A vocabulary that is damaged, or of another kind of model, or a text that it cannot take.
#[derive(Debug, thiserror::Error)]
#[error("the tokenizer is unusable: {0}")]
pub struct VocabularyError(String);

impl Vocabulary {
    /// Reads a `tokenizer.json`. A text has at most `longest` tokens; the rest is cut off.
    ///
    /// # Errors
    /// [`VocabularyError`] if the file cannot be read, or is of a kind that is not built in.
    pub(crate) fn load(file: &Path, longest: usize) -> Result<Self, VocabularyError> {
        // Packages have files of an older format than what the tokenizer reads.
        let file = tokenizers::canonicalize_file(file).map_err(unusable)?;
        let tokenizer = tokenizers::from_json(&file).map_err(unusable)?;
        let truncation = TruncationParams { max_length: longest, ..TruncationParams::default() };
        let texts = EncodeOptions {
            padding: Override::Off,
            truncation: Override::With(truncation),
            ..EncodeOptions::default()
        };
        let words = EncodeOptions {
            padding: Override::Off,
            truncation: Override::Off,
            ..EncodeOptions::no_specials()
        };
        Ok(Self { tokenizer, texts, words })
    }

    /// The tokens of a text, with those that mark its start and end.
    ///
    /// # Errors
    /// [`VocabularyError`], which no ordinary text leads to.
    pub(crate) fn text(&self, text: &str) -> Result<Vec<i32>, VocabularyError> {
        self.encode(text, &self.texts)
    }

    /// The tokens of a word, and nothing around them.
    ///
    /// # Errors
    /// [`VocabularyError`], which no ordinary word leads to.
    pub(crate) fn word(&self, word: &str) -> Result<Vec<i32>, VocabularyError> {
        self.encode(word, &self.words)
    }

    fn encode(&self, text: &str, options: &EncodeOptions) -> Result<Vec<i32>, VocabularyError> {
        let mut tokens: Vec<PipelineToken> = Vec::new();
        self.tokenizer.encode_into(text, options, &mut tokens).map_err(unusable)?;
        Ok(tokens.iter().map(|token| token.id().cast_signed()).collect())
    }
}

fn unusable(error: impl std::fmt::Display) -> VocabularyError {
    VocabularyError(error.to_string())
}
