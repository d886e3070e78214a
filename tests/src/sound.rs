//! Recordings to upload: human voices, and files made from them.

use std::path::Path;
use std::process::Command;
use std::{fs, iter};

use bytes::Bytes;
use uuid::Uuid;

use crate::environment;

/// A file for an upload.
#[derive(Clone, Debug)]
pub struct Sound {
    /// The file's name.
    pub name: String,
    /// The media type that the app declares.
    pub content_type: &'static str,
    /// The bytes of the file.
    pub bytes: Bytes,
}

/// The sample rate of generated sound.
const RATE: u32 = 16_000;

impl Sound {
    /// A file with any bytes.
    #[must_use]
    pub fn of(name: &str, content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self { name: name.to_owned(), content_type, bytes: bytes.into() }
    }

    /// One of the recordings of human voices.
    #[must_use]
    pub fn recording(name: &str) -> Self {
        let path = environment::recording(name);
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::of(name, "audio/wav", bytes)
    }

    /// Ten seconds of speech: six short sentences.
    #[must_use]
    pub fn short() -> Self {
        Self::recording("beckett.wav")
    }

    /// Complete silence.
    #[must_use]
    pub fn silence(seconds: u32) -> Self {
        Self::wav("silence.wav", &vec![0; (seconds * RATE) as usize])
    }

    /// A WAV file of mono samples at 16 kHz.
    #[must_use]
    pub fn wav(name: &str, samples: &[i16]) -> Self {
        Self::of(name, "audio/wav", wav(samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()))
    }

    /// The recording several times, each followed by a second of silence, in mono at 16 kHz: a way to make
    /// long recordings.
    #[must_use]
    pub fn repeated(&self, times: usize) -> Self {
        let spoken = self.converted("spoken.raw", "", &["-f", "s16le", "-ac", "1", "-ar", "16000"]);
        let once = [&spoken.bytes[..], &vec![0; 2 * RATE as usize]].concat();
        Self::of(&format!("{times} times {}", self.name), "audio/wav", wav(once.repeat(times)))
    }

    /// The same speech in a file with a new hash.
    #[must_use]
    pub fn anew(&self) -> Self {
        let mut bytes = self.bytes.to_vec();
        // Readers of WAV ignore unknown chunks.
        bytes.extend_from_slice(b"note\x10\0\0\0");
        bytes.extend_from_slice(Uuid::new_v4().as_bytes());
        let whole = u32::try_from(bytes.len() - 8).unwrap();
        bytes[4..8].copy_from_slice(&whole.to_le_bytes());
        Self { bytes: bytes.into(), ..self.clone() }
    }

    /// The file as `ffmpeg` converts it; the ending of `name` chooses the container.
    #[must_use]
    pub fn converted(&self, name: &str, content_type: &'static str, options: &[&str]) -> Self {
        let folder = environment::run().join(format!("sound-{}", Uuid::now_v7().simple()));
        fs::create_dir_all(&folder).unwrap();
        let (from, to) = (folder.join("from"), folder.join(name));
        fs::write(&from, &self.bytes).unwrap();
        ffmpeg(iter::once("-i").chain([from.to_str().unwrap()]).chain(options.iter().copied()), &to);
        let bytes = fs::read(&to).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        Self::of(name, content_type, bytes)
    }
}

fn ffmpeg<'a>(arguments: impl Iterator<Item = &'a str>, to: &Path) {
    let ran = Command::new(environment::given("FFMPEG"))
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments)
        .arg(to)
        .output()
        .unwrap();
    assert!(ran.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&ran.stderr));
}

/// A WAV file of 16-bit mono samples.
fn wav(samples: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(samples.len()).unwrap();
    let mut file = Vec::with_capacity(samples.len() + 44);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(length + 36).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend_from_slice(&RATE.to_le_bytes());
    file.extend_from_slice(&(RATE * 2).to_le_bytes());
    file.extend_from_slice(b"\x02\0\x10\0data");
    file.extend_from_slice(&length.to_le_bytes());
    file.extend(samples);
    file
}
