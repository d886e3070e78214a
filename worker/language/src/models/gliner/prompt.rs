//! The input of GLiNER: the labels and the words as tokens, and the spans of words to score.

use self_onnx::{OnnxError, Tensor};

use super::split::PromptWord;
use super::{GlinerError, LABELS, LONGEST_WORD, Settings};
use crate::models::FindError;
use crate::models::tokenizer::Tokenizer;

/// The tokens of the labels, and those before and after the text.
pub(super) struct Prompt {
    tokenizer: Tokenizer,
    before: Vec<i32>,
    after: Vec<i32>,
}

/// The network's inputs for a batch of texts, padded to the longest of them.
pub(super) struct Inputs {
    tensors: [(&'static str, Tensor); 6],
}

impl Prompt {
    pub(super) fn new(tokenizer: Tokenizer, settings: &Settings) -> Result<Self, GlinerError> {
        // The tokens of an empty text are those at the start and the end of every text.
        let mut around = tokenizer.text("")?;
        let after = around.split_off(around.len().div_ceil(2));
        let mut before = around;
        let labels = LABELS.iter().flat_map(|(label, _)| [settings.ent_token.as_str(), label]);
        for word in labels.chain([settings.sep_token.as_str()]) {
            before.extend(tokenizer.word(word)?);
        }
        Ok(Self { tokenizer, before, after })
    }
}

impl Inputs {
    /// Builds the inputs. Names have at most `width` words.
    pub(super) fn new(prompt: &Prompt, texts: &[&[PromptWord<'_>]], width: usize) -> Result<Self, FindError> {
        let mut rows = Vec::with_capacity(texts.len());
        for words in texts {
            rows.push(PromptRow::new(prompt, words)?);
        }
        let tokens = rows.iter().map(|row| row.ids.len()).max().unwrap_or(0);
        let words = texts.iter().map(|words| words.len()).max().unwrap_or(0);
        let padded = |values: fn(&PromptRow) -> Vec<i64>| -> Result<Tensor, OnnxError> {
            let pad = |row| {
                let mut values = values(row);
                values.resize(tokens, 0);
                values
            };
            Tensor::new(&[rows.len(), tokens], rows.iter().flat_map(pad).collect())
        };
        let lengths: Vec<i64> = texts.iter().map(|words| words.len() as i64).collect();
        let mut spans: Vec<i64> = Vec::with_capacity(rows.len() * words * width * 2);
        let mut are_spans = Vec::with_capacity(rows.len() * words * width);
        for text in texts {
            for first in 0..words {
                for last in first..first + width {
                    // A span that ends after the text is masked, so that its indices have no meaning.
                    let is_span = last < text.len();
                    are_spans.push(is_span);
                    spans.extend(if is_span { [first as i64, last as i64] } else { [0, 0] });
                }
            }
        }
        Ok(Self {
            tensors: [
                ("input_ids", padded(|row| row.ids.clone())?),
                ("attention_mask", padded(|row| vec![1; row.ids.len()])?),
                ("words_mask", padded(|row| row.words.clone())?),
                ("text_lengths", Tensor::new(&[rows.len(), 1], lengths)?),
                ("span_idx", Tensor::new(&[rows.len(), words * width, 2], spans)?),
                ("span_mask", Tensor::new(&[rows.len(), words * width], are_spans)?),
            ],
        })
    }

    pub(super) fn named(&self) -> Vec<(&str, &Tensor)> {
        self.tensors.iter().map(|(name, tensor)| (*name, tensor)).collect()
    }
}

/// The tokens of one text.
struct PromptRow {
    ids: Vec<i64>,
    /// The number of each word, from 1, at its first token; elsewhere 0.
    words: Vec<i64>,
}

impl PromptRow {
    fn new(prompt: &Prompt, words: &[PromptWord<'_>]) -> Result<Self, FindError> {
        let mut row = Self { ids: Vec::new(), words: Vec::new() };
        row.add(&prompt.before, 0);
        for (index, word) in words.iter().enumerate() {
            let mut tokens = prompt.tokenizer.word(word.text)?;
            tokens.truncate(LONGEST_WORD);
            // Each number of a word must occur once: a word without tokens gets the token 0, which is
            // padding.
            row.add(if tokens.is_empty() { &[0] } else { &tokens }, index as i64 + 1);
        }
        row.add(&prompt.after, 0);
        Ok(row)
    }

    fn add(&mut self, tokens: &[i32], word: i64) {
        let start = self.ids.len();
        self.ids.extend(tokens.iter().map(|token| i64::from(*token)));
        self.words.resize(self.ids.len(), 0);
        if let Some(first) = self.words.get_mut(start) {
            *first = word;
        }
    }
}
