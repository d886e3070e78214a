//! The decoded sound is at the times of its packets.

use std::fs;
use std::path::Path;

use self_worker::stages::decode::LossKind;

use crate::fixtures;
use crate::listen::{encoded, expect, expect_loss, listen, run};

/// Two recordings in one container, the second one at this second.
fn with_gap(folder: &Path, name: &str, codec: &str, second: u32) -> std::path::PathBuf {
    encoded(folder, 3, &format!("one.{name}"), codec);
    encoded(folder, 3, &format!("two.{name}"), codec);
    let list = folder.join("list.txt");
    let lines = format!("ffconcat version 1.0\nfile one.{name}\nduration {second}\nfile two.{name}\n");
    fs::write(&list, lines).unwrap();
    let file = folder.join(name);
    fixtures::convert(&list, "-c copy", &file);
    file
}

#[tokio::test]
async fn a_gap_between_packets_is_silence_and_missing() {
    let folder = tempfile::tempdir().unwrap();
    for (name, codec) in
        [("gap.webm", "-c:a libopus"), ("gap.m4a", "-c:a aac -ar 48000"), ("gap.mka", "-c:a libvorbis")]
    {
        let decoded = listen(&with_gap(folder.path(), name, codec, 20)).await.unwrap();
        expect(name, &decoded.sound, &[run(0, 2, 0.01), run(0, 2, 20.01)].concat());
        expect_loss(name, &decoded, LossKind::Missing, 3.02, 20.0);
    }
}

#[tokio::test]
async fn a_gap_longer_than_any_recording_makes_no_hours_of_silence() {
    let folder = tempfile::tempdir().unwrap();
    let decoded = listen(&with_gap(folder.path(), "far.mka", "-c:a libopus", 50_000)).await.unwrap();
    expect("far", &decoded.sound, &[run(0, 2, 0.0), run(0, 2, 3.51)].concat());
    assert_eq!(decoded.losses.len(), 1);
}

#[tokio::test]
async fn a_track_that_begins_late_begins_late() {
    let folder = tempfile::tempdir().unwrap();
    let sound = encoded(folder.path(), 3, "sound.mka", "-c:a libopus");
    for (name, arguments) in
        [("late.webm", "-c copy -output_ts_offset 4"), ("late.mka", "-c:a libvorbis -output_ts_offset 4")]
    {
        let file = folder.path().join(name);
        fixtures::convert(&sound, arguments, &file);
        let decoded = listen(&file).await.unwrap();
        expect(name, &decoded.sound, &run(0, 2, 4.0));
        expect_loss(name, &decoded, LossKind::Missing, 0.0, 4.0);
    }
}

#[tokio::test]
async fn a_live_stream_that_counts_from_long_ago_begins_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = encoded(folder.path(), 3, "live.webm", "-c:a libopus -live 1 -output_ts_offset 20000");
    let decoded = listen(&file).await.unwrap();
    expect("live", &decoded.sound, &run(0, 2, 0.0));
    assert!(decoded.losses.is_empty() && !decoded.ending.cut_short);
}

#[tokio::test]
async fn recordings_of_phones_and_browsers_are_decoded_at_their_times() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments) in [
        (
            "safari.mp4",
            "-c:a aac -movflags frag_keyframe+empty_moov+default_base_moof -frag_duration 500000 -ar 48000",
        ),
        ("iphone.m4a", "-c:a aac -ar 48000"),
        ("index_first.m4a", "-c:a aac -ar 48000 -movflags +faststart"),
        ("chrome.webm", "-c:a libopus -live 1"),
        ("lossless.m4a", "-c:a alac"),
    ] {
        let decoded = listen(&encoded(folder.path(), 6, name, arguments)).await.unwrap();
        expect(name, &decoded.sound, &run(0, 5, 0.01));
        assert!(decoded.losses.is_empty() && !decoded.ending.cut_short, "{name}: {:?}", decoded.losses);
    }
}
