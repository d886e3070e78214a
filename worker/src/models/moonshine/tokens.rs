//! The tokens of Moonshine: the text of each.

use std::path::Path;

use self_onnx::OnnxError;

use crate::models::transcriber::{TranscribeError, TranscribedWord};

/// The space in tokens; it begins a word.
const SPACE: &str = "▁";

/// The bytes of each token, by its number. Some tokens are parts of a character.
#[derive(Debug)]
pub(super) struct Tokens(Vec<Vec<u8>>);

impl Tokens {
    /// Reads `tokenizer.bin`: for each token the length of its text (one byte; above 127 two, the
    /// second counting in 128s) and the text in UTF-8.
    pub(super) fn load(file: &Path) -> Result<Self, TranscribeError> {
        let bytes = std::fs::read(file).map_err(|_| OnnxError::Missing(file.to_owned()))?;
        Self::parse(&bytes).ok_or_else(|| TranscribeError::Tokens(format!("{} breaks off", file.display())))
    }

    fn parse(mut bytes: &[u8]) -> Option<Self> {
        let mut tokens = Vec::new();
        while let Some((&short, rest)) = bytes.split_first() {
            let (length, rest) = match short {
                ..128 => (usize::from(short), rest),
                128.. => {
                    let (&high, rest) = rest.split_first()?;
                    (usize::from(short - 128) + 128 * usize::from(high), rest)
                }
            };
            let (token, rest) = rest.split_at_checked(length)?;
            tokens.push(token.to_vec());
            bytes = rest;
        }
        Some(Self(tokens))
    }

    /// The words that the tokens spell, with the mean of the log-probabilities of each word's tokens.
    /// Control tokens (`<s>`, `<unk>` …) are left out.
    pub(super) fn words(&self, tokens: &[(i64, f32)]) -> Vec<TranscribedWord> {
        let spelled = tokens.iter().filter_map(|(token, log_probability)| {
            Some((self.0.get(usize::try_from(*token).ok()?)?, *log_probability))
        });
        let mut words: Vec<Spelled> = Vec::new();
        for (token, log_probability) in
            spelled.filter(|(token, _)| !(token.starts_with(b"<") && token.ends_with(b">")))
        {
            if words.is_empty() || token.starts_with(SPACE.as_bytes()) {
                words.push(Spelled::default());
            }
            if let Some(word) = words.last_mut() {
                word.bytes.extend(token);
                word.log_probabilities.push(log_probability);
            }
        }
        words.iter().filter_map(Spelled::word).collect()
    }
}

/// A word while its tokens are added.
#[derive(Default)]
struct Spelled {
    bytes: Vec<u8>,
    log_probabilities: Vec<f32>,
}

impl Spelled {
    fn word(&self) -> Option<TranscribedWord> {
        let text = String::from_utf8_lossy(&self.bytes).replace(SPACE, " ");
        let text = text.split_whitespace().collect::<String>();
        let tokens = self.log_probabilities.len();
        (!text.is_empty()).then(|| TranscribedWord {
            text,
            log_probability: self.log_probabilities.iter().sum::<f32>() / tokens as f32,
            tokens: u32::try_from(tokens).unwrap_or(u32::MAX),
            times: None,
            within: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_short_tokens_are_distinguished() {
        let mut file = b"\x03<s>\x05\xe2\x96\x81It\x01s".to_vec();
        file.extend([128 + 2, 1]);
        file.extend([b'x'; 130]);
        let tokens = Tokens::parse(&file).unwrap();
        let words = tokens.words(&[(0, 0.0), (1, -0.5), (2, -0.1), (1, -0.2)]);
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, ["Its", "It"]);
        assert!((words[0].log_probability + 0.3).abs() < 1e-6 && words[0].tokens == 2, "{words:?}");
        assert_eq!(tokens.words(&[(3, 0.0)])[0].text.len(), 130);
        assert_eq!(tokens.words(&[(99, 0.0), (-1, 0.0)]), []);
    }

    #[test]
    fn a_list_that_breaks_off_is_refused() {
        assert!(Tokens::parse(b"\x05abc").is_none());
        assert!(Tokens::parse(b"\xff").is_none());
    }
}
