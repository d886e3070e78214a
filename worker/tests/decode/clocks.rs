//! Clocks that are set back, times that do not fit the sound, and tables that contradict one another.

use std::fs;

use crate::listen::{Decoded, encoded, expect, listen_to, pcm, run, tones};
use crate::loss::{noise, places};

/// Milliseconds of a packet, and packets in a cluster.
const PACKET: usize = 20;
const PACKETS: usize = 50;

/// An element of Matroska with a size of eight bytes.
fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    [id, &(1 << 56 | body.len() as u64).to_be_bytes(), body].concat()
}

fn number(id: &[u8], number: u64) -> Vec<u8> {
    element(id, &number.to_be_bytes())
}

/// The header of a Matroska file with a track of plain samples, and an open segment.
fn matroska() -> Vec<u8> {
    let head = [
        number(b"\x42\x86", 1),
        number(b"\x42\xf7", 1),
        number(b"\x42\xf2", 4),
        number(b"\x42\xf3", 8),
        element(b"\x42\x82", b"matroska"),
        number(b"\x42\x87", 4),
        number(b"\x42\x85", 2),
    ];
    let info =
        [number(b"\x2a\xd7\xb1", 1_000_000), element(b"\x4d\x80", b"test"), element(b"\x57\x41", b"test")];
    let sound = [element(b"\xb5", &16_000_f64.to_be_bytes()), number(b"\x9f", 1), number(b"\x62\x64", 16)];
    let track = [
        number(b"\xd7", 1),
        number(b"\x73\xc5", 1),
        number(b"\x83", 2),
        element(b"\x86", b"A_PCM/INT/LIT"),
        element(b"\xe1", &sound.concat()),
    ];
    [
        element(b"\x1a\x45\xdf\xa3", &head.concat()),
        b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        element(b"\x15\x49\xa9\x66", &info.concat()),
        element(b"\x16\x54\xae\x6b", &element(b"\xae", &track.concat())),
    ]
    .concat()
}

/// Tones with some noise, so that no two packets are alike.
fn noisy(seconds: u32) -> Vec<u8> {
    let mut bytes = pcm(&tones(seconds));
    for (sample, noise) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(noise(seconds as usize * 16_000)) {
        sample[0] = sample[0] & 0xf0 | noise & 0x0f;
    }
    bytes
}

/// Clusters of a second. `time` gives the milliseconds of each packet by its number.
fn clusters(sound: &[u8], time: impl Fn(usize) -> u64) -> Vec<Vec<u8>> {
    let packets: Vec<&[u8]> = sound.chunks(PACKET * 32).collect();
    let cluster = |(n, packets): (usize, &[&[u8]])| {
        let start = time(n * PACKETS);
        let blocks = packets.iter().enumerate().map(|(at, packet)| {
            let behind = i16::try_from(time(n * PACKETS + at) as i64 - start as i64).unwrap();
            element(b"\xa3", &[&[0x81][..], &behind.to_be_bytes(), &[0x80], packet].concat())
        });
        let body = [number(b"\xe7", start)].into_iter().chain(blocks).collect::<Vec<_>>();
        element(b"\x1f\x43\xb6\x75", &body.concat())
    };
    packets.chunks(PACKETS).enumerate().map(cluster).collect()
}

/// Tells that all samples of an mp4 have this duration.
fn with_duration(mut bytes: Vec<u8>, duration: u32) -> Vec<u8> {
    let table = places(&bytes, b"stts")[0] + 8;
    let entries = bytes[table + 3];
    for entry in 0..usize::from(entries) {
        let at = table + 8 + 8 * entry;
        bytes[at..at + 4].copy_from_slice(&duration.to_be_bytes());
    }
    bytes
}

async fn listen_to_clusters(clusters: &[Vec<u8>]) -> Decoded {
    listen_to(&[matroska(), clusters.concat()].concat()).await.unwrap()
}

fn expect_whole(name: &str, heard: &Decoded, tones: &[(u32, f64)]) {
    expect(name, &heard.sound, tones);
    assert!(heard.losses.is_empty() && !heard.ending.cut_short, "{name}: {:?}", heard.losses);
}

fn steady(packet: usize) -> u64 {
    (packet * PACKET) as u64
}

#[tokio::test]
async fn a_clock_that_is_set_back_repeats_and_loses_nothing() {
    let sound = noisy(8);
    for (before, after) in
        [(0, 0), (700_000, 640_000), (3_600_000, 0), (700_000, 696_000), (700_000, 703_000)]
    {
        let time = |n| if n < 200 { before + steady(n) } else { after + steady(n - 200) };
        let heard = listen_to_clusters(&clusters(&sound, time)).await;
        expect_whole(&format!("{before} to {after}"), &heard, &run(0, 7, 0.0));
    }
}

#[tokio::test]
async fn clusters_of_a_second_session_follow_the_first() {
    let folder = tempfile::tempdir().unwrap();
    for (name, codec) in [("a.webm", "-c:a libopus"), ("b.webm", "-c:a libvorbis")] {
        let live = format!("{codec} -live 1 -cluster_time_limit 1000");
        let first = fs::read(encoded(folder.path(), 4, name, &live)).unwrap();
        let second = encoded(folder.path(), 3, &format!("2{name}"), &format!("-af volume=0.8 {live}"));
        let second = fs::read(second).unwrap();
        let start = places(&second, b"\x1f\x43\xb6\x75")[0];
        let heard = listen_to(&[&first[..], &second[start..]].concat()).await.unwrap();
        expect(name, &heard.sound, &[run(0, 3, 0.0), run(0, 2, 4.02)].concat());
    }
}

#[tokio::test]
async fn where_times_repeat_or_lag_the_samples_count() {
    let standing = |_| 0;
    let half = |n| steady(n) / 2;
    let of_clusters = |n| steady(n / PACKETS * PACKETS);
    for (name, sound) in [("noisy", noisy(8)), ("silent", pcm(&tones(8)))] {
        for (times, clusters) in [
            ("standing", clusters(&sound, standing)),
            ("half", clusters(&sound, half)),
            ("of clusters", clusters(&sound, of_clusters)),
        ] {
            let heard = listen_to_clusters(&clusters).await;
            expect_whole(&format!("{name}, {times}"), &heard, &run(0, 7, 0.0));
        }
    }
}

#[tokio::test]
async fn a_part_that_was_sent_twice_is_heard_once() {
    let mut clusters = clusters(&noisy(8), steady);
    clusters.insert(4, clusters[3].clone());
    clusters.insert(4, clusters[2].clone());
    expect_whole("twice", &listen_to_clusters(&clusters).await, &run(0, 7, 0.0));
}

#[tokio::test]
async fn fragments_whose_clock_is_set_back_are_heard() {
    let folder = tempfile::tempdir().unwrap();
    let fragmented = "-c:a aac -ar 48000 -frag_duration 1000000 \
                      -movflags frag_keyframe+empty_moov+default_base_moof";
    let whole = fs::read(encoded(folder.path(), 12, "a.mp4", fragmented)).unwrap();
    let changed = |change: &dyn Fn(u64) -> u64| {
        let mut bytes = whole.clone();
        for at in places(&whole, b"tfdt") {
            // Version 1 has times of eight bytes.
            let length = if bytes[at + 4] == 1 { 8 } else { 4 };
            let field = &mut bytes[at + 8..at + 8 + length];
            let time = field.iter().fold(0, |time, &byte| time << 8 | u64::from(byte));
            field.copy_from_slice(&change(time).to_be_bytes()[8 - length..]);
        }
        bytes
    };
    let second = 48_000;
    for (name, bytes) in [
        ("a time of 0", changed(&|_| 0)),
        ("back to the start", changed(&|time| if time < 6 * second { time + 60 * second } else { time })),
        (
            "back by half a minute",
            changed(&|time| time + if time < 6 * second { 100 * second } else { 70 * second }),
        ),
    ] {
        expect_whole(name, &listen_to(&bytes).await.unwrap(), &run(0, 11, 0.01));
    }
}

#[tokio::test]
async fn durations_that_the_sound_does_not_have_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(encoded(folder.path(), 12, "a.m4a", "-c:a aac -ar 48000")).unwrap();
    for duration in [0, 1, 512, 1023, 2048] {
        let heard = listen_to(&with_duration(whole.clone(), duration)).await.unwrap();
        expect_whole(&format!("{duration}"), &heard, &run(0, 11, 0.01));
    }
}

#[tokio::test]
async fn tables_that_contradict_one_another_cost_no_sound() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments) in [("a.m4a", ""), ("b.m4a", "-movflags +faststart")] {
        let arguments = format!("-c:a aac -ar 48000 {arguments}");
        let whole = fs::read(encoded(folder.path(), 12, name, &arguments)).unwrap();
        let (times, sizes) = (places(&whole, b"stts")[0] + 12, places(&whole, b"stsz")[0] + 16);
        for (case, at, number) in [
            ("fewer times than samples", times, 100_u32),
            ("more times than samples", times, 100_000),
            ("a size beyond the file", sizes + 4 * 300, 99_999_999),
            ("a size beyond the chunk", sizes + 4 * 7, 60_000),
        ] {
            let mut bytes = whole.clone();
            bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
            let heard = listen_to(&bytes).await.unwrap();
            expect_whole(&format!("{name}: {case}"), &heard, &run(0, 11, 0.01));
        }
    }
}
