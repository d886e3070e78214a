//! Texts with marked words, and snippets of them.

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};
use sqlx::{Decode, Postgres, Type};

/// The marks before and after a word that the database inserts: characters that occur in no text.
const MARKS: [char; 2] = ['\u{2}', '\u{3}'];

/// A text and its marked spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HighlightedText {
    pub text: String,
    /// The marked spans, in order.
    pub spans: Vec<Span>,
}

/// A span of a text, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    /// The first character after the span.
    pub end: usize,
    /// The times in the recording at which the span is said, in milliseconds; `None` for the text of a file.
    pub times: Option<(u64, u64)>,
    /// Whether it is a phrase of the query, and not a single word.
    pub is_phrase: bool,
}

impl Span {
    /// How much it counts for the choice of a snippet. A phrase counts more than all single words.
    const fn weight(&self) -> usize {
        if self.is_phrase { 1_000 } else { 1 }
    }
}

impl HighlightedText {
    /// Where to start playback, in milliseconds: the first phrase in the snippet or else in the text, then the
    /// first word.
    #[must_use]
    pub fn play_from(&self, snippet: &Self) -> Option<u64> {
        let spans = || snippet.spans.iter().chain(&self.spans);
        let phrases = spans().filter(|span| span.is_phrase);
        phrases.chain(spans()).find_map(|span| span.times).map(|(start_ms, _)| start_ms)
    }

    /// Parses a text with marks.
    pub(super) fn read(marked: &str) -> Self {
        let (mut text, mut place, mut opened, mut spans) = (String::new(), 0, None, Vec::new());
        for character in marked.chars() {
            if character == MARKS[0] {
                opened = Some(place);
            } else if character == MARKS[1] {
                spans.extend(opened.take().map(|start| Span {
                    start,
                    end: place,
                    times: None,
                    is_phrase: false,
                }));
            } else {
                text.push(character);
                place += 1;
            }
        }
        Self { text, spans }
    }

    /// Returns the part of at most `longest` characters with the most marks, the first of several. It is cut
    /// between words if possible. `…` stands for text that was left out, and counts.
    #[must_use]
    pub fn snippet(&self, longest: usize) -> Self {
        let text: Vec<char> = self.text.chars().collect();
        if text.len() <= longest {
            return self.clone();
        }
        // The snippet needs space for an ellipsis on both sides.
        let room = longest.saturating_sub(2);
        let held = |from: usize| {
            let inside = self.spans.iter().filter(|span| from <= span.start && span.end <= from + room);
            inside.map(Span::weight).sum::<usize>()
        };
        // The earliest window with the most marks begins at one of them.
        let starts = self.spans.iter().map(|span| span.start);
        let best = starts.rev().max_by_key(|start| held(*start)).unwrap_or(0);
        // The marked spans are placed in the middle of the window.
        let last = self.spans.iter().filter(|span| span.end <= best + room).map(|span| span.end).max();
        let spare = room.saturating_sub(last.unwrap_or(best).saturating_sub(best));
        let mut from = best.saturating_sub(spare / 2).min(text.len() - room);
        let mut to = from + room;
        let whole = |at: usize| at == 0 || at == text.len() || text[at - 1].is_whitespace();
        if let Some(word) = (from..=best.max(from)).find(|at| whole(*at)) {
            from = word;
        }
        let (mut end, needed) = (to, last.unwrap_or(from).max(from + 1));
        while end > needed && !(end == text.len() || text[end].is_whitespace()) {
            end -= 1;
        }
        if end > needed {
            to = end;
        }
        let shown: String = text[from..to].iter().collect();
        let (before, after) = (if from > 0 { "…" } else { "" }, if to < text.len() { "…" } else { "" });
        let moved = usize::from(from > 0);
        let spans = self.spans.iter().filter(|span| from <= span.start && span.end <= to);
        let spans = spans.map(|span| Span {
            start: span.start - from + moved,
            end: span.end - from + moved,
            ..*span
        });
        Self { text: format!("{before}{shown}{after}"), spans: spans.collect() }
    }
}

impl Type<Postgres> for HighlightedText {
    fn type_info() -> PgTypeInfo {
        <str as Type<Postgres>>::type_info()
    }

    fn compatible(ty: &PgTypeInfo) -> bool {
        <str as Type<Postgres>>::compatible(ty)
    }
}

impl<'r> Decode<'r, Postgres> for HighlightedText {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self::read(<&str as Decode<Postgres>>::decode(value)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(marked: &str) -> HighlightedText {
        HighlightedText::read(&marked.replace('[', "\u{2}").replace(']', "\u{3}"))
    }

    fn marked(text: &HighlightedText) -> Vec<String> {
        let part = |span: &Span| text.text.chars().skip(span.start).take(span.end - span.start).collect();
        text.spans.iter().map(part).collect()
    }

    #[test]
    fn marks_are_read_and_leave_the_text() {
        let text = read("Até o [café] e a [praça].");
        assert_eq!(
            (text.text.as_str(), marked(&text)),
            ("Até o café e a praça.", vec!["café".into(), "praça".into()])
        );
    }

    #[test]
    fn a_short_text_is_its_own_snippet() {
        let text = read("the [blue] tiles");
        assert_eq!(text.snippet(16), text);
    }

    #[test]
    fn a_snippet_shows_where_most_is_marked_between_whole_words() {
        let text = read(
            "The [kitchen] was the first thing that they spoke of on that long evening, and much later, \
             when all had gone, of [blue] [tiles] for the [kitchen] and of nothing else at all.",
        );
        let snippet = text.snippet(60);
        assert!(snippet.text.chars().count() <= 60, "{snippet:?}");
        assert_eq!(marked(&snippet), ["blue", "tiles", "kitchen"]);
        let inside = snippet.text.trim_matches('…');
        assert!(text.text.contains(&format!(" {} ", inside.trim())), "{snippet:?}");
        assert!(snippet.text.starts_with('…') && snippet.text.ends_with('…'), "{snippet:?}");
    }

    #[test]
    fn a_phrase_is_shown_and_played_before_words() {
        let mut text = read(&format!("[a] [b] [c] {} [over there] and [d]", "and so on ".repeat(30)));
        for (place, span) in text.spans.iter_mut().enumerate() {
            span.times = Some((place as u64 * 1_000, place as u64 * 1_000 + 500));
            span.is_phrase = place == 3;
        }
        let snippet = text.snippet(60);
        assert_eq!(marked(&snippet), ["over there", "d"]);
        assert_eq!(text.play_from(&snippet), Some(3_000));
        text.spans[3].is_phrase = false;
        assert_eq!(text.play_from(&text.snippet(60)), Some(0));
    }

    #[test]
    fn without_marks_it_is_the_beginning() {
        let snippet = read("Nothing of this was asked for in so many words.").snippet(20);
        assert_eq!(snippet.text, "Nothing of this…");
    }

    #[test]
    fn no_text_is_too_strange_for_a_snippet() {
        for text in ["", "x", &"y".repeat(500), &format!("[{}]", "z".repeat(500)), &"é [é] ".repeat(90)] {
            for longest in [0, 1, 2, 3, 7, 60] {
                let snippet = read(text).snippet(longest);
                let length = snippet.text.chars().count();
                assert!(length <= longest.max(2), "{longest}: {snippet:?}");
                assert!(snippet.spans.iter().all(|span| span.start < span.end && span.end <= length));
            }
        }
    }
}
