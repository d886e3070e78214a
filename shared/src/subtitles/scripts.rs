//! Properties of scripts: the width of characters, and where a line may end without a space.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// At the end of a line, it marks a word that continues in the next line. Players show it as a hyphen or not
/// at all.
pub(super) const SOFT_HYPHEN: char = '\u{ad}';

/// The graphemes of a text, which are never cut, with their columns: two for Chinese characters and emoji,
/// at least one for others.
pub(super) fn graphemes(text: &str) -> impl Iterator<Item = (&str, usize)> {
    text.graphemes(true).map(|grapheme| (grapheme, grapheme.width().clamp(1, 2)))
}

/// The columns of a text.
pub(super) fn width(text: &str) -> usize {
    graphemes(text).map(|(_, width)| width).sum()
}

/// Whether no space belongs between the last character of a line and the first of the next: both are of a
/// script without spaces, or its punctuation.
pub(super) fn stand_together(last: char, first: char) -> bool {
    is_unspaced(last) && is_unspaced(first)
}

/// Whether a line may end between the two characters. Closing punctuation begins no line, and opening
/// punctuation ends none.
pub(super) fn may_part(last: char, first: char) -> bool {
    let opening = "（「『【《〈〔［｛“‘";
    let closing = "）」』】》〉〕］｝”’、。，．！？：；・ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々ๆฯ";
    stand_together(last, first) && !opening.contains(last) && !closing.contains(first)
}

/// Whether the character is Chinese, Japanese, Thai, Lao, Khmer, Burmese or of a related script.
const fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{2e80}'..='\u{2fff}'
        | '\u{3001}'..='\u{30ff}'
        | '\u{3100}'..='\u{312f}'
        | '\u{31a0}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff01}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
}

/// Joins the lines of a cue to one line; words that were cut at the end of a line are joined.
pub(super) fn joined<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    let mut is_spaced = true;
    for line in lines {
        let words = line.trim();
        let Some(first) = words.chars().next() else { continue };
        let starts_spaced = line.starts_with(char::is_whitespace);
        match text.chars().next_back() {
            Some(SOFT_HYPHEN) if !is_spaced && !starts_spaced => {
                text.pop();
            }
            Some(last) if is_spaced || starts_spaced || !stand_together(last, first) => text.push(' '),
            _ => {}
        }
        text.push_str(words);
        is_spaced = line.ends_with(char::is_whitespace);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_as_their_script_wants_it() {
        for (lines, text) in [
            (&["Hello", "there."][..], "Hello there."),
            (&["今天天气", "  很好。"], "今天天气 很好。"),
            (&["今天天气", "很好。"], "今天天气很好。"),
            (&["今天天气 ", "很好。"], "今天天气 很好。"),
            (&["Donau\u{ad}", "dampf\u{ad}", "schiff"], "Donaudampfschiff"),
            (&["soft\u{ad} ", "", "words"], "soft\u{ad} words"),
            (&["สวัสดี", "ครับ"], "สวัสดีครับ"),
            (&["안녕", "하세요"], "안녕 하세요"),
            (&["iPhone", "手机"], "iPhone 手机"),
            (&[], ""),
        ] {
            assert_eq!(joined(lines.iter().copied()), text, "{lines:?}");
        }
    }

    #[test]
    fn width_is_what_the_eye_sees() {
        for (text, columns) in
            [("abc", 3), ("日本", 4), ("e\u{301}", 1), ("👨‍👩‍👧", 2), ("שלום", 4), ("\u{200d}", 1), ("", 0)]
        {
            assert_eq!(width(text), columns, "{text:?}");
        }
    }
}
