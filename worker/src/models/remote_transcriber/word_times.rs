//! Matches the words of a text with the list of words, which has the times.

use std::ops::Range;

use super::part::{SLACK_MS, Timed};
use super::token::Token;

/// The words of the list for each word of the text, none for some signs; `None` if the two do not spell the
/// same letters.
pub(super) fn places(tokens: &[Token], timed: &[Timed]) -> Option<Vec<Range<usize>>> {
    let spelled = tokens.iter().flat_map(|token| token.letters.chars());
    if tokens.is_empty() || !spelled.eq(timed.iter().flat_map(|word| word.letters.chars())) {
        return None;
    }
    let mut ends = Vec::with_capacity(timed.len());
    for word in timed {
        ends.push(ends.last().copied().unwrap_or(0) + word.letters.len());
    }
    let mut done = 0;
    let mut places: Vec<Option<Range<usize>>> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let start = done;
        done += token.letters.len();
        places.push((done > start).then(|| {
            let behind = ends.partition_point(|end| *end < done) + 1;
            ends.partition_point(|end| *end <= start)..behind
        }));
    }
    Some(with_signs(&places, timed.len()))
}

/// Adds the places of signs. The list may have the signs too; if it has not as many between two words, they
/// stand without a place at the end of the word before them.
fn with_signs(places: &[Option<Range<usize>>], listed: usize) -> Vec<Range<usize>> {
    let mut all = Vec::with_capacity(places.len());
    let mut at = 0;
    while at < places.len() {
        if let Some(place) = &places[at] {
            all.push(place.clone());
            at += 1;
            continue;
        }
        let signs = places[at..].iter().take_while(|place| place.is_none()).count();
        let from = all.last().map_or(0, |place: &Range<usize>| place.end);
        let to = places.get(at + signs).and_then(Option::as_ref).map_or(listed, |place| place.start);
        let is_listed = to.checked_sub(from) == Some(signs);
        all.extend((from..from + signs).map(|sign| {
            let behind = sign + 1;
            if is_listed { sign..behind } else { from..from }
        }));
        at += signs;
    }
    all
}

/// The times of each word, in order and within the chunk; none if the reported times are not plausible.
pub(super) fn times(places: &[Range<usize>], timed: &[Timed], length_ms: u64) -> Option<Vec<(u64, u64)>> {
    let told = |at: usize| timed[at].times;
    let mut times: Vec<(u64, u64)> = Vec::with_capacity(places.len());
    for place in places {
        times.push(if place.is_empty() {
            let (at, next) = (times.last().map(|(_, end)| *end), timed.get(place.start));
            let at = at.or_else(|| next.and_then(|next| next.times).map(|(start, _)| start))?;
            (at, at)
        } else {
            (told(place.start)?.0, told(place.end - 1)?.1)
        });
    }
    let is_in_order = times.is_sorted_by_key(|(start, _)| *start);
    // A service that does not measure times reports zeros.
    let is_measured = times.iter().any(|(start, end)| start < end);
    if !is_in_order
        || !is_measured
        || times.iter().any(|(start, end)| end < start || *end > length_ms + SLACK_MS)
    {
        return None;
    }
    for at in 0..times.len() {
        let next = times.get(at + 1).map_or(length_ms, |(start, _)| *start).min(length_ms);
        let (start, end) = &mut times[at];
        *start = (*start).min(length_ms);
        *end = (*end).min(next).max(*start);
    }
    Some(times)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::part;
    use super::super::token::tokens;
    use super::*;

    fn times_of(text: &str, words: &[(&str, f64, f64)]) -> Option<Vec<(u64, u64)>> {
        let word = |(word, start, end): &(&str, f64, f64)| json!({"word": word, "start": start, "end": end});
        let answer: Value = json!({"text": text, "words": words.iter().map(word).collect::<Vec<_>>()});
        let timed = part::timed(&answer);
        let tokens = tokens(text, &[], &timed);
        times(&places(&tokens, &timed)?, &timed, 4_000)
    }

    #[test]
    fn signs_have_times_like_words() {
        let listed = [("100", 0.5, 1.0), ("€", 1.0, 1.5), ("mehr", 2.0, 2.5)];
        assert_eq!(times_of("100 € mehr.", &listed).unwrap(), [(500, 1_000), (1_000, 1_500), (2_000, 2_500)]);
        let unlisted = [("100", 0.5, 1.0), ("mehr", 2.0, 2.5)];
        assert_eq!(
            times_of("« 100 € » mehr !", &unlisted).unwrap(),
            [(500, 500), (500, 1_000), (1_000, 1_000), (1_000, 1_000), (2_000, 2_500), (2_500, 2_500)]
        );
    }

    #[test]
    fn words_that_are_told_in_pieces_are_put_together() {
        let pieces = [("Zwanzig", 0.1, 0.6), ("eins", 0.6, 1.0), ("ja", 1.2, 1.5)];
        assert_eq!(times_of("Zwanzig-eins, ja.", &pieces).unwrap(), [(100, 1_000), (1_200, 1_500)]);
        let one = [("aujourd'hui", 0.1, 0.6)];
        assert_eq!(times_of("aujourd' hui", &one).unwrap(), [(100, 100), (100, 600)]);
    }
}
