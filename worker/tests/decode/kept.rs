//! The sound around a part that cannot be decoded is kept, and the part is told.

use std::fs;

use self_worker::sandbox::{Ffmpeg, Sandbox};
use self_worker::stages::decode::{LossKind, Refusal};

use crate::fixtures;
use crate::listen::{encoded, expect, expect_loss, listen, listen_to, run};
use crate::loss::{checksum, expect_around, noise, places};

const ALL: [u32; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

#[tokio::test]
async fn every_layer_of_mpeg_audio_is_heard_alone_and_joined() {
    let folder = tempfile::tempdir().unwrap();
    let file = encoded(folder.path(), 6, "a.mp2", "-c:a mp2 -ar 48000 -b:a 128k");
    expect("layer 2", &listen(&file).await.unwrap().sound, &run(0, 5, 0.01));
    let part = |name: &str, arguments: &str| fs::read(encoded(folder.path(), 3, name, arguments)).unwrap();
    let (second, third) =
        (part("b.mp2", "-c:a mp2 -ar 48000 -b:a 128k"), part("b.mp3", "-ar 48000 -b:a 64k"));
    for (name, bytes) in
        [("2, then 3", [second.clone(), third.clone()].concat()), ("3, then 2", [third, second].concat())]
    {
        let heard = listen_to(&bytes).await.unwrap();
        expect(name, &heard.sound, &[run(0, 2, 0.01), run(0, 2, 3.03)].concat());
    }
}

#[tokio::test]
async fn layer_two_at_an_unusual_bitrate_is_decoded_by_ffmpeg_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = encoded(folder.path(), 6, "a.mp2", "-c:a mp2 -ar 48000 -b:a 384k");
    let with_ffmpeg = Sandbox { ffmpeg: Ffmpeg::find(&fixtures::ffmpeg()), ..fixtures::sandbox() };
    let (_, sound) = fixtures::decode(&with_ffmpeg, &file).await.unwrap();
    expect("ffmpeg", &sound, &run(0, 5, 0.01));
    match listen(&file).await.map(|_| ()) {
        Err(Refusal::UnsupportedCodec { codec }) => assert!(codec.contains("layer II"), "{codec}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn frames_that_no_decoder_accepts_cost_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = fs::read(encoded(folder.path(), 12, "a.aac", "-c:a aac -ar 48000 -f adts")).unwrap();
    let mut at = 0;
    for frame in 0..280 {
        let length = usize::from(bytes[at + 3] & 3) << 11
            | usize::from(bytes[at + 4]) << 3
            | usize::from(bytes[at + 5] >> 5);
        if frame >= 270 {
            // The stream itself would contain the arrangement of the channels.
            bytes[at + 3] &= 0x3f;
        }
        at += length;
    }
    let heard = listen_to(&bytes).await.unwrap();
    expect_around("channels", &heard, &ALL, 0.15..0.4);
}

#[tokio::test]
async fn a_link_of_a_chain_that_cannot_be_read_is_told_and_the_others_are_heard() {
    let folder = tempfile::tempdir().unwrap();
    let good = fs::read(encoded(folder.path(), 3, "a.opus", "-c:a libopus")).unwrap();
    let mut bad = good.clone();
    let page = places(&bad, b"OggS")[1];
    // The version of the header, behind the header of the page and its table.
    bad[28 + 8] = 0x10;
    let sum = checksum(&bad[..page]);
    bad[22..26].copy_from_slice(&sum.to_le_bytes());
    let heard = listen_to(&[good.clone(), bad.clone(), good.clone()].concat()).await.unwrap();
    expect("the middle", &heard.sound, &[run(0, 2, 0.01), run(0, 2, 6.03)].concat());
    expect_loss("the middle", &heard, LossKind::Damaged, 3.01, 6.02);
    let heard = listen_to(&[bad.clone(), good.clone()].concat()).await.unwrap();
    expect("the start", &heard.sound, &run(0, 2, 3.01));
    expect_loss("the start", &heard, LossKind::Damaged, 0.0, 3.01);
    let heard = listen_to(&[good, bad].concat()).await.unwrap();
    expect("the end", &heard.sound, &run(0, 2, 0.01));
    expect_loss("the end", &heard, LossKind::Damaged, 3.01, 6.02);
}

/// A page of Ogg with one packet.
fn page(number: u8, flags: u8, granule: u64, packet: &[u8]) -> Vec<u8> {
    let mut page = [&b"OggS\0"[..], &[flags], &granule.to_le_bytes(), b"spee", &[number, 0, 0, 0]].concat();
    page.extend([0, 0, 0, 0, 1, packet.len() as u8]);
    page.extend(packet);
    let sum = checksum(&page);
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

#[tokio::test]
async fn a_link_of_another_codec_is_told_and_the_others_are_heard() {
    let folder = tempfile::tempdir().unwrap();
    let opus = fs::read(encoded(folder.path(), 3, "a.opus", "-c:a libopus")).unwrap();
    let mut header = [&b"Speex   1.2"[..], &[0; 69]].concat();
    header[36..40].copy_from_slice(&16_000_u32.to_le_bytes());
    let speex = [page(0, 2, 0, &header), page(1, 0, 0, &[0; 8]), page(2, 4, 48_000, &[0; 60])].concat();
    let heard = listen_to(&[opus.clone(), speex, opus].concat()).await.unwrap();
    expect("speex", &heard.sound, &[run(0, 2, 0.01), run(0, 2, 6.03)].concat());
    expect_loss("speex", &heard, LossKind::Damaged, 3.01, 6.01);
}

#[tokio::test]
async fn a_packet_at_which_a_decoder_panics_costs_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = fs::read(encoded(folder.path(), 12, "a.wav", "-c:a adpcm_ms")).unwrap();
    let size = usize::from(u16::from_le_bytes([bytes[32], bytes[33]]));
    let samples = (size - 7) * 2 + 2;
    let block = places(&bytes, b"data")[0] + 8 + 16_000 * 59 / 10 / samples * size;
    // The largest step, which each sample multiplies.
    bytes[block + 1..block + 3].copy_from_slice(&[0xff, 0x7f]);
    bytes[block + 7..block + size].fill(0x88);
    let heard = listen_to(&bytes).await.unwrap();
    expect_around("a panic", &heard, &[0, 1, 2, 3, 4, 7, 8, 9, 10, 11], 0.05..1.0);
}

#[tokio::test]
async fn bytes_within_a_flac_cost_its_frame_and_times_hold() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = fs::read(encoded(folder.path(), 12, "a.flac", "-ar 44100")).unwrap();
    let frames = places(&bytes, &[0xff, 0xf8]);
    let at = frames[frames.len() / 2] + 60;
    bytes.splice(at..at, noise(40));
    let heard = listen_to(&bytes).await.unwrap();
    expect_around("inserted", &heard, &[0, 1, 2, 3, 8, 9, 10, 11], 0.05..0.5);
}

#[tokio::test]
async fn a_tag_behind_a_flac_is_no_part_of_its_last_frame() {
    let folder = tempfile::tempdir().unwrap();
    let plain = fs::read(encoded(folder.path(), 6, "a.flac", "")).unwrap();
    let heard = listen_to(&[&plain[..], b"TAG", &[b'x'; 125]].concat()).await.unwrap();
    expect("a tag", &heard.sound, &run(0, 5, 0.0));
    assert!(heard.losses.is_empty() && !heard.ending.cut_short);
    assert!(heard.sound.len().abs_diff(6 * 16_000) < 160, "{}", heard.sound.len());
}

#[tokio::test]
async fn the_bytes_decide_how_long_an_aiff_or_a_caf_is() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments, chunk, width) in
        [("a.aiff", "", b"SSND", 4), ("a.caf", "-c:a pcm_s16le", b"data", 8)]
    {
        let whole = fs::read(encoded(folder.path(), 6, name, arguments)).unwrap();
        let size = places(&whole, chunk)[0] + 4;
        for stated in [0, (whole.len() / 2) as u64] {
            let mut bytes = whole.clone();
            bytes[size..size + width].copy_from_slice(&stated.to_be_bytes()[8 - width..]);
            let heard = listen_to(&bytes).await.unwrap();
            expect(name, &heard.sound, &run(0, 5, 0.0));
            assert!(heard.losses.is_empty() && !heard.ending.cut_short, "{name}: {stated}");
        }
        let heard = listen_to(&whole[..whole.len() / 2]).await.unwrap();
        expect(name, &heard.sound, &run(0, 2, 0.0));
        assert!(heard.ending.cut_short, "{name}");
    }
}
