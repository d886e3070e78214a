//! Phrases: the sentences of a chunk, with the times of their words.
//!
//! Times from the model are used as they are. Some models return text alone, or times of its parts. Then the
//! words are aligned to the sound of the chunk or of the part: their letters give the kinds of sounds, their
//! order and their approximate durations.

mod align;
mod bands;
mod estimate;
mod sounds;
mod spelling;
mod spoken;

use self_shared::domain::sentences::sentences;
use self_shared::domain::transcription::{Timing, Word};

use self::estimate::estimate;
use super::Segment;
use crate::models::transcriber::TranscribedWord;
use crate::stages::SAMPLE_RATE;

/// Signs that close what stands before them.
const CLOSING: [char; 12] = ['»', '”', '’', ')', ']', '}', '!', '?', '.', '…', ',', ';'];

/// The phrases of a chunk with the sound `samples` that begins at `start_ms`: in order, without overlap,
/// none empty. Together they contain all words.
#[must_use]
pub(crate) fn phrases(words: &[TranscribedWord], start_ms: u64, samples: &[f32]) -> Vec<Segment> {
    let (times, timing) = times(words, samples);
    let mut rest = words.iter().zip(times).map(|(word, (start, end))| Word {
        text: word.text.clone(),
        start_ms: start_ms + start,
        end_ms: start_ms + end,
        confidence: word.log_probability.exp(),
    });
    let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let phrase = |text: String| {
        let words: Vec<Word> = rest.by_ref().take(text.split_whitespace().count()).collect();
        let confidence = words.iter().map(|word| word.confidence).sum::<f32>() / words.len().max(1) as f32;
        Segment {
            start_ms: words.first().map_or(start_ms, |word| word.start_ms),
            end_ms: words.last().map_or(start_ms, |word| word.end_ms),
            text,
            confidence,
            is_uncertain: false,
            words,
            timing,
        }
    };
    whole_sentences(&text.join(" ")).into_iter().map(phrase).collect()
}

/// The sentences of a text. Signs that stand alone (the French ` »`, an emoji) are no sentence, and do not
/// begin one if they close the one before.
fn whole_sentences(text: &str) -> Vec<String> {
    let mut whole: Vec<String> = Vec::new();
    for sentence in sentences(text) {
        let Some(last) = whole.last_mut() else {
            whole.push(sentence);
            continue;
        };
        let has_letters = sentence.contains(char::is_alphanumeric);
        let mut rest = sentence.split(' ').peekable();
        while let Some(sign) = rest.next_if(|word| !has_letters || word.chars().all(|c| CLOSING.contains(&c)))
        {
            last.push(' ');
            last.push_str(sign);
        }
        let rest: Vec<&str> = rest.collect();
        if !rest.is_empty() {
            whole.push(rest.join(" "));
        }
    }
    whole
}

/// The start and end of each word, in milliseconds from the start of the chunk, in order and within the
/// chunk; and the origin of these times.
fn times(words: &[TranscribedWord], samples: &[f32]) -> (Vec<(u64, u64)>, Timing) {
    let chunk_ms = samples.len() as u64 * 1000 / u64::from(SAMPLE_RATE);
    if let Some(times) = words.iter().map(|word| word.times).collect::<Option<Vec<_>>>() {
        return (in_order(times, chunk_ms), Timing::Measured);
    }
    (in_order(estimate(words, samples, chunk_ms), chunk_ms), Timing::Estimated)
}

/// The same times, each moved as little as possible so that it begins after the previous one and ends
/// within the chunk.
fn in_order(mut times: Vec<(u64, u64)>, chunk_ms: u64) -> Vec<(u64, u64)> {
    let mut before = 0;
    for (start, end) in &mut times {
        *start = (*start).clamp(before, chunk_ms);
        *end = (*end).clamp(*start, chunk_ms);
        before = *end;
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::SAMPLE_RATE;

    fn heard(text: &str) -> Vec<TranscribedWord> {
        let word = |text: &str| TranscribedWord {
            text: text.to_owned(),
            log_probability: -0.1,
            tokens: 1,
            times: None,
            within: None,
        };
        text.split_whitespace().map(word).collect()
    }

    fn phrases(text: &str, start_ms: u64, samples: &[f32]) -> Vec<Segment> {
        super::phrases(&heard(text), start_ms, samples)
    }

    /// A sound with voices and pauses of these lengths in milliseconds.
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
        // The second pause is within the second sentence, after a comma, where nothing is cut.
        let sound = sound(&[(1_500, 400), (1_000, 150), (1_600, 500), (1_000, 0)]);
        let text = "We took the early train. Then, as nobody came to meet us, we walked. It rained on us.";
        let phrases = phrases(text, 10_000, &sound);
        let texts: Vec<&str> = phrases.iter().map(|phrase| phrase.text.as_str()).collect();
        assert_eq!(
            texts,
            ["We took the early train.", "Then, as nobody came to meet us, we walked.", "It rained on us."]
        );
        let near = |ms: u64, expected: u64| assert!(ms.abs_diff(expected) <= 100, "{ms} {phrases:?}");
        near(phrases[0].start_ms, 10_000);
        near(phrases[0].end_ms, 11_500);
        near(phrases[1].start_ms, 11_900);
        near(phrases[1].end_ms, 14_650);
        near(phrases[2].start_ms, 15_150);
        near(phrases[2].end_ms, 16_150);
    }

    #[test]
    fn who_never_pauses_is_cut_by_the_share_of_the_words() {
        let phrases = phrases("One two three four. Five six seven eight.", 0, &sound(&[(4_000, 0)]));
        assert_eq!(phrases.len(), 2);
        assert_eq!(phrases[0].end_ms, phrases[1].start_ms);
        assert!(phrases[0].end_ms.abs_diff(1_900) < 300, "{phrases:?}");
    }

    #[test]
    fn words_begin_where_their_sounds_do() {
        let tone = |hz: f32, ms: usize| {
            let step = std::f32::consts::TAU * hz / SAMPLE_RATE as f32;
            (0..ms * 16).map(move |n| 0.2 * (n as f32 * step).sin())
        };
        let hiss = |ms: usize| {
            let (mut state, mut before) = (7_u32, 0.0);
            (0..ms * 16).map(move |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let white = (state >> 8) as f32 / 8_388_608.0 - 1.0;
                // The difference of two samples has stronger high frequencies.
                0.2 * (white - std::mem::replace(&mut before, white))
            })
        };
        // Four times "see more", each a little slower, without pauses: each begins with a hiss.
        let (mut sound, mut expected) = (Vec::new(), Vec::new());
        for round in 0..4 {
            expected.push(sound.len() as u64 / 16);
            sound.extend(hiss(140 + 20 * round));
            sound.extend(tone(350.0, 200).zip(tone(2_600.0, 200)).map(|(low, high)| low + high));
            sound.extend(tone(150.0, 90));
            sound.extend(tone(450.0, 160).zip(tone(800.0, 160)).map(|(low, high)| low + high));
        }
        for (sample, quiet) in sound.iter_mut().zip(hiss(3_000)) {
            *sample += 0.001 * quiet;
        }
        let phrases = phrases(&"see more ".repeat(4), 0, &sound);
        let starts = phrases[0].words.iter().step_by(2).map(|word| word.start_ms);
        for (start, expected) in starts.zip(expected) {
            assert!(start.abs_diff(expected) <= 40, "{start} {expected} {phrases:?}");
        }
        assert_eq!(phrases[0].timing, Timing::Estimated);
    }

    #[test]
    fn times_that_the_model_tells_are_kept_in_order_and_within_the_chunk() {
        let mut words = heard("So it was. Was it?");
        let times = [(100, 300), (250, 400), (400, 380), (900, 1_200), (5_000, 6_000)];
        for (word, times) in words.iter_mut().zip(times) {
            word.times = Some(times);
        }
        let phrases = super::phrases(&words, 10_000, &sound(&[(2_000, 0)]));
        let times: Vec<(u64, u64)> = phrases
            .iter()
            .flat_map(|phrase| &phrase.words)
            .map(|word| (word.start_ms, word.end_ms))
            .collect();
        assert_eq!(
            times,
            [(10_100, 10_300), (10_300, 10_400), (10_400, 10_400), (10_900, 11_200), (12_000, 12_000)]
        );
        assert_eq!((phrases[1].start_ms, phrases[1].end_ms), (10_900, 12_000));
        assert!(phrases.iter().all(|phrase| phrase.timing == Timing::Measured));
    }

    #[test]
    fn a_text_that_is_far_too_long_for_its_sound_is_shared_out() {
        let phrases = phrases(&"word ".repeat(20_000), 0, &sound(&[(3_000, 0)]));
        let words = || phrases.iter().flat_map(|phrase| &phrase.words);
        assert_eq!(words().count(), 20_000);
        assert!(words().zip(words().skip(1)).all(|(one, next)| one.end_ms <= next.start_ms));
        assert_eq!(words().last().unwrap().end_ms, 3_000);
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
    #[test]
    fn signs_that_stand_alone_belong_to_the_sentence_that_they_close() {
        let text = "Ça va ? « Oui ! » dit-il. — Bien . 😀";
        let phrases = phrases(text, 0, &sound(&[(4_000, 0)]));
        let said: Vec<&str> = phrases.iter().map(|phrase| phrase.text.as_str()).collect();
        assert_eq!(said, ["Ça va ?", "« Oui ! »", "dit-il.", "— Bien . 😀"]);
        for phrase in &phrases {
            let words: Vec<&str> = phrase.words.iter().map(|word| word.text.as_str()).collect();
            assert_eq!(words.join(" "), phrase.text);
        }
    }
}
