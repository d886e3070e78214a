//! Transcribes chunks of sound into text, in order, on as many cores as the lane has.

mod confidence;
pub mod evaluate;
mod hallucination;
mod phrases;
mod pool;
mod recognizer;
mod review;
mod voices;

use std::future::ready;
use std::ops::Range;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use self_shared::domain::transcription::{Timing, Word};

use self::hallucination::Voice;
use self::voices::SpeechSpan;
use super::SAMPLE_RATE;
use super::chunking::Chunk;
use crate::models::transcriber::{TranscribeError, TranscribedWord, Utterance};

pub(crate) use self::phrases::phrases;
pub use self::pool::TranscriberPool;
pub use self::review::{ReviewedSegment, TranscriptReview, review};

/// The text of a segment in which somebody speaks and is not understood.
pub const UNINTELLIGIBLE: &str = "[unintelligible]";

/// The most log-probability of words that are doubtful for another reason: that of a confidence of 0.3.
const DOUBTFUL: f32 = -1.2;

/// The fewest chunks of a recording that wait or are transcribed at once: the pool may grow meanwhile.
const LEAST_AHEAD: usize = 8;

/// The transcript of a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct ChunkTranscript {
    /// The end of the chunk in the recording, in milliseconds. Once all segments are stored, an interrupted
    /// job continues here, and the progress is measured up to here.
    pub end_ms: u64,
    /// The stretches with a voice, in milliseconds of the recording, in order and without overlap.
    pub voiced: Vec<(u64, u64)>,
    /// The language, if the transcriber reports it.
    pub language: Option<String>,
    /// The phrases; none when the chunk contains no speech.
    pub segments: Vec<Segment>,
}

/// A phrase, and when it was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its start and end in the recording, in milliseconds.
    pub start_ms: u64,
    pub end_ms: u64,
    /// Never empty.
    pub text: String,
    /// The probability, from 0 to 1, that a word of it is right.
    pub confidence: f32,
    /// Whether the confidence is too low to rely on the text.
    pub is_uncertain: bool,
    /// The words of the text in order, with their times; none if the text is [`UNINTELLIGIBLE`].
    pub words: Vec<Word>,
    /// The origin of these times.
    pub timing: Timing,
}

/// Transcribes chunks in parallel and returns their text in order, each as soon as it and all chunks before
/// it are done. Segments with a confidence below `uncertain_below` are marked as uncertain. Only few chunks
/// are taken from `chunks` ahead of the transcription, so that memory does not grow. Dropping the stream
/// drops the work.
///
/// # Errors
/// The stream returns the errors of the models in place of the text; it can continue after an error.
pub fn transcribe(
    transcribers: Arc<TranscriberPool>,
    chunks: impl Stream<Item = Chunk>,
    uncertain_below: f32,
) -> impl Stream<Item = Result<ChunkTranscript, TranscribeError>> {
    transcribe_with(transcribers, chunks, uncertain_below, |_, _| ready(Ok(None)))
}

/// As [`transcribe`], but offers each stretch of speech (a range of the samples of its chunk) first to
/// `remote`, which may be slow. If that returns none, the pool transcribes the stretch.
///
/// # Errors
/// The stream returns the errors of both in place of the text; it can continue after an error.
pub fn transcribe_with<F>(
    transcribers: Arc<TranscriberPool>,
    chunks: impl Stream<Item = Chunk>,
    uncertain_below: f32,
    remote: impl Fn(Arc<Vec<f32>>, Range<usize>) -> F,
) -> impl Stream<Item = Result<ChunkTranscript, TranscribeError>>
where
    F: Future<Output = Result<Option<Utterance>, TranscribeError>>,
{
    let ahead = (2 * transcribers.count()).max(LEAST_AHEAD);
    let (transcribers, remote) = (transcribers, Arc::new(remote));
    chunks
        .map(move |chunk| {
            let (transcribers, remote) = (Arc::clone(&transcribers), Arc::clone(&remote));
            async move {
                let Chunk { start_ms, end_ms, samples } = chunk;
                let samples = Arc::new(samples);
                let mut heard =
                    ChunkTranscript { end_ms, voiced: Vec::new(), language: None, segments: Vec::new() };
                for stretch in transcribers.voices(Arc::clone(&samples)).await? {
                    let (offered, sound) = (Arc::clone(&samples), stretch.sound.clone());
                    match remote(offered, sound.clone()).await? {
                        Some(utterance) => heard.add_remote(start_ms, &samples, &stretch, utterance),
                        None => {
                            let utterance = transcribers.transcribe(Arc::clone(&samples), sound).await?;
                            heard.add(start_ms, &samples, &stretch, utterance);
                        }
                    }
                }
                for segment in &mut heard.segments {
                    segment.is_uncertain |= segment.confidence < uncertain_below;
                }
                Ok(heard)
            }
        })
        .buffered(ahead)
}

impl ChunkTranscript {
    /// Adds the words from the model of this worker for a stretch of the chunk that begins at `start_ms`.
    fn add(&mut self, start_ms: u64, samples: &[f32], stretch: &SpeechSpan, utterance: Utterance) {
        let voiced_ms = milliseconds(stretch.voiced);
        let words = hallucination::sift(utterance.words, voiced_ms, stretch.certainty);
        if words.is_empty() {
            if hallucination::is_surely_a_voice(voiced_ms, stretch.certainty) {
                self.add_mark(start_ms, stretch);
            }
            return;
        }
        self.language = self.language.take().or(utterance.language);
        let around = confidence::mean_log_probability(&words);
        let segments = self.phrases(start_ms, samples, stretch, &rated(&words, around));
        self.segments
            .extend(understood(segments, &words, |words| hallucination::is_unintelligible(words, around)));
    }

    /// Adds [`UNINTELLIGIBLE`] for a voice that was not understood.
    fn add_mark(&mut self, start_ms: u64, stretch: &SpeechSpan) {
        let at = |sample: usize| start_ms + milliseconds(sample);
        let (start_ms, end_ms) = (at(stretch.speech.start), at(stretch.speech.end));
        self.voiced.push((start_ms, end_ms));
        self.segments.push(Segment {
            start_ms,
            end_ms,
            text: UNINTELLIGIBLE.to_owned(),
            confidence: 0.0,
            is_uncertain: true,
            words: Vec::new(),
            timing: Timing::Estimated,
        });
    }

    /// Adds the words from the remote transcriber for a stretch of the chunk. Its probabilities are used as
    /// they are, unless the text itself is doubtful.
    fn add_remote(&mut self, start_ms: u64, samples: &[f32], stretch: &SpeechSpan, utterance: Utterance) {
        let (sound_ms, voiced_ms) = (milliseconds(stretch.sound.len()), milliseconds(stretch.voiced));
        let voice = Voice { sound_ms, voiced_ms, certainty: stretch.certainty };
        let (mut words, is_doubtful) = hallucination::sift_remote(utterance.words, voice);
        if words.is_empty() {
            if utterance.is_lost || hallucination::is_surely_a_voice(voiced_ms, stretch.certainty) {
                self.add_mark(start_ms, stretch);
            }
            return;
        }
        self.language = self.language.take().or(utterance.language);
        if is_doubtful {
            for word in &mut words {
                word.log_probability = word.log_probability.min(DOUBTFUL);
            }
        }
        let segments = self.phrases(start_ms, samples, stretch, &words);
        let segments = understood(segments, &words, hallucination::has_stuck_word);
        self.segments.extend(segments.into_iter().map(|segment| {
            let is_uncertain = segment.is_uncertain || is_doubtful;
            Segment { is_uncertain, ..segment }
        }));
    }

    /// The phrases of a stretch. Also marks the stretch as voiced, up to the edges of its phrases.
    fn phrases(
        &mut self,
        start_ms: u64,
        samples: &[f32],
        stretch: &SpeechSpan,
        words: &[TranscribedWord],
    ) -> Vec<Segment> {
        let at = |sample: usize| start_ms + milliseconds(sample);
        let segments = phrases(words, at(stretch.sound.start), &samples[stretch.sound.clone()]);
        // A word counts as voice: the detector alone misses a short one at the edge.
        let (mut start, mut end) = (at(stretch.speech.start), at(stretch.speech.end));
        for segment in &segments {
            (start, end) = (start.min(segment.start_ms), end.max(segment.end_ms));
        }
        self.voiced.push((start, end));
        segments
    }
}

/// The words with the logarithm of the probability that each is right, in place of the model's
/// log-probability.
fn rated(words: &[TranscribedWord], around: f32) -> Vec<TranscribedWord> {
    let rate = |word: &TranscribedWord| confidence::confidence(word.log_probability, around).ln();
    words.iter().map(|word| TranscribedWord { log_probability: rate(word), ..word.clone() }).collect()
}

/// Replaces each sentence that the model did not understand by [`UNINTELLIGIBLE`]; neighbours are merged
/// into one. `words` are the words of all sentences, as the model returned them.
fn understood(
    sentences: Vec<Segment>,
    words: &[TranscribedWord],
    is_unintelligible: impl Fn(&[TranscribedWord]) -> bool,
) -> Vec<Segment> {
    let mut rest = words;
    let mut segments: Vec<Segment> = Vec::with_capacity(sentences.len());
    for mut segment in sentences {
        let count = segment.text.split_whitespace().count().min(rest.len());
        let (own, others) = rest.split_at(count);
        rest = others;
        if is_unintelligible(own) {
            segment = Segment {
                text: UNINTELLIGIBLE.to_owned(),
                confidence: segment.confidence.min(DOUBTFUL.exp()),
                is_uncertain: true,
                words: Vec::new(),
                ..segment
            };
            if let Some(last) = segments.last_mut().filter(|last| last.text == UNINTELLIGIBLE) {
                last.end_ms = segment.end_ms;
                last.confidence = last.confidence.min(segment.confidence);
                continue;
            }
        }
        segments.push(segment);
    }
    segments
}

fn milliseconds(samples: usize) -> u64 {
    samples as u64 * 1000 / u64::from(SAMPLE_RATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, log_probability: f32) -> TranscribedWord {
        TranscribedWord { text: text.to_owned(), log_probability, tokens: 1, times: None, within: None }
    }

    fn words(parts: &[(&str, f32)]) -> Vec<TranscribedWord> {
        let each = |(text, log_probability): &(&str, f32)| {
            text.split_whitespace().map(|text| word(text, *log_probability)).collect::<Vec<_>>()
        };
        parts.iter().flat_map(each).collect()
    }

    fn heard_with(certainty: f32, words: Vec<TranscribedWord>) -> ChunkTranscript {
        let stretch = SpeechSpan { sound: 0..160_000, speech: 1_600..158_400, voiced: 150_000, certainty };
        let mut heard =
            ChunkTranscript { end_ms: 15_000, voiced: Vec::new(), language: None, segments: Vec::new() };
        heard.add(5_000, &[0.1; 160_000], &stretch, Utterance { words, ..Utterance::default() });
        heard
    }

    fn heard(
        words: Vec<TranscribedWord>,
        add: fn(&mut ChunkTranscript, u64, &[f32], &SpeechSpan, Utterance),
    ) -> ChunkTranscript {
        let samples: Vec<f32> = (0..160_000).map(|n| 0.3 * (n as f32 * 0.35).sin()).collect();
        let stretch =
            SpeechSpan { sound: 0..160_000, speech: 1_600..158_400, voiced: 150_000, certainty: 0.95 };
        let mut heard =
            ChunkTranscript { end_ms: 15_000, voiced: Vec::new(), language: None, segments: Vec::new() };
        let utterance = Utterance { words, language: Some("de".to_owned()), is_lost: false };
        add(&mut heard, 5_000, &samples, &stretch, utterance);
        heard
    }

    #[test]
    fn what_was_not_understood_is_marked_and_what_was_stays() {
        let english = "We are about ten minutes late for the meeting with the contractor.";
        let (one, other) =
            ("Again with a vertical in bearing this weather.", "Blind the shlect of the day now.");
        let said = [(english, -0.05), (one, -1.4), (other, -1.2)];
        let heard = heard(words(&said), ChunkTranscript::add);
        let texts: Vec<&str> = heard.segments.iter().map(|segment| segment.text.as_str()).collect();
        assert_eq!(texts, [english, UNINTELLIGIBLE], "neighbours share a mark");
        let mark = &heard.segments[1];
        assert!(mark.is_uncertain && mark.words.is_empty() && mark.confidence < 0.3, "{mark:?}");
        assert!(mark.end_ms > 14_000 && mark.end_ms <= 15_000, "{mark:?}");
        assert_eq!(heard.voiced, [(5_000, 15_000)], "as far as the segments reach");
    }

    #[test]
    fn what_was_heard_elsewhere_is_believed() {
        let text = "Das Wetter bleibt auch heute schlecht, und wir gehen deshalb erst morgen in die Berge, \
                    wenn es dann nicht wieder regnet.";
        let heard = heard(words(&[(text, -0.6)]), ChunkTranscript::add_remote);
        assert_eq!(heard.language.as_deref(), Some("de"));
        assert_eq!((heard.segments[0].text.as_str(), heard.segments[0].is_uncertain), (text, false));
    }

    #[test]
    fn what_was_left_out_elsewhere_is_marked_where_somebody_surely_speaks() {
        for left_out in ["", "uh", "...", &"word ".repeat(3_000)] {
            let heard = heard(words(&[(left_out, -0.1)]), ChunkTranscript::add_remote);
            let texts: Vec<&str> = heard.segments.iter().map(|segment| segment.text.as_str()).collect();
            assert_eq!(texts, [UNINTELLIGIBLE]);
            assert!(heard.segments[0].is_uncertain);
        }
    }

    #[test]
    fn what_is_doubtful_elsewhere_is_uncertain_and_stays() {
        let heard_text = |text: &str| heard(words(&[(text, -0.1)]), ChunkTranscript::add_remote).segments;
        let [segment] = &heard_text("Thank you so much for watching this")[..] else { panic!() };
        assert!(segment.is_uncertain && segment.confidence < 0.5, "{segment:?}");
        let stuck = format!("we laughed and laughed until it hurt {}", "ha".repeat(40));
        assert_eq!(heard_text(&stuck)[0].text, UNINTELLIGIBLE);
    }

    #[test]
    fn a_sound_that_was_given_up_elsewhere_is_marked_however_sure_its_voice_is() {
        let stretch = SpeechSpan { sound: 0..16_000, speech: 3_000..9_000, voiced: 6_000, certainty: 0.72 };
        for is_lost in [true, false] {
            let mut heard =
                ChunkTranscript { end_ms: 1_000, voiced: Vec::new(), language: None, segments: Vec::new() };
            heard.add_remote(0, &[0.1; 16_000], &stretch, Utterance { is_lost, ..Utterance::default() });
            assert_eq!(heard.segments.len(), usize::from(is_lost));
        }
    }

    #[test]
    fn a_tone_that_is_transcribed_as_a_word_is_silence_and_a_voice_is_not() {
        let tone = heard_with(0.8, words(&[("You", -0.05)]));
        assert_eq!((tone.voiced, tone.segments), (Vec::new(), Vec::new()));
        let voice = heard_with(0.95, words(&[("You", -0.05)]));
        assert_eq!(voice.segments[0].text, UNINTELLIGIBLE);
        assert!(voice.segments[0].is_uncertain);
    }
}
