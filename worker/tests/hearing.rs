//! From a recording to text with the real model.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fixtures;

use std::path::Path;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use self_worker::models::moonshine::Moonshine;
use self_worker::models::transcriber::Transcriber;
use self_worker::stages::cut::{Chunk, Cutter};
use self_worker::stages::transcribe::{Ears, Heard, Segment, transcribe};

/// The opening of "A Tale of Two Cities" (Charles Dickens, 1859), as `two_cities.wav` reads it.
const TWO_CITIES: &str = "It was the best of times, it was the worst of times, it was the age of \
    wisdom, it was the age of foolishness, it was the epoch of belief, it was the epoch of \
    incredulity, it was the season of Light, it was the season of Darkness, it was the spring of \
    hope, it was the winter of despair, we had everything before us, we had nothing before us, we \
    were all going direct to Heaven, we were all going direct the other way – in short, the period \
    was so far like the present period, that some of its noisiest authorities insisted on its being \
    received, for good or for evil, in the superlative degree of comparison only.";

/// Words that the vendor's own package gets wrong in `two_cities.wav`, in percent of all.
const VENDOR_ERROR_RATE: f64 = 5.9;

fn ears(count: usize) -> Arc<Ears> {
    let model = Moonshine::load(&fixtures::models()).unwrap();
    Arc::new(Ears::open(Arc::new(model), count).unwrap())
}

async fn chunks(file: &Path) -> Vec<Chunk> {
    let (_, sound) = fixtures::decode(&fixtures::sandbox(), file).await.unwrap();
    let mut cutter = Cutter::new();
    let mut chunks = cutter.push(&sound);
    chunks.extend(cutter.finish());
    chunks
}

async fn segments(ears: Arc<Ears>, chunks: Vec<Chunk>) -> Vec<Segment> {
    let heard: Vec<Heard> = transcribe(ears, stream::iter(chunks)).try_collect().await.unwrap();
    heard.into_iter().flat_map(|chunk| chunk.segments).collect()
}

fn text(segments: &[Segment]) -> String {
    segments.iter().map(|segment| &*segment.text).collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> Vec<String> {
    let letters = text.to_lowercase().replace(|c: char| !c.is_alphabetic() && c != '\'', " ");
    letters.split_whitespace().map(str::to_owned).collect()
}

/// Word error rate in percent: the least words to change, add or leave out, by all words.
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
    let segments = segments(ears(2), chunks(&fixtures::recording("two_cities.wav")).await).await;
    let rate = error_rate(TWO_CITIES, &text(&segments));
    println!("word error rate {rate:.1} %: {}", text(&segments));
    assert!(rate <= VENDOR_ERROR_RATE + 1.0, "{rate} %: {}", text(&segments));
    assert!(segments.is_sorted_by_key(|segment| segment.start_ms));
    assert!(segments.last().unwrap().end_ms.abs_diff(42_000) < 2_500, "{segments:?}");
}

#[tokio::test]
async fn a_segment_is_a_phrase_and_its_times_are_where_it_is_said() {
    let recording = fixtures::recording("two_cities.wav");
    let (_, sound) = fixtures::decode(&fixtures::sandbox(), &recording).await.unwrap();
    let ears = ears(2);
    let segments = segments(Arc::clone(&ears), chunks(&recording).await).await;
    assert!(segments.len() >= 12, "{segments:#?}");
    assert!(segments.iter().all(|segment| segment.text.chars().count() <= 140), "{segments:#?}");
    assert!(segments.windows(2).all(|pair| pair[0].end_ms <= pair[1].start_ms), "{segments:#?}");

    // Each heard by itself, with a little around it, says what it was said to say.
    let sample = |ms: u64| usize::try_from(ms * 16).unwrap().min(sound.len());
    let (mut wrong, mut all) = (0.0, 0.0);
    for segment in &segments {
        let around = sample(segment.start_ms.saturating_sub(150))..sample(segment.end_ms + 150);
        let alone = ears.hear(Arc::new(sound[around].to_vec())).await.unwrap().text();
        let count = words(&segment.text).len() as f64;
        let rate = error_rate(&segment.text, &alone);
        println!("{:>6}–{:<6} {rate:>5.1} % {} | {alone}", segment.start_ms, segment.end_ms, segment.text);
        (wrong, all) = (wrong + rate * count, all + count);
    }
    assert!(wrong / all < 12.0, "{:.1} % of the words are elsewhere", wrong / all);
}

#[tokio::test]
async fn any_number_of_ears_hears_the_same() {
    let chunks = chunks(&fixtures::recording("endgame_nagg_nell.wav")).await;
    let one = segments(ears(1), chunks.clone()).await;
    assert_eq!(segments(ears(3), chunks).await, one);
    assert!(text(&one).to_lowercase().contains("do you hear me"), "{}", text(&one));
}

#[tokio::test]
async fn the_number_of_ears_changes_while_they_hear() {
    let ears = ears(1);
    let chunks: Vec<Chunk> = {
        let once = chunks(&fixtures::recording("beckett.wav")).await;
        once.iter().cycle().take(8 * once.len()).cloned().collect()
    };
    let count = chunks.len();
    let mut heard = Box::pin(transcribe(Arc::clone(&ears), stream::iter(chunks)));
    let mut texts = vec![text(&heard.next().await.unwrap().unwrap().segments)];
    ears.resize(3).await.unwrap();
    assert_eq!(ears.count(), 3);
    texts.push(text(&heard.next().await.unwrap().unwrap().segments));
    ears.resize(1).await.unwrap();
    assert_eq!(ears.count(), 1);
    while let Some(chunk) = heard.next().await {
        texts.push(text(&chunk.unwrap().segments));
    }
    assert_eq!(texts.len(), count);
    let period = count / 8;
    assert!(texts.iter().zip(&texts[period..]).all(|(a, b)| a == b), "{texts:?}");
}

#[tokio::test]
async fn hiss_and_hum_are_not_taken_for_words() {
    let mut state = 5_u32;
    let noise: Vec<f32> = (0..16_000 * 20)
        .map(|n| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = f64::from(state) / f64::from(u32::MAX) - 0.5;
            let hum = (std::f64::consts::TAU * 50.0 * f64::from(n) / 16_000.0).sin();
            (0.05 * hiss + 0.1 * hum) as f32
        })
        .collect();
    let mut cutter = Cutter::new();
    let mut chunks = cutter.push(&noise);
    chunks.extend(cutter.finish());
    assert_eq!(text(&segments(ears(1), chunks).await), "");
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
