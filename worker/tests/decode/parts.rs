//! Recordings that were put end to end, and headers that count only one of them.

use std::fs;

use crate::listen::{encoded, expect, listen, listen_to, run};

#[tokio::test]
async fn the_frames_decide_how_long_an_mp3_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = encoded(folder.path(), 8, "vbr.mp3", "-ar 44100 -q:a 5");
    let whole = fs::read(&file).unwrap();
    let table = whole.windows(4).position(|four| four == b"Xing").unwrap();
    for count in [0_u32, 1, 100, 1_000_000, u32::MAX] {
        let mut bytes = whole.clone();
        bytes[table + 8..table + 12].copy_from_slice(&count.to_be_bytes());
        let heard = listen_to(&bytes).await.unwrap();
        expect("table", &heard.sound, &run(0, 7, 0.0));
        assert!(heard.losses.is_empty() && !heard.ending.cut_short, "{count}");
    }
    // Without a table, its loudness at the start tells nothing about the rest.
    let bare = encoded(folder.path(), 8, "bare.mp3", "-ar 44100 -q:a 5 -write_xing 0 -id3v2_version 0");
    expect("bare", &listen(&bare).await.unwrap().sound, &run(0, 7, 0.03));
}

#[tokio::test]
async fn mp3s_put_end_to_end_are_one_recording_whatever_their_rates() {
    let folder = tempfile::tempdir().unwrap();
    let part = |name: &str, arguments: &str| fs::read(encoded(folder.path(), 3, name, arguments)).unwrap();
    let bytes = [
        part("a.mp3", "-ar 44100 -b:a 64k -write_id3v1 1"),
        part("b.mp3", "-ar 22050 -ac 2 -b:a 64k"),
        part("c.mp3", "-ar 48000 -q:a 4"),
    ]
    .concat();
    let heard = listen_to(&bytes).await.unwrap();
    expect("joined", &heard.sound, &[run(0, 2, 0.0), run(0, 2, 3.01), run(0, 2, 6.02)].concat());
    assert!(heard.losses.is_empty(), "{:?}", heard.losses);
}

#[tokio::test]
async fn other_files_put_end_to_end_are_heard_to_their_end() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments) in [
        ("twice.wav", ""),
        ("twice.flac", ""),
        ("twice.aac", "-c:a aac -ar 48000 -f adts"),
        ("twice.ogg", "-c:a libvorbis"),
        ("twice.opus", "-c:a libopus"),
        ("twice.webm", "-c:a libopus"),
    ] {
        let bytes = fs::read(encoded(folder.path(), 3, name, arguments)).unwrap().repeat(2);
        let heard = listen_to(&bytes).await.unwrap();
        expect(name, &heard.sound, &[run(0, 2, 0.01), run(0, 2, 3.03)].concat());
    }
}

#[tokio::test]
async fn an_mp3_is_found_behind_zeros_and_garbage() {
    let folder = tempfile::tempdir().unwrap();
    let file = encoded(folder.path(), 3, "plain.mp3", "-ar 44100 -b:a 128k -write_xing 0 -id3v2_version 0");
    let plain = fs::read(file).unwrap();
    for before in [vec![0; 4096], (0..5000).map(|n: u32| (n * n % 251) as u8).collect()] {
        let heard = listen_to(&[before, plain.clone(), vec![0; 3000]].concat()).await.unwrap();
        expect("plain", &heard.sound, &run(0, 2, 0.03));
        assert!(heard.losses.is_empty(), "{:?}", heard.losses);
    }
}
