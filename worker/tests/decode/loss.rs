//! Lost sound is reported, and does not shift the other sound.

use std::fs;

use self_worker::stages::decode::{LossKind, Refusal};

use crate::listen::{Decoded, encoded, expect, expect_loss, listen_to, run, starts};

pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// The positions of these bytes.
pub(crate) fn places(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    bytes.windows(wanted.len()).enumerate().filter(|(_, part)| *part == wanted).map(|(at, _)| at).collect()
}

/// Fails unless these tones are found at their times and the rest is reported as damaged. `lost` is the
/// range of seconds that may be damaged.
pub(crate) fn expect_around(name: &str, decoded: &Decoded, tones: &[u32], lost: std::ops::Range<f64>) {
    let starts = starts(&decoded.sound);
    for &tone in tones {
        let at = f64::from(tone) + 0.25;
        let found = starts.iter().any(|(n, start)| *n == tone && (start - at).abs() < 0.06);
        assert!(found, "{name}: {tone} is not in {starts:?}");
    }
    let samples: u64 = decoded.losses.iter().map(|loss| loss.samples).sum();
    assert!(lost.contains(&(samples as f64 / 16_000.0)), "{name}: {:?}", decoded.losses);
    assert!(decoded.losses.iter().all(|loss| loss.kind == LossKind::Damaged), "{name}: {:?}", decoded.losses);
}

#[tokio::test]
async fn all_clusters_around_damage_are_decoded_at_their_times() {
    let folder = tempfile::tempdir().unwrap();
    let file = encoded(folder.path(), 12, "a.webm", "-c:a libopus -b:a 64k -cluster_time_limit 1000");
    let whole = fs::read(file).unwrap();
    let clusters = places(&whole, b"\x1f\x43\xb6\x75");
    let garbled = |from: usize, to: usize| {
        let mut bytes = whole.clone();
        bytes[from..to].copy_from_slice(&noise(to - from));
        bytes
    };
    let mut wrong_size = whole.clone();
    let size = clusters[4] + 4;
    let length = wrong_size[size].leading_zeros() as usize + 1;
    wrong_size[size] |= (1 << (8 - length)) - 1;
    wrong_size[size + 1..size + length].fill(0xfe);
    let decoded = listen_to(&wrong_size).await.unwrap();
    expect_around("a wrong size", &decoded, &(0..12).collect::<Vec<_>>(), 0.0..0.1);
    let decoded = listen_to(&garbled(clusters[4], clusters[6])).await.unwrap();
    expect_around("the middle", &decoded, &[0, 1, 2, 7, 8, 9, 10, 11], 1.5..2.5);
    let decoded = listen_to(&garbled(clusters[0], clusters[3])).await.unwrap();
    expect_around("the start", &decoded, &[4, 5, 6, 7, 8, 9, 10, 11], 2.5..3.5);
    let decoded = listen_to(&garbled(clusters[8], whole.len())).await.unwrap();
    expect_around("the end", &decoded, &[0, 1, 2, 3, 4, 5, 6], 0.0..0.1);
    assert!(decoded.ending.cut_short);
}

#[tokio::test]
async fn a_damaged_first_page_delays_what_follows_by_what_it_held() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments) in [
        ("a.opus", "-c:a libopus -b:a 64k"),
        ("a.ogg", "-c:a libvorbis -ar 48000"),
        ("a.oga", "-c:a flac -ar 48000"),
    ] {
        let whole = fs::read(encoded(folder.path(), 12, name, arguments)).unwrap();
        let pages = places(&whole, b"OggS");
        let mut flipped = whole.clone();
        flipped[pages[2] + 400] ^= 0x55;
        let decoded = listen_to(&flipped).await.unwrap();
        expect_around(name, &decoded, &(2..12).collect::<Vec<_>>(), 0.1..1.6);
        assert_eq!(decoded.losses[0].start, 0, "{name}");
        let mut garbled = whole.clone();
        garbled[pages[3]..pages[4]].copy_from_slice(&noise(pages[4] - pages[3]));
        let decoded = listen_to(&garbled).await.unwrap();
        expect_around(name, &decoded, &(4..12).collect::<Vec<_>>(), 0.1..1.6);
        assert!(!decoded.ending.cut_short, "{name}");
    }
}

#[tokio::test]
async fn pages_without_times_are_decoded_one_after_another() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(encoded(folder.path(), 6, "a.opus", "-c:a libopus -b:a 64k")).unwrap();
    let mut timeless = whole.clone();
    for (n, page) in places(&whole, b"OggS").into_iter().enumerate().skip(2) {
        timeless[page + 6..page + 14].fill(0);
        let end = places(&whole, b"OggS").get(n + 1).copied().unwrap_or(whole.len());
        let sum = checksum(&timeless[page..end]);
        timeless[page + 22..page + 26].copy_from_slice(&sum.to_le_bytes());
    }
    expect("timeless", &listen_to(&timeless).await.unwrap().sound, &run(0, 5, 0.0));
}

/// The checksum of an Ogg page, bit by bit.
pub(crate) fn checksum(page: &[u8]) -> u32 {
    let bytes = page.iter().enumerate().map(|(at, byte)| if (22..26).contains(&at) { 0 } else { *byte });
    bytes.fold(0, |sum: u32, byte| {
        (0..8).fold(sum ^ (u32::from(byte) << 24), |sum, _| {
            (sum << 1) ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}

#[tokio::test]
async fn damage_at_the_start_of_a_stream_is_reported_and_times_hold() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments) in [("a.flac", ""), ("a.mp3", "-ar 44100 -b:a 128k")] {
        let mut bytes = fs::read(encoded(folder.path(), 12, name, arguments)).unwrap();
        let start =
            places(&bytes, &[0xff, 0xf8]).first().copied().filter(|_| name == "a.flac").unwrap_or(120);
        let length = (bytes.len() - start) / 4;
        bytes[start..start + length].copy_from_slice(&noise(length));
        let decoded = listen_to(&bytes).await.unwrap();
        expect_around(name, &decoded, &(4..12).collect::<Vec<_>>(), 2.0..4.0);
        assert_eq!(decoded.losses[0].start, 0, "{name}");
    }
}

#[tokio::test]
async fn frames_of_mp3_with_foreign_contents_are_damaged_and_no_noise() {
    let folder = tempfile::tempdir().unwrap();
    let bare = "-ar 44100 -b:a 128k -write_xing 0 -id3v2_version 0";
    let mut bytes = fs::read(encoded(folder.path(), 12, "a.mp3", bare)).unwrap();
    let garbage = noise(bytes.len());
    let third = bytes.len() / 3;
    let mut frame = 0;
    while frame + 4 < bytes.len() {
        let next = frame + 417 + usize::from(bytes[frame + 2] >> 1 & 1);
        if (third..2 * third).contains(&frame) {
            bytes[frame + 4..next].copy_from_slice(&garbage[frame + 4..next]);
        }
        frame = next;
    }
    let decoded = listen_to(&bytes).await.unwrap();
    expect_around("contents", &decoded, &[0, 1, 2, 3, 8, 9, 10, 11], 3.7..4.2);
}

#[tokio::test]
async fn garbage_in_the_middle_is_reported_and_times_hold() {
    let folder = tempfile::tempdir().unwrap();
    let bare = "-ar 44100 -b:a 128k -write_xing 0 -id3v2_version 0";
    let bytes = fs::read(encoded(folder.path(), 12, "middle.mp3", bare)).unwrap();
    for garbage in [noise(bytes.len() / 3), vec![0; bytes.len() / 3]] {
        let start = bytes.len() / 3;
        let mut damaged = bytes.clone();
        damaged[start..start + garbage.len()].copy_from_slice(&garbage);
        let decoded = listen_to(&damaged).await.unwrap();
        expect("mp3", &decoded.sound, &[run(0, 3, 0.03), run(8, 11, 0.03)].concat());
        expect_loss("mp3", &decoded, LossKind::Damaged, 4.0, 8.0);
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
        let decoded = listen_to(&bytes).await.unwrap();
        let starts = starts(&decoded.sound);
        for tone in (0..3).chain(8..12) {
            let at = f64::from(tone) + 0.25;
            let found = starts.iter().any(|(n, start)| *n == tone && (start - at).abs() < 0.04);
            assert!(found, "{name}: {tone} is not in {starts:?}");
        }
        let lost: u64 = decoded.losses.iter().map(|loss| loss.samples).sum();
        assert!((8_000..90_000).contains(&lost), "{name}: {:?}", decoded.losses);
        assert!(
            decoded.losses.iter().all(|loss| loss.kind == LossKind::Damaged),
            "{name}: {:?}",
            decoded.losses
        );
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

#[tokio::test]
async fn fragments_around_damage_are_decoded_at_their_times() {
    let folder = tempfile::tempdir().unwrap();
    let fragmented = "-c:a aac -ar 48000 -frag_duration 1000000 \
                      -movflags frag_keyframe+empty_moov+default_base_moof";
    let whole = fs::read(encoded(folder.path(), 12, "a.mp4", fragmented)).unwrap();
    let moofs: Vec<usize> = places(&whole, b"moof").into_iter().map(|at| at - 4).collect();
    let part = |kind: &[u8]| moofs[4] + places(&whole[moofs[4]..], kind)[0];
    for (name, at, bytes) in [
        ("the size of a fragment", moofs[4], [0x7f, 0, 0, 0]),
        ("a size that is too small", moofs[4], [0, 0, 0, 5]),
        ("the size of a track", part(b"traf") - 4, [0; 4]),
        ("the count of samples", part(b"trun") + 8, [0, 0, 1, 0]),
        ("the size of the sound", part(b"mdat") - 4, [0x7f, 0, 0, 0]),
        ("the number of the track", part(b"tfhd") + 8, [0, 0, 0, 7]),
    ] {
        let mut damaged = whole.clone();
        damaged[at..at + 4].copy_from_slice(&bytes);
        let decoded = listen_to(&damaged).await.unwrap();
        expect_around(name, &decoded, &[0, 1, 2, 6, 7, 8, 9, 10, 11], 0.0..1.6);
    }
    for range in [moofs[0]..moofs[2], moofs[4]..moofs[6]] {
        let mut damaged = whole.clone();
        damaged[range.clone()].copy_from_slice(&noise(range.len()));
        let decoded = listen_to(&damaged).await.unwrap();
        expect_around("garbage", &decoded, &[7, 8, 9, 10, 11], 1.5..2.5);
    }
}
