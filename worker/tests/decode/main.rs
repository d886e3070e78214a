//! Decoding as the worker does it: in a child process, with valid files and with hostile ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod clocks;
mod converted;
#[path = "../fixtures/mod.rs"]
mod fixtures;
mod kept;
mod listen;
mod loss;
mod parts;
mod times;
mod tracks;
mod wave;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self_worker::sandbox::Sandbox;
use self_worker::stages::decode::{DecodeError, Limits, Refusal};

/// Name, arguments of ffmpeg, container, codec, and how many ms the codec may add or lose.
const FORMATS: [(&str, &str, &str, &str, u64); 12] = [
    ("plain.wav", "", "wave", "pcm_s16le", 1),
    ("studio.wav", "-ac 2 -ar 96000 -c:a pcm_f32le", "wave", "pcm_f32le", 1),
    ("phone.wav", "-ar 8000 -c:a pcm_mulaw", "wave", "pcm_mulaw", 1),
    ("surround.wav", "-ac 6 -c:a pcm_s24le", "wave", "pcm_s24le", 1),
    ("voice.mp3", "-ac 2 -ar 44100 -b:a 96k", "mp3", "mp3", 60),
    ("memo.m4a", "-ac 2 -ar 44100 -c:a aac -b:a 96k", "isomp4", "aac", 130),
    ("web.m4a", "-c:a aac -b:a 64k -movflags +faststart", "isomp4", "aac", 130),
    ("raw.aac", "-c:a aac -f adts", "aac", "aac", 130),
    ("exact.flac", "-ar 44100 -ac 2", "flac", "flac", 1),
    ("talk.ogg", "-ar 44100 -c:a libvorbis", "ogg", "vorbis", 60),
    ("talk.opus", "-c:a libopus -b:a 32k -ac 2", "ogg", "opus", 60),
    ("browser.webm", "-c:a libopus -b:a 32k", "matroska", "opus", 60),
];

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn make(folder: &Path, name: &str, arguments: &str) -> PathBuf {
    let file = folder.join(name);
    fixtures::convert(&fixtures::recording("beckett.wav"), arguments, &file);
    file
}

/// The sandbox's refusal of these bytes.
async fn refusal_of(bytes: &[u8]) -> Refusal {
    let folder = folder();
    let file = folder.path().join("hostile");
    fs::write(&file, bytes).unwrap();
    refused(fixtures::decode(&fixtures::sandbox(), &file).await.map(|_| ()))
}

fn refused(outcome: Result<(), DecodeError>) -> Refusal {
    match outcome {
        Err(DecodeError::Refused(refusal)) => refusal,
        other => panic!("it was not refused: {other:?}"),
    }
}

#[tokio::test]
async fn every_format_decodes_to_the_same_sound() {
    let folder = folder();
    let original = fixtures::recording("beckett.wav");
    let (_, wanted) = fixtures::decode(&fixtures::sandbox(), &original).await.unwrap();
    for (name, arguments, container, codec, slack_ms) in FORMATS {
        let file = make(folder.path(), name, arguments);
        let (decoding, sound) = fixtures::decode(&fixtures::sandbox(), &file).await.unwrap();
        let info = decoding.info();
        assert_eq!((&*info.container, &*info.codec), (container, codec), "{name}");
        let off = sound.len().abs_diff(wanted.len()) as u64;
        assert!(off <= slack_ms * 16, "{name} is {off} samples off");
        assert!(fixtures::likeness(&wanted, &sound) > 0.9, "{name}: {}", fixtures::likeness(&wanted, &sound));
        let ending = decoding.ending().unwrap();
        assert_eq!((ending.samples, ending.cut_short), (sound.len() as u64, false), "{name}");
        if let Some(seconds) = info.seconds {
            assert!((seconds - sound.len() as f64 / 16_000.0).abs() < 0.1, "{name}: {seconds} s");
        }
    }
}

#[tokio::test]
async fn a_recording_that_breaks_off_is_decoded_as_far_as_it_goes() {
    let folder = folder();
    for (name, arguments) in [
        ("live.webm", "-c:a libopus -live 1"),
        ("cut.webm", "-c:a libopus"),
        ("cut.mp3", "-b:a 64k"),
        ("cut.flac", ""),
        ("cut.ogg", "-c:a libvorbis"),
        ("cut.wav", ""),
        ("cut.m4a", "-c:a aac -movflags +faststart"),
    ] {
        let file = make(folder.path(), name, arguments);
        let length = fs::metadata(&file).unwrap().len();
        File::options().write(true).open(&file).unwrap().set_len(length * 6 / 10).unwrap();
        let (_, sound) = fixtures::decode(&fixtures::sandbox(), &file).await.unwrap();
        let seconds = sound.len() as f64 / 16_000.0;
        assert!((4.5..8.0).contains(&seconds), "{name} gave {seconds} s");
    }
}

#[tokio::test]
async fn a_wav_that_was_written_into_a_pipe_has_the_length_of_its_file() {
    let folder = folder();
    let file = make(folder.path(), "plain.wav", "-bitexact");
    let mut bytes = fs::read(&file).unwrap();
    let data = bytes.windows(4).position(|window| window == b"data").unwrap();
    bytes[4..8].fill(0xff);
    bytes[data + 4..data + 8].fill(0xff);
    fs::write(&file, &bytes).unwrap();
    let (decoding, sound) = fixtures::decode(&fixtures::sandbox(), &file).await.unwrap();
    assert_eq!(sound.len(), (bytes.len() - data - 8) / 2);
    assert!(decoding.info().seconds.is_none_or(|seconds| (seconds - 9.97).abs() < 0.1));
}

#[tokio::test]
async fn what_is_no_recording_is_refused() {
    let mut noise = vec![0_u8; 200_000];
    let mut state = 7_u32;
    for byte in &mut noise {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
    }
    let unreadable = ["not_audio", "damaged", "no_sound", "unsupported_codec"];
    let text = "To be, or not to be, that is the question. ".repeat(1000);
    for bytes in [&b""[..], b"RIFF", text.as_bytes(), &noise, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"] {
        let refusal = refusal_of(bytes).await;
        assert!(unreadable.contains(&refusal.code()), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_recording_without_a_sample_is_refused() {
    let header = wav_header(16_000, 1, 0);
    assert_eq!(refusal_of(&header).await, Refusal::NoSound);
}

/// The header of a 16-bit wav file.
fn wav_header(rate: u32, channels: u16, data_bytes: u32) -> Vec<u8> {
    let mut header = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0".to_vec();
    header.extend(channels.to_le_bytes());
    header.extend(rate.to_le_bytes());
    header.extend((rate.wrapping_mul(2 * u32::from(channels))).to_le_bytes());
    header.extend((2 * channels).to_le_bytes());
    header.extend(b"\x10\0data");
    header.extend(data_bytes.to_le_bytes());
    header
}

#[tokio::test]
async fn a_header_with_absurd_figures_costs_one_refusal() {
    for (rate, channels) in [(u32::MAX, 1), (1, 1), (0, 1), (16_000, 40), (16_000, 0), (48_000, 8_191)] {
        let mut bytes = wav_header(rate, channels, u32::MAX);
        bytes.extend([1; 200_000]);
        let started = Instant::now();
        let refusal = refusal_of(&bytes).await;
        assert!(started.elapsed() < Duration::from_secs(15), "{rate} {channels}: {refusal:?}");
    }
}

#[tokio::test]
async fn no_way_to_damage_a_file_takes_the_worker_down() {
    let folder = folder();
    let mut state = 99_u32;
    for (name, arguments, ..) in FORMATS {
        let good = fs::read(make(folder.path(), name, arguments)).unwrap();
        for round in 0..4 {
            let mut bytes = good.clone();
            // The first rounds damage the headers, the later ones the whole file.
            let reach = if round < 2 { bytes.len().min(600) } else { bytes.len() };
            for _ in 0..40 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                bytes[(state >> 8) as usize % reach] = state as u8;
            }
            let file = folder.path().join("damaged");
            fs::write(&file, &bytes).unwrap();
            match fixtures::decode(&fixtures::sandbox(), &file).await {
                Ok(_) | Err(DecodeError::Refused(_)) => {}
                Err(DecodeError::Machine(error)) => panic!("{name}, round {round}: {error}"),
            }
        }
    }
}

/// Two hours in two channels: far more than the tiny limits below allow, and fine without them. The frames
/// of an mp3 are independent of each other, so many copies are one long recording.
fn long(folder: &Path) -> PathBuf {
    let arguments = "-ac 2 -ar 48000 -b:a 64k -write_xing 0 -id3v2_version 0";
    let file = make(folder, "long.mp3", arguments);
    fs::write(&file, fs::read(&file).unwrap().repeat(720)).unwrap();
    file
}

#[tokio::test]
async fn each_limit_ends_a_decoder_with_its_own_refusal() {
    let folder = folder();
    let file = long(folder.path());
    let usual = fixtures::sandbox();
    let limits = |limits| Sandbox { limits, ..usual.clone() };
    let cases = [
        (limits(Limits { seconds: 60, ..Limits::default() }), "too_long"),
        (limits(Limits { channels: 1, ..Limits::default() }), "too_many_channels"),
        (limits(Limits { rate: 44_100, ..Limits::default() }), "unsupported_rate"),
        (Sandbox { cpu: Duration::ZERO, cpu_per_mib: Duration::ZERO, ..usual.clone() }, "decoder_timed_out"),
        (Sandbox { patience: Duration::ZERO, ..usual.clone() }, "decoder_timed_out"),
    ];
    for (sandbox, code) in cases {
        let outcome = fixtures::decode(&sandbox, &file).await.map(|_| ());
        assert_eq!(refused(outcome).code(), code);
    }
}

#[tokio::test]
async fn a_decoder_that_swells_is_refused_for_its_memory() {
    let folder = folder();
    let file = make(folder.path(), "exact.flac", "-ar 44100");
    let mut outcomes = Vec::new();
    // From far too little memory to enough: between them is a size at which the decoder starts and then
    // runs out.
    for mib in (8..=256).step_by(4) {
        let sandbox = Sandbox { memory_bytes: mib << 20, ..fixtures::sandbox() };
        outcomes.push(match fixtures::decode(&sandbox, &file).await {
            Ok(_) => "decoded",
            Err(DecodeError::Refused(refusal)) => refusal.code(),
            Err(DecodeError::Machine(_)) => "machine",
        });
    }
    assert!(outcomes.contains(&"decoder_out_of_memory"), "{outcomes:?}");
    assert_eq!(outcomes.last(), Some(&"decoded"), "{outcomes:?}");
}

#[tokio::test]
async fn a_decoding_that_is_dropped_leaves_no_process_behind() {
    let folder = folder();
    let file = long(folder.path());
    let mut decoding = fixtures::sandbox().decode(File::open(file).unwrap()).await.unwrap();
    decoding.next().await.unwrap();
    let pid = decoding.process().expect("it still decodes");
    drop(decoding);
    let deadline = Instant::now() + Duration::from_secs(10);
    // A killed process disappears when the runtime has reaped it.
    while Path::new(&format!("/proc/{pid}")).exists() {
        assert!(Instant::now() < deadline, "process {pid} lives on");
        tokio::task::yield_now().await;
    }
}
