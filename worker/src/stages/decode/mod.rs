//! Decodes a recording to mono sound at 16 kHz.
//!
//! Uses the library `symphonia`. It reads wav, aiff, caf, mp1/mp2/mp3, m4a/aac, flac, ogg (vorbis, opus) and webm
//! (opus, vorbis). Files are of unknown origin, and a few bytes can make a decoder loop, panic or use too
//! much memory: outside of tests this code runs only in the child process of [`crate::sandbox`].

mod aac;
mod choice;
mod downmix;
mod encodings;
mod flac;
mod foreign;
mod frames;
mod guard;
mod joined;
mod late;
mod loss;
mod matroska_recovery;
mod mixer;
mod mp4;
mod names;
mod ogg;
mod opposed;
mod opus;
mod peek;
mod refusal;
mod sized;
mod source;
mod stated;
mod steady;
mod step;
mod timeline;
mod track;
mod tracks;
mod wave;
mod whole;

use std::fs::File;
use std::io;

use self::mixer::Mixer;
use self::step::Step;
use super::SAMPLE_RATE;
use serde::{Deserialize, Serialize};

pub use self::loss::{Loss, LossKind, Losses};
pub use self::names::container;
pub use self::refusal::Refusal;
pub use self::stated::{breaks_off, is_followed};
pub use self::tracks::SILENT;

/// How many samples are sent at once: half a second.
pub const BLOCK: usize = SAMPLE_RATE as usize / 2;

/// The limits of a recording.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Limits {
    pub seconds: u32,
    pub channels: u32,
    /// The most samples per second.
    pub rate: u32,
}

impl Limits {
    /// The fewest samples per second.
    pub const LOWEST_RATE: u32 = 1_000;
}

impl Default for Limits {
    fn default() -> Self {
        Self { seconds: 12 * 3600, channels: 8, rate: 192_000 }
    }
}

/// The format of a recording, as its file states it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Info {
    /// Short name of the container, such as `wave` or `ogg`.
    pub container: String,
    /// Short name of the codec, such as `mp3` or `opus`.
    pub codec: String,
    /// Samples per second in the file.
    pub rate: u32,
    pub channels: u32,
    /// The length, if the file states a plausible one. The samples determine the real length.
    pub seconds: Option<f64>,
    /// How many tracks with sound the file has. One of them is transcribed.
    pub tracks: usize,
}

/// The summary of a decoding that returned sound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecodeSummary {
    /// The number of samples, at [`SAMPLE_RATE`].
    pub samples: u64,
    /// Packets that could not be decoded and were left out.
    pub damaged_packets: u64,
    /// Whether the file ends before its sound does: the recorder was killed, or an upload was cut off.
    pub cut_short: bool,
}

/// The output of decoding: first the format of the file, then its sound.
#[derive(Debug)]
pub enum Event<'a> {
    Info(Info),
    /// Mono at [`SAMPLE_RATE`], nominally from -1 to 1; at most [`BLOCK`] samples.
    Sound(&'a [f32]),
    /// A stretch of the sound, sent already or still to come, that is silence because its sound was lost.
    Loss(Loss),
}

/// Why decoding stopped early.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The recording cannot be decoded; a retry does not help.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The machine could not decode; a retry may help.
    #[error("the decoder cannot work: {0}")]
    Machine(#[from] io::Error),
}

/// Decodes `file`, which must be seekable, and sends its sound to `sink` block by block.
///
/// # Errors
/// [`DecodeError::Refused`] for a file that is no recording or that exceeds a limit,
/// [`DecodeError::Machine`] when `sink` fails.
pub fn decode(
    file: File,
    limits: &Limits,
    sink: impl FnMut(Event<'_>) -> io::Result<()>,
) -> Result<DecodeSummary, DecodeError> {
    let mut track = tracks::open(&file)?;
    let mut mixer = Mixer::new(sink, limits);
    let mut ending = DecodeSummary::default();
    loop {
        match track.step()? {
            Step::Sound => mixer.mix(&mut track)?,
            Step::Damaged => {
                ending.damaged_packets += 1;
                mixer.damage(&mut track)?;
            }
            Step::End => {
                ending.cut_short = track.breaks_off();
                break;
            }
            Step::CutShort => {
                ending.cut_short = true;
                break;
            }
        }
    }
    ending.samples = mixer.finish()?;
    match ending {
        DecodeSummary { samples: 1.., .. } => Ok(ending),
        DecodeSummary { damaged_packets: 1.., .. } => Err(Refusal::Damaged.into()),
        _ if track.has_lost_all() => Err(Refusal::CutShort.into()),
        _ => Err(Refusal::NoSound.into()),
    }
}
