//! The accepted containers of recordings.

use self_shared::domain::container::Container;

/// What is accepted, for people.
pub(super) const ACCEPTED: &str = "wav (RF64, BW64 and Wave64 too), mp3, m4a, mp4, mov or 3gp, aac (ADTS), flac, \
     ogg (Vorbis, Opus or FLAC), webm or mkv, aiff, caf, au, wma (ASF), AC-3, AMR, WavPack or an MPEG transport \
     stream";

/// As many first bytes as tell the kinds of files that begin as what they are.
pub(super) const TELLING: usize = Container::TELLING;
/// As many as are looked at for a stream that begins behind something else.
pub(super) const TELLING_BEHIND_JUNK: usize = Container::DEPTH + Container::TELLING;

/// The media type of a recording that begins like this.
pub(super) fn media_type(first: &[u8]) -> Option<&'static str> {
    Container::of(first).map(Container::media_type)
}

/// The media type of a recording with something else before its sound.
pub(super) fn media_type_behind_junk(first: &[u8]) -> Option<&'static str> {
    Container::behind_junk(first).map(Container::media_type)
}
