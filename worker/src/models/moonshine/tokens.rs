//! The tokens of Moonshine: what each stands for in text.

use std::path::Path;

use crate::models::onnx::OnnxError;
use crate::models::transcriber::TranscribeError;

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

    /// The text that the tokens spell. Control tokens (`<s>`, `<unk>` …) are silent.
    pub(super) fn text(&self, tokens: &[i64]) -> String {
        let bytes: Vec<u8> = tokens
            .iter()
            .filter_map(|token| self.0.get(usize::try_from(*token).ok()?))
            .filter(|token| !(token.starts_with(b"<") && token.ends_with(b">")))
            .flatten()
            .copied()
            .collect();
        String::from_utf8_lossy(&bytes).replace('▁', " ").trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_short_tokens_are_told_apart() {
        let mut file = b"\x03<s>\x05\xe2\x96\x81It\x01s".to_vec();
        file.extend([128 + 2, 1]);
        file.extend([b'x'; 130]);
        let tokens = Tokens::parse(&file).unwrap();
        assert_eq!(tokens.text(&[0, 1, 2, 1]), "Its It");
        assert_eq!(tokens.text(&[3]).len(), 130);
        assert_eq!(tokens.text(&[99, -1]), "");
    }

    #[test]
    fn a_list_that_breaks_off_is_refused() {
        assert!(Tokens::parse(b"\x05abc").is_none());
        assert!(Tokens::parse(b"\xff").is_none());
    }
}
