//! From a recording to text with the real model.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fixtures;

use std::path::Path;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use self_worker::evaluation::{Noise, SILENT_SOUNDS, mixed};
use self_worker::models::moonshine::Moonshine;
use self_worker::models::silero::Silero;
use self_worker::models::transcriber::Transcriber;
use self_worker::stages::SAMPLE_RATE;
use self_worker::stages::chunking::{Chunk, Chunker};
use self_worker::stages::transcribe::{
    ChunkTranscript, ReviewedSegment, Segment, TranscriberPool, UNINTELLIGIBLE, review, transcribe,
};

/// The opening of "A Tale of Two Cities" (Charles Dickens, 1859), as read in `two_cities.wav`.
const TWO_CITIES: &str = "It was the best of times, it was the worst of times, it was the age of \
    wisdom, it was the age of foolishness, it was the epoch of belief, it was the epoch of \
    incredulity, it was the season of Light, it was the season of Darkness, it was the spring of \
    hope, it was the winter of despair, we had everything before us, we had nothing before us, we \
    were all going direct to Heaven, we were all going direct the other way – in short, the period \
    was so far like the present period, that some of its noisiest authorities insisted on its being \
    received, for good or for evil, in the superlative degree of comparison only.";

/// The share of words that the vendor's own package gets wrong in `two_cities.wav`, in percent.
const VENDOR_ERROR_RATE: f64 = 5.9;

fn transcribers(count: usize) -> Arc<TranscriberPool> {
    let models = fixtures::models();
    let (silero, moonshine) = (Silero::load(&models).unwrap(), Moonshine::load(&models).unwrap());
    Arc::new(TranscriberPool::open(silero, Arc::new(moonshine), count).unwrap())
}

async fn sound(file: &Path) -> Vec<f32> {
    fixtures::decode(&fixtures::sandbox(), file).await.unwrap().1
}

fn cut(mut chunker: Chunker, sound: &[f32]) -> Vec<Chunk> {
    let mut chunks = chunker.push(sound);
    chunks.extend(chunker.finish());
    chunks
}

async fn chunks(file: &Path) -> Vec<Chunk> {
    cut(Chunker::new(), &sound(file).await)
}

async fn heard(transcribers: Arc<TranscriberPool>, chunks: Vec<Chunk>) -> Vec<ChunkTranscript> {
    transcribe(transcribers, stream::iter(chunks), 0.5).try_collect().await.unwrap()
}

async fn segments(transcribers: Arc<TranscriberPool>, chunks: Vec<Chunk>) -> Vec<Segment> {
    heard(transcribers, chunks).await.into_iter().flat_map(|chunk| chunk.segments).collect()
}

fn text(segments: &[Segment]) -> String {
    segments.iter().map(|segment| &*segment.text).collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> Vec<String> {
    let letters = text.to_lowercase().replace(|c: char| !c.is_alphabetic() && c != '\'', " ");
    letters.split_whitespace().map(str::to_owned).collect()
}

/// The word error rate in percent: the smallest number of words to change, add or leave out, divided by all
/// words.
fn error_rate(said: &str, heard: &str) -> f64 {
    let (said, heard) = (words(said), words(heard));
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, word) in said.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in heard.iter().enumerate() {
            let change = diagonal + usize::from(word != other);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    100.0 * row[heard.len()] as f64 / said.len() as f64
}

#[tokio::test]
async fn a_reading_is_transcribed_at_least_as_well_as_the_vendor_does() {
    let segments = segments(transcribers(2), chunks(&fixtures::recording("two_cities.wav")).await).await;
    let rate = error_rate(TWO_CITIES, &text(&segments));
    println!("word error rate {rate:.1} %: {}", text(&segments));
    assert!(rate <= VENDOR_ERROR_RATE + 1.0, "{rate} %: {}", text(&segments));
    assert!(segments.is_sorted_by_key(|segment| segment.start_ms));
    assert!(segments.last().unwrap().end_ms.abs_diff(42_000) < 2_500, "{segments:?}");
}

#[tokio::test]
async fn a_segment_is_a_phrase_and_its_times_are_where_it_is_said() {
    let recording = fixtures::recording("two_cities.wav");
    let sound = sound(&recording).await;
    let transcribers = transcribers(2);
    let segments = segments(Arc::clone(&transcribers), chunks(&recording).await).await;
    assert!(segments.len() >= 12, "{segments:#?}");
    assert!(segments.iter().all(|segment| segment.text.chars().count() <= 140), "{segments:#?}");
    assert!(segments.windows(2).all(|pair| pair[0].end_ms <= pair[1].start_ms), "{segments:#?}");

    // Each segment alone, transcribed with some sound around it, gives the same text.
    let sample = |ms: u64| usize::try_from(ms * 16).unwrap().min(sound.len());
    let (mut wrong, mut all) = (0.0, 0.0);
    for segment in &segments {
        let around = sample(segment.start_ms.saturating_sub(150))..sample(segment.end_ms + 150);
        let chunk =
            Chunk { start_ms: segment.start_ms, end_ms: segment.end_ms, samples: sound[around].to_vec() };
        let alone = text(&self::segments(Arc::clone(&transcribers), vec![chunk]).await);
        let count = words(&segment.text).len() as f64;
        let rate = error_rate(&segment.text, &alone);
        println!("{:>6}–{:<6} {rate:>5.1} % {} | {alone}", segment.start_ms, segment.end_ms, segment.text);
        (wrong, all) = (wrong + rate * count, all + count);
    }
    assert!(wrong / all < 12.0, "{:.1} % of the words are elsewhere", wrong / all);
}

#[tokio::test]
async fn any_number_of_sessions_transcribes_the_same() {
    let chunks = chunks(&fixtures::recording("endgame_nagg_nell.wav")).await;
    let one = segments(transcribers(1), chunks.clone()).await;
    assert_eq!(segments(transcribers(3), chunks).await, one);
    assert!(text(&one).to_lowercase().contains("do you hear me"), "{}", text(&one));
}

#[tokio::test]
async fn the_number_of_sessions_changes_while_they_transcribe() {
    let transcribers = transcribers(1);
    let chunks: Vec<Chunk> = {
        let once = chunks(&fixtures::recording("beckett.wav")).await;
        once.iter().cycle().take(8 * once.len()).cloned().collect()
    };
    let count = chunks.len();
    let mut heard = Box::pin(transcribe(Arc::clone(&transcribers), stream::iter(chunks), 0.5));
    let mut texts = vec![text(&heard.next().await.unwrap().unwrap().segments)];
    transcribers.resize(3).await.unwrap();
    assert_eq!(transcribers.count(), 3);
    texts.push(text(&heard.next().await.unwrap().unwrap().segments));
    transcribers.resize(1).await.unwrap();
    assert_eq!(transcribers.count(), 1);
    while let Some(chunk) = heard.next().await {
        texts.push(text(&chunk.unwrap().segments));
    }
    assert_eq!(texts.len(), count);
    let period = count / 8;
    assert!(texts.iter().zip(&texts[period..]).all(|(a, b)| a == b), "{texts:?}");
}

#[tokio::test]
async fn nothing_is_transcribed_where_nobody_speaks() {
    let transcribers = transcribers(2);
    for (name, sound) in SILENT_SOUNDS {
        let sound = sound();
        // Unchanged, quiet, and with background noise.
        let faint = sound.iter().map(|sample| 0.05 * sample).collect();
        let hissing = mixed(&sound, Noise::White, 20.0);
        for sound in [sound, faint, hissing] {
            let heard = heard(Arc::clone(&transcribers), cut(Chunker::new(), &sound)).await;
            let said = heard.iter().flat_map(|chunk| &chunk.segments).collect::<Vec<_>>();
            assert!(said.is_empty(), "{name}: {said:?}");
            assert!(heard.iter().all(|chunk| chunk.voiced.is_empty()), "{name}");
        }
    }
}

#[tokio::test]
async fn speech_stays_behind_noise_far_away_and_among_noise() {
    let transcribers = transcribers(2);
    let speech = sound(&fixtures::recording("two_cities.wav")).await;
    let speech = &speech[..20 * SAMPLE_RATE as usize];
    let clean = text(&segments(Arc::clone(&transcribers), cut(Chunker::new(), speech)).await);
    assert!(words(&clean).len() > 50, "{clean}");
    let fan = SILENT_SOUNDS.iter().find(|(name, _)| *name == "fan").unwrap().1();

    let mut behind_a_fan: Vec<f32> = fan.iter().map(|sample| 0.05 * sample).collect();
    behind_a_fan.extend(mixed(speech, Noise::Pink, 20.0));
    let quiet = speech.iter().map(|sample| 0.2 * sample).collect();
    let noisy = mixed(speech, Noise::White, 10.0);
    for (kind, sound, most) in [("fan", behind_a_fan, 10.0), ("quiet", quiet, 8.0), ("noisy", noisy, 25.0)] {
        let heard = text(&segments(Arc::clone(&transcribers), cut(Chunker::new(), &sound)).await);
        let rate = error_rate(&clean, &heard);
        assert!(rate <= most, "{kind}: {rate} %: {heard}");
        assert!(!heard.contains(UNINTELLIGIBLE), "{kind}: {heard}");
    }
}

#[tokio::test]
async fn a_job_that_resumes_transcribes_the_same() {
    let transcribers = transcribers(2);
    let mut sound = sound(&fixtures::recording("endgame_nagg_nell.wav")).await;
    sound.extend(SILENT_SOUNDS[0].1());
    sound.extend(self::sound(&fixtures::recording("beckett.wav")).await);
    let whole = heard(Arc::clone(&transcribers), cut(Chunker::new(), &sound)).await;
    for (done, last) in whole.iter().enumerate() {
        let rest = cut(Chunker::resuming_at(last.end_ms), &sound);
        assert_eq!(
            heard(Arc::clone(&transcribers), rest).await,
            whole[done + 1..],
            "behind {} ms",
            last.end_ms
        );
    }
}

#[tokio::test]
async fn babble_is_not_made_into_fluent_english() {
    let speech = sound(&fixtures::recording("endgame_nagg_nell.wav")).await;
    let babble: Vec<f32> =
        mixed(&speech, Noise::Babble, -30.0).iter().map(|sample| (0.01 * sample).clamp(-1.0, 1.0)).collect();
    let segments = segments(transcribers(2), cut(Chunker::new(), &babble)).await;
    let believed: Vec<_> = segments.iter().filter(|segment| !segment.is_uncertain).collect();
    let believed_ms: u64 = believed.iter().map(|segment| segment.end_ms - segment.start_ms).sum();
    assert!(believed_ms < 1_500, "of 28 s: {believed:?}");
}

/// Speech played backwards has voices and syllables but no English, like an unknown language.
#[tokio::test]
async fn what_is_not_english_is_said_to_be_unintelligible_and_the_rest_stays() {
    let transcribers = transcribers(2);
    let english = sound(&fixtures::recording("two_cities.wav")).await;
    let foreign: Vec<f32> = english.iter().rev().copied().collect();
    let all = segments(Arc::clone(&transcribers), cut(Chunker::new(), &foreign)).await;
    let believed: Vec<_> = all.iter().filter(|segment| !segment.is_uncertain).collect();
    let believed_ms: u64 = believed.iter().map(|segment| segment.end_ms - segment.start_ms).sum();
    assert!(believed_ms < 2_500, "of 40 s: {believed:?}");
    let judgement = review(&reviewed(&all));
    assert!(judgement.language_uncertain, "{all:?}");
    assert_eq!(judgement.doubted.len(), believed.len(), "{all:?}");

    let twelve = 12 * SAMPLE_RATE as usize;
    let both = [&english[..twelve], &foreign[..twelve]].concat();
    let both = segments(transcribers, cut(Chunker::new(), &both)).await;
    assert!(text(&both).contains("age of wisdom"), "{}", text(&both));
    assert!(!review(&reviewed(&both[..1])).language_uncertain, "{both:?}");
    let marks = both.iter().filter(|segment| segment.text == UNINTELLIGIBLE);
    let marked: u64 = marks.map(|mark| mark.end_ms - mark.start_ms).sum();
    assert!(marked > 5_000, "{both:?}");
    let late: Vec<_> =
        both.iter().filter(|segment| segment.start_ms > 14_000 && !segment.is_uncertain).collect();
    assert_eq!(late, Vec::<&Segment>::new());
}

fn reviewed(segments: &[Segment]) -> Vec<ReviewedSegment<'_>> {
    let mut told = Vec::with_capacity(segments.len());
    for Segment { start_ms, end_ms, text, is_uncertain, .. } in segments {
        told.push(ReviewedSegment { length_ms: end_ms - start_ms, text, is_uncertain: *is_uncertain });
    }
    told
}

#[tokio::test]
async fn confidence_falls_as_noise_rises() {
    let transcribers = transcribers(2);
    let speech = sound(&fixtures::recording("two_cities.wav")).await;
    let mut before = 1.0;
    for decibels in [30.0, 10.0, 0.0] {
        let noisy = mixed(&speech, Noise::White, decibels);
        let segments = segments(Arc::clone(&transcribers), cut(Chunker::new(), &noisy)).await;
        assert!(segments.iter().all(|segment| (0.0..=1.0).contains(&segment.confidence)), "{segments:?}");
        let mean =
            segments.iter().map(|segment| segment.confidence).sum::<f32>() / segments.len().max(1) as f32;
        assert!(mean < before, "{mean} at {decibels} dB");
        before = mean;
    }
    assert!(before < 0.5, "{before}");
}

#[test]
fn a_missing_voice_detector_names_the_command_that_fetches_it() {
    let folder = tempfile::tempdir().unwrap();
    let error = Silero::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("silero_vad.ort is missing: run `make setup`"), "{error}");
}

#[test]
fn a_missing_model_names_the_command_that_fetches_it() {
    let folder = tempfile::tempdir().unwrap();
    let error = Moonshine::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("make setup"), "{error}");
}

#[test]
fn the_model_says_which_it_is() {
    let model = Moonshine::load(&fixtures::models()).unwrap();
    assert_eq!(model.id().name, "moonshine-tiny-en");
    assert!(model.id().version.contains("0.0.73"));
}
