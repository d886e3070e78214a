//! What happens to times, damage and cut-off ends where `ffmpeg` decodes.

use std::fs;
use std::path::Path;

use self_worker::sandbox::{Ffmpeg, Sandbox};

use crate::fixtures;
use crate::{folder, make};

/// The length of the recording that the files are made of, in seconds.
const LENGTH: f64 = 9.97;

fn with_ffmpeg() -> Sandbox {
    Sandbox { ffmpeg: Ffmpeg::find(&fixtures::ffmpeg()), ..fixtures::sandbox() }
}

/// The length of the sound in seconds, whether the file breaks off, and whether something is damaged.
async fn heard(file: &Path) -> (f64, bool, bool) {
    let (decoding, sound) = fixtures::decode(&with_ffmpeg(), file).await.unwrap();
    let ending = decoding.ending().unwrap();
    (sound.len() as f64 / 16_000.0, ending.cut_short, ending.damaged_packets > 0)
}

/// Files whose end is known by a stated size or by their last frame.
const WITH_END: [(&str, &str); 14] = [
    ("windows.wma", "-c:a wmav2"),
    ("bare.ac3", "-ac 2 -ar 48000 -c:a ac3"),
    ("bare.eac3", "-ac 2 -ar 48000 -c:a eac3"),
    ("surround.aac", "-af pan=5.1|FC=c0 -c:a aac -f adts"),
    ("surround.m4a", "-ac 6 -c:a aac -movflags +faststart"),
    ("film.mp4", "-ac 6 -ar 48000 -c:a ac3 -movflags +faststart"),
    ("film.mka", "-ar 48000 -c:a ac3"),
    ("windows.mka", "-c:a wmav2"),
    ("lossless.wv", "-c:a wavpack"),
    ("windows.wav", "-c:a wmav2"),
    ("telephone.au", "-ar 8000 -c:a pcm_mulaw"),
    ("memo.caf", "-c:a adpcm_ima_qt"),
    ("studio.mov", "-c:a pcm_s24be -movflags +faststart"),
    ("telephone.amr", "-ar 8000 -c:a libopencore_amrnb -b:a 12.2k"),
];

#[tokio::test]
async fn a_converted_file_that_breaks_off_is_cut_short_and_a_whole_one_is_not() {
    let folder = folder();
    for (name, arguments) in WITH_END {
        let file = make(folder.path(), name, arguments);
        let (seconds, cut_short, is_damaged) = heard(&file).await;
        assert!((seconds - LENGTH).abs() < 0.3 && !cut_short && !is_damaged, "{name}: {seconds} s");
        let bytes = fs::read(&file).unwrap();
        // Within a frame: those of AMR have 32 bytes each, after a header of 6.
        let cut = (bytes.len() * 6 / 10).next_multiple_of(32) + 13;
        fs::write(&file, &bytes[..cut]).unwrap();
        let (seconds, cut_short, _) = heard(&file).await;
        assert!((4.0..8.0).contains(&seconds) && cut_short, "{name}: {seconds} s after the cut");
    }
}

#[tokio::test]
async fn damage_that_only_the_converter_sees_is_counted() {
    let folder = folder();
    for (name, arguments) in [
        ("windows.wma", "-c:a wmav2"),
        ("bare.ac3", "-ac 2 -ar 48000 -c:a ac3"),
        ("lossless.wv", "-c:a wavpack"),
    ] {
        let file = make(folder.path(), name, arguments);
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        let mut state = 3_u32;
        for byte in &mut bytes[middle..middle + 20_000.min(middle / 3)] {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (state >> 24) as u8;
        }
        fs::write(&file, &bytes).unwrap();
        let (seconds, _, is_damaged) = heard(&file).await;
        assert!(is_damaged, "{name}: {seconds} s");
    }
}

#[tokio::test]
async fn a_gap_in_a_transport_stream_is_as_long_as_its_times_say() {
    let folder = folder();
    let plain = "-c:a aac -muxdelay 0 -muxpreload 0 -f mpegts";
    let first = fs::read(make(folder.path(), "first.ts", plain)).unwrap();
    for later in [14.0, 40.0, 200.0] {
        let second = make(folder.path(), "second.ts", &format!("{plain} -output_ts_offset {later}"));
        let file = folder.path().join("gap.ts");
        fs::write(&file, [first.clone(), fs::read(second).unwrap()].concat()).unwrap();
        let (seconds, ..) = heard(&file).await;
        assert!((seconds - later - LENGTH).abs() < 0.3, "{later}: {seconds} s");
    }
}

/// Sets the times of all clusters of a Matroska file from `from` on back by `by`, in milliseconds.
fn set_back(bytes: &mut [u8], from: u64, by: u64) {
    let clusters = bytes.windows(4).enumerate().filter(|(_, id)| *id == [0x1f, 0x43, 0xb6, 0x75]);
    for cluster in clusters.map(|(at, _)| at).collect::<Vec<_>>() {
        let time = cluster + 4 + bytes[cluster + 4..].iter().position(|&byte| byte == 0xe7).unwrap();
        let width = usize::from(bytes[time + 1] & 0x7f);
        let ticks = &mut bytes[time + 2..time + 2 + width];
        let before = ticks.iter().fold(0, |ticks, &byte| ticks << 8 | u64::from(byte));
        if before >= from {
            let after = (before - by).to_be_bytes();
            ticks.copy_from_slice(&after[8 - width..]);
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_loses_nothing_in_a_converted_file() {
    let folder = folder();
    let file = make(folder.path(), "film.mka", "-ar 48000 -c:a ac3 -cluster_time_limit 1000");
    let good = fs::read(&file).unwrap();
    for by in [3_000, 5_000] {
        let mut bytes = good.clone();
        set_back(&mut bytes, 5_000, by);
        assert_ne!(bytes, good);
        fs::write(&file, &bytes).unwrap();
        let (seconds, ..) = heard(&file).await;
        assert!((seconds - LENGTH).abs() < 0.3, "back by {by} ms: {seconds} s");
    }
}

#[tokio::test]
async fn frames_of_another_rate_and_layout_after_the_first_are_all_heard() {
    let folder = folder();
    let stereo = make(folder.path(), "stereo.aac", "-ac 2 -ar 32000 -c:a aac -f adts");
    for rate in [16_000, 48_000] {
        let surround = make(folder.path(), "surround.aac", &format!("-ac 6 -ar {rate} -c:a aac -f adts"));
        let file = folder.path().join("joined.aac");
        fs::write(&file, [fs::read(surround).unwrap(), fs::read(&stereo).unwrap()].concat()).unwrap();
        let (seconds, ..) = heard(&file).await;
        assert!((seconds - 2.0 * LENGTH).abs() < 0.5, "{rate} Hz, then another: {seconds} s");
    }
}

#[tokio::test]
async fn of_several_converted_tracks_the_first_that_is_not_silent_is_heard() {
    let folder = folder();
    for (name, arguments) in [("two.mka", "-ac 2 -ar 48000 -c:a ac3"), ("two.ts", "-ar 48000 -c:a mp2")] {
        let recording = fixtures::recording("beckett.wav");
        let file = folder.path().join(name);
        let silence = format!("-f lavfi -i anullsrc=r=48000:cl=mono:d=10 -map 1 -map 0 {arguments}");
        fixtures::convert(&recording, &silence, &file);
        let (decoding, sound) = fixtures::decode(&with_ffmpeg(), &file).await.unwrap();
        assert_eq!(decoding.info().tracks, 2, "{name}");
        assert!(fixtures::onset(&sound) < LENGTH, "{name} is silent");
    }
}
