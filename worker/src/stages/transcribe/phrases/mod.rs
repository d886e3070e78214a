//! Phrases: the sentences of a chunk, each with its own times.
//!
//! The model gives the text of a chunk and no times of its words. But people pause between
//! sentences, and a pause can be measured. So the text is cut into phrases at its punctuation, and
//! each cut is laid into the pause of the chunk's own sound that fits best: where the phrases on
//! both sides then take about as long as their words need. Where nobody pauses, the share of the
//! words decides.

mod align;
mod pauses;

use self_shared::domain::sentences::sentences;
use self_shared::domain::transcription::{Timing, Word};

use self::align::align;
use self::pauses::Pauses;
use super::Segment;
use crate::models::transcriber::HeardWord;
use crate::stages::cut::FRAME_MS;

/// The phrases of a chunk that begins at `start_ms` and sounds like `samples`: in order, none of
/// them empty, one behind the other. Together they say the words.
#[must_use]
pub(super) fn phrases(words: &[HeardWord], start_ms: u64, samples: &[f32]) -> Vec<Segment> {
    let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let sentences = sentences(&text.join(" "));
    let pauses = Pauses::find(samples);
    let weights: Vec<f32> = sentences.iter().map(|sentence| weight(sentence)).collect();
    let cuts = align(&weights, &pauses);
    let at = |frame: usize| start_ms + frame as u64 * FRAME_MS;
    let starts = std::iter::once(0).chain(cuts.iter().map(|cut| cut.end));
    let ends = cuts.iter().map(|cut| cut.start).chain(std::iter::once(pauses.frames));
    let mut rest = words;
    sentences
        .into_iter()
        .zip(starts.zip(ends))
        .map(|(text, (start, end))| {
            let (own, others) = rest.split_at(text.split_whitespace().count().min(rest.len()));
            rest = others;
            let (start_ms, end_ms) = (at(start), at(end.max(start)));
            let words = shared_out(own, start_ms, end_ms);
            let confidence =
                words.iter().map(|word| word.confidence).sum::<f32>() / words.len().max(1) as f32;
            Segment {
                start_ms,
                end_ms,
                text,
                confidence,
                is_uncertain: false,
                words,
                timing: Timing::Estimated,
            }
        })
        .collect()
}

/// The words of a phrase, each with the share of its time that its weight is of the whole.
fn shared_out(words: &[HeardWord], start_ms: u64, end_ms: u64) -> Vec<Word> {
    let weights = words.iter().map(|word| weight(&word.text));
    let total = weights.clone().sum::<f32>().max(f32::EPSILON);
    let mut before = 0.0;
    let at = |weight: f32| start_ms + ((end_ms - start_ms) as f32 * weight / total) as u64;
    words
        .iter()
        .zip(weights)
        .map(|(word, weight)| {
            let start_ms = at(before).min(end_ms);
            before += weight;
            Word {
                text: word.text.clone(),
                start_ms,
                end_ms: at(before).min(end_ms),
                confidence: word.log_probability.exp(),
            }
        })
        .collect()
}

/// How long a phrase takes to say, in units of its own: letters and figures take time, and every
/// word a little.
fn weight(phrase: &str) -> f32 {
    let sounds = phrase.chars().map(|c| match c {
        '0'..='9' => 4.0, // "seven", not "s"
        c if c.is_alphabetic() => 1.0,
        _ => 0.0,
    });
    sounds.sum::<f32>() + phrase.split_whitespace().count() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::SAMPLE_RATE;

    fn heard(text: &str) -> Vec<HeardWord> {
        let word =
            |text: &str| HeardWord { text: text.to_owned(), log_probability: -0.1, tokens: 1, times: None };
        text.split_whitespace().map(word).collect()
    }

    fn phrases(text: &str, start_ms: u64, samples: &[f32]) -> Vec<Segment> {
        super::phrases(&heard(text), start_ms, samples)
    }

    /// A voice for so many milliseconds each, with pauses of so many between them.
    fn sound(parts: &[(u64, u64)]) -> Vec<f32> {
        let mut samples = Vec::new();
        for (voice_ms, pause_ms) in parts {
            for (ms, level) in [(voice_ms, 0.3_f32), (pause_ms, 0.0005)] {
                let count = ms * u64::from(SAMPLE_RATE) / 1000;
                samples.extend((0..count).map(|n| level * (n as f32 * 0.35).sin()));
            }
        }
        samples
    }

    #[test]
    fn sentences_end_where_the_speaker_pauses() {
        // The second pause is within the second sentence, behind a comma that is no cut.
        let sound = sound(&[(1_500, 400), (1_000, 150), (1_600, 500), (900, 0)]);
        let text = "We took the early train. Then, as nobody came to meet us, we walked. It rained.";
        let phrases = phrases(text, 10_000, &sound);
        let texts: Vec<&str> = phrases.iter().map(|phrase| phrase.text.as_str()).collect();
        assert_eq!(
            texts,
            ["We took the early train.", "Then, as nobody came to meet us, we walked.", "It rained."]
        );
        let near = |ms: u64, expected: u64| assert!(ms.abs_diff(expected) <= 60, "{ms} {phrases:?}");
        near(phrases[0].start_ms, 10_000);
        near(phrases[0].end_ms, 11_500);
        near(phrases[1].start_ms, 11_900);
        near(phrases[1].end_ms, 14_650);
        near(phrases[2].start_ms, 15_150);
        near(phrases[2].end_ms, 16_050);
    }

    #[test]
    fn who_never_pauses_is_cut_by_the_share_of_the_words() {
        let phrases = phrases("One two three four. Five six seven eight.", 0, &sound(&[(4_000, 0)]));
        assert_eq!(phrases.len(), 2);
        assert_eq!(phrases[0].end_ms, phrases[1].start_ms);
        assert!(phrases[0].end_ms.abs_diff(1_900) < 300, "{phrases:?}");
    }

    #[test]
    fn phrases_are_in_order_and_say_everything_whatever_the_sound() {
        let text = "A. B. C. D? E! F, and so on. G.";
        for sound in
            [sound(&[(30, 0)]), sound(&[(0, 500)]), sound(&[(200, 90), (10, 200), (40, 300)]), Vec::new()]
        {
            let phrases = phrases(text, 500, &sound);
            let said: Vec<&str> = phrases.iter().map(|phrase| phrase.text.as_str()).collect();
            assert_eq!(said.join(" "), text);
            let words = phrases.iter().flat_map(|phrase| &phrase.words).map(|word| word.text.as_str());
            assert_eq!(words.collect::<Vec<_>>().join(" "), text);
            assert!(phrases.iter().all(|phrase| phrase.start_ms <= phrase.end_ms), "{phrases:?}");
            assert!(phrases.windows(2).all(|pair| pair[0].end_ms <= pair[1].start_ms), "{phrases:?}");
        }
        assert_eq!(phrases("", 0, &sound(&[(500, 0)])), []);
    }
}
