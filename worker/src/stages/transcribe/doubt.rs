//! What a model says when nothing was said, or nothing that it understands.
//!
//! On a hum a speech model still answers, with the commonest words of its training; on sound that it
//! cannot follow it repeats itself until it is stopped; and what is said in another language it turns
//! into fluent English. It does so with little belief in its own words, as their mean log-probability
//! without repetitions says. Moonshine tiny was measured on 645 chunks. Of 5,931 words that it made of
//! 21 other languages (people and synthetic voices), 1.4 % were neither recognised here nor uncertain. Of
//! 5,400 words of English, clean or with noise at 20 and 10 dB, 3 were taken for unintelligible; of 760
//! that it heard far from a table microphone in meetings 13 %, most of them wrong.

use crate::models::transcriber::TranscribedWord;
use crate::stages::transcribe::confidence::{bare, mean_log_probability};

/// Below this mean log-probability the words are not what was said.
const NOT_UNDERSTOOD: f32 = -0.6;
/// A sentence is judged together with so many tokens of the mean of all that was heard with it: few
/// tokens say little by themselves.
const SHARED_TOKENS: f32 = 15.0;
/// Speech so short that nothing can be told from what was not understood of it, in milliseconds …
const SHORT_MS: u64 = 1_500;
/// … where the mean log-probability is below this: a noise that resembles a voice.
const NOISE: f32 = -1.2;
/// Nobody who speaks says less than so many tokens in a second of voice; a tone is "You", for long.
const LEAST_TOKENS_PER_SECOND: f32 = 1.0;
/// A voice as short as this may say one token, in milliseconds.
const ONE_TOKEN_MS: u64 = 700;
/// Nobody speaks faster than so many: Moonshine made 2.4 to 8.5 tokens of a second of what people said.
const MOST_TOKENS_PER_SECOND: f32 = 11.0;
/// So few tokens are what a noise that resembles a voice is made into …
const FEW_TOKENS: u32 = 3;
/// … unless the voice detector is that sure of the voice; it was surer of each of 140 single words.
const SURE_OF_VOICE: f32 = 0.84;
/// A voice of which the detector is that sure is one, whatever the transcriber makes of it: no sound
/// without speech came near …
const SURELY_A_VOICE: f32 = 0.92;
/// … where it lasts so long, in milliseconds.
const A_VOICE_MS: u64 = 600;
/// A word that holds this many letters more of what it began with is none: `gongongongongong`.
const STUCK_LETTERS: usize = 15;
/// How often a phrase may follow itself. People do say "no, no, no".
const REPEATS: usize = 4;
/// The longest phrase, in words, that is looked for.
const PHRASE: usize = 12;

/// The words that can have been said in so much voice, of which the detector is so certain: none where
/// it was noise.
pub(super) fn sift(words: Vec<TranscribedWord>, voiced_ms: u64, certainty: f32) -> Vec<TranscribedWord> {
    let tokens: u32 = words.iter().map(|word| word.tokens).sum();
    let too_slow =
        voiced_ms > ONE_TOKEN_MS && tokens as f32 * 1000.0 < LEAST_TOKENS_PER_SECOND * voiced_ms as f32;
    let noise = voiced_ms < SHORT_MS && mean_log_probability(&words) < NOISE;
    let too_fast = tokens > FEW_TOKENS && tokens as f32 * 1000.0 > MOST_TOKENS_PER_SECOND * voiced_ms as f32;
    let guess = tokens <= FEW_TOKENS && certainty < SURE_OF_VOICE;
    if too_slow || too_fast || noise || guess { Vec::new() } else { spoken(words) }
}

/// Whether somebody speaks here although no word that was heard can be believed.
pub(super) fn is_surely_a_voice(voiced_ms: u64, certainty: f32) -> bool {
    voiced_ms >= A_VOICE_MS && certainty >= SURELY_A_VOICE
}

/// The words, said once where they follow themselves without end; none where they are signs alone.
pub(super) fn spoken(words: Vec<TranscribedWord>) -> Vec<TranscribedWord> {
    let is_wordless = words.iter().all(|word| bare(&word.text).is_empty());
    if is_wordless { Vec::new() } else { without_loops(words) }
}

/// Whether the model did not understand what it made these words of, heard among words of the mean
/// log-probability `around`.
pub(super) fn is_unintelligible(words: &[TranscribedWord], around: f32) -> bool {
    if words.iter().any(|word| is_stuck(&bare(&word.text))) {
        return true;
    }
    let tokens = words.iter().map(|word| word.tokens).sum::<u32>() as f32;
    let mean = mean_log_probability(words);
    (mean * tokens + around * SHARED_TOKENS) / (tokens + SHARED_TOKENS) < NOT_UNDERSTOOD
}

/// Whether a word repeats a part of itself without end.
fn is_stuck(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    (1..=6).any(|period| {
        let mut run = 0;
        letters.iter().zip(letters.iter().skip(period)).any(|(letter, later)| {
            run = if letter == later { run + 1 } else { 0 };
            run >= STUCK_LETTERS
        })
    })
}

/// Leaves one of a phrase that follows itself more than [`REPEATS`] times.
fn without_loops(words: Vec<TranscribedWord>) -> Vec<TranscribedWord> {
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

    fn words(text: &str, log_probability: f32) -> Vec<TranscribedWord> {
        let word =
            |text: &str| TranscribedWord { text: text.to_owned(), log_probability, tokens: 1, times: None };
        text.split_whitespace().map(word).collect()
    }

    fn sift(text: &str, log_probability: f32, voiced_ms: u64) -> String {
        let kept = super::sift(words(text, log_probability), voiced_ms, 0.95);
        kept.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn punctuation_and_notes_alone_are_nothing_said() {
        assert_eq!(sift("?", -0.1, 500), "");
        assert_eq!(sift("♪♪ ... ♪", -0.1, 5_000), "");
    }

    #[test]
    fn one_word_for_a_long_tone_is_nothing_said() {
        assert_eq!(sift("You", -0.1, 1_300), "");
        assert_eq!(sift("You.", -0.1, 600), "You.");
        assert_eq!(sift("You are right.", -0.1, 1_300), "You are right.");
    }

    #[test]
    fn more_than_there_was_time_for_is_nothing_said() {
        assert_eq!(sift("I don't know what to say about it.", -0.3, 500), "");
        assert_eq!(sift("I don't know.", -0.3, 500), "I don't know.");
    }

    #[test]
    fn a_lone_word_wants_a_voice_that_is_certain() {
        assert_eq!(super::sift(words("You", -0.1), 600, 0.8), []);
        assert_eq!(super::sift(words("Yes.", -0.1), 400, 0.9).len(), 1);
        assert_eq!(super::sift(words("We took the early train.", -0.1), 1_400, 0.75).len(), 5);
    }

    #[test]
    fn a_short_noise_that_the_model_guesses_at_is_nothing_said() {
        assert_eq!(sift("Thank you for watching!", -1.7, 1_300), "");
        assert_eq!(sift("Thank you for watching!", -0.2, 1_300), "Thank you for watching!");
    }

    #[test]
    fn a_phrase_that_repeats_without_end_is_said_once() {
        let stuck = format!("Well, {}", "I think that, ".repeat(9));
        assert_eq!(sift(&stuck, -0.1, 9_000), "Well, I think that,");
        assert_eq!(sift(&"no ".repeat(40), -0.1, 9_000), "no");
    }

    #[test]
    fn what_people_repeat_stays() {
        for said in ["No, no, no, no.", "Do you hear me? Yes. Do you hear me? Yes."] {
            assert_eq!(sift(said, -0.1, 2_000), said);
        }
    }

    #[test]
    fn a_word_that_repeats_itself_is_not_understood() {
        assert!(is_unintelligible(&words("Kwaroongongongongongongong.", -0.05), -0.05));
        for word in ["Hahahahahaha!", "Mississippi", "1000000000000", "Llanfairpwllgwyngyll"] {
            assert!(!is_unintelligible(&words(word, -0.05), -0.05), "{word}");
        }
    }

    #[test]
    fn a_voice_that_is_certain_is_one() {
        assert!(is_surely_a_voice(900, 0.96));
        assert!(!is_surely_a_voice(900, 0.85) && !is_surely_a_voice(300, 0.96));
    }

    #[test]
    fn a_sentence_is_judged_by_itself_and_by_what_surrounds_it() {
        let guessed = words("We are contracting them on a family of apples with a dog.", -0.9);
        assert!(is_unintelligible(&guessed, -0.9));
        assert!(is_unintelligible(&guessed, -0.4), "the rest is English, this is not");
        assert!(!is_unintelligible(&words("We took the early train to Boston.", -0.1), -0.5));
        assert!(is_unintelligible(&words("I'm sorry.", -0.1), -1.1), "few words among foreign ones");
        assert!(!is_unintelligible(&words("Dr. Okafor,", -1.2), -0.1), "a rare name among known words");
    }
}
