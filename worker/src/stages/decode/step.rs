//! What reading on in a track gives.

/// The longest time before the first packet of all that is a beginning, in seconds. Players count
/// from the first packet or from zero; recorders that stream count from their own start, which may
/// be days ago. A track that begins later than another one of its file begins late at any time.
const LATE: f64 = 600.0;
/// How far times of one packet may be apart, in seconds.
pub(super) const SAME: f64 = 0.005;
/// What codecs need to get going, in seconds: no beginning is late by less.
const PRIMING: f64 = 0.1;

/// What became of one packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is in [`Track::planes`].
    Sound,
    /// It cannot be decoded; the next one perhaps can.
    Damaged,
    /// There is none: the recording is over.
    End,
    /// There is none where one should be: the file stops or turns to garbage in the middle.
    CutShort,
}

/// What is before the first sound of a track, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Begins {
    /// The container says that nothing is to be heard there.
    pub(super) silent: f64,
    /// The times of the packets begin behind it.
    pub(super) missing: f64,
}

impl Begins {
    /// Of a track whose first sound is at `time`, in a file that begins at `earliest`. An mp4 says itself
    /// that nothing is to be heard before.
    pub(super) fn at(time: f64, earliest: f64, is_edited: bool) -> Self {
        let zero = if earliest > LATE { earliest } else { 0.0 };
        let late = if time - zero > PRIMING { time - zero } else { 0.0 };
        if is_edited { Self { silent: late, missing: 0.0 } } else { Self { silent: 0.0, missing: late } }
    }
}
