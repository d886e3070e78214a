//! Decoding of a recording to mono sound at 16 kHz.
//!
//! Knows the library `symphonia`. It reads wav, aiff, caf, mp3, m4a/aac, flac, ogg (vorbis, opus) and
//! webm (opus, vorbis). Files come from strangers, and decoders have been made to loop, panic and swell
//! by a few bytes: outside of tests it runs only in the child process of [`crate::sandbox`].

mod aac;
mod choice;
mod downmix;
mod flac;
mod frames;
mod joined;
mod landmarks;
mod loss;
mod mixer;
mod mp4;
mod names;
mod ogg;
mod opus;
mod peek;
mod refusal;
mod source;
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

/// How many samples are handed on at once: half a second.
pub const BLOCK: usize = SAMPLE_RATE as usize / 2;

/// What a recording may be at most.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Limits {
    pub seconds: u32,
    pub channels: u32,
    /// Samples per second, at most.
    pub rate: u32,
}

impl Limits {
    /// Samples per second, at least.
    pub const LOWEST_RATE: u32 = 1_000;
}

impl Default for Limits {
    fn default() -> Self {
        Self { seconds: 12 * 3600, channels: 8, rate: 192_000 }
    }
}

/// What the file says about itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Info {
    /// Short name of the container, such as `wave` or `ogg`.
    pub container: String,
    /// Short name of the codec, such as `mp3` or `opus`.
    pub codec: String,
    /// Samples per second in the file.
    pub rate: u32,
    pub channels: u32,
    /// The length where the file claims one that can be believed. The samples decide.
    pub seconds: Option<f64>,
    /// How many tracks with sound the file has. One is heard.
    pub tracks: usize,
}

/// How a decoding ended that gave sound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// Samples given, at [`SAMPLE_RATE`].
    pub samples: u64,
    /// Packets that could not be decoded and were left out.
    pub damaged_packets: u64,
    /// The file stopped in the middle: a recorder that was killed, an upload that was cut off.
    pub cut_short: bool,
}

/// What decoding gives: first what the file is, then its sound.
#[derive(Debug)]
pub enum Event<'a> {
    Info(Info),
    /// Mono at [`SAMPLE_RATE`], nominally from -1 to 1; at most [`BLOCK`] samples.
    Sound(&'a [f32]),
    /// What of the sound, given or to come, is silence for want of better.
    Loss(Loss),
}

/// Why decoding stopped early.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The recording's own fault, for ever.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The machine's fault, and perhaps gone tomorrow.
    #[error("the decoder cannot work: {0}")]
    Machine(#[from] io::Error),
}

/// Decodes `file`, which must be seekable, and gives its sound to `sink` block by block.
///
/// # Errors
/// [`DecodeError::Refused`] for a recording that is none or that breaks a limit,
/// [`DecodeError::Machine`] when `sink` fails.
pub fn decode(
    file: File,
    limits: &Limits,
    sink: impl FnMut(Event<'_>) -> io::Result<()>,
) -> Result<Ending, DecodeError> {
    let mut track = tracks::open(&file)?;
    let mut mixer = Mixer::new(sink, limits);
    let mut ending = Ending::default();
    loop {
        match track.step()? {
            Step::Sound => mixer.mix(&mut track)?,
            Step::Damaged => {
                ending.damaged_packets += 1;
                mixer.damage(track.lasting())?;
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
        Ending { samples: 1.., .. } => Ok(ending),
        Ending { damaged_packets: 1.., .. } => Err(Refusal::Damaged.into()),
        _ if track.has_lost_all() => Err(Refusal::CutShort.into()),
        _ => Err(Refusal::NoSound.into()),
    }
}
