//! The parts of a response: its segments and its list of words.

use serde_json::Value;

use super::note::{is_note, is_sung};

/// Whisper itself treats a segment as silence above this `no_speech_prob` and below this `avg_logprob`
/// (`whisper/transcribe.py`: `no_speech_threshold`, `logprob_threshold`).
const NO_SPEECH: f64 = 0.6;
const FAILED: f64 = -1.0;
/// Above this `compression_ratio`, Whisper treats a segment as a repetition, and its decoding as failed.
const REPETITION: f64 = 2.4;
/// The log-probability of words whose service reports none: that of a confidence of 0.85.
const UNTOLD: f64 = -0.1625;
/// Times may be this far after the end of the chunk, in milliseconds, since services pad it.
pub(super) const SLACK_MS: u64 = 1_000;

/// A segment: a part of the text, and what the service says of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) log_probability: f64,
    /// False for what the service itself takes for silence, and for notes about the sound.
    pub(super) is_speech: bool,
    /// Start and end in milliseconds from the start of the chunk.
    pub(super) times: Option<(u64, u64)>,
}

/// A word of the list with times.
#[derive(Clone, Debug)]
pub(super) struct Timed {
    pub(super) text: String,
    /// See [`letters`]; empty for a sign.
    pub(super) letters: String,
    pub(super) times: Option<(u64, u64)>,
    pub(super) log_probability: Option<f64>,
}

impl Part {
    /// A text of which the service says nothing more.
    pub(super) fn plain(text: &str) -> Self {
        let log_probability = if is_sung(text) { FAILED } else { UNTOLD };
        Self { text: text.to_owned(), log_probability, is_speech: !is_note(text), times: None }
    }

    fn read(segment: &Value) -> Self {
        let plain = Self::plain(text(segment, "text"));
        let average = number(segment, "avg_logprob").map(|average| average.min(0.0));
        let is_silence = number(segment, "no_speech_prob").is_some_and(|silence| silence > NO_SPEECH)
            && average.is_some_and(|average| average < FAILED);
        let is_repetition = number(segment, "compression_ratio").is_some_and(|ratio| ratio > REPETITION);
        let is_failed = is_repetition || is_sung(&plain.text);
        let average = average.unwrap_or(UNTOLD);
        let log_probability = if is_failed { average.min(FAILED) } else { average };
        Self { log_probability, is_speech: plain.is_speech && !is_silence, times: times(segment), ..plain }
    }
}

/// The segments of a response for a chunk of `length_ms` milliseconds, in the order of time. Their times are
/// left out if they are not plausible.
pub(super) fn parts(answer: &Value, length_ms: u64) -> Vec<Part> {
    let mut parts: Vec<Part> =
        list(answer, "segments").iter().map(Part::read).filter(|part| !part.text.trim().is_empty()).collect();
    if parts.iter().all(|part| part.times.is_some()) {
        parts.sort_by_key(|part| part.times);
        // The same segment told twice.
        parts.dedup_by(|later, part| later.times == part.times && later.text.trim() == part.text.trim());
    }
    let is_measured = parts.iter().any(|part| part.times.is_some_and(|(start, end)| start < end));
    let is_plausible = |part: &Part| {
        part.times
            .is_some_and(|(start, end)| start <= end && start <= length_ms && end <= length_ms + SLACK_MS)
    };
    let is_trusted = is_measured && parts.iter().all(is_plausible);
    for at in 0..parts.len() {
        let next = parts.get(at + 1).and_then(|next| next.times).map_or(length_ms, |(start, _)| start);
        parts[at].times = parts[at]
            .times
            .filter(|_| is_trusted)
            .map(|(start, end)| (start, end.min(next).min(length_ms).max(start)));
    }
    parts
}

/// The list of words, which stands beside the segments or in each of them.
pub(super) fn timed(answer: &Value) -> Vec<Timed> {
    let words: Vec<Timed> = list(answer, "words").iter().filter_map(Timed::read).collect();
    if !words.is_empty() {
        return words;
    }
    let segments = list(answer, "segments").iter();
    segments.flat_map(|segment| list(segment, "words")).filter_map(Timed::read).collect()
}

impl Timed {
    fn read(word: &Value) -> Option<Self> {
        let told = word.get("word").or_else(|| word.get("text")).and_then(Value::as_str)?;
        let log_probability = number(word, "probability").filter(|of| *of > 0.0).map(|of| of.ln().min(0.0));
        let is_empty = told.trim().is_empty();
        (!is_empty).then(|| Self {
            text: told.to_owned(),
            letters: letters(told),
            times: times(word),
            log_probability,
        })
    }
}

/// Letters and digits in lower case, so that words are compared without punctuation.
pub(super) fn letters(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn number(value: &Value, name: &str) -> Option<f64> {
    value.get(name).and_then(Value::as_f64).filter(|number| number.is_finite())
}

/// The start and the end, from seconds.
fn times(value: &Value) -> Option<(u64, u64)> {
    let milliseconds = |name: &str| {
        number(value, name)
            .filter(|seconds| (0.0..1e6).contains(seconds))
            .map(|seconds| (seconds * 1000.0).round() as u64)
    };
    milliseconds("start").zip(milliseconds("end"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(segments: &[(&str, f64, f64)]) -> Vec<(String, Option<(u64, u64)>)> {
        let segment =
            |(text, start, end): &(&str, f64, f64)| json!({"text": text, "start": start, "end": end});
        let answer = json!({"segments": segments.iter().map(segment).collect::<Vec<_>>()});
        parts(&answer, 8_000).into_iter().map(|part| (part.text, part.times)).collect()
    }

    #[test]
    fn segments_are_in_the_order_of_time_and_each_once() {
        let both = [("two", 4.0, 7.0), ("one", 0.5, 4.2), ("two", 4.0, 7.0)];
        let expected = [("one".to_owned(), Some((500, 4_000))), ("two".to_owned(), Some((4_000, 7_000)))];
        assert_eq!(told(&both), expected);
        let again = [("no", 0.5, 1.0), ("no", 1.0, 1.4)];
        assert_eq!(told(&again).len(), 2, "said twice");
    }

    #[test]
    fn times_that_make_no_sense_are_left_out_and_the_segments_stay() {
        for (start, end) in [(0.0, 0.0), (3.0, 2.0), (-1.0, 2.0), (1.0, 95.0)] {
            assert_eq!(told(&[("one", start, end)]), [("one".to_owned(), None)], "{start} {end}");
        }
    }

    #[test]
    fn what_is_sung_or_repeats_itself_is_doubted() {
        for segment in [
            json!({"text": "♪ la la ♪"}),
            json!({"text": "♪ la la ♪", "avg_logprob": -0.1}),
            json!({"text": "so so so", "compression_ratio": 3.0}),
            json!({"text": "so so so", "avg_logprob": -0.1, "compression_ratio": 3.0}),
        ] {
            assert!(Part::read(&segment).log_probability <= FAILED, "{segment}");
        }
        assert!(!Part::read(&json!({"text": " [BLANK_AUDIO]", "avg_logprob": -0.1})).is_speech);
    }
}
