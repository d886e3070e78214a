//! What a model says when nothing was said.
//!
//! On a cough or a hum a speech model still answers, with a question mark or with the commonest
//! words of its training; on sound that it cannot follow it repeats itself until it is stopped.

use crate::models::transcriber::HeardWord;

/// What short noises may be heard as, in lower case and without punctuation. Of these "you" has been
/// observed; the others are a guess, and kept out only where there was hardly time to say them.
const STRAY: [&str; 8] = ["you", "oh", "uh", "um", "ah", "bye", "thank you", "so"];
/// In a chunk as short as this, those words count as noise. Its margins are part of it.
const SHORT_MS: u64 = 900;
/// How often a phrase may follow itself. People do say "no, no, no".
const REPEATS: usize = 4;
/// The longest phrase, in words, that is looked for.
const PHRASE: usize = 12;

/// The part of a chunk's words that can be believed.
pub(super) fn sift(words: Vec<HeardWord>, chunk_ms: u64) -> Vec<HeardWord> {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let bare = bare(&texts.join(" "));
    if bare.is_empty() || (chunk_ms < SHORT_MS && STRAY.contains(&bare.as_str())) {
        return Vec::new();
    }
    without_loops(words)
}

/// Only letters and digits in lower case, words apart.
fn bare(text: &str) -> String {
    let letters = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' });
    let spaced: String = letters.flat_map(char::to_lowercase).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Leaves one of a phrase that follows itself more than [`REPEATS`] times.
fn without_loops(words: Vec<HeardWord>) -> Vec<HeardWord> {
    let heard: Vec<String> = words.iter().map(|word| bare(&word.text)).collect();
    let mut kept = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let looped = (1..=PHRASE).find_map(|length| {
            let repeats = repeats(&heard[at..], length);
            (repeats > REPEATS).then_some((length, repeats))
        });
        let (length, repeats) = looped.unwrap_or((1, 1));
        kept.extend_from_slice(&words[at..at + length]);
        at += length * repeats;
    }
    kept
}

/// How often the first `length` words follow one another, the first time included.
fn repeats(words: &[String], length: usize) -> usize {
    let Some(phrase) = words.get(..length) else { return 0 };
    words.chunks(length).take_while(|chunk| *chunk == phrase).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sift(text: &str, chunk_ms: u64) -> String {
        let word =
            |text: &str| HeardWord { text: text.to_owned(), log_probability: -0.1, tokens: 1, times: None };
        let kept = super::sift(text.split_whitespace().map(word).collect(), chunk_ms);
        kept.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn punctuation_alone_is_nothing_said() {
        assert_eq!(sift("?", 5_000), "");
        assert_eq!(sift(" ... ", 5_000), "");
    }

    #[test]
    fn a_stray_word_counts_only_when_there_was_time_to_say_it() {
        assert_eq!(sift("You", 700), "");
        assert_eq!(sift("You.", 1_500), "You.");
        assert_eq!(sift("No.", 700), "No.");
    }

    #[test]
    fn a_phrase_that_repeats_without_end_is_said_once() {
        let stuck = format!("Well, {}", "I think that, ".repeat(9));
        assert_eq!(sift(&stuck, 9_000), "Well, I think that,");
        assert_eq!(sift(&"no ".repeat(40), 9_000), "no");
    }

    #[test]
    fn what_people_repeat_stays() {
        for said in ["No, no, no, no.", "Do you hear me? Yes. Do you hear me? Yes."] {
            assert_eq!(sift(said, 4_000), said);
        }
    }
}
