//! Less common formats: surround sound, files of Apple's and Microsoft's programs, and formats that only an
//! installed `ffmpeg` decodes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fixtures;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self_worker::sandbox::{Ffmpeg, Sandbox};
use self_worker::stages::decode::{DecodeError, Refusal};

/// Name, arguments of ffmpeg, container, codec; the worker itself decodes these.
const OWN: [(&str, &str, &str, &str); 12] = [
    ("surround.opus", "-af pan=5.1|FC=c0 -c:a libopus -mapping_family 1", "ogg", "opus"),
    ("seven.opus", "-af pan=7.1|FC=c0|FL=c0 -c:a libopus -mapping_family 1 -b:a 256k", "ogg", "opus"),
    ("three.opus", "-af pan=3.0|FC=c0|FL=c0|FR=c0 -c:a libopus -mapping_family 1", "ogg", "opus"),
    ("surround.webm", "-af pan=5.1|FC=c0 -c:a libopus -mapping_family 1", "matroska", "opus"),
    (
        "surround.mkv",
        "-af pan=quad|FL=c0|FR=c0|BL=c0|BR=c0 -c:a libopus -mapping_family 1",
        "matroska",
        "opus",
    ),
    ("surround.mp4", "-af pan=5.1|FC=c0 -c:a libopus -mapping_family 1", "isomp4", "opus"),
    ("stereo.mp4", "-ac 2 -c:a libopus", "isomp4", "opus"),
    ("studio.aiff", "-ac 2 -ar 44100", "aiff", "pcm_s16be"),
    ("float.aiff", "-c:a pcm_f32be -f aiff", "aiff", "pcm_f32be"),
    ("memo.caf", "-c:a pcm_s16le", "caf", "pcm_s16le"),
    ("lossless.caf", "-c:a alac", "caf", "alac"),
    ("sony.w64", "-c:a pcm_s16le", "wave", "pcm_s16le"),
];

/// Name, arguments of ffmpeg, ffmpeg's name of the codec, the name for people.
const FOREIGN: [(&str, &str, &str, &str); 12] = [
    ("surround.m4a", "-af pan=5.1|FC=c0 -c:a aac", "aac", "AAC with 6 channels"),
    ("surround.aac", "-af pan=5.1|FC=c0 -c:a aac -f adts", "aac", "AAC with 6 channels"),
    ("film.mp4", "-ac 6 -ar 48000 -c:a ac3", "ac3", "AC-3"),
    ("film.mkv", "-ac 6 -ar 48000 -c:a eac3", "eac3", "E-AC-3"),
    ("bare.ac3", "-ac 2 -ar 48000 -c:a ac3", "ac3", "AC-3"),
    ("bare.eac3", "-ac 2 -ar 48000 -c:a eac3", "eac3", "E-AC-3"),
    ("windows.wma", "-c:a wmav2", "wmav2", "Windows Media Audio 2"),
    ("telephone.amr", "-ar 8000 -c:a libopencore_amrnb -b:a 12.2k", "amr_nb", "AMR"),
    ("telephone.3gp", "-ar 8000 -c:a libopencore_amrnb -b:a 12.2k", "amr_nb", "AMR"),
    ("broadcast.ts", "-c:a aac", "aac", "AAC in a transport stream"),
    ("disc.m2ts", "-ar 48000 -c:a ac3 -mpegts_m2ts_mode 1 -f mpegts", "ac3", "AC-3 in a transport stream"),
    ("lossless.wv", "-c:a wavpack", "wavpack", "WavPack"),
];

fn make(folder: &Path, name: &str, arguments: &str) -> PathBuf {
    let file = folder.join(name);
    fixtures::convert(&fixtures::recording("beckett.wav"), arguments, &file);
    file
}

fn with_ffmpeg() -> Sandbox {
    let ffmpeg = Ffmpeg::find(&fixtures::ffmpeg());
    assert!(ffmpeg.is_some(), "the ffmpeg of the tests does not work");
    Sandbox { ffmpeg, ..fixtures::sandbox() }
}

async fn original() -> Vec<f32> {
    fixtures::decode(&fixtures::sandbox(), &fixtures::recording("beckett.wav")).await.unwrap().1
}

async fn refusal(sandbox: &Sandbox, file: &Path) -> Refusal {
    match fixtures::decode(sandbox, file).await {
        Err(DecodeError::Refused(refusal)) => refusal,
        Err(DecodeError::Machine(error)) => panic!("{}: {error}", file.display()),
        Ok(_) => panic!("{} was decoded", file.display()),
    }
}

#[track_caller]
fn same(name: &str, wanted: &[f32], sound: &[f32], least: f64) {
    let off = sound.len().abs_diff(wanted.len());
    assert!(off < 16 * 150, "{name} is {off} samples off");
    let likeness = fixtures::likeness(wanted, sound);
    assert!(likeness > least, "{name}: {likeness}");
}

#[tokio::test]
async fn surround_opus_aiff_and_caf_are_decoded_without_any_help() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = original().await;
    for (name, arguments, container, codec) in OWN {
        let file = make(folder.path(), name, arguments);
        let (decoding, sound) = fixtures::decode(&fixtures::sandbox(), &file).await.unwrap();
        let info = decoding.info();
        assert_eq!((&*info.container, &*info.codec), (container, codec), "{name}");
        same(name, &wanted, &sound, 0.85);
    }
}

#[tokio::test]
async fn what_only_ffmpeg_knows_is_decoded_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = original().await;
    let sandbox = with_ffmpeg();
    for (name, arguments, codec, _) in FOREIGN {
        let file = make(folder.path(), name, arguments);
        let (decoding, sound) =
            fixtures::decode(&sandbox, &file).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(decoding.info().codec, codec, "{name}");
        same(name, &wanted, &sound, 0.6);
        let ending = decoding.ending().unwrap();
        assert_eq!((ending.damaged_packets, ending.cut_short), (0, false), "{name}");
        let seconds = decoding.info().seconds.unwrap();
        assert!((seconds - sound.len() as f64 / 16_000.0).abs() < 0.5, "{name}: {seconds} s");
    }
}

#[tokio::test]
async fn without_ffmpeg_a_codec_is_refused_by_its_real_name_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments, _, codec) in FOREIGN {
        let file = make(folder.path(), name, arguments);
        let refusal = refusal(&fixtures::sandbox(), &file).await;
        assert_eq!(refusal, Refusal::UnsupportedCodec { codec: codec.to_owned() }, "{name}");
        let words = refusal.to_string();
        assert!(words.contains(codec) && words.contains("Install ffmpeg"), "{words}");
    }
}

/// A wav of GSM 6.10 as telephone systems write it: blocks of 65 bytes with two frames of 160
/// samples. All zero, they are frames with almost no sound.
fn gsm(blocks: usize) -> Vec<u8> {
    let mut file =
        b"RIFF\0\0\0\0WAVEfmt \x14\0\0\0\x31\0\x01\0\x40\x1f\0\0\x59\x06\0\0\x41\0\0\0\x02\0\x40\x01data"
            .to_vec();
    file.extend(u32::try_from(65 * blocks).unwrap().to_le_bytes());
    file.resize(file.len() + 65 * blocks, 0);
    let length = u32::try_from(file.len() - 8).unwrap();
    file[4..8].copy_from_slice(&length.to_le_bytes());
    file
}

#[tokio::test]
async fn gsm_in_a_wav_is_decoded_by_ffmpeg_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("telephone.wav");
    fs::write(&file, gsm(100)).unwrap();
    let named = Refusal::UnsupportedCodec { codec: "GSM 6.10".to_owned() };
    assert_eq!(refusal(&fixtures::sandbox(), &file).await, named);
    let (decoding, sound) = fixtures::decode(&with_ffmpeg(), &file).await.unwrap();
    assert_eq!((&*decoding.info().codec, decoding.info().rate), ("gsm_ms", 8_000));
    assert!(sound.len().abs_diff(64_000) < 400, "{} samples", sound.len());
}

#[tokio::test]
async fn explicit_high_efficiency_aac_is_decoded_by_its_core() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = original().await;
    let file = make(folder.path(), "memo.m4a", "-ar 24000 -c:a aac -b:a 48k");
    let mut bytes = fs::read(&file).unwrap();
    // The configuration in its descriptor: low complexity, 24 kHz, mono, with ffmpeg's additions. It is
    // replaced by object type 5, the same rate and channels, 48 kHz, object type 2.
    let plain = bytes.windows(4).position(|window| window == [0x05, 0x80, 0x80, 0x80]).unwrap();
    let length = usize::from(bytes[plain + 4]);
    assert!(length >= 4 && bytes[plain + 5] == 0x13 && bytes[plain + 6] == 0x08, "{length}");
    bytes[plain + 5..plain + 5 + length].fill(0);
    bytes[plain + 5..plain + 9].copy_from_slice(&[0x2B, 0x09, 0x88, 0x00]);
    fs::write(&file, bytes).unwrap();
    let (decoding, sound) = fixtures::decode(&fixtures::sandbox(), &file).await.unwrap();
    assert_eq!((&*decoding.info().codec, decoding.info().rate), ("aac", 24_000));
    same("memo.m4a", &wanted, &sound, 0.85);
}

#[tokio::test]
async fn a_track_that_begins_late_begins_late() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = with_ffmpeg();
    let begun = fixtures::onset(&original().await);
    let recording = fixtures::recording("beckett.wav");
    let late = format!("-itsoffset 4 -i {}", recording.display());
    let video = "-f lavfi -i color=c=blue:s=32x32:r=5:d=16 -map 1:a -map 2:v -c:v mpeg4";
    for (name, arguments) in [
        ("late.mp4", "-c:a aac"),
        ("late.mov", "-c:a pcm_s16le"),
        ("fragmented.mp4", "-c:a aac -movflags +frag_keyframe+empty_moov+default_base_moof"),
        ("late.mkv", "-c:a libopus"),
        ("surround.mp4", "-ac 6 -c:a aac"),
        ("broadcast.ts", "-c:a aac"),
    ] {
        let file = folder.path().join(name);
        fixtures::convert(&recording, &format!("{late} {video} {arguments}"), &file);
        let (_, sound) = fixtures::decode(&sandbox, &file).await.unwrap();
        let begins = fixtures::onset(&sound);
        assert!((begins - begun - 4.0).abs() < 0.25, "{name} begins at {begins} s, not {}", begun + 4.0);
    }
}

#[tokio::test]
async fn a_list_of_other_files_is_no_recording() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("list.ffconcat", "ffconcat version 1.0\nfile /etc/hostname\n"),
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"),
        ("list.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n"),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        assert_eq!(refusal(&with_ffmpeg(), &file).await, Refusal::NotAudio, "{name}");
    }
}

#[tokio::test]
async fn no_way_to_damage_a_foreign_file_takes_the_worker_down() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = with_ffmpeg();
    let mut state = 5_u32;
    for (name, arguments, ..) in FOREIGN {
        let good = fs::read(make(folder.path(), name, arguments)).unwrap();
        for round in 0..3 {
            let mut bytes = good.clone();
            let reach = if round == 0 { bytes.len().min(600) } else { bytes.len() };
            for _ in 0..40 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                bytes[(state >> 8) as usize % reach] = state as u8;
            }
            bytes.truncate(if round == 2 { bytes.len() / 2 } else { bytes.len() });
            let file = folder.path().join("damaged");
            fs::write(&file, &bytes).unwrap();
            if let Err(DecodeError::Machine(error)) = fixtures::decode(&sandbox, &file).await {
                panic!("{name}, round {round}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn limits_hold_for_ffmpeg_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = make(folder.path(), "long.ac3", "-ac 2 -ar 48000 -c:a ac3 -b:a 32k -af apad=pad_dur=3600");
    let usual = with_ffmpeg();
    let little_time = Sandbox { cpu: Duration::ZERO, cpu_per_mib: Duration::ZERO, ..usual.clone() };
    assert_eq!(refusal(&little_time, &file).await, Refusal::DecoderTimedOut);
    let mut limits = usual.limits.clone();
    limits.seconds = 60;
    assert_eq!(refusal(&Sandbox { limits, ..usual }, &file).await, Refusal::TooLong { limit_seconds: 60 });
}

#[tokio::test]
async fn a_decoding_that_is_dropped_leaves_no_ffmpeg_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = make(folder.path(), "long.ac3", "-ac 2 -ar 48000 -c:a ac3 -af apad=pad_dur=3600");
    let mut decoding = with_ffmpeg().decode(File::open(file).unwrap()).await.unwrap();
    decoding.next().await.unwrap();
    let pid = decoding.converter().expect("it still decodes");
    drop(decoding);
    let deadline = Instant::now() + Duration::from_secs(10);
    while Path::new(&format!("/proc/{pid}")).exists() {
        assert!(Instant::now() < deadline, "process {pid} lives on");
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_program_that_is_no_ffmpeg_is_none() {
    for program in ["/nowhere/ffmpeg", "/bin/false", "/etc/passwd"] {
        assert_eq!(Ffmpeg::find(Path::new(program)), None, "{program}");
    }
}
