//! What kinds of recordings are accepted.

use self_shared::domain::container::Container;

/// As many first bytes as it takes to tell.
pub(super) const TELLING: usize = Container::TELLING;

/// What is accepted, for people.
pub(super) const ACCEPTED: &str = "wav (RF64, BW64 and Wave64 too), mp3, m4a, mp4, mov or 3gp, aac (ADTS), flac, \
     ogg (Vorbis, Opus or FLAC), webm or mkv, aiff, caf, au, wma (ASF), AC-3, AMR, WavPack or an MPEG transport \
     stream";

/// The media type of the container that begins like this, if it is one that is accepted.
pub(super) fn media_type(first: &[u8]) -> Option<&'static str> {
    Container::of(first).map(Container::media_type)
}
