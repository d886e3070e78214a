//! Concatenated recordings, and headers that count only one of them.

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
        let decoded = listen_to(&bytes).await.unwrap();
        expect("table", &decoded.sound, &run(0, 7, 0.0));
        assert!(decoded.losses.is_empty() && !decoded.ending.cut_short, "{count}");
    }
    // Without a table, the bitrate at the start says nothing about the rest.
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
    let decoded = listen_to(&bytes).await.unwrap();
    expect("joined", &decoded.sound, &[run(0, 2, 0.0), run(0, 2, 3.01), run(0, 2, 6.02)].concat());
    assert!(decoded.losses.is_empty(), "{:?}", decoded.losses);
}

#[tokio::test]
async fn other_files_put_end_to_end_are_decoded_to_their_end() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments) in [
        ("twice.wav", ""),
        ("twice.flac", ""),
        ("twice.aac", "-c:a aac -ar 48000 -f adts"),
        ("twice.ogg", "-c:a libvorbis"),
        ("twice.opus", "-c:a libopus"),
        ("twice.webm", "-c:a libopus"),
        ("twice.m4a", "-c:a aac -ar 48000"),
        ("start.m4a", "-c:a aac -ar 48000 -movflags +faststart"),
        ("pieces.mp4", "-c:a aac -ar 48000 -movflags +frag_keyframe+empty_moov"),
        ("twice.aiff", ""),
    ] {
        let bytes = fs::read(encoded(folder.path(), 3, name, arguments)).unwrap().repeat(2);
        let decoded = listen_to(&bytes).await.unwrap();
        expect(name, &decoded.sound, &[run(0, 2, 0.01), run(0, 2, 3.03)].concat());
    }
}

#[tokio::test]
async fn an_mp3_is_found_behind_zeros_and_garbage() {
    let folder = tempfile::tempdir().unwrap();
    let file = encoded(folder.path(), 3, "plain.mp3", "-ar 44100 -b:a 128k -write_xing 0 -id3v2_version 0");
    let plain = fs::read(file).unwrap();
    for before in [vec![0; 4096], (0..5000).map(|n: u32| (n * n % 251) as u8).collect()] {
        let decoded = listen_to(&[before, plain.clone(), vec![0; 3000]].concat()).await.unwrap();
        expect("plain", &decoded.sound, &run(0, 2, 0.03));
        assert!(decoded.losses.is_empty(), "{:?}", decoded.losses);
    }
}

/// An APE tag with one field of this size, with or without a header before it.
fn ape(length: u32, has_header: bool) -> Vec<u8> {
    let field =
        [&length.to_le_bytes()[..], &[2, 0, 0, 0], b"Cover\0", &crate::loss::noise(length as usize)].concat();
    let end = |flags: u32| {
        let size = field.len() as u32 + 32;
        [
            &b"APETAGEX"[..],
            &2000_u32.to_le_bytes(),
            &size.to_le_bytes(),
            &[1, 0, 0, 0],
            &flags.to_le_bytes(),
            &[0; 8],
        ]
        .concat()
    };
    let with = if has_header { 1 << 31 } else { 0 };
    let header = if has_header { end(with | 1 << 29) } else { Vec::new() };
    [header, field.clone(), end(with)].concat()
}

#[tokio::test]
async fn tags_between_mp3s_shift_nothing_and_are_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let bare = "-ar 44100 -b:a 128k -write_xing 0 -id3v2_version 0";
    let part = fs::read(encoded(folder.path(), 3, "part.mp3", bare)).unwrap();
    let id3v1 = [&b"TAG"[..], &[b'x'; 125]].concat();
    let picture = [&b"ID3\x03\0\0\0\x12\0\0APIC"[..], &crate::loss::noise(18 << 14)].concat()
        [..10 + (18 << 14)]
        .to_vec();
    for (name, tags) in [
        ("APE", ape(5_000, true)),
        ("APE with a footer only", ape(5_000, false)),
        ("ID3v1, then APE", [id3v1.clone(), ape(3_000, false)].concat()),
        ("APE, then ID3v1", [ape(3_000, false), id3v1.clone()].concat()),
        ("ID3v1, then zeros", [id3v1, vec![0; 4_096]].concat()),
        ("a picture", picture),
    ] {
        let decoded = listen_to(&[part.clone(), tags, part.clone()].concat()).await.unwrap();
        expect(name, &decoded.sound, &[run(0, 2, 0.03), run(0, 2, 3.06)].concat());
        assert!(decoded.losses.is_empty() && !decoded.ending.cut_short, "{name}: {:?}", decoded.losses);
    }
}

#[tokio::test]
async fn the_size_of_a_tag_yields_to_the_frames() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read(encoded(folder.path(), 6, "a.mp3", "-ar 44100 -b:a 128k")).unwrap();
    for size in [[0, 3, 0, 0], [0x7f; 4]] {
        let mut wrong = bytes.clone();
        wrong[6..10].copy_from_slice(&size);
        let decoded = listen_to(&wrong).await.unwrap();
        expect("a wrong size", &decoded.sound, &run(0, 5, 0.0));
        assert!(decoded.losses.is_empty() && !decoded.ending.cut_short, "{:?}", decoded.losses);
    }
}

#[tokio::test]
async fn frames_within_a_tag_are_no_sound() {
    let folder = tempfile::tempdir().unwrap();
    let bare = "-ar 44100 -b:a 128k -write_xing 0 -id3v2_version 0";
    let sound = fs::read(encoded(folder.path(), 3, "a.mp3", bare)).unwrap();
    let frame = [&[0xff, 0xfb, 0x90, 0x64][..], &crate::loss::noise(413)].concat();
    let frames = frame.repeat(100);
    let size = [(frames.len() >> 14) as u8, (frames.len() >> 7 & 0x7f) as u8, (frames.len() & 0x7f) as u8];
    let tag = [&b"ID3\x03\0\0\0"[..], &size, &frames].concat();
    let heard = listen_to(&[tag, sound].concat()).await.unwrap();
    expect("a tag with frames", &heard.sound, &run(0, 2, 0.03));
    assert!(heard.losses.is_empty() && !heard.ending.cut_short, "{:?}", heard.losses);
}

#[tokio::test]
async fn flac_files_with_tags_between_are_decoded_to_their_end() {
    let folder = tempfile::tempdir().unwrap();
    let part = |name: &str, arguments: &str| fs::read(encoded(folder.path(), 3, name, arguments)).unwrap();
    let tag = [&b"ID3\x04\0\0\0\0\x10\0"[..], &[b'x'; 2048]].concat();
    let parts = [tag.clone(), part("a.flac", ""), tag, part("b.flac", "-ar 44100 -ac 2")];
    let decoded = listen_to(&parts.concat()).await.unwrap();
    expect("tags", &decoded.sound, &[run(0, 2, 0.0), run(0, 2, 3.0)].concat());
    assert!(decoded.losses.is_empty() && !decoded.ending.cut_short, "{:?}", decoded.losses);
}
