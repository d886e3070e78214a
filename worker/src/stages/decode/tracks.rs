//! The track that is heard of a file with several.
//!
//! One is heard: the default one, unless it is silent from its start to its end, as that of a microphone
//! that was off while another one recorded. [`Info::tracks`](super::Info::tracks) says that there are
//! others.

use std::fs::File;

use super::step::Step;
use super::track::Track;
use super::{Refusal, names};

/// A track without a sample above this is silent: -72 dB, which the noise of a codec does not reach, and
/// that of a microphone does.
const SILENT: f32 = 0.00025;

/// Opens the first track of a file that is not silent, or the default one where all are.
pub(super) fn open(file: &File) -> Result<Track, Refusal> {
    let first = names::open(file, 0)?;
    let tracks = first.tracks();
    if tracks < 2 {
        return Ok(first);
    }
    for place in 0..tracks {
        if names::open(file, place).is_ok_and(is_audible) {
            return names::open(file, place);
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
