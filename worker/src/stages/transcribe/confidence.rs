//! The probability that a word is right, from the log-probabilities of the transcriber.
//!
//! The model is too sure of itself: of the words to which it gave 0.7 in noise, half were wrong. So its
//! log-probabilities are mapped to the observed share of right words (Platt scaling, "Probabilistic outputs
//! for support vector machines", 1999, with two features). The features are the log-probability of the
//! word, and the mean of all words that were transcribed with it, since a word between doubtful ones is
//! doubtful too.
//!
//! The three figures were fitted by logistic regression on transcripts by Moonshine tiny of recordings
//! whose words are known (a reading, telephone announcements, eight synthetic voices), clean and with white
//! and pink noise, babble, hum and music mixed in at 20, 10, 5 and 0 dB: 7,900 words. With a fit on one
//! half of the recordings, words of the other half with a confidence of 0.9, 0.7 and 0.5 were right at
//! 0.87, 0.63 and 0.42 (halves exchanged: 0.93, 0.79, 0.42); the figures below are between the two. `make
//! eval` prints this check for the recordings that it is given.

use std::collections::HashSet;

use crate::models::transcriber::TranscribedWord;

const CERTAIN: f32 = 6.05;
const OWN_DOUBT: f32 = 3.24;
const SHARED_DOUBT: f32 = 5.37;

/// The probability, from 0 to 1, that a word with this mean log-probability is right. `around` is the mean
/// of the words that were transcribed with it.
pub(super) fn confidence(word: f32, around: f32) -> f32 {
    let doubt = OWN_DOUBT * (-word).max(0.0).sqrt() + SHARED_DOUBT * (-around).max(0.0).sqrt();
    1.0 / (1.0 + (doubt - CERTAIN).exp())
}

/// The mean log-probability of the tokens of these words. Repetitions of earlier words do not count: a
/// model that repeats itself is sure of the words, whatever the sound is. 0 for no words.
pub(super) fn mean_log_probability(words: &[TranscribedWord]) -> f32 {
    let mut said: HashSet<(String, String)> = HashSet::new();
    let (mut sum, mut tokens) = (0.0, 0);
    let mut before = String::new();
    for word in words {
        let bare = bare(&word.text);
        if said.insert((std::mem::replace(&mut before, bare.clone()), bare)) {
            sum += word.log_probability * word.tokens as f32;
            tokens += word.tokens;
        }
    }
    sum / tokens.max(1) as f32
}

/// Only letters and digits, in lower case.
pub(super) fn bare(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, log_probabilities: &[f32]) -> Vec<TranscribedWord> {
        let word = |(text, log_probability): (&str, &f32)| TranscribedWord {
            text: text.to_owned(),
            log_probability: *log_probability,
            tokens: 1,
            times: None,
            within: None,
        };
        text.split_whitespace().zip(log_probabilities).map(word).collect()
    }

    #[test]
    fn confidence_falls_with_doubt_of_the_word_and_of_its_neighbours() {
        assert!(confidence(0.0, -0.01) > 0.99);
        assert!(confidence(-0.5, -0.1) > confidence(-1.0, -0.1));
        assert!(confidence(-0.5, -0.1) > confidence(-0.5, -0.5));
        assert!(confidence(-3.0, -2.0) < 0.01);
        assert!(confidence(0.1, 0.1) < 1.0, "rounding of the model is no reason for a NaN");
    }

    #[test]
    fn what_is_repeated_counts_once() {
        let looped = words("Well, you know, you know, you know.", &[-1.0, -1.0, -1.0, -1.0, 0.0, 0.0, 0.0]);
        // "you know" and "know you" are new; the rest repeats them.
        assert!((mean_log_probability(&looped) + 1.0).abs() < 1e-6);
        assert_eq!(mean_log_probability(&[]), 0.0);
    }
}
