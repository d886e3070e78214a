//! Wave files with headers that were never completed, or that are wrong.

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
        let decoded = listen_to(&bytes).await.unwrap();
        expect(name, &decoded.sound, &run(0, 4, 0.0));
        assert_eq!(decoded.sound.len() as u32, size / 2, "{name}");
        assert_eq!((decoded.ending.cut_short, decoded.losses.len()), (cut_short, 0), "{name}");
    }
}

#[tokio::test]
async fn long_wave_files_of_every_variant_are_decoded() {
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
        let decoded = listen_to(&file(id, u32::MAX, &chunks)).await.unwrap();
        assert_eq!(decoded.sound.len() as u32, size / 2);
        expect("64 bits", &decoded.sound, &run(0, 2, 0.0));
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
    let decoded = listen_to(&wave64).await.unwrap();
    expect("Wave64", &decoded.sound, &run(0, 2, 0.0));
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
        let decoded = listen_to(&file(b"RIFF", 0, &chunks)).await.unwrap();
        expect(name, &decoded.sound, &run(0, 2, 0.0));
        assert_eq!(decoded.sound.len() as u32, size / 2, "{name}");
    }
}

#[tokio::test]
async fn an_offset_is_gone_before_anything_is_measured() {
    let sound = tones(3);
    for offset in [0.02, -0.1, 0.2, 0.6] {
        let raised: Vec<f32> = sound.iter().map(|sample| sample + offset).collect();
        let decoded = listen_to(&wave(1, &pcm(&raised))).await.unwrap();
        expect("offset", &decoded.sound, &run(0, 2, 0.0));
        let worst = decoded.sound.iter().zip(&sound).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 0.01, "{offset}: {worst} is left");
    }
}

#[tokio::test]
async fn channels_that_cancel_one_another_are_decoded() {
    let interleaved: Vec<f32> = tones(3).iter().flat_map(|&sample| [sample, -0.97 * sample]).collect();
    let decoded = listen_to(&wave(2, &pcm(&interleaved))).await.unwrap();
    expect("opposite", &decoded.sound, &run(0, 2, 0.0));
}

#[tokio::test]
async fn a_file_that_is_cut_off_before_its_sound_says_so() {
    let whole = wave(1, &pcm(&tones(1)));
    assert!(matches!(listen_to(&whole[..44]).await, Err(Refusal::CutShort)));
    assert!(matches!(listen_to(&wave(1, b"")).await, Err(Refusal::NoSound)));
}

/// A file in stereo at twice the rate, with these sizes.
fn fine(id: &[u8; 4], size: u32, sound: &[f32]) -> Vec<u8> {
    let data: Vec<f32> = sound.iter().flat_map(|&sample| [sample; 4]).collect();
    let mut head = format(2);
    head[4..8].copy_from_slice(&32_000_u32.to_le_bytes());
    head[8..12].copy_from_slice(&128_000_u32.to_le_bytes());
    let mut sizes = u64::MAX.to_le_bytes().to_vec();
    sizes.extend((data.len() as u64 * 2).to_le_bytes());
    sizes.extend([0; 12]);
    let first = if id == b"RIFF" { Vec::new() } else { chunk(b"ds64", 28, &sizes) };
    file(id, size, &[first, chunk(b"fmt ", 16, &head), chunk(b"data", size, &pcm(&data))])
}

#[tokio::test]
async fn a_file_behind_sound_of_open_size_is_read_in_its_own_format() {
    let (data, second) = (pcm(&tones(3)), tones(3));
    let head = chunk(b"fmt ", 16, &format(1));
    for size in [0, u32::MAX] {
        for (id, later) in [(b"RIFF", size), (b"RF64", u32::MAX), (b"BW64", u32::MAX)] {
            let first = file(b"RIFF", size, &[head.clone(), chunk(b"data", size, &data)]);
            let decoded = listen_to(&[first, fine(id, later, &second)].concat()).await.unwrap();
            expect("joined", &decoded.sound, &[run(0, 2, 0.0), run(0, 2, 3.0)].concat());
            assert!(!decoded.ending.cut_short, "{size}");
        }
    }
    let twice = fine(b"RF64", u32::MAX, &second).repeat(2);
    expect("RF64", &listen_to(&twice).await.unwrap().sound, &[run(0, 2, 0.0), run(0, 2, 3.0)].concat());
}

#[tokio::test]
async fn chunks_behind_sound_of_open_size_are_no_sound() {
    let data = pcm(&tones(3));
    let head = chunk(b"fmt ", 16, &format(1));
    for size in [0, u32::MAX] {
        let tail = chunk(b"bext", 60_000, &crate::loss::noise(60_000));
        let decoded =
            listen_to(&file(b"RIFF", 0, &[head.clone(), chunk(b"data", size, &data), tail])).await.unwrap();
        assert_eq!(decoded.sound.len(), data.len() / 2);
    }
}

#[tokio::test]
async fn the_sound_is_found_behind_a_chunk_that_is_longer_than_it_says() {
    let data = pcm(&tones(3));
    let size = data.len() as u32;
    let list = chunk(b"LIST", 20, &[&b"INFOISFT\x20\0\0\0"[..], &(1..33).collect::<Vec<u8>>()].concat());
    let chunks = [chunk(b"fmt ", 16, &format(1)), list, chunk(b"data", size, &data)];
    expect("short", &listen_to(&file(b"RIFF", 0, &chunks)).await.unwrap().sound, &run(0, 2, 0.0));
}

#[tokio::test]
async fn samples_of_24_bits_in_32_are_decoded() {
    let data: Vec<u8> =
        tones(3).iter().flat_map(|sample| ((sample * 8_388_607.0) as i32 * 256).to_le_bytes()).collect();
    let mut head = format(1);
    head[8..16].copy_from_slice(&[0, 0xfa, 0, 0, 4, 0, 24, 0]);
    let chunks = [chunk(b"fmt ", 16, &head), chunk(b"data", data.len() as u32, &data)];
    let decoded = listen_to(&file(b"RIFF", 0, &chunks)).await.unwrap();
    expect("wide", &decoded.sound, &run(0, 2, 0.0));
    assert_eq!(decoded.sound.len(), data.len() / 4);
}

#[tokio::test]
async fn samples_in_the_other_order_are_refused_and_no_silence() {
    let folder = tempfile::tempdir().unwrap();
    let mut turned = chunk(b"RIFX", 0, b"WAVE");
    turned.extend(
        [&b"fmt \0\0\0\x10\0\x01\0\x01\0\0\x3e\x80\0\0\x7d\0\0\x02\0\x10data\0\0\x7d\0"[..], &[1; 32_000]]
            .concat(),
    );
    assert!(matches!(listen_to(&turned).await, Err(Refusal::UnsupportedCodec { .. })));
    for codec in ["pcm_s24be", "pcm_s32be", "pcm_f32be", "pcm_f64be", "pcm_s8"] {
        let file = crate::listen::encoded(folder.path(), 2, "turned.mov", &format!("-c:a {codec}"));
        let outcome = crate::listen::listen(&file).await;
        assert!(matches!(outcome, Err(Refusal::UnsupportedCodec { .. })), "{codec}");
    }
    for codec in ["pcm_s16be", "pcm_s16le", "pcm_s24le", "pcm_f32le"] {
        let file = crate::listen::encoded(folder.path(), 2, "plain.mov", &format!("-c:a {codec}"));
        expect(codec, &crate::listen::listen(&file).await.unwrap().sound, &run(0, 1, 0.0));
    }
}

#[tokio::test]
async fn sound_of_unknown_size_in_a_caf_is_decoded_where_ffmpeg_is_installed() {
    let folder = tempfile::tempdir().unwrap();
    let file = crate::listen::encoded(folder.path(), 3, "open.caf", "-c:a pcm_s16le");
    let mut bytes = std::fs::read(&file).unwrap();
    let data = bytes.windows(4).position(|four| four == b"data").unwrap();
    bytes[data + 4..data + 12].fill(0xff);
    std::fs::write(&file, bytes).unwrap();
    let ffmpeg = self_worker::sandbox::Ffmpeg::find(&crate::fixtures::ffmpeg());
    let sandbox = self_worker::sandbox::Sandbox { ffmpeg, ..crate::fixtures::sandbox() };
    let (_, sound) = crate::fixtures::decode(&sandbox, &file).await.unwrap();
    expect("open", &sound, &run(0, 2, 0.0));
}
