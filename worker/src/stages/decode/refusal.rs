//! Why a recording cannot be transcribed, in words for its owner.

use serde::{Deserialize, Serialize};

/// Why a recording is refused. The reason is in the file: a retry does not help.
///
/// The code is stable and meant for programs, the sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    #[error("This file is not a recording in a format that can be read.")]
    NotAudio,
    #[error(
        "The sound in this file is encoded as {codec}, which is decoded only where ffmpeg is installed. \
         Install ffmpeg beside the worker, or convert the file to wav, flac, mp3, m4a or ogg."
    )]
    UnsupportedCodec { codec: String },
    /// The same of a track beside others that are silent.
    #[error(
        "The sound in this file is encoded as {codec}, which is decoded only where ffmpeg is installed. \
         Install ffmpeg beside the worker, or convert the file to wav, flac, mp3, m4a or ogg."
    )]
    UnsupportedTrack {
        codec: String,
        /// The index of the track among those with sound, in the order of the file.
        track: usize,
    },
    /// An `ffmpeg` is installed, and does not know the codec either.
    #[error(
        "The sound in this file is encoded as {codec}, which cannot be decoded, also not by the ffmpeg that is \
         installed. Convert the file to wav, flac, mp3, m4a or ogg."
    )]
    UnknownCodec { codec: String },
    #[error("This recording is damaged: nothing of it can be decoded.")]
    Damaged,
    #[error("This recording holds no sound at all.")]
    NoSound,
    #[error("This recording is cut off before its sound begins. Upload it again, whole.")]
    CutShort,
    #[error("This recording is longer than {limit_seconds} seconds, the longest that is accepted.")]
    TooLong { limit_seconds: u32 },
    #[error("This recording has {channels} channels; at most {limit} are accepted.")]
    TooManyChannels { channels: u32, limit: u32 },
    #[error("This recording has {rate} samples per second; {lowest} to {highest} are accepted.")]
    UnsupportedRate { rate: u32, lowest: u32, highest: u32 },
    #[error("Decoding this recording failed in a way that only a damaged file causes.")]
    DecoderCrashed,
    #[error("Decoding this recording took longer than any sound recording of its size.")]
    DecoderTimedOut,
    #[error("Decoding this recording needed more memory than any sound recording does.")]
    DecoderOutOfMemory,
}

impl Refusal {
    /// No decoder knows the codec. The file names it, see [`super::names`].
    pub(super) fn unnamed_codec() -> Self {
        Self::UnsupportedCodec { codec: "an unknown codec".to_owned() }
    }

    /// The stable name of the reason.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAudio => "not_audio",
            Self::UnsupportedCodec { .. } => "unsupported_codec",
            Self::UnsupportedTrack { .. } => "unsupported_track",
            Self::UnknownCodec { .. } => "unknown_codec",
            Self::Damaged => "damaged",
            Self::NoSound => "no_sound",
            Self::CutShort => "cut_short",
            Self::TooLong { .. } => "too_long",
            Self::TooManyChannels { .. } => "too_many_channels",
            Self::UnsupportedRate { .. } => "unsupported_rate",
            Self::DecoderCrashed => "decoder_crashed",
            Self::DecoderTimedOut => "decoder_timed_out",
            Self::DecoderOutOfMemory => "decoder_out_of_memory",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_travels_with_its_code() {
        for refusal in [
            Refusal::NotAudio,
            Refusal::UnsupportedCodec { codec: "ac3".to_owned() },
            Refusal::UnsupportedTrack { codec: "ac3".to_owned(), track: 1 },
            Refusal::TooLong { limit_seconds: 60 },
            Refusal::TooManyChannels { channels: 9, limit: 8 },
            Refusal::DecoderOutOfMemory,
        ] {
            let json = serde_json::to_value(&refusal).unwrap();
            assert_eq!(json["code"], refusal.code());
            assert_eq!(serde_json::from_value::<Refusal>(json).unwrap(), refusal);
        }
    }
}
