//! Parses the response of a transcriber (`verbose_json` of OpenAI's audio transcriptions) into words.
//!
//! The text is that of the segments, with its punctuation. The list of words comes without punctuation and
//! is used for the times only, as far as it spells the same text. Services leave out different parts. So
//! the only assumption is that the response is an object with a text, segments or words.

use serde_json::Value;

use super::languages;
use crate::models::transcriber::{TranscribedWord, Utterance};

/// Whisper itself treats a segment as silence above this `no_speech_prob` and below this `avg_logprob`
/// (`whisper/transcribe.py`: `no_speech_threshold`, `logprob_threshold`).
const NO_SPEECH: f64 = 0.6;
const FAILED: f64 = -1.0;
/// Above this `compression_ratio`, Whisper treats a segment as a repetition, and its decoding as failed.
const REPETITION: f64 = 2.4;
/// The log-probability of words whose service reports none: that of a confidence of 0.85.
const UNTOLD: f64 = -0.1625;
/// The times of words may be this far after the end of the chunk, in milliseconds, since services pad it.
const SLACK_MS: u64 = 1_000;

/// The reason why a response is no transcription.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnswerError {
    #[error("it is no JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("it has neither text nor segments nor words")]
    Empty,
    #[error("its `{0}` is of another type")]
    Type(&'static str),
}

/// A word of the text, with the letters that are compared with the list of words.
struct Token {
    text: String,
    letters: Vec<char>,
    log_probability: f64,
    is_speech: bool,
}

/// A word of the list with times.
struct Timed {
    text: String,
    letters: Vec<char>,
    times: Option<(u64, u64)>,
    log_probability: Option<f64>,
}

/// Parses the transcription of a chunk of `length_ms` milliseconds.
pub(super) fn utterance(bytes: &[u8], length_ms: u64) -> Result<Utterance, AnswerError> {
    let answer: Value = serde_json::from_slice(&with_finite_numbers(bytes))?;
    let parts = ["text", "segments", "words"].map(|name| (name, answer.get(name)));
    if parts.iter().all(|(_, part)| part.is_none()) {
        return Err(AnswerError::Empty);
    }
    for (name, part) in parts {
        let is_right = |part: &Value| if name == "text" { part.is_string() } else { part.is_array() };
        if part.is_some_and(|part| !part.is_null() && !is_right(part)) {
            return Err(AnswerError::Type(name));
        }
    }
    let segments = list(&answer, "segments");
    let mut timed: Vec<Timed> = list(&answer, "words").iter().filter_map(Timed::read).collect();
    if timed.is_empty() {
        timed = segments.iter().flat_map(|segment| list(segment, "words")).filter_map(Timed::read).collect();
    }
    let mut tokens: Vec<Token> = segments.iter().flat_map(Token::of_segment).collect();
    if tokens.is_empty() {
        tokens = Token::all(text(&answer, "text"), UNTOLD, true).collect();
    }
    if tokens.is_empty() {
        tokens = timed.iter().flat_map(|word| Token::all(&word.text, UNTOLD, true)).collect();
    }
    let places = places(&tokens, &timed);
    let times = places.as_deref().and_then(|places| times(places, &timed, length_ms));
    let words = tokens.iter().enumerate().filter(|(_, token)| token.is_speech).map(|(at, token)| {
        let own =
            places.as_ref().and_then(|places| mean_log_probability(&timed[places[at].0..=places[at].1]));
        TranscribedWord {
            text: token.text.clone(),
            log_probability: own.map_or(token.log_probability, |own| own.min(0.0)) as f32,
            // About four letters of the alphabet to a token, or one character of Chinese.
            tokens: u32::try_from(token.text.len().div_ceil(4)).unwrap_or(u32::MAX),
            times: times.as_ref().map(|times| times[at]),
        }
    });
    Ok(Utterance {
        words: words.collect(),
        language: answer.get("language").and_then(Value::as_str).and_then(languages::tag),
    })
}

impl Token {
    /// The words of a segment. A segment that Whisper itself treats as silence has none.
    fn of_segment(segment: &Value) -> impl Iterator<Item = Self> {
        let average = number(segment, "avg_logprob").map(|average| average.min(0.0));
        let is_silence = number(segment, "no_speech_prob").is_some_and(|silence| silence > NO_SPEECH)
            && average.is_some_and(|average| average < FAILED);
        let is_repetition = number(segment, "compression_ratio").is_some_and(|ratio| ratio > REPETITION);
        let average = average.unwrap_or(UNTOLD);
        let log_probability = if is_repetition { average.min(FAILED) } else { average };
        Self::all(text(segment, "text"), log_probability, !is_silence)
    }

    /// The words of a text. Punctuation that stands alone is left out.
    fn all(text: &str, log_probability: f64, is_speech: bool) -> impl Iterator<Item = Self> {
        text.split_whitespace().filter_map(move |word| {
            let letters = letters(word);
            let text = word.chars().filter(|c| !c.is_control()).collect();
            (!letters.is_empty()).then_some(Self { text, letters, log_probability, is_speech })
        })
    }
}

impl Timed {
    fn read(word: &Value) -> Option<Self> {
        let written = word.get("word").or_else(|| word.get("text")).and_then(Value::as_str)?;
        let letters = letters(written);
        let times = milliseconds(word, "start").zip(milliseconds(word, "end"));
        let log_probability = number(word, "probability").filter(|of| *of > 0.0).map(f64::ln);
        (!letters.is_empty()).then(|| Self { text: written.to_owned(), letters, times, log_probability })
    }
}

/// Letters and digits in lower case, so that words are compared without punctuation.
fn letters(word: &str) -> Vec<char> {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The first and the last word of the list for each word of the text; none if the two do not spell the same
/// letters.
fn places(tokens: &[Token], timed: &[Timed]) -> Option<Vec<(usize, usize)>> {
    let spelled: Vec<(char, usize)> =
        timed.iter().enumerate().flat_map(|(at, word)| word.letters.iter().map(move |c| (*c, at))).collect();
    let text = tokens.iter().flat_map(|token| &token.letters);
    if tokens.is_empty() || !text.eq(spelled.iter().map(|(c, _)| c)) {
        return None;
    }
    let mut done = 0;
    let place = |token: &Token| {
        let first = done;
        done += token.letters.len();
        (spelled[first].1, spelled[done - 1].1)
    };
    Some(tokens.iter().map(place).collect())
}

/// The times of each word, in order and within the chunk; none if the reported times are not plausible.
fn times(places: &[(usize, usize)], timed: &[Timed], length_ms: u64) -> Option<Vec<(u64, u64)>> {
    let reported = |at: usize| timed[at].times;
    let mut times: Vec<(u64, u64)> = places
        .iter()
        .map(|(first, last)| Some((reported(*first)?.0, reported(*last)?.1)))
        .collect::<Option<_>>()?;
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

/// The mean log-probability that the list reports for these words.
fn mean_log_probability(words: &[Timed]) -> Option<f64> {
    let sum: f64 = words.iter().map(|word| word.log_probability).sum::<Option<f64>>()?;
    Some(sum / words.len() as f64)
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, name: &str) -> Option<f64> {
    value.get(name).and_then(Value::as_f64).filter(|number| number.is_finite())
}

/// Seconds as milliseconds.
fn milliseconds(value: &Value, name: &str) -> Option<u64> {
    number(value, name)
        .filter(|seconds| (0.0..1e6).contains(seconds))
        .map(|seconds| (seconds * 1000.0).round() as u64)
}

/// The JSON with `null` in place of numbers that are not finite: Python writes `NaN`, `Infinity` and
/// `-Infinity`, which JSON does not have (RFC 8259, section 6).
fn with_finite_numbers(bytes: &[u8]) -> Vec<u8> {
    let (mut json, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    let (mut in_string, mut escaped) = (false, false);
    while let Some((&byte, behind)) = rest.split_first() {
        let word = [&b"NaN"[..], b"-Infinity", b"Infinity"]
            .into_iter()
            .find(|word| !in_string && rest.starts_with(word));
        if let Some(word) = word {
            json.extend(b"null");
            rest = &rest[word.len()..];
            continue;
        }
        if byte == b'"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && byte == b'\\' && !escaped;
        json.push(byte);
        rest = behind;
    }
    json
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn heard(answer: &Value) -> Utterance {
        utterance(answer.to_string().as_bytes(), 4_000).unwrap()
    }

    fn word(text: &str, start: f64, end: f64) -> Value {
        json!({"word": text, "start": start, "end": end})
    }

    fn times(utterance: &Utterance) -> Vec<Option<(u64, u64)>> {
        utterance.words.iter().map(|word| word.times).collect()
    }

    #[test]
    fn words_have_the_punctuation_of_the_text_and_the_times_of_the_list() {
        let heard = heard(&json!({
            "task": "transcribe", "language": "german", "duration": 4.0,
            "text": " Zwanzig-eins, ja. Das geht nicht!",
            "segments": [
                {"text": " Zwanzig-eins, ja.", "avg_logprob": -0.25, "no_speech_prob": 0.01, "compression_ratio": 0.9},
                {"text": " Das geht nicht!", "avg_logprob": -0.5, "no_speech_prob": 0.9, "compression_ratio": 0.9},
            ],
            "words": [word("Zwanzig", 0.1, 0.6), word("eins", 0.6, 1.0), word("ja", 1.2, 1.5),
                      word("das", 2.0, 2.2), word("geht", 2.2, 2.6), word("nicht", 2.6, 4.3)],
        }));
        assert_eq!(heard.text(), "Zwanzig-eins, ja. Das geht nicht!");
        assert_eq!(heard.language.as_deref(), Some("de"));
        let expected = [(100, 1_000), (1_200, 1_500), (2_000, 2_200), (2_200, 2_600), (2_600, 4_000)];
        assert_eq!(times(&heard), expected.map(Some));
        assert!((heard.words[0].log_probability + 0.25).abs() < 1e-6);
        assert!((heard.words[4].log_probability + 0.5).abs() < 1e-6);
    }

    #[test]
    fn segments_that_whisper_itself_takes_for_silence_are_left_out() {
        let segment = |silence: f64, average: f64| json!({"text": "Thank you for watching!", "no_speech_prob": silence, "avg_logprob": average});
        for (silence, average, words) in [(0.7, -1.1, 0), (0.7, -0.4, 4), (0.2, -1.1, 4)] {
            assert_eq!(heard(&json!({"segments": [segment(silence, average)]})).words.len(), words);
        }
    }

    #[test]
    fn repetitions_are_doubted_and_the_probability_of_a_word_outweighs_that_of_its_segment() {
        let again =
            json!({"segments": [{"text": "so so so", "avg_logprob": -0.1, "compression_ratio": 3.0}]});
        assert!(heard(&again).words.iter().all(|word| word.log_probability <= -1.0));
        let word = json!({"word": " Yes", "start": 0.1, "end": 0.4, "probability": 0.5});
        let utterance =
            heard(&json!({"segments": [{"text": " Yes.", "avg_logprob": -0.1, "words": [word]}]}));
        assert!((utterance.words[0].log_probability - 0.5_f32.ln()).abs() < 1e-6);
        assert_eq!(utterance.words[0].times, Some((100, 400)));
    }

    #[test]
    fn times_that_make_no_sense_are_left_out_and_the_words_stay() {
        let senseless = [
            [word("one", 2.0, 2.4), word("two", 1.0, 1.4)],
            [word("one", 2.0, 1.0), word("two", 3.0, 3.4)],
            [word("one", 2.0, 2.4), word("two", 93.0, 93.4)],
            [word("one", -2.0, 2.4), word("two", 3.0, 3.4)],
            [word("one", 2.0, 2.4), json!({"word": "two", "start": null, "end": "3"})],
            [word("one", 2.0, 2.4), word("three", 3.0, 3.4)],
        ];
        for words in senseless {
            let heard = heard(&json!({"text": "One two.", "words": words}));
            assert_eq!((heard.text().as_str(), times(&heard)), ("One two.", vec![None, None]), "{words:?}");
        }
    }

    #[test]
    fn an_answer_may_leave_out_whatever_it_likes_but_all() {
        assert_eq!(heard(&json!({"text": "Only this."})).text(), "Only this.");
        assert_eq!(heard(&json!({"text": null, "words": [word("these", 0.0, 1.0)]})).text(), "these");
        for nothing in
            [json!({"text": null}), json!({"text": " ... "}), json!({"segments": [5], "words": [{}, 7]})]
        {
            assert_eq!(heard(&nothing).words, []);
        }
        for something in [
            "",
            "[]",
            "<html>",
            r#"{"error": {"message": "text"}}"#,
            r#"{"text": "#,
            r#"{"text": 5}"#,
            r#"{"text": "", "segments": {}}"#,
            r#"{"words": "no"}"#,
        ] {
            assert!(utterance(something.as_bytes(), 4_000).is_err(), "{something}");
        }
    }

    #[test]
    fn invalid_numbers_count_as_absent_and_the_text_stays_as_it_is() {
        let answer = br#"{"text": "x", "segments": [{"text": "NaN \" Infinity", "avg_logprob": NaN, "no_speech_prob": -Infinity}]}"#;
        let heard = utterance(answer, 4_000).unwrap();
        assert_eq!(heard.text(), "NaN Infinity");
        assert!(heard.words.iter().all(|word| word.log_probability.is_finite()));
    }

    #[test]
    fn no_word_holds_what_a_database_refuses() {
        assert_eq!(heard(&json!({"text": "a\u{0}b \u{7} c"})).text(), "ab c");
    }
}
