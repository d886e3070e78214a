//! Recognises words that a model produced from a sound without speech, or from speech that it did not
//! understand.
//!
//! For a hum, a speech model still returns the commonest words of its training. For sound that it cannot
//! follow, it repeats itself until it is stopped. It turns speech in another language into fluent English.
//! In all these cases the mean log-probability of its words, without repetitions, is low. Moonshine tiny
//! was measured on 645 chunks. Of 5,931 words that it made of 21 other languages (people and synthetic
//! voices), 1.4 % were neither recognised here nor uncertain. Of 5,400 words of English, clean or with
//! noise at 20 and 10 dB, 3 were classified as unintelligible; of 760 words far from a table microphone in
//! meetings 13 %, most of them wrong.
//!
//! A remote transcriber filters its own errors, and its log-probabilities are not those of Moonshine. It is
//! judged by the same rates of words, its repetitions and its stock phrases. Words that are only unlikely
//! stay, and are uncertain.

use crate::models::transcriber::TranscribedWord;
use crate::stages::transcribe::confidence::{bare, mean_log_probability};

/// Below this mean log-probability, the words are not those that were spoken.
const NOT_UNDERSTOOD: f32 = -0.6;
/// A sentence is judged together with this many tokens of the mean of all words that were transcribed with
/// it: few tokens alone are not reliable.
const SHARED_TOKENS: f32 = 15.0;
/// Speech shorter than this, in milliseconds, counts as a noise that resembles a voice …
const SHORT_MS: u64 = 1_500;
/// … if the mean log-probability is below this.
const NOISE: f32 = -1.2;
/// The fewest tokens that people speak in a second of voice. A tone becomes one "You", however long it is.
const LEAST_TOKENS_PER_SECOND: f32 = 1.0;
/// A voice of up to this length, in milliseconds, may be a single token.
const ONE_TOKEN_MS: u64 = 700;
/// The most tokens that people speak in a second: Moonshine made 2.4 to 8.5 tokens of a second of speech.
const MOST_TOKENS_PER_SECOND: f32 = 11.0;
/// A noise that resembles a voice becomes at most this many tokens. So this few words are dropped …
const FEW_TOKENS: u32 = 3;
/// … unless the voice detector is at least this sure of the voice. It was surer for each of 140 single
/// words.
const SURE_OF_VOICE: f32 = 0.84;
/// A sound is certainly a voice, whatever the transcriber makes of it, if the detector is at least this
/// sure: no sound without speech came near …
const SURELY_A_VOICE: f32 = 0.92;
/// … and if it is at least this long, in milliseconds.
const A_VOICE_MS: u64 = 600;
/// A word that repeats its beginning for this many more letters is not a word: `gongongongongong`.
const STUCK_LETTERS: usize = 15;
/// The most times that a phrase may follow itself. People do say "no, no, no".
const REPEATS: usize = 4;
/// The longest repeated phrase that is searched for, in words.
const PHRASE: usize = 12;
/// Nobody speaks more tokens in a second of a whole sound, with its pauses.
const IMPOSSIBLE_TOKENS_PER_SECOND: f32 = 2.0 * MOST_TOKENS_PER_SECOND;
/// Subtitles are signed with a web address, in a line of up to this many words.
const SIGNATURE: usize = 8;

/// The words that are possible in this much voice with this certainty of the detector; none if the sound
/// was noise.
pub(super) fn sift(words: Vec<TranscribedWord>, voiced_ms: u64, certainty: f32) -> Vec<TranscribedWord> {
    let tokens: u32 = words.iter().map(|word| word.tokens).sum();
    let too_slow =
        voiced_ms > ONE_TOKEN_MS && tokens as f32 * 1000.0 < LEAST_TOKENS_PER_SECOND * voiced_ms as f32;
    let noise = voiced_ms < SHORT_MS && mean_log_probability(&words) < NOISE;
    let too_fast = tokens > FEW_TOKENS && tokens as f32 * 1000.0 > MOST_TOKENS_PER_SECOND * voiced_ms as f32;
    let guess = tokens <= FEW_TOKENS && certainty < SURE_OF_VOICE;
    if too_slow || too_fast || noise || guess { Vec::new() } else { spoken(words) }
}

/// A sound whose words are judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Voice {
    /// Its length with pauses, in milliseconds.
    pub(super) sound_ms: u64,
    /// How much of it is speech.
    pub(super) voiced_ms: u64,
    /// How sure the voice detector is of that.
    pub(super) certainty: f32,
}

/// The words of the remote transcriber that are possible in a sound, and whether they are doubtful. None if
/// they cannot be those that were spoken.
pub(super) fn sift_remote(words: Vec<TranscribedWord>, voice: Voice) -> (Vec<TranscribedWord>, bool) {
    let tokens: u32 = words.iter().map(|word| word.tokens).sum();
    let rate = |ms: u64| tokens as f32 * 1000.0 / ms.max(1) as f32;
    let Voice { sound_ms, voiced_ms, certainty } = voice;
    let too_slow = voiced_ms > ONE_TOKEN_MS && rate(voiced_ms) < LEAST_TOKENS_PER_SECOND;
    let is_few = tokens <= FEW_TOKENS;
    let guess = is_few && (too_slow || certainty < SURE_OF_VOICE);
    let impossible = !is_few && rate(sound_ms) > IMPOSSIBLE_TOKENS_PER_SECOND;
    if guess || impossible {
        return (Vec::new(), false);
    }
    let told = words.len();
    let words = spoken(words);
    let is_doubtful = too_slow
        || words.len() < told
        || (!is_few && rate(voiced_ms) > MOST_TOKENS_PER_SECOND)
        || (voiced_ms < SHORT_MS && mean_log_probability(&words) < NOISE)
        || is_signature(&words);
    (words, is_doubtful)
}

/// Whether this is a line such as "Subtitles by the Amara.org community", and nothing else.
fn is_signature(words: &[TranscribedWord]) -> bool {
    let is_address = |word: &TranscribedWord| {
        word.text.rsplit_once('.').is_some_and(|(name, end)| {
            let domain: Vec<char> = end.chars().take_while(char::is_ascii_alphabetic).collect();
            name.chars().rev().take_while(|c| c.is_alphanumeric()).count() >= 2 && domain.len() >= 2
        })
    };
    words.len() <= SIGNATURE && words.iter().any(is_address)
}

/// Whether the sound is a voice even though none of its words can be trusted.
pub(super) fn is_surely_a_voice(voiced_ms: u64, certainty: f32) -> bool {
    voiced_ms >= A_VOICE_MS && certainty >= SURELY_A_VOICE
}

/// The words, with endless repetitions reduced to one; none if there is only punctuation.
pub(super) fn spoken(words: Vec<TranscribedWord>) -> Vec<TranscribedWord> {
    let is_wordless = words.iter().all(|word| bare(&word.text).is_empty());
    if is_wordless { Vec::new() } else { without_loops(words) }
}

/// Whether the model did not understand the speech of these words. `around` is the mean log-probability of
/// the words that were transcribed with them.
pub(super) fn is_unintelligible(words: &[TranscribedWord], around: f32) -> bool {
    if has_stuck_word(words) {
        return true;
    }
    let tokens = words.iter().map(|word| word.tokens).sum::<u32>() as f32;
    let mean = mean_log_probability(words);
    (mean * tokens + around * SHARED_TOKENS) / (tokens + SHARED_TOKENS) < NOT_UNDERSTOOD
}

/// Whether a word among these repeats a part of itself many times.
pub(super) fn has_stuck_word(words: &[TranscribedWord]) -> bool {
    words.iter().any(|word| is_stuck(&bare(&word.text)))
}

/// Whether a word repeats a part of itself many times.
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

/// Keeps one copy of a phrase that follows itself more than [`REPEATS`] times.
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

/// How often the first `length` words follow one another, including the first time.
fn repeats(words: &[String], length: usize) -> usize {
    let Some(phrase) = words.get(..length) else { return 0 };
    words.chunks(length).take_while(|chunk| *chunk == phrase).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, log_probability: f32) -> Vec<TranscribedWord> {
        let word = |text: &str| TranscribedWord {
            text: text.to_owned(),
            log_probability,
            tokens: 1,
            times: None,
            within: None,
        };
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
    /// What is kept of a remote text for a sound full of voice, and whether it is doubtful.
    fn remote(text: &str, voiced_ms: u64) -> (usize, bool) {
        let voice = Voice { sound_ms: voiced_ms + 500, voiced_ms, certainty: 0.95 };
        let (kept, is_doubtful) = sift_remote(words(text, -0.16), voice);
        (kept.len(), is_doubtful)
    }

    #[test]
    fn a_remote_text_is_judged_by_its_rate() {
        let said = "We took the early train to Boston, and it rained all the way there.";
        assert_eq!(remote(said, 4_000), (14, false));
        assert_eq!(remote(said, 1_000), (14, true), "more than people speak");
        assert_eq!(remote(said, 16_000), (14, true), "less than people speak");
        assert_eq!(remote(&"many different words of a text ".repeat(500), 8_000), (0, false));
        assert_eq!(remote("uh", 8_000), (0, false));
        assert_eq!(remote("Yes.", 600), (1, false));
    }

    #[test]
    fn a_remote_text_that_repeats_itself_or_is_a_stock_phrase_is_doubtful() {
        assert_eq!(remote(&"you ".repeat(12), 7_000), (1, true));
        assert_eq!(remote("Subtitles by the Amara.org community", 2_000), (5, true));
        assert_eq!(remote("Mr. Smith arrives at 3.15 p.m. today", 2_000), (7, false));
    }

    #[test]
    fn a_lone_remote_word_wants_a_voice_that_is_certain() {
        let noise = Voice { sound_ms: 900, voiced_ms: 600, certainty: 0.75 };
        assert_eq!(sift_remote(words("You", -0.1), noise).0, []);
    }
}
