//! Parses the response of a transcriber (`verbose_json` of OpenAI's audio transcriptions) into words.
//!
//! The text is that of the segments, with its punctuation. The list of words comes without punctuation and
//! is used for the times, as far as it spells the same text. Services leave out different parts. So the only
//! assumption is that the response is an object with a text, segments or words.

use serde_json::Value;

use super::part::{self, Timed};
use super::token::{self, Token};
use super::{json, languages, word_times};
use crate::models::transcriber::{TranscribedWord, Utterance};

/// The reason why a response is no transcription.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnswerError {
    #[error("it is no JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("it has neither text nor segments nor words")]
    Empty,
    #[error("its `{0}` is of another type")]
    Type(&'static str),
    /// Its message is not repeated: it may hold a key or words that were said.
    #[error("it reports an error")]
    Error,
}

/// Parses the transcription of a chunk of `length_ms` milliseconds.
pub(super) fn utterance(bytes: &[u8], length_ms: u64) -> Result<Utterance, AnswerError> {
    let answer = json::parse(bytes)?;
    if answer.get("error").is_some_and(is_told) {
        return Err(AnswerError::Error);
    }
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
    let timed = part::timed(&answer);
    let segments = part::parts(&answer, length_ms);
    let tokens = token::tokens(part::text(&answer, "text"), &segments, &timed);
    let places = word_times::places(&tokens, &timed);
    let times = places.as_deref().and_then(|places| word_times::times(places, &timed, length_ms));
    let words = tokens.iter().enumerate().filter(|(_, token)| token.is_speech).map(|(at, token)| {
        let own = places.as_ref().and_then(|places| mean_log_probability(&timed[places[at].clone()]));
        TranscribedWord {
            text: token.text.clone(),
            log_probability: own.unwrap_or(token.log_probability) as f32,
            tokens: spelling_tokens(token),
            times: times.as_ref().map(|times| times[at]),
            within: token.within,
        }
    });
    let words: Vec<TranscribedWord> = words.collect();
    let has_letters = words.iter().any(|word| word.tokens > 0);
    Ok(Utterance {
        words: if has_letters { words } else { Vec::new() },
        language: answer.get("language").and_then(Value::as_str).and_then(languages::tag),
        is_lost: false,
    })
}

/// Whether an `error` says something: some services always have one, and leave it empty.
fn is_told(error: &Value) -> bool {
    match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(errors) => !errors.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

/// About how many tokens spell a word: one to four letters of an alphabet, or to 1.3 characters that are a
/// syllable or more (figures, and the characters of some scripts). A sign has none.
fn spelling_tokens(token: &Token) -> u32 {
    let weight = |c: char| match c {
        '0'..='9' | '\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{3ffff}' => 3,
        _ => 1,
    };
    let letters: usize = token.letters.chars().map(weight).sum();
    u32::try_from(letters.div_ceil(4)).unwrap_or(u32::MAX)
}

/// The mean log-probability that the list reports for these words.
fn mean_log_probability(words: &[Timed]) -> Option<f64> {
    let sum: f64 = words.iter().map(|word| word.log_probability).sum::<Option<f64>>()?;
    (!words.is_empty()).then(|| sum / words.len() as f64)
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
        assert_eq!(heard(&json!({"text": "Only this.", "error": null})).text(), "Only this.");
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
            r#"{"text": "", "error": {"message": "quota exceeded"}}"#,
            r#"{"text": "So.", "error": "quota exceeded"}"#,
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
        assert_eq!(heard.text(), "NaN \" Infinity");
        assert!(heard.words.iter().all(|word| word.log_probability.is_finite()));
    }

    #[test]
    fn no_word_holds_what_a_database_refuses() {
        assert_eq!(heard(&json!({"text": "a\u{0}b \u{7} c"})).text(), "ab c");
    }
    #[test]
    fn notes_alone_are_nothing_said_and_beside_speech_they_stay() {
        for nothing in [
            json!({"text": "[unintelligible]"}),
            json!({"text": "(music) ♪ [Applause] *sighs*"}),
            json!({"text": "♪"}),
            json!({"text": "[BLANK_AUDIO]", "segments": [{"text": " [BLANK_AUDIO]", "avg_logprob": -0.3}]}),
        ] {
            assert_eq!(heard(&nothing).words, [], "{nothing}");
        }
        assert_eq!(heard(&json!({"text": "[Applause] Thank you."})).text(), "[Applause] Thank you.");
        let one_of_two = json!({"segments": [{"text": "[MUSIC]"}, {"text": "Good evening."}]});
        assert_eq!(heard(&one_of_two).text(), "Good evening.");
    }

    #[test]
    fn the_tokens_of_a_word_are_guessed_in_every_script() {
        for (text, tokens) in [("I", 1), ("Guten", 2), ("1984", 3), ("今天天氣", 3), ("שלום", 1), ("€", 0)]
        {
            let token = Token {
                text: text.to_owned(),
                letters: part::letters(text),
                log_probability: 0.0,
                is_speech: true,
                within: None,
            };
            assert_eq!(spelling_tokens(&token), tokens, "{text}");
        }
    }
}
