use super::*;

/// Sound with levels like speech: bursts of a buzzing tone, four in a second.
fn speech(seconds: f64, amplitude: f64) -> Vec<f32> {
    let samples = (f64::from(SAMPLE_RATE) * seconds) as usize;
    (0..samples)
        .map(|n| {
            let time = n as f64 / f64::from(SAMPLE_RATE);
            let syllable = (std::f64::consts::TAU * 4.0 * time).sin().abs();
            let voice = (std::f64::consts::TAU * 150.0 * time).sin();
            (amplitude * syllable * voice) as f32
        })
        .collect()
}

/// Noise from a fixed generator, the same each time.
fn hiss(seconds: f64, amplitude: f32) -> Vec<f32> {
    let mut state = 1_u32;
    (0..(f64::from(SAMPLE_RATE) * seconds) as usize)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            amplitude * (f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0) as f32
        })
        .collect()
}

fn over(mut sound: Vec<f32>, noise: &[f32]) -> Vec<f32> {
    for (sample, noise) in sound.iter_mut().zip(noise) {
        *sample += noise;
    }
    sound
}

fn cut(mut chunker: Chunker, sound: &[f32], block: usize) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = sound.chunks(block).flat_map(|block| chunker.push(block)).collect();
    chunks.extend(chunker.finish());
    chunks
}

fn times(chunks: &[Chunk]) -> Vec<(u64, u64)> {
    chunks.iter().map(|chunk| (chunk.start_ms, chunk.end_ms)).collect()
}

/// Eight sentences of 5 s with pauses of 0.7 s, with background noise.
fn talk() -> Vec<f32> {
    let mut sound = Vec::new();
    for _ in 0..8 {
        sound.extend(speech(5.0, 0.3));
        sound.extend(vec![0.0; 11_200]);
    }
    let noise = hiss(sound.len() as f64 / f64::from(SAMPLE_RATE), 0.003);
    over(sound, &noise)
}

#[test]
fn the_last_chunk_ends_with_the_recording_and_not_with_its_frame() {
    let sound = speech(3.0, 0.3);
    for rest in [40, 80, 159] {
        // 206 whole frames: the sound is loud there.
        let sound = &sound[..206 * 160 + rest];
        let chunks = cut(Chunker::new(), sound, 8_000);
        let last = chunks.last().expect("speech makes a chunk");
        assert_eq!(last.end_ms, sound.len() as u64 / 16, "{rest} samples in the last frame");
        assert_eq!(last.samples.len(), sound.len() - last.start_ms as usize * 16, "{rest}");
    }
}

#[test]
fn silence_and_steady_noise_give_no_chunks() {
    assert_eq!(cut(Chunker::new(), &vec![0.0; 60 * 16_000], 8_000), []);
    assert_eq!(cut(Chunker::new(), &hiss(60.0, 0.05), 8_000), []);
    assert_eq!(cut(Chunker::new(), &[], 8_000), []);
}

#[test]
fn speech_is_cut_at_its_pauses_into_chunks_that_fit() {
    let chunks = cut(Chunker::new(), &talk(), 8_000);
    assert_eq!(chunks.len(), 4, "{:?}", times(&chunks));
    for (index, chunk) in (0_u64..).zip(&chunks) {
        let spoken = (index * 11_400, index * 11_400 + 10_700);
        assert!(chunk.start_ms.abs_diff(spoken.0) <= 250, "{:?}", times(&chunks));
        assert!(chunk.end_ms.abs_diff(spoken.1) <= 250, "{:?}", times(&chunks));
        assert_eq!(chunk.samples.len() as u64, (chunk.end_ms - chunk.start_ms) * 16);
    }
}

#[test]
fn speech_without_a_pause_is_cut_all_the_same_and_nothing_is_lost() {
    let chunks = cut(Chunker::new(), &over(speech(60.0, 0.3), &hiss(60.0, 0.003)), 8_000);
    assert!(chunks.iter().all(|chunk| chunk.end_ms - chunk.start_ms <= 12_500));
    assert!(chunks.windows(2).all(|pair| pair[0].end_ms == pair[1].start_ms));
    assert!(chunks[0].start_ms <= 200 && chunks[chunks.len() - 1].end_ms >= 59_800);
}

#[test]
fn a_long_silence_between_two_sentences_is_left_out() {
    let mut sound = speech(3.0, 0.3);
    sound.extend(vec![0.0; 4 * 16_000]);
    sound.extend(speech(3.0, 0.3));
    let chunks = cut(Chunker::new(), &over(sound, &hiss(10.0, 0.003)), 8_000);
    assert_eq!(chunks.len(), 2, "{:?}", times(&chunks));
    assert!(chunks[0].end_ms < 3_500 && chunks[1].start_ms > 6_500, "{:?}", times(&chunks));
}

#[test]
fn a_faint_knock_in_a_silent_room_is_no_speech() {
    let mut sound = hiss(20.0, 0.003);
    for (sample, knock) in sound[160_000..].iter_mut().zip(hiss(0.1, 0.008)) {
        *sample += knock;
    }
    assert_eq!(cut(Chunker::new(), &sound, 8_000), []);
}

#[test]
fn a_voice_as_quiet_as_a_whisper_is_found() {
    let mut sound = vec![0.0; 32_000];
    sound.extend(speech(4.0, 0.01));
    sound.extend(vec![0.0; 32_000]);
    let chunks = cut(Chunker::new(), &over(sound, &hiss(8.0, 0.0005)), 8_000);
    assert_eq!(chunks.len(), 1, "{:?}", times(&chunks));
}

#[test]
fn the_blocks_it_is_fed_in_make_no_difference() {
    let sound = talk();
    let whole = cut(Chunker::new(), &sound, sound.len());
    assert_eq!(cut(Chunker::new(), &sound, 777), whole);
}

#[test]
fn going_on_behind_any_chunk_gives_the_same_chunks() {
    let sound = talk();
    let chunks = cut(Chunker::new(), &sound, 8_000);
    for (index, chunk) in chunks.iter().enumerate() {
        let rest = cut(Chunker::resuming_at(chunk.end_ms), &sound, 8_000);
        assert_eq!(rest, chunks[index + 1..]);
    }
}

#[test]
fn speech_in_the_hum_of_the_mains_is_found_and_the_hum_alone_is_silence() {
    let hum: Vec<f32> =
        (0..20 * 16_000).map(|n| 0.3 * (n as f32 * 50.0 / 16_000.0 * std::f32::consts::TAU).sin()).collect();
    assert_eq!(cut(Chunker::new(), &hum, 8_000), []);
    let mut said = vec![0.0; 5 * 16_000];
    said.extend(speech(5.0, 0.15));
    said.resize(hum.len(), 0.0);
    let chunks = cut(Chunker::new(), &over(said, &hum), 8_000);
    let [chunk] = &chunks[..] else { panic!("{:?}", times(&chunks)) };
    assert!((4_700..5_100).contains(&chunk.start_ms) && (9_900..10_400).contains(&chunk.end_ms), "{chunk:?}");
}
