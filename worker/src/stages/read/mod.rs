//! Reads the text of a file in any of the supported formats.
//!
//! The files are of unknown origin. Outside of tests this code runs only in the child process of
//! [`crate::sandbox`], whose limits also bound the libraries for each format.

mod html;
mod markdown;
mod pdf;
mod text;

use std::io::{self, Read};

use self_language::embed::pieces;
use self_shared::domain::file::ContentKind;
use serde::{Deserialize, Serialize};

/// The text of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtractedText {
    /// A line for each paragraph, heading, item or row; no line is empty.
    pub text: String,
    /// Whether the file has more text than this.
    pub is_cut: bool,
}

/// Why a file has no readable text. The reason is in the file: a retry does not help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// The declared type is text, but the content is not.
    #[error("This file is not text: it holds bytes that no text has.")]
    NotText,
    /// The pages of the document are pictures, or empty.
    #[error("This PDF holds no text; if its pages are scans, send it after text recognition.")]
    OnlyPictures,
    /// The document needs a password.
    #[error("This PDF is locked with a password; send it unlocked.")]
    Encrypted,
    /// The content cannot be parsed.
    #[error("This file is damaged: no text can be taken out of it.")]
    Damaged,
    /// The reader did not come to an end.
    #[error("Reading this file took longer than any file of its size.")]
    TimedOut,
    /// The reader needed too much memory.
    #[error("Reading this file needed more memory than any file does.")]
    OutOfMemory,
}

/// The result of reading a file.
pub type ReadResult = Result<ExtractedText, Unreadable>;

/// Reads a file to its end, and extracts at most about `longest` bytes of text.
pub fn read(from: &mut impl Read, kind: ContentKind, longest: usize) -> io::Result<ReadResult> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    Ok(text_of(&bytes, kind, longest).map(|text| normalize(&text, longest)))
}

fn text_of(bytes: &[u8], kind: ContentKind, longest: usize) -> Result<String, Unreadable> {
    match kind {
        ContentKind::Text => text::decode(bytes, None),
        ContentKind::Markdown => Ok(markdown::plain(&text::decode(bytes, None)?)),
        ContentKind::Html => Ok(html::plain(&text::decode(bytes, html::encoding(bytes))?)),
        ContentKind::Pdf => pdf::plain(bytes, longest),
    }
}

/// Lines with single spaces, without empty lines, up to about `longest` bytes.
fn normalize(text: &str, longest: usize) -> ExtractedText {
    let mut normalized = String::new();
    for line in text.split(['\n', '\r', '\x0c']) {
        let words = line.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        let line = words.flat_map(pieces).collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            continue;
        }
        if !normalized.is_empty() {
            normalized.push('\n');
        }
        let room = longest.saturating_sub(normalized.len());
        if line.len() > room {
            normalized.push_str(&line[..line.floor_char_boundary(room)]);
            return ExtractedText { text: normalized, is_cut: true };
        }
        normalized.push_str(&line);
    }
    ExtractedText { text: normalized, is_cut: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extracted(text: &str, is_cut: bool) -> ExtractedText {
        ExtractedText { text: text.to_owned(), is_cut }
    }

    #[test]
    fn lines_have_single_spaces_and_none_is_empty() {
        let outcome = read(&mut &b" a\t b \r\n\n\n\x1b c\x0cd"[..], ContentKind::Text, 100).unwrap();
        assert_eq!(outcome, Ok(extracted("a b\nc\nd", false)));
        assert_eq!(read(&mut &b""[..], ContentKind::Text, 100).unwrap(), Ok(extracted("", false)));
    }

    #[test]
    fn more_than_fits_is_cut_between_two_characters() {
        assert_eq!(normalize("äää", 5), extracted("ää", true));
        assert_eq!(normalize("äää", 6), extracted("äää", false));
        assert_eq!(normalize("a\nbc", 3), extracted("a\nb", true));
    }

    #[test]
    fn a_word_that_never_ends_comes_in_pieces() {
        let endless = "ä".repeat(250);
        let ExtractedText { text, .. } = normalize(&endless, 10_000);
        assert_eq!(text.split(' ').map(|word| word.chars().count()).collect::<Vec<_>>(), [100, 100, 50]);
        assert_eq!(text.replace(' ', ""), endless);
    }

    #[test]
    fn what_cannot_be_read_travels_with_its_reason() {
        for outcome in [Err(Unreadable::Encrypted), Ok(extracted("a", true))] {
            let json = serde_json::to_string(&outcome).unwrap();
            assert_eq!(serde_json::from_str::<ReadResult>(&json).unwrap(), outcome);
        }
    }
}
