//! Recordings of tones, and the times at which they are found after decoding.

use std::fs;
use std::path::{Path, PathBuf};

use self_worker::stages::decode::{DecodeError, DecodeSummary, Loss, LossKind, Refusal};

use crate::fixtures;

/// Samples in a second. Each second of [`tones`] is silent except for its middle half.
const RATE: u32 = 16_000;

pub(crate) struct Decoded {
    pub(crate) sound: Vec<f32>,
    pub(crate) losses: Vec<Loss>,
    pub(crate) ending: DecodeSummary,
}

/// Decodes a file as the worker does.
pub(crate) async fn listen(file: &Path) -> Result<Decoded, Refusal> {
    match fixtures::decode(&fixtures::sandbox(), file).await {
        Ok((decoding, sound)) => {
            let (losses, ending) = (decoding.losses().to_vec(), decoding.ending().unwrap().clone());
            Ok(Decoded { sound, losses, ending })
        }
        Err(DecodeError::Refused(refusal)) => Err(refusal),
        Err(error) => panic!("{error}"),
    }
}

pub(crate) async fn listen_to(bytes: &[u8]) -> Result<Decoded, Refusal> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recording");
    fs::write(&file, bytes).unwrap();
    listen(&file).await
}

/// Samples in which each second `n` has a tone of 300 + 60 `n` hertz from 0.25 to 0.75.
pub(crate) fn tones(seconds: u32) -> Vec<f32> {
    let sample = |n: u32| {
        let (second, part) = (n / RATE, n % RATE);
        let hertz = f64::from(300 + 60 * second);
        let sounds = (RATE / 4..RATE * 3 / 4).contains(&part);
        let phase = std::f64::consts::TAU * hertz * f64::from(n) / f64::from(RATE);
        if sounds { (0.3 * phase.sin()) as f32 } else { 0.0 }
    };
    (0..seconds * RATE).map(sample).collect()
}

/// 16-bit samples, little-endian.
pub(crate) fn pcm(samples: &[f32]) -> Vec<u8> {
    samples.iter().flat_map(|sample| ((sample * 32767.0) as i16).to_le_bytes()).collect()
}

/// The bytes of a chunk of a wave file.
pub(crate) fn chunk(id: &[u8; 4], size: u32, body: &[u8]) -> Vec<u8> {
    [&id[..], &size.to_le_bytes(), body].concat()
}

/// The body of a format chunk for 16-bit samples.
pub(crate) fn format(channels: u16) -> Vec<u8> {
    let mut body = vec![1, 0];
    body.extend(channels.to_le_bytes());
    body.extend(RATE.to_le_bytes());
    body.extend((RATE * 2 * u32::from(channels)).to_le_bytes());
    body.extend((2 * channels).to_le_bytes());
    body.extend([16, 0]);
    body
}

/// A wave file with correct sizes.
pub(crate) fn wave(channels: u16, data: &[u8]) -> Vec<u8> {
    let size = data.len() as u32;
    let body = [b"WAVE".to_vec(), chunk(b"fmt ", 16, &format(channels)), chunk(b"data", size, data)].concat();
    chunk(b"RIFF", body.len() as u32, &body)
}

/// [`tones`] in a file of this name, encoded by ffmpeg.
pub(crate) fn encoded(folder: &Path, seconds: u32, name: &str, arguments: &str) -> PathBuf {
    let source = folder.join(format!("{name}.source.wav"));
    fs::write(&source, wave(1, &pcm(&tones(seconds)))).unwrap();
    let file = folder.join(name);
    fixtures::convert(&source, arguments, &file);
    file
}

/// The start of each tone that is found: its number and its time in seconds.
pub(crate) fn starts(sound: &[f32]) -> Vec<(u32, f64)> {
    const STEP: usize = 80;
    let loud: Vec<bool> =
        sound.chunks(STEP).map(|part| part.iter().any(|sample| sample.abs() > 0.1)).collect();
    let mut starts = Vec::new();
    for step in 1..loud.len() {
        let from = step * STEP;
        let long = loud.iter().skip(step).take(60).filter(|&&loud| loud).count() == 60;
        let quiet = !loud[step.saturating_sub(20)..step].iter().any(|&loud| loud);
        if long && quiet && from + 4_800 <= sound.len() {
            starts.push((number(&sound[from + 800..from + 4_800]), from as f64 / f64::from(RATE)));
        }
    }
    starts
}

/// The number of the tone, from its zero crossings in a quarter of a second.
fn number(tone: &[f32]) -> u32 {
    let rising = tone.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
    let hertz = rising as f64 * f64::from(RATE) / tone.len() as f64;
    ((hertz - 300.0) / 60.0).round().max(0.0) as u32
}

/// Fails unless exactly these tones are found, each late by the given seconds.
pub(crate) fn expect(name: &str, sound: &[f32], tones: &[(u32, f64)]) {
    let starts = starts(sound);
    let wanted: Vec<u32> = tones.iter().map(|(tone, _)| *tone).collect();
    assert_eq!(starts.iter().map(|(tone, _)| *tone).collect::<Vec<_>>(), wanted, "{name}: {starts:?}");
    for ((tone, start), (_, late)) in starts.iter().zip(tones) {
        let off = start - (f64::from(*tone) + 0.25 + late);
        assert!(off.abs() < 0.03, "{name}: tone {tone} is {off} s off");
    }
}

/// Tones from one number to another, all late by the same time.
pub(crate) fn run(from: u32, to: u32, late: f64) -> Vec<(u32, f64)> {
    (from..=to).map(|tone| (tone, late)).collect()
}

/// Fails unless there is exactly one loss, of this kind and approximately between these seconds.
pub(crate) fn expect_loss(name: &str, decoded: &Decoded, kind: LossKind, from: f64, to: f64) {
    let [loss] = decoded.losses.as_slice() else { panic!("{name}: {:?}", decoded.losses) };
    let (start, end) = (loss.start as f64 / f64::from(RATE), loss.end() as f64 / f64::from(RATE));
    assert_eq!(loss.kind, kind, "{name}");
    assert!((start - from).abs() < 0.1 && (end - to).abs() < 0.1, "{name}: {start} to {end}");
}
