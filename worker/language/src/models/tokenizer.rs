//! Tokenizers. This is the only module that uses the library `tokenizers`.

use std::path::Path;

use tokenizers::TruncationParams;
use tokenizers::pipeline::{EncodeOptions, Override, PipelineToken, PipelineTokenizer};

/// The vocabulary of a model: word pieces and their numbers (Wu et al. 2016, "Google's Neural Machine
/// Translation System").
pub(crate) struct Tokenizer {
    tokenizer: PipelineTokenizer,
    texts: EncodeOptions,
    words: EncodeOptions,
}

/// The vocabulary is damaged or of an unsupported kind, or a text cannot be tokenized.
#[derive(Debug, thiserror::Error)]
#[error("the tokenizer is unusable: {0}")]
pub struct TokenizerError(String);

impl Tokenizer {
    /// Reads a `tokenizer.json`. A text has at most `longest` tokens; the rest is cut off. The error says
    /// whether the file is unreadable or of an unsupported kind.
    pub(crate) fn load(file: &Path, longest: usize) -> Result<Self, TokenizerError> {
        // The files in packages have an older format than the tokenizer reads.
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

    /// The tokens of a text, including those that mark its start and end. No ordinary text gives an error.
    pub(crate) fn text(&self, text: &str) -> Result<Vec<i32>, TokenizerError> {
        self.encode(text, &self.texts)
    }

    /// The tokens of a word alone. No ordinary word gives an error.
    pub(crate) fn word(&self, word: &str) -> Result<Vec<i32>, TokenizerError> {
        self.encode(word, &self.words)
    }

    fn encode(&self, text: &str, options: &EncodeOptions) -> Result<Vec<i32>, TokenizerError> {
        let mut tokens: Vec<PipelineToken> = Vec::new();
        self.tokenizer.encode_into(text, options, &mut tokens).map_err(unusable)?;
        Ok(tokens.iter().map(|token| token.id().cast_signed()).collect())
    }
}

fn unusable(error: impl std::fmt::Display) -> TokenizerError {
    TokenizerError(error.to_string())
}
