//! Wave files with headers that nobody closed, or that are wrong.

use self_worker::stages::decode::Refusal;

use crate::listen::{chunk, expect, format, listen_to, pcm, run, tones, wave};

fn file(id: &[u8; 4], size: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(id, size, &[&b"WAVE"[..], &chunks.concat()].concat())
}

#[tokio::test]
async fn sizes_in_a_wave_header_yield_to_the_bytes() {
    let data = pcm(&tones(5));
    let size = data.len() as u32;
    let head = chunk(b"fmt ", 16, &format(1));
    let list = chunk(b"LIST", 26, b"INFOISFT\x0e\0\0\0Lavf60.3.100\0\0");
    for (name, riff, said, cut_short) in [
        ("nobody closed it", 0, 0, false),
        ("only the file was closed", 36 + size, 0, false),
        ("only the sound was closed", 0, size, false),
        ("the file is said too short", 28 + size, size, false),
        ("written into a pipe", u32::MAX, u32::MAX, false),
        ("closed once, then written on", 36 + 1000, 1000, false),
        ("more is promised", 36 + 3 * size, 3 * size, true),
    ] {
        let bytes = file(b"RIFF", riff, &[list.clone(), head.clone(), chunk(b"data", said, &data)]);
        let heard = listen_to(&bytes).await.unwrap();
        expect(name, &heard.sound, &run(0, 4, 0.0));
        assert_eq!(heard.sound.len() as u32, size / 2, "{name}");
        assert_eq!((heard.ending.cut_short, heard.losses.len()), (cut_short, 0), "{name}");
    }
}

#[tokio::test]
async fn long_wave_files_of_every_dialect_are_heard() {
    let data = pcm(&tones(3));
    let size = data.len() as u32;
    let head = chunk(b"fmt ", 16, &format(1));
    let mut sizes = u64::from(size + 72).to_le_bytes().to_vec();
    sizes.extend(u64::from(size).to_le_bytes());
    sizes.extend(u64::from(size / 2).to_le_bytes());
    sizes.extend([0; 4]);
    for id in [b"RF64", b"BW64"] {
        let chunks = [
            chunk(b"ds64", 28, &sizes),
            head.clone(),
            chunk(b"data", u32::MAX, &data),
            chunk(b"LIST", 4, b"INFO"),
        ];
        let heard = listen_to(&file(id, u32::MAX, &chunks)).await.unwrap();
        assert_eq!(heard.sound.len() as u32, size / 2);
        expect("64 bits", &heard.sound, &run(0, 2, 0.0));
    }
    let guid = |id: &[u8; 4], rest: &[u8], size: u64, body: &[u8]| {
        [&id[..], rest, &size.to_le_bytes()[..], body].concat()
    };
    let rest = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a";
    let mut wave64 =
        guid(b"riff", b"\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", 104 + u64::from(size), b"");
    wave64.extend([&b"wave"[..], rest].concat());
    wave64.extend(guid(b"fmt ", rest, 40, &format(1)));
    wave64.extend(guid(b"data", rest, 24 + u64::from(size), &data));
    let heard = listen_to(&wave64).await.unwrap();
    expect("Wave64", &heard.sound, &run(0, 2, 0.0));
}

#[tokio::test]
async fn chunks_around_the_sound_are_no_sound() {
    let data = pcm(&tones(3));
    let size = data.len() as u32;
    let head = chunk(b"fmt ", 16, &format(1));
    let tail = chunk(b"LIST", 20_000, &[b'x'; 20_000]);
    let odd = chunk(b"bext", 3, b"abc\0");
    let forgotten = chunk(b"bext", 3, b"abc");
    for (name, chunks) in [
        ("behind", vec![head.clone(), chunk(b"data", size, &data), tail.clone()]),
        ("odd and padded", vec![odd.clone(), head.clone(), chunk(b"data", size, &data), odd]),
        ("odd without padding", vec![forgotten, head.clone(), chunk(b"data", size, &data)]),
        ("an empty one first", vec![head.clone(), chunk(b"data", 0, b""), chunk(b"data", size, &data), tail]),
        ("the format at the end", vec![chunk(b"data", size, &data), head]),
    ] {
        let heard = listen_to(&file(b"RIFF", 0, &chunks)).await.unwrap();
        expect(name, &heard.sound, &run(0, 2, 0.0));
        assert_eq!(heard.sound.len() as u32, size / 2, "{name}");
    }
}

#[tokio::test]
async fn an_offset_is_gone_before_anything_is_measured() {
    let sound = tones(3);
    for offset in [0.02, -0.1, 0.2, 0.6] {
        let raised: Vec<f32> = sound.iter().map(|sample| sample + offset).collect();
        let heard = listen_to(&wave(1, &pcm(&raised))).await.unwrap();
        expect("offset", &heard.sound, &run(0, 2, 0.0));
        let worst = heard.sound.iter().zip(&sound).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 0.01, "{offset}: {worst} is left");
    }
}

#[tokio::test]
async fn channels_that_cancel_one_another_are_heard() {
    let interleaved: Vec<f32> = tones(3).iter().flat_map(|&sample| [sample, -0.97 * sample]).collect();
    let heard = listen_to(&wave(2, &pcm(&interleaved))).await.unwrap();
    expect("opposite", &heard.sound, &run(0, 2, 0.0));
}

#[tokio::test]
async fn a_file_that_is_cut_off_before_its_sound_says_so() {
    let whole = wave(1, &pcm(&tones(1)));
    assert!(matches!(listen_to(&whole[..44]).await, Err(Refusal::CutShort)));
    assert!(matches!(listen_to(&wave(1, b"")).await, Err(Refusal::NoSound)));
}
