//! Formats of recordings: the transcripts of the same speech are alike.

use futures_util::future::join_all;
use self_tests::person::{id_of, said};
use self_tests::words::error_rate;
use self_tests::{Person, Sound, Stack, environment};

/// Formats that a recorder could write: file name, media type, the share of words that may differ (some
/// formats lose sound), and the options of `ffmpeg`.
const WRITTEN: &[(&str, &str, f64, &[&str])] = &[
    ("8-bit.wav", "audio/wav", 0.10, &["-c:a", "pcm_u8"]),
    ("16-bit.wav", "audio/wav", 0.0, &["-c:a", "pcm_s16le"]),
    ("24-bit.wav", "audio/wav", 0.0, &["-c:a", "pcm_s24le"]),
    ("float.wav", "audio/wav", 0.0, &["-c:a", "pcm_f32le"]),
    ("telephone.wav", "audio/wav", 0.20, &["-ar", "8000"]),
    ("studio.wav", "audio/wav", 0.05, &["-ar", "96000", "-c:a", "pcm_s24le"]),
    ("stereo.wav", "audio/wav", 0.05, &["-ac", "2"]),
    ("six channels.wav", "audio/wav", 0.05, &["-af", SURROUND]),
    ("voice.mp3", "audio/mpeg", 0.10, &["-c:a", "libmp3lame", "-b:a", "64k"]),
    ("index last.m4a", "audio/mp4", 0.10, &["-c:a", "aac", "-b:a", "64k"]),
    ("index first.m4a", "audio/mp4", 0.10, &["-c:a", "aac", "-b:a", "64k", "-movflags", "+faststart"]),
    ("bare.aac", "audio/aac", 0.10, &["-c:a", "aac", "-b:a", "64k"]),
    ("voice.flac", "audio/flac", 0.0, &["-c:a", "flac"]),
    ("vorbis.ogg", "audio/ogg", 0.10, &["-c:a", "libvorbis", "-q:a", "4"]),
    ("opus.ogg", "audio/ogg", 0.10, &["-c:a", "libopus", "-b:a", "32k"]),
    ("stereo opus.ogg", "audio/ogg", 0.10, &["-c:a", "libopus", "-b:a", "48k", "-ac", "2"]),
    ("browser.webm", "audio/webm", 0.10, &["-c:a", "libopus", "-b:a", "32k"]),
    ("vorbis.webm", "audio/webm", 0.10, &["-c:a", "libvorbis", "-q:a", "4"]),
    ("six channels.opus", "audio/ogg", 0.10, &["-af", SURROUND, "-c:a", "libopus", "-mapping_family", "1"]),
    ("studio.aiff", "audio/aiff", 0.05, &["-ar", "44100", "-ac", "2"]),
    ("memo.caf", "audio/x-caf", 0.0, &["-c:a", "pcm_s16le"]),
    ("recorder.w64", "audio/x-w64", 0.0, &["-c:a", "pcm_s16le"]),
    ("iphone.mov", "audio/mp4", 0.10, &["-c:a", "aac", "-b:a", "64k"]),
    ("safari.mp4", "audio/mp4", 0.10, &["-c:a", "aac", "-b:a", "64k", "-movflags", FRAGMENTED]),
];

/// Formats that a worker decodes only with an installed `ffmpeg`, and the name of the codec.
const FOREIGN: &[(&str, &str, f64, &str, &[&str])] = &[
    ("six channels.m4a", "audio/mp4", 0.10, "AAC with 6 channels", &["-af", SURROUND, "-c:a", "aac"]),
    ("film.mp4", "audio/mp4", 0.10, "AC-3", &["-ar", "48000", "-c:a", "ac3"]),
    ("bare.ac3", "audio/ac3", 0.10, "AC-3", &["-ar", "48000", "-c:a", "ac3"]),
    ("windows.wma", "audio/x-ms-wma", 0.10, "Windows Media Audio 2", &["-c:a", "wmav2"]),
    ("broadcast.ts", "video/mp2t", 0.10, "AAC in a transport stream", &["-c:a", "aac", "-b:a", "64k"]),
    ("lossless.wv", "audio/x-wavpack", 0.0, "WavPack", &["-c:a", "wavpack"]),
];

const SURROUND: &str = "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0";
const FRAGMENTED: &str = "frag_keyframe+empty_moov+default_base_moof";

#[tokio::test]
async fn every_format_gives_the_same_transcript() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let spoken = Sound::recording("two_cities.wav");
    let expected = said(&person.transcribe(&spoken).await);
    let written = WRITTEN.iter().map(async |(name, kind, tolerance, options)| {
        let heard = said(&person.transcribe(&spoken.converted(name, kind, options)).await);
        let wrong = error_rate(&expected, &heard);
        (wrong > *tolerance).then(|| format!("{name}: {wrong:.3} of the words differ: {heard}"))
    });
    let different: Vec<String> = join_all(written).await.into_iter().flatten().collect();
    assert!(different.is_empty(), "{different:#?}");
}

#[tokio::test]
async fn with_ffmpeg_other_codecs_give_the_same_transcript() {
    let stack = Stack::setup().with("FFMPEG", environment::given("FFMPEG")).start().await;
    let person = Person::register(&stack).await;
    let spoken = Sound::recording("two_cities.wav");
    let expected = said(&person.transcribe(&spoken).await);
    for (name, kind, tolerance, _, options) in FOREIGN {
        let heard = said(&person.transcribe(&spoken.converted(name, kind, options)).await);
        let wrong = error_rate(&expected, &heard);
        assert!(wrong <= *tolerance, "{name}: {wrong:.3} of the words differ: {heard}");
    }
}

#[tokio::test]
async fn without_ffmpeg_other_codecs_are_refused_by_their_name() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    for (name, kind, _, codec, options) in FOREIGN {
        let accepted = person.upload(&Sound::short().converted(name, kind, options)).await;
        let job = person.ending(accepted.job).await;
        assert_eq!(
            (&job["state"], &job["failure"]["code"]),
            (&"dead".into(), &"unsupported_codec".into()),
            "{job}"
        );
        let sentence = job["failure"].to_string();
        assert!(sentence.contains(codec) && sentence.contains("Install ffmpeg"), "{name}: {sentence}");
    }
}

#[tokio::test]
async fn a_recording_that_nobody_closed_is_read_as_far_as_it_goes() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let spoken = Sound::recording("two_cities.wav");
    let expected = said(&person.transcribe(&spoken).await);

    // A recording of a browser that was cut off in the middle of a packet when the tab was closed.
    let live = spoken.converted("live.webm", "audio/webm", &["-c:a", "libopus", "-b:a", "32k", "-live", "1"]);
    let cut = Sound { bytes: live.bytes.slice(..live.bytes.len() * 9 / 10), ..live };
    // A WAV file that was written to a pipe, so the length in its header was never corrected.
    let options = ["-c:a", "pcm_s16le", "-map_metadata", "-1", "-bitexact"];
    let mut piped = spoken.converted("piped.wav", "audio/wav", &options).bytes.to_vec();
    assert_eq!(&piped[36..40], b"data", "the head is longer than expected");
    piped[4..8].fill(0xFF);
    piped[40..44].fill(0xFF);
    let piped = Sound::of("piped.wav", "audio/wav", piped);

    let heard = said(&person.transcribe(&cut).await);
    let so_far = expected.split_whitespace().take(heard.split_whitespace().count());
    let wrong = error_rate(&so_far.collect::<Vec<_>>().join(" "), &heard);
    assert!(wrong <= 0.10 && heard.len() * 10 > expected.len() * 8, "{wrong}: {heard}");
    assert_eq!(said(&person.transcribe(&piped).await), expected);
}

#[tokio::test]
async fn what_a_recording_is_made_of_is_known_once_it_was_opened() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let options = ["-c:a", "libopus", "-ac", "2"];
    let sent = Sound::short().converted("voice.ogg", "audio/ogg", &options);
    let accepted = person.upload(&sent).await;
    person.success(accepted.job).await;
    let audio = person.get(&format!("/api/v1/audio/{}", accepted.audio)).await.good();
    assert_eq!(audio["codec"], "opus", "{audio}");
    assert_eq!((&audio["sample_rate"], &audio["channels"]), (&48_000.into(), &2.into()), "{audio}");
    let (length, expected) = (audio["duration_ms"].as_i64().unwrap(), 9_963);
    assert!((length - expected).abs() < 100, "{length} ms");
    let job = person.job(accepted.job).await;
    let transcription = person.transcription(id_of(&job["transcription_id"])).await;
    assert_eq!(transcription["duration_ms"], audio["duration_ms"]);
}
