//! Recordings with several channels or tracks, of which not all contain speech.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use self_worker::sandbox::{Ffmpeg, Sandbox};
use self_worker::stages::decode::{DecodeError, Refusal};

use crate::fixtures;
use crate::listen::{expect, pcm, run, tones, wave};

/// One file that `ffmpeg` makes of several sounds.
fn together(folder: &Path, sounds: &[&[f32]], name: &str, arguments: &str) -> PathBuf {
    let to = folder.join(name);
    let mut ffmpeg = Command::new(fixtures::ffmpeg());
    ffmpeg.args(["-v", "error", "-y"]);
    for (n, sound) in sounds.iter().enumerate() {
        let from = folder.join(format!("{n}.wav"));
        fs::write(&from, wave(1, &pcm(sound))).unwrap();
        ffmpeg.arg("-i").arg(from);
    }
    assert!(ffmpeg.args(arguments.split_whitespace()).arg(&to).status().unwrap().success(), "{name}");
    to
}

/// Noise of one level, from -1 to 1.
fn noise(seconds: u32, level: f32) -> Vec<f32> {
    let mut state = 7_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        level * (state as f32 / u32::MAX as f32 * 2.0 - 1.0)
    };
    (0..seconds * 16_000).map(next).collect()
}

#[tokio::test]
async fn noise_on_one_channel_does_not_drown_the_other() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments) in [("left.wav", "amerge=inputs=2"), ("right.flac", "[1][0]amerge=inputs=2")] {
        let sounds: [&[f32]; 2] = [&noise(6, 0.6), &tones(6)];
        let file = together(folder.path(), &sounds, name, &format!("-filter_complex {arguments}"));
        let (_, sound) = fixtures::decode(&fixtures::sandbox(), &file).await.unwrap();
        expect(name, &sound, &run(0, 5, 0.0));
    }
}

#[tokio::test]
async fn of_several_tracks_the_default_one_is_decoded_unless_it_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    let (silence, sound) = (vec![0.0; 3 * 16_000], tones(3));
    let mkv = "-map 0 -map 1 -c:a flac";
    let second_is_default = format!("{mkv} -disposition:a:0 0 -disposition:a:1 default");
    for (name, first, second, arguments) in [
        ("silent.mkv", &silence, &sound, mkv),
        ("silent.mp4", &silence, &sound, "-map 0 -map 1 -c:a aac"),
        ("noisy.mkv", &noise(3, 0.3), &sound, &*second_is_default),
    ] {
        let file = together(folder.path(), &[first, second], name, arguments);
        let (decoding, decoded) = fixtures::decode(&fixtures::sandbox(), &file).await.unwrap();
        expect(name, &decoded, &run(0, 2, 0.0));
        assert_eq!(decoding.info().tracks, 2, "{name}");
    }
    let silent = together(folder.path(), &[&silence, &silence], "both.mkv", mkv);
    let (decoding, decoded) = fixtures::decode(&fixtures::sandbox(), &silent).await.unwrap();
    assert!(decoded.len() >= 3 * 15_900 && decoding.info().tracks == 2);
}

#[tokio::test]
async fn a_track_that_only_ffmpeg_decodes_is_counted_and_is_heard_if_the_others_are_silent() {
    let folder = tempfile::tempdir().unwrap();
    let (silence, sound) = (vec![0.0; 3 * 16_000], tones(3));
    let with_ffmpeg = Sandbox { ffmpeg: Ffmpeg::find(&fixtures::ffmpeg()), ..fixtures::sandbox() };
    for extension in ["mkv", "mp4"] {
        let arguments = "-map 0 -map 1 -ar 48000 -c:a:0 aac -c:a:1 ac3";
        let name = format!("both.{extension}");
        let file = together(folder.path(), &[&sound, &silence], &name, arguments);
        let (decoding, heard) = fixtures::decode(&with_ffmpeg, &file).await.unwrap();
        expect(&name, &heard, &run(0, 2, 0.0));
        assert_eq!(decoding.info().tracks, 2, "{name}");
        let name = format!("silent.{extension}");
        let file = together(folder.path(), &[&silence, &sound], &name, arguments);
        let (_, heard) = fixtures::decode(&with_ffmpeg, &file).await.unwrap();
        expect(&name, &heard, &run(0, 2, 0.0));
        match fixtures::decode(&fixtures::sandbox(), &file).await {
            Err(DecodeError::Refused(Refusal::UnsupportedTrack { codec, track: 1 })) => {
                assert_eq!(codec, "AC-3", "{name}");
            }
            other => panic!("{name}: {:?}", other.map(|_| ())),
        }
    }
}
