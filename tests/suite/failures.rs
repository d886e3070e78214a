//! Recordings that cannot be processed: their jobs end with a reason, and other jobs are not affected.

use futures_util::future::join_all;
use self_tests::person::{id_of, said};
use self_tests::{Answer, Person, Sound, Stack};
use serde_json::{Value, json};

/// The failure codes with which a file may be refused when it is read.
const REASONS: &[&str] = &[
    "not_audio",
    "unsupported_codec",
    "damaged_audio",
    "audio_cut_short",
    "audio_too_long",
    "audio_out_of_range",
    "decoder_limit",
    "decoder_crashed",
];

#[tokio::test]
async fn a_silent_recording_ends_with_an_empty_transcript_and_says_so() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let accepted = person.upload(&Sound::silence(8)).await;
    let job = person.success(accepted.job).await;
    let transcription = person.transcription(id_of(&job["transcription_id"])).await;
    assert_eq!(transcription["segments"], json!([]));
    assert_eq!((&transcription["is_silent"], &transcription["text"]), (&true.into(), &"".into()));
    assert_eq!(transcription["duration_ms"], 8_000);
    let conversation = person.get(&format!("/api/v1/conversations/{}", accepted.conversation)).await.good();
    assert_eq!(conversation["entities"], json!([]));
}

#[tokio::test]
async fn files_that_only_begin_like_recordings_end_with_a_reason_and_harm_nobody() {
    let mut stack = Stack::setup().with("LANES", "audio=2").start().await;
    let (person, neighbour) = (Person::register(&stack).await, Person::register(&stack).await);
    let worker = stack.workers[0].id();
    let noise = noise(4_096);
    let begun = |name: &str, first: &[u8]| Sound::of(name, "audio/wav", [first, &noise].concat());
    let flac = Sound::short().converted("whole.flac", "audio/flac", &[]).bytes;
    let m4a = Sound::short().converted("whole.m4a", "audio/mp4", &["-c:a", "aac"]).bytes;
    let none = [
        begun("noise.wav", b"RIFF\xff\xff\0\0WAVE"),
        begun("noise.flac", b"fLaC"),
        begun("noise.ogg", b"OggS\0\x02"),
        begun("noise.m4a", b"\0\0\0\x20ftypM4A "),
        begun("noise.webm", b"\x1a\x45\xdf\xa3"),
        begun("noise.mp3", b"ID3\x04\0"),
        Sound::of("head only.flac", "audio/flac", flac.slice(..60)),
        Sound::of("index missing.m4a", "audio/mp4", m4a.slice(..m4a.len() / 2)),
        Sound::wav("no samples.wav", &[]),
        wav("no channels.wav", 0, 16_000, 16),
        wav("no rate.wav", 1, 0, 16),
        wav("no bits.wav", 1, 16_000, 0),
        wav("a crowd of channels.wav", 0xFFFF, 16_000, 16),
        wav("a rate beyond hearing.wav", 1, 0xFFFF_FFFF, 16),
    ];
    let healthy = join_all((0..4).map(async |_| neighbour.transcribe(&Sound::short().anew()).await));
    let ended = join_all(none.iter().map(async |file| {
        let accepted = person.upload(file).await;
        (file.name.clone(), person.ending(accepted.job).await)
    }));
    let (healthy, ended) = tokio::join!(healthy, ended);
    for (name, job) in ended {
        died_of_its_input(&name, &job);
    }
    for transcription in healthy {
        assert!(said(&transcription).to_lowercase().contains("fail better"), "{transcription}");
    }
    // The same worker process has handled all files.
    assert!(stack.workers[0].ended().is_none() && stack.workers[0].id() == worker);
}

#[tokio::test]
async fn damaged_recordings_always_come_to_an_end() {
    let mut stack = Stack::setup().with("LANES", "audio=2").start().await;
    let person = Person::register(&stack).await;
    let whole = [
        Sound::short().converted("a.flac", "audio/flac", &["-c:a", "flac"]),
        Sound::short().converted("a.mp3", "audio/mpeg", &["-c:a", "libmp3lame"]),
        Sound::short().converted("a.m4a", "audio/mp4", &["-c:a", "aac", "-movflags", "+faststart"]),
        Sound::short().converted("a.ogg", "audio/ogg", &["-c:a", "libvorbis"]),
        Sound::short().converted("a.opus", "audio/ogg", &["-c:a", "libopus"]),
        Sound::short().converted("a.webm", "audio/webm", &["-c:a", "libopus"]),
        Sound::short(),
    ];
    let damaged = whole.iter().flat_map(|sound| (1..=4).map(|round| damage(sound, round)));
    let ended = join_all(damaged.map(async |sound| {
        let accepted = person.upload(&sound).await;
        (sound.name, person.ending(accepted.job).await)
    }));
    for (name, job) in ended.await {
        if job["state"] != "succeeded" {
            died_of_its_input(&name, &job);
        }
    }
    assert!(stack.workers[0].ended().is_none());
    person.transcribe(&Sound::short().anew()).await;
}

#[tokio::test]
async fn a_small_file_that_unpacks_to_hours_is_stopped() {
    let stack = Stack::setup().with("AUDIO_MAX_HOURS", 1).start().await;
    let person = Person::register(&stack).await;
    let hours = ["-f", "flac", "-ar", "8000", "-af", "apad=pad_dur=7200"];
    let bomb = Sound::silence(1).converted("two hours.flac", "audio/flac", &hours);
    assert!(bomb.bytes.len() < 2_000_000, "{} bytes", bomb.bytes.len());
    let job = person.ending(person.upload(&bomb).await.job).await;
    assert_eq!((&job["state"], &job["failure"]["code"]), (&"dead".into(), &"audio_too_long".into()), "{job}");
}

#[tokio::test]
async fn a_job_that_died_of_its_input_can_be_tried_again_and_dies_again() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let accepted = person.upload(&wav("no channels.wav", 0, 16_000, 16)).await;
    let first = person.ending(accepted.job).await;
    died_of_its_input("the first time", &first);
    let retried =
        Answer::of(person.request(reqwest::Method::POST, &format!("/api/v1/jobs/{}/retry", accepted.job)));
    assert_eq!(retried.await.unwrap().good()["state"], "queued");
    let second = person.ending(accepted.job).await;
    died_of_its_input("the second time", &second);
    assert_eq!(second["attempt"], 2);
}

/// Checks a job's failure: a code, a sentence for people, and no second attempt.
#[track_caller]
fn died_of_its_input(name: &str, job: &Value) {
    assert_eq!(job["state"], "dead", "{name}: {job}");
    let code = job["failure"]["code"].as_str().unwrap_or_default();
    assert!(REASONS.contains(&code), "{name}: {job}");
    let detail = job["failure"]["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(' ') && !detail.contains("::") && !detail.contains('/'), "{name}: {detail}");
    assert!(job["attempt"].as_u64().unwrap() <= 2, "{name} was tried again: {job}");
}

/// A WAV file of two seconds with unusual values in its header.
fn wav(name: &str, channels: u16, rate: u32, bits: u16) -> Sound {
    let mut bytes = Sound::silence(2).bytes.to_vec();
    bytes[22..24].copy_from_slice(&channels.to_le_bytes());
    bytes[24..28].copy_from_slice(&rate.to_le_bytes());
    bytes[34..36].copy_from_slice(&bits.to_le_bytes());
    Sound::of(name, "audio/wav", bytes)
}

/// The recording with bytes replaced at regular distances; the damage is the same in each run.
fn damage(sound: &Sound, round: usize) -> Sound {
    let mut bytes = sound.bytes.to_vec();
    let every = [37, 211, 1_009, 4_001][(round - 1) % 4];
    for (at, replacement) in (16 + round..bytes.len()).step_by(every).zip(noise(bytes.len())) {
        bytes[at] = replacement;
    }
    Sound::of(&format!("damaged every {every} {}", sound.name), sound.content_type, bytes)
}

/// Random bytes, the same in each run (xorshift).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}
