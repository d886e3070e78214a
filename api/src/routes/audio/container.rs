//! The accepted containers of recordings.

use self_shared::domain::container::Container;

/// The accepted containers, as text for people.
pub(super) const ACCEPTED: &str = "wav (RF64, BW64 and Wave64 too), mp3, m4a, mp4, mov or 3gp, aac (ADTS), flac, \
     ogg (Vorbis, Opus or FLAC), webm or mkv, aiff, caf, au, wma (ASF), AC-3, AMR, WavPack or an MPEG transport \
     stream";

/// The number of first bytes that identify a container which starts at the first byte.
pub(super) const TELLING: usize = Container::TELLING;
/// The number of first bytes that are searched for a container which starts after other data.
pub(super) const TELLING_BEHIND_JUNK: usize = Container::DEPTH + Container::TELLING;

/// The media type of a recording that starts with these bytes.
pub(super) fn media_type(first: &[u8]) -> Option<&'static str> {
    Container::of(first).map(Container::media_type)
}

/// The media type of a recording whose container starts after other data.
pub(super) fn media_type_behind_junk(first: &[u8]) -> Option<&'static str> {
    Container::behind_junk(first).map(Container::media_type)
}
