//! The places of quoted phrases in texts: consecutive words with the same stems. PostgreSQL finds the passages,
//! but marks every word of a phrase wherever it stands, and compares no words such as `the`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::{HighlightedText, Span};
use crate::database::UserTx;

/// What to mark in the passages that were found.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// All words of the query, those in quotes included.
    pub all: &'a str,
    /// The words outside of quotes.
    pub unquoted: &'a str,
    /// The phrases in quotes.
    pub phrases: &'a [String],
}

/// The stems of words in small letters. A word that has no stem, such as `the`, stands for itself.
pub(super) struct Stems(HashMap<String, String>);

impl Stems {
    /// The stems of all words of these texts.
    pub(super) async fn of(tx: &mut UserTx, texts: impl Iterator<Item = &str>) -> sqlx::Result<Self> {
        let words: BTreeSet<String> = texts.flat_map(words).map(|(_, word)| word).collect();
        let rows = sqlx::query!(
            r#"select word as "word!", coalesce((ts_lexize('english_stem', word))[1], word) as "stem!"
               from unnest($1::text[]) word"#,
            &words.into_iter().collect::<Vec<_>>(),
        )
        .fetch_all(&mut **tx)
        .await?;
        Ok(Self(rows.into_iter().map(|row| (row.word, row.stem)).collect()))
    }

    /// The places and stems of the words of a text.
    fn read(&self, text: &str) -> Vec<(Range<usize>, &str)> {
        let known = |(place, word): (Range<usize>, String)| Some((place, self.0.get(&word)?.as_str()));
        words(text).filter_map(known).collect()
    }

    fn stems(&self, text: &str) -> Vec<&str> {
        self.read(text).into_iter().map(|(_, stem)| stem).collect()
    }
}

/// Marks each phrase as one span. Its single words stay marked only where the query has them outside of quotes
/// too, or where the phrase does not occur word by word.
pub(super) fn mark(text: &mut HighlightedText, wanted: &Wanted<'_>, stems: &Stems) {
    let heard = stems.read(&text.text);
    let mut places: Vec<Range<usize>> = Vec::new();
    let mut kept: HashSet<&str> = stems.stems(wanted.unquoted).into_iter().collect();
    let mut found: HashSet<&str> = HashSet::new();
    for phrase in wanted.phrases {
        let phrase = stems.stems(phrase);
        let before = places.len();
        if !phrase.is_empty() {
            let windows = heard.windows(phrase.len());
            let same =
                windows.filter(|window| window.iter().map(|(_, stem)| *stem).eq(phrase.iter().copied()));
            places.extend(same.map(|window| window[0].0.start..window[window.len() - 1].0.end));
        }
        if places.len() == before { &mut kept } else { &mut found }.extend(phrase);
    }
    if places.is_empty() {
        return;
    }
    let places = joined(places);
    let overlaps = |span: &Span, place: &Range<usize>| span.start < place.end && place.start < span.end;
    text.spans.retain(|span| {
        let mut within = heard.iter().filter(|(place, _)| overlaps(span, place));
        let is_of_phrase = within.all(|(_, stem)| found.contains(stem) && !kept.contains(stem));
        !is_of_phrase && !places.iter().any(|place| overlaps(span, place))
    });
    let phrase = |Range { start, end }| Span { start, end, times: None, is_phrase: true };
    text.spans.extend(places.into_iter().map(phrase));
    text.spans.sort_by_key(|span| span.start);
}

/// The ranges in order, those that overlap as one.
fn joined(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_by_key(|place| place.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for place in places {
        match joined.last_mut() {
            Some(last) if place.start < last.end => last.end = last.end.max(place.end),
            _ => joined.push(place),
        }
    }
    joined
}

/// The words of a text in small letters, with their places in characters.
fn words(text: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    let mut characters = text.chars().enumerate().peekable();
    std::iter::from_fn(move || {
        let (start, first) = characters.by_ref().find(|(_, character)| character.is_alphanumeric())?;
        let (mut word, mut end) = (String::from(first), start + 1);
        while let Some((place, character)) = characters.next_if(|(_, character)| character.is_alphanumeric())
        {
            word.push(character);
            end = place + 1;
        }
        Some((start..end, word.to_lowercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks a text in which `[` and `]` stand around the words that PostgreSQL marked. Words lose a final `s`,
    /// as with a stemmer.
    fn marked(text: &str, unquoted: &str, phrases: &[&str]) -> Vec<(String, bool)> {
        let mut text = HighlightedText::read(&text.replace('[', "\u{2}").replace(']', "\u{3}"));
        let phrases: Vec<String> = phrases.iter().map(|phrase| (*phrase).to_owned()).collect();
        let all = format!("{unquoted} {} {}", phrases.join(" "), text.text);
        let stem = |word: String| (word.clone(), word.trim_end_matches('s').to_owned());
        let stems = Stems(words(&all).map(|(_, word)| stem(word)).collect());
        mark(&mut text, &Wanted { all: "", unquoted, phrases: &phrases }, &stems);
        let shown = |span: &Span| text.text.chars().skip(span.start).take(span.end - span.start).collect();
        text.spans.iter().map(|span| (shown(span), span.is_phrase)).collect()
    }

    fn phrase(text: &str) -> (String, bool) {
        (text.to_owned(), true)
    }

    fn word(text: &str) -> (String, bool) {
        (text.to_owned(), false)
    }

    #[test]
    fn a_phrase_is_marked_where_its_words_follow_one_another() {
        let text = "All going [direct] to heaven, all going [direct] the other way.";
        assert_eq!(marked(text, "", &["direct the other"]), [phrase("direct the other")]);
        let text = "Late in the [season], by the [light], it was the [Seasons] of\n[Light].";
        assert_eq!(marked(text, "", &["season of light"]), [phrase("Seasons of\nLight")]);
    }

    #[test]
    fn words_outside_of_quotes_stay_marked() {
        let text = "[Wisdom] of [age], the [age] of [foolishness], at [age] ten.";
        let expected = [word("Wisdom"), phrase("age of foolishness")];
        assert_eq!(marked(text, "wisdom", &["age of foolishness"]), expected);
        let text = "Wisdom of [age], the [age] of [foolishness], at [age] ten.";
        let expected = [word("age"), phrase("age of foolishness"), word("age")];
        assert_eq!(marked(text, "age", &["age of foolishness"]), expected);
    }

    #[test]
    fn a_phrase_that_occurs_only_for_the_database_keeps_its_words() {
        let text = "The [well]-so-[known] place, [far] away.";
        let expected = [word("well"), word("known"), phrase("far away")];
        assert_eq!(marked(text, "", &["well known", "far away"]), expected);
        assert_eq!(marked(text, "", &["well known"]), [word("well"), word("known"), word("far")]);
    }

    #[test]
    fn phrases_that_overlap_are_one_span() {
        assert_eq!(
            marked("so [blue] [kitchen] [tile] it is", "", &["blue kitchen", "kitchen tiles"]),
            [phrase("blue kitchen tile")]
        );
    }

    #[test]
    fn places_are_counted_in_characters() {
        let found: Vec<_> = words("Até 👩 a Straße_2, İz").collect();
        let places: Vec<_> = found.iter().map(|(place, _)| place.clone()).collect();
        assert_eq!(places, [0..3, 6..7, 8..14, 15..16, 18..20]);
        assert_eq!(found[0].1, "até");
    }
}
