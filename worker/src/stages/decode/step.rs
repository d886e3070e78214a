//! The result of a step through a track.

/// If the first packet of a file is later than this, in seconds, the recording begins with that packet, and
/// not at zero. Players count from the first packet or from zero; streaming recorders count from their own
/// start, which may be days ago. A track that begins later than another one of its file begins late at any
/// time.
const LATE: f64 = 600.0;
/// The warm-up of codecs, in seconds: a smaller delay at the start is none.
const PRIMING: f64 = 0.1;

/// The result of one packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Its sound is in [`Track::planes`].
    Sound,
    /// It cannot be decoded; the next one may be decodable.
    Damaged,
    /// There is no packet: the recording is over.
    End,
    /// There is no packet although there should be one: the file is cut off or damaged up to its end.
    CutShort,
}

/// The time before the first sound of a track, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Begins {
    /// The container states that nothing is played there.
    pub(super) silent: f64,
    /// The times of the packets begin after it.
    pub(super) missing: f64,
}

impl Begins {
    /// The start of a track whose first sound is at `time`, in a file that begins at `earliest`. An mp4
    /// itself states that nothing is played before.
    pub(super) fn at(time: f64, earliest: f64, is_edited: bool) -> Self {
        let zero = if earliest > LATE { earliest } else { 0.0 };
        let late = if time - zero > PRIMING { time - zero } else { 0.0 };
        if is_edited { Self { silent: late, missing: 0.0 } } else { Self { silent: 0.0, missing: late } }
    }
}
