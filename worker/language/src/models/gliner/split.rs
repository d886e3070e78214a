//! Words in the way that GLiNER was trained: letters and digits, joined by `-` and `_`; every other
//! character separately.

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PromptWord<'text> {
    pub(super) text: &'text str,
    /// The start in the text, in bytes.
    pub(super) start: usize,
}

impl PromptWord<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Splits a text into words, in parts of at most `most` words, which end with a sentence if possible.
pub(super) fn split(text: &str, most: usize) -> Vec<Vec<PromptWord<'_>>> {
    let words = words(text);
    let mut stretches = Vec::new();
    let mut rest = words.as_slice();
    while !rest.is_empty() {
        let fits = &rest[..most.min(rest.len())];
        let sentence = fits.iter().rposition(|word| matches!(word.text, "." | "!" | "?"));
        let length = if fits.len() == rest.len() { rest.len() } else { sentence.map_or(most, |at| at + 1) };
        stretches.push(rest[..length].to_vec());
        rest = &rest[length..];
    }
    stretches
}

fn words(text: &str) -> Vec<PromptWord<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let length = if is_of_word(first) { word_length(&text[at..]) } else { first.len_utf8() };
        if !first.is_whitespace() {
            words.push(PromptWord { text: &text[at..at + length], start: at });
        }
        at += length;
    }
    words
}

/// The length of the word at the start of a text.
fn word_length(text: &str) -> usize {
    let run =
        |from: usize| text[from..].find(|letter| !is_of_word(letter)).map_or(text.len(), |end| from + end);
    let mut end = run(0);
    while text[end..].starts_with('-') && text[end + 1..].starts_with(is_of_word) {
        end = run(end + 1);
    }
    end
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_together_by_hyphens_and_marks_stand_alone() {
        let stretches = split("Jean-Luc's U.S. visa - 3_a!", 100);
        let texts: Vec<_> = stretches[0].iter().map(|word| word.text).collect();
        assert_eq!(texts, ["Jean-Luc", "'", "s", "U", ".", "S", ".", "visa", "-", "3_a", "!"]);
        assert_eq!(stretches[0][7].end(), "Jean-Luc's U.S. visa".len());
    }

    #[test]
    fn long_texts_are_split_after_sentences_and_short_ones_are_not() {
        let lengths = |text, most| split(text, most).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths("a b. c d e f", 4), [3, 4]);
        assert_eq!(lengths("a b c d e", 2), [2, 2, 1]);
        assert_eq!(lengths("", 2), [0_usize; 0]);
    }
}
