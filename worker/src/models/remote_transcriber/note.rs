//! Tells notes about a sound from speech: transcribers describe what they hear besides words in brackets
//! (`[BLANK_AUDIO]`, `(upbeat music)`, `*sighs*`), and mark what is sung with notes of music.

/// Opening and closing brackets of notes, in the scripts of the languages that have their own.
const BRACKETS: [(char, char); 8] =
    [('[', ']'), ('(', ')'), ('{', '}'), ('<', '>'), ('【', '】'), ('（', '）'), ('［', '］'), ('〔', '〕')];
/// Notes are short. A longer text in brackets is speech.
const WORDS: usize = 8;
const MUSIC: [char; 6] = ['♪', '♫', '♬', '♩', '🎵', '🎶'];

/// Whether a text consists of notes alone.
pub(super) fn is_note(text: &str) -> bool {
    let mut open: Vec<char> = Vec::new();
    let mut has_note = false;
    for c in text.chars() {
        if c == '*' {
            if open.last() == Some(&'*') {
                open.pop();
            } else {
                open.push('*');
            }
        } else if let Some((_, closing)) = BRACKETS.iter().find(|(opening, _)| *opening == c) {
            open.push(*closing);
        } else if open.last() == Some(&c) {
            open.pop();
        } else if c.is_alphanumeric() {
            if open.is_empty() {
                return false;
            }
            has_note = true;
        }
    }
    has_note && open.is_empty() && text.split_whitespace().count() <= WORDS
}

/// Whether a text is marked as sung.
pub(super) fn is_sung(text: &str) -> bool {
    text.contains(MUSIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_no_speech() {
        for note in [
            "[BLANK_AUDIO]",
            " (music) ♪ [Applause] *sighs*",
            "[unintelligible]",
            "（笑）",
            "((static))",
            "<|nospeech|>",
        ] {
            assert!(is_note(note), "{note}");
        }
        for speech in [
            "",
            "...",
            "Yes (laughs).",
            "[Music] Thank you.",
            "He said (and I agree",
            "3 * 4 = 12",
            "(And then he went home again, and never came back to us.)",
        ] {
            assert!(!is_note(speech), "{speech}");
        }
        assert!(is_sung("♪ We will meet again ♪") && !is_sung("We will meet again"));
    }
}
