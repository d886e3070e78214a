//! Chooses the track of a file with several tracks.
//!
//! One track is transcribed: the default one, unless it is silent from its start to its end, as that of a
//! microphone that was off while another one recorded. If all tracks with a decoder are silent, the sound is
//! that of a track without one. [`Info::tracks`](super::Info::tracks) contains the
//! number of all tracks.

use std::fs::File;

use super::step::Step;
use super::track::Track;
use super::{Refusal, names};

/// A track without a sample above this is silent: -72 dB. The noise of a codec is below it, and that of a
/// microphone above.
pub const SILENT: f32 = 0.00025;

/// Opens the first track of a file that is not silent, or the default one if all are silent.
///
/// # Errors
/// [`Refusal::UnsupportedTrack`] if all are silent but one that cannot be decoded here.
pub(super) fn open(file: &File) -> Result<Track, Refusal> {
    let first = names::open(file, 0)?;
    let tracks = first.tracks();
    if tracks < 2 {
        return Ok(first);
    }
    for place in 0..tracks {
        match names::open(file, place) {
            Ok(track) => {
                if is_audible(track) {
                    return names::open(file, place);
                }
            }
            // Those without a decoder are the last.
            Err(refusal @ Refusal::UnsupportedTrack { .. }) => return Err(refusal),
            Err(_) => {}
        }
    }
    Ok(first)
}

fn is_audible(mut track: Track) -> bool {
    loop {
        match track.step() {
            Ok(Step::Sound) if track.planes().iter().flatten().any(|sample| sample.abs() > SILENT) => {
                return true;
            }
            Ok(Step::Sound | Step::Damaged) => {}
            Ok(Step::End | Step::CutShort) | Err(_) => return false,
        }
    }
}
