//! Finds the position of a packet from the time in its container.

/// The smallest difference between the time of a packet and the end of the sound before it that is a jump,
/// in seconds. Containers round times to milliseconds, and the clocks of live recorders vary by some ten
/// milliseconds: a smaller difference is no hole.
const JUMP: f64 = 0.1;
/// Packets that go back by up to this many seconds repeat earlier sound. If they go back further, the clock
/// was reset (concatenated recordings).
const OVERLAP: f64 = 2.0;
/// The time of sound without a jump, in seconds, after which a clock that was set back is accepted.
const STEADY: f64 = 2.0;
/// The length of the hole for a jump whose length is not plausible, in seconds.
const UNKNOWN: f64 = 0.5;
/// A drift that is corrected, and the drift at which the correction ends, in seconds.
const DRIFT: (f64, f64) = (0.03, 0.005);

/// Compares the times of packets with the decoded sound.
///
/// A clock of the container and the count of the samples drift apart if they come from different quartzes.
/// Up to [`JUMP`], the drift is corrected by one sample more or less in a packet, which is not audible.
/// Beyond it, a time is accepted only if the next packet agrees with it: a single deviating time is a
/// mistake.
#[derive(Debug)]
pub(super) struct Timeline {
    /// The longest allowed length of a recording, in seconds. The silence for a jump is never longer than
    /// the longest valid recording. A larger jump is a damaged time, or a clock that was set (from the time
    /// since start-up to the time of day), and adds no such silence.
    longest: f64,
    /// The difference between a packet's time and its position.
    offset: f64,
    /// By how much the clock was set back recently.
    debt: f64,
    /// The length of the sound since then.
    steady: f64,
    overlapping: bool,
    drifting: bool,
}

/// The position of a packet.
#[derive(Debug, PartialEq)]
pub(super) enum Place {
    /// Directly after the sound before it, with one sample more (1) or less (-1).
    Next(i8),
    /// After a hole of this many seconds.
    Behind(f64),
    /// This many seconds of it, or all of it, repeat earlier sound.
    Repeats(f64),
}

impl Timeline {
    pub(super) fn new(longest: f64) -> Self {
        Self { longest, offset: 0.0, debt: 0.0, steady: 0.0, overlapping: false, drifting: false }
    }

    /// Sets the packet at `time` to `position`, independent of earlier packets: a first packet, or the
    /// first packet of another stream.
    pub(super) fn begin(&mut self, time: f64, position: f64) {
        *self = Self { offset: time - position, ..Self::new(self.longest) };
    }

    /// Places a packet of `lasting` seconds whose sound would start at `position`. `next` returns the time
    /// of the packet after it.
    pub(super) fn place(
        &mut self,
        time: f64,
        lasting: f64,
        position: f64,
        next: impl FnOnce() -> Option<f64>,
    ) -> Place {
        let mut lag = time - self.offset - position;
        if self.overlapping {
            self.overlapping = (-OVERLAP..0.0).contains(&lag);
            if self.overlapping {
                return Place::Repeats(-lag);
            }
        }
        if lag.abs() <= JUMP {
            self.steady += lasting;
            return Place::Next(self.drift(lag));
        }
        if lag > 0.0 && self.steady < STEADY {
            let back = lag.min(self.debt);
            (self.debt, self.offset, lag) = (self.debt - back, self.offset + back, lag - back);
            if lag <= JUMP {
                return Place::Next(0);
            }
        }
        if let Some(next) = next() {
            let next_lag = next - self.offset - (position + lasting);
            if next_lag.abs() < (next_lag - lag).abs() {
                return Place::Next(0);
            }
        }
        self.steady = 0.0;
        self.drifting = false;
        if lag < -OVERLAP {
            self.offset += lag;
            self.debt = -lag;
            Place::Next(0)
        } else if lag < 0.0 {
            self.overlapping = true;
            Place::Repeats(-lag)
        } else if position + lag > self.longest {
            self.offset += lag - UNKNOWN;
            Place::Behind(UNKNOWN)
        } else {
            Place::Behind(lag)
        }
    }

    fn drift(&mut self, lag: f64) -> i8 {
        let (most, least) = DRIFT;
        self.drifting = lag.abs() > if self.drifting { least } else { most };
        match (self.drifting, lag > 0.0) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => -1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs packets of 20 ms through a timeline; returns the positions at which they start.
    fn positions(times: &[f64]) -> Vec<f64> {
        let mut timeline = Timeline::new(3600.0);
        timeline.begin(times[0], 0.0);
        let mut position = 0.0;
        let mut starts = Vec::new();
        for (n, &time) in times.iter().enumerate() {
            match timeline.place(time, 0.02, position, || times.get(n + 1).copied()) {
                Place::Next(nudge) => position += f64::from(nudge) / 48_000.0,
                Place::Behind(hole) => position += hole,
                Place::Repeats(seconds) => position -= seconds.min(0.02),
            }
            starts.push(position);
            position += 0.02;
        }
        starts
    }

    fn steps(from: f64, packets: usize) -> Vec<f64> {
        (0..packets).map(|n| from + 0.02 * n as f64).collect()
    }

    fn off(a: f64, b: f64) -> bool {
        (a - b).abs() > 0.03
    }

    #[test]
    fn a_jump_that_the_next_packet_confirms_is_a_hole() {
        let times = [steps(5.0, 50), steps(36.0, 50)].concat();
        let starts = positions(&times);
        assert!(!off(starts[49], 0.98) && !off(starts[50], 31.0) && !off(starts[99], 31.98));
    }

    #[test]
    fn one_wrong_stamp_is_ignored() {
        for wrong in [-3.0, -0.5, 0.5, 30.0, 1e9] {
            let mut times = steps(0.0, 100);
            times[50] += wrong;
            let starts = positions(&times);
            assert!(!off(starts[99], 1.98), "{wrong}: {}", starts[99]);
        }
    }

    #[test]
    fn times_that_overlap_repeat_nothing_and_shift_nothing() {
        let times = [steps(0.0, 100), steps(1.5, 100), steps(3.5, 50)].concat();
        let starts = positions(&times);
        assert!(!off(starts[199], 3.48) && !off(starts[249], 4.48), "{} {}", starts[199], starts[249]);
    }

    #[test]
    fn a_clock_that_starts_again_loses_nothing() {
        let times = [steps(0.0, 500), steps(0.0, 500)].concat();
        assert!(!off(positions(&times)[999], 19.98));
    }

    #[test]
    fn a_jump_beyond_the_longest_recording_makes_no_hours_of_silence() {
        let times = [steps(0.0, 50), steps(1e7, 50)].concat();
        assert!(!off(positions(&times)[99], 1.98 + UNKNOWN));
    }

    #[test]
    fn drift_and_trembling_are_followed_without_a_jump() {
        let times: Vec<f64> =
            (0..100_000).map(|n| f64::from(n) * 0.02 * 1.0003 + 0.009 * f64::from(n % 3)).collect();
        let starts = positions(&times);
        for pair in starts.windows(2) {
            assert!((pair[1] - pair[0] - 0.02).abs() < 0.001, "a jump at {}", pair[0]);
        }
        assert!((starts[99_999] - times[99_999]).abs() < 0.05);
    }
}
