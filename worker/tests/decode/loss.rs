//! What cannot be heard is told, and shifts nothing.

use std::fs;

use self_worker::stages::decode::{LossKind, Refusal};

use crate::listen::{encoded, expect, expect_loss, listen_to, run};

fn noise(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[tokio::test]
async fn garbage_in_the_middle_is_told_and_times_hold() {
    let folder = tempfile::tempdir().unwrap();
    let bare = "-ar 44100 -b:a 128k -write_xing 0 -id3v2_version 0";
    let bytes = fs::read(encoded(folder.path(), 12, "middle.mp3", bare)).unwrap();
    for garbage in [noise(bytes.len() / 3), vec![0; bytes.len() / 3]] {
        let start = bytes.len() / 3;
        let mut damaged = bytes.clone();
        damaged[start..start + garbage.len()].copy_from_slice(&garbage);
        let heard = listen_to(&damaged).await.unwrap();
        expect("mp3", &heard.sound, &[run(0, 3, 0.03), run(8, 11, 0.03)].concat());
        expect_loss("mp3", &heard, LossKind::Damaged, 4.0, 8.0);
    }
}

#[tokio::test]
async fn reading_goes_on_behind_damage_in_a_container() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments) in [
        ("live.webm", "-c:a libopus -b:a 64k -live 1 -cluster_time_limit 1000"),
        ("index_first.m4a", "-c:a aac -ar 48000 -b:a 64k -movflags +faststart"),
        ("exact.flac", ""),
    ] {
        let mut bytes = fs::read(encoded(folder.path(), 12, name, arguments)).unwrap();
        let (start, length) = (bytes.len() / 3, bytes.len() / 8);
        bytes[start..start + length].copy_from_slice(&noise(length));
        let heard = listen_to(&bytes).await.unwrap();
        let starts = crate::listen::starts(&heard.sound);
        for tone in (0..3).chain(8..12) {
            let at = f64::from(tone) + 0.25;
            let found = starts.iter().any(|(n, start)| *n == tone && (start - at).abs() < 0.04);
            assert!(found, "{name}: {tone} is not in {starts:?}");
        }
        let lost: u64 = heard.losses.iter().map(|loss| loss.samples).sum();
        assert!((8_000..90_000).contains(&lost), "{name}: {:?}", heard.losses);
        assert!(heard.losses.iter().all(|loss| loss.kind == LossKind::Damaged), "{name}: {:?}", heard.losses);
    }
}

#[tokio::test]
async fn a_file_that_ends_before_its_sound_is_cut_off_and_not_without_sound() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments) in
        [("memo.m4a", "-c:a aac"), ("exact.flac", "-ar 48000"), ("talk.ogg", "-c:a libvorbis")]
    {
        let bytes = fs::read(encoded(folder.path(), 20, name, arguments)).unwrap();
        let refusal = listen_to(&bytes[..3000]).await.err();
        assert_eq!(refusal, Some(Refusal::CutShort), "{name}");
    }
}

#[tokio::test]
async fn a_file_that_breaks_off_says_so_and_a_whole_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments) in [
        ("a.wav", ""),
        ("a.mp3", "-ar 44100 -b:a 64k"),
        ("a.webm", "-c:a libopus"),
        ("a.m4a", "-c:a aac -movflags +faststart"),
        ("a.ogg", "-c:a libvorbis"),
        ("a.flac", ""),
    ] {
        let bytes = fs::read(encoded(folder.path(), 6, name, arguments)).unwrap();
        assert!(!listen_to(&bytes).await.unwrap().ending.cut_short, "{name}");
        let cut = listen_to(&bytes[..bytes.len() * 7 / 10 + 1]).await.unwrap();
        assert!(cut.ending.cut_short, "{name}");
    }
}
