//! Measures the times of words, on recordings with known times.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use self_shared::config::WorkerConfig;
use self_shared::domain::transcription::Word;
use self_shared::domain::word_times::{TimedWord, matches};
use serde::Deserialize;

use crate::models::moonshine::Moonshine;
use crate::models::transcriber::{Transcriber, TranscriberSession};
use crate::stages::chunking::Chunker;
use crate::stages::decode::{Event, Limits, decode};
use crate::stages::transcribe::phrases;

/// A recording whose words are known: one line of the list.
#[derive(Deserialize)]
struct LabelledRecording {
    /// The path of the file, relative to the folder of the list.
    audio: String,
    /// The group in the report.
    kind: String,
    /// All spoken words, in order.
    words: Vec<KnownWord>,
}

#[derive(Deserialize)]
struct KnownWord {
    text: String,
    /// Its start in milliseconds; absent if it is not known.
    start_ms: Option<u64>,
}

/// Errors at the starts of words, in milliseconds, and the number of words that were not transcribed.
#[derive(Default)]
struct Errors {
    found: Vec<u64>,
    missed: usize,
}

/// Prints the errors of the starts of words. `recordings` is a list of JSON lines (`audio`, `kind`, `words`
/// with `text` and, if known, `start_ms`), or a folder with such a list named `words.jsonl`. The recordings
/// are cut and transcribed as in the product; words that are transcribed wrongly have no error and are
/// counted.
pub fn evaluate_word_times(config: &WorkerConfig, recordings: &Path) -> Result<()> {
    let list = if recordings.is_dir() { recordings.join("words.jsonl") } else { recordings.to_owned() };
    let lines = std::fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let mut session = Moonshine::load(&config.models_dir)?.open_session()?;
    let mut kinds: BTreeMap<String, Errors> = BTreeMap::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let known: LabelledRecording =
            serde_json::from_str(line).with_context(|| format!("not a recording: {line}"))?;
        let heard = heard(&mut *session, &list.with_file_name(&known.audio))?;
        kinds.entry(known.kind.clone()).or_default().add(&known, &heard);
    }
    println!("{:<24}{:>8}{:>10}{:>12}{:>10}", "word times", "words", "missed", "median ms", "p90 ms");
    for (kind, errors) in &mut kinds {
        ensure!(!errors.found.is_empty(), "not one known word was heard in the recordings of kind {kind}");
        errors.found.sort_unstable();
        let last = errors.found.len() - 1;
        let (median, p90) = (errors.found[last / 2], errors.found[last * 9 / 10]);
        println!("{kind:<24}{:>8}{:>10}{median:>12}{p90:>10}", last + 1, errors.missed);
    }
    Ok(())
}

/// The words of a recording as the product transcribes them.
fn heard(session: &mut dyn TranscriberSession, recording: &Path) -> Result<Vec<Word>> {
    let file = File::open(recording).with_context(|| format!("cannot read {}", recording.display()))?;
    let mut chunker = Chunker::new();
    let mut chunks = Vec::new();
    decode(file, &Limits::default(), |event| {
        if let Event::Sound(samples) = event {
            chunks.extend(chunker.push(samples));
        }
        Ok(())
    })?;
    chunks.extend(chunker.finish());
    let mut words = Vec::new();
    for chunk in chunks {
        let utterance = session.transcribe(&chunk.samples)?;
        words.extend(
            phrases(&utterance.words, chunk.start_ms, &chunk.samples)
                .into_iter()
                .flat_map(|phrase| phrase.words),
        );
    }
    Ok(words)
}

impl Errors {
    fn add(&mut self, known: &LabelledRecording, heard: &[Word]) {
        let texts: Vec<&str> = known.words.iter().map(|word| word.text.as_str()).collect();
        let timed: Vec<TimedWord<'_>> = heard.iter().map(TimedWord::from).collect();
        let pairs: BTreeMap<usize, usize> = matches(&texts, &timed).into_iter().collect();
        for (place, word) in known.words.iter().enumerate() {
            let Some(start_ms) = word.start_ms else { continue };
            match pairs.get(&place) {
                Some(found) => self.found.push(heard[*found].start_ms.abs_diff(start_ms)),
                None => self.missed += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_where_it_is_labelled_and_transcribed() {
        let line = r#"{"audio": "a.wav", "kind": "joined", "words": [{"text": "One,", "start_ms": 100},
            {"text": "two", "start_ms": 400}, {"text": "three"}, {"text": "four.", "start_ms": 900}]}"#;
        let known: LabelledRecording = serde_json::from_str(line).unwrap();
        let word = |text: &str, start_ms| Word {
            text: text.to_owned(),
            start_ms,
            end_ms: start_ms + 50,
            confidence: 0.9,
        };
        let mut errors = Errors::default();
        errors.add(&known, &[word("one", 130), word("to", 400), word("three", 0), word("Four", 840)]);
        assert_eq!((errors.found, errors.missed), (vec![30, 60], 1));
    }
}
