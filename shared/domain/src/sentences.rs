//! Splits text into sentences, and long sentences into clauses.

/// A longer sentence is split into its clauses, if it has several: more than two lines of a subtitle.
const LONG: usize = 140;
/// The shortest length of a clause, in characters.
const SHORT: usize = 30;
/// Words whose full stop does not end a sentence.
const ABBREVIATIONS: [&str; 14] =
    ["mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "no", "e.g", "i.e", "a.m", "p.m"];

/// Splits a text into sentences with single spaces; long sentences are split into clauses.
///
/// ```
/// # use self_domain::sentences::sentences;
/// assert_eq!(sentences("Mr. Smith  is here. Really?"), ["Mr. Smith is here.", "Really?"]);
/// ```
#[must_use]
pub fn sentences(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut sentence: Vec<&str> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        sentence.push(word);
        if words.peek().is_none() || ends_sentence(word) {
            sentences.extend(clauses(&std::mem::take(&mut sentence)));
        }
    }
    sentences
}

/// Whether a word ends a sentence, by its punctuation.
#[must_use]
pub fn ends_sentence(word: &str) -> bool {
    let bare = word.trim_end_matches(['"', '\'', '”', '’', ')']);
    if bare.ends_with(['?', '!', '…']) {
        return true;
    }
    let Some(stem) = bare.strip_suffix('.') else { return false };
    let is_initial = stem.chars().count() == 1 && stem.chars().all(char::is_uppercase) && stem != "I";
    !is_initial && !ABBREVIATIONS.contains(&stem.to_lowercase().as_str())
}

/// Splits a long sentence into clauses, as evenly as its punctuation allows.
fn clauses(words: &[&str]) -> Vec<String> {
    let whole = words.join(" ");
    let length = whole.chars().count();
    if length <= LONG {
        return vec![whole];
    }
    let mut place = 0;
    let cut = words[..words.len() - 1]
        .iter()
        .enumerate()
        .filter_map(|(index, word)| {
            place += word.chars().count() + 1;
            let fits = place >= SHORT && length - place >= SHORT;
            (fits && word.ends_with([',', ';', ':', '-', '–', '—'])).then_some((index + 1, place))
        })
        .min_by_key(|(_, place)| place.abs_diff(length / 2));
    match cut {
        Some((index, _)) => [clauses(&words[..index]), clauses(&words[index..])].concat(),
        None => vec![whole],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_their_punctuation_and_not_at_abbreviations() {
        assert_eq!(
            sentences("Mr. Smith met J. Doe at 9 a.m. today.  it rained! \"Really?\" It cost 3.50 in all"),
            ["Mr. Smith met J. Doe at 9 a.m. today.", "it rained!", "\"Really?\"", "It cost 3.50 in all"]
        );
        assert_eq!(sentences("So did I. You too."), ["So did I.", "You too."]);
        assert_eq!(sentences(" "), Vec::<String>::new());
    }

    #[test]
    fn long_sentences_are_cut_at_clauses() {
        let long = "In short, the period was so far like the present period that some of its noisiest \
            authorities insisted on its being received, for good or for evil, in the superlative degree of \
            comparison only.";
        let pieces = sentences(long);
        assert_eq!(pieces.len(), 2, "{pieces:?}");
        assert!(pieces[0].ends_with("received,"), "{pieces:?}");
        assert_eq!(pieces.join(" "), long);
        let endless = "word ".repeat(60);
        assert_eq!(sentences(&endless).len(), 1);
    }
}
